"""The command line: sessional --help. Errors are one sentence on stderr; the exit status is 1 for
a refusal or a fault, 2 for a command line that cannot be read, 0 for everything that went well.

A command loads what it needs and no more: half of the time of most would go into what others need.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Annotated, Any, Final

import typer
from typer.core import TyperGroup

from sessional import __version__
from sessional.errors import SessionalError

# Each command, in the order of the help: the module that has it, and its function or its own commands.
COMMANDS: Final = {
    "serve": ("serve", "serve"),
    "migrate": ("migrate", "migrate"),
    "import": ("exchange", "import_file"),
    "export": ("exchange", "export_file"),
    "user": ("users", "accounts"),
    "key": ("keys", "machines"),
    "outbox": ("outbox", "outbox"),
    "closures": ("closures", "closures"),
    "timezones": ("timezones", "timezones"),
    "client": ("client", "clients"),
    "retention": ("retention", "retention"),
    "verify": ("verify", "verify"),
    "backup": ("backup", "backup"),
    "restore": ("backup", "restore"),
    "reencrypt": ("reencrypt", "reencrypt"),
    "give-up-key": ("give_up_key", "give_up_key"),
    "selftest": ("selftest", "selftest"),
    "schema": ("show", "schema"),
    "settings": ("show", "settings"),
}


# What the library that reads options says of a value that it cannot take, and what people are told.
_PLAIN_WORDS: Final = (
    ("Value error, ", ""),
    ("Input should be a valid integer, unable to parse string as an integer", "it must be a whole number."),
)


class _Commands(TyperGroup):
    """All commands, with a wrong value named in plain words."""

    def invoke(self, ctx: typer.Context) -> Any:  # type: ignore[override]
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            for theirs, ours in _PLAIN_WORDS:
                error.message = error.message.replace(theirs, ours)
            raise


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sessional {__version__}")
        raise typer.Exit


def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def app_for(words: Sequence[str]) -> typer.Typer:
    """The command line with the one command that the words begin with, or with all where that is none."""
    app = typer.Typer(
        name="sessional",
        cls=_Commands,
        help="The appointment engine for therapy services: a GraphQL API on SQLite or PostgreSQL.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback()(_main)
    for name in words[:1] if words and words[0] in COMMANDS else COMMANDS:
        module, member = COMMANDS[name]
        found = getattr(import_module(f"sessional.cli.{module}"), member)
        if isinstance(found, typer.Typer):
            app.add_typer(found, name=name)
        else:
            app.command(name)(found)
    return app


def main() -> None:
    """What ``sessional`` and ``python -m sessional`` run."""
    try:
        app_for(sys.argv[1:])()
    except SessionalError as error:
        typer.echo(f"sessional: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
