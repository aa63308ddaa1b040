"""A request that never reaches the graph: its status, its code, and what its headers say."""

from __future__ import annotations

from collections.abc import Sequence

import orjson

Headers = Sequence[tuple[bytes, bytes]]


class Refused(Exception):
    """A request that never reaches the graph."""

    def __init__(self, status: int, code: str, message: str, *, allow: str = "", retry: int = 0) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.retry = retry
        named = {b"allow": allow, b"retry-after": str(retry) if retry else ""}
        self.headers: Headers = [(name, value.encode()) for name, value in named.items() if value]

    def body(self) -> bytes:
        extensions = {"code": self.code, **({"retryAfterSeconds": self.retry} if self.retry else {})}
        return orjson.dumps({"errors": [{"message": self.message, "extensions": extensions}]})
