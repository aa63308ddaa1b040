"""A service under observation: on SQLite, with an account, a therapist and secrets to look for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw
import httpx

from sessional.credentials import Passwords
from tests.support.api import Api
from tests.support.server import Server, running

# What must never appear in anything that the service writes or sends about itself.
USERNAME = "ingrid.nightingale"
PASSWORD = "a-good-password-5127"
WRONG_PASSWORD = "a-wrong-password-8243"
UNKNOWN_USER = "nobody.of.that.name"
IN_VARIABLE = "a-value-in-a-variable-6610"
IN_DOCUMENT = "a-value-in-a-document-3904"
PRIVATE = (USERNAME, PASSWORD, WRONG_PASSWORD, UNKNOWN_USER, IN_VARIABLE, IN_DOCUMENT)

VIEWER = "query Viewer { viewer { username } }"
BY_TYPE = "query ByType($type: String) { appointments(filters: {type: $type}) { edges { node { id } } } }"
BOOK = """mutation Book($startsAt: DateTime!) {
  bookAppointment(input: {therapistId: "1", startsAt: $startsAt, service: "one-off"}) {
    appointment { appointmentId } errors { __typename }
  }
}"""


@dataclass(frozen=True)
class Service:
    """A running server and the file behind it."""

    server: Server
    file: Path

    @property
    def url(self) -> str:
        return self.server.url

    def api(self) -> Api:
        """A client that is logged in."""
        return Api(self.url).log_in(USERNAME, PASSWORD)

    def written(self) -> str:
        """What the server has written so far."""
        return self.server.log.read_text()

    def stopped(self) -> str:
        """Everything that it wrote, after an orderly stop."""
        assert self.server.stop() == 0
        return self.written()


@contextmanager
def service(folder: Path, *options: str, **settings: str) -> Iterator[Service]:
    """``sessional serve`` over a new file with an account and a therapist."""
    file = folder / "practice.db"
    with running(f"sqlite:///{file}", folder, *options, **settings) as server:
        run(
            file,
            "INSERT INTO account (username, password_hash, role) VALUES (?, ?, 'ADMIN')",
            USERNAME,
            Passwords().hash(PASSWORD),
        )
        run(
            file,
            "INSERT INTO therapist (first_name, last_name, search_name, time_zone) "
            "VALUES ('jo', 'jones', 'jo jones', 'UTC')",
        )
        yield Service(server, file)


def run(file: Path, sql: str, *values: object) -> None:
    """A statement on a connection of the test's own."""
    connection = apsw.Connection(str(file))
    connection.set_busy_timeout(10_000)
    connection.execute(sql, values)
    connection.close()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Nobody else can write to the file until the block ends."""
    connection = apsw.Connection(str(file))
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def until(condition: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether the condition came true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def get(url: str, **headers: str) -> httpx.Response:
    return httpx.get(url, headers=headers, timeout=30)
