"""What the whole practice shares: services, rooms, and days on which it is closed."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.diary_api.conftest import Practice

_names = itertools.count(1)
RULES = """code name durationSeconds otherDurations bufferBeforeSeconds bufferAfterSeconds gridSeconds
    noticeSeconds horizonDays cancelNoticeSeconds capacity needsApproval needsRoom online
    cancelWhenOneLeaves"""
COUPLES: dict[str, Any] = {
    "name": "Couples",
    "durationSeconds": 4500,
    "otherDurations": [5400],
    "bufferBeforeSeconds": 300,
    "bufferAfterSeconds": 900,
    "gridSeconds": 1800,
    "noticeSeconds": 86400,
    "horizonDays": 90,
    "cancelNoticeSeconds": 172800,
    "capacity": 2,
    "needsApproval": True,
    "needsRoom": True,
    "online": False,
    "cancelWhenOneLeaves": True,
}


@pytest.fixture
def code() -> str:
    return f"service {next(_names)}"


async def test_a_service_has_the_rules_that_it_is_given(practice: Practice, code: str) -> None:
    given = {"code": code, **COUPLES}
    added = await practice.done("addService", given, f"service {{ {RULES} }}")
    assert added["service"] == given
    change = {"service": code, "capacity": 3, "otherDurations": [], "needsRoom": False, "name": None}
    changed = await practice.done("changeService", change, f"service {{ {RULES} }}")
    assert changed["service"] == {**given, "capacity": 3, "otherDurations": [], "needsRoom": False}


async def test_a_service_is_simple_where_nobody_says_otherwise(practice: Practice, code: str) -> None:
    given = {"code": code, "name": "Plain", "durationSeconds": 3000}
    service = (await practice.done("addService", given, f"service {{ {RULES} }}"))["service"]
    assert (service["otherDurations"], service["gridSeconds"], service["horizonDays"]) == ([], 900, 366)
    assert (service["capacity"], service["needsApproval"], service["online"]) == (1, False, False)


async def test_two_services_do_not_have_one_code(practice: Practice) -> None:
    again = {"code": "one-off", "name": "Another", "durationSeconds": 60}
    payload = await practice.do("addService", again, "service { id }")
    assert payload["service"] is None
    assert [(e["code"], e["path"]) for e in payload["errors"]] == [("ALREADY_EXISTS", ["input", "code"])]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"durationSeconds": 0}, "durationSeconds"),
        ({"durationSeconds": 86_401}, "durationSeconds"),
        ({"otherDurations": [-1]}, "otherDurations"),
        ({"otherDurations": [4500]}, "otherDurations"),
        ({"otherDurations": [60, 60]}, "otherDurations"),
        ({"bufferBeforeSeconds": -1}, "bufferBeforeSeconds"),
        ({"bufferAfterSeconds": 86_401}, "bufferAfterSeconds"),
        ({"gridSeconds": 59}, "gridSeconds"),
        ({"noticeSeconds": -1}, "noticeSeconds"),
        ({"horizonDays": 0}, "horizonDays"),
        ({"cancelNoticeSeconds": -1}, "cancelNoticeSeconds"),
        ({"capacity": 0}, "capacity"),
        ({"capacity": 1001}, "capacity"),
        ({"name": ""}, "name"),
        ({"name": "x" * 201}, "name"),
        ({"code": " "}, "code"),
    ],
)
async def test_a_service_that_cannot_be_is_refused_by_the_field(
    practice: Practice, code: str, wrong: dict[str, Any], field: str
) -> None:
    payload = await practice.do("addService", {"code": code, **COUPLES, **wrong})
    assert [(e["code"], e["path"]) for e in payload["errors"]] == [("INVALID_INPUT", ["input", field])]


async def test_a_service_that_is_not_there_cannot_be_changed(practice: Practice) -> None:
    payload = await practice.do("changeService", {"service": "none such", "capacity": 2})
    assert [e["__typename"] for e in payload["errors"]] == ["UnknownService"]


async def test_days_are_closed_renamed_and_opened_again(practice: Practice) -> None:
    christmas = [
        {"onDate": "2033-12-26", "name": "Boxing Day"},
        {"onDate": "2033-12-25", "name": "Christmas"},
    ]
    selection = "closures { closureId onDate name }"
    added = (await practice.done("addClosures", {"closures": christmas}, selection))["closures"]
    assert [day["onDate"] for day in added] == ["2033-12-25", "2033-12-26"]
    renamed = [{"onDate": "2033-12-25", "name": "Christmas Day"}]
    (day,) = (await practice.done("addClosures", {"closures": renamed}, selection))["closures"]
    assert day == {**added[0], "name": "Christmas Day"}

    shown = await practice.ask("{ closures(first: 1000) { edges { node { onDate name } } } }")
    days = [edge["node"] for edge in shown["closures"]["edges"]]
    assert days == sorted(days, key=lambda one: one["onDate"])
    assert {"onDate": "2033-12-25", "name": "Christmas Day"} in days
    for one in added:
        gone = await practice.done("removeClosure", {"closureId": one["closureId"]}, "closureId")
        assert gone["closureId"] == one["closureId"]
    again = await practice.do("removeClosure", {"closureId": added[0]["closureId"]}, "closureId")
    assert (again["closureId"], again["errors"][0]["code"]) == (None, "NOT_FOUND")


async def test_closures_are_read_in_pages(practice: Practice) -> None:
    days = [{"onDate": f"2091-01-{day:02}", "name": f"Day {day}"} for day in range(1, 8)]
    await practice.done("addClosures", {"closures": days})
    document = """query Page($after: String) { closures(first: 3, after: $after) {
        pageInfo { hasNextPage endCursor } edges { node { onDate } } } }"""
    found: list[str] = []
    after, more = None, True
    while more:
        page = (await practice.ask(document, after=after))["closures"]
        found += [edge["node"]["onDate"] for edge in page["edges"]]
        after, more = page["pageInfo"]["endCursor"], page["pageInfo"]["hasNextPage"]
    assert found == sorted(set(found))
    assert {day["onDate"] for day in days} <= set(found)


async def test_a_room_is_found_again_and_its_name_is_its_own(practice: Practice) -> None:
    name = f"Blue {next(_names)}"
    room = (await practice.done("addRoom", {"name": name}, "room { id roomId name }"))["room"]
    found = await practice.ask(
        "query Room($id: ID!) { node(id: $id) { id ... on Room { roomId name } } }", id=room["id"]
    )
    assert found["node"] == room
    again = await practice.do("addRoom", {"name": name}, "room { id }")
    assert [(e["code"], e["path"]) for e in again["errors"]] == [("ALREADY_EXISTS", ["input", "name"])]
    rooms = (await practice.ask("{ rooms { edges { node { name } } } }"))["rooms"]["edges"]
    assert {"node": {"name": name}} in rooms
