"""The windows that a walk passes, in the order in which their starts can begin.

Only the first few dozen are handed out as they are. Who has not found enough by then is in a practice that
is booked up: from there on the database says, for some days at once, which windows are full for sure, and
those are never read. What that proves is in ``diary.fullness``.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from typing import Any, Final, NamedTuple

import orjson

from sessional.actions.practice import Pattern, Practice, Window
from sessional.diary.ask import gives
from sessional.diary.fullness import Measure, measure
from sessional.diary.offers import Ask, starts
from sessional.diary.rules import Away, TherapistRules
from sessional.diary.values import DAY_SECONDS, Interval
from sessional.store.store import Store

# Windows whose bookings are read at first, and how many times more each time after.
FIRST_HANDFUL: Final = 64
_GROWTH: Final = 8
_EVERYTHING: Final = 1 << 40
# The database is asked about the windows of one day, then of four, then of sixteen: a question costs
# something for each diary, and a search that needs much of a day usually needs more of the next.
_DAYS_GROWTH: Final = 4
# Where so many diaries are asked about, two statements each ask about half of them, side by side.
MANY_DIARIES: Final = 500


class Entry(NamedTuple):
    """A window of one therapist, and the first start that it can have in this walk."""

    first: int
    therapist_id: int
    window: Window


Group = tuple[Pattern, list[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Windows:
    """Where a start of these therapists can lie: from ``first`` up to, not including, ``end``."""

    practice: Practice
    ask: Ask
    first: int
    end: int
    groups: Sequence[Group]
    begins: dict[Pattern, int]

    @classmethod
    def of(
        cls, practice: Practice, ask: Ask, therapist_ids: Sequence[int], first: int, end: int
    ) -> Windows:
        found: defaultdict[Pattern, list[int]] = defaultdict(list)
        patterns = practice.patterns
        for number in therapist_ids:
            if number in patterns:
                found[patterns[number]].append(number)
        begins = _begins(ask, first, found)
        return cls(
            practice=practice, ask=ask, first=first, end=end, groups=list(found.items()), begins=begins
        )

    def days(self) -> range:
        """The (UTC) days that the walk touches."""
        return range(self.first // DAY_SECONDS, -(-self.end // DAY_SECONDS))

    def on(self, pattern: Pattern, day: int) -> Iterator[tuple[int, Window]]:
        """The windows that begin that day, each after the first start that it can have."""
        for window in pattern.on(day):
            first = window.start if window.start >= self.first else self.begins[pattern]
            if first < min(window.stop, self.end):
                yield first, window

    def entries(self, days: Iterable[int]) -> Iterator[Entry]:
        """In the order of their starts, then of the therapists."""
        for day in days:
            at: defaultdict[int, list[tuple[Window, list[int]]]] = defaultdict(list)
            for pattern, numbers in self.groups:
                for first, window in self.on(pattern, day):
                    at[first].append((window, numbers))
            for first in sorted(at):
                yield from _together(first, at[first])


def _begins(ask: Ask, first: int, patterns: Iterable[Pattern]) -> dict[Pattern, int]:
    """The first instant of the walk at which the wall clock of each stands on the service's grid.

    Else all who are at work just now would have to be asked before anybody is known to be first.
    """
    found: dict[Pattern, int] = {}
    known: dict[tuple[str, tuple[Away, ...]], int] = {}
    ask = replace(ask, free_of_hours=True)
    within = Interval(starts_at=first, ends_at=first + DAY_SECONDS)
    for pattern in patterns:
        zone, away = pattern.rules.time_zone, pattern.rules.away
        if (zone, away) not in known:
            rules = TherapistRules(therapist_id=0, time_zone=zone, away=away)
            known[zone, away] = next(starts(rules, (), ask, within, ()), within.ends_at)
        found[pattern] = known[zone, away]
    return found


def _together(first: int, windows: list[tuple[Window, list[int]]]) -> Iterator[Entry]:
    """Windows that begin at once, in the order of their therapists."""
    if len(windows) == 1:
        ((window, numbers),) = windows
        return (Entry(first, number, window) for number in numbers)
    pairs = [(number, window) for window, numbers in windows for number in numbers]
    pairs.sort(key=lambda pair: pair[0])
    return (Entry(first, number, window) for number, window in pairs)


@dataclass(slots=True, kw_only=True)
class Ahead:
    """Hands the windows out, each time more of them. ``done`` are diaries that nobody looks into now.

    ``worth`` says whether a window is; it may change its mind, so whoever opens one asks again.
    """

    windows: Windows
    store: Store
    done: AbstractSet[int]
    worth: Callable[[Entry], bool]
    # The next window that nobody has asked about: no window to come is before it.
    following: Entry | None = None
    _size: int = 0
    _plain: Iterator[Entry] = field(default_factory=lambda: iter(()))
    _days: range = range(0)
    _groups: list[Group] | None = None
    _at_once: int = 1
    _asked: deque[Entry] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._days = self.windows.days()
        self._plain = self._wanted(self._days)
        self.following = next(self._plain, None)

    def _wanted(self, days: Iterable[int]) -> Iterator[Entry]:
        entries = self.windows.entries(days)
        return (e for e in entries if e.therapist_id not in self.done and self.worth(e))

    async def handful(self) -> list[Entry]:
        """The next windows to be read. None of them: that was all, or all of these days are full."""
        if not self._size:
            self._size = FIRST_HANDFUL
            found = [] if self.following is None else [self.following, *islice(self._plain, self._size - 1)]
            self.following = next(self._plain, None)
            return found
        self._size = size = min(self._size * _GROWTH, _EVERYTHING)
        if not self._asked and self.following is not None:
            await self._ask(self.following)
        return [self._asked.popleft() for _ in range(min(size, len(self._asked)))]

    @property
    def bound(self) -> tuple[int, int] | None:
        """Nothing that is still to be handed out can have a start before this. None: nothing is."""
        upcoming = self._asked[0] if self._asked else self.following
        return None if upcoming is None else (upcoming.first, upcoming.therapist_id)

    async def _ask(self, following: Entry) -> None:
        """Which windows of the next days may have a start, for all of them at once, as ``_Survey`` asks."""
        since = following.window.start // DAY_SECONDS
        days = range(since, min(since + self._at_once, self._days.stop))
        self._at_once *= _DAYS_GROWTH
        survey = _Survey(self.windows)
        for pattern, numbers in self._givers():
            # Whether it is worth a look depends on the day alone, which is one for all in a group.
            windows = (w for day in days for w in self.windows.on(pattern, day))
            entries = [Entry(first, numbers[0], window) for first, window in windows]
            survey.add(pattern.rules, numbers, [entry for entry in entries if self.worth(entry)])
        found = await survey.asked(self.store)
        self._asked.extend(entry for entry in found if entry[:2] >= following[:2])
        self._plain = self._wanted(range(days.stop, self._days.stop))
        self.following = next(self._plain, None)

    def _givers(self) -> list[Group]:
        """Who gives the service and is looked into."""
        if self._groups is None or self.done:
            rules, ask, done = self.windows.practice.rules, self.windows.ask, self.done
            known = self.windows.groups if self._groups is None else self._groups
            found = (
                (pattern, [n for n in numbers if n not in done and gives(rules[n], ask)])
                for pattern, numbers in known
            )
            self._groups = [group for group in found if group[1]]
        return self._groups


@dataclass(slots=True)
class _Survey:
    """What the database is asked to count."""

    windows: Windows
    # (group, from, until, shift, points) of each window, and (group, therapist) of each diary.
    rows: list[tuple[int, int, int, int, int]] = field(default_factory=list)
    diaries: list[tuple[int, int]] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)

    def add(self, hours: TherapistRules, numbers: Sequence[int], entries: Iterable[Entry]) -> None:
        """A group of diaries with the same windows."""
        ask, end, known = self.windows.ask, self.windows.end, len(self.rows)
        rules = replace(hours, services=None, max_per_day=None, max_per_week=None)
        group = known  # any number that no other group has
        for entry in entries:
            within = Interval(starts_at=entry.first, ends_at=min(entry.window.stop, end))
            its = measure(rules, ask, within, entry.window.opens)
            if its is None:
                its = _UNMEASURED
            if its.points:
                self.rows.append((group, its.since, its.until, its.shift, its.points))
                self.entries.append(entry)
        if len(self.rows) > known:
            self.diaries += [(group, number) for number in numbers]

    async def asked(self, store: Store) -> list[Entry]:
        """The windows in which not every point lies within a session."""
        if not self.rows:
            return []
        half = len(self.diaries) // 2 if len(self.diaries) >= MANY_DIARIES else 0
        parts = [self.diaries[:half], self.diaries[half:]] if half else [self.diaries]
        pack, windows = store.dialect.pack, self._windows(store.dialect.pack)

        async def ask(diaries: Sequence[tuple[int, int]]) -> Sequence[Sequence[Any]]:
            of_groups, numbers = (pack(list(column)) for column in zip(*diaries, strict=True))
            given = {"of_groups": of_groups, "numbers": numbers, "diaries": orjson.dumps(diaries).decode()}
            return await store.survey("windows_not_full", **windows, **given)

        found = chain.from_iterable(await asyncio.gather(*map(ask, parts)))
        entries = [self.entries[place]._replace(therapist_id=number) for number, place in found]
        entries.sort(key=lambda entry: entry[:2])
        return entries

    def _windows(self, pack: Callable[[list[Any]], Any]) -> dict[str, Any]:
        """What is the same whichever diaries are asked about."""
        groups, since, until, shifts, points = (
            pack(list(column)) for column in zip(*self.rows, strict=True)
        )
        return {
            "grid": self.windows.ask.service.grid_seconds,
            "groups": groups,
            "since": since,
            "until": until,
            "shifts": shifts,
            "points": points,
            "windows": orjson.dumps(self.rows).decode(),
        }


# A window that cannot be measured has one point that no session covers.
_UNMEASURED: Final = Measure(since=0, until=0, shift=0, points=1)
