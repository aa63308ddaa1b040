"""Writing input values into a document: as literals, as variables, or as both mixed.

A value can stand in the text, come in a variable (declared nullable or not, given, defaulted, null
or absent), be a variable deep inside a literal, and a list of one can be written without brackets.
This module must not know which fields there are.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLInputType,
    is_enum_type,
    is_input_object_type,
    is_list_type,
    is_non_null_type,
)

from .drawing import Chance, Values

# Names whose value says how much is asked for, or belongs to the sort of its own list.
NEVER_SHARED = {"first", "last", "before", "after", "sort"}


@dataclass
class Variables:
    """The variables of one operation: how they are declared and what is sent."""

    declared: dict[str, str] = field(default_factory=dict)
    sent: dict[str, Any] = field(default_factory=dict)
    by_use: dict[tuple[str, str], str] = field(default_factory=dict)

    def add(self, type_: str, use: str, default: str | None = None) -> str:
        name = f"v{len(self.declared)}"
        self.declared[name] = f"${name}: {type_}" + ("" if default is None else f" = {default}")
        self.by_use[type_, use] = name
        return name

    def definitions(self) -> str:
        return f"({', '.join(self.declared.values())})" if self.declared else ""


class Writer:
    """Writes values, and keeps the variables that this takes."""

    def __init__(self, chance: Chance, values: Values) -> None:
        self.chance = chance
        self.values = values
        self.variables = Variables()

    def argument(self, name: str, argument: GraphQLArgument, value: Any) -> str:
        """`name: value`. Absent variables come beside it from `absent`."""
        return f"{name}: {self.position(argument.type, name, value, 25)}"

    def absent(self, type_: GraphQLInputType, name: str) -> str:
        """A variable that nobody sends: as if the argument or field were not there."""
        return "$" + self.variables.add(str(type_), f"absent {name}")

    def position(self, type_: GraphQLInputType, name: str, value: Any, variable: int) -> str:
        """A value where one of `type_` is expected; a variable in so many percent."""
        if self.chance.happens(variable):
            return "$" + self._variable(type_, name, value)
        return self.literal(type_, name, value)

    def literal(self, type_: GraphQLInputType, name: str, value: Any, constant: bool = False) -> str:
        if value is None:
            return "null"
        if is_non_null_type(type_):
            return self.literal(type_.of_type, name, value, constant)
        if is_list_type(type_):
            return self._list(type_.of_type, name, value, constant)
        if is_input_object_type(type_):
            return self._object(type_, value, constant)
        if is_enum_type(type_):
            return value
        return self._scalar(str(type_), value)

    def _list(self, type_: GraphQLInputType, name: str, items: list[Any], constant: bool) -> str:
        if len(items) == 1 and items[0] is not None and self.chance.happens(40):
            # Without brackets, but not as a variable: one of the item's type may not stand where
            # a list is expected.
            return self.literal(type_, name, items[0], constant)
        return f"[{', '.join(self._part(type_, name, item, constant) for item in items)}]"

    def _object(self, type_: Any, fields: dict[str, Any], constant: bool) -> str:
        written = [
            f"{name}: {self._part(type_.fields[name].type, name, value, constant)}"
            for name, value in fields.items()
        ]
        free = [n for n, f in type_.fields.items() if n not in fields and not is_non_null_type(f.type)]
        if free and not constant and self.chance.happens(5):
            name = self.chance.one_of(free)
            written.append(f"{name}: {self.absent(type_.fields[name].type, name)}")
        return f"{{{', '.join(written)}}}"

    def _part(self, type_: GraphQLInputType, name: str, value: Any, constant: bool) -> str:
        if constant:
            return self.literal(type_, name, value, constant)
        if value is None and self.chance.happens(30):
            return self.absent(type_, name)
        return self.position(type_, name, value, 10)

    def _scalar(self, type_: str, value: Any) -> str:
        if isinstance(value, int):  # and so with true and false
            return json.dumps(value)
        if type_ == "ID" and _is_number(value):
            return self.chance.one_of((json.dumps(value), value))
        return json.dumps(value, ensure_ascii=self.chance.happens(40))

    def _variable(self, type_: GraphQLInputType, name: str, value: Any) -> str:
        shared = self.variables.by_use.get((str(type_), name))
        if shared and name not in NEVER_SHARED and self.chance.happens(30):
            return shared
        bare = type_.of_type if is_non_null_type(type_) else type_
        if self.chance.happens(35):
            return self._defaulted(bare, name, value)
        strict = value is not None and (is_non_null_type(type_) or self.chance.happens(30))
        added = self.variables.add(f"{bare}!" if strict else str(bare), name)
        self.variables.sent[added] = self._sent(bare, value)
        return added

    def _defaulted(self, bare: GraphQLInputType, name: str, value: Any) -> str:
        """The default itself, or another default that what is sent (or null) replaces."""
        if value is not None and self.chance.happens(60):
            return self.variables.add(str(bare), name, self.literal(bare, name, value, True))
        cursor = name in ("before", "after")
        other = value if cursor else self.values.of(bare, name)
        added = self.variables.add(str(bare), name, self.literal(bare, name, other, True))
        self.variables.sent[added] = self._sent(bare, value)
        return added

    def _sent(self, type_: GraphQLInputType, value: Any) -> Any:
        """The value as JSON: a list of one may come bare, a number's text as a number."""
        if value is None:
            return None
        if is_non_null_type(type_):
            return self._sent(type_.of_type, value)
        if is_list_type(type_):
            items = [self._sent(type_.of_type, item) for item in value]
            bare = len(items) == 1 and items[0] is not None and self.chance.happens(30)
            return items[0] if bare else items
        if is_input_object_type(type_):
            return {n: self._sent(type_.fields[n].type, inner) for n, inner in value.items()}
        if str(type_) == "ID" and _is_number(value) and len(value) < 19 and self.chance.happens(30):
            return int(value)
        return value


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and text == str(int(text))
