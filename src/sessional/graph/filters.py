"""A filter, as it stands in the arguments, -> a condition on rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sessional.errors import InvalidArgument
from sessional.graph.binding import Condition, Test, TypeBinding
from sessional.graph.scopes import Sight, both
from sessional.graph.symbols import is_alone, is_blank
from sessional.graph.values import Values
from sessional.store import shape
from sessional.store.conditions import height
from sessional.store.shape import (
    EVERYTHING,
    Among,
    Compare,
    Contains,
    Every,
    Exists,
    Holds,
    Link,
    Not,
    Some,
)

# How deep a condition may be. SQLite walks an expression of a thousand levels, and counts those of a
# filter once more for each object and list around it, of which fifteen levels of fields hold eight.
TALLEST: Final = 80


def condition(
    given: Mapping[str, Any] | None, binding: TypeBinding, values: Values, sight: Sight
) -> shape.Condition:
    """What a filter asks of rows. Raises Forbidden, and InvalidArgument for one that is too much."""
    found = _condition(given, binding, values, sight)
    if height(found) > TALLEST:
        raise InvalidArgument(
            "A filter is nested too deep. Say it with fewer levels of `not`, `and` and `or`."
        )
    return found


def _condition(
    given: Mapping[str, Any] | None, binding: TypeBinding, values: Values, sight: Sight
) -> shape.Condition:
    """Fields side by side must all hold; one that is absent or null does not restrict.

    A filter asks only about what the role sees, so that nobody can guess at the rest. Raises Forbidden.
    """
    parts: list[shape.Condition] = []
    for name, value in (given or {}).items():
        if value is None:
            continue
        values.count_condition()
        match name:
            case "and":
                parts += [_condition(part, binding, values, sight) for part in value]
            case "or":
                parts.append(_some([_condition(part, binding, values, sight) for part in value]))
            case "not":
                inner = _condition(value, binding, values, sight)
                parts.append(inner if inner == EVERYTHING else Not(inner))
            case _:
                parts.append(_field(binding, binding.filters[name], value, values, sight))
    return _every(parts)


def _every(parts: list[shape.Condition]) -> shape.Condition:
    restricting = tuple(part for part in parts if part != EVERYTHING)
    return restricting[0] if len(restricting) == 1 else Every(restricting)


def _some(parts: list[shape.Condition]) -> shape.Condition:
    return EVERYTHING if not parts or EVERYTHING in parts else Some(tuple(_by_link(parts)))


def _by_link(parts: list[shape.Condition]) -> list[shape.Condition]:
    """The same with one look at the rows behind each link, whichever of the conditions holds there: a
    database looks at them anew for each condition, row by row, and hundreds take it seconds."""
    behind: dict[Link, list[shape.Condition]] = {}
    for part in parts:
        if isinstance(part, Exists):
            behind.setdefault(part.link, []).append(part.condition)
    found: list[shape.Condition] = []
    for part in parts:
        if not isinstance(part, Exists):
            found.append(part)
        elif (conditions := behind.pop(part.link, None)) is not None:
            alone = len(conditions) == 1
            found.append(part if alone else Exists(part.link, Some(tuple(conditions))))
    return found


def _field(
    binding: TypeBinding, field: Condition, value: Any, values: Values, sight: Sight
) -> shape.Condition:
    sight.column(binding.table if field.link is None else field.link.target, field.column)
    if field.test is Test.CONTAINS and is_blank(value):
        return EVERYTHING  # every name contains it
    test = _test(field, value, values)
    if field.link is None:
        return test
    return Exists(field.link, both(sight.behind(field.link.target), test))


def _test(field: Condition, value: Any, values: Values) -> shape.Condition:
    column = field.column
    match field.test:
        case Test.EQUALS:
            return Compare(column, "=", values.text(value))
        case Test.IN_TEXTS:
            return Among(column, values.texts(value))
        case Test.IN_IDS if is_alone(value):
            return Compare(column, "=", values.only_id(value))
        case Test.IN_IDS:
            return Among(column, values.ids(value))
        case Test.HOLDS:
            return Holds(column, values.texts(value))
        case Test.CONTAINS:
            return Contains(column, values.pattern(value))
        case Test.BETWEEN:
            bounds = ((">=", value["begin"]), ("<=", value["end"]))
        case Test.WITHIN:
            bounds = ((">=", value.get("from")), ("<", value.get("until")))
    return _every([Compare(column, sign, values.integer(v)) for sign, v in bounds if v is not None])
