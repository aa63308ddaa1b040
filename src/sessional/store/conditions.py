"""Conditions and places in an order -> SQL text."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Final

from sessional.store.dialect import Dialect
from sessional.store.shape import (
    Among,
    Column,
    Compare,
    Condition,
    Contains,
    Every,
    Exists,
    Fixed,
    Holds,
    Kind,
    Link,
    Mine,
    MineThrough,
    Not,
    Slot,
    Some,
    SortKey,
    Way,
)

# A row's column by name, as SQL: "t1.starts_at".
Columns = Callable[[str], str]

# So many conditions of a list stand side by side.
_CHAIN: Final = 4


class Names:
    """Gives every part of one statement its own aliases."""

    def __init__(self) -> None:
        self._numbers: Iterator[int] = count(1)

    def __call__(self, letter: str) -> str:
        return f"{letter}{next(self._numbers)}"


def of(alias: str) -> Columns:
    return lambda name: f"{alias}.{name}"


def column_sql(column: Column, columns: Columns) -> str:
    if column.minus is None:
        return columns(column.name)
    return f"({columns(column.name)} - {columns(column.minus)})"


def linked(
    link: Link, outer: Columns, names: Names, dialect: Dialect | None = None
) -> tuple[Columns, str, list[str]]:
    """The rows that belong to an outer row: their columns, a FROM clause, what ties them to it.

    With a dialect, the rows behind a table between are looked up one by one in the order of that
    table (where the database needs to be told), instead of being hashed anew for every outer row.
    """
    alias, target = names("t"), link.target.name
    if link.through is None:
        ties = [f"{alias}.{there} = {outer(here)}" for here, there in link.on]
        return of(alias), f"{target} {alias}", ties
    between = names("l")
    same = {there: f"{between}.{here}" for here, there in link.onward}
    joins = " AND ".join(f"{alias}.{there} = {here}" for there, here in same.items())
    ties = [f"{between}.{there} = {outer(here)}" for here, there in link.on]
    join = f"JOIN {target} {alias} ON {joins}"
    if dialect is not None:
        join = dialect.one_by_one(target, alias, joins)
    return lambda name: same.get(name, f"{alias}.{name}"), f"{link.through} {between} {join}", ties


def condition_sql(condition: Condition, columns: Columns, dialect: Dialect, names: Names) -> str:
    """A boolean expression. It is NULL only where a column is that may be; ``Not`` minds it."""

    def inner(part: Condition) -> str:
        return condition_sql(part, columns, dialect, names)

    match condition:
        case Compare(column, operator, value):
            return f"{column_sql(column, columns)} {operator} {dialect.value(value)}"
        case Fixed(column, operator, number):
            return f"{column_sql(column, columns)} {operator} {number}"
        case Among(column, values):
            return dialect.among(column_sql(column, columns), dialect.value(values))
        case Holds(column, values):
            return dialect.holds(column_sql(column, columns), dialect.value(values), names("h"))
        case Contains(column, pattern):
            return f"{column_sql(column, columns)} LIKE {dialect.value(pattern)} ESCAPE '\\'"
        case Mine(column, link):
            return f"{column_sql(column, columns)} = {_of_account(link, dialect, names)}"
        case MineThrough(column, link, ways):
            found = " UNION ALL ".join(_along(way, link, dialect, names) for way in ways)
            return f"{column_sql(column, columns)} IN ({found})"
        case Every(parts):
            return f"({_joined(' AND ', list(map(inner, parts)))})" if parts else "TRUE"
        case Some(parts):
            return f"({_joined(' OR ', list(map(inner, parts)))})" if parts else "FALSE"
        case Not(Exists() as part):
            return f"NOT ({inner(part)})"  # never NULL, and PostgreSQL makes a join of it
        case Not(part):
            # A test of NULL is neither true nor false; "not" means: not true.
            return f"({inner(part)}) IS NOT TRUE"
        case Exists(link, part):
            inside, source, ties = linked(link, columns, names)
            ties.append(condition_sql(part, inside, dialect, names))
            return f"EXISTS (SELECT 1 FROM {source} WHERE {' AND '.join(ties)})"


def _joined(operator: str, parts: Sequence[str]) -> str:
    """All of them; where they are many, in halves of halves: a chain is as deep as it is long, and a
    database walks only so deep. Both take such a tree apart again, so that it is the chain to them."""
    if len(parts) <= _CHAIN:
        return operator.join(parts)
    middle = len(parts) // 2
    halves = (parts[:middle], parts[middle:])
    return operator.join(f"({_joined(operator, half)})" for half in halves)


def height(condition: Condition) -> int:
    """How deep the expression of a condition is, or a little less than it."""
    match condition:
        case Every(parts) | Some(parts) if parts:
            most = max(map(height, parts))
            return most + min(len(parts), _CHAIN) - 1 + (max(len(parts) - 1, 1) // _CHAIN).bit_length()
        case Not(part):
            return 1 + height(part)
        case Exists(_, part):
            return 3 + height(part)
        case _:
            return 2


def _of_account(link: str, dialect: Dialect, names: Names) -> str:
    """What the actor's account holds: asked once for the whole statement."""
    alias = names("o")
    # The first value of every statement is the account's number: see select.GUARD.
    account = dialect.value(Slot(0, Kind.INTEGER))
    return f"(SELECT {alias}.{link} FROM account {alias} WHERE {alias}.account_id = {account})"


def _along(way: Way, link: str, dialect: Dialect, names: Names) -> str:
    alias = names("w")
    owner = f"{alias}.{way.owner} = {_of_account(link, dialect, names)}"
    return f"SELECT {alias}.{way.wanted} FROM {way.table} {alias} WHERE {owner}"


# ---- places in an order -------------------------------------------------------------------------


def order_sql(order: Sequence[SortKey], columns: Columns, *, reverse: bool = False) -> str:
    def one(key: SortKey) -> str:
        return column_sql(key.column, columns) + (" DESC" if key.descending != reverse else "")

    return ", ".join(map(one, order))


def beyond(
    order: Sequence[SortKey],
    place: Sequence[Slot],
    columns: Columns,
    dialect: Dialect,
    *,
    after: bool,
) -> str:
    """Rows that stand after (or before) a place in the order.

    Where all keys run one way, a row comparison, which an index answers as one range. Where they
    do not, the same spelled out key by key.
    """
    names = [column_sql(key.column, columns) for key in order]
    values = [dialect.value(slot) for slot in place]
    signs = ["<" if key.descending == after else ">" for key in order]
    if len(set(signs)) == 1:
        left, right = ", ".join(names), ", ".join(values)
        return f"({left}) {signs[0]} ({right})" if len(names) > 1 else f"{left} {signs[0]} {right}"
    return _spelled_out(names, values, signs)


def _spelled_out(names: Sequence[str], values: Sequence[str], signs: Sequence[str]) -> str:
    """``a > x OR (a = x AND (b < y OR …))``, led by ``a >= x`` so that an index can be entered."""
    rest = f"{names[-1]} {signs[-1]} {values[-1]}"
    for name, value, sign in reversed(list(zip(names[:-1], values[:-1], signs[:-1], strict=True))):
        rest = f"({name} {sign} {value} OR ({name} = {value} AND {rest}))"
    return f"({names[0]} {signs[0]}= {values[0]} AND {rest})"


def up_to(
    order: Sequence[SortKey],
    place: Sequence[Slot],
    columns: Columns,
    dialect: Dialect,
    *,
    after: bool,
) -> str:
    """Rows that do not stand beyond the place: the complement of ``beyond``."""
    return f"NOT ({beyond(order, place, columns, dialect, after=after)})"
