"""When a retry with a key is the same input: null, what is off, and what is left out are alike."""

from __future__ import annotations

import hashlib
import itertools
from typing import Any

import pytest

from tests.diary_api.conftest import Practice
from tests.diary_api.test_life import TEN, booked

_keys = itertools.count()


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["errors"]]


async def twice(practice: Practice, field: str, first: dict[str, Any], then: dict[str, Any]) -> Any:
    """The payload of the second of two changes with one key."""
    key = {"idempotencyKey": f"same input {next(_keys)}"}
    await practice.done(field, {**first, **key})
    return await practice.do(field, {**then, **key})


@pytest.mark.parametrize(
    "more",
    [
        {"reason": None},
        {"overrideRules": False},
        {"overrideRules": None},
        {"reasonCode": None, "reason": None},
    ],
)
@pytest.mark.parametrize("before", [True, False])
async def test_what_says_nothing_may_be_said_or_left_out(
    practice: Practice, therapist: int, more: dict[str, Any], before: bool
) -> None:
    given = {"appointmentId": await booked(practice, therapist, TEN), "by": "PRACTICE"}
    pair = (given, {**given, **more})
    again = await twice(practice, "cancelAppointment", *(reversed(pair) if before else pair))
    assert (again["replayed"], codes(again)) == (True, [])


async def test_nulls_within_lists_and_of_new_records_say_nothing_either(
    practice: Practice, therapist: int
) -> None:
    again = await twice(practice, "addClient", {"name": "Ann"}, {"name": "Ann", "email": None})
    assert again["replayed"]
    hours = {"weekday": 1, "startsMinute": 540, "endsMinute": 1020}
    given = {"therapistId": therapist, "hours": [hours]}
    spelled_out = {"therapistId": therapist, "hours": [{**hours, "validFrom": None}], "decisions": []}
    assert (await twice(practice, "setWorkingHours", given, spelled_out))["replayed"]


@pytest.mark.parametrize(
    ("field", "first", "then"),
    [
        ("cancelAppointment", {"by": "PRACTICE"}, {"by": "PRACTICE", "overrideRules": True}),
        ("cancelAppointment", {"by": "PRACTICE"}, {"by": "PRACTICE", "reason": "ill"}),
        ("changeTherapist", {"lastName": "Ng"}, {"lastName": "Ng", "maxPerDay": None}),
        ("changeTherapist", {"lastName": "Ng"}, {"lastName": "Ng", "services": []}),
    ],
)
async def test_what_says_something_else_is_other_input(
    practice: Practice, therapist: int, field: str, first: dict[str, Any], then: dict[str, Any]
) -> None:
    whose: dict[str, Any] = {"therapistId": therapist}
    if field == "cancelAppointment":
        whose = {"appointmentId": await booked(practice, therapist, TEN)}
    again = await twice(practice, field, {**whose, **first}, {**whose, **then})
    assert codes(again) == ["IDEMPOTENCY_KEY_REUSED"]


async def test_a_key_of_an_earlier_version_is_known_by_the_input_as_it_was_given(
    practice: Practice, therapist: int
) -> None:
    number = await booked(practice, therapist, TEN)
    given = {"appointmentId": number, "by": "PRACTICE", "reason": None, "idempotencyKey": "earlier"}
    await practice.done("cancelAppointment", given)
    arguments = {"appointment_id": int(number), "by": "PRACTICE", "reason": None}
    earlier = hashlib.sha256(repr(("cancel_appointment", arguments)).encode()).hexdigest()
    await practice.books.run("UPDATE idempotency_key SET input_hash = $1 WHERE key = 'earlier'", earlier)
    assert (await practice.done("cancelAppointment", given))["replayed"]
