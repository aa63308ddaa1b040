"""The generator's own claims, and those of the comparison that judges by it."""

import json
import re
from collections import Counter
from itertools import pairwise

import pytest
from graphql import FieldNode, FragmentDefinitionNode, parse, validate
from hypothesis import HealthCheck, Phase, given, seed, settings

from . import practice as practices
from .catalogue import COMPUTED, reachable, stored_fields
from .comparison import CURSOR, CURSOR_FIELDS, assert_same, decode, differs, essence, normalise
from .operations import DEEPEST, operations_for
from .parts import Bookmark, Operation
from .reference import RESOLVERS, schema
from .sessions import OTHERS
from .sides import Reference, Side

EXAMPLES = 120


def drawn(number: int, examples: int = EXAMPLES) -> list[Operation]:
    """The operations that a seed gives."""
    found: list[Operation] = []

    @seed(number)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(operations_for(practices.build(number)))
    def draw(operation: Operation) -> None:
        found.append(operation)

    draw()
    return found


def plainly(operation: Operation) -> str:
    """The document with something that looks like a cursor."""
    return operation.asked_with(lambda _: 'cursor "1"')[0]


@pytest.mark.parametrize("number", range(3))
def test_every_operation_is_valid_and_answered(number: int) -> None:
    side = Side(Reference(), practices.build(number))
    for operation in drawn(number):
        assert validate(schema(), parse(plainly(operation))) == []
        document, variables = operation.asked_with(side.cursor_of)
        answer = side.answer(document, variables, operation.name)
        assert answer["data"] is not None, answer
        codes = {error.get("extensions", {}).get("code") for error in answer.get("errors", ())}
        assert codes <= {"INT_OUT_OF_RANGE"}, answer["errors"]


def test_the_same_seed_gives_the_same_operations() -> None:
    assert drawn(5, 20) == drawn(5, 20)
    assert drawn(5, 20) != drawn(6, 20)


def test_no_operation_is_deeper_than_it_may_be() -> None:
    assert max(map(depth, drawn(1))) <= DEEPEST


def depth(operation: Operation) -> int:
    parsed = parse(plainly(operation))
    fragments = {
        each.name.value: each for each in parsed.definitions if isinstance(each, FragmentDefinitionNode)
    }

    def below(node: object, level: int) -> int:
        if node.kind == "fragment_spread":
            return below(fragments[node.name.value], level)
        level += isinstance(node, FieldNode)
        inner = node.selection_set.selections if node.selection_set else ()
        return max([level, *(below(each, level) for each in inner)])

    return max(below(each, 0) for each in parsed.definitions if each not in fragments.values())


def test_every_field_argument_and_way_of_writing_comes_up() -> None:
    text = "\n".join(plainly(each) for number in range(4) for each in drawn(number))
    fields = {name for type_ in reachable().values() for name in stored_fields(type_)}
    ways = {"@skip(if: $", "@include(if: ", "... on Node", "fragment F", "query Other", "__typename"}
    ways |= {"filters: $", "sort: $", "sort: [", "= {", "= [", ": null", "__type(", "[null", "... {"}
    assert fields - set(re.findall(r"\w+", text)) == set()
    assert {each for each in ways if each not in text} == set()


def test_what_is_left_out_is_worked_out_and_never_asked_for() -> None:
    assert not COMPUTED & set(RESOLVERS["Query"])
    asked = {
        node.name.value
        for operation in drawn(3)
        for definition in parse(plainly(operation)).definitions
        for node in definition.selection_set.selections
        if isinstance(node, FieldNode)
    }
    assert not COMPUTED & asked


def test_many_answers_hold_many_values() -> None:
    """Operations that answer next to nothing would prove next to nothing."""
    sizes = Counter()
    side = Side(Reference(), practices.build(2))
    for operation in drawn(2):
        document, variables = operation.asked_with(side.cursor_of)
        size = len(json.dumps(side.answer(document, variables, operation.name)))
        sizes["all"] += 1
        sizes["large"] += size > 1000
    assert sizes["large"] > sizes["all"] / 5


def test_bookmarks_become_each_sides_own_cursors() -> None:
    operation = Operation(
        '{ a(after: "@bookmark-0@") }',
        {"v": {"w": ["@bookmark-1@"]}},
        None,
        {f"@bookmark-{n}@": Bookmark("services", ("CODE_ASC",), n) for n in (0, 1)},
    )
    document, variables = operation.asked_with(lambda bookmark: f'"{bookmark.row}"')
    assert document == '{ a(after: "\\"0\\"") }'
    assert variables == {"v": {"w": ['"1"']}}


def test_cursors_are_masked_under_aliases_and_in_fragments_and_nothing_else_is() -> None:
    document = """query A { rows: appointments { pageInfo { a: endCursor startCursor }
      edges { ...F node { cursor: type } } } }
      fragment F on AppointmentEdge { c: cursor ... { cursor: __typename } }"""
    edges = [{"c": "x", "cursor": "AppointmentEdge", "node": {"cursor": "one-off"}}]
    data = {"rows": {"pageInfo": {"a": "x", "startCursor": None}, "edges": edges}}
    masked = normalise({"data": data}, document, "A")["data"]["rows"]
    assert masked["pageInfo"] == {"a": CURSOR, "startCursor": None}
    assert masked["edges"] == [{**edges[0], "c": CURSOR}]


def test_only_edges_and_page_infos_have_fields_named_like_cursors() -> None:
    owners = {
        name
        for name, type_ in schema().type_map.items()
        if CURSOR_FIELDS & set(getattr(type_, "fields", ()))
    }
    assert all(name == "PageInfo" or name.endswith("Edge") for name in owners)


@pytest.mark.parametrize(
    "other",
    [
        {"data": {"b": 1, "a": 1}},
        {"data": {"a": 1, "b": 1.0}},
        {"data": {"a": 1, "b": True}},
        {"data": {"a": 1}},
        {"data": {"a": 1, "b": 1}, "errors": [{"path": ["a"]}]},
        {"data": None},
        {},
    ],
)
def test_answers_that_differ_are_not_the_same(other: dict) -> None:
    one = {"data": {"a": 1, "b": 1}}
    with pytest.raises(AssertionError, match="otherwise than the reference"):
        assert_same(one, other, "{ a b }", {"v": 1})


def test_errors_are_compared_by_path_in_any_order() -> None:
    paths = [["a", 1, "b"], ["a", 0, "b"]]
    here = {"data": None, "errors": [{"message": "x", "path": path} for path in paths]}
    there = {"data": None, "errors": [{"message": "y", "path": path} for path in paths[::-1]]}
    assert essence(here, "{ a }") == essence(there, "{ a }")


def test_the_first_difference_is_named() -> None:
    assert differs({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}) == ("data.a[1].b: reference 2, product 3")


def test_a_key_twice_in_one_object_is_refused() -> None:
    with pytest.raises(AssertionError, match="a key twice"):
        decode('{"data": {"a": 1, "a": 1}}')


def test_practices_keep_the_rules_of_the_store() -> None:
    for number in range(200):
        practice = practices.build(number)
        assert len({each.name for each in practice.specialisms}) == len(practice.specialisms)
        assert len({each.code for each in practice.services}) == len(practice.services)
        assert len(practice.appointments) <= 40
        assert practice.holds
        blocking = [a for a in (*practice.appointments, *practice.holds) if a.status not in OTHERS]
        diaries = sorted((a.therapist_id, a.starts_at, a.ends_at) for a in blocking)
        for (one, _, end), (other, start, _) in pairwise(diaries):
            assert one != other or end <= start
