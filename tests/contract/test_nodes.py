"""Any object by its global id; and what is asked for by an id that is none."""

import base64

import pytest

from tests.contract.practice import SERVICES

NODE = "query($id: ID!) { node(id: $id) { __typename id } }"


def encoded(plain: str) -> str:
    return base64.b64encode(plain.encode()).decode()


@pytest.fixture(scope="module")
def known(reading) -> dict[str, list[str]]:
    """Type -> the global ids of its first objects, as the lists give them."""
    document = """{
      appointments(first: 3) { edges { node { id } } }
      therapists(first: 3) { edges { node { id } } }
      specialisms(first: 3) { edges { node { id } } }
      services(first: 3) { edges { node { id } } }
    }"""
    data = reading.data(document)
    names = ("Appointment", "Therapist", "Specialism", "Service")
    return {
        name: [edge["node"]["id"] for edge in data[f"{name.lower()}s"]["edges"]] for name in names
    }  # fmt: skip


def test_every_type_that_is_a_node_is_found_again_by_its_id(reading, known):
    for name, ids in known.items():
        for id_ in ids:
            assert reading.data(NODE, {"id": id_}) == {"node": {"__typename": name, "id": id_}}


def test_the_types_tried_are_all_that_are_nodes(reading, known):
    types = reading.data('{ __type(name: "Node") { possibleTypes { name } } }')["__type"]["possibleTypes"]
    # Of these this practice has none: they are walked by tests/equality.
    assert {type_["name"] for type_ in types} == {*known, "Room", "Client", "WaitlistEntry"}


def test_ids_are_unique_across_types(known):
    everything = [id_ for ids in known.values() for id_ in ids]
    assert len(set(everything)) == len(everything) == 12


def test_a_node_answers_the_fields_of_its_own_type(reading, known):
    document = """query($id: ID!) { node(id: $id) {
      ... on Appointment { appointmentId type therapist { firstName } }
      ... on Therapist { therapistId specialisms { edges { node { specialismName } } } }
      ... on Specialism { specialismName therapists { totalCount } }
      ... on Service { serviceId code name durationSeconds }
    } }"""
    nodes = {name: reading.data(document, {"id": ids[0]})["node"] for name, ids in known.items()}
    specialisms = [{"node": {"specialismName": name}} for name in ("Addiction", "ADHD")]
    name, length = SERVICES["Group_1"]
    assert nodes == {
        "Appointment": {"appointmentId": "1", "type": "one-off", "therapist": {"firstName": "jeff"}},
        "Therapist": {"therapistId": "1", "specialisms": {"edges": specialisms}},
        "Specialism": {"specialismName": "Addiction", "therapists": {"totalCount": 1}},
        "Service": {"serviceId": "3", "code": "Group_1", "name": name, "durationSeconds": length},
    }


MALFORMED = [
    "",
    " ",
    "1",
    "x",
    "Appointment:1",
    "%%%%",
    "=",
    "é",
    "QXBwb2ludG1lbnQ6MQ",  # no padding
    " QXBwb2ludG1lbnQ6MQ==",
    "QXBwb2ludG1lbnQ6MQ==\n",
    "x" * 5_000,
    encoded("Appointment"),
    encoded("Appointment:"),
    encoded("Appointment:one"),
    encoded("Appointment:-1"),
    encoded("Appointment:+1"),
    encoded("Appointment:01"),
    encoded("Appointment: 1"),
    encoded("Appointment:1 "),
    encoded("Appointment:1.0"),
    encoded("Appointment:1:2"),
    encoded("Appointment:١"),  # a digit, but not one of ours
    encoded("Appointment:9223372036854775808"),
    encoded("Appointment:99999999999999999999999"),
    encoded("appointment:1"),
    encoded("Account:1"),
    encoded("Viewer:1"),
    encoded("Query:1"),
    encoded("Nobody:1"),
    encoded(":1"),
    encoded("1"),
    encoded("Appointment:1\0"),
    base64.b64encode(b"\xff\xfe:1").decode(),
]


@pytest.mark.parametrize("id_", MALFORMED)
def test_a_malformed_id_is_null_without_an_error(reading, id_):
    assert reading.api.ask(NODE, {"id": id_}) == {"data": {"node": None}}


def test_a_malformed_id_is_null_also_where_it_is_written_into_the_document(reading):
    assert reading.api.ask('{ node(id: "x") { id } }') == {"data": {"node": None}}
    assert reading.api.ask("{ node(id: 7) { id } }") == {"data": {"node": None}}


@pytest.mark.parametrize("type_name", ["Appointment", "Therapist", "Specialism", "Service"])
@pytest.mark.parametrize("number", [0, 99_999, 2**63 - 1])
def test_an_id_that_names_nothing_is_null_without_an_error(reading, type_name, number):
    answer = reading.api.ask(NODE, {"id": encoded(f"{type_name}:{number}")})
    assert answer == {"data": {"node": None}}


def test_a_node_needs_a_token(reading, known):
    answer = reading.stranger().ask(NODE, {"id": known["Appointment"][0]})
    assert answer["data"] == {"node": None}
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


def test_the_id_of_an_appointment_is_the_same_on_every_way_to_it(reading):
    document = """{
      appointments(first: 1) { edges { node { id } } }
      therapist(therapistId: "1") { appointments(first: 1) { edges { node { id } } } }
    }"""
    data = reading.data(document)
    assert data["appointments"] == data["therapist"]["appointments"]


# ---- what else is asked for by a number ---------------------------------------------------------


def test_a_therapist_is_found_by_number(reading):
    document = "query($n: ID!) { therapist(therapistId: $n) { therapistId firstName lastName timeZone } }"
    found = reading.data(document, {"n": "3"})["therapist"]
    expected = {"firstName": "Zoë", "lastName": "Ångström", "timeZone": "Europe/Stockholm"}
    assert found == {"therapistId": "3", **expected}
    assert reading.data(document, {"n": 3})["therapist"] == found


@pytest.mark.parametrize("number", ["4", "0", "-1", "one", "", "3.0", "9" * 30, "3; SELECT 1", 2**31 - 1])
def test_a_therapist_that_is_not_there_is_null_without_an_error(reading, number):
    document = "query($n: ID!) { therapist(therapistId: $n) { therapistId } }"
    assert reading.api.ask(document, {"n": number}) == {"data": {"therapist": None}}
