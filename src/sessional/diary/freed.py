"""What a diary that has time again can offer, and could not before.

The search is asked twice, for the diary as it is and for the diary with what has gone put back. What was
on offer all the time is in neither of the answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from sessional.diary.ask import Ask
from sessional.diary.availability import open_intervals
from sessional.diary.offers import starts
from sessional.diary.rules import REACH_SECONDS, Busy, Closures, TherapistRules, TimeOff
from sessional.diary.spans import Span, merged, minus
from sessional.diary.values import Interval

# So far from what is freed a session may begin that was not possible before.
NEAR_SECONDS: Final = REACH_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Freed:
    """Time that a diary has and did not have: the session or hold with that number took it, or made one
    place less in the group with that number; or, without a number, the rules have opened it."""

    therapist_id: int
    starts_at: int
    ends_at: int
    appointment_id: int = 0


def opened(
    before: TherapistRules, after: TherapistRules, closures: Closures, within: Interval
) -> list[Interval]:
    """The time that rules leave open and those before them did not."""
    was, now = (_open(rules, closures, within) for rules in (before, after))
    return [Interval(starts_at=start, ends_at=end) for start, end in minus(now, was)]


def _open(rules: TherapistRules, closures: Closures, within: Interval) -> list[Span]:
    return [(span.starts_at, span.ends_at) for span in open_intervals(rules, closures, within)]


def reach_of(free: Sequence[Freed]) -> Interval:
    """All the time in which a session could begin that was not possible before: within a day of what is
    freed, or in the same local week, if there is a cap on those."""
    return _around(free, NEAR_SECONDS, NEAR_SECONDS)


def _around(free: Sequence[Freed], before_seconds: int, after_seconds: int) -> Interval:
    first, last = min(one.starts_at for one in free), max(one.ends_at for one in free)
    return Interval(starts_at=max(0, first - before_seconds), ends_at=last + after_seconds)


def new_starts(
    rules: TherapistRules,
    closures: Closures,
    ask: Ask,
    busy: Sequence[Busy],
    free: Sequence[Freed],
    awaited: Interval,
) -> Iterator[int]:
    """What a search would offer within what is awaited and would not have before: first what begins in the
    free time, then what only needs a part of it, or the place in a day or week that it leaves."""
    spans = merged((one.starts_at, one.ends_at) for one in free)
    # Asked once for all of it: hours that are added may free every working day of a year.
    if (within := _both(awaited, _around(free, 0, 0))) is not None:
        found = starts(rules, closures, ask, within, busy)
        yield from (start for start, is_inside in _placed(spans, found) if is_inside)
    if (within := _both(awaited, _makes_room(rules, ask, free))) is not None:
        found = starts(rules, closures, ask, within, busy)
        known = set(starts(_rules_before(rules, free), closures, ask, within, _busy_before(busy, free)))
        beside = (start for start, is_inside in _placed(spans, found) if not is_inside)
        yield from (start for start in beside if start not in known)


def _both(one: Interval, other: Interval) -> Interval | None:
    first, end = max(one.starts_at, other.starts_at), min(one.ends_at, other.ends_at)
    return Interval(starts_at=first, ends_at=end) if first < end else None


def _makes_room(rules: TherapistRules, ask: Ask, free: Sequence[Freed]) -> Interval:
    """Where a session could begin that was not possible before."""
    if rules.max_per_day is not None or rules.max_per_week is not None:
        return reach_of(free)
    service = ask.service
    return _around(free, ask.duration_seconds + service.buffer_after_seconds, service.buffer_before_seconds)


def _rules_before(rules: TherapistRules, free: Sequence[Freed]) -> TherapistRules:
    """What the rules have opened was closed: it was no neighbour of anything, so it is time off."""
    closed = (one for one in free if not one.appointment_id)
    off = (TimeOff(starts_at=one.starts_at, ends_at=one.ends_at) for one in closed)
    return replace(rules, time_off=(*rules.time_off, *off))


def _busy_before(busy: Sequence[Busy], free: Sequence[Freed]) -> list[Busy]:
    """What has gone, or stands elsewhere now, was there."""
    gone = {one.appointment_id: one for one in free if one.appointment_id}
    there = [
        Busy(starts_at=one.starts_at, ends_at=one.ends_at, appointment_id=number)
        for number, one in gone.items()
    ]
    return [*(other for other in busy if other.appointment_id not in gone), *there]


def _placed(spans: Sequence[Span], instants: Iterable[int]) -> Iterator[tuple[int, bool]]:
    """Instants, which come in order, each with whether it lies in one of the spans."""
    at = 0
    for instant in instants:
        while at < len(spans) and spans[at][1] <= instant:
            at += 1
        yield instant, at < len(spans) and spans[at][0] <= instant
