"""Operations beside the SQL that they become and the answers that they get, as files to read.

Each ``pairs/NAME.graphql`` stands beside ``NAME.postgres.sql``, ``NAME.sqlite.sql`` and
``NAME.json``. After a change that is meant: GOLDEN=write make test PYTEST=tests/golden, then read
the difference. The SQL is shown with line breaks that the statement itself does not have.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import apsw
import asyncpg
import pytest
from graphql import OperationType, parse

from sessional.access import Actor, Role
from sessional.actions import Desk
from sessional.graph.bounds import DocumentLimits
from sessional.graph.plan import PageSizes
from sessional.graph.serve import Asked, Road
from sessional.store.dialect import POSTGRES, SQLITE
from sessional.store.migrate import migrate, migrate_postgres
from sessional.store.postgres import PostgresStore
from sessional.store.sqlite import SqliteStore, connect
from sessional.store.store import Answered, Statement, Store

PAIRS = Path(__file__).parent / "pairs"
NAMES = sorted(path.stem for path in PAIRS.glob("*.graphql"))
WRITE = os.environ.get("GOLDEN") == "write"
ACTOR = Actor(account_id=1, username="test_user", role=Role.ADMIN, session_id="s")
ROWS = """
INSERT INTO account (account_id, username, password_hash, role) VALUES (1, 'test_user', '-', 'ADMIN');
INSERT INTO specialism (specialism_id, name, search_name) VALUES
  (1, 'Addiction', 'addiction'), (2, 'ADHD', 'adhd'), (3, 'CBT', 'cbt'), (4, 'Divorce', 'divorce');
INSERT INTO therapist (therapist_id, first_name, last_name, search_name, time_zone) VALUES
  (1, 'jeff', 'smith', 'jeff smith', 'Europe/London'), (2, 'jane', 'smith', 'jane smith', 'Europe/London'),
  (3, 'Zoë', 'O''Neil', 'zoe o''neil', 'Europe/Berlin');
INSERT INTO therapist_specialism (therapist_id, specialism_id) VALUES
  (1, 1), (1, 2), (2, 3), (2, 4), (3, 2);
INSERT INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at) VALUES
  (1, 1, 'one-off', 1644747572, 1644751172), (2, 2, 'consultation', 1644780000, 1644783600),
  (3, 1, 'consultation', 1644790000, 1644793000), (4, 3, 'one-off', 2177452800, 2177455800);
"""


class Noting:
    """A store that notes the statements it is asked."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.dialect = store.dialect
        self.statements: list[str] = []

    async def read(self, statement: Statement, values: list[object]) -> Answered:
        self.statements.append(statement.sql)
        return await self._store.read(statement, values)

    async def fetch(self, name: str, **values: object) -> object:
        return await self._store.fetch(name, **values)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Noting]:
    loop = asyncio.new_event_loop()
    if request.param == "sqlite":
        path = tmp_path_factory.mktemp("golden") / "golden.db"
        migrate(path)
        connection: apsw.Connection = connect(path)
        connection.execute(ROWS).fetchall()
        connection.close()
        opened: SqliteStore | PostgresStore = SqliteStore(path, deadline_seconds=10)
    else:
        url = loop.run_until_complete(_database(request.getfixturevalue("postgres_server")))
        opened = PostgresStore(url, connections=1, deadline_seconds=10)
    noting = Noting(opened)
    noting.loop = loop
    yield noting
    loop.run_until_complete(opened.close())
    loop.close()


async def _database(server: str) -> str:
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute("CREATE DATABASE golden")
    await connection.close()
    await migrate_postgres(f"{server}/golden")
    connection = await asyncpg.connect(f"{server}/golden")
    await connection.execute(ROWS)
    await connection.close()
    return f"{server}/golden"


def ask(store: Noting, name: str) -> tuple[list[str], object]:
    document = (PAIRS / f"{name}.graphql").read_text()
    desk = Desk(
        store=store,
        tokens=None,
        passwords=None,
        hashing=None,
        now=lambda: 0,
        now_ms=lambda: 0,
        new_session_id=str,
        random_bytes=bytes,
    )
    limits = DocumentLimits(tokens=5000, depth=15, remembered=10, aliases=9, directives=9, root_fields=9)
    road = Road(desk, sizes=PageSizes(default=100, most=1000), limits=limits, on_fault=_raise)
    asked = Asked(document, {}, None, may_change=False)
    store.statements.clear()
    answer = store.loop.run_until_complete(road.answer(asked, ACTOR))
    return list(store.statements), json.loads(answer.body)


def _raise(error: BaseException) -> None:
    raise error


def shown(statements: list[str]) -> str:
    """SQL with line breaks before its clauses, so that a person can read it."""
    clauses = r" (?=FROM |WHERE |ORDER BY |LEFT JOIN |LIMIT )| (?=\|\| \(\(?SELECT)| (?=\|\| coalesce)"
    return "\n;\n".join(re.sub(clauses, "\n", sql) for sql in statements) + "\n"


def agree(path: Path, found: str) -> None:
    if WRITE:
        path.write_text(found)
    assert path.read_text() == found, f"{path.name} is not what the service makes now"


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_becomes_the_statement_beside_it(store: Noting, name: str) -> None:
    statements, _ = ask(store, name)
    agree(PAIRS / f"{name}.{store.dialect.name}.sql", shown(statements))


@pytest.mark.parametrize("name", NAMES)
def test_an_operation_gets_the_answer_beside_it_from_both_databases(store: Noting, name: str) -> None:
    _, answer = ask(store, name)
    agree(PAIRS / f"{name}.json", json.dumps(answer, indent=2, ensure_ascii=False) + "\n")


@pytest.mark.parametrize("name", NAMES)
def test_a_root_field_is_one_statement(store: Noting, name: str) -> None:
    statements, _ = ask(store, name)
    (operation,) = (
        d for d in parse((PAIRS / f"{name}.graphql").read_text()).definitions if hasattr(d, "operation")
    )
    assert operation.operation is OperationType.QUERY
    assert len(statements) == len(operation.selection_set.selections)


def test_the_dialects_are_two() -> None:
    assert {POSTGRES.name, SQLITE.name} == {"postgres", "sqlite"}
