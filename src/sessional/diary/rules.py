"""The values that rules are made of: a therapist's week, a service, what is busy, and what was broken.

Wall-clock rules keep wall clock (minutes, dates, the name of a zone) and become instants in
``availability``. Nothing here is checked on the way in: rules are read ten thousand at a time, so what
people type is checked once, where it is written (``check_hours``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final, TypeAlias

from sessional.diary.values import DAY_SECONDS
from sessional.errors import InvalidInput

DAY_MINUTES: Final = 1440
# Hours that begin on one day end by the end of the next: longer ones would hide a forgotten end.
LATEST_MINUTE: Final = 2 * DAY_MINUTES
# So far around a start all that its rules look at lies: caps count local weeks, which begin up to seven
# days before it and end up to seven after.
REACH_SECONDS: Final = 8 * DAY_SECONDS

Minutes: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingHours:
    """Hours of one weekday (1 Monday to 7 Sunday), in minutes of wall clock from its local midnight.

    ``ends_minute`` above 1440 crosses midnight. They hold from ``valid_from`` up to, not including,
    ``valid_until``; with ``every_weeks`` 2, every other week from the week of ``valid_from``.
    """

    weekday: int
    starts_minute: int
    ends_minute: int
    valid_from: date | None = None
    valid_until: date | None = None
    every_weeks: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """Other hours on one date instead of the weekly ones. None at all: closed that day."""

    on: date
    intervals: tuple[Minutes, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """From ``from_date`` up to, not including, ``until_date`` hours are read in this zone."""

    time_zone: str
    from_date: date
    until_date: date


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeOff:
    """A span in which the therapist sees nobody, whatever their hours."""

    starts_at: int
    ends_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """The whole practice is closed on this date, read in each therapist's zone of that day."""

    on: date
    name: str


Closures: TypeAlias = Sequence[Closure] | Mapping[date, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TherapistRules:
    """Everything that decides when one therapist can be booked, but for what is booked already."""

    therapist_id: int
    time_zone: str
    hours: tuple[WorkingHours, ...] = ()
    overrides: tuple[Override, ...] = ()
    away: tuple[Away, ...] = ()
    time_off: tuple[TimeOff, ...] = ()
    max_per_day: int | None = None
    max_per_week: int | None = None
    services: frozenset[str] | None = None

    @property
    def takes_search_bookings(self) -> bool:
        """Whether a search can ever find a time here. Staff can book a therapist without hours."""
        return bool(self.hours) or any(override.intervals for override in self.overrides)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRules:
    """Everything that a service asks of a start."""

    code: str
    duration_seconds: int
    other_durations: tuple[int, ...] = ()
    buffer_before_seconds: int = 0
    buffer_after_seconds: int = 0
    grid_seconds: int = 900
    notice_seconds: int = 0
    horizon_seconds: int = 366 * DAY_SECONDS
    cancel_notice_seconds: int = 0
    capacity: int = 1
    needs_approval: bool = False
    needs_room: bool = False
    online: bool = False
    cancel_when_one_leaves: bool = False


# What a service asks where nobody says otherwise, by the name under which each rule is kept.
SERVICE_DEFAULTS: Final[Mapping[str, Any]] = {
    "other_durations": (),
    "buffer_before_seconds": 0,
    "buffer_after_seconds": 0,
    "grid_seconds": 900,
    "notice_seconds": 0,
    "horizon_days": 366,
    "cancel_notice_seconds": 0,
    "capacity": 1,
    "needs_approval": False,
    "needs_room": False,
    "online": False,
    "cancel_when_one_leaves": False,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Busy:
    """Something that takes up the therapist's time: a session, or what an account holds (``held_by``).

    ``counts`` says whether it counts towards the caps.
    """

    starts_at: int
    ends_at: int
    buffer_before_seconds: int = 0
    buffer_after_seconds: int = 0
    appointment_id: int = 0
    service_code: str = ""
    places_left: int = 0
    held_by: int | None = None
    held_until: int = 0
    counts: bool = True
    room_id: int | None = None


class Rule(StrEnum):
    """The names under which a caller reads why a start is not on offer."""

    WORKING_HOURS = "WORKING_HOURS"
    CLOSURE = "CLOSURE"
    TIME_OFF = "TIME_OFF"
    OVERLAP = "OVERLAP"
    BUFFER = "BUFFER"
    HOLD = "HOLD"
    NOTICE = "NOTICE"
    HORIZON = "HORIZON"
    GRID = "GRID"
    CAP_PER_DAY = "CAP_PER_DAY"
    CAP_PER_WEEK = "CAP_PER_WEEK"
    SERVICE_NOT_GIVEN = "SERVICE_NOT_GIVEN"
    DURATION_NOT_OFFERED = "DURATION_NOT_OFFERED"
    ROOM = "ROOM"
    CLIENT_BUSY = "CLIENT_BUSY"
    # Stands for any of these where the caller may not know which; no diary answers it.
    NOT_AVAILABLE = "NOT_AVAILABLE"


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokenRule:
    """One rule that refuses a start: in words for a person, and its value as text."""

    rule: Rule
    message: str
    value: str | None


def check_hours(hours: WorkingHours) -> None:
    """Refuse hours that no week has. Raises InvalidInput."""
    if not 1 <= hours.weekday <= 7:
        raise InvalidInput("A weekday is 1 (Monday) to 7 (Sunday).", path=["weekday"])
    check_minutes((hours.starts_minute, hours.ends_minute))
    if hours.every_weeks not in (1, 2):
        raise InvalidInput("Hours hold every week or every other week.", path=["everyWeeks"])
    if hours.every_weeks > 1 and hours.valid_from is None:
        raise InvalidInput("Hours of every other week need a day from which they hold.", path=["validFrom"])
    if hours.valid_from and hours.valid_until and hours.valid_until <= hours.valid_from:
        raise InvalidInput("Hours end after the day on which they begin to hold.", path=["validUntil"])


def check_minutes(minutes: Minutes) -> None:
    """Refuse hours that begin on another day than their own, or end before they begin."""
    starts, ends = minutes
    if not 0 <= starts < DAY_MINUTES:
        raise InvalidInput("Hours begin between 00:00 and 23:59.", path=["startsMinute"])
    if not starts < ends <= LATEST_MINUTE:
        raise InvalidInput("Hours end after they begin, by midnight of the next day.", path=["endsMinute"])
