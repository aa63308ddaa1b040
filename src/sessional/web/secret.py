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
    first = given or _kept_secret(database)
    return [first, previous] if previous else [first]


def encryption_keys(given: str, previous: str, database: Path | str) -> list[str]:
    """The keys of what is stored of clients, the one that encrypts first. Raises SettingsFault."""
    first, others = known_keys(given, previous, database)
    return [first or keep_key(database, new_key(database)), *others]


def known_keys(given: str, previous: str, database: Path | str) -> tuple[str, list[str]]:
    """The key that encrypts, empty where there is none yet, and those that only decrypt. None is made."""
    kept = _kept_keys(_beside(database, _ENCRYPTING)) if isinstance(database, Path) else []
    first, *others = [given, *kept] if given else (kept or [""])
    return first, [*others, previous] if previous else others


def new_key(database: Path | str) -> str:
    """A key that is in no file yet. Raises SettingsFault where one has to be given."""
    if not isinstance(database, Path):
        raise _must_be_given("a key for clients' data", "SESSIONAL_ENCRYPTION_KEY")
    return secrets.token_urlsafe(48)


def keep_key(database: Path | str, key: str) -> str:
    """Put a key beside its database, on disk before anything can be encrypted with it."""
    try:
        _written(_beside(Path(database), _ENCRYPTING), key)
    except FileExistsError:
        raise SettingsFault(
            "Another process made a key for clients' data just now. Nothing was changed; try again."
        ) from None
    return key


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


def _kept_secret(database: Path | str) -> str:
    """The secret of a file, which is made where it is not there."""
    if not isinstance(database, Path):
        raise _must_be_given("a secret", "SESSIONAL_SECRET")
    path = _beside(database, _SIGNING)
    try:
        return _written(path, secrets.token_urlsafe(48))
    except FileExistsError:
        kept = path.read_text(encoding="utf-8").strip()
    if len(kept.encode()) < SHORTEST_SECRET_BYTES:
        raise SettingsFault(f"The secret in {path} is too short. Remove the file to have a new one made.")
    return kept


def _kept_keys(path: Path) -> list[str]:
    """The keys of a file, one a line, the one that encrypts first; none where it is not there."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    kept = [key for line in lines if (key := line.strip())]
    if not kept or any(len(key.encode()) < SHORTEST_SECRET_BYTES for key in kept):
        raise SettingsFault(
            f"A key in {path} is too short: each line is one of at least {SHORTEST_SECRET_BYTES} bytes. "
            "Put the file back as it was: what is encrypted can be read with its keys alone."
        )
    return kept


def _written(path: Path, secret: str) -> str:
    """Write a new file that its owner alone can read. Raises FileExistsError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(secret)
        file.flush()
        os.fsync(descriptor)
    return secret
