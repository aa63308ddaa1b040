"""Refusals as data: members of a payload's error union, or the ``extensions`` of an error."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphql import GraphQLInputType, get_named_type, is_input_object_type

from sessional.diary.values import Slot
from sessional.errors import Refusal
from sessional.graph.plain import camel, camel_name


def user_error(refusal: Refusal, input_type: GraphQLInputType | None = None) -> dict[str, Any]:
    """A refusal as a member of a payload's error union: its class is the name of the type.

    Many actions raise the same refusal, and not all of them take the field that it names: with the type
    of the input, only fields that it has are named.
    """
    path = [camel_name(name) for name in refusal.path or ()]
    if input_type is not None:
        path = _within(input_type, path)
    return {
        "__typename": type(refusal).__name__,
        "code": refusal.code,
        "message": refusal.message,
        "path": ["input", *path] if path else None,
        **plain_data(refusal),
    }


def _within(type_: GraphQLInputType, path: Sequence[str]) -> list[str]:
    """As much of the path as there is in an input of that type."""
    found: list[str] = []
    for name in path:
        named = get_named_type(type_)
        if not is_input_object_type(named) or name not in named.fields:
            break
        found.append(name)
        type_ = named.fields[name].type
    return found


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
