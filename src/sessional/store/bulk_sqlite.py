"""Import and export on SQLite: lines are written as they come, and the trigger has the last word."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from itertools import groupby, islice
from pathlib import Path
from typing import Any, Final

import apsw

from sessional.store.bulk import (
    PATIENCE_SECONDS,
    ROWS_TOGETHER,
    Incoming,
    has_other_details,
    in_words,
    overlaps,
)
from sessional.store.dialect import SQLITE, Dialect
from sessional.store.sqlite import connect, fault_for
from sessional.store.statements import written

# Pages of a large import are changed again and again until the commit: kept here, not in the WAL.
_CACHE_KIB: Final = 65_536


@asynccontextmanager
async def load(path: Path) -> AsyncIterator[_Load]:
    with _opened(path, read_only=False) as connection:
        connection.pragma("cache_size", -_CACHE_KIB)
        connection.set_busy_timeout(round(PATIENCE_SECONDS * 1000))
        connection.execute("BEGIN IMMEDIATE")
        yield _Load(connection)
        connection.execute("COMMIT")


@asynccontextmanager
async def snapshot(path: Path) -> AsyncIterator[_Snapshot]:
    with _opened(path, read_only=True) as connection:
        connection.execute("BEGIN")
        yield _Snapshot(connection)


@contextmanager
def _opened(path: Path, *, read_only: bool) -> Iterator[apsw.Connection]:
    """A connection for one transaction, which ends with it. Errors of SQLite leave here as ours."""
    try:
        connection = connect(path, read_only=read_only)
        try:
            yield connection
        finally:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            connection.close()
    except apsw.Error as error:
        raise in_words(fault_for(error)) from error


class _Load:
    """See bulk.Load. What has no id yet has a negative one until the end."""

    dialect: Dialect = SQLITE

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._waiting_for_ids = 0
        self._known = self._total = 0

    async def fetch(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        statement = written("sqlite")[name]
        try:
            return self._connection.execute(statement.sql, statement.arguments(values)).fetchall()
        except apsw.Error as error:
            raise in_words(fault_for(error)) from error

    async def add(self, appointments: Sequence[Incoming]) -> None:
        for freely, some in groupby(appointments, _freely_repeated):
            together = list(some)
            await (self._add_looking_first(together) if freely else self._add(together))
        self._total += len(appointments)

    async def _add_looking_first(self, appointments: Iterable[Incoming]) -> None:
        for appointment in appointments:
            if await self.fetch("known_already", **appointment._asdict()):
                self._known += 1
            else:
                await self._add([appointment])

    async def _add(self, appointments: Iterable[Incoming]) -> None:
        sql = written("sqlite")["take_in_one"].sql
        at = _Place(appointments)
        while at.more:
            try:
                self._connection.executemany(sql, self._rows(at))
            except apsw.ConstraintError as error:
                await self._judge(at.current, error)

    def _rows(self, at: _Place) -> Iterator[tuple[Any, ...]]:
        for appointment in at:
            appointment_id = appointment.appointment_id
            if appointment_id is None:
                self._waiting_for_ids += 1
                appointment_id = -self._waiting_for_ids
            yield (appointment_id, *appointment[1:2], *appointment[3:])

    async def _judge(self, refused: Incoming, error: apsw.Error) -> None:
        """Nothing where the database holds the same already; otherwise says what is wrong."""
        values = refused._asdict()
        if await self.fetch("known_already", **values):
            self._known += 1
            return
        if await self.fetch("id_taken", **values):
            raise has_other_details(refused.line, refused.appointment_id or 0)
        for other in await self.fetch("in_the_way", **values):
            raise overlaps(refused.line, refused.therapist_id, other)
        raise in_words(fault_for(error))

    async def check(self) -> None:
        """Done: each line was checked when it was added."""

    async def settle(self) -> int:
        if self._waiting_for_ids:
            await self.fetch("give_ids")
            await self.fetch("note_highest_id")
        return self._total - self._known


def _freely_repeated(appointment: Incoming) -> bool:
    """Whether the database would take it a second time, since it takes up no time and has no id."""
    return appointment.appointment_id is None and not appointment.blocks


class _Place:
    """Appointments, and which one the database has in hand."""

    def __init__(self, appointments: Iterable[Incoming]) -> None:
        self._rest = iter(appointments)
        self.current: Incoming
        self.more = True

    def __iter__(self) -> Iterator[Incoming]:
        for appointment in self._rest:
            self.current = appointment
            yield appointment
        self.more = False


class _Snapshot:
    """See bulk.Snapshot."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    async def batches(self, name: str) -> AsyncIterator[Sequence[Sequence[Any]]]:
        try:
            cursor = self._connection.execute(written("sqlite")[name].sql)
            while rows := list(islice(cursor, ROWS_TOGETHER)):
                yield rows
        except apsw.Error as error:
            raise in_words(fault_for(error)) from error
