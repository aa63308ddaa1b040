"""Every change puts on record who did what to which object, and how it was before and after."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from sessional.graph.deeds import DEEDS
from sessional.graph.plain import camel_name
from tests.booking.clients import CREATE
from tests.diary_api.conftest import Practice
from tests.record.conftest import last, newest

SESSION = "appointment { appointmentId version }"


async def booked(practice: Practice, therapist: int, start: str, **more: Any) -> int:
    given = {"therapistId": therapist, "startsAt": start, "service": "one-off", **more}
    return int((await practice.done("bookAppointment", given, SESSION))["appointment"]["appointmentId"])


async def client(practice: Practice, name: str, **details: Any) -> int:
    payload = await practice.done("addClient", {"name": name, **details}, "client { clientId }")
    return int(payload["client"]["clientId"])


# ---- bookings -----------------------------------------------------------------------------------


async def test_a_booking_is_on_record_with_who_what_and_the_request(
    practice: Practice, therapist: int
) -> None:
    before = await newest(practice.books)
    body = {
        "query": "mutation($i: BookAppointmentInput!) { bookAppointment(input: $i) "
        "{ appointment { appointmentId } } }",
        "variables": {
            "i": {"therapistId": therapist, "startsAt": "2031-02-03T10:00:00Z", "service": "one-off"}
        },
    }
    answer = await practice.client.post("/graphql", json=body, headers={"X-Request-Id": "request-0001"})
    number = int(answer.json()["data"]["bookAppointment"]["appointment"]["appointmentId"])
    (entry,) = await last(practice.books, before)
    assert (entry["account_id"], entry["username"], entry["role"]) == (1, "ann", "ADMIN")
    assert (entry["action"], entry["object_type"], entry["object_id"]) == (
        "bookAppointment",
        "Appointment",
        number,
    )
    assert (entry["outcome"], entry["request_id"]) == ("DONE", "request-0001")
    assert entry["state_before"] is None
    assert entry["state_after"] == {
        "therapistId": therapist,
        "type": "one-off",
        "startsAt": 1927879200,
        "endsAt": 1927882200,
        "status": "BOOKED",
        "clientIds": [],
    }


async def test_a_booking_with_the_diary_open_is_on_record_with_its_clients(
    practice: Practice, therapist: int
) -> None:
    ana = await client(practice, "Ana")
    before = await newest(practice.books)
    number = await booked(practice, therapist, "2031-02-03T10:00:00Z", clientIds=[ana])
    (entry,) = await last(practice.books, before)
    assert (entry["object_id"], entry["state_after"]["clientIds"]) == (number, [ana])


async def test_a_booking_in_the_form_of_the_original_is_on_record_once(
    practice: Practice, therapist: int
) -> None:
    before = await newest(practice.books)
    given = {"therapist": therapist, "start": 1927879200, "length": 3000, "type": "one-off"}
    for _ in range(2):
        await practice.ask(CREATE, **given)
    assert [entry["action"] for entry in await last(practice.books, before)] == ["appointment"]


async def test_a_refusal_and_a_replay_change_nothing_and_leave_no_entry(
    practice: Practice, therapist: int
) -> None:
    key = {"idempotencyKey": f"once-{therapist}"}
    await booked(practice, therapist, "2031-02-03T10:00:00Z", **key)
    before = await newest(practice.books)
    await booked(practice, therapist, "2031-02-03T10:00:00Z", **key)
    given = {"therapistId": therapist, "startsAt": "2031-02-03T10:10:00Z", "service": "one-off"}
    payload = await practice.do("bookAppointment", given)
    assert [error["code"] for error in payload["errors"]] == ["SLOT_TAKEN"]
    assert await last(practice.books, before) == []


async def test_rules_set_aside_are_told_from_what_obeys_them(practice: Practice, therapist: int) -> None:
    before = await newest(practice.books)
    number = await booked(practice, therapist, "2031-02-03T10:00:00Z", overrideRules=True)
    move = {"appointmentId": number, "startsAt": "2031-02-03T12:00:00Z", "overrideRules": True}
    await practice.done("rescheduleAppointment", move)
    entries = await last(practice.books, before)
    assert [entry["outcome"] for entry in entries] == ["OVERRIDDEN", "OVERRIDDEN"]


# ---- all other changes --------------------------------------------------------------------------


async def test_a_change_of_a_session_is_on_record_with_what_changed_before_and_after(
    practice: Practice, therapist: int
) -> None:
    number = await booked(practice, therapist, "2031-02-03T10:00:00Z")
    before = await newest(practice.books)
    given = {"appointmentId": number, "by": "CLIENT", "reason": "a secret illness"}
    await practice.done("cancelAppointment", given)
    (entry,) = await last(practice.books, before)
    assert (entry["action"], entry["object_id"]) == ("cancelAppointment", number)
    assert entry["state_before"] == {
        "status": "BOOKED",
        "version": 1,
        "cancelledBy": None,
        "cancelledLate": None,
        "cancelReason": None,
    }
    assert entry["state_after"] == {
        "status": "CANCELLED",
        "version": 2,
        "cancelledBy": "CLIENT",
        "cancelledLate": False,
        "cancelReason": "(personal)",
    }


async def test_of_personal_data_the_record_holds_that_it_changed_and_never_what_it_was(
    practice: Practice,
) -> None:
    secrets = {"email": "zoe@hidden.example", "phone": "+1 555 0199", "staffNotes": "Hears the sea."}
    zoe = await client(practice, "Zoe Hidden", **secrets)
    changed = {"clientId": zoe, "name": "Zoe Concealed", "email": "new@hidden.example", "phone": None}
    await practice.done("changeClient", {**changed, "language": "fr"})
    rows = await practice.books.run("SELECT * FROM audit_event")
    for secret in (*secrets.values(), "new@hidden.example", "Hidden", "Concealed"):
        assert secret not in repr(rows)
    entry = (await last(practice.books))[-1]
    assert (entry["object_type"], entry["object_id"]) == ("Client", zoe)
    assert entry["state_before"]["phone"] == "(personal)"
    assert entry["state_after"] == {
        "email": "(personal)",
        "language": "(personal)",
        "name": "(personal)",
        "phone": None,
    }


async def test_each_session_of_a_series_that_is_cancelled_has_an_entry_of_its_own(
    practice: Practice, therapist: int
) -> None:
    given = {
        "therapistId": therapist,
        "startsAt": "2031-02-03T10:00:00Z",
        "service": "one-off",
        "pattern": {"every": "WEEKLY", "count": 3},
    }
    shown = "appointments { appointmentId }"
    made = (await practice.done("bookSeries", given, shown))["appointments"]
    numbers = [int(each["appointmentId"]) for each in made]
    before = await newest(practice.books)
    cancel = {"appointmentId": numbers[1], "following": True, "by": "PRACTICE"}
    await practice.done("cancelSeries", cancel)
    entries = await last(practice.books, before)
    assert [entry["object_id"] for entry in entries] == numbers[1:]
    states = [(e["state_before"]["status"], e["state_after"]["status"]) for e in entries]
    assert states == [("BOOKED", "CANCELLED")] * 2


async def test_hours_are_on_record_with_the_sessions_that_they_cost(
    practice: Practice, therapist: int
) -> None:
    monday = {"weekday": 1, "startsMinute": 540, "endsMinute": 1020}
    number = await booked(practice, therapist, "2031-02-03T10:00:00Z")
    await practice.done("setWorkingHours", {"therapistId": therapist, "hours": [monday]})
    before = await newest(practice.books)
    decision = {"appointmentId": number, "decision": "CANCEL"}
    given = {"therapistId": therapist, "hours": [], "decisions": [decision]}
    await practice.done("setWorkingHours", given)
    session, hours = await last(practice.books, before)
    assert (session["object_type"], session["state_after"]["status"]) == ("Appointment", "CANCELLED")
    assert hours["object_type"] == "Therapist"
    assert hours["state_before"] == {"workingHours": [[1, 540, 1020, None, None, 1]]}


async def test_what_is_removed_is_on_record_as_it_was(practice: Practice, therapist: int) -> None:
    given = {"therapistId": therapist, "startsAt": "2031-02-03T10:00:00Z", "endsAt": "2031-02-04T10:00:00Z"}
    shown = "timeOff { timeOffId }"
    off = (await practice.done("addTimeOff", {**given, "reason": "ill"}, shown))["timeOff"]
    before = await newest(practice.books)
    await practice.done("removeTimeOff", {"timeOffId": off["timeOffId"]})
    entry = next(e for e in await last(practice.books, before) if e["object_type"] == "TimeOff")
    assert (entry["state_before"]["reason"], entry["state_after"]) == ("(personal)", None)
    assert entry["state_before"]["startsAt"] == 1927879200


async def test_a_service_is_found_by_its_code(practice: Practice) -> None:
    before = await newest(practice.books)
    await practice.done("changeService", {"service": "one-off", "name": f"Single {before}"})
    (entry,) = await last(practice.books, before)
    assert entry["object_type"] == "Service"
    assert entry["state_after"] == {"name": f"Single {before}"}


async def test_what_is_asked_for_and_is_so_already_is_on_record_without_states(
    practice: Practice, therapist: int
) -> None:
    number = await booked(practice, therapist, "2031-02-03T10:00:00Z")
    for _ in range(2):
        await practice.done("cancelAppointment", {"appointmentId": number, "by": "CLIENT"})
    entry = (await last(practice.books))[-1]
    assert (entry["object_id"], entry["state_before"], entry["state_after"]) == (number, None, None)


async def test_a_change_that_is_rolled_back_leaves_no_entry(practice: Practice, therapist: int) -> None:
    before = await newest(practice.books)
    given = {"appointmentId": 4_000_000, "by": "CLIENT"}
    payload = await practice.do("cancelAppointment", given)
    assert [error["code"] for error in payload["errors"]] == ["NOT_FOUND"]
    assert await last(practice.books, before) == []


def test_a_deed_is_on_record_under_the_name_of_its_field() -> None:
    assert [camel_name(deed.run.__name__) for deed in DEEDS.values()] == list(DEEDS)


# ---- refusals of access -------------------------------------------------------------------------


async def test_an_account_that_was_shut_out_is_on_record_when_it_comes_again(practice: Practice) -> None:
    before = await newest(practice.books)
    await practice.books.run("UPDATE account SET disabled_at = 1 WHERE account_id = 1")
    try:
        for _ in range(3):
            answer = await practice.answer("{ clients { totalCount } }")
            assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        for _ in range(100):
            entries = await last(practice.books, before)
            if sum((e["state_after"] or {"times": 1})["times"] for e in entries) == 3:
                break
            await asyncio.sleep(0.05)
    finally:
        await practice.books.run("UPDATE account SET disabled_at = NULL WHERE account_id = 1")
    assert {(e["action"], e["outcome"], e["code"], e["username"]) for e in entries} == {
        ("clients", "REFUSED", "UNAUTHENTICATED", "ann")
    }
    assert sum((e["state_after"] or {"times": 1})["times"] for e in entries) == 3


async def test_who_is_not_known_at_all_leaves_no_entry(practice: Practice) -> None:
    before = await newest(practice.books)
    body = {"query": "{ clients { totalCount } }"}
    headers = {"Authorization": "Bearer nonsense"}
    answer = (await practice.client.post("/graphql", json=body, headers=headers)).json()
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    await asyncio.sleep(0.7)
    assert await last(practice.books, before) == []


# ---- reading the record -------------------------------------------------------------------------


async def test_the_record_is_read_newest_first_and_filtered(practice: Practice, therapist: int) -> None:
    number = await booked(practice, therapist, "2031-02-03T10:00:00Z")
    await practice.done("cancelAppointment", {"appointmentId": number, "by": "CLIENT"})
    document = """query($f: AuditEventsFilter) { auditEvents(filters: $f, first: 5) { totalCount edges {
        node {
        action username role objectType objectId outcome before after happenedAt requestId } } } }"""
    about = {"objectTypes": ["Appointment"], "objectIds": [str(number)]}
    found = (await practice.ask(document, f=about))["auditEvents"]
    assert found["totalCount"] == 2
    actions = [edge["node"]["action"] for edge in found["edges"]]
    assert actions == ["cancelAppointment", "bookAppointment"]
    only = {**about, "actions": ["bookAppointment"], "usernames": ["ann"], "outcomeIn": ["DONE"]}
    assert (await practice.ask(document, f=only))["auditEvents"]["totalCount"] == 1
    rest = {**about, "not": {"actions": ["bookAppointment"]}}
    assert (await practice.ask(document, f=rest))["auditEvents"]["totalCount"] == 1


# ---- nobody changes it --------------------------------------------------------------------------


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE audit_event SET username = 'nobody'",
        "DELETE FROM audit_event",
        "UPDATE audit_link SET hash = ''",
        "DELETE FROM audit_link",
    ],
)
async def test_the_database_itself_refuses_to_change_the_record(practice: Practice, statement: str) -> None:
    await client(practice, "On record")
    with pytest.raises(Exception, match="only ever added to"):
        await practice.books.run(statement)
