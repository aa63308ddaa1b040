"""Secrets of the service: given, or for SQLite made once and kept beside the database.

One signs tokens; another encrypts what is stored of clients.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from sessional.errors import SettingsFault
from sessional.settings import SHORTEST_SECRET_BYTES

MAKE_ONE: Final = 'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'
_SIGNING: Final = ".secret"
_ENCRYPTING: Final = ".key"


def signing_secrets(given: str, previous: str, database: Path | str) -> list[str]:
    """The secrets in force, the one for new tokens first. Raises SettingsFault where there is none."""
    if given:
        return [given, previous] if previous else [given]
    if not isinstance(database, Path):
        raise _must_be_given("a secret", "SESSIONAL_SECRET")
    kept = _kept(_beside(database, _SIGNING))[:1]
    return [*kept, previous] if previous else kept


def encryption_keys(given: str, previous: str, database: Path | str) -> list[str]:
    """The keys of what is stored of clients, the one that encrypts first. Raises SettingsFault."""
    if given:
        return [given, previous] if previous else [given]
    if not isinstance(database, Path):
        raise _must_be_given("a key for clients' data", "SESSIONAL_ENCRYPTION_KEY")
    kept = _kept(_beside(database, _ENCRYPTING))
    return [*kept, previous] if previous else kept


def known_keys(given: str, previous: str, database: Path | str) -> list[str]:
    """The same for whoever only reads: none is made, and there may be none."""
    if given or (isinstance(database, Path) and _beside(database, _ENCRYPTING).exists()):
        return encryption_keys(given, previous, database)
    return [previous] if previous else []


def kept_beside(database: Path) -> list[Path]:
    """Files beside a SQLite file that belong to it and are in no backup of it."""
    places = (_beside(database, suffix) for suffix in (_SIGNING, _ENCRYPTING))
    return [path for path in places if path.exists()]


def _must_be_given(what: str, name: str) -> SettingsFault:
    return SettingsFault(
        f"With PostgreSQL {what} must be given in {name}, the same for every process. "
        f"This makes one: {MAKE_ONE}"
    )


def _beside(database: Path, suffix: str) -> Path:
    return database.with_name(database.name + suffix)


def _kept(path: Path) -> list[str]:
    """The secrets of a file, which is made with one where it is not there."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(made := secrets.token_urlsafe(48))
    return [made]


def _read(path: Path) -> list[str]:
    kept = path.read_text(encoding="utf-8").strip().splitlines() or [""]
    if any(len(each.encode()) < SHORTEST_SECRET_BYTES for each in kept):
        raise SettingsFault(f"The secret in {path} is too short. Remove the file to have a new one made.")
    return kept
