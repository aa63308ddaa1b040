"""sessional outbox: mail that waits or was given up."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from sessional.actions.commands import by_operator
from sessional.cli.exchange import counted, current
from sessional.cli.options import Database
from sessional.errors import InvalidArgument
from sessional.store import bulk

_LINE: Final = "{:<8}{:<9}{:<17}{:<13}{:<8}{:<10}{:<22}{}"
_HEADING: Final = _LINE.format(
    "notice", "state", "kind", "appointment", "client", "attempts", "next or last try", "why"
)

outbox = typer.Typer(help="Mail to clients: what waits or was given up.", no_args_is_help=True)


@outbox.command("list")
def outbox_list(database: Database = None) -> None:
    """Show notices that wait to be sent or were given up, without names and addresses."""
    if not asyncio.run(_show(current(database))):
        typer.echo("Nothing waits, and nothing was given up.")


@outbox.command("retry")
def outbox_retry(
    numbers: Annotated[
        list[int] | None,
        typer.Argument(metavar="NOTICE…", help="Which notices; all that were given up if none is named."),
    ] = None,
    database: Database = None,
) -> None:
    """Try notices again that were given up."""
    again = asyncio.run(_retry(current(database), numbers))
    typer.echo(f"To be tried again: {counted(again, 'notice')}.")


async def _show(place: Path | str) -> int:
    """Print them; answers how many there are."""
    shown = 0
    async with bulk.snapshot(place) as snapshot:
        async for rows in snapshot.batches("notices_open"):
            if not shown:
                typer.echo(_HEADING)
            for row in rows:
                typer.echo(_line(row))
            shown += len(rows)
    return shown


def _line(row: Sequence[Any]) -> str:
    number, kind, client_id, appointment_id, status, attempts, next_at, ended_at, outcome = row
    when = datetime.fromtimestamp(next_at if ended_at is None else ended_at, UTC)
    shown = when.isoformat().replace("+00:00", "Z")
    cells = (number, status, kind, appointment_id, client_id, attempts, shown, outcome or "")
    return _LINE.format(*cells).rstrip()


async def _retry(place: Path | str, numbers: Sequence[int] | None) -> int:
    """How many are tried again. Raises InvalidArgument for one that was not given up; then none is."""
    now = int(time.time())
    async with bulk.load(place) as load:
        if numbers:
            for number in numbers:
                if not await load.fetch("retry_notice", outbox_id=number, now=now):
                    raise InvalidArgument(f"There is no notice {number} that was given up.")
            again = list(numbers)
        else:
            again = [row[0] for row in await load.fetch("retry_notices", now=now)]
        if again:
            await by_operator(load.fetch, "outbox retry", after={"notices": again})
        return len(again)
