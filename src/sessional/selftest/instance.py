"""A service to throw away: a process of its own, with demonstration data in a temporary folder."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from sessional.selftest.caller import Caller, NotAnswering

START_SECONDS: Final = 60
STOP_SECONDS: Final = 20
USERNAME: Final = "test_user"
PASSWORD: Final = "password"  # noqa: S105 - the demonstration's, known to everyone


class DidNotStart(Exception):
    """The service to throw away did not come up; the text ends with what it said."""


@contextmanager
def instance() -> Iterator[str]:
    """The address of a service with the demonstration's data, until the block ends."""
    with tempfile.TemporaryDirectory(prefix="sessional-selftest-") as folder:
        log = Path(folder, "log")
        port = _free_port()
        command = [sys.executable, "-m", "sessional", "serve", "--demo", "--port", str(port)]
        command += ["--database", f"sqlite:///{folder}/selftest.db"]
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 - our own command
                command, cwd=folder, env=_environment(), stdout=output, stderr=output
            )
        try:
            url = f"http://127.0.0.1:{port}"
            _wait(url, process, log)
            yield url
        finally:
            _stop(process)


def _environment() -> dict[str, str]:
    """Ours without our settings: what is to be checked is the service, not how this one is set up."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SESSIONAL_")}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < end:
        try:
            if Caller(url=url).send("GET", "/readyz").status == 200:
                return
        except NotAnswering:
            time.sleep(0.05)
    said = log.read_text(encoding="utf-8", errors="replace").strip()[-2_000:]
    raise DidNotStart(f"A service to check did not start. It said:\n{said}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
