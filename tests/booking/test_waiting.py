"""Someone else is about to write the same, and takes their time: what a booking waits for, and how long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from sessional.store import connections
from tests.booking.books import Books
from tests.booking.clients import BOOK, LOOKS_BACK, TEN, Asked, Outcome, outcome_of_booking
from tests.booking.in_process import started

BOTH_ROADS = pytest.mark.parametrize("document", [BOOK, LOOKS_BACK], ids=["one statement", "transaction"])


async def booked(one: Any, asked: Asked, document: str = BOOK) -> Outcome:
    body = {"query": document, "variables": {"input": asked.input()}}
    return outcome_of_booking((await one.post("/graphql", json=body)).json())


@pytest.fixture
def short_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """One second instead of five."""
    monkeypatch.setattr(connections, "LOCK_SECONDS", 1)


@asynccontextmanager
async def key_in_hand(books: Books, key: str) -> AsyncIterator[None]:
    """Another request of the same person has the key, and has not committed."""
    other = await asyncpg.connect(books.url)
    transaction = other.transaction()
    await transaction.start()
    await other.execute(
        "INSERT INTO idempotency_key (account_id, key, input_hash, therapist_id, appointment_id, "
        "created_at) VALUES (1, $1, 'hash', 1, 1, 1)",
        key,
    )
    try:
        yield
    finally:
        await transaction.rollback()
        await other.close()


@BOTH_ROADS
async def test_a_booking_waits_for_someone_who_is_about_to_take_its_time_and_takes_it_when_they_give_up(
    books: Books, document: str
) -> None:
    therapist = await books.therapist()
    async with started(books.url) as one:
        async with books.in_the_way(therapist, TEN):
            task = asyncio.create_task(booked(one, Asked(therapist_id=therapist, starts_at=TEN), document))
            await asyncio.sleep(0.3)
            assert not task.done()
        assert (await task).code is None
    assert len(await books.diary(therapist)) == 1


@BOTH_ROADS
async def test_a_key_that_is_in_progress_for_too_long_is_said_to_be_so_and_nothing_is_written(
    unserved_postgres: Books, short_patience: None, document: str
) -> None:
    """Scenario 23, where the other request takes its time."""
    books = unserved_postgres
    therapist = await books.therapist()
    wish = Asked(therapist_id=therapist, starts_at=TEN, key=f"slow {therapist}")
    async with started(books.url) as one:
        async with key_in_hand(books, f"slow {therapist}"):
            assert (await booked(one, wish, document)).code == "IDEMPOTENCY_IN_PROGRESS"
        assert await books.diary(therapist) == []
        assert (await booked(one, wish, document)).code is None


@BOTH_ROADS
@pytest.mark.parametrize("key", [None, "mine"])
async def test_a_time_that_someone_else_is_about_to_take_for_too_long_is_unavailable_not_taken(
    unserved_postgres: Books, short_patience: None, document: str, key: str | None
) -> None:
    """Scenario 29: whether it will be free is not known yet. Its own key is in nobody's hands."""
    books = unserved_postgres
    therapist = await books.therapist()
    wish = Asked(therapist_id=therapist, starts_at=TEN, key=key and f"{key} {therapist}")
    async with started(books.url) as one:
        async with books.in_the_way(therapist, TEN):
            assert (await booked(one, wish, document)).code == "UNAVAILABLE"
        assert (await booked(one, wish, document)).code is None
