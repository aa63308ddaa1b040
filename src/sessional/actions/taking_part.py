"""Clients who come into a session that is booked already, and who leave it: groups and couples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sessional.actions import notices
from sessional.actions.life import (
    Session,
    as_said_by,
    called_off,
    changed,
    check_notice,
    check_version,
    opened,
)
from sessional.actions.members import clear_places, join_clients, know_clients
from sessional.actions.moving import check_status
from sessional.actions.own import check_override, sees_client
from sessional.actions.work import Work
from sessional.diary.life import JOINABLE, Status, check_cancel_reason
from sessional.diary.values import Interval
from sessional.errors import FullyBooked, NotFound


async def join_appointment(
    work: Work, *, appointment_id: int, client_ids: Sequence[int], expected_version: int | None = None
) -> Mapping[str, Any]:
    """Further clients take part. Who does already stays; joining once more is no error.

    Raises FullyBooked, ClientBusy, NotFound, StaleVersion, TransitionRefused.
    """
    session = await opened(work, appointment_id)
    await know_clients(work.tx, work.actor, client_ids)
    members = await _members(work, session)
    new = [one for one in dict.fromkeys(client_ids) if one not in members]
    if not new:
        return {"appointment": session.ref}
    check_version(session, expected_version)
    check_status(session, JOINABLE, "joined")
    places_left, any_held, _ = await _places(work, appointment_id)
    if len(new) > places_left:
        raise FullyBooked
    if any_held:
        await clear_places(work.tx, appointment_id, account_id=work.actor.account_id, now=work.now)
    return await let_in(work, session, new)


async def let_in(work: Work, session: Session, client_ids: Sequence[int]) -> Mapping[str, Any]:
    """Clients for whom there are places, into the session; told, and on record. Raises ClientBusy."""
    span = Interval(starts_at=session.starts_at, ends_at=session.ends_at)
    await join_clients(work.tx, session.appointment_id, client_ids, span)
    if session.status in (Status.BOOKED, Status.ARRIVED) and work.tells and work.desk.mails:
        kind, numbers = notices.Kind.BOOKED, [session.appointment_id]
        await notices.queue(work.tx, kind, numbers, now=work.now, client_ids=client_ids)
    return await _noted(work, session, "JOINED", None)


async def leave_appointment(
    work: Work,
    *,
    appointment_id: int,
    client_id: int,
    by: str,
    reason: str | None = None,
    reason_code: str | None = None,
    expected_version: int | None = None,
    override_rules: bool | None = None,
) -> Mapping[str, Any]:
    """A client does not take part any more; leaving once more is no error. The session is cancelled where
    the service says so, or where nobody is left. A client takes out nobody but themselves.

    Raises CancelNotice, InvalidInput, NotFound, StaleVersion, TransitionRefused.
    """
    override, by = check_override(work.actor, override_rules), as_said_by(work.actor, by)
    check_cancel_reason(reason_code, by)
    session = await opened(work, appointment_id)
    known = await work.tx.fetch("clients_known", client_ids=work.tx.dialect.pack([client_id]))
    if not known or not await sees_client(work.tx.fetch, work.actor, client_id):
        raise NotFound("client", path=["clientId"])
    members = await _members(work, session)
    if client_id not in members:
        return {"appointment": session.ref}
    check_version(session, expected_version)
    check_status(session, JOINABLE, "left")
    check_notice(work, session, by, override=override)
    _, _, falls = await _places(work, appointment_id)
    if falls or members == {client_id}:
        return await called_off(work, session, by, reason, reason_code)
    await work.tx.fetch("leave_appointment", appointment_id=appointment_id, client_id=client_id)
    work.frees(session.therapist_id, session.starts_at, session.ends_at, session.appointment_id)
    return await _noted(work, session, "LEFT", reason)


async def _places(work: Work, appointment_id: int) -> Sequence[Any]:
    """The row of ``taking_part``."""
    who = {"account_id": work.actor.account_id, "now": work.now}
    return (await work.tx.fetch("taking_part", appointment_id=appointment_id, **who))[0]


async def _members(work: Work, session: Session) -> set[int]:
    rows = await work.tx.fetch("participants", appointment_id=session.appointment_id)
    return {row[0] for row in rows}


async def _noted(work: Work, session: Session, change: str, reason: str | None) -> Mapping[str, Any]:
    """On record, with the next version: its state is the same."""
    return await changed(work, session, "set_status", change, reason, {"status": session.stored_status})
