"""The application as it is served, in this process, so that a test can look at its connections."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import apsw
import httpx

from sessional.settings import Settings
from sessional.web.app import build
from tests.booking.books import ANN
from tests.support.server import SECRET


@asynccontextmanager
async def started(url: str, **settings: Any) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application that has started, and stops when the block ends."""
    given = {"secret": SECRET, "encryption_key": SECRET, **settings}
    app = build(Settings(database=url, **given), observers=[])
    to_app: asyncio.Queue[Any] = asyncio.Queue()
    from_app: asyncio.Queue[Any] = asyncio.Queue()
    scope = {"type": "lifespan", "asgi": {"version": "3.0"}, "state": {}}
    life = asyncio.create_task(app(scope, to_app.get, from_app.put))
    await to_app.put({"type": "lifespan.startup"})
    assert (await from_app.get())["type"] == "lifespan.startup.complete"
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app),
        base_url="http://here",
        headers={"Authorization": f"Bearer {ANN}"},
    )
    try:
        async with client:
            yield client
    finally:
        await to_app.put({"type": "lifespan.shutdown"})
        assert (await from_app.get())["type"] == "lifespan.shutdown.complete"
        await life


class SqliteRecorder:
    """Notes every statement that any SQLite connection made since begins to run."""

    def __init__(self) -> None:
        self._seen: list[str] = []
        self._numbers = itertools.count()

    def __enter__(self) -> SqliteRecorder:
        apsw.connection_hooks.append(self._watch)
        return self

    def __exit__(self, *_: object) -> None:
        apsw.connection_hooks.remove(self._watch)

    def _watch(self, connection: apsw.Connection) -> None:
        connection.trace_v2(apsw.SQLITE_TRACE_STMT, self._note, id=self)

    def _note(self, event: Any) -> None:
        if not event["trigger"]:
            self._seen.append(event["sql"])

    def taken(self) -> list[str]:
        """What was run since it was asked last."""
        seen, self._seen = self._seen, []
        return seen


class PostgresRecorder:
    """Reads from the server's log what the service ran: the server logs all statements."""

    LINE_PREFIX = "<%a|%d>"

    def __init__(self, log: Path, database: str) -> None:
        self._log = log
        self._mark = f"<sessional|{database}>LOG:  "
        self._position = 0

    def __enter__(self) -> PostgresRecorder:
        self.taken()
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def taken(self) -> list[str]:
        """What was run since it was asked last."""
        with self._log.open("rb") as log:
            log.seek(self._position)
            written = log.read()
            self._position = log.tell()
        lines = written.decode("utf-8", "replace").splitlines()
        found = [line.removeprefix(self._mark) for line in lines if line.startswith(self._mark)]
        return [line.split(": ", 1)[1] for line in found if line.startswith(("statement: ", "execute "))]
