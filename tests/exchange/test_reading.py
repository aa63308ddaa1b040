"""The bytes of a file: what counts as a line, and which number it has."""

from __future__ import annotations

import io

import pytest

from sessional.errors import ImportRefused
from sessional.exchange.lines import SpecialismLine
from sessional.exchange.reading import LONGEST_LINE, numbered

CBT = b'{"kind":"specialism","name":"CBT"}'


def read(content: bytes) -> list[tuple[int, str]]:
    return [
        (number, line.name)
        for number, line in numbered(io.BytesIO(content))
        if isinstance(line, SpecialismLine)
    ]


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (b"", []),
        (b"\n\n", []),
        (CBT, [1]),
        (CBT + b"\n", [1]),
        (CBT + b"\r\n" + CBT, [1, 2]),
        (b"\xef\xbb\xbf" + CBT, [1]),
        (b"\xef\xbb\xbf", []),
        (b"\xef\xbb\xbf\n" + CBT, [2]),
        (b"\n \t\n" + CBT + b"\n\n" + CBT, [3, 5]),
    ],
)
def test_blank_lines_and_a_byte_order_mark_are_passed_over_but_counted(content, found):
    assert read(content) == [(number, "CBT") for number in found]


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"{", "not JSON"),
        (CBT + CBT, "not JSON"),
        (b'{"kind":NaN}', "not JSON"),
        (b'{"kind":"specialism","name":"\\ud800"}', "not JSON"),
        (b'{"kind":"specialism","name":"Z\xfcrich"}', "not UTF-8 (byte 31)"),
        (b"\xef\xbb\xbf" + CBT, "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"7", "one JSON object"),
    ],
)
def test_a_line_that_cannot_be_read_is_refused_by_its_number(bad, reason):
    with pytest.raises(ImportRefused, match=r"^line 3: ") as refused:
        read(CBT + b"\n\n" + bad + b"\n" + CBT)
    assert reason in refused.value.reason
    assert refused.value.line == 3


@pytest.mark.parametrize("end", [b"", b"\n", b"\r\n"])
def test_a_line_has_at_most_a_million_bytes(end):
    filled = CBT + b" " * (LONGEST_LINE - len(CBT))
    assert read(filled + end) == [(1, "CBT")]
    with pytest.raises(ImportRefused, match=r"line 2: .*1,000,000 bytes"):
        read(CBT + b"\n" + filled + b" " + end)


def test_a_file_without_line_ends_is_refused_before_it_fills_the_memory():
    class Endless(io.RawIOBase):
        given = 0

        def readable(self):
            return True

        def readinto(self, buffer):
            self.given += len(buffer)
            buffer[:] = b" " * len(buffer)
            return len(buffer)

    endless = Endless()
    with pytest.raises(ImportRefused, match="line 1"):
        list(numbered(io.BufferedReader(endless)))
    assert endless.given < 3 * LONGEST_LINE
