"""A practice as rows of the store's tables, with what the store keeps beside them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from sessional.diary.names import fold
from sessional.keyring import Keyring

from .practice import Practice

Rows = Sequence[tuple[Any, ...]]

EMPTIED_IN_ORDER = (
    "audit_event",
    "waitlist_entry",
    "appointment_client",
    "appointment_event",
    "care_relationship",
    "therapist_specialism",
    "therapist_service",
    "working_hours",
    "date_override",
    "time_off",
    "away",
    "closure",
    "appointment",
    "series",
    "client",
    "room",
    "therapist",
    "specialism",
    "service",
)
# Closes what is encrypted of clients, and opens it for the product.
KEYRING = Keyring(["the key of generated practices"])
# Stored under other names, or worked out, or in another table.
ELSEWHERE = {"specialism_ids", "service_ids", "client_ids"}


def rows(practice: Practice) -> dict[str, tuple[str, Rows]]:
    """table -> its columns and rows, in an order that references allow."""
    people = practice.therapists
    # Holds stand among the sessions, some before them and some after them.
    sessions = [*practice.holds[::2], *practice.appointments, *practice.holds[1::2]]
    return {
        "specialism": _plain(practice.specialisms, _by_name),
        "service": _plain(practice.services, _by_name),
        "therapist": _plain(people, lambda t: {"search_name": fold(f"{t.first_name} {t.last_name}")}),
        "room": _plain(practice.rooms, _by_name),
        "therapist_specialism": (
            "therapist_id, specialism_id",
            [(t.therapist_id, s) for t in people for s in t.specialism_ids],
        ),
        "therapist_service": (
            "therapist_id, service_id",
            [(t.therapist_id, s) for t in people for s in t.service_ids],
        ),
        "working_hours": _plain(practice.working_hours),
        "date_override": _plain(practice.date_overrides),
        "time_off": _plain(practice.time_off),
        "away": _plain(practice.away),
        "closure": _plain(practice.closures),
        "client": _plain(practice.clients, _as_stored),
        "care_relationship": _plain(practice.care),
        "series": _plain(practice.series),
        "appointment": _plain(sessions),
        "appointment_client": (
            "appointment_id, client_id",
            [(a.appointment_id, c) for a in sessions for c in a.client_ids],
        ),
        "appointment_event": _plain(practice.events),
        "audit_event": _plain(practice.record),
        "waitlist_entry": _plain(practice.waitlist),
    }


def _as_stored(client: Any) -> dict[str, Any]:
    """Some encrypted, some as they were stored before there was a key."""
    row = {**vars(client), **_by_name(client)}
    return KEYRING.close_row(row) if client.client_id % 2 else row


def _by_name(row: Any) -> dict[str, str]:
    return {"search_name": fold(row.name)}


def _plain(items: Iterable[Any], beside: Any = lambda _: {}) -> tuple[str, Rows]:
    """Each value of a row under its own name; a tuple as JSON, as the desk writes it."""
    written = [
        {name: _stored(value) for name, value in vars(item).items() if name not in ELSEWHERE} | beside(item)
        for item in items
    ]
    columns = ", ".join(written[0]) if written else ""
    return columns, [tuple(row.values()) for row in written]


def _stored(value: Any) -> Any:
    return json.dumps(value) if isinstance(value, tuple) else value
