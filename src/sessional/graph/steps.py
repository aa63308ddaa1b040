"""What answers a root field, made once and run many times: see step_maker.py."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLField,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
)

from sessional.access import Actor, Caller, may
from sessional.actions import Desk
from sessional.actions.entry import standing
from sessional.errors import Forbidden, InvalidInput, Refusal, Unauthenticated
from sessional.graph import introspection, marks
from sessional.graph.deeds import Deed, do, refused_payload
from sessional.graph.mutations import Mutation, RowWish, admit
from sessional.graph.payload import Completer, Ready
from sessional.graph.plain import camel, plain, snake
from sessional.graph.questions import Question
from sessional.graph.references import References
from sessional.graph.symbols import value_of
from sessional.graph.values import Values, guard_values
from sessional.store.store import RowAnswer, Statement, Transaction

# Stands nowhere in an answer: JSON has no such character outside of an escape.
_GAP: Final = "\x02"

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


# Answers of introspection that are remembered, each beside the document that asks: tools ask one of few.
_MOST_ANSWERS: Final = 8
_LONGEST_ANSWER: Final = 1_000_000
_answers: deque[Introspect] = deque()


@dataclass(slots=True, eq=False)
class Introspect:
    """``__schema`` or ``__type``: graphql-core's own answer, remembered while no variable counts and few
    others came since."""

    key: str
    node: FieldNode
    schema: GraphQLSchema
    document: DocumentNode
    remembered: str | None = None

    async def run(self, desk: Desk, actor: Actor | None, variables: Variables, caller: Calling) -> Done:
        await _stands(desk, actor)
        if self.remembered is not None:
            return Done(self.remembered)
        text = introspection.answer(self.schema, self.document, self.key, variables)
        if len(text) <= _LONGEST_ANSWER and not introspection.variable_names(self.document):
            self._remember(text)
        return Done(text)

    def _remember(self, text: str) -> None:
        self.remembered = text
        _answers.append(self)
        if len(_answers) > _MOST_ANSWERS:
            _answers.popleft().remembered = None


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

        refused = partial(refused_payload, object_of(self.type), self.input_type)
        try:
            given = plain(self.input_type, value_of(self.arguments["input"], variables))
        except InvalidInput as refusal:
            payload = refused(refusal)
            return Done(await desk.store.transact(lambda tx: finish(payload, tx)))
        return Done(await do(self.deed, given, desk, actor, refused, finish), 1)


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


def object_of(type_: Any) -> GraphQLObjectType:
    while not isinstance(type_, GraphQLObjectType):
        type_ = type_.of_type
    return type_
