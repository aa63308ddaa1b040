"""Walks along the free starts of many diaries, the soonest first, and opens few diaries on the way.

A window in which somebody is open is looked into when the walk gets there and not before; what is
booked is read for a growing number of windows at once, so the number of statements does not depend on
how many diaries there are.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush, heapreplace
from typing import Any, Final

import orjson

from sessional.actions.loading import NOBODY, busy_entry
from sessional.actions.practice import Practice
from sessional.actions.windows import Ahead, Entry, Windows
from sessional.diary.ask import joins
from sessional.diary.fullness import has_gap
from sessional.diary.offers import Ask, starts
from sessional.diary.rules import REACH_SECONDS, Busy, TherapistRules
from sessional.diary.spans import Span
from sessional.diary.values import Interval
from sessional.store.store import Store

# Other requests get their turn after so many diaries.
_WINDOWS_AT_A_STRETCH: Final = 256

# Therapist and start, or start and therapist where they are in order.
Free = tuple[int, int]


@dataclass(slots=True)
class Diary:
    """What of one diary is in the way, in order: rows of ``busy_of_many``, values only when looked at.

    Sessions and holds of one diary never overlap.
    """

    rows: list[Sequence[Any]]
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    buffer: int = 0
    _all: list[Busy] | None = None

    def __post_init__(self) -> None:
        self.rows.sort(key=lambda row: row[1])
        self.starts = [row[1] for row in self.rows]
        self.ends = [row[2] for row in self.rows]
        self.buffer = max((max(row[3], row[4]) for row in self.rows), default=0)

    def near(self, starts_at: int, ends_at: int, buffer: int) -> list[Busy]:
        buffer = max(buffer, self.buffer)
        first = bisect_right(self.ends, starts_at - buffer)
        return [
            busy_entry(row[1:]) for row in self.rows[first : bisect_left(self.starts, ends_at + buffer)]
        ]

    def all(self) -> list[Busy]:
        if self._all is None:
            self._all = [busy_entry(row[1:]) for row in self.rows]
        return self._all

    def fixed(self, starts_at: int, ends_at: int) -> Iterator[Span]:
        """The sessions between the two that are in everybody's way: no holds, and none to be joined."""
        first, last = bisect_right(self.ends, starts_at), bisect_left(self.starts, ends_at)
        rows = self.rows[first:last]
        return ((row[1], row[2]) for row in rows if not row[8] and row[7] < 1)


@dataclass(slots=True, kw_only=True)
class Walk:
    """Free starts of these therapists from ``first`` up to, not including, ``end``.

    ``fits`` is what the search asks beyond the rules. ``whole_weeks`` reads whole weeks of bookings.
    """

    store: Store
    practice: Practice
    ask: Ask
    therapist_ids: Sequence[int]
    first: int
    end: int
    fits: Callable[[TherapistRules, int], bool] | None = None
    whole_weeks: bool = False
    # Windows that this refuses are passed by without a look.
    worth: Callable[[Entry], bool] = lambda _: True
    # (therapist, start) -> the group that can be joined.
    groups: dict[Free, Busy] = field(default_factory=dict)
    _diaries: dict[int, Diary] = field(default_factory=dict)
    _rows: dict[int, list[Any]] = field(default_factory=dict)

    async def soonest(self, *, once: bool = False) -> AsyncIterator[Free]:
        """(start, therapist) in this order; with ``once`` the first of each therapist alone."""
        done: set[int] = set()
        ahead = Ahead(windows=self._windows(), store=self.store, done=done, worth=self.worth)
        heap: list[tuple[int, int, Iterator[int]]] = []
        ready: deque[Entry] = deque()
        opened = 0
        while True:
            upcoming = ready[0][:2] if ready else ahead.bound
            if heap and (upcoming is None or heap[0][:2] < upcoming):
                start, therapist_id, more = heap[0]
                if once:
                    done.add(therapist_id)
                _advance(heap, therapist_id, () if once else more)
                yield start, therapist_id
            elif upcoming is None:
                return
            elif not ready:
                ready.extend(await ahead.handful())
                await self._read(ready)
            else:
                entry = ready.popleft()
                if entry.therapist_id not in done and self.worth(entry):
                    found = self.free_in(entry)
                    if (start := next(found, -1)) >= 0:
                        heappush(heap, (start, entry.therapist_id, found))
                opened += 1
                if opened % _WINDOWS_AT_A_STRETCH == 0:
                    await asyncio.sleep(0)

    async def everything(self) -> AsyncIterator[tuple[int, Iterator[int]]]:
        """(therapist, free starts of one window) for every window; all that is booked is read at once."""
        windows = self._windows()
        entries = [e for e in windows.entries(windows.days()) if self.worth(e)]
        await self._read(entries)
        for at, entry in enumerate(entries):
            yield entry.therapist_id, self.free_in(entry)
            if at % _WINDOWS_AT_A_STRETCH == 0:
                await asyncio.sleep(0)

    def _windows(self) -> Windows:
        return Windows.of(self.practice, self.ask, self.therapist_ids, self.first, self.end)

    # ---- one window -----------------------------------------------------------------------------

    def free_in(self, entry: Entry) -> Iterator[int]:
        """The free starts of one window whose bookings have been read."""
        rules, length = self.practice.rules[entry.therapist_id], self.ask.duration_seconds
        within = Interval(starts_at=entry.first, ends_at=min(entry.window.stop, self.end))
        diary, busy = self._diary(entry.therapist_id), list[Busy]()
        if diary is not None:
            ends_at = within.ends_at + length
            if not has_gap(diary.fixed(within.starts_at, ends_at), within.starts_at, ends_at, length):
                return iter(())
            busy = self._busy(diary, rules, within.starts_at, ends_at)
        found = starts(rules, self.practice.closures, self.ask, within, busy, entry.window.opens)
        fits = self.fits
        return found if fits is None else (start for start in found if fits(rules, start))

    def _busy(self, diary: Diary, rules: TherapistRules, starts_at: int, ends_at: int) -> list[Busy]:
        """What of a diary can be in the way of a start between the two."""
        counted = rules.max_per_day is not None or rules.max_per_week is not None
        busy = diary.all() if counted else diary.near(starts_at, ends_at, self._buffer)
        for other in busy:
            if joins(self.ask, other):
                self.groups[rules.therapist_id, other.starts_at] = other
        return busy

    def _diary(self, therapist_id: int) -> Diary | None:
        if therapist_id not in self._diaries and (rows := self._rows.get(therapist_id)):
            self._diaries[therapist_id] = Diary(rows)
        return self._diaries.get(therapist_id)

    @property
    def _buffer(self) -> int:
        service = self.ask.service
        return max(service.buffer_before_seconds, service.buffer_after_seconds)

    def places_left(self, therapist_id: int, start: int) -> int:
        """How many can still join a start that is free."""
        group = self.groups.get((therapist_id, start))
        return self.ask.service.capacity if group is None else group.places_left

    def sessions(self, therapist_id: int) -> Sequence[Busy]:
        """What has been read of a diary."""
        diary = self._diary(therapist_id)
        return diary.all() if diary else ()

    # ---- what is booked -------------------------------------------------------------------------

    async def _read(self, entries: Iterable[Entry]) -> None:
        """What is booked around these windows, for all of them with one statement."""
        self._rows, self._diaries = {}, {}
        spans = self._spans(entries)
        if not spans:
            return
        ids, froms, untils = (list(values) for values in zip(*spans, strict=True))
        pack = self.store.dialect.pack
        rows = await self.store.fetch(
            "busy_of_many",
            ids=pack(ids),
            froms=pack(froms),
            untils=pack(untils),
            spans=orjson.dumps(spans).decode(),
            account_id=self.ask.account_id or NOBODY,
            now=self.ask.now,
        )
        for row in rows:
            self._rows.setdefault(row[0], []).append(row)

    def _spans(self, entries: Iterable[Entry]) -> list[tuple[int, int, int]]:
        """(therapist, from, until): all of a diary that its windows want to know."""
        found: dict[int, tuple[int, int]] = {}
        for first, number, window in entries:
            reach = self._reach(number)
            stop = min(window.stop, self.end) + self.ask.duration_seconds + reach
            began = found.get(number)
            found[number] = (first - reach if began is None else began[0], stop)
        return [(number, since, until) for number, (since, until) in found.items()]

    def _reach(self, number: int) -> int:
        rules = self.practice.rules[number]
        counted = self.whole_weeks or rules.max_per_day is not None or rules.max_per_week is not None
        return REACH_SECONDS if counted else self._buffer


def _advance(heap: list[tuple[int, int, Iterator[int]]], therapist_id: int, more: Iterable[int]) -> None:
    """Put the next start of the diary at the head in its place, if it has one."""
    more = iter(more)
    following = next(more, -1)
    if following < 0:
        heappop(heap)
    else:
        heapreplace(heap, (following, therapist_id, more))
