"""What a search offers is every start that no rule refuses, over practices drawn by chance."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(drawn=st.lists(st.tuples(weeks(), sessions()), min_size=1, max_size=3), columns=services)
async def test_a_search_offers_what_no_rule_refuses_and_nothing_else(
    practice: Practice, drawn: list[tuple[TherapistRules, list[Busy]]], columns: dict[str, Any]
) -> None:
    """Scenario 18, search and rules: every quarter of an hour of three days, asked one by one."""
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
    found = (await practice.ask(FIND, search=search, first=1000))["freeSlots"]["edges"]
    nodes = [(edge["node"]["startsAt"], int(edge["node"]["therapist"]["therapistId"])) for edge in found]
    assert nodes == [(o.text(at), number) for at, number in sorted(expected)]


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
