"""Wall clocks and instants: what a zone's clocks show, and when they show it.

A wall time is counted like an instant, in seconds since 1970, but on the clock on the wall. Days are
ordinals (1 is 1 January of the year 1, a Monday). Everything is remembered: ten thousand therapists
share a handful of zones and a few weeks.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sessional.diary.values import DAY_SECONDS, END_OF_TIME
from sessional.errors import InvalidInput

EPOCH_ORDINAL: Final = datetime(1970, 1, 1, tzinfo=UTC).toordinal()
HOUR: Final = 3600
# Python's calendar ends with the year 9999; a zone's rules do not change on its last two days.
_LAST_KNOWN: Final = END_OF_TIME - 2 * DAY_SECONDS
_EPOCH: Final = datetime(1970, 1, 1)  # noqa: DTZ001 (a wall time, which has no zone yet)
_REMEMBERED: Final = 1 << 16


@lru_cache(maxsize=1024)
def known_zone(name: str) -> ZoneInfo:
    """The zone of that name in the time-zone database. Raises InvalidInput where there is none."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise InvalidInput("There is no time zone of that name.", path=["timeZone"]) from None


def offset_at(zone: str, instant: int) -> int:
    """How far the zone's wall clock is ahead of UTC at that instant, in seconds."""
    return offset_under(known_zone(zone), instant)


def offset_under(rules: ZoneInfo, instant: int) -> int:
    """The same under certain rules, which need not be those of today."""
    return _seconds(datetime.fromtimestamp(min(instant, _LAST_KNOWN), tz=rules).utcoffset())


@lru_cache(maxsize=_REMEMBERED)
def instant_of(zone: str, wall: int) -> int:
    """When that wall time is first shown; one that is skipped becomes the first that is not."""
    shown = _EPOCH + timedelta(seconds=min(wall, _LAST_KNOWN))
    # With fold 0 this is the offset before a change of the clocks, both where they go back and forward.
    before = _seconds(shown.replace(tzinfo=known_zone(zone), fold=0).utcoffset())
    instant = wall - before
    after = offset_at(zone, instant)
    if after == before:
        return instant
    return _change(zone, after=wall - after, until=instant)


def _seconds(offset: timedelta | None) -> int:
    assert offset is not None, "a zone of the database always knows its offset"
    return int(offset.total_seconds())


def _change(zone: str, *, after: int, until: int) -> int:
    """The instant in ``(after, until]`` at which the clocks change: by halving."""
    new = offset_at(zone, until)
    while until - after > 1:
        middle = (after + until) // 2
        after, until = (after, middle) if offset_at(zone, middle) == new else (middle, until)
    return until


@lru_cache(maxsize=_REMEMBERED)
def plain_midnight(zone: str, day: int) -> int | None:
    """The day's midnight, where the clocks do not change within two days from it; else None.

    On such days a wall time is midnight plus what has passed, and nothing else need be asked.
    """
    wall = (day - EPOCH_ORDINAL) * DAY_SECONDS
    midnight = instant_of(zone, wall)
    for days in (1, 2):
        if instant_of(zone, wall + days * DAY_SECONDS) != midnight + days * DAY_SECONDS:
            return None
    return midnight if offset_at(zone, midnight) == wall - midnight else None


def instant_on(zone: str, day: int, minute: int) -> int:
    """The instant of a minute of wall clock, counted from the day's midnight."""
    midnight = plain_midnight(zone, day)
    if midnight is not None:
        return midnight + 60 * minute
    return instant_of(zone, (day - EPOCH_ORDINAL) * DAY_SECONDS + 60 * minute)


@lru_cache(maxsize=_REMEMBERED)
def stretches(zone: str, starts_at: int, ends_at: int) -> tuple[tuple[int, int, int], ...]:
    """The span, cut where the clocks change or show midnight: (from, to, offset), in order."""
    found = []
    while starts_at < ends_at:
        offset = offset_at(zone, starts_at)
        midnight = starts_at + DAY_SECONDS - (starts_at + offset) % DAY_SECONDS
        end = _same_offset_until(zone, starts_at, min(ends_at, midnight))
        found.append((starts_at, end, offset))
        starts_at = end
    return tuple(found)


def _same_offset_until(zone: str, starts_at: int, ends_at: int) -> int:
    """How far the offset of ``starts_at`` holds. Hour by hour: clocks change twice within none."""
    offset = offset_at(zone, starts_at)
    for hour in range(starts_at, ends_at, HOUR):
        until = min(hour + HOUR, ends_at)
        if offset_at(zone, until) != offset:
            return _change(zone, after=hour, until=until)
    return ends_at
