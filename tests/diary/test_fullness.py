"""A window that is called full has no start: over diaries drawn by chance, and on plain days."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from sessional.diary.availability import open_intervals
from sessional.diary.fullness import Measure, has_gap, measure
from sessional.diary.offers import Ask, starts
from sessional.diary.rules import Busy, ServiceRules, TherapistRules, WorkingHours
from sessional.diary.values import Interval

from .naive import DAY, utc
from .weeks import Diary, asks, diaries, unhurried

HOUR = 3600
MONDAY = date(2030, 1, 7)


@st.composite
def windows(draw: st.DrawFn) -> tuple[Diary, Ask, Interval]:
    """A diary whose sessions do not overlap, some of them end to end, and some hours of its days."""
    diary = draw(diaries(step=900))
    ask = replace(draw(asks(diary.day, step=900)), ignoring=None)
    begins = utc(diary.day) + HOUR * draw(st.integers(-24, 36))
    within = Interval(starts_at=begins, ends_at=begins + HOUR * draw(st.integers(1, 14)))
    busy = [each for each in diary.busy if each.held_by is None]
    if draw(st.booleans()):
        length = draw(st.sampled_from([1800, 3000, 3600]))
        rows = range(begins - HOUR, within.ends_at + HOUR, HOUR)
        busy += [Busy(starts_at=at, ends_at=at + length, service_code="x") for at in rows]
    busy.sort(key=lambda each: each.starts_at)
    apart: list[Busy] = []
    for each in busy:
        if not apart or apart[-1].ends_at <= each.starts_at:
            apart.append(each)
    return replace(diary, busy=apart), ask, within


@unhurried
@given(windows())
def test_a_window_whose_every_point_lies_within_a_session_has_no_start(
    window: tuple[Diary, Ask, Interval],
) -> None:
    """Scenario 18: what is never looked into offers nothing."""
    diary, ask, within = window
    opens = _opens(diary, within)
    found = list(starts(diary.rules, diary.closures, ask, within, diary.busy, opens))
    its = measure(diary.rules, ask, within, opens)
    if its is not None and _covered(its, diary.busy, ask) >= its.points:
        assert found == []
    fixed = [(each.starts_at, each.ends_at) for each in diary.busy if each.places_left < 1]
    end = within.ends_at + ask.duration_seconds
    inside = [span for span in fixed if span[0] < end and span[1] > within.starts_at]
    if not has_gap(inside, within.starts_at, end, ask.duration_seconds):
        assert found == []


@unhurried
@given(windows())
def test_a_window_has_as_many_points_as_an_empty_diary_has_starts(
    window: tuple[Diary, Ask, Interval],
) -> None:
    diary, ask, within = window
    opens = _opens(diary, within)
    rules = replace(diary.rules, max_per_day=None, max_per_week=None)
    its = measure(rules, ask, within, opens)
    if its is not None:
        assert its.points == len(list(starts(rules, (), ask, within, (), opens)))


def _opens(diary: Diary, within: Interval) -> tuple[Interval, ...]:
    wide = Interval(starts_at=within.starts_at, ends_at=within.ends_at + DAY)
    return tuple(open_intervals(diary.rules, diary.closures, wide))


def _covered(its: Measure, busy: list[Busy], ask: Ask) -> int:
    """What the database counts: the points that lie within sessions that start between the two ends."""
    grid = ask.service.grid_seconds
    return sum(
        (min(each.ends_at, its.until) + its.shift) // grid - (each.starts_at + its.shift) // grid
        for each in busy
        if its.since <= each.starts_at < its.until and each.places_left < 1
    )


def _morning(*minutes: tuple[int, int]) -> tuple[Measure, int]:
    """Monday from nine to twelve, for sessions of 50 minutes on the quarter; how much of it is covered."""
    monday = utc(MONDAY)
    hours = (WorkingHours(weekday=1, starts_minute=540, ends_minute=720),)
    rules = TherapistRules(therapist_id=7, time_zone="UTC", hours=hours)
    ask = Ask(
        service=ServiceRules(code="x", duration_seconds=3000), duration_seconds=3000, account_id=1, now=0
    )
    ask = replace(ask, service=replace(ask.service, horizon_seconds=2**40))
    within = Interval(starts_at=monday + 540 * 60, ends_at=monday + 720 * 60)
    its = measure(rules, ask, within, (within,))
    assert its is not None
    busy = [Busy(starts_at=monday + 60 * a, ends_at=monday + 60 * b) for a, b in minutes]
    return its, _covered(its, busy, ask)


def test_a_morning_of_sessions_with_ten_minutes_between_them_is_full() -> None:
    """9:00 to 11:10 on the quarter are nine starts."""
    its, covered = _morning((540, 590), (600, 650), (660, 710))
    assert (its.points, covered) == (9, 9)


def test_a_morning_with_an_hour_left_is_not_full() -> None:
    its, covered = _morning((540, 590), (660, 710))
    assert (its.points, covered) == (9, 5)
