"""Something that is fetched once for all who wait for it, and kept for a while."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fetched(Generic[T]):
    """A value, and when it was asked for, in seconds that never go back."""

    value: T
    at: float


class Kept(Generic[T]):
    """``clock`` answers seconds that never go back. A fetch that fails fails for all who wait for it."""

    def __init__(
        self, fetch: Callable[[], Awaitable[T]], *, seconds: float, clock: Callable[[], float]
    ) -> None:
        self._fetch, self._seconds, self._clock = fetch, seconds, clock
        self._fetched: Fetched[T] | None = None
        self._under_way: asyncio.Task[Fetched[T]] | None = None

    async def get(self, *, instead_of: Fetched[T] | None = None) -> Fetched[T]:
        """What is kept, unless it is too old, or what the caller has found wanting."""
        kept = self._fetched
        if kept is not None and kept is not instead_of and self._clock() < kept.at + self._seconds:
            return kept
        if self._under_way is None:
            self._under_way = asyncio.create_task(self._fetch_it())
            self._under_way.add_done_callback(self._done)
        return await asyncio.shield(self._under_way)

    async def _fetch_it(self) -> Fetched[T]:
        at = self._clock()
        self._fetched = Fetched(await self._fetch(), at)
        return self._fetched

    def _done(self, task: asyncio.Task[Fetched[T]]) -> None:
        self._under_way = None
        if not task.cancelled():
            task.exception()  # those who wait have it; where nobody waits any more, nobody misses it
