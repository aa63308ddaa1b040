"""Holds the bindings against the SDL, both ways. Run once, when the service starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLObjectType, GraphQLSchema

from sessional.graph import scopes
from sessional.graph.binding import TypeBinding
from sessional.graph.bindings import LISTS, LOOKUPS, NODE_TYPES, TYPES
from sessional.graph.deeds import DEEDS
from sessional.graph.mutations import MUTATIONS
from sessional.graph.questions import QUESTIONS

_CONNECTIVES = {"and", "or", "not"}
# Filters that are not called after the rows that they choose.
_FILTERS = {"WaitlistEntry": "WaitlistFilter"}
_OTHER_ROOTS = {"node", "viewer"}


def check(schema: GraphQLSchema) -> None:
    """Raises AssertionError with everything in which SDL and bindings differ."""
    scopes.check()
    differences = list(_differences(schema))
    assert not differences, "schema.graphql and the bindings differ: " + "; ".join(differences)


def _differences(schema: GraphQLSchema) -> Iterator[str]:
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    yield from _compare("Query", schema.query_type.fields, {*LISTS, *LOOKUPS, *QUESTIONS, *_OTHER_ROOTS})
    yield from _compare("Mutation", schema.mutation_type.fields, {*MUTATIONS, *DEEDS})
    nodes = {t.name for t in schema.get_possible_types(schema.type_map["Node"])}  # type: ignore[arg-type]
    yield from _compare("Node", nodes, NODE_TYPES)
    for name, binding in TYPES.items():
        yield from _type(schema, name, binding)


def _type(schema: GraphQLSchema, name: str, binding: TypeBinding) -> Iterator[str]:
    type_ = schema.type_map.get(name)
    if not isinstance(type_, GraphQLObjectType):
        yield f"{name} is not an object type"
        return
    yield from _compare(name, type_.fields, binding.fields)
    filters = schema.type_map.get(_FILTERS.get(name, f"{name}sFilter"))
    sorts = schema.type_map.get(f"{name}Sort")
    if isinstance(filters, GraphQLInputObjectType):
        yield from _compare(filters.name, set(filters.fields) - _CONNECTIVES, binding.filters)
    if isinstance(sorts, GraphQLEnumType):
        both = {f"{sort}_{way}" for sort in binding.sorts for way in ("ASC", "DESC")}
        yield from _compare(sorts.name, sorts.values, both)


def _compare(name: str, declared: Iterable[str], bound: Iterable[str]) -> Iterator[str]:
    for missing in sorted(set(declared) - set(bound)):
        yield f"{name}.{missing} is bound nowhere"
    for extra in sorted(set(bound) - set(declared)):
        yield f"{name}.{extra} is not in the schema"
