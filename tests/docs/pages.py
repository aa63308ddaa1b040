"""The documents as data: their blocks of code, headings and links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]

_FENCE: Final = re.compile(r"(?P<indent> *)```(?P<info>.*)")
_NOTE: Final = re.compile(r"<!-- (?P<text>.*) -->")
_HEADING: Final = re.compile(r"#{1,6} (?P<title>.+)")
_LINK: Final = re.compile(r"!?\[[^\]]*\]\((?P<target>[^)\s]+)\)")
_CODE: Final = re.compile(r"`[^`]+`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A block of code. ``note`` is the comment right above it, which says how it is to be read."""

    page: Path
    line: int
    info: str
    text: str
    note: str = ""

    @property
    def language(self) -> str:
        return self.info.split()[0] if self.info else ""

    @property
    def place(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def pages() -> list[Path]:
    """Every document of the repository that people read as a page."""
    return [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]


def blocks(page: Path) -> list[Block]:
    """The blocks of code of a page, from the top."""
    found: list[Block] = []
    inside: list[str] | None = None
    info, begin, note, indent = "", 0, "", 0
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        fence = _FENCE.fullmatch(line)
        if fence and inside is None:
            inside, info, begin, indent = [], fence["info"].strip(), number, len(fence["indent"])
        elif fence and inside is not None:
            text = "".join(f"{one}\n" for one in inside)
            found.append(Block(page=page, line=begin, info=info, text=text, note=note))
            inside, note = None, ""
        elif inside is not None:
            inside.append(line[indent:] if line[:indent].isspace() else line)
        elif line.strip():
            written = _NOTE.fullmatch(line.strip())
            note = written["text"] if written else ""
    assert inside is None, f"{page}: a block of code has no end"
    return found


def prose(page: Path) -> Iterator[tuple[int, str]]:
    """The lines outside of blocks of code, with their numbers."""
    inside = False
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), start=1):
        if _FENCE.fullmatch(line):
            inside = not inside
        elif not inside:
            yield number, line


def links(page: Path) -> Iterator[tuple[int, str]]:
    """Where a page's links and pictures lead to."""
    for number, line in prose(page):
        for match in _LINK.finditer(_CODE.sub("", line)):
            yield number, match["target"]


def anchors(page: Path) -> set[str]:
    """The anchors that the headings of a page get where pages like these are shown."""
    found: set[str] = set()
    for _, line in prose(page):
        if match := _HEADING.fullmatch(line):
            title = re.sub(r"[^\w\- ]", "", match["title"].lower()).replace(" ", "-")
            again = (f"{title}-{n}" for n in range(1, 100))
            found.add(title if title not in found else next(a for a in again if a not in found))
    return found
