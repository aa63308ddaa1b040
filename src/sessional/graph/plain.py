"""Between the graph's names and the actions': camel case here, snake case there, ids as numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from graphql import GraphQLID, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, GraphQLString

from sessional.errors import InvalidArgument, InvalidInput
from sessional.graph.ids import number_or_nobody
from sessional.graph.values import bindable


def plain(type_: Any, value: Any, path: tuple[str, ...] = ()) -> Any:
    """An input value as actions take it. Raises InvalidInput for a text that no database can hold."""
    if isinstance(type_, GraphQLNonNull):
        return plain(type_.of_type, value, path)
    if value is None:
        return None
    if isinstance(type_, GraphQLList):
        return [plain(type_.of_type, item, path) for item in value]
    if isinstance(type_, GraphQLInputObjectType):
        return {
            snake(name): plain(type_.fields[name].type, item, (*path, name)) for name, item in value.items()
        }
    if type_ is GraphQLID:
        return number_or_nobody(value)
    return _text(value, path) if type_ is GraphQLString else value


def _text(value: str, path: tuple[str, ...]) -> str:
    try:
        return bindable(value)
    except InvalidArgument as refusal:
        raise InvalidInput(refusal.message, path=path) from None


def camel(value: Any) -> Any:
    """A mapping with its names as the graph writes them, all the way down."""
    if isinstance(value, Mapping):
        return {camel_name(name): camel(item) for name, item in value.items()}
    return [camel(item) for item in value] if isinstance(value, list | tuple) else value


@cache
def snake(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()


@cache
def camel_name(name: str) -> str:
    if name.startswith("__"):
        return name
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
