"""Databases of this folder's own, on both engines: what is promised is proven of the database itself."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from tests.booking.books import Books, new_practice

_names = itertools.count(1)


@pytest.fixture(scope="module")
def proof_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Books:
    """A SQLite file with its schema and two accounts, for all tests of one file."""
    folder: Path = tmp_path_factory.mktemp("proof")
    return asyncio.run(Books(f"sqlite:///{folder}/sessional.db").prepare())


@pytest.fixture(scope="module")
def proof_postgres(postgres_server: str) -> Books:
    """The same on PostgreSQL."""
    return asyncio.run(new_practice(postgres_server, f"proof_{next(_names)}"))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def books(request: pytest.FixtureRequest) -> Books:
    """The two in turn."""
    found: Books = request.getfixturevalue(f"proof_{request.param}")
    return found
