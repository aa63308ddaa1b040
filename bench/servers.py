"""The servers that are measured: how each is started, and how it is asked from here.

Each listens on 127.0.0.1 on a port of its own, in one process, and is ended by its own process id.
Must not know: which operations there are.
"""

import http.client
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from bench import data
from bench.database import free_port
from bench.operations import HELLO

ROOT = Path(__file__).parent.parent
BINARIES = Path(sys.executable).parent
NAMES = {
    "sessional-postgresql": "Sessional on PostgreSQL",
    "sessional-sqlite": "Sessional on SQLite",
    "floor": "floor: ready SQL, no GraphQL",
    "mercurius": "Mercurius, jit, loaders",
    "strawberry": "Strawberry, SQLAlchemy, DataLoaders",
}
CONNECTIONS = 10  # to PostgreSQL, for each server
START_SECONDS = 60
TOKEN_SECONDS = 300  # half of what a token lasts
LOG_IN = "mutation LogIn($u: String, $p: String) { auth(username: $u, password: $p) { accessToken } }"


class ServerFailed(Exception):
    """A server did not start, or answered what it must not."""


@dataclass(kw_only=True)
class Server:
    """A server that may run. ``start_seconds``: from the process's start to its first answer.

    ``without`` names a part of Sessional that is left out: see without.py.
    """

    name: str
    database: str
    log: Path
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None
    start_seconds: float = 0.0
    token: tuple[float, str] | None = None
    user: dict[str, str] = field(default_factory=lambda: data.USER)
    without: str = ""

    @property
    def ours(self) -> bool:
        return self.name.startswith("sessional")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    def start(self) -> None:
        began = time.perf_counter()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command(self), env=environment(self), cwd=ROOT, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
        while not self._answers():
            if self.process.poll() is not None or time.perf_counter() - began > START_SECONDS:
                raise ServerFailed(f"{self.name} did not start:\n{self.last_words()}")
            time.sleep(0.005)
        self.start_seconds = time.perf_counter() - began

    def _answers(self) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return self._post(HELLO, "Hello", {}, {})[0] == 200
        return False

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, document: str, request: str, variables: dict[str, Any]) -> dict[str, Any]:
        status, body = self._post(document, request, variables, self.headers())
        if status != 200:
            raise ServerFailed(f"{self.name} answered {status}: {body[:500]!r}\n{self.last_words()}")
        answer: dict[str, Any] = orjson.loads(body)
        return answer

    def headers(self) -> dict[str, str]:
        """Every request to Sessional carries a token, and Sessional verifies it."""
        if not self.ours:
            return {}
        if self.token is None or time.monotonic() - self.token[0] > TOKEN_SECONDS:
            user = {"u": self.user["username"], "p": self.user["password"]}
            answer = orjson.loads(self._post(LOG_IN, "LogIn", user, {})[1])
            if not (answer.get("data") or {}).get("auth"):
                raise ServerFailed(f"{self.name} does not let us log in: {answer}")
            self.token = (time.monotonic(), answer["data"]["auth"]["accessToken"])
        return {"Authorization": f"Bearer {self.token[1]}"}

    def _post(
        self, document: str, request: str, variables: dict[str, Any], headers: dict[str, str]
    ) -> tuple[int, bytes]:
        body = orjson.dumps({"operationName": request, "query": document, "variables": variables})
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            kind = {"Content-Type": "application/json", "Accept": "application/json"}
            connection.request("POST", "/graphql", body, kind | headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:]


def command(server: Server) -> list[str | Path]:
    port = str(server.port)
    if server.ours:
        without = [sys.executable, "-m", "bench.without", server.without]
        program = without if server.without else [BINARIES / "sessional"]
        return [*program, "serve", "--database", server.database, "--port", port]
    if server.name == "mercurius":
        return [node(), ROOT / "bench/peers/mercurius/server.js"]
    application = f"bench.peers.{server.name}.app:app"
    return [BINARIES / "uvicorn", application, "--port", port, "--loop", "uvloop",
            "--http", "httptools", "--no-proxy-headers", "--no-access-log",
            "--log-level", "warning"]  # fmt: skip


def environment(server: Server) -> dict[str, str]:
    return os.environ | {
        "BENCH_DATABASE": server.database,
        "BENCH_CONNECTIONS": str(CONNECTIONS),
        "BENCH_PORT": str(server.port),
        "SESSIONAL_DATABASE_CONNECTIONS": str(CONNECTIONS),
        "SESSIONAL_LOG_LEVEL": "warning",  # nobody else writes a line for each request either
        "NODE_ENV": "production",
    }


def node() -> str:
    path = f"{BINARIES}{os.pathsep}{os.environ.get('PATH', '')}"
    found = shutil.which("node", path=path)
    if found is None:
        raise ServerFailed("Node.js is missing: `make bench` installs it")
    return found
