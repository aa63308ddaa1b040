"""What is put round the applications: every answer is told of, and every exception becomes one."""

from __future__ import annotations

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sessional.observe import FaultHappened, Observation, PlainAnswered, tell
from sessional.observers.plain import guarded, watched
from sessional.web.request_id import with_request_id

ID = {"X-Request-Id": "one-request"}


@pytest.fixture
def seen() -> list[Observation]:
    return []


async def ask(app: ASGIApp, path: str = "/graphql") -> httpx.Response:
    transport = httpx.ASGITransport(with_request_id(app))
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.get(path, headers=ID)


async def breaks(scope: Scope, receive: Receive, send: Send) -> None:
    raise ValueError("a private value")


async def breaks_late(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"whole"})
    raise ValueError


async def test_an_exception_of_the_endpoint_is_an_answer_without_its_words(seen: list[Observation]) -> None:
    answer = await ask(guarded(breaks, [seen.append]))
    assert answer.status_code == 500
    assert answer.json()["errors"][0]["extensions"] == {"code": "INTERNAL_ERROR"}
    assert "private" not in answer.text
    fault, answered = seen
    assert isinstance(fault, FaultHappened)
    assert isinstance(fault.error, ValueError)
    assert isinstance(answered, PlainAnswered)
    assert (fault.request_id, answered.request_id, answered.status) == ("one-request", "one-request", 500)


async def test_an_answer_that_has_left_stays_as_it_was(seen: list[Observation]) -> None:
    class OnceOnly:
        """A server that, like a real one, does not take a second answer."""

        def __init__(self, app: ASGIApp) -> None:
            self._app = app

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            started = False

            async def once(message: dict[str, object]) -> None:
                nonlocal started
                if message["type"] == "http.response.start":
                    if started:
                        raise RuntimeError("Unexpected ASGI message")
                    started = True
                await send(message)

            await self._app(scope, receive, once)

    answer = await ask(OnceOnly(guarded(breaks_late, [seen.append])))
    assert (answer.status_code, answer.text) == (200, "whole")
    assert isinstance(seen[0], FaultHappened)


async def test_a_page_that_breaks_is_told_of_once_and_answered(seen: list[Observation]) -> None:
    async def page(request: Request) -> Response:
        raise ValueError("a private value")

    answer = await ask(watched(Starlette(routes=[Route("/page", page)]), [seen.append]), "/page")
    assert (answer.status_code, answer.text) == (500, "Internal Server Error")
    assert [type(one) for one in seen] == [FaultHappened, PlainAnswered]


def test_an_observer_that_fails_does_not_blind_the_others(
    seen: list[Observation], caplog: pytest.LogCaptureFixture
) -> None:
    def fails(observation: Observation) -> None:
        raise ZeroDivisionError

    observation = FaultHappened(request_id="x", error=ValueError())
    tell([fails, seen.append], observation)
    assert seen == [observation]
    assert "an observer failed" in caplog.text
