"""Servers over both databases, with one worker and with two, that the tests of this folder share.

Each test takes therapists of its own, so that what one books is never in another's way.
"""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest

from tests.booking.books import ANN, Books, new_database, new_practice
from tests.booking.clients import Client, client
from tests.booking.in_process import PostgresRecorder
from tests.booking.own_postgres import OwnPostgres, own_postgres
from tests.support.server import Server, running

_names = itertools.count(1)


@dataclass(frozen=True)
class House:
    """A running server and the database behind it."""

    server: Server
    books: Books

    @property
    def url(self) -> str:
        return self.server.url


@pytest.fixture(scope="session")
def sqlite_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with its schema and the accounts, to be copied: making one takes half a second."""
    path = tmp_path_factory.mktemp("model") / "model.db"
    asyncio.run(Books(f"sqlite:///{path}").prepare())
    return path


@pytest.fixture(scope="session")
def postgres_model(postgres_server: str) -> Books:
    """The same on PostgreSQL."""
    return asyncio.run(new_practice(postgres_server, "booking_model"))


def _copied(model: Path, folder: Path) -> Books:
    return Books(f"sqlite:///{shutil.copy(model, folder / 'sessional.db')}")


@pytest.fixture(scope="session")
def sqlite_books(sqlite_model: Path, tmp_path_factory: pytest.TempPathFactory) -> Books:
    """A SQLite file for all tests of this folder that bring their own therapists."""
    return _copied(sqlite_model, tmp_path_factory.mktemp("booking"))


@pytest.fixture(scope="session")
def postgres_books(postgres_server: str, postgres_model: Books) -> Books:
    """The same on PostgreSQL."""
    return asyncio.run(new_database(postgres_server, f"booking_{next(_names)}", "booking_model"))


@pytest.fixture(scope="session")
def unserved_postgres(postgres_server: str, postgres_model: Books) -> Books:
    """A PostgreSQL database that no server of these tests works with."""
    return asyncio.run(new_database(postgres_server, f"booking_{next(_names)}", "booking_model"))


@pytest.fixture(scope="session")
def own_database() -> Iterator[OwnPostgres]:
    """A PostgreSQL server that tests may stop and change, and that logs every statement."""
    options = ["-c", "log_statement=all", "-c", f"log_line_prefix={PostgresRecorder.LINE_PREFIX}"]
    with own_postgres(*options) as server:
        asyncio.run(Books(server.url).prepare())
        yield server


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def shared_books(request: pytest.FixtureRequest) -> Books:
    """The two in turn."""
    books: Books = request.getfixturevalue(f"{request.param}_books")
    return books


@pytest.fixture(scope="session", params=[1, 2], ids=["one worker", "two workers"])
def house(
    request: pytest.FixtureRequest, shared_books: Books, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[House]:
    """The service, as one process and as two, on each database."""
    options = ["--workers", str(request.param)]
    with running(shared_books.url, tmp_path_factory.mktemp("server"), *options) as server:
        yield House(server, shared_books)


@pytest.fixture
async def therapist(house: House) -> int:
    """A therapist with an empty diary."""
    return await house.books.therapist()


@pytest.fixture
async def ann(house: House) -> AsyncIterator[Client]:
    """A client of the house, connected and logged in."""
    async with client(house.url, ANN) as found:
        yield found


@pytest.fixture
def fresh_sqlite(sqlite_model: Path, tmp_path: Path) -> Books:
    """A SQLite file of the test's own."""
    return _copied(sqlite_model, tmp_path)


@pytest.fixture
def fresh_postgres(postgres_server: str, postgres_model: Books) -> Iterator[Books]:
    """A PostgreSQL database of the test's own."""
    books = asyncio.run(new_database(postgres_server, f"booking_{next(_names)}", "booking_model"))
    yield books
    asyncio.run(_dropped(postgres_server, books.url.rsplit("/", 1)[1]))


async def _dropped(address: str, name: str) -> None:
    connection = await asyncpg.connect(f"{address}/postgres")
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()


@pytest.fixture(params=["sqlite", "postgres"])
def books(request: pytest.FixtureRequest) -> Books:
    """A database of the test's own, on each engine in turn."""
    found: Books = request.getfixturevalue(f"fresh_{request.param}")
    return found
