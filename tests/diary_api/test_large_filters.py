"""Filters as large as they may be, wherever they stand: answered, or refused in words, never a fault."""

from __future__ import annotations

from typing import Any, Final

import pytest

from tests.booking.in_process import SqliteRecorder, started
from tests.diary_api.conftest import Practice
from tests.diary_api.test_life import TEN

COUNT: Final = "query($f: AppointmentsFilter) { appointments(filters: $f) { totalCount } }"
PAGE: Final = "{ totalCount pageInfo { hasNextPage hasPreviousPage } edges { cursor node { id } } }"
ROOT: Final = f"query($f: AppointmentsFilter) {{ appointments(filters: $f, first: 2) {PAGE} }}"
_BETWEEN: Final = "appointments(first: 2) { edges { node { therapists { %s } } } }"
# No document of fifteen levels of fields has more objects and lists around a filter.
DEEPEST: Final = (
    "query($f: AppointmentsFilter, $id: ID!) { therapist(therapistId: $id) { "
    + _BETWEEN % (_BETWEEN % (_BETWEEN % "appointments(filters: $f) { totalCount }"))
    + " } }"
)
CONDITIONS: Final[dict[str, dict[str, Any]]] = {
    "type": {"type": "none such"},
    "range": {"startTimeUnixSecondsRange": {"begin": 1, "end": 2}},
    "specialisms": {"hasSpecialisms": ["none such"]},
    "name": {"therapistName": "none such"},
}


def nested(levels: int) -> dict[str, Any]:
    """A filter within a filter, so often, each with something to say."""
    found: dict[str, Any] = {"type": "one-off"}
    for _ in range(levels):
        found = {"type": "one-off", "not": found}
    return found


async def deepest(practice: Practice, therapist: int, filters: dict[str, Any]) -> Any:
    """The count of the innermost list, or the code of the refusal."""
    answer = await practice.answer(DEEPEST, {"f": filters, "id": therapist})
    if "errors" in answer:
        return answer["errors"][0]["extensions"]["code"]
    found = answer["data"]["therapist"]
    for _ in range(3):
        found = found["appointments"]["edges"][0]["node"]["therapists"]
    return found["appointments"]["totalCount"]


@pytest.mark.parametrize("word", ["or", "and"])
@pytest.mark.parametrize("name", CONDITIONS)
async def test_as_many_conditions_as_there_may_be_are_answered_wherever_they_stand(
    practice: Practice, therapist: int, name: str, word: str
) -> None:
    """499 and the list that they stand in; each look behind a link of an `and` is a join to PostgreSQL,
    which takes longer than a request may to order a hundred."""
    many = 40 if word == "and" and name in ("specialisms", "name") else 498
    await practice.books.session(therapist, TEN)
    filters = {word: [CONDITIONS[name]] * many + [{"typeIn": ["one-off"]}]}
    found = await practice.ask(ROOT, f=filters)
    assert bool(found["appointments"]["totalCount"]) is (word == "or")
    assert await deepest(practice, therapist, filters) == (word == "or")


async def test_a_filter_is_answered_however_deep_it_is_nested_or_refused_in_words(
    practice: Practice, therapist: int
) -> None:
    await practice.books.session(therapist, TEN)
    found = [await deepest(practice, therapist, nested(levels)) for levels in range(20, 49)]
    refused = found.index("INVALID_ARGUMENT")
    assert refused > 10, "thirty levels are answered"
    assert set(found[refused:]) == {"INVALID_ARGUMENT"}
    # With an odd number of levels within, `not` holds for what is not a session of that type.
    assert found[:refused] == [1 - levels % 2 for levels in range(20, 20 + refused)]


async def test_what_holds_behind_a_link_is_looked_for_once_for_all_of_an_or(practice: Practice) -> None:
    if practice.books.path is None:
        return
    filters = {"or": [{"hasSpecialisms": [f"s{n}"]} for n in range(300)] + [{"type": "none such"}]}
    with SqliteRecorder() as recorder:
        async with started(practice.books.url) as client:
            recorder.taken()
            body = {"query": COUNT, "variables": {"f": filters}}
            assert (await client.post("/graphql", json=body)).json()["data"]
            (statement,) = [sql for sql in recorder.taken() if "therapist_specialism" in sql]
    assert statement.count("EXISTS") == 1
