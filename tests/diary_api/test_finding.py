"""The search for free times, through the API, where users of such searches have been let down."""

from __future__ import annotations

import base64
import time
from datetime import timedelta
from typing import Any

import pytest

from sessional.diary.rules import Busy
from tests.diary_api import openings as o
from tests.diary_api.conftest import Practice

FIND = """query Find($search: SlotSearch!, $first: Int, $after: String, $order: SlotOrder) {
  freeSlots(search: $search, first: $first, after: $after, orderBy: $order) {
    pageInfo { hasNextPage hasPreviousPage endCursor }
    edges { cursor node { startsAt endsAt placesLeft therapist { therapistId } service { code } } }
  }
}"""
COUNT = "query Count($search: SlotSearch!) { freeSlots(search: $search) { totalCount } }"
DAYS = "query Days($search: SlotSearch!) { freeDays(search: $search) }"
NEXT = (
    "query Next($search: SlotSearch!) { nextFree(search: $search) { startsAt therapist { therapistId } } }"
)
EXPLAIN = """query Why($id: ID!, $at: DateTime!, $service: String!) {
  explainSlot(therapistId: $id, startsAt: $at, service: $service) { offered rules { rule message value } }
}"""


async def starts(practice: Practice, **search: Any) -> list[str]:
    found = await practice.ask(FIND, search=search, first=1000)
    return [edge["node"]["startsAt"] for edge in found["freeSlots"]["edges"]]


async def why(practice: Practice, number: int, start: int, code: str) -> dict[str, Any]:
    found = await practice.ask(EXPLAIN, id=number, at=o.text(start), service=code)
    rules = found["explainSlot"]["rules"]
    assert found["explainSlot"]["offered"] is (not rules)
    return {each["rule"]: each["value"] for each in rules}


def within(zone: str, day: Any, number: int, code: str, days: int = 1) -> dict[str, Any]:
    since, until = o.at(zone, day, 0), o.at(zone, day + timedelta(days=days), 0)
    return {"service": code, "therapistIds": [number], "from": o.text(since), "until": o.text(until)}


async def test_after_the_clocks_have_changed_the_first_slot_is_at_nine_local_time(
    practice: Practice,
) -> None:
    """Scenario 1."""
    code, zone = await o.service(practice.books), "Europe/London"
    number = await o.therapist(practice.books, zone)
    await o.works(practice.books, number, 540, 1020)
    change = o.next_change(zone)
    for day in (change - timedelta(days=1), change, change + timedelta(days=1)):
        found = await starts(practice, **within(zone, day, number, code))
        assert found == [o.text(o.at(zone, day, 60 * hour)) for hour in range(9, 17)]


async def test_a_day_is_the_readers_where_the_reader_names_a_zone(practice: Practice) -> None:
    """Scenario 7: Monday 08:00 in Tokyo is Sunday in Los Angeles."""
    code, zone, reader = await o.service(practice.books), "Asia/Tokyo", "America/Los_Angeles"
    number = await o.therapist(practice.books, zone)
    await o.works(practice.books, number, 480, 540, 1)
    monday = o.monday()
    search = within(zone, monday - timedelta(days=2), number, code, days=4)
    assert (await practice.ask(DAYS, search=search))["freeDays"] == [monday.isoformat()]
    sunday = (monday - timedelta(days=1)).isoformat()
    theirs = {**search, "timeZone": reader}
    assert (await practice.ask(DAYS, search=theirs))["freeDays"] == [sunday]
    assert await starts(practice, **theirs, weekdays=[7]) == [o.text(o.at(zone, monday, 480))]
    assert await starts(practice, **theirs, weekdays=[1]) == []
    assert await starts(practice, **search, weekdays=[1]) == [o.text(o.at(zone, monday, 480))]
    morning = {"fromMinute": 480, "untilMinute": 481}
    assert len(await starts(practice, **search, timeOfDay=morning)) == 1
    assert await starts(practice, **theirs, timeOfDay=morning) == []


async def test_hours_are_read_in_the_zone_from_which_a_therapist_works_for_a_while(
    practice: Practice,
) -> None:
    """Scenario 8."""
    code, day = await o.service(practice.books), o.monday()
    number = await o.therapist(practice.books)
    await o.works(practice.books, number, 540, 600)
    await practice.books.run(
        "INSERT INTO away (therapist_id, time_zone, from_date, until_date) "
        "VALUES ($1, 'Asia/Tokyo', $2, $3)",
        number, day.isoformat(), (day + timedelta(days=14)).isoformat(),
    )  # fmt: skip
    await o.bump(practice.books, number)
    search = {"service": code, "therapistIds": [number], "from": o.text(o.at("UTC", day, 0) - 2 * o.DAY)}
    search["until"] = o.text(o.at("UTC", day, 0) + 16 * o.DAY)
    zones = {
        day + timedelta(days=n): "Asia/Tokyo" if 0 <= n < 14 else "Europe/London" for n in range(-2, 16)
    }
    assert await starts(practice, **search) == [o.text(o.at(z, d, 540)) for d, z in zones.items()]


async def test_a_session_across_midnight_is_offered_in_hours_across_midnight(practice: Practice) -> None:
    """Scenario 13."""
    code = await o.service(practice.books, grid_seconds=1800)
    number, day = await o.therapist(practice.books, "UTC"), o.monday()
    await o.works(practice.books, number, 1350, 1560, 1)
    found = await starts(practice, **within("UTC", day, number, code, days=2))
    assert found == [o.text(o.at("UTC", day, minute)) for minute in range(1350, 1501, 30)]
    assert await why(practice, number, o.at("UTC", day, 1410), code) == {}


async def test_between_neighbours_lies_the_larger_buffer_and_explanation_agrees(practice: Practice) -> None:
    """Scenarios 14 and 15."""
    code = await o.service(practice.books, grid_seconds=900, buffer_before_seconds=900)
    number, day = await o.therapist(practice.books, "UTC"), o.monday()
    await o.works(practice.books, number, 540, 780)
    ten = o.at("UTC", day, 600)
    session = Busy(starts_at=ten - 3600, ends_at=ten, buffer_after_seconds=1800, service_code=code)
    await o.booked(practice.books, number, session)
    found = await starts(practice, **within("UTC", day, number, code))
    assert found[0] == o.text(ten + 1800)
    assert await why(practice, number, ten + 900, code) == {"BUFFER": "30 minutes"}
    assert await why(practice, number, ten + 1800, code) == {}


async def test_the_last_slot_of_a_day_ends_when_the_day_does(practice: Practice) -> None:
    """Scenario 16."""
    code = await o.service(practice.books, grid_seconds=900, duration_seconds=3000)
    number, day = await o.therapist(practice.books, "UTC"), o.monday()
    await o.works(practice.books, number, 540, 660)
    found = await starts(practice, **within("UTC", day, number, code))
    assert found[-1] == o.text(o.at("UTC", day, 600))
    assert "WORKING_HOURS" in await why(practice, number, o.at("UTC", day, 615), code)


async def test_a_day_whose_cap_is_reached_is_not_offered_and_the_cap_is_named(practice: Practice) -> None:
    """Scenario 17."""
    code, day = await o.service(practice.books), o.monday()
    number = await o.therapist(practice.books, "UTC")
    await o.works(practice.books, number, 540, 720)
    await practice.books.run("UPDATE therapist SET max_per_day = 1 WHERE therapist_id = $1", number)
    await o.bump(practice.books, number)
    nine = o.at("UTC", day, 540)
    await o.booked(practice.books, number, Busy(starts_at=nine, ends_at=nine + 3600, service_code=code))
    search = within("UTC", day, number, code, days=2)
    tomorrow = day + timedelta(days=1)
    assert (await practice.ask(DAYS, search=search))["freeDays"] == [tomorrow.isoformat()]
    assert await why(practice, number, nine + 7200, code) == {"CAP_PER_DAY": "1"}


async def test_a_hold_is_in_the_way_of_others_until_it_runs_out(practice: Practice) -> None:
    """Scenarios 25 and 26, as a search sees them: the one who asks is account 1."""
    code, now = await o.service(practice.books), int(time.time())
    number, day = await o.therapist(practice.books, "UTC"), o.monday()
    await o.works(practice.books, number, 540, 720)
    for hour, account, until in ((9, 2, now + 3600), (10, 2, now - 1), (11, 1, now + 3600)):
        start = o.at("UTC", day, 60 * hour)
        hold = Busy(
            starts_at=start, ends_at=start + 3600, service_code=code, held_by=account, held_until=until
        )
        await o.booked(practice.books, number, hold)
    found = await starts(practice, **within("UTC", day, number, code))
    assert found == [o.text(o.at("UTC", day, 60 * hour)) for hour in (10, 11)]
    assert list(await why(practice, number, o.at("UTC", day, 540), code)) == ["HOLD"]


async def test_a_group_that_has_places_left_is_offered_with_their_number(practice: Practice) -> None:
    code = await o.service(practice.books, capacity=4)
    number, day = await o.therapist(practice.books, "UTC"), o.monday()
    await o.works(practice.books, number, 540, 660)
    nine = o.at("UTC", day, 540)
    group = Busy(starts_at=nine, ends_at=nine + 3600, service_code=code, places_left=2)
    await o.booked(practice.books, number, group)
    found = await practice.ask(FIND, search=within("UTC", day, number, code))
    assert [edge["node"]["placesLeft"] for edge in found["freeSlots"]["edges"]] == [2, 4]


async def test_a_service_that_needs_a_room_is_offered_while_there_is_one(practice: Practice) -> None:
    code = await o.service(practice.books, needs_room=practice.books.path is None or 1)
    number, day = await o.therapist(practice.books, "UTC"), o.monday()
    await o.works(practice.books, number, 540, 600)
    name = f"room of {code}"
    before = await practice.books.run("SELECT room_id FROM room")
    search = within("UTC", day, number, code)
    assert bool(await starts(practice, **search)) is bool(before)
    await practice.books.run("INSERT INTO room (name, search_name) VALUES ($1, $1)", name)
    assert await starts(practice, **search) == [o.text(o.at("UTC", day, 540))]


# ---- pages --------------------------------------------------------------------------------------


@pytest.fixture
async def two(practice: Practice) -> dict[str, Any]:
    """A search over two therapists, of whom the first has a session that week."""
    code, day = await o.service(practice.books), o.monday()
    numbers = [await o.therapist(practice.books, "UTC") for _ in range(2)]
    for number in numbers:
        await o.works(practice.books, number, 540, 720)
    nine = o.at("UTC", day, 540)
    await o.booked(practice.books, numbers[0], Busy(starts_at=nine, ends_at=nine + 3600, service_code=code))
    return {**within("UTC", day, 0, code, days=2), "therapistIds": numbers}


@pytest.mark.parametrize("order", ["SOONEST", "FAIREST"])
async def test_pages_one_after_the_other_are_the_whole_list(
    practice: Practice, two: dict[str, Any], order: str
) -> None:
    whole = (await practice.ask(FIND, search=two, first=1000, order=order))["freeSlots"]
    assert whole["pageInfo"]["hasNextPage"] is False
    found, after = [], None
    while True:
        page = (await practice.ask(FIND, search=two, first=3, after=after, order=order))["freeSlots"]
        found += page["edges"]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert found == whole["edges"]
    assert len(found) == 11 == (await practice.ask(COUNT, search=two))["freeSlots"]["totalCount"]


async def test_the_fairest_order_begins_with_whoever_has_the_fewest_sessions_that_week(
    practice: Practice, two: dict[str, Any]
) -> None:
    busier, other = map(str, two["therapistIds"])
    found = (await practice.ask(FIND, search=two, order="FAIREST"))["freeSlots"]["edges"]
    whose = [edge["node"]["therapist"]["therapistId"] for edge in found]
    assert whose == [other] * 6 + [busier] * 5


async def test_the_next_free_time_of_each_therapist_comes_once(
    practice: Practice, two: dict[str, Any]
) -> None:
    found = (await practice.ask(NEXT, search=two))["nextFree"]
    nine = o.at("UTC", o.monday(), 540)
    assert [(each["startsAt"], int(each["therapist"]["therapistId"])) for each in found] == [
        (o.text(nine), two["therapistIds"][1]),
        (o.text(nine + 3600), two["therapistIds"][0]),
    ]


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"after": "not a cursor"}, "INVALID_CURSOR"),
        ({"after": base64.b64encode(b'["SOONEST",1]').decode()}, "INVALID_CURSOR"),
        ({"after": base64.b64encode(b'["SOONEST",1,"x"]').decode()}, "INVALID_CURSOR"),
        ({"after": base64.b64encode(b'["FAIREST",0,1,1]').decode()}, "INVALID_CURSOR"),
        ({"after": base64.b64encode(b"[]").decode()}, "INVALID_CURSOR"),
        ({"first": 1001}, "INVALID_PAGE_SIZE"),
        ({"first": -1}, "INVALID_PAGE_SIZE"),
        ({"search": {"service": "none such"}}, "UNKNOWN_SERVICE"),
        ({"search": {"service": "one-off", "weekdays": [8]}}, "INVALID_ARGUMENT"),
        ({"search": {"service": "one-off", "timeZone": "Europe/Atlantis"}}, "INVALID_INPUT"),
        ({"search": {"service": "one-off", "until": "9999-01-01T00:00:00Z"}}, "INVALID_ARGUMENT"),
    ],
)
async def test_a_search_that_cannot_be_answered_is_refused_with_a_code(
    practice: Practice, more: dict[str, Any], code: str
) -> None:
    answer = await practice.answer(FIND, {"search": {"service": "one-off"}, **more})
    assert answer["errors"][0]["extensions"]["code"] == code


async def test_counts_days_and_the_fairest_order_cover_62_days(practice: Practice) -> None:
    until = o.text(int(time.time()) + 63 * o.DAY)
    search = {"service": "one-off", "until": until}
    for document, more in ((COUNT, {}), (DAYS, {}), (FIND, {"order": "FAIREST"})):
        answer = await practice.answer(document, {"search": search, **more})
        assert answer["errors"][0]["extensions"]["code"] == "INVALID_ARGUMENT"


async def test_a_search_sees_a_change_of_rules_at_once(practice: Practice) -> None:
    code, day = await o.service(practice.books), o.monday()
    number = await o.therapist(practice.books, "UTC")
    search = within("UTC", day, number, code)
    assert await starts(practice, **search) == []
    await o.works(practice.books, number, 540, 600)
    assert await starts(practice, **search) == [o.text(o.at("UTC", day, 540))]
    off = "INSERT INTO time_off (therapist_id, starts_at, ends_at) VALUES ($1, $2, $3)"
    await practice.books.run(off, number, o.at("UTC", day, 550), o.at("UTC", day, 560))
    await o.bump(practice.books, number)
    assert await starts(practice, **search) == []
    assert list(await why(practice, number, o.at("UTC", day, 540), code)) == ["TIME_OFF"]


async def test_a_search_is_by_specialism_and_by_name(practice: Practice) -> None:
    code, day = await o.service(practice.books), o.monday()
    number = await o.therapist(practice.books, "UTC")
    await o.works(practice.books, number, 540, 600)
    mark = f"mark{number}x{time.monotonic_ns()}"
    await practice.books.run("INSERT INTO specialism (name, search_name) VALUES ($1, $1)", mark)
    link = "SELECT CAST($1 AS bigint), specialism_id FROM specialism WHERE name = $2"
    await practice.books.run(f"INSERT INTO therapist_specialism {link}", number, mark)
    await practice.books.run("UPDATE therapist SET search_name = $1 WHERE therapist_id = $2", mark, number)
    search = {k: v for k, v in within("UTC", day, number, code).items() if k != "therapistIds"}
    nine = [o.text(o.at("UTC", day, 540))]
    assert await starts(practice, **search, specialisms=[mark, "another"]) == nine
    assert await starts(practice, **search, specialisms=[]) == []
    assert await starts(practice, **search, therapistName=mark.upper()) == nine


async def test_nobody_searches_without_an_account_that_stands(practice: Practice) -> None:
    body = {"query": COUNT, "variables": {"search": {"service": "one-off"}}}
    answer = await practice.client.post("/graphql", json=body, headers={"Authorization": ""})
    assert answer.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize("at", ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
async def test_a_time_that_no_session_can_have_is_not_explained_but_refused(
    practice: Practice, at: str
) -> None:
    code, number = await o.service(practice.books), await o.therapist(practice.books)
    await o.works(practice.books, number, 540, 1020)
    answer = await practice.answer(EXPLAIN, {"id": str(number), "at": at, "service": code})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INVALID_TIME"]
