"""What is offered in place of a start that is taken."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sessional.diary.slots import NEARBY_DAYS, STEP_SECONDS, nearby, nearest_free
from sessional.diary.values import DAY_SECONDS, END_OF_TIME, Interval, Slot

from .drawn import NOON, diaries, wanted

HOUR = 3600


def offers(want: Interval, busy: list[Interval], *, not_before: int = 0, most: int = 3) -> tuple[Slot, ...]:
    return nearest_free(therapist_id=7, wanted=want, busy=busy, not_before=not_before, most=most)


def hours_from_noon(*starts: float, length: int = HOUR) -> list[Interval]:
    begins = [NOON + int(start * HOUR) for start in starts]
    return [Interval(starts_at=start, ends_at=start + length) for start in begins]


def starts(slots: tuple[Slot, ...]) -> list[float]:
    return [(slot.starts_at - NOON) / HOUR for slot in slots]


def span(slot: Slot) -> Interval:
    return Interval(starts_at=slot.starts_at, ends_at=slot.ends_at)


# ---- examples -----------------------------------------------------------------------------------


def test_around_a_lonely_session_the_hour_after_and_the_hour_before_are_nearest() -> None:
    (want,) = hours_from_noon(0)
    assert starts(offers(want, [want])) == [1, -1, 2]


def test_a_gap_between_two_sessions_is_offered_when_the_session_just_fits() -> None:
    (want,) = hours_from_noon(0)
    assert starts(offers(want, hours_from_noon(-2, -1, 0, 2, 3))) == [1, -3, 4]


def test_a_gap_that_is_a_second_too_short_is_not_offered() -> None:
    want, later = hours_from_noon(0, 2)
    late = Interval(starts_at=later.starts_at - 1, ends_at=later.ends_at)
    assert 1 not in starts(offers(want, [want, late]))


def test_where_the_whole_day_is_full_the_next_day_is_offered() -> None:
    (want,) = hours_from_noon(0)
    full = hours_from_noon(*range(-36, 24))
    assert starts(offers(want, full)) == [24, 25, 26]


def test_where_everything_near_is_full_nothing_is_offered() -> None:
    (want,) = hours_from_noon(0)
    full = Interval(starts_at=nearby(want).starts_at, ends_at=nearby(want).ends_at)
    assert offers(want, [full]) == ()


def test_what_would_start_before_the_limit_is_not_offered() -> None:
    (want,) = hours_from_noon(0)
    assert starts(offers(want, [want], not_before=NOON)) == [1, 2, 3]


def test_a_start_exactly_at_the_limit_is_offered() -> None:
    (want,) = hours_from_noon(0)
    assert starts(offers(want, [want], not_before=NOON - HOUR)) == [1, -1, 2]


def test_nothing_is_offered_before_1970() -> None:
    want = Interval(starts_at=0, ends_at=HOUR)
    assert [s.starts_at for s in offers(want, [want])] == [HOUR, 2 * HOUR, 3 * HOUR]


def test_nothing_is_offered_that_would_end_after_the_end_of_time() -> None:
    want = Interval(starts_at=END_OF_TIME - HOUR, ends_at=END_OF_TIME)
    assert [END_OF_TIME - s.ends_at for s in offers(want, [want])] == [HOUR, 2 * HOUR, 3 * HOUR]


@pytest.mark.parametrize("most", [0, 1, 2, 5])
def test_no_more_is_offered_than_asked_for(most: int) -> None:
    (want,) = hours_from_noon(0)
    assert len(offers(want, [want], most=most)) == most


def test_a_diary_that_is_packed_with_tiny_sessions_is_searched_in_no_time() -> None:
    """A refusal is worked out while others wait for the diary: 10,000 sessions of a minute, all taken."""
    (want,) = hours_from_noon(0)
    begin = nearby(want).starts_at
    packed = [Interval(starts_at=begin + n * 60, ends_at=begin + n * 60 + 60) for n in range(10_000)]
    started = time.process_time()
    assert offers(want, packed) == ()
    assert time.process_time() - started < 0.1


# ---- properties ---------------------------------------------------------------------------------


@given(wanted())
def test_the_part_of_the_diary_that_is_read_holds_the_wish_and_lies_within_time(want: Interval) -> None:
    read = nearby(want)
    assert 0 <= read.starts_at <= want.starts_at
    assert want.ends_at <= read.ends_at <= END_OF_TIME
    assert read.ends_at - want.ends_at <= NEARBY_DAYS * DAY_SECONDS


limits = st.one_of(st.just(0), st.integers(NOON - 3 * DAY_SECONDS, NOON + 3 * DAY_SECONDS))


@given(wanted(), diaries(), limits)
def test_an_offer_never_overlaps_what_is_booked_nor_another_offer(
    want: Interval, busy: list[Interval], not_before: int
) -> None:
    found = [span(slot) for slot in offers(want, busy, not_before=not_before)]
    for position, offer in enumerate(found):
        assert not any(offer.overlaps(other) for other in (*busy, *found[:position]))


@given(wanted(), diaries(), limits)
def test_an_offer_has_the_wanted_length_is_in_time_and_in_the_part_of_the_diary_that_was_read(
    want: Interval, busy: list[Interval], not_before: int
) -> None:
    read = nearby(want)
    for slot in offers(want, busy, not_before=not_before):
        assert slot.ends_at - slot.starts_at == want.ends_at - want.starts_at
        assert slot.starts_at >= not_before
        assert read.starts_at <= slot.starts_at < slot.ends_at <= read.ends_at
        assert slot.therapist_id == 7


@given(wanted(), diaries())
def test_the_nearest_offer_comes_first(want: Interval, busy: list[Interval]) -> None:
    distances = [abs(slot.starts_at - want.starts_at) for slot in offers(want, busy)]
    assert distances == sorted(distances)


@given(wanted(), diaries(), limits)
@example(Interval(starts_at=NOON, ends_at=NOON + HOUR), hours_from_noon(-1, 0, 1, 3), 0)
def test_no_start_that_is_nearer_and_free_is_passed_over(
    want: Interval, busy: list[Interval], not_before: int
) -> None:
    """What is offered first is what somebody would find who looks at every quarter of an hour."""
    length, read = want.ends_at - want.starts_at, nearby(want)
    steps = NEARBY_DAYS * DAY_SECONDS // STEP_SECONDS
    distances = [n * STEP_SECONDS for n in range(-steps, steps + 1) if n]
    free = [
        distance
        for distance in distances
        if (start := want.starts_at + distance) >= max(read.starts_at, not_before)
        and start + length <= read.ends_at
        and not any(Interval(starts_at=start, ends_at=start + length).overlaps(b) for b in busy)
    ]
    nearest = min(free, key=lambda d: (abs(d), -d), default=None)
    found = offers(want, busy, not_before=not_before, most=1)
    assert [slot.starts_at - want.starts_at for slot in found] == ([] if nearest is None else [nearest])


@given(wanted(), diaries())
def test_the_order_in_which_the_diary_is_read_does_not_matter(want: Interval, busy: list[Interval]) -> None:
    assert offers(want, busy) == offers(want, sorted(busy)) == offers(want, sorted(busy, reverse=True))
