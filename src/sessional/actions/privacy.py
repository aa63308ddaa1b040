"""All that is held about a client: handed out as one document, and erased.

What is erased is the person. Sessions that were stay as facts about nobody: a diary without gaps, numbers
for the practice. The record keeps who changed what when; of personal data it never held more than that it
was there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from sessional.actions.life import cancel_appointment
from sessional.actions.portrait import portrait
from sessional.actions.taking_part import leave_appointment
from sessional.actions.waitlist import leave_waitlist
from sessional.actions.work import Ref, Work
from sessional.diary.names import fold
from sessional.errors import NotFound, SessionsAhead
from sessional.store.constraints import Conflict

# Before sessions ahead are ended: of those that the client leaves, nothing tells afterwards.
_FORGET: Final = (
    "drop_notices",
    "clear_reasons",
    "clear_event_reasons",
    "drop_keys_of",
    "forget_inputs_of",
)


async def export_client(work: Work, *, client_id: int) -> Mapping[str, Any]:
    """All that is held about a client, as JSON text. Raises NotFound."""
    keyring = work.desk.keyring
    return {"export": await portrait(work.tx.fetch, client_id, keyring=keyring, now=work.now)}


async def erase_client(
    work: Work, *, client_id: int, cancel_future: bool | None = None
) -> Mapping[str, Any]:
    """Forget a client. One that was erased before is left as it is. Raises NotFound, SessionsAhead.

    Clients are told nothing: whoever is to be forgotten is written no mail.
    """
    if await _opened(work, client_id):
        return {"client": Ref("Client", client_id), "appointments": []}
    ahead = await work.tx.fetch("sessions_ahead_of", client_id=client_id, now=work.now)
    refs = [Ref("Appointment", row[0]) for row in ahead]
    if ahead and not cancel_future:
        raise SessionsAhead(refs)
    name = f"Erased client {client_id}"
    for statement in _FORGET:
        await work.tx.fetch(statement, client_id=client_id)
    await _end_what_lies_ahead(work, client_id, ahead)
    await work.tx.fetch("blur_waiting", client_id=client_id)
    await work.tx.fetch("clear_event_names", client_id=client_id, name=name)
    today = datetime.fromtimestamp(work.now, UTC).date().isoformat()
    await work.tx.fetch("end_all_care", client_id=client_id, today=today)
    for held in await work.tx.fetch("drop_holds_of", client_id=client_id):
        work.frees(*held)
    await work.tx.fetch("drop_accounts_of", client_id=client_id)
    named = {"name": name, "search_name": fold(name)}
    await work.tx.fetch("erase_client", client_id=client_id, now=work.now, **named)
    return {"client": Ref("Client", client_id), "appointments": refs}


async def _opened(work: Work, client_id: int) -> bool:
    """Lock the diaries in which the client has something ahead, then the client, so that nobody books
    for them meanwhile. Whether the client was erased before. Raises NotFound."""
    asked = {"client_id": client_id, "now": work.now}
    diaries = [row[0] for row in await work.tx.fetch("diaries_ahead_of", **asked)]
    for therapist_id in diaries:
        await work.tx.fetch("open_diary", therapist_id=therapist_id)
    rows = await work.tx.fetch("lock_client", client_id=client_id)
    if not rows:
        raise NotFound("client", path=["clientId"])
    if {row[0] for row in await work.tx.fetch("diaries_ahead_of", **asked)} - set(diaries):
        raise Conflict("client_booked")  # in another diary while we waited
    return rows[0][0] is not None


async def _end_what_lies_ahead(work: Work, client_id: int, ahead: Any) -> None:
    """Sessions of the client alone are cancelled; a group goes on without the client."""
    silent = replace(work, tells=False)
    for appointment_id, _, places_taken in ahead:
        if places_taken > 1:
            who = {"appointment_id": appointment_id, "client_id": client_id}
            await leave_appointment(silent, **who, by="PRACTICE", override_rules=True)
        else:
            await cancel_appointment(silent, appointment_id=appointment_id, by="PRACTICE")
    for (entry_id,) in await work.tx.fetch("waiting_of", client_id=client_id):
        await leave_waitlist(silent, waitlist_entry_id=entry_id)
