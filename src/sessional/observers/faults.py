"""What may be told of an exception: its types, its codes and where it happened, never its message.

A driver's message can hold a row ("Key (username)=(…) already exists."), and Python's own can hold
the value that did not fit. So a message is passed on only where its form shows that it is ours.
"""

from __future__ import annotations

import errno
import re
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from sessional.errors import SchemaFault, SessionalError, SettingsFault, Unreadable

MOST_LINKS: Final = 5
MOST_FRAMES: Final = 12
_SQLSTATE: Final = re.compile(r"[0-9A-Z]{5}")
_NAME: Final = re.compile(r"[\w.]{1,100}")
# Words alone, as our own sentences are. One that was made from a driver's error has a colon.
_OURS: Final = re.compile(r"[a-z ]{1,100}")
# SQLite says so of names in our own SQL texts; values never enter those.
_NO_SUCH: Final = re.compile(r"no such (?:table|column|index|function): [\w.]{1,60}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One exception of a chain. Frames are Python's usual lines, the innermost last."""

    type: str
    detail: str
    frames: list[str]

    def __str__(self) -> str:
        return f"{self.type} ({self.detail})" if self.detail else self.type


def links(error: BaseException, *, with_frames: bool = True) -> list[Link]:
    """The exception and what caused it, the outermost first."""
    return [
        Link(
            type=type_name(type(error)),
            detail=detail(error),
            frames=_frames(error) if with_frames else [],
        )
        for error in _chain(error)
    ]


def _chain(error: BaseException) -> Iterator[BaseException]:
    following: BaseException | None = error
    for _ in range(MOST_LINKS):
        if following is None:
            return
        yield following
        silent = following.__suppress_context__
        following = following.__cause__ or (None if silent else following.__context__)


def type_name(type_: type[BaseException]) -> str:
    module = type_.__module__
    return type_.__qualname__ if module == "builtins" else f"{module}.{type_.__qualname__}"


def detail(error: BaseException) -> str:
    """What is known to be safe beside the type: codes, a constraint's name, words of our own."""
    found = {
        "SQLSTATE": _matching(_SQLSTATE, getattr(error, "sqlstate", None)),
        "constraint": _matching(_NAME, getattr(error, "constraint_name", None)),
        "SQLite": _number(getattr(error, "extendedresult", None)),
        "errno": errno.errorcode.get(error.errno or 0, "") if isinstance(error, OSError) else "",
    }
    parts = [f"{name} {value}" for name, value in found.items() if value]
    return ", ".join([*parts, *_words(error)])


def _words(error: BaseException) -> list[str]:
    if isinstance(error, SettingsFault | SchemaFault | Unreadable):
        return [error.message]
    text = str(error)[:200]
    ours = isinstance(error, SessionalError) and _OURS.fullmatch(text)
    missing = type(error).__module__.startswith("apsw") and _NO_SUCH.fullmatch(text)
    return [text] if ours or missing else []


def _matching(pattern: re.Pattern[str], value: object) -> str:
    return value if isinstance(value, str) and pattern.fullmatch(value) else ""


def _number(value: object) -> str:
    return str(value) if isinstance(value, int) and value > 0 else ""


def _frames(error: BaseException) -> list[str]:
    """Where it happened, without the text of the lines: that is in the repository."""
    frames = [(f.f_code, line) for f, line in traceback.walk_tb(error.__traceback__)]
    return [
        f'File "{_short(code.co_filename)}", line {line}, in {code.co_qualname}'
        for code, line in frames[-MOST_FRAMES:]
    ]


def _short(path: str) -> str:
    return "/".join(path.split("/")[-3:])


class Allowance:
    """So many a second: a database that is down must not cost more than the requests themselves."""

    def __init__(self, each_second: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._each_second = each_second
        self._clock = clock
        self._second, self._left = 0, 0

    def takes(self) -> bool:
        second = int(self._clock())
        if second != self._second:
            self._second, self._left = second, self._each_second
        self._left -= 1
        return self._left >= 0
