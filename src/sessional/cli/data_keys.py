"""The keys of clients' data, as commands need them.

The database notes the names of the keys that its texts may be encrypted with. Whoever is to write looks
whether all of them are here, and has the name of the key that encrypts noted before the first text is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sessional.errors import SettingsFault
from sessional.keyring import Keyring
from sessional.settings import Settings
from sessional.store import bulk
from sessional.store.bulk import Load
from sessional.web.secret import keep_key, known_keys, new_key


@dataclass(frozen=True, kw_only=True, slots=True)
class DataKeys:
    """The keys of a command that writes. One that had to be made is kept when the work is done."""

    keyring: Keyring
    place: Path | str
    made: str

    async def admit(self, load: Load) -> None:
        """Note the key in the transaction of what it encrypts. Raises SettingsFault if one is missing."""
        if self.keyring.name in _refuse_without(self.keyring, await load.fetch("encryption_keys")):
            return
        await load.fetch("take_turns")
        _refuse_without(self.keyring, await load.fetch("encryption_keys"))
        if self.made:
            keep_key(self.place, self.made)
        await load.fetch("note_encryption_key", key_name=self.keyring.name)


def writing(settings: Settings, place: Path | str) -> DataKeys:
    """The keys to write with. Raises SettingsFault where one is needed that is not here."""
    first, others = _known(settings, place)
    asyncio.run(_names(place, Keyring([first, *others])))
    made = "" if first else new_key(place)
    return DataKeys(keyring=Keyring([first or made, *others]), place=place, made=made)


def opening(settings: Settings, place: Path | str) -> Keyring:
    """The same for what goes on writing from here: the key is kept and noted."""
    keys = writing(settings, place)
    asyncio.run(_admitted(keys))
    return keys.keyring


def exporting(settings: Settings, place: Path | str) -> Keyring:
    """The keys to read all with; none is made. Raises SettingsFault where one is not here."""
    asyncio.run(_names(place, keyring := reading(settings, place)))
    return keyring


def reading(settings: Settings, place: Path | str) -> Keyring:
    """The keys that are there, if any; none is made."""
    first, others = _known(settings, place)
    return Keyring([first, *others])


def _known(settings: Settings, place: Path | str) -> tuple[str, list[str]]:
    return known_keys(settings.encryption_key, settings.encryption_key_previous, place)


async def _admitted(keys: DataKeys) -> None:
    if keys.made or keys.keyring.name not in await _names(keys.place, keys.keyring):
        async with bulk.load(keys.place) as load:
            await keys.admit(load)


async def _names(place: Path | str, keyring: Keyring) -> set[str]:
    async with bulk.snapshot(place) as snapshot:
        return _refuse_without(
            keyring, [r async for rows in snapshot.batches("encryption_keys") for r in rows]
        )


def _refuse_without(keyring: Keyring, rows: Iterable[Any]) -> set[str]:
    """The names that a database notes. Raises SettingsFault for the keys that are not here."""
    names = {row[0] for row in rows}
    if missing := keyring.missing(names):
        raise SettingsFault(
            f"Clients' data is encrypted with a key that is not here (known as {', '.join(missing)}). "
            "Give it in SESSIONAL_ENCRYPTION_KEY or SESSIONAL_ENCRYPTION_KEY_PREVIOUS, or put the file "
            "back that was kept beside the database."
        )
    return names
