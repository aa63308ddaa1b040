"""What to read, as data: the one value in which the graph and the store meet.

A Shape says which rows of which tables, in which order, and which columns under which keys of the
answer. It knows neither GraphQL nor SQL text. Values that change from request to request are
``Slot``s: numbers of places in the list of values that goes with the statement.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

# ---- where things are ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A table and the column that tells its rows apart."""

    name: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """How rows of ``target`` belong to a row: columns equal to columns, perhaps through a table.

    ``on`` pairs a column here with a column there. With ``through`` the first pair of columns
    leads from here to the table between, ``onward`` from there to the target.
    """

    target: Table
    on: tuple[tuple[str, str], ...]
    through: str | None = None
    onward: tuple[tuple[str, str], ...] = ()


class Form(Enum):
    """How a column's value is written in the answer."""

    TEXT = "text"  # a JSON string
    NUMBER = "number"  # a JSON number
    NUMBER_32 = "number_32"  # a JSON number, or the mark of one that needs more than 32 bits
    ID = "id"  # a number as a JSON string
    NODE_ID = "node_id"  # the global id: base64 of "Type:number"
    INSTANT = "instant"  # seconds since 1970 as an RFC 3339 string
    FLAG = "flag"  # true or false
    CALLERS = "callers"  # whether it is the session that asks
    JSON = "json"  # a text that is JSON already
    STORED = "stored"  # a text that may be encrypted: marked, to be read by whoever has the key


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A stored value: a column, or with ``minus`` the difference of two."""

    name: str
    minus: str | None = None


# ---- values and conditions ----------------------------------------------------------------------


class Kind(Enum):
    """The type of a value that goes with a statement."""

    INTEGER = "integer"
    TEXT = "text"
    INTEGERS = "integers"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of a value among those that go with the statement, counted from 0."""

    place: int
    kind: Kind


# The session that asks, which is among the values of every statement.
SESSION: Final = Slot(3, Kind.TEXT)


@dataclass(frozen=True, slots=True)
class Compare:
    """``column operator value``; the operator is one of = < <= > >=."""

    column: Column
    operator: str
    value: Slot


@dataclass(frozen=True, slots=True)
class Fixed:
    """``column operator number``, the same for everybody: a number that is part of the statement."""

    column: Column
    operator: str
    number: int


@dataclass(frozen=True, slots=True)
class Among:
    """The column's value is one of a list."""

    column: Column
    values: Slot


@dataclass(frozen=True, slots=True)
class Contains:
    """The text column has the value somewhere in it; the value is a LIKE pattern escaped by ``\\``."""

    column: Column
    pattern: Slot


@dataclass(frozen=True, slots=True)
class Exists:
    """A linked row exists for which the condition holds. Never multiplies rows."""

    link: Link
    condition: Condition


@dataclass(frozen=True, slots=True)
class Mine:
    """The column holds what the actor's account holds in ``link``, just now."""

    column: Column
    link: str


@dataclass(frozen=True, slots=True)
class Way:
    """The values of ``wanted`` in those rows of a table whose ``owner`` is the actor's."""

    table: str
    wanted: str
    owner: str


@dataclass(frozen=True, slots=True)
class MineThrough:
    """The column's value lies at the end of one of the ways that begin at the account's ``link``."""

    column: Column
    link: str
    ways: tuple[Way, ...]


@dataclass(frozen=True, slots=True)
class Every:
    """All hold; with none, everything matches."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Some:
    """At least one holds; with none, nothing matches."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    condition: Condition


@dataclass(frozen=True, slots=True)
class Holds:
    """The column, a JSON list of texts, holds at least one of the values of a list."""

    column: Column
    values: Slot


Condition = Compare | Fixed | Among | Holds | Contains | Exists | Mine | MineThrough | Every | Some | Not
EVERYTHING = Every(())


# ---- what the answer holds ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Leaf:
    """A column under a key. ``node`` names the type where the form is a global id.

    ``nullable`` says that the column may hold NULL, which the answer says as null.
    """

    key: str
    column: Column
    form: Form
    node: str = ""
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class Noted:
    """The number of the row, marked within the answer: whose data it holds. No member of the object."""

    column: Column


@dataclass(frozen=True, slots=True)
class Constant:
    """The same text in every row, for example a type's name."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class One:
    """The one linked row, as an object. There always is one, where a NOT NULL reference leads to it;
    with ``nullable``, there may be none, or none for which ``where`` holds."""

    key: str
    link: Link
    fields: Fields
    nullable: bool = False
    where: Condition = EVERYTHING


@dataclass(frozen=True, slots=True)
class Same:
    """The row itself once more, as an object under a key."""

    key: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Many:
    """A page of the linked rows."""

    key: str
    link: Link
    page: Page


Field = Leaf | Noted | Constant | Same | One | Many
Fields = tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class SortKey:
    """A column of the order and its direction; ``kind`` is the type of its values in a cursor."""

    column: Column
    descending: bool
    kind: Kind = Kind.INTEGER


@dataclass(frozen=True, slots=True)
class Cursor:
    """An edge's place: the values of the sort keys under the name of the sort."""

    key: str


@dataclass(frozen=True, slots=True)
class Node:
    """The row of an edge."""

    key: str
    fields: Fields


@dataclass(frozen=True, slots=True)
class Edges:
    key: str
    parts: tuple[Node | Cursor | Constant, ...]


class Fact(Enum):
    """What PageInfo can say."""

    HAS_NEXT = "hasNextPage"
    HAS_PREVIOUS = "hasPreviousPage"
    START_CURSOR = "startCursor"
    END_CURSOR = "endCursor"


@dataclass(frozen=True, slots=True)
class PageFact:
    key: str
    fact: Fact


@dataclass(frozen=True, slots=True)
class PageInfo:
    key: str
    parts: tuple[PageFact | Constant, ...]


@dataclass(frozen=True, slots=True)
class Total:
    """How many rows match, on all pages together."""

    key: str


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a table in a total order, and what to say about them.

    ``order`` ends with the table's key, so that no two rows are equal in it. ``after`` and
    ``before`` hold one value for each sort key. ``first`` cuts from the beginning, then ``last``
    from the end of what is left; at least one of them is given. ``noted`` is the number of the row
    whose data a cursor holds, where it does: see ``Noted``.
    """

    table: Table
    where: Condition
    order: tuple[SortKey, ...]
    sort_name: str
    after: tuple[Slot, ...] | None
    before: tuple[Slot, ...] | None
    first: int | None
    last: int | None
    parts: tuple[Edges | PageInfo | Total | Constant, ...]
    noted: Column | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """The row of a table for which the condition holds, if there is one."""

    table: Table
    where: Condition
    fields: Fields


@dataclass(frozen=True, slots=True)
class Each:
    """Rows of a table by their keys, each answered on its own: pairs of key and JSON text."""

    table: Table
    keys: Slot
    where: Condition
    fields: Fields


Shape = Page | Row | Each
