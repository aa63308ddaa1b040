"""Numbers that did not fit their field: the database marked them, here they become null and errors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import orjson

from sessional.store.dialect import OUT_OF_RANGE_MARK

_STAND_IN: Final = '{"\\u0001":1}'
_KEY: Final = "\x01"


def is_marked(text: str) -> bool:
    return OUT_OF_RANGE_MARK in text


def decode(text: str) -> Any:
    """The JSON value of a text that may hold marks; a mark becomes an object that no answer has."""
    return orjson.loads(text.replace(OUT_OF_RANGE_MARK, _STAND_IN))


def encode(value: Any) -> str:
    """The reverse of ``decode``."""
    return orjson.dumps(value).decode().replace(_STAND_IN, OUT_OF_RANGE_MARK)


def resolve(text: str, key: str) -> tuple[str, list[dict[str, Any]]]:
    """A root field's text with null at each mark, and an error for each, under its full path."""
    value = decode(text)
    holder = {key: value}
    errors = [
        {
            "message": "This number needs more than 32 bits, which its field cannot hold. "
            "Instants are whole in `startsAt` and `endsAt`.",
            "path": path,
            "extensions": {"code": "INT_OUT_OF_RANGE"},
        }
        for path in _clear(holder, [])
    ]
    return orjson.dumps(holder[key]).decode(), errors


def _clear(container: Any, path: list[str | int]) -> Iterator[list[str | int]]:
    members = container.items() if isinstance(container, dict) else enumerate(container)
    for key, value in list(members):
        if isinstance(value, dict) and _KEY in value:
            container[key] = None
            yield [*path, key]
        elif isinstance(value, dict | list):
            yield from _clear(value, [*path, key])
