"""Rules in plain words, for the person who is told no."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from sessional.diary.clocks import offset_at
from sessional.diary.rules import DAY_MINUTES, Minutes
from sessional.diary.values import DAY_SECONDS, END_OF_TIME

_UNITS = ((DAY_SECONDS, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def length(seconds: int) -> str:
    """In the largest unit that measures it: 24 hours are a day, 90 minutes are minutes."""
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return counted(seconds // size, unit) if seconds else "0 minutes"


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def hours(day: Iterable[Minutes]) -> str:
    """09:00–12:00 and 13:00–17:00."""
    return listed([f"{_clock(starts)}–{_clock(ends)}" for starts, ends in day])


def listed(words: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(words[:-1]), *words[-1:]]))


def _clock(minute: int) -> str:
    """24:00 where a day ends, as people write it; after that, the next day's clock."""
    if minute == DAY_MINUTES:
        return "24:00"
    return f"{minute % DAY_MINUTES // 60:02}:{minute % 60:02}"


def span(zone: str, starts_at: int, ends_at: int) -> str:
    """2030-03-01 10:00–11:00 (Europe/London)."""
    starts, ends = _shown(zone, starts_at), _shown(zone, ends_at)
    if starts.date() == ends.date():
        return f"{starts:%Y-%m-%d %H:%M}–{ends:%H:%M} ({zone})"
    return f"{starts:%Y-%m-%d %H:%M} – {ends:%Y-%m-%d %H:%M} ({zone})"


def _shown(zone: str, instant: int) -> datetime:
    """What the wall clock shows. Its own zone is left out: only the figures are read."""
    return datetime.fromtimestamp(min(instant + offset_at(zone, instant), END_OF_TIME), tz=UTC)
