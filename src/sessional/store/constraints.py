"""The names of constraints -> what a violation of them means.

Names are matched by prefix: a database that is split into shards puts a suffix on them.
"""

from __future__ import annotations

from typing import Final

from sessional.errors import Busy, SessionalError


class Conflict(SessionalError):
    """A constraint had the last word. The action that ran into it says what it means to the caller."""

    code = "CONFLICT"

    def __init__(self, constraint: str) -> None:
        super().__init__(f"constraint {constraint}")
        self.constraint = constraint


class KeyInProgress(Busy):
    """Another transaction held the same idempotency key for as long as one may wait."""


OVERLAP: Final = "appointment_overlap"
CLIENT: Final = "client_overlap"
ROOM: Final = "room_overlap"
CAPACITY: Final = "appointment_capacity"
ID_TAKEN: Final = "appointment_id"
SPAN: Final = "appointment_span"
KEY_USED: Final = "idempotency_key"
USERNAME_TAKEN: Final = "account_username"

# What stands in the databases' messages -> the constraint. SQLite names columns, not constraints.
_MARKS: Final = {
    "appointment_overlap": OVERLAP,
    "client_overlap": CLIENT,
    "room_overlap": ROOM,
    "appointment_capacity": CAPACITY,
    "appointment_places": CAPACITY,
    "appointment_span": SPAN,
    "appointment_pkey": ID_TAKEN,
    "appointment_by_id": ID_TAKEN,
    "idempotency_key": KEY_USED,
    "account_username": USERNAME_TAKEN,
    "account.username": USERNAME_TAKEN,
}


def conflict_in(text: str) -> Conflict | None:
    """The conflict that a constraint's name, or a message that contains it, stands for."""
    return next((Conflict(name) for mark, name in _MARKS.items() if mark in text), None)
