"""The floor: what PostgreSQL and a bare ASGI application can do, with no GraphQL in between.

The operation's name picks a ready SQL statement, the variables are its values, and the JSON text that
comes back is the answer. Nothing is parsed, validated or authorised, so no API can be faster than this
on the same driver and the same web server. Must not know: GraphQL.
"""

import asyncio
import os
from base64 import b64decode
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson

CONNECTIONS = int(os.environ.get("BENCH_CONNECTIONS", "10"))
SETTINGS = {"plan_cache_mode": "force_generic_plan", "jit": "off"}
SQL = {name: Path(__file__).with_name(f"{name}.sql").read_text() for name in ("page", "tiny", "write")}

Statements = dict[str, Any]


class Connections:
    """Prepared connections, and who waits for one. A list: a library's pool resets a session each time."""

    def __init__(self) -> None:
        self.idle: list[Statements] = []
        self.waiting: deque[asyncio.Future[Statements]] = deque()

    async def open(self) -> None:
        for _ in range(CONNECTIONS):
            connection = await asyncpg.connect(os.environ["BENCH_DATABASE"], server_settings=SETTINGS)
            self.idle.append({name: await connection.prepare(sql) for name, sql in SQL.items()})

    async def value(self, statement: str, *values: Any) -> str | None:
        if self.idle:
            statements = self.idle.pop()
        else:
            turn = asyncio.get_running_loop().create_future()
            self.waiting.append(turn)
            statements = await turn
        try:
            return await statements[statement].fetchval(*values)
        finally:
            self.give_back(statements)

    def give_back(self, statements: Statements) -> None:
        while self.waiting:
            turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(statements)
                return
        self.idle.append(statements)


connections = Connections()


async def page(variables: dict[str, Any]) -> str:
    answer = await connections.value(
        "page", variables["begin"], variables["end"], variables.get("first", 100)
    )
    assert answer is not None
    return answer


async def tiny(variables: dict[str, Any]) -> str:
    number = int(b64decode(variables["id"]).partition(b":")[2])
    return await connections.value("tiny", number) or '{"data":{"node":null}}'


async def book(variables: dict[str, Any]) -> str:
    wanted = variables["input"]
    start = int(datetime.fromisoformat(wanted["startsAt"]).timestamp())
    therapist, end = int(wanted["therapistId"]), start + wanted["durationSeconds"]
    try:
        answer = await connections.value("write", therapist, start, end, wanted["service"])
    except asyncpg.ExclusionViolationError:
        return '{"data":null,"errors":[{"message":"The slot is taken."}]}'
    assert answer is not None
    return answer


async def hello(_: dict[str, Any]) -> str:
    return '{"data":{"__typename":"Query"}}'


OPERATIONS: dict[str, Callable[[dict[str, Any]], Awaitable[str]]] = {
    "Page": page, "Tiny": tiny, "Book": book, "Hello": hello,
}  # fmt: skip


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await lifespan(receive, send)
        return
    message = await receive()
    body = message["body"]
    while message.get("more_body"):
        message = await receive()
        body += message["body"]
    request = orjson.loads(body)
    answer = (await OPERATIONS[request["operationName"]](request.get("variables"))).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(answer))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": answer})


async def lifespan(receive: Any, send: Any) -> None:
    await receive()
    await connections.open()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
