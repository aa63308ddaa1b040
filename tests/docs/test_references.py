"""The reference says what the code does: settings, commands, the worked example, the errors."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import GraphQLUnionType

from sessional import errors
from sessional.errors import BookingRefused, SessionalError
from sessional.graph.schema import schema
from sessional.store.constraints import Conflict
from tests.docs.generate import PARTS, generated, with_generated_parts
from tests.docs.pages import ROOT

ERRORS = ROOT / "docs/reference/errors.md"
# Never leaves the store and the actions: they say what it means.
WITHIN = {Conflict.code}
ON_THE_COMMAND_LINE = "On the command line"
_ROW = re.compile(r"\| `(?P<code>[A-Z_]+)` \|(?P<rest>.*)")


@pytest.mark.parametrize("part", PARTS)
def test_what_a_page_takes_from_the_code_is_as_the_code_has_it(part: str) -> None:
    page = with_generated_parts()[part]
    assert generated(page) == page.read_text(encoding="utf-8"), "run: python -m tests.docs.generate"


def described() -> dict[str, str]:
    """Every code in the reference, with the heading that it stands under."""
    found: dict[str, str] = {}
    heading = ""
    for line in ERRORS.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            heading = line.removeprefix("## ")
        elif match := _ROW.match(line):
            assert match["code"] not in found, f"{match['code']} is described twice"
            found[match["code"]] = heading
    return found


def raised() -> set[str]:
    """Every code that an answer can have: of the tree of errors, of the graph, of HTTP."""
    tree = {cls.code for cls in _classes(SessionalError) if "code" in vars(cls)}
    rooms = [*(ROOT / "src/sessional/graph").glob("*.py"), *(ROOT / "src/sessional/web").glob("*.py")]
    return (tree | {code for path in rooms for code in _literal_codes(path)}) - WITHIN


def _classes(cls: type[SessionalError]) -> Iterator[type[SessionalError]]:
    for below in cls.__subclasses__():
        yield below
        yield from _classes(below)


def _literal_codes(path: Path) -> Iterator[str]:
    """Codes that are given to ``RequestError`` and ``Refused``, or stand in ``{"code": …}``."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("RequestError", "Refused"):
            yield from (a.value for a in node.args if _is_code(a))  # type: ignore[attr-defined]
        elif isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "code" and _is_code(value):
                    yield value.value  # type: ignore[attr-defined]


def _is_code(node: ast.expr) -> bool:
    value = node.value if isinstance(node, ast.Constant) else None
    return isinstance(value, str) and re.fullmatch(r"[A-Z_]{3,}", value) is not None


def test_the_reference_of_errors_has_every_code_there_is_and_no_other() -> None:
    assert set(described()) == raised()


def test_the_module_of_errors_opens_with_the_whole_tree() -> None:
    below = {SessionalError, *_classes(SessionalError)}
    tree = {cls.__name__: cls.__bases__[0].__name__ for cls in below if cls.__module__ == errors.__name__}
    assert _drawn(errors.__doc__ or "") == tree | {"SessionalError": "Exception"}


def _drawn(text: str) -> dict[str, str]:
    """Each class of a drawn tree with the one that it hangs on."""
    found, above = {}, {0: "Exception"}
    for line in text.splitlines():
        if match := re.match(r"    (?P<branch>[│├└─ ]*)(?P<name>[A-Z]\w+)", line):
            depth = len(match["branch"]) // 4 + 1
            above[depth] = match["name"]
            found[match["name"]] = above[depth - 1]
    return found


def test_the_guide_has_every_refusal_of_a_booking_with_its_code_and_its_data() -> None:
    row = re.compile(r"\| `(?P<type>[A-Z]\w+)` \| `(?P<code>[A-Z_]+)` \| (?P<data>.*)\|")
    page = (ROOT / "docs/guide/booking.md").read_text(encoding="utf-8")
    told = {m["type"]: (m["code"], set(re.findall(r"`(\w+)`", m["data"]))) for m in row.finditer(page)}
    union = schema().type_map["BookAppointmentError"]
    assert isinstance(union, GraphQLUnionType)
    codes = {cls.__name__: cls.code for cls in _classes(BookingRefused)}
    assert told == {
        refusal.name: (codes[refusal.name], set(refusal.fields) - {"code", "message", "path"})
        for refusal in union.types
    }


def test_what_stands_under_the_command_line_never_reaches_a_caller_of_the_api() -> None:
    below = {code for code, heading in described().items() if heading == ON_THE_COMMAND_LINE}
    assert below == {"SETTINGS", "SCHEMA", "BACKUP", "IMPORT_REFUSED"}
