"""The record of a practice, on both databases: what is done through the API, and what is on record."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import orjson

from tests.booking.books import Books
from tests.diary_api.conftest import (  # noqa: F401 - fixtures
    Practice,
    diary_books,
    diary_postgres,
    diary_sqlite,
    practice,
    therapist,
)

COLUMNS = (
    "audit_event_id, account_id, username, role, action, object_type, object_id, outcome, code, "
    "state_before, state_after, request_id"
)


async def last(books: Books, after: int = 0) -> list[dict[str, Any]]:
    """The entries after one, in order; states as values."""
    rows = await books.run(
        f"SELECT {COLUMNS} FROM audit_event WHERE audit_event_id > $1 ORDER BY audit_event_id", after
    )
    return [_entry(row) for row in rows]


def _entry(row: Sequence[Any]) -> dict[str, Any]:
    entry = dict(zip(COLUMNS.split(", "), row, strict=True))
    for state in ("state_before", "state_after"):
        entry[state] = None if entry[state] is None else orjson.loads(entry[state])
    return entry


async def newest(books: Books) -> int:
    """The number of the newest entry."""
    return int(await books.value("SELECT coalesce(max(audit_event_id), 0) FROM audit_event"))


async def sealed(books: Books) -> None:
    """Wait until everything is in the chain."""
    for _ in range(200):
        if not await books.run("SELECT 1 FROM audit_waiting LIMIT 1"):
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the record was not linked")
