"""Import and export on PostgreSQL: appointments are gathered in a temporary table by COPY, looked at
there as a set, and taken over in one statement.

Only that last part holds a lock that bookings wait for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, nullcontext
from typing import Any, Final

import asyncpg

from sessional.errors import ImportRefused
from sessional.store.bulk import (
    PATIENCE_SECONDS,
    ROWS_TOGETHER,
    Incoming,
    has_other_details,
    in_words,
    overlaps,
)
from sessional.store.bulk_rebuild import may_rebuild, rebuilding
from sessional.store.connections import fault_for
from sessional.store.dialect import POSTGRES, Dialect
from sessional.store.statements import written

_SETTINGS: Final = {
    "application_name": "sessional",
    "timezone": "UTC",
    "statement_timeout": "0",
    "lock_timeout": str(PATIENCE_SECONDS * 1000),
    "work_mem": "64MB",
    "maintenance_work_mem": "128MB",
    "jit": "off",
}
_ERRORS: Final = (
    ConnectionError,
    TimeoutError,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
)


@asynccontextmanager
async def load(url: str) -> AsyncIterator[_Load]:
    async with _opened(url) as connection, connection.transaction():
        yield _Load(connection)


@asynccontextmanager
async def snapshot(url: str) -> AsyncIterator[_Snapshot]:
    async with (
        _opened(url) as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        yield _Snapshot(connection)


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[asyncpg.Connection]:
    """A connection. Errors of the driver leave here as ours; those of a file that is read do not."""
    connection = await _connected(url)
    try:
        try:
            yield connection
        finally:
            await connection.close(timeout=5)
    except _ERRORS as error:
        raise in_words(fault_for(error)) from error


async def _connected(url: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(url, timeout=10, server_settings=_SETTINGS)
    except (OSError, *_ERRORS) as error:
        raise in_words(fault_for(error)) from error


class _Load:
    """See bulk.Load."""

    dialect: Dialect = POSTGRES

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection
        self._gathered = 0
        self._may_repeat = False

    async def fetch(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        statement = written("postgres")[name]
        try:
            rows: Sequence[Sequence[Any]] = await self._connection.fetch(
                statement.sql, *statement.arguments(values)
            )
        except asyncpg.PostgresError as error:
            raise in_words(fault_for(error)) from error
        return rows

    async def add(self, appointments: Sequence[Incoming]) -> None:
        if not self._gathered:
            await self.fetch("gather")
        self._gathered += len(appointments)
        # Nothing stands in the way of these, so nothing would show that a line says one again.
        self._may_repeat |= any(not a.blocks and a.appointment_id is None for a in appointments)
        await self._connection.copy_records_to_table(
            "incoming", columns=Incoming._fields, records=appointments
        )

    async def settle(self) -> int:
        if not self._gathered:
            return 0
        rebuild = await may_rebuild(self._connection, self._gathered)
        # The stronger lock at once, since two that each want to strengthen theirs wait for ever.
        await self.fetch("close_all_diaries" if rebuild else "hold_all_diaries")
        await self.check()
        new: int = (await self.fetch("gathered"))[0][0]
        async with rebuilding(self._connection) if rebuild else nullcontext():
            await self._write()
        return new

    async def _write(self) -> None:
        await self.fetch("take_in_numbered")
        await self.fetch("go_on_above_appointments")
        await self.fetch("take_in_unnumbered")

    # ---- looking at what was gathered ---------------------------------------------------------------

    async def check(self) -> None:
        if not self._gathered:
            return
        await self.fetch("learn_about_gathered")
        await self.fetch("drop_known")
        if self._may_repeat:
            await self.fetch("drop_repeated")
        if await self._first_bad() is None:
            return
        # A line that says the same twice is no clash, but looks like one: rare, so not looked for sooner.
        await self.fetch("drop_repeated")
        bad = await self._first_bad()
        if bad is not None:
            raise await self._refusal(*bad)

    async def _first_bad(self) -> tuple[int, bool] | None:
        """The first line that cannot be taken, and whether that is for an overlap."""
        same_id = await self._least("repeated_id", "taken_id")
        overlap = await self._least("overlap_on_record", before=same_id)
        overlap = await self._first_overlap_among_lines(overlap or same_id) or overlap
        line = overlap or same_id
        return None if line is None else (line, overlap is not None)

    async def _refusal(self, line: int, overlap: bool) -> ImportRefused:
        if overlap:
            therapist_id, *other = (await self.fetch("in_the_way_of_line", line=line))[0]
            return overlaps(line, therapist_id, other)
        return has_other_details(line, (await self.fetch("id_of_line", line=line))[0][0])

    async def _least(self, *names: str, **values: Any) -> int | None:
        """The first line that any of the statements finds."""
        found = [(await self.fetch(name, **values))[0][0] for name in names]
        return min((line for line in found if line is not None), default=None)

    async def _first_overlap_among_lines(self, before: int | None) -> int | None:
        """The first line that overlaps one above it.

        In the order of time only neighbours are compared, which tells whether there is an overlap
        but not which line met it first: the lines above it are halved until they have none.
        """
        clean, found = 0, await self._least("overlap_among_lines", before=before)
        while found is not None and clean < found - 1:
            middle = (clean + found) // 2
            earlier = await self._least("overlap_among_lines", before=middle + 1)
            clean, found = (middle, found) if earlier is None else (clean, earlier)
        return found


class _Snapshot:
    """See bulk.Snapshot."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def batches(self, name: str) -> AsyncIterator[Sequence[Sequence[Any]]]:
        try:
            cursor = await self._connection.cursor(written("postgres")[name].sql)
            while rows := await cursor.fetch(ROWS_TOGETHER):
                yield rows
        except asyncpg.PostgresError as error:
            raise in_words(fault_for(error)) from error
