"""SQLite: readers in the event loop, slow ones in threads, and one thread that writes.

WAL and synchronous=FULL: a commit is on disk before it is acknowledged. Bookings that wait together
are committed together (one flush for all), each in a savepoint of its own, so that one that is
refused leaves the others alone.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import apsw
import apsw.sqlite_extra

from sessional.errors import (
    Busy,
    DeadlineExceeded,
    Fault,
    SessionalError,
    Unauthenticated,
    Unavailable,
)
from sessional.store.constraints import conflict_in
from sessional.store.dialect import SQLITE, Dialect
from sessional.store.statements import written
from sessional.store.store import Action, Answered, Guard, NewAppointment, RowAnswer, Statement, by_key

T = TypeVar("T")

# SQLite's virtual machine lets us look after so many of its steps; a page of 50 rows with all that
# hangs on them takes 5,000, or 0.6 ms. What takes more than these looks is moved to a thread.
STEPS_BETWEEN_LOOKS: Final = 4_000
LOOKS_IN_LOOP: Final = 12
READER_THREADS: Final = 2
MOST_TOGETHER: Final = 200
# With the time for requests in flight and for the end of the record a stop takes less than 15 seconds.
SECONDS_AT_STOP: Final = 2
PAGE_CACHE_KIB: Final = 16_384
# The file cannot be read or written now: nothing that the request could have avoided.
_GONE: Final = (
    apsw.CantOpenError,
    apsw.CorruptError,
    apsw.FullError,
    apsw.IOError,
    apsw.LockedError,
    apsw.NotADBError,
    apsw.ReadOnlyError,
)


def connect(path: Path | str, *, read_only: bool = False) -> apsw.Connection:
    """A connection with the settings that every part of the program relies on."""
    flags = apsw.SQLITE_OPEN_READWRITE | (0 if read_only else apsw.SQLITE_OPEN_CREATE)
    connection = apsw.Connection(str(path), flags=flags, statementcachesize=256)
    apsw.sqlite_extra.load(connection, "base64")
    connection.set_busy_timeout(10_000)
    # A statement keeps its plan whatever the values: else each new value makes SQLite plan it anew.
    connection.config(apsw.SQLITE_DBCONFIG_ENABLE_QPSG, 1)
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        connection.pragma(*pragma.split(" = "))
    connection.pragma("cache_size", -PAGE_CACHE_KIB)
    connection.pragma("temp_store", "memory")
    # What is deleted or overwritten is gone from the file too, and not only no longer found.
    connection.pragma("secure_delete", True)
    if read_only:
        connection.pragma("query_only", True)
    return connection


class _Reader:
    """A connection for reading, whose statements can be stopped.

    In the event loop a statement may take so many steps, which are the same for the same work
    however busy the machine is; in a thread it may take so long.
    """

    def __init__(self, path: Path) -> None:
        self.connection = connect(path, read_only=True)
        self._looks_left = 0
        self._ends_at: float | None = None
        self._bounded = False
        self.connection.set_progress_handler(self._is_over, STEPS_BETWEEN_LOOKS)

    def _is_over(self) -> bool:
        # The steps of a remembered statement are counted on and on: one that nobody bounded, a
        # short one, may be looked at as well.
        if self._ends_at is not None:
            return time.perf_counter() > self._ends_at
        self._looks_left -= 1
        return self._bounded and self._looks_left < 0

    def run(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The rows. Raises apsw.InterruptError where they take more than the loop's steps."""
        self._looks_left, self._bounded = LOOKS_IN_LOOP, True
        try:
            return self.connection.execute(sql, values).fetchall()
        finally:
            self._bounded = False

    def run_until(self, sql: str, values: Sequence[Any], seconds: float) -> list[tuple[Any, ...]]:
        """The rows. Raises apsw.InterruptError when the time is over."""
        self._ends_at = time.perf_counter() + seconds
        try:
            return self.connection.execute(sql, values).fetchall()
        finally:
            self._ends_at = None


class SqliteStore:
    """One SQLite file. ``deadline_seconds`` bounds every statement that reads, and every change whole;
    one that has waited for its turn for twice as long is not begun."""

    dialect: Dialect = SQLITE

    def __init__(self, path: Path, *, deadline_seconds: float) -> None:
        self._path = path
        self._deadline = deadline_seconds
        self._in_loop = _Reader(path)
        self._threads = ThreadPoolExecutor(READER_THREADS, thread_name_prefix="sqlite-reader")
        self._own = threading.local()
        self._writer = _Writer(path, deadline_seconds)

    # ---- reading --------------------------------------------------------------------------------

    async def read(self, statement: Statement, values: Sequence[Any]) -> Answered:
        rows = await self._asked(statement, values)
        if not rows:
            raise Unauthenticated
        return Answered(rows[0][0], rows[0][1] or 0)

    async def rows(self, statement: Statement, values: Sequence[Any]) -> dict[int, str]:
        return by_key(await self._asked(statement, values))

    async def _asked(self, statement: Statement, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        if not statement.slow:
            rows = self._rows_at_once(statement.sql, values)
            if rows is not None:
                return rows
            statement.slow = True
        return await self._in_thread(statement.sql, values)

    def _rows_at_once(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]] | None:
        """The rows; None where they take more than the loop's steps."""
        try:
            return self._in_loop.run(sql, values)
        except apsw.InterruptError:
            return None
        except apsw.Error as error:
            raise fault_for(error) from error

    async def _in_thread(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._rows_slowly, sql, values)

    def _rows_slowly(self, sql: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        reader = getattr(self._own, "reader", None)
        if reader is None:
            reader = self._own.reader = _Reader(self._path)
        try:
            return cast(_Reader, reader).run_until(sql, values, self._deadline)
        except apsw.InterruptError:
            raise DeadlineExceeded("a statement was stopped at its deadline") from None
        except apsw.Error as error:
            raise fault_for(error) from error

    async def fetch(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        statement = written("sqlite")[name]
        if not statement.sql.startswith("SELECT"):
            return await self.transact(lambda tx: tx.fetch(name, **values))
        # Whether it is slow is not remembered: the same statement looks at a day, and at a year.
        in_order = statement.arguments(values)
        rows = self._rows_at_once(statement.sql, in_order)
        return await self._in_thread(statement.sql, in_order) if rows is None else rows

    async def survey(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        statement = written("sqlite")[name]
        return await self._in_thread(statement.sql, statement.arguments(values))

    # ---- writing --------------------------------------------------------------------------------

    async def transact(self, action: Action[T]) -> T:
        return await self._writer.do(action)

    async def book_at_once(self, guard: Guard, new: NewAppointment, answer: RowAnswer) -> str | None:
        """None: in the writing thread several statements cost no more than one."""
        return None

    async def check_ready(self) -> None:
        await self.fetch("probe_write")

    async def close(self) -> None:
        self._writer.close()
        self._threads.shutdown()
        self._in_loop.connection.close()


class SqliteTransaction:
    """Statements on one connection; each answers at once, so no coroutine here ever waits."""

    dialect: Dialect = SQLITE

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection

    async def fetch(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        statement = written("sqlite")[name]
        try:
            return self._connection.execute(statement.sql, statement.arguments(values)).fetchall()
        except apsw.Error as error:
            raise fault_for(error) from error

    async def read(self, statement: Statement, values: Sequence[Any]) -> Answered:
        try:
            row = self._connection.execute(statement.sql, values).fetchone()
        except apsw.Error as error:
            raise fault_for(error) from error
        if row is None:
            raise Unauthenticated
        return Answered(row[0], row[1] or 0)

    async def rows(self, statement: Statement, values: Sequence[Any]) -> dict[int, str]:
        try:
            return by_key(self._connection.execute(statement.sql, values).fetchall())
        except apsw.Error as error:
            raise fault_for(error) from error


Outcome = tuple["asyncio.Future[Any]", Any, BaseException | None]


@dataclass(frozen=True, slots=True, eq=False)
class _Asked:
    """An action that waits for its turn, and until when it may begin, by ``time.perf_counter``."""

    action: Action[Any]
    future: asyncio.Future[Any]
    begins_until: float


class _Stopped(Exception):
    """An action was stopped in the middle of a write: SQLite has undone those of its commit with it."""

    def __init__(self, asked: _Asked) -> None:
        super().__init__()
        self.asked = asked


class _Writer:
    """The thread that writes. Takes all actions that wait, and commits them together."""

    def __init__(self, path: Path, deadline_seconds: float) -> None:
        self._path, self._deadline = path, deadline_seconds
        # Until when the action that is under way may take; none is while its outcome is settled.
        self._ends_at: float | None = None
        # Opened here, so that a file that cannot be written is known before anybody waits for it.
        self._connection: apsw.Connection | None = self._connect()
        self._waiting: queue.SimpleQueue[_Asked | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="sqlite-writer", daemon=True)
        self._thread.start()

    async def do(self, action: Action[T]) -> T:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.put(_Asked(action, future, time.perf_counter() + 2 * self._deadline))
        return await future

    def close(self) -> None:
        """Let what waits be committed; not for ever, where another program has locked the file."""
        self._waiting.put(None)
        self._thread.join(SECONDS_AT_STOP)

    def _work(self) -> None:
        while batch := self._next_batch():
            _deliver(self._commit(batch))
        if self._connection is not None:
            self._connection.close()

    def _connect(self) -> apsw.Connection:
        connection = connect(self._path)
        connection.set_progress_handler(self._is_over, STEPS_BETWEEN_LOOKS)
        return connection

    def _is_over(self) -> bool:
        return self._ends_at is not None and time.perf_counter() > self._ends_at

    def _next_batch(self) -> list[_Asked]:
        first = self._waiting.get()
        batch = [] if first is None else [first]
        while batch and len(batch) < MOST_TOGETHER and not self._waiting.empty():
            following = self._waiting.get()
            if following is None:
                self._waiting.put(None)  # closing: seen again after this batch
                break
            batch.append(following)
        return batch

    def _commit(self, batch: list[_Asked]) -> list[Outcome]:
        stopped: list[Outcome] = []
        while batch:
            try:
                return stopped + self._together(batch)
            except _Stopped as stop:  # the others begin anew without it
                self._roll_back()
                stopped.append((stop.asked.future, None, DeadlineExceeded("a change took too long")))
                batch = [asked for asked in batch if asked is not stop.asked]
            except Exception as error:
                self._roll_back()
                fault = fault_for(error) if isinstance(error, apsw.Error) else error
                return stopped + [(asked.future, None, fault) for asked in batch]
        return stopped

    def _together(self, batch: list[_Asked]) -> list[Outcome]:
        """All in one commit. Raises _Stopped, and whatever has ended the whole transaction."""
        connection = self._connection = self._connection or self._connect()
        connection.execute("BEGIN IMMEDIATE")
        outcomes = [(asked.future, *self._attempt(connection, asked)) for asked in batch]
        connection.execute("COMMIT")
        return outcomes

    def _attempt(self, connection: apsw.Connection, asked: _Asked) -> tuple[Any, BaseException | None]:
        now = time.perf_counter()
        if now > asked.begins_until:
            return None, Busy("a change waited too long for its turn")
        self._ends_at = now + self._deadline
        try:
            return self._in_savepoint(connection, asked.action)
        except DeadlineExceeded:
            raise _Stopped(asked) from None
        finally:
            self._ends_at = None

    def _in_savepoint(
        self, connection: apsw.Connection, action: Action[Any]
    ) -> tuple[Any, BaseException | None]:
        """One action in its savepoint: what it answers, or why it was rolled back."""
        connection.execute("SAVEPOINT one")
        try:
            answer = _run(action(SqliteTransaction(connection)))
        except Exception as error:
            self._ends_at = None  # undoing it is not stopped
            if connection.in_transaction:
                connection.execute("ROLLBACK TO one")
                connection.execute("RELEASE one")
                return None, error
            raise  # a full disk, a broken file or a stop has ended the whole transaction
        connection.execute("RELEASE one")
        return answer, None

    def _roll_back(self) -> None:
        """A connection that cannot even do this is given up, and the next batch opens another."""
        connection = self._connection
        if connection is None:
            return
        try:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
        except apsw.Error:
            self._connection = None
            connection.close(True)


def _run(coroutine: Any) -> Any:
    """Run a coroutine that never waits: it ends at its first step."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    coroutine.close()
    raise AssertionError("an action on SQLite may only wait for its transaction")


def _deliver(outcomes: list[Outcome]) -> None:
    """Hand the outcomes to the event loop that waits for them, in one wake-up."""
    loop = outcomes[0][0].get_loop()

    def settle() -> None:
        for future, answer, error in outcomes:
            if future.done():
                continue  # the request was given up meanwhile; what was committed stays committed
            if error is None:
                future.set_result(answer)
            else:
                future.set_exception(error)

    if not loop.is_closed():
        loop.call_soon_threadsafe(settle)


def fault_for(error: apsw.Error) -> SessionalError:
    """The refusal or fault that an error of SQLite stands for."""
    refused = conflict_in(str(error)) if isinstance(error, apsw.ConstraintError) else None
    if refused is not None:
        return refused
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, apsw.BusyError):
        return Busy(text)
    if isinstance(error, apsw.InterruptError):
        return DeadlineExceeded("a change took too long")
    if isinstance(error, _GONE):
        return Unavailable(text)
    return Fault(text)
