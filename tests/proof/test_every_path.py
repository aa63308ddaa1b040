"""The database alone keeps therapists, rooms and clients from being in two places, on every path.

Statements are written past the application, as an approval, an import, a hold or a correction by hand
would come: a new row, another state, another time, another therapist, room or client.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.booking.books import Books
from tests.proof.by_hand import ALIVE, NOT_ALIVE, REFUSED, Hand, hand

# Who must not be twice at one time -> the name of what refuses it.
GUARDS = {"therapist": "appointment_overlap", "room": "room_overlap", "client": "client_overlap"}
guarded = pytest.mark.parametrize("who", GUARDS)


@pytest.fixture
async def by_hand(books: Books) -> AsyncIterator[Hand]:
    async with hand(books) as found:
        yield found


def shared(who: str, therapist: int = 102) -> dict[str, object]:
    """What a second session has in common with the first: one of the three, and nothing else."""
    return {
        "therapist": {"therapist": 101, "room": 202, "clients": (302,)},
        "room": {"therapist": therapist, "room": 201, "clients": (302,)},
        "client": {"therapist": therapist, "room": 202, "clients": (301,)},
    }[who]


async def first(by_hand: Hand, status: str = "BOOKED") -> None:
    """Session 1, from 1000 to 2000: therapist 101 in room 201 with client 301."""
    await by_hand.session(1, 1000, 2000, room=201, clients=(301,), status=status)


def refused(who: str) -> object:
    return pytest.raises(REFUSED, match=GUARDS[who])


# ---- a new row ----------------------------------------------------------------------------------


@guarded
@pytest.mark.parametrize("new", ALIVE)
@pytest.mark.parametrize("there", ALIVE)
async def test_whatever_takes_up_time_is_refused_beside_whatever_takes_up_that_time(
    by_hand: Hand, who: str, there: str, new: str
) -> None:
    """Scenario 20, 25: also a hold beside a session, a request beside a hold, and the reverse."""
    await first(by_hand, there)
    with refused(who):
        await by_hand.session(2, 1999, 3000, status=new, **shared(who))


@guarded
@pytest.mark.parametrize("free", NOT_ALIVE)
async def test_what_takes_up_no_time_is_in_nobodys_way(by_hand: Hand, who: str, free: str) -> None:
    """Scenario 24: a time is free again once its session is cancelled."""
    await first(by_hand, free)
    await by_hand.session(2, 1000, 2000, **shared(who))
    others = {**shared(who, therapist=103), "room": 201, "clients": (301,)}
    await by_hand.session(3, 1000, 2000, status=free, **others)


@guarded
async def test_one_after_the_other_is_accepted(by_hand: Hand, who: str) -> None:
    """Scenario 11, for rooms and clients too."""
    await first(by_hand)
    await by_hand.session(2, 2000, 3000, **shared(who))
    await by_hand.session(3, 500, 1000, **shared(who))


@guarded
async def test_the_last_second_of_a_session_of_a_whole_day_is_taken(by_hand: Hand, who: str) -> None:
    """The guards look back as far as a session can be long."""
    await by_hand.session(1, 10_000, 96_400, room=201, clients=(301,))
    with refused(who):
        await by_hand.session(2, 96_399, 96_500, **shared(who))
    await by_hand.session(3, 96_400, 96_500, **shared(who))


# ---- another state, another time, another diary -------------------------------------------------


@guarded
@pytest.mark.parametrize("alive", ALIVE)
@pytest.mark.parametrize("free", NOT_ALIVE)
async def test_nothing_comes_back_to_life_where_its_time_was_given_away(
    by_hand: Hand, who: str, free: str, alive: str
) -> None:
    """Scenario 20: an approval, and every other way from a state without time to one with it."""
    await by_hand.session(2, 1500, 2500, status=free, **shared(who))
    await first(by_hand)
    with refused(who):
        await by_hand.change(2, f"status = '{alive}'")
    await by_hand.change(1, "status = 'CANCELLED'")
    await by_hand.change(2, f"status = '{alive}'")


@guarded
@pytest.mark.parametrize("alive", ALIVE)
async def test_no_session_is_moved_into_another(by_hand: Hand, who: str, alive: str) -> None:
    await first(by_hand)
    await by_hand.session(2, 5000, 6000, status=alive, **shared(who))
    for span in ("starts_at = 1999", "starts_at = 500, ends_at = 1001", "starts_at = 0, ends_at = 80000"):
        with refused(who):
            await by_hand.change(2, span)
    await by_hand.change(2, "starts_at = 2000, ends_at = 3000")


@guarded
async def test_no_session_gets_a_therapist_a_room_or_a_client_who_is_taken(by_hand: Hand, who: str) -> None:
    await first(by_hand)
    await by_hand.session(2, 1500, 2500, therapist=102, room=202)
    with refused(who):
        if who == "client":
            await by_hand.join(2, 301)
        else:
            await by_hand.change(2, {"therapist": "therapist_id = 101", "room": "room_id = 201"}[who])


@guarded
async def test_a_session_may_overlap_itself(by_hand: Hand, who: str) -> None:
    """Scenario 30."""
    await by_hand.session(1, 1000, 2000, room=201, clients=(301, 302), capacity=2)
    await by_hand.change(1, "starts_at = 1250, ends_at = 2250")
    with refused(who):
        await by_hand.session(2, 2249, 3000, **shared(who))


@guarded
async def test_of_many_rows_that_one_statement_moves_none_moves_where_two_would_meet(
    by_hand: Hand, who: str
) -> None:
    await first(by_hand)
    await by_hand.session(2, 3000, 4000, **shared(who))
    before = await by_hand.sessions()
    with refused(who):
        await by_hand.run("UPDATE appointment SET starts_at = 7000, ends_at = 8000")
    assert await by_hand.sessions() == before


async def test_more_clients_than_a_session_has_places_are_refused(by_hand: Hand) -> None:
    await by_hand.session(1, 1000, 2000, clients=(301,))
    with pytest.raises(REFUSED, match="appointment_capacity"):
        await by_hand.join(1, 302)
    with pytest.raises(REFUSED, match="appointment_capacity"):
        await by_hand.change(1, "capacity = 0")


async def test_a_client_who_leaves_gives_back_the_place_and_the_time(by_hand: Hand) -> None:
    await first(by_hand)
    await by_hand.run("DELETE FROM appointment_client")
    await by_hand.session(2, 1000, 2000, therapist=102, clients=(301,))
    await by_hand.join(1, 302)


async def test_who_takes_part_is_never_rewritten(by_hand: Hand) -> None:
    """Neither guards nor the count of places look at that: a client comes and goes as a row."""
    await first(by_hand)
    await by_hand.session(2, 5000, 6000, therapist=102)
    for change in ("client_id = 302", "appointment_id = 2"):
        with pytest.raises(REFUSED):
            await by_hand.run(f"UPDATE appointment_client SET {change}")


# ---- any statements, in any order ---------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """A session, as obviously as can be."""

    therapist: int
    start: int
    end: int
    status: str
    room: int | None
    clients: frozenset[int] = field(default_factory=frozenset)

    def meets(self, other: Row) -> bool:
        same = self.therapist == other.therapist or bool(self.clients & other.clients)
        same = same or (self.room is not None and self.room == other.room)
        both = self.status in ALIVE and other.status in ALIVE
        return same and both and max(self.start, other.start) < min(self.end, other.end)


def allowed(rows: dict[int, Row]) -> bool:
    return not any(one.meets(other) for one, other in combinations(rows.values(), 2))


numbers = st.integers(1, 5)
times = st.tuples(st.integers(0, 12), st.integers(1, 6)).map(lambda p: (100 * p[0], 100 * (p[0] + p[1])))
therapists = st.sampled_from([101, 102, 103])
rooms = st.sampled_from([None, 201, 202])
states = st.sampled_from(["BOOKED", "BOOKED", *ALIVE, *NOT_ALIVE])
steps = st.lists(
    st.one_of(
        st.tuples(st.just("add"), numbers, therapists, times, states, rooms),
        st.tuples(st.just("move"), numbers, times),
        st.tuples(st.just("status"), numbers, states),
        st.tuples(st.just("reassign"), numbers, therapists),
        st.tuples(st.just("room"), numbers, rooms),
        st.tuples(st.just("join"), numbers, st.sampled_from([301, 302])),
    ),
    min_size=5,
    max_size=25,
)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(steps)
async def test_exactly_the_statements_after_which_nobody_is_in_two_places_are_accepted(
    by_hand: Hand, taken: list[tuple[object, ...]]
) -> None:
    await by_hand.clear()
    model: dict[int, Row] = {}
    for kind, number, *rest in taken:
        after = _after(model, str(kind), int(str(number)), rest)
        if after is None:
            continue
        accepted = False
        with suppress(*REFUSED):
            await _write(by_hand, str(kind), int(str(number)), rest)
            accepted = True
        assert accepted == allowed(after), (kind, number, rest)
        model = after if accepted else model
        assert await by_hand.sessions() == {
            n: (r.therapist, r.start, r.end, r.status, r.room) for n, r in model.items()
        }
        assert await by_hand.members() == {(n, c) for n, r in model.items() for c in r.clients}


def _after(model: dict[int, Row], kind: str, number: int, rest: list[object]) -> dict[int, Row] | None:
    """The sessions as they would be; nothing where the statement says nothing."""
    row = model.get(number)
    if kind == "add":
        therapist, (start, end), status, room = rest
        new = Row(therapist, start, end, status, room)
        return {**model, number: new} if row is None else None
    if row is None or (kind == "join" and rest[0] in row.clients):
        return None
    changed = {
        "move": lambda: replace(row, start=rest[0][0], end=rest[0][1]),
        "status": lambda: replace(row, status=rest[0]),
        "reassign": lambda: replace(row, therapist=rest[0]),
        "room": lambda: replace(row, room=rest[0]),
        "join": lambda: replace(row, clients=row.clients | {rest[0]}),
    }[kind]()
    return {**model, number: changed}


async def _write(by_hand: Hand, kind: str, number: int, rest: list[object]) -> None:
    if kind == "add":
        therapist, (start, end), status, room = rest
        await by_hand.session(number, start, end, therapist=therapist, status=status, room=room, capacity=2)
    elif kind == "join":
        await by_hand.join(number, rest[0])
    elif kind == "move":
        await by_hand.change(number, f"starts_at = {rest[0][0]}, ends_at = {rest[0][1]}")
    else:
        column = {"status": "status", "reassign": "therapist_id", "room": "room_id"}[kind]
        value = "NULL" if rest[0] is None else f"'{rest[0]}'" if kind == "status" else rest[0]
        await by_hand.change(number, f"{column} = {value}")
