"""Refusals as data: members of a payload's error union, or the ``extensions`` of an error."""

from __future__ import annotations

from typing import Any

from sessional.diary.values import Slot
from sessional.errors import Refusal
from sessional.graph.plain import camel, camel_name


def user_error(refusal: Refusal) -> dict[str, Any]:
    """A refusal as a member of a payload's error union: its class is the name of the type."""
    path = None if refusal.path is None else ["input", *map(camel_name, refusal.path)]
    return {
        "__typename": type(refusal).__name__,
        "code": refusal.code,
        "message": refusal.message,
        "path": path,
        **plain_data(refusal),
    }


def plain_data(refusal: Refusal) -> dict[str, Any]:
    """A refusal's own data with slots as mappings, instants in seconds."""
    data: dict[str, Any] = camel({key: _plain(item) for key, item in refusal.data.items()})
    return data


def _plain(item: Any) -> Any:
    if isinstance(item, list | tuple):
        return [_plain(inner) for inner in item]
    if not isinstance(item, Slot):
        return item
    return {
        "therapistId": str(item.therapist_id),
        "startsAt": item.starts_at,
        "endsAt": item.ends_at,
    }
