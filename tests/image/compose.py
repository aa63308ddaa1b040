"""Reads compose.yaml: mappings and lists by indentation, and lists in brackets. No more of YAML."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

_KEY: Final = re.compile(r"(?P<key>[\w.-]+):(?: +(?P<value>.+))?")
_VARIABLE: Final = re.compile(r"\$\{(?P<name>\w+):\?[^}]*\}")


def read(path: Path) -> dict[str, Any]:
    """The file's mapping."""
    lines = [
        (len(line) - len(line.lstrip()), line.strip())
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.lstrip().startswith("#")
    ]
    value, rest = _block(lines, 0)
    assert not rest, f"not understood: {rest[0]}"
    assert isinstance(value, dict)
    return value


def _block(lines: list[tuple[int, str]], indent: int) -> tuple[Any, list[tuple[int, str]]]:
    """What stands at this indentation, and the lines after it."""
    if lines and lines[0][1].startswith("- "):
        items = []
        while lines and lines[0][0] == indent:
            items.append(_scalar(lines[0][1].removeprefix("- ")))
            lines = lines[1:]
        return items, lines
    mapping: dict[str, Any] = {}
    while lines and lines[0][0] == indent:
        match = _KEY.fullmatch(lines[0][1])
        assert match, f"not understood: {lines[0][1]}"
        assert match["key"] not in mapping, f"twice: {match['key']}"
        lines = lines[1:]
        if match["value"] is not None:
            mapping[match["key"]] = _scalar(match["value"])
        elif lines and lines[0][0] > indent:
            mapping[match["key"]], lines = _block(lines, lines[0][0])
        else:
            mapping[match["key"]] = None
    return mapping, lines


def _scalar(text: str) -> Any:
    if text.startswith(('"', "[")):
        return json.loads(text)
    return {"true": True, "false": False}.get(text, text)


def filled(value: str, variables: dict[str, str]) -> str:
    """A value with its ``${NAME:?why}`` filled in. Raises KeyError for one that is not given."""
    return _VARIABLE.sub(lambda match: variables[match["name"]], value)


def asked_for(value: str) -> set[str]:
    """The variables without which the file is refused."""
    return {match["name"] for match in _VARIABLE.finditer(value)}
