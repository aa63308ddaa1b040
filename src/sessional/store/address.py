"""A database's address as people write it -> what the rest of the store takes. Opens nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sessional.errors import SettingsFault

_FORMS: Final = (
    "A database is sqlite:///folder/file.db (four slashes begin an absolute path) "
    "or postgresql://user@host/name"
)
_SQLITE: Final = "sqlite:///"
# SQLite reads these in a path that is written as an address: they would name another file.
_NOT_IN_A_PATH: Final = "?#%\0"


def parse(url: str) -> Path | str:
    """A Path is a SQLite file, a text a PostgreSQL address. Raises SettingsFault."""
    if url.startswith(("postgresql://", "postgres://")):
        return url
    path = url.removeprefix(_SQLITE)
    if path == url or not path or path == ":memory:" or path.endswith("/"):
        raise SettingsFault(f"{_FORMS}; “{_without_secrets(url)}” is neither.")
    if any(character in path for character in _NOT_IN_A_PATH):
        raise SettingsFault(f"{_FORMS}; a SQLite file’s path holds no ?, # or %, and takes no options.")
    return Path(path)


def _without_secrets(url: str) -> str:
    """What may hold a password is not repeated."""
    return url if "@" not in url else f"{url.partition('://')[0]}://…"
