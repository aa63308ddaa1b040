"""For whoever watches the service: is it alive, can it work."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from sessional.errors import SessionalError
from sessional.store.store import Store

_NO_STORE = {"Cache-Control": "no-store"}
# A database that has not answered by then is not ready.
PATIENCE_SECONDS = 5

Handler = Callable[[Request], Awaitable[Response]]


async def healthz(request: Request) -> Response:
    """The process answers. Says nothing about the database."""
    return JSONResponse({"status": "ok"}, headers=_NO_STORE)


def readyz(store: Store) -> Handler:
    """The database takes writes: 200, or 503 with a sentence."""

    async def handler(request: Request) -> Response:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await store.check_ready()
        except (SessionalError, TimeoutError):
            body = {"status": "unavailable", "reason": "the database cannot be written"}
            return JSONResponse(body, status_code=503, headers=_NO_STORE)
        return JSONResponse({"status": "ready"}, headers=_NO_STORE)

    return handler
