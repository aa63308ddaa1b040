"""Entries of the record: what one says, and how it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import orjson

from sessional.access import Actor
from sessional.actions.loading import Fetch


class Outcome(StrEnum):
    """What came of it. ``OVERRIDDEN``: done, with rules set aside."""

    DONE = "DONE"
    OVERRIDDEN = "OVERRIDDEN"
    READ = "READ"
    REFUSED = "REFUSED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of the record. Its fields are the columns of ``audit_event``."""

    happened_at: int
    account_id: int
    username: str
    role: str
    action: str
    object_type: str | None = None
    object_id: int | None = None
    outcome: str = Outcome.DONE
    code: str | None = None
    state_before: str | None = None
    state_after: str | None = None
    request_id: str = ""


async def note(fetch: Fetch, entries: Sequence[Mapping[str, Any]]) -> None:
    """Put entries on record, in the transaction that ``fetch`` belongs to."""
    await fetch("audit_note", entries=orjson.dumps(list(entries)).decode())


def entry_of(actor: Actor, action: str, *, now: int, request_id: str, **more: Any) -> Entry:
    """An entry about what an account does."""
    return Entry(
        happened_at=now,
        account_id=actor.account_id,
        username=actor.name_on_record,
        role=actor.role.value,
        action=action,
        request_id=request_id,
        **more,
    )


def by_the_service(action: str, *, now: int, request_id: str) -> Entry:
    """An entry about what the service does by itself, for no account."""
    return Entry(
        happened_at=now,
        account_id=0,
        username="(service)",
        role="SYSTEM",
        action=action,
        request_id=request_id,
    )


def told(entry: Entry, **more: Any) -> dict[str, Any]:
    """An entry as ``note`` takes it, with ``more`` of its columns."""
    return {name: getattr(entry, name) for name in Entry.__slots__} | more
