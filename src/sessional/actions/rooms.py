"""Which room a session gets: the search, the explanation and the booking go by the same rule.

The first room that nobody has. A room that only a hold of the caller's own keeps comes last: such a hold
gives way to what its owner books. A hold that ran out keeps nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sessional.actions.loading import Fetch
from sessional.diary.ask import Ask, joined
from sessional.diary.rules import BrokenRule, Busy, Rule
from sessional.diary.values import Interval
from sessional.errors import NotFound, RoomTaken
from sessional.store.store import Transaction

Span = tuple[int, int]

NO_ROOM: Final = BrokenRule(rule=Rule.ROOM, message="No room is free at that time.", value=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """Every room in the order of its number, with when it is taken and what keeps it for the caller.

    ``kept`` holds (therapist, start, end): a hold in the diary that is booked is gone before a room is
    looked for. Spans of one room never overlap.
    """

    taken: Mapping[int, Sequence[Span]]
    kept: Mapping[int, Sequence[tuple[int, int, int]]]

    def first_free(self, therapist_id: int, starts_at: int, ends_at: int) -> int | None:
        """The room that a session of this therapist would get at that time; None where none is free."""
        last: int | None = None
        for room_id, spans in self.taken.items():
            if _meets(spans, starts_at, ends_at):
                continue
            if not self._kept(room_id, therapist_id, starts_at, ends_at):
                return room_id
            last = room_id if last is None else last
        return last

    def _kept(self, room_id: int, therapist_id: int, starts_at: int, ends_at: int) -> bool:
        return any(
            whose != therapist_id and begin < ends_at and starts_at < end
            for whose, begin, end in self.kept.get(room_id, ())
        )

    def has_one(self, therapist_id: int, ask: Ask, starts_at: int, busy: Sequence[Busy]) -> bool:
        """Whether a session of this start would have a room: a further place in a group needs no other."""
        if joined(ask, starts_at, busy) is not None:
            return True
        return self.first_free(therapist_id, starts_at, starts_at + ask.duration_seconds) is not None


def _meets(spans: Sequence[Span], starts_at: int, ends_at: int) -> bool:
    before = bisect_left(spans, (ends_at, 0))
    return before > 0 and spans[before - 1][1] > starts_at


async def rooms_between(fetch: Fetch, within: Interval, *, account_id: int | None, now: int) -> Rooms:
    """What is to be known of rooms for sessions that lie within a span."""
    rows = await fetch(
        "rooms_taken",
        starts_at=within.starts_at,
        ends_at=within.ends_at,
        account_id=account_id or 0,
        now=now,
    )
    taken: dict[int, list[Span]] = {}
    kept: defaultdict[int, list[tuple[int, int, int]]] = defaultdict(list)
    for room_id, starts_at, ends_at, therapist_id, is_kept in rows:
        spans = taken.setdefault(room_id, [])
        if is_kept:
            kept[room_id].append((therapist_id, starts_at, ends_at))
        elif starts_at is not None:
            spans.append((starts_at, ends_at))
    return Rooms(taken=taken, kept=kept)


async def take_room(
    tx: Transaction,
    wanted: Interval,
    *,
    account_id: int,
    now: int,
    room_id: int | None = None,
    had: int | None = None,
    appointment_id: int = 0,
) -> int:
    """The room for a session, whose own diary is open: ``room_id`` where a certain one is asked for, else
    the one that it ``had``, else the first that is free. Holds that kept it for nobody else are gone.

    Who looks for a room waits for everybody else who does, so that a free one is never refused.
    Raises RoomTaken, NotFound.
    """
    rooms = {row[0] for row in await tx.fetch("lock_rooms")}
    if room_id is not None and room_id not in rooms:
        raise NotFound("room", path=["roomId"])
    given = {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at, "appointment_id": appointment_id}
    who = {"account_id": account_id, "now": now}
    found = await tx.fetch("free_room", asked=room_id or 0, had=had or 0, **given, **who)
    if not found:
        raise RoomTaken(certain=room_id is not None)
    await tx.fetch("clear_room", room_id=found[0][0], **given, **who)
    return int(found[0][0])
