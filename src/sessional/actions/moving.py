"""A session gets another time, or another therapist: it keeps its number and its history."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sessional.actions.admission import admit_by_rules
from sessional.actions.life import (
    Session,
    as_said_by,
    changed,
    check_alone,
    check_notice,
    check_version,
    opened,
)
from sessional.actions.own import check_override, is_client
from sessional.actions.rooms import take_room
from sessional.actions.work import Work
from sessional.diary import booking
from sessional.diary.life import BLOCKS, MOVABLE, TRANSITIONS, Status
from sessional.diary.slots import nearby
from sessional.diary.values import Interval, Wish
from sessional.errors import ClientBusy, TransitionRefused, UnknownTherapist


async def reschedule_appointment(
    work: Work,
    *,
    appointment_id: int,
    starts_at: int,
    by: str | None = None,
    reason: str | None = None,
    duration_seconds: int | None = None,
    expected_version: int | None = None,
    override_rules: bool | None = None,
) -> Mapping[str, Any]:
    """Another time, in the same diary. Only its own time is not in its way.

    One that is at that time already stays as it is, so a retry is no error.
    """
    override, by = check_override(work.actor, override_rules), as_said_by(work.actor, by)
    session = await opened(work, appointment_id)
    length = session.ends_at - session.starts_at if duration_seconds is None else duration_seconds
    there = (session.starts_at, session.ends_at) == (starts_at, starts_at + length)
    if there and session.status in MOVABLE:
        return {"appointment": session.ref}
    check_version(session, expected_version)
    check_movable(session, "moved")
    check_alone(work, session)
    check_notice(work, session, by, override=override)
    wish = as_wish(session, session.therapist_id, starts_at, length)
    return await _move(work, session, wish, "MOVED", reason, override)


async def reassign_appointment(
    work: Work,
    *,
    appointment_id: int,
    therapist_id: int,
    reason: str | None = None,
    expected_version: int | None = None,
    override_rules: bool | None = None,
) -> Mapping[str, Any]:
    """The same time, with another therapist."""
    session = await opened(work, appointment_id, also=therapist_id)
    if session.therapist_id == therapist_id:
        return {"appointment": session.ref}
    check_version(session, expected_version)
    check_movable(session, "reassigned")
    wish = as_wish(session, therapist_id, session.starts_at, session.ends_at - session.starts_at)
    done = await _move(work, session, wish, "REASSIGNED", reason, bool(override_rules))
    await _keys_follow(work, session, therapist_id)
    return done


async def _keys_follow(work: Work, session: Session, therapist_id: int) -> None:
    places = {"therapist_id": therapist_id, "old_therapist_id": session.therapist_id}
    await work.tx.fetch("keys_follow", appointment_id=session.appointment_id, **places)


async def move_elsewhere(
    work: Work,
    appointment_id: int,
    *,
    starts_at: int | None,
    therapist_id: int | None,
    override: bool,
    reason: str | None,
) -> None:
    """Another time, another therapist, or both, for a session that cannot stay. Raises BookingRefused."""
    session = await opened(work, appointment_id, also=therapist_id)
    check_movable(session, "moved")
    whose = session.therapist_id if therapist_id is None else therapist_id
    start = session.starts_at if starts_at is None else starts_at
    wish = as_wish(session, whose, start, session.ends_at - session.starts_at)
    handed_over = whose != session.therapist_id
    await _move(work, session, wish, "REASSIGNED" if handed_over else "MOVED", reason, override)
    if handed_over:
        await _keys_follow(work, session, whose)


def as_wish(session: Session, therapist_id: int, starts_at: int, length: int) -> Wish:
    wish = Wish(
        therapist_id=therapist_id,
        starts_at=starts_at,
        duration_seconds=length,
        service_code=session.service_code,
    )
    booking.check(wish)
    return wish


def check_movable(session: Session, wanted: str) -> None:
    """Raises TransitionRefused for a session that is under way, over or off."""
    check_status(session, MOVABLE, wanted)


def check_status(session: Session, which: Collection[Status], wanted: str) -> None:
    """Raises TransitionRefused for a session with another status than these."""
    if session.status not in which:
        allowed = [status.value for status in Status if status in TRANSITIONS[session.status]]
        raise TransitionRefused(session.status.value, wanted, allowed)


async def _move(
    work: Work, session: Session, wish: Wish, change: str, reason: str | None, override: bool
) -> Mapping[str, Any]:
    wanted = booking.span(wish, service_duration_seconds=0)
    # What is only asked for takes no time and no room, but is asked for where it could be.
    await admit_move(work, session, wish, wanted, override)
    room_id = await _room(work, session, wanted) if session.status in BLOCKS else session.room_id
    span = {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at, "room_id": room_id}
    place = {"new_therapist_id": wish.therapist_id, "overridden": override, "now": work.now}
    return await changed(work, session, "move_session", change, reason, {**span, **place})


async def admit_move(
    work: Work, session: Session, wish: Wish, wanted: Interval, override: bool, *, agreed: bool = False
) -> None:
    """Raises SlotTaken, RuleRefused, ClientBusy, UnknownTherapist. Clears holds nobody needs any more."""
    tx, account_id = work.tx, work.actor.account_id
    row = {"therapist_id": wish.therapist_id}
    span = {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at}
    if not await tx.fetch("open_diary", **row):
        raise UnknownTherapist
    await tx.fetch("drop_stale_holds", now=work.now, account_id=account_id, **row, **span)
    (has_rules,) = (await tx.fetch("diary_has_rules", **row))[0]
    if is_client(work.actor) or (has_rules and not override):
        await admit_by_rules(
            tx,
            therapist_id=wish.therapist_id,
            service_code=session.service_code,
            wanted=wanted,
            actor=work.actor,
            now=work.now,
            ignoring=session.appointment_id,
            agreed=agreed,
        )
    around = nearby(wanted)
    reach = {"starts_at": around.starts_at, "ends_at": around.ends_at}
    others = await tx.fetch("busy_but", appointment_id=session.appointment_id, **row, **reach)
    taken = [Interval(starts_at=first, ends_at=end) for first, end in others]
    booking.admit(wish, wanted, busy=taken, now=work.now)
    if await tx.fetch("members_busy", appointment_id=session.appointment_id, **span):
        raise ClientBusy


async def _room(work: Work, session: Session, wanted: Interval) -> int | None:
    """The room that it had, or else the first that is free. Raises RoomTaken.

    One without a room gets one where its service needs it by now, but not to be handed over as it is.
    """
    if session.room_id is None:
        (service,) = await work.tx.fetch("service_length", code=session.service_code)
        if not service[2] or wanted.starts_at == session.starts_at:
            return None
    return await take_room(
        work.tx,
        wanted,
        account_id=work.actor.account_id,
        now=work.now,
        had=session.room_id,
        appointment_id=session.appointment_id,
    )
