"""The rules of the diaries of a practice, as plain values: hours, exceptions, closures, rooms.

They need not make sense together: nothing here is worked out, all of it is only answered.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from .words import MONDAY, ODD_NAMES, TIME_ZONES, or_none, some_ids

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class WorkingHours:
    working_hours_id: int
    therapist_id: int
    weekday: int
    starts_minute: int
    ends_minute: int
    valid_from: str | None
    valid_until: str | None
    every_weeks: int


@dataclass(frozen=True, kw_only=True)
class DateOverride:
    date_override_id: int
    therapist_id: int
    on_date: str
    intervals: tuple[tuple[int, int], ...]


@dataclass(frozen=True, kw_only=True)
class TimeOff:
    time_off_id: int
    therapist_id: int
    starts_at: int
    ends_at: int
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Away:
    away_id: int
    therapist_id: int
    time_zone: str
    from_date: str
    until_date: str


@dataclass(frozen=True, kw_only=True)
class Closure:
    closure_id: int
    on_date: str
    name: str


@dataclass(frozen=True, kw_only=True)
class Room:
    room_id: int
    name: str


DATES = ("0001-01-01", "2026-02-28", "2026-03-02", "2026-03-29", "2028-02-29", "2100-01-01", "9999-12-30")
AFTER_ALL = "9999-12-31"
INTERVALS = ((), ((0, 1440),), ((540, 720), (780, 1020)), ((1, 2),))
INSTANTS = (0, MONDAY, MONDAY, 2**31, 253_402_300_798)


def _for(rng: Random, numbers: Sequence[int], most: int, make: Callable[[int, int], T]) -> tuple[T, ...]:
    """Some rows for some of the therapists, made from an id and the therapist's number, in no order."""
    owners = [number for number in numbers for _ in range(rng.choice((0, 1, most)))]
    rng.shuffle(owners)
    return tuple(make(*pair) for pair in zip(some_ids(rng, len(owners), 200), owners, strict=True))


def working_hours(rng: Random, numbers: Sequence[int]) -> tuple[WorkingHours, ...]:
    def make(number: int, whose: int) -> WorkingHours:
        starts, valid_from = rng.choice((0, 540, 1439)), or_none(rng, DATES)
        return WorkingHours(
            working_hours_id=number,
            therapist_id=whose,
            weekday=rng.randint(1, 7),
            starts_minute=starts,
            ends_minute=rng.choice((starts + 1, 1440, 2880)),
            valid_from=valid_from,
            valid_until=or_none(rng, DATES),
            every_weeks=1 if valid_from is None else rng.choice((1, 2)),
        )

    return _for(rng, numbers, 5, make)


def date_overrides(rng: Random, numbers: Sequence[int]) -> tuple[DateOverride, ...]:
    """At most one for each date of a therapist."""
    rows = _for(
        rng,
        numbers,
        4,
        lambda number, whose: DateOverride(
            date_override_id=number,
            therapist_id=whose,
            on_date=rng.choice(DATES),
            intervals=rng.choice(INTERVALS),
        ),
    )
    return tuple({(row.therapist_id, row.on_date): row for row in rows}.values())


def time_off(rng: Random, numbers: Sequence[int]) -> tuple[TimeOff, ...]:
    def make(number: int, whose: int) -> TimeOff:
        starts_at, reason = rng.choice(INSTANTS), or_none(rng, ODD_NAMES)
        return TimeOff(
            time_off_id=number,
            therapist_id=whose,
            starts_at=starts_at,
            ends_at=starts_at + 1,
            reason=reason,
        )

    return _for(rng, numbers, 4, make)


def away(rng: Random, numbers: Sequence[int]) -> tuple[Away, ...]:
    def make(number: int, whose: int) -> Away:
        zone, begins = rng.choice(TIME_ZONES), rng.choice(DATES)
        return Away(
            away_id=number, therapist_id=whose, time_zone=zone, from_date=begins, until_date=AFTER_ALL
        )

    return _for(rng, numbers, 3, make)


def closures(rng: Random) -> tuple[Closure, ...]:
    dates = rng.sample(DATES, rng.choice((0, 1, 4)))
    return tuple(
        Closure(closure_id=number, on_date=date, name=rng.choice(ODD_NAMES))
        for number, date in zip(some_ids(rng, len(dates)), dates, strict=True)
    )


def rooms(rng: Random) -> tuple[Room, ...]:
    names = rng.sample(ODD_NAMES, rng.choice((0, 1, 3, 6)))
    numbers = some_ids(rng, len(names))
    return tuple(Room(room_id=i, name=name) for i, name in zip(numbers, names, strict=True))
