"""Global ids and cursors: opaque to callers, base64 underneath."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2s
from typing import Any, Final, NamedTuple

import orjson

from sessional.errors import InvalidCursor
from sessional.store.shape import Kind, SortKey

LARGEST: Final = 2**63 - 1
# The number in the place of an id that is none: no row has it.
NOBODY: Final = -1
_GLOBAL: Final = re.compile(r"([A-Za-z]+):(0|[1-9]\d{0,18})", re.ASCII)
_NUMBER: Final = re.compile(r"0|-?[1-9]\d{0,18}", re.ASCII)


class GlobalId(NamedTuple):
    type_name: str
    number: int


def read_global_id(text: Any) -> GlobalId | None:
    """What a global id names; None where it is malformed. Only the one form that we write counts."""
    return _read_global_id(text) if isinstance(text, str) and len(text) <= 100 else None


@lru_cache(maxsize=256)  # a request needs each of its ids twice: for its plan and for its values
def _read_global_id(text: str) -> GlobalId | None:
    try:  # binascii itself: base64's functions look at the text once more, in Python
        plain = binascii.a2b_base64(text, strict_mode=True)
        match = _GLOBAL.fullmatch(plain.decode("ascii"))
    except ValueError:
        return None
    written = binascii.b2a_base64(plain, newline=False).decode()
    if match is None or int(match[2]) > LARGEST or written != text:
        return None
    return GlobalId(match[1], int(match[2]))


def number(text: Any) -> int | None:
    """The number in an ID that is one, as we write it, for example in ``therapistId``; else None."""
    if not isinstance(text, str) or not _NUMBER.fullmatch(text):
        return None
    value = int(text)
    return value if -LARGEST <= value <= LARGEST else None


def number_or_nobody(text: Any) -> int:
    """The same; one that no row has where it is no number, so that it finds nothing."""
    return NOBODY if (found := number(text)) is None else found


def sort_name(type_name: str, keys: Sequence[str]) -> str:
    """A short name for a sort, carried by its cursors so that they fit no other list."""
    return blake2s(f"{type_name}:{','.join(keys)}".encode(), digest_size=4).hexdigest()


def read_cursor(text: Any, order: Sequence[SortKey], name: str) -> list[Any]:
    """The values of the sort keys at a cursor's place. Raises InvalidCursor."""
    try:
        parts = orjson.loads(b64decode(text, validate=True))
        found, *values = parts
    except (binascii.Error, ValueError, TypeError):
        raise InvalidCursor("That is not a cursor of this service.") from None
    if found != name:
        raise InvalidCursor("That cursor belongs to another list or sort.")
    if len(values) != len(order) or not all(map(_fits, values, order)):
        raise InvalidCursor("That is not a cursor of this service.")
    return list(values)


def _fits(value: Any, key: SortKey) -> bool:
    if key.kind is Kind.TEXT:
        return isinstance(value, str) and "\0" not in value
    return type(value) is int and -LARGEST <= value <= LARGEST
