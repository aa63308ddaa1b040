"""The rules of a service as a file leaves them out and as the database keeps them. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

SERVICE_DEFAULTS: Final[Mapping[str, Any]] = {
    "other_durations": (),
    "buffer_before_seconds": 0,
    "buffer_after_seconds": 0,
    "grid_seconds": 900,
    "notice_seconds": 0,
    "horizon_days": 366,
    "cancel_notice_seconds": 0,
    "capacity": 1,
    "needs_approval": False,
    "needs_room": False,
    "online": False,
    "cancel_when_one_leaves": False,
}


def rules_of(columns: Sequence[Any]) -> dict[str, Any]:
    """The rules of a service, by column, from those that the statement ``services`` ends with."""
    rules = dict(zip(SERVICE_DEFAULTS, columns, strict=True))
    # SQLite has no booleans.
    flags = {key: bool(rules[key]) for key, default in SERVICE_DEFAULTS.items() if default is False}
    return {**rules, **flags, "other_durations": tuple(orjson.loads(rules["other_durations"]))}
