"""sessional backup, sessional restore."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from sessional.cli.data_keys import reading
from sessional.cli.options import Database, database_url, loaded
from sessional.cli.verify import findings
from sessional.settings import shown
from sessional.store import address
from sessional.store import backup as store
from sessional.store.migrations import HEAD
from sessional.web.secret import kept_beside


def backup(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The file to write.")],
    database: Database = None,
) -> None:
    """Copy the database into one file, while it is served. Nobody waits for it."""
    place = address.parse(database_url(database))
    with _bar("Copying") as advance:
        store.back_up(place, file, advance)
    typer.echo(f"Backed up to {file} ({file.stat().st_size:,} bytes).")
    if isinstance(place, Path):
        for key in kept_beside(place):
            typer.echo(f"Not in it, and to be kept elsewhere: {key}")


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="What `sessional backup` wrote.")],
    database: Database = None,
) -> None:
    """Make a database of a backup, where there is none yet, and look whether it is sound."""
    url = database_url(database)
    place = address.parse(url)
    with _bar("Restoring") as advance:
        version = store.restore(file, place, advance)
    typer.echo(f"Restored {file} to {shown('database', url)}.")
    if version != HEAD:
        typer.echo(f"Its schema is {version}, older than {HEAD}. Next: sessional migrate")
    elif asyncio.run(findings(place, reading(loaded(database=database).settings, place))):
        raise typer.Exit(1)


@contextmanager
def _bar(title: str) -> Iterator[store.Advance]:
    """A bar on a terminal, nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(title, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)
