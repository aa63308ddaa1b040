"""Operation + role -> what has to be done for each root field: Shapes to read, actions to run.

The scope of a role goes into the Shape here, and a role is a required argument, so a plan without
one cannot be written.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from graphql import FieldNode, GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type
from graphql.utilities.coerce_input_value import coerce_default_value

from sessional.access import Role
from sessional.errors import InvalidPageSize, TooCostly
from sessional.graph.binding import ToMany, ToOne, TypeBinding, Value
from sessional.graph.bindings import LISTS, LOOKUPS, NODE_TYPES, TYPES
from sessional.graph.collect import Selections
from sessional.graph.filters import condition
from sessional.graph.ids import number, read_global_id, sort_name
from sessional.graph.scopes import Sight, both
from sessional.graph.symbols import Symbol
from sessional.graph.values import Values
from sessional.store.select import GUARD
from sessional.store.shape import (
    EVERYTHING,
    Column,
    Compare,
    Condition,
    Constant,
    Cursor,
    Each,
    Edges,
    Fact,
    Field,
    Fields,
    Leaf,
    Many,
    Node,
    Noted,
    One,
    Page,
    PageFact,
    PageInfo,
    Row,
    Shape,
    Slot,
    SortKey,
    Total,
)

TYPENAME: Final = "__typename"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSizes:
    """How many rows a page has where nobody says, and how many at most; and how many rows one
    operation may ask for with all its pages within pages."""

    default: int
    most: int
    together: int = 500_000


class Planner:
    """Makes the Shapes of one operation, for one role, under one set of symbolic variables."""

    def __init__(
        self,
        schema: GraphQLSchema,
        selections: Selections,
        role: Role,
        sizes: PageSizes,
        rows_before: int = 0,
    ) -> None:
        self._schema = schema
        self._selections = selections
        self._sight = Sight(role)
        self._sizes = sizes
        self._rows_outside = 1  # how many rows there may be of the object whose fields are planned
        self.rows_together = rows_before  # with those of the fields that were planned before

    # ---- root fields ----------------------------------------------------------------------------

    def root(self, nodes: Sequence[FieldNode], values: Values) -> Shape | None:
        """What a field of Query reads; None where it is null whatever the database holds."""
        name = nodes[0].name.value
        field = self._query().fields[name]
        if name in LISTS:
            return self._page(LISTS[name], field, nodes, values)
        if name == "node":
            return self._node(field, nodes, values)
        if name in LOOKUPS:
            return self._lookup(*LOOKUPS[name], field, nodes, values)
        assert name == "viewer", "bindings.check knows every root field"
        return self._row("Viewer", GUARD[0], nodes, values)

    def _query(self) -> GraphQLObjectType:
        assert self._schema.query_type is not None
        return self._schema.query_type

    def _node(self, field: GraphQLField, nodes: Sequence[FieldNode], values: Values) -> Row | None:
        given = self._selections.arguments(field, nodes[0])["id"]
        if isinstance(given, Symbol):
            type_name = given.node_type or ""
        else:
            found = read_global_id(given)
            type_name = "" if found is None else found.type_name
        if type_name not in NODE_TYPES:
            return None
        slot = values.integer(given, wanted=lambda text: read_global_id(text).number)  # type: ignore[union-attr]
        return self._row(type_name, slot, nodes, values)

    def _lookup(
        self,
        type_name: str,
        argument: str,
        field: GraphQLField,
        nodes: Sequence[FieldNode],
        values: Values,
    ) -> Row:
        given = self._selections.arguments(field, nodes[0])[argument]
        # No row has the number -1: what is not a number finds nothing.
        slot = values.integer(given, wanted=lambda text: -1 if (n := number(text)) is None else n)
        return self._row(type_name, slot, nodes, values)

    def _row(self, type_name: str, slot: Any, nodes: Sequence[FieldNode], values: Values) -> Row:
        binding = TYPES[type_name]
        found = Compare(Column(name=binding.table.key), "=", slot)
        where = both(found, self._sight.rows(type_name))
        fields = self.fields(type_name, nodes, values)
        return Row(table=binding.table, where=where, fields=fields)

    def each(self, type_name: str, keys: Slot, nodes: Sequence[FieldNode], values: Values) -> Each:
        """Rows of a type by their numbers, for answers that are put together here."""
        fields = self.fields(type_name, nodes, values)
        return Each(TYPES[type_name].table, keys, self._sight.rows(type_name), fields)

    def own(self, type_name: str) -> Condition:
        """What a row of the type must be for the role to read it."""
        return self._sight.own(type_name)

    # ---- objects --------------------------------------------------------------------------------

    def fields(self, type_name: str, nodes: Sequence[FieldNode], values: Values) -> Fields:
        """What is selected of a row of the type by all nodes of one key together."""
        type_ = self._object(type_name)
        collected = self._selections.of(type_, nodes)
        binding = TYPES[type_name]
        fields = tuple(self._field(binding, type_, key, below, values) for key, below in collected.items())
        return (*fields, Noted(Column(name=binding.table.key))) if binding.noted else fields

    def _object(self, name: str) -> GraphQLObjectType:
        type_ = self._schema.type_map[name]
        assert isinstance(type_, GraphQLObjectType)
        return type_

    def _field(
        self,
        binding: TypeBinding,
        type_: GraphQLObjectType,
        key: str,
        nodes: Sequence[FieldNode],
        values: Values,
    ) -> Field:
        name = nodes[0].name.value
        if name == TYPENAME:
            return Constant(key, type_.name)
        self._sight.field(type_.name, name)
        match binding.fields[name]:
            case Value(column, form, nullable):
                return Leaf(key, column, form, type_.name, nullable)
            case ToOne(link, target, nullable):
                own = self._sight.own(target)
                fields = self.fields(target, nodes, values)
                return One(key, link, fields, nullable or own != EVERYTHING, own)
            case ToMany(link, target):
                return Many(key, link, self._page(target, type_.fields[name], nodes, values))

    # ---- connections ----------------------------------------------------------------------------

    def _page(
        self, type_name: str, field: GraphQLField, nodes: Sequence[FieldNode], values: Values
    ) -> Page:
        binding = TYPES[type_name]
        given = self._selections.arguments(field, nodes[0])
        wanted = [sort for sort in given.get("sort") or () if sort is not None]
        names = sort_keys(binding, wanted or _default_sort(binding, field))
        order, name = make_order(binding, names), sort_name(type_name, names)
        for key in order:
            self._sight.column(binding.table, key.column)
        first, last = self._cuts(given.get("first"), given.get("last"))
        outside, self._rows_outside = self._rows_outside, self._counted(first, last)
        places = {
            side: None if given.get(side) is None else values.cursor(given[side], order, name)
            for side in ("after", "before")
        }
        page = Page(
            table=binding.table,
            where=both(
                self._sight.rows(type_name),
                condition(given.get("filters"), binding, values, self._sight),
            ),
            order=order,
            sort_name=name,
            after=places["after"],
            before=places["before"],
            first=first,
            last=last,
            parts=self._connection(type_name, field, nodes, values),
            noted=_told_by_cursors(binding, order),
        )
        self._rows_outside = outside
        return page

    def _counted(self, first: int | None, last: int | None) -> int:
        """How many rows a page can have in all its places together. Raises TooCostly."""
        rows = self._rows_outside * min(size for size in (first, last) if size is not None)
        self.rows_together += rows
        if self.rows_together > self._sizes.together:
            raise TooCostly(self._sizes.together)
        return rows

    def _cuts(self, first: int | None, last: int | None) -> tuple[int | None, int | None]:
        for name, size in (("first", first), ("last", last)):
            if size is not None and not 0 <= size <= self._sizes.most:
                raise InvalidPageSize(f"`{name}` lies between 0 and {self._sizes.most}.")
        return (self._sizes.default, None) if first is None and last is None else (first, last)

    def _connection(
        self, type_name: str, field: GraphQLField, nodes: Sequence[FieldNode], values: Values
    ) -> tuple[Edges | PageInfo | Total | Constant, ...]:
        connection = get_named_type(field.type)
        assert isinstance(connection, GraphQLObjectType)
        parts: list[Edges | PageInfo | Total | Constant] = []
        for key, below in self._selections.of(connection, nodes).items():
            match below[0].name.value:
                case "edges":
                    parts.append(self._edges(type_name, key, below, values))
                case "pageInfo":
                    parts.append(self._page_info(key, below))
                case "totalCount":
                    parts.append(Total(key))
                case _:
                    parts.append(Constant(key, connection.name))
        return tuple(parts)

    def _edges(self, type_name: str, key: str, nodes: Sequence[FieldNode], values: Values) -> Edges:
        edge = self._object(f"{type_name}Edge")
        parts: list[Node | Cursor | Constant] = []
        for inner, below in self._selections.of(edge, nodes).items():
            match below[0].name.value:
                case "node":
                    parts.append(Node(inner, self.fields(type_name, below, values)))
                case "cursor":
                    parts.append(Cursor(inner))
                case _:
                    parts.append(Constant(inner, edge.name))
        return Edges(key, tuple(parts))

    def _page_info(self, key: str, nodes: Sequence[FieldNode]) -> PageInfo:
        collected = self._selections.of(self._object("PageInfo"), nodes)
        parts = (
            Constant(inner, "PageInfo") if name == TYPENAME else PageFact(inner, Fact(name))
            for inner, below in collected.items()
            for name in [below[0].name.value]
        )
        return PageInfo(key, tuple(parts))


# ---- orders -------------------------------------------------------------------------------------


def _told_by_cursors(binding: TypeBinding, order: Sequence[SortKey]) -> Column | None:
    """Whose data the cursors of an order hold: they are the values of its keys, in the open."""
    key = Column(name=binding.table.key)
    return key if binding.noted and any(each.column != key for each in order) else None


def _default_sort(binding: TypeBinding, field: GraphQLField) -> Sequence[str]:
    """What the schema says; a list that nobody can sort has the order of its binding."""
    if "sort" not in field.args:
        return [f"{name}_ASC" for name in binding.sorts]
    default: Sequence[str] = coerce_default_value(field.args["sort"])
    return default


def sort_keys(binding: TypeBinding, wanted: Sequence[str]) -> list[str]:
    """The sorts that decide anything, with the one by the key at the end, which breaks all ties."""
    unique = _key_sort(binding)
    names: list[str] = []
    seen: set[str] = set()
    for name in wanted:
        base = name.rsplit("_", 1)[0]
        if base not in seen:
            seen.add(base)
            names.append(name)
        if base == unique:
            return names
    direction = names[-1].rsplit("_", 1)[1] if names else "ASC"
    return [*names, f"{unique}_{direction}"]


def make_order(binding: TypeBinding, names: Sequence[str]) -> tuple[SortKey, ...]:
    keys = []
    for name in names:
        base, direction = name.rsplit("_", 1)
        sort = binding.sorts[base]
        keys.append(SortKey(sort.column, direction == "DESC", sort.kind))
    return tuple(keys)


def _key_sort(binding: TypeBinding) -> str:
    return next(n for n, s in binding.sorts.items() if s.column.name == binding.table.key)
