"""After the time-zone database has changed: moves sessions so that their wall time stays.

All of them in one transaction: they may step onto each other's old times. Numbers and history stay.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sessional.actions import notices
from sessional.actions.commands import by_operator
from sessional.actions.loading import load_rules
from sessional.actions.notices import Writes
from sessional.actions.zone_rules import noted_rules
from sessional.diary.availability import day_at, zone_of
from sessional.diary.life import BLOCKS, Status
from sessional.diary.values import Interval
from sessional.diary.zone_changes import Placed, Shift, Taken, meeting, shift

_CHANGE: Final = "CLOCKS_CHANGED"
# Who does it, as histories say it: as on the record, nobody with an account.
_WHO: Final = {"account_id": 0, "username": "(command line)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A session that has to move, with what the database must know to move it."""

    shift: Shift
    status: Status
    room_id: int | None

    @property
    def number(self) -> int:
        return self.shift.session.appointment_id

    def row(self) -> dict[str, Any]:
        span = self.shift.becomes
        row = {"appointment_id": self.number, "therapist_id": self.shift.session.therapist_id}
        at = {"starts_at": span.starts_at, "ends_at": span.ends_at}
        return {**row, **at, "room_id": self.room_id, "status": self.status.value}


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """A session that cannot have its wall time any more, for what is or would be there."""

    number: int
    other: int
    span: Interval
    is_hold: bool = False
    moves_too: bool = False


async def moves_due(tx: Writes, now: int) -> list[Move]:
    """Every session ahead that has to move, in the order of time."""
    rows = await tx.fetch("sessions_placed_earlier", now=now)
    if not rows:
        return []
    noted = await noted_rules(tx.fetch)
    rules = await load_rules(tx.fetch, sorted({row[1] for row in rows}))
    found = []
    for number, therapist_id, starts_at, ends_at, status, room_id, placed_at, series_zone in rows:
        theirs = rules[therapist_id]
        session = Placed(
            appointment_id=number,
            therapist_id=therapist_id,
            zone=series_zone or zone_of(theirs, day_at(theirs, starts_at)),
            span=Interval(starts_at=starts_at, ends_at=ends_at),
            placed_at=placed_at,
        )
        if (becomes := shift(session, noted.get(session.zone, ()))) is not None:
            found.append(Move(shift=becomes, status=Status(status), room_id=room_id))
    return found


async def meetings(tx: Writes, moves: Sequence[Move], now: int) -> list[Meeting]:
    """What stands against these moves, taken all together. Requests that are open take no time."""
    taking = {move.number: move for move in moves if move.status in BLOCKS}
    rows = await tx.fetch("in_the_way_of_moves", moves=_packed(taking.values()), now=now)
    found = [
        Meeting(
            number=number, other=other, span=Interval(starts_at=begin, ends_at=end), is_hold=bool(is_hold)
        )
        for number, other, begin, end, is_hold in rows
    ]
    members: defaultdict[int, set[Taken]] = defaultdict(set)
    for number, client_id in await tx.fetch("members_of_sessions", ids=tx.dialect.pack(list(taking))):
        members[number].add(("client", client_id))
    spans = [
        (move.number, move.shift.becomes, _takes(move) | members[move.number]) for move in taking.values()
    ]
    for number, other in meeting(spans):
        found.append(Meeting(number=number, other=other, span=taking[other].shift.becomes, moves_too=True))
    return found


def _takes(move: Move) -> frozenset[Taken]:
    takes = {("therapist", move.shift.session.therapist_id)}
    return frozenset(takes if move.room_id is None else takes | {("room", move.room_id)})


async def lock(tx: Writes, moves: Sequence[Move]) -> None:
    """Nobody else books in these diaries, or changes them, until the end of the transaction."""
    for therapist_id in sorted({move.shift.session.therapist_id for move in moves}):
        await tx.fetch("open_diary", therapist_id=therapist_id)


async def carry_out(tx: Writes, moves: Sequence[Move], *, now: int, mails: bool) -> None:
    """Move them all, in a transaction in which nothing stands against it."""
    await tx.fetch("drop_all_expired_holds")
    ids = tx.dialect.pack([move.number for move in moves])
    noted = {"ids": ids, "now": now, **_WHO}
    await tx.fetch("note_first_events", **noted)
    await tx.fetch("step_aside", ids=ids)
    await tx.fetch("move_sessions", moves=_packed(moves), overridden=False, now=now)
    await tx.fetch("note_events", change=_CHANGE, reason=None, **noted)
    if mails:
        await _tell(tx, moves, now)
    said = {"sessions": [move.number for move in moves]}
    await by_operator(tx.fetch, "timezones recompute", after=said)


async def _tell(tx: Writes, moves: Sequence[Move], now: int) -> None:
    """A client gets one mail about all their sessions with a therapist that keep the wall time of one zone.
    Requests are told when answered."""
    booked: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
    for move in moves:
        if move.status is Status.BOOKED:
            booked[move.shift.session.therapist_id, move.shift.session.zone].append(move.number)
    for (_, zone), numbers in booked.items():
        await notices.queue(tx, notices.Kind.CLOCKS_CHANGED, numbers, now=now, kept_zone=zone)


def _packed(moves: Iterable[Move]) -> str:
    return orjson.dumps([move.row() for move in moves]).decode()
