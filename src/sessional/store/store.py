"""What the rest of the program can ask of a database, whichever it is.

An action on the database is a coroutine over a ``Transaction``. On PostgreSQL it waits for answers
as coroutines do; on SQLite its statements answer at once, so it runs from beginning to end in the
one thread that writes, together with the other bookings of the same commit.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, TypeVar

from sessional.diary.values import Interval
from sessional.errors import Unauthenticated
from sessional.store.dialect import Dialect
from sessional.store.select import GUARD, looks_into, row_answer, statement
from sessional.store.shape import (
    EVERYTHING,
    Column,
    Compare,
    Condition,
    Every,
    Fields,
    Kind,
    Row,
    Shape,
    Slot,
    Table,
)
from sessional.store.statements import written

T = TypeVar("T")


class Answered(NamedTuple):
    """What a statement for a shape gave: JSON text (None for a row that does not exist), and rows."""

    text: str | None
    rows: int


@dataclass(slots=True, eq=False)
class Statement:
    """A shape made ready to be asked many times.

    ``slow`` is learned: a statement that took long in the event loop goes to a thread from then on.
    """

    sql: str
    slow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """Whose account must stand, and whose session, for a statement to answer."""

    account_id: int
    username: str
    role: str
    sid: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as a log-in needs it."""

    account_id: int
    username: str
    password_hash: str
    role: str
    disabled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """What an idempotency key stands for."""

    input_hash: str
    therapist_id: int
    appointment_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAppointment:
    """A booking that the core has found possible, for ``Store.book_at_once``."""

    therapist_id: int
    service_code: str
    starts_at: int
    duration_seconds: int | None
    key: str | None
    input_hash: str
    now: int
    # For the record: what was asked for, and in which request.
    action: str = "bookAppointment"
    request_id: str = ""


class Transaction(Protocol):
    """Statements that stand or fall together. Each is asked for by its name in statements.sql."""

    dialect: Dialect

    async def fetch(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        """The rows that a hand-written statement gives."""
        ...

    async def read(self, statement: Statement, values: Sequence[Any]) -> Answered:
        """The answer to a shape, which sees what this transaction has written."""
        ...

    async def rows(self, statement: Statement, values: Sequence[Any]) -> dict[int, str]:
        """The answer to a shape of several rows: key -> JSON text."""
        ...


Action = Callable[[Transaction], Awaitable[T]]


class Store(Protocol):
    """A database."""

    dialect: Dialect

    async def read(self, statement: Statement, values: Sequence[Any]) -> Answered:
        """The answer to a shape; ``values`` begins with the guard's four.

        Raises Unauthenticated where the guard finds no live account, DeadlineExceeded, Unavailable.
        """
        ...

    async def rows(self, statement: Statement, values: Sequence[Any]) -> dict[int, str]:
        """The answer to a shape of several rows: key -> JSON text."""
        ...

    async def transact(self, action: Action[T]) -> T:
        """Run the action in a transaction and answer what it answers, once that is on disk.

        A refusal rolls back. Contention is waited for and retried here, within bounds.
        """
        ...

    async def book_at_once(self, guard: Guard, new: NewAppointment, answer: RowAnswer) -> str | None:
        """Book and answer in one round trip where this database can; None leaves it to ``transact``.

        None also says that something stands against the booking: what, the diary tells.
        """
        ...

    async def fetch(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        """The rows that a hand-written statement gives, on its own."""
        ...

    async def survey(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        """The same for a statement that looks at a great deal: others get their turn meanwhile."""
        ...

    async def check_ready(self) -> None:
        """Raises Unavailable where the database cannot be read and written."""
        ...

    async def close(self) -> None: ...


def by_key(rows: Sequence[Sequence[Any]]) -> dict[int, str]:
    """Key -> JSON text. Raises Unauthenticated where the guard let nothing through."""
    if not rows:
        raise Unauthenticated
    return {row[0]: row[1] for row in rows if row[0] is not None}


def prepare(shape: Shape, dialect: Dialect, slots: Sequence[Slot] = ()) -> Statement:
    """The statement that answers a shape; ``slots`` are those that values will be given for."""
    return Statement(statement(shape, dialect, slots))


class RowAnswer:
    """What to answer about one row of ``appointment`` that an action names by its key.

    The values of its statement are the guard's four, the therapist's id, the appointment's id and
    then those that belong to ``fields``. A row for which ``own`` does not hold is answered like one
    that is not there.
    """

    def __init__(
        self, fields: Fields, dialect: Dialect, slots: Sequence[Slot] = (), own: Condition = EVERYTHING
    ) -> None:
        self._fields = fields
        self._booking_sql: dict[bool, str] = {}
        key = (("therapist_id", len(GUARD)), ("appointment_id", len(GUARD) + 1))
        found = tuple(Compare(Column(name=name), "=", Slot(at, Kind.INTEGER)) for name, at in key)
        where = Every(found if own == EVERYTHING else (*found, own))
        table = Table(name="appointment", key="appointment_id")
        self.statement = prepare(Row(table=table, where=where, fields=fields), dialect, slots)
        # Whether the row alone can answer, before others can see it.
        self.from_row_alone = own == EVERYTHING and not slots and not looks_into(fields, "appointment")

    def booking_sql(self, dialect: Dialect, *, waits: bool) -> str:
        """The text of ``book_at_once`` with this answer, made once.

        ``waits`` says whether for a diary that somebody has open; else it is passed over.
        """
        if waits not in self._booking_sql:
            answer = row_answer(self._fields, "b", dialect)
            text = written(dialect.name)["book_at_once"].sql
            waiting = "" if waits else "SKIP LOCKED"
            self._booking_sql[waits] = text.format(answer=answer, waiting=waiting)
        return self._booking_sql[waits]


# ---- statements with a meaning beyond rows ----------------------------------------------------------


async def account_by_name(store: Store, username: str) -> Account | None:
    rows = await store.fetch("account_by_name", username=username)
    if not rows:
        return None
    account_id, password_hash, role, disabled = rows[0]
    return Account(
        account_id=account_id,
        username=username,
        password_hash=password_hash,
        role=role,
        disabled=bool(disabled),
    )


async def busy(tx: Transaction, therapist_id: int, within: Interval) -> list[Interval]:
    rows = await tx.fetch(
        "busy", therapist_id=therapist_id, starts_at=within.starts_at, ends_at=within.ends_at
    )
    return [Interval(starts_at=row[0], ends_at=row[1]) for row in rows]


async def remembered(tx: Transaction, account_id: int, key: str) -> Remembered | None:
    rows = await tx.fetch("remembered", account_id=account_id, key=key)
    if not rows:
        return None
    return Remembered(input_hash=rows[0][0], therapist_id=rows[0][1], appointment_id=rows[0][2])
