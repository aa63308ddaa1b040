"""What an operation is made of while it is drawn: scopes, heads of fields, fragments, bookmarks.

Cursors differ between the two sides, so an operation holds bookmarks in their place ("the place of
row k under this sort"), and each side fills in its own: see `Operation.asked_with`. This module
draws nothing.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from graphql import GraphQLField

from .catalogue import node_types


@dataclass(frozen=True)
class Bookmark:
    """The place of a row: of the rows of this list (see `catalogue.whole_lists`) under this sort, the
    one of this number."""

    list_name: str
    sort: tuple[str, ...]
    row: int


@dataclass(frozen=True)
class Operation:
    document: str
    variables: dict[str, Any]
    name: str | None
    bookmarks: dict[str, Bookmark]

    def asked_with(self, cursor_of: Callable[[Bookmark], str]) -> tuple[str, dict[str, Any]]:
        """Document and variables with one side's own cursors in the place of the bookmarks."""
        document, variables = self.document, json.dumps(self.variables)
        for mark, bookmark in self.bookmarks.items():
            cursor = json.dumps(cursor_of(bookmark))[1:-1]
            document, variables = document.replace(mark, cursor), variables.replace(mark, cursor)
        return document, json.loads(variables)


@dataclass(frozen=True)
class Scope:
    """Where a selection stands. `weight`: how often it is answered; `rows`: how many edges it has.

    `mixed`: other types may be selected beside it, so a key must have one type in all of them.
    `across`: fragments on any object that `node` finds may stand here."""

    type_: Any
    depth: int
    weight: int
    rows: int = 1
    mixed: bool = False
    across: bool = False
    nesting: int = 0


@dataclass(frozen=True)
class Head:
    """A field as it is written before its selection: alias, name, arguments."""

    key: str
    call: str
    field: GraphQLField
    name: str
    rows: int

    def text(self) -> str:
        return self.call if self.key == self.name else f"{self.key}: {self.call}"


@dataclass
class Fragment:
    name: str
    scope: Scope
    text: str
    cost: int


@dataclass
class Known:
    """What has been written so far: which keys mean what, which fragments there are."""

    meanings: dict[tuple[str, str], str] = field(default_factory=dict)
    shapes: dict[str, str] = field(default_factory=dict)
    heads: dict[str, list[Head]] = field(default_factory=dict)
    fragments: list[Fragment] = field(default_factory=list)
    bookmarks: dict[str, Bookmark] = field(default_factory=dict)
    aliases: int = 0
    cost: int = 0
    fields: int = 0


def overlapping(name: str) -> tuple[str, ...]:
    """The types whose objects an object of this type can be, itself first."""
    if name == "Node":
        return ("Node", *node_types())
    return (name, "Node") if name in node_types() else (name,)
