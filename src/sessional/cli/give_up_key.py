"""sessional give-up-key: the service goes on where a key of clients' data is lost for good."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from sessional.actions.codes import forget_codes
from sessional.actions.commands import by_operator
from sessional.actions.entry import Ended
from sessional.cli.data_keys import reading
from sessional.cli.exchange import counted, current
from sessional.cli.options import Database, loaded
from sessional.cli.reencrypt import CLIENTS_TOGETHER, ENCRYPTED_COLUMNS
from sessional.errors import InvalidArgument
from sessional.keyring import Keyring, closed_with
from sessional.store import bulk

_COMMAND: Final = "give-up-key"


def give_up_key(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="By what the key is known: eight letters and digits.")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    database: Database = None,
) -> None:
    """Remove what only a lost key opens: contact data and notes of clients, second factors. For good."""
    place = current(database)
    keyring = reading(loaded(database=database).settings, place)
    clients, accounts = asyncio.run(_lost(place, keyring, name))
    said = f"{counted(clients, 'client')}, {counted(accounts, 'second factor')}"
    if not yes:
        question = f"Remove what the key {name} encrypts ({said})? There is no way back, should it turn up."
        typer.confirm(question, abort=True, err=True)
    done = asyncio.run(_give_up(place, name))
    said = f"{counted(done[0], 'client')}, {counted(done[1], 'second factor')}"
    typer.echo(f"The key {name} is given up. Removed what it encrypted of {said}.")


async def _lost(place: Path | str, keyring: Keyring, name: str) -> tuple[int, int]:
    """Of how many clients and accounts something is lost. Raises InvalidArgument for what is not lost."""
    async with bulk.load(place) as load:
        noted = {row[0] for row in await load.fetch("encryption_keys")}
        if name not in noted:
            raise InvalidArgument(f"Nothing in this database is encrypted with a key known as {name}.")
        if name not in keyring.missing(noted):
            raise InvalidArgument(f"The key {name} is here: nothing is lost. See sessional reencrypt.")
        ((clients,),) = await load.fetch("clients_under_key", closed_with=closed_with(name))
        return clients, len(await load.fetch("accounts_under_key", closed_with=closed_with(name)))


async def _give_up(place: Path | str, name: str) -> tuple[int, int]:
    """Remove it, in batches, so that the service goes on meanwhile. Stopped, it can be run again."""
    clients = await _clients(place, name)
    async with bulk.load(place) as load:
        await load.fetch("take_turns")
        accounts = await _second_factors(load, name)
        if name in {row[0] for row in await load.fetch("stored_keys")}:
            raise InvalidArgument(f"Somebody writes with the key {name} at this moment: it is not lost.")
        await load.fetch("forget_encryption_key", key_name=name)
        said = {"key": name, "clients": clients, "secondFactors": accounts}
        await by_operator(load.fetch, _COMMAND, after=said)
    return clients, accounts


async def _clients(place: Path | str, name: str) -> int:
    done, after = 0, 0
    while True:
        async with bulk.load(place) as load:
            rows = await load.fetch("clients_after", after=after, most=CLIENTS_TOGETHER)
            for client_id, *stored in rows:
                done += await _client(
                    load, name, client_id, dict(zip(ENCRYPTED_COLUMNS, stored, strict=True))
                )
        if len(rows) < CLIENTS_TOGETHER:
            return done
        after = rows[-1][0]


async def _client(load: bulk.Load, name: str, client_id: int, stored: dict[str, Any]) -> bool:
    lost = [column for column, text in stored.items() if (text or "").startswith(closed_with(name))]
    if not lost:
        return False
    await load.fetch("reseal_client", client_id=client_id, **(stored | dict.fromkeys(lost)))
    await _on_record(load, name, "Client", client_id, lost)
    return True


async def _second_factors(load: bulk.Load, name: str) -> int:
    """Whose second factor nobody can check any more logs in with the password alone, and anew."""
    found = await load.fetch("accounts_under_key", closed_with=closed_with(name))
    for account_id, username in found:
        await forget_codes(load.fetch, account_id)
        ended = {"now": int(time.time()), "reason": Ended.SECOND_FACTOR_CHANGED}
        await load.fetch("revoke_all_sessions", username=username, **ended)
        await _on_record(load, name, "Account", account_id, ["secondFactor"])
    return len(found)


async def _on_record(load: bulk.Load, name: str, kind: str, number: int, removed: list[str]) -> None:
    about: dict[str, Any] = {"object_type": kind, "object_id": number}
    await by_operator(load.fetch, _COMMAND, after={"removed": removed, "key": name}, **about)
