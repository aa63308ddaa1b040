"""Reads statements.sql: the name of a statement -> its text and the order of its values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any

_VALUE = re.compile(r"(?<![:\w]):([a-z_]+)")


@dataclass(frozen=True, slots=True)
class Written:
    """A hand-written statement for one database; ``values`` names its places in order."""

    sql: str
    values: tuple[str, ...]

    def arguments(self, given: dict[str, Any]) -> list[Any]:
        return [given[name] for name in self.values]


@cache
def written(database: str) -> dict[str, Written]:
    """All statements for ``postgres`` or ``sqlite``, by name."""
    text = (files("sessional.store") / "statements.sql").read_text(encoding="utf-8")
    blocks = re.split(r"^-- name: *", text, flags=re.MULTILINE)[1:]
    named = [block.split("\n", 1) for block in blocks]
    found = {name.strip(): _prepare(body, database) for name, body in named}
    assert len(found) == len(named), "two statements have one name"
    return found


def _prepare(body: str, database: str) -> Written:
    other = "sqlite" if database == "postgres" else "postgres"
    lines = [
        line.removesuffix(f"-- {database}").rstrip()
        for line in body.splitlines()
        if line.strip() and not line.startswith("--") and not line.endswith(f"-- {other}")
    ]
    names: list[str] = []
    mark = "$" if database == "postgres" else "?"

    def place(match: re.Match[str]) -> str:
        if match[1] not in names:
            names.append(match[1])
        return f"{mark}{names.index(match[1]) + 1}"

    sql = _VALUE.sub(place, "\n".join(lines))
    return Written(sql, tuple(names))
