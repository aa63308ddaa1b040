"""Clients who join a session that is booked already, and who leave it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from tests.diary_api import openings as o
from tests.diary_api.conftest import Practice
from tests.diary_api.test_holds import codes
from tests.diary_api.test_life import TEN, at

STATE = """appointment { appointmentId status version placesTaken cancelReasonCode
    clients { edges { node { clientId } } } history { edges { node { change reason } } } }"""


async def people(practice: Practice, count: int) -> list[str]:
    found = []
    for _ in range(count):
        payload = await practice.done("addClient", {"name": "Sam"}, "client { clientId }")
        found.append(payload["client"]["clientId"])
    return found


async def together(practice: Practice, therapist: int, clients: list[str], **columns: Any) -> str:
    """The number of a session that these clients have, of a service like this."""
    code = await o.service(practice.books, **columns)
    given = {"therapistId": therapist, "startsAt": at(TEN), "service": code, "clientIds": clients}
    payload = await practice.done("bookAppointment", given, "appointment { appointmentId }")
    number: str = payload["appointment"]["appointmentId"]
    return number


def who(appointment: Any) -> list[str]:
    return [edge["node"]["clientId"] for edge in appointment["clients"]["edges"]]


def changes(appointment: Any) -> list[str]:
    return [edge["node"]["change"] for edge in appointment["history"]["edges"]]


async def test_a_group_goes_on_without_the_client_who_leaves(practice: Practice, therapist: int) -> None:
    """Scenario 44: cancelling one follows the service's policy."""
    ann, ben, cat = await people(practice, 3)
    number = await together(practice, therapist, [ann, ben, cat], capacity=3)
    leave = {"appointmentId": number, "clientId": ben, "by": "CLIENT", "reason": "moved away"}
    left = (await practice.done("leaveAppointment", leave, STATE))["appointment"]
    assert (left["status"], left["version"], left["placesTaken"]) == ("BOOKED", 2, 2)
    assert who(left) == [ann, cat]
    assert changes(left) == ["BOOKED", "LEFT"]
    again = (await practice.done("leaveAppointment", leave, STATE))["appointment"]
    assert again == left
    elsewhere = await practice.books.therapist()
    await together(practice, elsewhere, [ben])


async def test_a_couples_session_is_cancelled_as_soon_as_one_of_them_leaves(
    practice: Practice, therapist: int
) -> None:
    """Scenario 44."""
    yes = practice.books.path is None or 1
    couple = await people(practice, 2)
    number = await together(practice, therapist, couple, capacity=2, cancel_when_one_leaves=yes)
    leave = {"appointmentId": number, "clientId": couple[0], "by": "CLIENT", "reasonCode": "CLIENT_ILL"}
    left = (await practice.done("leaveAppointment", leave, STATE))["appointment"]
    assert (left["status"], left["cancelReasonCode"]) == ("CANCELLED", "CLIENT_ILL")
    assert who(left) == couple
    assert changes(left) == ["BOOKED", "CANCELLED"]


async def test_a_session_that_nobody_is_left_in_is_cancelled(practice: Practice, therapist: int) -> None:
    ann, ben = await people(practice, 2)
    number = await together(practice, therapist, [ann, ben], capacity=3)
    for client, status in ((ann, "BOOKED"), (ben, "CANCELLED")):
        leave = {"appointmentId": number, "clientId": client, "by": "PRACTICE"}
        left = (await practice.done("leaveAppointment", leave, STATE))["appointment"]
        assert left["status"] == status


async def test_a_client_who_leaves_too_late_is_told_the_limit_and_the_practice_can(
    practice: Practice, therapist: int
) -> None:
    """Scenario 33, for one of a group."""
    ann, ben = await people(practice, 2)
    number = await together(practice, therapist, [ann, ben], capacity=2)
    notice = TEN - int(time.time()) + 3600
    sql = "UPDATE appointment SET cancel_notice_seconds = $1 WHERE appointment_id = $2"
    await practice.books.run(sql, notice, int(number))
    leave = {"appointmentId": number, "clientId": ann, "by": "CLIENT"}
    assert codes(await practice.do("leaveAppointment", leave, STATE)) == ["CANCEL_NOTICE"]
    await practice.done("leaveAppointment", {**leave, "by": "PRACTICE"}, STATE)


async def test_clients_join_while_there_are_places_and_joining_once_more_is_no_error(
    practice: Practice, therapist: int
) -> None:
    ann, ben, cat = await people(practice, 3)
    number = await together(practice, therapist, [ann], capacity=2)
    join = {"appointmentId": number, "clientIds": [ann, ben]}
    joined = (await practice.done("joinAppointment", join, STATE))["appointment"]
    assert (who(joined), joined["version"]) == ([ann, ben], 2)
    assert changes(joined) == ["BOOKED", "JOINED"]
    assert (await practice.done("joinAppointment", join, STATE))["appointment"] == joined
    full = await practice.do("joinAppointment", {**join, "clientIds": [cat]}, STATE)
    assert codes(full) == ["FULLY_BOOKED"]


async def test_booking_the_time_of_a_group_joins_it_on_record(practice: Practice, therapist: int) -> None:
    """The next version and a line of the history, as by joining: who looked before is told so."""
    ann, ben = await people(practice, 2)
    number = await together(practice, therapist, [ann], capacity=3)
    sql = "SELECT service_code FROM appointment WHERE appointment_id = $1"
    code = await practice.books.value(sql, int(number))
    book = {"therapistId": therapist, "startsAt": at(TEN), "service": code, "clientIds": [ben]}
    key = {"idempotencyKey": f"join-{number}"}
    joined = (await practice.done("bookAppointment", book | key, STATE))["appointment"]
    assert (joined["appointmentId"], who(joined), joined["version"]) == (number, [ann, ben], 2)
    assert changes(joined) == ["BOOKED", "JOINED"]
    assert (await practice.done("bookAppointment", book | key, STATE))["appointment"] == joined
    move = {"appointmentId": number, "startsAt": at(TEN + 3600), "by": "PRACTICE", "expectedVersion": 1}
    assert codes(await practice.do("rescheduleAppointment", move, STATE)) == ["STALE_VERSION"]


async def test_the_last_place_of_a_group_goes_to_one_of_those_who_join_at_once(
    practice: Practice, therapist: int
) -> None:
    """The race for the last place: by joining, and by booking the same time."""
    ann, *others = await people(practice, 7)
    number = await together(practice, therapist, [ann], capacity=2)
    sql = "SELECT service_code FROM appointment WHERE appointment_id = $1"
    code = await practice.books.value(sql, int(number))
    book = {"therapistId": therapist, "startsAt": at(TEN), "service": code}
    asked = [
        practice.do("bookAppointment", {**book, "clientIds": [one]}, STATE)
        if n % 2
        else practice.do("joinAppointment", {"appointmentId": number, "clientIds": [one]}, STATE)
        for n, one in enumerate(others)
    ]
    outcomes = await asyncio.gather(*asked)
    assert sorted(map(codes, outcomes)) == [[]] + [["FULLY_BOOKED"]] * 5
    assert len(await practice.books.diary(therapist)) == 1


async def test_who_cannot_be_there_does_not_join_or_leave(practice: Practice, therapist: int) -> None:
    """Scenario 34: a number that is nobody's is answered alike."""
    ann, ben = await people(practice, 2)
    number = await together(practice, therapist, [ann], capacity=2)
    elsewhere = await together(practice, await practice.books.therapist(), [ben])
    join = {"appointmentId": number, "clientIds": [ben]}
    assert codes(await practice.do("joinAppointment", join, STATE)) == ["CLIENT_BUSY"]
    nobody = {**join, "clientIds": ["4000000000"]}
    assert codes(await practice.do("joinAppointment", nobody, STATE)) == ["NOT_FOUND"]
    leave = {"appointmentId": number, "clientId": "4000000000", "by": "PRACTICE"}
    assert codes(await practice.do("leaveAppointment", leave, STATE)) == ["NOT_FOUND"]
    stale = {**leave, "clientId": ann, "expectedVersion": 7}
    assert codes(await practice.do("leaveAppointment", stale, STATE)) == ["STALE_VERSION"]
    await practice.done("cancelAppointment", {"appointmentId": elsewhere, "by": "PRACTICE"}, STATE)
    await practice.done("joinAppointment", join, STATE)
    await practice.done("cancelAppointment", {"appointmentId": number, "by": "PRACTICE"}, STATE)
    late = {**leave, "clientId": ann}
    assert codes(await practice.do("leaveAppointment", late, STATE)) == ["TRANSITION_REFUSED"]


async def test_a_group_has_the_places_that_it_was_booked_with(practice: Practice, therapist: int) -> None:
    """What the search shows is booked and held, also where the service has fewer places by now."""
    ann, ben, cat = await people(practice, 3)
    number = await together(practice, therapist, [ann], capacity=3)
    sql = "SELECT service_code FROM appointment WHERE appointment_id = $1"
    code = await practice.books.value(sql, int(number))
    await practice.done("changeService", {"service": code, "capacity": 1})
    book = {"therapistId": therapist, "startsAt": at(TEN), "service": code}
    hold = (await practice.done("holdSlot", book, "hold { holdId }"))["hold"]["holdId"]
    held = {**book, "clientIds": [ben], "holdId": hold}
    joined = (await practice.done("bookAppointment", held, STATE))["appointment"]
    assert (joined["appointmentId"], who(joined)) == (number, [ann, ben])
    joined = (await practice.done("bookAppointment", {**book, "clientIds": [cat]}, STATE))["appointment"]
    assert (joined["appointmentId"], who(joined)) == (number, [ann, ben, cat])
    elsewhere = {**book, "startsAt": at(TEN + 3600), "clientIds": await people(practice, 2)}
    assert codes(await practice.do("bookAppointment", elsewhere, STATE)) == ["FULLY_BOOKED"]


async def test_clients_join_and_leave_a_group_of_which_some_have_arrived(
    practice: Practice, therapist: int
) -> None:
    """By either way in, so that nobody is booked into it who cannot be taken out again."""
    ann, ben, cat = await people(practice, 3)
    number = await together(practice, therapist, [ann], capacity=3)
    await practice.done("checkIn", {"appointmentId": number})
    join = {"appointmentId": number, "clientIds": [ben]}
    assert who((await practice.done("joinAppointment", join, STATE))["appointment"]) == [ann, ben]
    sql = "SELECT service_code FROM appointment WHERE appointment_id = $1"
    code = await practice.books.value(sql, int(number))
    book = {"therapistId": therapist, "startsAt": at(TEN), "service": code, "clientIds": [cat]}
    assert (await practice.done("bookAppointment", book, STATE))["appointment"]["status"] == "ARRIVED"
    for client in (cat, ben):
        leave = {"appointmentId": number, "clientId": client, "by": "PRACTICE"}
        left = (await practice.done("leaveAppointment", leave, STATE))["appointment"]
    assert (who(left), left["status"]) == ([ann], "ARRIVED")
