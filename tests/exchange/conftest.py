"""Databases for import and export: each test has one of its own, copied from a migrated one."""

from __future__ import annotations

import itertools
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from sessional.store import address, migrate
from tests.exchange.practice import Practice, run_postgres
from tests.support.server import SECRET


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that run in this process have the key that files were taken in with."""
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", SECRET)


_numbers = itertools.count(1)
_TEMPLATE = "exchange_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    migrate.migrate(path)
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres_server: str) -> str:
    run_postgres(f"{postgres_server}/postgres", f"CREATE DATABASE {_TEMPLATE}")
    migrate.migrate(f"{postgres_server}/{_TEMPLATE}")
    return _TEMPLATE


@pytest.fixture
def on_sqlite(sqlite_template: Path, sqlite_url: str) -> Practice:
    """An empty practice on SQLite."""
    place = address.parse(sqlite_url)
    shutil.copy(sqlite_template, place)
    return Practice(sqlite_url)


@pytest.fixture
def on_postgres(postgres_server: str, postgres_template: str) -> Iterator[Practice]:
    """An empty practice on PostgreSQL."""
    name = f"exchange_{next(_numbers)}"
    run_postgres(f"{postgres_server}/postgres", f"CREATE DATABASE {name} TEMPLATE {postgres_template}")
    yield Practice(f"{postgres_server}/{name}")
    run_postgres(f"{postgres_server}/postgres", f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", "postgres"])
def practice(request: pytest.FixtureRequest) -> Practice:
    """An empty practice on each of the two in turn."""
    found: Practice = request.getfixturevalue(f"on_{request.param}")
    return found


@pytest.fixture
def other(practice: Practice, request: pytest.FixtureRequest) -> Practice:
    """An empty practice on the other of the two."""
    found: Practice = request.getfixturevalue("on_postgres" if practice.is_sqlite else "on_sqlite")
    return found
