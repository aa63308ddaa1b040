"""Times that are kept for a while."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.booking.books import BEN
from tests.diary_api.conftest import Practice

AT = "2031-01-29T10:00:00Z"
HOLD = "hold { holdId startsAt endsAt expiresAt therapist { therapistId } service { code } }"
BOOKED = "appointment { appointmentId status }"


def slot(therapist: int, **more: Any) -> dict[str, Any]:
    return {
        "therapistId": therapist,
        "startsAt": AT,
        "service": "one-off",
        "durationSeconds": 3600,
        **more,
    }


async def as_ben(practice: Practice, field: str, given: dict[str, Any], selection: str = "") -> Any:
    """The same practice, asked by another account."""
    mine = practice.client.headers["Authorization"]
    practice.client.headers["Authorization"] = f"Bearer {BEN}"
    try:
        return await practice.do(field, given, selection)
    finally:
        practice.client.headers["Authorization"] = mine


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["errors"]]


async def test_what_one_holds_another_cannot_book_and_the_holder_can(
    practice: Practice, therapist: int
) -> None:
    """Scenario 25."""
    hold = (await practice.done("holdSlot", slot(therapist), HOLD))["hold"]
    assert (hold["startsAt"], hold["endsAt"]) == (AT, "2031-01-29T11:00:00Z")
    assert hold["therapist"]["therapistId"] == str(therapist)
    assert codes(await as_ben(practice, "bookAppointment", slot(therapist), BOOKED)) == ["SLOT_TAKEN"]
    assert codes(await as_ben(practice, "holdSlot", slot(therapist), HOLD)) == ["SLOT_TAKEN"]
    mine = slot(therapist, holdId=hold["holdId"])
    booked = (await practice.done("bookAppointment", mine, BOOKED))["appointment"]
    assert booked == {"appointmentId": hold["holdId"], "status": "BOOKED"}


async def test_a_hold_that_ran_out_stands_in_nobodys_way_and_its_holder_is_told(
    practice: Practice, therapist: int
) -> None:
    """Scenario 26."""
    hold = (await practice.done("holdSlot", slot(therapist), HOLD))["hold"]
    await practice.books.run(
        "UPDATE appointment SET held_until = 1 WHERE appointment_id = $1", int(hold["holdId"])
    )
    late = slot(therapist, holdId=hold["holdId"])
    assert codes(await practice.do("bookAppointment", late, BOOKED)) == ["HOLD_EXPIRED"]
    assert codes(await as_ben(practice, "bookAppointment", slot(therapist), BOOKED)) == []


async def test_a_hold_is_no_session_in_any_list(practice: Practice, therapist: int) -> None:
    await practice.done("holdSlot", slot(therapist), HOLD)
    found = await practice.ask(
        "query($t: ID!) { appointments(filters: {therapistIds: [$t]}) { totalCount } "
        "therapist(therapistId: $t) { appointments { totalCount edges { node { id } } } } }",
        t=str(therapist),
    )
    assert found["appointments"]["totalCount"] == 0
    assert found["therapist"]["appointments"] == {"totalCount": 0, "edges": []}


async def test_a_hold_cannot_be_changed_as_if_it_were_a_session(practice: Practice, therapist: int) -> None:
    hold = (await practice.done("holdSlot", slot(therapist), HOLD))["hold"]
    given = {"appointmentId": hold["holdId"], "by": "PRACTICE"}
    assert codes(await practice.do("cancelAppointment", given, BOOKED)) == ["NOT_FOUND"]


async def test_only_the_holder_can_release_and_others_learn_nothing(
    practice: Practice, therapist: int
) -> None:
    """Scenario 34: another's hold is answered like one that does not exist."""
    hold = (await practice.done("holdSlot", slot(therapist), HOLD))["hold"]
    given, nothing = {"holdId": hold["holdId"]}, {"holdId": "4000000000"}
    theirs = await as_ben(practice, "releaseHold", given, "holdId")
    assert theirs["errors"] == (await as_ben(practice, "releaseHold", nothing, "holdId"))["errors"]
    assert codes(theirs) == ["NOT_FOUND"]
    assert (await practice.done("releaseHold", given, "holdId"))["holdId"] == hold["holdId"]
    assert codes(await as_ben(practice, "bookAppointment", slot(therapist), BOOKED)) == []


async def test_a_new_hold_of_ones_own_takes_the_place_of_the_old_one(
    practice: Practice, therapist: int
) -> None:
    first = (await practice.done("holdSlot", slot(therapist), HOLD))["hold"]
    again = (await practice.done("holdSlot", slot(therapist), HOLD))["hold"]
    assert again["holdId"] != first["holdId"]
    assert len(await practice.books.diary(therapist)) == 1


async def test_a_session_moves_onto_a_hold_that_ran_out(practice: Practice, therapist: int) -> None:
    hold = (await practice.done("holdSlot", slot(therapist), HOLD))["hold"]
    await practice.books.run(
        "UPDATE appointment SET held_until = 1, held_by = 2 WHERE appointment_id = $1",
        int(hold["holdId"]),
    )
    later = slot(therapist, startsAt="2031-01-29T14:00:00Z")
    booked = (await practice.done("bookAppointment", later, BOOKED))["appointment"]
    move = {"appointmentId": booked["appointmentId"], "startsAt": AT}
    await practice.done("rescheduleAppointment", move, BOOKED)


async def test_of_many_who_hold_and_book_one_time_at_once_exactly_one_has_it(
    practice: Practice, therapist: int
) -> None:
    """Each asks for a time that overlaps all others; holds of one account would give way, bookings not."""
    asked = [
        practice.do("bookAppointment", slot(therapist), BOOKED)
        if n % 2
        else practice.do("holdSlot", slot(therapist, idempotencyKey=f"hold {therapist} {n}"), HOLD)
        for n in range(12)
    ]
    outcomes = await asyncio.gather(*asked)
    assert sum(bool(outcome.get("appointment")) for outcome in outcomes) == 1
    assert len(await practice.books.diary(therapist)) == 1
