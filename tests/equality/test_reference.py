"""The reference against facts worked out by hand: which rows, in what order, which page.

The practice is the one in `small.py`; its appointments are 10 to 16.
"""

import pytest

from .lists import CURSOR_MARK, fold
from .reference import execute
from .small import LARGE, SMALL, START, ask, cursor, matching, numbers, page, people

ALL = [10, 11, 12, 13, 14, 15, 16]


@pytest.mark.parametrize(
    "filters",
    [
        "null",
        "{}",
        "{and: []}",
        "{or: []}",
        "{not: {}}",
        "{not: {and: []}}",
        "{not: {not: {}}}",
        "{not: {type: null}}",
        "{not: {or: [{}, {type: null}]}}",
        '{or: [{}, {type: "a-long"}]}',
        '{not: {or: [{}, {type: "a-long"}]}}',
        "{type: null, typeIn: null, hasSpecialisms: null, and: null, or: null, not: null}",
        "{startsAtRange: {}}",
        "{not: {startsAtRange: {from: null}}}",
        '{therapistName: ""}',
        '{therapistName: " \\t "}',
        '{therapistName: "\\u0301"}',
        '{not: {therapistName: ""}}',
    ],
)
def test_what_does_not_restrict_leaves_every_row(filters: str) -> None:
    assert matching(filters) == ALL


@pytest.mark.parametrize(
    "filters",
    [
        "{typeIn: []}",
        "{typeIn: [null]}",
        "{hasSpecialisms: []}",
        "{hasSpecialisms: [null]}",
        "{therapistIds: []}",
        '{therapistIds: ["abc", "1.0", "01", "+1", "１", " 1", "-1", "9999999999999999999999"]}',
        '{type: "A-LONG"}',
        '{type: ""}',
        '{type: "a\\u0000b"}',
        '{hasSpecialisms: ["cbt", "Sleep"]}',
        f"{{startTimeUnixSecondsRange: {{begin: {START + 1}, end: {START}}}}}",
        '{therapistName: "%"}',
        '{therapistName: "_"}',
        '{type: "a-long", typeIn: ["b-short"]}',
        '{and: [{type: "a-long"}, {type: "b-short"}]}',
    ],
)
def test_what_cannot_hold_matches_nothing_and_its_opposite_matches_everything(filters: str) -> None:
    assert matching(filters) == []
    assert matching(f"{{not: {filters}}}") == ALL


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ('{type: "a-long"}', [10, 13, 15]),
        ('{typeIn: [null, "b-short", "unknown"]}', [11, 12, 14, 16]),
        ('{typeIn: "b-short"}', [11, 12, 14, 16]),
        ('{hasSpecialisms: ["CBT"]}', [10, 11, 12, 13, 15, 16]),
        ('{hasSpecialisms: ["Mood"]}', [10, 12, 14, 15]),
        ('{hasSpecialisms: ["CBT", "Mood"]}', ALL),
        ('{not: {hasSpecialisms: ["CBT"]}}', [14]),
        (f'{{therapistIds: [{LARGE}, "2", "x"]}}', [11, 13, 14, 16]),
        (f"{{startTimeUnixSecondsRange: {{begin: {START}, end: {START + 3600}}}}}", [10, 11, 12, 14]),
        (f"{{startTimeUnixSecondsRange: {{begin: {START + 1}, end: 2147483647}}}}", [12, 13, 15]),
        ('{startsAtRange: {from: "2026-03-02T10:00:00Z"}}', [12, 13, 15, 16]),
        ('{startsAtRange: {until: "2026-03-02T10:00:00Z"}}', [10, 11, 14]),
        (
            '{startsAtRange: {from: "2026-03-02T15:30:00+05:30", until: "2026-03-02T11:00:00Z"}}',
            [12],
        ),
        ('{startsAtRange: {from: "2038-01-19T03:14:08Z"}}', [16]),
        ('{therapistName: "ANA  mu"}', [10, 12, 15]),
        ('{therapistName: "o\'H"}', [14]),
        ('{or: [{type: "a-long"}, {therapistName: "zoe"}]}', [10, 13, 14, 15]),
        ('{type: "b-short", or: [{therapistIds: [1]}, {therapistIds: [2]}]}', [11, 12, 16]),
        ('{not: {type: "a-long", therapistIds: ["1"]}}', [11, 12, 13, 14, 16]),
        ('{and: {type: "a-long"}, not: {not: {therapistIds: 1}}}', [10, 15]),
    ],
)
def test_a_filter_leaves_these_rows(filters: str, left: list[int]) -> None:
    assert matching(filters) == left


@pytest.mark.parametrize(
    ("filters", "left"),
    [
        ("{}", [1, 2, 3, LARGE]),
        ('{name: "muller"}', [1]),
        ('{name: "ω"}', [3]),
        ('{name: "a m"}', [1]),
        ('{not: {hasSpecialisms: ["CBT"]}}', [3, LARGE]),
        ('{hasSpecialisms: ["Mood", "CBT"]}', [1, 2, LARGE]),
        ("{therapistIds: [3, 2]}", [2, 3]),
    ],
)
def test_a_filter_of_therapists_leaves_these(filters: str, left: list[int]) -> None:
    assert people(filters) == left


def test_a_search_folds_case_accents_width_and_white_space() -> None:
    assert fold("  Zoë\t\n STRASSE ﬁn Ⅷ ") == fold("zoe  Straße FIN viii")
    assert fold("Ångström") == "angstrom"
    assert fold("İrem") == "irem"
    assert fold("\u0301 ") == ""
    assert fold("100%_\\") == "100%_\\"


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("null", ALL),
        ("[]", ALL),
        ("[null]", ALL),
        ("APPOINTMENT_ID_DESC", ALL[::-1]),
        ("TYPE_ASC", [10, 13, 15, 11, 12, 14, 16]),
        ("TYPE_DESC", [16, 14, 12, 11, 15, 13, 10]),
        ("[TYPE_DESC, APPOINTMENT_ID_ASC]", [11, 12, 14, 16, 10, 13, 15]),
        ("START_TIME_UNIX_SECONDS_ASC", [10, 11, 14, 12, 13, 15, 16]),
        ("START_TIME_UNIX_SECONDS_DESC", [16, 15, 13, 12, 14, 11, 10]),
        ("[START_TIME_UNIX_SECONDS_ASC, TYPE_DESC]", [14, 11, 10, 12, 13, 15, 16]),
        ("[null, DURATION_SECONDS_ASC, null, TYPE_DESC]", [16, 14, 12, 11, 15, 13, 10]),
        ("[THERAPIST_ID_DESC, TYPE_ASC]", [14, 13, 11, 16, 10, 15, 12]),
        ("[TYPE_ASC, TYPE_DESC]", [10, 13, 15, 11, 12, 14, 16]),
        ("[APPOINTMENT_ID_DESC, TYPE_ASC]", ALL[::-1]),
    ],
)
def test_a_sort_gives_this_order(sort: str, order: list[int]) -> None:
    assert numbers(f"sort: {sort}") == order


def test_text_sorts_by_code_point_and_services_by_code() -> None:
    document = """{
      services { edges { node { serviceId } } }
      names: therapists(sort: LAST_NAME_ASC) { edges { node { lastName } } }
    }"""
    data = ask(document)
    assert [edge["node"]["serviceId"] for edge in data["services"]["edges"]] == ["4", "7"]
    names = [edge["node"]["lastName"] for edge in data["names"]["edges"]]
    assert names == ["Müller", "O'Hara", "Smith", "Ω"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ("first: 3", ([10, 11, 12], False, True)),
        ("first: 7", (ALL, False, False)),
        ("last: 2", ([15, 16], True, False)),
        ("first: 5, last: 2", ([13, 14], True, True)),
        ("first: 0", ([], False, True)),
        ("last: 0", ([], True, False)),
        ("first: 2, last: 0", ([], True, True)),
        ("first: null, last: null", (ALL, False, False)),
        ("filters: {typeIn: []}", ([], False, False)),
    ],
)
def test_first_then_last_cut_the_page(arguments: str, expected: object) -> None:
    assert page(arguments) == expected


def test_after_and_before_cut_by_place() -> None:
    sort = "TYPE_ASC"  # 10, 13, 15 are long, then 11, 12, 14, 16
    after, before = cursor(15, sort), cursor(14, sort)
    assert page(f"sort: {sort}", after=after) == ([11, 12, 14, 16], True, False)
    assert page(f"sort: {sort}", before=before) == ([10, 13, 15, 11, 12], False, True)
    assert page(f"sort: {sort} last: 1", after=after, before=before) == ([12], True, True)
    assert page(f"sort: {sort} first: 1", after=after, before=before) == ([11], True, True)


def test_a_cursor_keeps_its_place_when_its_row_is_filtered_away() -> None:
    sort = "START_TIME_UNIX_SECONDS_ASC"  # 10, 11, 14, 12, 13, 15, 16
    filters = 'filters: {type: "a-long"}'  # 10, 13, 15
    assert page(f"sort: {sort} {filters}", after=cursor(12, sort)) == ([13, 15], True, False)
    assert page(f"sort: {sort} {filters}", before=cursor(12, sort)) == ([10], False, True)


def test_an_empty_page_knows_what_stands_beside_it() -> None:
    sort = "APPOINTMENT_ID_ASC"
    first, middle, last = (cursor(number, sort) for number in (10, 13, 16))
    assert page(f"sort: {sort}", before=first) == ([], False, True)
    assert page(f"sort: {sort}", after=last) == ([], True, False)
    assert page(f"sort: {sort} first: 0", after=middle) == ([], True, True)
    assert page(f"sort: {sort} last: 0", after=middle) == ([], True, False)
    # They cross: 16 and 10 stand at and beyond the bounds.
    assert page(f"sort: {sort}", after=last, before=first) == ([], True, True)
    assert page(f"sort: {sort} first: 2 last: 2", after=middle, before=middle) == ([], True, True)


def test_cursors_of_an_empty_page_are_null_and_others_are_its_edges() -> None:
    document = """{
      none: appointments(first: 0) { totalCount pageInfo { startCursor endCursor } }
      two: appointments(first: 2) { pageInfo { startCursor endCursor } edges { cursor } }
    }"""
    data = ask(document)
    assert data["none"] == {"totalCount": 7, "pageInfo": {"startCursor": None, "endCursor": None}}
    cursors = [edge["cursor"] for edge in data["two"]["edges"]]
    assert list(data["two"]["pageInfo"].values()) == cursors
    assert all(each.startswith(CURSOR_MARK) for each in cursors)


def test_the_total_counts_what_the_filters_and_the_parent_leave_on_all_pages() -> None:
    document = """query ($after: String) {
      appointments(filters: {type: "b-short"}, first: 1, after: $after) { totalCount }
      therapist(therapistId: 2) { appointments(first: 1) { totalCount } }
    }"""
    data = ask(document, {"after": cursor(14, "APPOINTMENT_ID_ASC")})
    assert data["appointments"]["totalCount"] == 4
    assert data["therapist"]["appointments"]["totalCount"] == 3


@pytest.mark.parametrize("wrong", ["first: -1", "last: 1001", 'after: "x"', 'after: "12"'])
def test_a_page_that_cannot_be_is_null_with_an_error(wrong: str) -> None:
    answer = execute(SMALL, f"{{ rows: appointments({wrong}) {{ totalCount }} viewer {{ role }} }}")
    assert answer["data"] == {"rows": None, "viewer": {"role": "ADMIN"}}
    assert [error["path"] for error in answer["errors"]] == [["rows"]]
