"""The service is killed while people book: what they were told stays true.

Every booking in these tests carries an idempotency key, so that each row must have one.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from pathlib import Path

import pytest

from tests.booking.books import ANN, Books
from tests.booking.clients import TEN, Asked, client, clients
from tests.booking.load import Load, assert_agreed, while_booking
from tests.support.server import Server, running

ROUNDS = 3
CLIENTS = 12


@pytest.mark.parametrize("workers", [1, 2])
async def test_after_sigkill_at_any_moment_everything_acknowledged_is_there_once_and_nothing_by_halves(
    books: Books, tmp_path: Path, workers: int
) -> None:
    """Scenario 27, at moments of chance: the whole process group, several times, under load."""
    load = Load([await books.therapist() for _ in range(3)], random.Random(27 * workers))
    for _ in range(ROUNDS):
        with running(books.url, tmp_path, "--workers", str(workers)) as server:
            await load.retry(server.url)
            await load.replay(server.url)
            task = await while_booking(load, server.url, CLIENTS, 0.1 + load.chance.random() * 0.4)
            server.kill()
            await task
    with running(books.url, tmp_path) as server:
        await load.retry(server.url)
    await assert_agreed(books, load.ledger)
    assert len(load.ledger.booked) > 20 * ROUNDS


async def test_when_one_worker_of_two_is_killed_the_other_goes_on_and_a_new_one_takes_its_place(
    books: Books, tmp_path: Path
) -> None:
    load = Load([await books.therapist() for _ in range(3)], random.Random(2))
    with running(books.url, tmp_path, "--workers", "2") as server:
        before = workers(server)
        assert len(before) == 2
        task = await while_booking(load, server.url, CLIENTS, 0.3)
        os.kill(load.chance.choice(before), signal.SIGKILL)
        async with client(server.url, ANN) as one:
            wish = Asked(therapist_id=load.therapists[0], starts_at=0, key="meanwhile")
            load.ledger.note(wish, await asyncio.wait_for(one.book(wish), 5))
        await asyncio.sleep(0.3)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        for _ in range(250):
            if len(workers(server)) == 2 and workers(server) != before:
                break
            await asyncio.sleep(0.02)
        assert len(workers(server)) == 2
        await load.retry(server.url)
        await load.replay(server.url)
    await assert_agreed(books, load.ledger)


def workers(server: Server) -> list[int]:
    """The processes that answer requests, without those that only look after them."""
    parent = server.process.pid
    children = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline") for pid in children}
    return [pid for pid, command in commands.items() if b"spawn_main" in command.read_bytes()]


async def test_requests_in_flight_at_sigterm_are_answered_before_the_service_ends(
    books: Books, tmp_path: Path
) -> None:
    """They wait for somebody else's transaction while the signal comes."""
    therapist = await books.therapist()
    wishes = [Asked(therapist_id=therapist, starts_at=TEN, key=f"late {n}") for n in range(5)]
    with running(books.url, tmp_path) as server:
        async with clients(server.url, len(wishes), ANN) as everybody:
            async with books.in_the_way(therapist, TEN):
                tasks = [
                    asyncio.create_task(one.book(wish)) for one, wish in zip(everybody, wishes, strict=True)
                ]
                await asyncio.sleep(0.3)
                server.process.send_signal(signal.SIGTERM)
                await asyncio.sleep(0.3)
                assert not any(task.done() for task in tasks)
            outcomes = await asyncio.gather(*tasks)
        assert await asyncio.to_thread(server.process.wait, 10) == 0
    assert Counter(outcome.code for outcome in outcomes) == {None: 1, "SLOT_TAKEN": 4}
    assert len(await books.diary(therapist)) == 1
