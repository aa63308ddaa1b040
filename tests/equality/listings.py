"""Random operations that are nothing but lists: many in each, under many arguments.

`operations.py` looks for mistakes in how selections are compiled, and spends its fields on them.
This looks for mistakes in filters, sorts and pages: each list answers its whole page, and no
directive hides it. A list stands at the root, within one object, or within each row of a list.
"""

from graphql import get_named_type
from hypothesis.strategies import SearchStrategy

from .catalogue import key_field, list_fields, node_types, whole_lists
from .drawing import TAPES, Chance, Pools
from .operations import Sketch
from .parts import Operation, Scope
from .practice import Practice
from .reference import schema

ARGUMENT_ODDS = {"filters": 75, "sort": 65, "first": 30, "last": 25, "after": 25, "before": 25}


def page_of(type_: str) -> str:
    return f"""{{
  totalCount
  pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
  edges {{ cursor node {{ {key_field(type_)} }} }}
}}"""


def within() -> list[tuple[str, str]]:
    """The lists that objects have which can be found by their id."""
    return [(name, each) for name in node_types() for each in list_fields(schema().type_map[name])]


def listings_for(practice: Practice) -> SearchStrategy[Operation]:
    pools = Pools.of(practice)
    return TAPES.map(lambda tape: Listing(Chance(tape), pools).operation())


class Listing(Sketch):
    """One operation while it is drawn."""

    def __init__(self, chance: Chance, pools: Pools) -> None:
        super().__init__(chance, pools, ARGUMENT_ODDS)
        self.types: set[str] = set()

    def operation(self) -> Operation:
        fields = [self.any_list() for _ in range(self.chance.one_of((4, 1, 2, 6)))]
        selection = "\n".join(f"{self.alias()}: {each}" for each in fields)
        definitions = self.writer.variables.definitions()
        pages = [f"fragment {each}Page on {each}Connection {page_of(each)}" for each in sorted(self.types)]
        document = "\n".join([f"query {definitions} {{\n{selection}\n}}", *pages])
        return Operation(document, self.writer.variables.sent, None, self.known.bookmarks)

    def any_list(self) -> str:
        kind = self.chance.one_of(("root", "root", "object", "rows"))
        if kind == "root":
            return self.list_of("Query", self.chance.one_of(list(list_fields(schema().query_type))))
        parent, name = self.chance.one_of(within())
        inner = self.list_of(parent, name)
        if kind == "object":
            return f"node(id: {self.parent_id(parent)}) {{ ... on {parent} {{ {inner} }} }}"
        return f"{whole_lists()[parent]} {{ edges {{ node {{ id {inner} }} }} }}"

    def list_of(self, parent: str, name: str) -> str:
        scope = Scope(type_=schema().type_map[parent], depth=1, weight=1)
        field = scope.type_.fields[name]
        arguments, _ = self.arguments(scope, name, field)
        type_ = get_named_type(field.type).name.removesuffix("Connection")
        self.types.add(type_)
        return f"{name}{f'({chr(44).join(arguments)})' if arguments else ''} {{ ...{type_}Page }}"

    def parent_id(self, parent: str) -> str:
        ids = self.pools.by_name[f"id of {parent}"][0] or [""]
        return self.writer.literal(
            schema().query_type.fields["node"].args["id"].type, "id", self.chance.one_of(ids)
        )
