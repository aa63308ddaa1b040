"""Whether an answer is like the one that a page shows.

Values are compared, except where they differ from day to day or from run to run: numbers, instants,
tokens, opaque texts. A shown text that ends in "…" stands for everything that begins like it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

# What may differ as long as it looks alike.
_LOOKS: Final = tuple(
    map(
        re.compile,
        (
            r"eyJ[\w-]+\.[\w-]+\.[\w-]+",  # a token
            r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ",  # an instant
            r"\d+",  # a number, also that of an ID
            r"(?=.*\d)(?=.*[A-Z])(?=.*[a-z])[A-Za-z0-9+/]{8,}={0,2}",  # a cursor, a global id
        ),
    )
)
_ELLIPSIS: Final = "…"


def differences(shown: Any, got: Any, path: str = "answer") -> Iterator[str]:
    """Where two decoded JSON values are not alike."""
    if isinstance(shown, dict) and isinstance(got, dict):
        if list(shown) != list(got):
            yield f"{path}: the page shows {list(shown)}, the answer has {list(got)}"
        for key in shown.keys() & got.keys():
            yield from differences(shown[key], got[key], f"{path}.{key}")
    elif isinstance(shown, list) and isinstance(got, list):
        if len(shown) != len(got):
            yield f"{path}: the page shows {len(shown)} items, the answer has {len(got)}"
        for at, (one, other) in enumerate(zip(shown, got, strict=False)):
            yield from differences(one, other, f"{path}[{at}]")
    elif not _alike(shown, got):
        yield f"{path}: the page shows {shown!r}, the answer is {got!r}"


def other_ids(shown: Any, got: Any) -> Iterator[tuple[str, str]]:
    """Numbers of rows that the page shows, each with the one that stands in its place here."""
    if isinstance(shown, dict) and isinstance(got, dict):
        for key in shown.keys() & got.keys():
            yield from other_ids(shown[key], got[key])
    elif isinstance(shown, list) and isinstance(got, list):
        for one, other in zip(shown, got, strict=False):
            yield from other_ids(one, other)
    elif isinstance(shown, str) and isinstance(got, str) and shown.isdecimal() and got.isdecimal():
        yield shown, got


def _alike(shown: Any, got: Any) -> bool:
    if type(shown) is int and type(got) is int:
        return True
    if not (isinstance(shown, str) and isinstance(got, str)):
        return type(shown) is type(got) and bool(shown == got)
    if shown.endswith(_ELLIPSIS):
        return got.startswith(shown.removesuffix(_ELLIPSIS))
    return shown == got or any(look.fullmatch(shown) and look.fullmatch(got) for look in _LOOKS)


def same_lines(shown: str, got: str) -> bool:
    """Whether printed lines are alike; a line that is only "…" stands for any number of lines."""
    pattern = "".join(
        r"(?:.*\n)*" if line.strip() == _ELLIPSIS else re.escape(_bare(line)) + r"\n"
        for line in shown.splitlines()
    )
    return re.fullmatch(pattern, "".join(f"{_bare(line)}\n" for line in got.splitlines())) is not None


def _bare(line: str) -> str:
    """A line without what differs from run to run: digits, and how wide a column is."""
    line = re.sub(r"eyJ[\w.-]+", "TOKEN", line)
    return " ".join(re.sub(r"\d+(\.\d+)?", "0", line).split())
