"""Bookings with whoever is free: the search and the booking in one step."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from sessional.diary.rules import Busy
from tests.diary_api import openings as o
from tests.diary_api.conftest import Practice
from tests.diary_api.test_holds import codes

BOOKED = "appointment { appointmentId startsAt therapist { therapistId } }"
OFFERS = """mutation Book($input: BookAppointmentInput!) {
  bookAppointment(input: $input) {
    appointment { appointmentId }
    errors {
      ... on UserError { code message path }
      ... on SlotTaken { alternatives { therapistId startsAt endsAt } }
    }
  }
}"""
NINE, TEN = 540, 600


async def in_the_morning(practice: Practice, begin: int = NINE, end: int = TEN) -> int:
    """A therapist with these hours, in minutes, UTC."""
    number = await o.therapist(practice.books, "UTC")
    await o.works(practice.books, number, begin, end)
    return number


def at(minute: int = NINE) -> str:
    return o.text(o.at("UTC", o.monday(), minute))


def any_of(code: str, *numbers: int, **more: Any) -> dict[str, Any]:
    who = {"anyTherapist": True, "therapistIds": [str(number) for number in numbers]}
    return {**who, "startsAt": at(), "service": code, **more}


async def booked(practice: Practice, given: dict[str, Any]) -> int:
    payload = await practice.done("bookAppointment", given, BOOKED)
    return int(payload["appointment"]["therapist"]["therapistId"])


async def test_two_at_once_get_two_therapists_if_two_are_free(practice: Practice) -> None:
    """Scenario 29."""
    code = await o.service(practice.books)
    numbers = [await in_the_morning(practice) for _ in range(2)]
    got = await asyncio.gather(*(booked(practice, any_of(code, *numbers)) for _ in range(2)))
    assert sorted(got) == sorted(numbers)


async def test_of_two_at_once_one_is_refused_if_one_is_free(practice: Practice) -> None:
    """Scenario 19, over several diaries."""
    code = await o.service(practice.books)
    free, busy = await in_the_morning(practice), await in_the_morning(practice)
    await practice.books.session(busy, o.at("UTC", o.monday(), NINE))
    asked = (practice.do("bookAppointment", any_of(code, free, busy), BOOKED) for _ in range(2))
    outcomes = await asyncio.gather(*asked)
    assert sorted(map(codes, outcomes)) == [[], ["SLOT_TAKEN"]]
    assert len(await practice.books.diary(free)) == 1
    assert len(await practice.books.diary(busy)) == 1


async def test_of_twelve_at_once_as_many_are_booked_as_are_free(practice: Practice) -> None:
    """Scenario 29: no therapist who is free stays without a session while somebody is refused."""
    code = await o.service(practice.books)
    numbers = [await in_the_morning(practice) for _ in range(5)]
    asked = (practice.do("bookAppointment", any_of(code, *numbers), BOOKED) for _ in range(12))
    outcomes = await asyncio.gather(*asked)
    got = [int(each["appointment"]["therapist"]["therapistId"]) for each in outcomes if each["appointment"]]
    assert sorted(got) == sorted(numbers)


async def test_whoever_has_the_fewest_sessions_that_week_is_asked_first_and_then_the_lower_number(
    practice: Practice,
) -> None:
    code = await o.service(practice.books)
    ann, ben, cat = [await in_the_morning(practice) for _ in range(3)]
    friday = o.at("UTC", o.monday(), 0) + 4 * o.DAY
    await o.booked(practice.books, ann, Busy(starts_at=friday, ends_at=friday + 3600, service_code=code))
    assert [await booked(practice, any_of(code, cat, ben, ann)) for _ in range(3)] == [ben, cat, ann]


async def test_where_nobody_is_free_the_nearest_times_of_all_are_offered(practice: Practice) -> None:
    code = await o.service(practice.books)
    ann, ben = await in_the_morning(practice), await in_the_morning(practice, 480, TEN)
    for number in (ann, ben):
        await practice.books.session(number, o.at("UTC", o.monday(), NINE))
    refused = (await practice.ask(OFFERS, input=any_of(code, ann, ben)))["bookAppointment"]
    (error,) = refused["errors"]
    assert (error["code"], error["path"]) == ("SLOT_TAKEN", ["input", "startsAt"])
    assert error["message"] == "No therapist is free at that time."
    tomorrow = o.text(o.at("UTC", o.monday(), NINE) + o.DAY)
    yesterday = o.text(o.at("UTC", o.monday(), NINE) - o.DAY)
    offers = [(int(each["therapistId"]), each["startsAt"]) for each in error["alternatives"]]
    assert offers == [(ben, at(480)), (ben, o.text(o.at("UTC", o.monday(), 480) + o.DAY)), (ann, yesterday)]
    assert tomorrow > at()
    again = any_of(code, ann, ben, startsAt=at(480))
    assert await booked(practice, again) == ben


async def test_anyone_means_those_with_one_of_the_specialisms(practice: Practice) -> None:
    code = await o.service(practice.books)
    ann, ben = await in_the_morning(practice), await in_the_morning(practice)
    mark = f"mark {ben} {time.monotonic_ns()}"
    change = {"therapistId": str(ben), "specialisms": [mark]}
    await practice.done("changeTherapist", change)
    given = {k: v for k, v in any_of(code).items() if k != "therapistIds"}
    assert await booked(practice, {**given, "specialisms": [mark]}) == ben
    assert await practice.books.diary(ann) == []
    nobody = await practice.do("bookAppointment", {**given, "specialisms": []}, BOOKED)
    assert codes(nobody) == ["SLOT_TAKEN"]


async def test_a_retry_answers_the_same_session_although_nobody_is_free_any_more(
    practice: Practice,
) -> None:
    """Scenario 21."""
    code = await o.service(practice.books)
    number = await in_the_morning(practice)
    given = any_of(code, number, idempotencyKey=f"any {number}")
    first = await practice.done("bookAppointment", given, BOOKED)
    again = await practice.done("bookAppointment", given, BOOKED)
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["appointment"] == first["appointment"]
    other = await practice.do("bookAppointment", {**given, "startsAt": at(TEN)}, BOOKED)
    assert codes(other) == ["IDEMPOTENCY_KEY_REUSED"]


async def test_two_requests_with_one_key_at_once_book_one_session(practice: Practice) -> None:
    """Scenario 23."""
    code = await o.service(practice.books)
    numbers = [await in_the_morning(practice) for _ in range(2)]
    given = any_of(code, *numbers, idempotencyKey=f"both {numbers}")
    outcomes = await asyncio.gather(*(practice.done("bookAppointment", given, BOOKED) for _ in range(2)))
    assert sorted(each["replayed"] for each in outcomes) == [False, True]
    assert len({each["appointment"]["appointmentId"] for each in outcomes}) == 1


async def test_the_last_place_of_a_group_goes_to_one_and_the_next_group_to_the_other(
    practice: Practice,
) -> None:
    """The race for the last place: nobody is refused while another group has places."""
    code = await o.service(practice.books, capacity=2)
    numbers = [await in_the_morning(practice) for _ in range(2)]
    people = []
    for _ in range(4):
        payload = await practice.done("addClient", {"name": "Sam"}, "client { clientId }")
        people.append(payload["client"]["clientId"])
    asked = (booked(practice, any_of(code, *numbers, clientIds=[one])) for one in people)
    got = await asyncio.gather(*asked)
    assert sorted(got) == sorted(numbers * 2)
    full = any_of(code, *numbers, clientIds=people[:1], startsAt=at())
    assert codes(await practice.do("bookAppointment", full, BOOKED)) == ["SLOT_TAKEN"]


async def test_a_booking_names_one_therapist_or_says_that_any_will_do(practice: Practice) -> None:
    code = await o.service(practice.books)
    number = str(await in_the_morning(practice))
    plain = {"startsAt": at(), "service": code}
    wrong: list[tuple[dict[str, Any], str]] = [
        ({}, "therapistId"),
        ({"anyTherapist": False}, "therapistId"),
        ({"anyTherapist": True, "therapistId": number}, "therapistId"),
        ({"anyTherapist": True, "holdId": "1"}, "holdId"),
        ({"anyTherapist": True, "overrideRules": True}, "overrideRules"),
        ({"therapistId": number, "therapistIds": [number]}, "therapistIds"),
        ({"therapistId": number, "specialisms": []}, "specialisms"),
    ]
    for given, field in wrong:
        payload = await practice.do("bookAppointment", {**plain, **given}, BOOKED)
        assert [(e["code"], e["path"]) for e in payload["errors"]] == [("INVALID_INPUT", ["input", field])]
    length = await practice.do("bookAppointment", any_of(code, int(number), durationSeconds=60), BOOKED)
    assert codes(length) == ["INVALID_TIME"]
    unknown = await practice.do("bookAppointment", any_of("nothing", int(number)), BOOKED)
    assert codes(unknown) == ["UNKNOWN_SERVICE"]
