"""What cannot be answered is null with an error at its own place, and all else is answered.

What `product` must be is written in `sides.py`.
"""

from typing import Any

import pytest

from . import practice as practices
from .comparison import assert_same
from .parts import Bookmark
from .sides import Answers, Reference, Side
from .small import SMALL

PRACTICE = practices.build(0)


def hold(product: Answers, document: str, variables: dict[str, Any] | None = None) -> Any:
    """Both answer alike; what the reference answers."""
    expected, actual = (
        Side(side, SMALL).answer(document, variables or {}, None) for side in (Reference(), product)
    )
    assert_same(expected, actual, document, variables)
    return expected


@pytest.mark.parametrize(
    "arguments",
    [
        "first: -1",
        "last: -1",
        "first: 1001",
        "last: 1001",
        "first: -1, last: 2",
        'after: "nonsense"',
        'before: ""',
        'after: "☂"',
        'after: "AAAA"',
    ],
)
def test_a_page_that_cannot_be_is_null_with_an_error_and_its_neighbours_are_answered(
    product: Answers, arguments: str
) -> None:
    document = f"""{{
      refused: appointments({arguments}) {{ totalCount edges {{ node {{ id }} }} }}
      therapists {{ totalCount }}
    }}"""
    assert hold(product, document)["data"]["refused"] is None


@pytest.mark.parametrize("arguments", ["first: -1", "last: 1001", 'after: "nonsense"'])
def test_a_page_that_cannot_be_within_an_object_refuses_the_whole_root_field(
    product: Answers, arguments: str
) -> None:
    """By decision: one statement answers the root field, and it is not begun with a bad argument."""
    document = f"""{{ therapist(therapistId: 1) {{
      id refused: appointments({arguments}) {{ totalCount }} specialisms {{ totalCount }}
    }} therapists {{ totalCount }} }}"""
    side = Side(product, PRACTICE)
    answer = side.answer(document, {}, None)
    assert answer["data"]["therapist"] is None
    assert answer["data"]["therapists"]["totalCount"] == len(PRACTICE.therapists)
    assert [error["path"] for error in answer["errors"]] == [["therapist"]]


def test_a_cursor_of_another_sort_is_refused(product: Answers) -> None:
    document = """query ($after: String) {
      refused: appointments(sort: TYPE_DESC, after: $after) { totalCount }
      therapists { totalCount }
    }"""
    place = Bookmark("appointments", ("APPOINTMENT_ID_ASC",), 1)
    sides = Side(Reference(), PRACTICE), Side(product, PRACTICE)
    expected, actual = (side.answer(document, {"after": side.cursor_of(place)}, None) for side in sides)
    assert expected["data"]["refused"] is None
    assert_same(expected, actual, document)


@pytest.mark.parametrize(
    ("declared", "field"),
    [
        ('$v: ID = "1"', "therapist(therapistId: $v) { id }"),
        ('$v: ID = "1"', "node(id: $v) { id }"),
        (
            "$v: Int = 5",
            "appointments(filters: {startTimeUnixSecondsRange: {begin: $v, end: 9}}) { totalCount }",
        ),
        ('$v: ID = "1"', "appointments(filters: {therapistIds: [$v]}) { totalCount }"),
        ("$v: Boolean = true", "viewer { role @include(if: $v) }"),
        ("$v: Boolean = true", "viewer @skip(if: $v) { role }"),
    ],
)
def test_a_null_where_none_may_be_is_an_error_although_the_variable_has_a_default(
    product: Answers, declared: str, field: str
) -> None:
    document = f"query ({declared}) {{ {field} therapists {{ totalCount }} }}"
    assert hold(product, document, {"v": None})["errors"]


def test_introspection_stands_beside_data_that_instants_restrict(product: Answers) -> None:
    """A variable is read once for the data and once for graphql-core, each time as it was sent."""
    document = """query ($filters: AppointmentsFilter) {
      appointments(filters: $filters) { totalCount } __schema { queryType { name } }
    }"""
    hold(product, document, {"filters": {"startsAtRange": {"from": "2026-03-02T10:00:00Z"}}})
