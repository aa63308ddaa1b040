"""The parts of the documents that are made from the code: ``python -m tests.docs.generate``.

A page has a place for each: from ``<!-- generated: name -->`` to ``<!-- generated until here -->``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any, Final

import typer

from sessional.access import HIDDEN, READS, ROLES, Action, extent, reach
from sessional.cli import app_for
from sessional.graph.deeds import DEEDS
from sessional.graph.mutations import MUTATIONS
from sessional.graph.questions import QUESTIONS
from sessional.settings import Settings, variable
from tests.docs.pages import ROOT
from tests.docs.worked_example import worked_example

_PLACE: Final = re.compile(
    r"(<!-- generated: (?P<name>[a-z-]+) -->\n).*?(<!-- generated until here -->)", re.DOTALL
)


def settings() -> str:
    """Every setting as a row of a table."""
    rows = ["| variable | default | what it is for |", "|---|---|---|"]
    for setting in fields(Settings):
        rows.append(
            f"| `{variable(setting.name)}` | {_default(setting.default)} | "
            f"{_cell(setting.metadata['help'])}{_bound(**setting.metadata)} |"
        )
    return "\n".join(rows) + "\n"


def _default(value: Any) -> str:
    if value == "":
        return "–"
    return f"`{int(value)}`" if isinstance(value, bool) else f"`{value}`"


def _bound(least: int | None, most: int | None, **_: Any) -> str:
    if most is not None:
        return f"; {least} to {most}"
    return "" if least is None else f"; at least {least}"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def commands() -> str:
    """Every command: what it does, its arguments and options."""
    return "\n".join(_command("sessional", typer.main.get_command(app_for(()))))


def _command(name: str, command: Any) -> Iterator[str]:
    below: dict[str, Any] = getattr(command, "commands", {})
    if not below:
        yield f"### {name}\n"
        yield f"```text\n{name} {_usage(command)}\n```\n"
        yield f"{_paragraphs(command.help)}\n"
        yield from _parameters(command.params)
    for inner, inner_command in below.items():
        yield from _command(f"{name} {inner}", inner_command)


def _usage(command: Any) -> str:
    arguments = [_argument(p) for p in command.params if p.param_type_name == "argument"]
    return " ".join([*arguments, "[OPTIONS]"])


def _argument(parameter: Any) -> str:
    word: str = parameter.metavar or parameter.name.upper()
    return word if parameter.required else f"[{word}]"


def _paragraphs(text: str) -> str:
    return re.sub(r"[ \t]*\n[ \t]*", "\n", text.replace("\b", "").strip())


def _parameters(parameters: list[Any]) -> Iterator[str]:
    shown = [p for p in parameters if not p.hidden]
    if not shown:
        return
    yield "| argument or option | default | what it is for |\n|---|---|---|"
    for parameter in shown:
        help_ = _cell(getattr(parameter, "help", None) or "")
        yield f"| `{_written(parameter)}` | {_shown_default(parameter)} | {help_} |"
    yield ""


def _written(parameter: Any) -> str:
    if parameter.param_type_name == "argument":
        return _argument(parameter)
    word = "" if parameter.is_flag else f" {parameter.metavar or parameter.name.upper()}"
    return ", ".join([*parameter.opts, *parameter.secondary_opts]) + word


def _shown_default(parameter: Any) -> str:
    shown = getattr(parameter, "show_default", None)
    if isinstance(shown, str):
        return f"`{shown}`"
    value = parameter.default
    return "–" if value is None or value is False or callable(value) else f"`{value}`"


def access() -> str:
    """Who does what, who reads what, and what nobody of a role sees: the tables of access.py."""
    return "\n".join([*_does(), "", *_reads(), "", *_hides()]) + "\n"


def _does() -> Iterator[str]:
    yield from _roles("action")
    for action in Action:
        asked = [
            f"`{name}`"
            for name, each in {**DEEDS, **MUTATIONS, **QUESTIONS}.items()
            if each.action is action
        ]
        cells = (reach(role, action) for role in ROLES)
        yield f"| {action}: {', '.join(asked)} | {' | '.join(cells)} |"


def _reads() -> Iterator[str]:
    yield from _roles("type")
    for name in READS:
        yield f"| `{name}` | {' | '.join(extent(role, name) for role in ROLES)} |"


def _roles(first: str) -> Iterator[str]:
    yield f"| {first} | {' | '.join(ROLES)} |"
    yield f"|---|{'---|' * len(ROLES)}"


def _hides() -> Iterator[str]:
    yield "| role | does not see |\n|---|---|"
    for role, types in HIDDEN.items():
        shown = [f"`{name}.{field}`" for name, fields_ in types.items() for field in sorted(fields_)]
        yield f"| {role} | {', '.join(shown)} |"


# ---- into the pages -----------------------------------------------------------------------------

PARTS: Final[dict[str, Callable[[], str]]] = {
    "settings": settings,
    "commands": commands,
    "access": access,
    "worked-example": worked_example,
}


def generated(page: Path) -> str:
    """The page's text with its generated parts as they have to be."""

    def part(match: re.Match[str]) -> str:
        return f"{match[1]}\n{PARTS[match['name']]().strip()}\n\n{match[3]}"

    return _PLACE.sub(part, page.read_text(encoding="utf-8"))


def with_generated_parts() -> dict[str, Path]:
    """Which page holds which part."""
    return {
        match["name"]: page
        for page in sorted((ROOT / "docs").rglob("*.md"))
        for match in _PLACE.finditer(page.read_text(encoding="utf-8"))
    }


if __name__ == "__main__":
    for page in set(with_generated_parts().values()):
        page.write_text(generated(page), encoding="utf-8")
