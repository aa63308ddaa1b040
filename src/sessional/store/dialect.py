"""How the two databases differ in what is read: two short records, and nothing else anywhere.

Answers are built as text, because concatenation is a third faster than the JSON functions
(docs/performance.md). One NULL would make a whole concatenation NULL, so nothing that can be NULL
enters one without its ``coalesce``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sessional.store.shape import Kind, Slot

# A control character that no JSON text contains: it marks a number that does not fit its field.
OUT_OF_RANGE_MARK: Final = "\x01"
# Two more, on both sides of what they mark: the number of a client whose data an answer holds, and a
# stored text that may be encrypted, with the name of its column.
CLIENT_MARK: Final = "\x03"
STORED_MARK: Final = "\x04"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What a database calls the few things that the databases call differently.

    Each takes and gives SQL text. ``string`` gives a JSON string, ``digits`` a number's digits,
    ``encoded`` the base64 of a text, ``line_free`` the same without the line feeds of long ones,
    ``instant`` an RFC 3339 string without quotes, ``among`` a membership test,
    ``holds`` whether a JSON list holds any (with a name of its own within), ``joined`` the
    concatenation of all rows with commas, ``concat`` that of several texts, ``one_by_one`` a join
    that looks rows up in the order of what stands before it. ``pack`` makes a list a value.
    """

    name: str
    value: Callable[[Slot], str]
    string: Callable[[str], str]
    digits: Callable[[str], str]
    encoded: Callable[[str], str]
    line_free: Callable[[str], str]
    instant: Callable[[str], str]
    among: Callable[[str, str], str]
    holds: Callable[[str, str, str], str]
    joined: Callable[[str, str], str]
    concat: Callable[[Sequence[str]], str]
    one_by_one: Callable[[str, str, str], str]
    pack: Callable[[list[Any]], Any]
    mark: str
    stored_mark: str


def literal(text: str) -> str:
    """A text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def _in_groups(operator: str, most: int) -> Callable[[Sequence[str]], str]:
    """Concatenation as a shallow tree: a chain of a thousand would be a thousand levels deep."""

    def concat(parts: Sequence[str]) -> str:
        if len(parts) <= most:
            return operator.join(parts)
        groups = [parts[i : i + most] for i in range(0, len(parts), most)]
        return concat([f"({operator.join(group)})" for group in groups])

    return concat


_POSTGRES_TYPES: Final = {
    Kind.INTEGER: "bigint",
    Kind.TEXT: "text",
    Kind.INTEGERS: "bigint[]",
    Kind.TEXTS: "text[]",
}

POSTGRES: Final = Dialect(
    name="postgres",
    value=lambda slot: f"${slot.place + 1}::{_POSTGRES_TYPES[slot.kind]}",
    string=lambda sql: f"to_json({sql})::text",
    digits=lambda sql: f"({sql})::text",
    encoded=lambda sql: f"encode(convert_to({sql}, 'UTF8'), 'base64')",
    line_free=lambda sql: f"translate({sql}, E'\\n', '')",
    instant=lambda sql: (
        f"to_char(to_timestamp({sql}) AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')"
    ),
    among=lambda column, value: f"{column} = ANY({value})",
    holds=lambda column, value, name: (
        f"EXISTS (SELECT 1 FROM json_array_elements_text(({column})::json) {name} (value) "
        f"WHERE {name}.value = ANY({value}))"
    ),
    joined=lambda sql, order: f"string_agg({sql}, ','{order})",
    concat=_in_groups(" || ", 40),
    # OFFSET 0 keeps the planner from hashing the whole table for every row outside.
    one_by_one=lambda table, alias, on: (
        f", LATERAL (SELECT * FROM {table} {alias} WHERE {on} OFFSET 0) {alias}"
    ),
    pack=list,
    mark="chr(1)",
    stored_mark="chr(4)",
)

SQLITE: Final = Dialect(
    name="sqlite",
    value=lambda slot: f"?{slot.place + 1}",
    string=lambda sql: f"json_quote({sql})",
    digits=lambda sql: f"({sql})",
    encoded=lambda sql: f"rtrim(base64(CAST({sql} AS BLOB)), char(10))",
    line_free=lambda sql: f"replace({sql}, char(10), '')",
    instant=lambda sql: f"strftime('%Y-%m-%dT%H:%M:%SZ', {sql}, 'unixepoch')",
    among=lambda column, value: f"{column} IN (SELECT value FROM json_each({value}))",
    holds=lambda column, value, name: (
        f"EXISTS (SELECT 1 FROM json_each({column}) {name} "
        f"WHERE {name}.value IN (SELECT value FROM json_each({value})))"
    ),
    joined=lambda sql, order: f"group_concat({sql}, ','{order})",
    concat=_in_groups(" || ", 40),
    one_by_one=lambda table, alias, on: f"JOIN {table} {alias} ON {on}",
    pack=lambda values: orjson.dumps(values).decode(),
    mark="char(1)",
    stored_mark="char(4)",
)
