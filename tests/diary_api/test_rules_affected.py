"""Changes of a diary over sessions that are booked: nothing falls over, everything is decided."""

from __future__ import annotations

from typing import Any

import pytest

from tests.booking.clients import HOUR, TEN
from tests.diary_api.conftest import Practice

DAY = 24 * HOUR
# TEN is Monday 6 January 2031, 10:00 in London.
NINE_TO_FIVE = {"weekday": 1, "startsMinute": 540, "endsMinute": 1020}
MORNING = {**NINE_TO_FIVE, "endsMinute": 720}
AFTERNOON = TEN + 4 * HOUR
PREVIEW = """
query Preview(
  $id: ID!, $hours: [WorkingHoursInput!], $override: DateOverrideInput, $timeOff: TimeOffInput
) {
  previewDiaryChange(therapistId: $id, hours: $hours, override: $override, timeOff: $timeOff) {
    appointmentId
  }
}
"""
OFF = {"startsAt": "2031-01-06T14:30:00Z", "endsAt": "2031-01-06T18:00:00Z"}
CHANGES: dict[str, dict[str, Any]] = {
    "setWorkingHours": {"hours": [MORNING]},
    "setDateOverride": {"onDate": "2031-01-06", "intervals": [{"startsMinute": 540, "endsMinute": 720}]},
    "addTimeOff": OFF,
}
PREVIEWS: dict[str, dict[str, Any]] = {
    "setWorkingHours": CHANGES["setWorkingHours"],
    "setDateOverride": {"override": CHANGES["setDateOverride"]},
    "addTimeOff": {"timeOff": OFF},
}
each_change = pytest.mark.parametrize("field", CHANGES)


@pytest.fixture
async def monday(practice: Practice, therapist: int) -> int:
    """A therapist who works on Mondays from nine to five."""
    await practice.done("setWorkingHours", {"therapistId": therapist, "hours": [NINE_TO_FIVE]})
    return therapist


async def needed(practice: Practice, field: str, given: dict[str, Any]) -> list[int]:
    """The sessions for which a refused change wants decisions."""
    type_name = f"{field[0].upper()}{field[1:]}Input"
    wanted = "errors { code message path ... on DecisionsNeeded { appointments { appointmentId } } }"
    document = f"mutation Do($i: {type_name}!) {{ {field}(input: $i) {{ cancelled {{ id }} {wanted} }} }}"
    document = document.replace("code message path", "... on UserError { code message path }")
    payload = (await practice.ask(document, i=given))[field]
    (error,) = payload["errors"]
    assert payload["cancelled"] == []
    assert (error["code"], error["path"]) == ("DECISIONS_NEEDED", ["input", "decisions"])
    return [int(one["appointmentId"]) for one in error["appointments"]]


async def status(practice: Practice, appointment: int) -> Any:
    sql = "SELECT status, version, cancelled_by FROM appointment WHERE appointment_id = $1"
    return (await practice.books.run(sql, appointment))[0]


def decided(appointment: int, decision: str) -> dict[str, Any]:
    return {"decisions": [{"appointmentId": str(appointment), "decision": decision}]}


@each_change
async def test_a_change_over_a_session_is_refused_and_names_it(
    practice: Practice, monday: int, field: str
) -> None:
    """Scenarios 40 and 41: bookings are kept and listed before the change is committed."""
    morning = await practice.books.session(monday, TEN)
    afternoon = await practice.books.session(monday, AFTERNOON)
    given = {"therapistId": monday, **CHANGES[field]}

    shown = await practice.ask(PREVIEW, id=monday, **PREVIEWS[field])
    assert shown["previewDiaryChange"] == [{"appointmentId": str(afternoon)}]
    assert await needed(practice, field, given) == [afternoon]
    assert await needed(practice, field, {**given, **decided(morning, "CANCEL")}) == [afternoon]
    assert await status(practice, afternoon) == ("BOOKED", 1, None)


@each_change
async def test_a_session_that_is_kept_stays_as_it_is(practice: Practice, monday: int, field: str) -> None:
    """Scenario 41: accepted with an explicit decision for each booking."""
    afternoon = await practice.books.session(monday, AFTERNOON)
    given = {"therapistId": monday, **CHANGES[field], **decided(afternoon, "KEEP")}
    payload = await practice.done(field, given, "cancelled { appointmentId }")
    assert payload["cancelled"] == []
    assert await status(practice, afternoon) == ("BOOKED", 1, None)


@each_change
async def test_a_session_that_is_cancelled_is_cancelled_by_the_practice_on_record(
    practice: Practice, monday: int, field: str
) -> None:
    """Scenario 41: accepted with an explicit decision for each booking."""
    morning = await practice.books.session(monday, TEN)
    afternoon = await practice.books.session(monday, AFTERNOON)
    both = decided(morning, "CANCEL")["decisions"] + decided(afternoon, "CANCEL")["decisions"]
    given = {"therapistId": monday, **CHANGES[field], "decisions": both}
    payload = await practice.done(field, given, "cancelled { appointmentId }")
    assert payload["cancelled"] == [{"appointmentId": str(afternoon)}]
    assert await status(practice, afternoon) == ("CANCELLED", 2, "PRACTICE")
    assert await status(practice, morning) == ("BOOKED", 1, None)
    events = "SELECT change, status, version, username FROM appointment_event WHERE appointment_id = $1"
    assert ("CANCELLED", "CANCELLED", 2, "ann") in await practice.books.run(events, afternoon)


async def test_an_override_that_opened_a_day_is_not_removed_over_a_session(
    practice: Practice, monday: int
) -> None:
    """Scenario 40."""
    tuesday = {"therapistId": monday, "onDate": "2031-01-07"}
    hours = {"intervals": [{"startsMinute": 540, "endsMinute": 720}]}
    made = await practice.done("setDateOverride", {**tuesday, **hours}, "dateOverride { dateOverrideId }")
    session = await practice.books.session(monday, TEN + DAY)
    assert await needed(practice, "removeDateOverride", made["dateOverride"]) == [session]
    kept = {**made["dateOverride"], **decided(session, "KEEP")}
    await practice.done("removeDateOverride", kept)


async def test_what_lay_outside_the_hours_before_is_nobodys_concern(
    practice: Practice, monday: int
) -> None:
    """Staff book outside of hours on purpose; only time off speaks of such sessions."""
    evening = await practice.books.session(monday, TEN + 9 * HOUR)
    await practice.done("setWorkingHours", {"therapistId": monday, "hours": [MORNING]})
    off = {"startsAt": "2031-01-06T00:00:00Z", "endsAt": "2031-01-07T00:00:00Z"}
    assert await needed(practice, "addTimeOff", {"therapistId": monday, **off}) == [evening]


@pytest.mark.parametrize("gone", ["CANCELLED", "PROPOSED", "ENTERED_IN_ERROR", "past"])
async def test_what_takes_up_no_time_ahead_needs_no_decision(
    practice: Practice, monday: int, gone: str
) -> None:
    twenty_years_ago = AFTERNOON - 1_043 * 7 * DAY
    session = await practice.books.session(monday, twenty_years_ago if gone == "past" else AFTERNOON)
    if gone != "past":
        await practice.books.run(
            "UPDATE appointment SET status = $1 WHERE appointment_id = $2", gone, session
        )
    shown = await practice.ask(PREVIEW, id=monday, hours=[])
    assert shown["previewDiaryChange"] == []
    await practice.done("setWorkingHours", {"therapistId": monday, "hours": []})


async def test_time_off_up_to_the_beginning_of_a_session_does_not_touch_it(
    practice: Practice, monday: int
) -> None:
    """Scenario 11, for time off."""
    await practice.books.session(monday, TEN)
    off = {"startsAt": "2031-01-06T08:00:00Z", "endsAt": "2031-01-06T10:00:00Z"}
    await practice.done("addTimeOff", {"therapistId": monday, **off})
    off = {"startsAt": "2031-01-06T11:00:00Z", "endsAt": "2031-01-06T12:00:00Z"}
    await practice.done("addTimeOff", {"therapistId": monday, **off})


async def test_one_session_has_one_decision(practice: Practice, monday: int) -> None:
    session = await practice.books.session(monday, AFTERNOON)
    both = decided(session, "KEEP")["decisions"] + decided(session, "CANCEL")["decisions"]
    given = {"therapistId": monday, "hours": [], "decisions": both}
    payload = await practice.do("setWorkingHours", given)
    assert [(e["code"], e["path"]) for e in payload["errors"]] == [
        ("INVALID_INPUT", ["input", "decisions"])
    ]
    assert await status(practice, session) == ("BOOKED", 1, None)


async def test_a_preview_says_what_it_needs_and_knows_who_exists(practice: Practice, monday: int) -> None:
    answer = await practice.answer(PREVIEW, {"id": monday})
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_INPUT"
    answer = await practice.answer(PREVIEW, {"id": "4000000000", "hours": []})
    assert answer["errors"][0]["extensions"]["code"] == "UNKNOWN_THERAPIST"


async def test_a_preview_changes_nothing_and_takes_several_changes_together(
    practice: Practice, monday: int
) -> None:
    """Scenario 40."""
    morning = await practice.books.session(monday, TEN)
    afternoon = await practice.books.session(monday, AFTERNOON)
    early = {"startsAt": "2031-01-06T10:30:00Z", "endsAt": "2031-01-06T10:45:00Z"}
    for _ in range(2):
        shown = await practice.ask(PREVIEW, id=monday, hours=[MORNING], timeOff=early)
        numbers = [int(one["appointmentId"]) for one in shown["previewDiaryChange"]]
        assert numbers == [morning, afternoon]
