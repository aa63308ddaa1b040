"""A series gets another time: every session keeps its number, its history and its therapist.

The diaries are opened, read once and asked about in memory; then all sessions move in one statement,
so that a year of them costs as many statements as one. Either all move or none does.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import orjson

from sessional.actions import notices
from sessional.actions.admission import NEAR_SECONDS, TAKEN
from sessional.actions.life import LONGEST_REASON, Session, check_notice, check_version
from sessional.actions.loading import busy_around, load_closures, load_rules, load_services
from sessional.actions.moving import as_wish
from sessional.actions.own import keeps_diary
from sessional.actions.rooms import NO_ROOM
from sessional.actions.series import CLIENT_ENGAGED, Look, Occurrence, open_diaries
from sessional.actions.work import Work
from sessional.diary.ask import Ask
from sessional.diary.life import BLOCKS, Status
from sessional.diary.rules import BrokenRule
from sessional.diary.series import moved
from sessional.diary.values import Interval
from sessional.errors import InvalidInput, NotFound, SeriesConflict
from sessional.store.constraints import Conflict


@dataclass(slots=True)
class _Move:
    """A session and where it goes."""

    number: int
    session: Session
    span: Interval
    room_id: int | None

    def row(self) -> dict[str, Any]:
        row = {"appointment_id": self.session.appointment_id, "status": self.session.stored_status}
        return {
            **row,
            "starts_at": self.span.starts_at,
            "ends_at": self.span.ends_at,
            "room_id": self.room_id,
        }


@dataclass(frozen=True, slots=True)
class _Series:
    """What is moved, and how: the session that was named and those that go with it."""

    time_zone: str
    named: Session
    sessions: Sequence[Session]


async def reschedule_series(
    work: Work,
    *,
    appointment_id: int,
    starts_at: int,
    following: bool,
    choices: Sequence[Mapping[str, Any]] = (),
    by: str | None = None,
    reason: str | None = None,
    expected_version: int | None = None,
    override_rules: bool | None = None,
) -> Mapping[str, Any]:
    """Move this session of a series and those that follow, or all that lie ahead.

    ``choices`` say which stay where they are or go elsewhere. Raises SeriesConflict with every session
    that cannot be where it would go, InvalidInput, InvalidTime, NotFound, StaleVersion, CancelNotice.
    """
    if reason is not None and len(reason) > LONGEST_REASON:
        raise InvalidInput(f"A reason has at most {LONGEST_REASON:,} characters.", path=["reason"])
    series = await _opened(work, appointment_id, following)
    check_version(series.named, expected_version)
    moves = _moves(series, starts_at, choices)
    for move in moves:
        check_notice(work, move.session, by, override=bool(override_rules))
    await _admit(work, moves, bool(override_rules))
    await _write(work, moves, reason, bool(override_rules))
    return {"appointments": [move.session.ref for move in moves]}


async def _opened(work: Work, appointment_id: int, following: bool) -> _Series:
    """The series with its diaries locked. Raises NotFound."""
    diaries = await open_diaries(work, appointment_id)
    series_id, time_zone, _ = diaries[0]
    locked = [row[2] for row in diaries]
    named = Session(*(await work.tx.fetch("session", appointment_id=appointment_id))[0])
    if not keeps_diary(work.actor, named.therapist_id):
        raise NotFound("series", path=["appointmentId"])
    begin = max(work.now, named.starts_at if following else 0)
    rows = await work.tx.fetch("series_movable", series_id=series_id, begin=begin)
    sessions = [Session(*row) for row in rows]
    if any(session.therapist_id not in locked for session in sessions):
        raise Conflict("appointment_moved")  # One was handed to another therapist while we waited.
    # Those that were handed to another therapist earlier are that one's to move.
    sessions = [session for session in sessions if keeps_diary(work.actor, session.therapist_id)]
    return _Series(time_zone, named, sessions)


def _moves(series: _Series, starts_at: int, choices: Sequence[Mapping[str, Any]]) -> list[_Move]:
    """Every session that moves, in order. Raises InvalidInput, InvalidTime."""
    becomes = moved(
        [session.starts_at for session in series.sessions],
        was=series.named.starts_at,
        becomes=starts_at,
        time_zone=series.time_zone,
    )
    chosen = {choice["appointment_id"]: choice for choice in choices}
    for unknown in chosen.keys() - {session.appointment_id for session in series.sessions}:
        raise InvalidInput(f"The session {unknown} is not among those that move.", path=["choices"])
    found = []
    for number, (session, start) in enumerate(zip(series.sessions, becomes, strict=True), 1):
        choice = chosen.get(session.appointment_id, {})
        if not choice.get("keep"):
            found.append(_move(number, session, start if (at := choice.get("starts_at")) is None else at))
    if not found:
        raise InvalidInput("No session of the series is left to be moved.", path=["choices"])
    return found


def _move(number: int, session: Session, start: int) -> _Move:
    length = session.ends_at - session.starts_at
    as_wish(session, session.therapist_id, start, length)
    span = Interval(starts_at=start, ends_at=start + length)
    return _Move(number, session, span, session.room_id)


# ---- whether they can be there ------------------------------------------------------------------


async def _admit(work: Work, moves: Sequence[_Move], override: bool) -> None:
    """Raises SeriesConflict. Gives each session that has a room the room that it will have."""
    taking = [move for move in moves if move.session.status in BLOCKS]
    others: dict[int, list[BrokenRule]] = defaultdict(list)
    rows = orjson.dumps([move.row() for move in taking]).decode()
    for (number,) in await work.tx.fetch("series_members_busy", moves=rows):
        others[number].append(CLIENT_ENGAGED)
    for number in await _furnish(work, taking):
        others[number].append(NO_ROOM)
    conflicts = []
    for therapist_id in sorted({move.session.therapist_id for move in taking}):
        theirs = [move for move in taking if move.session.therapist_id == therapist_id]
        conflicts += await _conflicts(work, therapist_id, theirs, others, override)
    if conflicts:
        conflicts.sort(key=lambda occurrence: occurrence.number)
        raise SeriesConflict([occurrence.shown() for occurrence in conflicts], len(moves))


async def _conflicts(
    work: Work,
    therapist_id: int,
    moves: Sequence[_Move],
    others: Mapping[int, Sequence[BrokenRule]],
    override: bool,
) -> list[Occurrence]:
    """The sessions of one diary that cannot be where they would go. The first there stays the first."""
    look = await _look(work, therapist_id, moves)
    found = []
    for move in sorted(moves, key=lambda move: move.span.starts_at):
        session, span = move.session, move.span
        look.ask = replace(look.ask, duration_seconds=span.ends_at - span.starts_at)
        seen = look.occurrence(move.number, span.starts_at)
        broken = [one for one in seen.broken if not override or one.rule in TAKEN]
        broken += others.get(session.appointment_id, ())
        if broken:
            found.append(replace(seen, broken=broken, appointment_id=session.appointment_id))
        else:
            look.add(span, session.appointment_id)
    return found


async def _look(work: Work, therapist_id: int, moves: Sequence[_Move]) -> Look:
    """The diary without the sessions that move."""
    fetch = work.tx.fetch
    rules = (await load_rules(fetch, [therapist_id]))[therapist_id]
    diary = await fetch("open_diary", therapist_id=therapist_id)
    reach = Interval(
        starts_at=max(0, min(move.span.starts_at for move in moves) - NEAR_SECONDS),
        ends_at=max(move.span.ends_at for move in moves) + NEAR_SECONDS,
    )
    gone = {move.session.appointment_id for move in moves}
    who = {"account_id": work.actor.account_id, "now": work.now}
    busy = await busy_around(fetch, therapist_id, reach, **who)
    return Look(
        rules=rules,
        closures=await load_closures(fetch),
        ask=Ask(
            service=(await load_services(fetch))[moves[0].session.service_code],
            duration_seconds=moves[0].span.ends_at - moves[0].span.starts_at,
            account_id=work.actor.account_id,
            now=work.now,
            free_of_hours=not rules.takes_search_bookings,
        ),
        has_rules=diary[0][1] > 0,
        # A whole session moves, with a time of its own: it does not become a place in another's group.
        busy=[replace(one, places_left=0) for one in busy if one.appointment_id not in gone],
    )


async def _furnish(work: Work, moves: Sequence[_Move]) -> list[int]:
    """To each session its room, where that is free, or else the first that is. Answers those without."""
    wanting = [move for move in moves if move.room_id is not None]
    if not wanting:
        return []
    span = {"starts_at": min(move.span.starts_at for move in wanting)}
    span["ends_at"] = max(move.span.ends_at for move in wanting)
    but = work.tx.dialect.pack([move.session.appointment_id for move in moves])
    who = {"account_id": work.actor.account_id, "now": work.now}
    rooms: dict[int, list[Interval]] = {}
    await work.tx.fetch("lock_rooms")
    for room_id, starts_at, ends_at in await work.tx.fetch("rooms_taken_but", but=but, **span, **who):
        taken = rooms.setdefault(room_id, [])
        if starts_at is not None:
            taken.append(Interval(starts_at=starts_at, ends_at=ends_at))
    without = [move for move in wanting if not _roomed(move, rooms)]
    for move in wanting if not without else ():
        row = {"room_id": move.room_id, "appointment_id": move.session.appointment_id}
        at = {"starts_at": move.span.starts_at, "ends_at": move.span.ends_at}
        await work.tx.fetch("clear_room", **row, **at, **who)
    return [move.session.appointment_id for move in without]


def _roomed(move: _Move, rooms: Mapping[int, list[Interval]]) -> bool:
    for room_id in sorted(rooms, key=lambda room_id: (room_id != move.room_id, room_id)):
        if not any(move.span.overlaps(taken) for taken in rooms[room_id]):
            rooms[room_id].append(move.span)
            move.room_id = room_id
            return True
    return False


# ---- writing ------------------------------------------------------------------------------------


async def _write(work: Work, moves: Sequence[_Move], reason: str | None, overridden: bool) -> None:
    """All of them at once; each notes what it was before its first change, and what it is now."""
    tx = work.tx
    who = {"account_id": work.actor.account_id, "now": work.now}
    taking = [move for move in moves if move.session.status in BLOCKS]
    for therapist_id in sorted({move.session.therapist_id for move in taking}):
        spans = [move.row() for move in taking if move.session.therapist_id == therapist_id]
        packed = orjson.dumps(spans).decode()
        await tx.fetch("drop_stale_holds_at", therapist_id=therapist_id, spans=packed, **who)
    ids = tx.dialect.pack([move.session.appointment_id for move in moves])
    noted = {"ids": ids, "username": work.actor.username, **who}
    await tx.fetch("note_first_events", **noted)
    await tx.fetch("step_aside", ids=ids)
    rows = orjson.dumps([move.row() for move in moves]).decode()
    await tx.fetch("move_sessions", moves=rows, overridden=overridden, now=work.now)
    await tx.fetch("note_events", change="MOVED", reason=reason, **noted)
    for move in taking:
        was = move.session
        work.frees(was.therapist_id, was.starts_at, was.ends_at, was.appointment_id)
    if work.desk.mails:
        await notices.queue(tx, notices.Kind.SERIES_MOVED, _told(moves), now=work.now)


def _told(moves: Sequence[_Move]) -> list[int]:
    """The sessions that somebody was told of before; those that are asked for are told when answered."""
    return [move.session.appointment_id for move in moves if move.session.status is Status.BOOKED]
