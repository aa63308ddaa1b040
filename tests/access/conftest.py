"""The application over the practice of people.py, on both databases, asked by the account of a role."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from sessional.access import Role
from tests.access.people import settle, token
from tests.booking.books import Books
from tests.booking.in_process import started

_names = itertools.count(1)


@dataclass(frozen=True)
class Desk:
    """The application, asked as a role."""

    client: httpx.AsyncClient
    books: Books

    async def text(
        self, role: Role, document: str, variables: dict[str, Any] | None = None, name: str | None = None
    ) -> str:
        """The whole answer, byte for byte."""
        answer = await self.client.post(
            "/graphql",
            json={"query": document, "variables": variables or {}, "operationName": name},
            headers={"Authorization": f"Bearer {token(role)}"},
        )
        return answer.text

    async def answer(self, role: Role, document: str, variables: dict[str, Any] | None = None) -> Any:
        answer = await self.client.post(
            "/graphql",
            json={"query": document, "variables": variables or {}},
            headers={"Authorization": f"Bearer {token(role)}"},
        )
        return answer.json()

    async def data(self, role: Role, document: str, **variables: Any) -> Any:
        """The data of an answer that must have no errors."""
        answer = await self.answer(role, document, variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def do(self, role: Role, field: str, given: dict[str, Any], selection: str = "") -> Any:
        """The payload of a field of Mutation that takes one input."""
        type_name = f"{field[0].upper()}{field[1:]}Input"
        errors = "errors { __typename ... on UserError { code message path } }"
        body = f"{{ replayed {selection} {errors} }}"
        document = f"mutation Do($input: {type_name}!) {{ {field}(input: $input) {body} }}"
        return (await self.data(role, document, input=given))[field]


async def _postgres(server: str) -> Books:
    name = f"access_{next(_names)}"
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"CREATE DATABASE {name}")
    await connection.close()
    return Books(f"{server}/{name}")


def _made(request: pytest.FixtureRequest, folder: Path) -> Books:
    """The practice in a database of its own."""
    server = request.getfixturevalue("postgres_server") if request.param == "postgres" else None

    async def made() -> Books:
        found = Books(f"sqlite:///{folder}/sessional.db") if server is None else await _postgres(server)
        await found.prepare()
        await settle(found)
        return found

    return asyncio.run(made())


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def books(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Books:
    """The practice on each database in turn, shared by the tests of a file."""
    return _made(request, tmp_path_factory.mktemp("access"))


@pytest.fixture
async def desk(books: Books) -> AsyncIterator[Desk]:
    async with started(books.url) as client:
        yield Desk(client, books)


@pytest.fixture(params=["sqlite", "postgres"])
def own_books(request: pytest.FixtureRequest, tmp_path: Path) -> Books:
    """The same for a test alone, which may change it."""
    return _made(request, tmp_path)


@pytest.fixture
async def own_desk(own_books: Books) -> AsyncIterator[Desk]:
    async with started(own_books.url) as client:
        yield Desk(client, own_books)
