"""Pieces of an answer: literal JSON text, and what the database computes, in the order written."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass, field

from sessional.store.conditions import Columns, column_sql
from sessional.store.dialect import Dialect, literal
from sessional.store.shape import SESSION, Form, Kind, Leaf, SortKey


@dataclass(frozen=True, slots=True)
class Sql:
    """A piece that the database computes: an expression of type text that is never NULL."""

    text: str


Pieces = list[str | Sql]


@dataclass(slots=True)
class Needed:
    """Columns of a row under an alias, remembered as they are used: the select list below them."""

    alias: str
    names: dict[str, None] = field(default_factory=dict)

    def __call__(self, name: str) -> str:
        self.names[name] = None
        return f"{self.alias}.{name}"


def concatenated(pieces: Pieces, dialect: Dialect) -> str:
    """One expression for all pieces, neighbouring literals joined."""
    merged: Pieces = []
    for piece in pieces:
        if isinstance(piece, str) and merged and isinstance(merged[-1], str):
            merged[-1] += piece
        else:
            merged.append(piece)
    return dialect.concat([literal(p) if isinstance(p, str) else p.text for p in merged])


def member(key: str, position: int) -> str:
    """The key of an object's member, with the comma that parts it from the one before."""
    return ("," if position else "") + f'"{key}":'


def leaf(leaf: Leaf, columns: Columns, dialect: Dialect) -> Pieces:
    """A column's value in the form that the answer wants."""
    value = column_sql(leaf.column, columns)
    pieces = _formed(leaf, value, dialect)
    if not leaf.nullable:
        return pieces
    return [Sql(f"CASE WHEN {value} IS NULL THEN 'null' ELSE {concatenated(pieces, dialect)} END")]


def _formed(leaf: Leaf, value: str, dialect: Dialect) -> Pieces:
    match leaf.form:
        case Form.TEXT:
            return [Sql(dialect.string(value))]
        case Form.STORED:
            mark, text = dialect.stored_mark, dialect.string(value)
            name = literal(f"{leaf.column.name}:")
            return [Sql(dialect.concat([mark, name, text, mark]))]
        case Form.NUMBER:
            return [Sql(dialect.digits(value))]
        case Form.NUMBER_32:
            return [Sql(_number_32(value, dialect))]
        case Form.ID:
            return ['"', Sql(dialect.digits(value)), '"']
        case Form.INSTANT:
            return ['"', Sql(dialect.instant(value)), '"']
        case Form.FLAG:
            return [Sql(f"CASE WHEN {value} THEN 'true' ELSE 'false' END")]
        case Form.CALLERS:
            return [Sql(f"CASE WHEN {value} = {dialect.value(SESSION)} THEN 'true' ELSE 'false' END")]
        case Form.JSON:
            return [Sql(value)]
        case Form.NODE_ID:
            return ['"', *_node_id(leaf.node, value, dialect), '"']


def _number_32(value: str, dialect: Dialect) -> str:
    fits = f"{value} BETWEEN -2147483648 AND 2147483647"
    return f"CASE WHEN {fits} THEN {dialect.digits(value)} ELSE {dialect.mark} END"


def _node_id(node: str, value: str, dialect: Dialect) -> Pieces:
    """Base64 of "Type:number". Three bytes make four characters, so whole threes are written here."""
    prefix = f"{node}:"
    whole = len(prefix) - len(prefix) % 3
    done, rest = b64encode(prefix[:whole].encode()).decode(), prefix[whole:]
    text = f"{literal(rest)} || {value}" if rest else f"CAST({value} AS text)"
    return [done, Sql(dialect.encoded(text))]


def cursor(order: tuple[SortKey, ...], sort_name: str, columns: Columns, dialect: Dialect) -> Pieces:
    """A row's place in the order: base64 of the JSON list [sort's name, value, …]."""
    pieces: Pieces = [f'["{sort_name}"']
    for key in order:
        value = column_sql(key.column, columns)
        text = dialect.string(value) if key.kind is Kind.TEXT else dialect.digits(value)
        pieces += [",", Sql(text)]
    encoded = dialect.encoded(concatenated([*pieces, "]"], dialect))
    return ['"', Sql(dialect.line_free(encoded)), '"']
