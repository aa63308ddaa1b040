"""docs/scenarios.md: every situation has its outcome and tests that are about it."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

from tests.docs.pages import ROOT

PAGE = ROOT / "docs" / "scenarios.md"
NUMBERS = range(1, 46)
# Their features are not there yet: whoever brings one brings its line, without which a test here fails.
TO_COME = {44}
_OUTCOME = re.compile(r"- \*\*(?P<number>\d+)\.\*\* .+")
_TEST = re.compile(r"  - \[(?P<name>[^\]]+)\]\(\.\./(?P<file>tests/[\w/]+\.py)\)")
# "Scenario 5", "Scenarios 14 and 15", "Scenarios 1, 2, 13 to 18": the numbers that a docstring names.
_NAMED = re.compile(r"[Ss]cenarios? (\d+(?:(?:, and |, | and | to )\d+)*)")


def listed() -> list[tuple[int, list[tuple[str, str]]]]:
    """Number -> the tests that the page names, each as its file and its name."""
    found: list[tuple[int, list[tuple[str, str]]]] = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if outcome := _OUTCOME.match(line):
            found.append((int(outcome["number"]), []))
        elif test := _TEST.fullmatch(line):
            found[-1][1].append((test["file"], f"test_{test['name'].replace(' ', '_')}"))
    return found


def numbers_in(text: str) -> set[int]:
    found: set[int] = set()
    for named in _NAMED.findall(text):
        for part in re.split(r", and |, | and ", named):
            first, _, last = part.partition(" to ")
            found.update(range(int(first), int(last or first) + 1))
    return found


@cache
def about(file: Path) -> dict[str, set[int]]:
    """Test -> the situations that its docstring names."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    tests = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return {test.name: numbers_in(ast.get_docstring(test) or "") for test in tests}


def test_every_situation_has_an_outcome_in_its_order_and_a_test() -> None:
    numbers = [number for number, _ in listed()]
    assert numbers == sorted(set(numbers))
    assert set(NUMBERS) - set(numbers) <= TO_COME
    assert [number for number, tests in listed() if not tests] == []


def test_every_test_that_the_page_names_says_that_it_is_about_that_situation() -> None:
    wrong = [
        (number, file, name)
        for number, tests in listed()
        for file, name in tests
        if number not in about(ROOT / file).get(name, set())
    ]
    assert wrong == []


def test_no_test_is_about_a_situation_that_the_page_does_not_have() -> None:
    named = {
        number
        for file in (ROOT / "tests").rglob("test_*.py")
        for numbers in about(file).values()
        for number in numbers
    }
    missing = sorted(named - {number for number, _ in listed()})
    assert missing == [], "docs/scenarios.md needs a line for each of these"


def test_numbers_are_read_as_people_write_them() -> None:
    assert numbers_in("Scenarios 1, 2, 13 to 15, and 20: all.") == {1, 2, 13, 14, 15, 20}
    assert numbers_in("It obeys the same rules (scenario 45).") == {45}
    assert numbers_in("Scenario 2: 24 hours before 12:00.") == {2}
