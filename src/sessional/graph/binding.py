"""Kinds of bindings: what a field, a filter or a sort of the graph can be in the database."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from sessional.store.shape import Column, Fixed, Form, Kind, Link, Table


@dataclass(frozen=True, slots=True)
class Value:
    """A field that is a column; ``nullable`` where it may hold NULL."""

    column: Column
    form: Form
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class ToOne:
    """A field that is the one row a reference leads to; ``nullable`` where that may be NULL."""

    link: Link
    type_name: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class ToMany:
    """A field that is a connection."""

    link: Link
    type_name: str


class Test(Enum):
    """What a filter field asks of a column."""

    EQUALS = "equals"  # text
    IN_TEXTS = "in texts"
    IN_IDS = "in ids"
    HOLDS = "holds"  # any of some texts in a JSON list
    CONTAINS = "contains"  # part of a folded name
    BETWEEN = "between"  # {begin, end}, both included
    WITHIN = "within"  # {from, until}, half-open


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter field: a test of a column, here or in linked rows of which one must pass."""

    test: Test
    column: Column
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Sort:
    """An enum value without its direction -> the column that it sorts by."""

    column: Column
    kind: Kind = Kind.INTEGER


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeBinding:
    """A type that has rows. ``sorts`` ends with nothing: the key is added when an order is made.

    ``only`` holds for all rows of the type: where a table has rows of two types, it keeps them apart.
    """

    table: Table
    fields: dict[str, Value | ToOne | ToMany]
    filters: dict[str, Condition]
    sorts: dict[str, Sort]
    only: Fixed | None = None
    # Whether it is on record who reads its rows.
    noted: bool = False
