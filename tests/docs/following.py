"""A reader who follows a page: does what its blocks of code say, one after the other.

``sh`` runs in one shell for the page, ``graphql`` is sent to the server, ``python`` and ``js`` run
as programs. A note above a block changes that:

    <!-- not run: REASON -->   the block is not run
    <!-- stays -->             a server: started, and left running until the next one or the end
    <!-- fails -->             the commands are meant to fail
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx

from tests.docs.pages import Block
from tests.support.postgres import free_port
from tests.support.server import Server, wait_until_ready

# What pages write -> what stands there while they are followed.
ADDRESS: Final = "http://127.0.0.1:8000"
OTHER_PORT: Final = "--port 8001"
POSTGRES: Final = "postgresql://sessional@127.0.0.1/sessional"
NOT_RUN: Final = "not run: "
STAYS: Final = "stays"
FAILS: Final = "fails"
SECONDS: Final = 60

_LOG_IN: Final = 'mutation { auth(username: "test_user", password: "password") { accessToken } }'


@dataclass
class Reader:
    """Follows one page in a folder of its own. ``port`` is where its server listens."""

    folder: Path
    port: int
    postgres: str = POSTGRES
    shell: subprocess.Popen[str] = field(init=False)
    _blocks: int = 0
    _server: Server | None = None
    _token: str | None = None
    # Numbers of rows as the page shows them -> as they are here: how much demonstration data there is
    # depends on the day.
    _ids: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __post_init__(self) -> None:
        self.shell = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=self.folder,
            env=self._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("SESSIONAL_")}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**kept, "PATH": path, "HOME": str(self.folder), "SESSIONAL_PORT": str(self.port)}

    def close(self) -> None:
        self._stop_server()
        self.shell.kill()
        self.shell.wait()

    def learn(self, ids: Iterable[tuple[str, str]]) -> None:
        """Whoever follows a page writes the numbers that they were given, and not those of the page."""
        self._ids.update(ids)

    def here(self, text: str) -> str:
        """A text of the page with the numbers of rows as they are here."""
        return re.sub(r'"(\d+)"', lambda found: f'"{self._ids.get(found[1], found[1])}"', text)

    # ---- what a page can say --------------------------------------------------------------------

    def sh(self, block: Block) -> str:
        """The output of the commands."""
        script = self._written(block, "sh")
        if block.note == FAILS:
            run = f"set +e; (set -euo pipefail; source {script}) >{script}.out 2>&1"
        else:
            run = f"set -euo pipefail; source {script} >{script}.out 2>{script}.err"
        status = self._told(f"{run}; echo status $?")
        output = self._printed(f"{script}.out")
        failed = status != "status 0"
        assert failed is (block.note == FAILS), (
            f"{block.place}: {status}\n{output}\n{self._printed(f'{script}.err')}"
        )
        return output

    def _told(self, command: str) -> str:
        """The line that the shell answers to a command; empty where it has come to its end."""
        assert self.shell.stdin is not None
        assert self.shell.stdout is not None
        self.shell.stdin.write(f"{command}\n")
        self.shell.stdin.flush()
        return self.shell.stdout.readline().strip()

    def stays(self, block: Block) -> str:
        """Start a server and answer what it said until it was ready."""
        self._stop_server()
        script = self._written(block, "sh")
        log = self.folder / f"{script}.out"
        log.touch()
        answer = self._told(f"setsid bash {script} >{script}.out 2>&1 & echo $!")
        self._server = Server(self.url, _Started(int(answer)), log)  # type: ignore[arg-type]
        wait_until_ready(self._server)
        return self._printed(f"{script}.out")

    def _stop_server(self) -> None:
        if self._server is not None:
            self._server.process.send_signal(signal.SIGTERM)
            self._server.process.wait(timeout=20)
            self._until_nobody_listens()
            self._server = None

    def _until_nobody_listens(self) -> None:
        """The shell of a block is gone before the server that it ran, which finishes what is in flight: the
        next one would find the port taken, and its reader a server that is about to end."""
        end = time.monotonic() + 20
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) != 0:
                    return
            time.sleep(0.05)
        raise AssertionError(f"somebody still listens on port {self.port}")

    def program(self, block: Block) -> str:
        """The output of a program in Python or JavaScript."""
        ending, command = {"python": ("py", sys.executable), "js": ("mjs", "node")}[block.language]
        path = shutil.which(command, path=self._environment()["PATH"])
        assert path is not None, f"{command} is missing"
        run = subprocess.run(
            [path, self._written(block, ending)],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert run.returncode == 0, f"{block.place}:\n{run.stdout}{run.stderr}"
        return run.stdout

    def graphql(self, block: Block, variables: dict[str, Any]) -> dict[str, Any]:
        """The answer to a document, asked by someone who is logged in."""
        if self._token is None:
            self._token = self._ask(_LOG_IN, {})["data"]["auth"]["accessToken"]
        return self._ask(self.here(block.text), variables)

    def _ask(self, document: str, variables: dict[str, Any]) -> dict[str, Any]:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        body = {"query": document, "variables": variables}
        answer: dict[str, Any] = httpx.post(
            f"{self.url}/graphql", json=body, headers=headers, timeout=30
        ).json()
        return answer

    # ---- files ----------------------------------------------------------------------------------

    def _written(self, block: Block, ending: str) -> str:
        """The name of a file that holds the block as it has to be here."""
        self._blocks += 1
        name = f"block-{self._blocks}.{ending}"
        text = block.text.replace(ADDRESS, self.url).replace(POSTGRES, self.postgres)
        text = text.replace(OTHER_PORT, f"--port {free_port()}")
        (self.folder / name).write_text(text, encoding="utf-8")
        return name

    def _printed(self, name: str) -> str:
        """What a command wrote, with the addresses that the page writes."""
        path = self.folder / name
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        return text.replace(self.url, ADDRESS).replace(self.postgres, POSTGRES)


class _Started:
    """A process of its own session that the shell has started, as far as it has to be minded."""

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def poll(self) -> int | None:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 0
        return None

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.killpg(self.pid, number)

    def wait(self, timeout: float) -> None:
        end = time.monotonic() + timeout
        while self.poll() is None:
            assert time.monotonic() < end, "the server did not stop"
            time.sleep(0.05)


def decoded(text: str) -> Any:
    """JSON that a block shows or a command printed."""
    return json.loads(text)
