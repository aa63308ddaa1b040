"""sessional reencrypt: clients' data and secrets of second factors under the first key."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import typer

from sessional.actions.commands import by_operator
from sessional.cli.data_keys import opening
from sessional.cli.exchange import counted, current
from sessional.cli.options import Database, loaded
from sessional.keyring import IN_CLEAR, Keyring, second_factor_of
from sessional.store import bulk

# Of one transaction: whoever writes meanwhile waits for some milliseconds.
CLIENTS_TOGETHER: Final = 500
ENCRYPTED_COLUMNS: Final = ("email", "phone", "staff_notes")


def reencrypt(database: Database = None) -> None:
    """Encrypt clients' contact data and notes, and second factors, anew: what is in clear or under an older
    key."""
    place = current(database)
    keyring = opening(loaded(database=database).settings, place)
    factors = asyncio.run(encrypt_second_factors(place, keyring))
    done, others = asyncio.run(encrypt_all(place, keyring))
    also = f", {counted(factors, 'second factor')}" if factors else ""
    typer.echo(f"Encrypted with the first key: {counted(done, 'client')}{also}.")
    if others:
        typer.echo(
            "Somebody still writes without that key: restart every process that was started before it was "
            "given, and say this again. Until then the key before is needed.",
            err=True,
        )
        raise typer.Exit(1)


async def encrypt_all(place: Path | str, keyring: Keyring) -> tuple[int, set[str]]:
    """How many clients' texts were encrypted, and by which other names some are still stored.

    In batches, so that the service goes on meanwhile; whatever stops it, it can be run again.
    """
    done, after = 0, 0
    while True:
        async with bulk.load(place) as load:
            rows = await load.fetch("clients_after", after=after, most=CLIENTS_TOGETHER)
            for client_id, *stored in rows:
                done += await _one(load, keyring, client_id, stored)
        if len(rows) < CLIENTS_TOGETHER:
            return done, await _forget_others(place, keyring, done)
        after = rows[-1][0]


async def encrypt_second_factors(place: Path | str, keyring: Keyring) -> int:
    """How many secrets were encrypted anew; in batches, as clients are."""
    done, after = 0, 0
    while True:
        async with bulk.load(place) as load:
            rows = await load.fetch("second_factors_after", after=after, most=CLIENTS_TOGETHER)
            old = [row for row in rows if not keyring.is_current(row[1])]
            for account_id, stored in old:
                field = second_factor_of(account_id)
                fresh = keyring.close(field, keyring.open(field, stored))
                await load.fetch("reseal_second_factor", account_id=account_id, secret=fresh)
            if old:
                await by_operator(load.fetch, "reencrypt", after={"secondFactors": len(old)})
        done += len(old)
        if len(rows) < CLIENTS_TOGETHER:
            return done
        after = rows[-1][0]


async def is_in_clear(place: Path | str) -> bool:
    """Whether a version before encryption has left something as it was."""
    async with bulk.snapshot(place) as snapshot:
        return any(
            [name == IN_CLEAR async for rows in snapshot.batches("encryption_keys") for (name,) in rows]
        )


async def _one(load: bulk.Load, keyring: Keyring, client_id: int, stored: list[Any]) -> bool:
    if all(not text or keyring.is_current(text) for text in stored):
        return False
    clear = keyring.open_row(ENCRYPTED_COLUMNS, stored)
    fresh = keyring.close_row(dict(zip(ENCRYPTED_COLUMNS, clear, strict=True)))
    await load.fetch("reseal_client", client_id=client_id, **fresh)
    return True


async def _forget_others(place: Path | str, keyring: Keyring, done: int) -> set[str]:
    """The keys before are needed no more, unless a text is stored under one after all.

    A key that is not here belongs to somebody who has been given it meanwhile.
    """
    async with bulk.load(place) as load:
        await load.fetch("take_turns")
        others = {row[0] for row in await load.fetch("stored_keys")} - {keyring.name}
        noted = {row[0] for row in await load.fetch("encryption_keys")}
        for name in noted - {keyring.name} - others - set(keyring.missing(noted)):
            await load.fetch("forget_encryption_key", key_name=name)
        if done:
            await by_operator(load.fetch, "reencrypt", after={"clients": done})
    return others
