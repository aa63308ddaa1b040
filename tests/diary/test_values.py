"""What an interval, a slot and a wish are."""

from __future__ import annotations

from dataclasses import FrozenInstanceError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessional.diary.values import Interval, Slot, Wish

from .drawn import intervals

small = st.integers(0, 30)


def spans(most: int = 30) -> st.SearchStrategy[Interval]:
    return st.tuples(st.integers(0, most), st.integers(1, most)).map(
        lambda pair: Interval(starts_at=pair[0], ends_at=pair[0] + pair[1])
    )


def between(starts_at: int, ends_at: int) -> Interval:
    return Interval(starts_at=starts_at, ends_at=ends_at)


@given(spans(), spans())
def test_two_intervals_overlap_exactly_when_some_second_belongs_to_both(
    one: Interval, other: Interval
) -> None:
    shared = set(range(one.starts_at, one.ends_at)) & set(range(other.starts_at, other.ends_at))
    assert one.overlaps(other) == bool(shared)


@given(intervals(), intervals())
def test_overlapping_is_mutual(one: Interval, other: Interval) -> None:
    assert one.overlaps(other) == other.overlaps(one)


@given(intervals())
def test_an_interval_overlaps_itself(one: Interval) -> None:
    assert one.overlaps(one)


@given(intervals(), st.integers(1, 90_000))
def test_what_begins_where_another_ends_does_not_overlap_it(one: Interval, length: int) -> None:
    """Scenario 11."""
    after = between(one.ends_at, one.ends_at + length)
    before = between(one.starts_at - length, one.starts_at)
    assert not one.overlaps(after)
    assert not one.overlaps(before)


@pytest.mark.parametrize(
    ("other", "overlapping"),
    [
        (between(100, 200), True),
        (between(199, 300), True),
        (between(0, 101), True),
        (between(150, 151), True),
        (between(0, 1000), True),
        (between(200, 300), False),
        (between(0, 100), False),
    ],
)
def test_one_shared_second_is_an_overlap_and_a_shared_edge_is_none(
    other: Interval, overlapping: bool
) -> None:
    assert between(100, 200).overlaps(other) is overlapping


@pytest.mark.parametrize(
    "value",
    [
        between(1, 2),
        Slot(therapist_id=1, starts_at=1, ends_at=2),
        Wish(therapist_id=1, starts_at=1, duration_seconds=None, service_code="one-off"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_of_the_diary_cannot_be_changed(value: object) -> None:
    with pytest.raises(FrozenInstanceError):
        value.starts_at = 5  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", [Interval, Slot, Wish])
def test_a_value_of_the_diary_is_not_made_by_position(kind: type) -> None:
    with pytest.raises(TypeError, match="positional"):
        kind(1, 2)


def test_a_wish_has_no_key_and_wants_no_identical_one_unless_it_says_so() -> None:
    plain = Wish(therapist_id=1, starts_at=1, duration_seconds=None, service_code="one-off")
    assert (plain.idempotency_key, plain.identical_is_same) == (None, False)
