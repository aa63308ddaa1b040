"""Whole databases in and out: one transaction that takes a file in, one snapshot that is read.

Says what import and export can ask of a database, whichever it is; bulk_sqlite.py and
bulk_postgres.py answer. Knows no file and no format.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

from sessional.errors import Busy, ImportRefused, SessionalError
from sessional.store import migrate
from sessional.store.dialect import Dialect

# How long to wait for whoever writes just now.
PATIENCE_SECONDS: Final = 30
# Rows that a snapshot hands over together: enough to hide the way there, little enough to hold.
ROWS_TOGETHER: Final = 5_000


class Incoming(NamedTuple):
    """An appointment of a file. Without an id the database gives one, above all that are given."""

    line: int
    therapist_id: int
    appointment_id: int | None
    service_code: str
    starts_at: int
    ends_at: int
    status: str

    @property
    def blocks(self) -> bool:
        """Whether it takes up the therapist's time."""
        return self.status not in ("PROPOSED", "CANCELLED", "ENTERED_IN_ERROR")


class Load(Protocol):
    """A transaction that takes a file in: all of it, or nothing."""

    dialect: Dialect

    async def fetch(self, name: str, /, **values: Any) -> Sequence[Sequence[Any]]:
        """The rows that a hand-written statement gives."""
        ...

    async def add(self, appointments: Sequence[Incoming]) -> None:
        """More appointments, in the order of their lines.

        One that stands there already, the same in everything, changes nothing. Another one with
        its id, or one that it overlaps, is refused, here or in ``check``.
        """
        ...

    async def check(self) -> None:
        """Raises ImportRefused for the first line among those added that cannot be taken."""
        ...

    async def settle(self) -> int:
        """Check, write, and let later ids go on above these. Answers how many were new."""
        ...


class Snapshot(Protocol):
    """A database as it stood at one moment, read only."""

    def batches(self, name: str) -> AsyncIterator[Sequence[Sequence[Any]]]:
        """The rows that a hand-written statement without values gives, some thousand at a time."""
        ...


def make_ready(database: Path | str, shown: str, *, create: bool = False) -> None:
    """Raises SchemaFault unless the database has the schema that this program needs.

    ``shown`` is the address as it may be repeated. With ``create``, a SQLite file that does not
    exist is made.
    """
    if not isinstance(database, Path):
        migrate.check_version(asyncio.run(migrate.postgres_version(database)), shown)
    elif create and not database.exists():
        database.parent.mkdir(parents=True, exist_ok=True)
        migrate.migrate_sqlite(database)
    else:
        migrate.check_version(migrate.sqlite_version(database), shown)


def load(database: Path | str) -> AbstractAsyncContextManager[Load]:
    """Commits where the block ends, rolls back where it raises."""
    if isinstance(database, Path):
        from sessional.store import bulk_sqlite

        return bulk_sqlite.load(database)
    from sessional.store import bulk_postgres

    return bulk_postgres.load(database)


def snapshot(database: Path | str) -> AbstractAsyncContextManager[Snapshot]:
    if isinstance(database, Path):
        from sessional.store import bulk_sqlite

        return bulk_sqlite.snapshot(database)
    from sessional.store import bulk_postgres

    return bulk_postgres.snapshot(database)


def in_words(fault: SessionalError) -> SessionalError:
    """The same for the person at the terminal, who is told what a fault says."""
    if isinstance(fault, Busy):
        return Busy(
            f"Somebody else was writing for {PATIENCE_SECONDS} seconds on end. "
            "Nothing was changed; try again in a while."
        )
    return fault


# ---- why a line cannot be taken, in the same words on both databases --------------------------------


def has_other_details(line: int, appointment_id: int) -> ImportRefused:
    return ImportRefused(f"appointment {appointment_id} exists already with other details", line=line)


def overlaps(line: int, therapist_id: int, other: Sequence[Any]) -> ImportRefused:
    """``other`` is the session in the way: its id, if it has one already, its start and its end."""
    appointment_id, starts_at, ends_at = other
    which = f"appointment {appointment_id}" if appointment_id else "another session"
    span = f"{_instant(starts_at)} to {_instant(ends_at)}"
    return ImportRefused(f"overlaps {which} of therapist {therapist_id} ({span})", line=line)


def _instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
