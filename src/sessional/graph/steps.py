"""What an operation comes to: one step for each root field, made once and run many times."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    Visitor,
    execute_sync,
    visit,
)

from sessional.access import SETTING_UP, Actor, Caller, may
from sessional.actions import Desk
from sessional.actions.entry import standing
from sessional.errors import Forbidden, InvalidInput, Refusal, SecondFactorNotSetUp, Unauthenticated
from sessional.graph import marks
from sessional.graph.collect import Selections
from sessional.graph.deeds import DEEDS, Deed, do, empty_payload
from sessional.graph.documents import Operation
from sessional.graph.mutations import MUTATIONS, Mutation, RowWish, admit
from sessional.graph.payload import Completer, Ready
from sessional.graph.plain import camel, plain, snake
from sessional.graph.plan import TYPENAME, PageSizes, Planner
from sessional.graph.questions import QUESTIONS, SELECTIVE, Question
from sessional.graph.references import References
from sessional.graph.refusals import user_error
from sessional.graph.symbols import value_of
from sessional.graph.values import Values, guard_values
from sessional.store.select import GUARD
from sessional.store.shape import Condition, Same
from sessional.store.store import RowAnswer, Statement, Transaction, prepare

_INTROSPECTION: Final = frozenset({"__schema", "__type"})
# Fields of the viewer that lead to what the account sees of others.
_BEYOND_THE_ACCOUNT: Final = frozenset({"therapist", "client"})
# Stands nowhere in an answer: JSON has no such character outside of an escape.
_GAP: Final = "\x02"
# Before the values of a row's fields come the guard's four and the row's key.
_BEFORE_ROW_FIELDS: Final = len(GUARD) + 2

Variables = Mapping[str, Any]
# Says where the request comes from, to the few that want to know.
Calling = Callable[[], Caller]


@dataclass(frozen=True, slots=True)
class Done:
    """A root field's answer: JSON text, and how many rows of a list it holds."""

    text: str
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Read:
    """A field that one statement answers."""

    key: str
    node: FieldNode
    statement: Statement
    values: Values

    async def run(self, desk: Desk, actor: Actor | None, variables: Variables, caller: Calling) -> Done:
        if actor is None:
            raise Unauthenticated
        values = self.values.bind(variables, guard_values(actor))
        text, rows = await desk.store.read(self.statement, values)
        return Done(text or "null", rows)


@dataclass(frozen=True, slots=True)
class Say:
    """A field whose answer no database decides: a type's name, a node that cannot exist."""

    key: str
    node: FieldNode
    text: str

    async def run(self, desk: Desk, actor: Actor | None, variables: Variables, caller: Calling) -> Done:
        await _stands(desk, actor)
        return Done(self.text)


@dataclass(frozen=True, slots=True)
class Refuse:
    """A field that cannot be planned: the reason, each time. The database is not asked."""

    key: str
    node: FieldNode
    refusal: Refusal

    async def run(self, desk: Desk, actor: Actor | None, variables: Variables, caller: Calling) -> Done:
        if actor is None:
            raise Unauthenticated
        raise self.refusal.with_traceback(None)


@dataclass(slots=True)
class Introspect:
    """``__schema`` or ``__type``: graphql-core's own answer, remembered while no variable counts."""

    key: str
    node: FieldNode
    schema: GraphQLSchema
    document: DocumentNode
    remembered: str | None = None

    async def run(self, desk: Desk, actor: Actor | None, variables: Variables, caller: Calling) -> Done:
        await _stands(desk, actor)
        if self.remembered is not None:
            return Done(self.remembered)
        (operation, *_) = self.document.definitions
        assert isinstance(operation, OperationDefinitionNode)
        names = [d.variable.name.value for d in operation.variable_definitions or ()]
        # Those that introspection uses, texts and booleans, are the same before and after coercion.
        used = {name: variables[name] for name in names if name in variables}
        found = execute_sync(self.schema, self.document, variable_values=used)
        assert isinstance(found.data, dict), found
        text = orjson.dumps(found.data[self.key]).decode()
        if not names:
            self.remembered = text
        return Done(text)


@dataclass(slots=True)
class Act:
    """A field that changes something. ``arguments`` hold symbols in the place of variables."""

    key: str
    node: FieldNode
    mutation: Mutation
    nodes: Sequence[FieldNode]
    type: GraphQLOutputType
    completer: Completer
    arguments: Mapping[str, Any]
    row: RowAnswer | None
    row_keys: tuple[str, ...]
    values: Values
    # What surrounds the row in the payload of a success, remembered: it is always the same.
    around: dict[bool, list[str]] = field(default_factory=dict)

    async def run(self, desk: Desk, actor: Actor | None, variables: Variables, caller: Calling) -> Done:
        admit(self.mutation, actor)
        given: list[Any] = [desk, value_of(self.arguments, variables)]
        if self.row is None:
            by = [caller(), actor] if self.mutation.needs_token else [caller()]
            return Done(self._complete(await self.mutation.run(*given, *by)))
        wish = RowWish(self.row, self.values.bind(variables, ()))
        payload = await self.mutation.run(*given, actor, wish)
        row = payload[self.mutation.row_field or ""]
        if row is None:
            return Done(self._complete(payload))
        return Done(self._with_row(payload, row), 1)

    def _complete(self, payload: Mapping[str, Any]) -> str:
        return self.completer.complete(self.type, payload, self.nodes)

    def _with_row(self, payload: Mapping[str, Any], row: str) -> str:
        """The payload of a success: the row's own texts within what is the same every time."""
        replayed = bool(payload.get("replayed"))
        if replayed not in self.around:
            gaps = Ready(dict.fromkeys(self.row_keys, _GAP))
            text = self._complete({**payload, self.mutation.row_field or "": gaps})
            self.around[replayed] = text.split(_GAP)
        first, *rest = self.around[replayed]
        texts = self._ready(row).texts
        return first + "".join(texts[key] + after for key, after in zip(self.row_keys, rest, strict=True))

    def _ready(self, text: str) -> Ready:
        """The row's answer under the keys that the payload wants it under.

        It is null where a key is replayed whose row somebody has removed since.
        """
        if text == "null":
            return Ready(dict.fromkeys(self.row_keys, text))
        if len(self.row_keys) == 1:
            (key,) = self.row_keys
            return Ready({key: text[len(key) + 4 : -1]})  # of {"key":…}
        parts = marks.decode(text)
        return Ready({key: marks.encode(parts[key]) for key in self.row_keys})


@dataclass(frozen=True, slots=True)
class Do:
    """A field that changes something and takes one input: see deeds.py."""

    key: str
    node: FieldNode
    deed: Deed
    nodes: Sequence[FieldNode]
    type: GraphQLOutputType
    input_type: Any
    arguments: Mapping[str, Any]
    references: References

    async def run(self, desk: Desk, actor: Actor | None, variables: Variables, caller: Calling) -> Done:
        if actor is None:
            raise Unauthenticated
        if not may(actor.role, self.deed.action, minds_whose=self.deed.minds_whose):
            raise Forbidden

        async def finish(payload: Any, tx: Transaction) -> str:
            return await self.references.complete(self.type, payload, self.nodes, variables, tx.rows, actor)

        empty = empty_payload(_object_of(self.type))
        try:
            given = plain(self.input_type, value_of(self.arguments["input"], variables))
        except InvalidInput as refusal:
            payload = {**empty, "errors": [user_error(refusal)]}
            return Done(await desk.store.transact(lambda tx: finish(payload, tx)))
        return Done(await do(self.deed, given, desk, actor, empty, finish), 1)


@dataclass(frozen=True, slots=True)
class Find:
    """A field that is worked out: see questions.py."""

    key: str
    node: FieldNode
    question: Question
    nodes: Sequence[FieldNode]
    type: GraphQLOutputType
    field: GraphQLField
    arguments: Mapping[str, Any]
    references: References
    # What the question is told about the selection.
    told: Mapping[str, Any]

    async def run(self, desk: Desk, actor: Actor | None, variables: Variables, caller: Calling) -> Done:
        if actor is None:
            raise Unauthenticated
        if not may(actor.role, self.question.action, minds_whose=self.question.minds_whose):
            raise Forbidden
        # An answer without rows has no statement of the database's that brings the guard along.
        actor = await standing(desk.store.fetch, actor)
        given = value_of(self.arguments, variables)
        args = {snake(n): plain(self.field.args[n].type, v) for n, v in given.items()}
        found = camel(await self.question.run(desk, actor, **args, **self.told))
        text = await self.references.complete(
            self.type, found, self.nodes, variables, desk.store.rows, actor
        )
        return Done(text)


Step = Read | Say | Refuse | Introspect | Act | Do | Find


async def _stands(desk: Desk, actor: Actor | None) -> None:
    """The guard, where no statement of a field would bring it along. Raises Unauthenticated."""
    if actor is None:
        raise Unauthenticated
    await standing(desk.store.fetch, actor)


class StepMaker:
    """Makes the steps of one operation under one set of symbolic variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: Operation,
        symbolic: Mapping[str, Any],
        actor: Actor | None,
        desk: Desk,
        sizes: PageSizes,
    ) -> None:
        self._schema = schema
        self._operation = operation
        self._selections = Selections(schema, operation.fragments, symbolic)
        self._actor = actor
        self._dialect = desk.store.dialect
        self._sizes = sizes
        self._rows_read = 0

    def steps(self) -> list[Step]:
        root = self._root()
        collected = self._selections.at_root(root, self._operation.node.selection_set)
        make = self._act if self._operation.is_mutation else self._read
        return [self._step(root, key, nodes, make) for key, nodes in collected.items()]

    def _root(self) -> GraphQLObjectType:
        mutation = self._operation.is_mutation
        root = self._schema.mutation_type if mutation else self._schema.query_type
        assert root is not None
        return root

    def _step(self, root: GraphQLObjectType, key: str, nodes: Sequence[FieldNode], make: Any) -> Step:
        name = nodes[0].name.value
        if name == TYPENAME:
            return Say(key, nodes[0], f'"{root.name}"')
        if name in _INTROSPECTION:
            return Introspect(key, nodes[0], self._schema, self._only(nodes))
        try:
            self._check_limits(root, nodes)
            step: Step = make(key, nodes)
        except Refusal as refusal:
            step = Refuse(key, nodes[0], refusal)
        return step

    def _check_limits(self, root: GraphQLObjectType, nodes: Sequence[FieldNode]) -> None:
        """Raises Forbidden for a field that the machine's key is not good for, and SecondFactorNotSetUp
        for what nobody may ask for who has to set one up first."""
        limits = None if self._actor is None else self._actor.root_fields
        if limits == SETTING_UP:
            self._check_setting_up(root, nodes)
        elif limits is not None and nodes[0].name.value not in limits:
            raise Forbidden("The key is not for this field.")

    def _check_setting_up(self, root: GraphQLObjectType, nodes: Sequence[FieldNode]) -> None:
        """Of the viewer only what is about the account itself: the rest of it leads to everything."""
        name = nodes[0].name.value
        if name not in SETTING_UP:
            raise SecondFactorNotSetUp
        if name == "viewer":
            below = self._selections.of(_object_of(root.fields[name].type), nodes).values()
            if any(each[0].name.value in _BEYOND_THE_ACCOUNT for each in below):
                raise SecondFactorNotSetUp

    def _read(self, key: str, nodes: Sequence[FieldNode]) -> Step:
        if self._actor is None:
            raise Unauthenticated
        if nodes[0].name.value in QUESTIONS:
            return self._find(key, nodes, self._actor)
        planner = Planner(self._schema, self._selections, self._actor.role, self._sizes, self._rows_read)
        values = Values(self._dialect.pack)
        shape = planner.root(nodes, values)
        self._rows_read = planner.rows_together
        if shape is None:
            return Say(key, nodes[0], "null")
        return Read(key, nodes[0], prepare(shape, self._dialect, values.slots), values)

    def _act(self, key: str, nodes: Sequence[FieldNode]) -> Step:
        if nodes[0].name.value in DEEDS:
            return self._do(key, nodes)
        mutation = MUTATIONS[nodes[0].name.value]
        admit(mutation, self._actor)
        values = Values(self._dialect.pack, reserved=_BEFORE_ROW_FIELDS)
        rows = tuple(self._rows(mutation, nodes, values))
        row = None
        if mutation.row_field is not None:
            row = RowAnswer(rows, self._dialect, values.slots, self._own_appointments())
        field_ = self._root().fields[nodes[0].name.value]
        return Act(
            key,
            nodes[0],
            mutation,
            nodes,
            field_.type,
            Completer(self._schema, self._selections),
            self._selections.arguments(field_, nodes[0]),
            row,
            tuple(same.key for same in rows),
            values,
        )

    def _do(self, key: str, nodes: Sequence[FieldNode]) -> Step:
        if self._actor is None:
            raise Unauthenticated
        field_ = self._root().fields[nodes[0].name.value]
        return Do(
            key,
            nodes[0],
            DEEDS[nodes[0].name.value],
            nodes,
            field_.type,
            field_.args["input"].type,
            self._selections.arguments(field_, nodes[0]),
            self._references(self._actor),
        )

    def _find(self, key: str, nodes: Sequence[FieldNode], actor: Actor) -> Step:
        name = nodes[0].name.value
        field_ = self._root().fields[name]
        arguments = self._selections.arguments(field_, nodes[0])
        references = self._references(actor)
        told: dict[str, Any] = {}
        if name in SELECTIVE:
            below = self._selections.of(_object_of(field_.type), nodes).values()
            told["wanted"] = frozenset(snake(each[0].name.value) for each in below)
        question = QUESTIONS[name]
        return Find(key, nodes[0], question, nodes, field_.type, field_, arguments, references, told)

    def _references(self, actor: Actor) -> References:
        return References(self._schema, self._selections, actor.role, self._sizes, self._dialect)

    def _rows(self, mutation: Mutation, nodes: Sequence[FieldNode], values: Values) -> list[Same]:
        """The parts of a payload that the database answers, by response key."""
        if mutation.row_field is None or self._actor is None:
            return []
        payload = _object_of(self._root().fields[nodes[0].name.value].type)
        planner = Planner(self._schema, self._selections, self._actor.role, self._sizes)
        return [
            Same(key, planner.fields("Appointment", below, values))
            for key, below in self._selections.of(payload, nodes).items()
            if below[0].name.value == mutation.row_field
        ]

    def _own_appointments(self) -> Condition:
        assert self._actor is not None, "admit has seen to it"
        planner = Planner(self._schema, self._selections, self._actor.role, self._sizes)
        return planner.own("Appointment")

    def _only(self, nodes: Sequence[FieldNode]) -> DocumentNode:
        """A document of these fields alone, with the fragments and variables that they use."""
        fragments = self._operation.fragments
        uses = Uses()
        pending: list[Any] = list(nodes)
        while pending:
            visit(pending.pop(), uses)
            pending += [fragments[name] for name in uses.unseen_fragments()]
        definitions = self._operation.node.variable_definitions or ()
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


def _object_of(type_: Any) -> GraphQLObjectType:
    while not isinstance(type_, GraphQLObjectType):
        type_ = type_.of_type
    return type_
