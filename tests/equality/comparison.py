"""When two responses are the same answer.

The same data in the same order of keys, where cursors may differ, and errors at the same paths.
Cursors are opaque: each side writes its own. This module must not know the reference or the
product.
"""

import json
from collections.abc import Iterator
from typing import Any

from graphql import DocumentNode, FieldNode, FragmentSpreadNode, SelectionSetNode, parse
from graphql.language import FragmentDefinitionNode
from graphql.utilities import get_operation_ast

CURSOR_FIELDS = {"cursor", "startCursor", "endCursor"}
CURSOR = "<a cursor>"

Fragments = dict[str, FragmentDefinitionNode]


def decode(text: str | bytes) -> Any:
    """JSON, refusing what a dict would hide: the same key twice in one object."""
    return json.loads(text, object_pairs_hook=_distinct)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    keys = [key for key, _ in pairs]
    assert len(set(keys)) == len(keys), f"a key twice in one object: {keys}"
    return dict(pairs)


def normalise(result: dict[str, Any], document: str, name: str | None = None) -> dict[str, Any]:
    """The response with a mark in the place of every cursor; null and "" stay what they are."""
    parsed = parse(document)
    operation = get_operation_ast(parsed, name)
    assert operation is not None, "no such operation"
    data = _masked(result.get("data"), _fragments(parsed), [operation.selection_set])
    return {**result, "data": data} if "data" in result else result


def _fragments(parsed: DocumentNode) -> Fragments:
    nodes = parsed.definitions
    return {node.name.value: node for node in nodes if isinstance(node, FragmentDefinitionNode)}


def _masked(value: Any, fragments: Fragments, sets: list[SelectionSetNode]) -> Any:
    """Walk the response beside the selections that it answers, so that aliases cannot hide one.

    Field names are enough: in the SDL only edges and page infos have fields of these names."""
    if isinstance(value, list):
        return [_masked(each, fragments, sets) for each in value]
    if not isinstance(value, dict):
        return value
    fields = [field for each in sets for field in _fields(each, fragments)]
    masked = {}
    for key, inner in value.items():
        named = [field for field in fields if (field.alias or field.name).value == key]
        if any(field.name.value in CURSOR_FIELDS for field in named):
            masked[key] = CURSOR if isinstance(inner, str) and inner else inner
        else:
            below = [field.selection_set for field in named if field.selection_set]
            masked[key] = _masked(inner, fragments, below)
    return masked


def _fields(selected: SelectionSetNode, fragments: Fragments) -> Iterator[FieldNode]:
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, FragmentSpreadNode):
            yield from _fields(fragments[node.name.value].selection_set, fragments)
        else:
            yield from _fields(node.selection_set, fragments)


def essence(result: dict[str, Any], document: str, name: str | None = None) -> tuple[str, list[str]]:
    """What must be equal: the data as text (order, 1 and 1.0 and true differ) and error paths."""
    data = normalise(result, document, name).get("data", "<no data>")
    paths = [json.dumps(error.get("path")) for error in result.get("errors", ())]
    return json.dumps(data, ensure_ascii=False), sorted(paths)


def assert_same(
    expected: dict[str, Any],
    actual: dict[str, Any],
    document: str,
    variables: dict[str, Any] | None = None,
    name: str | None = None,
) -> None:
    """Fail with everything that is needed to ask again by hand."""
    if essence(expected, document, name) == essence(actual, document, name):
        return
    raise AssertionError(
        "The product answers otherwise than the reference."
        f"\n\ndocument:\n{document}"
        f"\n\nvariables: {json.dumps(variables)}\noperationName: {name!r}"
        f"\n\nfirst difference: {_first_difference(expected, actual, document, name)}"
        f"\n\nreference:\n{json.dumps(expected, ensure_ascii=False)}"
        f"\n\nproduct:\n{json.dumps(actual, ensure_ascii=False)}"
    )


def _first_difference(
    expected: dict[str, Any], actual: dict[str, Any], document: str, name: str | None
) -> str:
    (here, here_paths), (there, there_paths) = (
        essence(each, document, name) for each in (expected, actual)
    )
    if here == there:
        return f"error paths: reference {here_paths}, product {there_paths}"
    return differs(json.loads(here), json.loads(there))


def differs(here: Any, there: Any, path: str = "data") -> str:
    """Where two JSON values part, and what each holds there."""
    if isinstance(here, dict) and isinstance(there, dict) and list(here) == list(there):
        parts = [(f"{path}.{key}", here[key], there[key]) for key in here]
    elif isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        parts = [(f"{path}[{i}]", a, b) for i, (a, b) in enumerate(zip(here, there, strict=True))]
    else:
        return f"{path}: reference {_short(here)}, product {_short(there)}"
    for where, a, b in parts:
        if json.dumps(a) != json.dumps(b):
            return differs(a, b, where)
    return "none"


def _short(value: Any) -> str:
    if isinstance(value, dict):
        return f"keys {list(value)}"
    if isinstance(value, list):
        return f"{len(value)} items"
    return json.dumps(value, ensure_ascii=False)
