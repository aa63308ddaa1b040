"""Rooms: what a search offers has one, a booking gets the one that was shown, and none is given twice."""

from __future__ import annotations

import asyncio
import itertools
from datetime import timedelta
from typing import Any

import pytest

from tests.diary_api import openings as o
from tests.diary_api.conftest import Practice
from tests.diary_api.test_holds import as_ben, codes

FIND = """query Find($search: SlotSearch!) {
  freeSlots(search: $search, first: 1000) {
    edges { node { startsAt placesLeft room { roomId } therapist { therapistId } } }
  }
}"""
EXPLAIN = """query Why($id: ID!, $at: DateTime!, $service: String!) {
  explainSlot(therapistId: $id, startsAt: $at, service: $service) { offered rules { rule } }
}"""
BOOKED = "appointment { appointmentId room { roomId } }"
HELD = "hold { holdId room { roomId } }"
_names = itertools.count()


@pytest.fixture
def day() -> Any:
    """A Monday ahead."""
    return o.monday()


@pytest.fixture
async def code(practice: Practice) -> str:
    """A service of an hour that needs a room."""
    return await o.service(practice.books, needs_room=practice.books.path is None or 1)


@pytest.fixture
async def rooms(practice: Practice) -> list[str]:
    """The practice has these two rooms and no other."""
    await practice.books.run("UPDATE appointment SET room_id = NULL")
    await practice.books.run("DELETE FROM room")
    return [await room(practice, name) for name in ("blue", "red")]


async def room(practice: Practice, name: str) -> str:
    payload = await practice.done("addRoom", {"name": f"{name} {next(_names)}"}, "room { roomId }")
    found: str = payload["room"]["roomId"]
    return found


async def in_the_morning(practice: Practice) -> int:
    """A therapist who works from nine to eleven, UTC."""
    number = await o.therapist(practice.books, "UTC")
    await o.works(practice.books, number, 540, 660)
    return number


def slot(number: int, code: str, day: Any, minute: int = 540, **more: Any) -> dict[str, Any]:
    start = o.text(o.at("UTC", day, minute))
    return {"therapistId": str(number), "startsAt": start, "service": code, **more}


async def offered(practice: Practice, code: str, day: Any, *numbers: int) -> list[tuple[int, str, Any]]:
    """(therapist, hour, room) of everything on offer that day; the explanation says the same of each."""
    since = o.at("UTC", day, 0)
    search = {"service": code, "therapistIds": list(numbers), "from": o.text(since)}
    search["until"] = o.text(since + o.DAY)
    edges = (await practice.ask(FIND, search=search))["freeSlots"]["edges"]
    nodes = [edge["node"] for edge in edges]
    found = [(int(n["therapist"]["therapistId"]), n["startsAt"][11:13], n["room"]) for n in nodes]
    for number, hour in itertools.product(numbers, (9, 10)):
        at = o.text(since + 3600 * hour)
        told = (await practice.ask(EXPLAIN, id=number, at=at, service=code))["explainSlot"]
        assert told["offered"] is any(f[:2] == (number, f"{hour:02}") for f in found), (told, found)
    return [(number, hour, None if where is None else where["roomId"]) for number, hour, where in found]


async def test_a_booking_gets_the_room_that_the_search_has_shown(
    practice: Practice, rooms: list[str], code: str, day: Any
) -> None:
    """Scenario 18, for rooms."""
    ann, ben = await in_the_morning(practice), await in_the_morning(practice)
    assert (ann, "09", rooms[0]) in await offered(practice, code, day, ann, ben)
    first = (await practice.done("bookAppointment", slot(ann, code, day), BOOKED))["appointment"]
    assert first["room"] == {"roomId": rooms[0]}
    assert (ben, "09", rooms[1]) in await offered(practice, code, day, ann, ben)
    second = (await practice.done("bookAppointment", slot(ben, code, day), BOOKED))["appointment"]
    assert second["room"] == {"roomId": rooms[1]}


async def test_where_no_room_is_free_nothing_is_offered_and_a_booking_is_refused(
    practice: Practice, rooms: list[str], code: str, day: Any
) -> None:
    """Scenario 18: what booking refuses, the search does not offer."""
    ann, ben, cat = [await in_the_morning(practice) for _ in range(3)]
    for number in (ann, ben):
        await practice.done("bookAppointment", slot(number, code, day), BOOKED)
    assert [hour for _, hour, _ in await offered(practice, code, day, cat)] == ["10"]
    for field, selection in (("bookAppointment", BOOKED), ("holdSlot", HELD)):
        assert codes(await practice.do(field, slot(cat, code, day), selection)) == ["ROOM_TAKEN"]
    assert await practice.books.diary(cat) == []


async def test_a_certain_room_is_given_or_refused(
    practice: Practice, rooms: list[str], code: str, day: Any
) -> None:
    ann, ben = await in_the_morning(practice), await in_the_morning(practice)
    red = slot(ann, code, day, roomId=rooms[1])
    booked = (await practice.done("bookAppointment", red, BOOKED))["appointment"]
    assert booked["room"] == {"roomId": rooms[1]}
    refused = await practice.do("bookAppointment", slot(ben, code, day, roomId=rooms[1]), BOOKED)
    assert [(e["code"], e["path"]) for e in refused["errors"]] == [("ROOM_TAKEN", ["input", "roomId"])]
    unknown = await practice.do("bookAppointment", slot(ben, code, day, roomId="4000000000"), BOOKED)
    assert [(e["code"], e["path"]) for e in unknown["errors"]] == [("NOT_FOUND", ["input", "roomId"])]
    plain = slot(ben, "one-off", day, 600, roomId=rooms[1])
    booked = (await practice.done("bookAppointment", plain, BOOKED))["appointment"]
    assert booked["room"] == {"roomId": rooms[1]}


async def test_a_hold_keeps_its_room_for_its_holder_and_nobody_else(
    practice: Practice, rooms: list[str], code: str, day: Any
) -> None:
    """Scenario 25, for rooms."""
    ann, ben = await in_the_morning(practice), await in_the_morning(practice)
    hold = (await practice.done("holdSlot", slot(ann, code, day), HELD))["hold"]
    assert hold["room"] == {"roomId": rooms[0]}
    theirs = await as_ben(practice, "bookAppointment", slot(ben, code, day), BOOKED)
    assert theirs["appointment"]["room"] == {"roomId": rooms[1]}
    mine = slot(ann, code, day, holdId=hold["holdId"])
    booked = (await practice.done("bookAppointment", mine, BOOKED))["appointment"]
    assert booked == {"appointmentId": hold["holdId"], "room": {"roomId": rooms[0]}}


async def test_a_hold_that_ran_out_keeps_no_room(
    practice: Practice, rooms: list[str], code: str, day: Any
) -> None:
    """Scenario 26, for rooms: nobody has cleared the holds away, and both rooms are free."""
    ann, ben, cat = [await in_the_morning(practice) for _ in range(3)]
    for number in (ann, ben):
        hold = (await practice.done("holdSlot", slot(number, code, day), HELD))["hold"]
        sql = "UPDATE appointment SET held_until = 1, held_by = 2 WHERE appointment_id = $1"
        await practice.books.run(sql, int(hold["holdId"]))
    assert (cat, "09", rooms[0]) in await offered(practice, code, day, cat)
    booked = (await practice.done("bookAppointment", slot(cat, code, day), BOOKED))["appointment"]
    assert booked["room"] == {"roomId": rooms[0]}


async def test_a_hold_of_ones_own_gives_its_room_to_what_its_holder_books(
    practice: Practice, rooms: list[str], code: str, day: Any
) -> None:
    ann, ben, cat = [await in_the_morning(practice) for _ in range(3)]
    await practice.done("bookAppointment", slot(ann, code, day), BOOKED)
    await practice.done("holdSlot", slot(ben, code, day), HELD)
    assert (cat, "09", rooms[1]) in await offered(practice, code, day, cat)
    booked = (await practice.done("bookAppointment", slot(cat, code, day), BOOKED))["appointment"]
    assert booked["room"] == {"roomId": rooms[1]}
    assert await practice.books.diary(ben) == []


async def test_a_place_in_a_group_needs_no_second_room(
    practice: Practice, rooms: list[str], code: str, day: Any
) -> None:
    """Scenario 18: both rooms are taken, one of them by the group that has a place left."""
    ann, ben = await in_the_morning(practice), await in_the_morning(practice)
    group = await o.service(practice.books, capacity=2, needs_room=practice.books.path is None or 1)
    people = [await client(practice) for _ in range(3)]
    first = slot(ann, group, day, clientIds=[people[0]])
    number = (await practice.done("bookAppointment", first, BOOKED))["appointment"]["appointmentId"]
    await practice.done("bookAppointment", slot(ben, code, day), BOOKED)
    assert (ann, "09", rooms[0]) in await offered(practice, group, day, ann)
    elsewhere = slot(ann, group, day, clientIds=[people[1]], roomId=rooms[1])
    assert codes(await practice.do("bookAppointment", elsewhere, BOOKED)) == ["INVALID_INPUT"]
    second = slot(ann, group, day, clientIds=[people[1]])
    joined = (await practice.done("bookAppointment", second, BOOKED))["appointment"]
    assert joined == {"appointmentId": number, "room": {"roomId": rooms[0]}}
    assert [hour for _, hour, _ in await offered(practice, group, day, ann)] == ["10"]


async def client(practice: Practice) -> str:
    payload = await practice.done("addClient", {"name": "Sam"}, "client { clientId }")
    number: str = payload["client"]["clientId"]
    return number


async def test_every_session_of_a_series_has_a_room_or_says_that_there_is_none(
    practice: Practice, rooms: list[str], code: str, day: Any
) -> None:
    """Scenario 36, for rooms."""
    ann, ben, cat = [await in_the_morning(practice) for _ in range(3)]
    week = day + timedelta(days=7)
    for number in (ann, ben):
        await practice.done("bookAppointment", slot(number, code, week), BOOKED)
    given = slot(cat, code, day, pattern={"every": "WEEKLY", "count": 2})
    sessions = "appointments { room { roomId } }"
    assert codes(await practice.do("bookSeries", given, sessions)) == ["SERIES_CONFLICT"]
    given["choices"] = [{"number": 2, "startsAt": o.text(o.at("UTC", week, 600))}]
    booked = (await practice.done("bookSeries", given, sessions))["appointments"]
    assert booked == [{"room": {"roomId": rooms[0]}}] * 2


async def test_of_many_who_want_the_last_rooms_as_many_get_one_as_there_are(
    practice: Practice, rooms: list[str], code: str, day: Any
) -> None:
    """Scenarios 18 and 29: each in a diary of their own, two rooms for eight."""
    numbers = [await in_the_morning(practice) for _ in range(8)]
    asked = [practice.do("bookAppointment", slot(number, code, day), BOOKED) for number in numbers]
    outcomes = await asyncio.gather(*asked)
    won = [each["appointment"]["room"]["roomId"] for each in outcomes if each["appointment"]]
    assert sorted(won) == sorted(rooms)
    assert [codes(each) for each in outcomes if not each["appointment"]] == [["ROOM_TAKEN"]] * 6


async def test_a_session_without_a_room_gets_one_when_it_is_moved_if_its_service_needs_one(
    practice: Practice, code: str, rooms: list[str], day: Any
) -> None:
    """It was booked before the service needed one, or came with a file."""
    number, other = await in_the_morning(practice), await in_the_morning(practice)
    session = await practice.books.session(number, o.at("UTC", day, 540))
    sql = "UPDATE appointment SET service_code = $1 WHERE appointment_id = $2"
    await practice.books.run(sql, code, session)
    move = {"appointmentId": str(session), "startsAt": slot(number, code, day, 600)["startsAt"]}
    taken = [slot(other, code, day, 600), slot(await in_the_morning(practice), code, day, 600)]
    for each in taken:
        await practice.done("bookAppointment", each, BOOKED)
    assert codes(await practice.do("rescheduleAppointment", move, BOOKED)) == ["ROOM_TAKEN"]
    over = {"appointmentId": str(session), "therapistId": other}
    handed = (await practice.done("reassignAppointment", over, BOOKED))["appointment"]
    assert handed["room"] is None
    back = {**over, "therapistId": number}
    await practice.done("reassignAppointment", back, BOOKED)
    later = {**move, "startsAt": slot(number, code, day + timedelta(days=1), 600)["startsAt"]}
    moved = (await practice.done("rescheduleAppointment", later, BOOKED))["appointment"]
    assert moved["room"] == {"roomId": rooms[0]}
