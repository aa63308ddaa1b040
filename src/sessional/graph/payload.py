"""Answers that are made here and not by the database: payloads of mutations, refusals as data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from graphql import (
    FieldNode,
    GraphQLAbstractType,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    is_leaf_type,
)

from sessional.graph.collect import Selections


@dataclass(frozen=True, slots=True)
class Ready:
    """A part of an answer that is JSON text already: response key -> text."""

    texts: Mapping[str, str]


class Completer:
    """Writes plain values as the selection wants them. Objects are mappings by field name."""

    def __init__(self, schema: GraphQLSchema, selections: Selections) -> None:
        self._schema = schema
        self._selections = selections

    def complete(self, type_: GraphQLOutputType, value: Any, nodes: Sequence[FieldNode]) -> str:
        if isinstance(type_, GraphQLNonNull):
            return self.complete(type_.of_type, value, nodes)
        if value is None:
            return "null"
        if isinstance(type_, GraphQLList):
            return f"[{','.join(self.complete(type_.of_type, item, nodes) for item in value)}]"
        if is_leaf_type(type_):
            return _leaf(type_, value)
        if isinstance(type_, GraphQLAbstractType):
            type_ = self._schema.type_map[value["__typename"]]  # type: ignore[assignment]
        assert isinstance(type_, GraphQLObjectType)
        return self._object(type_, value, nodes)

    def _object(
        self, type_: GraphQLObjectType, value: Mapping[str, Any], nodes: Sequence[FieldNode]
    ) -> str:
        members = (
            f'"{key}":{self._member(type_, value, key, below)}'
            for key, below in self._selections.of(type_, nodes).items()
        )
        return "{" + ",".join(members) + "}"

    def _member(
        self,
        type_: GraphQLObjectType,
        value: Mapping[str, Any],
        key: str,
        nodes: Sequence[FieldNode],
    ) -> str:
        name = nodes[0].name.value
        if name == "__typename":
            return f'"{type_.name}"'
        found = value[name]
        if isinstance(found, Ready):
            return found.texts[key]
        return self.complete(type_.fields[name].type, found, nodes)


def _leaf(type_: GraphQLLeafType, value: Any) -> str:
    coerce = type_.coerce_output_value or type_.serialize
    return orjson.dumps(coerce(value)).decode()
