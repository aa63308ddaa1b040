"""Marks in the answers of the database: control characters, which no JSON text contains.

Answers are not walked. Whether a mark is in one costs next to nothing; only where one is, the places
between marks are looked at: stored texts are opened, numbers that did not fit their field and texts that
no key opens become null and errors, and the numbers of clients whose data an answer holds are taken
out of it and told.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

import orjson

from sessional.errors import Unreadable
from sessional.store.dialect import CLIENT_MARK, OUT_OF_RANGE_MARK, STORED_MARK

# Stands where a text stood that no key opens.
UNREADABLE_MARK: Final = "\x05"
# Marks in the place of a value -> what stands for them while an answer is a value, and what they say.
_STAND_INS: Final = {OUT_OF_RANGE_MARK: '{"\\u0001":0}', UNREADABLE_MARK: '{"\\u0001":1}'}
_SAYS: Final = (
    (
        "This number needs more than 32 bits, which its field cannot hold. "
        "Instants are whole in `startsAt` and `endsAt`.",
        {"code": "INT_OUT_OF_RANGE"},
    ),
    (Unreadable.public_message, {"code": Unreadable.code}),
)
_KEY: Final = "\x01"
# What is marked, and what stands for it while an answer is a value.
_STRING: Final = r'"(?:[^"\\]|\\.)*"'
_STORED: Final = re.compile(f"{STORED_MARK}(\\w+):({_STRING}){STORED_MARK}")
_STORED_STAND_IN: Final = re.compile(rf'\{{"\\u0004":\["(\w+)",({_STRING})\]\}}')
_CLIENT: Final = re.compile(f"{CLIENT_MARK}(\\d+){CLIENT_MARK}")
_CLIENT_STAND_IN: Final = re.compile(r',"\\u0003":(\d+)')


def take_clients(text: str) -> tuple[str, list[str]]:
    """A text without the numbers of clients that are marked in it, and those numbers."""
    parts = text.split(CLIENT_MARK)
    return "".join(parts[::2]), parts[1::2]


def open_stored(text: str, opened: Callable[[str, str], str]) -> tuple[str, Unreadable | None]:
    """A text with the marked ones in it opened, and why one of them was not: it is marked in its turn.

    ``opened`` is asked with a column's name and the text, and raises Unreadable.
    """
    parts, failed = text.split(STORED_MARK), None
    for place in range(1, len(parts), 2):
        name, _, quoted = parts[place].partition(":")
        try:
            parts[place] = orjson.dumps(opened(name, orjson.loads(quoted))).decode()
        except Unreadable as error:
            parts[place], failed = UNREADABLE_MARK, error
    return "".join(parts), failed


def is_marked(text: str) -> bool:
    return OUT_OF_RANGE_MARK in text or UNREADABLE_MARK in text


def decode(text: str) -> Any:
    """The JSON value of a text that may hold marks; a mark becomes an object that no answer has."""
    for mark, stand_in in _STAND_INS.items():
        text = text.replace(mark, stand_in)
    text = _CLIENT.sub(r',"\\u0003":\1', text)
    return orjson.loads(_STORED.sub(r'{"\\u0004":["\1",\2]}', text))


def encode(value: Any) -> str:
    """The reverse of ``decode``."""
    text = orjson.dumps(value).decode()
    for mark, stand_in in _STAND_INS.items():
        text = text.replace(stand_in, mark)
    text = _CLIENT_STAND_IN.sub(rf"{CLIENT_MARK}\1{CLIENT_MARK}", text)
    return _STORED_STAND_IN.sub(rf"{STORED_MARK}\1:\2{STORED_MARK}", text)


def resolve(text: str, key: str) -> tuple[str, list[dict[str, Any]]]:
    """A root field's text with null at each mark, and an error for each, under its full path."""
    value = decode(text)
    holder = {key: value}
    errors = [_error(path, *_SAYS[what]) for path, what in _clear(holder, [])]
    return orjson.dumps(holder[key]).decode(), errors


def _error(path: list[str | int], message: str, extensions: dict[str, str]) -> dict[str, Any]:
    return {"message": message, "path": path, "extensions": extensions}


def _clear(container: Any, path: list[str | int]) -> Iterator[tuple[list[str | int], int]]:
    """Set to null what is marked; the paths of that, and what each mark says."""
    members = container.items() if isinstance(container, dict) else enumerate(container)
    for key, value in list(members):
        if isinstance(value, dict) and _KEY in value:
            container[key] = None
            yield [*path, key], value[_KEY]
        elif isinstance(value, dict | list):
            yield from _clear(value, [*path, key])
