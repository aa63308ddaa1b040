"""A database -> lines of a file, in an order that is the same every time.

What it writes, import takes: exporting what was imported gives the same bytes again. Must not know
SQL or where the bytes go.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import orjson

from sessional.diary.rules import SERVICE_DEFAULTS
from sessional.exchange.lines import KINDS
from sessional.exchange.records import RECORDS
from sessional.exchange.services import rules_of
from sessional.exchange.waiting import numbers_in
from sessional.keyring import Keyring
from sessional.store import bulk
from sessional.store.bulk import Snapshot

Row = Sequence[Any]


async def export_lines(database: Path | str, *, keyring: Keyring) -> AsyncIterator[tuple[bytes, int]]:
    """The file in pieces, each with the number of its lines. All show the database at one moment.

    What is encrypted of clients in the database stands in clear in the file.
    """
    async with bulk.snapshot(database) as snapshot:
        for part in PARTS:
            async for stored in part.rows(snapshot):
                rows = _opened(stored, keyring) if part.statement == _CLIENTS else stored
                lines = [orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in part.lines(rows)]
                yield b"".join(lines), len(lines)


_CLIENTS: Final = "export_clients"


def _opened(rows: Sequence[Row], keyring: Keyring) -> list[Row]:
    return [keyring.open_row(RECORDS["client"].columns, row) for row in rows]


@dataclass(frozen=True, slots=True)
class Part:
    """The lines of one kind: the statement that gives their rows, and how rows become lines."""

    statement: str
    lines: Callable[[Iterable[Row]], Iterator[dict[str, Any]]]
    # Rows with the same first column make one line, so they have to come together.
    grouped: bool = False

    async def rows(self, snapshot: Snapshot) -> AsyncIterator[Sequence[Row]]:
        held: list[Row] = []
        async for batch in snapshot.batches(self.statement):
            rows = [*held, *batch]
            held = [row for row in rows if self.grouped and row[0] == rows[-1][0]]
            yield rows[: len(rows) - len(held)]
        yield held


def _specialisms(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for (name,) in rows:
        yield {"kind": "specialism", "name": name}


def _services(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    names = {member.attribute: name for name, member in KINDS["service"].members.items()}
    for code, name, seconds, *columns in rows:
        rules = {
            names[column]: value
            for column, value in rules_of(columns).items()
            if value != SERVICE_DEFAULTS[column]
        }
        yield {"kind": "service", "code": code, "name": name, "durationSeconds": seconds, **rules}


def _therapists(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for (therapist_id, first, last, zone), group in groupby(rows, key=itemgetter(0, 1, 2, 3)):
        together = list(group)
        *_, languages, per_day, per_week, services = together[0]
        limits = {"maxPerDay": per_day, "maxPerWeek": per_week}
        yield {
            "kind": "therapist",
            "therapistId": therapist_id,
            "firstName": first,
            "lastName": last,
            "specialisms": [row[4] for row in together if row[4] is not None],
            "timeZone": zone,
            **{name: limit for name, limit in limits.items() if limit is not None},
            **({"services": orjson.loads(services)} if services else {}),
            **({"languages": orjson.loads(languages)} if languages != "[]" else {}),
        }


# Columns that a line has in another form. SQLite has no booleans.
_FORMS: Final[dict[str, Callable[[Any], Any]]] = {
    "intervals": orjson.loads,
    "cancelled_late": bool,
    "rules_overridden": bool,
    "specialisms": orjson.loads,
    "therapist_ids": numbers_in,
    "weekdays": orjson.loads,
    "declined": orjson.loads,
}


def _records(kind: str) -> Callable[[Iterable[Row]], Iterator[dict[str, Any]]]:
    """Lines of a kind whose rows hold its columns: what is not there or usual is left out."""
    record = RECORDS[kind]
    names = {member.attribute: name for name, member in KINDS[kind].members.items()}
    usual = dict.fromkeys(record.columns) | dict(record.defaults or {})

    def lines(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        for row in rows:
            told = {
                names[column]: _FORMS[column](value) if column in _FORMS else value
                for column, value in zip(record.columns, row, strict=True)
                if value != usual[column]
            }
            yield {"kind": kind, **told}

    return lines


def _appointments(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for appointment_id, therapist_id, starts_at, seconds, code, status in rows:
        line = {
            "kind": "appointment",
            "appointmentId": appointment_id,
            "therapistId": therapist_id,
            "startTimeUnixSeconds": starts_at,
            "durationSeconds": seconds,
            "type": code,
        }
        yield line if status == "BOOKED" else line | {"status": status}


def _users(rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
    for username, password_hash, role, disabled_at, therapist_id, client_id in rows:
        # A machine has no password, and its keys stay here.
        secret = {"passwordHash": password_hash} if password_hash else {}
        user = {"kind": "user", "username": username, **secret, "role": role}
        rest = {
            "disabledAtUnixSeconds": disabled_at,
            "therapistId": therapist_id,
            "clientId": client_id,
        }
        yield user | {name: value for name, value in rest.items() if value is not None}


PARTS: Final = (
    Part("export_specialisms", _specialisms),
    Part("services", _services),
    Part("export_therapists", _therapists, grouped=True),
    Part("export_working_hours", _records("workingHours")),
    Part("export_overrides", _records("dateOverride")),
    Part("export_time_off", _records("timeOff")),
    Part("export_away", _records("away")),
    Part("export_closures", _records("closure")),
    Part("export_rooms", _records("room")),
    Part(_CLIENTS, _records("client")),
    Part("export_care", _records("careRelationship")),
    Part("export_series", _records("series")),
    Part("export_appointments", _appointments),
    Part("export_details", _records("appointmentDetails")),
    Part("export_participants", _records("participant")),
    Part("export_events", _records("appointmentEvent")),
    Part("export_waitlist", _records("waitlistEntry")),
    Part("export_accounts", _users),
)
