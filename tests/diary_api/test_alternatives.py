"""What is offered instead of a time that is taken can be had by whoever asked."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from tests.diary_api import openings as o
from tests.diary_api.conftest import Practice
from tests.diary_api.test_holds import codes
from tests.diary_api.test_taking_part import people

INSTEAD = "errors { __typename ... on SlotTaken { alternatives { startsAt } } }"
MONDAY = o.monday()
FRIDAY = MONDAY + timedelta(days=4)


def at(minute: int, day: Any = MONDAY) -> str:
    return o.text(o.at("UTC", day, minute))


async def instead(practice: Practice, field: str, given: dict[str, Any]) -> list[str]:
    """The other times of a refusal."""
    type_name = f"{field[0].upper()}{field[1:]}Input"
    document = f"mutation Do($i: {type_name}!) {{ {field}(input: $i) {{ {INSTEAD} }} }}"
    (error,) = (await practice.ask(document, i=given))[field]["errors"]
    assert error["__typename"] == "SlotTaken"
    return [one["startsAt"] for one in error["alternatives"]]


@pytest.fixture
async def ten_to_twelve(practice: Practice) -> int:
    """A therapist who works from ten to twelve on every day, UTC."""
    number = await o.therapist(practice.books, "UTC")
    await o.works(practice.books, number, 600, 720)
    return number


async def test_a_time_in_a_week_that_is_full_is_no_alternative(practice: Practice) -> None:
    """Scenarios 18 and 19: the week after a Friday ends nine days on, where the second session is."""
    books = practice.books
    number, code = await o.therapist(books, "UTC"), await o.service(books)
    await o.works(books, number, 540, 1020)
    await books.run("UPDATE therapist SET max_per_week = 1 WHERE therapist_id = $1", number)
    await o.bump(books, number)
    place = {"therapistId": number, "service": code}
    for day in (FRIDAY, FRIDAY + timedelta(days=9)):
        await practice.done("bookAppointment", {**place, "startsAt": at(600, day)})
    wanted = {**place, "startsAt": at(600, FRIDAY)}
    assert await instead(practice, "bookAppointment", wanted) == []
    pattern = {"pattern": {"every": "WEEKLY", "count": 1}}
    document = """mutation Do($i: BookSeriesInput!) { bookSeries(input: $i) { errors {
        ... on SeriesConflict { occurrences { alternatives { startsAt } } } } } }"""
    (error,) = (await practice.ask(document, i={**wanted, **pattern}))["bookSeries"]["errors"]
    assert error == {"occurrences": [{"alternatives": []}]}


async def test_a_group_is_an_alternative_for_those_who_find_a_place_in_it(
    practice: Practice, ten_to_twelve: int
) -> None:
    """One group has a place left, the other none; a session of one's own can be at neither time."""
    code = await o.service(practice.books, capacity=2)
    ann, ben, cat, dan, eve = await people(practice, 5)
    place = {"therapistId": ten_to_twelve, "service": code}
    for minute, clients in ((600, [ann]), (660, [ben, cat])):
        await practice.done("bookAppointment", {**place, "startsAt": at(minute), "clientIds": clients})
    elsewhere = {**place, "startsAt": at(660, MONDAY + timedelta(days=1))}
    own = (await practice.done("bookAppointment", elsewhere, "appointment { appointmentId }"))[
        "appointment"
    ]

    wanted = {**place, "startsAt": at(660)}
    group = at(600)
    assert await instead(practice, "bookAppointment", {**wanted, "clientIds": [dan]}) != []
    assert (await instead(practice, "bookAppointment", {**wanted, "clientIds": [dan]}))[0] == group
    assert await instead(practice, "holdSlot", wanted) == await instead(
        practice, "bookAppointment", {**wanted, "clientIds": [dan]}
    )
    for field, given in (
        ("bookAppointment", {**wanted, "clientIds": [dan, eve]}),
        ("bookAppointment", wanted),
        ("requestAppointment", {**wanted, "clientIds": [dan]}),
        ("rescheduleAppointment", {"appointmentId": own["appointmentId"], "startsAt": at(660)}),
    ):
        found = await instead(practice, field, given)
        assert found, field
        assert group not in found, field
        for start in found:
            again = await practice.do(
                field, {**given, "startsAt": start, "idempotencyKey": f"{field} {start}"}
            )
            assert codes(again) == [], (field, start)
            break


async def test_instead_of_a_groups_time_a_session_of_ones_own_is_offered_within_working_hours(
    practice: Practice, ten_to_twelve: int
) -> None:
    code = await o.service(practice.books, capacity=2)
    place = {"therapistId": ten_to_twelve, "service": code, "startsAt": at(600)}
    await practice.done("bookAppointment", {**place, "clientIds": await people(practice, 1)})
    found = await instead(practice, "bookAppointment", place)
    assert found[0] == at(660)
    assert {start[11:13] for start in found} <= {"10", "11"}
