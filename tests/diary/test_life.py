"""The life of a session: what may follow what, and when."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessional.diary.life import (
    BLOCKS,
    MOVABLE,
    TRANSITIONS,
    Status,
    admit_attendance,
    admit_transition,
    is_late,
)
from sessional.errors import InvalidTime, TransitionRefused

# Written out once more, by hand, as somebody at the desk would say it.
LIVES = """
HELD       -> PROPOSED PENDING BOOKED
PROPOSED   -> PENDING BOOKED CANCELLED ENTERED_IN_ERROR
PENDING    -> BOOKED CANCELLED ENTERED_IN_ERROR
BOOKED     -> ARRIVED FULFILLED NOSHOW CANCELLED ENTERED_IN_ERROR
ARRIVED    -> BOOKED FULFILLED NOSHOW CANCELLED ENTERED_IN_ERROR
FULFILLED  -> NOSHOW ENTERED_IN_ERROR
NOSHOW     -> FULFILLED ENTERED_IN_ERROR
"""
ALLOWED = {
    (Status(current.strip()), Status(wanted))
    for current, _, rest in (line.partition("->") for line in LIVES.split("\n") if line)
    for wanted in rest.split()
}


@pytest.mark.parametrize(("current", "wanted"), list(product(Status, Status)))
def test_a_session_goes_the_ways_of_the_table_and_no_others(current: Status, wanted: Status) -> None:
    """Scenario 35, among others: attended and did not attend can be corrected into each other."""
    if (current, wanted) in ALLOWED:
        admit_transition(current, wanted)
        return
    with pytest.raises(TransitionRefused) as refused:
        admit_transition(current, wanted)
    assert refused.value.data["status"] == current
    assert set(refused.value.data["allowed"]) == {after for before, after in ALLOWED if before == current}


def test_every_status_has_its_place_in_the_table() -> None:
    assert set(TRANSITIONS) == set(Status)


def test_a_cancelled_session_and_one_entered_in_error_stay_so_and_take_no_time() -> None:
    """Scenario 24: the time is free again."""
    for end in (Status.CANCELLED, Status.ENTERED_IN_ERROR):
        assert not TRANSITIONS[end]
        assert end not in BLOCKS


def test_a_session_that_took_place_or_was_missed_still_takes_up_its_time() -> None:
    assert set(Status) - {Status.PROPOSED, Status.CANCELLED, Status.ENTERED_IN_ERROR} == BLOCKS


def test_what_has_begun_or_ended_cannot_be_moved() -> None:
    assert {Status.PROPOSED, Status.PENDING, Status.BOOKED} == MOVABLE


def test_the_statuses_are_fhirs_and_our_hold() -> None:
    assert [status.value for status in Status if status is not Status.HELD] == [
        "PROPOSED",
        "PENDING",
        "BOOKED",
        "ARRIVED",
        "FULFILLED",
        "CANCELLED",
        "NOSHOW",
        "ENTERED_IN_ERROR",
    ]


def test_attendance_is_recorded_from_the_second_in_which_the_session_begins() -> None:
    """Scenario 35."""
    admit_attendance(1000, 1000)
    with pytest.raises(InvalidTime) as refused:
        admit_attendance(1000, 999)
    assert refused.value.message == "Attendance can be recorded once the session has begun."


@pytest.mark.parametrize(
    ("now", "late"), [(0, False), (400, False), (401, True), (1000, True), (2000, True)]
)
def test_with_exactly_the_notice_left_a_change_is_in_time_and_a_second_later_it_is_late(
    now: int, late: bool
) -> None:
    """Scenario 33."""
    assert is_late(1000, now, 600) is late


@given(st.integers(0, 2**40), st.integers(0, 2**40))
def test_without_a_notice_only_a_session_that_has_begun_is_late(starts_at: int, now: int) -> None:
    assert is_late(starts_at, now, 0) == (now > starts_at)
