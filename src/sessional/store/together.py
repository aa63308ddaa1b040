"""Bookings that come while others are on their way to PostgreSQL leave together, in one commit.

Most of what a booking costs is not its row but the statement and the commit around it, which cost no more
for thirty rows than for one. Nobody waits for company: a booking that finds nothing on its way leaves at
once, alone; and nobody waits for long for what is held up. Each is refused or booked for itself; who leaves
with others is told what is true of it alone. Must not know: SQL, what a booking means.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final

from sessional.errors import Busy, Fault
from sessional.store.constraints import Conflict
from sessional.store.store import Guard, NewAppointment, RowAnswer

# One statement, unless what is under way has been there for so long: then it waits itself, for a diary that
# somebody has open or for another's commit, and others need not. Some connections are left for reads.
UNDER_WAY: Final = 1
PATIENCE_SECONDS: Final = 0.02
UNDER_WAY_AT_MOST: Final = 4
MOST_TOGETHER: Final = 64
# The database has undone all of them because of one: each is tried by itself.
_UNDONE: Final = (Conflict, Busy, Fault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alike:
    """What bookings must have in common to leave in one statement."""

    guard: Guard
    answer: RowAnswer
    action: str


# Sends bookings in one transaction and answers about each: its answer, or None where nothing came of it.
# The last argument: whether to wait for a diary that somebody has open, or to pass it over.
Send = Callable[[Alike, list[NewAppointment], bool], Awaitable[list[str | None]]]


@dataclass(frozen=True, slots=True)
class _Entry:
    new: NewAppointment
    outcome: asyncio.Future[str | None]


class Together:
    """The bookings of one process that wait for their turn, and those that are under way."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._waiting: dict[Alike, list[_Entry]] = {}
        self._under_way = 0
        self._departures = 0
        self._is_watched = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def book(self, alike: Alike, new: NewAppointment) -> str | None:
        """What the database answers about the booking. Raises as ``Send`` does."""
        entry = _Entry(new, asyncio.get_running_loop().create_future())
        self._waiting.setdefault(alike, []).append(entry)
        if self._under_way < UNDER_WAY:
            self._set_out()
        self._watch()
        return await entry.outcome

    def _set_out(self) -> None:
        self._under_way += 1
        self._begin(self._work())

    def _watch(self) -> None:
        """Look in a while whether those who wait have to. One timer for all of them."""
        if not self._is_watched:
            self._is_watched = True
            loop = asyncio.get_running_loop()
            loop.call_later(PATIENCE_SECONDS, self._look, self._departures)

    def _look(self, departures: int) -> None:
        """Where nothing has left since there were so many ``departures``, what is under way is held up."""
        self._is_watched = False
        if self._waiting:
            if self._departures == departures and self._under_way < UNDER_WAY_AT_MOST:
                self._set_out()
            self._watch()

    def _begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        """Send what waits, one kind after the other, until nothing does or another sees to it."""
        try:
            while self._waiting:
                alike = next(iter(self._waiting))
                entries = self._waiting.pop(alike)
                if later := entries[MOST_TOGETHER:]:
                    self._waiting[alike] = later
                self._departures += 1
                await self._leave(alike, [e for e in entries[:MOST_TOGETHER] if not e.outcome.done()])
                if self._under_way > UNDER_WAY:
                    break  # Another goes on with those who wait; if it is held up, `_look` sees it.
        finally:
            self._under_way -= 1

    async def _leave(self, alike: Alike, entries: list[_Entry]) -> None:
        if len(entries) == 1:
            await self._alone(alike, entries[0])
        elif entries:
            await self._all(alike, entries)

    async def _alone(self, alike: Alike, entry: _Entry) -> None:
        try:
            (answer,) = await self._send(alike, [entry.new], True)
        except BaseException as error:
            _fail([entry], error)
        else:
            _tell(entry, answer)

    async def _all(self, alike: Alike, entries: list[_Entry]) -> None:
        # In the order of the diaries, so that no two transactions wait for each other.
        entries.sort(key=lambda entry: (entry.new.therapist_id, entry.new.starts_at))
        try:
            answers = await self._send(alike, [entry.new for entry in entries], False)
        except _UNDONE:
            answers = [None] * len(entries)
        except BaseException as error:
            _fail(entries, error)
            return
        for entry, answer in zip(entries, answers, strict=True):
            if answer is not None:
                _tell(entry, answer)
            else:
                # What stands against it may have been the company, or a diary that was open.
                self._begin(self._alone(alike, entry))


def _tell(entry: _Entry, answer: str | None) -> None:
    if not entry.outcome.done():
        entry.outcome.set_result(answer)


def _fail(entries: list[_Entry], error: BaseException) -> None:
    """Whoever waits is told; the end of the process is not theirs to handle."""
    for entry in entries:
        if not entry.outcome.done():
            if isinstance(error, Exception):
                entry.outcome.set_exception(error)
            else:
                entry.outcome.cancel()
    if not isinstance(error, Exception):
        raise error
