"""A practice that tells its clients by mail, over a mail server on loopback, on both databases."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import pytest

from sessional.access import Actor, Role
from sessional.credentials import Kind, Lifetimes, Tokens
from tests.booking.books import Books
from tests.booking.in_process import started
from tests.diary_api.conftest import Practice
from tests.outbox.mailbox import SENDER, Mailbox, listening
from tests.support.server import SECRET

_numbers = itertools.count(1)
# Valid for as long as any test moves its clock.
_TOKENS = Tokens([SECRET], Lifetimes(access_seconds=10**9, refresh_seconds=10**9))


@dataclass
class Clock:
    """The service's clock, which a test sets."""

    now: int

    def time(self) -> float:
        return float(self.now)


@dataclass(frozen=True)
class Office(Practice):
    """A practice, its clients' mailbox and its clock."""

    box: Mailbox
    clock: Clock

    async def person(self, name: str = "Ana", zone: str | None = None, **details: Any) -> str:
        """A client with an address."""
        details = {"email": f"client-{next(_numbers)}@example.org", **details}
        given = {"name": name, "timeZone": zone, **details}
        return str((await self.done("addClient", given, "client { clientId }"))["client"]["clientId"])

    async def settled(self) -> None:
        """Until nothing waits any more."""
        await self.until("SELECT count(*) = 0 FROM outbox WHERE status = 'WAITING'")

    async def reminded(self, hours: int = 24) -> None:
        """Until all reminders that fall due by now have been written and looked at."""
        until = self.clock.now + hours * 3600
        await self.until(f"SELECT count(*) = 1 FROM reminder_clock WHERE reminded_until = {until}")
        await self.settled()

    async def until(self, question: str, seconds: float = 20) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if await self.books.value(question):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"not in {seconds} s: {question}")

    async def outcomes(self) -> list[tuple[Any, ...]]:
        """Kind, state, attempts and outcome of each notice, in order."""
        return await self.books.run("SELECT kind, status, attempts, outcome FROM outbox ORDER BY outbox_id")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Set in the composition root, the one place that looks at a clock."""
    clock = Clock(int(time.time()))
    monkeypatch.setattr(
        "sessional.web.app.time", SimpleNamespace(time=clock.time, monotonic=time.monotonic)
    )
    return clock


@pytest.fixture
def box() -> Iterator[Mailbox]:
    with listening(Mailbox()) as box:
        yield box


@pytest.fixture
async def books(database_url: str) -> Books:
    return await Books(database_url).prepare()


@pytest.fixture
async def office(
    books: Books, box: Mailbox, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Office]:
    monkeypatch.setattr("sessional.outbox.sender.POLL_SECONDS", 0.05)  # nobody waits a second for each look
    settings = {"smtp_url": box.url, "mail_from": SENDER, "reminder_hours": "24"}
    async with started(books.url, **settings) as client:
        client.headers["Authorization"] = f"Bearer {token()}"
        yield Office(client, books, box, clock)


def token() -> str:
    actor = Actor(account_id=1, username="ann", role=Role.ADMIN, session_id="tests")
    return _TOKENS.make(Kind.ACCESS, actor, now=int(time.time()))


@pytest.fixture
async def therapist(office: Office) -> int:
    """A therapist in London with an empty diary and no hours."""
    return await office.books.therapist()
