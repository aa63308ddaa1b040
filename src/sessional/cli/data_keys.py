"""The keys of clients' data, as commands need them."""

from __future__ import annotations

import asyncio
from pathlib import Path

from sessional.errors import SettingsFault
from sessional.keyring import Keyring
from sessional.settings import Settings
from sessional.store import bulk
from sessional.web.secret import encryption_keys, known_keys


def opening(settings: Settings, place: Path | str) -> Keyring:
    """The keys, to write and read with. Raises SettingsFault where one is not here that is needed."""
    asyncio.run(_refuse_without(settings, place))
    return Keyring(encryption_keys(settings.encryption_key, settings.encryption_key_previous, place))


def reading(settings: Settings, place: Path | str) -> Keyring:
    """The keys that are there, if any; none is made."""
    return Keyring(known_keys(settings.encryption_key, settings.encryption_key_previous, place))


async def _refuse_without(settings: Settings, place: Path | str) -> None:
    async with bulk.snapshot(place) as snapshot:
        names = [name async for rows in snapshot.batches("stored_keys") for (name,) in rows]
    if missing := reading(settings, place).missing(names):
        raise SettingsFault(
            f"Clients' data is encrypted with a key that is not here (known as {', '.join(missing)}). "
            "Give it in SESSIONAL_ENCRYPTION_KEY or SESSIONAL_ENCRYPTION_KEY_PREVIOUS, or put the file "
            "back that was kept beside the database."
        )
