"""sessional key: keys of machines."""

from __future__ import annotations

import asyncio
import secrets
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import orjson
import typer

from sessional.actions import keys
from sessional.actions.loading import Fetch
from sessional.cli.exchange import current
from sessional.cli.options import Database
from sessional.errors import InvalidArgument
from sessional.exchange.members import BadLine, username
from sessional.store import bulk

machines = typer.Typer(help="Keys of machines: add, list, rotate, revoke.", no_args_is_help=True)
_SECRET_BYTES: Final = 32

Name = Annotated[str, typer.Argument(metavar="NAME", help="The machine's name.")]
Allow = Annotated[
    list[str] | None,
    typer.Option(
        "--allow",
        metavar="FIELD",
        help="A field of Query or Mutation that the key may ask for; again for each. Without it: all.",
    ),
]
AtOnce = Annotated[
    bool, typer.Option("--now", help="End the old key at once, and not in 24 hours.", show_default=False)
]


@machines.command("add")
def key_add(name: Name, allow: Allow = None, database: Database = None) -> None:
    """Make a key for a machine, and its account with the role SERVICE. The key is shown once."""
    place = current(database, create=True)
    try:
        username("The name", name)
    except BadLine as bad:
        raise InvalidArgument(f"{bad.reason}.") from None
    making = _making(_checked(allow))
    _show(_in_transaction(place, lambda fetch: keys.add(fetch, name, making)), name)


@machines.command("rotate")
def key_rotate(name: Name, now: AtOnce = False, database: Database = None) -> None:
    """Make another key with the same limits; the old one goes on working for 24 hours."""
    making = _making(None)
    place = current(database)
    _show(_in_transaction(place, lambda fetch: keys.rotate(fetch, name, making, at_once=now)), name)


@machines.command("revoke")
def key_revoke(name: Name, database: Database = None) -> None:
    """End all keys of a machine from the next request on."""
    now = int(time.time())
    _in_transaction(current(database), lambda fetch: keys.revoke(fetch, name, now=now))
    typer.echo(f"Revoked the keys of {name}.")


@machines.command("list")
def key_list(database: Database = None) -> None:
    """Show all keys that were ever made, but not what they are."""
    rows = asyncio.run(_all(current(database)))
    if not rows:
        typer.echo("There are no keys yet. Make one: sessional key add NAME")
        return
    table = [("name", "made", "state", "may ask for")]
    table += [_line(*row, now=int(time.time())) for row in rows]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def _line(
    name: str,
    created_at: int,
    ends_at: int | None,
    revoked_at: int,
    disabled_at: int | None,
    root_fields: str | None,
    *,
    now: int,
) -> tuple[str, str, str, str]:
    state = "works"
    if ends_at is not None:
        state = f"works until {_shown(ends_at)}" if ends_at > now else "ended"
    if disabled_at is not None:
        state = "disabled"
    if revoked_at:
        state = "revoked"
    limits = "everything of its role" if root_fields is None else ", ".join(orjson.loads(root_fields))
    return name, _shown(created_at), state, limits


def _shown(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _making(root_fields: list[str] | None) -> keys.Making:
    return keys.Making(
        secret=secrets.token_urlsafe(_SECRET_BYTES),
        sid=secrets.token_urlsafe(16),
        now=int(time.time()),
        root_fields=root_fields,
    )


def _checked(allow: list[str] | None) -> list[str] | None:
    """The names, if all are fields of Query or Mutation. Raises InvalidArgument."""
    if not allow:
        return None
    from sessional.graph.schema import schema

    known = {n for t in (schema().query_type, schema().mutation_type) if t is not None for n in t.fields}
    for name in allow:
        if name not in known:
            raise InvalidArgument(f"Query and Mutation have no field “{name}”.")
    return allow


def _show(key: str, name: str) -> None:
    """The key alone goes to the standard output, so that it can go straight to where it is kept."""
    print(f"The new key of {name}, which is shown this once:", file=sys.stderr)
    typer.echo(key)


def _in_transaction(place: Any, work: Callable[[Fetch], Awaitable[Any]]) -> Any:
    async def change() -> Any:
        async with bulk.load(place) as load:
            return await work(load.fetch)

    return asyncio.run(change())


async def _all(place: Any) -> list[Any]:
    async with bulk.snapshot(place) as snapshot:
        return [row async for rows in snapshot.batches("api_keys") for row in rows]
