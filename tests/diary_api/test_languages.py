"""Therapists by the languages in which they work: in the list, in a search and in a booking with anyone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.diary_api import openings as o
from tests.diary_api.conftest import Practice
from tests.diary_api.test_holds import codes

SPOKEN = "therapist { therapistId languages }"
LISTED = """query Who($tags: [String!], $ids: [ID!]) {
  therapists(filters: {languages: $tags, therapistIds: $ids}) { edges { node { therapistId } } }
}"""
FREE = """query Find($search: SlotSearch!) {
  nextFree(search: $search) { therapist { therapistId } }
}"""


async def speaks(practice: Practice, *tags: str) -> int:
    """A therapist who works from nine to ten, UTC, in these languages."""
    number = await o.therapist(practice.books, "UTC")
    await o.works(practice.books, number, 540, 600)
    changed = await practice.done("changeTherapist", {"therapistId": number, "languages": tags}, SPOKEN)
    assert changed["therapist"]["languages"] == list(tags)
    return number


async def test_languages_are_written_in_their_usual_letters_and_each_once(practice: Practice) -> None:
    given: dict[str, Any] = {"firstName": "A", "lastName": "B", "timeZone": "UTC"}
    added = await practice.done("addTherapist", {**given, "languages": ["cy", "EN-gb", "en-GB"]}, SPOKEN)
    assert added["therapist"]["languages"] == ["cy", "en-GB"]
    number = added["therapist"]["therapistId"]
    same = await practice.done("changeTherapist", {"therapistId": number, "lastName": "C"}, SPOKEN)
    assert same["therapist"]["languages"] == ["cy", "en-GB"]
    none = await practice.done("changeTherapist", {"therapistId": number, "languages": []}, SPOKEN)
    assert none["therapist"]["languages"] == []
    without = await practice.done("addTherapist", {**given, "languages": None}, SPOKEN)
    assert without["therapist"]["languages"] == []


@pytest.mark.parametrize("wrong", ["english", "", "en_GB"])
async def test_what_is_no_language_is_refused(practice: Practice, therapist: int, wrong: str) -> None:
    payload = await practice.do("changeTherapist", {"therapistId": therapist, "languages": ["en", wrong]})
    assert [(e["code"], e["path"]) for e in payload["errors"]] == [
        ("INVALID_INPUT", ["input", "languages"])
    ]


async def test_any_of_the_languages_will_do_and_none_matches_nobody(practice: Practice) -> None:
    welsh, both, silent = [await speaks(practice, *tags) for tags in (("cy",), ("en", "cy"), ())]
    numbers, code = [welsh, both, silent], await o.service(practice.books)
    wanted: list[tuple[Any, list[int]]] = [
        (None, numbers), (["en"], [both]), (["cy", "fr"], [welsh, both]), (["fr"], []), ([], []),
    ]  # fmt: skip
    for tags, found in wanted:
        listed = await practice.ask(LISTED, tags=tags, ids=numbers)
        edges = listed["therapists"]["edges"]
        assert [int(edge["node"]["therapistId"]) for edge in edges] == found
        search = {"service": code, "therapistIds": numbers, "languages": tags}
        free = (await practice.ask(FREE, search=search))["nextFree"]
        assert sorted(int(slot["therapist"]["therapistId"]) for slot in free) == found


async def test_a_booking_with_anyone_is_with_somebody_who_speaks_the_language(practice: Practice) -> None:
    await speaks(practice, "en")
    number = await speaks(practice, "cy")
    given = {"anyTherapist": True, "startsAt": o.text(o.at("UTC", o.monday(), 540)), "languages": ["cy"]}
    given |= {"service": await o.service(practice.books), "therapistIds": [number, number - 1]}
    booked = await practice.done("bookAppointment", given, "appointment { therapistId }")
    assert booked["appointment"]["therapistId"] == number
    assert codes(await practice.do("bookAppointment", given, "appointment { id }")) == ["SLOT_TAKEN"]
