"""The reference against facts worked out by hand: objects, their ids, and single fields."""

from base64 import b64encode

import pytest

from .catalogue import reachable, stored_fields
from .reference import RESOLVERS, execute
from .small import LARGE, SMALL, ask, numbers


def identity(text: str) -> str:
    return b64encode(text.encode()).decode()


def test_every_field_that_a_query_can_reach_has_a_resolver() -> None:
    for name, type_ in reachable().items():
        assert set(stored_fields(type_)) == set(RESOLVERS[name]), name


@pytest.mark.parametrize(
    ("text", "type_"),
    [
        ("Appointment:10", "Appointment"),
        ("Therapist:2147483648", "Therapist"),
        ("Specialism:3", "Specialism"),
        ("Service:7", "Service"),
    ],
)
def test_a_global_id_finds_the_object_that_answers_it(text: str, type_: str) -> None:
    data = ask("query ($id: ID!) { node(id: $id) { __typename id } }", {"id": identity(text)})
    assert data["node"] == {"__typename": type_, "id": identity(text)}


@pytest.mark.parametrize(
    "id_",
    [
        "",
        "Appointment:10",
        "not base64",
        "☂",
        *map(identity, ("Appointment:9", "Appointment:010", "Appointment: 10", "appointment:10")),
        *map(identity, ("Appointment:", "Appointment", ":10", "Viewer:1", "Appointment:10\n")),
        identity("Appointment:10") + "=",
        identity("Therapist:1").rstrip("="),
    ],
)
def test_an_id_that_no_object_answers_is_null_without_an_error(id_: str) -> None:
    assert ask("query ($id: ID!) { node(id: $id) { id } }", {"id": id_}) == {"node": None}


@pytest.mark.parametrize(
    ("number", "first_name"),
    [
        ('"1"', "Ana"),
        ("1", "Ana"),
        (str(LARGE), "Zoë"),
        ('"01"', None),
        ('"+1"', None),
        ('"x"', None),
        ("9", None),
    ],
)
def test_a_therapist_is_found_by_the_text_of_the_number(number: str, first_name: str) -> None:
    found = ask(f"{{ therapist(therapistId: {number}) {{ firstName }} }}")["therapist"]
    assert found == (first_name and {"firstName": first_name})


def test_an_appointment_tells_its_facts() -> None:
    document = f"""{{ node(id: "{identity("Appointment:12")}") {{ ... on Appointment {{
      appointmentId startTimeUnixSeconds durationSeconds type therapistId startsAt endsAt
      therapists {{ firstName }} therapist {{ lastName }} service {{ serviceId name }}
    }} }} }}"""
    assert ask(document)["node"] == {
        "appointmentId": "12",
        "startTimeUnixSeconds": 1_772_445_600,
        "durationSeconds": 1800,
        "type": "b-short",
        "therapistId": 1,
        "startsAt": "2026-03-02T10:00:00Z",
        "endsAt": "2026-03-02T10:30:00Z",
        "therapists": {"firstName": "Ana"},
        "therapist": {"lastName": "Müller"},
        "service": {"serviceId": "7", "name": "Short session"},
    }


def test_a_number_beyond_32_bits_is_null_with_an_error_where_it_stands() -> None:
    document = """{ appointments(filters: {startsAtRange: {from: "2038-01-01T00:00:00Z"}}) {
      edges { node { start: startTimeUnixSeconds startsAt } } } }"""
    answer = execute(SMALL, document)
    assert [edge["node"] for edge in answer["data"]["appointments"]["edges"]] == [
        {"start": 2147483647, "startsAt": "2038-01-19T03:14:07Z"},
        {"start": None, "startsAt": "2038-01-19T03:14:08Z"},
    ]
    (error,) = answer["errors"]
    assert error["path"] == ["appointments", "edges", 1, "node", "start"]
    assert error["extensions"] == {"code": "INT_OUT_OF_RANGE"}


def test_lists_within_an_object_hold_only_what_belongs_to_it() -> None:
    document = """{
      therapist(therapistId: 1) {
        appointments(sort: START_TIME_UNIX_SECONDS_DESC) { edges { node { appointmentId } } }
        specialisms { edges { node { specialismName therapists {
          edges { node { therapistId } } } } } }
      }
    }"""
    found = ask(document)["therapist"]
    held = [edge["node"]["appointmentId"] for edge in found["appointments"]["edges"]]
    assert held == ["15", "12", "10"]
    specialisms = {
        edge["node"]["specialismName"]: [
            inner["node"]["therapistId"] for inner in edge["node"]["therapists"]["edges"]
        ]
        for edge in found["specialisms"]["edges"]
    }
    assert specialisms == {"CBT": ["1", "2"], "Mood": ["1", str(LARGE)]}


def test_the_viewer_is_who_asks() -> None:
    asked = "{ viewer { username role __typename } }"
    viewer = {"username": "test_user", "role": "ADMIN", "__typename": "Viewer"}
    assert ask(asked) == {"viewer": viewer}
    other = execute(SMALL, asked, viewer=("someone", "ADMIN"))
    assert other["data"]["viewer"]["username"] == "someone"


def test_an_absent_variable_is_an_absent_argument_and_a_null_item_matches_nothing() -> None:
    head = "($filters: AppointmentsFilter, $sort: [AppointmentSort], $code: String)"
    called = "filters: $filters, sort: $sort"
    unused = ", last: 9, before: null, after: null"
    assert numbers(f"{called}{unused}", head=head.replace(", $code: String", "")) == [*range(10, 17)]
    assert numbers("filters: {type: $code}", head="($code: String)") == [*range(10, 17)]
    assert numbers("filters: {typeIn: [$code]}", head="($code: String)") == []
    assert numbers("sort: $sort", {"sort": None}, "($sort: [AppointmentSort] = [TYPE_DESC])") == [
        *range(10, 17)
    ]


@pytest.mark.parametrize(
    "text", ["2026-03-02", "2026-03-02T10:00:00", "2026-03-02T10:00:00.5Z", "", "noon"]
)
def test_what_is_no_instant_in_whole_seconds_is_not_asked(text: str) -> None:
    document = f'{{ appointments(filters: {{startsAtRange: {{from: "{text}"}}}}) {{ totalCount }} }}'
    answer = execute(SMALL, document)
    assert "data" not in answer
    assert answer["errors"]
