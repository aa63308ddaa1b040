"""sessional user: who may log in."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from typing import Annotated, Any, Final

import typer

from sessional.access import Role, name_on_record, wrong_owner
from sessional.actions.codes import forget_codes
from sessional.actions.commands import by_operator
from sessional.actions.entry import Ended
from sessional.cli.exchange import current
from sessional.cli.options import Database
from sessional.credentials import LONGEST_PASSWORD, SHORTEST_PASSWORD, Passwords
from sessional.errors import InvalidArgument
from sessional.exchange.members import BadLine, username
from sessional.store import bulk
from sessional.store.constraints import Conflict

accounts = typer.Typer(
    help="Accounts: add, list, disable, enable, set a role or a password, remove a second factor.",
    no_args_is_help=True,
)
# What a statement is called on record.
_RECORDED: Final = {
    "add_account": "user add",
    "disable_account": "user disable",
    "enable_account": "user enable",
    "set_password_hash": "user set-password",
    "set_role": "user set-role",
    "forget_second_factor": "user remove-second-factor",
}

Name = Annotated[str, typer.Argument(metavar="NAME", help="The name to log in with.")]
OfTherapist = Annotated[
    int | None,
    typer.Option(
        "--therapist", metavar="N", help="Whose account it is, with the role THERAPIST: the number."
    ),
]
OfClient = Annotated[
    int | None,
    typer.Option("--client", metavar="N", help="Whose account it is, with the role CLIENT: the number."),
]
PasswordStdin = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from the first line of the standard input."),
]


@accounts.command("add")
def user_add(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the account may do.")] = Role.ADMIN,
    therapist: OfTherapist = None,
    client: OfClient = None,
    password_stdin: PasswordStdin = False,
    database: Database = None,
) -> None:
    """Add an account; asks for its password."""
    _check_person(role)
    place = current(database, create=True)
    try:
        username("The name", name)
    except BadLine as bad:
        raise InvalidArgument(f"{bad.reason}.") from None
    values = {"role": role.value, **_owner(place, role, therapist, client)}
    password_hash = Passwords().hash(_new_password(password_stdin))
    try:
        _change(
            place, "add_account", username=name, password_hash=password_hash, disabled_at=None, **values
        )
    except Conflict:
        raise InvalidArgument(f"There is a user “{name}” already.") from None
    typer.echo(f"Added {name} with the role {role.value}.")


@accounts.command("set-role")
def user_set_role(
    name: Name,
    role: Annotated[Role, typer.Option(help="What the account may do from now on.")],
    therapist: OfTherapist = None,
    client: OfClient = None,
    database: Database = None,
) -> None:
    """Give an account another role, from its next request on: it has to log in again."""
    _check_person(role)
    place = current(database)
    owner = _owner(place, role, therapist, client)
    _change_one(place, "set_role", name, role=role.value, **owner)
    typer.echo(f"{name} has the role {role.value}.")


def _check_person(role: Role) -> None:
    """Raises InvalidArgument for the role of machines, which do not log in."""
    if role is Role.SERVICE:
        raise InvalidArgument("A machine has a key and no password: sessional key add NAME.")


def _owner(
    place: Any, role: Role, therapist_id: int | None, client_id: int | None
) -> dict[str, int | None]:
    """Whose the account is, as its row holds it. Raises InvalidArgument."""
    if (wrong := wrong_owner(role, therapist_id, client_id)) is not None:
        raise InvalidArgument(f"{wrong[0].upper()}{wrong[1:]}: see --therapist and --client.")
    for number, word in ((therapist_id, "therapist"), (client_id, "client")):
        if number is not None and not _known(place, f"{word}_known", **{f"{word}_id": number}):
            raise InvalidArgument(f"There is no {word} {number}.")
    return {"therapist_id": therapist_id, "client_id": client_id}


@accounts.command("list")
def user_list(database: Database = None) -> None:
    """Show all accounts."""
    rows = asyncio.run(_all(current(database), "accounts"))
    if not rows:
        typer.echo("There are no users yet. Add one: sessional user add NAME")
        return
    table = [("name", "role", "state", "second factor", "whose")]
    for name, role, disabled, therapist_id, client_id, second_factor in rows:
        whose = "" if therapist_id is None else f"therapist {therapist_id}"
        whose = whose if client_id is None else f"client {client_id}"
        state = "disabled" if disabled else "active"
        table.append((name, role, state, "yes" if second_factor else "no", whose))
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


@accounts.command("disable")
def user_disable(name: Name, database: Database = None) -> None:
    """Shut an account out from its next request on; nothing of it is deleted."""
    _change_one(current(database), "disable_account", name, now=int(time.time()))
    typer.echo(f"Disabled {name}.")


@accounts.command("enable")
def user_enable(name: Name, database: Database = None) -> None:
    """Let a disabled account in again."""
    _change_one(current(database), "enable_account", name)
    typer.echo(f"Enabled {name}.")


@accounts.command("set-password")
def user_set_password(name: Name, password_stdin: PasswordStdin = False, database: Database = None) -> None:
    """Give an account a new password; asks for it. Everything that was logged in has to log in anew."""
    place = current(database)
    password_hash = Passwords().hash(_new_password(password_stdin))

    async def change() -> bool:
        async with bulk.load(place) as load:
            for account in await load.fetch("account_by_name", username=name):
                _check_person(Role(account[2]))
            known = await load.fetch("set_password_hash", username=name, password_hash=password_hash)
            await _on_record(load, "set_password_hash", known, name)
            ended = {"now": int(time.time()), "reason": Ended.PASSWORD_CHANGED}
            await load.fetch("revoke_all_sessions", username=name, **ended)
            return bool(known)

    if not asyncio.run(change()):
        raise InvalidArgument(f"There is no user “{name}”.")
    typer.echo(f"{name} has a new password.")


@accounts.command("remove-second-factor")
def user_remove_second_factor(name: Name, database: Database = None) -> None:
    """Let an account log in with its password alone, where the phone is lost; ask who it is first."""
    place = current(database)

    async def remove() -> bool:
        async with bulk.load(place) as load:
            found = await load.fetch("account_by_name", username=name)
            if not found:
                raise InvalidArgument(f"There is no user “{name}”.")
            account_id, _, role, _ = found[0]
            ((since,),) = await load.fetch("lock_account", account_id=account_id)
            if since is None:
                return False
            await forget_codes(load.fetch, account_id)
            ended = {"now": int(time.time()), "reason": Ended.SECOND_FACTOR_CHANGED}
            await load.fetch("revoke_all_sessions", username=name, **ended)
            await _on_record(load, "forget_second_factor", [(account_id, role)], name)
            return True

    if not asyncio.run(remove()):
        raise InvalidArgument(f"{name} has no second factor.")
    typer.echo(f"{name} has no second factor any more.")


# ---- the database -------------------------------------------------------------------------------


def _change_one(place: Any, statement: str, name: str, **values: Any) -> None:
    if not _change(place, statement, username=name, **values):
        raise InvalidArgument(f"There is no user “{name}”.")


def _change(place: Any, statement: str, **values: Any) -> list[Any]:
    """Run one statement in a transaction of its own; answers the rows that it touched."""

    async def change() -> list[Any]:
        async with bulk.load(place) as load:
            rows = list(await load.fetch(statement, **values))
            await _on_record(load, statement, rows, values["username"], shows_role="role" in values)
            return rows

    return asyncio.run(change())


async def _on_record(
    load: bulk.Load, statement: str, rows: Sequence[Sequence[Any]], name: str, *, shows_role: bool = False
) -> None:
    """Put on record what was done to accounts: rows of their numbers and roles."""
    for account_id, role in rows:
        said = {
            "username": name_on_record(account_id, name, role),
            **({"role": role} if shows_role else {}),
        }
        about = {"object_type": "Account", "object_id": account_id, "after": said}
        await by_operator(load.fetch, _RECORDED[statement], **about)


def _known(place: Any, statement: str, **values: Any) -> bool:
    """Whether a statement finds anything."""

    async def look() -> bool:
        async with bulk.load(place) as load:
            return bool(await load.fetch(statement, **values))

    return asyncio.run(look())


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
