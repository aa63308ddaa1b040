"""sessional serve: check what can be checked, say where things are, then hand over to uvicorn."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import typer
import uvicorn

from sessional.actions.zone_rules import note_in
from sessional.cli.data_keys import opening
from sessional.cli.options import Database, EnvFile, env_file_in_use, loaded
from sessional.cli.reencrypt import encrypt_all, is_in_clear
from sessional.errors import SettingsFault
from sessional.keyring import Keyring
from sessional.observers import logs
from sessional.settings import ENV_FILE, Settings, shown, variable
from sessional.store import address, migrate
from sessional.web.secret import signing_secrets

_KEEP_ALIVE_SECONDS: Final = 20
_WORKER_START_SECONDS: Final = 60  # a worker that starts slowly on a busy machine is not a dead one
_METRICS_FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"


def serve(
    host: Annotated[
        str | None, typer.Option(help="The address to listen on.", show_default="127.0.0.1")
    ] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on.", show_default="8000")] = None,
    database: Database = None,
    workers: Annotated[
        int | None, typer.Option(help="How many processes answer.", show_default="1")
    ] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Add demonstration data, once.")] = False,
    env_file: EnvFile = None,
) -> None:
    """Serve the API until Ctrl-C or SIGTERM; requests in flight are finished first."""
    options = {"host": host, "port": port, "database": database, "workers": workers}
    settings = loaded(env_file, **options).settings
    prepare(settings, demo=demo)
    _hand_down(options, env_file_in_use(env_file))
    typer.echo(_welcome(settings, demo=demo))
    with _metrics_folder(settings.workers):
        _run(settings)


def prepare(settings: Settings, *, demo: bool) -> None:
    """Everything that can be found wrong before anybody is kept waiting. Raises Fault."""
    _check_port(settings.host, settings.port)
    place = address.parse(settings.database)
    if isinstance(place, Path):
        place.parent.mkdir(parents=True, exist_ok=True)
        migrate.migrate_sqlite(place)
    else:
        found = asyncio.run(migrate.postgres_version(place))
        migrate.check_version(found, shown("database", settings.database))
    signing_secrets(settings.secret, settings.secret_previous, place)
    keyring = opening(settings, place)
    _encrypt_what_is_in_clear(place, keyring)
    if demo:
        from sessional import demo as demo_data

        demo_data.load_demo(place, datetime.now(UTC).date(), keyring=keyring)
    asyncio.run(note_in(place, int(time.time())))


def _encrypt_what_is_in_clear(place: Path | str, keyring: Keyring) -> None:
    """What an earlier version has left, where the upgrade is ours to make, as the schema's is."""
    if not asyncio.run(is_in_clear(place)):
        return
    if isinstance(place, Path):
        asyncio.run(encrypt_all(place, keyring))
        return
    typer.echo(
        "sessional: warning: Some clients' contact data and notes are not encrypted yet, as an earlier "
        "version has left them. This encrypts them: sessional reencrypt",
        err=True,
    )


def _check_port(host: str, port: int) -> None:
    """Raises SettingsFault where one cannot listen: uvicorn would only say so in the log."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        reason = (error.strerror or str(error)).rstrip(".")
        raise SettingsFault(f"Cannot listen on port {port} of {host}: {reason}.") from None


def _hand_down(options: dict[str, Any], env_file: Path | None) -> None:
    """Worker processes read their settings from the environment."""
    for name, value in options.items():
        if value is not None:
            os.environ[variable(name)] = str(value)
    if env_file is not None:
        os.environ[ENV_FILE] = str(env_file)


def _welcome(settings: Settings, *, demo: bool) -> str:
    shown_host = "127.0.0.1" if settings.host in ("0.0.0.0", "::") else settings.host  # noqa: S104
    place = f"http://{shown_host}:{settings.port}"
    lines = ["", f"  Sessional answers at      {place}/graphql"]
    if settings.shows("graphiql"):
        lines.append(f"  GraphiQL in a browser     {place}/")
    lines.append(f"  Data                      {shown('database', settings.database)}")
    if demo:
        lines.append("  Demonstration login       test_user / password")
        lines.append("  Other roles' logins       reception, amara (therapist), nora (client) / password")
    else:
        lines.append("  A first account           sessional user add NAME --role ADMIN")
    return "\n".join([*lines, "  To stop                   Ctrl-C", ""])


@contextmanager
def _metrics_folder(workers: int) -> Iterator[None]:
    """With several workers, metrics are added up through files in a folder of their own."""
    if workers == 1 or _METRICS_FOLDER in os.environ:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="sessional-metrics-") as folder:
        os.environ[_METRICS_FOLDER] = folder
        yield


def _run(settings: Settings) -> None:
    logs.set_up(settings.log_format, settings.log_level)
    # uvicorn raises the signal that ended it once more when it is done: then it has been obeyed.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: None)
    sys.setswitchinterval(0.001)
    uvicorn.run(
        "sessional.web.app:create",
        factory=True,
        host=settings.host,
        port=settings.port,
        workers=settings.workers,
        loop="uvloop" if sys.platform != "win32" else "asyncio",
        http="sessional.web.one_write:OneWrite",
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        date_header=True,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_worker_healthcheck=_WORKER_START_SECONDS,
        timeout_graceful_shutdown=settings.shutdown_seconds,
    )
