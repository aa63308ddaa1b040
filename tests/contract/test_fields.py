"""What the fields of each type say, read from every side: through lists, one to one, and back."""

from datetime import UTC, datetime

import pytest

from tests.contract.practice import APPOINTMENTS, SERVICES, SPECIALISMS, THERAPISTS

INSTANTS = """query($ids: [ID!]) {
  appointments(filters: {therapistIds: $ids}, first: 1000) { edges { node {
    appointmentId startTimeUnixSeconds durationSeconds startsAt endsAt
  } } }
}"""
LATE = [a for a in APPOINTMENTS if a.starts_at > 2**31 - 1]


def rfc_3339(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}Z"


def test_every_appointment_says_when_it_starts_and_ends_in_both_forms(reading):
    data = reading.api.ask(INSTANTS)["data"]
    answered = [edge["node"] for edge in data["appointments"]["edges"]]
    assert answered == [
        {
            "appointmentId": str(a.appointment_id),
            "startTimeUnixSeconds": None if a in LATE else a.starts_at,
            "durationSeconds": a.duration_seconds,
            "startsAt": rfc_3339(a.starts_at),
            "endsAt": rfc_3339(a.ends_at),
        }
        for a in sorted(APPOINTMENTS, key=lambda a: a.appointment_id)
    ]


def test_a_start_after_january_2038_is_right_in_starts_at_and_a_clear_error_in_the_old_field_alone(reading):
    """Scenario 9."""
    answer = reading.api.ask(INSTANTS, {"ids": ["3"]})
    edges = answer["data"]["appointments"]["edges"]
    at = next(i for i, edge in enumerate(edges) if edge["node"]["appointmentId"] == "10")
    assert edges[at]["node"] == {
        "appointmentId": "10",
        "startTimeUnixSeconds": None,
        "durationSeconds": 86_400,
        "startsAt": "2038-01-19T03:14:08Z",
        "endsAt": "2038-01-20T03:14:08Z",
    }
    (error,) = answer["errors"]
    assert error["path"] == ["appointments", "edges", at, "node", "startTimeUnixSeconds"]
    assert error["extensions"]["code"] == "INT_OUT_OF_RANGE"
    assert "startsAt" in error["message"]


def test_the_last_second_that_the_old_field_can_hold_is_in_it(reading):
    edges = reading.api.ask(INSTANTS, {"ids": ["3"]})["data"]["appointments"]["edges"]
    starts = {edge["node"]["appointmentId"]: edge["node"]["startTimeUnixSeconds"] for edge in edges}
    assert starts["9"] == 2**31 - 1


def test_each_late_start_has_an_error_under_its_own_alias_and_path(reading):
    document = """{
      one: appointments(filters: {startsAtRange: {from: "2038-01-19T03:14:08Z"}}) {
        edges { node { begins: startTimeUnixSeconds } }
      }
      therapist(therapistId: 2) { appointments(last: 1) { edges { node { startTimeUnixSeconds } } } }
      fine: appointments(first: 1) { edges { node { startTimeUnixSeconds } } }
    }"""
    answer = reading.api.ask(document)
    paths = [error["path"] for error in answer["errors"]]
    assert paths == [["one", "edges", at, "node", "begins"] for at in range(len(LATE))]
    assert answer["data"]["fine"]["edges"][0]["node"]["startTimeUnixSeconds"] == APPOINTMENTS[0].starts_at
    assert answer["data"]["one"]["edges"] == [{"node": {"begins": None}}] * len(LATE)


def test_without_the_old_field_a_late_start_is_no_error(reading):
    document = """{ appointments(filters: {startsAtRange: {from: "9998-01-01T00:00:00Z"}}) {
      edges { node { startsAt endsAt } }
    } }"""
    (edge,) = reading.data(document)["appointments"]["edges"]
    assert edge["node"] == {"startsAt": "9999-01-01T00:00:00Z", "endsAt": "9999-01-01T00:50:00Z"}


def test_an_appointment_names_its_therapist_in_four_ways_and_they_agree(reading):
    document = """{ appointments(first: 1000) { edges { node {
      appointmentId type therapistId
      therapists { therapistId firstName } therapist { therapistId firstName } service { code name }
    } } } }"""
    nodes = {e["node"]["appointmentId"]: e["node"] for e in reading.data(document)["appointments"]["edges"]}
    for a in APPOINTMENTS:
        person = {"therapistId": str(a.therapist_id), "firstName": a.therapist.first_name}
        assert nodes[str(a.appointment_id)] == {
            "appointmentId": str(a.appointment_id),
            "type": a.type,
            "therapistId": a.therapist_id,
            "therapists": person,
            "therapist": person,
            "service": {"code": a.type, "name": SERVICES[a.type][0]},
        }


def test_therapists_name_all_they_are(reading):
    document = """{ therapists { totalCount edges { node {
      therapistId firstName lastName timeZone
      specialisms { totalCount edges { node { specialismName } } } appointments { totalCount }
    } } } }"""
    page = reading.data(document)["therapists"]
    assert page["totalCount"] == len(THERAPISTS)
    for edge, t in zip(page["edges"], THERAPISTS, strict=True):
        names = [{"node": {"specialismName": name}} for name in SPECIALISMS if name in t.specialisms]
        assert edge["node"] == {
            "therapistId": str(t.therapist_id),
            "firstName": t.first_name,
            "lastName": t.last_name,
            "timeZone": t.time_zone,
            "specialisms": {"totalCount": len(names), "edges": names},
            "appointments": {"totalCount": sum(a.therapist_id == t.therapist_id for a in APPOINTMENTS)},
        }


def test_specialisms_name_who_has_them_also_the_one_that_nobody_has(reading):
    document = """{ specialisms { totalCount edges { node {
      specialismId specialismName therapists { totalCount edges { node { therapistId } } }
    } } } }"""
    page = reading.data(document)["specialisms"]
    assert page["totalCount"] == len(SPECIALISMS)
    for number, (edge, name) in enumerate(zip(page["edges"], SPECIALISMS, strict=True), start=1):
        who = [{"node": {"therapistId": str(t.therapist_id)}} for t in THERAPISTS if name in t.specialisms]
        assert edge["node"] == {
            "specialismId": str(number),
            "specialismName": name,
            "therapists": {"totalCount": len(who), "edges": who},
        }


def test_services_come_in_the_order_of_their_codes_with_name_and_length(reading):
    document = "{ services { totalCount edges { node { code name durationSeconds } } } }"
    page = reading.data(document)["services"]
    assert page["totalCount"] == len(SERVICES)
    assert [edge["node"] for edge in page["edges"]] == [
        {"code": code, "name": SERVICES[code][0], "durationSeconds": SERVICES[code][1]}
        for code in sorted(SERVICES)
    ]


def test_the_viewer_is_the_account_of_the_token(reading):
    assert reading.data("{ viewer { username role } }") == {
        "viewer": {"username": "test_user", "role": "ADMIN"}
    }


@pytest.mark.parametrize(
    "text",
    [
        "2022-02-13",
        "2022-02-13T10:19:32",  # where?
        "2022-02-13 10:19:32",
        "2022-02-13T10:19Z",
        "2022-02-13T10:19:32.5Z",  # would be lost
        "2022-02-30T10:19:32Z",
        "2022-02-13T25:00:00Z",
        "2022-02-13T10:19:32+1:00",
        "1644747572",
        "٢٠٢٢-02-13T10:19:32Z",
        "",
    ],
)
def test_a_text_that_is_no_instant_is_a_bad_request(reading, text):
    document = "query($d: DateTime) { appointments(filters: {startsAtRange: {from: $d}}) { totalCount } }"
    response = reading.api.send(document, {"d": text})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"
    assert "RFC 3339" in response.json()["errors"][0]["message"]
    written = document.replace("query($d: DateTime) ", "").replace("$d", f'"{text}"')
    assert reading.api.send(written).status_code == 400


@pytest.mark.parametrize(
    "text",
    [
        "2022-02-13T10:19:32Z",
        "2022-02-13t10:19:32z",
        "2022-02-13 10:19:32Z",
        "2022-02-13T10:19:32.000Z",
        "2022-02-13T10:19:32+00:00",
        "2022-02-13T10:19:32-00:00",
        "2022-02-13T15:49:32+05:30",
        "2022-02-12T22:19:32-12:00",
    ],
)
def test_an_instant_may_be_written_in_every_way_of_rfc_3339(reading, text):
    document = """query($d: DateTime) {
      appointments(filters: {startsAtRange: {from: $d, until: "2022-02-13T10:19:33Z"}}) { totalCount }
    }"""
    assert reading.data(document, {"d": text}) == {"appointments": {"totalCount": 1}}
