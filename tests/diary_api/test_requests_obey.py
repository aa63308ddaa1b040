"""What is asked for obeys the rules, then and when it is moved, and binds nobody until it is confirmed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.diary_api import openings as o
from tests.diary_api.conftest import Practice
from tests.diary_api.test_holds import HOLD, codes
from tests.diary_api.test_taking_part import people

SHOWN = "appointment { appointmentId startsAt status version cancelledLate }"
MONDAY = o.monday()


def at(minute: int, days: int = 0) -> str:
    return o.text(o.at("UTC", MONDAY + timedelta(days=days), minute))


@pytest.fixture
async def nine_to_five(practice: Practice) -> int:
    """A therapist who works from nine to five on every day, UTC."""
    number = await o.therapist(practice.books, "UTC")
    await o.works(practice.books, number, 540, 1020)
    return number


def wish(number: int, code: str, minute: int = 600, **more: Any) -> dict[str, Any]:
    return {"therapistId": number, "service": code, "startsAt": at(minute), **more}


async def asked(practice: Practice, given: dict[str, Any]) -> str:
    payload = await practice.done("requestAppointment", given, SHOWN)
    number: str = payload["appointment"]["appointmentId"]
    return number


async def test_what_is_asked_for_is_moved_where_it_could_be_and_nowhere_else(
    practice: Practice, nine_to_five: int
) -> None:
    """Scenarios 15 and 18, for a request that nobody has confirmed."""
    books = practice.books
    code, other = await o.service(books), await o.therapist(books, "UTC")
    await o.works(books, other, 780, 1020)
    number = await asked(practice, wish(nine_to_five, code))
    await practice.done("bookAppointment", wish(nine_to_five, code, 660))

    async def moved(starts_at: str, **more: Any) -> list[str]:
        given = {"appointmentId": number, "startsAt": starts_at, **more}
        return codes(await practice.do("rescheduleAppointment", given, SHOWN))

    assert await moved(at(187)) == ["RULE_REFUSED"]
    assert await moved("2020-01-06T10:00:00Z") == ["RULE_REFUSED"]
    assert await moved(at(720), durationSeconds=86_400) == ["RULE_REFUSED"]
    assert await moved(at(660)) == ["SLOT_TAKEN"]
    assert await moved(at(720)) == []
    hand_over = {"appointmentId": number, "therapistId": other}
    assert codes(await practice.do("reassignAppointment", hand_over, SHOWN)) == ["RULE_REFUSED"]
    assert await moved(at(780)) == []
    assert codes(await practice.do("reassignAppointment", hand_over, SHOWN)) == []


async def test_a_client_of_a_request_is_not_double_booked_by_moving_it(
    practice: Practice, nine_to_five: int
) -> None:
    (ann,) = await people(practice, 1)
    code, other = await o.service(practice.books), await practice.books.therapist()
    await practice.done("bookAppointment", wish(other, code, 720, clientIds=[ann]))
    number = await asked(practice, wish(nine_to_five, code, clientIds=[ann]))
    given = {"appointmentId": number, "startsAt": at(720)}
    assert codes(await practice.do("rescheduleAppointment", given, SHOWN)) == ["CLIENT_BUSY"]


@pytest.mark.parametrize("held", [False, True])
async def test_what_was_asked_for_or_held_in_time_can_be_had_when_its_notice_has_begun(
    practice: Practice, nine_to_five: int, *, held: bool
) -> None:
    """Time passes between the two: here the notice grows beyond what is left of it."""
    code = await o.service(practice.books)
    place = wish(nine_to_five, code)
    if held:
        hold = (await practice.done("holdSlot", place, HOLD))["hold"]["holdId"]
        field, given = "bookAppointment", {**place, "holdId": hold}
    else:
        field, given = "confirmAppointment", {"appointmentId": await asked(practice, place)}
    sql = "UPDATE service SET notice_seconds = 34560000 WHERE code = $1"
    await practice.books.run(sql, code)
    await o.bump(practice.books)
    assert codes(await practice.do("bookAppointment", wish(nine_to_five, code, 720))) == ["RULE_REFUSED"]
    assert (await practice.done(field, given, SHOWN))["appointment"]["status"] == "BOOKED"


async def test_other_rules_are_asked_again_when_a_request_is_confirmed(
    practice: Practice, nine_to_five: int
) -> None:
    code = await o.service(practice.books)
    number = await asked(practice, wish(nine_to_five, code))
    await practice.books.run("UPDATE therapist SET max_per_day = 1 WHERE therapist_id = $1", nine_to_five)
    await o.bump(practice.books, nine_to_five)
    await practice.done("bookAppointment", wish(nine_to_five, code, 720))
    confirm = {"appointmentId": number}
    assert codes(await practice.do("confirmAppointment", confirm, SHOWN)) == ["RULE_REFUSED"]


async def test_a_request_can_be_taken_back_at_any_time_and_a_session_in_time(
    practice: Practice, nine_to_five: int
) -> None:
    """Scenario 33: the notice binds what both sides have agreed on."""
    code = await o.service(practice.books, cancel_notice_seconds=34_560_000)
    first, second, third = [await asked(practice, wish(nine_to_five, code, m)) for m in (600, 660, 720)]
    said = {"by": "CLIENT"}
    move = {"appointmentId": first, "startsAt": at(780), **said}
    assert codes(await practice.do("rescheduleAppointment", move, SHOWN)) == []
    gone = await practice.done("cancelAppointment", {"appointmentId": second, **said}, SHOWN)
    assert gone["appointment"]["cancelledLate"] is False
    await practice.done("confirmAppointment", {"appointmentId": third})
    late = {"appointmentId": third, **said}
    assert codes(await practice.do("cancelAppointment", late, SHOWN)) == ["CANCEL_NOTICE"]


async def test_a_service_that_needs_a_room_is_asked_for_where_one_is_free(
    practice: Practice, nine_to_five: int
) -> None:
    """What an explanation refuses is not asked for in vain; an open request keeps no room."""
    books = practice.books
    await books.run("UPDATE appointment SET room_id = NULL")
    await books.run("DELETE FROM room")
    await practice.done("addRoom", {"name": f"the only one {nine_to_five}"})
    code = await o.service(books, needs_room=books.path is None or 1)
    other = await o.therapist(books, "UTC")
    await o.works(books, other, 540, 1020)
    await practice.done("bookAppointment", wish(other, code))
    refused = await practice.do("requestAppointment", wish(nine_to_five, code), SHOWN)
    assert codes(refused) == ["ROOM_TAKEN"]
    number = await asked(practice, wish(nine_to_five, code, 720))
    assert (
        await books.value("SELECT room_id FROM appointment WHERE appointment_id = $1", int(number)) is None
    )
    await practice.done("bookAppointment", wish(other, code, 720))
