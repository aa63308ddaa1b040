"""A recurrence and its occurrences: the wall time is kept, whatever the clocks do."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import count, islice, takewhile
from typing import Final

from sessional.diary.clocks import EPOCH_ORDINAL, instant_of, known_zone, offset_at
from sessional.diary.values import DAY_SECONDS
from sessional.errors import InvalidInput

LONGEST_SERIES: Final = 300


class Every(StrEnum):
    WEEKLY = "WEEKLY"
    FORTNIGHTLY = "FORTNIGHTLY"
    MONTHLY = "MONTHLY"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """How often, and until when: a number of sessions, or the last local date (inclusive)."""

    every: Every
    count: int | None
    until: date | None
    time_zone: str


def occurrences(first_starts_at: int, pattern: Pattern) -> list[int]:
    """The starts of a series, the first among them. Raises InvalidInput for one that cannot be.

    A monthly series on a day that a month does not have takes that month's last day, each counted from the
    first: 31 January, 28 February, 31 March. A wall time that is skipped becomes the first that is not.
    """
    _check(pattern)
    _check_zone(pattern.time_zone)
    wall = first_starts_at + offset_at(pattern.time_zone, first_starts_at)
    day, second = EPOCH_ORDINAL + wall // DAY_SECONDS, wall % DAY_SECONDS
    days = _chosen(_days(day, pattern.every), pattern)
    if not days:
        raise _refused("The series ends before its first session.")
    if len(days) > LONGEST_SERIES:
        raise _refused(f"A series has at most {LONGEST_SERIES} sessions.")
    if days[-1] >= date.max.toordinal():
        raise _refused("A series ends before the year 10000.")
    rest = [(later - EPOCH_ORDINAL) * DAY_SECONDS + second for later in days[1:]]
    # The first is what was asked for, also where its wall time is shown twice and the second was meant.
    return [first_starts_at, *(instant_of(pattern.time_zone, wall) for wall in rest)]


def moved(starts: Sequence[int], *, was: int, becomes: int, time_zone: str) -> list[int]:
    """Where the sessions of a series go when the one at ``was`` goes to ``becomes``.

    Each goes as many days on or back as that one, and takes its new time of day, on the clock on the
    wall: so a series keeps its wall time where the clocks change.
    """
    old, new = (at + offset_at(time_zone, at) for at in (was, becomes))
    days, second = new // DAY_SECONDS - old // DAY_SECONDS, new % DAY_SECONDS
    found = []
    for start in starts:
        day = (start + offset_at(time_zone, start)) // DAY_SECONDS + days
        there = instant_of(time_zone, day * DAY_SECONDS + second)
        found.append(becomes if start == was else there)
    return found


def _check(pattern: Pattern) -> None:
    if (pattern.count is None) == (pattern.until is None):
        raise _refused("A series has either a number of sessions or a last day.")
    if pattern.count is not None and pattern.count < 1:
        raise _refused("A series has at least one session.")


def _check_zone(name: str) -> None:
    try:
        known_zone(name)
    except InvalidInput as refusal:
        raise InvalidInput(refusal.message, path=["pattern", *(refusal.path or ())]) from None


def _chosen(days: Iterator[int], pattern: Pattern) -> list[int]:
    """The days of the series; one more than may be, where there are too many."""
    if pattern.until is not None:
        last = pattern.until.toordinal()
        days = takewhile(lambda day: day <= last, days)
    most = LONGEST_SERIES + 1
    return list(islice(days, most if pattern.count is None else min(pattern.count, most)))


def _days(first: int, every: Every) -> Iterator[int]:
    if every is not Every.MONTHLY:
        return count(first, 7 if every is Every.WEEKLY else 14)
    start = date.fromordinal(first)
    return (_months_later(start, months) for months in count())


def _months_later(start: date, months: int) -> int:
    years, month = divmod(start.month - 1 + months, 12)
    year = start.year + years
    if year > date.max.year:
        return date.max.toordinal()
    last = monthrange(year, month + 1)[1]
    return date(year, month + 1, min(start.day, last)).toordinal()


def _refused(message: str) -> InvalidInput:
    return InvalidInput(message, path=["pattern"])
