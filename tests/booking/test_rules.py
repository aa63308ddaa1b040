"""A direct write to the API, in the old form and in the new one, obeys the same rules (scenario 45)."""

from __future__ import annotations

from typing import Any

import pytest

from sessional.diary.values import END_OF_TIME
from tests.booking.clients import BOOK, CREATE, HOUR, TEN, Asked, Client, rfc3339
from tests.booking.conftest import House

# How many processes answer is no matter here.
pytestmark = pytest.mark.parametrize("house", [1], indirect=True, ids=["one worker"])

IMPOSSIBLE: dict[str, tuple[dict[str, Any], str]] = {
    "an unknown therapist": ({"therapist_id": 2**31 - 1}, "UNKNOWN_THERAPIST"),
    "a therapist below nought": ({"therapist_id": -5}, "UNKNOWN_THERAPIST"),
    "an unknown service": ({"service": "massage"}, "UNKNOWN_SERVICE"),
    "a service in capitals": ({"service": "ONE-OFF"}, "UNKNOWN_SERVICE"),
    "no service's name": ({"service": ""}, "UNKNOWN_SERVICE"),
    "no length": ({"length": 0}, "INVALID_TIME"),
    "a negative length": ({"length": -3600}, "INVALID_TIME"),
    "a length above a day": ({"length": 86_401}, "INVALID_TIME"),
    "the largest length there is": ({"length": 2**31 - 1}, "INVALID_TIME"),
    "the same time": ({}, "SLOT_TAKEN"),
    "a second into the session before": ({"starts_at": TEN + HOUR - 1}, "SLOT_TAKEN"),
    "a second into the session after": ({"starts_at": TEN - HOUR + 1}, "SLOT_TAKEN"),
    "all around it": ({"starts_at": TEN - HOUR, "length": 3 * HOUR}, "SLOT_TAKEN"),
    "within it": ({"starts_at": TEN + 60, "length": 60}, "SLOT_TAKEN"),
    "a whole day around it": ({"starts_at": TEN - 12 * HOUR, "length": 86_400}, "SLOT_TAKEN"),
}
ACCEPTED: dict[str, dict[str, Any]] = {
    "right before it": {"starts_at": TEN - HOUR},
    "right after it": {"starts_at": TEN + HOUR},
    "a day that ends where it begins": {"starts_at": TEN - 86_400, "length": 86_400},
    "a day that begins where it ends": {"starts_at": TEN + HOUR, "length": 86_400},
    "one second": {"starts_at": TEN - 1, "length": 1},
    "the past": {"starts_at": 86_400},
    "the beginning of time": {"starts_at": 0},
}


def asked(therapist: int, given: dict[str, Any], **usual: Any) -> Asked:
    whole: dict[str, Any] = {"therapist_id": therapist, "starts_at": TEN, **usual, **given}
    return Asked(**whole)


@pytest.mark.parametrize("form", ["new", "old"])
@pytest.mark.parametrize(("given", "code"), IMPOSSIBLE.values(), ids=IMPOSSIBLE)
async def test_what_cannot_be_is_refused_with_its_code_and_nothing_is_written(
    house: House, therapist: int, ann: Client, form: str, given: dict[str, Any], code: str
) -> None:
    """Scenario 45."""
    await house.books.session(therapist, TEN)
    held = await house.books.diary(therapist)
    # The old form answers the identical session; another service makes it another session.
    other = {"service": "consultation"} if code == "SLOT_TAKEN" else {}
    wish = asked(therapist, given, **other)
    outcome = await (ann.book(wish) if form == "new" else ann.create(wish))
    assert outcome.code == code
    assert await house.books.diary(therapist) == held


@pytest.mark.parametrize("form", ["new", "old"])
@pytest.mark.parametrize("given", ACCEPTED.values(), ids=ACCEPTED)
async def test_what_can_be_is_accepted(
    house: House, therapist: int, ann: Client, form: str, given: dict[str, Any]
) -> None:
    """Scenarios 11 and 45."""
    await house.books.session(therapist, TEN)
    wish = asked(therapist, given)
    outcome = await (ann.book(wish) if form == "new" else ann.create(wish))
    assert outcome.code is None
    assert (outcome.appointment_id, wish.starts_at, wish.starts_at + (wish.length or 0)) in (
        await house.books.diary(therapist)
    )


@pytest.mark.parametrize("form", ["new", "old"])
async def test_both_forms_offer_the_same_free_spans_in_place_of_a_taken_one(
    house: House, therapist: int, ann: Client, form: str
) -> None:
    """Scenario 45."""
    await house.books.session(therapist, TEN)
    wish = asked(therapist, {"service": "consultation", "length": 1800})
    outcome = await (ann.book(wish) if form == "new" else ann.create(wish))
    assert outcome.offers == (TEN - 1800, TEN + HOUR, TEN - HOUR)


async def test_a_length_that_is_not_given_is_the_services_own(
    house: House, therapist: int, ann: Client
) -> None:
    booked = await ann.book(asked(therapist, {"length": None}))
    assert await house.books.diary(therapist) == [(booked.appointment_id, TEN, TEN + 3000)]


@pytest.mark.parametrize("missing", ["therapist", "start", "length", "type"])
async def test_the_old_form_with_something_missing_is_refused_and_nothing_is_written(
    house: House, therapist: int, ann: Client, missing: str
) -> None:
    given = {**asked(therapist, {}).legacy(), missing: None}
    answer = await ann.wire.ask(CREATE, given)
    code = {"therapist": "UNKNOWN_THERAPIST", "type": "UNKNOWN_SERVICE"}.get(missing, "INVALID_TIME")
    assert answer["errors"][0]["extensions"]["code"] == code
    assert await house.books.diary(therapist) == []


@pytest.mark.parametrize(
    "number", ["", "x", "1.5", "1e3", "99999999999999999999", "-1", "９", "0x10", "9223372036854775807"]
)
async def test_a_therapists_number_that_is_none_is_an_unknown_therapist(
    house: House, ann: Client, number: str
) -> None:
    given = {**asked(1, {}).input(), "therapistId": number}
    payload = (await ann.data(BOOK, {"input": given}))["bookAppointment"]
    assert [error["code"] for error in payload["errors"]] == ["UNKNOWN_THERAPIST"]


@pytest.mark.parametrize("service", ["one\0off", "\ud800"], ids=["NUL", "half a character"])
async def test_a_service_that_no_database_can_hold_is_refused_in_words(
    house: House, therapist: int, ann: Client, service: str
) -> None:
    outcome = await ann.book(asked(therapist, {"service": service}))
    assert outcome.code in ("UNKNOWN_SERVICE", "INVALID_ARGUMENT", "INVALID_INPUT", "BAD_REQUEST")


@pytest.mark.parametrize("length", [3000, None], ids=["its own length", "the service's length"])
@pytest.mark.parametrize("over", [0, 1], ids=["at the end of time", "a second past it"])
async def test_a_session_that_would_end_after_the_year_9999_is_an_invalid_time(
    house: House, therapist: int, ann: Client, length: int | None, over: int
) -> None:
    wish = asked(therapist, {"starts_at": END_OF_TIME - 3000 + over, "length": length})
    outcome = await ann.book(wish)
    assert outcome.code == ("INVALID_TIME" if over else None)


async def test_times_may_come_with_any_offset_and_are_one_instant(
    house: House, therapist: int, ann: Client
) -> None:
    """The same instant, written twice, is the same time in the diary and the same words for a key."""
    utc = asked(therapist, {"key": f"offset {therapist}"}).input()
    away = {**utc, "startsAt": rfc3339(TEN + 2 * HOUR).replace("Z", "+02:00")}
    first = (await ann.data(BOOK, {"input": utc}))["bookAppointment"]
    again = (await ann.data(BOOK, {"input": away}))["bookAppointment"]
    assert again["replayed"] is True
    assert again["appointment"] == first["appointment"]


async def test_who_has_no_token_books_nothing(house: House, therapist: int, ann: Client) -> None:
    ann.wire.token = None
    outcomes = [await ann.book(asked(therapist, {})), await ann.create(asked(therapist, {}))]
    assert [outcome.code for outcome in outcomes] == ["UNAUTHENTICATED"] * 2
    assert await house.books.diary(therapist) == []


async def test_who_was_disabled_since_books_nothing_and_replays_nothing(
    house: House, therapist: int, ann: Client
) -> None:
    wish = asked(therapist, {"key": f"disabled {therapist}"})
    await ann.book(wish)
    await house.books.run("UPDATE account SET disabled_at = 1 WHERE account_id = 1")
    try:
        outcomes = [
            await ann.book(wish),
            await ann.book(asked(therapist, {"starts_at": TEN + HOUR})),
            await ann.create(asked(therapist, {"starts_at": TEN + HOUR})),
        ]
    finally:
        await house.books.run("UPDATE account SET disabled_at = NULL WHERE account_id = 1")
    assert [outcome.code for outcome in outcomes] == ["UNAUTHENTICATED"] * 3
    assert len(await house.books.diary(therapist)) == 1
