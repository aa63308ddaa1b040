"""Many clients, one diary: who gets the slot, what the others are told, and who must not be in the way."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from tests.booking.books import ANN, BEN, assert_sound
from tests.booking.clients import BOOK, HOUR, LOOKS_BACK, TEN, Asked, Client, client, clients
from tests.booking.conftest import House

FIFTY = 50


def at(therapist: int, hours: float, **more: object) -> Asked:
    return Asked(therapist_id=therapist, starts_at=TEN + int(hours * HOUR), **more)  # type: ignore[arg-type]


async def test_of_fifty_clients_who_want_one_slot_one_gets_it_and_49_are_told_the_nearest_free_ones(
    house: House, therapist: int
) -> None:
    """Scenario 19."""
    await house.books.session(therapist, TEN + HOUR)
    async with clients(house.url, FIFTY, ANN) as everybody:
        outcomes = await asyncio.gather(*(one.book(at(therapist, 0)) for one in everybody))
    won = [outcome for outcome in outcomes if outcome.code is None]
    lost = [outcome for outcome in outcomes if outcome.code is not None]
    assert len(won) == 1
    assert Counter(outcome.code for outcome in lost) == {"SLOT_TAKEN": 49}
    assert {outcome.offers for outcome in lost} == {(TEN - HOUR, TEN + 2 * HOUR, TEN - 2 * HOUR)}
    assert [row[1:] for row in await house.books.diary(therapist)] == [
        (TEN, TEN + HOUR),
        (TEN + HOUR, TEN + 2 * HOUR),
    ]


async def test_of_fifty_clients_with_keys_of_their_own_who_want_one_slot_one_gets_it_and_one_key_is_kept(
    house: House, therapist: int
) -> None:
    """Scenario 19."""
    keys = [f"race {therapist} {number}" for number in range(FIFTY)]
    async with clients(house.url, FIFTY, ANN) as everybody:
        outcomes = await asyncio.gather(
            *(one.book(at(therapist, 0, key=key)) for one, key in zip(everybody, keys, strict=True))
        )
    assert Counter(outcome.code for outcome in outcomes) == {None: 1, "SLOT_TAKEN": 49}
    kept = [row[1] for row in await house.books.keys() if row[2] == therapist]
    assert kept == [key for key, outcome in zip(keys, outcomes, strict=True) if outcome.code is None]


async def test_of_fifty_spans_that_all_share_a_minute_exactly_one_is_booked(
    house: House, therapist: int
) -> None:
    """Scenario 19, where no two ask for the same."""
    async with clients(house.url, FIFTY, ANN) as everybody:
        outcomes = await asyncio.gather(
            *(one.book(at(therapist, n / 60, length=HOUR + n)) for n, one in enumerate(everybody))
        )
    assert Counter(outcome.code for outcome in outcomes) == {None: 1, "SLOT_TAKEN": 49}
    assert len(await house.books.diary(therapist)) == 1


async def test_of_clients_on_both_roads_who_want_one_slot_exactly_one_gets_it(
    house: House, therapist: int
) -> None:
    """Scenario 19: one statement and one transaction meet on PostgreSQL, ten times."""
    async with clients(house.url, 20, ANN) as everybody:
        for number in range(10):
            outcomes = await asyncio.gather(
                *(
                    one.book(at(therapist, number * 2), LOOKS_BACK if n % 2 else BOOK)
                    for n, one in enumerate(everybody)
                )
            )
            assert Counter(outcome.code for outcome in outcomes) == {None: 1, "SLOT_TAKEN": 19}
    assert len(await house.books.diary(therapist)) == 10


async def test_old_and_new_clients_who_race_for_one_slot_leave_one_session_in_it(
    house: House, therapist: int
) -> None:
    """Scenarios 19 and 45: both forms are the same action. The old one may answer the identical session."""
    async with clients(house.url, FIFTY, ANN) as everybody:
        outcomes = await asyncio.gather(
            *(
                one.book(at(therapist, 0)) if number % 2 else one.create(at(therapist, 0))
                for number, one in enumerate(everybody)
            )
        )
    ((number, *_),) = await house.books.diary(therapist)
    old, new = outcomes[0::2], outcomes[1::2]
    assert {outcome.appointment_id for outcome in old} == {number}
    assert sum(outcome.code is None for outcome in new) <= 1
    assert {outcome.code for outcome in new} <= {None, "SLOT_TAKEN"}


async def test_of_two_people_who_confirm_overlapping_requests_at_once_one_succeeds(
    house: House, therapist: int
) -> None:
    """Scenario 20, ten times."""
    async with client(house.url, ANN) as ann, client(house.url, BEN) as ben:
        for number in range(10):
            first = at(therapist, number * 3)
            second = at(therapist, number * 3 + 0.5)
            both = await asyncio.gather(ann.book(first), ben.book(second))
            assert sorted(str(outcome.code) for outcome in both) == ["None", "SLOT_TAKEN"]
    assert len(await house.books.diary(therapist)) == 10


async def test_ten_to_eleven_and_then_eleven_to_twelve_are_both_accepted(
    house: House, therapist: int, ann: Client
) -> None:
    """Scenario 11, in the new form and in the old one."""
    accepted = [
        await ann.book(at(therapist, 0)),
        await ann.book(at(therapist, 1)),
        await ann.create(at(therapist, -1)),
        await ann.create(at(therapist, 2)),
    ]
    assert [outcome.code for outcome in accepted] == [None] * 4
    assert len(await house.books.diary(therapist)) == 4


async def test_the_old_range_filter_that_begins_and_ends_at_a_start_finds_that_session_alone(
    house: House, therapist: int, ann: Client
) -> None:
    """Scenario 12: inclusive at both ends."""
    booked = [await ann.book(at(therapist, hour)) for hour in range(3)]
    found = await ann.data(
        """
        query($at: Int!, $therapist: [ID!]) {
          appointments(filters: {
            therapistIds: $therapist, startTimeUnixSecondsRange: {begin: $at, end: $at}
          }) { edges { node { appointmentId } } }
        }
        """,
        {"at": TEN + HOUR, "therapist": [str(therapist)]},
    )
    numbers = [int(edge["node"]["appointmentId"]) for edge in found["appointments"]["edges"]]
    assert numbers == [booked[1].appointment_id]


# ---- a free slot is free ------------------------------------------------------------------------


async def test_fifty_clients_who_book_fifty_free_slots_of_one_diary_at_once_all_succeed(
    house: House, therapist: int
) -> None:
    """Scenario 29; each slot begins where the one before it ends."""
    async with clients(house.url, FIFTY, ANN) as everybody:
        outcomes = await asyncio.gather(
            *(
                one.book(at(therapist, number), LOOKS_BACK if number % 5 == 0 else BOOK)
                for number, one in enumerate(everybody)
            )
        )
    assert Counter(outcome.code for outcome in outcomes) == {None: FIFTY}
    assert len(await house.books.diary(therapist)) == FIFTY


async def test_a_free_slot_is_not_refused_while_others_crowd_about_a_taken_one_in_the_same_diary(
    house: House, therapist: int
) -> None:
    """Scenario 29: those who are refused open the diary and hold it while they look for offers."""
    await house.books.session(therapist, TEN)

    async def insist(one: Client) -> list[str | None]:
        return [(await one.book(at(therapist, 0.5))).code for _ in range(8)]

    async def fill(one: Client, first: int) -> list[str | None]:
        return [
            (await one.book(at(therapist, first + n, key=f"{therapist}:{first + n}"))).code
            for n in range(8)
        ]

    async with clients(house.url, 24, ANN) as everybody:
        crowd, bookers = everybody[:12], everybody[12:]
        codes = await asyncio.gather(
            *(insist(one) for one in crowd), *(fill(one, 10 + 8 * n) for n, one in enumerate(bookers))
        )
    assert Counter(code for each in codes[:12] for code in each) == {"SLOT_TAKEN": 96}
    assert Counter(code for each in codes[12:] for code in each) == {None: 96}
    assert len(await house.books.diary(therapist)) == 97


async def test_many_who_book_at_random_in_a_few_diaries_never_leave_two_sessions_at_one_time(
    house: House,
) -> None:
    """Every answer fits what is in the diary afterwards."""
    diaries = [await house.books.therapist() for _ in range(3)]

    async def wander(one: Client, seed: int) -> list[tuple[Asked, int | None]]:
        told = []
        for step in range(12):
            number = seed * 31 + step * 17
            asked = at(diaries[number % 3], (number * 7 % 40) / 4, length=900 * (1 + number % 5))
            told.append((asked, (await one.book(asked)).appointment_id))
        return told

    async with clients(house.url, 16, ANN) as everybody:
        told = await asyncio.gather(*(wander(one, seed) for seed, one in enumerate(everybody)))
    accepted = {
        (asked.therapist_id, number, asked.starts_at, asked.starts_at + (asked.length or 0))
        for each in told
        for asked, number in each
        if number is not None
    }
    held = {(diary, *row) for diary in diaries for row in await house.books.diary(diary)}
    assert accepted == held
    await assert_sound(house.books)


# ---- the identical one --------------------------------------------------------------------------


async def test_fifty_identical_creations_at_once_are_one_session_and_fifty_equal_answers(
    house: House, therapist: int
) -> None:
    """The original API's promise, under concurrency and across processes."""
    async with clients(house.url, FIFTY, ANN) as everybody:
        outcomes = await asyncio.gather(*(one.create(at(therapist, 0)) for one in everybody))
    ((number, *_),) = await house.books.diary(therapist)
    assert {outcome.appointment_id for outcome in outcomes} == {number}


@pytest.mark.parametrize(
    "other",
    [{"service": "consultation"}, {"length": 3601}, {"length": 60}],
    ids=["service", "longer", "shorter"],
)
async def test_a_creation_that_differs_in_anything_is_not_the_identical_one(
    house: House, therapist: int, ann: Client, other: dict[str, object]
) -> None:
    assert (await ann.create(at(therapist, 0))).code is None
    assert (await ann.create(at(therapist, 0, **other))).code == "SLOT_TAKEN"


async def test_the_new_form_without_a_key_does_not_take_the_identical_session_for_its_own(
    house: House, therapist: int, ann: Client
) -> None:
    assert (await ann.book(at(therapist, 0))).code is None
    assert (await ann.book(at(therapist, 0))).code == "SLOT_TAKEN"
