"""What an operation comes to: one step for each root field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from graphql import (
    FieldNode,
    GraphQLObjectType,
    GraphQLSchema,
)

from sessional.access import SETTING_UP, Actor
from sessional.actions import Desk
from sessional.errors import Forbidden, Refusal, SecondFactorNotSetUp, Unauthenticated
from sessional.graph.collect import Selections
from sessional.graph.deeds import DEEDS
from sessional.graph.documents import Operation
from sessional.graph.introspection import alone
from sessional.graph.mutations import MUTATIONS, Mutation, admit
from sessional.graph.payload import Completer
from sessional.graph.plain import snake
from sessional.graph.plan import TYPENAME, PageSizes, Planner
from sessional.graph.questions import QUESTIONS, SELECTIVE
from sessional.graph.references import References
from sessional.graph.steps import Act, Do, Find, Introspect, Read, Refuse, Say, Step, object_of
from sessional.graph.values import Values
from sessional.store.select import GUARD
from sessional.store.shape import Condition, Same
from sessional.store.store import RowAnswer, prepare

_INTROSPECTION: Final = frozenset({"__schema", "__type"})
# Fields of the viewer that lead to what the account sees of others.
_BEYOND_THE_ACCOUNT: Final = frozenset({"therapist", "client"})
# Before the values of a row's fields come the guard's four and the row's key.
_BEFORE_ROW_FIELDS: Final = len(GUARD) + 2


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
            return Introspect(key, nodes[0], self._schema, alone(nodes, self._operation))
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
            below = self._selections.of(object_of(root.fields[name].type), nodes).values()
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
            below = self._selections.of(object_of(field_.type), nodes).values()
            told["wanted"] = frozenset(snake(each[0].name.value) for each in below)
        question = QUESTIONS[name]
        return Find(key, nodes[0], question, nodes, field_.type, field_, arguments, references, told)

    def _references(self, actor: Actor) -> References:
        return References(self._schema, self._selections, actor.role, self._sizes, self._dialect)

    def _rows(self, mutation: Mutation, nodes: Sequence[FieldNode], values: Values) -> list[Same]:
        """The parts of a payload that the database answers, by response key."""
        if mutation.row_field is None or self._actor is None:
            return []
        payload = object_of(self._root().fields[nodes[0].name.value].type)
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
