"""Hypothesis strategies for the values of a diary: close together, so that they often collide."""

from __future__ import annotations

from hypothesis import strategies as st

from sessional.diary.values import DAY_SECONDS, END_OF_TIME, LONGEST_SESSION_SECONDS, Interval, Wish

NOON = 1_900_000_800  # a Monday of 2030, far from both ends of time
QUARTER = 900


@st.composite
def intervals(draw: st.DrawFn, *, around: int = NOON, reach: int = 4 * DAY_SECONDS) -> Interval:
    """Any interval near ``around``: mostly on quarters of an hour, where edges meet, sometimes not."""
    starts_at = around + draw(_offsets(reach))
    length = draw(st.one_of(st.integers(1, 12).map(lambda n: n * QUARTER), st.integers(1, 2 * DAY_SECONDS)))
    return Interval(starts_at=starts_at, ends_at=starts_at + length)


def _offsets(reach: int) -> st.SearchStrategy[int]:
    quarters = reach // QUARTER
    return st.one_of(
        st.integers(-16, 16).map(lambda n: n * QUARTER),
        st.integers(-quarters, quarters).map(lambda n: n * QUARTER),
        st.integers(-reach, reach),
    )


@st.composite
def wanted(draw: st.DrawFn) -> Interval:
    """A span that a session can have: near noon, or at an end of time."""
    length = draw(
        st.one_of(st.sampled_from([1, 900, 3000, 3600, LONGEST_SESSION_SECONDS]), st.integers(1, 86_400))
    )
    starts_at = draw(
        st.one_of(st.just(NOON), st.integers(0, 4 * DAY_SECONDS), st.just(END_OF_TIME - length))
    )
    return Interval(starts_at=starts_at, ends_at=starts_at + length)


@st.composite
def diaries(draw: st.DrawFn, *, around: int = NOON) -> list[Interval]:
    """What a diary may hold: intervals that do not overlap, in any order, many of them touching."""
    position, held = around - draw(st.integers(0, 5 * DAY_SECONDS)), []
    for gap, length in draw(
        st.lists(
            st.tuples(st.sampled_from([0, 0, 0, 1, 900, 3600, 40_000]), st.integers(1, 86_400)), max_size=25
        )
    ):
        position += gap
        if position >= 0:
            held.append(Interval(starts_at=position, ends_at=position + length))
        position += length
    return draw(st.permutations(held))


def wish_for(span: Interval, **more: object) -> Wish:
    """The wish that asks for exactly this span."""
    given: dict[str, object] = {
        "therapist_id": 7,
        "starts_at": span.starts_at,
        "duration_seconds": span.ends_at - span.starts_at,
        "service_code": "one-off",
    }
    return Wish(**(given | more))  # type: ignore[arg-type]
