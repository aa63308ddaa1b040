"""Databases as earlier versions of the schema left them, with data in each of their tables."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

import apsw
import asyncpg

from sessional.store import address
from sessional.store.migrate import statements
from sessional.store.migrations import STEPS

Rows = dict[str, list[tuple[Any, ...]]]

# What was written while a version was the newest, in the words of that version's tables.
DATA: Final = {
    "0001": (
        "INSERT INTO account (username, password_hash, role, disabled_at) VALUES "
        "('anna', 'a hash', 'ADMIN', NULL), ('ben', 'another', 'ADMIN', 1700000000)",
        "INSERT INTO specialism (name, search_name) VALUES ('CBT', 'cbt'), ('Grief', 'grief')",
        "INSERT INTO service (code, name, search_name, duration_seconds) "
        "VALUES ('walk', 'Walk', 'walk', 5400)",
        "INSERT INTO therapist (first_name, last_name, search_name, time_zone) VALUES "
        "('jeff', 'smith', 'jeff smith', 'Europe/London'), ('Zoë', 'O’Neil', 'zoe o’neil', 'Asia/Kolkata')",
        "INSERT INTO therapist_specialism VALUES (1, 1), (1, 2), (2, 2)",
        "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at) VALUES "
        "(1, 'one-off', 1644747572, 1644751172), (1, 'walk', 4102444800, 4102450200), "
        "(2, 'consultation', 1644747572, 1644751172)",
        "INSERT INTO idempotency_key VALUES (1, 'a key', 'a hash', 1, 2, 1700000000)",
    ),
    "0002": (
        "INSERT INTO therapist_service VALUES (1, 1)",
        "INSERT INTO working_hours (therapist_id, weekday, starts_minute, ends_minute) "
        "VALUES (1, 1, 540, 1020)",
        "INSERT INTO date_override (therapist_id, on_date, intervals) "
        "VALUES (1, '2030-01-07', '[[600,720]]')",
        "INSERT INTO away (therapist_id, time_zone, from_date, until_date) "
        "VALUES (1, 'Asia/Tokyo', '2030-02-01', '2030-02-08')",
        "INSERT INTO time_off (therapist_id, starts_at, ends_at, reason) "
        "VALUES (1, 1893456000, 1893459600, 'Dentist')",
        "INSERT INTO closure (on_date, name) VALUES ('2030-12-25', 'Christmas')",
        "INSERT INTO room (name, search_name) VALUES ('Blue', 'blue')",
        "INSERT INTO client (name, search_name, email, staff_notes) "
        "VALUES ('Åsa Berg', 'asa berg', 'asa@example.org', 'Rings first.')",
        "INSERT INTO care_relationship (therapist_id, client_id, from_date) VALUES (1, 1, '2026-01-01')",
        "INSERT INTO series (therapist_id, service_code, rhythm, time_zone, starts_at) "
        "VALUES (1, 'one-off', 'WEEKLY', 'Europe/London', 1893488400)",
        "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at, series_id, room_id, "
        "version) "
        "VALUES (1, 'one-off', 1893488400, 1893492000, 1, 1, 2)",
        "INSERT INTO appointment_client (appointment_id, client_id) "
        "SELECT appointment_id, 1 FROM appointment WHERE series_id = 1",
        "INSERT INTO appointment_event (therapist_id, appointment_id, version, happened_at, account_id, "
        "username, change, status, starts_at, ends_at) SELECT 1, appointment_id, 2, 1700000000, 1, 'anna', "
        "'MOVED', 'BOOKED', 1893488400, 1893492000 FROM appointment WHERE series_id = 1",
    ),
    "0005": (
        "INSERT INTO outbox (therapist_id, kind, client_id, appointment_id, sessions, created_at, next_at) "
        "VALUES (1, 'BOOKED', 1, 1, '[[1,1,1893488400,1893492000]]', 1700000000, 1700000000), "
        "(1, 'CANCELLED', 1, 1, '[[1,2,1893488400,1893492000]]', 1700000001, 1700000001)",
        "DELETE FROM outbox WHERE kind = 'CANCELLED'",
        "INSERT INTO reminder_clock VALUES (86400, 1700000000)",
    ),
}
# Tables that a version had and no program of its time wrote to.
UNUSED: Final = {"waitlist_entry"}
_TABLES: Final = {
    "sqlite": "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
    "postgres": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
}
_COLUMNS: Final = {
    "sqlite": "SELECT name FROM pragma_table_xinfo('{}') ORDER BY cid",
    "postgres": "SELECT column_name FROM information_schema.columns "
    "WHERE table_name = '{}' AND table_schema = 'public' ORDER BY ordinal_position",
}


@dataclass(frozen=True)
class Old:
    """A database that may be of any version."""

    url: str

    @property
    def place(self) -> Path | str:
        return address.parse(self.url)

    @property
    def engine(self) -> str:
        return "sqlite" if isinstance(self.place, Path) else "postgres"

    def run(self, *scripts: str) -> list[tuple[Any, ...]]:
        """The rows of the last of some statements, all in one transaction."""
        if isinstance(self.place, Path):
            with apsw.Connection(str(self.place)) as connection:
                return [tuple(row) for sql in scripts[-1:] for row in self._last(connection, scripts, sql)]
        return asyncio.run(self._run(scripts))

    def _last(self, connection: apsw.Connection, scripts: tuple[str, ...], last: str) -> list[Any]:
        for sql in scripts[:-1]:
            connection.execute(sql)
        return connection.execute(last).fetchall()

    async def _run(self, scripts: tuple[str, ...]) -> list[tuple[Any, ...]]:
        connection = await asyncpg.connect(self.url)
        try:
            async with connection.transaction():
                for sql in scripts[:-1]:
                    await connection.execute(sql)
                return [tuple(row) for row in await connection.fetch(scripts[-1])]
        finally:
            await connection.close()

    def make(self, revision: str) -> None:
        """The database as its users left it while this version was the newest."""
        scripts: list[str] = []
        for step, name in STEPS.items():
            path = files("sessional.store.migrations") / self.engine / f"{name}.sql"
            scripts += statements(path.read_text(encoding="utf-8"))
            scripts += DATA.get(step, ())
            if step == revision:
                break
        version = "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)"
        self.run(*scripts, version, f"INSERT INTO alembic_version VALUES ('{revision}')")

    def tables(self) -> list[str]:
        return sorted(row[0] for row in self.run(_TABLES[self.engine]) if row[0] != "alembic_version")

    def columns(self, table: str) -> list[str]:
        return [row[0] for row in self.run(_COLUMNS[self.engine].format(table))]

    def rows(self, like: dict[str, list[str]]) -> Rows:
        """What is in these columns of these tables."""
        return {
            table: sorted(self.run(f"SELECT {', '.join(names)} FROM {table}"), key=repr)
            for table, names in like.items()
        }
