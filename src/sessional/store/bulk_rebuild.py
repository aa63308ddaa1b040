"""PostgreSQL: a large import takes half the time when the indexes are made afterwards.

Within the import's own transaction: nobody ever sees the table without its guarantee, and where the
rows break it, making it anew fails and nothing of the import stays. Must not know what is imported.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

from sessional.store.statements import written

# Below this the time is not worth shutting readers out; above, they would wait longer otherwise.
LEAST_WORTH_IT: Final = 50_000


async def may_rebuild(connection: Any, new: int) -> bool:
    """Whether it is worth it, and this role may: a service's role often owns no tables."""
    if new < LEAST_WORTH_IT:
        return False
    statement = written("postgres")["may_rebuild"]
    there, allowed = await connection.fetchrow(statement.sql)
    return bool(allowed) and there <= new // 2


@asynccontextmanager
async def rebuilding(connection: Any) -> AsyncIterator[None]:
    """Without the exclusion constraint and the indexes that are not unique, until the block ends.

    Their definitions are the database's own, so that they come back as they were.
    """
    parts = await connection.fetch(written("postgres")["rebuildable"].sql)
    for drop, _ in parts:
        await connection.execute(drop)
    yield
    for _, make in parts:
        await connection.execute(make)
    # The plans of the service rest on what is known of the table.
    await connection.execute(written("postgres")["learn_about_appointments"].sql)
