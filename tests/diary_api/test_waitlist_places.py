"""A place in a group that becomes free is offered like a time: to the first in turn, and held for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from tests.booking.in_process import started
from tests.diary_api import openings as o
from tests.diary_api.conftest import Practice
from tests.diary_api.test_holds import BOOKED, HOLD, as_ben, codes
from tests.diary_api.test_taking_part import changes, people
from tests.diary_api.test_waitlist import ENTRY, become, entry, of, runs_out, statuses

TOOK_PART = """appointment { appointmentId placesTaken clients { edges { node { clientId } } }
    history { edges { node { change } } } }"""


@dataclass(frozen=True)
class Full:
    """A session whose every place is taken, in the diary of somebody who works that day."""

    practice: Practice
    therapist: int
    service: str
    at: int
    number: str
    members: Sequence[str]

    async def joins(self, client: str | None = None) -> str:
        """The number of a new entry of the waitlist, for that day."""
        given = {
            "clientId": client or (await people(self.practice, 1))[0], "service": self.service,
            "from": o.text(self.at - 3600), "until": o.text(self.at + 36_000),
        }  # fmt: skip
        done = await self.practice.done("joinWaitlist", given, ENTRY)
        number: str = done["entry"]["waitlistEntryId"]
        return number

    async def leaves(self, client: str | None = None) -> None:
        given = {"appointmentId": self.number, "clientId": client or self.members[0], "by": "CLIENT"}
        await self.practice.done("leaveAppointment", given)

    async def book(self) -> list[str]:
        """What somebody is told who does not wait, and wants a place."""
        place = {"therapistId": self.therapist, "startsAt": o.text(self.at), "service": self.service}
        place["clientIds"] = await people(self.practice, 1)
        return codes(await as_ben(self.practice, "bookAppointment", place, BOOKED))

    async def counted(self) -> tuple[Any, ...]:
        sql = "SELECT places_taken, places_held FROM appointment WHERE appointment_id = $1"
        return (await self.practice.books.run(sql, int(self.number)))[0]


async def filled(practice: Practice, capacity: int, **columns: Any) -> Full:
    books = practice.books
    await books.run(
        "UPDATE waitlist_entry SET status = 'LEFT', offered_id = NULL WHERE status <> 'ACCEPTED'"
    )
    therapist = await o.therapist(books)
    await o.works(books, therapist, 540, 1020)
    code = await o.service(books, capacity=capacity, **columns)
    at = o.at("Europe/London", o.monday(), 600)
    members = await people(practice, capacity)
    given = {"therapistId": therapist, "startsAt": o.text(at), "service": code, "clientIds": members}
    booked = await practice.done("bookAppointment", given, BOOKED)
    return Full(practice, therapist, code, at, booked["appointment"]["appointmentId"], members)


@pytest.fixture
async def full(practice: Practice) -> Full:
    return await filled(practice, 3)


async def test_a_place_that_a_client_leaves_is_held_for_the_first_in_turn(full: Full) -> None:
    practice, client = full.practice, (await people(full.practice, 1))[0]
    first, second = await full.joins(client), await full.joins()
    assert await statuses(practice, first, second) == ["WAITING", "WAITING"]
    await full.leaves()
    assert await statuses(practice, first, second) == ["OFFERED", "WAITING"]
    offer = (await entry(practice, first))["offer"]
    assert (offer["startsAt"], offer["therapist"]["therapistId"]) == (o.text(full.at), str(full.therapist))
    assert await full.counted() == (2, 1)
    assert await full.book() == ["SLOT_TAKEN"]
    done = await practice.done("acceptOffer", of(first), f"{ENTRY} {TOOK_PART}")
    assert done["appointment"]["appointmentId"] == full.number
    assert {edge["node"]["clientId"] for edge in done["appointment"]["clients"]["edges"]} == {
        client,
        *full.members[1:],
    }
    assert done["entry"]["status"] == "ACCEPTED"
    assert await full.counted() == (3, 0)
    again = await practice.done("acceptOffer", of(first), TOOK_PART)
    assert again["appointment"]["appointmentId"] == full.number
    assert changes(again["appointment"])[-2:] == ["LEFT", "JOINED"]


async def test_as_many_are_offered_a_place_as_there_are(full: Full) -> None:
    """Whoever takes part already, or has been offered a place, is not offered one more."""
    client = (await people(full.practice, 1))[0]
    there, first, same, second, third = [
        await full.joins(one) for one in (full.members[2], client, client, None, None)
    ]
    await full.leaves()
    assert await statuses(full.practice, there, first, same, second) == [
        "WAITING", "OFFERED", "WAITING", "WAITING",
    ]  # fmt: skip
    await full.leaves(full.members[1])
    assert await statuses(full.practice, there, first, same, second, third) == [
        "WAITING", "OFFERED", "WAITING", "OFFERED", "WAITING",
    ]  # fmt: skip
    assert await full.counted() == (1, 2)


@pytest.mark.parametrize("how", ["declined", "left", "run out"])
async def test_a_place_that_is_not_taken_goes_to_the_next_in_turn(full: Full, how: str) -> None:
    practice = full.practice
    first, second = await full.joins(), await full.joins()
    await full.leaves()
    if how == "run out":
        await runs_out(practice, first)
        async with started(practice.books.url):
            await become(practice, ["WAITING", "OFFERED"], first, second)
    else:
        await practice.done("declineOffer" if how == "declined" else "leaveWaitlist", of(first))
    expected = "LEFT" if how == "left" else "WAITING"
    assert await statuses(practice, first, second) == [expected, "OFFERED"]
    assert await full.counted() == (2, 1)
    assert codes(await practice.do("acceptOffer", of(first))) == ["HOLD_EXPIRED"]
    await practice.done("acceptOffer", of(second))
    assert await full.counted() == (3, 0)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("cancelAppointment", {"by": "PRACTICE"}),
        ("markEnteredInError", {"reason": "twice"}),
        ("rescheduleAppointment", {"startsAt": 7200}),
    ],
)
async def test_an_offer_of_a_place_ends_with_the_group(
    full: Full, field: str, given: dict[str, Any]
) -> None:
    """Or where that meets at another time. The entry waits on, and is told."""
    number = await full.joins()
    await full.leaves()
    if "startsAt" in given:
        given = {"startsAt": o.text(full.at + given["startsAt"])}
    await full.practice.done(field, {"appointmentId": full.number, **given})
    assert await statuses(full.practice, number) == ["WAITING"]
    assert codes(await full.practice.do("acceptOffer", of(number))) == ["HOLD_EXPIRED"]
    record = await full.practice.books.run(
        "SELECT action FROM audit_event WHERE object_type = 'WaitlistEntry' AND object_id = $1 "
        "ORDER BY audit_event_id", int(number),
    )  # fmt: skip
    assert [row[0] for row in record][-2:] == ["makeOffer", "lapseOffer"]


async def test_a_place_that_somebody_held_is_offered_when_it_is_given_back(full: Full) -> None:
    practice = full.practice
    await full.leaves()
    place = {"therapistId": full.therapist, "startsAt": o.text(full.at), "service": full.service}
    held = await practice.done("holdSlot", place, HOLD)
    number = await full.joins()
    await practice.done("releaseHold", {"holdId": held["hold"]["holdId"]})
    assert await statuses(practice, number) == ["OFFERED"]


async def test_the_other_places_of_a_group_that_an_offer_began_are_offered_as_well(full: Full) -> None:
    practice = full.practice
    client = (await people(practice, 1))[0]
    first, second, same, third = [await full.joins(one) for one in (None, client, client, None)]
    await practice.done("cancelAppointment", {"appointmentId": full.number, "by": "PRACTICE"})
    assert await statuses(practice, first, second) == ["OFFERED", "WAITING"]
    session = await practice.done("acceptOffer", of(first), TOOK_PART)
    assert await statuses(practice, second, same, third) == ["OFFERED", "WAITING", "OFFERED"]
    joined = await practice.done("acceptOffer", of(second), TOOK_PART)
    assert joined["appointment"]["appointmentId"] == session["appointment"]["appointmentId"]
    assert joined["appointment"]["placesTaken"] == 2


async def test_a_place_needs_no_room_beside_the_groups(practice: Practice) -> None:
    needed = practice.books.path is None or 1
    await practice.books.run("DELETE FROM appointment WHERE room_id IS NOT NULL")
    await practice.books.run("DELETE FROM room")
    await practice.done("addRoom", {"name": "the only one"})
    full = await filled(practice, 2, needs_room=needed)
    number = await full.joins()
    await full.leaves()
    assert await statuses(practice, number) == ["OFFERED"]
    await practice.done("acceptOffer", of(number))


async def test_no_place_is_offered_of_what_has_to_be_asked_for(practice: Practice) -> None:
    approval = practice.books.path is None or 1
    full = await filled(practice, 2, needs_approval=approval)
    number = await full.joins()
    await full.leaves()
    assert await statuses(practice, number) == ["WAITING"]
