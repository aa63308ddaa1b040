"""Options that several commands share, and the settings as the command line sees them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from sessional.settings import ENV_FILE, Loaded, load

Database = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        help="sqlite:///path.db or postgresql://…; otherwise SESSIONAL_DATABASE, or sqlite:///sessional.db.",
        show_default=False,
    ),
]
EnvFile = Annotated[
    Path | None,
    typer.Option("--env-file", help="A file of SESSIONAL_… settings; .env is read if it is there."),
]
_DEFAULT_ENV_FILE: Final = Path(".env")


def env_file_in_use(given: Path | None) -> Path | None:
    """The env file: the one named, SESSIONAL_ENV_FILE, or .env in this folder if there is one."""
    if given is not None:
        return given
    if named := os.environ.get(ENV_FILE):
        return Path(named)
    return _DEFAULT_ENV_FILE if _DEFAULT_ENV_FILE.is_file() else None


def loaded(env_file: Path | None = None, **options: Any) -> Loaded:
    """The settings with these options; warnings go to stderr."""
    found = load(os.environ, env_file=env_file_in_use(env_file), options=options)
    for warning in found.warnings:
        typer.echo(f"sessional: warning: {warning}", err=True)
    return found


def database_url(given: str | None) -> str:
    """The database that a command works on."""
    return loaded(database=given).settings.database
