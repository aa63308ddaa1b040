"""A database as one file, taken while it is served, and that file as a database again.

SQLite's backup API copies a file as it stood at one moment. For PostgreSQL the server's own programs do
it (``pg_dump``, ``pg_restore``). Knows nothing of what is in the database but its schema's version.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import apsw

from sessional.errors import BackupFault
from sessional.store import migrate
from sessional.store.migrations import STEPS
from sessional.store.sqlite import connect, fault_for

# How far a copy is: pages that are done, pages in all.
Advance = Callable[[int, int], None]

# Enough that the way there is hidden, few enough that Ctrl-C is heard soon.
_PAGES_TOGETHER: Final = 2_000
_KINDS: Final = {b"SQLite format 3\0": "SQLite", b"PGDMP": "PostgreSQL"}
_VERSION: Final = re.compile(r"^COPY \S*alembic_version .*?\n(\S+)\n", re.MULTILINE)
# Who may do what there is for the place it is restored to; comments need rights that few have.
_AS_THEY_COME: Final = ("--no-owner", "--no-privileges")


def back_up(database: Path | str, file: Path, advance: Advance) -> None:
    """Write ``file``: whole, readable by its owner alone, or not at all. Raises BackupFault or SchemaFault.

    It holds what the database held at one moment between the call and its end, whatever is booked
    meanwhile; nobody waits for it.
    """
    with _made_whole(file) as new:
        if isinstance(database, Path):
            _known(migrate.sqlite_version(database), f"{database}")
            _copy_sqlite(database, new, advance)
        else:
            _run("pg_dump", "--format=custom", *_AS_THEY_COME, f"--file={new}", database=database)


def restore(file: Path, database: Path | str, advance: Advance) -> str:
    """Make a database of ``file`` where there is none yet, and answer its schema's version.

    All of it or nothing. Raises BackupFault where ``file`` is no backup of such a database, or
    where there is something already; SchemaFault where a newer program made it.
    """
    kind = _kind_of(file)
    wanted = "SQLite" if isinstance(database, Path) else "PostgreSQL"
    if kind != wanted:
        raise BackupFault(
            f"{file} is a backup of {kind}, and this is {wanted}: "
            "`sessional export` and `sessional import` lead from one to the other."
        )
    if isinstance(database, Path):
        return _restore_sqlite(file, database, advance)
    return _restore_postgres(file, database)


def _kind_of(file: Path) -> str:
    try:
        with file.open("rb") as opened:
            begin = opened.read(16)
    except OSError as error:
        raise BackupFault(f"{file} cannot be read: {error.strerror}.") from error
    for mark, kind in _KINDS.items():
        if begin.startswith(mark):
            return kind
    raise BackupFault(f"{file} is not a backup.")


def _known(version: str | None, named: str) -> str:
    """Raises SchemaFault unless the schema is one that this program has made or can bring up to date."""
    if version is None:
        raise BackupFault(f"{named} holds no Sessional database.")
    if version not in STEPS:
        migrate.check_version(version, named)
    return version


@contextmanager
def _made_whole(file: Path) -> Iterator[Path]:
    """A place to write beside ``file``, which takes its name when the block ends well, and is on disk."""
    file = file.resolve()
    if file.exists() and not file.is_file():
        raise BackupFault(f"{file} is not a file.")
    try:
        with TemporaryDirectory(prefix=f".{file.name}.", dir=file.parent) as folder:
            new = Path(folder) / "new"
            new.touch(mode=0o600)
            yield new
            _on_disk(new)
            new.replace(file)
        _on_disk(file.parent)
    except OSError as error:
        raise BackupFault(f"{file} cannot be written: {error.strerror}.") from error


def _on_disk(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# ---- SQLite -------------------------------------------------------------------------------------


def _copy_sqlite(source: Path, target: Path, advance: Advance) -> None:
    try:
        reading = connect(source, read_only=True)
        writing = apsw.Connection(str(target))
        try:
            # The transaction holds the moment still: without it each commit would begin the copy anew.
            reading.execute("BEGIN; SELECT count(*) FROM alembic_version").fetchall()
            with writing.backup("main", reading, "main") as copy:
                while not copy.done:
                    copy.step(_PAGES_TOGETHER)
                    advance(copy.page_count - copy.remaining, copy.page_count)
            # One file that can be opened wherever it lies; the service sets it back when it serves it.
            writing.pragma("journal_mode", "delete")
            _check_sqlite(writing, source)
        finally:
            reading.close()
            writing.close()
    except apsw.Error as error:
        raise fault_for(error) from error


def _check_sqlite(connection: apsw.Connection, named: Path) -> None:
    """Raises BackupFault for a damaged file: said now, and not on the day on which the copy is needed."""
    found = connection.execute("PRAGMA quick_check(1)").fetchall()
    if found != [("ok",)]:
        raise BackupFault(f"{named} is damaged: {str(found[0][0]).splitlines()[-1].removesuffix('.')}.")


def _restore_sqlite(file: Path, database: Path, advance: Advance) -> str:
    version = _known(migrate.sqlite_version(file), f"{file}")
    for there in (database, *(Path(f"{database}{end}") for end in ("-wal", "-shm"))):
        if there.exists():
            raise BackupFault(f"{there} exists already. Stop the service and move it away first.")
    database.parent.mkdir(parents=True, exist_ok=True)
    with _made_whole(database) as new:
        _copy_sqlite(file, new, advance)
    return version


# ---- PostgreSQL -----------------------------------------------------------------------------------


def _restore_postgres(file: Path, database: str) -> str:
    import asyncio

    listed = _run("pg_restore", "--data-only", "--table=alembic_version", "--file=-", str(file))
    found = _VERSION.search(listed)
    version = _known(found and found[1], f"{file}")
    if table := asyncio.run(_first_table(database)):
        raise BackupFault(f"The database is not empty: it has a table {table}. Restore into an empty one.")
    all_or_nothing = ("--single-transaction", "--exit-on-error", "--no-comments")
    _run("pg_restore", *all_or_nothing, *_AS_THEY_COME, str(file), database=database)
    return version


async def _first_table(url: str) -> str | None:
    """The name of some table that is not the server's own."""
    import asyncpg

    try:
        connection = await asyncpg.connect(url, timeout=10)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError) as error:
        raise BackupFault(f"Cannot connect to the database: {error}") from error
    try:
        found: str | None = await connection.fetchval(
            "SELECT tablename FROM pg_tables "
            "WHERE schemaname NOT IN ('pg_catalog', 'information_schema') LIMIT 1"
        )
        return found
    finally:
        await connection.close()


def _run(program: str, *options: str, database: str | None = None) -> str:
    """What one of PostgreSQL's programs printed. Raises BackupFault with its own words where it failed."""
    address, environment = _address(database) if database else ((), {})
    try:
        done = subprocess.run(  # noqa: S603 - a list of arguments: no shell reads them
            [_program(program), *address, *options],
            env={**os.environ, "LC_ALL": "C", **environment},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=True,
        )
    except subprocess.CalledProcessError as error:
        raise BackupFault(
            f"{program} failed, and nothing was left behind: {_said(error.stderr)}"
        ) from error
    return done.stdout


def _said(stderr: str) -> str:
    """The first line of a complaint, without the program's name."""
    lines = stderr.strip().splitlines() or ["it did not say why"]
    return re.sub(r"^pg_\w+: (error: )?", "", lines[0]).removesuffix(".") + "."


def _program(name: str) -> str:
    """Where a program of PostgreSQL's is: on the path, else where Debian keeps the newest."""
    if found := shutil.which(name):
        return found
    for folder in sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_release, reverse=True):
        if (folder / name).exists():
            return str(folder / name)
    raise BackupFault(
        f"{name} is not installed here. It comes with PostgreSQL's clients; "
        "on Debian and Ubuntu: apt-get install postgresql-client."
    )


def _release(folder: Path) -> int:
    with suppress(ValueError):
        return int(folder.parent.name)
    return 0


def _address(url: str) -> tuple[Sequence[str], dict[str, str]]:
    """How a program is told where the database is. Others could read a password among the arguments."""
    parts = urlsplit(url)
    if parts.password is None:
        return (f"--dbname={url}",), {}
    name, _, host = parts.netloc.rpartition("@")
    user = quote(unquote(name.partition(":")[0]), safe="")
    without = urlunsplit(parts._replace(netloc=f"{user}@{host}"))
    return (f"--dbname={without}",), {"PGPASSWORD": unquote(parts.password)}
