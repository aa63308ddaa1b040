"""sessional retention: what has been kept for as long as it shall be is erased."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final

import typer

from sessional.actions import Desk
from sessional.actions.commands import by_operator
from sessional.actions.privacy import erase_client
from sessional.actions.retention import Periods, clients_long_gone, know_clients, old_entries, prune
from sessional.cli.counter import do, run
from sessional.cli.exchange import counted, current
from sessional.cli.options import Database, loaded
from sessional.errors import BookingRefused
from sessional.settings import variable
from sessional.store.store import Action, Transaction

_COMMAND: Final = "retention"


def retention(
    yes: Annotated[bool, typer.Option("--yes", help="Do it, and do not only say it.")] = False,
    database: Database = None,
) -> None:
    """Say whom and what the retention periods have come to, and with --yes erase it. See the settings."""
    place, settings = current(database), loaded(database=database).settings
    periods = Periods(client_days=settings.retention_client_days, audit_days=settings.retention_audit_days)
    if periods == Periods(client_days=0, audit_days=0):
        names = " or ".join(variable(n) for n in ("retention_client_days", "retention_audit_days"))
        typer.echo(f"Everything is kept for good. Set {names} to change that.")
        return
    clients, entries = run(
        place, settings, lambda desk: _done(desk, periods) if yes else _due(desk, periods)
    )
    said = f"{counted(clients, 'client')}, {entries:,} entries of the record"
    typer.echo(f"Erased: {said}." if yes else f"Would be erased: {said}. Nothing was changed: see --yes.")


async def _due(desk: Desk, periods: Periods) -> tuple[int, int]:
    """How many clients and entries would be erased."""
    clients = [number async for number in _clients(desk, periods)]
    begins, ends = await old_entries(desk.store.fetch, periods, now=desk.now())
    return len(clients), ends - begins


async def _done(desk: Desk, periods: Periods) -> tuple[int, int]:
    """Erase them, each client in a transaction of its own, and answer how many those were."""
    erased = 0
    if periods.client_days:
        await know_clients(desk.store.fetch, now=desk.now())
    async for number in _clients(desk, periods):
        try:
            await do(desk, erase_client, _COMMAND, client_id=number)
            erased += 1
        except BookingRefused:  # somebody has booked for the client meanwhile
            typer.echo(f"Client {number} has a session again and stays.", err=True)
    begins, ends = await old_entries(desk.store.fetch, periods, now=desk.now())
    position = begins
    while position < ends:
        position = await desk.store.transact(_pruning(position, ends))
    said = {"clients": erased, "entries": position - begins, "recordBeginsAfter": position}
    if erased or position > begins:
        await desk.store.transact(lambda tx: by_operator(tx.fetch, _COMMAND, after=said))
    return erased, position - begins


def _pruning(position: int, ends: int) -> Action[int]:
    async def action(tx: Transaction) -> int:
        return await prune(tx.fetch, position, ends)

    return action


async def _clients(desk: Desk, periods: Periods) -> AsyncIterator[int]:
    """The clients who have been gone for long enough, looked for in batches."""
    after = 0
    while found := await clients_long_gone(desk.store.fetch, periods, now=desk.now(), after=after):
        for number in found:
            yield number
        after = found[-1]
