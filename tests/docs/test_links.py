"""Links lead somewhere, pictures are there, and files that pages name exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.docs.pages import ROOT, anchors, blocks, links, pages, prose

LARGEST_PICTURE_BYTES = 200_000
# What looks like a path of the repository between backquotes.
_PATH = re.compile(
    r"`(?P<path>(?:\.ci|src|tests|docs|web|bench|graph|store|web|diary|observers|cli)/[\w./-]+)`"
)
_TREE_LINE = re.compile(r"(?P<indent> *)(?P<names>[\w./ ]*?[\w/]) {2,}\S.*")


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.mark.parametrize("page", pages(), ids=named)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    lost = []
    for line, target in links(page):
        if target.startswith(("http://", "https://")):
            continue
        file, _, anchor = target.partition("#")
        path = (page.parent / file).resolve() if file else page
        if not path.exists() or (anchor and anchor not in anchors(path)):
            lost.append(f"{named(page)}:{line} {target}")
    assert lost == []


@pytest.mark.parametrize("page", pages(), ids=named)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    lost = []
    for line, text in prose(page):
        for match in _PATH.finditer(text):
            places = (ROOT / match["path"], ROOT / "src/sessional" / match["path"])
            if not any(place.exists() for place in places) and "static" not in match["path"]:
                lost.append(f"{named(page)}:{line} {match['path']}")
    assert lost == []


def test_every_page_is_linked_from_another_one() -> None:
    linked = {
        (page.parent / target.partition("#")[0]).resolve() for page in pages() for _, target in links(page)
    }
    assert [named(page) for page in pages() if page not in linked and page.name != "README.md"] == []


def test_pictures_are_small() -> None:
    pictures = [p for p in (ROOT / "docs").rglob("*") if p.suffix in (".png", ".jpg", ".svg")]
    assert pictures
    assert {named(p): p.stat().st_size for p in pictures if p.stat().st_size > LARGEST_PICTURE_BYTES} == {}


# ---- the map ------------------------------------------------------------------------------------


def mapped() -> set[Path]:
    """What the map in docs/architecture.md names."""
    page = ROOT / "docs/architecture.md"
    tree = next(block for block in blocks(page) if block.text.startswith("Makefile"))
    found, above = set(), [(-1, ROOT)]
    for line in tree.text.splitlines():
        match = _TREE_LINE.fullmatch(line) or re.fullmatch(r"(?P<indent> *)(?P<names>\S+)", line)
        assert match, line
        depth = len(match["indent"])
        while above[-1][0] >= depth:
            above.pop()
        path = above[-1][1] / match["names"].rstrip("/")
        found.add(path)
        above.append((depth, path))
    return found


def test_the_map_shows_only_what_is_there() -> None:
    assert [named(path) for path in sorted(mapped()) if not path.exists()] == []


def test_the_map_shows_every_room_of_the_house() -> None:
    house = ROOT / "src/sessional"
    rooms = {p for p in house.iterdir() if p.suffix == ".py" or (p / "__init__.py").exists()}
    rooms.remove(house / "__init__.py")
    assert [named(room) for room in sorted(rooms - mapped())] == []


def test_decisions_are_listed_as_they_stand_and_the_newest_stand_at_the_end() -> None:
    text = (ROOT / "docs/decisions.md").read_text("utf-8")
    listed = re.findall(r"^- \[(.*)\]\(#", text, re.MULTILINE)
    decided = re.findall(r"^## (.*)\n\n(\d{4}-\d\d-\d\d)", text, re.MULTILINE)
    assert listed == [title for title, _ in decided] == re.findall(r"^## (.*)$", text, re.MULTILINE)
    days = [day for _, day in decided]
    assert days == sorted(days)
