"""A PostgreSQL server that a test may stop, kill and start again on the same port and data."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.support import postgres


@dataclass
class OwnPostgres:
    """``url`` is its database ``postgres``; ``log`` is what it wrote."""

    home: Path
    port: int
    options: tuple[str, ...]
    user: str | None
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    @property
    def log(self) -> Path:
        return self.home / "log"

    def start(self) -> None:
        settings = ["-c", "listen_addresses=127.0.0.1", "-c", f"port={self.port}", "-k", str(self.home)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [_binary("postgres"), "-D", self.home / "data", *settings, *self.options],
                stdout=log,
                stderr=log,
                **self._as_user(),
            )
        postgres._wait(self.port, self.process, self.log)

    def stop(self, number: int = signal.SIGQUIT) -> None:
        """SIGQUIT is PostgreSQL's immediate stop: it recovers at the next start, as after a crash."""
        assert self.process is not None
        self.process.send_signal(number)
        self.process.wait(timeout=30)

    def make(self) -> None:
        subprocess.run(
            [_binary("initdb"), "-D", self.home / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8"],
            check=True,
            stdout=subprocess.DEVNULL,
            **self._as_user(),
        )

    def _as_user(self) -> dict[str, Any]:
        return {"user": self.user, "env": {**os.environ, "LC_ALL": "C.UTF-8"}, "cwd": self.home}


def _binary(name: str) -> Path:
    folder = postgres.binaries()
    assert folder is not None, "The tests need a PostgreSQL server: run `make test`."
    return folder / name


@contextmanager
def own_postgres(*options: str) -> Iterator[OwnPostgres]:
    with tempfile.TemporaryDirectory(prefix="sessional-pg-") as folder:
        home = Path(folder)
        server = OwnPostgres(home, postgres.free_port(), options, postgres._unprivileged(home))
        server.make()
        server.start()
        try:
            yield server
        finally:
            if server.process is not None and server.process.poll() is None:
                server.stop()
