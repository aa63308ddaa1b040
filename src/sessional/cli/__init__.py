"""The command line: sessional --help. Errors are one sentence on stderr; the exit status is 1 for
a refusal or a fault, 2 for a command line that cannot be read, 0 for everything that went well.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sessional import __version__
from sessional.cli.backup import backup, restore
from sessional.cli.client import client_erase, client_export
from sessional.cli.closures import import_closures
from sessional.cli.exchange import export_file, import_file
from sessional.cli.keys import key_add, key_list, key_revoke, key_rotate
from sessional.cli.migrate import migrate
from sessional.cli.outbox import outbox_list, outbox_retry
from sessional.cli.reencrypt import reencrypt
from sessional.cli.retention import retention
from sessional.cli.selftest import selftest
from sessional.cli.serve import serve
from sessional.cli.show import schema, settings
from sessional.cli.timezones import recompute
from sessional.cli.users import (
    user_add,
    user_disable,
    user_enable,
    user_list,
    user_set_password,
    user_set_role,
)
from sessional.cli.verify import verify
from sessional.errors import SessionalError

app = typer.Typer(
    name="sessional",
    help="The appointment engine for therapy services: a GraphQL API on SQLite or PostgreSQL.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sessional {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


closures = typer.Typer(help="Days on which the whole practice is closed.", no_args_is_help=True)
closures.command("import")(import_closures)

accounts = typer.Typer(
    help="Accounts: add, list, disable, enable, set a role or a password.", no_args_is_help=True
)
accounts.command("add")(user_add)
accounts.command("list")(user_list)
accounts.command("disable")(user_disable)
accounts.command("enable")(user_enable)
accounts.command("set-role")(user_set_role)
accounts.command("set-password")(user_set_password)

keys = typer.Typer(help="Keys of machines: add, list, rotate, revoke.", no_args_is_help=True)
keys.command("add")(key_add)
keys.command("list")(key_list)
keys.command("rotate")(key_rotate)
keys.command("revoke")(key_revoke)

outbox = typer.Typer(help="Mail to clients: what waits or was given up.", no_args_is_help=True)
outbox.command("list")(outbox_list)
outbox.command("retry")(outbox_retry)

timezones = typer.Typer(help="When the time-zone database has changed.", no_args_is_help=True)
timezones.command("recompute")(recompute)


@timezones.callback()
def _timezones() -> None:
    pass


clients = typer.Typer(help="All that is held about a client: export it, erase it.", no_args_is_help=True)
clients.command("export")(client_export)
clients.command("erase")(client_erase)

app.command()(serve)
app.command()(migrate)
app.command("import")(import_file)
app.command("export")(export_file)
app.add_typer(accounts, name="user")
app.add_typer(keys, name="key")
app.add_typer(outbox, name="outbox")
app.add_typer(closures, name="closures")
app.add_typer(timezones, name="timezones")
app.add_typer(clients, name="client")
app.command()(retention)
app.command()(verify)
app.command()(backup)
app.command()(restore)
app.command()(reencrypt)
app.command()(selftest)
app.command()(schema)
app.command()(settings)


def main() -> None:
    """What ``sessional`` and ``python -m sessional`` run."""
    try:
        app()
    except SessionalError as error:
        typer.echo(f"sessional: {error}", err=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
