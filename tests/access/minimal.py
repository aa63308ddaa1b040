"""The least that a field of the schema can be asked with, and all that an answer can hold."""

from __future__ import annotations

from typing import Any, Final

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLUnionType,
    get_named_type,
    is_leaf_type,
)
from graphql.type import GraphQLField

_SCALARS: Final[dict[str, Any]] = {
    "ID": "999999",
    "Int": 1,
    "String": "Europe/London",
    "Boolean": True,
    "DateTime": "2031-06-04T10:00:00Z",
    "Date": "2031-06-04",
}


def value(type_: Any) -> Any:
    """A value of an input type with nothing that could be left out. Ids are of nothing."""
    if isinstance(type_, GraphQLNonNull):
        return value(type_.of_type)
    if isinstance(type_, GraphQLList):
        return []
    if isinstance(type_, GraphQLInputObjectType):
        wanted = {name: f for name, f in type_.fields.items() if isinstance(f.type, GraphQLNonNull)}
        return {name: value(f.type) for name, f in wanted.items()}
    if isinstance(type_, GraphQLEnumType):
        return next(iter(type_.values))
    return _SCALARS[type_.name]


def arguments(field: GraphQLField) -> dict[str, Any]:
    """Values for all arguments that a field must have."""
    return {n: value(a.type) for n, a in field.args.items() if isinstance(a.type, GraphQLNonNull)}


def document(operation: str, name: str, field: GraphQLField, given: dict[str, Any]) -> str:
    """An operation of one field with all given arguments as variables, and its leaves selected."""
    declared = ", ".join(f"${n}: {field.args[n].type}" for n in given)
    used = ", ".join(f"{n}: ${n}" for n in given)
    head = f"{operation} Asked({declared})" if given else operation
    call = f"{name}({used})" if given else name
    return f"{head} {{ {call} {leaves(field)} }}"


def leaves(field: GraphQLField) -> str:
    """A selection of plain members, and the codes of refusals."""
    type_ = get_named_type(field.type)
    if is_leaf_type(type_):
        return ""
    if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
        return "{ __typename }"
    assert isinstance(type_, GraphQLObjectType)
    if "errors" in type_.fields:
        return "{ errors { __typename ... on UserError { code message path } } }"
    return "{ __typename }"
