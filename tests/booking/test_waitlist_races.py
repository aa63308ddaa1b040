"""Several at once about what is offered on the waitlist: nobody is booked twice, nobody is passed over."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import Any

import pytest

from tests.booking.books import ANN, assert_sound
from tests.booking.clients import HOUR, TEN, Asked, Client, clients
from tests.booking.conftest import House

ACCEPT = """mutation($input: AcceptOfferInput!) { acceptOffer(input: $input) {
  appointment { appointmentId } errors { ... on UserError { code } } } }"""
DECLINE = """mutation($input: DeclineOfferInput!) { declineOffer(input: $input) {
  entry { status } errors { ... on UserError { code } } } }"""
CANCEL = """mutation($input: CancelAppointmentInput!) { cancelAppointment(input: $input) {
  appointment { status } errors { ... on UserError { code } } } }"""


@pytest.fixture(autouse=True)
async def nobody_else_waits(house: House) -> None:
    await house.books.run("UPDATE service SET horizon_days = 4000")
    await house.books.run("UPDATE waitlist_entry SET status = 'LEFT', offered_id = NULL")


async def entry(house: House, therapist: int) -> int:
    """Somebody who waits for a session of an hour with this therapist, written past the application."""
    who = await house.books.value(
        "INSERT INTO client (name, search_name) VALUES ('c', 'c') RETURNING client_id"
    )
    number: int = await house.books.value(
        "INSERT INTO waitlist_entry (client_id, service_code, therapist_ids, from_at, until_at, joined_at, "
        "turn) SELECT $1, 'one-off', $2, $3, $4, 0, coalesce(max(turn), 0) + 1 FROM waitlist_entry "
        "RETURNING waitlist_entry_id",
        who,
        f'["{therapist}"]',
        TEN - HOUR,
        TEN + 100 * HOUR,
    )
    return number


async def shown(house: House, number: int) -> tuple[Any, ...]:
    """An entry's status, the hold that it is offered and the session that it came to."""
    return (
        await house.books.run(
            "SELECT status, offered_id, appointment_id FROM waitlist_entry WHERE waitlist_entry_id = $1",
            number,
        )
    )[0]


async def cancel(one: Client, session: int) -> None:
    given = {"appointmentId": str(session), "by": "CLIENT"}
    payload = (await one.data(CANCEL, {"input": given}))["cancelAppointment"]
    assert payload["errors"] == [], payload


async def accept(one: Client, number: int) -> str | None:
    """The session's number, or none where the offer was gone."""
    payload = (await one.data(ACCEPT, {"input": {"waitlistEntryId": str(number)}}))["acceptOffer"]
    if payload["errors"]:
        assert [error["code"] for error in payload["errors"]] == ["HOLD_EXPIRED"], payload
        return None
    found: str = payload["appointment"]["appointmentId"]
    return found


async def offered(house: House, therapist: int, one: Client) -> tuple[int, int]:
    """Two who wait; the first is offered a session that was cancelled."""
    session = await house.books.session(therapist, TEN)
    numbers = (await entry(house, therapist), await entry(house, therapist))
    await cancel(one, session)
    assert (await shown(house, numbers[0]))[0] == "OFFERED"
    return numbers


async def live(house: House, therapist: int) -> list[tuple[Any, ...]]:
    return await house.books.run(
        "SELECT appointment_id, status FROM appointment WHERE therapist_id = $1 AND blocks", therapist
    )


async def test_one_offer_accepted_twenty_times_at_once_is_one_session(house: House, therapist: int) -> None:
    async with clients(house.url, 20, ANN) as everybody:
        first, second = await offered(house, therapist, everybody[0])
        told = await asyncio.gather(*(accept(one, first) for one in everybody))
    ((session, status),) = await live(house, therapist)
    assert (status, set(told)) == ("BOOKED", {str(session)})
    assert await shown(house, first) == ("ACCEPTED", None, session)
    assert (await shown(house, second))[0] == "WAITING"
    members = "SELECT count(*) FROM appointment_client WHERE appointment_id = $1"
    assert await house.books.value(members, session) == 1


async def test_an_offer_that_is_accepted_and_declined_at_once_is_either_and_never_both(
    house: House, therapist: int
) -> None:
    async with clients(house.url, 8, ANN) as everybody:
        first, second = await offered(house, therapist, everybody[0])
        given = {"input": {"waitlistEntryId": str(first)}}
        told, _ = await asyncio.gather(
            asyncio.gather(*(accept(one, first) for one in everybody[:4])),
            asyncio.gather(*(one.data(DECLINE, given) for one in everybody[4:])),
        )
    ((session, status),) = await live(house, therapist)
    if any(told):
        assert (status, set(told) - {None}) == ("BOOKED", {str(session)})
        assert (await shown(house, second))[0] == "WAITING"
    else:
        assert status == "HELD"
        assert await shown(house, second) == ("OFFERED", session, None)


async def test_an_offer_that_runs_out_while_it_is_accepted_belongs_to_one_of_the_two(
    house: House, therapist: int
) -> None:
    """Something else in the diary is cancelled at the same moments, which passes on what has run out."""
    async with clients(house.url, 8, ANN) as everybody:
        others = [await house.books.session(therapist, TEN + n * 5 * HOUR) for n in range(200, 204)]
        first, second = await offered(house, therapist, everybody[0])
        out = "UPDATE waitlist_entry SET offered_until = 1 WHERE waitlist_entry_id = $1 AND offered_id > 0"
        told, *_ = await asyncio.gather(
            asyncio.gather(*(accept(one, first) for one in everybody[:4])),
            house.books.run(out, first),
            *(cancel(one, number) for one, number in zip(everybody[4:], others, strict=True)),
        )
        last = await house.books.session(therapist, TEN + 300 * 5 * HOUR)
        await cancel(everybody[0], last)
    ((session, status),) = await live(house, therapist)
    if any(told):
        assert (status, set(told) - {None}) == ("BOOKED", {str(session)})
        assert (await shown(house, first))[0] == "ACCEPTED"
        assert (await shown(house, second))[0] == "WAITING"
    else:
        assert (await shown(house, first))[0] == "WAITING"
        assert await shown(house, second) == ("OFFERED", session, None)


async def test_of_two_sessions_cancelled_at_once_the_one_who_waits_is_offered_one(
    house: House, therapist: int
) -> None:
    """In two diaries, so that no lock of a diary keeps them apart."""
    other = await house.books.therapist()
    sessions = [await house.books.session(therapist, TEN), await house.books.session(other, TEN)]
    number = await entry(house, therapist)
    await house.books.run(
        "UPDATE waitlist_entry SET therapist_ids = '[]' WHERE waitlist_entry_id = $1", number
    )
    async with clients(house.url, 2, ANN) as everybody:
        await asyncio.gather(*(cancel(*pair) for pair in zip(everybody, sessions, strict=True)))
    held = [*await live(house, therapist), *await live(house, other)]
    status, hold, _ = await shown(house, number)
    assert (status, held) == ("OFFERED", [(hold, "HELD")])


async def test_twenty_sessions_cancelled_at_once_are_offered_to_twenty_who_wait_one_each(
    house: House, therapist: int
) -> None:
    sessions = [await house.books.session(therapist, TEN + n * 2 * HOUR) for n in range(20)]
    numbers = [await entry(house, therapist) for _ in range(22)]
    async with clients(house.url, 20, ANN) as everybody:
        await asyncio.gather(*(cancel(*pair) for pair in zip(everybody, sessions, strict=True)))
    told = [await shown(house, number) for number in numbers]
    assert Counter(status for status, _, _ in told) == {"OFFERED": 20, "WAITING": 2}
    assert [status for status, _, _ in told[20:]] == ["WAITING"] * 2
    assert {hold for _, hold, _ in told[:20]} == {hold for hold, _ in await live(house, therapist)}
    await assert_sound(house.books)


async def test_whoever_books_while_a_session_is_cancelled_and_offered_gets_it_or_is_told_no(
    house: House, therapist: int
) -> None:
    """On PostgreSQL these bookings take no lock of the diary: the constraint alone stands between."""
    session = await house.books.session(therapist, TEN)
    number = await entry(house, therapist)
    wish = Asked(therapist_id=therapist, starts_at=TEN, length=3000)
    async with clients(house.url, 12, ANN) as everybody:
        outcomes, _ = await asyncio.gather(
            asyncio.gather(*(one.book(wish) for one in everybody[:11])), cancel(everybody[11], session)
        )
    won = [outcome for outcome in outcomes if outcome.code is None]
    assert {outcome.code for outcome in outcomes} <= {None, "SLOT_TAKEN"}
    status, hold, _ = await shown(house, number)
    held = await live(house, therapist)
    if won:
        assert (won[0].appointment_id, "BOOKED") in held
    else:
        assert (status, held) == ("OFFERED", [(hold, "HELD")])
    await assert_sound(house.books)
