"""How a practice sets up its diaries: therapists, weekly hours, other dates, time off, stays elsewhere."""

from __future__ import annotations

from typing import Any

import pytest

from tests.diary_api.conftest import Practice

NINE_TO_FIVE = {"weekday": 1, "startsMinute": 540, "endsMinute": 1020}
WEEK = """
query Week($id: ID!) {
  therapist(therapistId: $id) {
    workingHours {
      edges { node { weekday startsMinute endsMinute validFrom validUntil everyWeeks } }
    }
    dateOverrides { edges { node { dateOverrideId onDate intervals } } }
    timeOff { edges { node { timeOffId startsAt endsAt reason } } }
    away { edges { node { awayId timeZone fromDate untilDate } } }
  }
}
"""


async def week(practice: Practice, therapist: int) -> dict[str, list[Any]]:
    """What a therapist's diary says: field -> rows."""
    found = (await practice.ask(WEEK, id=therapist))["therapist"]
    return {name: [edge["node"] for edge in rows["edges"]] for name, rows in found.items()}


async def test_a_therapist_is_added_and_changed(practice: Practice) -> None:
    selection = """therapist { therapistId firstName lastName timeZone maxPerDay maxPerWeek
        specialisms { edges { node { specialismName } } } services { edges { node { code } } } }"""
    given = {
        "firstName": "Zoë",
        "lastName": "Ng",
        "timeZone": "Asia/Tokyo",
        "specialisms": ["Sleep", "CBT"],
        "services": ["one-off"],
        "maxPerDay": 6,
    }
    added = (await practice.done("addTherapist", given, selection))["therapist"]
    assert {e["node"]["specialismName"] for e in added["specialisms"]["edges"]} == {"Sleep", "CBT"}
    assert added["services"] == {"edges": [{"node": {"code": "one-off"}}]}
    assert (added["maxPerDay"], added["maxPerWeek"]) == (6, None)

    change = {"therapistId": added["therapistId"], "lastName": "Nguyễn", "maxPerDay": None, "services": []}
    changed = (await practice.done("changeTherapist", change, selection))["therapist"]
    assert (changed["firstName"], changed["lastName"], changed["maxPerDay"]) == ("Zoë", "Nguyễn", None)
    assert changed["services"] == {"edges": []}
    assert len(changed["specialisms"]["edges"]) == 2
    found = await practice.ask('{ therapists(filters: {name: "zoe nguyen"}) { totalCount } }')
    assert found["therapists"]["totalCount"] >= 1


@pytest.mark.parametrize(
    ("wrong", "error", "field"),
    [
        ({"timeZone": "Europe/Atlantis"}, "InvalidInput", "timeZone"),
        ({"firstName": " "}, "InvalidInput", "firstName"),
        ({"maxPerDay": 0}, "InvalidInput", "maxPerDay"),
        ({"services": ["none such"]}, "UnknownService", "services"),
        ({"therapistId": "4000000000"}, "UnknownTherapist", "therapistId"),
    ],
)
async def test_a_therapist_is_not_changed_into_what_nobody_can_be(
    practice: Practice, therapist: int, wrong: dict[str, Any], error: str, field: str
) -> None:
    payload = await practice.do("changeTherapist", {"therapistId": therapist, **wrong}, "therapist { id }")
    assert payload["therapist"] is None
    assert [(e["__typename"], e["path"]) for e in payload["errors"]] == [(error, ["input", field])]


async def test_a_week_takes_the_place_of_the_week_before(practice: Practice, therapist: int) -> None:
    first = [NINE_TO_FIVE, {**NINE_TO_FIVE, "weekday": 3}]
    await practice.done("setWorkingHours", {"therapistId": therapist, "hours": first})
    late = {
        "weekday": 5,
        "startsMinute": 1350,
        "endsMinute": 1560,
        "validFrom": "2031-01-03",
        "everyWeeks": 2,
    }
    await practice.done("setWorkingHours", {"therapistId": therapist, "hours": [late]})
    assert (await week(practice, therapist))["workingHours"] == [{**late, "validUntil": None}]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"weekday": 0}, "weekday"),
        ({"startsMinute": 1440}, "startsMinute"),
        ({"endsMinute": 540}, "endsMinute"),
        ({"endsMinute": 2881}, "endsMinute"),
        ({"everyWeeks": 2}, "validFrom"),
        ({"everyWeeks": 3}, "everyWeeks"),
        ({"validFrom": "2031-01-02", "validUntil": "2031-01-02"}, "validUntil"),
    ],
)
async def test_hours_that_no_week_has_are_refused(
    practice: Practice, therapist: int, wrong: dict[str, Any], field: str
) -> None:
    given = {"therapistId": therapist, "hours": [{**NINE_TO_FIVE, **wrong}]}
    payload = await practice.do("setWorkingHours", given)
    assert [(e["code"], e["path"]) for e in payload["errors"]] == [
        ("INVALID_INPUT", ["input", "hours", field])
    ]


@pytest.mark.parametrize("text", ["2031-02-29", "20310201", "2031-2-1", "2031-02-01T00:00", "٢٠٣١-٠١-٠١"])
async def test_what_is_no_date_of_the_calendar_is_refused(
    practice: Practice, therapist: int, text: str
) -> None:
    given = {"therapistId": therapist, "onDate": text, "intervals": []}
    document = "mutation($i: SetDateOverrideInput!) { setDateOverride(input: $i) { replayed } }"
    answer = await practice.answer(document, {"i": given})
    assert "A Date is a day of the calendar" in answer["errors"][0]["message"]


async def test_a_date_has_other_hours_until_they_are_removed(practice: Practice, therapist: int) -> None:
    given: dict[str, Any] = {"therapistId": therapist, "onDate": "2031-01-06"}
    hours = [{"startsMinute": 900, "endsMinute": 960}, {"startsMinute": 600, "endsMinute": 660}]
    await practice.done("setDateOverride", {**given, "intervals": hours})
    (shown,) = (await week(practice, therapist))["dateOverrides"]
    assert (shown["onDate"], shown["intervals"]) == ("2031-01-06", [[600, 660], [900, 960]])

    selection = "dateOverride { dateOverrideId intervals }"
    closed = (await practice.done("setDateOverride", {**given, "intervals": []}, selection))["dateOverride"]
    assert closed == {"dateOverrideId": shown["dateOverrideId"], "intervals": []}

    await practice.done("removeDateOverride", {"dateOverrideId": closed["dateOverrideId"]})
    assert (await week(practice, therapist))["dateOverrides"] == []
    again = await practice.do("removeDateOverride", {"dateOverrideId": closed["dateOverrideId"]})
    assert [e["code"] for e in again["errors"]] == ["NOT_FOUND"]


async def test_time_off_is_given_and_taken_back(practice: Practice, therapist: int) -> None:
    span = {"startsAt": "2031-01-06T00:00:00Z", "endsAt": "2031-01-08T00:00:00Z"}
    given = {"therapistId": therapist, **span, "reason": "skiing"}
    off = (await practice.done("addTimeOff", given, "timeOff { timeOffId }"))["timeOff"]
    assert (await week(practice, therapist))["timeOff"] == [{**off, **span, "reason": "skiing"}]
    await practice.done("removeTimeOff", off)
    assert (await week(practice, therapist))["timeOff"] == []


@pytest.mark.parametrize(
    ("wrong", "field", "said"),
    [
        ({"endsAt": "2031-01-06T00:00:00Z"}, "endsAt", "after it begins"),
        ({"startsAt": "1969-12-31T23:59:59Z"}, "startsAt", "between the years 1970 and 9999"),
        ({"startsAt": "0001-01-01T00:00:00Z"}, "startsAt", "between the years 1970 and 9999"),
    ],
)
async def test_time_off_that_cannot_be_is_refused_for_its_own_reason(
    practice: Practice, therapist: int, wrong: dict[str, Any], field: str, said: str
) -> None:
    span = {"startsAt": "2031-01-06T00:00:00Z", "endsAt": "2031-01-08T00:00:00Z"}
    (error,) = (await practice.do("addTimeOff", {"therapistId": therapist, **span, **wrong}))["errors"]
    assert error["path"] == ["input", field]
    assert said in error["message"]


async def test_the_same_time_off_again_is_the_one_that_is_there(practice: Practice, therapist: int) -> None:
    span = {"startsAt": "2031-01-06T00:00:00Z", "endsAt": "2031-01-08T00:00:00Z"}
    ids = [
        (await practice.done("addTimeOff", given, "timeOff { timeOffId }"))["timeOff"]["timeOffId"]
        for reason in (None, "skiing")
        for given in 2 * [{"therapistId": therapist, **span, "reason": reason}]
    ]
    assert ids[0] == ids[1]
    assert ids[2] == ids[3]
    assert len((await week(practice, therapist))["timeOff"]) == 2


async def test_hours_that_are_given_twice_are_kept_once(practice: Practice, therapist: int) -> None:
    twice = [NINE_TO_FIVE, {**NINE_TO_FIVE, "everyWeeks": 1, "validFrom": None}]
    await practice.done("setWorkingHours", {"therapistId": therapist, "hours": twice})
    assert len((await week(practice, therapist))["workingHours"]) == 1


async def test_stays_in_other_zones_do_not_overlap(practice: Practice, therapist: int) -> None:
    """Scenario 8: hours on those days are read in that zone."""
    stay = {"timeZone": "America/New_York", "fromDate": "2031-03-01", "untilDate": "2031-03-15"}
    first = (await practice.done("setAway", {"therapistId": therapist, **stay}, "away { awayId }"))["away"]
    over = {**stay, "fromDate": "2031-03-14", "untilDate": "2031-03-20"}
    refused = await practice.do("setAway", {"therapistId": therapist, **over})
    assert [e["path"] for e in refused["errors"]] == [["input", "fromDate"]]
    after = {**stay, "fromDate": "2031-03-15", "untilDate": "2031-03-20"}
    await practice.done("setAway", {"therapistId": therapist, **after})
    await practice.done("removeAway", first)
    assert [one["fromDate"] for one in (await week(practice, therapist))["away"]] == ["2031-03-15"]


async def test_a_retry_with_the_same_key_changes_nothing_again(practice: Practice, therapist: int) -> None:
    """Scenario 21, for the rules of a diary."""
    span = {"startsAt": "2031-01-06T00:00:00Z", "endsAt": "2031-01-08T00:00:00Z"}
    given = {"therapistId": therapist, **span, "idempotencyKey": f"off {therapist}"}
    first = await practice.done("addTimeOff", given, "timeOff { timeOffId }")
    second = await practice.done("addTimeOff", given, "timeOff { timeOffId }")
    assert (first["replayed"], second["replayed"]) == (False, True)
    assert first["timeOff"] == second["timeOff"]
    assert len((await week(practice, therapist))["timeOff"]) == 1


async def test_every_change_is_known_to_those_who_remember_rules(
    practice: Practice, therapist: int
) -> None:
    clock = "SELECT version FROM rules_clock"
    own = "SELECT rules_version FROM therapist WHERE therapist_id = $1"
    before = await practice.books.value(clock)
    await practice.done("setWorkingHours", {"therapistId": therapist, "hours": [NINE_TO_FIVE]})
    after = await practice.books.value(clock)
    assert after > before
    assert await practice.books.value(own, therapist) == after


async def test_a_zone_that_comes_into_use_has_its_rules_noted(practice: Practice, therapist: int) -> None:
    """Scenario 6: else nobody could tell later at which wall time a session was placed."""

    async def noted() -> list[str]:
        rows = await practice.books.run("SELECT time_zone FROM zone_rules ORDER BY zone_rules_id")
        return [row[0] for row in rows if row[0] in zones]

    zones = ["Pacific/Chatham", "Asia/Kabul", "Indian/Cocos", "Africa/Juba"]
    given = {"firstName": "Zoë", "lastName": "Ng", "timeZone": zones[0]}
    for _ in range(2):
        await practice.done("addTherapist", given)
    await practice.done("changeTherapist", {"therapistId": therapist, "timeZone": zones[1]})
    stay = {"timeZone": zones[2], "fromDate": "2031-05-01", "untilDate": "2031-05-08"}
    await practice.done("setAway", {"therapistId": therapist, **stay})
    pattern = {"every": "WEEKLY", "count": 2, "timeZone": zones[3]}
    other = await practice.books.therapist()
    series = {"therapistId": other, "startsAt": "2031-06-02T10:00:00Z", "service": "one-off"}
    await practice.done("bookSeries", {**series, "pattern": pattern})
    assert await noted() == zones
