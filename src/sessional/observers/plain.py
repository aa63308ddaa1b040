"""Round the applications: who tells of answers that are no GraphQL, and of what nobody caught."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Final

import orjson
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sessional.errors import Fault
from sessional.observe import FaultHappened, Observer, PlainAnswered, tell

_FAULT: Final = orjson.dumps(
    {"errors": [{"message": Fault.public_message, "extensions": {"code": Fault.code}}]}
)


def watched(app: ASGIApp, observers: Sequence[Observer]) -> ASGIApp:
    """The application of the plain routes, whose answers are told of. It answers 500 by itself."""

    async def watch(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await app(scope, receive, noting)
        except Exception as error:
            tell(observers, FaultHappened(request_id=scope["request_id"], error=error))
        finally:
            _tell_answered(observers, scope, status, time.perf_counter() - started)

    return watch


def guarded(app: ASGIApp, observers: Sequence[Observer]) -> ASGIApp:
    """The GraphQL endpoint, whose every exception becomes an answer and is told of.

    Being cancelled is one of them: that is what happens to a request that outlasts the stop.
    Nothing is put around ``send``: an answer that has begun already cannot begin again, and then
    the server says so.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        try:
            await app(scope, receive, send)
        except (Exception, asyncio.CancelledError) as error:
            tell(observers, FaultHappened(request_id=scope["request_id"], error=error))
            with suppress(RuntimeError):
                await _send_fault(send)
            _tell_answered(observers, scope, 500, time.perf_counter() - started)

    return guard


async def _send_fault(send: Send) -> None:
    headers = [
        (b"content-type", b"application/json; charset=utf-8"),
        (b"content-length", str(len(_FAULT)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 500, "headers": headers})
    await send({"type": "http.response.body", "body": _FAULT})


def _tell_answered(observers: Sequence[Observer], scope: Scope, status: int, seconds: float) -> None:
    answered = PlainAnswered(
        request_id=scope["request_id"],
        method=scope["method"],
        path=scope["path"],
        status=status,
        seconds=seconds,
    )
    tell(observers, answered)
