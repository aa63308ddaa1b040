"""Answers put together here that hold rows of the database: ``Ref`` -> the JSON text of its row.

Two passes over an answer: the first finds out which rows are wanted under which selections, one
statement for each selection reads them, the second writes. However many rows there are, the number
of statements is that of the selections.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, GraphQLOutputType, GraphQLSchema

from sessional.access import Actor, Role
from sessional.actions.work import Ref
from sessional.errors import TooCostly
from sessional.graph.collect import Selections
from sessional.graph.payload import Completer
from sessional.graph.plan import PageSizes, Planner
from sessional.graph.symbols import Variables
from sessional.graph.values import Values, guard_values
from sessional.store.dialect import Dialect
from sessional.store.select import GUARD
from sessional.store.shape import Kind, Slot
from sessional.store.store import Statement, prepare

# Reads the rows of a statement: a transaction's, or the store's.
Rows = Callable[[Statement, Sequence[Any]], Awaitable[dict[int, str]]]
_Place = tuple[str, tuple[int, ...]]


@dataclass(slots=True)
class _Reader:
    """The statement for one selection of one type, the values that it goes with, and how many rows it may
    read below each row of the type."""

    statement: Statement
    values: Values
    rows_below: int


@dataclass(slots=True)
class References:
    """The rows that one field's answers may hold. Statements are made when they are first needed."""

    schema: GraphQLSchema
    selections: Selections
    role: Role
    sizes: PageSizes
    dialect: Dialect
    _readers: dict[_Place, _Reader] = field(default_factory=dict)

    async def complete(
        self,
        type_: GraphQLOutputType,
        value: Any,
        nodes: Sequence[FieldNode],
        variables: Variables,
        rows: Rows,
        actor: Actor,
    ) -> str:
        """The answer as JSON text. Raises TooCostly before anything is read."""
        finder = _Finder(self.schema, self.selections)
        finder.complete(type_, value, nodes)
        found: dict[_Place, dict[int, str]] = {}
        asked = 0
        for place, (below, numbers) in finder.wanted.items():
            reader = self._readers.get(place) or self._reader(place, below)
            asked += reader.rows_below * len(numbers)
        if asked > self.sizes.together:
            raise TooCostly(self.sizes.together)
        for place, (_, numbers) in finder.wanted.items():
            reader = self._readers[place]
            keys = self.dialect.pack(sorted(numbers))
            values = reader.values.bind(variables, [*guard_values(actor), keys])
            found[place] = await rows(reader.statement, values)
        return _Writer(self.schema, self.selections, found).complete(type_, value, nodes)

    def _reader(self, place: _Place, nodes: Sequence[FieldNode]) -> _Reader:
        planner = Planner(self.schema, self.selections, self.role, self.sizes)
        keys = Slot(len(GUARD), Kind.INTEGERS)
        values = Values(self.dialect.pack, reserved=len(GUARD) + 1)
        shape = planner.each(place[0], keys, nodes, values)
        statement = prepare(shape, self.dialect, values.slots)
        reader = self._readers[place] = _Reader(statement, values, planner.rows_together)
        return reader


class _Finder(Completer):
    """Notes the rows that an answer wants."""

    def __init__(self, schema: GraphQLSchema, selections: Selections) -> None:
        super().__init__(schema, selections)
        self.wanted: dict[_Place, tuple[Sequence[FieldNode], set[int]]] = {}

    def complete(self, type_: GraphQLOutputType, value: Any, nodes: Sequence[FieldNode]) -> str:
        if not isinstance(value, Ref):
            return super().complete(type_, value, nodes)
        self.wanted.setdefault(_place(value, nodes), (nodes, set()))[1].add(value.number)
        return "null"


class _Writer(Completer):
    """Writes the rows that were read in their places."""

    def __init__(
        self, schema: GraphQLSchema, selections: Selections, found: Mapping[_Place, Mapping[int, str]]
    ) -> None:
        super().__init__(schema, selections)
        self._found = found

    def complete(self, type_: GraphQLOutputType, value: Any, nodes: Sequence[FieldNode]) -> str:
        if not isinstance(value, Ref):
            return super().complete(type_, value, nodes)
        return self._found[_place(value, nodes)].get(value.number, "null")


def _place(ref: Ref, nodes: Sequence[FieldNode]) -> _Place:
    return ref.type_name, tuple(map(id, nodes))
