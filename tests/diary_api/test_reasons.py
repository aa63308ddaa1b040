"""Why sessions are cancelled, as codes."""

from __future__ import annotations

from typing import Any

import pytest

from sessional.diary.life import CANCEL_REASONS
from sessional.graph.schema import schema
from tests.diary_api.conftest import Practice
from tests.diary_api.test_holds import codes
from tests.diary_api.test_life import HOUR, TEN, at, booked

STATE = """appointment { status cancelReason cancelReasonCode
    history { edges { node { change reason reasonCode } } } }"""


async def cancelled(practice: Practice, number: str, **given: Any) -> Any:
    return await practice.do("cancelAppointment", {"appointmentId": number, **given}, STATE)


async def test_a_code_and_words_stay_with_the_session_and_in_its_history(
    practice: Practice, therapist: int
) -> None:
    number = await booked(practice, therapist)
    given = {"by": "CLIENT", "reasonCode": "CLIENT_ILL", "reason": "a cold"}
    session = (await cancelled(practice, number, **given))["appointment"]
    assert (session["cancelReasonCode"], session["cancelReason"]) == ("CLIENT_ILL", "a cold")
    events = [edge["node"] for edge in session["history"]["edges"]]
    assert [(e["change"], e["reasonCode"], e["reason"]) for e in events] == [
        ("BOOKED", None, None),
        ("CANCELLED", "CLIENT_ILL", "a cold"),
    ]


@pytest.mark.parametrize(
    ("code", "fits"),
    [
        ("CLIENT_ILL", "CLIENT"),
        ("CLIENT_REQUEST", "CLIENT"),
        ("PRACTICE_THERAPIST_ILL", "THERAPIST PRACTICE"),
        ("PRACTICE_OTHER", "THERAPIST PRACTICE"),
        ("WEATHER", "CLIENT THERAPIST PRACTICE"),
        ("OTHER", "CLIENT THERAPIST PRACTICE"),
    ],
)
async def test_a_code_goes_with_who_cancels_or_nothing_is_cancelled(
    practice: Practice, therapist: int, code: str, fits: str
) -> None:
    number = await booked(practice, therapist)
    for by in {"CLIENT", "THERAPIST", "PRACTICE"} - set(fits.split()):
        payload = await cancelled(practice, number, by=by, reasonCode=code)
        assert [(e["code"], e["path"]) for e in payload["errors"]] == [
            ("INVALID_INPUT", ["input", "reasonCode"])
        ]
    by = fits.split()[-1]
    assert (await cancelled(practice, number, by=by, reasonCode=code))["errors"] == []


async def test_every_session_of_a_series_has_the_code(practice: Practice, therapist: int) -> None:
    given = {"therapistId": therapist, "startsAt": at(TEN), "service": "one-off", "durationSeconds": HOUR}
    series = {**given, "pattern": {"every": "WEEKLY", "count": 2}}
    first = (await practice.done("bookSeries", series, "appointments { appointmentId }"))["appointments"][0]
    cancel = {**first, "following": True, "by": "PRACTICE"}
    selection = "appointments { cancelReasonCode }"
    wrong = await practice.do("cancelSeries", {**cancel, "reasonCode": "CLIENT_ILL"}, selection)
    assert codes(wrong) == ["INVALID_INPUT"]
    done = await practice.done("cancelSeries", {**cancel, "reasonCode": "PRACTICE_CLOSED"}, selection)
    assert done["appointments"] == [{"cancelReasonCode": "PRACTICE_CLOSED"}] * 2


def test_the_schema_and_the_files_know_the_same_codes() -> None:
    known = schema().type_map["CancelReason"]
    assert set(known.values) == set(CANCEL_REASONS)  # type: ignore[attr-defined]
