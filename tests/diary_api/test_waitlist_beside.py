"""Times that only need a part of what has become free, or the place that it leaves in a day or a week."""

from __future__ import annotations

from tests.diary_api.conftest import Practice
from tests.diary_api.test_life import HOUR, TEN, at, booked
from tests.diary_api.test_waitlist import (
    cancels,
    codes,
    entry,
    far_ahead,  # noqa: F401 - for every test here too
    joins,
    of,
)
from tests.diary_api.test_waitlist_openings import offered_at, works

NINE = TEN - HOUR
MORNING = {"startsMinute": 540, "endsMinute": 720}
SHORT = 30 * 60


async def capped(practice: Practice, therapist: int, **caps: int) -> None:
    await practice.done("changeTherapist", {"therapistId": str(therapist), **caps})


async def test_a_longer_session_is_offered_where_a_short_one_was_the_last_in_its_way(
    practice: Practice, therapist: int
) -> None:
    """50 minutes from 09:30 on: it begins before the half-hour that is cancelled."""
    await works(practice, therapist, MORNING)
    starts = [NINE, TEN, TEN + SHORT, TEN + 2 * SHORT, TEN + 3 * SHORT]
    numbers = [
        await booked(practice, therapist, s, durationSeconds=SHORT, overrideRules=True) for s in starts
    ]
    number = await joins(practice, therapist, until=at(TEN + 3 * HOUR))
    await cancels(practice, numbers[1])
    assert await offered_at(practice, number) == at(NINE + SHORT)
    assert codes(await practice.do("acceptOffer", of(number))) == []


async def test_what_is_declined_beside_the_freed_time_goes_to_the_next(
    practice: Practice, therapist: int
) -> None:
    await works(practice, therapist, MORNING)
    other = await booked(practice, therapist, TEN, durationSeconds=SHORT, overrideRules=True)
    await booked(practice, therapist, TEN + SHORT, durationSeconds=3 * SHORT, overrideRules=True)
    first = await joins(practice, therapist, until=at(TEN))
    second = await joins(practice, therapist, until=at(TEN))
    await cancels(practice, other)
    was = (await entry(practice, first))["offer"]["startsAt"]
    await practice.done("declineOffer", of(first))
    assert (await entry(practice, second))["offer"]["startsAt"] == was


async def test_a_day_that_is_not_full_any_more_is_offered_as_a_whole(
    practice: Practice, therapist: int
) -> None:
    """One session a day: the morning's is cancelled, and the afternoon can be had."""
    await works(practice, therapist, {"startsMinute": 540, "endsMinute": 1020})
    await capped(practice, therapist, maxPerDay=1)
    session = await booked(practice, therapist, overrideRules=True)
    number = await joins(practice, therapist, **{"from": at(TEN + 4 * HOUR), "until": at(TEN + 7 * HOUR)})
    later = await joins(practice, therapist, **{"from": at(TEN + 4 * HOUR), "until": at(TEN + 7 * HOUR)})
    await cancels(practice, session)
    assert await offered_at(practice, number) == at(TEN + 4 * HOUR)
    assert await offered_at(practice, later) is None


async def test_a_day_that_was_not_full_before_is_not_offered(practice: Practice, therapist: int) -> None:
    """It was on offer already, and who waits did not take it."""
    await works(practice, therapist, {"startsMinute": 540, "endsMinute": 1020})
    await capped(practice, therapist, maxPerDay=2)
    session = await booked(practice, therapist, overrideRules=True)
    number = await joins(practice, therapist, **{"from": at(TEN + 4 * HOUR), "until": at(TEN + 7 * HOUR)})
    await cancels(practice, session)
    assert await offered_at(practice, number) is None


async def test_a_hold_that_filled_a_week_is_released_and_another_day_of_it_is_offered(
    practice: Practice, therapist: int
) -> None:
    days = [{"weekday": day, "startsMinute": 540, "endsMinute": 1020} for day in range(1, 6)]
    await practice.done("setWorkingHours", {"therapistId": str(therapist), "hours": days})
    await capped(practice, therapist, maxPerWeek=1)
    wish = {"therapistId": str(therapist), "startsAt": at(TEN), "service": "one-off"}
    hold = (await practice.done("holdSlot", wish, "hold { holdId }"))["hold"]["holdId"]
    monday = TEN - 2 * 24 * HOUR
    number = await joins(practice, therapist, **{"from": at(monday), "until": at(monday + 7 * HOUR)})
    await practice.done("releaseHold", {"holdId": hold})
    assert await offered_at(practice, number) == at(monday)


async def test_hours_that_are_added_let_a_session_be_that_begins_in_those_that_stood(
    practice: Practice, therapist: int
) -> None:
    """50 minutes do not fit into half an hour, and do into a whole one, at the end of what is awaited."""
    await works(practice, therapist, {"startsMinute": 540, "endsMinute": 570})
    number = await joins(practice, therapist, **{"from": at(NINE), "until": at(NINE + 1)})
    await works(practice, therapist, {"startsMinute": 540, "endsMinute": 600})
    assert await offered_at(practice, number) == at(NINE)
