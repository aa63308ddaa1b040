"""A time as somebody reads it: date and weekday are those of the reader's own zone, which is named."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sessional.diary.clocks import known_zone
from sessional.diary.values import Interval

_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip


def date_of(instant: int, zone: str) -> str:
    """The reader's date: Wednesday 12 March 2031."""
    return _date(datetime.fromtimestamp(instant, known_zone(zone)))


def span_of(span: Interval, zone: str) -> str:
    """The reader's date and times: Wednesday 12 March 2031, 10:00 to 11:00 (Europe/London, UTC+00:00)."""
    begin = datetime.fromtimestamp(span.starts_at, known_zone(zone))
    end = datetime.fromtimestamp(span.ends_at, known_zone(zone))
    until = f"{end:%H:%M}" if end.date() == begin.date() else f"{_date(end)}, {end:%H:%M}"
    return f"{_date(begin)}, {begin:%H:%M} to {until} ({_named(begin, zone)})"


def time_of(instant: int, zone: str) -> str:
    """The reader's date and time of an instant."""
    there = datetime.fromtimestamp(instant, known_zone(zone))
    return f"{_date(there)}, {there:%H:%M} ({_named(there, zone)})"


def _date(there: datetime) -> str:
    return f"{_WEEKDAYS[there.weekday()]} {there.day} {_MONTHS[there.month - 1]} {there.year}"


def _named(there: datetime, zone: str) -> str:
    digits = f"{there:%z}"
    return f"{zone}, UTC{digits[:3]}:{digits[3:5]}"
