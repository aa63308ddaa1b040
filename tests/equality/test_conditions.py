"""Every single condition of every filter, with every value worth asking for, and its opposite.

Random filters meet a given value now and then; here each one is met. Also every text that is an id
or comes near one. What `product` must be is written in `sides.py`.
"""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import pytest
from graphql import (
    GraphQLInputType,
    get_named_type,
    is_enum_type,
    is_input_object_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
)

from . import practice as practices
from .catalogue import arguments_of, asking, whole_lists
from .comparison import assert_same, differs
from .drawing import Pools
from .reference import global_id, schema
from .sides import Answers, Reference, Side

AT_ONCE = 20  # conditions in one operation
SHOWN = 25  # answers in the message of a failure
PRACTICES = [pytest.param(practices.build(number), id=f"practice-{number}") for number in (5, 9)]
FILTERED = [path for type_, path in whole_lists().items() if "filters" in arguments_of(type_)]
PRACTICES.append(pytest.param(practices.build_all_names(), id="all-names"))


def values_of(type_: GraphQLInputType, name: str, pools: Pools) -> Iterator[Any]:
    """Every value of the pools for this field, alone and beside its neighbour, null and nothing."""
    if is_list_type(type_):
        # The same name may stand for another enum in another filter.
        inner = get_named_type(type_)
        known = list(inner.values) if is_enum_type(inner) else _pool(name, pools)
        yield from ([], None)
        yield from ([value] for value in known)
        if not is_non_null_type(type_.of_type):
            yield from ([None], *([None, value] for value in known[:3]))
        yield from (list(pair) for pair in pairwise(known))
    elif is_input_object_type(type_):
        yield from _ranges(type_, pools)
    else:
        yield from (*_pool(name, pools), None)


def _ranges(type_: Any, pools: Pools) -> Iterator[dict[str, Any]]:
    """Spans from each instant to itself, to the next one, and back; and with one end, or none."""
    begin, end = type_.fields
    instants = _pool(begin, pools)
    for here, there in zip(instants, [*instants[1:], *instants[:1]], strict=True):
        yield from ({begin: here, end: here}, {begin: here, end: there}, {begin: there, end: here})
    if begin == "from":
        yield from ({}, {begin: None}, {begin: None, end: None})
        yield from ({name: each} for name in (begin, end) for each in instants)


def _pool(name: str, pools: Pools) -> list[Any]:
    usual, odd = pools.by_name[name]
    return list(dict.fromkeys([*usual, *odd]))


def conditions(list_name: str, pools: Pools) -> list[dict[str, Any]]:
    """Filters of one condition each, and the opposites of them."""
    type_ = get_named_type(schema().query_type.fields[list_name].args["filters"].type)
    single = [
        {name: value}
        for name, field in type_.fields.items()
        if name not in ("and", "or", "not")
        for value in values_of(field.type, name, pools)
    ]
    return [filters for each in single for filters in (each, {"not": each})]


def hold(sides: Sequence[Side], head: str, fields: list[str], values: list[Any]) -> None:
    """Ask both sides for `fields`, of which each takes the value of its own number."""
    wrong = []
    for start in range(0, len(fields), AT_ONCE):
        some = range(start, min(start + AT_ONCE, len(fields)))
        declared = ", ".join(f"$v{i}: {head}" for i in some)
        document = f"query ({declared}) {{ {' '.join(fields[i] for i in some)} }}"
        variables = {f"v{i}": values[i] for i in some}
        expected, actual = (side.answer(document, variables, None) for side in sides)
        assert "errors" not in expected, expected
        wrong += [
            f"{fields[i]}  with {values[i]!r}: {differs(here, there, '')}"
            for i, here, there in _parts(some, expected, actual)
            if here != there
        ]
    assert not wrong, "\n".join([f"{len(wrong)} answers differ", *wrong[:SHOWN]])


def _parts(some: range, expected: Any, actual: Any) -> Iterator[tuple[int, Any, Any]]:
    """number, what the reference answers, what the product answers; errors are part of it."""
    data = actual.get("data") or {}
    refused = {error["path"][0]: error["message"] for error in actual.get("errors", ())}
    for i in some:
        key = f"a{i}"
        yield i, expected["data"][key], refused.get(key, data.get(key))


def _key_of(list_name: str) -> str:
    """The field that tells rows of a list apart; those of the record are no nodes."""
    connection = get_named_type(schema().query_type.fields[list_name].type)
    node = get_named_type(get_named_type(connection.fields["edges"].type).fields["node"].type)
    return next(name for name, field in node.fields.items() if str(field.type) == "ID!")


@pytest.mark.parametrize("practice", PRACTICES)
@pytest.mark.parametrize("list_name", FILTERED)
def test_every_condition_and_its_opposite_leave_the_same_rows(
    product: Answers, practice: practices.Practice, list_name: str
) -> None:
    filters = conditions(list_name, Pools.of(practice))
    type_ = get_named_type(schema().query_type.fields[list_name].args["filters"].type)
    page = f"{{ totalCount edges {{ node {{ {_key_of(list_name)} }} }} }}"
    fields = [f"a{i}: {list_name}(filters: $v{i}) {page}" for i in range(len(filters))]
    hold((Side(Reference(), practice), Side(product, practice)), str(type_), fields, filters)


@pytest.mark.parametrize("practice", PRACTICES)
def test_every_id_and_what_comes_near_one_find_the_same_objects(
    product: Answers, practice: practices.Practice
) -> None:
    pools = Pools.of(practice)
    sides = Side(Reference(), practice), Side(product, practice)
    ids, numbers = _pool("id", pools), _pool("therapistId", pools)
    nodes = [f"a{i}: node(id: $v{i}) {{ __typename id }}" for i in range(len(ids))]
    hold(sides, "ID!", nodes, ids)
    found = [f"a{i}: therapist(therapistId: $v{i}) {{ id }}" for i in range(len(numbers))]
    hold(sides, "ID!", found, numbers)


@pytest.mark.parametrize("practice", PRACTICES)
def test_every_field_of_every_row_is_the_same(product: Answers, practice: practices.Practice) -> None:
    sides = Side(Reference(), practice), Side(product, practice)
    for type_, path in whole_lists().items():
        plain = [
            name
            for name, field in schema().type_map[type_].fields.items()
            if is_leaf_type(get_named_type(field.type))
        ]
        selected = f"totalCount edges {{ node {{ {' '.join(plain)} }} }}"
        document = f"{{ {asking(path, '(first: 1000)', selected)} }}"
        expected, actual = (side.answer(document, {}, None) for side in sides)
        assert_same(expected, actual, document)


@pytest.mark.parametrize("practice", PRACTICES)
def test_no_hold_is_found_by_its_id(product: Answers, practice: practices.Practice) -> None:
    sides = Side(Reference(), practice), Side(product, practice)
    ids = [global_id(row) for row in practice.holds]
    hold(sides, "ID!", [f"a{i}: node(id: $v{i}) {{ id }}" for i in range(len(ids))], ids)
