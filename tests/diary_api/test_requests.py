"""Sessions that are asked for first, and confirmed or declined afterwards."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.diary_api.conftest import Practice

SHOWN = "appointment { appointmentId status version history { edges { node { change } } } }"


def wish(therapist: int, **more: Any) -> dict[str, Any]:
    at = {"startsAt": "2031-01-29T10:00:00Z", "durationSeconds": 3600}
    return {"therapistId": therapist, "service": "one-off", **at, **more}


async def requested(practice: Practice, therapist: int, **more: Any) -> Any:
    payload = await practice.done("requestAppointment", wish(therapist, **more), SHOWN)
    return payload["appointment"]


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["errors"]]


async def test_of_overlapping_requests_that_are_confirmed_at_once_one_is_booked(
    practice: Practice, therapist: int
) -> None:
    """Scenario 20."""
    asked = [await requested(practice, therapist) for _ in range(6)]
    assert {one["status"] for one in asked} == {"PROPOSED"}
    confirm = (
        practice.do("confirmAppointment", {"appointmentId": one["appointmentId"]}, SHOWN) for one in asked
    )
    outcomes = await asyncio.gather(*confirm)
    won = [outcome["appointment"] for outcome in outcomes if outcome["appointment"]]
    assert [one["status"] for one in won] == ["BOOKED"]
    assert {code for outcome in outcomes for code in codes(outcome)} == {"SLOT_TAKEN"}
    changes = [edge["node"]["change"] for edge in won[0]["history"]["edges"]]
    assert changes == ["REQUESTED", "CONFIRMED"]


async def test_a_reserved_request_takes_its_time_until_it_is_declined(
    practice: Practice, therapist: int
) -> None:
    asked = await requested(practice, therapist, reserve=True)
    assert asked["status"] == "PENDING"
    assert codes(await practice.do("bookAppointment", wish(therapist))) == ["SLOT_TAKEN"]
    given = {"appointmentId": asked["appointmentId"], "reason": "no room in the group"}
    declined = (await practice.done("declineAppointment", given, SHOWN))["appointment"]
    assert declined["status"] == "CANCELLED"
    again = (await practice.done("declineAppointment", given, SHOWN))["appointment"]
    assert again == declined
    await practice.done("bookAppointment", wish(therapist))


async def test_a_booked_session_cannot_be_declined_nor_a_cancelled_one_confirmed(
    practice: Practice, therapist: int
) -> None:
    asked = await requested(practice, therapist)
    number = {"appointmentId": asked["appointmentId"]}
    await practice.done("confirmAppointment", number)
    await practice.done("confirmAppointment", number)
    assert codes(await practice.do("declineAppointment", number)) == ["TRANSITION_REFUSED"]
    await practice.done("cancelAppointment", {**number, "by": "PRACTICE"})
    assert codes(await practice.do("confirmAppointment", number)) == ["TRANSITION_REFUSED"]


async def test_nobody_joins_a_group_that_is_only_asked_for(practice: Practice, therapist: int) -> None:
    """A booking that was answered must not hang on somebody's decision; once it is made, all may join."""
    await practice.do("addService", {"code": "circle", "name": "A", "durationSeconds": 3600, "capacity": 8})
    clients = [
        (await practice.done("addClient", {"name": name}, "client { clientId }"))["client"]["clientId"]
        for name in ("Ada", "Bo")
    ]
    given = {**wish(therapist), "service": "circle"}
    asked = await requested(practice, therapist, service="circle", clientIds=clients[:1], reserve=True)
    joining = {**given, "clientIds": clients[1:]}
    assert codes(await practice.do("bookAppointment", joining)) == ["SLOT_TAKEN"]
    await practice.done("confirmAppointment", {"appointmentId": asked["appointmentId"]})
    joined = await practice.done("bookAppointment", joining, "appointment { appointmentId status }")
    assert joined["appointment"] == {"appointmentId": asked["appointmentId"], "status": "BOOKED"}
