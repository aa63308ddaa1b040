"""PostgreSQL goes away under load and comes back: nobody is told a falsehood, nobody has to lend a hand."""

from __future__ import annotations

import asyncio
import os
import random
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.booking.books import ANN, Books
from tests.booking.clients import TEN, Asked, client
from tests.booking.load import Load, assert_agreed, until_served, while_booking
from tests.booking.own_postgres import OwnPostgres
from tests.support.server import Server, running

CLIENTS = 12


@pytest.fixture(scope="module")
def database(own_database: OwnPostgres) -> OwnPostgres:
    return own_database


@pytest.fixture(scope="module")
def server(database: OwnPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for the whole module: it has to live through all of this."""
    folder = tmp_path_factory.mktemp("lost")
    with running(database.url, folder, "--workers", "2") as found:
        yield found


@pytest.fixture
async def books(database: OwnPostgres, server: Server) -> Books:
    """With an empty diary for each test."""
    books = Books(database.url)
    await books.run("TRUNCATE appointment, idempotency_key CASCADE")
    return books


async def backends(books: Books) -> list[int]:
    rows = await books.run("SELECT pid FROM pg_stat_activity WHERE application_name = 'sessional'")
    return [row[0] for row in rows]


@asynccontextmanager
async def stopped(database: OwnPostgres, number: int = signal.SIGQUIT) -> AsyncIterator[None]:
    """Without the database, until the block ends."""
    await asyncio.to_thread(database.stop, number)
    try:
        yield
    finally:
        await asyncio.to_thread(database.start)


async def settle(load: Load, task: asyncio.Task[None], url: str) -> None:
    """End the load, and let its clients ask again for what was not answered."""
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await load.retry(url)
    await load.replay(url)


async def test_when_connections_are_terminated_under_load_requests_are_told_to_try_again_and_lose_nothing(
    books: Books, server: Server
) -> None:
    load = Load([await books.therapist() for _ in range(3)], random.Random(1))
    task = await while_booking(load, server.url, CLIENTS, 0.1)
    ended = 0
    for _ in range(12):
        await asyncio.sleep(0.08)
        gone = await books.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sessional'"
        )
        ended += len(gone)
    await settle(load, task, server.url)
    assert ended > 12
    assert len(load.ledger.booked) > 50
    await assert_agreed(books, load.ledger)


async def test_when_a_connections_process_is_killed_the_service_goes_on_after_the_recovery(
    books: Books, server: Server
) -> None:
    """kill -9 of one makes PostgreSQL end all the others and recover from its log."""
    load = Load([await books.therapist() for _ in range(3)], random.Random(2))
    task = await while_booking(load, server.url, CLIENTS, 0.3)
    os.kill(load.chance.choice(await backends(books)), signal.SIGKILL)
    async with client(server.url, ANN) as one:
        await until_served(one, 5)
    await asyncio.sleep(0.3)
    await settle(load, task, server.url)
    await assert_agreed(books, load.ledger)


@pytest.mark.parametrize("number", [signal.SIGQUIT, signal.SIGKILL], ids=["at once", "kill -9"])
async def test_when_the_database_is_restarted_under_load_the_service_is_there_again_within_5_seconds(
    books: Books, server: Server, database: OwnPostgres, number: int
) -> None:
    load = Load([await books.therapist() for _ in range(3)], random.Random(3 + number))
    task = await while_booking(load, server.url, CLIENTS, 0.4)
    async with client(server.url, ANN) as one:
        async with stopped(database, number):
            refused = await one.book(Asked(therapist_id=load.therapists[0], starts_at=TEN, key="meanwhile"))
            await asyncio.sleep(0.3)
        await until_served(one, 5)
    assert refused.code == "UNAVAILABLE"
    await asyncio.sleep(0.3)
    await settle(load, task, server.url)
    assert len(load.ledger.booked) > 20
    await assert_agreed(books, load.ledger)


async def test_while_the_database_is_away_requests_are_answered_soon_and_with_unavailable(
    books: Books, server: Server, database: OwnPostgres
) -> None:
    """Reads and bookings alike; nobody is kept until a deadline, and the service is not ready."""
    therapist = await books.therapist()
    async with stopped(database):
        started = time.monotonic()
        answers = await asyncio.gather(*(_ask(server.url, therapist, n) for n in range(40)))
        assert time.monotonic() - started < 5
        assert (await asyncio.to_thread(httpx.get, f"{server.url}/readyz")).status_code == 503
    assert {code for each in answers for code in each} == {"UNAVAILABLE"}
    async with client(server.url, ANN) as one:
        await until_served(one, 5)
    assert await books.diary(therapist) == []


async def _ask(url: str, therapist: int, number: int) -> list[str]:
    async with client(url, ANN) as one:
        booked = await one.book(Asked(therapist_id=therapist, starts_at=TEN + number * 3600))
        read = await one.wire.ask("{ services { totalCount } }")
    return [str(booked.code), read["errors"][0]["extensions"]["code"]]


async def test_a_database_that_takes_no_writes_is_unavailable_for_bookings_and_answers_reads(
    books: Books, server: Server
) -> None:
    therapist = await books.therapist()
    end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'sessional'"
    await books.run("ALTER SYSTEM SET default_transaction_read_only = on")
    await books.run("SELECT pg_reload_conf()")
    await books.run(end_all)
    try:
        async with client(server.url, ANN) as one:
            await until_served(one, 5)
            refused = await one.book(Asked(therapist_id=therapist, starts_at=TEN))
    finally:
        await books.run("ALTER SYSTEM RESET default_transaction_read_only")
        await books.run("SELECT pg_reload_conf()")
        await books.run(end_all)
    assert refused.code == "UNAVAILABLE"
