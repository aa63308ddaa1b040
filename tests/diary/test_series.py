"""A recurrence and its occurrences."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessional.diary.series import LONGEST_SERIES, Every, Pattern, moved, occurrences
from sessional.diary.values import END_OF_TIME
from sessional.errors import InvalidInput

from .weeks import ODD_DAYS, ZONES, unhurried

LONDON = "Europe/London"


def at(zone: str, text: str, fold: int = 0) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp())


def shown(
    zone: str, first: str, every: Every, count: int | None = None, until: str | None = None, fold: int = 0
) -> list[str]:
    last = None if until is None else date.fromisoformat(until)
    pattern = Pattern(every=every, count=count, until=last, time_zone=zone)
    found = occurrences(at(zone, first, fold), pattern)
    return [f"{datetime.fromtimestamp(start, tz=ZoneInfo(zone)):%Y-%m-%d %H:%M}" for start in found]


def test_a_weekly_series_keeps_its_wall_time_when_the_clocks_change() -> None:
    """Scenarios 4 and 5."""
    assert shown(LONDON, "2030-03-24 09:00", Every.WEEKLY, 3) == [
        "2030-03-24 09:00",
        "2030-03-31 09:00",
        "2030-04-07 09:00",
    ]


def test_a_fortnightly_series_leaves_every_other_week_out() -> None:
    assert shown(LONDON, "2030-10-20 09:00", Every.FORTNIGHTLY, 3) == [
        "2030-10-20 09:00",
        "2030-11-03 09:00",
        "2030-11-17 09:00",
    ]


def test_a_monthly_series_on_the_31st_takes_the_last_day_of_shorter_months() -> None:
    """Scenario 10: each is counted from the first, so March has its 31st again."""
    assert shown(LONDON, "2030-01-31 10:00", Every.MONTHLY, 4) == [
        "2030-01-31 10:00",
        "2030-02-28 10:00",
        "2030-03-31 10:00",
        "2030-04-30 10:00",
    ]


def test_a_monthly_series_on_29_february_finds_its_day_in_every_month_that_has_one() -> None:
    """Scenario 10."""
    found = shown(LONDON, "2032-02-29 10:00", Every.MONTHLY, 13)
    assert found[1] == "2032-03-29 10:00"
    assert found[12] == "2033-02-28 10:00"


def test_a_monthly_series_goes_on_after_december() -> None:
    assert shown(LONDON, "2030-12-15 10:00", Every.MONTHLY, 2)[1] == "2031-01-15 10:00"


def test_an_occurrence_in_the_spring_gap_becomes_the_first_valid_minute() -> None:
    """Scenario 3; the next one has its own wall time again."""
    assert shown(LONDON, "2030-03-24 01:30", Every.WEEKLY, 3) == [
        "2030-03-24 01:30",
        "2030-03-31 02:00",
        "2030-04-07 01:30",
    ]


def test_an_occurrence_in_the_autumn_fold_is_the_first_of_the_two() -> None:
    pattern = Pattern(every=Every.WEEKLY, count=2, until=None, time_zone=LONDON)
    found = occurrences(at(LONDON, "2030-10-20 01:30"), pattern)
    assert found[1] == at(LONDON, "2030-10-27 01:30", fold=0)


def test_the_first_occurrence_is_the_instant_that_was_asked_for_also_in_the_fold() -> None:
    pattern = Pattern(every=Every.WEEKLY, count=1, until=None, time_zone=LONDON)
    second = at(LONDON, "2030-10-27 01:30", fold=1)
    assert occurrences(second, pattern) == [second]


def test_the_last_day_belongs_to_the_series_as_a_date_of_the_zone() -> None:
    """23:30 in New York is the next day in UTC: it is the local date that is meant."""
    found = shown("America/New_York", "2030-01-07 23:30", Every.WEEKLY, until="2030-01-21")
    assert found == ["2030-01-07 23:30", "2030-01-14 23:30", "2030-01-21 23:30"]
    assert len(shown("America/New_York", "2030-01-07 23:30", Every.WEEKLY, until="2030-01-20")) == 2


@pytest.mark.parametrize(
    ("count", "until"),
    [
        (None, None),
        (3, "2030-03-01"),
        (0, None),
        (-1, None),
        (LONGEST_SERIES + 1, None),
        (2**60, None),
        (None, "2029-12-31"),
        (None, "2060-01-01"),
        (None, "9999-12-31"),
    ],
)
@pytest.mark.parametrize("every", list(Every))
def test_a_series_without_an_end_or_with_two_of_nothing_or_of_too_many_is_refused(
    every: Every, count: int | None, until: str | None
) -> None:
    with pytest.raises(InvalidInput) as refused:
        shown(LONDON, "2030-01-07 09:00", every, count, until)
    assert refused.value.path == ["pattern"]


def test_the_longest_series_is_possible_and_takes_no_time() -> None:
    shown(LONDON, "2030-01-07 09:00", Every.WEEKLY, LONGEST_SERIES)
    started = time.process_time()
    assert len(shown(LONDON, "2030-01-07 09:07", Every.WEEKLY, LONGEST_SERIES)) == LONGEST_SERIES
    assert time.process_time() - started < 0.1


@pytest.mark.parametrize("every", list(Every))
def test_a_series_that_would_leave_the_calendar_is_refused(every: Every) -> None:
    pattern = Pattern(every=every, count=20, until=None, time_zone=LONDON)
    with pytest.raises(InvalidInput):
        occurrences(END_OF_TIME - 86_400, pattern)


def test_a_series_in_a_zone_that_does_not_exist_is_refused() -> None:
    with pytest.raises(InvalidInput):
        occurrences(0, Pattern(every=Every.WEEKLY, count=1, until=None, time_zone="Mars/Olympus"))


@unhurried
@given(
    st.sampled_from(ODD_DAYS),
    st.sampled_from(ZONES),
    st.integers(0, 1439),
    st.sampled_from(list(Every)),
    st.integers(1, 30),
)
def test_an_occurrence_shows_the_wall_time_of_the_first_unless_the_clocks_skip_it(
    odd: tuple[str, date], zone: str, minute: int, every: Every, count: int
) -> None:
    """Scenario 5, in zones that do odd things."""
    here = ZoneInfo(zone)
    day = odd[1] - timedelta(days=28)
    first = datetime(day.year, day.month, day.day, tzinfo=here) + timedelta(minutes=minute)
    found = occurrences(
        int(first.timestamp()), Pattern(every=every, count=count, until=None, time_zone=zone)
    )
    assert len(found) == count
    assert found == sorted(set(found))
    began = datetime.fromtimestamp(found[0], tz=here)
    for start in found:
        local = datetime.fromtimestamp(start, tz=here)
        skipped = datetime.fromtimestamp(start - 60, tz=here).utcoffset() != local.utcoffset()
        assert skipped or (local.hour, local.minute) == (began.hour, began.minute)


def test_a_series_that_moves_keeps_its_new_wall_time_and_its_days_apart() -> None:
    """Scenario 5: two days on and from nine to half past ten, across the change of the clocks."""
    nines = [at(LONDON, f"2030-03-{day} 09:00") for day in (18, 25)] + [at(LONDON, "2030-04-01 09:00")]
    found = moved(nines, was=nines[0], becomes=at(LONDON, "2030-03-20 10:30"), time_zone=LONDON)
    assert found == [
        at(LONDON, each) for each in ("2030-03-20 10:30", "2030-03-27 10:30", "2030-04-03 10:30")
    ]


def test_a_session_of_a_series_that_stood_elsewhere_keeps_its_own_day_and_takes_the_time() -> None:
    starts = [at(LONDON, "2030-01-07 09:00"), at(LONDON, "2030-01-15 11:00")]
    found = moved(starts, was=starts[0], becomes=at(LONDON, "2030-01-07 14:00"), time_zone=LONDON)
    assert found == [at(LONDON, "2030-01-07 14:00"), at(LONDON, "2030-01-15 14:00")]


def test_the_one_that_is_named_goes_where_it_was_told_also_in_an_hour_that_comes_twice() -> None:
    start, second = at(LONDON, "2030-10-27 09:00"), at(LONDON, "2030-10-27 01:30", fold=1)
    assert moved([start], was=start, becomes=second, time_zone=LONDON) == [second]


@unhurried
@given(st.sampled_from(ZONES), st.integers(0, 60), st.integers(-400_000, 400_000))
def test_sessions_of_a_series_that_moves_never_change_their_order(zone: str, weeks: int, by: int) -> None:
    first = 2_000_000_000
    pattern = Pattern(every=Every.WEEKLY, count=weeks + 2, until=None, time_zone=zone)
    starts = occurrences(first, pattern)
    found = moved(starts, was=starts[1], becomes=starts[1] + by, time_zone=zone)
    assert found[1] == starts[1] + by
    assert found == sorted(set(found))
