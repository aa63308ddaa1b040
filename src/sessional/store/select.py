"""Shape -> one SQL text. The text depends on the shape alone, so that databases can keep its plan.

Every statement begins with the guard: without a live account of the actor's name and role, or once
the session is revoked, it answers no row at all, so who is shut out is refused by the statement that
would have answered. The guard's four values are the first that go with each statement.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from sessional.store.conditions import Columns, Names, condition_sql, linked, of
from sessional.store.dialect import CLIENT_MARK, Dialect
from sessional.store.pages import PageMaker
from sessional.store.pieces import Pieces, Sql, concatenated, leaf, member
from sessional.store.shape import (
    EVERYTHING,
    SESSION,
    Constant,
    Each,
    Edges,
    Fields,
    Kind,
    Leaf,
    Many,
    Node,
    Noted,
    One,
    Page,
    Row,
    Same,
    Shape,
    Slot,
)

GUARD: Final = (Slot(0, Kind.INTEGER), Slot(1, Kind.TEXT), Slot(2, Kind.TEXT), SESSION)
# It depends on no row of the statement, so both databases look the session up once, before all else.
_NOT_REVOKED: Final = "coalesce((SELECT s.revoked_at FROM log_in_session s WHERE s.sid = {sid}), 0) = 0"


def statement(shape: Shape, dialect: Dialect, slots: Sequence[Slot] = ()) -> str:
    """The one statement that answers the shape: columns ``answer`` (JSON text) and ``row_count``.

    ``answer`` is NULL where the shape is a row that does not exist. A shape of several rows has the
    columns ``key`` and ``answer``; one row of NULLs where there are none. ``slots`` are all that values
    are given for beside the guard's: one that nothing asks for is named all the same, because a
    database wants as many values as a statement has places.
    """
    used: set[Slot] = set()

    def noted(slot: Slot) -> str:
        used.add(slot)
        return dialect.value(slot)

    maker = _Maker(replace(dialect, value=noted))
    if isinstance(shape, Each):
        body, wanted = maker.each(shape), "p.key, p.answer"
    else:
        body = maker.page(shape, None).select() if isinstance(shape, Page) else maker.row(shape)
        wanted = "p.answer, p.row_count"
    account, username, role, sid = (dialect.value(slot) for slot in GUARD)
    unused = (f" AND ({dialect.value(slot)} IS NULL OR TRUE)" for slot in slots if slot not in used)
    return (
        f"SELECT {wanted} FROM account g LEFT JOIN ({body}) p ON TRUE "
        f"WHERE g.account_id = {account} AND g.username = {username} AND g.role = {role} "
        f"AND g.disabled_at IS NULL AND {_NOT_REVOKED.format(sid=sid)}{''.join(unused)}"
    )


def row_answer(fields: Fields, alias: str, dialect: Dialect) -> str:
    """An expression for the answer about a row that a larger statement has under ``alias``."""
    maker = _Maker(dialect)
    return concatenated(maker.fields(fields, of(alias)), dialect)


def looks_into(fields: Fields, table: str) -> bool:
    """Whether the answer about a row looks into ``table``, so that a row just written is missed."""
    for item in fields:
        if isinstance(item, One | Many) and item.link.target.name == table:
            return True
        if isinstance(item, One | Same) and looks_into(item.fields, table):
            return True
        if isinstance(item, Many) and any(looks_into(f, table) for f in _node_fields(item.page)):
            return True
    return False


def _node_fields(page: Page) -> Iterator[Fields]:
    for part in page.parts:
        if isinstance(part, Edges):
            yield from (node.fields for node in part.parts if isinstance(node, Node))


class _Maker:
    """Makes one statement; holds what its parts share: the dialect and the names given so far."""

    def __init__(self, dialect: Dialect) -> None:
        self.dialect = dialect
        self.names = Names()

    def page(self, page: Page, outer: tuple[Many, Columns] | None) -> PageMaker:
        place = None if outer is None else (outer[0].link, outer[1])
        return PageMaker(page, place, self.dialect, self.names, self.fields)

    def row(self, row: Row) -> str:
        alias = self.names("t")
        answer = concatenated(self.fields(row.fields, of(alias)), self.dialect)
        where = condition_sql(row.where, of(alias), self.dialect, self.names)
        return f"SELECT {answer} AS answer, 1 AS row_count FROM {row.table.name} {alias} WHERE {where}"

    def each(self, each: Each) -> str:
        alias = self.names("t")
        columns = of(alias)
        answer = concatenated(self.fields(each.fields, columns), self.dialect)
        keys = self.dialect.among(columns(each.table.key), self.dialect.value(each.keys))
        where = condition_sql(each.where, columns, self.dialect, self.names)
        return (
            f"SELECT {columns(each.table.key)} AS key, {answer} AS answer FROM {each.table.name} {alias} "
            f"WHERE {keys} AND {where}"
        )

    def fields(self, fields: Fields, source: Columns) -> Pieces:
        """The pieces of one object."""
        pieces: Pieces = ["{"]
        for position, item in enumerate(fields):
            if not isinstance(item, Noted):  # it stands behind all members
                pieces.append(member(item.key, position))
            match item:
                case Constant():
                    pieces.append(f'"{item.text}"')
                case Noted():
                    # As literals the marks become one with what stands beside them.
                    number = Sql(self.dialect.digits(source(item.column.name)))
                    pieces += [CLIENT_MARK, number, CLIENT_MARK]
                case Leaf():
                    pieces += leaf(item, source, self.dialect)
                case Same():
                    pieces += self.fields(item.fields, source)
                case One():
                    pieces.append(Sql(self.one(item, source)))
                case Many():
                    pieces.append(Sql(self.page(item.page, (item, source)).scalar()))
        return [*pieces, "}"]

    def one(self, one: One, source: Columns) -> str:
        columns, table, ties = linked(one.link, source, self.names)
        answer = concatenated(self.fields(one.fields, columns), self.dialect)
        if one.where != EVERYTHING:
            ties.append(condition_sql(one.where, columns, self.dialect, self.names))
        found = f"(SELECT {answer} FROM {table} WHERE {' AND '.join(ties)})"
        return f"coalesce({found}, 'null')" if one.nullable else found
