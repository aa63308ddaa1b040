"""What all actions work with."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Executor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from sessional.actions.keys import Keys
from sessional.actions.notebook import Notebook
from sessional.actions.throttle import Rate
from sessional.credentials import Passwords, Tokens
from sessional.errors import RateLimited
from sessional.keyring import Keyring
from sessional.observe import Observation
from sessional.store.store import Store

T = TypeVar("T")

MOST_WAITING: Final = 100


class Hashing:
    """Where passwords are hashed: so many at once, so that a storm of log-ins leaves the processors to
    bookings, and only so many wait for their turn."""

    def __init__(self, threads: Executor, places: int) -> None:
        self._threads = threads
        self._places = asyncio.Semaphore(places)
        self._waiting = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """A place for as long as the block runs. Raises RateLimited where too many wait already."""
        if self._waiting >= MOST_WAITING:
            raise RateLimited(1, "Too many are logging in at once.")
        self._waiting += 1
        try:
            await self._places.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._places.release()

    async def run(self, work: Callable[..., T], *arguments: Any) -> T:
        """What hashing or checking a password comes to; within ``place`` alone."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work, *arguments)

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _nobody_looks(_: Observation) -> None:
    """Where nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the actions work with. ``now`` answers whole seconds since 1970, ``now_ms`` thousandths.

    ``rotates`` says whether a refresh gives a new refresh token; ``notice`` tells whoever watches.
    ``log_in_rate`` is how many log-ins of an account or an address may fail; None where nobody counts.
    """

    store: Store
    tokens: Tokens
    passwords: Passwords
    hashing: Hashing
    now: Callable[[], int]
    now_ms: Callable[[], int]
    new_session_id: Callable[[], str]
    random_bytes: Callable[[int], bytes]
    hold_seconds: int = 300
    rotates: bool = True
    # Whether staff without a second factor may do nothing but set one up.
    wants_second_factor: bool = False
    log_in_rate: Rate | None = None
    notice: Callable[[Observation], None] = _nobody_looks
    # Whether clients are told by mail of what becomes of their sessions.
    mails: bool = False
    keyring: Keyring = field(default_factory=Keyring)
    # The id of the request that is being answered, for the record. Asked where the request runs: on
    # SQLite an action runs in another thread.
    request_id: Callable[[], str] = lambda: ""
    notebook: Notebook = field(default_factory=Notebook)
    offer_seconds: int = 86_400
    keys: Keys = field(default_factory=Keys)
