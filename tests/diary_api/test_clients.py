"""The people who come: their records, their sessions, and who cares for them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.diary_api.conftest import Practice

RECORD = "client { id clientId name email phone timeZone language staffNotes }"


async def added(practice: Practice, name: str, **details: Any) -> Any:
    return (await practice.done("addClient", {"name": name, **details}, RECORD))["client"]


async def test_a_client_is_added_found_by_part_of_the_name_and_by_global_id(practice: Practice) -> None:
    ana = await added(practice, "Ána Findable", email="ana@example.org", timeZone="America/New_York")
    assert (ana["email"], ana["timeZone"], ana["phone"]) == ("ana@example.org", "America/New_York", None)
    found = await practice.ask(
        'query($i: ID!) { clients(filters: {name: "ana find"}) { edges { node { clientId } } } '
        "node(id: $i) { ... on Client { name } } }",
        i=ana["id"],
    )
    assert [edge["node"]["clientId"] for edge in found["clients"]["edges"]] == [ana["clientId"]]
    assert found["node"] == {"name": "Ána Findable"}


async def test_what_is_absent_from_a_change_stays_and_null_takes_away(practice: Practice) -> None:
    ben = await added(practice, "Ben", email="ben@example.org", phone="1")
    given = {"clientId": ben["clientId"], "name": "Benjamin", "phone": None}
    changed = (await practice.done("changeClient", given, RECORD))["client"]
    assert (changed["name"], changed["email"], changed["phone"]) == ("Benjamin", "ben@example.org", None)


async def test_a_time_zone_that_does_not_exist_is_refused(practice: Practice) -> None:
    payload = await practice.do("addClient", {"name": "Cy", "timeZone": "Mars/Base"}, RECORD)
    (error,) = payload["errors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", "timeZone"])


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("email", "x"),
        ("email", "a@b@c"),
        ("email", "a@b\nBcc: x@example.org"),
        ("email", "a b@example.org"),
        ("email", "a\u200b@example.org"),
        ("language", "x y"),
        ("language", "English"),
    ],
)
async def test_what_no_mail_can_be_written_to_or_in_is_refused(
    practice: Practice, field: str, wrong: str
) -> None:
    known = await added(practice, "Eve", email="eve@example.org", language="en")
    for payload in (
        await practice.do("addClient", {"name": "Eve", field: wrong}, RECORD),
        await practice.do("changeClient", {"clientId": known["clientId"], field: wrong}, RECORD),
    ):
        (error,) = payload["errors"]
        assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", field])


async def test_the_language_of_a_client_is_kept_in_its_usual_letters(practice: Practice) -> None:
    added_ = await added(practice, "Fay", email="zoë@exämple.org", language="pt-br")
    assert (added_["email"], added_["language"]) == ("zoë@exämple.org", "pt-BR")
    given = {"clientId": added_["clientId"], "email": None, "language": ""}
    changed = (await practice.done("changeClient", given, RECORD))["client"]
    assert (changed["email"], changed["language"]) == (None, None)


async def test_a_client_who_does_not_exist_is_not_found(practice: Practice) -> None:
    for number in ("4000000000", "x"):
        payload = await practice.do("changeClient", {"clientId": number, "name": "Nobody"}, RECORD)
        assert [error["code"] for error in payload["errors"]] == ["NOT_FOUND"]


@pytest.mark.parametrize("field", ["bookAppointment", "requestAppointment"])
async def test_more_clients_than_a_session_would_have_places_are_told_how_many(
    practice: Practice, therapist: int, field: str
) -> None:
    two = [(await added(practice, name))["clientId"] for name in ("Gil", "Hal")]
    given = {"therapistId": therapist, "startsAt": "2031-01-29T10:00:00Z", "service": "one-off"}
    (error,) = (await practice.do(field, {**given, "durationSeconds": 3600, "clientIds": two}))["errors"]
    assert (error["code"], error["path"]) == ("FULLY_BOOKED", ["input", "clientIds"])
    assert error["message"] == "Sessions of this service have 1 place."


async def test_care_begins_once_and_ends_on_a_day(practice: Practice, therapist: int) -> None:
    dee = await added(practice, "Dee")
    pair = {"therapistId": therapist, "clientId": dee["clientId"], "fromDate": "2031-01-06"}
    shown = "careRelationship { careRelationshipId fromDate untilDate client { name } }"
    first = (await practice.done("beginCare", pair, shown))["careRelationship"]
    again = (await practice.done("beginCare", pair, shown))["careRelationship"]
    assert again == first
    end = {"careRelationshipId": first["careRelationshipId"], "untilDate": "2031-03-01"}
    ended = (await practice.done("endCare", end, shown))["careRelationship"]
    assert (ended["untilDate"], ended["client"]["name"]) == ("2031-03-01", "Dee")
    early = await practice.do("endCare", {**end, "untilDate": "2030-12-31"}, shown)
    assert [error["code"] for error in early["errors"]] == ["INVALID_INPUT"]
    found = await practice.ask(
        "query($t: ID!) { therapist(therapistId: $t) { "
        "caseload { totalCount edges { node { client { name } } } } } }",
        t=str(therapist),
    )
    assert found["therapist"]["caseload"] == {
        "totalCount": 1,
        "edges": [{"node": {"client": {"name": "Dee"}}}],
    }


async def test_sessions_and_clients_lead_to_one_another(practice: Practice, therapist: int) -> None:
    eve = await added(practice, "Eve")
    given = {
        "therapistId": therapist,
        "startsAt": "2031-01-29T10:00:00Z",
        "service": "one-off",
        "clientIds": [eve["clientId"]],
    }
    shown = "appointment { appointmentId placesTaken clients { edges { node { name } } } }"
    booked = (await practice.done("bookAppointment", given, shown))["appointment"]
    assert booked["placesTaken"] == 1
    assert booked["clients"] == {"edges": [{"node": {"name": "Eve"}}]}
    found = await practice.ask(
        "query($i: ID!) { node(id: $i) { ... on Client { "
        "appointments { edges { node { appointmentId } } } } } }",
        i=eve["id"],
    )
    numbers = [edge["node"]["appointmentId"] for edge in found["node"]["appointments"]["edges"]]
    assert numbers == [booked["appointmentId"]]


async def test_a_session_cannot_be_moved_onto_another_of_its_client(
    practice: Practice, therapist: int
) -> None:
    """A client is never booked twice at one time, whoever gives the session."""
    fay, other = await added(practice, "Fay"), await practice.books.therapist()
    given = {"service": "one-off", "clientIds": [fay["clientId"]], "durationSeconds": 3600}
    shown = "appointment { appointmentId }"
    first = {**given, "therapistId": therapist, "startsAt": "2031-01-29T10:00:00Z"}
    second = {**given, "therapistId": other, "startsAt": "2031-01-29T12:00:00Z"}
    await practice.done("bookAppointment", first, shown)
    moved = (await practice.done("bookAppointment", second, shown))["appointment"]
    move = {"appointmentId": moved["appointmentId"], "startsAt": "2031-01-29T10:30:00Z"}
    payload = await practice.do("rescheduleAppointment", move, shown)
    assert [error["code"] for error in payload["errors"]] == ["CLIENT_BUSY"]
