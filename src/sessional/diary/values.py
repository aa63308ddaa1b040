"""The values of a diary: frozen, keyword-only, in whole seconds since 1970 (UTC), half-open.

A naive datetime cannot enter: instants are integers here, and become dates only where people read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DAY_SECONDS: Final = 86_400
LONGEST_SESSION_SECONDS: Final = DAY_SECONDS
# 9999-12-31T23:59:59Z, the last instant that RFC 3339 can write: the end of a session must be written.
END_OF_TIME: Final = 253_402_300_799


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Interval:
    """From ``starts_at`` up to, not including, ``ends_at``."""

    starts_at: int
    ends_at: int

    def overlaps(self, other: Interval) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """A span in the diary of one therapist that a session can take."""

    therapist_id: int
    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Anyone:
    """The therapists of whom any will do. None does not restrict; an empty list means nobody."""

    specialisms: tuple[str, ...] | None = None
    therapist_ids: tuple[int, ...] | None = None
    languages: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """A session that someone asks for, before anything is known about the diary.

    ``duration_seconds`` is None where the service's own length is meant.
    """

    therapist_id: int
    starts_at: int
    duration_seconds: int | None
    service_code: str
    idempotency_key: str | None = None
    # The original API's promise: the identical session, booked again, is the same session.
    identical_is_same: bool = False
    # Whether the rules of the diary and the service have a say, and whether staff set them aside.
    obeys_rules: bool = True
    override_rules: bool = False
    client_ids: tuple[int, ...] = ()
    hold_id: int | None = None
    # A certain room; None: the first that is free, where the service needs one.
    room_id: int | None = None
    # Whoever of these is free, in the place of ``therapist_id``.
    anyone: Anyone | None = None

    @property
    def is_plain(self) -> bool:
        """Whether there is nothing to it but a therapist, a time and a service."""
        asks = (self.hold_id, self.room_id, self.anyone)
        return not self.client_ids and not self.override_rules and all(ask is None for ask in asks)
