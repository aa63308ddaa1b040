"""Somebody who writes SQL past the application: they know the tables and care for nothing else.

No lock is taken and no setting of ours is in force. What they write is gone after the test.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import apsw
import asyncpg

from tests.booking.books import Books

# What keeps two sessions apart raises one of these, and its name is in the message.
REFUSED: Final = (apsw.ConstraintError, asyncpg.IntegrityConstraintViolationError)
# Those that take up time, and those that do not: said here once more, so that nothing is taken on trust.
ALIVE: Final = ("HELD", "PENDING", "BOOKED", "ARRIVED", "FULFILLED", "NOSHOW")
NOT_ALIVE: Final = ("PROPOSED", "CANCELLED", "ENTERED_IN_ERROR")

SETUP: Final = (
    "INSERT INTO therapist (therapist_id, first_name, last_name, search_name, time_zone) VALUES "
    "(101, 'a', 'a', 'a', 'UTC'), (102, 'b', 'b', 'b', 'UTC'), (103, 'c', 'c', 'c', 'UTC')",
    "INSERT INTO room (room_id, name, search_name) VALUES (201, 'one', 'one'), (202, 'two', 'two')",
    "INSERT INTO client (client_id, name, search_name) VALUES (301, 'kim', 'kim'), (302, 'lee', 'lee')",
)


@dataclass(frozen=True, slots=True)
class Hand:
    """Writes one statement after the other; what fails is undone alone."""

    run: Any
    engine: str

    async def session(
        self,
        number: int,
        start: int,
        end: int,
        *,
        therapist: int = 101,
        status: str = "BOOKED",
        room: int | None = None,
        clients: tuple[int, ...] = (),
        capacity: int = 1,
    ) -> None:
        """A session as a row, and whoever takes part; nothing stays where anything is refused."""
        held = 4_000_000_000 if status == "HELD" else 0
        await self.run(
            "INSERT INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at, "
            "status, held_until, room_id, capacity) VALUES "
            f"({number}, {therapist}, 'one-off', {start}, {end}, '{status}', {held}, "
            f"{room or 'NULL'}, {capacity})"
        )
        try:
            for client in clients:
                await self.join(number, client)
        except REFUSED:
            await self.run(f"DELETE FROM appointment_client WHERE appointment_id = {number}")
            await self.run(f"DELETE FROM appointment WHERE appointment_id = {number}")
            raise

    async def join(self, number: int, client: int) -> None:
        await self.run(
            f"INSERT INTO appointment_client (appointment_id, client_id) VALUES ({number}, {client})"
        )

    async def change(self, number: int, what: str) -> None:
        await self.run(f"UPDATE appointment SET {what} WHERE appointment_id = {number}")

    async def clear(self) -> None:
        await self.run("DELETE FROM appointment_client")
        await self.run("DELETE FROM appointment")

    async def sessions(self) -> dict[int, tuple[int, int, int, str, int | None]]:
        rows = await self.run(
            "SELECT appointment_id, therapist_id, starts_at, ends_at, status, room_id FROM appointment"
        )
        return {row[0]: tuple(row)[1:] for row in rows}

    async def members(self) -> set[tuple[int, int]]:
        rows = await self.run("SELECT appointment_id, client_id FROM appointment_client")
        return {(row[0], row[1]) for row in rows}


@asynccontextmanager
async def hand(books: Books) -> AsyncIterator[Hand]:
    """In a transaction that is never committed, with three therapists, two rooms and two clients."""
    async with _sqlite(books) if books.path is not None else _postgres(books) as found:
        for statement in SETUP:
            await found.run(statement)
        yield found


@asynccontextmanager
async def _sqlite(books: Books) -> AsyncIterator[Hand]:
    connection = apsw.Connection(str(books.path))
    connection.set_busy_timeout(10_000)
    connection.execute("BEGIN IMMEDIATE")

    async def run(sql: str, *values: Any) -> list[Any]:
        return connection.execute(sql, values).fetchall()

    try:
        yield Hand(run, "sqlite")
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@asynccontextmanager
async def _postgres(books: Books) -> AsyncIterator[Hand]:
    connection = await asyncpg.connect(books.url)
    transaction = connection.transaction()
    await transaction.start()

    async def run(sql: str, *values: Any) -> list[Any]:
        async with connection.transaction():
            rows: list[Any] = await connection.fetch(sql, *values)
            return rows

    try:
        yield Hand(run, "postgres")
    finally:
        await transaction.rollback()
        await connection.close()
