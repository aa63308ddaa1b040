"""The application in this process over both databases, each shared by all tests of one file.

Each test takes therapists of its own, so that what one sets up is never in another's way.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from tests.booking.books import Books, new_practice
from tests.booking.in_process import started

_names = itertools.count(1)


@dataclass(frozen=True)
class Practice:
    """A practice and its application: asked in documents, answered with data."""

    client: httpx.AsyncClient
    books: Books

    async def answer(self, document: str, variables: dict[str, Any] | None = None) -> Any:
        """The whole answer, errors and all."""
        body = {"query": document, "variables": variables or {}}
        return (await self.client.post("/graphql", json=body)).json()

    async def ask(self, document: str, **variables: Any) -> Any:
        """The data of an answer that must have no errors."""
        answer = await self.answer(document, variables)
        assert "errors" not in answer, answer
        return answer["data"]

    async def do(self, field: str, given: dict[str, Any], selection: str = "") -> Any:
        """The payload of a field of Mutation that takes one input, with its errors in full."""
        type_name = f"{field[0].upper()}{field[1:]}Input"
        errors = "errors { __typename ... on UserError { code message path } }"
        body = f"{{ replayed {selection} {errors} }}"
        document = f"mutation Do($input: {type_name}!) {{ {field}(input: $input) {body} }}"
        return (await self.ask(document, input=given))[field]

    async def done(self, field: str, given: dict[str, Any], selection: str = "") -> Any:
        """The payload of a change that must not be refused."""
        payload = await self.do(field, given, selection)
        assert payload["errors"] == [], payload
        return payload


@pytest.fixture(scope="module")
def diary_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Books:
    folder = tmp_path_factory.mktemp("diary_api")
    return asyncio.run(Books(f"sqlite:///{folder}/sessional.db").prepare())


@pytest.fixture(scope="module")
def diary_postgres(postgres_server: str) -> Books:
    return asyncio.run(new_practice(postgres_server, f"diary_api_{next(_names)}"))


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def diary_books(request: pytest.FixtureRequest) -> Books:
    """The two in turn."""
    books: Books = request.getfixturevalue(f"diary_{request.param}")
    return books


@pytest.fixture
async def practice(diary_books: Books) -> AsyncIterator[Practice]:
    """An application over a practice on each database in turn."""
    async with started(diary_books.url) as client:
        yield Practice(client, diary_books)


@pytest.fixture
async def therapist(practice: Practice) -> int:
    """A therapist in London with an empty diary and no hours."""
    return await practice.books.therapist()
