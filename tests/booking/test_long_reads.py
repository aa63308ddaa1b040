"""On SQLite nothing that reads keeps the event loop: what takes long goes to a thread, until a deadline."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Final

import apsw
import pytest

from sessional.errors import DeadlineExceeded
from sessional.store import sqlite
from sessional.store.sqlite import SqliteStore
from sessional.store.statements import Written
from sessional.store.store import Statement
from tests.booking.books import Books

_COUNTING: Final = (
    "SELECT 1, count(*) FROM (WITH RECURSIVE number(n) AS "
    "(SELECT 1 UNION ALL SELECT n + 1 FROM number WHERE n < {most}) SELECT n FROM number)"
)
_SHORT, _LONG, _ENDLESS = (_COUNTING.format(most=most) for most in (100, 100_000, 10**12))
_DEADLINE: Final = 0.3

Road = Callable[[str], Awaitable[Any]]


@pytest.fixture
async def store(fresh_sqlite: Books) -> AsyncIterator[SqliteStore]:
    assert fresh_sqlite.path is not None
    store = SqliteStore(fresh_sqlite.path, deadline_seconds=_DEADLINE)
    yield store
    await store.close()


@pytest.fixture(params=["read", "rows", "fetch"])
def road(request: pytest.FixtureRequest, store: SqliteStore, monkeypatch: pytest.MonkeyPatch) -> Road:
    """Asks a statement on one of the roads that begin in the event loop."""

    def fetched(sql: str) -> Awaitable[Any]:
        monkeypatch.setattr(sqlite, "written", lambda _: {"counting": Written(sql, ())})
        return store.fetch("counting")

    roads: dict[str, Road] = {
        "read": lambda sql: store.read(Statement(sql), ()),
        "rows": lambda sql: store.rows(Statement(sql), ()),
        "fetch": fetched,
    }
    return roads[request.param]


async def test_what_would_take_for_ever_is_stopped_at_its_deadline_and_others_get_their_turn(
    road: Road,
) -> None:
    begun, turns = time.monotonic(), 0
    asked = asyncio.ensure_future(road(_ENDLESS))
    while not asked.done() and time.monotonic() - begun < 20:
        await asyncio.sleep(0.01)
        turns += 1
    with pytest.raises(DeadlineExceeded):
        await asked
    assert turns > 3


async def test_what_takes_long_is_answered_from_a_thread_and_what_is_short_at_once(road: Road) -> None:
    connections = len(apsw.connections())
    assert "100" in str(await road(_SHORT))
    assert len(apsw.connections()) == connections
    assert "100000" in str(await road(_LONG))
    assert len(apsw.connections()) == connections + 1
