"""The payload of a booking is what a query would say about the new session, whichever road it took.

Three answers are held together: the payload of a booking, that of its retry, and a query afterwards.
What looks back into the diary must see the row that the same statement, or transaction, has written.
"""

from __future__ import annotations

import base64
from typing import Any

import pytest

from sessional.diary.values import END_OF_TIME
from tests.booking.clients import HOUR, TEN, Client, rfc3339
from tests.booking.conftest import House

# How many processes answer is no matter here.
pytestmark = pytest.mark.parametrize("house", [1], indirect=True, ids=["one worker"])

# A selection is a list of response keys with what is selected of the appointment under each.
Selection = list[tuple[str, str]]

PAGE = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
# What the row alone can answer: on PostgreSQL, one statement books and answers.
FROM_THE_ROW: dict[str, Selection] = {
    "the number": [("appointment", "appointmentId")],
    "every plain field": [
        (
            "appointment",
            "id appointmentId startTimeUnixSeconds durationSeconds type therapistId startsAt endsAt "
            "__typename",
        )
    ],
    "the therapist and the service": [
        (
            "appointment",
            "therapist { id firstName lastName timeZone __typename } therapists { therapistId } "
            "service { id serviceId code name durationSeconds }",
        )
    ],
    "specialisms": [
        (
            "appointment",
            f"therapist {{ specialisms {{ totalCount {PAGE} edges {{ node {{ specialismName }} }} }} }}",
        )
    ],
    "one key, merged": [("appointment", "startsAt"), ("appointment", "endsAt startsAt")],
    "aliases within": [("appointment", "a: startsAt b: startsAt c: therapist { x: firstName }")],
    "several keys": [("first", "startsAt"), ("second", "therapist { lastName } appointmentId")],
    "only a type's name": [("appointment", "__typename")],
    "an inline fragment": [
        ("appointment", "... on Node { id } ... { endsAt } ... on Appointment { type }")
    ],
}
# What has to look into the diary: a transaction, on both databases.
FROM_THE_DIARY: dict[str, Selection] = {
    "the diary's count": [("appointment", "therapist { appointments { totalCount } }")],
    "the diary itself": [
        (
            "appointment",
            "appointmentId therapist { appointments(sort: START_TIME_UNIX_SECONDS_ASC) "
            f"{{ totalCount {PAGE} edges {{ cursor node {{ appointmentId startsAt }} }} }} }}",
        )
    ],
    "there and back": [
        (
            "appointment",
            "therapists { appointments(last: 1) { edges { node { therapist { appointments("
            "first: 1, sort: START_TIME_UNIX_SECONDS_DESC) { edges { node { endsAt } } } } } } } }",
        )
    ],
    "several keys": [
        ("plain", "startsAt endsAt"),
        ("diary", "therapist { appointments { totalCount } }"),
        ("again", f"therapists {{ appointments(first: 2) {{ totalCount {PAGE} }} }}"),
    ],
    "a filter": [
        ("appointment", 'therapist { appointments(filters: {type: "one-off"}) { totalCount } }'),
    ],
}
SELECTIONS = [
    *(pytest.param(selection, id=f"row: {name}") for name, selection in FROM_THE_ROW.items()),
    *(pytest.param(selection, id=f"diary: {name}") for name, selection in FROM_THE_DIARY.items()),
]


def given(therapist: int, starts_at: int = TEN, **more: Any) -> dict[str, Any]:
    key = f"payload {therapist} {starts_at}"
    usual = {"therapistId": str(therapist), "startsAt": rfc3339(starts_at), "service": "one-off"}
    return {**usual, "idempotencyKey": key, **more}


def booking(selection: Selection, declared: str = "") -> str:
    """A document that books and shows the selection; ``declared`` are variables beside the input."""
    shown = " ".join(f"{key}: appointment {{ {fields} }}" for key, fields in selection)
    return (
        f"mutation($input: BookAppointmentInput!{declared}) {{ bookAppointment(input: $input) "
        f"{{ {shown} replayed number: appointment {{ n: appointmentId }} errors {{ __typename }} }} }}"
    )


def query(selection: Selection, number: str, declared: str = "") -> str:
    """A document that shows the same of the session with that number."""
    global_id = base64.b64encode(f"Appointment:{number}".encode()).decode()
    shown = (
        f'{key}: node(id: "{global_id}") {{ ... on Appointment {{ {fields} }} }}'
        for key, fields in selection
    )
    head = f"query({declared.lstrip(', ')})" if declared else "query"
    return f"{head} {{ {' '.join(shown)} }}"


@pytest.mark.parametrize("selection", SELECTIONS)
async def test_a_booking_its_retry_and_a_query_say_the_same_about_a_session(
    house: House, therapist: int, ann: Client, selection: Selection
) -> None:
    for hours in (-3, 3):
        await house.books.session(therapist, TEN + hours * HOUR)
    document, variables = booking(selection), {"input": given(therapist)}
    booked = (await ann.data(document, variables))["bookAppointment"]
    again = (await ann.data(document, variables))["bookAppointment"]
    number = booked.pop("number")["n"]
    assert again.pop("number")["n"] == number
    assert (booked.pop("errors"), again.pop("errors")) == ([], [])
    assert (booked.pop("replayed"), again.pop("replayed")) == (False, True)
    assert booked == again == await ann.data(query(selection, number))


@pytest.mark.parametrize("selection", SELECTIONS)
async def test_a_creation_in_the_old_form_says_the_same_as_a_query(
    house: House, therapist: int, ann: Client, selection: Selection
) -> None:
    await house.books.session(therapist, TEN + 3 * HOUR)
    shown = " ".join(f"{key}: appointment {{ {fields} }}" for key, fields in selection)
    document = (
        f"mutation {{ appointment(therapistId: {therapist}, startTimeUnixSeconds: {TEN}, "
        f'durationSeconds: 3600, type: "one-off") '
        f"{{ {shown} number: appointment {{ n: appointmentId }} }} }}"
    )
    created = (await ann.data(document))["appointment"]
    again = (await ann.data(document))["appointment"]
    number = created.pop("number")["n"]
    assert again.pop("number")["n"] == number
    assert created == again == await ann.data(query(selection, number))


async def test_a_payload_that_counts_the_diary_counts_the_new_session(
    house: House, therapist: int, ann: Client
) -> None:
    selection = [
        (
            "appointment",
            "appointmentId therapist { appointments { totalCount edges { node { appointmentId } } } }",
        )
    ]
    for hour in range(3):
        document, variables = booking(selection), {"input": given(therapist, TEN + hour * HOUR)}
        shown = (await ann.data(document, variables))["bookAppointment"]["appointment"]
        diary = shown["therapist"]["appointments"]
        assert diary["totalCount"] == hour + 1
        assert shown["appointmentId"] in [edge["node"]["appointmentId"] for edge in diary["edges"]]


async def test_paging_arguments_within_a_payload_may_be_variables(
    house: House, therapist: int, ann: Client
) -> None:
    """Each booking pages through the diary that it has just made longer."""
    declared = ", $first: Int, $after: String, $sort: [AppointmentSort], $types: [String]"
    selection = [
        (
            "appointment",
            "appointmentId therapist { appointments(first: $first, after: $after, sort: $sort, "
            f"filters: {{typeIn: $types}}) {{ totalCount {PAGE} "
            "edges { cursor node { startsAt } } } }",
        )
    ]
    after, seen = None, []
    for hour in range(4):
        paging = {
            "first": 1,
            "after": after,
            "sort": ["START_TIME_UNIX_SECONDS_ASC"],
            "types": ["one-off", "consultation"],
        }
        variables = {"input": given(therapist, TEN + hour * HOUR), **paging}
        booked = (await ann.data(booking(selection, declared), variables))["bookAppointment"]
        number = booked["number"]["n"]
        assert (
            booked["appointment"]
            == (await ann.data(query(selection, number, declared), paging))["appointment"]
        )
        page = booked["appointment"]["therapist"]["appointments"]
        assert page["totalCount"] == hour + 1
        seen += [edge["node"]["startsAt"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
    assert seen == [rfc3339(TEN + hour * HOUR) for hour in range(4)]


async def test_what_is_included_by_a_variable_is_there_and_what_is_skipped_is_not(
    house: House, therapist: int, ann: Client
) -> None:
    document = (
        "mutation($input: BookAppointmentInput!, $diary: Boolean!) { bookAppointment(input: $input) "
        "{ appointment { startsAt @skip(if: $diary) "
        "therapist @include(if: $diary) { appointments { totalCount } } } } }"
    )
    plain = {"input": given(therapist), "diary": False}
    deep = {"input": given(therapist, TEN + HOUR), "diary": True}
    first = (await ann.data(document, plain))["bookAppointment"]["appointment"]
    second = (await ann.data(document, deep))["bookAppointment"]["appointment"]
    assert first == {"startsAt": rfc3339(TEN)}
    assert second == {"therapist": {"appointments": {"totalCount": 2}}}


@pytest.mark.parametrize("extra", ["", "therapist { appointments { totalCount } }"], ids=["row", "diary"])
async def test_a_start_that_the_old_field_cannot_hold_is_an_error_for_that_field_alone_on_every_road(
    house: House, therapist: int, ann: Client, extra: str
) -> None:
    """Scenario 9, in the payload of a booking and of its retry."""
    document = (
        "mutation($input: BookAppointmentInput!) { bookAppointment(input: $input) "
        f"{{ replayed made: appointment {{ startTimeUnixSeconds startsAt {extra} }} }} }}"
    )
    late = END_OF_TIME - HOUR + 1 - 60  # 9999-12-31T22:59:00Z
    for replayed in (False, True):
        answer = await ann.wire.ask(document, {"input": given(therapist, late, durationSeconds=HOUR)})
        payload = answer["data"]["bookAppointment"]
        assert payload["replayed"] is replayed
        assert payload["made"]["startTimeUnixSeconds"] is None
        assert payload["made"]["startsAt"] == "9999-12-31T22:59:00Z"
        (error,) = answer["errors"]
        assert error["path"] == ["bookAppointment", "made", "startTimeUnixSeconds"]
        assert error["extensions"]["code"] == "INT_OUT_OF_RANGE"


async def test_several_bookings_in_one_request_are_made_one_after_the_other(
    house: House, therapist: int, ann: Client
) -> None:
    """Each is a booking of its own: the second sees the first, and is refused alone."""
    document = (
        "mutation($a: BookAppointmentInput!, $b: BookAppointmentInput!) {"
        " one: bookAppointment(input: $a) { appointment { startsAt } errors { __typename } }"
        " two: bookAppointment(input: $b) { appointment { startsAt } errors { __typename } }"
        " three: bookAppointment(input: $a) { replayed } }"
    )
    variables = {"a": given(therapist), "b": given(therapist, TEN + 60)}
    assert await ann.data(document, variables) == {
        "one": {"appointment": {"startsAt": rfc3339(TEN)}, "errors": []},
        "two": {"appointment": None, "errors": [{"__typename": "SlotTaken"}]},
        "three": {"replayed": True},
    }


async def test_a_payload_that_asks_for_no_appointment_books_all_the_same(
    house: House, therapist: int, ann: Client
) -> None:
    document = "mutation($i: BookAppointmentInput!) { bookAppointment(input: $i) { __typename replayed } }"
    found = await ann.data(document, {"i": given(therapist)})
    assert found == {"bookAppointment": {"__typename": "BookAppointmentPayload", "replayed": False}}
    assert len(await house.books.diary(therapist)) == 1
