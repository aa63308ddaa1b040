"""Which field of the input a refusal is about: always one that the input has, or none."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import pytest
from graphql import (
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
    is_required_input_field,
)

from sessional.graph.schema import schema
from tests.diary_api import openings as o
from tests.diary_api.conftest import Practice
from tests.diary_api.test_requests import requested, wish
from tests.diary_api.test_rooms import code, in_the_morning, rooms, slot  # noqa: F401 (fixtures)

NOBODY: Final = "4000000000"
# For each kind of value one that nothing can be done with.
WRONG: Final = {
    "ID": NOBODY,
    "String": "no such thing",
    "Int": 0,
    "Boolean": False,
    "DateTime": "1969-12-31T00:00:00Z",
    "Date": "2031-01-01",
}


def changes() -> dict[str, Any]:
    """Fields of Mutation with one input whose payload has errors -> the type of the input."""
    root = schema().mutation_type
    assert root is not None
    given = {name: field.args["input"].type for name, field in root.fields.items() if "input" in field.args}
    return {
        name: type_
        for name, type_ in given.items()
        if "errors" in get_named_type(root.fields[name].type).fields
    }


def wrong(type_: Any, known: Mapping[str, Any] | None = None) -> Any:
    """A value of that type that asks for what is not there.

    With ``known`` it has every field that there is, and of these names what is known to be there.
    """
    if is_non_null_type(type_):
        return wrong(type_.of_type, known)
    if is_list_type(type_):
        return [wrong(type_.of_type, known)]
    if is_enum_type(type_):
        return next(iter(type_.values))
    if not is_input_object_type(type_):
        return WRONG[type_.name]
    return {
        name: (known or {}).get(name) or wrong(field.type, known)
        for name, field in type_.fields.items()
        if name != "idempotencyKey" and (known is not None or is_required_input_field(field))
    }


def is_in(type_: Any, path: list[str]) -> bool:
    """Whether an input of the type has a field there."""
    for name in path:
        named = get_named_type(type_)
        if not is_input_object_type(named) or name not in named.fields:
            return False
        type_ = named.fields[name].type
    return True


@pytest.mark.parametrize("whole", [False, True])
async def test_every_refusal_names_a_field_that_its_input_has(
    practice: Practice, therapist: int, whole: bool
) -> None:
    client = (await practice.done("addClient", {"name": "Ann"}, "client { clientId }"))["client"]
    known = {"therapistId": therapist, "timeZone": "Europe/London", "languages": ["en"], **client}
    refused = set()
    for name, type_ in changes().items():
        given = wrong(type_, {**known, "maxPerDay": 1, "maxPerWeek": 1} if whole else None)
        for error in (await practice.do(name, given))["errors"]:
            refused.add(name)
            path = error["path"]
            assert path is None or (path[0] == "input" and is_in(type_, path[1:])), (name, error)
    assert len(refused) > 30, "most can be refused by such values"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("removeTimeOff", "timeOffId"),
        ("removeDateOverride", "dateOverrideId"),
        ("removeAway", "awayId"),
        ("releaseHold", "holdId"),
        ("removeClosure", "closureId"),
    ],
)
async def test_what_is_not_there_is_named_by_the_field_of_its_number(
    practice: Practice, name: str, field: str
) -> None:
    (error,) = (await practice.do(name, {field: NOBODY}))["errors"]
    assert (error["code"], error["path"]) == ("NOT_FOUND", ["input", field])


async def test_a_series_in_a_zone_that_there_is_not_names_the_zone_of_its_pattern(
    practice: Practice, therapist: int
) -> None:
    given = {"therapistId": therapist, "startsAt": "2031-01-29T10:00:00Z", "service": "one-off"}
    pattern = {"every": "WEEKLY", "count": 2, "timeZone": "Mars/Olympus"}
    (error,) = (await practice.do("bookSeries", {**given, "pattern": pattern}))["errors"]
    assert error["path"] == ["input", "pattern", "timeZone"]


async def test_a_room_that_is_taken_is_no_field_of_an_input_that_names_no_room(
    practice: Practice,
    rooms: list[str],  # noqa: F811
    code: str,  # noqa: F811
) -> None:
    day = o.monday()
    for _ in rooms:
        await practice.done("bookAppointment", slot(await in_the_morning(practice), code, day))
    given = slot(await in_the_morning(practice), code, day)
    (error,) = (await practice.do("holdSlot", given))["errors"]
    assert (error["code"], error["path"]) == ("ROOM_TAKEN", None)
    (error,) = (await practice.do("bookAppointment", given))["errors"]
    assert (error["code"], error["path"]) == ("ROOM_TAKEN", ["input", "roomId"])


async def test_a_request_whose_time_is_taken_by_now_names_no_field(
    practice: Practice, therapist: int
) -> None:
    asked = await requested(practice, therapist)
    await practice.done("bookAppointment", wish(therapist))
    (error,) = (await practice.do("confirmAppointment", {"appointmentId": asked["appointmentId"]}))[
        "errors"
    ]
    assert (error["code"], error["path"]) == ("SLOT_TAKEN", None)
