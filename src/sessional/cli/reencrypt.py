"""sessional reencrypt: clients' data under the first key."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final

import typer

from sessional.cli.exchange import counted, current
from sessional.cli.data_keys import opening
from sessional.cli.options import Database, loaded
from sessional.keyring import Keyring
from sessional.store import bulk

# Of one transaction: whoever writes meanwhile waits for some milliseconds.
CLIENTS_TOGETHER: Final = 500
_COLUMNS: Final = ("email", "phone", "staff_notes")


def reencrypt(database: Database = None) -> None:
    """Encrypt clients' contact data and notes anew where it is in clear or under an older key."""
    place = current(database)
    keyring = opening(loaded(database=database).settings, place)
    done = asyncio.run(_all(place, keyring))
    typer.echo(f"Encrypted with the first key: {counted(done, 'client')}.")


async def _all(place: Path | str, keyring: Keyring) -> int:
    """In batches, so that the service goes on meanwhile; whatever stops it, it can be run again."""
    done, after = 0, 0
    while True:
        async with bulk.load(place) as load:
            rows = await load.fetch("clients_after", after=after, most=CLIENTS_TOGETHER)
            for client_id, *stored in rows:
                done += await _one(load, keyring, client_id, stored)
        if len(rows) < CLIENTS_TOGETHER:
            return done
        after = rows[-1][0]


async def _one(load: bulk.Load, keyring: Keyring, client_id: int, stored: list[Any]) -> bool:
    if all(not text or keyring.is_current(text) for text in stored):
        return False
    clear = keyring.open_row(_COLUMNS, stored)
    fresh = keyring.close_row(dict(zip(_COLUMNS, clear, strict=True)))
    await load.fetch("reseal_client", client_id=client_id, **fresh)
    return True
