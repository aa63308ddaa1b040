"""Who may see and do what: one table, read by people and by the plan.

Whatever is not in the table is refused. Roles beyond ADMIN take their rows here.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What an account is."""

    ADMIN = "ADMIN"


class Extent(StrEnum):
    """How much of a type an actor reads."""

    ALL = "all"
    NONE = "none"


class Action(StrEnum):
    """What the desk can do."""

    BOOK = "book"
    CHANGE_SESSION = "change a session"
    SET_UP = "set up"
    HOLD = "hold"
    KEEP_CLIENTS = "keep clients"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is asking, as the access token says. Whether the account still stands is asked of the
    database in the very statement that answers."""

    account_id: int
    username: str
    role: Role
    session_id: str


# type of the graph -> how much of it the role reads
READS: Final[dict[Role, dict[str, Extent]]] = {
    Role.ADMIN: {
        "Appointment": Extent.ALL,
        "Therapist": Extent.ALL,
        "Specialism": Extent.ALL,
        "Service": Extent.ALL,
        "AppointmentEvent": Extent.ALL,
        "WorkingHours": Extent.ALL,
        "DateOverride": Extent.ALL,
        "TimeOff": Extent.ALL,
        "Away": Extent.ALL,
        "Closure": Extent.ALL,
        "Room": Extent.ALL,
        "Client": Extent.ALL,
        "CareRelationship": Extent.ALL,
        "Hold": Extent.ALL,
        "Viewer": Extent.ALL,
    },
}

ACTS: Final[dict[Role, frozenset[Action]]] = {Role.ADMIN: frozenset(Action)}


def extent(role: Role, type_name: str) -> Extent:
    """How much of ``type_name`` the role reads; nothing where the table is silent."""
    return READS[role].get(type_name, Extent.NONE)


def may(role: Role, action: Action) -> bool:
    """Whether the role does this at all."""
    return action in ACTS[role]
