"""The rules of a zone's clocks change: which sessions have to move for their wall time to stay.

A session keeps the wall time that its instant showed under the rules that were in force when it was given
that instant. Under the rules of today the same wall time may be another instant.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sessional.diary.clocks import instant_of, offset_at, offset_under
from sessional.diary.values import Interval

# What can be had by one session at a time: ("therapist", 3), ("room", 1), ("client", 7).
Taken = tuple[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """The rules of a zone, and the instant from which on they were in force here."""

    noted_at: int
    rules: ZoneInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A session that lies ahead, in the zone whose wall time it keeps, and when it was given its time."""

    appointment_id: int
    therapist_id: int
    zone: str
    span: Interval
    placed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """A session that has to move. ``wall`` is its wall time, counted as in ``clocks``."""

    session: Placed
    becomes: Interval
    wall: int

    @property
    def shown(self) -> int:
        """What the wall clock shows when the session starts now; not ``wall``, where that is skipped."""
        starts_at = self.becomes.starts_at
        return starts_at + offset_at(self.session.zone, starts_at)


def shift(session: Placed, noted: Sequence[Noted]) -> Shift | None:
    """Where the session has to move under the rules of today; None where it stays.

    ``noted`` are the rules of its zone in the order in which they were noted. What was placed before the
    first of them is read under that one.
    """
    before = [one for one in noted if one.noted_at <= session.placed_at] or noted[:1]
    if not before:
        return None
    starts_at = session.span.starts_at
    then, today = offset_under(before[-1].rules, starts_at), offset_at(session.zone, starts_at)
    if then == today:
        return None  # also in the second of two hours that the clocks show twice
    wall = starts_at + then
    start = instant_of(session.zone, wall)
    if start == starts_at:
        return None
    becomes = Interval(starts_at=start, ends_at=start + session.span.ends_at - starts_at)
    return Shift(session=session, becomes=becomes, wall=wall)


def meeting(spans: Iterable[tuple[int, Interval, frozenset[Taken]]]) -> list[tuple[int, int]]:
    """Pairs of sessions that would have the same therapist, room or client at the same time, in order.

    Each is given by its number, its span and what it takes.
    """
    of: defaultdict[Taken, list[tuple[Interval, int]]] = defaultdict(list)
    for number, span, takes in spans:
        for taken in takes:
            of[taken].append((span, number))
    found: set[tuple[int, int]] = set()
    for entries in of.values():
        open_until: list[tuple[Interval, int]] = []
        for span, number in sorted(entries):
            open_until = [one for one in open_until if one[0].overlaps(span)]
            found.update((other, number) for _, other in open_until)
            open_until.append((span, number))
    return sorted(found)
