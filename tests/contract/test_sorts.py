"""The order of every list: each sort in both directions, several keys, ties broken by the id."""

from collections.abc import Callable, Sequence
from itertools import permutations, product
from operator import attrgetter
from typing import Any

import pytest

from tests.contract.practice import APPOINTMENTS, SERVICES, SPECIALISMS, THERAPISTS, Appointment

DOCUMENT = """query($s: [AppointmentSort]) {
  appointments(sort: $s, first: 1000) { edges { node { appointmentId } } }
}"""
KEYS: dict[str, Callable[[Appointment], Any]] = {
    "APPOINTMENT_ID": attrgetter("appointment_id"),
    "START_TIME_UNIX_SECONDS": attrgetter("starts_at"),
    "DURATION_SECONDS": attrgetter("duration_seconds"),
    "TYPE": attrgetter("type"),
    "THERAPIST_ID": attrgetter("therapist_id"),
}
DIRECTIONS = ("ASC", "DESC")


def ordered(sorts: Sequence[str]) -> list[str]:
    """The ids of all appointments in this order: by each key in turn, at last by id."""
    rows = list(APPOINTMENTS)
    direction = sorts[-1].rpartition("_")[2]
    for sort in reversed([*sorts, f"APPOINTMENT_ID_{direction}"]):
        name, _, way = sort.rpartition("_")
        rows.sort(key=KEYS[name], reverse=way == "DESC")
    return [str(row.appointment_id) for row in rows]


def answered(place, sorts) -> list[str]:
    edges = place.data(DOCUMENT, {"s": sorts})["appointments"]["edges"]
    return [edge["node"]["appointmentId"] for edge in edges]


SINGLE = [[f"{key}_{way}"] for key in KEYS for way in DIRECTIONS]
PAIRS = [
    [f"{one}_{way}", f"{other}_{back}"]
    for one, other in permutations(KEYS, 2)
    for way, back in product(DIRECTIONS, repeat=2)
]
SEVERAL = [
    ["TYPE_DESC", "DURATION_SECONDS_ASC", "START_TIME_UNIX_SECONDS_DESC"],
    ["DURATION_SECONDS_DESC", "THERAPIST_ID_ASC", "TYPE_ASC", "START_TIME_UNIX_SECONDS_DESC"],
    [
        "THERAPIST_ID_ASC",
        "TYPE_DESC",
        "DURATION_SECONDS_DESC",
        "START_TIME_UNIX_SECONDS_ASC",
        "APPOINTMENT_ID_DESC",
    ],
]


@pytest.mark.parametrize("sorts", [*SINGLE, *PAIRS, *SEVERAL], ids="+".join)
def test_the_order_is_by_these_keys_and_then_by_id(reading, sorts):
    assert answered(reading, sorts) == ordered(sorts)


def test_every_value_of_the_enum_is_among_those_tried(reading):
    values = reading.data('{ __type(name: "AppointmentSort") { enumValues { name } } }')["__type"][
        "enumValues"
    ]
    assert sorted([value["name"]] for value in values) == sorted(SINGLE)


@pytest.mark.parametrize("sorts", [None, [], [None]], ids=str)
def test_where_nothing_is_said_the_order_is_that_of_the_ids(reading, sorts):
    assert answered(reading, sorts) == ordered(["APPOINTMENT_ID_ASC"])


def test_an_absent_sort_is_the_order_of_the_ids(reading):
    edges = reading.data("{ appointments(first: 1000) { edges { node { appointmentId } } } }")
    numbers = [edge["node"]["appointmentId"] for edge in edges["appointments"]["edges"]]
    assert numbers == ordered(["APPOINTMENT_ID_ASC"])


def test_a_null_among_the_keys_is_as_if_it_were_absent(reading):
    assert answered(reading, [None, "TYPE_DESC", None]) == ordered(["TYPE_DESC"])


def test_a_key_that_comes_again_changes_nothing(reading):
    assert answered(reading, ["TYPE_DESC", "TYPE_ASC"]) == ordered(["TYPE_DESC"])


def test_one_key_need_not_be_a_list(reading):
    edges = reading.data(
        "{ appointments(sort: TYPE_DESC, first: 1000) { edges { node { appointmentId } } } }"
    )
    numbers = [edge["node"]["appointmentId"] for edge in edges["appointments"]["edges"]]
    assert numbers == ordered(["TYPE_DESC"])


def test_a_sort_that_does_not_exist_is_a_bad_request(reading):
    response = reading.api.send(DOCUMENT, {"s": ["COLOUR_ASC"]})
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


def test_a_nested_list_has_its_own_sort(reading):
    document = """{ therapist(therapistId: 12) {
      appointments(sort: [START_TIME_UNIX_SECONDS_DESC]) { edges { node { appointmentId } } } } }"""
    edges = reading.data(document)["therapist"]["appointments"]["edges"]
    own = {str(a.appointment_id) for a in APPOINTMENTS if a.therapist_id == 12}
    expected = [number for number in ordered(["START_TIME_UNIX_SECONDS_DESC"]) if number in own]
    assert [edge["node"]["appointmentId"] for edge in edges] == expected


@pytest.mark.parametrize(
    ("sort", "key"),
    [
        ("THERAPIST_ID", lambda t: t.therapist_id),
        ("FIRST_NAME", lambda t: (t.first_name, t.therapist_id)),
        ("LAST_NAME", lambda t: (t.last_name, t.therapist_id)),
    ],
)
@pytest.mark.parametrize("way", DIRECTIONS)
def test_therapists_are_sorted_with_names_by_code_point(reading, sort, key, way):
    document = "query($s: [TherapistSort]) { therapists(sort: $s) { edges { node { therapistId } } } }"
    edges = reading.data(document, {"s": [f"{sort}_{way}"]})["therapists"]["edges"]
    expected = [str(t.therapist_id) for t in sorted(THERAPISTS, key=key, reverse=way == "DESC")]
    assert [edge["node"]["therapistId"] for edge in edges] == expected


@pytest.mark.parametrize(
    ("sort", "order"), [("SPECIALISM_ID", list(SPECIALISMS)), ("SPECIALISM_NAME", sorted(SPECIALISMS))]
)
@pytest.mark.parametrize("way", DIRECTIONS)
def test_specialisms_are_sorted_with_capitals_before_small_letters(reading, sort, order, way):
    document = "query($s: [SpecialismSort]) { specialisms(sort: $s) { edges { node { specialismName } } } }"
    edges = reading.data(document, {"s": [f"{sort}_{way}"]})["specialisms"]["edges"]
    expected = order if way == "ASC" else order[::-1]
    assert [edge["node"]["specialismName"] for edge in edges] == expected


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("SERVICE_ID", list(SERVICES)),
        ("CODE", sorted(SERVICES)),
        ("NAME", sorted(SERVICES, key=lambda code: SERVICES[code][0])),
    ],
)
@pytest.mark.parametrize("way", DIRECTIONS)
def test_services_are_sorted(reading, sort, order, way):
    document = "query($s: [ServiceSort]) { services(sort: $s) { edges { node { code } } } }"
    edges = reading.data(document, {"s": [f"{sort}_{way}"]})["services"]["edges"]
    expected = order if way == "ASC" else order[::-1]
    assert [edge["node"]["code"] for edge in edges] == expected
