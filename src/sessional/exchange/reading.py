"""The bytes of an import file -> numbered lines as values, one at a time.

Knows JSON Lines and its limits. Must not know what is done with a line.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Final

import orjson

from sessional.errors import ImportRefused
from sessional.exchange.lines import Line, read
from sessional.exchange.members import BadLine

# A line is held whole in memory. A therapist with a thousand specialisms needs a tenth of this.
LONGEST_LINE: Final = 1_000_000
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_BLANK: Final = object()


def numbered(file: BinaryIO) -> Iterator[tuple[int, Line]]:
    """The lines that are not blank, counted from 1 as an editor counts. Raises ImportRefused."""
    for number, raw in enumerate(_raw_lines(file), start=1):
        try:
            if (given := _parsed(raw)) is not _BLANK:
                yield number, read(given)
        except BadLine as bad:
            raise ImportRefused(bad.reason, line=number) from None


def _raw_lines(file: BinaryIO) -> Iterator[bytes]:
    # Two bytes more than a line may have: they are its end where it is not too long.
    first = file.readline(LONGEST_LINE + 2).removeprefix(_BYTE_ORDER_MARK)
    if first:
        yield first
    while raw := file.readline(LONGEST_LINE + 2):
        yield raw


def _parsed(raw: bytes) -> object:
    if len(raw.rstrip(b"\r\n")) > LONGEST_LINE:
        raise BadLine(f"the line is longer than {LONGEST_LINE:,} bytes")
    if raw.isspace():
        return _BLANK
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise BadLine(_what_is_wrong(raw, error)) from None


def _what_is_wrong(raw: bytes, error: orjson.JSONDecodeError) -> str:
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError as wrong:
        return f"the line is not UTF-8 (byte {wrong.start + 1})"
    return f"the line is not JSON: {error.msg} (column {error.colno})"
