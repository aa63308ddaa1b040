"""The databases as the tests see them, past the application: rows in, rows out, and what must be true.

SQLite is read with apsw alone: a second copy of the library in one process would drop its locks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import apsw
import asyncpg

from sessional.store import address
from sessional.store.migrate import migrate_postgres, migrate_sqlite
from tests.booking.clients import token_of

Row = tuple[Any, ...]
ACCOUNTS = {1: "ann", 2: "ben"}
ANN, BEN = (token_of(*account) for account in ACCOUNTS.items())


@dataclass(frozen=True)
class Books:
    """A database by its address. Values are written $1, $2, … in the order in which they stand."""

    url: str

    @property
    def path(self) -> Path | None:
        """The file, where it is SQLite."""
        place = address.parse(self.url)
        return place if isinstance(place, Path) else None

    async def run(self, sql: str, *values: Any) -> list[Row]:
        """Run one statement on a connection of its own, and answer its rows."""
        if self.path is None:
            connection = await asyncpg.connect(self.url)
            try:
                return [tuple(row) for row in await connection.fetch(sql, *values)]
            finally:
                await connection.close()
        return await asyncio.to_thread(self._run_sqlite, sql, values)

    def _run_sqlite(self, sql: str, values: Row) -> list[Row]:
        connection = apsw.Connection(str(self.path))
        try:
            connection.set_busy_timeout(10_000)
            return [tuple(row) for row in connection.execute(sql, values)]
        finally:
            connection.close()

    async def value(self, sql: str, *values: Any) -> Any:
        return (await self.run(sql, *values))[0][0]

    # ---- what is in it --------------------------------------------------------------------------

    async def prepare(self) -> Books:
        """The schema, and the two accounts of ACCOUNTS."""
        if self.path is None:
            await migrate_postgres(self.url)
        else:
            await asyncio.to_thread(migrate_sqlite, self.path)
        for account_id, username in ACCOUNTS.items():
            await self.run(
                "INSERT INTO account (account_id, username, password_hash, role) "
                "VALUES ($1, $2, 'nobody logs in with a password here', 'ADMIN')",
                account_id,
                username,
            )
        return self

    async def therapist(self) -> int:
        """A new therapist with an empty diary."""
        number: int = await self.value(
            "INSERT INTO therapist (first_name, last_name, search_name, time_zone) "
            "VALUES ('jo', 'jones', 'jo jones', 'Europe/London') RETURNING therapist_id"
        )
        return number

    async def session(self, therapist_id: int, starts_at: int, length: int = 3600) -> int:
        """A session written straight into a diary."""
        number: int = await self.value(
            "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at) "
            "VALUES ($1, 'one-off', $2, $3) RETURNING appointment_id",
            therapist_id,
            starts_at,
            starts_at + length,
        )
        return number

    async def diary(self, therapist_id: int) -> list[Row]:
        """A diary in order: number, start, end."""
        return await self.run(
            "SELECT appointment_id, starts_at, ends_at FROM appointment "
            "WHERE therapist_id = $1 ORDER BY starts_at",
            therapist_id,
        )

    async def keys(self) -> list[Row]:
        """All idempotency keys: account, key, therapist, appointment."""
        return await self.run(
            "SELECT account_id, key, therapist_id, appointment_id FROM idempotency_key "
            "ORDER BY account_id, key"
        )

    @asynccontextmanager
    async def in_the_way(self, therapist_id: int, starts_at: int) -> AsyncIterator[None]:
        """Someone else is about to write at this time, until the block ends; then they give up."""
        sql = (
            "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at) "
            f"VALUES ({therapist_id}, 'one-off', {starts_at}, {starts_at + 60})"
        )
        if self.path is not None:
            with closing(apsw.Connection(str(self.path))) as connection:
                connection.set_busy_timeout(10_000)
                connection.execute("BEGIN IMMEDIATE")
                connection.execute(sql)
                yield
            return
        other = await asyncpg.connect(self.url)
        transaction = other.transaction()
        await transaction.start()
        await other.execute(sql)
        try:
            yield
        finally:
            await transaction.rollback()
            await other.close()

    # ---- what must be true ----------------------------------------------------------------------

    async def double_bookings(self) -> list[Row]:
        """Pairs of live sessions of one therapist that share a second. There must never be one."""
        return await self.run(
            "SELECT a.therapist_id, a.appointment_id, b.appointment_id FROM appointment a "
            "JOIN appointment b ON a.therapist_id = b.therapist_id "
            "AND a.appointment_id < b.appointment_id "
            "AND a.starts_at < b.ends_at AND b.starts_at < a.ends_at AND a.blocks AND b.blocks"
        )

    async def keys_without_session(self) -> list[Row]:
        return await self.run(
            "SELECT k.key FROM idempotency_key k LEFT JOIN appointment a "
            "ON a.therapist_id = k.therapist_id AND a.appointment_id = k.appointment_id "
            "WHERE a.appointment_id IS NULL"
        )

    async def sessions_without_key(self) -> list[Row]:
        return await self.run(
            "SELECT a.appointment_id FROM appointment a WHERE NOT EXISTS (SELECT 1 FROM idempotency_key k "
            "WHERE a.therapist_id = k.therapist_id AND a.appointment_id = k.appointment_id)"
        )

    async def damage(self) -> list[Row]:
        """What SQLite's own check of the file finds; PostgreSQL has no such question."""
        found = [] if self.path is None else await self.run("PRAGMA integrity_check")
        return [row for row in found if row != ("ok",)]


async def new_database(server: str, name: str, model: str = "template1") -> Books:
    """A database of its own on the tests' PostgreSQL, as ``model`` is."""
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name} TEMPLATE {model}")
    await connection.close()
    return Books(f"{server}/{name}")


async def new_practice(server: str, name: str) -> Books:
    """A database of its own with the schema and the accounts."""
    return await (await new_database(server, name)).prepare()


async def assert_sound(books: Books) -> None:
    """The file is whole, and no therapist is booked twice."""
    assert await books.damage() == []
    assert await books.double_bookings() == []


async def until_waiting(books: Books, count: int) -> None:
    """Wait until so many of the service's statements wait for a lock."""
    sql = (
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'sessional' "
        "AND datname = current_database() AND wait_event_type = 'Lock'"
    )
    end = time.monotonic() + 10
    while await books.value(sql) < count:
        assert time.monotonic() < end
        await asyncio.sleep(0.02)
