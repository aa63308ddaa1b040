"""A session that is asked for first and confirmed or declined afterwards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sessional.actions import history
from sessional.actions.holds import admit, wished
from sessional.actions.life import changed, check_version, opened
from sessional.actions.members import join_clients, know_clients
from sessional.actions.moving import admit_move, as_wish
from sessional.actions.own import participants
from sessional.actions.rooms import take_room
from sessional.actions.work import Ref, Work
from sessional.diary import booking
from sessional.diary.life import Status, admit_transition
from sessional.diary.values import Interval, Wish
from sessional.errors import FullyBooked


async def request_appointment(
    work: Work,
    *,
    therapist_id: int,
    starts_at: int,
    service: str,
    duration_seconds: int | None = None,
    client_ids: Sequence[int] | None = None,
    reserve: bool | None = None,
) -> Mapping[str, Any]:
    """Ask for a time. It stays free for others unless it is reserved. Raises what a booking raises."""
    wish = Wish(
        therapist_id=therapist_id,
        starts_at=starts_at,
        duration_seconds=duration_seconds,
        service_code=service,
    )
    wanted, known = await wished(work, wish)
    await admit(work, wish, wanted)
    status = Status.PENDING if reserve else Status.PROPOSED
    row = {"therapist_id": therapist_id, "service_code": service, "status": status.value}
    span = {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at}
    added = await work.tx.fetch("add_request", now=work.now, **row, **span)
    number: int = added[0][0]
    who = participants(work.actor, client_ids or ())
    if len(who) > known[1]:
        raise FullyBooked(known[1])
    await know_clients(work.tx, work.actor, who)
    await join_clients(work.tx, number, who, wanted)
    if known[2]:
        await _furnish(work, number, therapist_id, wanted, keep=bool(reserve))
    await history.note(work.tx, work.actor, work.now, number, "REQUESTED")
    return {"appointment": Ref("Appointment", number)}


async def _furnish(
    work: Work, appointment_id: int, therapist_id: int, wanted: Interval, *, keep: bool = True
) -> None:
    """A room for the session, or only the certainty that one is free. Raises RoomTaken."""
    room_id = await take_room(work.tx, wanted, account_id=work.actor.account_id, now=work.now)
    if not keep:
        return
    row = {"appointment_id": appointment_id, "therapist_id": therapist_id}
    await work.tx.fetch("furnish", room_id=room_id, overridden=False, **row)


async def confirm_appointment(
    work: Work, *, appointment_id: int, expected_version: int | None = None
) -> Mapping[str, Any]:
    """What was asked for is booked, if its time is still free. Confirming it once more is no error."""
    session = await opened(work, appointment_id)
    if session.status is Status.BOOKED:
        return {"appointment": session.ref}
    check_version(session, expected_version)
    if session.status is not Status.PROPOSED:
        admit_transition(session.status, Status.BOOKED)
    wish = as_wish(session, session.therapist_id, session.starts_at, session.ends_at - session.starts_at)
    wanted = booking.span(wish, service_duration_seconds=0)
    if session.status is Status.PROPOSED:
        await admit_move(work, session, wish, wanted, False, agreed=True)
    known = await work.tx.fetch("service_length", code=session.service_code)
    if known[0][2] and session.room_id is None:
        await _furnish(work, appointment_id, session.therapist_id, wanted)
    booked = {"status": Status.BOOKED.value}
    return await changed(work, session, "set_status", "CONFIRMED", None, booked)


async def decline_appointment(
    work: Work, *, appointment_id: int, reason: str | None = None, expected_version: int | None = None
) -> Mapping[str, Any]:
    """What was asked for does not take place. Declining it once more is no error."""
    session = await opened(work, appointment_id)
    if session.status is Status.CANCELLED:
        return {"appointment": session.ref}
    check_version(session, expected_version)
    if session.status not in (Status.PROPOSED, Status.PENDING):
        admit_transition(session.status, Status.PENDING)
    said = {"by": "PRACTICE", "reason": reason, "reason_code": None, "late": False}
    return await changed(work, session, "cancel", "DECLINED", reason, said)
