"""Fixtures for all tests: fresh databases on both engines, and servers over them."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest
from hypothesis import HealthCheck, settings

from tests.support import postgres
from tests.support.api import Api
from tests.support.server import Server, running

# A busy machine is slow to draw examples, which says nothing about what is tested.
settings.register_profile("sessional", suppress_health_check=[HealthCheck.too_slow], deadline=None)
settings.load_profile("sessional")

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server, without a database's name.

    What keeps its files through a power cut takes its time and is not ours to test: whatever else ends
    (the service, a connection, the server's process), the files are as they should be.
    """
    with postgres.server("-c", "fsync=off") as address:
        yield address


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty PostgreSQL database, not yet migrated."""
    name = f"test_{next(_numbers)}"
    _run(postgres_server, f"CREATE DATABASE {name}")
    yield f"{postgres_server}/{name}"
    _run(postgres_server, f"DROP DATABASE {name} WITH (FORCE)")


def _run(server: str, statement: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(f"{server}/postgres")
        await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite database that does not exist yet."""
    return f"sqlite:///{tmp_path}/sessional.db"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database on each of the two engines in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture(scope="module")
def demo_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """``sessional serve --demo`` on a SQLite file; log in as test_user with the password password."""
    folder = tmp_path_factory.mktemp("demo")
    with running(f"sqlite:///{folder}/demo.db", folder, "--demo") as server:
        yield server


@pytest.fixture
def demo_api(demo_server: Server) -> Api:
    """A client of ``demo_server`` that is logged in."""
    return Api(demo_server.url).log_in()
