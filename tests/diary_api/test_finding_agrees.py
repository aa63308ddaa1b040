"""What a search offers is every start that no rule refuses, over practices drawn by chance."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sessional.actions import windows
from sessional.diary.ask import joins
from sessional.diary.offers import Ask, reasons
from sessional.diary.rules import (
    Away,
    Busy,
    Override,
    ServiceRules,
    TherapistRules,
    TimeOff,
    WorkingHours,
)
from tests.booking.books import Books
from tests.booking.in_process import SqliteRecorder, started
from tests.diary_api import openings as o
from tests.diary_api.conftest import Practice

ZONES = ("Europe/London", "America/New_York", "Asia/Kolkata", "UTC")
FIND = """query Find($search: SlotSearch!, $first: Int) {
  freeSlots(search: $search, first: $first) {
    edges { node { startsAt therapist { therapistId } } }
  }
}"""
SPAN_DAYS = 3


@st.composite
def weeks(draw: st.DrawFn) -> TherapistRules:
    """Rules that often get in the way, around the days that are searched."""
    begin = o.at("UTC", o.monday(), 0)
    day = st.integers(0, SPAN_DAYS - 1).map(lambda n: o.monday() + timedelta(days=n))
    minutes = st.tuples(st.integers(0, 47), st.integers(1, 20)).map(lambda p: (30 * p[0], 30 * sum(p)))
    hours = st.builds(
        lambda weekday, span: WorkingHours(weekday=weekday, starts_minute=span[0], ends_minute=span[1]),
        st.integers(1, 4),
        minutes,
    )
    off = st.builds(
        lambda at, n: TimeOff(starts_at=begin + 1800 * at, ends_at=begin + 1800 * (at + n)),
        st.integers(0, 48 * SPAN_DAYS),
        st.integers(1, 6),
    )
    override = st.builds(
        lambda on, spans: Override(on=on, intervals=tuple(spans)), day, st.lists(minutes, max_size=1)
    )
    away = st.builds(
        lambda zone, since: Away(time_zone=zone, from_date=since, until_date=since + timedelta(days=1)),
        st.sampled_from(ZONES),
        day,
    )
    return TherapistRules(
        therapist_id=0,
        time_zone=draw(st.sampled_from(ZONES)),
        hours=tuple(draw(st.lists(hours, min_size=1, max_size=5))),
        overrides=tuple(draw(st.lists(override, max_size=1))),
        away=tuple(draw(st.lists(away, max_size=1))),
        time_off=tuple(draw(st.lists(off, max_size=2))),
        max_per_day=draw(st.sampled_from([None, None, 1, 2])),
        max_per_week=draw(st.sampled_from([None, None, 2, 3])),
    )


@st.composite
def sessions(draw: st.DrawFn) -> list[Busy]:
    """Sessions and holds one after the other; account 1 is the one who searches."""
    at, found = o.at("UTC", o.monday(), 0) - 2 * o.DAY, []
    for gap, length, kind in draw(
        st.lists(st.tuples(st.integers(0, 40), st.integers(1, 6), st.integers(0, 5)), max_size=8)
    ):
        at += 1800 * gap
        busy = Busy(
            starts_at=at, ends_at=at + 1800 * length, service_code="", buffer_after_seconds=900 * (gap % 3)
        )
        at += 1800 * length
        if kind in (1, 2):
            busy = replace(busy, held_by=kind, held_until=2_000_000_000 if gap % 2 else 1)
        elif kind == 3:
            busy = replace(busy, places_left=2)
        found.append(busy)
    return found


services = st.builds(
    lambda **columns: columns,
    duration_seconds=st.sampled_from([1800, 3600, 5400]),
    buffer_before_seconds=st.sampled_from([0, 900, 2700]),
    buffer_after_seconds=st.sampled_from([0, 1800]),
    grid_seconds=st.sampled_from([900, 1800, 3600]),
    capacity=st.sampled_from([1, 3]),
)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    drawn=st.lists(st.tuples(weeks(), sessions()), min_size=1, max_size=3),
    columns=services,
    handful=st.sampled_from([1, 64]),
    many=st.sampled_from([2, 500]),
)
async def test_a_search_offers_what_no_rule_refuses_and_nothing_else(
    practice: Practice,
    drawn: list[tuple[TherapistRules, list[Busy]]],
    columns: dict[str, Any],
    handful: int,
    many: int,
) -> None:
    """Scenario 18, search and rules: every quarter of an hour of three days, asked one by one.

    With a handful of one window, all windows but the first pass the question which are full; two diaries
    are asked about side by side where two are many.
    """
    code = await o.service(practice.books, **columns)
    begin = o.at("UTC", o.monday(), 0)
    span = range(begin, begin + SPAN_DAYS * o.DAY, 900)
    service = ServiceRules(code=code, **columns)
    ask = Ask(service=service, duration_seconds=service.duration_seconds, account_id=1, now=begin - o.DAY)
    expected, numbers = [], []
    for rules, busy in drawn:
        number = await practice.books.therapist()
        numbers.append(number)
        rules = replace(rules, therapist_id=number)
        busy = [replace(b, service_code=code) for b in busy]
        await o.follow(practice.books, rules)
        for each in busy:
            await o.booked(practice.books, number, each)
        expected += [(at, number) for at in span if not reasons(rules, {}, ask, at, busy)]
    search = {"service": code, "therapistIds": numbers, "from": o.text(begin), "until": o.text(span.stop)}
    with patch.object(windows, "FIRST_HANDFUL", handful), patch.object(windows, "MANY_DIARIES", many):
        found = (await practice.ask(FIND, search=search, first=1000))["freeSlots"]["edges"]
    nodes = [(edge["node"]["startsAt"], int(edge["node"]["therapist"]["therapistId"])) for edge in found]
    assert nodes == [(o.text(at), number) for at, number in sorted(expected)]


FIND_ROOMS = """query Find($search: SlotSearch!) {
  freeSlots(search: $search, first: 1000) {
    edges { node { startsAt room { roomId } therapist { therapistId } } }
  }
}"""
EXPLAIN = """query Why($id: ID!, $at: DateTime!, $service: String!) {
  explainSlot(therapistId: $id, startsAt: $at, service: $service) { offered }
}"""
HALF_HOURS = 48 * SPAN_DAYS
# A room's place in the list, its half-hours, and who has it: a session, a hold of account 1 or 2, or one
# that ran out.
uses = st.tuples(
    st.integers(0, 1),
    st.integers(0, HALF_HOURS),
    st.integers(2, 40),
    st.sampled_from(("session", "1", "2", "old")),
)


@settings(
    max_examples=6,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
@given(
    drawn=st.tuples(weeks(), sessions()),
    columns=services,
    number_of_rooms=st.integers(0, 2),
    taken=st.lists(uses, max_size=8),
    picked=st.lists(st.integers(0, 2 * HALF_HOURS - 1), min_size=4, max_size=8),
)
async def test_search_explanation_and_booking_agree_about_rooms(
    practice: Practice,
    drawn: tuple[TherapistRules, list[Busy]],
    columns: dict[str, Any],
    number_of_rooms: int,
    taken: list[tuple[int, int, int, str]],
    picked: list[int],
) -> None:
    """Scenario 18, with rooms: the same starts in all three, and what was shown is booked."""
    books = practice.books
    await books.run("UPDATE appointment SET room_id = NULL")
    await books.run("DELETE FROM room")
    rooms = [
        await books.value(f"INSERT INTO room (name, search_name) VALUES ('{n}', '{n}') RETURNING room_id")
        for n in range(number_of_rooms)
    ]
    code = await o.service(books, needs_room=books.path is None or 1, **columns)
    service = ServiceRules(code=code, **columns)
    begin = o.at("UTC", o.monday(), 0)
    ask = Ask(service=service, duration_seconds=service.duration_seconds, account_id=1, now=begin - o.DAY)
    number = await books.therapist()
    rules, busy = replace(drawn[0], therapist_id=number), [replace(b, service_code=code) for b in drawn[1]]
    await o.follow(books, rules)
    for each in busy:
        await o.booked(books, number, each)
    blocked = await _use(books, rooms, taken, begin)

    def fits(at: int) -> bool:
        end = at + service.duration_seconds
        free = any(all(end <= s or e <= at for s, e in blocked[room]) for room in rooms)
        return free or any(b.starts_at == at and joins(ask, b) for b in busy)

    span = range(begin, begin + SPAN_DAYS * o.DAY, 900)
    expected = {at for at in span if not reasons(rules, {}, ask, at, busy) and fits(at)}
    search = {"service": code, "therapistIds": [number], "from": o.text(begin), "until": o.text(span.stop)}
    edges = (await practice.ask(FIND_ROOMS, search=search))["freeSlots"]["edges"]
    shown = {edge["node"]["startsAt"]: edge["node"]["room"] for edge in edges}
    assert set(shown) == {o.text(at) for at in expected}
    starts = [span[n] for n in picked]
    for at in starts:
        told = await practice.ask(EXPLAIN, id=str(number), at=o.text(at), service=code)
        assert told["explainSlot"]["offered"] is (at in expected)
    # What is not offered is refused and changes nothing; of what is offered, one is booked.
    for at in [at for at in starts if at not in expected] + sorted(expected)[-1:]:
        payload = await _book(practice, number, at, code)
        assert (payload["errors"] == []) is (at in expected), payload
        if at in expected:
            assert payload["appointment"]["room"] == shown[o.text(at)]


async def _use(
    books: Books, rooms: list[int], taken: list[tuple[int, int, int, str]], begin: int
) -> dict[int, list[tuple[int, int]]]:
    """Rooms as others use them, each in a diary of its own; answers when account 1 cannot have them."""
    used: dict[int, list[tuple[int, int]]] = {room: [] for room in rooms}
    blocked: dict[int, list[tuple[int, int]]] = {room: [] for room in rooms}
    for place, since, length, whose in taken:
        start, end = begin + 1800 * since, begin + 1800 * (since + length)
        if place >= len(rooms) or any(start < e and s < end for s, e in used[rooms[place]]):
            continue
        used[rooms[place]].append((start, end))
        held = "'HELD', {}, {}".format(
            1 if whose == "old" else 2_000_000_000, 2 if whose == "old" else whose
        )
        kind = "'BOOKED', 0, NULL" if whose == "session" else held
        await books.run(
            "INSERT INTO appointment (therapist_id, service_code, room_id, starts_at, ends_at, "
            f"status, held_until, held_by) VALUES ({await books.therapist()}, 'one-off', "
            f"{rooms[place]}, {start}, {end}, {kind})"
        )
        if whose in ("session", "2"):
            blocked[rooms[place]].append((start, end))
    return blocked


async def _book(practice: Practice, number: int, at: int, code: str) -> Any:
    client = await practice.done("addClient", {"name": "Sam"}, "client { clientId }")
    given = {"therapistId": str(number), "startsAt": o.text(at), "service": code}
    given |= {"clientIds": [client["client"]["clientId"]]}
    return await practice.do("bookAppointment", given, "appointment { room { roomId } }")


async def test_a_search_takes_as_many_statements_for_300_therapists_as_for_3(tmp_path: Any) -> None:
    books = await Books(f"sqlite:///{tmp_path}/sessional.db").prepare()
    code = await o.service(books)
    await _many(books, 300)
    counts = []
    with SqliteRecorder() as recorder:
        async with started(books.url) as client:
            practice = Practice(client, books)
            await asyncio.sleep(0.2)
            for therapists in (range(1, 301), range(1, 4), range(1, 301)):
                recorder.taken()
                search = {"service": code, "therapistIds": list(therapists)}
                assert len((await practice.ask(FIND, search=search))["freeSlots"]["edges"]) == 20
                counts.append(len(recorder.taken()))
    # The guard, who is searched, what is booked, and the rows of the therapists; first the rules as well.
    assert counts[1:] == [4, 4]
    assert counts[0] <= 4 + 10


async def test_a_window_taken_up_by_an_old_hold_or_by_a_group_with_places_is_not_full(
    practice: Practice,
) -> None:
    """Asked about in two halves as well: who is free in either is found."""
    code = await o.service(practice.books, capacity=3)
    nine, numbers = o.at("UTC", o.monday(), 540), []
    for _ in range(4):
        numbers.append(await o.therapist(practice.books, "UTC"))
        await o.works(practice.books, numbers[-1], 540, 600)
    hour = Busy(starts_at=nine, ends_at=nine + 3600, service_code=code)
    for number, busy in zip(
        numbers,
        (hour, replace(hour, held_by=2, held_until=1), replace(hour, places_left=1), hour),
        strict=True,
    ):
        await o.booked(practice.books, number, busy)
    search = {"service": code, "therapistIds": numbers, "from": o.text(nine), "until": o.text(nine + 3600)}
    for many in (2, 500):
        with patch.object(windows, "FIRST_HANDFUL", 1), patch.object(windows, "MANY_DIARIES", many):
            found = (await practice.ask(FIND, search=search))["freeSlots"]["edges"]
        assert [int(edge["node"]["therapist"]["therapistId"]) for edge in found] == numbers[1:3]


async def test_diaries_that_are_booked_solid_are_not_read(tmp_path: Any) -> None:
    """Ten minutes between sessions: 300 diaries are full for a week, but for one hour in one of them."""
    books = await Books(f"sqlite:///{tmp_path}/sessional.db").prepare()
    code = await o.service(books, duration_seconds=3000, grid_seconds=900)
    await _many(books, 300)
    begin = o.at("UTC", o.monday(), 0)
    await _solid(books, code, begin, days=7, but=(123, begin + 6 * o.DAY + 14 * 3600))
    with SqliteRecorder() as recorder:
        async with started(books.url) as client:
            practice = Practice(client, books)
            await asyncio.sleep(0.2)
            search = {"service": code, "from": o.text(begin), "until": o.text(begin + 7 * o.DAY)}
            for _ in range(2):
                recorder.taken()
                found = (await practice.ask(FIND, search=search))["freeSlots"]["edges"]
                statements = [sql for sql in recorder.taken() if sql.startswith(("SELECT", "WITH"))]
    at = o.text(begin + 6 * o.DAY + 14 * 3600)
    assert [edge["node"] for edge in found] == [{"startsAt": at, "therapist": {"therapistId": "123"}}]
    # The guard, who is searched, the first handful, what is full in 1, 4 and 2 more days, the one window
    # that is not, and the row of its therapist.
    assert len(statements) == 8, statements
    assert sum("CROSS JOIN appointment" in sql for sql in statements) == 2


async def _solid(books: Books, code: str, begin: int, *, days: int, but: tuple[int, int]) -> None:
    """Sessions of 50 minutes on the hour, nine to five."""
    await books.run(
        f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {8 * days - 1}) "
        "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at) "
        f"SELECT therapist_id, '{code}', a, a + 3000 FROM therapist JOIN ("
        f"SELECT {begin} + i / 8 * 86400 + (9 + i % 8) * 3600 AS a FROM n) "
        f"WHERE NOT (therapist_id = {but[0]} AND a = {but[1]})"
    )


async def _many(books: Books, number: int) -> None:
    rows = f"WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {number}) "
    await books.run(
        "INSERT INTO therapist (first_name, last_name, search_name, time_zone) "
        f"{rows} SELECT 'jo', 'jones', 'jo jones', 'UTC' FROM n"
    )
    for weekday in range(1, 8):
        await books.run(
            "INSERT INTO working_hours (therapist_id, weekday, starts_minute, ends_minute) "
            f"SELECT therapist_id, {weekday}, 540, 1020 FROM therapist"
        )
    await o.bump(books)
