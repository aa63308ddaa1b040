"""One document of all that is held about a client, as a person and a program can read it.

Others who took part in a session are counted and not named, and what was said of a session with others is
left out: it is not the client's alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from sessional.actions.loading import Fetch
from sessional.errors import NotFound
from sessional.keyring import Keyring

FORMAT: Final = "sessional-client-export/1"

# Part of the document -> its statement, and what the statement's columns are called. Of a name that ends in
# `At` the column is an instant.
_PARTS: Final[Mapping[str, tuple[str, tuple[str, ...]]]] = {
    "accounts": ("private_accounts", ("accountId", "username", "disabledAt")),
    "logIns": (
        "private_log_ins",
        ("accountId", "device", "createdAt", "lastUsedAt", "expiresAt", "revokedAt"),
    ),
    "care": (
        "private_care",
        ("careRelationshipId", "therapistId", "firstName", "lastName", "fromDate", "untilDate"),
    ),
    "sessions": (
        "private_sessions",
        ("appointmentId", "therapistId", "firstName", "lastName", "service", "startsAt", "endsAt", "status",
         "seriesId", "cancelledBy", "cancelReason", "cancelReasonCode", "cancelledLate",
         "othersTakingPart"),
    ),
    "history": (
        "private_history",
        ("appointmentId", "happenedAt", "by", "change", "reason", "reasonCode", "status", "startsAt",
         "endsAt"),
    ),
    "waitlist": (
        "private_waitlist",
        ("waitlistEntryId", "service", "fromAt", "untilAt", "durationSeconds", "fromMinute", "untilMinute",
         "weekdays", "timeZone", "specialisms", "therapistIds", "status", "joinedAt", "offeredTherapistId",
         "offeredStartsAt", "offeredEndsAt", "offerEndsAt", "declined", "appointmentId"),
    ),
    "holds": (
        "private_holds",
        ("holdId", "therapistId", "service", "startsAt", "endsAt", "holdEndsAt"),
    ),
    "notices": (
        "private_notices",
        ("noticeId", "kind", "appointmentId", "status", "createdAt", "endedAt"),
    ),
    "record": (
        "private_record",
        ("auditEventId", "happenedAt", "by", "role", "action", "objectType", "objectId", "outcome",
         "before", "after"),
    ),
}  # fmt: skip
# Columns of the client's own record -> what they are called.
_CLIENT: Final = {
    "client_id": "clientId",
    "name": "name",
    "email": "email",
    "phone": "phone",
    "time_zone": "timeZone",
    "language": "language",
    "staff_notes": "staffNotes",
    "added_at": "addedAt",
    "erased_at": "erasedAt",
}
# Columns that are lists.
_LISTS: Final = frozenset({"weekdays", "specialisms", "declined"})
# Members of the record's states that name other clients.
_OTHERS: Final = frozenset({"clientIds"})


async def portrait(fetch: Fetch, client_id: int, *, keyring: Keyring, now: int) -> str:
    """All that is held about a client, as JSON text; what is encrypted stands there in clear. Raises
    NotFound, and Unreadable where a key is not here."""
    rows = await fetch("private_client", client_id=client_id)
    if not rows:
        raise NotFound("client", path=["clientId"])
    document: dict[str, Any] = {"format": FORMAT, "exportedAt": _instant(now)}
    document["client"] = dict(_members(tuple(_CLIENT.values()), keyring.open_row(_CLIENT, rows[0])))
    for part, (statement, names) in _PARTS.items():
        found = await fetch(statement, client_id=client_id)
        document[part] = [dict(_members(names, row)) for row in found]
    return orjson.dumps(document).decode()


def _members(names: Sequence[str], row: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for name, value in zip(names, row, strict=True):
        if value is None:
            yield name, None
        elif name.endswith("At"):
            yield name, _instant(value)
        elif name in ("before", "after"):
            yield name, {n: v for n, v in orjson.loads(value).items() if n not in _OTHERS}
        elif name == "therapistIds":  # stored as the API writes ids, numbers here like all others
            yield name, [int(number) for number in orjson.loads(value)]
        elif name in _LISTS:
            yield name, orjson.loads(value)
        else:
            yield name, bool(value) if name == "cancelledLate" else value


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
