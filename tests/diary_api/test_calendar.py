"""What a calendar draws of some diaries, in one answer."""

from __future__ import annotations

from tests.diary_api.conftest import Practice
from tests.diary_api.test_life import HOUR, TEN, at, booked

DAY = 24 * HOUR
DIARY = """query($t: [ID!]!, $f: DateTime!, $u: DateTime!) { diary(therapistIds: $t, from: $f, until: $u) {
    therapist { therapistId } open { startsAt endsAt } timeOff { startsAt } held { startsAt }
    busy { startsAt endsAt } appointments { appointmentId status } } }"""


async def test_a_calendar_shows_hours_sessions_holds_and_time_off(
    practice: Practice, therapist: int
) -> None:
    """2031-01-29 is a Wednesday; London is at UTC."""
    other = await practice.books.therapist()
    hours = [{"weekday": 3, "startsMinute": 540, "endsMinute": 1020}]
    await practice.done("setWorkingHours", {"therapistId": therapist, "hours": hours})
    off = {"therapistId": therapist, "startsAt": at(TEN + 5 * HOUR), "endsAt": at(TEN + 6 * HOUR)}
    await practice.done("addTimeOff", off)
    for start, status, held in ((TEN, "BOOKED", 0), (TEN + HOUR, "HELD", 4_000_000_000),
                                (TEN + 2 * HOUR, "HELD", 5), (TEN + 3 * HOUR, "CANCELLED", 0)):  # fmt: skip
        await practice.books.run(
            "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at, "
            "status, held_until, held_by) VALUES ($1, 'one-off', $2, $3, $4, $5, 1)",
            therapist, start, start + HOUR, status, held,
        )  # fmt: skip
    asked = {"t": [str(therapist), str(other), "4000000000"], "f": at(TEN - 2 * HOUR), "u": at(TEN + DAY)}
    mine, others = (await practice.ask(DIARY, **asked))["diary"]
    assert others["therapist"]["therapistId"] == str(other)
    assert others["open"] == others["busy"] == others["appointments"] == []
    assert mine["open"] == [
        {"startsAt": at(TEN - HOUR), "endsAt": at(TEN + 5 * HOUR)},
        {"startsAt": at(TEN + 6 * HOUR), "endsAt": at(TEN + 7 * HOUR)},
    ]
    assert [one["status"] for one in mine["appointments"]] == ["BOOKED"]
    assert mine["held"] == [{"startsAt": at(TEN + HOUR)}]
    assert mine["timeOff"] == [{"startsAt": at(TEN + 5 * HOUR)}]
    assert mine["busy"] == [{"startsAt": at(TEN), "endsAt": at(TEN + 2 * HOUR)}]


async def test_a_calendar_of_years_or_of_everybody_is_refused(practice: Practice, therapist: int) -> None:
    for asked in (
        {"t": [str(therapist)], "f": at(TEN), "u": at(TEN + 63 * DAY)},
        {"t": [str(therapist)], "f": at(TEN), "u": at(TEN)},
        {"t": [str(n) for n in range(1, 202)], "f": at(TEN), "u": at(TEN + DAY)},
    ):
        answer = await practice.answer(DIARY, asked)
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_ARGUMENT"


async def test_a_session_that_began_yesterday_is_in_todays_calendar(
    practice: Practice, therapist: int
) -> None:
    number = await booked(practice, therapist, TEN - HOUR // 2)
    asked = {"t": [str(therapist)], "f": at(TEN), "u": at(TEN + HOUR)}
    (mine,) = (await practice.ask(DIARY, **asked))["diary"]
    assert [one["appointmentId"] for one in mine["appointments"]] == [number]
