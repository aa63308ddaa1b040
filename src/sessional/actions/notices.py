"""What clients are told of: a row of the outbox, in the transaction of the change that it tells of.

Where mail is off, nothing is written: turning it on later tells nobody old news.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any, Final, Protocol

from sessional.diary.life import Status
from sessional.store.dialect import Dialect


class Writes(Protocol):
    """A transaction of the service's, or of a command's."""

    @property
    def dialect(self) -> Dialect: ...

    async def fetch(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        """The rows that a hand-written statement gives."""
        ...


class Kind(StrEnum):
    """What a notice is about."""

    BOOKED = "BOOKED"
    MOVED = "MOVED"
    HANDED_OVER = "HANDED_OVER"
    CANCELLED = "CANCELLED"
    DECLINED = "DECLINED"
    SERIES_BOOKED = "SERIES_BOOKED"
    SERIES_MOVED = "SERIES_MOVED"
    SERIES_CANCELLED = "SERIES_CANCELLED"
    CLOCKS_CHANGED = "CLOCKS_CHANGED"
    OFFERED = "OFFERED"
    OFFER_LAPSED = "OFFER_LAPSED"


# A change of a session, as its history names it -> what its clients are told.
_OF_CHANGE: Final = {
    "CONFIRMED": Kind.BOOKED,
    "MOVED": Kind.MOVED,
    "REASSIGNED": Kind.HANDED_OVER,
    "CANCELLED": Kind.CANCELLED,
    "ENTERED_IN_ERROR": Kind.CANCELLED,
    "DECLINED": Kind.DECLINED,
}
# Of one that is only asked for, its clients have been told nothing yet that another time would change.
_ASKED_FOR: Final = frozenset({Status.PROPOSED, Status.PENDING})
_FOR_BOOKED_ALONE: Final = frozenset({Kind.MOVED, Kind.HANDED_OVER})


def kind_of(change: str, status: Status) -> Kind | None:
    """What a change of a session that had this status is told as; None where nobody is told."""
    kind = _OF_CHANGE.get(change)
    return None if kind in _FOR_BOOKED_ALONE and status in _ASKED_FOR else kind


async def queue(
    tx: Writes,
    kind: Kind,
    appointment_ids: Sequence[int],
    *,
    now: int,
    client_ids: Sequence[int] | None = None,
    was_starts_at: int | None = None,
    kept_zone: str | None = None,
) -> None:
    """Tell the clients of these sessions, or those named among them, each in one mail about all.

    ``kept_zone`` is the zone whose wall time the sessions keep, where the mail has to name it.
    """
    await tx.fetch(
        "queue_notices",
        kind=kind.value,
        appointment_ids=tx.dialect.pack(list(appointment_ids)),
        all_clients=int(client_ids is None),
        client_ids=tx.dialect.pack(list(client_ids or ())),
        was_starts_at=was_starts_at,
        kept_zone=kept_zone,
        now=now,
    )
