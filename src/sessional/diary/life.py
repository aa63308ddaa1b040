"""The life of a session: the statuses it can have, and the ways from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from sessional.errors import InvalidInput, InvalidTime, TransitionRefused


class Status(StrEnum):
    """As FHIR's Appointment says it. HELD is our own: a hold is not a session yet."""

    PROPOSED = "PROPOSED"
    PENDING = "PENDING"
    BOOKED = "BOOKED"
    ARRIVED = "ARRIVED"
    FULFILLED = "FULFILLED"
    CANCELLED = "CANCELLED"
    NOSHOW = "NOSHOW"
    ENTERED_IN_ERROR = "ENTERED_IN_ERROR"
    HELD = "HELD"


_S = Status

# Those that take up the therapist's time. A proposal does not: it is a question, not a session.
BLOCKS: Final = frozenset({_S.PENDING, _S.BOOKED, _S.ARRIVED, _S.FULFILLED, _S.NOSHOW, _S.HELD})
# Those that can still be given another time.
MOVABLE: Final = frozenset({_S.PROPOSED, _S.PENDING, _S.BOOKED})
# Those that clients can still join and leave: of a group, some are there before the others.
JOINABLE: Final = MOVABLE | {_S.ARRIVED}

# Those that both sides have agreed on: what was only asked for can be taken back at any time.
AGREED: Final = frozenset({_S.BOOKED, _S.ARRIVED})

CANCEL_REASONS: Final = (
    "CLIENT_ILL",
    "CLIENT_REQUEST",
    "CLIENT_OTHER",
    "PRACTICE_THERAPIST_ILL",
    "PRACTICE_CLOSED",
    "PRACTICE_OTHER",
    "WEATHER",
    "OTHER",
)
# What the code of a reason begins with -> who can cancel for it. Any other code is anybody's.
CANCELS_FOR: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"CLIENT": frozenset({"CLIENT"}), "PRACTICE": frozenset({"PRACTICE", "THERAPIST"})}
)

# What may follow what; everything else is refused by name. A hold that is let go leaves no session behind.
TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = MappingProxyType(
    {
        _S.HELD: frozenset({_S.BOOKED, _S.PENDING, _S.PROPOSED}),
        _S.PROPOSED: frozenset({_S.PENDING, _S.BOOKED, _S.CANCELLED, _S.ENTERED_IN_ERROR}),
        _S.PENDING: frozenset({_S.BOOKED, _S.CANCELLED, _S.ENTERED_IN_ERROR}),
        _S.BOOKED: frozenset({_S.ARRIVED, _S.FULFILLED, _S.NOSHOW, _S.CANCELLED, _S.ENTERED_IN_ERROR}),
        # Back to BOOKED undoes a check-in of the wrong person.
        _S.ARRIVED: frozenset({_S.FULFILLED, _S.CANCELLED, _S.NOSHOW, _S.BOOKED, _S.ENTERED_IN_ERROR}),
        # Attendance can be corrected, but it cannot unhappen.
        _S.FULFILLED: frozenset({_S.NOSHOW, _S.ENTERED_IN_ERROR}),
        _S.NOSHOW: frozenset({_S.FULFILLED, _S.ENTERED_IN_ERROR}),
        _S.CANCELLED: frozenset(),
        _S.ENTERED_IN_ERROR: frozenset(),
    }
)


def admit_transition(current: Status, wanted: Status) -> None:
    """Raises TransitionRefused, with what is allowed instead, where ``wanted`` cannot follow."""
    allowed = TRANSITIONS[current]
    if wanted not in allowed:
        raise TransitionRefused(current.value, wanted.value, [s.value for s in Status if s in allowed])


def admit_attendance(starts_at: int, now: int) -> None:
    """Raises InvalidTime before the session has begun: nobody has attended it yet, or failed to."""
    if now < starts_at:
        raise InvalidTime("Attendance can be recorded once the session has begun.", path=["status"])


def check_cancel_reason(code: str | None, by: str) -> None:
    """Raises InvalidInput where a code does not go with who cancels."""
    owner = next((whose for whose in CANCELS_FOR if (code or "").startswith(f"{whose}_")), None)
    if owner is not None and by not in CANCELS_FOR[owner]:
        raise InvalidInput(
            f"{code} does not go with a session that the {by.lower()} cancels.", path=["reasonCode"]
        )


def is_late(starts_at: int, now: int, cancel_notice_seconds: int) -> bool:
    """Whether less than the notice is left. With exactly the notice left, it is still in time."""
    return starts_at - now < cancel_notice_seconds
