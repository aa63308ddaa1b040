"""When a window is full for sure: whoever remembers a diary need not be asked, a database can count.

A start is a point of the service's grid. Sessions of one diary never overlap, so a window whose every
point lies within some session has no start, whatever else the rules say; and how many points lie
within sessions is a sum over the sessions, which needs to know nothing of their neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sessional.diary.availability import day_at, day_begins, zone_of
from sessional.diary.clocks import stretches
from sessional.diary.offers import Ask, room
from sessional.diary.rules import TherapistRules
from sessional.diary.spans import Span
from sessional.diary.values import DAY_SECONDS, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """The points of the grid in ``[since, until)``: so many, and no start lies beside them.

    The number of points from a to b is ``(b + shift) // grid - (a + shift) // grid``.
    """

    since: int
    until: int
    shift: int
    points: int


def measure(
    rules: TherapistRules, ask: Ask, within: Interval, opens: tuple[Interval, ...]
) -> Measure | None:
    """What can be counted of a window. None: it cannot be measured, so that it may have any start.

    That is where the clocks change on its day, where it crosses midnight, or where it is several.
    """
    spans = room(rules, (), ask, within, opens)
    if not spans:
        return Measure(since=within.starts_at, until=within.starts_at, shift=0, points=0)
    (since, until), grid = spans[0], ask.service.grid_seconds
    day = day_at(rules, since)
    begins, ends = day_begins(rules, day), day_begins(rules, day + 1)
    if len(spans) > 1 or until > ends:
        return None
    parts = stretches(zone_of(rules, day), begins, ends)
    if len(parts) > 1:
        return None
    midnight = since - (since + parts[0][2]) % DAY_SECONDS
    shift = -midnight % grid + grid - 1
    points = (until + shift) // grid - (since + shift) // grid
    return Measure(since=since, until=until, shift=shift, points=points)


def has_gap(taken: Iterable[Span], starts_at: int, ends_at: int, length: int) -> bool:
    """Whether anything of that length fits between the two, beside what is taken (in order)."""
    free_from = starts_at
    for start, end in taken:
        if start - free_from >= length:
            return True
        free_from = end
    return ends_at - free_from >= length
