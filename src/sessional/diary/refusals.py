"""Why one start is not on offer: every rule that refuses it, by name, in words and with its value.

The explanation and the booking ask this; the search asks ``offers``, which agrees with it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sessional.diary import wording
from sessional.diary.ask import Ask, gives, in_the_way, joins, lasts
from sessional.diary.availability import (
    closures_over,
    day_at,
    day_begins,
    hours_on,
    local_day,
    period_of,
    worked,
    zone_of,
)
from sessional.diary.clocks import offset_at
from sessional.diary.rules import BrokenRule, Busy, Closures, Rule, TherapistRules
from sessional.diary.values import DAY_SECONDS, Interval


def reasons(
    rules: TherapistRules, closures: Closures, ask: Ask, starts_at: int, busy: Sequence[Busy]
) -> list[BrokenRule]:
    """Every rule that refuses this start; none: it is on offer.

    ``busy`` covers the local week around the start where there are caps, else a day either side.
    """
    zone = zone_of(rules, day_at(rules, starts_at))
    others = [o for o in in_the_way(ask, busy) if not (o.starts_at == starts_at and joins(ask, o))]
    return [
        *_service(rules, ask),
        *_hours(rules, closures, ask, starts_at, zone),
        *_time_off(rules, ask, starts_at, zone),
        *_neighbours(ask, starts_at, others, zone),
        *_ahead(ask, starts_at),
        *_grid(ask, starts_at, zone),
        *_caps(rules, starts_at, others),
    ]


def _service(rules: TherapistRules, ask: Ask) -> Iterator[BrokenRule]:
    if not gives(rules, ask):
        given = ", ".join(sorted(rules.services or ()))
        yield _broken(Rule.SERVICE_NOT_GIVEN, "The therapist does not give this service.", given)
    if not lasts(ask):
        lengths = dict.fromkeys((ask.service.duration_seconds, *ask.service.other_durations))
        offered = wording.listed([wording.length(seconds) for seconds in lengths])
        yield _broken(Rule.DURATION_NOT_OFFERED, f"Sessions of this service last {offered}.", offered)


def _hours(
    rules: TherapistRules, closures: Closures, ask: Ask, starts_at: int, zone: str
) -> Iterator[BrokenRule]:
    wanted = Interval(starts_at=starts_at, ends_at=starts_at + ask.duration_seconds)
    whole = [(wanted.starts_at, wanted.ends_at)]
    if ask.free_of_hours or worked(rules, closures, wanted) == whole:
        return
    if worked(rules, (), wanted) != whole:
        hours = wording.hours(hours_on(rules, local_day(rules, starts_at)))
        works = f"The therapist works {hours}" if hours else "The therapist does not work"
        yield _broken(Rule.WORKING_HOURS, f"{works} that day ({zone}).", hours or None)
    for name in closures_over(rules, closures, wanted):
        yield _broken(Rule.CLOSURE, f"The practice is closed that day: {name}.", name)


def _time_off(rules: TherapistRules, ask: Ask, starts_at: int, zone: str) -> Iterator[BrokenRule]:
    for off in rules.time_off:
        if starts_at < off.ends_at and off.starts_at < starts_at + ask.duration_seconds:
            when = wording.span(zone, off.starts_at, off.ends_at)
            yield _broken(Rule.TIME_OFF, "The therapist is away at that time.", when)


def _neighbours(ask: Ask, starts_at: int, others: Sequence[Busy], zone: str) -> Iterator[BrokenRule]:
    ends_at = starts_at + ask.duration_seconds
    for other in others:
        if starts_at < other.ends_at and other.starts_at < ends_at:
            yield _overlap(other, zone)
        elif other.ends_at <= starts_at:
            gap = max(other.buffer_after_seconds, ask.service.buffer_before_seconds)
            if starts_at - other.ends_at < gap:
                yield _buffer(gap, other, zone)
        else:
            gap = max(ask.service.buffer_after_seconds, other.buffer_before_seconds)
            if other.starts_at - ends_at < gap:
                yield _buffer(gap, other, zone)


def _overlap(other: Busy, zone: str) -> BrokenRule:
    when = wording.span(zone, other.starts_at, other.ends_at)
    if other.held_by is not None:
        return _broken(Rule.HOLD, "Somebody else is holding that time just now.", when)
    return _broken(Rule.OVERLAP, "The therapist has another session at that time.", when)


def _buffer(gap: int, other: Busy, zone: str) -> BrokenRule:
    when, value = wording.span(zone, other.starts_at, other.ends_at), wording.length(gap)
    message = f"Between this session and the one of {when} the therapist needs {value}."
    return _broken(Rule.BUFFER, message, value)


def _ahead(ask: Ask, starts_at: int) -> Iterator[BrokenRule]:
    """Both are elapsed time: the clocks may change in between."""
    service, ahead = ask.service, starts_at - ask.now
    if ahead < service.notice_seconds:
        value = wording.length(service.notice_seconds)
        message = f"This service is booked at least {value} ahead."
        yield _broken(Rule.NOTICE, message if service.notice_seconds else "That time is past.", value)
    if ahead > service.horizon_seconds:
        value = wording.length(service.horizon_seconds)
        yield _broken(Rule.HORIZON, f"This service is booked at most {value} ahead.", value)


def _grid(ask: Ask, starts_at: int, zone: str) -> Iterator[BrokenRule]:
    since_midnight = (starts_at + offset_at(zone, starts_at)) % DAY_SECONDS
    if since_midnight % ask.service.grid_seconds:
        value = wording.length(ask.service.grid_seconds)
        message = f"Sessions of this service start every {value}, counted from midnight ({zone})."
        yield _broken(Rule.GRID, message, value)


def _caps(rules: TherapistRules, starts_at: int, others: Sequence[Busy]) -> Iterator[BrokenRule]:
    limits = (
        (Rule.CAP_PER_DAY, rules.max_per_day, 1, "a day"),
        (Rule.CAP_PER_WEEK, rules.max_per_week, 7, "a week"),
    )
    for rule, cap, days, each in limits:
        if cap is None:
            continue
        first = period_of(day_at(rules, starts_at), days)
        begins, ends = day_begins(rules, first), day_begins(rules, first + days)
        held = sum(other.counts and begins <= other.starts_at < ends for other in others)
        if held >= cap:
            there = f"there {'is' if held == 1 else 'are'} {held} already"
            yield _broken(rule, f"At most {wording.counted(cap, 'session')} {each}; {there}.", str(cap))


def _broken(rule: Rule, message: str, value: str | None) -> BrokenRule:
    return BrokenRule(rule=rule, message=message, value=value)
