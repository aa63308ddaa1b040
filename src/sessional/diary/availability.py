"""Rules minus exceptions: when a therapist is open, and which day it is for them.

How wall clocks become instants is in ``clocks``. Inside, spans are plain pairs and days are ordinals: this
runs for ten thousand therapists in one search.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from sessional.diary.clocks import EPOCH_ORDINAL, instant_on, plain_midnight
from sessional.diary.rules import Closures, Minutes, TherapistRules, WorkingHours
from sessional.diary.spans import Span, merged, minus
from sessional.diary.values import DAY_SECONDS, Interval

_LAST_DAY = date.max.toordinal()


def open_intervals(rules: TherapistRules, closures: Closures, within: Interval) -> list[Interval]:
    """When the therapist is open: sorted, disjoint, merged, clipped to ``within``."""
    spans = worked(rules, closures, within)
    if spans and rules.time_off:
        spans = minus(spans, [(off.starts_at, off.ends_at) for off in rules.time_off])
    return [Interval(starts_at=start, ends_at=end) for start, end in spans]


def worked(rules: TherapistRules, closures: Closures, within: Interval) -> list[Span]:
    """The same without time off: hours, overrides and closures alone."""
    first, last = within.starts_at, within.ends_at
    closed = _closed_days(closures, *_days_around(within)) if closures else ()
    return merged(
        (max(start, first), min(end, last))
        for day, start, end in _shifts(rules, within)
        if day not in closed
    )


def closures_over(rules: TherapistRules, closures: Closures, within: Interval) -> list[str]:
    """The names of the closures that stand on the first day of ``within`` or take hours away from it."""
    days = {day for day, _, _ in _shifts(rules, within)} | {day_at(rules, within.starts_at)}
    named = closures.items() if isinstance(closures, Mapping) else ((c.on, c.name) for c in closures)
    return [name for on, name in sorted(named) if on.toordinal() in days]


def _shifts(rules: TherapistRules, within: Interval) -> Iterator[tuple[int, int, int]]:
    """(day, from, to) for the hours that reach into ``within``."""
    home, away = rules.time_zone, rules.away
    for day, starts, ends in _daily_hours(rules, *_days_around(within)):
        zone = zone_of(rules, day) if away else home
        midnight = plain_midnight(zone, day)
        if midnight is None:
            start, end = instant_on(zone, day, starts), instant_on(zone, day, ends)
        else:
            start, end = midnight + 60 * starts, midnight + 60 * ends
        if start < within.ends_at and end > within.starts_at:
            yield day, start, end


def _days_around(within: Interval) -> tuple[int, int]:
    """The days whose hours can reach into ``within``: those of the day before may cross midnight."""
    first = EPOCH_ORDINAL + within.starts_at // DAY_SECONDS - 2
    last = EPOCH_ORDINAL + within.ends_at // DAY_SECONDS + 1
    return first, min(last, _LAST_DAY)


def _daily_hours(rules: TherapistRules, first: int, last: int) -> list[tuple[int, int, int]]:
    """(day, first minute, last minute) for those days: an override stands for all hours of its date."""
    overridden = {override.on.toordinal() for override in rules.overrides}
    found = [
        (day, hours.starts_minute, hours.ends_minute)
        for hours in rules.hours
        for day in _days_of(hours, first, last)
        if day not in overridden
    ]
    for override in rules.overrides:
        day = override.on.toordinal()
        if first <= day <= last:
            found += [(day, starts, ends) for starts, ends in override.intervals]
    return found


def _days_of(hours: WorkingHours, first: int, last: int) -> range:
    """The days on which these hours are worked. Day 1 is a Monday: a weekday is the day modulo 7."""
    if hours.valid_from is not None:
        first = max(first, hours.valid_from.toordinal())
    if hours.valid_until is not None:
        last = min(last, hours.valid_until.toordinal() - 1)
    first += (hours.weekday - first) % 7
    if hours.every_weeks > 1:
        first += 7 * (-_weeks_since(hours.valid_from, first) % hours.every_weeks)
    return range(first, last + 1, 7 * hours.every_weeks)


def _weeks_since(anchor: date | None, day: int) -> int:
    return (day - 1) // 7 - ((anchor.toordinal() if anchor else 1) - 1) // 7


def _closed_days(closures: Closures, first: int, last: int) -> set[int]:
    if isinstance(closures, Mapping):
        days = range(max(first, 1), last + 1)
        return {day for day in days if date.fromordinal(day) in closures}
    return {closure.on.toordinal() for closure in closures}


def hours_on(rules: TherapistRules, day: date) -> list[Minutes]:
    """The hours that begin on that date, as wall clock, whether or not the practice is closed."""
    ordinal = day.toordinal()
    return sorted((starts, ends) for _, starts, ends in _daily_hours(rules, ordinal, ordinal))


# ---- which day it is ----------------------------------------------------------------------------


def zone_of(rules: TherapistRules, day: int) -> str:
    """The zone in which that day's hours are read."""
    for away in rules.away:
        if away.from_date.toordinal() <= day < away.until_date.toordinal():
            return away.time_zone
    return rules.time_zone


def day_at(rules: TherapistRules, instant: int) -> int:
    """The last day that has begun by then: it lasts until the next one begins, in whatever zone."""
    day = EPOCH_ORDINAL + instant // DAY_SECONDS + 1  # no zone is a whole day ahead of UTC
    while _midnight(rules, day) > instant:
        day -= 1
    return min(day, _LAST_DAY)


def day_begins(rules: TherapistRules, day: int) -> int:
    """Where the days before end. A flight across the date line can begin the next day earlier still."""
    return min(_midnight(rules, day), _midnight(rules, day + 1))


def period_of(day: int, days: int) -> int:
    """The day with which its day (``days`` 1) or its week from Monday on (7) begins."""
    return day - (day - 1) % days


def _midnight(rules: TherapistRules, day: int) -> int:
    return instant_on(zone_of(rules, day) if rules.away else rules.time_zone, day, 0)


def local_day(rules: TherapistRules, instant: int) -> date:
    """The therapist's date at that instant, in the zone that holds on that day."""
    return date.fromordinal(day_at(rules, instant))
