"""Changes of a diary that move the sessions which they touch: all of it or nothing."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.booking.clients import HOUR, TEN
from tests.diary_api import openings as o
from tests.diary_api.conftest import Practice
from tests.diary_api.test_life import at
from tests.diary_api.test_rules_affected import (
    AFTERNOON,
    CHANGES,
    MORNING,
    NINE_TO_FIVE,
    each_change,
    monday,
    status,
)

__all__ = ["monday"]

DONE = """cancelled { appointmentId }
    moved { appointmentId startsAt therapistId history { edges { node { change reason } } } }"""
RULES = """query Rules($id: ID!) { therapist(therapistId: $id) {
  workingHours { totalCount edges { node { endsMinute } } }
  dateOverrides { totalCount }
  timeOff { totalCount }
} }"""
WHERE = ["input", "decisions", "startsAt"]


async def session(practice: Practice, therapist: int, starts_at: int) -> int:
    """A session of an hour, of a service that can be booked this far ahead."""
    code = await o.service(practice.books, horizon_days=3660, grid_seconds=1800)
    number = await practice.books.session(therapist, starts_at)
    sql = "UPDATE appointment SET service_code = $1 WHERE appointment_id = $2"
    await practice.books.run(sql, code, number)
    return number


def moved(appointment: int, **more: Any) -> dict[str, Any]:
    return {"appointmentId": str(appointment), "decision": "MOVE", **more}


async def refused(practice: Practice, field: str, given: dict[str, Any]) -> tuple[str, list[str]]:
    """The code and path of the one error of a change that must leave everything as it was."""
    number = given["therapistId"]
    rules, diary = await practice.ask(RULES, id=number), await practice.books.diary(number)
    payload = await practice.do(field, given, DONE)
    assert await practice.ask(RULES, id=number) == rules
    assert await practice.books.diary(number) == diary
    (error,) = payload["errors"]
    return error["code"], error["path"]


@each_change
async def test_a_session_moves_with_the_change_and_the_move_is_on_record(
    practice: Practice, monday: int, field: str
) -> None:
    """Scenario 41."""
    afternoon = await session(practice, monday, AFTERNOON)
    decisions = [moved(afternoon, startsAt=at(TEN))]
    payload = await practice.done(
        field, {"therapistId": monday, **CHANGES[field], "decisions": decisions}, DONE
    )
    assert payload["cancelled"] == []
    (done,) = payload["moved"]
    assert (done["appointmentId"], done["startsAt"]) == (str(afternoon), at(TEN))
    assert [edge["node"]["change"] for edge in done["history"]["edges"]] == ["BOOKED", "MOVED"]
    assert await status(practice, afternoon) == ("BOOKED", 2, None)


@each_change
async def test_a_move_that_the_rules_after_the_change_do_not_allow_is_refused_and_nothing_changes(
    practice: Practice, monday: int, field: str
) -> None:
    """Scenarios 31 and 41: 16:00 lies in the old hours and outside of the new ones."""
    morning = await session(practice, monday, TEN)
    afternoon = await session(practice, monday, AFTERNOON)
    given = {"therapistId": monday, **CHANGES[field]}
    late = [moved(afternoon, startsAt=at(TEN + 6 * HOUR))]
    assert await refused(practice, field, {**given, "decisions": late}) == ("RULE_REFUSED", WHERE)
    taken = [moved(afternoon, startsAt=at(TEN))]
    assert await refused(practice, field, {**given, "decisions": taken}) == ("SLOT_TAKEN", WHERE)
    assert await status(practice, morning) == ("BOOKED", 1, None)


async def test_where_one_of_several_cannot_move_none_is_moved_or_cancelled(
    practice: Practice, monday: int
) -> None:
    """Scenario 41: one transaction for the change and all decisions."""
    first, second, third = [await session(practice, monday, AFTERNOON + n * HOUR) for n in range(3)]
    decisions = [
        moved(first, startsAt=at(TEN)),
        {"appointmentId": str(second), "decision": "CANCEL"},
        moved(third, startsAt=at(TEN + HOUR // 2)),
    ]
    given = {"therapistId": monday, "hours": [MORNING], "decisions": decisions}
    assert await refused(practice, "setWorkingHours", given) == ("SLOT_TAKEN", WHERE)
    for number in (first, second, third):
        assert await status(practice, number) == ("BOOKED", 1, None)


async def test_a_session_goes_where_another_has_been_that_goes_too(practice: Practice, monday: int) -> None:
    """In whatever order the decisions stand: what is in nobody's way goes first."""
    two, three = [await session(practice, monday, AFTERNOON + n * HOUR) for n in range(2)]
    off = {"startsAt": at(AFTERNOON), "endsAt": at(AFTERNOON + 2 * HOUR)}
    given = {"therapistId": monday, **off}
    swap = [moved(two, startsAt=at(AFTERNOON + HOUR)), moved(three, startsAt=at(AFTERNOON))]
    swap = [{**each, "overrideRules": True} for each in swap]
    assert await refused(practice, "addTimeOff", {**given, "decisions": swap}) == ("SLOT_TAKEN", WHERE)
    chain = [moved(two, startsAt=at(AFTERNOON + HOUR), overrideRules=True), moved(three, startsAt=at(TEN))]
    done = await practice.done("addTimeOff", {**given, "decisions": chain}, DONE)
    assert [each["startsAt"] for each in done["moved"]] == [at(AFTERNOON + HOUR), at(TEN)]


async def test_a_session_moves_to_another_therapist_and_a_retry_of_its_booking_finds_it(
    practice: Practice, monday: int
) -> None:
    """Scenario 32."""
    other = await practice.books.therapist()
    await practice.done("setWorkingHours", {"therapistId": other, "hours": [NINE_TO_FIVE]})
    code = await o.service(practice.books, horizon_days=3660)
    book = {"therapistId": str(monday), "startsAt": at(AFTERNOON), "service": code}
    book["idempotencyKey"] = f"moves away {monday}"
    booked = (await practice.done("bookAppointment", book, "appointment { appointmentId }"))["appointment"]
    decisions = [moved(booked["appointmentId"], therapistId=other)]
    given = {"therapistId": monday, **CHANGES["addTimeOff"], "decisions": decisions}
    (done,) = (await practice.done("addTimeOff", given, DONE))["moved"]
    assert (done["therapistId"], done["startsAt"]) == (other, at(AFTERNOON))
    assert [edge["node"]["change"] for edge in done["history"]["edges"]] == ["BOOKED", "REASSIGNED"]
    again = await practice.done("bookAppointment", book, "appointment { appointmentId }")
    assert (again["replayed"], again["appointment"]) == (True, booked)


async def test_a_decision_says_where_to_or_nothing_at_all(practice: Practice, monday: int) -> None:
    booked = await session(practice, monday, AFTERNOON)
    given = {"therapistId": monday, "hours": [MORNING]}
    wrong: list[dict[str, Any]] = [
        moved(booked),
        {**moved(booked, startsAt=at(TEN)), "decision": "KEEP"},
        {**moved(booked, therapistId=monday), "decision": "CANCEL"},
    ]
    for decision in wrong:
        said = await refused(practice, "setWorkingHours", {**given, "decisions": [decision]})
        assert said == ("INVALID_INPUT", ["input", "decisions"])
    nobody = [moved(booked, therapistId="4000000000")]
    said = await refused(practice, "setWorkingHours", {**given, "decisions": nobody})
    assert said[0] == "UNKNOWN_THERAPIST"


async def test_two_changes_that_move_sessions_into_each_others_diaries_both_happen(
    practice: Practice, monday: int
) -> None:
    """Scenario 29: neither waits for the other for ever."""
    other = await practice.books.therapist()
    await practice.done("setWorkingHours", {"therapistId": other, "hours": [NINE_TO_FIVE]})
    here = await session(practice, monday, AFTERNOON)
    there = await session(practice, other, TEN)
    mine = {"startsAt": at(AFTERNOON), "endsAt": at(AFTERNOON + HOUR)}
    theirs = {"startsAt": at(TEN), "endsAt": at(TEN + HOUR)}
    changes = [
        {"therapistId": monday, **mine, "decisions": [moved(here, therapistId=other)]},
        {"therapistId": other, **theirs, "decisions": [moved(there, therapistId=monday)]},
    ]
    await asyncio.gather(*(practice.done("addTimeOff", given, DONE) for given in changes))
    assert [row[0] for row in await practice.books.diary(monday)] == [there]
    assert [row[0] for row in await practice.books.diary(other)] == [here]


async def test_what_moves_is_judged_by_the_diary_as_it_will_be(practice: Practice, monday: int) -> None:
    """Scenario 41: into a day that another leaves, and beside where another was."""
    books = practice.books
    days = [{**NINE_TO_FIVE, "weekday": day} for day in range(1, 8)]
    await practice.done("setWorkingHours", {"therapistId": monday, "hours": days})
    one, two = await session(practice, monday, TEN), await session(practice, monday, TEN + 24 * HOUR)
    await books.run("UPDATE therapist SET max_per_day = 1 WHERE therapist_id = $1", monday)
    await o.bump(books, monday)
    off = {"startsAt": at(TEN - HOUR), "endsAt": at(TEN + 26 * HOUR)}
    decisions = [moved(one, startsAt=at(TEN + 28 * HOUR)), moved(two, startsAt=at(TEN + 48 * HOUR))]
    done = await practice.done("addTimeOff", {"therapistId": monday, **off, "decisions": decisions}, DONE)
    assert [each["startsAt"] for each in done["moved"]] == [at(TEN + 28 * HOUR), at(TEN + 48 * HOUR)]


async def test_a_move_that_the_rules_refuse_in_the_end_is_refused_by_their_name(
    practice: Practice, monday: int
) -> None:
    first, second = [await session(practice, monday, AFTERNOON + n * HOUR) for n in range(2)]
    decisions = [moved(first, startsAt=at(TEN - 5 * HOUR)), moved(second, startsAt=at(TEN))]
    given = {"therapistId": monday, "hours": [MORNING], "decisions": decisions}
    assert await refused(practice, "setWorkingHours", given) == ("RULE_REFUSED", WHERE)
