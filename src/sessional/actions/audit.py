"""The record: who did what to which object, with the object's state before and after.

A change is looked at from outside, so that no action has to remember to say what it did: the objects
that its input names are read before it, those and what its payload names after it, and what differs
goes on record in the same transaction. Of personal data the record holds that it changed, never what
it was: the record outlives the client's wish to be forgotten.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from sessional.actions.entries import Entry, note, told
from sessional.actions.loading import Fetch
from sessional.actions.work import Ref

# Stands in the record where personal data stood.
PERSONAL: Final = "(personal)"


@dataclass(frozen=True, slots=True)
class Kind:
    """How the record sees rows of a type: the statement, and what its columns after the key are."""

    statement: str
    members: tuple[str, ...]
    personal: frozenset[str] = frozenset()


_SESSION: Final = Kind(
    "audit_appointments",
    ("therapistId", "type", "startsAt", "endsAt", "status", "version", "roomId", "rulesOverridden",
     "cancelledBy", "cancelledLate", "cancelReason", "heldUntil", "clientIds"),
    frozenset({"cancelReason"}),
)  # fmt: skip
KINDS: Final[Mapping[str, Kind]] = {
    "Appointment": _SESSION,
    "Hold": _SESSION,
    "Client": Kind(
        "audit_clients",
        ("name", "email", "phone", "timeZone", "language", "staffNotes"),
        frozenset({"name", "email", "phone", "timeZone", "language", "staffNotes"}),
    ),
    "CareRelationship": Kind("audit_care", ("therapistId", "clientId", "fromDate", "untilDate")),
    "WaitlistEntry": Kind(
        "audit_waitlist",
        ("clientId", "service", "from", "until", "status", "offeredId", "offeredUntil", "appointmentId"),
    ),
    "Therapist": Kind(
        "audit_therapists",
        ("firstName", "lastName", "timeZone", "languages", "maxPerDay", "maxPerWeek", "workingHours",
         "serviceIds", "specialismIds"),
    ),
    "DateOverride": Kind("audit_overrides", ("therapistId", "onDate", "intervals")),
    "TimeOff": Kind(
        "audit_time_off", ("therapistId", "startsAt", "endsAt", "reason"), frozenset({"reason"})
    ),
    "Away": Kind("audit_away", ("therapistId", "timeZone", "fromDate", "untilDate")),
    "Closure": Kind("audit_closures", ("onDate", "name")),
    "Room": Kind("audit_rooms", ("name",)),
    "Service": Kind(
        "audit_services",
        ("code", "name", "durationSeconds", "otherDurations", "bufferBeforeSeconds", "bufferAfterSeconds",
         "gridSeconds", "noticeSeconds", "horizonDays", "cancelNoticeSeconds", "capacity", "needsApproval",
         "needsRoom", "online", "cancelWhenOneLeaves"),
    ),
}  # fmt: skip

# Members of an input that name an object -> its type.
_NAMED: Final = {
    "appointment_id": "Appointment",
    "hold_id": "Hold",
    "client_id": "Client",
    "care_relationship_id": "CareRelationship",
    "waitlist_entry_id": "WaitlistEntry",
    "therapist_id": "Therapist",
    "date_override_id": "DateOverride",
    "time_off_id": "TimeOff",
    "away_id": "Away",
    "closure_id": "Closure",
    "room_id": "Room",
}
# Changes whose objects the input names in another way: action -> (type, statement, its value).
_FOUND: Final = {
    "cancel_series": ("Appointment", "audit_series", "appointment_id"),
    "reschedule_series": ("Appointment", "audit_series", "appointment_id"),
    "erase_client": ("Appointment", "sessions_of", "client_id"),
    "change_service": ("Service", "audit_service_of_code", "service"),
}

# SQLite has no booleans.
_FLAGS: Final = frozenset(
    {"rulesOverridden", "cancelledLate", "needsApproval", "needsRoom", "online", "cancelWhenOneLeaves"}
)

Objects = dict[tuple[str, int], dict[str, Any]]


@dataclass(slots=True)
class Record:
    """A change that is on its way to the record: ``begin`` before it, ``end`` after it."""

    fetch: Fetch
    entry: Entry
    before: Objects = field(default_factory=dict)

    @classmethod
    async def begin(cls, fetch: Fetch, action: str, arguments: Mapping[str, Any], entry: Entry) -> Record:
        """``action`` is the name of the function that changes something, ``arguments`` are its input."""
        named = set(_named(arguments))
        if action in _FOUND:
            type_name, statement, argument = _FOUND[action]
            rows = await fetch(statement, **{argument: arguments[argument]})
            named |= {(type_name, row[0]) for row in rows}
        return cls(fetch, entry, await _look(fetch, named))

    async def end(self, payload: Mapping[str, Any]) -> None:
        """Put what differs on record. Where nothing does, that it was asked for."""
        answered = set(_refs(payload))
        after = await _look(self.fetch, {*self.before, *answered})
        entries = list(self._entries(after))
        if not entries and (ended := payload.get("revoked_session_ids")) is not None:
            entries = [self._of_the_account(ended)]
        if not entries:
            type_name, number = next(iter(sorted(answered or self.before)), (None, None))
            entries = [told(self.entry, object_type=type_name, object_id=number)]
        await note(self.fetch, entries)

    def _of_the_account(self, ended: Sequence[str]) -> dict[str, Any]:
        """Which sessions of log-ins of the actor's own have ended."""
        about = {"object_type": "Account", "object_id": self.entry.account_id}
        state = orjson.dumps({"revokedSessionIds": list(ended)}).decode()
        return told(self.entry, state_after=state, **about)

    def _entries(self, after: Objects) -> Iterator[dict[str, Any]]:
        for key in sorted({*self.before, *after}):
            old, new = self.before.get(key), after.get(key)
            if old == new:
                continue
            names = [n for n in KINDS[key[0]].members if (old or {}).get(n) != (new or {}).get(n)]
            yield told(
                self.entry,
                object_type=key[0],
                object_id=key[1],
                state_before=_state(key[0], old, names),
                state_after=_state(key[0], new, names),
            )


def _state(type_name: str, row: Mapping[str, Any] | None, names: Sequence[str]) -> str | None:
    """The members of a row as JSON, personal ones without what they say."""
    if row is None:
        return None
    personal = KINDS[type_name].personal
    shown = {n: PERSONAL if n in personal and row[n] is not None else row[n] for n in names}
    return orjson.dumps(shown).decode()


# ---- which objects, and how they are ----------------------------------------------------------------


def _named(value: Any) -> Iterator[tuple[str, int]]:
    """The objects that an input names, also within lists."""
    if isinstance(value, list | tuple):
        for item in value:
            yield from _named(item)
    elif isinstance(value, Mapping):
        for name, item in value.items():
            if name in _NAMED and item is not None:
                yield _NAMED[name], item
            else:
                yield from _named(item)


def _refs(value: Any) -> Iterator[tuple[str, int]]:
    """The objects that a payload names."""
    if isinstance(value, Ref):
        if value.type_name in KINDS:
            yield value.type_name, value.number
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _refs(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _refs(item)


async def _look(fetch: Fetch, named: set[tuple[str, int]]) -> Objects:
    """The objects as they are now; those that do not exist are absent."""
    found: Objects = {}
    for type_name in sorted({name for name, _ in named}):
        kind = KINDS[type_name]
        ids = sorted(number for name, number in named if name == type_name)
        for key, *values in await fetch(kind.statement, ids=orjson.dumps(ids).decode()):
            members = zip(kind.members, values, strict=True)
            found[type_name, key] = {name: _plain(name, value) for name, value in members}
    return found


def _plain(name: str, value: Any) -> Any:
    """A column's value; a list that came as JSON is one again."""
    if name in _FLAGS and value is not None:
        return bool(value)
    return orjson.loads(value) if isinstance(value, str) and value.startswith("[") else value
