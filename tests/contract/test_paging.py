"""Pages: by cursor, in both directions, under every sort; what they say of what lies around them;
and what happens to a reader while rows come and go."""

import base64
import json
from collections.abc import Sequence
from typing import Any

import pytest

from tests.contract import practice
from tests.contract.practice import APPOINTMENTS
from tests.contract.test_sorts import SEVERAL, SINGLE, ordered

PAGE = """query(
  $f: AppointmentsFilter, $s: [AppointmentSort], $first: Int, $last: Int, $after: String, $before: String
) {
  appointments(filters: $f, sort: $s, first: $first, last: $last, after: $after, before: $before) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor node { appointmentId } }
  }
}"""
TWO_KEYS = ["DURATION_SECONDS_DESC", "TYPE_ASC"]


def page(place, **arguments: Any) -> dict[str, Any]:
    found: dict[str, Any] = place.data(PAGE, arguments)["appointments"]
    return found


def numbers(found: dict[str, Any]) -> list[str]:
    return [edge["node"]["appointmentId"] for edge in found["edges"]]


def forward(place, size: int, **arguments: Any) -> list[list[str]]:
    """The pages from the first to the last, as someone reads them who goes on while there is more."""
    pages, after, more = [], None, True
    while more:
        found = page(place, first=size, after=after, **arguments)
        pages.append(numbers(found))
        after, more = found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]
        assert len(pages) < 500, "this does not end"
    return pages


def backward(place, size: int, **arguments: Any) -> list[list[str]]:
    """The same from the end."""
    pages, before, more = [], None, True
    while more:
        found = page(place, last=size, before=before, **arguments)
        pages.insert(0, numbers(found))
        before, more = found["pageInfo"]["startCursor"], found["pageInfo"]["hasPreviousPage"]
        assert len(pages) < 500, "this does not end"
    return pages


def joined(pages: Sequence[Sequence[str]]) -> list[str]:
    return [number for one in pages for number in one]


@pytest.fixture(scope="module")
def cursors(reading) -> dict[tuple[str, ...], list[str]]:
    """The cursor of every row, in order, under the two sorts that the facts are tested with."""
    found = {}
    for sorts in (["APPOINTMENT_ID_ASC"], TWO_KEYS):
        edges = page(reading, s=sorts, first=1000)["edges"]
        found[tuple(sorts)] = [edge["cursor"] for edge in edges]
    return found


# ---- walking ------------------------------------------------------------------------------------


@pytest.mark.parametrize("sorts", [*SINGLE, *SEVERAL, TWO_KEYS], ids="+".join)
def test_pages_forward_and_backward_hold_every_row_once_and_in_order(reading, sorts):
    everything = ordered(sorts)
    there = forward(reading, 13, s=sorts)
    assert joined(there) == everything
    assert [len(one) for one in there] == [13] * 9 + [4]
    back = backward(reading, 20, s=sorts)
    assert joined(back) == everything
    assert [len(one) for one in back] == [1, *[20] * 6]


def test_pages_of_a_filtered_list_hold_what_matches_once(reading):
    filters = {"or": [{"hasSpecialisms": ["Addiction", "ADHD"]}, {"type": "one-off"}]}
    whole = page(reading, f=filters, s=TWO_KEYS, first=1000)
    assert joined(forward(reading, 7, f=filters, s=TWO_KEYS)) == numbers(whole)
    assert joined(backward(reading, 7, f=filters, s=TWO_KEYS)) == numbers(whole)
    assert 0 < whole["totalCount"] == len(whole["edges"]) < len(APPOINTMENTS)


def test_pages_one_row_at_a_time_are_whole_too(reading):
    filters = {"startTimeUnixSecondsRange": {"begin": 0, "end": 1_644_900_000}}
    sorts = ["START_TIME_UNIX_SECONDS_DESC"]
    assert joined(forward(reading, 1, f=filters, s=sorts)) == numbers(page(reading, f=filters, s=sorts))


def test_each_nested_list_is_walked_by_cursors_of_its_own(reading):
    document = """query($after: String) { therapist(therapistId: 1) { appointments(
      first: 6, after: $after, sort: [TYPE_DESC]
    ) { totalCount pageInfo { hasNextPage endCursor } edges { node { appointmentId } } } } }"""
    own = [a for a in APPOINTMENTS if a.therapist_id == 1]
    seen, after, more = [], None, True
    while more:
        found = reading.data(document, {"after": after})["therapist"]["appointments"]
        seen += numbers(found)
        after, more = found["pageInfo"]["endCursor"], found["pageInfo"]["hasNextPage"]
        assert found["totalCount"] == len(own)
    ids = {str(a.appointment_id) for a in own}
    assert seen == [number for number in ordered(["TYPE_DESC"]) if number in ids]


def test_a_nested_page_is_cut_for_each_parent(reading):
    document = """{ therapists { edges { node { therapistId
      appointments(first: 2) { edges { node { appointmentId } } }
    } } } }"""
    for edge in reading.data(document)["therapists"]["edges"]:
        therapist_id = int(edge["node"]["therapistId"])
        own = sorted(a.appointment_id for a in APPOINTMENTS if a.therapist_id == therapist_id)
        assert numbers(edge["node"]["appointments"]) == [str(number) for number in own[:2]]


# ---- what a page says of itself -----------------------------------------------------------------

LAST = len(APPOINTMENTS) - 1
WINDOWS: list[dict[str, Any]] = [
    {},
    {"first": 5},
    {"first": 0},
    {"first": 1000},
    {"first": LAST + 1},
    {"first": LAST},
    {"last": 5},
    {"last": 0},
    {"last": LAST + 1},
    {"last": LAST},
    {"first": 5, "after": 0},
    {"first": 5, "after": 40},
    {"first": 5, "after": LAST - 5},
    {"first": 5, "after": LAST - 4},
    {"first": 5, "after": LAST},
    {"first": 0, "after": 40},
    {"last": 5, "after": 40},
    {"last": 5, "after": LAST - 4},
    {"first": 5, "before": 5},
    {"first": 5, "before": 4},
    {"first": 5, "before": 40},
    {"first": 5, "before": 0},
    {"last": 5, "before": 40},
    {"last": 5, "before": 5},
    {"last": 5, "before": 4},
    {"last": 5, "before": 0},
    {"first": 5, "last": 2},
    {"first": 5, "last": 5},
    {"first": 2, "last": 5},
    {"first": 5, "last": 0},
    {"first": 5, "last": 2, "after": 40},
    {"first": 5, "last": 2, "before": 40},
    {"first": 5, "last": 2, "after": 40, "before": 60},
    {"first": 5, "last": 2, "after": 40, "before": 43},
    {"first": 50, "after": 40, "before": 43},
    {"first": 2, "after": 40, "before": 43},
    {"last": 50, "after": 40, "before": 43},
    {"last": 1, "after": 40, "before": 43},
    {"after": 40},
    {"before": 40},
    {"after": 40, "before": 43},
]


def window(arguments: dict[str, int], size: int) -> tuple[int, int]:
    """Where the page lies in a list of ``size``, as the Relay specification cuts it."""
    begin = arguments["after"] + 1 if "after" in arguments else 0
    end = max(begin, arguments.get("before", size))
    if "first" not in arguments and "last" not in arguments:
        arguments = {**arguments, "first": 100}
    if "first" in arguments:
        end = min(end, begin + arguments["first"])
    if "last" in arguments:
        begin = max(begin, end - arguments["last"])
    return begin, end


@pytest.mark.parametrize("sorts", [["APPOINTMENT_ID_ASC"], TWO_KEYS], ids="+".join)
@pytest.mark.parametrize("given", WINDOWS, ids=str)
def test_a_page_is_the_right_part_of_its_list_and_what_it_says_is_true(reading, cursors, sorts, given):
    at = cursors[tuple(sorts)]
    arguments = {name: at[value] if name in ("after", "before") else value for name, value in given.items()}
    found = page(reading, s=sorts, **arguments)
    begin, end = window(given, len(APPOINTMENTS))
    assert numbers(found) == ordered(sorts)[begin:end]
    assert [edge["cursor"] for edge in found["edges"]] == at[begin:end]
    assert found["totalCount"] == len(APPOINTMENTS)
    assert found["pageInfo"]["startCursor"] == (at[begin] if end > begin else None)
    assert found["pageInfo"]["endCursor"] == (at[end - 1] if end > begin else None)
    assert found["pageInfo"]["hasPreviousPage"] is (begin > 0)
    assert found["pageInfo"]["hasNextPage"] is (end < len(APPOINTMENTS))


def test_the_only_page_of_an_empty_list_has_nothing_around_it(reading):
    found = page(reading, f={"typeIn": []})
    nothing = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert found == {"totalCount": 0, "pageInfo": nothing, "edges": []}


def test_null_for_a_size_or_a_cursor_is_as_if_it_were_absent(reading):
    nulls = dict.fromkeys(("first", "last", "after", "before", "f", "s"))
    assert page(reading, **nulls) == page(reading)


def test_a_hundred_rows_where_nobody_says_and_a_thousand_where_someone_asks(reading):
    assert len(page(reading)["edges"]) == 100
    assert page(reading)["pageInfo"]["hasNextPage"] is True
    assert len(page(reading, last=1000)["edges"]) == len(APPOINTMENTS)


def test_the_total_is_counted_without_the_page(reading):
    data = reading.data('{ appointments(first: 0, filters: {type: "one-off"}) { totalCount } }')
    assert data["appointments"]["totalCount"] == sum(a.type == "one-off" for a in APPOINTMENTS)


# ---- what cannot be asked -----------------------------------------------------------------------


@pytest.mark.parametrize("argument", ["first", "last"])
@pytest.mark.parametrize("size", [-1, -(2**31), 1001, 2**31 - 1])
def test_a_size_that_is_negative_or_above_the_maximum_is_refused_with_the_bounds(reading, argument, size):
    response = reading.api.send(PAGE, {argument: size})
    (error,) = response.json()["errors"]
    assert response.status_code == 200
    assert response.json()["data"] == {"appointments": None}
    assert error["extensions"]["code"] == "INVALID_PAGE_SIZE"
    assert error["path"] == ["appointments"]
    assert argument in error["message"]
    assert "1000" in error["message"].replace(",", "")


def test_a_nested_size_above_the_maximum_is_refused_too(reading):
    document = "{ therapists { edges { node { appointments(first: 1001) { totalCount } } } } }"
    answer = reading.api.ask(document)
    assert answer["data"] == {"therapists": None}
    assert answer["errors"][0]["extensions"]["code"] == "INVALID_PAGE_SIZE"


def test_a_refused_field_leaves_the_field_beside_it_alone(reading):
    answer = reading.api.ask(
        "{ bad: appointments(first: -1) { totalCount } good: services { totalCount } }"
    )
    assert answer["data"] == {"bad": None, "good": {"totalCount": 3}}
    assert [error["path"] for error in answer["errors"]] == [["bad"]]


def tampered(cursor: str) -> list[str]:
    """Cursors made from a real one by someone who looked into it."""
    name, *values = json.loads(base64.b64decode(cursor))
    forged: list[Any] = [
        [name],
        [name, *values, 1],
        [name, *values[:-1], "x"],
        [name, *values[:-1], None],
        [name, *values[:-1], 2**63],
        [name, *values[:-1], 1.5],
        [name, *values[:-1], True],
        [name, *values[:-1], [1]],
        ["0" * len(name), *values],
        {"sort": name},
        name,
    ]
    return [base64.b64encode(json.dumps(parts).encode()).decode() for parts in forged]


def test_a_cursor_that_was_tampered_with_is_refused(reading, cursors):
    for sorts, known in cursors.items():
        for cursor in tampered(known[3]):
            for side in ("after", "before"):
                code = reading.code(PAGE, {"s": list(sorts), "first": 1, side: cursor})
                assert code == "INVALID_CURSOR", cursor


@pytest.mark.parametrize(
    "cursor", ["", " ", "x", "1", "null", "bm9uZQ==", "W10=", "eyJhIjoxfQ==", "é", "=", "'; DROP TABLE x"]
)
@pytest.mark.parametrize("side", ["after", "before"])
def test_a_cursor_that_is_none_is_refused(reading, cursor, side):
    response = reading.api.send(PAGE, {side: cursor})
    assert response.status_code == 200
    assert response.json()["data"] == {"appointments": None}
    assert response.json()["errors"][0]["extensions"]["code"] == "INVALID_CURSOR"


@pytest.mark.parametrize(
    "other",
    [
        ["APPOINTMENT_ID_DESC"],
        ["START_TIME_UNIX_SECONDS_ASC"],
        ["TYPE_ASC", "DURATION_SECONDS_DESC"],
        ["DURATION_SECONDS_DESC"],
        ["DURATION_SECONDS_DESC", "TYPE_DESC"],
    ],
    ids="+".join,
)
def test_a_cursor_of_another_sort_is_refused(reading, cursors, other):
    for known in cursors.values():
        assert reading.code(PAGE, {"s": other, "after": known[3]}) == "INVALID_CURSOR"


def test_a_cursor_of_another_list_is_refused(reading, cursors):
    cursor = cursors[("APPOINTMENT_ID_ASC",)][0]
    for name in ("therapists", "specialisms", "services"):
        document = f"query($c: String) {{ {name}(after: $c) {{ totalCount }} }}"
        assert reading.code(document, {"c": cursor}) == "INVALID_CURSOR"


def test_a_cursor_goes_on_under_another_filter_from_the_place_where_it_stood(reading, cursors):
    """A cursor carries a place in an order, and no filter: the row it came from need not match."""
    found = page(reading, f={"type": "Group_1"}, after=cursors[("APPOINTMENT_ID_ASC",)][40])
    after = ordered(["APPOINTMENT_ID_ASC"])[41:]
    groups = {str(a.appointment_id) for a in APPOINTMENTS if a.type == "Group_1"}
    assert numbers(found) == [number for number in after if number in groups]


# ---- while rows come and go ---------------------------------------------------------------------


class Diary:
    """A diary of its own, whose rows come and go behind the service's back."""

    def __init__(self, place) -> None:
        self.place = place
        self.therapist_id = practice.add_therapist(place.database)
        self.filters = {"therapistIds": [str(self.therapist_id)]}

    def add(self, *hours: int) -> None:
        rows = [(self.therapist_id, hour * 3600, hour * 3600 + 1800) for hour in hours]
        insert = "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at)"
        self.place.database.run((f"{insert} VALUES (?, 'one-off', ?, ?)", rows))

    def remove(self, *hours: int) -> None:
        delete = "DELETE FROM appointment WHERE therapist_id = ? AND starts_at = ?"
        self.place.database.run((delete, [(self.therapist_id, hour * 3600) for hour in hours]))

    def read(self, sort: str, **arguments: Any) -> tuple[list[int], dict[str, Any]]:
        """The hours on a page, and what it says of itself."""
        document = PAGE.replace("appointmentId", "startTimeUnixSeconds")
        given = {"f": self.filters, "s": [sort], **arguments}
        found = self.place.data(document, given)["appointments"]
        return [e["node"]["startTimeUnixSeconds"] // 3600 for e in found["edges"]], found["pageInfo"]


@pytest.fixture
def diary(writing) -> Diary:
    made = Diary(writing)
    made.add(10, 20, 30, 40, 50, 60)
    return made


START = "START_TIME_UNIX_SECONDS_ASC"


def test_a_row_added_before_the_place_of_a_reader_is_not_read_and_none_twice(diary):
    first, info = diary.read(START, first=3)
    diary.add(5, 15)
    second, _ = diary.read(START, first=9, after=info["endCursor"])
    assert (first, second) == ([10, 20, 30], [40, 50, 60])


def test_a_row_added_after_the_place_of_a_reader_is_read_where_it_belongs(diary):
    _, info = diary.read(START, first=3)
    diary.add(31, 45, 99)
    second, info = diary.read(START, first=3, after=info["endCursor"])
    third, info = diary.read(START, first=3, after=info["endCursor"])
    assert (second, third) == ([31, 40, 45], [50, 60, 99])
    assert info["hasNextPage"] is False


def test_rows_removed_before_and_at_the_place_of_a_reader_make_the_next_page_skip_nothing(diary):
    _, info = diary.read(START, first=3)
    diary.remove(10, 30)
    second, info = diary.read(START, first=2, after=info["endCursor"])
    assert second == [40, 50]
    assert info["hasPreviousPage"] is True


def test_a_row_removed_after_the_place_of_a_reader_is_gone(diary):
    _, info = diary.read(START, first=2)
    diary.remove(30, 60)
    assert diary.read(START, first=9, after=info["endCursor"])[0] == [40, 50]


def test_the_same_holds_for_a_reader_who_goes_backward(diary):
    first, info = diary.read(START, last=2)
    diary.add(5, 35, 55)
    diary.remove(50, 20)
    second, info = diary.read(START, last=2, before=info["startCursor"])
    third, info = diary.read(START, last=2, before=info["startCursor"])
    assert (first, second, third) == ([50, 60], [35, 40], [10, 30])
    assert info["hasPreviousPage"] is True


def test_the_same_holds_where_the_key_is_the_same_in_all_rows(diary):
    sort = "TYPE_DESC"
    first, info = diary.read(sort, first=2)
    diary.remove(first[1])
    rest, _ = diary.read(sort, first=9, after=info["endCursor"])
    assert sorted([*first, *rest]) == [10, 20, 30, 40, 50, 60]


def test_a_page_whose_successors_are_removed_is_the_last_one_then(diary):
    assert diary.read(START, first=3)[1]["hasNextPage"] is True
    diary.remove(40, 50, 60)
    assert diary.read(START, first=3)[1]["hasNextPage"] is False


def test_behind_a_cursor_with_nothing_left_before_it_there_is_no_previous_page(diary):
    _, info = diary.read(START, first=2)
    diary.remove(10, 20)
    _, info = diary.read(START, first=2, after=info["endCursor"])
    assert info["hasPreviousPage"] is False
