"""Brings a database's schema up to date, all or nothing, by Alembic.

Alembic keeps the version and the order; the statements are files of SQL. SQLAlchemy only lends the
connection: nothing else in the program uses it.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from contextlib import suppress
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from sessional.errors import SchemaFault
from sessional.store.migrations import HEAD, STEPS

# Two migrations at once take turns: any number that no other program here locks.
_ADVISORY_LOCK: Final = 7_236_174


def run_step(revision: str) -> None:
    """Run a step's file on the connection that Alembic holds. Called by the files in versions/."""
    from alembic import op

    bind = op.get_bind()
    name = "sqlite" if bind.dialect.name == "sqlite" else "postgres"
    path = files("sessional.store.migrations") / name / f"{STEPS[revision]}.sql"
    for statement in statements(path.read_text(encoding="utf-8")):
        bind.exec_driver_sql(statement)


def statements(script: str) -> Iterator[str]:
    """The statements of a script, as SQLite sees their ends, which fits ours for PostgreSQL too."""
    pending = ""
    for line in script.splitlines(keepends=True):
        pending += line
        if sqlite3.complete_statement(pending):
            yield pending.strip()
            pending = ""
    assert not pending.strip(), "a migration ends within a statement"


# ---- versions -----------------------------------------------------------------------------------


def check_version(found: str | None, database: str) -> None:
    """Raises SchemaFault unless the version noted in a database is the one this program needs."""
    if found == HEAD:
        return
    if found is not None and found not in STEPS:
        raise SchemaFault(
            f"The database was made by a newer Sessional (its schema is {found}, this one knows {HEAD}). "
            "Install that version, or restore a backup from before the upgrade."
        )
    now = "has no schema yet" if found is None else f"has the older schema {found}"
    raise SchemaFault(
        f"The database {now}; this version needs {HEAD}. Run: sessional migrate --database {database}"
    )


# ---- SQLite -------------------------------------------------------------------------------------


def migrate_sqlite(path: Path) -> None:
    """Create or upgrade a SQLite file. Raises SchemaFault for a newer one."""
    found = sqlite_version(path)
    if found != HEAD:
        _refuse_newer(found)
        if found is None:
            _make_private(path)
        _upgrade_sqlite(path)


def _make_private(path: Path) -> None:
    """A new file is its owner's alone; SQLite gives those that it makes beside it the same mode."""
    with suppress(OSError):  # what is wrong with the place is said where it is opened
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def sqlite_version(path: Path) -> str | None:
    """The schema's version in a file; None where there is none yet.

    Asked through apsw, like everything that may happen while the file is served: Python's sqlite3
    is a second copy of SQLite, and whenever one copy closes a file, the operating system drops the
    other's locks on it. Without them, the next program to close the file deletes the journal that
    the server goes on writing into.
    """
    import apsw

    if not path.exists():
        return None
    try:
        connection = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READONLY)
        try:
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        finally:
            connection.close()
    except (apsw.SQLError, apsw.CantOpenError, apsw.BusyError):
        return None
    except apsw.Error as error:
        raise SchemaFault(f"{path} is not a SQLite database: {error}.") from error
    return None if row is None else str(row[0])


def _upgrade_sqlite(path: Path) -> None:
    """Runs before the file is served by this process, and closes what it opened: see above."""
    from sqlalchemy import NullPool, create_engine, event

    engine = create_engine(f"sqlite:///{path}", isolation_level="AUTOCOMMIT", poolclass=NullPool)

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA busy_timeout = 30000")

    with engine.connect() as connection:
        connection.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            _run_alembic(connection)
        except BaseException:
            connection.exec_driver_sql("ROLLBACK")
            raise
        connection.exec_driver_sql("COMMIT")
    engine.dispose()


# ---- PostgreSQL ---------------------------------------------------------------------------------


async def migrate_postgres(url: str) -> None:
    """Create or upgrade a PostgreSQL schema. Raises SchemaFault for a newer one."""
    found = await postgres_version(url)
    if found != HEAD:
        _refuse_newer(found)
        await _upgrade_postgres(url)


async def postgres_version(url: str) -> str | None:
    """The schema's version in a database; None where there is none yet."""
    import asyncpg

    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise SchemaFault(f"Cannot connect to the database: {error}") from error
    try:
        return str(await connection.fetchval("SELECT version_num FROM alembic_version"))
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()


async def _upgrade_postgres(url: str) -> None:
    import asyncpg
    from sqlalchemy.ext.asyncio import create_async_engine

    # The driver reads the address itself, with all that it knows beyond SQLAlchemy's.
    engine = create_async_engine("postgresql+asyncpg://", async_creator=lambda: asyncpg.connect(url))
    try:
        async with engine.begin() as connection:
            await connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
            await connection.run_sync(_run_alembic)
    finally:
        await engine.dispose()


def _run_alembic(connection: Any) -> None:
    from alembic import command
    from alembic.config import Config
    from sqlalchemy.exc import DBAPIError

    config = Config()
    config.set_main_option("script_location", str(files("sessional.store.migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except DBAPIError as error:
        reason = str(error.orig).splitlines()[0].rpartition(">: ")[2]
        raise SchemaFault(
            f"The schema cannot be made here, and nothing was changed: {reason}. "
            "Is this the database of another program?"
        ) from error


def _refuse_newer(found: str | None) -> None:
    if found is not None and found not in STEPS:
        check_version(found, "")


def migrate(database: Path | str) -> None:
    """Bring a database up to date: a Path is a SQLite file, a text a PostgreSQL address."""
    if isinstance(database, Path):
        migrate_sqlite(database)
    else:
        asyncio.run(migrate_postgres(database))
