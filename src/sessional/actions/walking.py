"""Walks along the free starts of many diaries, the soonest first, and opens few diaries on the way.

A window in which somebody is open is looked into when the walk gets there and not before; what is
booked is read for a growing number of windows at once, so the number of statements does not depend on
how many diaries there are.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left, bisect_right
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from heapq import heappop, heappush, heapreplace
from itertools import islice
from typing import Any, Final, NamedTuple

import orjson

from sessional.actions.loading import busy_entry
from sessional.actions.practice import Pattern, Practice, Window
from sessional.diary.ask import joins
from sessional.diary.offers import Ask, starts
from sessional.diary.rules import Away, Busy, TherapistRules
from sessional.diary.values import DAY_SECONDS, Interval
from sessional.store.store import Store

# Windows whose bookings are read at first, and how many times more each time after.
FIRST_BATCH: Final = 64
_GROWTH: Final = 8
_EVERYTHING: Final = 1 << 40
# Caps count local weeks, which begin up to seven days before a start and end up to seven after.
_REACH_SECONDS: Final = 8 * DAY_SECONDS
# Other requests get their turn after so many diaries.
_WINDOWS_AT_A_STRETCH: Final = 256

Free = tuple[int, int]


class Entry(NamedTuple):
    """A window of one therapist, and the first start that it can have in this walk."""

    first: int
    therapist_id: int
    window: Window


@dataclass(slots=True)
class Diary:
    """What of one diary is in the way, in order. Sessions and holds of one diary never overlap."""

    busy: list[Busy]
    starts: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    buffer: int = 0

    def __post_init__(self) -> None:
        self.busy.sort(key=lambda b: b.starts_at)
        self.starts = [b.starts_at for b in self.busy]
        self.ends = [b.ends_at for b in self.busy]
        self.buffer = max(
            (max(b.buffer_before_seconds, b.buffer_after_seconds) for b in self.busy), default=0
        )

    def near(self, starts_at: int, ends_at: int, buffer: int) -> Sequence[Busy]:
        buffer = max(buffer, self.buffer)
        first = bisect_right(self.ends, starts_at - buffer)
        return self.busy[first : bisect_left(self.starts, ends_at + buffer)]


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
    # (therapist, start) -> places left, of the groups that can be joined.
    groups: dict[Free, int] = field(default_factory=dict)
    _diaries: dict[int, Diary] = field(default_factory=dict)
    _rows: dict[int, list[Any]] = field(default_factory=dict)

    async def soonest(self, *, once: bool = False) -> AsyncIterator[Free]:
        """(start, therapist) in this order; with ``once`` the first of each therapist alone."""
        done: set[int] = set()
        entries = (e for e in self.entries() if e.therapist_id not in done and self.worth(e))
        heap: list[tuple[int, int, Iterator[int]]] = []
        ready: deque[Entry] = deque()
        size, read, opened = FIRST_BATCH, True, 0
        while True:
            if not ready and read:
                ready.extend(islice(entries, size))
                size, read = min(size * _GROWTH, _EVERYTHING), not ready
            if heap and (not ready or heap[0][:2] < ready[0][:2]):
                start, therapist_id, more = heap[0]
                if once:
                    done.add(therapist_id)
                _advance(heap, therapist_id, () if once else more)
                yield start, therapist_id
            elif ready:
                if not read:
                    await self._read(ready)
                    read = True
                entry = ready.popleft()
                if entry.therapist_id not in done and self.worth(entry):
                    found = self.free_in(entry)
                    if (start := next(found, -1)) >= 0:
                        heappush(heap, (start, entry.therapist_id, found))
                opened += 1
                if opened % _WINDOWS_AT_A_STRETCH == 0:
                    await asyncio.sleep(0)
            else:
                return

    async def everything(self) -> AsyncIterator[tuple[int, Iterator[int]]]:
        """(therapist, free starts of one window) for every window; all that is booked is read at once."""
        entries = [e for e in self.entries() if self.worth(e)]
        await self._read(entries)
        for at, entry in enumerate(entries):
            yield entry.therapist_id, self.free_in(entry)
            if at % _WINDOWS_AT_A_STRETCH == 0:
                await asyncio.sleep(0)

    # ---- which windows there are ----------------------------------------------------------------

    def entries(self) -> Iterator[Entry]:
        """Windows in the order in which their starts can begin."""
        groups = self._groups()
        begins = self._begins(pattern for pattern, _ in groups)
        for day in range(self.first // DAY_SECONDS, -(-self.end // DAY_SECONDS)):
            at: defaultdict[int, list[tuple[Window, list[int]]]] = defaultdict(list)
            for pattern, numbers in groups:
                for window in pattern.on(day):
                    first = window.start if window.start >= self.first else begins[pattern]
                    if first < min(window.stop, self.end):
                        at[first].append((window, numbers))
            for first in sorted(at):
                yield from _together(first, at[first])

    def _groups(self) -> list[tuple[Pattern, list[int]]]:
        found: defaultdict[Pattern, list[int]] = defaultdict(list)
        patterns = self.practice.patterns
        for number in self.therapist_ids:
            if number in patterns:
                found[patterns[number]].append(number)
        return list(found.items())

    def _begins(self, patterns: Iterable[Pattern]) -> dict[Pattern, int]:
        """The first instant of the walk at which the wall clock of each stands on the service's grid.

        Else all who are at work just now would have to be asked before anybody is known to be first.
        """
        found: dict[Pattern, int] = {}
        known: dict[tuple[str, tuple[Away, ...]], int] = {}
        ask = replace(self.ask, free_of_hours=True)
        within = Interval(starts_at=self.first, ends_at=self.first + DAY_SECONDS)
        for pattern in patterns:
            zone, away = pattern.rules.time_zone, pattern.rules.away
            if (zone, away) not in known:
                rules = TherapistRules(therapist_id=0, time_zone=zone, away=away)
                known[zone, away] = next(starts(rules, (), ask, within, ()), within.ends_at)
            found[pattern] = known[zone, away]
        return found

    # ---- one window -----------------------------------------------------------------------------

    def free_in(self, entry: Entry) -> Iterator[int]:
        """The free starts of one window whose bookings have been read."""
        rules = self.practice.rules[entry.therapist_id]
        within = Interval(starts_at=entry.first, ends_at=min(entry.window.stop, self.end))
        busy = self._busy(rules, within)
        found = starts(rules, self.practice.closures, self.ask, within, busy, entry.window.opens)
        fits = self.fits
        return found if fits is None else (start for start in found if fits(rules, start))

    def _busy(self, rules: TherapistRules, within: Interval) -> Sequence[Busy]:
        diary = self._diary(rules.therapist_id)
        if diary is None:
            return ()
        if rules.max_per_day is not None or rules.max_per_week is not None:
            return diary.busy
        return diary.near(within.starts_at, within.ends_at + self.ask.duration_seconds, self._buffer)

    def _diary(self, therapist_id: int) -> Diary | None:
        if therapist_id not in self._diaries and (rows := self._rows.get(therapist_id)):
            diary = self._diaries[therapist_id] = Diary([busy_entry(row[1:]) for row in rows])
            joined = (other for other in diary.busy if joins(self.ask, other))
            self.groups.update({(therapist_id, other.starts_at): other.places_left for other in joined})
        return self._diaries.get(therapist_id)

    @property
    def _buffer(self) -> int:
        service = self.ask.service
        return max(service.buffer_before_seconds, service.buffer_after_seconds)

    def places_left(self, therapist_id: int, start: int) -> int:
        """How many can still join a start that is free."""
        return self.groups.get((therapist_id, start), self.ask.service.capacity)

    def sessions(self, therapist_id: int) -> Sequence[Busy]:
        """What has been read of a diary."""
        diary = self._diary(therapist_id)
        return diary.busy if diary else ()

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
        return _REACH_SECONDS if counted else self._buffer


def _advance(heap: list[tuple[int, int, Iterator[int]]], therapist_id: int, more: Iterable[int]) -> None:
    """Put the next start of the diary at the head in its place, if it has one."""
    more = iter(more)
    following = next(more, -1)
    if following < 0:
        heappop(heap)
    else:
        heapreplace(heap, (following, therapist_id, more))


def _together(first: int, windows: list[tuple[Window, list[int]]]) -> Iterator[Entry]:
    """Windows that begin at once, in the order of their therapists."""
    if len(windows) == 1:
        ((window, numbers),) = windows
        return (Entry(first, number, window) for number in numbers)
    pairs = [(number, window) for window, numbers in windows for number in numbers]
    pairs.sort(key=lambda pair: pair[0])
    return (Entry(first, number, window) for number, window in pairs)
