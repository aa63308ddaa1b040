"""A database as these tests see it: lines go in, rows and files come out. And lines to give it."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import apsw
import argon2
import asyncpg
import orjson
import pytest

from sessional.cli.data_keys import DataKeys
from sessional.credentials import Passwords
from sessional.errors import ImportRefused
from sessional.exchange.exporting import export_lines
from sessional.exchange.importing import Imported, import_lines
from sessional.exchange.lines import Line
from sessional.exchange.reading import numbered
from sessional.keyring import Keyring
from sessional.store import address
from tests.support.server import SECRET


class QuickPasswords(Passwords):
    """Argon2id at the least cost there is: these tests are not about how long it takes."""

    def __init__(self) -> None:
        self._hasher = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        self._nobody = self._hasher.hash("nobody's password")


PASSWORDS = QuickPasswords()
KEYRING = Keyring([SECRET])
NINE = 1_772_442_000  # 2026-03-02T09:00:00Z, a Monday
HOUR = 3600


def therapist(therapist_id: int = 1, **changes: Any) -> dict[str, Any]:
    details = {"firstName": "jeff", "lastName": "smith", "specialisms": ["ADHD"]}
    return {"kind": "therapist", "therapistId": therapist_id, **details, **changes}


def appointment(appointment_id: int | None, start: int = NINE, **changes: Any) -> dict[str, Any]:
    """An hour with therapist 1; without an id where that is None."""
    given = {} if appointment_id is None else {"appointmentId": appointment_id}
    times = {"startTimeUnixSeconds": start, "durationSeconds": HOUR}
    return {"kind": "appointment", **given, "therapistId": 1, **times, "type": "one-off", **changes}


def service(code: str, **changes: Any) -> dict[str, Any]:
    return {"kind": "service", "code": code, "name": code.title(), "durationSeconds": 3000, **changes}


def user(name: str = "anna", **changes: Any) -> dict[str, Any]:
    return {"kind": "user", "username": name, "password": "correct horse", "role": "ADMIN", **changes}


# Rules, rooms and clients around a therapist 2.
RULES: tuple[dict[str, Any], ...] = (
    {"kind": "workingHours", "therapistId": 2, "weekday": 1, "startsMinute": 540, "endsMinute": 720},
    {"kind": "workingHours", "therapistId": 2, "weekday": 5, "startsMinute": 1320, "endsMinute": 1560,
     "validFrom": "2026-03-02", "validUntil": "2026-12-01", "everyWeeks": 2},
    {"kind": "dateOverride", "therapistId": 2, "onDate": "2026-03-09",
     "intervals": [[540, 600], [660, 700]]},
    {"kind": "dateOverride", "therapistId": 2, "onDate": "2026-03-10", "intervals": []},
    {"kind": "timeOff", "therapistId": 2, "startsAtUnixSeconds": NINE, "endsAtUnixSeconds": NINE + HOUR},
    {"kind": "timeOff", "therapistId": 2, "startsAtUnixSeconds": NINE, "endsAtUnixSeconds": NINE + HOUR,
     "reason": "Dentist"},
    {"kind": "away", "therapistId": 2, "timeZone": "Asia/Tokyo", "fromDate": "2026-04-01",
     "untilDate": "2026-04-08"},
    {"kind": "closure", "onDate": "2026-12-25", "name": "Christmas"},
    {"kind": "room", "roomId": 7, "name": "Blue room"},
    {"kind": "client", "clientId": 5, "name": "Åsa Berg", "email": "asa@example.org", "phone": "+46 1",
     "timeZone": "Europe/Stockholm", "language": "sv", "staffNotes": "Rings first."},
    {"kind": "client", "clientId": 6, "name": "Bo"},
    {"kind": "careRelationship", "therapistId": 2, "clientId": 5, "fromDate": "2026-01-01"},
    {"kind": "careRelationship", "therapistId": 2, "clientId": 6, "fromDate": "2026-01-01",
     "untilDate": "2026-02-01"},
)  # fmt: skip


def file_of(*lines: Any) -> bytes:
    return b"".join(orjson.dumps(line) + b"\n" for line in lines)


async def taking_in(lines: Iterable[tuple[int, Line]], place: Path | str) -> Imported:
    keys = DataKeys(keyring=KEYRING, place=place, made="")
    return await import_lines(lines, place, passwords=PASSWORDS, keyring=KEYRING, admit=keys.admit)


@dataclass(frozen=True)
class Practice:
    """One migrated database."""

    url: str

    @cached_property
    def place(self) -> Path | str:
        return address.parse(self.url)

    @property
    def is_sqlite(self) -> bool:
        return isinstance(self.place, Path)

    def take(self, *lines: Any) -> Imported:
        """Import lines."""
        return self.take_file(file_of(*lines))

    def take_file(self, content: bytes) -> Imported:
        lines = numbered(io.BytesIO(content))
        return asyncio.run(taking_in(lines, self.place))

    def export(self) -> bytes:
        async def pieces() -> bytes:
            return b"".join([piece async for piece, _ in export_lines(self.place, keyring=KEYRING)])

        return asyncio.run(pieces())

    def lines(self, kind: str) -> list[dict[str, Any]]:
        """What an export says of one kind."""
        found = [orjson.loads(line) for line in self.export().splitlines()]
        return [line for line in found if line["kind"] == kind]

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        """SQL past the application, on a connection without any setting of ours.

        Not by the standard library: a second copy of SQLite in one process takes the locks of the
        first away, because the system forgets them all when either closes the file.
        """
        if isinstance(self.place, str):
            return run_postgres(self.place, sql)
        connection = apsw.Connection(str(self.place))
        connection.set_busy_timeout(10_000)
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()

    def book(self, start: int) -> int:
        """A session of therapist 1 that the database gives an id, which is answered."""
        return self.run(
            "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at) "
            f"VALUES (1, 'one-off', {start}, {start + HOUR}) RETURNING appointment_id"
        )[0][0]


def run_postgres(url: str, sql: str) -> list[tuple[Any, ...]]:
    async def run() -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(url)
        try:
            return [tuple(row) for row in await connection.fetch(sql)]
        finally:
            await connection.close()

    return asyncio.run(run())


def refused(practice: Practice, *lines) -> ImportRefused:
    """Why an import of the lines fails; that it changed nothing is looked at, too."""
    before = practice.export()
    with pytest.raises(ImportRefused) as refusal:
        practice.take(*lines)
    assert practice.export() == before
    return refusal.value
