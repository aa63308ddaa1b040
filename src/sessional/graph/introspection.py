"""``__schema`` and ``__type``: the fields that graphql-core answers itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    execute_sync,
    visit,
)

from sessional.errors import InvalidArgument
from sessional.graph.documents import Operation


def answer(schema: GraphQLSchema, document: DocumentNode, key: str, variables: Mapping[str, Any]) -> str:
    """JSON of the one field of ``document``. Variables that it does not use may be there as well.

    Raises InvalidArgument where one of them cannot be what it is used for.
    """
    # Those that introspection uses, texts and booleans, are the same before and after coercion.
    used = {name: variables[name] for name in variable_names(document) if name in variables}
    found = execute_sync(schema, document, variable_values=used)
    if found.data is None or found.errors:
        raise InvalidArgument(found.errors[0].message if found.errors else "That cannot be answered.")
    return orjson.dumps(found.data[key]).decode()


def variable_names(document: DocumentNode) -> list[str]:
    (operation, *_) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    return [each.variable.name.value for each in operation.variable_definitions or ()]


def alone(nodes: Sequence[FieldNode], operation: Operation) -> DocumentNode:
    """A document of these fields alone, with the fragments and variables that they use."""
    fragments = operation.fragments
    uses = Uses()
    pending: list[Any] = list(nodes)
    while pending:
        visit(pending.pop(), uses)
        pending += [fragments[name] for name in uses.unseen_fragments()]
    definitions = operation.node.variable_definitions or ()
    only = OperationDefinitionNode(
        operation=OperationType.QUERY,
        variable_definitions=tuple(d for d in definitions if d.variable.name.value in uses.variables),
        selection_set=SelectionSetNode(selections=tuple(nodes)),
    )
    return DocumentNode(definitions=(only, *(fragments[name] for name in sorted(uses.fragments))))


class Uses(Visitor):
    """The variables and fragments that stand in what is visited."""

    def __init__(self) -> None:
        super().__init__()
        self.variables: set[str] = set()
        self.fragments: set[str] = set()
        self._told: set[str] = set()

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        self.variables.add(node.name.value)

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self.fragments.add(node.name.value)

    def unseen_fragments(self) -> set[str]:
        """Fragments found since this was last asked."""
        unseen = self.fragments - self._told
        self._told |= unseen
        return unseen
