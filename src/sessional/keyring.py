"""Texts that lie encrypted in the database: how they are closed and opened.

AES-256-GCM by the library `cryptography`, a nonce for each text. A closed text names the key that closed
it, so that a key can be changed while texts under the old one are still there, and it opens for its own
field alone: a phone number cannot be moved to where notes stand. Must not know the database.
"""

from __future__ import annotations

import os
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sessional.errors import SettingsFault, Unreadable

# What every closed text begins with; the version is that of its form.
CLOSED: Final = "sealed:1:"
# Stands for the name of a key where texts are stored as they are, by a version before encryption.
IN_CLEAR: Final = "clear"
# The columns of a client that lie encrypted in the database.
ENCRYPTED: Final = frozenset({"email", "phone", "staff_notes"})
_KEY_BYTES: Final = 32
_NAME_BYTES: Final = 4
_NONCE_BYTES: Final = 12
_NAME: Final = re.compile(r"[0-9a-f]{8}")


class Keyring:
    """Keys by the texts that they are made of, the one that closes first. None: nothing can be closed."""

    def __init__(self, keys: Sequence[str] = ()) -> None:
        made = [_derive(key) for key in keys if key]
        self._keys = dict(reversed(made))
        self._current = made[0] if made else None

    @property
    def name(self) -> str:
        """By which name texts refer to the key that closes; empty where there is none."""
        return self._current[0] if self._current else ""

    def close(self, field: str, text: str) -> str:
        """A text as it is stored. Raises SettingsFault where there is no key."""
        if self._current is None:
            raise SettingsFault(
                "There is no key to encrypt contact data, notes and secrets with: "
                "give one in SESSIONAL_ENCRYPTION_KEY."
            )
        name, key = self._current
        nonce = os.urandom(_NONCE_BYTES)
        sealed = nonce + key.encrypt(nonce, text.encode(), field.encode())
        return f"{closed_with(name)}{urlsafe_b64encode(sealed).decode()}"

    def open(self, field: str, stored: str) -> str:
        """The text that is stored. One from before there were keys stands there as it is.

        Raises Unreadable where its key is not here, or where it was tampered with.
        """
        if not stored.startswith(CLOSED):
            return stored
        name, _, sealed = stored.removeprefix(CLOSED).partition(":")
        key = self._keys.get(name)
        if key is None:
            known = name if _NAME.fullmatch(name) else "nothing that is a name"
            raise Unreadable(
                f"a stored text of {field} is encrypted with a key that is not here (known as {known})"
            )
        try:
            raw = urlsafe_b64decode(sealed)
            return key.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], field.encode()).decode()
        except (ValueError, InvalidTag):
            raise Unreadable(f"a stored text of {field} is damaged") from None

    def close_row(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """A client's row as it is stored; what is empty stays empty, and can be told by that."""
        return {
            column: self.close(column, value) if column in ENCRYPTED and value else value
            for column, value in row.items()
        }

    def open_row(self, columns: Iterable[str], row: Iterable[Any]) -> tuple[Any, ...]:
        """The values of a client's stored row that has these columns."""
        return tuple(
            self.open(column, value) if column in ENCRYPTED and value else value
            for column, value in zip(columns, row, strict=True)
        )

    def missing(self, names: Iterable[str]) -> list[str]:
        """Of the names of keys that stored texts bear, those that are not here."""
        return sorted(set(names) - self._keys.keys() - {IN_CLEAR})

    def opens(self, field: str, stored: str) -> bool:
        """Whether a stored text can be read."""
        try:
            self.open(field, stored)
        except Unreadable:
            return False
        return True

    def is_current(self, stored: str) -> bool:
        """Whether a stored text is closed with the key that closes now."""
        return self._current is not None and stored.startswith(closed_with(self._current[0]))


def closed_with(name: str) -> str:
    """What every text begins with that the key of this name has closed."""
    return f"{CLOSED}{name}:"


def second_factor_of(account_id: int) -> str:
    """The field of an account's second factor: bound to the account, so that nobody who can write into
    the database gives their own secret to another."""
    return f"second factor {account_id}"


def _derive(key: str) -> tuple[str, AESGCM]:
    """The name by which closed texts refer to a key, and the key."""
    made = HKDF(SHA256(), _KEY_BYTES + _NAME_BYTES, salt=None, info=b"sessional client data").derive(
        key.encode()
    )
    return made[_KEY_BYTES:].hex(), AESGCM(made[:_KEY_BYTES])
