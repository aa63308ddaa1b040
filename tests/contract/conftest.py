"""Two servers for each database engine, shared by all tests of the contract.

``reading`` holds exactly the rows of ``practice``, and no test changes them. ``writing`` begins with
the same rows; its tests write, each into a diary of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sessional.store import address
from sessional.store.migrate import migrate
from tests.conftest import _run as run_on_server
from tests.contract import practice
from tests.contract.database import Database
from tests.support.api import Api
from tests.support.server import SECRET, Server, running

PREVIOUS_SECRET = "the secret that was in force before this one"


@dataclass
class Place:
    """A server, its database, and a client that is logged in."""

    server: Server
    database: Database
    api: Api

    @property
    def url(self) -> str:
        return self.server.url

    def stranger(self) -> Api:
        """A client that is not logged in."""
        return Api(self.server.url, client=self.api.client)

    def data(self, document: str, variables: dict | None = None) -> dict:
        return self.api.data(document, variables)

    def code(self, document: str, variables: dict | None = None) -> str:
        return self.api.code(document, variables)


@contextmanager
def place(request: pytest.FixtureRequest, name: str, folder: Path) -> Iterator[Place]:
    """A filled database on the engine ``request.param``, and a server over it."""
    postgres = request.getfixturevalue("postgres_server") if request.param == "postgres" else None
    url = f"{postgres}/{name}" if postgres else f"sqlite:///{folder}/{name}.db"
    if postgres:
        run_on_server(postgres, f"CREATE DATABASE {name}")
    database = Database(url)
    migrate(address.parse(url))
    practice.fill(database)
    with running(url, folder, SESSIONAL_SECRET=SECRET, SESSIONAL_SECRET_PREVIOUS=PREVIOUS_SECRET) as server:
        yield Place(server, database, Api(server.url).log_in(practice.USERNAME, practice.PASSWORD))
    if postgres:
        run_on_server(postgres, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def _reading(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(request, "contract_reading", tmp_path_factory.mktemp("reading")) as found:
        yield found


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def _writing(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    with place(request, "contract_writing", tmp_path_factory.mktemp("writing")) as found:
        yield found


@pytest.fixture(scope="module")
def reading(_reading: Place) -> Place:
    """Rows that stay as they are. Logged in anew for each module: tokens last ten minutes."""
    _reading.api.log_in(practice.USERNAME, practice.PASSWORD)
    return _reading


@pytest.fixture(scope="module")
def writing(_writing: Place) -> Place:
    """Rows that tests add to."""
    _writing.api.log_in(practice.USERNAME, practice.PASSWORD)
    return _writing
