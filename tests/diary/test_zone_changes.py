"""What moves when the rules of a zone's clocks change: what keeps the wall time, and nothing else."""

from __future__ import annotations

import zoneinfo
from dataclasses import replace
from itertools import combinations
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from sessional.diary.clocks import known_zone, offset_under
from sessional.diary.values import Interval
from sessional.diary.zone_changes import Noted, Placed, Shift, meeting, shift

ZONES = [
    *("Europe/London", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago"),
    *("Africa/Casablanca", "Pacific/Apia", "UTC", "Asia/Kathmandu", "Africa/Cairo"),
]
SUMMER = 1_941_444_000  # 2031-07-10T10:00:00Z
HOUR = 3600
LATER = 10**6
NO_SUMMER_TIME = ZoneInfo("Africa/Abidjan")


def placed(starts_at: int = SUMMER, zone: str = "Europe/London", placed_at: int = 0) -> Placed:
    span = Interval(starts_at=starts_at, ends_at=starts_at + HOUR)
    return Placed(appointment_id=1, therapist_id=1, zone=zone, span=span, placed_at=placed_at)


def becomes(session: Placed, *noted: tuple[int, ZoneInfo]) -> Shift | None:
    return shift(session, [Noted(noted_at=at, rules=rules) for at, rules in noted])


def wall(rules: ZoneInfo, instant: int) -> int:
    return instant + offset_under(rules, instant)


@given(
    old=st.sampled_from(ZONES),
    new=st.sampled_from(ZONES),
    starts_at=st.integers(1_900_000_000, 2_100_000_000),
)
def test_the_wall_time_stays_wherever_the_clocks_still_show_it(old: str, new: str, starts_at: int) -> None:
    """Scenario 6."""
    session = placed(starts_at, new)
    rules, today = ZoneInfo(old), known_zone(new)
    found = becomes(session, (0, rules), (LATER, today))
    now_at = starts_at if found is None else found.becomes.starts_at
    shown, agreed = wall(today, now_at), wall(rules, starts_at)
    if shown != agreed:
        # Skipped: the first instant after the gap, in which the clocks show no such time.
        assert wall(today, now_at - 1) < agreed < shown
    if found is not None:
        assert (found.wall, found.shown) == (agreed, shown)
        assert found.becomes.ends_at - found.becomes.starts_at == HOUR
        again = replace(session, span=found.becomes, placed_at=LATER)
        assert becomes(again, (0, rules), (LATER, today)) is None


@given(zone=st.sampled_from(ZONES), starts_at=st.integers(1_900_000_000, 2_100_000_000))
def test_nothing_moves_where_the_rules_are_what_they_were(zone: str, starts_at: int) -> None:
    assert becomes(placed(starts_at, zone), (0, ZoneInfo.no_cache(zone))) is None


def test_the_rules_that_count_are_those_in_force_when_the_time_was_given() -> None:
    noted = ((100, NO_SUMMER_TIME), (200, known_zone("Europe/London")))
    for placed_at, moves in ((50, True), (100, True), (199, True), (200, False), (300, False)):
        found = becomes(placed(placed_at=placed_at), *noted)
        assert (found is not None) is moves
        assert found is None or found.becomes.starts_at == SUMMER - HOUR


def test_a_zone_of_which_nothing_was_noted_moves_nothing() -> None:
    assert becomes(placed()) is None


def test_the_second_of_two_hours_shown_twice_stays_the_second() -> None:
    second = 1_950_741_000 + HOUR  # 2031-10-26T00:30:00Z is the first 01:30 in London
    assert wall(known_zone("Europe/London"), second) == wall(known_zone("Europe/London"), second - HOUR)
    assert becomes(placed(second), (0, NO_SUMMER_TIME), (1, known_zone("Europe/London"))) is None


def test_the_zones_of_these_tests_are_known() -> None:
    assert set(ZONES) <= zoneinfo.available_timezones()


SPANS = st.lists(
    st.tuples(
        st.integers(0, 20),
        st.integers(1, 8),
        st.frozensets(st.sampled_from([("room", 1), ("client", 1), ("therapist", 2)])),
    ),
    max_size=8,
)


@given(drawn=SPANS)
def test_two_sessions_meet_where_they_share_a_second_and_anything_else(
    drawn: list[tuple[int, int, frozenset[tuple[str, int]]]],
) -> None:
    spans = [
        (number, Interval(starts_at=begin, ends_at=begin + length), takes)
        for number, (begin, length, takes) in enumerate(drawn)
    ]
    naive = {(a[0], b[0]) for a, b in combinations(spans, 2) if a[1].overlaps(b[1]) and a[2] & b[2]}
    assert {(min(pair), max(pair)) for pair in meeting(spans)} == naive
