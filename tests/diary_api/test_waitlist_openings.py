"""What gives a diary time offers it to those who wait: hours, time off, changes of sessions, holds."""

from __future__ import annotations

from typing import Any

from tests.booking.in_process import started
from tests.diary_api.conftest import Practice
from tests.diary_api.test_life import HOUR, TEN, at, booked
from tests.diary_api.test_waitlist import (
    DAY,
    become,
    cancels,
    client,
    codes,
    entry,
    far_ahead,  # noqa: F401 - for every test here too
    joins,
    of,
    statuses,
)

WEDNESDAY = 3  # the day of TEN
NINE_TO_TEN = {"startsMinute": 540, "endsMinute": 600}
TEN_TO_ELEVEN = {"startsMinute": 600, "endsMinute": 660}


async def works(practice: Practice, therapist: int, *spans: dict[str, int], **more: Any) -> Any:
    """Wednesdays at these hours, and no others."""
    hours = [{"weekday": WEDNESDAY, **span} for span in spans]
    return await practice.done("setWorkingHours", {"therapistId": str(therapist), "hours": hours, **more})


async def offered_at(practice: Practice, number: str) -> str | None:
    offer = (await entry(practice, number))["offer"]
    return None if offer is None else str(offer["startsAt"])


# ---- hours --------------------------------------------------------------------------------------


async def test_hours_that_are_added_are_offered_and_not_those_that_stood_before(
    practice: Practice, therapist: int
) -> None:
    await works(practice, therapist, NINE_TO_TEN)
    number = await joins(practice, therapist, **{"from": at(TEN - 2 * HOUR)})
    await works(practice, therapist, NINE_TO_TEN, TEN_TO_ELEVEN)
    assert await offered_at(practice, number) == at(TEN)


async def test_hours_that_become_fewer_or_stay_are_offered_to_nobody(
    practice: Practice, therapist: int
) -> None:
    await works(practice, therapist, NINE_TO_TEN, TEN_TO_ELEVEN)
    number = await joins(practice, therapist)
    await works(practice, therapist, TEN_TO_ELEVEN)
    await works(practice, therapist, TEN_TO_ELEVEN)
    assert await statuses(practice, number) == ["WAITING"]


async def test_hours_of_one_therapist_are_offered_to_nobody_who_waits_for_another(
    practice: Practice, therapist: int
) -> None:
    number = await joins(practice, await practice.books.therapist())
    await works(practice, therapist, TEN_TO_ELEVEN)
    assert await statuses(practice, number) == ["WAITING"]


async def test_new_hours_go_to_as_many_as_wait_one_time_each_in_turn(
    practice: Practice, therapist: int
) -> None:
    numbers = [await joins(practice, therapist) for _ in range(3)]
    await works(practice, therapist, TEN_TO_ELEVEN)
    weeks = [await offered_at(practice, number) for number in numbers]
    assert weeks == [at(TEN), at(TEN + 7 * DAY), at(TEN + 14 * DAY)]


async def test_other_hours_on_a_date_are_offered_and_so_is_a_closed_date_that_is_taken_back(
    practice: Practice, therapist: int
) -> None:
    await works(practice, therapist, TEN_TO_ELEVEN)
    date = {"therapistId": str(therapist), "onDate": "2031-01-29"}
    shown = "dateOverride { dateOverrideId }"
    closed = await practice.done("setDateOverride", {**date, "intervals": []}, shown)
    span = {"from": at(TEN - 2 * HOUR), "until": at(TEN + DAY)}
    first, second = [await joins(practice, therapist, **span) for _ in range(2)]
    await practice.done("setDateOverride", {**date, "intervals": [NINE_TO_TEN]})
    assert await offered_at(practice, first) == at(TEN - HOUR)
    number = closed["dateOverride"]["dateOverrideId"]
    await practice.done("removeDateOverride", {"dateOverrideId": number})
    assert await offered_at(practice, second) == at(TEN)


async def test_of_time_off_that_is_shortened_what_is_given_back_is_offered(
    practice: Practice, therapist: int
) -> None:
    """Scenario 18. It is shortened by adding what stays of it and removing the whole."""
    await works(practice, therapist, {"startsMinute": 600, "endsMinute": 720})
    off = {"therapistId": str(therapist), "startsAt": at(TEN), "endsAt": at(TEN + 2 * HOUR)}
    shown = "timeOff { timeOffId }"
    whole = await practice.done("addTimeOff", off, shown)
    first, second = [await joins(practice, therapist, until=at(TEN + DAY)) for _ in range(2)]
    await practice.done("addTimeOff", {**off, "startsAt": at(TEN + HOUR)})
    await practice.done("removeTimeOff", {"timeOffId": whole["timeOff"]["timeOffId"]})
    assert await offered_at(practice, first) == at(TEN)
    assert await offered_at(practice, second) is None


# ---- sessions -----------------------------------------------------------------------------------


async def test_the_time_of_a_session_that_was_entered_in_error_is_offered(
    practice: Practice, therapist: int
) -> None:
    session, number = await booked(practice, therapist), await joins(practice, therapist)
    await practice.done("markEnteredInError", {"appointmentId": session})
    assert await offered_at(practice, number) == at(TEN)


async def test_the_time_of_a_reserved_request_is_offered_when_it_is_declined(
    practice: Practice, therapist: int
) -> None:
    wish = {"therapistId": str(therapist), "startsAt": at(TEN), "service": "one-off", "reserve": True}
    asked = await practice.done("requestAppointment", wish, "appointment { appointmentId }")
    number = await joins(practice, therapist)
    await practice.done("declineAppointment", {"appointmentId": asked["appointment"]["appointmentId"]})
    assert await offered_at(practice, number) == at(TEN)


async def test_a_place_that_somebody_leaves_in_a_group_is_no_time_and_the_last_one_leaving_is(
    practice: Practice, therapist: int
) -> None:
    code = f"group-{therapist}"
    group = {"code": code, "name": code, "durationSeconds": 3000, "capacity": 3, "horizonDays": 3660}
    await practice.done("addService", group)
    ana, ben = await client(practice), await client(practice)
    session = await booked(practice, therapist, service=code, clientIds=[ana, ben])
    waits = [await joins(practice, therapist), await joins(practice, therapist, service=code)]
    gone = {"appointmentId": session, "by": "CLIENT"}
    await practice.done("leaveAppointment", {**gone, "clientId": ana})
    assert await statuses(practice, *waits) == ["WAITING", "WAITING"]
    await practice.done("leaveAppointment", {**gone, "clientId": ben})
    assert await statuses(practice, *waits) == ["OFFERED", "WAITING"]


# ---- holds --------------------------------------------------------------------------------------


async def held(practice: Practice, therapist: int, starts_at: int = TEN) -> str:
    wish = {"therapistId": str(therapist), "startsAt": at(starts_at), "service": "one-off"}
    done = await practice.done("holdSlot", wish, "hold { holdId }")
    number: str = done["hold"]["holdId"]
    return number


async def hold_runs_out(practice: Practice, number: str) -> None:
    await practice.books.run(
        "UPDATE appointment SET held_until = 1 WHERE appointment_id = $1 AND held_until > 0", int(number)
    )


async def test_a_hold_that_is_released_is_offered(practice: Practice, therapist: int) -> None:
    hold, number = await held(practice, therapist), await joins(practice, therapist)
    await practice.done("releaseHold", {"holdId": hold})
    assert await offered_at(practice, number) == at(TEN)


async def test_a_hold_that_runs_out_is_offered_without_anybody_doing_anything(
    practice: Practice, therapist: int
) -> None:
    hold, number = await held(practice, therapist), await joins(practice, therapist)
    await hold_runs_out(practice, hold)
    async with started(practice.books.url) as other:
        await become(Practice(other, practice.books), ["OFFERED"], number)
    assert await offered_at(practice, number) == at(TEN)


async def test_a_hold_that_ran_out_is_offered_by_the_next_hold_in_its_diary(
    practice: Practice, therapist: int
) -> None:
    hold, number = await held(practice, therapist), await joins(practice, therapist)
    await hold_runs_out(practice, hold)
    await held(practice, therapist, TEN + DAY)
    assert await offered_at(practice, number) == at(TEN)
    assert codes(await practice.do("acceptOffer", of(number))) == []


async def test_who_holds_the_time_that_ran_out_has_it_before_those_who_wait(
    practice: Practice, therapist: int
) -> None:
    hold, number = await held(practice, therapist), await joins(practice, therapist)
    await hold_runs_out(practice, hold)
    await held(practice, therapist)
    assert await statuses(practice, number) == ["WAITING"]
    await cancels(practice, await booked(practice, therapist, TEN + DAY))
    assert await offered_at(practice, number) == at(TEN + DAY)
