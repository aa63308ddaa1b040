"""What one member of an import line may hold: each check answers the value or says what is wrong.

Pure. Must not know which kind of line the member belongs to.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final, TypeVar

from sessional.access import Role
from sessional.credentials import LONGEST_PASSWORD
from sessional.diary.languages import tag
from sessional.diary.values import LONGEST_SESSION_SECONDS

T = TypeVar("T")
Check = Callable[[str, object], T]

# PostgreSQL refuses an index entry of more than 2,704 bytes: names stay well below it.
LONGEST_NAME: Final = 200
LONGEST_USERNAME: Final = 150
# Far more than anybody types, and well within a line.
LONGEST_REMARK: Final = 100_000
# The largest whole number that every reader of JSON keeps exactly; ids go on above a given one.
LARGEST_ID: Final = 2**53 - 1
STATUSES: Final = (
    *("PROPOSED", "PENDING", "BOOKED", "ARRIVED", "FULFILLED"),
    *("CANCELLED", "NOSHOW", "ENTERED_IN_ERROR"),
)
# What credentials.Passwords makes, with room for other costs; more digits than these are an attack.
_ARGON2ID: Final = re.compile(
    r"\$argon2id\$v=19\$m=\d{1,7},t=\d{1,3},p=\d{1,2}\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{22,172}"
)


class BadLine(Exception):
    """Why a line cannot be taken, in plain words."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def shown(value: object) -> str:
    """A value as it stands in the file, shortened: never used for what is secret."""
    text = json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 60 else f"{text[:59]}…"


def whole(least: int, most: int) -> Check[int]:
    """A whole number within bounds. ``true`` is none, nor is 1.0."""

    def check(name: str, value: object) -> int:
        if type(value) is int and least <= value <= most:
            return value
        raise BadLine(f"{name} must be a whole number from {least} to {most}, not {shown(value)}")

    return check


def text(most: int = LONGEST_NAME) -> Check[str]:
    """Text that says something and that both databases can hold."""

    def check(name: str, value: object) -> str:
        if not isinstance(value, str):
            raise BadLine(f"{name} must be text, not {shown(value)}")
        if not value.strip():
            raise BadLine(f"{name} must not be empty")
        if len(value) > most:
            raise BadLine(f"{name} has more than {most} characters")
        _storable(name, value)
        return value

    return check


def remark(name: str, value: object) -> str:
    """Any text, as somebody typed it."""
    if not isinstance(value, str):
        raise BadLine(f"{name} must be text, not {shown(value)}")
    if len(value) > LONGEST_REMARK:
        raise BadLine(f"{name} has more than {LONGEST_REMARK} characters")
    _storable(name, value)
    return value


def _storable(name: str, value: str) -> None:
    if "\0" in value:
        raise BadLine(f"{name} contains the character U+0000, which no database here can hold")
    if any("\ud800" <= character <= "\udfff" for character in value):
        raise BadLine(f"{name} contains half a character (a lone surrogate)")


def texts(name: str, value: object) -> tuple[str, ...]:
    """A list of texts, none twice."""
    if not isinstance(value, list):
        raise BadLine(f"{name} must be a list of texts, not {shown(value)}")
    check = text()
    found = tuple(check(f"a name in {name}", item) for item in value)
    if len(set(found)) < len(found):
        raise BadLine(f"{name} holds the same name twice")
    return found


def languages(name: str, value: object) -> tuple[str, ...]:
    """A list of tags of languages, in their usual letters, none twice."""
    found = texts(name, value)
    for given in found:
        if tag(given) is None:
            raise BadLine(f"{name} must hold language tags such as en or pt-BR, not {shown(given)}")
    return tuple(dict.fromkeys(one for given in found if (one := tag(given)) is not None))


def lengths(name: str, value: object) -> tuple[int, ...]:
    """A list of lengths of a session, none twice."""
    if not isinstance(value, list):
        raise BadLine(f"{name} must be a list of whole numbers, not {shown(value)}")
    check = whole(1, LONGEST_SESSION_SECONDS)
    found = tuple(check(f"a length in {name}", item) for item in value)
    if len(set(found)) < len(found):
        raise BadLine(f"{name} holds the same length twice")
    return found


def flag(name: str, value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise BadLine(f"{name} must be true or false, not {shown(value)}")


def one_of(*words: str) -> Check[str]:
    """One of some words, written exactly so."""

    def check(name: str, value: object) -> str:
        if isinstance(value, str) and value in words:
            return value
        raise BadLine(f"{name} must be one of {', '.join(words)}, not {shown(value)}")

    return check


def time_zone(name: str, value: object) -> str:
    """The name of a zone in the IANA time-zone database, as shipped in the package tzdata."""
    zone = text()(name, value)
    if zone not in _zones():
        raise BadLine(f"{name} {shown(zone)} is not in the IANA time-zone database")
    return zone


@cache
def _zones() -> frozenset[str]:
    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


def status(name: str, value: object) -> str:
    """How far a session has come. One that is only held is nobody's yet, and stands in no file."""
    return one_of(*STATUSES)(name, value)


# ---- accounts -----------------------------------------------------------------------------------


def username(name: str, value: object) -> str:
    """A name that can be read and typed: nothing invisible, nothing before or after it."""
    found = text(LONGEST_USERNAME)(name, value)
    if not found.isprintable() or found != found.strip():
        raise BadLine(f"{name} must not contain control characters, nor begin or end with a space")
    return found


def role(name: str, value: object) -> Role:
    """One of the roles that access.py knows."""
    if isinstance(value, str) and value in set(Role):
        return Role(value)
    raise BadLine(f"{name} must be one of {', '.join(Role)}, not {shown(value)}")


def password(name: str, value: object) -> str:
    """Any password that a log-in could bring. Its text is never repeated."""
    if not isinstance(value, str) or not 1 <= len(value) <= LONGEST_PASSWORD:
        raise BadLine(f"{name} must be text of 1 to {LONGEST_PASSWORD} characters")
    _storable(name, value)
    return value


def password_hash(name: str, value: object) -> str:
    """What an export wrote."""
    if not isinstance(value, str) or not _ARGON2ID.fullmatch(value):
        raise BadLine(f"{name} must be an argon2id hash, as an export writes it")
    return value
