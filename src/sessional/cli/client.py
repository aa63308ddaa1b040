"""sessional client: all that is held about a client, handed out and erased."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from sessional.actions import Desk
from sessional.actions.privacy import erase_client, export_client
from sessional.cli.counter import do, run
from sessional.cli.data_keys import exporting
from sessional.cli.exchange import counted, current, target
from sessional.cli.options import Database, loaded
from sessional.errors import InvalidArgument, SessionsAhead

clients = typer.Typer(help="All that is held about a client: export it, erase it.", no_args_is_help=True)
Number = Annotated[int, typer.Argument(metavar="N", help="The client's number.")]


@clients.command("export")
def client_export(
    number: Number,
    file: Annotated[
        str, typer.Argument(metavar="FILE", help="The file to write; - is the standard output.")
    ] = "-",
    database: Database = None,
) -> None:
    """Write all that is held about a client as one JSON document. It is on record."""
    place, settings = current(database), loaded(database=database).settings
    keyring = exporting(settings, place)
    done = run(
        place,
        settings,
        lambda desk: do(desk, export_client, "client export", client_id=number),
        keyring=keyring,
    )
    with target(file) as out:
        out.write(f"{done['export']}\n".encode())


@clients.command("erase")
def client_erase(
    number: Number,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    cancel_future: Annotated[
        bool, typer.Option("--cancel-future", help="Cancel sessions that lie ahead; leave groups.")
    ] = False,
    database: Database = None,
) -> None:
    """Remove a client's personal data for good. Past sessions stay, as facts about nobody."""
    place, settings = current(database), loaded(database=database).settings
    if not yes:
        typer.confirm(f"Erase client {number}? There is no way back.", abort=True, err=True)

    async def erase(desk: Desk) -> Mapping[str, Any]:
        given = {"client_id": number, "cancel_future": cancel_future}
        return await do(desk, erase_client, "client erase", **given)

    try:
        done = run(place, settings, erase)
    except SessionsAhead as refusal:
        count = counted(len(refusal.appointments), "session")
        raise InvalidArgument(
            f"Client {number} has {count} ahead. Nothing was erased: see --cancel-future."
        ) from None
    ended = (
        f" Ended ahead: {counted(len(done['appointments']), 'session')}." if done["appointments"] else ""
    )
    typer.echo(f"Client {number} is erased.{ended}")
