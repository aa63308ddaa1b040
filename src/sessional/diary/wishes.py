"""What somebody wants of a start beyond the rules: certain weekdays, a time of day.

A search and an entry of the waitlist ask the same. Both are read on a wall clock: of the zone that is
named, or else of the therapist.
"""

from __future__ import annotations

from collections.abc import Callable, Collection

from sessional.diary.availability import day_at, zone_of
from sessional.diary.clocks import offset_at
from sessional.diary.rules import DAY_MINUTES, TherapistRules
from sessional.diary.values import DAY_SECONDS
from sessional.errors import InvalidArgument

Fits = Callable[[TherapistRules, int], bool]


def on_weekdays(weekdays: Collection[int], zone: str | None) -> Fits:
    """Starts on these days of the week, 1 (Monday) to 7 (Sunday). Raises InvalidArgument."""
    if not all(1 <= day <= 7 for day in weekdays):
        raise InvalidArgument("A weekday is 1 (Monday) to 7 (Sunday).", path=["weekdays"])
    # 1 January 1970 was a Thursday.
    days = frozenset((day - 4) % 7 for day in weekdays)
    return lambda rules, at: _wall(rules, zone, at) // DAY_SECONDS % 7 in days


def at_time_of_day(from_minute: int, until_minute: int, zone: str | None) -> Fits:
    """Starts from one minute since midnight up to, not including, another. Raises InvalidArgument."""
    if not 0 <= from_minute < until_minute <= DAY_MINUTES:
        raise InvalidArgument(
            "A time of day begins at minute 0 or later and ends by 1440, after it began.",
            path=["time_of_day"],
        )
    return lambda rules, at: from_minute <= _wall(rules, zone, at) % DAY_SECONDS // 60 < until_minute


def _wall(rules: TherapistRules, zone: str | None, at: int) -> int:
    """What the wall clock shows: of whoever asks, or of the therapist."""
    return at + offset_at(zone or zone_of(rules, day_at(rules, at)), at)
