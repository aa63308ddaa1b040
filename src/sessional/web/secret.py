"""The secret that signs tokens: given, or for SQLite made once and kept beside the database."""

from __future__ import annotations

import os
import secrets
from pathlib import Path
from typing import Final

from sessional.errors import SettingsFault
from sessional.settings import SHORTEST_SECRET_BYTES

MAKE_ONE: Final = 'python3 -c "import secrets; print(secrets.token_urlsafe(48))"'


def signing_secrets(given: str, previous: str, database: Path | str) -> list[str]:
    """The secrets in force, the one for new tokens first. Raises SettingsFault where there is none."""
    first = given or _kept_secret(database)
    return [first, previous] if previous else [first]


def kept_beside(database: Path) -> list[Path]:
    """Files beside a SQLite file that belong to it and are in no backup of it."""
    return [path for path in (_place(database),) if path.exists()]


def _place(database: Path) -> Path:
    return database.with_name(database.name + ".secret")


def _kept_secret(database: Path | str) -> str:
    if not isinstance(database, Path):
        raise SettingsFault(
            "With PostgreSQL a secret must be given in SESSIONAL_SECRET, the same for every process. "
            f"This makes one: {MAKE_ONE}"
        )
    path = _place(database)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read(path)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(made := secrets.token_urlsafe(48))
    return made


def _read(path: Path) -> str:
    kept = path.read_text(encoding="utf-8").strip()
    if len(kept.encode()) < SHORTEST_SECRET_BYTES:
        raise SettingsFault(f"The secret in {path} is too short. Remove the file to have a new one made.")
    return kept
