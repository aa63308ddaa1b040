"""Documents: parsed and validated once for each text, with the plans that were made for them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Generic, TypeVar

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OperationType,
    Undefined,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    get_variable_values,
    parse,
    specified_rules,
    type_from_ast,
    validate,
    visit,
)
from graphql.execution.values import VariableValues
from graphql.utilities import coerce_input_value

from sessional.graph.bounds import DocumentLimits, over_bounds
from sessional.graph.symbols import Keyer, keyer, symbolic
from sessional.graph.told_values import in_json

K = TypeVar("K")
V = TypeVar("V")

# graphql-core's own, and nobody asks for the schema.
_SECRETIVE_RULES: Final = (*specified_rules, NoSchemaIntrospectionCustomRule)
PLANS_PER_OPERATION: Final = 64
MOST_ERRORS: Final = 20
# Objects and lists within each other in a variable. Nobody writes a filter half as deep.
DEEPEST_VARIABLE: Final = 100
# Arguments whose values decide what a plan looks like.
_BY_VALUE: Final = frozenset({"first", "last"})


class Bounded(Generic[K, V]):
    """A cache of at most so many entries, the least used forgotten first."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._entries: OrderedDict[K, V] = OrderedDict()

    def get(self, key: K) -> V | None:
        entry = self._entries.get(key)
        if entry is not None:
            self._entries.move_to_end(key)
        return entry

    def put(self, key: K, entry: V) -> V:
        self._entries[key] = entry
        if len(self._entries) > self._most:
            self._entries.popitem(last=False)
        return entry


class RequestError(Exception):
    """A request that is not executed at all: it does not parse, validate or fit its variables."""

    def __init__(self, errors: list[GraphQLError], code: str) -> None:
        super().__init__(code)
        self.errors = errors
        self.code = code


@dataclass(slots=True)
class Variable:
    """A variable of an operation, ready to be coerced."""

    name: str
    type: GraphQLInputType
    node: VariableDefinitionNode
    keyer: Keyer
    by_value: bool
    names_node: bool


@dataclass(slots=True)
class Operation:
    """One operation of a document and the plans made for it so far."""

    node: OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: list[Variable]
    plans: Bounded[Any, Any] = field(default_factory=lambda: Bounded(PLANS_PER_OPERATION))

    @property
    def name(self) -> str | None:
        return None if self.node.name is None else self.node.name.value

    @property
    def is_mutation(self) -> bool:
        return self.node.operation is OperationType.MUTATION

    def coerce(
        self, schema: GraphQLSchema, given: Mapping[str, Any], *, suggestions: bool = True
    ) -> dict[str, Any]:
        """The variables' values, or RequestError. The common case by the shortest way."""
        coerced: dict[str, Any] = {}
        for variable in self.variables:
            value = given.get(variable.name, Undefined)
            if isinstance(value, dict | list) and _is_nested_too_deep(value):
                message = f"Variable '${variable.name}' is nested more than {DEEPEST_VARIABLE} deep."
                raise RequestError([GraphQLError(message, variable.node)], "BAD_USER_INPUT")
            value = Undefined if value is Undefined else coerce_input_value(value, variable.type)
            if value is Undefined:
                return self._coerce_by_the_book(schema, given, suggestions)
            coerced[variable.name] = value
        return coerced

    def _coerce_by_the_book(
        self, schema: GraphQLSchema, given: Mapping[str, Any], suggestions: bool
    ) -> dict[str, Any]:
        nodes = [variable.node for variable in self.variables]
        found = get_variable_values(
            schema, nodes, dict(given), max_errors=MOST_ERRORS, hide_suggestions=not suggestions
        )
        if isinstance(found, VariableValues):
            return found.coerced
        for error in found:
            error.message = in_json(error.message)
        raise RequestError(found, "BAD_USER_INPUT")

    def plan_key(self, coerced: Mapping[str, Any]) -> tuple[Any, ...]:
        """What of the variables decides a plan; absent and null are different."""
        return tuple(v.keyer(coerced[v.name]) if v.name in coerced else Undefined for v in self.variables)

    def symbolic(self, coerced: Mapping[str, Any]) -> dict[str, Any]:
        """The variables as a plan may see them."""
        return {
            v.name: symbolic(
                coerced[v.name], v.type, (v.name,), by_value=v.by_value, names_node=v.names_node
            )
            for v in self.variables
            if v.name in coerced
        }


def _is_nested_too_deep(value: Any) -> bool:
    """Without recursion: what is too deep to be walked is what is looked for."""
    level: list[Any] = [value]
    for _ in range(DEEPEST_VARIABLE):
        level = [
            inner
            for item in level
            for inner in (item.values() if isinstance(item, dict) else item)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


@dataclass(slots=True)
class Document:
    """A valid document: its operations in order."""

    operations: list[Operation]

    def operation(self, name: str | None) -> Operation:
        """The operation to run. Raises RequestError where that is not clear."""
        if name is None and len(self.operations) == 1:
            return self.operations[0]
        for operation in self.operations:
            if name is not None and operation.name == name:
                return operation
        message = (
            "The document has several operations: say which one in `operationName`."
            if name is None
            else f"The document has no operation “{name}”."
        )
        raise RequestError([GraphQLError(message)], "OPERATION_RESOLUTION_FAILURE")


class Documents:
    """All documents seen lately. Parsing and validating cost milliseconds, remembering nothing."""

    def __init__(self, schema: GraphQLSchema, limits: DocumentLimits) -> None:
        self._schema = schema
        self._limits = limits
        self._known: Bounded[str, Document] = Bounded(limits.remembered)

    def get(self, text: str) -> Document:
        """The document of a text. Raises RequestError."""
        known = self._known.get(text)
        return known if known is not None else self._known.put(text, self._prepare(text))

    def _prepare(self, text: str) -> Document:
        try:
            parsed = parse(text, max_tokens=self._limits.tokens)
        except GraphQLError as error:
            raise RequestError([error], "GRAPHQL_PARSE_FAILED") from None
        fragments = {d.name.value: d for d in parsed.definitions if isinstance(d, FragmentDefinitionNode)}
        errors = validate(
            self._schema,
            parsed,
            specified_rules if self._limits.introspection else _SECRETIVE_RULES,
            max_errors=MOST_ERRORS,
            hide_suggestions=not self._limits.suggestions,
        )
        errors = errors or list(over_bounds(parsed, fragments, self._limits))
        if errors:
            raise RequestError(errors, "GRAPHQL_VALIDATION_FAILED")
        return Document([self._operation(d, parsed, fragments) for d in _operations(parsed)])

    def _operation(
        self,
        node: OperationDefinitionNode,
        parsed: DocumentNode,
        fragments: Mapping[str, FragmentDefinitionNode],
    ) -> Operation:
        uses = _Uses()
        visit(parsed, uses)
        variables = []
        for definition in node.variable_definitions or ():
            name = definition.variable.name.value
            type_: Any = type_from_ast(self._schema, definition.type)
            by_value, names_node = name in uses.by_value, name in uses.node_ids
            make = keyer(type_, by_value=by_value, names_node=names_node)
            variables.append(Variable(name, type_, definition, make, by_value, names_node))
        return Operation(node, fragments, variables)


def _operations(parsed: DocumentNode) -> Iterator[OperationDefinitionNode]:
    return (d for d in parsed.definitions if isinstance(d, OperationDefinitionNode))


class _Uses(Visitor):
    """Which variables stand where their value, or the type they name, decides the plan."""

    def __init__(self) -> None:
        super().__init__()
        self.by_value: set[str] = set()
        self.node_ids: set[str] = set()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        for argument in node.arguments or ():
            if isinstance(argument.value, VariableNode):
                variable = argument.value.name.value
                if argument.name.value in _BY_VALUE:
                    self.by_value.add(variable)
                if node.name.value == "node" and argument.name.value == "id":
                    self.node_ids.add(variable)
