"""Every request has an id: the caller's own where it is plain, else a new one. It is in the answer."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from itertools import count
from typing import Final

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_PLAIN: Final = re.compile(rb"[A-Za-z0-9._-]{8,64}")
_CURRENT: ContextVar[str] = ContextVar("request_id", default="")


def current_request_id() -> str:
    """The id of the request that is being answered; empty outside of one."""
    return _CURRENT.get()


def with_request_id(app: ASGIApp) -> ASGIApp:
    """The application with an id for each request, in ``scope["request_id"]`` and X-Request-Id.

    A made id is this process's own random beginning and a number: ids are to be told apart, not to
    be guarded, and a random one for each request would be a call of the system for each request.
    """
    prefix, numbers = secrets.token_hex(5), count(1)

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        request_id = _given(scope) or f"{prefix}{next(numbers):06x}"
        scope["request_id"] = request_id
        _CURRENT.set(request_id)
        header = (b"x-request-id", request_id.encode())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], header]
            await send(message)

        await app(scope, receive, send_with_id)

    return wrapped


def _given(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _PLAIN.fullmatch(value):
            return str(value, "ascii")
    return None
