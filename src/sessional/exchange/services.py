"""The rules of a service as a file leaves them out and as the database keeps them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from sessional.diary.rules import SERVICE_DEFAULTS


def rules_of(columns: Sequence[Any]) -> dict[str, Any]:
    """The rules of a service, by column, from those that the statement ``services`` ends with."""
    rules = dict(zip(SERVICE_DEFAULTS, columns, strict=True))
    # SQLite has no booleans.
    flags = {key: bool(rules[key]) for key, default in SERVICE_DEFAULTS.items() if default is False}
    return {**rules, **flags, "other_durations": tuple(orjson.loads(rules["other_durations"]))}
