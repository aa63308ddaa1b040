"""The fields of a selection as GraphQL means them: fragments opened, conditions applied, merged.

GraphQL specification (September 2025), section 6.3.2, CollectFields.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLAbstractType,
    GraphQLField,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    Undefined,
    VariableNode,
    is_required_argument,
)
from graphql.execution.values import VariableValues
from graphql.utilities.coerce_input_value import coerce_default_value, coerce_input_literal

from sessional.errors import InvalidArgument

Collected = dict[str, list[FieldNode]]


class Selections:
    """Reads the selections of one operation under one set of (symbolic) variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._variables = VariableValues({}, dict(variables))

    def of(self, type_: GraphQLObjectType, nodes: Iterable[FieldNode]) -> Collected:
        """The fields below some fields of the same key: response key -> all nodes of that key."""
        collected: Collected = {}
        opened: set[str] = set()
        for node in nodes:
            if node.selection_set is not None:
                self._collect(type_, node.selection_set, collected, opened)
        return collected

    def at_root(self, type_: GraphQLObjectType, selection_set: SelectionSetNode) -> Collected:
        collected: Collected = {}
        self._collect(type_, selection_set, collected, set())
        return collected

    def _collect(
        self,
        type_: GraphQLObjectType,
        selection_set: SelectionSetNode,
        collected: Collected,
        opened: set[str],
    ) -> None:
        for selection in selection_set.selections:
            if not self._is_included(selection):
                continue
            if isinstance(selection, FieldNode):
                key = (selection.alias or selection.name).value
                collected.setdefault(key, []).append(selection)
            elif (inner := self._inside(selection, type_, opened)) is not None:
                self._collect(type_, inner, collected, opened)

    def _inside(
        self, selection: SelectionNode, type_: GraphQLObjectType, opened: set[str]
    ) -> SelectionSetNode | None:
        """The selections of a fragment, if it applies to the type and was not opened here yet."""
        if isinstance(selection, FragmentSpreadNode):
            name = selection.name.value
            if name in opened:
                return None
            opened.add(name)
            fragment: Any = self._fragments[name]
        else:
            assert isinstance(selection, InlineFragmentNode)
            fragment = selection
        condition = fragment.type_condition
        if condition is None or self._applies(condition.name.value, type_):
            inner: SelectionSetNode = fragment.selection_set
            return inner
        return None

    def _applies(self, name: str, type_: GraphQLObjectType) -> bool:
        if name == type_.name:
            return True
        condition = self._schema.type_map[name]
        return isinstance(condition, GraphQLAbstractType) and self._schema.is_sub_type(condition, type_)

    def _is_included(self, selection: SelectionNode) -> bool:
        for directive in selection.directives or ():
            name = directive.name.value
            if name in ("skip", "include"):
                (argument,) = directive.arguments or ()
                holds = self._condition(argument.value)
                if holds == (name == "skip"):
                    return False
        return True

    def _condition(self, node: Any) -> bool:
        if isinstance(node, VariableNode):
            value = self._variables.coerced.get(node.name.value)
            if value is None:
                raise InvalidArgument("The condition of @skip or @include is null.")
            return bool(value)
        return bool(node.value)

    # ---- arguments ------------------------------------------------------------------------------

    def arguments(self, field: GraphQLField, node: FieldNode) -> dict[str, Any]:
        """Argument -> value, with defaults; those neither given nor defaulted are absent."""
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        found: dict[str, Any] = {}
        for name, argument in field.args.items():
            value = Undefined
            if name in given and not self._is_absent(given[name]):
                value = coerce_input_literal(given[name], argument.type, self._variables)
                if value is Undefined:
                    raise InvalidArgument(f"`{name}` has a value that it cannot take.")
            if value is Undefined:
                value = coerce_default_value(argument)
            if value is Undefined and is_required_argument(argument):
                raise InvalidArgument(f"`{name}` is missing.")
            if value is not Undefined:
                found[name] = value
        return found

    def _is_absent(self, node: Any) -> bool:
        return isinstance(node, VariableNode) and node.name.value not in self._variables.coerced
