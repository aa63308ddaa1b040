"""When an all-day event of a calendar recurs: RRULE, RDATE and EXDATE -> the days on which it begins. Pure.

The rules are read by python-dateutil, which looks on until the year 9999 where a rule names days that never
come. The calendar is the same again after 400 years, so a rule is asked as late as there are years, and is
soon at their end.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import MAXYEAR, date, datetime, time
from itertools import chain
from typing import Any, Final

from dateutil.rrule import rrulestr

# How often a rule may have come by the end of what is taken: every day for half a century.
MOST_TIMES: Final = 20_000
# What a rule may list. Each is compared with each day.
MOST_PARTS: Final = 100
_OLDEST_YEAR: Final = 1900
_CYCLE_YEARS: Final = 400
_FREQUENCIES: Final = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
_COUNTS: Final = ("INTERVAL", "COUNT")
_PARTS: Final = frozenset(
    (
        *_COUNTS,
        "FREQ",
        "UNTIL",
        "WKST",
        "BYMONTH",
        "BYWEEKNO",
        "BYYEARDAY",
        "BYMONTHDAY",
        "BYDAY",
        "BYSETPOS",
    )
)


class NotUnderstood(Exception):
    """Why nobody can say on which days an event begins: the end of a sentence about it."""


def starts(event: Any, first: date, since: date, last: date) -> Iterator[date]:
    """The days on which an event begins, once or more often each; ``first`` is its DTSTART.

    One that does not recur begins on that day alone. Of one that does: from ``since`` on, by its rule until
    ``last``, and those that it lists whenever they are. Raises NotUnderstood.
    """
    rule, listed = event.get("RRULE"), _listed(event, "RDATE")
    if event.get("EXRULE") is not None:
        raise NotUnderstood("its EXRULE is of an older form of calendars")
    without = set(_listed(event, "EXDATE"))
    if rule is None and not listed:
        since = date.min
    recurring = (first,) if rule is None else _by_rule(rule, first, last)
    for day in chain(recurring, listed):
        if day >= since and day not in without:
            yield day


def _listed(event: Any, name: str) -> list[date]:
    """The whole days of RDATE or EXDATE, either of which may come several times."""
    given = event.get(name) or []
    found = [one.dt for each in (given if isinstance(given, list) else [given]) for one in each.dts]
    if any(not isinstance(day, date) or isinstance(day, datetime) for day in found):
        raise NotUnderstood(f"its {name} names something else than whole days")
    return found


def _by_rule(rule: Any, first: date, last: date) -> Iterator[date]:
    """The days of a rule until ``last``, ``first`` which it has to name: else programs differ."""
    if isinstance(rule, list):
        raise NotUnderstood("it has more than one RRULE")
    if first.year < _OLDEST_YEAR:
        raise NotUnderstood(f"what recurs may have begun in {_OLDEST_YEAR} at the earliest")
    parts = {key.upper(): values for key, values in rule.items()}
    _check(parts)
    until = _until(parts.pop("UNTIL", None), last)
    if first > until:
        return
    later = (MAXYEAR - last.year) // _CYCLE_YEARS * _CYCLE_YEARS
    times = 0
    for found in _occurrences(type(rule)(parts), first, later):
        day = found.date().replace(year=found.year - later)
        if times == 0 and day != first:
            break
        if day > until:
            return
        times += 1
        if times > MOST_TIMES:
            raise NotUnderstood(f"it recurs more than {MOST_TIMES:,} times")
        yield day
    if times == 0:
        raise NotUnderstood("it does not begin on a day of its own RRULE")


def _check(parts: Mapping[str, list[Any]]) -> None:
    """Refuse what means something else, or nothing, for whole days."""
    if parts.get("FREQ") not in [[one] for one in _FREQUENCIES]:
        raise NotUnderstood(f"its RRULE has a FREQ other than {', '.join(_FREQUENCIES)}")
    for key in parts:
        if key not in _PARTS:
            raise NotUnderstood(f"its RRULE has {key[:20]}, which cannot be taken")
    for key in _COUNTS:
        if len(parts.get(key, [1])) != 1 or parts.get(key, [1])[0] < 1:
            raise NotUnderstood(f"the {key} of its RRULE is no number of times")
    if sum(map(len, parts.values())) > MOST_PARTS:
        raise NotUnderstood(f"its RRULE lists more than {MOST_PARTS} things")


def _until(given: list[Any] | None, last: date) -> date:
    if given is None:
        return last
    if len(given) != 1:
        raise NotUnderstood("its RRULE has more than one UNTIL")
    until = given[0]
    return min(last, until.date() if isinstance(until, datetime) else until)


def _occurrences(rule: Any, first: date, later: int) -> Iterator[datetime]:
    """The days of the rule, so many years later. Raises NotUnderstood."""
    begin = datetime.combine(first.replace(year=first.year + later), time())
    try:
        yield from rrulestr(rule.to_ical().decode(), dtstart=begin)
    except (ValueError, OverflowError):
        raise NotUnderstood("its RRULE cannot be read") from None
