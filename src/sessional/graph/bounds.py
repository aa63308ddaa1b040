"""How large a document may be. Everything is counted with its fragments opened, as it would be run."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    OperationDefinitionNode,
)

Fragments = Mapping[str, FragmentDefinitionNode]
# Each tries a password or a token: many in one request would be many guesses.
_ENTRIES: Final = frozenset({"auth", "refresh"})

_INTROSPECTION: Final = frozenset({"__schema", "__type"})
# About how many members the lists of introspection have here.
_MEMBERS: Final[Mapping[str, int]] = {
    "types": 400, "fields": 8, "inputFields": 6, "args": 2, "enumValues": 8, "possibleTypes": 8,
    "directives": 6,
}  # fmt: skip
# Twice what the tools ask for that read the whole schema, which takes a twentieth of a second.
MOST_OF_SCHEMA: Final = 1_200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """How large a document may be, and how much messages and introspection tell of the schema."""

    tokens: int
    depth: int
    remembered: int
    aliases: int = 200
    directives: int = 100
    root_fields: int = 50
    introspection: bool = True
    suggestions: bool = True


def operations(parsed: DocumentNode) -> list[OperationDefinitionNode]:
    return [d for d in parsed.definitions if isinstance(d, OperationDefinitionNode)]


def over_bounds(
    parsed: DocumentNode, fragments: Fragments, limits: DocumentLimits
) -> Iterator[GraphQLError]:
    """An error for each bound that an operation of a valid document goes beyond."""
    for operation in operations(parsed):
        roots = _root_fields(operation, fragments)
        if sum(name in _ENTRIES for _, name in roots) > 1:
            yield GraphQLError("A request has at most one `auth` or `refresh`.", operation)
        if len(roots) > limits.root_fields:
            message = f"There are {len(roots)} fields at the root here; at most {limits.root_fields}."
            yield GraphQLError(message, operation)
        for what, found, most in (
            ("aliases", _count(operation, fragments, _aliases), limits.aliases),
            ("directives", _count(operation, fragments, _directives), limits.directives),
        ):
            if found > most:
                yield GraphQLError(f"There are more than {most} {what} here.", operation)
        if (deep := _depth(operation, fragments)) > limits.depth:
            message = f"Fields are nested {deep} deep here; at most {limits.depth}."
            yield GraphQLError(message, operation)
        if told_of_schema(operation, fragments) > MOST_OF_SCHEMA:
            yield GraphQLError("This asks for more of the schema than a request may.", operation)


def _root_fields(operation: OperationDefinitionNode, fragments: Fragments) -> set[tuple[str, str]]:
    """The fields at the root of an operation: response key and name. What has one key is one field."""
    found: set[tuple[str, str]] = set()
    opened: set[str] = set()
    waiting: list[Any] = [operation]
    while waiting:
        node = waiting.pop()
        if isinstance(node, FieldNode):
            found.add(((node.alias or node.name).value, node.name.value))
        elif isinstance(node, FragmentSpreadNode):
            if node.name.value not in opened:
                opened.add(node.name.value)
                waiting.append(fragments[node.name.value])
        else:
            waiting += node.selection_set.selections
    return found


def _aliases(node: Any) -> int:
    return int(isinstance(node, FieldNode) and node.alias is not None)


def _directives(node: Any) -> int:
    return len(node.directives or ())


def _count(operation: Any, fragments: Fragments, of: Callable[[Any], int]) -> int:
    """The sum over all selections; what a fragment comes to is worked out once."""
    known: dict[str, int] = {}

    def count(node: Any) -> int:
        below = 0
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in known:
                known[name] = count(fragments[name])
            below = known[name]
        elif node.selection_set is not None:
            below = sum(map(count, node.selection_set.selections))
        return of(node) + below

    return count(operation)


def _depth(operation: Any, fragments: Fragments) -> int:
    """How deep fields are nested. Introspection is left alone: it has a bound of its own."""
    known: dict[str, int] = {}

    def depth(node: Any) -> int:
        if isinstance(node, FragmentSpreadNode):
            name = node.name.value
            if name not in known:
                known[name] = depth(fragments[name])
            return known[name]
        if isinstance(node, FieldNode) and node.name.value in _INTROSPECTION:
            return 1
        below = () if node.selection_set is None else node.selection_set.selections
        return max(map(depth, below), default=0) + isinstance(node, FieldNode)

    return depth(operation)


def told_of_schema(operation: Any, fragments: Fragments) -> int:
    """About how many values introspection answers: each is worked out here, while others wait."""
    known: dict[tuple[str, bool], int] = {}

    def asked(node: Any, within: bool) -> int:
        """Of a selection at the root, or of one within introspection."""
        if isinstance(node, FragmentSpreadNode):
            place = node.name.value, within
            if place not in known:
                known[place] = below(fragments[place[0]], within)
            return known[place]
        if not isinstance(node, FieldNode):
            return below(node, within)
        if within:
            return _MEMBERS.get(node.name.value, 1) * (1 + below(node, within))
        return below(node, True) if node.name.value in _INTROSPECTION else 0

    def below(node: Any, within: bool) -> int:
        selections = () if node.selection_set is None else node.selection_set.selections
        return sum(asked(each, within) for each in selections)

    return below(operation, False)
