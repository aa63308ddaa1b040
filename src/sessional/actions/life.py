"""What happens to a session after it was booked: it is cancelled, moved, handed over, attended.

Each change locks the diary, looks at the session as it is now, and leaves an event behind.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, overload

from sessional.access import Actor
from sessional.actions import history, notices
from sessional.actions.own import check_override, is_client, sees_session
from sessional.actions.work import Ref, Work
from sessional.diary.life import (
    AGREED,
    BLOCKS,
    Status,
    admit_attendance,
    admit_transition,
    check_cancel_reason,
    is_late,
)
from sessional.errors import CancelNotice, InvalidInput, InvalidTime, NotFound, StaleVersion
from sessional.store.constraints import Conflict

LONGEST_REASON: Final = 2_000


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its diary has it: the columns of ``session``."""

    appointment_id: int
    therapist_id: int
    service_code: str
    starts_at: int
    ends_at: int
    stored_status: str
    version: int
    cancel_notice_seconds: int
    room_id: int | None
    places_taken: int

    @property
    def status(self) -> Status:
        return Status(self.stored_status)

    @property
    def ref(self) -> Ref:
        return Ref("Appointment", self.appointment_id)


async def opened(work: Work, appointment_id: int, *, also: int | None = None) -> Session:
    """A session whose diary is locked until the end, and ``also`` another's. Raises NotFound, also for
    a session that is not the actor's own.

    Diaries are locked in the order of their numbers, so that two changes never wait for one another.
    """
    found = await work.tx.fetch("session_place", appointment_id=appointment_id)
    if not found:
        raise NotFound("appointment", path=["appointmentId"])
    therapist_id = found[0][0]
    for diary in sorted({therapist_id, therapist_id if also is None else also}):
        await work.tx.fetch("open_diary", therapist_id=diary)
    rows = await work.tx.fetch("session", appointment_id=appointment_id)
    if not rows or rows[0][1] != therapist_id:  # It was handed to another therapist while we waited.
        raise Conflict("appointment_moved")
    if not await sees_session(work.tx.fetch, work.actor, appointment_id, therapist_id):
        raise NotFound("appointment", path=["appointmentId"])
    return Session(*rows[0])


def check_version(session: Session, expected: int | None) -> None:
    """Raises StaleVersion where somebody has changed the session since the caller looked."""
    if expected is not None and expected != session.version:
        raise StaleVersion(session.ref)


def check_notice(work: Work, session: Session, by: str | None, *, override: bool) -> None:
    """Raises CancelNotice for a client who comes too late; the notice is the one that was agreed."""
    notice = session.cancel_notice_seconds
    if by == "CLIENT" and not override and _is_late(work, session):
        raise CancelNotice(notice, max(0, session.starts_at - notice))


def _is_late(work: Work, session: Session) -> bool:
    agreed = session.status in AGREED
    return agreed and is_late(session.starts_at, work.now, session.cancel_notice_seconds)


@overload
def as_said_by(actor: Actor, by: str) -> str: ...
@overload
def as_said_by(actor: Actor, by: str | None) -> str | None: ...
def as_said_by(actor: Actor, by: str | None) -> str | None:
    """Who does it: a client cannot say that it was somebody else."""
    return "CLIENT" if is_client(actor) else by


def check_alone(work: Work, session: Session) -> None:
    """Raises InvalidInput where a client would decide for the others of a group."""
    if is_client(work.actor) and session.places_taken > 1:
        raise InvalidInput("Others take part in this session: ask the practice.", path=["appointmentId"])


async def changed(
    work: Work, session: Session, statement: str, change: str, reason: str | None, values: Mapping[str, Any]
) -> Mapping[str, Any]:
    """Write a change, its event and its notices; a session's first change also notes what it was before."""
    if reason is not None and len(reason) > LONGEST_REASON:
        raise InvalidInput(f"A reason has at most {LONGEST_REASON:,} characters.", path=["reason"])
    row = {"appointment_id": session.appointment_id, "therapist_id": session.therapist_id}
    tx, actor, now = work.tx, work.actor, work.now
    await history.change(tx, actor, now, row, statement, values, named=change, reason=reason)
    if session.status in BLOCKS and not _stays(statement, values):
        work.frees(session.therapist_id, session.starts_at, session.ends_at, session.appointment_id)
    await _tell(work, session, change)
    return {"appointment": session.ref}


async def _tell(work: Work, session: Session, change: str) -> None:
    """The clients, of a change to a session that was like this before it."""
    kind = notices.kind_of(change, session.status)
    if kind is not None and work.tells and work.desk.mails:
        was = session.starts_at if kind is notices.Kind.MOVED else None
        await notices.queue(work.tx, kind, [session.appointment_id], now=work.now, was_starts_at=was)


def _stays(statement: str, values: Mapping[str, Any]) -> bool:
    """Whether the session goes on taking up the time that it took."""
    return statement == "set_status" and Status(values["status"]) in BLOCKS


async def cancel_appointment(
    work: Work,
    *,
    appointment_id: int,
    by: str,
    reason: str | None = None,
    reason_code: str | None = None,
    expected_version: int | None = None,
    override_rules: bool | None = None,
) -> Mapping[str, Any]:
    """Its time is free again. One that is cancelled already stays as it is, so a retry is no error."""
    override = check_override(work.actor, override_rules)
    session = await opened(work, appointment_id)
    if session.status is Status.CANCELLED:
        return {"appointment": session.ref}
    check_version(session, expected_version)
    admit_transition(session.status, Status.CANCELLED)
    by = as_said_by(work.actor, by)
    check_cancel_reason(reason_code, by)
    check_alone(work, session)
    check_notice(work, session, by, override=override)
    return await called_off(work, session, by, reason, reason_code)


async def called_off(
    work: Work, session: Session, by: str, reason: str | None, reason_code: str | None
) -> Mapping[str, Any]:
    """Cancelled, for a caller who has made sure that it may be."""
    late = _is_late(work, session)
    said = {"by": by, "reason": reason, "reason_code": reason_code, "late": late}
    return await changed(work, session, "cancel", "CANCELLED", reason, said)


async def check_in(
    work: Work, *, appointment_id: int, expected_version: int | None = None
) -> Mapping[str, Any]:
    """The client is here."""
    return await _become(work, appointment_id, Status.ARRIVED, expected_version)


async def record_attendance(
    work: Work, *, appointment_id: int, attended: bool, expected_version: int | None = None
) -> Mapping[str, Any]:
    """Whether the client came, once the session has begun. Saying otherwise later is on record."""
    wanted = Status.FULFILLED if attended else Status.NOSHOW
    session = await opened(work, appointment_id)
    try:
        admit_attendance(session.starts_at, work.now)
    except InvalidTime as refusal:
        raise InvalidTime(refusal.message, path=["attended"]) from None
    return await _become(work, appointment_id, wanted, expected_version)


async def mark_entered_in_error(
    work: Work, *, appointment_id: int, reason: str | None = None, expected_version: int | None = None
) -> Mapping[str, Any]:
    """It should never have been in the diary. It stays on record, and takes no time."""
    wanted = Status.ENTERED_IN_ERROR
    return await _become(work, appointment_id, wanted, expected_version, reason)


async def _become(
    work: Work,
    appointment_id: int,
    wanted: Status,
    expected_version: int | None,
    reason: str | None = None,
) -> Mapping[str, Any]:
    session = await opened(work, appointment_id)
    if session.status is wanted:
        return {"appointment": session.ref}
    check_version(session, expected_version)
    admit_transition(session.status, wanted)
    return await changed(work, session, "set_status", wanted.value, reason, {"status": wanted.value})
