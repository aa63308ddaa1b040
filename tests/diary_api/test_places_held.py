"""A place in a group that is kept for a while: another's it is not, and the constraint counts it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.booking.books import BEN
from tests.diary_api import openings as o
from tests.diary_api.conftest import Practice
from tests.diary_api.test_holds import BOOKED, HOLD, as_ben, codes
from tests.diary_api.test_taking_part import people

PLACES = "appointment { appointmentId placesTaken }"


@dataclass(frozen=True)
class Group:
    """A session for two that one client takes part in, in the diary of somebody who works that day."""

    practice: Practice
    therapist: int
    service: str
    at: int
    number: str

    @property
    def place(self) -> dict[str, Any]:
        return {"therapistId": self.therapist, "startsAt": o.text(self.at), "service": self.service}

    async def held(self) -> str:
        """The number of a hold of ours on a place."""
        number: str = (await self.practice.done("holdSlot", self.place, HOLD))["hold"]["holdId"]
        return number

    async def booking(self, hold: str | None = None, **more: Any) -> dict[str, Any]:
        """What books a place for somebody new."""
        return {**self.place, "clientIds": await people(self.practice, 1), "holdId": hold, **more}

    async def run_out(self, hold: str) -> None:
        await self.practice.books.run(
            "UPDATE appointment SET held_until = 1 WHERE appointment_id = $1", int(hold)
        )

    async def counted(self) -> tuple[Any, ...]:
        """Places taken and held, as the group's row counts them."""
        sql = "SELECT places_taken, places_held FROM appointment WHERE appointment_id = $1"
        return (await self.practice.books.run(sql, int(self.number)))[0]

    async def offered(self, ask: Any) -> list[int]:
        """The places left of what the search offers at that time."""
        search = {
            "therapistIds": [str(self.therapist)], "service": self.service,
            "from": o.text(self.at), "until": o.text(self.at + 3600),
        }  # fmt: skip
        found = await ask(
            "query($s: SlotSearch!) { freeSlots(search: $s) { edges { node { startsAt placesLeft } } } }",
            s=search,
        )
        return [edge["node"]["placesLeft"] for edge in found["freeSlots"]["edges"]]


@pytest.fixture
async def group(practice: Practice) -> Group:
    books = practice.books
    number = await o.therapist(books)
    await o.works(books, number, 540, 1020)
    code = await o.service(books, capacity=2)
    at = o.at("Europe/London", o.monday(), 600)
    given = {"therapistId": number, "startsAt": o.text(at), "service": code}
    given["clientIds"] = await people(practice, 1)
    booked = await practice.done("bookAppointment", given, BOOKED)
    return Group(practice, number, code, at, booked["appointment"]["appointmentId"])


async def ben_asks(practice: Practice, document: str, **variables: Any) -> Any:
    headers = {"Authorization": f"Bearer {BEN}"}
    body = {"query": document, "variables": variables}
    return (await practice.client.post("/graphql", json=body, headers=headers)).json()["data"]


async def test_a_held_place_is_the_holders_alone_and_becomes_the_clients(group: Group) -> None:
    """Scenario 25, for a place: what the search offers can be held, and is then not offered to others."""
    practice = group.practice
    assert await group.offered(practice.ask) == [1]
    hold = await group.held()
    assert await group.offered(practice.ask) == [1]
    assert await group.offered(lambda *a, **v: ben_asks(practice, *a, **v)) == []
    for field, given, selection in (
        ("holdSlot", group.place, HOLD),
        ("bookAppointment", await group.booking(), BOOKED),
    ):
        assert codes(await as_ben(practice, field, given, selection)) == ["SLOT_TAKEN"]
    join = {"appointmentId": group.number, "clientIds": await people(practice, 1)}
    assert codes(await as_ben(practice, "joinAppointment", join, PLACES)) == ["FULLY_BOOKED"]
    booked = await practice.done("bookAppointment", await group.booking(hold), PLACES)
    assert booked["appointment"] == {"appointmentId": group.number, "placesTaken": 2}
    assert await group.counted() == (2, 0)


async def test_staff_who_set_the_rules_aside_do_not_get_a_place_that_is_held(group: Group) -> None:
    await group.held()
    given = await group.booking(overrideRules=True)
    assert codes(await as_ben(group.practice, "bookAppointment", given, BOOKED)) == ["FULLY_BOOKED"]


async def test_a_held_place_that_ran_out_is_in_nobodys_way(group: Group) -> None:
    """Scenario 26, for a place: by holding, by booking, by joining."""
    hold = await group.held()
    await group.run_out(hold)
    theirs = await as_ben(group.practice, "holdSlot", group.place, HOLD)
    assert codes(theirs) == []
    assert codes(await group.practice.do("bookAppointment", await group.booking(hold), BOOKED)) == [
        "SLOT_TAKEN"
    ]
    await group.run_out(theirs["hold"]["holdId"])
    late = await group.booking(hold, overrideRules=True)
    assert codes(await group.practice.do("bookAppointment", late, BOOKED)) == ["HOLD_EXPIRED"]
    await group.practice.done("bookAppointment", await group.booking(), BOOKED)
    assert await group.counted() == (2, 0)


async def test_who_joins_takes_a_place_that_ran_out(group: Group) -> None:
    await group.run_out((await as_ben(group.practice, "holdSlot", group.place, HOLD))["hold"]["holdId"])
    join = {"appointmentId": group.number, "clientIds": await people(group.practice, 1)}
    await group.practice.done("joinAppointment", join, PLACES)
    assert await group.counted() == (2, 0)


async def test_a_place_of_ones_own_gives_way_to_what_one_does_next(group: Group) -> None:
    """A new hold, a booking that does not name it, joining: the account's own hold is never in its way."""
    first, second = await group.held(), await group.held()
    assert first != second
    assert await group.counted() == (1, 1)
    join = {"appointmentId": group.number, "clientIds": await people(group.practice, 1)}
    await group.practice.done("joinAppointment", join, PLACES)
    assert await group.counted() == (2, 0)


async def test_a_place_can_be_booked_without_naming_the_hold(group: Group) -> None:
    await group.held()
    await group.practice.done("bookAppointment", await group.booking(), PLACES)
    assert await group.counted() == (2, 0)


async def test_a_place_needs_somebody_to_take_it_and_stays_held_until_then(group: Group) -> None:
    hold = await group.held()
    nobody = await group.booking(hold, clientIds=[])
    assert codes(await group.practice.do("bookAppointment", nobody, BOOKED)) == ["INVALID_INPUT"]
    assert await group.counted() == (1, 1)
    await group.practice.done("bookAppointment", await group.booking(hold), BOOKED)


async def test_a_hold_of_a_place_keeps_one_place_and_not_more(group: Group) -> None:
    hold = await group.held()
    two = await group.booking(hold, clientIds=await people(group.practice, 2))
    assert codes(await group.practice.do("bookAppointment", two, BOOKED)) == ["FULLY_BOOKED"]
    assert await group.counted() == (1, 1)


async def test_a_place_that_is_given_back_is_anybodys(group: Group) -> None:
    hold = await group.held()
    assert codes(await as_ben(group.practice, "releaseHold", {"holdId": hold}, "holdId")) == ["NOT_FOUND"]
    await group.practice.done("releaseHold", {"holdId": hold}, "holdId")
    assert await group.counted() == (1, 0)
    assert codes(await as_ben(group.practice, "bookAppointment", await group.booking(), BOOKED)) == []


async def test_a_place_is_lost_with_its_group(group: Group) -> None:
    """Whoever held it is told, and not given a session of their own in its stead."""
    hold = await group.held()
    cancel = {"appointmentId": group.number, "by": "PRACTICE"}
    await group.practice.done("cancelAppointment", cancel, BOOKED)
    assert await group.counted() == (1, 0)
    given = await group.booking(hold)
    assert codes(await group.practice.do("bookAppointment", given, BOOKED)) == ["HOLD_EXPIRED"]
    assert codes(await as_ben(group.practice, "bookAppointment", given | {"holdId": None}, BOOKED)) == []


async def test_a_place_is_lost_where_its_group_moves_to_another_time(group: Group) -> None:
    hold = await group.held()
    move = {"appointmentId": group.number, "startsAt": o.text(group.at + 7200)}
    await group.practice.done("rescheduleAppointment", move, BOOKED)
    assert await group.counted() == (1, 0)
    given = await group.booking(hold)
    assert codes(await group.practice.do("bookAppointment", given, BOOKED)) == ["HOLD_EXPIRED"]


async def test_a_full_group_has_no_place_to_hold(group: Group) -> None:
    await group.practice.done("bookAppointment", await group.booking(), BOOKED)
    assert codes(await group.practice.do("holdSlot", group.place, HOLD)) == ["SLOT_TAKEN"]


async def test_a_full_group_in_a_diary_that_nobody_has_set_up_has_none_either(
    practice: Practice, therapist: int
) -> None:
    code = await o.service(practice.books, capacity=2)
    place = {"therapistId": therapist, "startsAt": o.text(o.at("UTC", o.monday(), 600)), "service": code}
    await practice.done("bookAppointment", {**place, "clientIds": await people(practice, 1)}, BOOKED)
    held = await practice.done("holdSlot", place, HOLD)
    assert codes(await as_ben(practice, "holdSlot", place, HOLD)) == ["SLOT_TAKEN"]
    more = {**place, "clientIds": await people(practice, 1), "holdId": held["hold"]["holdId"]}
    await practice.done("bookAppointment", more, BOOKED)
    assert codes(await as_ben(practice, "holdSlot", place, HOLD)) == ["SLOT_TAKEN"]


async def test_a_held_place_is_no_session_and_a_calendar_shows_it_while_it_is_held(group: Group) -> None:
    hold = await group.held()
    assert await in_the_calendar(group) == ([{"startsAt": o.text(group.at)}], 1)
    await group.run_out(hold)
    assert await in_the_calendar(group) == ([], 1)


async def in_the_calendar(group: Group) -> tuple[Any, int]:
    """What a calendar draws as held, and how many sessions there are; one span is busy in either case."""
    found = await group.practice.ask(
        "query($t: ID!, $f: DateTime!, $u: DateTime!) { appointments(filters: {therapistIds: [$t]}) { "
        "totalCount } diary(therapistIds: [$t], from: $f, until: $u) { held { startsAt } busy { startsAt } "
        "appointments { appointmentId } } }",
        t=str(group.therapist), f=o.text(group.at), u=o.text(group.at + 3600),
    )  # fmt: skip
    (diary,) = found["diary"]
    assert diary["busy"] == [{"startsAt": o.text(group.at)}]
    assert [one["appointmentId"] for one in diary["appointments"]] == [group.number]
    return diary["held"], found["appointments"]["totalCount"]


async def test_the_database_refuses_a_client_for_whom_only_a_held_place_is_left(group: Group) -> None:
    """SQL written around the application, and a hold more than there are places."""
    await group.held()
    (client,) = await people(group.practice, 1)
    books, number = group.practice.books, int(group.number)
    with pytest.raises(Exception, match="appointment_places"):
        await books.run(
            "INSERT INTO appointment_client (appointment_id, client_id) VALUES ($1, $2)",
            number,
            int(client),
        )
    with pytest.raises(Exception, match="appointment_places"):
        await books.run(
            "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at, status, held_until, "
            "held_by, place_of) SELECT therapist_id, service_code, starts_at, ends_at, 'PROPOSED', "
            "4000000000, 2, appointment_id FROM appointment WHERE appointment_id = $1",
            number,
        )
    with pytest.raises(Exception, match="a place that is held is given back, and never rewritten"):
        await books.run("UPDATE appointment SET place_of = NULL WHERE place_of = $1", number)
