"""Two at once, or many: over connections of their own, to three worker processes, on both databases.

Each race has one right outcome whoever is first, and is run several times. The losers are told why, never
that too many people are at it. Afterwards the database is asked, past the application.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from tests.booking.books import ANN, BEN, Books
from tests.booking.clients import HOUR, TEN, rfc3339
from tests.booking.wire import Wire
from tests.proof.promises import COPIES, TWICE
from tests.support.server import Server, running

ROUNDS = 6
WEEK = 7 * 24 * HOUR
_names = itertools.count(1)


@pytest.fixture(scope="module")
def served(books: Books, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Three processes over one database."""
    with running(books.url, tmp_path_factory.mktemp("races"), "--workers", "3") as server:
        yield server


@dataclass(frozen=True)
class Desk:
    """Somebody at a desk, with a connection of their own."""

    wire: Wire

    async def do(self, field: str, selection: str = "", **given: Any) -> tuple[str, Any]:
        """The code of the refusal, or an empty one, and the payload."""
        type_name = f"{field[0].upper()}{field[1:]}Input"
        body = f"{{ {selection} errors {{ ... on UserError {{ code }} }} }}"
        document = f"mutation Do($input: {type_name}!) {{ {field}(input: $input) {body} }}"
        answer = await self.wire.ask(document, {"input": given})
        assert "errors" not in answer, answer
        payload = answer["data"][field]
        return payload["errors"][0]["code"] if payload["errors"] else "", payload

    async def code(self, field: str, **given: Any) -> str:
        return (await self.do(field, **given))[0]


@asynccontextmanager
async def desks(url: str, *tokens: str) -> AsyncIterator[list[Desk]]:
    """All connected before the first of them speaks."""
    wires = await asyncio.gather(*(Wire.open(url, token) for token in tokens))
    try:
        yield [Desk(wire) for wire in wires]
    finally:
        for wire in wires:
            wire.cut()


@pytest.fixture
async def two(served: Server) -> AsyncIterator[list[Desk]]:
    async with desks(served.url, ANN, BEN) as found:
        yield found


@pytest.fixture
async def many(served: Server) -> AsyncIterator[list[Desk]]:
    async with desks(served.url, *([ANN, BEN] * 6)) as found:
        yield found


@pytest.fixture(autouse=True)
async def nobody_is_in_two_places(books: Books) -> AsyncIterator[None]:
    """Asked of all rows after every test."""
    yield
    assert await books.run(TWICE) == []
    assert await books.run(COPIES) == []
    wrong = (
        "SELECT appointment_id FROM appointment a WHERE places_taken > capacity OR places_taken <> "
        "(SELECT count(*) FROM appointment_client c WHERE c.appointment_id = a.appointment_id)"
    )
    assert await books.run(wrong) == []


def slot(therapist: int, at: int = TEN, service: str = "one-off", **more: Any) -> dict[str, Any]:
    times = {"startsAt": rfc3339(at), "durationSeconds": HOUR}
    return {"therapistId": str(therapist), "service": service, **times, **more}


async def both(one: Any, other: Any) -> list[str]:
    return list(await asyncio.gather(one, other))


async def a_client(books: Books) -> str:
    sql = "INSERT INTO client (name, search_name) VALUES ('kim', 'kim') RETURNING client_id"
    return str(await books.value(sql))


async def a_service(books: Books, **columns: Any) -> str:
    row = {"code": f"race {next(_names)}", "name": "race", "search_name": "race", "duration_seconds": HOUR}
    row |= columns
    places = ", ".join(f"${n}" for n in range(1, len(row) + 1))
    await books.run(f"INSERT INTO service ({', '.join(row)}) VALUES ({places})", *row.values())
    return str(row["code"])


async def live(books: Books, therapist: int) -> list[tuple[Any, ...]]:
    return await books.run(
        "SELECT starts_at, status FROM appointment WHERE therapist_id = $1 AND blocks ORDER BY 1", therapist
    )


# ---- holds --------------------------------------------------------------------------------------


async def test_of_two_who_hold_one_slot_at_once_one_holds_it(books: Books, two: list[Desk]) -> None:
    """Scenario 25."""
    ann, ben = two
    for _ in range(ROUNDS):
        wanted = slot(await books.therapist())
        codes = await both(ann.code("holdSlot", **wanted), ben.code("holdSlot", **wanted))
        assert sorted(codes) == ["", "SLOT_TAKEN"]
        assert await live(books, int(wanted["therapistId"])) == [(TEN, "HELD")]


async def test_of_one_who_holds_and_one_who_books_a_slot_at_once_one_has_it(
    books: Books, two: list[Desk]
) -> None:
    """Scenario 25."""
    ann, ben = two
    for _ in range(ROUNDS):
        wanted = slot(await books.therapist())
        codes = await both(ann.code("holdSlot", **wanted), ben.code("bookAppointment", **wanted))
        assert sorted(codes) == ["", "SLOT_TAKEN"]
        status = "BOOKED" if codes[0] else "HELD"
        assert await live(books, int(wanted["therapistId"])) == [(TEN, status)]


async def test_of_two_forms_that_book_one_hold_at_once_one_is_told_that_it_is_gone(
    books: Books, two: list[Desk], served: Server
) -> None:
    """Scenario 26: a hold becomes one session, however often the button is pressed."""
    async with desks(served.url, ANN, ANN) as (one, other):
        for _ in range(ROUNDS):
            wanted = slot(await books.therapist())
            _, payload = await one.do("holdSlot", "hold { holdId }", **wanted)
            held = {**wanted, "holdId": payload["hold"]["holdId"]}
            codes = await both(one.code("bookAppointment", **held), other.code("bookAppointment", **held))
            assert sorted(codes) in (["", "HOLD_EXPIRED"], ["", "SLOT_TAKEN"])
            assert await live(books, int(wanted["therapistId"])) == [(TEN, "BOOKED")]


async def test_of_two_who_book_where_a_hold_ran_out_one_gets_it(books: Books, two: list[Desk]) -> None:
    """Scenario 26: nobody has cleared the hold away, and neither is in the other's way over it."""
    ann, ben = two
    for _ in range(ROUNDS):
        therapist = await books.therapist()
        wanted = slot(therapist)
        assert await ann.code("holdSlot", **wanted) == ""
        await books.run("UPDATE appointment SET held_until = 1 WHERE therapist_id = $1", therapist)
        codes = await both(ann.code("bookAppointment", **wanted), ben.code("bookAppointment", **wanted))
        assert sorted(codes) == ["", "SLOT_TAKEN"]
        assert await live(books, therapist) == [(TEN, "BOOKED")]


# ---- moves --------------------------------------------------------------------------------------


async def test_of_two_sessions_moved_into_one_slot_at_once_one_gets_there(
    books: Books, two: list[Desk]
) -> None:
    """Scenario 31: the other stands untouched."""
    for _ in range(ROUNDS):
        therapist = await books.therapist()
        starts = [TEN, TEN + 2 * HOUR]
        sessions = [await books.session(therapist, at) for at in starts]
        wanted = rfc3339(TEN + 4 * HOUR)
        codes = await both(
            *(
                desk.code("rescheduleAppointment", appointmentId=str(number), startsAt=wanted)
                for desk, number in zip(two, sessions, strict=True)
            )
        )
        assert sorted(codes) == ["", "SLOT_TAKEN"]
        stays = starts[codes.index("SLOT_TAKEN")]
        assert await live(books, therapist) == [(stays, "BOOKED"), (TEN + 4 * HOUR, "BOOKED")]


async def test_of_a_move_and_a_booking_into_one_slot_at_once_one_gets_there(
    books: Books, two: list[Desk]
) -> None:
    ann, ben = two
    for _ in range(ROUNDS):
        therapist = await books.therapist()
        number = await books.session(therapist, TEN)
        move = {"appointmentId": str(number), "startsAt": rfc3339(TEN + 4 * HOUR)}
        codes = await both(
            ann.code("rescheduleAppointment", **move),
            ben.code("bookAppointment", **slot(therapist, TEN + 4 * HOUR)),
        )
        assert sorted(codes) == ["", "SLOT_TAKEN"]


async def test_two_sessions_that_change_therapists_at_once_neither_meet_nor_wait_for_ever(
    books: Books, two: list[Desk]
) -> None:
    """Each is in the other's way at first: both are refused, or one after the other they find room."""
    ann, ben = two
    for _ in range(ROUNDS):
        therapists = [await books.therapist() for _ in range(2)]
        numbers = [await books.session(therapist, TEN) for therapist in therapists]
        codes = await both(
            ann.code("reassignAppointment", appointmentId=str(numbers[0]), therapistId=str(therapists[1])),
            ben.code("reassignAppointment", appointmentId=str(numbers[1]), therapistId=str(therapists[0])),
        )
        assert codes == ["SLOT_TAKEN", "SLOT_TAKEN"]


async def test_of_a_cancellation_and_a_move_by_two_who_saw_the_same_one_is_told_of_the_other(
    books: Books, two: list[Desk]
) -> None:
    """Scenario 28: neither is lost, and the history says what happened."""
    ann, ben = two
    for _ in range(ROUNDS):
        number = await books.session(await books.therapist(), TEN)
        seen = {"appointmentId": str(number), "expectedVersion": 1}
        codes = await both(
            ann.code("cancelAppointment", by="PRACTICE", **seen),
            ben.code("rescheduleAppointment", startsAt=rfc3339(TEN + 4 * HOUR), **seen),
        )
        assert sorted(codes) == ["", "STALE_VERSION"]
        sql = "SELECT status, starts_at, version FROM appointment WHERE appointment_id = $1"
        rows = await books.run(sql, number)
        assert rows == [("BOOKED", TEN + 4 * HOUR, 2) if codes[0] else ("CANCELLED", TEN, 2)]


async def test_what_is_cancelled_and_moved_at_once_is_cancelled_in_the_end(
    books: Books, two: list[Desk]
) -> None:
    """Without a version: a move that comes too late is refused; one before that is cancelled with it."""
    ann, ben = two
    for _ in range(ROUNDS):
        number = await books.session(await books.therapist(), TEN)
        codes = await both(
            ann.code("cancelAppointment", by="PRACTICE", appointmentId=str(number)),
            ben.code("rescheduleAppointment", appointmentId=str(number), startsAt=rfc3339(TEN + 4 * HOUR)),
        )
        assert codes[0] == ""
        assert codes[1] in ("", "TRANSITION_REFUSED")
        events = await books.run(
            "SELECT version, status FROM appointment_event WHERE appointment_id = $1 ORDER BY version",
            number,
        )
        assert [row[0] for row in events] == list(range(1, len(events) + 1))
        assert events[-1][1] == "CANCELLED"
        assert len(events) == (3 if codes[1] == "" else 2)


# ---- requests and series ------------------------------------------------------------------------


async def test_of_a_confirmation_and_a_booking_of_one_time_one_succeeds(
    books: Books, two: list[Desk]
) -> None:
    """Scenario 20."""
    ann, ben = two
    for _ in range(ROUNDS):
        therapist = await books.therapist()
        code, asked = await ann.do("requestAppointment", "appointment { appointmentId }", **slot(therapist))
        assert code == ""
        codes = await both(
            ann.code("confirmAppointment", appointmentId=asked["appointment"]["appointmentId"]),
            ben.code("bookAppointment", **slot(therapist, TEN + HOUR // 2)),
        )
        assert sorted(codes) == ["", "SLOT_TAKEN"]
        assert len(await live(books, therapist)) == 1


async def test_two_staff_who_confirm_overlapping_requests_at_once_book_one_of_them(
    books: Books, two: list[Desk]
) -> None:
    """Scenario 20: the other is told that the time is taken, and its request stands as it was."""
    for _ in range(ROUNDS):
        therapist = await books.therapist()
        numbers = []
        for at in (TEN, TEN + HOUR // 2):
            _, asked = await two[0].do(
                "requestAppointment", "appointment { appointmentId }", **slot(therapist, at)
            )
            numbers.append(asked["appointment"]["appointmentId"])
        codes = await both(
            *(
                desk.code("confirmAppointment", appointmentId=number)
                for desk, number in zip(two, numbers, strict=True)
            )
        )
        assert sorted(codes) == ["", "SLOT_TAKEN"]
        rows = await books.run(
            "SELECT status FROM appointment WHERE therapist_id = $1 ORDER BY appointment_id", therapist
        )
        assert [row[0] for row in rows] == ["PROPOSED" if code else "BOOKED" for code in codes]


async def test_of_a_series_and_a_single_session_that_share_a_time_one_is_booked_and_the_series_whole(
    books: Books, two: list[Desk]
) -> None:
    """Scenario 36: all of the series or nothing."""
    ann, ben = two
    for _ in range(ROUNDS):
        therapist = await books.therapist()
        pattern = {"every": "WEEKLY", "count": 5}
        codes = await both(
            ann.code("bookSeries", pattern=pattern, **slot(therapist)),
            ben.code("bookAppointment", **slot(therapist, TEN + 3 * WEEK + HOUR // 2)),
        )
        assert codes in (["", "SLOT_TAKEN"], ["SERIES_CONFLICT", ""], ["SLOT_TAKEN", ""])
        assert len(await live(books, therapist)) == (1 if codes[0] else 5)


# ---- places, rooms and clients ------------------------------------------------------------------


async def test_of_many_who_want_the_last_place_of_a_group_one_gets_it(
    books: Books, many: list[Desk]
) -> None:
    """Then of as many who want the whole group, as many as it has places for."""
    group = await a_service(books, capacity=3)
    clients = [await a_client(books) for _ in many]
    therapist = await books.therapist()
    for at, there in ((TEN, 2), (TEN + 2 * HOUR, 0)):
        early = [await a_client(books) for _ in range(there)]
        for client in early:
            assert (
                await many[0].code("bookAppointment", **slot(therapist, at, group, clientIds=[client]))
                == ""
            )
        codes = await asyncio.gather(
            *(
                desk.code("bookAppointment", **slot(therapist, at, group, clientIds=[client]))
                for desk, client in zip(many, clients, strict=True)
            )
        )
        left = 3 - there
        assert Counter(codes) == {"": left, "FULLY_BOOKED": len(many) - left}
    assert len(await live(books, therapist)) == 2


async def test_of_two_who_want_the_last_place_one_holds_it_or_the_other_has_it(
    books: Books, two: list[Desk]
) -> None:
    """Two holds; a hold and a booking; a hold and somebody who joins."""
    ann, ben = two
    group = await a_service(books, capacity=2)
    client = await a_client(books)
    rivals = (
        lambda place, number: ben.code("holdSlot", **place),
        lambda place, number: ben.code("bookAppointment", clientIds=[client], **place),
        lambda place, number: ben.code("joinAppointment", appointmentId=number, clientIds=[client]),
    )
    for n in range(ROUNDS):
        for at, rival in enumerate(rivals, start=3 * n):
            place = slot(await books.therapist(), TEN + at * 2 * HOUR, group)
            there = await a_client(books)
            assert await ann.code("bookAppointment", clientIds=[there], **place) == ""
            number = await books.value(
                "SELECT appointment_id FROM appointment WHERE therapist_id = $1", int(place["therapistId"])
            )
            codes = await both(ann.code("holdSlot", **place), rival(place, str(number)))
            assert sorted(codes) in (["", "SLOT_TAKEN"], ["", "FULLY_BOOKED"])
            taken = "SELECT places_taken + places_held FROM appointment WHERE appointment_id = $1"
            assert await books.value(taken, number) == 2


async def test_of_two_therapists_who_need_the_only_room_at_once_one_has_it(
    books: Books, two: list[Desk]
) -> None:
    """Where there is another room, both have one."""
    roomy = await a_service(books, needs_room=books.path is None or 1)
    await books.run(
        "DELETE FROM room WHERE room_id NOT IN (SELECT room_id FROM appointment WHERE room_id > 0)"
    )
    rooms = await books.value("SELECT count(*) FROM room")
    for number in range(2 - rooms):
        await books.run("INSERT INTO room (name, search_name) VALUES ($1, $1)", f"room {number}")
    for n in range(ROUNDS):
        at = TEN + n * 3 * HOUR
        codes = await both(
            *[desk.code("bookAppointment", **slot(await books.therapist(), at, roomy)) for desk in two]
        )
        assert codes == ["", ""]
        at += HOUR
        assert await two[0].code("bookAppointment", **slot(await books.therapist(), at, roomy)) == ""
        codes = await both(
            *[desk.code("bookAppointment", **slot(await books.therapist(), at, roomy)) for desk in two]
        )
        assert sorted(codes) == ["", "ROOM_TAKEN"]


async def test_as_many_sessions_at_once_as_there_are_rooms_all_get_one(
    books: Books, many: list[Desk]
) -> None:
    """Scenario 29, for rooms: a free room is never refused because others are taking rooms just now."""
    roomy = await a_service(books, needs_room=books.path is None or 1)
    rooms = await books.value("SELECT count(*) FROM room")
    for number in range(len(many) - rooms):
        await books.run("INSERT INTO room (name, search_name) VALUES ($1, $1)", f"another room {number}")
    for n in range(2):
        at = TEN + 4 * WEEK + n * HOUR
        wanted = [slot(await books.therapist(), at, roomy) for _ in many]
        codes = await asyncio.gather(
            *(desk.code("bookAppointment", **each) for desk, each in zip(many, wanted, strict=True))
        )
        assert codes == [""] * len(many)


async def test_a_client_whom_two_therapists_book_at_once_has_one_session(
    books: Books, two: list[Desk]
) -> None:
    """Also where both book two clients, each in another order."""
    pair = await a_service(books, capacity=2)
    for n in range(2 * ROUNDS):
        clients = [await a_client(books) for _ in range(2)]
        chosen = [clients, clients[::-1]] if n % 2 else [clients[:1], clients[:1]]
        codes = await both(
            *[
                desk.code("bookAppointment", **slot(await books.therapist(), TEN, pair, clientIds=ids))
                for desk, ids in zip(two, chosen, strict=True)
            ]
        )
        assert sorted(codes) == ["", "CLIENT_BUSY"]
