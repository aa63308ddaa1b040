"""Random valid query operations over the whole SDL, for a practice at hand.

Fields, arguments and types are read from the SDL, so a new field is asked for as soon as it is
there. What makes an operation valid by construction: within one operation a response key of a type
always stands for the same field with the same arguments, so any two selections can be merged. What
keeps it answerable: a depth, and a budget of values that the answer may hold.
"""

import json
from collections.abc import Sequence
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLString,
    get_named_type,
    is_leaf_type,
)
from graphql.utilities.coerce_input_value import coerce_default_value
from hypothesis.strategies import SearchStrategy

from .catalogue import stored_fields, whole_lists
from .drawing import TAPES, Chance, Pools, Values
from .lists import KINDS, order_of
from .parts import Bookmark, Fragment, Head, Known, Operation, Scope, overlapping
from .practice import Practice
from .reference import schema
from .writing import Writer

DEEPEST = 12
LARGEST_SCOPE = 120  # how often the fields of one selection may be answered
LARGEST_ANSWER = 1500  # about how many values one answer may hold
LARGEST_DOCUMENT = 36  # after about so many fields it comes to an end
# More often than the others: what leads to many different answers.
OFTEN = {"edges": 4, "appointments": 3, "therapists": 2, "specialisms": 2, "therapist": 2}
# How often a list is asked with each of its arguments, in percent.
ARGUMENT_ODDS = {"filters": 22, "sort": 45, "first": 30, "last": 12, "after": 12, "before": 8}
TYPENAME = GraphQLField(GraphQLNonNull(GraphQLString))
INTROSPECTION = (
    "__schema { queryType { name } }",
    '__type(name: "Therapist") { kind name fields { name type { kind name ofType { name } } } }',
    '__type(name: "TherapistSort") { enumValues { name } }',
    '__type(name: "Nothing") { name }',
)


def operations_for(practice: Practice) -> SearchStrategy[Operation]:
    pools = Pools.of(practice)
    return TAPES.map(lambda tape: Sketch(Chance(tape), pools).operation())


def sort_of(field_: GraphQLField, given: Sequence[str | None] | None) -> Sequence[str | None] | None:
    """The sort as given, or the field's own where none is: lists of one type differ in that."""
    if "sort" not in field_.args or any(each is not None for each in given or ()):
        return given
    own: Sequence[str] = coerce_default_value(field_.args["sort"])
    return own


class Sketch:
    """One operation while it is drawn."""

    def __init__(self, chance: Chance, pools: Pools, odds: dict[str, int] = ARGUMENT_ODDS) -> None:
        self.chance = chance
        self.odds = odds
        self.pools = pools
        self.values = Values(chance, pools)
        self.writer = Writer(chance, self.values)
        self.known = Known()

    def operation(self) -> Operation:
        root = Scope(type_=schema().query_type, depth=1, weight=1)
        selection = self.selection(root)
        variables = self.writer.variables
        name = self.chance.one_of((None, "Asked"))
        parts = [f"query {name or ''}{variables.definitions()} {selection}"]
        parts += [each.text for each in self.known.fragments]
        if name and self.chance.happens(30):
            parts.append("query Other { other: __typename }")
        else:
            name = self.chance.one_of((name, None))
        if self.chance.happens(30):
            parts.reverse()
        return Operation("\n".join(parts), variables.sent, name, self.known.bookmarks)

    # Selections.

    def selection(self, scope: Scope) -> str:
        count = self.chance.one_of((2, 1, 3, 4) if scope.depth < 6 else (1, 2, 3))
        return f"{{ {' '.join(self.item(scope) for _ in range(count))} }}"

    def item(self, scope: Scope) -> str:
        if scope.nesting < 3 and self.chance.happens(45 if scope.type_.name == "Node" else 14):
            return self.fragment(scope)
        if scope.depth == 1 and self.chance.happens(5):
            return f"{self.alias()}: {self.chance.one_of(INTROSPECTION)}"
        if self.chance.happens(6):
            return self.typename(scope)
        return self.field(scope)

    def typename(self, scope: Scope) -> str:
        self.known.cost += scope.weight
        head = self.head(scope, "__typename", "__typename", TYPENAME, 1)
        return head.text() + self.directives()

    def field(self, scope: Scope) -> str:
        if self.chance.happens(15):
            known = self.known.heads.get(scope.type_.name, [])
            fitting = [head for head in known if self.fits(scope, head)]
            if fitting:
                return self.written(scope, self.chance.one_of(fitting))
        return self.written(scope, self.new_head(scope))

    def fits(self, scope: Scope, head: Head) -> bool:
        """Whether a field that was written before can be written again here, to be merged."""
        leaf = is_leaf_type(get_named_type(head.field.type))
        rows = scope.rows if head.name == "edges" else head.rows
        below = leaf or (self.can_go_down(scope) and scope.weight * rows <= LARGEST_SCOPE)
        return below and self.is_free(scope, head.key, head.call, head.field)

    def can_go_down(self, scope: Scope) -> bool:
        affordable = self.known.cost < LARGEST_ANSWER and scope.weight <= LARGEST_SCOPE
        return scope.depth < DEEPEST and affordable and self.known.fields < LARGEST_DOCUMENT

    def written(self, scope: Scope, head: Head) -> str:
        self.known.cost += scope.weight
        self.known.fields += 1
        self.claim(scope, head)
        type_ = get_named_type(head.field.type)
        start = head.text() + self.directives()
        if is_leaf_type(type_):
            return start
        return f"{start} {self.selection(self.below(scope, type_, head))}"

    def below(self, scope: Scope, type_: GraphQLNamedType, head: Head) -> Scope:
        multiplies = head.name == "edges"
        return Scope(
            type_=type_,
            depth=scope.depth + 1,
            weight=max(scope.weight * scope.rows, 1) if multiplies else scope.weight,
            rows=1 if multiplies else head.rows,
            mixed=type_.name == "Node",
            across=type_.name == "Node",
        )

    def directives(self) -> str:
        if not self.chance.happens(10):
            return ""
        kinds = self.chance.one_of((("include",), ("skip",), ("include", "skip"), ("skip", "include")))
        return "".join(f" @{kind}(if: {self.condition(kind)})" for kind in kinds)

    def condition(self, kind: str) -> str:
        value = self.chance.happens(80) == (kind == "include")
        argument = next(each for each in schema().directives if each.name == kind).args["if"]
        if self.chance.happens(50):
            return json.dumps(value)
        return self.writer.position(argument.type, "if", value, 100)

    # Fields.

    def new_head(self, scope: Scope) -> Head:
        fields = stored_fields(scope.type_)
        leaves = [name for name, each in fields.items() if is_leaf_type(get_named_type(each.type))]
        deep = [name for name in fields if name not in leaves]
        if not leaves and not self.can_go_down(scope):
            return self.head(scope, "__typename", "__typename", TYPENAME, 1)
        go = bool(deep) and self.can_go_down(scope) and (not leaves or self.chance.happens(62))
        often = [name for name in deep for _ in range(OFTEN.get(name, 1))]
        name = self.chance.one_of(often if go else leaves)
        arguments, rows = self.arguments(scope, name, fields[name])
        call = f"{name}({', '.join(arguments)})" if arguments else name
        return self.head(scope, name, call, fields[name], rows)

    def head(self, scope: Scope, name: str, call: str, field_: GraphQLField, rows: int) -> Head:
        key = name
        if self.chance.happens(20):
            leaf = is_leaf_type(get_named_type(field_.type))
            key = self.chance.one_of(list(scope.type_.fields)) if leaf else self.alias()
        if not self.is_free(scope, key, call, field_):
            key = self.alias()
        head = Head(key, call, field_, name, rows)
        self.claim(scope, head)
        self.known.heads.setdefault(scope.type_.name, []).append(head)
        return head

    def alias(self) -> str:
        self.known.aliases += 1
        return f"a{self.known.aliases}"

    def is_free(self, scope: Scope, key: str, call: str, field_: GraphQLField) -> bool:
        meanings, shapes = self.known.meanings, self.known.shapes
        free = all(meanings.get((name, key), call) == call for name in overlapping(scope.type_.name))
        return free and (not scope.mixed or shapes.get(key, str(field_.type)) == str(field_.type))

    def claim(self, scope: Scope, head: Head) -> None:
        for name in overlapping(scope.type_.name):
            self.known.meanings[name, head.key] = head.call
        if scope.mixed:
            self.known.shapes[head.key] = str(head.field.type)

    # Arguments.

    def arguments(self, scope: Scope, name: str, field_: GraphQLField) -> tuple[list[str], int]:
        """The arguments as written, and how many rows they leave at most."""
        if "first" not in field_.args:
            return [
                self.writer.argument(arg, each, self.values.of(each.type, arg))
                for arg, each in field_.args.items()
            ], 1
        chosen = self.list_arguments(field_)
        rows = self.pools.counts[scope.type_.name, name]
        room = LARGEST_SCOPE // scope.weight
        if rows > room:
            chosen["first"] = self.chance.one_of((1, 2, 3, 2)[: room + 1])
        limits = [chosen[limit] for limit in ("first", "last") if chosen.get(limit) is not None]
        written = [self.writer.argument(a, field_.args[a], value) for a, value in chosen.items()]
        free = [arg for arg in field_.args if arg not in chosen]
        if free and self.chance.happens(8):
            arg = self.chance.one_of(free)
            written.append(f"{arg}: {self.writer.absent(field_.args[arg].type, arg)}")
        return written, min([rows, *limits])

    def list_arguments(self, field_: GraphQLField) -> dict[str, Any]:
        type_ = get_named_type(field_.type).name.removesuffix("Connection")
        odds = {arg: percent for arg, percent in self.odds.items() if arg in field_.args}
        wanted = [arg for arg, percent in odds.items() if self.chance.happens(percent)]
        chosen: dict[str, Any] = {}
        for arg in wanted:
            if arg not in ("after", "before"):
                chosen[arg] = self.values.or_null(field_.args[arg].type, arg)
            elif self.pools.totals[type_]:
                chosen[arg] = self.bookmark(type_, sort_of(field_, chosen.get("sort")))
        return chosen

    def bookmark(self, type_: str, sort: Sequence[str | None] | None) -> str:
        keys = order_of(KINDS[type_], sort)
        row = self.chance.integer(0, self.pools.totals[type_] - 1)
        mark = f"@bookmark-{len(self.known.bookmarks)}@"
        sorted_by = tuple(f"{key}_{direction}" for key, direction in keys)
        self.known.bookmarks[mark] = Bookmark(whole_lists()[type_], sorted_by, row)
        return mark

    # Fragments.

    def fragment(self, scope: Scope) -> str:
        fitting = [each for each in self.known.fragments if self.can_spread(scope, each)]
        if fitting and self.chance.happens(40):
            known = self.chance.one_of(fitting)
            self.known.cost += known.cost
            return f"...{known.name}{self.directives()}"
        type_ = self.condition_type(scope)
        if self.chance.happens(35):
            return f"...{self.named(scope, type_)}{self.directives()}"
        bare = type_ is scope.type_ and self.chance.happens(40)
        start = "..." if bare else f"... on {type_.name}"
        inner = self.inside(scope, type_, scope.mixed)
        return f"{start}{self.directives()} {self.selection(inner)}"

    def can_spread(self, scope: Scope, fragment: Fragment) -> bool:
        here, there = scope, fragment.scope
        fits = there.type_.name in overlapping(here.type_.name)
        light = here.weight * here.rows <= there.weight * there.rows
        shallow = here.depth <= there.depth and (here.across or not there.across)
        return fits and light and shallow and self.can_go_down(scope)

    def condition_type(self, scope: Scope) -> Any:
        """The type itself, or for an object that `node` finds, another that it may be."""
        name = scope.type_.name
        if name != "Node":
            name = name if self.chance.happens(80) else overlapping(name)[-1]
        elif scope.across:
            name = self.chance.one_of(overlapping(name))
        return schema().type_map[name]

    def inside(self, scope: Scope, type_: Any, mixed: bool) -> Scope:
        return Scope(
            type_=type_,
            depth=scope.depth,
            weight=scope.weight,
            rows=scope.rows,
            mixed=mixed,
            across=scope.across and type_ is scope.type_,
            nesting=scope.nesting + 1,
        )

    def named(self, scope: Scope, type_: Any) -> str:
        """A new named fragment. It may be spread beside other types, so its keys are for all."""
        inner = self.inside(scope, type_, mixed=True)
        before = self.known.cost
        selection = self.selection(inner)
        name = f"F{len(self.known.fragments)}"
        text = f"fragment {name} on {type_.name} {selection}"
        self.known.fragments.append(Fragment(name, inner, text, self.known.cost - before))
        return name
