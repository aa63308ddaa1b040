"""A way to a database that can be closed: connections are cut, new ones refused, until it opens again."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit, urlunsplit


class Tunnel:
    """Carries bytes between a port of its own and a database. ``url`` leads through it."""

    def __init__(self, url: str) -> None:
        place = urlsplit(url)
        self._place = place
        self._server: asyncio.Server | None = None
        self.answers = True  # whether what the database says comes back through here
        self._port = 0
        self._carried: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return urlunsplit(self._place._replace(netloc=f"postgres@127.0.0.1:{self._port}"))

    async def open(self) -> Tunnel:
        self._server = await asyncio.start_server(self._carry, "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._carried:
            writer.transport.abort()
        for task in self._tasks:
            task.cancel()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(self._place.hostname, self._place.port)
        self._carried |= {writer, far_writer}
        for source, target in ((reader, far_writer), (far_reader, writer)):
            back = target is writer
            self._tasks.add(asyncio.create_task(self._pour(source, target, back=back)))

    async def _pour(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, back: bool
    ) -> None:
        with suppress(ConnectionError, asyncio.CancelledError):
            while data := await source.read(65_536):
                if self.answers or not back:
                    target.write(data)
                    await target.drain()
        target.transport.abort()
