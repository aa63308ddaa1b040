"""Commands that only show: the schema, the settings."""

from __future__ import annotations

from dataclasses import fields

import typer
from rich.console import Console
from rich.table import Table

from sessional.cli.options import EnvFile, loaded
from sessional.graph.schema import sdl
from sessional.settings import Settings, shown, variable


def schema() -> None:
    """Print the GraphQL schema (SDL)."""
    typer.echo(sdl(), nl=False)


def settings(env_file: EnvFile = None) -> None:
    """Print every setting: its value, where it came from, what it is for."""
    found = loaded(env_file)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("setting", "value", "from", "what it is for"):
        table.add_column(title, overflow="fold", no_wrap=title == "setting")
    for setting in fields(Settings):
        value = getattr(found.settings, setting.name)
        table.add_row(
            variable(setting.name),
            shown(setting.name, value) or "–",
            found.sources[setting.name],
            setting.metadata["help"],
        )
    Console(soft_wrap=False).print(table)
