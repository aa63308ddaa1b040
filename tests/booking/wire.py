"""One real connection to a server, as plain as can be, so that a test can cut it at any moment.

Knows HTTP/1.1 as far as the service's own answers need it, and nothing of bookings.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

# What a cut connection looks like, wherever it was cut.
LOST = (ConnectionError, asyncio.IncompleteReadError, OSError)


@dataclass(slots=True)
class Wire:
    """A connection that is open. Requests go one after the other."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    token: str | None

    @classmethod
    async def open(cls, url: str, token: str | None) -> Wire:
        place = urlsplit(url)
        reader, writer = await asyncio.open_connection(place.hostname, place.port)
        return cls(reader, writer, token)

    async def send(self, document: str, variables: dict[str, Any] | None = None) -> None:
        """Send a request and do not wait for what comes of it."""
        body = json.dumps({"query": document, "variables": variables or {}}).encode()
        lines = [
            "POST /graphql HTTP/1.1",
            "Host: 127.0.0.1",
            "Content-Type: application/json",
            f"Content-Length: {len(body)}",
        ]
        if self.token is not None:
            lines.append(f"Authorization: Bearer {self.token}")
        self.writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        await self.writer.drain()

    async def receive(self) -> dict[str, Any]:
        """The next answer, decoded. Raises one of LOST where the connection is cut before its end."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        body = await self.reader.readexactly(int(fields["content-length"]))
        if not fields["content-type"].startswith("application/json"):
            raise AssertionError(f"an answer that is not JSON: {head}\n{body[:500]!r}")
        answer: dict[str, Any] = json.loads(body)
        return answer

    async def ask(self, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        await self.send(document, variables)
        return await self.receive()

    def cut(self) -> None:
        """Break the connection off, as a train in a tunnel does."""
        self.writer.transport.abort()
