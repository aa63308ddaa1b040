"""The worked example of docs/architecture.md: a document, its Shape, and the two statements."""

from __future__ import annotations

import pprint
import re
from typing import Any, Final

from sessional.access import Role
from sessional.graph.bounds import DocumentLimits
from sessional.graph.collect import Selections
from sessional.graph.documents import Documents
from sessional.graph.plan import PageSizes, Planner
from sessional.graph.schema import schema
from sessional.graph.values import Values
from sessional.store.dialect import POSTGRES, SQLITE, Dialect
from sessional.store.select import statement
from sessional.store.shape import Shape

DOCUMENT: Final = """\
query Next($from: DateTime!) {
  appointments(
    filters: { startsAtRange: { from: $from } }
    sort: [START_TIME_UNIX_SECONDS_ASC]
    first: 2
  ) {
    edges {
      node {
        startsAt
        therapist { firstName }
      }
    }
  }
}
"""
VARIABLES: Final = {"from": "2022-02-13T00:00:00Z"}
ANSWER: Final = """\
{"data": {"appointments": {"edges": [
  {"node": {"startsAt": "2022-02-13T10:19:32Z", "therapist": {"firstName": "jeff"}}},
  {"node": {"startsAt": "2022-02-13T19:20:00Z", "therapist": {"firstName": "jane"}}}
]}}}
"""
GUARD: Final = [1, "test_user", "ADMIN", "s"]

# Before these words a statement is broken into lines; nothing else in it is changed.
_BREAKS: Final = re.compile(r" (?=(?:LEFT JOIN|FROM|WHERE|AND g|ORDER BY|LIMIT|AS answer)\b)")


def compiled(dialect: Dialect) -> tuple[Shape, str, list[Any]]:
    """The Shape of the document's one root field, its statement, and the values that go with it."""
    limits = DocumentLimits(tokens=5_000, depth=15, remembered=1)
    operation = Documents(schema(), limits).get(DOCUMENT).operation(None)
    variables = operation.coerce(schema(), VARIABLES)
    selections = Selections(schema(), operation.fragments, operation.symbolic(variables))
    root = schema().query_type
    assert root is not None
    (nodes,) = selections.at_root(root, operation.node.selection_set).values()
    values = Values(dialect.pack)
    sizes = PageSizes(default=100, most=1_000)
    shape = Planner(schema(), selections, Role.ADMIN, sizes).root(nodes, values)
    assert shape is not None
    return shape, statement(shape, dialect, values.slots), values.bind(variables, GUARD)


def worked_example() -> str:
    shape, postgres, values = compiled(POSTGRES)
    _, sqlite, _ = compiled(SQLITE)
    return f"""\
Somebody asks for the next two sessions from an instant on:

```graphql
{DOCUMENT}```

```json variables
{{"from": "{VARIABLES["from"]}"}}
```

and is answered, from the demonstration data:

```json
{ANSWER}```

In between, the planner makes the Shape. Slot 3 is the place of `$from`, whatever its value; the places
before it are the guard's.

```text shape
{_without_enum_values(pprint.pformat(shape, width=104))}
```

The compiler makes one statement of it (here broken into lines), for PostgreSQL:

```sql
{in_lines(postgres)}
```

and for SQLite:

```sql
{in_lines(sqlite)}
```

The values that go with it: `{values}`.
"""


def in_lines(sql: str) -> str:
    """A statement in lines, indented by the brackets that are open."""
    lines: list[str] = []
    depth = 0
    for part in _BREAKS.split(sql):
        lines.append("  " * depth + part)
        outside_of_texts = re.sub(r"'[^']*'", "", part)
        depth += outside_of_texts.count("(") - outside_of_texts.count(")")
    assert " ".join(line.strip() for line in lines) == sql
    return "\n".join(lines)


def _without_enum_values(text: str) -> str:
    return re.sub(r"<(\w+\.\w+): '\w+'>", r"\1", text)
