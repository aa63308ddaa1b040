"""PostgreSQL: reading, and transactions that retry where others were in the way."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final, TypeVar

from sessional.errors import Busy, Fault, Unauthenticated
from sessional.store.connections import CONTENTION, Connection, Connections
from sessional.store.constraints import Conflict
from sessional.store.dialect import POSTGRES, Dialect
from sessional.store.statements import written
from sessional.store.store import (
    Action,
    Answered,
    Guard,
    NewAppointment,
    RowAnswer,
    Statement,
    by_key,
)
from sessional.store.together import Alike, Together

T = TypeVar("T")

ATTEMPTS: Final = 8
_DURABILITY: Final = ("fsync", "full_page_writes", "synchronous_commit")


class PostgresStore:
    """A PostgreSQL database. ``deadline_seconds`` bounds every statement, on the server's side too."""

    dialect: Dialect = POSTGRES

    def __init__(self, url: str, *, connections: int, deadline_seconds: float) -> None:
        self._connections = Connections(url, connections, deadline_seconds)
        self._together = Together(self._send)

    async def open(self) -> None:
        """Connect once, so that a wrong address is known before the first request."""
        async with self._connections.one():
            pass

    async def unsafe_settings(self) -> list[str]:
        """Settings of the server that are off and without which a crash can lose commits."""
        async with self._connections.one() as connection:
            shown = [await connection.raw.fetchval(f"SHOW {name}") for name in _DURABILITY]
        return [name for name, value in zip(_DURABILITY, shown, strict=True) if value == "off"]

    async def read(self, statement: Statement, values: Sequence[Any]) -> Answered:
        async with self._connections.one() as connection:
            row = await (await connection.prepared(statement.sql)).fetchrow(*values)
        if row is None:
            raise Unauthenticated
        return Answered(row[0], row[1] or 0)

    async def rows(self, statement: Statement, values: Sequence[Any]) -> dict[int, str]:
        async with self._connections.one() as connection:
            return await _Transaction(connection).rows(statement, values)

    async def fetch(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        return await self._retried(lambda: self._fetch(name, values))

    async def survey(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        return await self.fetch(name, **values)

    async def _fetch(self, name: str, values: dict[str, Any]) -> Sequence[Sequence[Any]]:
        async with self._connections.one() as connection:
            return await _Transaction(connection).fetch(name, **values)

    async def transact(self, action: Action[T]) -> T:
        return await self._retried(lambda: self._once(action))

    async def _once(self, action: Action[T]) -> T:
        async with self._connections.one() as connection:
            raw = connection.raw
            await raw.execute("BEGIN")
            try:
                answer = await action(_Transaction(connection))
            except TimeoutError:
                raise  # the server stands still: there is nobody to tell, and the connection goes
            except Exception:
                if not raw.is_closed():
                    await raw.execute("ROLLBACK")
                raise
            if await raw.execute("COMMIT") != "COMMIT":
                raise Fault("an action went on after its transaction had failed")
            return answer

    async def book_at_once(self, guard: Guard, new: NewAppointment, answer: RowAnswer) -> str | None:
        alike = Alike(guard=guard, answer=answer, action=new.action)
        try:
            return await self._together.book(alike, new)
        except Conflict:
            return None

    async def _send(self, alike: Alike, bookings: list[NewAppointment], waits: bool) -> list[str | None]:
        sql = alike.answer.booking_sql(POSTGRES, waits=waits)
        values = written("postgres")["book_at_once"].arguments(_told(alike, bookings))
        return await self._retried(lambda: self._book(sql, values, len(bookings)))

    async def _book(self, sql: str, values: Sequence[Any], count: int) -> list[str | None]:
        answers: list[str | None] = [None] * count
        async with self._connections.one() as connection:
            for number, answer in await (await connection.prepared(sql)).fetch(*values):
                answers[number - 1] = answer
        return answers

    async def _retried(self, attempt: Callable[[], Awaitable[T]]) -> T:
        for number in range(1, ATTEMPTS):
            try:
                return await attempt()
            except CONTENTION:
                await asyncio.sleep(random.uniform(0, 0.005 * 2**number))  # noqa: S311 - spreads retries
        try:
            return await attempt()
        except CONTENTION as error:
            raise Busy(f"contention, {ATTEMPTS} times: {error}") from error

    async def check_ready(self) -> None:
        await self.fetch("probe_write")

    async def close(self) -> None:
        await self._connections.close()


def _told(alike: Alike, bookings: Sequence[NewAppointment]) -> dict[str, Any]:
    """The values of ``book_at_once`` by name."""
    guard = alike.guard
    return {
        "account_id": guard.account_id,
        "username": guard.username,
        "role": guard.role,
        "sid": guard.sid,
        "action": alike.action,
        "now": bookings[-1].now,
        "therapist_ids": [new.therapist_id for new in bookings],
        "service_codes": [new.service_code for new in bookings],
        "starts": [new.starts_at for new in bookings],
        "durations_seconds": [new.duration_seconds for new in bookings],
        "keys": [new.key for new in bookings],
        "input_hashes": [new.input_hash for new in bookings],
        "request_ids": [new.request_id for new in bookings],
    }


class _Transaction:
    """Statements on one connection."""

    dialect: Dialect = POSTGRES

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def fetch(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        statement = written("postgres")[name]
        prepared = await self._connection.prepared(statement.sql)
        rows: Sequence[Sequence[Any]] = await prepared.fetch(*statement.arguments(values))
        return rows

    async def read(self, statement: Statement, values: Sequence[Any]) -> Answered:
        row = await (await self._connection.prepared(statement.sql)).fetchrow(*values)
        if row is None:
            raise Unauthenticated
        return Answered(row[0], row[1] or 0)

    async def rows(self, statement: Statement, values: Sequence[Any]) -> dict[int, str]:
        found = await (await self._connection.prepared(statement.sql)).fetch(*values)
        return by_key(found)
