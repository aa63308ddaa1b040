"""``sessional serve`` as a process of its own, on a free port of loopback."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.postgres import free_port

SESSIONAL = str(Path(sys.executable).with_name("sessional"))
SECRET = "a secret for the tests alone, 32 bytes or more"


@dataclass
class Server:
    """A running server. ``log`` is the file that holds what it wrote."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def stop(self, seconds: float = 20) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=seconds)

    def kill(self) -> None:
        """SIGKILL, to the process and its workers."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


def environment(**settings: str) -> dict[str, str]:
    """The environment of a command: ours without its settings, and these."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("SESSIONAL_")}
    # Tests log in wrongly more often than people may; those about it say how often.
    usual = {"SESSIONAL_SECRET": SECRET, "SESSIONAL_ENCRYPTION_KEY": SECRET, "SESSIONAL_LOGIN_RATE": "off"}
    return {**kept, **usual, **settings}


@contextmanager
def running(
    database: str,
    folder: Path,
    *options: str,
    wait: bool = True,
    port: int | None = None,
    **settings: str,
) -> Iterator[Server]:
    """Serve a database until the block ends; on a free port, where none is said."""
    port = free_port() if port is None else port
    log = folder / f"server-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [SESSIONAL, "serve", "--database", database, "--port", str(port), *options],
            env=environment(**settings),
            cwd=folder,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    try:
        if wait:
            wait_until_ready(server)
        yield server
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()


def wait_until_ready(server: Server, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end and server.process.poll() is None:
        try:
            if httpx.get(f"{server.url}/readyz").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{server.log.read_text(errors='replace')[-3000:]}")


def sessional(*arguments: str, input_: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the command line to its end."""
    return subprocess.run(
        [SESSIONAL, *arguments],
        input=input_,
        env=environment(**settings),
        capture_output=True,
        text=True,
        timeout=120,
    )
