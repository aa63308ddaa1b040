"""Which media type an answer takes: RFC 9110, section 12.5.1, as far as GraphQL over HTTP needs it."""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from starlette.types import Scope

JSON: Final = "application/json"
GRAPHQL: Final = "application/graphql-response+json"


class Wanted(NamedTuple):
    """``media_type`` is None where nothing that we can write is acceptable.

    ``named_json`` tells that application/json was asked for by its name: by the specification the
    status is then about HTTP alone, and a document that does not validate is answered with 200.
    """

    media_type: str | None
    named_json: bool = False


def accepted(scope: Scope) -> str:
    """What a request accepts: a header that comes in several lines is one list (RFC 9110, section 5.3)."""
    return b",".join(value for name, value in scope["headers"] if name == b"accept").decode("latin-1")


@lru_cache(maxsize=256)
def wanted(accept: str) -> Wanted:
    """The better of our two types for an Accept header; JSON where both are as good."""
    quality = {_name(part): _quality(part) for part in accept.split(",") if part.strip()}
    if not quality:
        return Wanted(JSON)
    either = quality.get("application/*", quality.get("*/*", 0.0))
    json, graphql = quality.get(JSON, either), quality.get(GRAPHQL, 0.0)
    if graphql > 0 and graphql >= json:
        return Wanted(GRAPHQL)
    if json > 0:
        return Wanted(JSON, JSON in quality)
    return Wanted(GRAPHQL if either > 0 and GRAPHQL not in quality else None)


def _name(part: str) -> str:
    return part.split(";", 1)[0].strip().lower()


def _quality(part: str) -> float:
    for parameter in part.split(";")[1:]:
        name, _, value = parameter.strip().partition("=")
        if name.lower() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0
