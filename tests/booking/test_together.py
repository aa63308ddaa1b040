"""Bookings that come at once leave in one commit, and each is answered as if it had been alone."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack

import httpx
import pytest

from tests.booking.books import ACCOUNTS, ANN, BEN, Books, until_waiting
from tests.booking.clients import BOOK, HOUR, TEN, Asked, Outcome
from tests.booking.in_process import started
from tests.booking.test_connections import diary_held
from tests.booking.test_waiting import booked
from tests.booking.tunnel import Tunnel


@pytest.fixture
def books(unserved_postgres: Books) -> Books:
    return unserved_postgres


@pytest.fixture
async def desk(books: Books) -> AsyncIterator[httpx.AsyncClient]:
    async with started(books.url) as client:
        yield client


async def at_once(desk: httpx.AsyncClient, wishes: Sequence[Asked]) -> list[Outcome]:
    return await asyncio.gather(*(booked(desk, wish) for wish in wishes))


def hours(therapist: int, count: int, key: str = "") -> list[Asked]:
    """So many hours of one diary, one after the other."""
    return [
        Asked(
            therapist_id=therapist, starts_at=TEN + n * HOUR, key=f"{key} {therapist} {n}" if key else None
        )
        for n in range(count)
    ]


async def commits(books: Books, therapist: int) -> int:
    """In how many transactions the sessions of a diary were written."""
    count = "SELECT count(DISTINCT xmin::text) FROM appointment WHERE therapist_id = $1"
    return int(await books.value(count, therapist))


async def test_bookings_that_come_at_once_leave_in_few_commits(
    books: Books, desk: httpx.AsyncClient
) -> None:
    therapist = await books.therapist()
    outcomes = await at_once(desk, hours(therapist, 40, key="few"))
    assert [outcome.code for outcome in outcomes] == [None] * 40
    assert len({outcome.appointment_id for outcome in outcomes}) == 40
    assert len(await books.diary(therapist)) == 40
    assert await commits(books, therapist) <= 5


async def test_each_is_answered_about_its_own_session(books: Books, desk: httpx.AsyncClient) -> None:
    therapists = [await books.therapist() for _ in range(12)]
    wishes = [Asked(therapist_id=each, starts_at=TEN + n * HOUR) for n, each in enumerate(therapists)]
    outcomes = await at_once(desk, wishes[::-1])
    for wish, outcome in zip(wishes[::-1], outcomes, strict=True):
        ((appointment_id, starts_at, *_),) = await books.run(
            "SELECT appointment_id, starts_at FROM appointment WHERE therapist_id = $1", wish.therapist_id
        )
        assert (outcome.appointment_id, wish.starts_at) == (appointment_id, starts_at)


async def test_one_that_cannot_be_is_told_why_and_the_others_are_booked(
    books: Books, desk: httpx.AsyncClient
) -> None:
    therapist, other = await books.therapist(), await books.therapist()
    await books.session(other, TEN)
    key = f"used {therapist}"
    assert (await booked(desk, Asked(therapist_id=other, starts_at=TEN + 5 * HOUR, key=key))).code is None
    wrong = [
        Asked(therapist_id=other, starts_at=TEN),
        Asked(therapist_id=10**9, starts_at=TEN),
        Asked(therapist_id=therapist, starts_at=TEN + 50 * HOUR, service="nothing"),
        Asked(therapist_id=therapist, starts_at=TEN + 51 * HOUR, key=key),
    ]
    outcomes = await at_once(desk, [*hours(therapist, 10), *wrong, *hours(therapist, 1)])
    codes = [outcome.code for outcome in outcomes]
    assert codes[10:14] == ["SLOT_TAKEN", "UNKNOWN_THERAPIST", "UNKNOWN_SERVICE", "IDEMPOTENCY_KEY_REUSED"]
    # Of the two that want the first hour one has it.
    assert sorted(map(str, [codes[0], codes[14]])) == ["None", "SLOT_TAKEN"]
    assert codes[1:10] == [None] * 9
    assert len(await books.diary(therapist)) == 10


async def test_a_retry_in_company_is_one_session(books: Books, desk: httpx.AsyncClient) -> None:
    """Scenario 23, both in one statement."""
    therapist = await books.therapist()
    first = hours(therapist, 6, key="twice")
    outcomes = await at_once(desk, [*first, *first])
    assert {outcome.code for outcome in outcomes} == {None}
    assert [o.appointment_id for o in outcomes[:6]] == [o.appointment_id for o in outcomes[6:]]
    assert len(await books.diary(therapist)) == 6


async def test_a_diary_that_somebody_has_open_keeps_only_its_own_bookings_waiting(
    books: Books, desk: httpx.AsyncClient
) -> None:
    held, free = await books.therapist(), await books.therapist()
    async with diary_held(books, held):
        waiting = asyncio.create_task(at_once(desk, hours(held, 3)))
        await until_waiting(books, 1)
        for _ in range(3):
            assert {o.code for o in await at_once(desk, hours(free, 8))} <= {None, "SLOT_TAKEN"}
        assert len(await books.diary(free)) == 8
        assert not waiting.done()
    assert [outcome.code for outcome in await waiting] == [None] * 3


async def test_three_diaries_that_are_open_keep_no_other_booking_waiting(
    books: Books, desk: httpx.AsyncClient
) -> None:
    """One statement is under way at a time; one that is held up is no reason for others to wait."""
    held, free = [await books.therapist() for _ in range(3)], await books.therapist()
    async with AsyncExitStack() as open_diaries:
        waiting = []
        for number, therapist in enumerate(held, 1):
            await open_diaries.enter_async_context(diary_held(books, therapist))
            waiting.append(asyncio.create_task(booked(desk, *hours(therapist, 1))))
            await until_waiting(books, number)
        for one in hours(free, 8):
            assert (await booked(desk, one)).code is None
        assert not any(task.done() for task in waiting)
    assert [(await task).code for task in waiting] == [None] * 3


async def test_one_that_the_database_fails_at_fails_alone(books: Books, desk: httpx.AsyncClient) -> None:
    therapist = await books.therapist()
    await books.run("CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''no''; END'")
    await books.run(
        "CREATE TRIGGER fails BEFORE INSERT ON appointment FOR EACH ROW "
        f"WHEN (NEW.therapist_id = {therapist} AND NEW.starts_at = {TEN}) EXECUTE FUNCTION fail()"
    )
    try:
        outcomes = await at_once(desk, hours(therapist, 6))
    finally:
        await books.run("DROP TRIGGER fails ON appointment")
        await books.run("DROP FUNCTION fail()")
    assert [outcome.code for outcome in outcomes] == ["INTERNAL_ERROR", *[None] * 5]
    assert len(await books.diary(therapist)) == 5


async def test_one_that_is_given_up_leaves_the_others_alone(books: Books, desk: httpx.AsyncClient) -> None:
    therapist = await books.therapist()
    tasks = [asyncio.create_task(booked(desk, wish)) for wish in hours(therapist, 10)]
    await asyncio.sleep(0)
    tasks[4].cancel()
    outcomes = await asyncio.gather(*tasks, return_exceptions=True)
    assert all(isinstance(o, Outcome) and o.code is None for o in (*outcomes[:4], *outcomes[5:]))


async def test_when_the_connection_breaks_all_are_told_so_and_a_retry_books_each_once(books: Books) -> None:
    """Whether the commit came to pass nobody can know then: the keys do."""
    therapist = await books.therapist()
    wishes = hours(therapist, 5, key="broken")
    tunnel = await Tunnel(books.url).open()
    async with started(tunnel.url) as desk, books.in_the_way(therapist, TEN):
        tasks = [asyncio.create_task(booked(desk, wish)) for wish in wishes]
        await until_waiting(books, 1)
        await tunnel.close()
        outcomes = await asyncio.gather(*tasks)
    assert {outcome.code for outcome in outcomes} == {"UNAVAILABLE"}
    async with started(books.url) as desk:
        assert {outcome.code for outcome in await at_once(desk, wishes)} == {None}
    assert len(await books.diary(therapist)) == 5


async def test_bookings_that_wait_for_each_other_in_two_statements_never_end_in_a_deadlock(
    books: Books,
) -> None:
    """Two processes, the same hours in opposite orders: each hour is booked once, and nothing fails."""
    therapists = [await books.therapist() for _ in range(8)]
    wishes = [Asked(therapist_id=each, starts_at=TEN) for each in therapists]
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    before = await books.value(deadlocks)
    async with started(books.url) as one, started(books.url) as two:
        first, second = await asyncio.gather(at_once(one, wishes), at_once(two, wishes[::-1]))
    for here, there in zip(first, second[::-1], strict=True):
        assert sorted(map(str, (here.code, there.code))) == ["None", "SLOT_TAKEN"]
    assert await books.value(deadlocks) == before


async def test_the_record_names_whoever_booked_of_two_who_book_at_once(
    books: Books, desk: httpx.AsyncClient
) -> None:
    therapist = await books.therapist()
    people = [{"Authorization": f"Bearer {token}"} for token in (ANN, BEN)]
    await asyncio.gather(
        *(
            desk.post("/graphql", json={"query": BOOK, "variables": {"input": wish.input()}}, headers=who)
            for wish, who in zip(hours(therapist, 10), people * 5, strict=True)
        )
    )
    told = await books.run(
        "SELECT e.account_id, e.username FROM audit_event e JOIN appointment a "
        "ON e.object_type = 'Appointment' AND e.object_id = a.appointment_id "
        "WHERE a.therapist_id = $1 ORDER BY a.starts_at",
        therapist,
    )
    assert [tuple(row) for row in told] == list(ACCOUNTS.items()) * 5
