"""Which starts are on offer: every rule turned round into the starts that it leaves.

``refusals.reasons`` says of one start why it is not on offer. Whatever the diary, the two agree: a start on
the grid is yielded here exactly where ``reasons`` has nothing to say. A test asks both.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from itertools import chain

from sessional.diary.ask import Ask, in_the_way, is_given, joins
from sessional.diary.availability import day_at, day_begins, open_intervals, period_of, zone_of
from sessional.diary.clocks import stretches
from sessional.diary.refusals import reasons
from sessional.diary.rules import Busy, Closures, TherapistRules
from sessional.diary.spans import Span, minus
from sessional.diary.values import DAY_SECONDS, Interval

__all__ = ["Ask", "reasons", "room", "starts"]


def starts(
    rules: TherapistRules,
    closures: Closures,
    ask: Ask,
    within: Interval,
    busy: Sequence[Busy],
    opens: Sequence[Interval] | None = None,
) -> Iterator[int]:
    """Every start on offer in ``within``, in order.

    ``opens``, where it is known already, is what ``open_intervals`` answers for ``within`` and at least
    the length of a session beyond. ``busy`` covers the local weeks that ``within`` touches where there
    are caps, else a day either side.
    """
    spans = room(rules, closures, ask, within, opens)
    if spans:
        others = in_the_way(ask, busy)
        taken = chain(_collisions(ask, others), _full(rules, ask, others))
        for first, end in minus(spans, taken):
            yield from _on_grid(rules, first, end, ask.service.grid_seconds)


def room(
    rules: TherapistRules, closures: Closures, ask: Ask, within: Interval, opens: Sequence[Interval] | None
) -> list[Span]:
    """The starts that notice and horizon leave and from which a session fits into open hours."""
    if not is_given(rules, ask):
        return []
    length = ask.duration_seconds
    first = max(within.starts_at, ask.now + ask.service.notice_seconds)
    end = min(within.ends_at, ask.now + ask.service.horizon_seconds + 1)
    if first >= end or any(cap is not None and cap < 1 for cap in (rules.max_per_day, rules.max_per_week)):
        return []
    if ask.free_of_hours:
        return minus([(first, end)], [(off.starts_at - length + 1, off.ends_at) for off in rules.time_off])
    if opens is None:
        opens = open_intervals(rules, closures, Interval(starts_at=first, ends_at=end + length))
    fits = ((max(o.starts_at, first), min(o.ends_at - length + 1, end)) for o in opens)
    return [(start, stop) for start, stop in fits if start < stop]


def _collisions(ask: Ask, others: Sequence[Busy]) -> Iterator[Span]:
    """The starts at which another session, or the buffer between the two, is in the way."""
    service, length = ask.service, ask.duration_seconds
    before, after = service.buffer_before_seconds, service.buffer_after_seconds
    for other in others:
        first = other.starts_at - max(after, other.buffer_before_seconds) - length + 1
        end = other.ends_at + max(before, other.buffer_after_seconds)
        if joins(ask, other):
            yield first, other.starts_at
            first = other.starts_at + 1
        yield first, end


def _full(rules: TherapistRules, ask: Ask, others: Sequence[Busy]) -> Iterator[Span]:
    """The days and weeks whose cap is reached, but for the starts of groups that can be joined."""
    if rules.max_per_day is None and rules.max_per_week is None:
        return
    counted = [(day_at(rules, other.starts_at), other) for other in others if other.counts]
    for cap, days in ((rules.max_per_day, 1), (rules.max_per_week, 7)):
        held: dict[int, list[Busy]] = defaultdict(list)
        for day, other in counted:
            held[period_of(day, days)].append(other)
        for first, sessions in held.items():
            if cap is not None and len(sessions) >= cap:
                groups = Counter(other.starts_at for other in sessions if joins(ask, other))
                joinable = [(at, at + 1) for at, number in groups.items() if len(sessions) - number < cap]
                yield from minus([(day_begins(rules, first), day_begins(rules, first + days))], joinable)


def _on_grid(rules: TherapistRules, first: int, end: int, grid: int) -> Iterator[int]:
    """The seconds of the span at which the wall clock shows a multiple of the grid since midnight."""
    while first < end:
        day = day_at(rules, first)
        begins, ends = day_begins(rules, day), day_begins(rules, day + 1)
        for start, stop, offset in stretches(zone_of(rules, day), begins, ends):
            since = max(first, start)
            since += -((since + offset) % DAY_SECONDS) % grid
            yield from range(since, min(end, stop), grid)
        first = ends
