"""PostgreSQL's connections: waited for in turn, given back whatever happens, never left in between."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import asyncpg
import pytest

from sessional.errors import Busy, SessionalError, Unavailable
from sessional.store import connections
from sessional.store.postgres import PostgresStore
from sessional.store.store import Transaction
from tests.booking.books import Books, until_waiting
from tests.booking.clients import HOUR, TEN
from tests.booking.tunnel import Tunnel

pytestmark = pytest.mark.filterwarnings("error")


@pytest.fixture
def books(unserved_postgres: Books) -> Books:
    return unserved_postgres


@asynccontextmanager
async def opened(url: str, connections: int = 2, deadline: float = 10) -> AsyncIterator[PostgresStore]:
    store = PostgresStore(url, connections=connections, deadline_seconds=deadline)
    try:
        yield store
    finally:
        await store.close()


@asynccontextmanager
async def diary_held(books: Books, therapist: int) -> AsyncIterator[asyncpg.Connection]:
    """Someone else has the diary open, and writes nothing."""
    connection = await asyncpg.connect(books.url)
    try:
        async with connection.transaction():
            await connection.execute(
                "SELECT FROM therapist WHERE therapist_id = $1 FOR NO KEY UPDATE", therapist
            )
            yield connection
    finally:
        await connection.close()


def opening(therapist: int) -> Callable[[Transaction], Awaitable[int]]:
    async def action(tx: Transaction) -> int:
        return len(await tx.fetch("open_diary", therapist_id=therapist))

    return action


def writing(therapist: int, starts_at: int) -> Callable[[Transaction], Awaitable[int]]:
    async def action(tx: Transaction) -> int:
        await tx.fetch("open_diary", therapist_id=therapist)
        place = {"starts_at": starts_at, "ends_at": starts_at + HOUR}
        row = await tx.fetch(
            "add_appointment", therapist_id=therapist, service_code="one-off", now=0, **place
        )
        return int(row[0][0])

    return action


async def sessions_on_the_server(books: Books) -> list[tuple[int, str]]:
    """The service's own: process number and state."""
    rows = await books.run(
        "SELECT pid, state FROM pg_stat_activity "
        "WHERE application_name = 'sessional' AND datname = current_database()"
    )
    return [(row[0], row[1]) for row in rows]


# ---- waiting ------------------------------------------------------------------------------------


async def test_who_finds_no_free_connection_waits_in_turn_and_there_are_never_more_than_allowed(
    books: Books,
) -> None:
    therapist, order = await books.therapist(), []

    async def booking(store: PostgresStore, number: int) -> None:
        await store.transact(writing(therapist, TEN + number * HOUR))
        order.append(number)

    async with opened(books.url, connections=1) as store:
        async with diary_held(books, therapist):
            tasks = [asyncio.create_task(booking(store, number)) for number in range(20)]
            await until_waiting(books, 1)
            assert len(await sessions_on_the_server(books)) == 1
        await asyncio.gather(*tasks)
    assert order == list(range(20))


async def test_who_waits_for_a_connection_longer_than_allowed_is_told_to_try_again(books: Books) -> None:
    therapist = await books.therapist()
    async with opened(books.url, connections=1) as store:
        await store.open()
        store._connections._deadline = 0.2
        async with diary_held(books, therapist):
            first = asyncio.create_task(store.transact(opening(therapist)))
            await until_waiting(books, 1)
            with pytest.raises(Unavailable):
                await store.fetch("service_codes")
        assert await first == 1
        assert len(await store.fetch("service_codes")) == 2


async def test_a_connection_that_comes_free_in_the_moment_the_patience_ends_is_not_lost(
    books: Books,
) -> None:
    """The loop is kept busy so that both happen in one turn of it."""
    async with opened(books.url, connections=1) as store:
        await store.open()
        pool = store._connections
        pool._deadline = 0.1
        release = asyncio.Event()

        async def hold() -> None:
            async with pool.one():
                await release.wait()

        holder = asyncio.create_task(hold())
        await asyncio.sleep(0)
        waiter = asyncio.create_task(store.fetch("service_codes"))
        await asyncio.sleep(0.01)
        release.set()
        time.sleep(0.2)  # noqa: ASYNC251 - holds up the loop on purpose
        await asyncio.gather(holder, waiter, return_exceptions=True)
        assert len(await store.fetch("service_codes")) == 2


async def test_when_the_database_goes_away_nobody_waits_for_a_connection_that_cannot_come(
    books: Books,
) -> None:
    therapist = await books.therapist()
    tunnel = await Tunnel(books.url).open()
    async with opened(tunnel.url, connections=2) as store, diary_held(books, therapist):
        tasks = [asyncio.create_task(store.transact(opening(therapist))) for _ in range(10)]
        await until_waiting(books, 2)
        started = time.monotonic()
        await tunnel.close()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        assert time.monotonic() - started < 3
        assert {type(outcome) for outcome in outcomes} == {Unavailable}


async def test_when_the_database_comes_back_all_connections_come_back_without_a_hand(books: Books) -> None:
    tunnel = await Tunnel(books.url).open()
    async with opened(tunnel.url, connections=3) as store:
        await asyncio.gather(*(store.fetch("service_codes") for _ in range(9)))
        await tunnel.close()
        started = time.monotonic()
        lost = await asyncio.gather(
            *(store.fetch("service_codes") for _ in range(9)), return_exceptions=True
        )
        assert time.monotonic() - started < 3
        assert {type(outcome) for outcome in lost} == {Unavailable}
        await tunnel.open()
        found = await asyncio.gather(*(store.fetch("service_codes") for _ in range(9)))
        assert [len(rows) for rows in found] == [2] * 9
        await store.close()
    await tunnel.close()


async def test_a_commit_whose_confirmation_is_lost_on_the_way_is_not_said_to_have_changed_nothing(
    books: Books,
) -> None:
    """The session is there, and whoever asked is only told to ask again."""
    therapist = await books.therapist()
    tunnel = await Tunnel(books.url).open()
    booked = asyncio.Event()

    async def action(tx: Transaction) -> None:
        await writing(therapist, TEN)(tx)
        tunnel.answers = False
        booked.set()

    async with opened(tunnel.url, connections=1) as store:
        task = asyncio.create_task(store.transact(action))
        await booked.wait()
        end = time.monotonic() + 5
        while not await books.diary(therapist):
            assert time.monotonic() < end
            await asyncio.sleep(0.02)
        await tunnel.close()
        with pytest.raises(Unavailable) as told:
            await task
    assert "Nothing was changed" not in told.value.public_message
    assert "Try again" in told.value.public_message


# ---- giving up ----------------------------------------------------------------------------------


async def test_a_request_that_is_given_up_while_it_waits_for_a_lock_leaves_nothing_behind(
    books: Books,
) -> None:
    therapist = await books.therapist()
    async with opened(books.url, connections=1) as store:
        async with diary_held(books, therapist):
            given_up = asyncio.create_task(store.transact(writing(therapist, TEN)))
            await until_waiting(books, 1)
            given_up.cancel()
            with pytest.raises(asyncio.CancelledError):
                await given_up
        number = await asyncio.wait_for(store.transact(writing(therapist, TEN + HOUR)), 3)
        assert [row[0] for row in await books.diary(therapist)] == [number]


async def test_requests_given_up_at_any_moment_take_no_connection_with_them_and_leave_none_in_between(
    books: Books,
) -> None:
    """What is written afterwards is there for everybody: no transaction was left open underneath."""
    chance = random.Random(20310106)
    therapist = await books.therapist()
    async with opened(books.url, connections=3) as store:

        async def give_up(number: int) -> None:
            task = asyncio.create_task(store.transact(writing(therapist, TEN + number * HOUR)))
            for _ in range(chance.randint(1, 2)):
                await asyncio.sleep(chance.random() * 0.01)
                task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        for round_ in range(10):
            await asyncio.gather(*(give_up(round_ * 20 + n) for n in range(20)))
        for n in range(9):
            number = await asyncio.wait_for(store.transact(writing(therapist, TEN - (n + 1) * HOUR)), 3)
            assert number in [row[0] for row in await books.diary(therapist)]
        assert len(await sessions_on_the_server(books)) <= 3
        assert {state for _, state in await sessions_on_the_server(books)} == {"idle"}
        held = await asyncio.wait_for(_hold_at_once(store, 3), 3)
        assert held == 3


async def _hold_at_once(store: PostgresStore, count: int) -> int:
    """How many connections can be held at the same time, asking for so many."""
    async with AsyncExitStack() as stack:
        held = [await stack.enter_async_context(store._connections.one()) for _ in range(count)]
        return len({id(connection) for connection in held})


# ---- others in the way --------------------------------------------------------------------------


async def test_a_booking_waits_for_someone_who_has_the_diary_open_for_a_while(books: Books) -> None:
    therapist = await books.therapist()
    async with opened(books.url) as store:
        async with diary_held(books, therapist):
            task = asyncio.create_task(store.transact(writing(therapist, TEN)))
            await until_waiting(books, 1)
            await asyncio.sleep(0.5)
            assert not task.done()
        await task
    assert len(await books.diary(therapist)) == 1


async def test_who_has_to_wait_too_long_for_a_diary_is_told_to_try_again_and_nothing_is_written(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LOCK_SECONDS", 1)
    therapist = await books.therapist()
    async with opened(books.url) as store:
        async with diary_held(books, therapist):
            with pytest.raises(Busy):
                await store.transact(writing(therapist, TEN))
        assert await books.diary(therapist) == []
        await store.transact(writing(therapist, TEN))


async def test_a_transaction_that_the_database_gives_up_to_end_a_deadlock_is_run_again(
    books: Books,
) -> None:
    """Someone writes past the application in the other order; PostgreSQL stops who waited first."""
    one, other = await books.therapist(), await books.therapist()
    runs = []

    async def both(tx: Transaction) -> None:
        runs.append(1)
        await tx.fetch("open_diary", therapist_id=one)
        await tx.fetch("open_diary", therapist_id=other)

    async with opened(books.url) as store:
        async with diary_held(books, other) as outside:
            task = asyncio.create_task(store.transact(both))
            await until_waiting(books, 1)
            await outside.execute("SELECT FROM therapist WHERE therapist_id = $1 FOR NO KEY UPDATE", one)
        await task
    assert len(runs) >= 2


async def test_forgetting_keys_is_run_again_when_the_database_gives_it_up_to_end_a_deadlock(
    books: Books,
) -> None:
    """A statement on its own is contended for as much as a transaction is."""
    for key, age in (("a", 1), ("b", 2)):
        await books.run("INSERT INTO idempotency_key VALUES (1, $1, 'hash', 1, 1, $2)", key, age)
    outside = await asyncpg.connect(books.url)
    async with opened(books.url) as store:
        transaction = outside.transaction()
        await transaction.start()
        await outside.execute("UPDATE idempotency_key SET input_hash = 'b' WHERE key = 'b'")
        task = asyncio.create_task(store.fetch("forget_keys", before=10))
        await until_waiting(books, 1)
        await outside.execute("UPDATE idempotency_key SET input_hash = 'a' WHERE key = 'a'")
        await transaction.rollback()
        await task
    await outside.close()
    assert not {"a", "b"} & {key for _, key, *_ in await books.keys()}


@pytest.mark.parametrize("level", ["repeatable read", "serializable"])
async def test_a_stricter_isolation_by_default_changes_nothing_for_bookings(
    books: Books, level: str
) -> None:
    """The service says which isolation it counts on, whatever the database was set to."""
    strict = f"{books.url}?options=-c%20default_transaction_isolation%3D{level.replace(' ', '%5C%20')}"
    async with opened(strict) as store:

        async def seen(tx: Transaction) -> Any:
            return await tx._connection.raw.fetchval("SHOW transaction_isolation")  # type: ignore[attr-defined]

        assert await store.transact(seen) == "read committed"


# ---- a database that hangs ----------------------------------------------------------------------


async def test_a_database_that_answers_nothing_any_more_is_not_waited_for_without_end(
    books: Books,
) -> None:
    """The server's own time limits are no help where the server itself stands still."""
    async with opened(books.url, connections=1, deadline=0.5) as store:
        await store.fetch("service_codes")
        ((pid, _),) = await sessions_on_the_server(books)
        os.kill(pid, signal.SIGSTOP)
        try:
            with pytest.raises(SessionalError) as told:
                await asyncio.wait_for(store.fetch("service_codes"), 5)
            assert told.value.code in ("UNAVAILABLE", "DEADLINE_EXCEEDED")
            assert len(await asyncio.wait_for(store.fetch("service_codes"), 3)) == 2
        finally:
            os.kill(pid, signal.SIGCONT)
