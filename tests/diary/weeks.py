"""Hypothesis strategies for the rules of a diary, around the days on which clocks do odd things."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from hypothesis import settings
from hypothesis import strategies as st

from sessional.diary.offers import Ask
from sessional.diary.rules import (
    Away,
    Busy,
    Closure,
    Override,
    ServiceRules,
    TherapistRules,
    TimeOff,
    WorkingHours,
)
from sessional.diary.values import Interval

from .naive import DAY, utc

# (zone, a day on which its clocks change, or on which there is something else to get wrong)
ODD_DAYS = [
    ("Europe/London", date(2030, 3, 31)),
    ("Europe/London", date(2030, 10, 27)),
    ("America/New_York", date(2030, 3, 10)),
    ("America/New_York", date(2030, 11, 3)),
    ("Australia/Lord_Howe", date(2030, 4, 7)),  # back by half an hour
    ("Australia/Lord_Howe", date(2030, 10, 6)),
    ("Asia/Kathmandu", date(2030, 5, 5)),  # +05:45
    ("Asia/Kathmandu", date(1986, 1, 1)),  # +05:30 until then
    ("America/Sao_Paulo", date(2018, 11, 4)),  # no midnight
    ("America/Sao_Paulo", date(2018, 2, 18)),  # from midnight back to 23:00
    ("Pacific/Apia", date(2011, 12, 30)),  # the day that was not
    ("Africa/Casablanca", date(2026, 2, 15)),  # Ramadan: back, and forward again
    ("Africa/Casablanca", date(2026, 3, 22)),
    ("America/St_Johns", date(2010, 11, 7)),  # back at 00:01: midnight is shown twice
]
# And the two on either side of the date line: a flight from one to the other skips most of a day.
ZONES = sorted({zone for zone, _ in ODD_DAYS} | {"Pacific/Kiritimati", "Pacific/Pago_Pago"})
# The yardstick looks at a clock for every minute: how long that takes says nothing about the product.
unhurried = settings(deadline=None)
CODES = ["one-off", "group", "couples"]


@dataclass(frozen=True)
class Diary:
    """A therapist's rules, the practice's closures and what is busy, around one odd day."""

    day: date
    rules: TherapistRules
    closures: list[Closure]
    busy: list[Busy]


def days_near(day: date) -> st.SearchStrategy[date]:
    return st.integers(-4, 4).map(lambda n: day + timedelta(days=n))


minutes = st.one_of(st.integers(0, 95).map(lambda n: n * 15), st.integers(0, 1439))


@st.composite
def intervals_of_a_day(draw: st.DrawFn) -> tuple[int, int]:
    starts = draw(minutes)
    longest = 2880 - starts
    length = st.one_of(st.sampled_from([30, 60, 240, 480, 1440]), st.integers(1, longest))
    return starts, starts + min(draw(length), longest)


@st.composite
def working_hours(draw: st.DrawFn, day: date) -> WorkingHours:
    starts, ends = draw(intervals_of_a_day())
    valid_from = draw(st.one_of(st.none(), st.none(), st.integers(-20, 3)))
    valid_until = draw(st.one_of(st.none(), st.none(), st.integers(-3, 20)))
    return WorkingHours(
        weekday=draw(st.integers(1, 7)),
        starts_minute=starts,
        ends_minute=ends,
        valid_from=None if valid_from is None else day + timedelta(days=valid_from),
        valid_until=None if valid_until is None else day + timedelta(days=valid_until),
        every_weeks=1 if valid_from is None else draw(st.sampled_from([1, 2])),
    )


@st.composite
def spans_near(draw: st.DrawFn, day: date, *, longest_minutes: int, step: int = 60) -> Interval:
    starts_at = utc(day) + step * draw(st.integers(-2 * DAY // step, 3 * DAY // step))
    ends_at = starts_at + step * draw(st.integers(1, longest_minutes * 60 // step))
    return Interval(starts_at=starts_at, ends_at=ends_at)


@st.composite
def therapist_rules(draw: st.DrawFn, zone: str, day: date, *, step: int = 60) -> TherapistRules:
    overrides = draw(
        st.lists(
            st.tuples(days_near(day), st.lists(intervals_of_a_day(), max_size=2)),
            max_size=2,
            unique_by=lambda pair: pair[0],
        )
    )
    off = draw(st.lists(spans_near(day, longest_minutes=1000, step=step), max_size=2))
    return TherapistRules(
        therapist_id=7,
        time_zone=zone,
        hours=tuple(draw(st.lists(working_hours(day), min_size=1, max_size=9))),
        overrides=tuple(Override(on=on, intervals=tuple(pairs)) for on, pairs in overrides),
        away=tuple(draw(st.lists(stays(day), max_size=1))),
        time_off=tuple(TimeOff(starts_at=o.starts_at, ends_at=o.ends_at) for o in off),
        max_per_day=draw(st.sampled_from([None, None, 0, 1, 2, 3])),
        max_per_week=draw(st.sampled_from([None, None, 1, 3, 5])),
        services=draw(st.sampled_from([None, None, None, frozenset(CODES), frozenset({"group"})])),
    )


@st.composite
def stays(draw: st.DrawFn, day: date) -> Away:
    from_date = draw(days_near(day))
    until_date = from_date + timedelta(days=draw(st.integers(1, 5)))
    return Away(time_zone=draw(st.sampled_from(ZONES)), from_date=from_date, until_date=until_date)


@st.composite
def busy_times(draw: st.DrawFn, day: date, step: int) -> Busy:
    # Lengths and starts that meet those of the services below, so that groups are found to join.
    starts_at = (
        utc(day)
        + draw(st.integers(-8, 12)) * 6 * 3600 // 2
        + draw(
            st.one_of(
                st.just(0), st.sampled_from([900, 1800]), st.integers(0, 3 * 3600 // step).map(step.__mul__)
            )
        )
    )
    length = draw(st.sampled_from([1800, 3000, 3600, 5400]))
    buffers = st.sampled_from([0, 0, 900, 1800])
    return Busy(
        starts_at=starts_at,
        ends_at=starts_at + length,
        buffer_before_seconds=draw(buffers),
        buffer_after_seconds=draw(buffers),
        appointment_id=draw(st.integers(1, 5)),
        service_code=draw(st.sampled_from(CODES)),
        places_left=draw(st.integers(0, 1)),
        held_by=draw(st.sampled_from([None, None, None, 1, 2])),
        held_until=utc(day) + draw(st.sampled_from([-DAY, -1, 0, 1, DAY])),
        counts=draw(st.booleans()),
    )


@st.composite
def diaries(draw: st.DrawFn, *, step: int = 60) -> Diary:
    zone, day = draw(st.sampled_from(ODD_DAYS))
    closures = st.lists(days_near(day), max_size=2).map(lambda on: [Closure(on=d, name=str(d)) for d in on])
    return Diary(
        day=day,
        rules=draw(therapist_rules(zone, day, step=step)),
        closures=draw(st.one_of(st.just([]), closures)),
        busy=draw(st.lists(busy_times(day, step), max_size=6)),
    )


@st.composite
def asks(draw: st.DrawFn, day: date, *, step: int = 60) -> Ask:
    length = draw(st.sampled_from([1800, 3000, 3600]))
    buffers = st.sampled_from([0, 0, 600, 1800])
    service = ServiceRules(
        code=draw(st.sampled_from(CODES)),
        duration_seconds=length,
        other_durations=draw(st.sampled_from([(), (5400,)])),
        buffer_before_seconds=draw(buffers),
        buffer_after_seconds=draw(buffers),
        grid_seconds=draw(st.sampled_from([60, 900, 900, 1800, 3000, 3600, 420, 7 * 3600])),
        notice_seconds=draw(st.sampled_from([0, 0, 3600, DAY])),
        horizon_seconds=draw(st.sampled_from([366 * DAY, 366 * DAY, DAY])),
    )
    return Ask(
        service=service,
        duration_seconds=draw(st.sampled_from([length, length, length, length, 5400])),
        account_id=draw(st.sampled_from([None, 1])),
        now=utc(day) + step * draw(st.integers(-3 * DAY // step, DAY // step)) // 2 // step * step,
        ignoring=draw(st.sampled_from([None, None, 1])),
        free_of_hours=draw(st.sampled_from([False, False, False, True])),
    )
