"""sessional import, sessional export."""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO, Final

import typer

from sessional.actions.zone_rules import note_in
from sessional.cli.data_keys import exporting, writing
from sessional.cli.options import Database, database_url, loaded
from sessional.credentials import Passwords
from sessional.errors import InvalidArgument
from sessional.exchange.exporting import export_lines
from sessional.exchange.importing import Imported, import_lines
from sessional.exchange.lines import Line
from sessional.exchange.reading import numbered
from sessional.keyring import Keyring
from sessional.settings import shown
from sessional.store import address, bulk

_LINES_BETWEEN_LOOKS: Final = 1_000

# Called with how far the work has come: bytes read, or lines written.
Advance = Callable[[int], None]


def import_file(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="A JSON Lines file; - is the standard input.")
    ],
    database: Database = None,
) -> None:
    """Take in a file of therapists, appointments and users: all of it, or nothing."""
    place = current(database, create=True)
    keys = writing(loaded(database=database).settings, place)
    with source_of(file) as source, _bar("Reading", _size(source)) as advance:
        lines = _watched(numbered(source), source, advance)
        imported = asyncio.run(
            import_lines(lines, place, passwords=Passwords(), keyring=keys.keyring, admit=keys.admit)
        )
    asyncio.run(note_in(place, int(time.time()), unknown_alone=True))
    typer.echo(summary(imported))


def export_file(
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The file to write; - is the standard output.")
    ],
    database: Database = None,
) -> None:
    """Write the whole practice to a file that import takes: clients' data in clear, and password hashes."""
    place = current(database)
    keyring = exporting(loaded(database=database).settings, place)
    with target(file) as out, _bar("Writing", None) as advance:
        lines = asyncio.run(_export(place, out, advance, keyring))
    typer.echo(f"Exported {counted(lines, 'line')}.", err=file == "-")


def current(database: str | None, *, create: bool = False) -> Path | str:
    """The database that a command works on, with the schema that it needs. Raises SchemaFault."""
    url = database_url(database)
    place = address.parse(url)
    bulk.make_ready(place, shown("database", url), create=create)
    return place


def summary(imported: Imported) -> str:
    """What an import did, in a sentence or two."""
    kinds = ("appointment", "therapist", "specialism", "service", "user", "record")
    new = [counted(count, kind) for kind in kinds if (count := getattr(imported, f"{kind}s"))]
    said = [f"Imported {', '.join(new)}." if new else "Nothing new."]
    if imported.changed_services:
        said.append(f"Services changed: {imported.changed_services:,}.")
    if imported.known:
        said.append(f"Lines that were there already: {imported.known:,}.")
    return " ".join(said)


def counted(count: int, thing: str) -> str:
    """1 user, 2,000 users."""
    return f"{count:,} {thing}{'' if count == 1 else 's'}"


async def _export(place: Path | str, target: BinaryIO, advance: Advance, keyring: Keyring) -> int:
    total = 0
    async for piece, lines in export_lines(place, keyring=keyring):
        target.write(piece)
        total += lines
        advance(total)
    return total


# ---- files --------------------------------------------------------------------------------------


@contextmanager
def source_of(file: str) -> Iterator[BinaryIO]:
    if file == "-":
        yield sys.stdin.buffer
        return
    try:
        with Path(file).open("rb") as source:
            yield source
    except OSError as error:
        raise InvalidArgument(f"{file} cannot be read: {error.strerror}.") from error


@contextmanager
def target(file: str) -> Iterator[BinaryIO]:
    """Where an export goes. A file appears under its name when it is whole, readable by its owner alone."""
    path = Path(file).resolve()
    try:
        if file == "-":
            yield sys.stdout.buffer
            sys.stdout.flush()
        elif path.exists() and not path.is_file():
            with path.open("wb") as out:  # a pipe or a device cannot be replaced
                yield out
        else:
            yield from _replaced(path)
    except BrokenPipeError:
        # The reader has seen enough, as `head` has: nobody is left to be told.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(1) from None
    except OSError as error:
        raise InvalidArgument(f"{file} cannot be written: {error.strerror}.") from error


def _replaced(path: Path) -> Iterator[BinaryIO]:
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(handle, "wb") as target:
            yield target
            target.flush()
            os.fsync(target.fileno())
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


# ---- how far it is ------------------------------------------------------------------------------


def _size(source: BinaryIO) -> int | None:
    """How long a file is; None where that is not known before its end."""
    try:
        return os.fstat(source.fileno()).st_size if source.seekable() else None
    except OSError:
        return None


def _watched(
    lines: Iterable[tuple[int, Line]], source: BinaryIO, advance: Advance
) -> Iterator[tuple[int, Line]]:
    """The same lines, with a word on the way now and then."""
    for number, line in lines:
        if not number % _LINES_BETWEEN_LOOKS and source.seekable():
            advance(source.tell())
        yield number, line
    advance(-1)


@contextmanager
def _bar(title: str, total: int | None) -> Iterator[Advance]:
    """A bar on a terminal, nothing elsewhere. A negative advance: read to the end, now being written."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), "{task.description}", BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=total)

        def advance(done: int) -> None:
            if done < 0:
                progress.update(task, description="Checking and writing", total=None)
            else:
                progress.update(task, completed=done)

        yield advance
