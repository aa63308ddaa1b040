"""sessional user: who may log in."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Annotated, Any, Final

import typer

from sessional.access import Role
from sessional.cli.exchange import current
from sessional.cli.options import Database
from sessional.credentials import LONGEST_PASSWORD, Passwords
from sessional.errors import InvalidArgument
from sessional.exchange.members import BadLine, username
from sessional.store import bulk
from sessional.store.constraints import Conflict

SHORTEST_PASSWORD: Final = 8

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name to log in with.")]
PasswordStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from the first line of the standard input."),
]


def user_add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.ADMIN,
    password_stdin: PasswordStdin = False,
    database: Database = None,
) -> None:
    """Add an account; asks for its password."""
    place = current(database, create=True)
    try:
        username("The name", name)
    except BadLine as bad:
        raise InvalidArgument(f"{bad.reason}.") from None
    password_hash = Passwords().hash(_new_password(password_stdin))
    values = {"username": name, "password_hash": password_hash, "role": role.value, "disabled_at": None}
    try:
        _change(place, "add_account", **values)
    except Conflict:
        raise InvalidArgument(f"There is a user “{name}” already.") from None
    typer.echo(f"Added {name} with the role {role.value}.")


def user_list(database: Database = None) -> None:
    """Show all accounts."""
    rows = asyncio.run(_all(current(database), "accounts"))
    if not rows:
        typer.echo("There are no users yet. Add one: sessional user add NAME")
        return
    table = [("name", "role", "state")]
    table += [(name, role, "disabled" if disabled else "active") for name, role, disabled in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def user_disable(name: Name, database: Database = None) -> None:
    """Shut an account out from its next request on; nothing of it is deleted."""
    _change_one(current(database), "disable_account", name, now=int(time.time()))
    typer.echo(f"Disabled {name}.")


def user_enable(name: Name, database: Database = None) -> None:
    """Let a disabled account in again."""
    _change_one(current(database), "enable_account", name)
    typer.echo(f"Enabled {name}.")


def user_set_password(name: Name, password_stdin: PasswordStdin = False, database: Database = None) -> None:
    """Give an account a new password; asks for it."""
    place = current(database)
    password_hash = Passwords().hash(_new_password(password_stdin))
    _change_one(place, "set_password_hash", name, password_hash=password_hash)
    typer.echo(f"{name} has a new password.")


# ---- the database -------------------------------------------------------------------------------


def _change_one(place: Any, statement: str, name: str, **values: Any) -> None:
    if not _change(place, statement, username=name, **values):
        raise InvalidArgument(f"There is no user “{name}”.")


def _change(place: Any, statement: str, **values: Any) -> list[Any]:
    """Run one statement in a transaction of its own; answers the rows that it touched."""

    async def change() -> list[Any]:
        async with bulk.load(place) as load:
            return list(await load.fetch(statement, **values))

    return asyncio.run(change())


async def _all(place: Any, statement: str) -> list[Any]:
    async with bulk.snapshot(place) as snapshot:
        return [row async for rows in snapshot.batches(statement) for row in rows]


# ---- passwords ----------------------------------------------------------------------------------


def _new_password(from_stdin: bool) -> str:
    """A password as its owner gives it: never shown, never an argument that others could see."""
    password = _from_stdin() if from_stdin else _from_terminal()
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or "\0" in password:
        raise InvalidArgument(f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters.")
    return password


def _from_terminal() -> str:
    if not sys.stdin.isatty():
        raise InvalidArgument("There is no terminal to ask for the password; use --password-stdin.")
    password: str = typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    return password


def _from_stdin() -> str:
    try:
        return sys.stdin.buffer.readline().rstrip(b"\r\n").decode("utf-8")
    except UnicodeDecodeError:
        raise InvalidArgument("The password on the standard input is not UTF-8.") from None
