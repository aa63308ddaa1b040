"""Clients who book under load and note what they were told; and whether the database agrees."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from tests.booking.books import ANN, Books, assert_sound
from tests.booking.clients import BOOK, LOOKS_BACK, TEN, Asked, Client, Outcome, client, outcome_of_booking
from tests.booking.wire import LOST, Wire

QUARTER = 900
MOST = 1_000_000
# As many as a worker has.
CONNECTIONS_FROM_BEFORE = 10


@dataclass
class Ledger:
    """What clients asked for, and what they were told."""

    told: dict[Asked, Outcome] = field(default_factory=dict)
    unanswered: list[Asked] = field(default_factory=list)
    wrong: list[tuple[Asked, Outcome]] = field(default_factory=list)

    def note(self, asked: Asked, outcome: Outcome) -> None:
        if outcome.code in (None, "SLOT_TAKEN"):
            self.told[asked] = outcome
        elif outcome.code == "UNAVAILABLE":
            self.unanswered.append(asked)
        else:
            self.wrong.append((asked, outcome))

    @property
    def booked(self) -> dict[Asked, Outcome]:
        return {asked: outcome for asked, outcome in self.told.items() if outcome.code is None}


@dataclass
class Load:
    """Draws what to ask for: mostly a slot that nobody asked for yet, now and then a taken one."""

    therapists: list[int]
    chance: random.Random
    ledger: Ledger = field(default_factory=Ledger)
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def wish(self) -> Asked:
        number = next(self.numbers)
        slot = number if self.chance.random() < 0.8 else self.chance.randrange(number + 1)
        return Asked(
            therapist_id=self.therapists[slot % len(self.therapists)],
            starts_at=TEN + slot * QUARTER,
            length=QUARTER,
            key=f"load {number}",
        )

    async def run(self, url: str, clients: int) -> None:
        """Book until the connections are lost or this is cancelled."""
        await asyncio.gather(*(self._book_on(url) for _ in range(clients)))

    async def _book_on(self, url: str) -> None:
        with suppress(*LOST):
            wire = await Wire.open(url, ANN)
            while True:
                await self._book_one(wire)

    async def _book_one(self, wire: Wire) -> None:
        asked = self.wish()
        document = self.chance.choice([BOOK, LOOKS_BACK])
        try:
            outcome = outcome_of_booking(await wire.ask(document, {"input": asked.input()}))
        except BaseException:
            self.ledger.unanswered.append(asked)
            wire.cut()
            raise
        self.ledger.note(asked, outcome)
        if outcome.code == "UNAVAILABLE":
            await asyncio.sleep(0.05)

    async def retry(self, url: str) -> None:
        """Ask again for what was not answered, twice: the second time must say the same.

        Where the database has come back just now, a connection from before may still have to be found dead.
        """
        asked_again, self.ledger.unanswered = self.ledger.unanswered, []
        async with client(url, ANN) as one:
            for asked in asked_again:
                first = await one.book(asked)
                for _ in range(CONNECTIONS_FROM_BEFORE):
                    if first.code == "UNAVAILABLE":
                        first = await one.book(asked)
                second = await one.book(asked)
                assert (first.appointment_id, first.code) == (second.appointment_id, second.code)
                assert second.replayed is (second.code is None)
                self.ledger.note(asked, first)

    async def replay(self, url: str, most: int = 20) -> None:
        """Ask again for some of what was acknowledged: it must be the same, and be said to be."""
        booked = self.ledger.booked
        async with client(url, ANN) as one:
            for asked in self.chance.sample(
                sorted(booked, key=lambda a: a.key or ""), min(most, len(booked))
            ):
                again = await one.book(asked)
                assert (again.appointment_id, again.replayed) == (booked[asked].appointment_id, True)


async def while_booking(load: Load, url: str, clients: int, seconds: float) -> asyncio.Task[None]:
    """Start the load and let it run for a while."""
    task = asyncio.create_task(load.run(url, clients))
    await asyncio.sleep(seconds)
    return task


async def until_served(one: Client, seconds: float) -> float:
    """Ask until the service answers, and how long that took. Fails after ``seconds``."""
    started = time.monotonic()
    while True:
        answer = await one.wire.ask("{ services { totalCount } }")
        if "errors" not in answer:
            return time.monotonic() - started
        assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE", answer
        assert time.monotonic() - started < seconds, "not served again"
        await asyncio.sleep(0.05)


async def assert_agreed(books: Books, ledger: Ledger) -> None:
    """What was acknowledged is there once and as it was acknowledged; nothing is there by halves."""
    await assert_sound(books)
    assert ledger.wrong == []
    assert ledger.unanswered == []
    assert await books.keys_without_session() == []
    assert await books.sessions_without_key() == []
    rows = await books.run("SELECT appointment_id, therapist_id, starts_at, ends_at FROM appointment")
    acknowledged = sorted(
        (outcome.appointment_id or 0, a.therapist_id, a.starts_at, a.starts_at + (a.length or 0))
        for a, outcome in ledger.booked.items()
    )
    assert sorted(rows) == acknowledged
