"""What people type when they set up a practice: each check answers the value as it is stored.

Every check raises InvalidInput that names the field.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final, TypeVar

from sessional.diary.languages import tag
from sessional.diary.values import END_OF_TIME
from sessional.errors import InvalidInput

T = TypeVar("T")

# As in import files: PostgreSQL refuses an index entry of more than 2,704 bytes.
LONGEST_NAME: Final = 200
LONGEST_TEXT: Final = 2_000
LONGEST_LIST: Final = 500
_EMAIL: Final = re.compile(r"[^@\s]+@[^@\s]+")


def name(value: str, field: str) -> str:
    """A name that says something."""
    if not value.strip():
        raise InvalidInput("A name must not be empty.", path=[field])
    if len(value) > LONGEST_NAME:
        raise InvalidInput(f"A name has at most {LONGEST_NAME} characters.", path=[field])
    return value


def text(value: str | None, field: str) -> str | None:
    """A remark, or nothing."""
    if value is not None and len(value) > LONGEST_TEXT:
        raise InvalidInput(f"A remark has at most {LONGEST_TEXT:,} characters.", path=[field])
    return value or None


def whole(value: int, field: str, least: int, most: int) -> int:
    """A number within bounds."""
    if not least <= value <= most:
        raise InvalidInput(f"This lies between {least} and {most:,}.", path=[field])
    return value


def instant(value: int, field: str) -> int:
    """An instant of the years that diaries have."""
    if not 0 <= value <= END_OF_TIME:
        raise InvalidInput("This lies between the years 1970 and 9999.", path=[field])
    return value


def listed(values: Sequence[T], field: str) -> list[T]:
    """A list that one change can hold."""
    if len(values) > LONGEST_LIST:
        raise InvalidInput(f"At most {LONGEST_LIST} at a time.", path=[field])
    return list(values)


def languages(values: Sequence[str], field: str) -> list[str]:
    """Tags of languages in their usual letters, each once."""
    return list(dict.fromkeys(language(value, field) for value in listed(values, field)))


def language(value: str, field: str) -> str:
    """A tag of a language in its usual letters."""
    found = tag(value)
    if found is None:
        raise InvalidInput(f"“{value[:20]}” is not a language tag such as en or pt-BR.", path=[field])
    return found


def email(value: str, field: str) -> str:
    """What mail can be addressed to: no more is asked of it than that it is one address within a line."""
    if not _EMAIL.fullmatch(value) or not value.isprintable():
        raise InvalidInput("An e-mail address has one @, and no spaces.", path=[field])
    return value


def time_zone(value: str, field: str = "time_zone") -> str:
    """A zone of the IANA database as the package tzdata ships it, whatever the machine has besides."""
    if value not in _zones():
        raise InvalidInput("There is no time zone of that name.", path=[field])
    return value


@cache
def _zones() -> frozenset[str]:
    return frozenset((files("tzdata") / "zones").read_text(encoding="utf-8").split())


def given(values: dict[str, Any], *, may_be_null: Sequence[str] = ()) -> dict[str, Any]:
    """The fields that a change speaks of: null says nothing, except where it takes a limit away."""
    return {field: value for field, value in values.items() if value is not None or field in may_be_null}
