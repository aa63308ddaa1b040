"""A server with the practice's rows, for clients that know nothing of it but its address."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from sessional.store.migrate import migrate_sqlite
from tests.contract import practice
from tests.contract.database import Database
from tests.support.server import running


@dataclass
class Counter:
    """Where a client goes, and the diary that it books in."""

    url: str
    database: Database

    def free_therapist(self) -> int:
        return practice.add_therapist(self.database)

    def starts(self, therapist_id: int) -> list[int]:
        rows = self.database.rows("SELECT starts_at FROM appointment WHERE therapist_id = ?", therapist_id)
        return [start for (start,) in rows]


@pytest.fixture(scope="session")
def counter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Counter]:
    folder = tmp_path_factory.mktemp("clients")
    database = Database(f"sqlite:///{folder}/clients.db")
    migrate_sqlite(database.path)
    practice.fill(database)
    with running(database.url, folder) as server:
        yield Counter(f"{server.url}/graphql", database)
