"""When a therapist is open: wall-clock rules as instants, through every change of the clocks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessional.diary.availability import day_begins, hours_on, local_day, open_intervals, period_of
from sessional.diary.clocks import known_zone
from sessional.diary.rules import Away, Closure, Closures, Override, TherapistRules, TimeOff, WorkingHours
from sessional.diary.spans import merged, minus
from sessional.diary.values import END_OF_TIME, Interval
from sessional.errors import InvalidInput

from .naive import DAY, day_of, open_minutes, utc
from .weeks import Diary, diaries, unhurried

LONDON = "Europe/London"
SPRING, AUTUMN = date(2030, 3, 31), date(2030, 10, 27)  # Sundays; London changes at 01:00 UTC


def minute(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def hours(days: str, starts: str, ends: str, **more: object) -> tuple[WorkingHours, ...]:
    return tuple(
        WorkingHours(weekday=int(d), starts_minute=minute(starts), ends_minute=minute(ends), **more)  # type: ignore[arg-type]
        for d in days
    )


def therapist(*week: WorkingHours, zone: str = LONDON, **more: object) -> TherapistRules:
    return TherapistRules(therapist_id=7, time_zone=zone, hours=week, **more)  # type: ignore[arg-type]


def at(zone: str, day: date, clock: str, fold: int = 0) -> int:
    hour, minutes = divmod(minute(clock), 60)
    return int(
        datetime(day.year, day.month, day.day, hour, minutes, tzinfo=ZoneInfo(zone), fold=fold).timestamp()
    )


def opens(rules: TherapistRules, first: date, days: int = 1, closures: Closures = ()) -> list[str]:
    """The open hours of some days of UTC, each written in UTC."""
    within = Interval(starts_at=utc(first), ends_at=utc(first) + days * DAY)

    def written(instant: int) -> str:
        return f"{datetime.fromtimestamp(instant, tz=UTC):%d %H:%M}"

    found = open_intervals(rules, closures, within)
    return [f"{written(o.starts_at)} {written(o.ends_at)}" for o in found]


# ---- clocks that change -------------------------------------------------------------------------


def test_hours_keep_their_wall_time_in_the_week_after_the_clocks_change() -> None:
    """Scenario 1: 09:00 in London is 09:00 UTC in winter and 08:00 UTC in summer."""
    office = therapist(*hours("15", "09:00", "17:00"))
    assert opens(office, SPRING - timedelta(days=2), 4) == ["29 09:00 29 17:00", "01 08:00 01 16:00"]


def test_hours_that_begin_in_the_spring_gap_begin_at_the_first_valid_minute() -> None:
    """Scenario 3: 01:30 is skipped; the first minute that is shown after it is 02:00, or 01:00 UTC."""
    assert opens(therapist(*hours("7", "01:30", "04:00")), SPRING) == ["31 01:00 31 03:00"]


def test_hours_that_end_in_the_spring_gap_end_where_it_begins() -> None:
    """Scenario 3."""
    assert opens(therapist(*hours("7", "00:30", "01:30")), SPRING) == ["31 00:30 31 01:00"]


def test_hours_that_lie_wholly_in_the_spring_gap_give_nothing() -> None:
    """Scenario 3."""
    assert opens(therapist(*hours("7", "01:10", "01:50")), SPRING) == []


def test_hours_across_the_autumn_fold_are_an_hour_longer() -> None:
    assert opens(therapist(*hours("7", "00:30", "03:00")), AUTUMN - timedelta(days=1), 2) == [
        "26 23:30 27 03:00"
    ]


def test_a_wall_time_that_is_shown_twice_is_its_first_showing() -> None:
    """01:30 on that Sunday is 00:30 UTC, and again 01:30 UTC: hours from then begin at the first."""
    assert opens(therapist(*hours("7", "01:30", "04:00")), AUTUMN) == ["27 00:30 27 04:00"]


def test_a_day_that_a_zone_skipped_has_no_hours() -> None:
    apia = therapist(*hours("5", "09:00", "17:00"), zone="Pacific/Apia")
    assert opens(apia, date(2011, 12, 29), 4) == []
    assert day_span(apia, date(2011, 12, 30)).starts_at == day_span(apia, date(2011, 12, 30)).ends_at


def test_hours_from_a_midnight_that_does_not_exist_begin_when_the_day_does() -> None:
    sao_paulo = therapist(*hours("7", "00:00", "02:00"), zone="America/Sao_Paulo")
    assert opens(sao_paulo, date(2018, 11, 4)) == ["04 03:00 04 04:00"]


# ---- weeks, overrides, closures, time off --------------------------------------------------------


def test_hours_across_midnight_belong_to_the_day_on_which_they_begin() -> None:
    """Scenario 13: Monday 22:30 to Tuesday 02:00."""
    night = therapist(*hours("1", "22:30", "26:00"), zone="UTC")
    assert opens(night, date(2030, 1, 7), 2) == ["07 22:30 08 02:00"]
    assert opens(night, date(2030, 1, 8)) == ["08 00:00 08 02:00"]


def test_an_override_takes_the_place_of_that_days_hours_also_of_those_past_midnight() -> None:
    monday = date(2030, 1, 7)
    night = hours("12", "22:30", "26:00")
    shorter = therapist(*night, zone="UTC", overrides=(Override(on=monday, intervals=((600, 660),)),))
    assert opens(shorter, monday, 2) == ["07 10:00 07 11:00", "08 22:30 09 00:00"]


def test_a_closure_takes_the_hours_that_begin_on_its_date_and_no_others() -> None:
    monday = date(2030, 1, 7)
    night = therapist(*hours("123", "22:30", "26:00"), zone="UTC")
    tuesday_shut = [Closure(on=monday + timedelta(days=1), name="Holiday")]
    expected = ["07 22:30 08 02:00", "09 22:30 10 02:00"]
    assert opens(night, monday, 4, tuesday_shut) == expected
    assert opens(night, monday, 4, {closure.on: closure.name for closure in tuesday_shut}) == expected


def test_a_closure_is_read_in_the_zone_of_each_therapist() -> None:
    christmas = [Closure(on=date(2030, 12, 25), name="Christmas Day")]
    auckland = therapist(*hours("1234567", "09:00", "10:00"), zone="Pacific/Auckland")
    assert opens(auckland, date(2030, 12, 24), 2, christmas) == ["25 20:00 25 21:00"]


def test_time_off_is_cut_out_to_the_second() -> None:
    monday = date(2030, 1, 7)
    off = TimeOff(starts_at=utc(monday) + 36_001, ends_at=utc(monday) + 39_601)
    office = therapist(*hours("1", "09:00", "12:00"), zone="UTC", time_off=(off,))
    within = Interval(starts_at=utc(monday), ends_at=utc(monday) + DAY)
    found = [
        (o.starts_at - utc(monday), o.ends_at - utc(monday)) for o in open_intervals(office, (), within)
    ]
    assert found == [(32_400, 36_001), (39_601, 43_200)]


def test_intervals_that_touch_are_one() -> None:
    split = therapist(*hours("1", "09:00", "12:00"), *hours("1", "12:00", "17:00"), zone="UTC")
    assert opens(split, date(2030, 1, 7)) == ["07 09:00 07 17:00"]


def test_hours_of_every_other_week_are_counted_from_the_week_in_which_they_begin_to_hold() -> None:
    """They hold from a Wednesday: the Monday of the same week is before them, that of the next is off."""
    wednesday = date(2030, 1, 9)
    other = hours("14", "09:00", "10:00", valid_from=wednesday, every_weeks=2)
    found = opens(therapist(*other, zone="UTC"), date(2030, 1, 7), 28)
    assert [text[:2] for text in found] == ["10", "21", "24"]


def test_hours_hold_from_their_first_day_and_not_on_their_last() -> None:
    for_a_week = hours(
        "1234567", "09:00", "10:00", valid_from=date(2030, 1, 9), valid_until=date(2030, 1, 11)
    )
    found = opens(therapist(*for_a_week, zone="UTC"), date(2030, 1, 7), 7)
    assert [text[:2] for text in found] == ["09", "10"]


def test_hours_are_read_in_the_zone_from_which_the_therapist_works_on_those_days() -> None:
    """Scenario 8."""
    away = Away(time_zone="America/New_York", from_date=date(2030, 1, 8), until_date=date(2030, 1, 10))
    office = therapist(*hours("1234", "09:00", "10:00"), away=(away,))
    assert opens(office, date(2030, 1, 7), 4) == [
        "07 09:00 07 10:00",
        "08 14:00 08 15:00",
        "09 14:00 09 15:00",
        "10 09:00 10 10:00",
    ]


def test_a_therapist_without_hours_takes_no_search_bookings_and_is_never_open() -> None:
    empty = therapist(overrides=(Override(on=SPRING, intervals=()),))
    assert not empty.takes_search_bookings
    assert opens(empty, SPRING) == []
    assert therapist(overrides=(Override(on=SPRING, intervals=((0, 60),)),)).takes_search_bookings
    assert therapist(*hours("1", "09:00", "10:00")).takes_search_bookings


def test_the_hours_of_a_date_are_told_as_wall_clock() -> None:
    rules = therapist(*hours("1", "13:00", "17:00"), *hours("1", "09:00", "12:00"))
    assert hours_on(rules, date(2030, 1, 7)) == [(540, 720), (780, 1020)]
    assert hours_on(rules, date(2030, 1, 8)) == []


@pytest.mark.parametrize("name", ["Europe/Nowhere", "", "../etc/passwd", "Europe", "a\0b", "x" * 5000])
def test_a_zone_that_the_database_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        known_zone(name)


# ---- days and weeks -----------------------------------------------------------------------------


def day_span(rules: TherapistRules, day: date) -> Interval:
    """That date of the therapist's, as the caps count it."""
    return _days_span(rules, day.toordinal(), 1)


def week_span(rules: TherapistRules, day: date) -> Interval:
    """The week, from Monday on, in which that date lies."""
    return _days_span(rules, period_of(day.toordinal(), 7), 7)


def _days_span(rules: TherapistRules, first: int, days: int) -> Interval:
    return Interval(starts_at=day_begins(rules, first), ends_at=day_begins(rules, first + days))


def test_a_day_is_as_long_as_its_clocks_make_it() -> None:
    office = therapist()
    lengths = [day_span(office, day) for day in (SPRING, AUTUMN, date(2030, 6, 1))]
    assert [(span.ends_at - span.starts_at) // 3600 for span in lengths] == [23, 25, 24]


def test_a_week_begins_on_monday_at_local_midnight() -> None:
    week = week_span(therapist(), SPRING)
    assert week.starts_at == at(LONDON, date(2030, 3, 25), "00:00")
    assert week.ends_at == at(LONDON, date(2030, 4, 1), "00:00")


def test_on_the_day_of_a_flight_the_old_day_lasts_until_the_new_one_begins() -> None:
    away = Away(time_zone="America/New_York", from_date=date(2030, 1, 8), until_date=date(2030, 1, 9))
    office = therapist(away=(away,))
    midnight = at(LONDON, date(2030, 1, 8), "00:00")
    assert local_day(office, midnight) == date(2030, 1, 7)
    assert local_day(office, midnight + 5 * 3600) == date(2030, 1, 8)
    assert local_day(office, at(LONDON, date(2030, 1, 9), "00:00")) == date(2030, 1, 9)


def test_a_flight_west_over_the_date_line_begins_the_new_day_before_the_old_one_has_begun() -> None:
    """Midnight of the 8th in Kiritimati comes before midnight of the 7th in Pago Pago: no 7th at all."""
    away = Away(time_zone="Pacific/Kiritimati", from_date=date(2030, 1, 8), until_date=date(2030, 2, 1))
    islander = therapist(zone="Pacific/Pago_Pago", away=(away,))
    sixth, seventh, eighth = (day_span(islander, date(2030, 1, day)) for day in (6, 7, 8))
    assert seventh.starts_at == seventh.ends_at
    assert sixth.ends_at == eighth.starts_at == at("Pacific/Kiritimati", date(2030, 1, 8), "00:00")
    assert local_day(islander, eighth.starts_at - 1) == date(2030, 1, 6)
    assert local_day(islander, eighth.starts_at) == date(2030, 1, 8)


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "UTC"])
@pytest.mark.parametrize("instant", [0, 1, END_OF_TIME - 1, END_OF_TIME])
def test_the_ends_of_time_have_a_day_too(zone: str, instant: int) -> None:
    always = therapist(*hours("1234567", "00:00", "24:00"), zone=zone)
    assert abs((local_day(always, instant) - datetime.fromtimestamp(instant, tz=UTC).date()).days) <= 1
    around = Interval(starts_at=max(0, instant - 60), ends_at=max(60, instant))
    if instant < 60 or zone != "Pacific/Kiritimati":  # there, it is the year 10000 already
        assert open_intervals(always, (), around) == [around]


# ---- against the wall clock, minute by minute ----------------------------------------------------


@unhurried
@given(diaries())
def test_open_hours_are_what_a_look_at_the_clock_in_every_minute_says(diary: Diary) -> None:
    """Scenarios 1, 3, 8, 13."""
    begin, end = utc(diary.day) - DAY, utc(diary.day) + 2 * DAY
    found = open_intervals(diary.rules, diary.closures, Interval(starts_at=begin, ends_at=end))
    shown = {m for span in found for m in range(span.starts_at, span.ends_at, 60)}
    assert shown == open_minutes(diary.rules, diary.closures, begin, end)


@unhurried
@given(diaries(step=1), st.integers(-DAY, DAY), st.integers(1, 2 * DAY))
def test_open_intervals_are_sorted_apart_and_within_what_was_asked_for(
    diary: Diary, offset: int, length: int
) -> None:
    within = Interval(starts_at=utc(diary.day) + offset, ends_at=utc(diary.day) + offset + length)
    found = open_intervals(diary.rules, diary.closures, within)
    edges = [edge for span in found for edge in (span.starts_at, span.ends_at)]
    assert edges == sorted(set(edges))
    assert all(within.starts_at <= edge <= within.ends_at for edge in edges)


@unhurried
@given(diaries(), st.integers(-DAY, DAY), st.integers(1, DAY), st.integers(1, DAY))
def test_what_is_open_in_two_halves_is_open_in_the_whole(
    diary: Diary, offset: int, left: int, right: int
) -> None:
    begin = utc(diary.day) + offset
    middle, end = begin + left, begin + left + right

    def parts(starts_at: int, ends_at: int) -> list[tuple[int, int]]:
        found = open_intervals(diary.rules, diary.closures, Interval(starts_at=starts_at, ends_at=ends_at))
        return [(o.starts_at, o.ends_at) for o in found]

    assert merged(parts(begin, middle) + parts(middle, end)) == parts(begin, end)


@unhurried
@given(diaries(), st.integers(-DAY, 2 * DAY))
def test_the_day_of_an_instant_is_the_last_that_has_begun_and_its_span_holds_the_instant(
    diary: Diary, offset: int
) -> None:
    instant = (utc(diary.day) + offset) // 60 * 60
    day = local_day(diary.rules, instant)
    assert day == day_of(diary.rules, instant)
    for span in (day_span(diary.rules, day), week_span(diary.rules, day)):
        assert span.starts_at <= instant < span.ends_at


@unhurried
@given(diaries())
def test_days_and_weeks_follow_one_another_without_gap_or_overlap(diary: Diary) -> None:
    monday = diary.day - timedelta(days=diary.day.weekday())
    days = [day_span(diary.rules, monday + timedelta(days=n)) for n in range(8)]
    assert all(one.ends_at == other.starts_at for one, other in pairwise(days))
    assert all(day.starts_at <= day.ends_at for day in days)
    week = week_span(diary.rules, diary.day)
    assert (week.starts_at, week.ends_at) == (days[0].starts_at, days[7].starts_at)


pairs = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), max_size=6)


@unhurried
@given(pairs, pairs)
def test_spans_are_cut_as_sets_of_seconds_are(
    some: list[tuple[int, int]], taken: list[tuple[int, int]]
) -> None:
    def seconds(spans: list[tuple[int, int]]) -> set[int]:
        return {second for start, end in spans for second in range(start, end)}

    left = minus(merged(some), taken)
    assert seconds(merged(some)) == seconds(some)
    assert seconds(left) == seconds(some) - seconds(taken)
    assert left == sorted(left)
    assert all(start < end for start, end in left)
