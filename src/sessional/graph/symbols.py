"""Variables as symbols: a plan is made for the shape of the variables, not for their values.

Values that decide what a plan looks like (booleans of @skip and @include, sorts, page sizes, the
type that a global id names, which fields of a filter are given) are part of the plan's key. All
others become ``Symbol``s, which are looked up when the plan is used.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    GraphQLBoolean,
    GraphQLID,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
)

from sessional.diary.names import fold
from sessional.graph.ids import read_global_id

Variables = Mapping[str, Any]
# Takes a value and answers the hashable part of the plan's key that stands for it.
Keyer = Callable[[Any], Any]

_ANY: Final = "value"
_ALONE: Final = "one"


@dataclass(frozen=True, slots=True)
class Symbol:
    """The place of a value within the variables. ``node_type`` is what it names as a global id, ``alone``
    tells that it is a list of one id."""

    path: tuple[str | int, ...]
    node_type: str | None = None
    alone: bool = False

    def value(self, variables: Variables) -> Any:
        value: Any = variables
        for step in self.path:
            value = value[step]
        return value


def is_blank(value: Any) -> bool:
    """Whether a value is a text of which nothing is left to search for: such a text decides a plan."""
    return isinstance(value, str) and not value[:1].isalnum() and not fold(value)


def is_alone(value: Any) -> bool:
    """Whether a list of ids holds just one: a database knows better what to do with that."""
    return value.alone if isinstance(value, Symbol) else isinstance(value, list) and len(value) == 1


def value_of(source: Any, variables: Variables) -> Any:
    """A value with every symbol in it looked up."""
    if isinstance(source, Symbol):
        return source.value(variables)
    if isinstance(source, list):
        return [value_of(item, variables) for item in source]
    if isinstance(source, dict):
        return {name: value_of(item, variables) for name, item in source.items()}
    return source


def keyer(type_: GraphQLInputType, *, by_value: bool, names_node: bool) -> Keyer:
    """How values of a variable of this type enter a plan's key."""
    if isinstance(type_, GraphQLNonNull):
        return keyer(type_.of_type, by_value=by_value, names_node=names_node)
    if names_node:
        return _node_key
    if isinstance(type_, GraphQLInputObjectType):
        return _object_keyer(type_, by_value=by_value)
    if isinstance(type_, GraphQLList) and _holds_objects(type_):
        item = keyer(type_.of_type, by_value=by_value, names_node=False)
        return lambda value: None if value is None else tuple(map(item, value))
    if by_value or not _is_symbolic(type_):
        return lambda value: tuple(value) if isinstance(value, list) else value
    if _is_ids(type_):
        return lambda value: None if value is None else _ALONE if len(value) == 1 else _ANY
    return lambda value: value if value is None or is_blank(value) else _ANY


def _object_keyer(type_: GraphQLInputObjectType, *, by_value: bool) -> Keyer:
    """Filters contain themselves: the keyer of a field is made when a value first has the field."""
    fields: dict[str, Keyer] = {}

    def key(value: Any) -> Any:
        if value is None:
            return None
        for name in value:
            if name not in fields:
                fields[name] = keyer(type_.fields[name].type, by_value=by_value, names_node=False)
        return tuple((name, fields[name](item)) for name, item in value.items())

    return key


def _node_key(value: Any) -> Any:
    found = read_global_id(value)
    return None if value is None else ("node", found and found.type_name)


def symbolic(
    value: Any,
    type_: GraphQLInputType,
    path: tuple[str | int, ...],
    *,
    by_value: bool,
    names_node: bool,
) -> Any:
    """The value with everything that does not decide the plan replaced by symbols."""
    if isinstance(type_, GraphQLNonNull):
        return symbolic(value, type_.of_type, path, by_value=by_value, names_node=names_node)
    if value is None:
        return None
    if names_node:
        found = read_global_id(value)
        return Symbol(path, "" if found is None else found.type_name)
    if isinstance(type_, GraphQLInputObjectType):
        return {
            name: symbolic(
                item, type_.fields[name].type, (*path, name), by_value=by_value, names_node=False
            )
            for name, item in value.items()
        }
    if isinstance(type_, GraphQLList) and _holds_objects(type_):
        return [
            symbolic(item, type_.of_type, (*path, at), by_value=by_value, names_node=False)
            for at, item in enumerate(value)
        ]
    if by_value or not _is_symbolic(type_) or is_blank(value):
        return value
    return Symbol(path, alone=_is_ids(type_) and is_alone(value))


def _is_ids(type_: GraphQLInputType) -> bool:
    if not isinstance(type_, GraphQLList):
        return False
    item = type_.of_type
    return (item.of_type if isinstance(item, GraphQLNonNull) else item) is GraphQLID


def _holds_objects(type_: GraphQLInputType) -> bool:
    while isinstance(type_, GraphQLList | GraphQLNonNull):
        type_ = type_.of_type
    return isinstance(type_, GraphQLInputObjectType)


def _is_symbolic(type_: GraphQLInputType) -> bool:
    """Scalars other than booleans do not decide what a plan looks like; enums do."""
    while isinstance(type_, GraphQLList | GraphQLNonNull):
        type_ = type_.of_type
    return isinstance(type_, GraphQLScalarType) and type_ is not GraphQLBoolean
