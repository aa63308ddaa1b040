"""An answer leaves in one write: its head waits for its body, which follows in the same moment.

uvicorn writes the two one after the other, each a call of the system and a packet of its own: a
fifth of the time of a small answer (docs/performance.md).
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_HEAD = b"HTTP/1."


class _Joined:
    """A transport that keeps a response's head until the next write, or until the loop's next turn."""

    __slots__ = ("_head", "_loop", "_transport")

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self._transport = transport
        self._loop = loop
        self._head = b""

    def write(self, data: bytes) -> None:
        if self._head:
            data, self._head = self._head + data, b""
        elif data.startswith(_HEAD):
            self._head = data
            self._loop.call_soon(self._flush)
            return
        self._transport.write(data)

    def _flush(self) -> None:
        """Send a head that nothing followed: an answer without a body, or one that comes later."""
        if self._head:
            head, self._head = self._head, b""
            self._transport.write(head)

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def is_closing(self) -> bool:  # asked for each answer: not by way of __getattr__
        return self._transport.is_closing()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class OneWrite(HttpToolsProtocol):
    """uvicorn's protocol over a transport that joins head and body, with a bound on how long a request
    may take to arrive: uvicorn itself waits for the rest of one for ever.
    """

    receive_seconds: ClassVar[float] = 20

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        joined = _Joined(transport, asyncio.get_running_loop())
        super().connection_made(cast(asyncio.Transport, joined))
        self._arriving: asyncio.TimerHandle | None = None
        self._begun = True
        self._expect()

    def data_received(self, data: bytes) -> None:
        self._begun = True
        super().data_received(data)
        # Nearly every request comes whole, and then needs no timer.
        if self._begun and self._arriving is None:
            self._expect()

    def on_message_begin(self) -> None:
        self._begun = True  # one that follows another in the same bytes
        super().on_message_begin()

    def on_message_complete(self) -> None:
        self._begun = False
        self._arrived()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._arrived()
        super().connection_lost(exc)

    def _expect(self) -> None:
        """Close the connection unless a whole request arrives in time. Each byte does not begin anew."""
        self._arriving = self.loop.call_later(self.receive_seconds, self.transport.close)

    def _arrived(self) -> None:
        if self._arriving is not None:
            self._arriving.cancel()
            self._arriving = None
