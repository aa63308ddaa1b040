"""sessional selftest: the acceptance tests of the contract, against a running service or a new one."""

from __future__ import annotations

from typing import Annotated

import typer

from sessional.selftest.caller import NotAnswering, service_address
from sessional.selftest.instance import PASSWORD, USERNAME, DidNotStart, instance
from sessional.selftest.report import Outcome, run
from sessional.selftest.table import Needs

Url = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="The service to check, for example http://127.0.0.1:8000; otherwise one that is started "
        "for this, with demonstration data, and stopped again.",
        show_default=False,
    ),
]
Username = Annotated[str, typer.Option(help="Who logs in.")]
Password = Annotated[
    str | None,
    typer.Option(help="Their password; asked for where it is not given.", show_default=False),
]
Write = Annotated[
    bool, typer.Option("--write", help="With --url: also book sessions, years ahead. They stay.")
]


def selftest(
    url: Url = None, username: Username = USERNAME, password: Password = None, write: Write = False
) -> None:
    """Check that a service keeps the contract: a line for each check, exit status 1 if one failed."""
    try:
        outcome = _throw_away() if url is None else _running(url, username, password, write=write)
    except (NotAnswering, DidNotStart, ValueError) as error:
        typer.echo(f"sessional: {error}", err=True)
        raise typer.Exit(1) from None
    if outcome.failed:
        raise typer.Exit(1)


def _throw_away() -> Outcome:
    with instance() as url:
        return run(url, username=USERNAME, password=PASSWORD, leave=frozenset(Needs), tell=typer.echo)


def _running(url: str, username: str, password: str | None, *, write: bool) -> Outcome:
    address = service_address(url)
    leave = {Needs.READING, Needs.WRITING} if write else {Needs.READING}
    if password is None:
        password = typer.prompt(f"Password of {username}", hide_input=True, err=True)
    return run(address, username=username, password=password, leave=leave, tell=typer.echo)
