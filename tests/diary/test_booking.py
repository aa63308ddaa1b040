"""The decisions about a booking: what no diary could hold, what this one cannot, and what it can."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessional.diary.booking import LONGEST_KEY, admit, check, span
from sessional.diary.slots import nearest_free
from sessional.diary.values import END_OF_TIME, LONGEST_SESSION_SECONDS, Interval, Wish
from sessional.errors import BookingRefused, InvalidInput, InvalidTime, SlotTaken

from .drawn import NOON, diaries, wanted, wish_for

HOUR = 3600


def wish(**given_: object) -> Wish:
    usual: dict[str, object] = {
        "therapist_id": 7,
        "starts_at": NOON,
        "duration_seconds": HOUR,
        "service_code": "one-off",
    }
    return Wish(**(usual | given_))  # type: ignore[arg-type]


def at(starts_at: int, ends_at: int) -> Interval:
    return Interval(starts_at=starts_at, ends_at=ends_at)


def book(want: Interval, busy: list[Interval], *, now: int = 0) -> Interval:
    return admit(wish_for(want), want, busy=busy, now=now)


# ---- admit --------------------------------------------------------------------------------------


def test_ten_to_eleven_and_then_eleven_to_twelve_are_both_accepted() -> None:
    """Scenario 11."""
    ten, eleven = at(NOON - 2 * HOUR, NOON - HOUR), at(NOON - HOUR, NOON)
    assert book(ten, []) == ten
    assert book(eleven, [ten]) == eleven


def test_eleven_to_twelve_and_then_ten_to_eleven_are_both_accepted() -> None:
    """Scenario 11, the other way round."""
    ten, eleven = at(NOON - 2 * HOUR, NOON - HOUR), at(NOON - HOUR, NOON)
    assert book(ten, [eleven]) == ten


def test_one_second_into_another_session_is_refused() -> None:
    first = at(NOON, NOON + HOUR)
    with pytest.raises(SlotTaken):
        book(at(NOON + HOUR - 1, NOON + 2 * HOUR), [first])


@given(wanted(), diaries())
def test_a_wish_is_refused_exactly_when_something_booked_overlaps_it(
    want: Interval, busy: list[Interval]
) -> None:
    """The overlap is stated anew here: what ends at the start, or starts at the end, is apart."""
    collides = any(not (b.ends_at <= want.starts_at or want.ends_at <= b.starts_at) for b in busy)
    try:
        accepted = book(want, busy)
    except SlotTaken:
        assert collides
    else:
        assert not collides
        assert accepted == want


@given(wanted(), diaries())
def test_whatever_is_offered_instead_would_be_accepted(want: Interval, busy: list[Interval]) -> None:
    held = [want, *(b for b in busy if not b.overlaps(want))]
    with pytest.raises(SlotTaken) as refused:
        book(want, held)
    for slot in refused.value.alternatives:
        offer = at(slot.starts_at, slot.ends_at)
        assert book(offer, held) == offer
        held.append(offer)


def test_a_refusal_carries_the_nearest_free_spans_of_that_therapist() -> None:
    want = at(NOON, NOON + HOUR)
    with pytest.raises(SlotTaken) as refused:
        book(want, [want])
    assert refused.value.alternatives == nearest_free(
        therapist_id=7, wanted=want, busy=[want], not_before=0
    )
    assert [slot.therapist_id for slot in refused.value.alternatives] == [7, 7, 7]


@given(diaries(), st.integers(0, 5 * HOUR))
def test_whoever_asks_for_the_future_is_offered_nothing_in_the_past(
    busy: list[Interval], lead: int
) -> None:
    want, now = at(NOON, NOON + HOUR), NOON - lead
    held = [want, *(b for b in busy if not b.overlaps(want))]
    with pytest.raises(SlotTaken) as refused:
        book(want, held, now=now)
    assert all(slot.starts_at >= now for slot in refused.value.alternatives)


def test_whoever_asks_for_the_past_is_offered_the_past_too() -> None:
    want = at(NOON, NOON + HOUR)
    with pytest.raises(SlotTaken) as refused:
        book(want, [want], now=NOON + 365 * 86_400)
    assert [slot.starts_at - NOON for slot in refused.value.alternatives] == [HOUR, -HOUR, 2 * HOUR]


def test_what_is_busy_may_be_given_as_something_that_can_be_read_only_once() -> None:
    want = at(NOON, NOON + HOUR)
    with pytest.raises(SlotTaken) as refused:
        admit(wish_for(want), want, busy=iter([at(NOON + HOUR, NOON + 2 * HOUR), want]), now=0)
    assert [slot.starts_at - NOON for slot in refused.value.alternatives] == [-HOUR, 2 * HOUR, -2 * HOUR]


# ---- check --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [1, 3000, LONGEST_SESSION_SECONDS])
def test_a_length_of_one_second_to_a_day_is_possible(seconds: int) -> None:
    check(wish(duration_seconds=seconds))


@pytest.mark.parametrize("seconds", [0, -1, LONGEST_SESSION_SECONDS + 1, 2**31 - 1, -(2**31)])
def test_a_length_of_nothing_or_less_or_more_than_a_day_is_impossible(seconds: int) -> None:
    with pytest.raises(InvalidTime) as refused:
        check(wish(duration_seconds=seconds))
    assert refused.value.path == ["durationSeconds"]


@pytest.mark.parametrize("starts_at", [0, 1, 2**31, END_OF_TIME - HOUR])
def test_a_session_that_lies_between_1970_and_9999_is_possible(starts_at: int) -> None:
    check(wish(starts_at=starts_at))


@pytest.mark.parametrize("starts_at", [-1, -(2**31), END_OF_TIME - HOUR + 1, END_OF_TIME, 2**62])
def test_a_session_that_begins_before_1970_or_ends_after_9999_is_impossible(starts_at: int) -> None:
    with pytest.raises(InvalidTime) as refused:
        check(wish(starts_at=starts_at))
    assert refused.value.path == ["startsAt"]


@pytest.mark.parametrize("key", [None, "k", "k" * LONGEST_KEY, "🗝" * LONGEST_KEY, " "])
def test_a_key_of_1_to_255_characters_is_possible(key: str | None) -> None:
    check(wish(idempotency_key=key))


@pytest.mark.parametrize("key", ["", "k" * (LONGEST_KEY + 1), "🗝" * (LONGEST_KEY + 1), "a\0b"])
def test_an_empty_key_one_of_256_characters_and_one_with_a_nul_are_impossible(key: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        check(wish(idempotency_key=key))
    assert refused.value.path == ["idempotencyKey"]


@given(st.integers(), st.one_of(st.none(), st.integers()), st.one_of(st.none(), st.text(max_size=300)))
def test_check_says_nothing_or_refuses_and_never_breaks(
    starts_at: int, seconds: int | None, key: str | None
) -> None:
    possible = wish(starts_at=starts_at, duration_seconds=seconds, idempotency_key=key)
    try:
        check(possible)
    except BookingRefused:
        return
    assert 0 <= starts_at < END_OF_TIME
    assert seconds is None or 1 <= seconds <= LONGEST_SESSION_SECONDS
    assert key is None or 1 <= len(key) <= LONGEST_KEY


# ---- span ---------------------------------------------------------------------------------------


def test_a_wish_that_names_its_length_takes_that_long() -> None:
    assert span(wish(duration_seconds=60), service_duration_seconds=3000) == at(NOON, NOON + 60)


def test_a_wish_that_names_no_length_takes_as_long_as_the_service_does() -> None:
    assert span(wish(duration_seconds=None), service_duration_seconds=3000) == at(NOON, NOON + 3000)


def test_a_session_may_end_with_the_last_second_of_9999() -> None:
    late = wish(starts_at=END_OF_TIME - 3000, duration_seconds=None)
    assert span(late, service_duration_seconds=3000).ends_at == END_OF_TIME


def test_a_session_whose_service_would_carry_it_past_9999_is_impossible() -> None:
    late = wish(starts_at=END_OF_TIME - 2999, duration_seconds=None)
    check(late)
    with pytest.raises(InvalidTime):
        span(late, service_duration_seconds=3000)


@given(st.integers(0, END_OF_TIME - 1), st.integers(1, 86_400))
def test_a_span_is_never_empty_and_never_leaves_time(starts_at: int, service: int) -> None:
    try:
        found = span(wish(starts_at=starts_at, duration_seconds=None), service_duration_seconds=service)
    except InvalidTime:
        assert starts_at + service > END_OF_TIME
    else:
        assert found == at(starts_at, starts_at + service)
        assert found.starts_at < found.ends_at <= END_OF_TIME
