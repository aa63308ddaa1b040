"""What is on offer and why something is not: the search and the refusals, held against each other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessional.diary.availability import open_intervals
from sessional.diary.offers import Ask, reasons, starts
from sessional.diary.rules import (
    BrokenRule,
    Busy,
    Closure,
    Rule,
    ServiceRules,
    TherapistRules,
    TimeOff,
    WorkingHours,
)
from sessional.diary.values import Interval

from .naive import DAY, broken, open_minutes, utc, worked_minutes
from .weeks import Diary, asks, diaries, unhurried

MONDAY = date(2030, 1, 7)
NOON = utc(MONDAY) + 12 * 3600
HOUR = 3600
WEEK = tuple(WorkingHours(weekday=day, starts_minute=540, ends_minute=1020) for day in range(1, 6))


def therapist(**more: object) -> TherapistRules:
    usual: dict[str, object] = {"therapist_id": 7, "time_zone": "UTC", "hours": WEEK}
    return TherapistRules(**(usual | more))  # type: ignore[arg-type]


def asked(
    length: int = HOUR, *, now: int = 0, service: dict[str, object] | None = None, **more: object
) -> Ask:
    usual: dict[str, object] = {"code": "one-off", "duration_seconds": length, "horizon_seconds": 2**40}
    rules = ServiceRules(**(usual | (service or {})))  # type: ignore[arg-type]
    given_: dict[str, object] = {"duration_seconds": length, "account_id": 1, "now": now}
    return Ask(service=rules, **(given_ | more))  # type: ignore[arg-type]


def session(start: float, end: float, **more: object) -> Busy:
    """From and to, in hours of that Monday."""
    edges = {"starts_at": utc(MONDAY) + int(start * HOUR), "ends_at": utc(MONDAY) + int(end * HOUR)}
    return Busy(**(edges | more))  # type: ignore[arg-type]


def refused(
    ask: Ask, hour: float, *busy: Busy, rules: TherapistRules | None = None, shut: tuple[Closure, ...] = ()
) -> list[Rule]:
    return [broken_rule.rule for broken_rule in why(ask, hour, *busy, rules=rules, shut=shut)]


def why(
    ask: Ask, hour: float, *busy: Busy, rules: TherapistRules | None = None, shut: tuple[Closure, ...] = ()
) -> list[BrokenRule]:
    return reasons(rules or therapist(), shut, ask, utc(MONDAY) + int(hour * HOUR), busy)


def offered(
    ask: Ask, *busy: Busy, rules: TherapistRules | None = None, days: int = 1, first: date = MONDAY
) -> list[str]:
    rules = rules or therapist()
    within = Interval(starts_at=utc(first), ends_at=utc(first) + days * DAY)
    zone = ZoneInfo(rules.time_zone)
    found = starts(rules, (), ask, within, busy)
    return [f"{datetime.fromtimestamp(start, tz=zone):%H:%M}" for start in found]


def every(minutes: int) -> dict[str, object]:
    return {"grid_seconds": minutes * 60}


# ---- hours and length ---------------------------------------------------------------------------


def test_the_last_session_of_the_day_fits_before_closing() -> None:
    """Scenario 16."""
    ask = asked(50 * 60, service=every(15))
    assert offered(ask)[-1] == "16:00"
    assert refused(ask, 16.25) == [Rule.WORKING_HOURS]
    assert offered(asked(service=every(30)))[-1] == "16:00"


def test_a_session_across_midnight_fits_hours_across_midnight() -> None:
    """Scenario 13."""
    night = therapist(hours=(WorkingHours(weekday=1, starts_minute=1350, ends_minute=1560),))
    ask = asked(service=every(30))
    assert refused(ask, 23.5, rules=night) == []
    assert offered(ask, rules=night, days=2) == ["22:30", "23:00", "23:30", "00:00", "00:30", "01:00"]


def test_the_first_start_after_the_clocks_change_is_nine_oclock_local() -> None:
    """Scenario 1."""
    london, ask = therapist(time_zone="Europe/London"), asked()
    assert offered(ask, rules=london, first=date(2030, 4, 1))[0] == "09:00"
    assert offered(ask, rules=london, first=date(2030, 3, 29))[0] == "09:00"


def test_the_grid_is_counted_on_the_wall_clock_of_the_day() -> None:
    """Every 50 minutes from midnight: 09:10 is the first after nine, in summer as in winter."""
    london, ask = therapist(time_zone="Europe/London"), asked(service=every(50))
    for day in (date(2030, 3, 29), date(2030, 4, 1), date(2030, 10, 28)):
        assert offered(ask, rules=london, first=day)[:2] == ["09:10", "10:00"]


def test_the_grid_is_read_in_a_zone_that_is_not_whole_hours_away() -> None:
    kathmandu = therapist(time_zone="Asia/Kathmandu")
    assert offered(asked(service=every(60)), rules=kathmandu)[0] == "09:00"


def test_a_start_between_the_lines_of_the_grid_is_refused_by_name() -> None:
    (rule,) = why(asked(service=every(15)), 9.1)
    assert (rule.rule, rule.value) == (Rule.GRID, "15 minutes")
    assert rule.message == "Sessions of this service start every 15 minutes, counted from midnight (UTC)."


def test_hours_are_told_as_people_say_them() -> None:
    lunch = therapist(
        hours=(
            WorkingHours(weekday=1, starts_minute=540, ends_minute=720),
            WorkingHours(weekday=1, starts_minute=780, ends_minute=1440),
        ),
        time_zone="Europe/London",
    )
    (rule,) = why(asked(), 12, rules=lunch)
    assert rule.message == "The therapist works 09:00–12:00 and 13:00–24:00 that day (Europe/London)."
    assert rule.value == "09:00–12:00 and 13:00–24:00"
    (rule,) = why(asked(), 24 + 12, rules=lunch)
    assert (rule.message, rule.value) == ("The therapist does not work that day (Europe/London).", None)


def test_a_closure_is_named() -> None:
    """Scenario 37: what a series says of a holiday."""
    (rule,) = why(asked(), 10, shut=(Closure(on=MONDAY, name="Plough Monday"),))
    assert (rule.rule, rule.value) == (Rule.CLOSURE, "Plough Monday")
    assert rule.message == "The practice is closed that day: Plough Monday."


def test_time_off_refuses_and_keeps_its_reason_to_itself() -> None:
    away = therapist(time_off=(TimeOff(starts_at=NOON, ends_at=NOON + HOUR),))
    (rule,) = why(asked(), 11.5, rules=away)
    assert (rule.rule, rule.value) == (Rule.TIME_OFF, "2030-01-07 12:00–13:00 (UTC)")
    assert "surgery" not in rule.message
    assert refused(asked(), 11, rules=away) == refused(asked(), 13, rules=away) == []


def test_staff_may_book_outside_hours_and_on_closed_days_but_never_over_time_off() -> None:
    off = TimeOff(starts_at=NOON, ends_at=NOON + HOUR)
    nobody = therapist(hours=(), time_off=(off,))
    shut = (Closure(on=MONDAY, name="Holiday"),)
    ask = asked(free_of_hours=True, service=every(60))
    assert refused(ask, 3, rules=nobody, shut=shut) == []
    assert refused(ask, 12, rules=nobody) == [Rule.TIME_OFF]
    assert len(offered(ask, rules=nobody)) == 23
    assert refused(ask, 3, session(3, 4), rules=nobody) == [Rule.OVERLAP]


def test_a_service_that_the_therapist_does_not_give_and_a_length_it_does_not_have_are_refused() -> None:
    picky = therapist(services=frozenset({"couples", "group"}))
    two = asked(25 * 60, service={"duration_seconds": 3000, "other_durations": (4800,)})
    service, length = why(two, 10, rules=picky)
    assert (service.rule, service.value) == (Rule.SERVICE_NOT_GIVEN, "couples, group")
    assert (length.rule, length.value) == (Rule.DURATION_NOT_OFFERED, "50 minutes and 80 minutes")
    assert offered(two, rules=picky) == offered(two) == offered(asked(), rules=picky) == []
    assert refused(asked(80 * 60, service={"duration_seconds": 3000, "other_durations": (4800,)}), 10) == []


# ---- neighbours ---------------------------------------------------------------------------------


def test_a_session_may_begin_where_another_ends_and_end_where_another_begins() -> None:
    """Scenario 11."""
    assert refused(asked(), 11, session(10, 11)) == refused(asked(), 9, session(10, 11)) == []
    assert refused(asked(), 10.25, session(10, 11)) == [Rule.OVERLAP]


@pytest.mark.parametrize(("after", "before"), [(900, 1800), (1800, 900)])
def test_between_neighbours_lies_the_larger_buffer_and_not_the_sum(after: int, before: int) -> None:
    """Scenario 14."""
    ask = asked(service=every(15) | {"buffer_before_seconds": before})
    earlier = session(9, 10, buffer_after_seconds=after)
    assert refused(ask, 10.25, earlier) == [Rule.BUFFER]
    assert refused(ask, 10.5, earlier) == []
    assert offered(ask, earlier)[0] == "10:30"
    ask = asked(service=every(15) | {"buffer_after_seconds": after})
    later = session(11, 17, buffer_before_seconds=before)
    assert offered(ask, later) == ["09:00", "09:15", "09:30"]


def test_a_start_inside_the_buffer_of_another_session_is_refused_with_the_buffers_length() -> None:
    """Scenario 15."""
    (rule,) = why(asked(), 11, session(10, 11, buffer_after_seconds=900))
    assert (rule.rule, rule.value) == (Rule.BUFFER, "15 minutes")


def test_buffers_count_only_on_the_side_on_which_they_lie() -> None:
    before = session(9, 10, buffer_before_seconds=HOUR)
    assert refused(asked(service={"buffer_after_seconds": HOUR}), 10, before) == []


def test_a_session_is_not_in_its_own_way_when_it_is_moved() -> None:
    """Scenario 30: 11:30 to 12:30 becomes 11:45 to 12:45."""
    held = session(11.5, 12.5, appointment_id=5)
    assert refused(asked(ignoring=5), 11.75, held) == []
    assert refused(asked(), 11.75, held) == [Rule.OVERLAP]
    assert refused(asked(ignoring=6), 11.75, held) == [Rule.OVERLAP]


def test_a_hold_is_in_the_way_of_others_and_not_of_whoever_holds_it() -> None:
    """Scenario 25."""
    hold = session(10, 11, held_by=1, held_until=300, appointment_id=5)
    assert refused(asked(account_id=2), 10, hold) == [Rule.HOLD]
    assert refused(asked(account_id=None), 10, hold) == [Rule.HOLD]
    assert refused(asked(account_id=1), 10, hold) == []
    assert "10:00" in offered(asked(account_id=1), hold)
    assert "10:00" not in offered(asked(account_id=2), hold)


def test_a_hold_blocks_nobody_from_the_second_in_which_it_runs_out() -> None:
    """Scenario 26."""
    hold = session(10, 11, held_by=1, held_until=300)
    assert refused(asked(account_id=2, now=299), 10, hold) == [Rule.HOLD]
    assert refused(asked(account_id=2, now=300), 10, hold) == []


def test_a_group_with_a_place_left_is_offered_at_its_own_start_and_nowhere_near() -> None:
    group = session(10, 11, service_code="group", places_left=1)
    ask = asked(service={"code": "group", "capacity": 6})
    assert refused(ask, 10, group) == []
    assert refused(ask, 10.25, group) == [Rule.OVERLAP]
    assert offered(ask, group)[:3] == ["09:00", "10:00", "11:00"]


@pytest.mark.parametrize(
    "other", [{"places_left": 0}, {"service_code": "couples"}, {"ends_at": NOON + 1800}], ids=str
)
def test_a_full_group_another_service_and_another_length_cannot_be_joined(other: dict[str, object]) -> None:
    group: dict[str, object] = {"service_code": "group", "places_left": 1}
    assert refused(asked(service={"code": "group"}), 12, session(12, 13, **(group | other))) == [
        Rule.OVERLAP
    ]


# ---- caps, notice, horizon ----------------------------------------------------------------------


def test_a_day_whose_cap_is_reached_is_not_offered_and_the_refusal_says_how_many() -> None:
    """Scenario 17."""
    capped, ask = therapist(max_per_day=2), asked(service=every(60))
    held = [session(9, 10), session(11, 12)]
    (rule,) = why(ask, 14, *held, rules=capped)
    assert (rule.rule, rule.value) == (Rule.CAP_PER_DAY, "2")
    assert rule.message == "At most 2 sessions a day; there are 2 already."
    assert offered(ask, *held, rules=capped) == []
    assert offered(ask, *held, rules=capped, days=2)[0] == "09:00"
    assert len(offered(ask, held[0], rules=capped)) == 7


def test_a_week_whose_cap_is_reached_is_not_offered() -> None:
    capped, ask = therapist(max_per_week=1), asked(service=every(60))
    (rule,) = why(ask, 5 * 24 - 12, session(9, 10), rules=capped)
    assert (rule.rule, rule.message) == (
        Rule.CAP_PER_WEEK,
        "At most 1 session a week; there is 1 already.",
    )
    assert offered(ask, session(9, 10), rules=capped, days=7) == []
    assert len(offered(ask, session(9, 10), rules=capped, days=8)) == 8


def test_a_session_that_begins_at_midnight_counts_for_the_day_and_the_week_that_begin_then() -> None:
    always = tuple(WorkingHours(weekday=day, starts_minute=0, ends_minute=1440) for day in range(1, 8))
    midnight = session(0, 1)
    for cap in ({"max_per_day": 1}, {"max_per_week": 1}):
        capped = therapist(hours=always, **cap)
        assert len(refused(asked(), 12, midnight, rules=capped)) == 1
        assert refused(asked(), -2, midnight, rules=capped) == []
        assert offered(asked(), midnight, rules=capped) == []
        assert offered(asked(), midnight, rules=capped, first=MONDAY - timedelta(days=1))[-1] == "23:00"


def test_what_does_not_count_is_not_counted_nor_is_the_session_that_is_moved() -> None:
    capped = therapist(max_per_day=1)
    assert refused(asked(), 14, session(9, 10, counts=False), rules=capped) == []
    assert refused(asked(ignoring=5), 14, session(9, 10, appointment_id=5), rules=capped) == []


def test_a_further_place_in_a_group_is_no_further_session_of_the_day() -> None:
    capped = therapist(max_per_day=1)
    group = session(10, 11, service_code="group", places_left=1)
    ask = asked(service={"code": "group"})
    assert refused(ask, 10, group, rules=capped) == []
    assert offered(ask, group, rules=capped) == ["10:00"]


def test_a_cap_of_none_at_all_offers_nothing() -> None:
    assert refused(asked(), 10, rules=therapist(max_per_day=0)) == [Rule.CAP_PER_DAY]
    assert offered(asked(), rules=therapist(max_per_day=0)) == []


def test_notice_is_elapsed_time_also_over_a_change_of_the_clocks() -> None:
    """Scenario 2: 24 hours before 12:00 on the day after the change it was 11:00."""
    zone = ZoneInfo("Europe/London")
    london = therapist(
        time_zone="Europe/London",
        hours=(*WEEK, WorkingHours(weekday=7, starts_minute=540, ends_minute=1020)),
    )
    now = int(datetime(2030, 3, 30, 11, tzinfo=zone).timestamp())
    ask = asked(now=now, service=every(15) | {"notice_seconds": DAY})
    assert offered(ask, rules=london, first=date(2030, 3, 31))[0] == "12:00"
    late = int(datetime(2030, 3, 31, 11, 45, tzinfo=zone).timestamp())
    (rule,) = reasons(london, (), ask, late, ())
    assert (rule.rule, rule.value) == (Rule.NOTICE, "1 day")


def test_exactly_the_notice_and_exactly_the_horizon_are_in_time() -> None:
    ask = asked(now=utc(MONDAY), service={"notice_seconds": 10 * HOUR, "horizon_seconds": 14 * HOUR})
    assert refused(ask, 10) == refused(ask, 14) == []
    assert refused(ask, 9.75) == [Rule.NOTICE]
    assert refused(ask, 14.25) == [Rule.HORIZON]
    found = offered(ask)
    assert (found[0], found[-1]) == ("10:00", "14:00")


def test_the_past_is_not_offered() -> None:
    (rule,) = why(asked(now=NOON), 10)
    assert (rule.rule, rule.message) == (Rule.NOTICE, "That time is past.")


def test_every_rule_that_refuses_a_start_is_named_at_once() -> None:
    capped = therapist(
        max_per_day=1, max_per_week=1, time_off=(TimeOff(starts_at=utc(MONDAY), ends_at=NOON),)
    )
    ask = asked(service={"notice_seconds": 2**39}, now=0)
    assert refused(ask, 8.9, session(8, 9), session(9, 10, held_by=2, held_until=9), rules=capped) == [
        Rule.WORKING_HOURS,
        Rule.TIME_OFF,
        Rule.OVERLAP,
        Rule.HOLD,
        Rule.NOTICE,
        Rule.GRID,
        Rule.CAP_PER_DAY,
        Rule.CAP_PER_WEEK,
    ]


# ---- the search equals the refusals, for every diary ----------------------------------------------


def window(draw: st.DrawFn, day: date, step: int) -> Interval:
    starts_at = utc(day) + step * draw(st.integers(-DAY // step, 2 * DAY // step))
    return Interval(starts_at=starts_at, ends_at=starts_at + step * draw(st.integers(1, DAY // step)))


@st.composite
def questions(draw: st.DrawFn, *, step: int = 60) -> tuple[Diary, Ask, Interval]:
    diary = draw(diaries(step=step))
    return diary, draw(asks(diary.day, step=step)), window(draw, diary.day, step)


def edges(diary: Diary, ask: Ask, within: Interval) -> Iterator[int]:
    """Where an answer can change: the edges of everything, give or take lengths, buffers and a second."""
    marks = [within.starts_at, within.ends_at, ask.now + ask.service.notice_seconds]
    marks += [ask.now + ask.service.horizon_seconds]
    for span in (*diary.busy, *diary.rules.time_off, *open_intervals(diary.rules, diary.closures, within)):
        marks += [span.starts_at, span.ends_at]
    for mark in marks:
        for away in (0, 600, 900, 1800):
            for length in (0, ask.duration_seconds):
                for second in (-1, 0, 1):
                    yield mark - away - length + second
                    yield mark + away + second


@unhurried
@given(questions(step=1))
def test_what_the_search_offers_nothing_refuses_and_what_it_does_not_offer_something_does(
    question: tuple[Diary, Ask, Interval],
) -> None:
    """Scenario 18, to the second."""
    diary, ask, within = question
    found = list(starts(diary.rules, diary.closures, ask, within, diary.busy))
    assert found == sorted(set(found))
    tried = {*found, *range(within.starts_at, within.ends_at, 300), *edges(diary, ask, within)}
    tried |= {start // 900 * 900 for start in tried}
    inside = {start for start in tried if within.starts_at <= start < within.ends_at}
    free = {start for start in inside if not reasons(diary.rules, diary.closures, ask, start, diary.busy)}
    assert set(found) == free


@unhurried
@given(questions())
def test_the_search_finds_what_somebody_finds_who_looks_at_every_minute(
    question: tuple[Diary, Ask, Interval],
) -> None:
    """Scenarios 1, 2, 3, 13 to 18, 25, 26, 30: every rule stated anew and tried on every minute."""
    diary, ask, within = question
    rules, begin, end = diary.rules, within.starts_at - DAY, within.ends_at + DAY
    worked = worked_minutes(rules, [], begin, end)
    kept = worked_minutes(rules, diary.closures, begin, end)
    expected = [
        start
        for start in range(within.starts_at, within.ends_at, 60)
        if not broken(rules, worked, kept, ask, start, diary.busy)
    ]
    assert list(starts(rules, diary.closures, ask, within, diary.busy)) == expected


@unhurried
@given(questions(), st.lists(st.integers(0, 1440), min_size=20, max_size=20))
def test_the_rules_that_are_named_are_those_that_somebody_finds_who_tries_each(
    question: tuple[Diary, Ask, Interval], minutes: list[int]
) -> None:
    diary, ask, within = question
    rules, begin, end = diary.rules, within.starts_at - DAY, within.starts_at + 3 * DAY
    worked = worked_minutes(rules, [], begin, end)
    kept = worked_minutes(rules, diary.closures, begin, end)
    for start in (within.starts_at + minute * 60 for minute in minutes):
        named = {rule.rule for rule in reasons(rules, diary.closures, ask, start, diary.busy)}
        if Rule.WORKING_HOURS in named:
            named.discard(Rule.CLOSURE)  # told as well, where a closed day would not have been worked then
        assert named == broken(rules, worked, kept, ask, start, diary.busy)


@unhurried
@given(questions(), st.integers(0, 3 * DAY), st.integers(7200, 3 * DAY))
def test_open_hours_that_are_known_already_change_no_answer(
    question: tuple[Diary, Ask, Interval], before: int, after: int
) -> None:
    diary, ask, within = question
    wide = Interval(starts_at=within.starts_at - before, ends_at=within.ends_at + after)
    known = open_intervals(diary.rules, diary.closures, wide)
    given_ = starts(diary.rules, diary.closures, ask, within, diary.busy, known)
    assert list(given_) == list(starts(diary.rules, diary.closures, ask, within, diary.busy))


@unhurried
@given(questions())
def test_the_order_of_the_diary_does_not_matter(question: tuple[Diary, Ask, Interval]) -> None:
    diary, ask, within = question
    turned = diary.busy[::-1]
    assert list(starts(diary.rules, diary.closures, ask, within, turned)) == list(
        starts(diary.rules, diary.closures, ask, within, diary.busy)
    )


def test_the_first_starts_of_a_year_are_found_without_looking_through_the_year() -> None:
    """Lazy: with the open hours given, what is not asked for is not worked out."""
    year = Interval(starts_at=utc(MONDAY), ends_at=utc(MONDAY + timedelta(days=365)))
    every_second = asked(service={"grid_seconds": 1})
    found = starts(therapist(), (), every_second, year, ())
    assert [start - utc(MONDAY) - 9 * HOUR for start in islice(found, 3)] == [0, 1, 2]


def test_minutes_that_are_open_are_those_of_the_naive_clock() -> None:
    """The yardstick itself, on one day that everybody can count: eight hours."""
    rules = replace(therapist(), time_zone="UTC")
    assert len(open_minutes(rules, [], utc(MONDAY), utc(MONDAY) + DAY)) == 8 * 60
