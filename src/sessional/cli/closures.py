"""sessional closures: days on which the whole practice is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated

import typer

from sessional.actions.commands import by_operator
from sessional.cli.exchange import counted, current, source_of
from sessional.cli.options import Database
from sessional.exchange.closures import LARGEST_FILE, read
from sessional.store import bulk

closures = typer.Typer(help="Days on which the whole practice is closed.", no_args_is_help=True)


@closures.command("import")
def import_closures(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A calendar (.ics) of all-day events, or a list of lines such as 2030-12-25 Christmas "
            "Day; - is the standard input.",
        ),
    ],
    database: Database = None,
) -> None:
    """Close the practice on the days of a calendar or a list: all of them, or none.

    What recurs (RRULE, RDATE) is taken for this year and the ten that follow. A day that is closed already
    takes the new name. Sessions that are booked on such a day stay.
    """
    place = current(database)
    with source_of(file) as content:
        days = read(content.read(LARGEST_FILE + 1), datetime.now(UTC).date())
    asyncio.run(_close(place, days))
    first, last = min(days), max(days)
    typer.echo(f"Closed on {counted(len(days), 'day')}, from {first} to {last}.")


async def _close(place: Path | str, days: Mapping[date, str]) -> None:
    async with bulk.load(place) as load:
        await load.fetch("take_turns")
        for on, name in days.items():
            await load.fetch("close_on", on_date=on.isoformat(), name=name)
        await load.fetch("bump_rules_clock")
        await by_operator(load.fetch, "closures import", after={"days": len(days)})
