"""What happens to a session: cancelled, moved, handed over, attended, and what is on record of it."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from tests.diary_api.conftest import Practice

TEN = 1_927_447_200  # 2031-01-29T10:00:00Z
HOUR = 3600
STATE = """appointment { appointmentId status version startsAt endsAt therapistId cancelledBy cancelReason
    cancelledLate
    history { edges { node { change by version status startsAt reason therapist { id } } } } }"""


def at(seconds: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(seconds))


async def booked(practice: Practice, therapist: int, starts_at: int = TEN, **more: Any) -> str:
    given = {
        "therapistId": therapist,
        "startsAt": at(starts_at),
        "durationSeconds": HOUR,
        "service": "one-off",
        **more,
    }
    payload = await practice.done("bookAppointment", given, "appointment { appointmentId }")
    number: str = payload["appointment"]["appointmentId"]
    return number


async def changed(practice: Practice, field: str, **given: Any) -> Any:
    return (await practice.done(field, given, STATE))["appointment"]


async def refused(practice: Practice, field: str, selection: str = "", **given: Any) -> Any:
    """The one error of a change that must be refused, and leave the session as it was."""
    payload = await practice.do(field, given, "appointment { id }")
    assert payload["appointment"] is None
    (error,) = payload["errors"]
    return error["code"]


async def test_after_a_cancel_the_same_time_can_be_booked_again(practice: Practice, therapist: int) -> None:
    """Scenario 24."""
    first = await booked(practice, therapist)
    gone = await changed(practice, "cancelAppointment", appointmentId=first, by="PRACTICE", reason="ill")
    assert (gone["status"], gone["version"], gone["cancelledBy"]) == ("CANCELLED", 2, "PRACTICE")
    assert (gone["cancelReason"], gone["cancelledLate"]) == ("ill", False)
    assert await booked(practice, therapist) != first


async def test_the_original_form_books_a_cancelled_session_anew(practice: Practice, therapist: int) -> None:
    """Scenario 24: the identical session that is the same session must still take place."""
    document = f"""mutation {{ appointment(therapistId: {therapist}, startTimeUnixSeconds: {TEN},
        durationSeconds: {HOUR}, type: "one-off") {{ appointment {{ appointmentId }} }} }}"""
    first = (await practice.ask(document))["appointment"]["appointment"]["appointmentId"]
    await changed(practice, "cancelAppointment", appointmentId=first, by="CLIENT")
    second = (await practice.ask(document))["appointment"]["appointment"]["appointmentId"]
    assert second != first
    assert (await practice.ask(document))["appointment"]["appointment"]["appointmentId"] == second


async def test_a_cancel_that_is_retried_is_a_success(practice: Practice, therapist: int) -> None:
    """Scenario 28."""
    number = await booked(practice, therapist)
    first = await changed(practice, "cancelAppointment", appointmentId=number, by="CLIENT")
    again = await changed(practice, "cancelAppointment", appointmentId=number, by="CLIENT")
    assert again == first


async def test_a_key_replays_a_change_and_other_input_under_it_is_refused(
    practice: Practice, therapist: int
) -> None:
    """Scenarios 21 and 22, for every change."""
    number = await booked(practice, therapist)
    given = {"appointmentId": number, "startsAt": at(TEN + HOUR), "idempotencyKey": f"move {number}"}
    first = await practice.done("rescheduleAppointment", given, STATE)
    again = await practice.done("rescheduleAppointment", given, STATE)
    assert (first["replayed"], again["replayed"]) == (False, True)
    assert again["appointment"] == first["appointment"]
    other = {**given, "startsAt": at(TEN + 2 * HOUR)}
    assert await refused(practice, "rescheduleAppointment", **other) == "IDEMPOTENCY_KEY_REUSED"


async def test_a_session_may_be_moved_onto_itself_and_keeps_its_number(
    practice: Practice, therapist: int
) -> None:
    """Scenarios 30 and 32."""
    number = await booked(practice, therapist)
    moved = await changed(practice, "rescheduleAppointment", appointmentId=number, startsAt=at(TEN + 900))
    assert (moved["appointmentId"], moved["startsAt"]) == (number, at(TEN + 900))
    assert moved["endsAt"] == at(TEN + 900 + HOUR)
    history = [edge["node"] for edge in moved["history"]["edges"]]
    assert [(e["change"], e["version"], e["startsAt"]) for e in history] == [
        ("BOOKED", 1, at(TEN)),
        ("MOVED", 2, at(TEN + 900)),
    ]
    assert history[1]["by"] == "ann"


async def test_a_move_that_fails_leaves_the_original_untouched(practice: Practice, therapist: int) -> None:
    """Scenario 31."""
    number = await booked(practice, therapist)
    await booked(practice, therapist, TEN + 2 * HOUR)
    given = {"appointmentId": number, "startsAt": at(TEN + 2 * HOUR)}
    payload = await practice.do("rescheduleAppointment", given, "appointment { id }")
    (error,) = payload["errors"]
    assert error["code"] == "SLOT_TAKEN"
    rows = await practice.books.diary(therapist)
    assert [row[1] for row in rows] == [TEN, TEN + 2 * HOUR]


async def test_a_session_is_handed_to_another_therapist(practice: Practice, therapist: int) -> None:
    other = await practice.books.therapist()
    number = await booked(practice, therapist)
    given = {"appointmentId": number, "therapistId": other}
    moved = await changed(practice, "reassignAppointment", **given)
    assert moved["therapistId"] == other
    assert await practice.books.diary(therapist) == []
    await booked(practice, therapist)
    back = {"appointmentId": number, "therapistId": therapist}
    assert await refused(practice, "reassignAppointment", **back) == "SLOT_TAKEN"


async def test_the_retry_of_a_booking_finds_the_session_that_was_handed_over(
    practice: Practice, therapist: int
) -> None:
    given = {"therapistId": therapist, "startsAt": at(TEN), "service": "one-off"}
    given |= {"idempotencyKey": f"hand over {therapist}"}
    shown = "appointment { appointmentId therapistId }"
    first = (await practice.done("bookAppointment", given, shown))["appointment"]
    other = await practice.books.therapist()
    hand_over = {"appointmentId": first["appointmentId"], "therapistId": other}
    await changed(practice, "reassignAppointment", **hand_over)
    again = await practice.done("bookAppointment", given, shown)
    assert again["replayed"]
    assert again["appointment"] == {"appointmentId": first["appointmentId"], "therapistId": other}


async def test_a_client_is_told_the_notice_and_the_practice_may_cancel_all_the_same(
    practice: Practice, therapist: int
) -> None:
    """Scenario 33: the policy is the one in force when it was booked."""
    soon = int(time.time()) // 60 * 60 + 2 * HOUR
    number = await booked(practice, therapist, soon)
    await practice.books.run(
        "UPDATE appointment SET cancel_notice_seconds = 86400 WHERE appointment_id = $1", int(number)
    )
    given = {"appointmentId": number, "by": "CLIENT"}
    notice = "errors { ... on CancelNotice { noticeSeconds until } }"
    payload = await practice.do("cancelAppointment", given, notice)
    assert payload["errors"][0]["code"] == "CANCEL_NOTICE"
    assert payload["errors"][0]["noticeSeconds"] == 86400
    assert payload["errors"][0]["until"] == at(soon - 86400)
    moved = {"appointmentId": number, "by": "CLIENT", "startsAt": at(soon + HOUR)}
    assert await refused(practice, "rescheduleAppointment", **moved) == "CANCEL_NOTICE"
    late = await changed(practice, "cancelAppointment", appointmentId=number, by="THERAPIST")
    assert (late["status"], late["cancelledLate"]) == ("CANCELLED", True)


async def test_attendance_is_recorded_after_the_start_and_can_be_corrected_on_record(
    practice: Practice, therapist: int
) -> None:
    """Scenario 35."""
    ahead = await booked(practice, therapist)
    assert await refused(practice, "recordAttendance", appointmentId=ahead, attended=True) == "INVALID_TIME"
    past = await booked(practice, therapist, 1_700_000_000)
    await changed(practice, "checkIn", appointmentId=past)
    await changed(practice, "recordAttendance", appointmentId=past, attended=False)
    corrected = await changed(practice, "recordAttendance", appointmentId=past, attended=True)
    history = [edge["node"]["change"] for edge in corrected["history"]["edges"]]
    assert history == ["BOOKED", "ARRIVED", "NOSHOW", "FULFILLED"]


async def test_who_has_not_seen_the_last_change_is_shown_it(practice: Practice, therapist: int) -> None:
    number = await booked(practice, therapist)
    await changed(practice, "rescheduleAppointment", appointmentId=number, startsAt=at(TEN + HOUR))
    given = {"appointmentId": number, "by": "PRACTICE", "expectedVersion": 1}
    shown = "errors { ... on StaleVersion { appointment { version startsAt } } }"
    payload = await practice.do("cancelAppointment", given, shown)
    (error,) = payload["errors"]
    assert error["code"] == "STALE_VERSION"
    assert error["appointment"] == {"version": 2, "startsAt": at(TEN + HOUR)}


@pytest.mark.parametrize(
    ("first", "then", "code"),
    [
        ({"field": "cancelAppointment", "by": "PRACTICE"}, {"field": "checkIn"}, "TRANSITION_REFUSED"),
        (
            {"field": "markEnteredInError"},
            {"field": "cancelAppointment", "by": "CLIENT"},
            "TRANSITION_REFUSED",
        ),
        (
            {"field": "checkIn"},
            {"field": "rescheduleAppointment", "startsAt": at(TEN)},
            "TRANSITION_REFUSED",
        ),
    ],
)
async def test_what_cannot_follow_is_refused_by_name(
    practice: Practice, therapist: int, first: dict[str, Any], then: dict[str, Any], code: str
) -> None:
    number = await booked(practice, therapist)
    start, follow = dict(first), dict(then)
    await changed(practice, start.pop("field"), appointmentId=number, **start)
    assert await refused(practice, follow.pop("field"), appointmentId=number, **follow) == code


async def test_a_session_that_does_not_exist_is_not_found(practice: Practice) -> None:
    given = {"appointmentId": "4000000000", "by": "PRACTICE"}
    assert await refused(practice, "cancelAppointment", **given) == "NOT_FOUND"
    assert await refused(practice, "cancelAppointment", **{**given, "appointmentId": "x"}) == "NOT_FOUND"


async def test_lists_can_be_asked_for_states(practice: Practice, therapist: int) -> None:
    number = await booked(practice, therapist)
    await booked(practice, therapist, TEN + HOUR)
    await changed(practice, "cancelAppointment", appointmentId=number, by="PRACTICE")
    document = """query($t: [ID!], $s: [AppointmentStatus!]) {
        appointments(filters: {therapistIds: $t, statusIn: $s}) { totalCount } }"""
    for states, count in ((["BOOKED"], 1), (["CANCELLED"], 1), (["BOOKED", "CANCELLED"], 2), ([], 0)):
        found = await practice.ask(document, t=[str(therapist)], s=states)
        assert found["appointments"]["totalCount"] == count


# ---- races --------------------------------------------------------------------------------------


async def test_of_many_moves_into_one_time_exactly_one_wins(practice: Practice, therapist: int) -> None:
    numbers = [await booked(practice, therapist, TEN + n * HOUR) for n in range(1, 9)]
    moves = (
        practice.do(
            "rescheduleAppointment", {"appointmentId": n, "startsAt": at(TEN)}, "appointment { id }"
        )
        for n in numbers
    )
    outcomes = await asyncio.gather(*moves)
    won = [outcome for outcome in outcomes if outcome["appointment"] is not None]
    lost = {error["code"] for outcome in outcomes for error in outcome["errors"]}
    assert (len(won), lost) == (1, {"SLOT_TAKEN"})
    assert await practice.books.double_bookings() == []


async def test_a_cancel_and_a_move_at_once_leave_one_of_the_two_and_no_half(
    practice: Practice, therapist: int
) -> None:
    for round_ in range(10):
        number = await booked(practice, therapist, TEN + round_ * 10 * HOUR)
        move = {"appointmentId": number, "startsAt": at(TEN + round_ * 10 * HOUR + HOUR)}
        outcomes = await asyncio.gather(
            practice.do("cancelAppointment", {"appointmentId": number, "by": "PRACTICE"}),
            practice.do("rescheduleAppointment", move),
        )
        assert outcomes[0]["errors"] == []
        assert {error["code"] for error in outcomes[1]["errors"]} <= {"TRANSITION_REFUSED"}
        rows = await practice.books.run(
            "SELECT status FROM appointment WHERE appointment_id = $1", int(number)
        )
        assert rows == [("CANCELLED",)]


async def test_a_session_that_is_at_that_time_already_is_not_moved_and_a_retry_is_no_error(
    practice: Practice, therapist: int
) -> None:
    """No version, no line in its history: nobody is told of a move that never was."""
    number = await booked(practice, therapist)
    move = {"appointmentId": number, "startsAt": at(TEN + HOUR), "expectedVersion": 1}
    first = await changed(practice, "rescheduleAppointment", **move)
    assert first["version"] == 2
    assert await changed(practice, "rescheduleAppointment", **move) == first
    longer = await changed(
        practice, "rescheduleAppointment", **{**move, "expectedVersion": 2}, durationSeconds=5400
    )
    assert (longer["version"], longer["endsAt"]) == (3, at(TEN + HOUR + 5400))
    await changed(practice, "cancelAppointment", appointmentId=number, by="PRACTICE")
    move["expectedVersion"] = 4
    assert await refused(practice, "rescheduleAppointment", **move) == "TRANSITION_REFUSED"
