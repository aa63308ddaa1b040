"""Walking a list in pages, forwards and backwards, gives the list: each row once, in its order.

The order is the reference's; the pages and their cursors are the product's own. The flags of each
page must be facts: something stands after it, something stands before it.
"""

from typing import Any

import pytest

from . import practice as practices
from .catalogue import key_field, list_fields, node_types, whole_lists
from .reference import all_rows, global_id, schema
from .sides import SORTS, Answers, Reference, Side

SIZES = (1, 2, 3, 7)
MOST_OWNERS = 8  # objects whose lists are walked
# Beside every single key: ties under several keys, mixed directions, a key twice, nulls.
LONGER_SORTS: dict[str, list[list[str | None]]] = {
    "appointments": [
        ["START_TIME_UNIX_SECONDS_DESC", "DURATION_SECONDS_ASC", "TYPE_DESC"],
        ["TYPE_ASC", "TYPE_DESC"],
        [None, "DURATION_SECONDS_DESC", "THERAPIST_ID_ASC", None],
        ["TYPE_DESC", "APPOINTMENT_ID_ASC", "THERAPIST_ID_DESC"],
    ],
    "therapists": [["LAST_NAME_ASC", "FIRST_NAME_DESC"], ["FIRST_NAME_DESC", "THERAPIST_ID_ASC"]],
    "specialisms": [["SPECIALISM_NAME_DESC", None]],
    "clients": [["NAME_DESC"], ["NAME_ASC", "CLIENT_ID_DESC"]],
    "services": [["NAME_DESC", "CODE_ASC"], ["NAME_ASC", "SERVICE_ID_DESC"]],
}
PRACTICES = (2, 9)
LISTS = [
    pytest.param(number, name, id=f"{name}-of-practice-{number}")
    for number in PRACTICES
    for name in list_fields(schema().query_type)
]
WITHIN = [(name, each) for name in node_types() for each in list_fields(schema().type_map[name])]


def sorts_of(type_: str) -> list[list[str | None] | None]:
    name = whole_lists()[type_]
    if name not in SORTS:
        return [None]
    return [None, *([key] for key in schema().type_map[SORTS[name]].values), *LONGER_SORTS.get(name, ())]


def page_document(name: str, type_: str, parent: str | None) -> str:
    """One page; `parent` is the type whose list it is, the root where it is None."""
    sort = SORTS.get(whole_lists()[type_])
    cut = "first: $first, last: $last, after: $after, before: $before"
    page = f"""rows: {name}({"sort: $sort, " if sort else ""}{cut}) {{
      totalCount
      pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
      edges {{ cursor node {{ key: {key_field(type_)} }} }}
    }}"""
    asked = page if parent is None else f"parent: node(id: $id) {{ ... on {parent} {{ {page} }} }}"
    declared = ("" if parent is None else "$id: ID!, ") + (f"$sort: [{sort}], " if sort else "")
    return f"""query ({declared}$first: Int, $last: Int, $after: String, $before: String) {{ {asked} }}"""


def ask(side: Side, document: str, variables: dict[str, Any]) -> dict[str, Any]:
    answer = side.answer(document, variables, None)
    assert "errors" not in answer, answer
    data = answer["data"]
    return (data.get("parent") or data)["rows"]


def ids(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["key"] for edge in page["edges"]]


def walk(side: Side, document: str, variables: dict[str, Any], size: int, back: bool) -> None:
    """Follow the cursors to the end, holding every page against the whole list."""
    whole = variables["whole"]
    limit, edge, more = ("last", "before", "hasPreviousPage") if back else ("first", "after", "hasNextPage")
    asked = {key: value for key, value in variables.items() if key != "whole"} | {limit: size}
    begin, end = (max(len(whole) - size, 0), len(whole)) if back else (0, min(size, len(whole)))
    while True:
        page = ask(side, document, asked)
        info = page["pageInfo"]
        assert ids(page) == whole[begin:end], (asked, "rows", begin, end)
        assert info["hasPreviousPage"] == (begin > 0), asked
        assert info["hasNextPage"] == (end < len(whole)), asked
        assert page["totalCount"] == len(whole), asked
        cursors = [each["cursor"] for each in page["edges"]] or [None]
        assert (info["startCursor"], info["endCursor"]) == (cursors[0], cursors[-1]), asked
        if not info[more]:
            return
        asked[edge] = info["startCursor" if back else "endCursor"]
        begin, end = (max(begin - size, 0), begin) if back else (end, min(end + size, len(whole)))


def walk_all(
    product: Answers, practice: practices.Practice, name: str, parent: str | None, ids_: list[str]
) -> None:
    expecting, asked = Side(Reference(), practice), Side(product, practice)
    type_ = list_fields(schema().type_map[parent or "Query"])[name]
    document = page_document(name, type_, parent)
    sorts: list[dict[str, Any]] = [{"sort": sort} for sort in sorts_of(type_)]
    if whole_lists()[type_] not in SORTS:
        sorts = [{}]
    owners: list[dict[str, Any]] = [{"id": id_} for id_ in ids_] if parent else [{}]
    for variables in (owner | sort for owner in owners for sort in sorts):
        whole = ids(ask(expecting, document, {**variables, "first": 1000}))
        for size in SIZES:
            for back in (False, True):
                walk(asked, document, {**variables, "whole": whole}, size, back)


@pytest.mark.parametrize(("number", "name"), LISTS)
def test_pages_under_every_sort_add_up_to_the_list(product: Answers, number: int, name: str) -> None:
    walk_all(product, practices.build(number), name, None, [])


@pytest.mark.parametrize("number", PRACTICES)
@pytest.mark.parametrize(("parent", "name"), WITHIN)
def test_pages_of_a_list_within_an_object_add_up_to_that_list(
    product: Answers, number: int, parent: str, name: str
) -> None:
    practice = practices.build(number)
    owners = [global_id(row) for row in all_rows(practice) if type(row).__name__ == parent]
    walk_all(product, practice, name, parent, owners[:MOST_OWNERS])
