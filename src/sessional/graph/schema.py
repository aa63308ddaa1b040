"""The schema, made from schema.graphql: that file is the contract, this only reads it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from typing import Any, Final

from graphql import (
    GraphQLError,
    GraphQLScalarType,
    GraphQLSchema,
    build_schema,
)

_ISO_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
# RFC 3339, section 5.6, in whole seconds: fractions would be lost in the diary, so they are refused.
_RFC_3339: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.0+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII
)


def sdl() -> str:
    """The text of schema.graphql."""
    return (files("sessional.graph") / "schema.graphql").read_text(encoding="utf-8")


@cache
def schema() -> GraphQLSchema:
    built = build_schema(sdl())
    date_time = built.type_map["DateTime"]
    assert isinstance(date_time, GraphQLScalarType)
    date_time.coerce_input_value = parse_date_time
    date_time.coerce_output_value = write_date_time
    calendar_date = built.type_map["Date"]
    assert isinstance(calendar_date, GraphQLScalarType)
    calendar_date.coerce_input_value = parse_date
    return built


def parse_date_time(value: Any) -> int:
    """Seconds since 1970 from an RFC 3339 text. Raises GraphQLError."""
    match = _RFC_3339.fullmatch(value) if isinstance(value, str) else None
    try:
        if match is None:
            raise ValueError
        instant = datetime.fromisoformat(f"{match[1]}T{match[2]}{match[3].upper()}")
        return int((instant - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds())
    except (ValueError, OverflowError):
        raise GraphQLError(
            "A DateTime is written as RFC 3339 in whole seconds, for example 2026-03-02T09:00:00Z."
        ) from None


def write_date_time(value: Any) -> str:
    """RFC 3339 in UTC from seconds since 1970."""
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_date(value: Any) -> str:
    """A calendar date as it is stored, which is as it is written. Raises GraphQLError."""
    try:
        if not isinstance(value, str) or not _ISO_DATE.fullmatch(value):
            raise ValueError
        return date.fromisoformat(value).isoformat()
    except ValueError:
        raise GraphQLError("A Date is a day of the calendar, written as 2026-03-02.") from None
