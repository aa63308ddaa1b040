"""Connections to PostgreSQL: how many, who has one, what its errors mean, what it has prepared."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from typing import Any, Final

import asyncpg

from sessional.errors import Busy, DeadlineExceeded, Fault, SessionalError, Unavailable
from sessional.store.constraints import KEY_USED, KeyInProgress, conflict_in

STATEMENTS_PER_CONNECTION: Final = 500
LOCK_SECONDS: Final = 5
# How much longer than the server's own limit an answer is waited for: it may stand still itself.
GRACE_SECONDS: Final = 2
# Contention: another transaction was in the way, and the same again may well succeed.
CONTENTION: Final = (asyncpg.SerializationError, asyncpg.DeadlockDetectedError)
# The connection is gone, or the server cannot work: nothing that the request could have avoided.
GONE: Final = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.ReadOnlySQLTransactionError,
    asyncpg.PostgresSystemError,
)


class Connection:
    """A connection and the statements that it has prepared, the oldest forgotten first."""

    def __init__(self, raw: asyncpg.Connection) -> None:
        self.raw = raw
        self._prepared: OrderedDict[str, Any] = OrderedDict()
        self._count = 0

    async def prepared(self, sql: str) -> Any:
        statement = self._prepared.get(sql)
        if statement is None:
            # Only a statement with a name keeps its plan on the server.
            self._count += 1
            statement = await self.raw.prepare(sql, name=f"sessional_{self._count}")
            self._prepared[sql] = statement
            if len(self._prepared) > STATEMENTS_PER_CONNECTION:
                self._prepared.popitem(last=False)
        return statement


class Connections:
    """At most so many connections, the one used last taken first; who finds none waits in turn.

    A pool of our own, because a library's asks the server to reset the session after every use: a
    second round trip for each request. Nothing here changes a session, so nothing has to be reset.
    """

    def __init__(self, url: str, most: int, deadline_seconds: float) -> None:
        self._url, self._most, self._deadline = url, most, deadline_seconds
        self._idle: list[Connection] = []
        # Who waits, and until when by the loop's clock: who came first gives up first.
        self._waiting: deque[tuple[asyncio.Future[Connection | None], float]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._places = 0  # taken by a connection, or by one that is being made

    def one(self) -> _Lease:
        """A connection for a while. Errors of the driver leave as ours."""
        return _Lease(self)

    async def take(self) -> Connection:
        while self._idle:
            connection = self._idle.pop()
            if not connection.raw.is_closed():
                return connection
            self._places -= 1
        if self._places < self._most:
            self._places += 1
            return await self._connect()
        return await self._turn() or await self._connect()

    async def _turn(self) -> Connection | None:
        """The next connection that is given back; None where its place is free for a new one."""
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[Connection | None] = loop.create_future()
        self._waiting.append((turn, loop.time() + self._deadline))
        if self._timer is None:  # one for all who wait
            self._timer = loop.call_later(self._deadline, self._give_up, loop)
        try:
            return await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on(turn.result())  # it came in the moment in which it was given up
            raise

    def _give_up(self, loop: asyncio.AbstractEventLoop) -> None:
        """Refuse those who have waited for too long, and look again when the next one has."""
        self._timer, now = None, loop.time()
        while self._waiting:
            turn, until = self._waiting[0]
            if not turn.done():
                if until > now:
                    self._timer = loop.call_at(until, self._give_up, loop)
                    return
                turn.set_exception(Unavailable("no connection became free"))
            self._waiting.popleft()

    def give_back(self, connection: Connection) -> None:
        """Never with a transaction open: what the next one commits would not be committed."""
        raw = connection.raw
        if not raw.is_closed() and raw.is_in_transaction():
            raw.terminate()
        self._pass_on(None if raw.is_closed() else connection)

    def _pass_on(self, connection: Connection | None) -> None:
        """A connection, or the place of one that is gone, to whoever has waited longest."""
        while self._waiting:
            turn, _ = self._waiting.popleft()
            if not turn.done():
                turn.set_result(connection)
                return
        if connection is None:
            self._places -= 1
        else:
            self._idle.append(connection)

    async def _connect(self) -> Connection:
        """A new connection in a place that is kept for it, or else passed on."""
        try:
            raw = await asyncpg.connect(
                self._url,
                timeout=10,
                command_timeout=self._deadline + GRACE_SECONDS,
                statement_cache_size=0,
                server_settings=self._settings(),
            )
        except BaseException as error:
            self._pass_on(None)
            if isinstance(error, (*GONE, asyncpg.PostgresError, TimeoutError)):
                raise Unavailable(f"cannot connect: {type(error).__name__}: {error}") from error
            raise
        return Connection(raw)

    def _settings(self) -> dict[str, str]:
        return {
            "application_name": "sessional",
            "timezone": "UTC",
            "default_transaction_isolation": "read committed",
            "statement_timeout": str(round(self._deadline * 1000)),
            "lock_timeout": str(LOCK_SECONDS * 1000),
            "idle_in_transaction_session_timeout": str(round(self._deadline * 2000)),
            # A prepared page with range parameters would be planned anew at every execution,
            # because the generic estimate looks dearer: twice the time (docs/performance.md).
            "plan_cache_mode": "force_generic_plan",
            "jit": "off",
        }

    async def close(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        for connection in self._idle:
            await connection.raw.close(timeout=5)
        self._idle.clear()


class _Lease:
    """A connection in use. A class, because a generator would cost each request twice as much."""

    __slots__ = ("_connection", "_connections")

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def __aenter__(self) -> Connection:
        self._connection = await self._connections.take()
        return self._connection

    async def __aexit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        try:
            if error is not None:
                self._as_ours(error)
        finally:
            self._connections.give_back(self._connection)

    def _as_ours(self, error: BaseException) -> None:
        """Raises our error for the driver's; others go on as they are."""
        if isinstance(error, CONTENTION):
            return
        if isinstance(error, asyncio.CancelledError):
            # Given up in the middle of something: what comes next must not be taken for its answer.
            self._connection.raw.terminate()
        elif isinstance(error, (TimeoutError, asyncpg.InternalClientError)):
            # The server stands still, or ended the session in a moment that confuses the driver.
            self._connection.raw.terminate()
            raise Unavailable(f"{type(error).__name__}: {error}") from error
        elif isinstance(error, (*GONE, asyncpg.PostgresError)):
            raise fault_for(error) from error


def fault_for(error: BaseException) -> SessionalError:
    """The refusal or fault that an error of the driver stands for."""
    if isinstance(error, asyncpg.IntegrityConstraintViolationError):
        conflict = conflict_in(error.constraint_name or "")
        if conflict is not None:
            return conflict
    text = f"{type(error).__name__}: {error}"
    if isinstance(error, asyncpg.QueryCanceledError):
        return DeadlineExceeded(text)
    if isinstance(error, asyncpg.LockNotAvailableError):
        waited_for = conflict_in(error.context or "")
        return (KeyInProgress if waited_for and waited_for.constraint == KEY_USED else Busy)(text)
    if isinstance(error, (*GONE, TimeoutError)):
        return Unavailable(text)
    return Fault(text)
