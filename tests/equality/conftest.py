"""Connects the product: its whole read road, in this process, on each of the two databases."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import pytest

from sessional.access import Actor, Role
from sessional.actions import Desk
from sessional.graph.bounds import DocumentLimits
from sessional.graph.plan import PageSizes
from sessional.graph.serve import Asked, Road
from sessional.store.migrate import migrate, migrate_postgres
from sessional.store.postgres import PostgresStore
from sessional.store.sqlite import SqliteStore, connect
from sessional.store.store import Store

from .comparison import decode
from .practice import Practice
from .tables import EMPTIED_IN_ORDER, KEYRING, rows

ACTOR = Actor(account_id=1, username="test_user", role=Role.ADMIN, session_id="s")
ACCOUNT = (
    "INSERT INTO account (account_id, username, password_hash, role) VALUES (1, 'test_user', '-', 'ADMIN')"
)


class Product:
    """The road over a store, asked from synchronous tests."""

    def __init__(self, store: Store, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        desk = Desk(
            store=store,
            tokens=None,
            passwords=None,
            hashing=None,
            now=lambda: 0,
            now_ms=lambda: 0,
            new_session_id=str,
            random_bytes=bytes,
            keyring=KEYRING,
        )
        self._road = Road(
            desk,
            sizes=PageSizes(default=100, most=1000, together=10**15),
            limits=DocumentLimits(
                tokens=5000, depth=15, remembered=100, aliases=10**6, directives=10**6, root_fields=10**6
            ),
            on_fault=_raise,
        )

    def load(self, practice: Practice) -> None:
        raise NotImplementedError

    def answer(
        self, document: str, variables: dict[str, Any], operation_name: str | None
    ) -> dict[str, Any]:
        asked = Asked(document, variables, operation_name, may_change=False)
        answer = self._loop.run_until_complete(self._road.answer(asked, ACTOR))
        return decode(answer.body)


def _raise(error: BaseException) -> None:
    raise error


class OnSqlite(Product):
    def __init__(self, path: Path, loop: asyncio.AbstractEventLoop) -> None:
        migrate(path)
        self._connection: apsw.Connection = connect(path)
        self._connection.execute(ACCOUNT)
        # The record cannot be emptied as it is.
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit_event'"
        for (name,) in list(self._connection.execute(triggers)):
            self._connection.execute(f"DROP TRIGGER {name}")
        super().__init__(SqliteStore(path, deadline_seconds=30), loop)

    def load(self, practice: Practice) -> None:
        with self._connection:
            for table in EMPTIED_IN_ORDER:
                self._connection.execute(f"DELETE FROM {table}")
            for table, (columns, values) in rows(practice).items():
                if not values:
                    continue
                marks = ", ".join("?" * (columns.count(",") + 1))
                self._connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", values)


class OnPostgres(Product):
    def __init__(self, url: str, loop: asyncio.AbstractEventLoop) -> None:
        loop.run_until_complete(migrate_postgres(url))
        self._connection: asyncpg.Connection = loop.run_until_complete(asyncpg.connect(url))
        loop.run_until_complete(self._connection.execute(ACCOUNT))
        # The record cannot be emptied as it is.
        unguarded = "ALTER TABLE audit_event DISABLE TRIGGER USER"
        loop.run_until_complete(self._connection.execute(unguarded))
        super().__init__(PostgresStore(url, connections=2, deadline_seconds=30), loop)

    def load(self, practice: Practice) -> None:
        self._loop.run_until_complete(self._load(practice))

    async def _load(self, practice: Practice) -> None:
        async with self._connection.transaction():
            for table in EMPTIED_IN_ORDER:
                await self._connection.execute(f"DELETE FROM {table}")
            for table, (columns, values) in rows(practice).items():
                if not values:
                    continue
                names = columns.split(", ")
                await self._connection.copy_records_to_table(table, records=values, columns=names)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def product(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    loop = asyncio.new_event_loop()
    if request.param == "sqlite":
        yield OnSqlite(tmp_path_factory.mktemp("equality") / "equality.db", loop)
    else:
        server: str = request.getfixturevalue("postgres_server")
        name = f"equality_{request.module.__name__.rsplit('.', 1)[-1]}"
        loop.run_until_complete(_create(server, name))
        yield OnPostgres(f"{server}/{name}", loop)
    loop.close()


async def _create(server: str, name: str) -> None:
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
