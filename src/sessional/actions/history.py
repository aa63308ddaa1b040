"""The history of a session: a line for each change, with the state that it left the session in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sessional.access import Actor
from sessional.store.store import Transaction


async def note(
    tx: Transaction, actor: Actor, now: int, appointment_id: int, change: str, reason: str | None = None
) -> None:
    """A session as it is now, and what made it so."""
    who = {"account_id": actor.account_id, "username": actor.username, "now": now}
    await tx.fetch("note_event", appointment_id=appointment_id, change=change, reason=reason, **who)


async def change(
    tx: Transaction,
    actor: Actor,
    now: int,
    row: Mapping[str, Any],
    statement: str,
    values: Mapping[str, Any],
    *,
    named: str,
    reason: str | None = None,
) -> None:
    """Write a change to the session ``row`` (``appointment_id``, ``therapist_id``), and note it; before its
    first change also what it was."""
    number = row["appointment_id"]
    if not await tx.fetch("has_history", appointment_id=number):
        await note(tx, actor, now, number, "BOOKED")
    await tx.fetch(statement, **row, **values)
    await note(tx, actor, now, number, named, reason)
