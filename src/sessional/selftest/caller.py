"""Asks a running service over HTTP, and answers what came back, whatever it was."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

PATIENCE_SECONDS: Final = 30
JSON: Final = "application/json"


class NotAnswering(Exception):
    """There is no HTTP service at the address, or it broke off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer over HTTP. ``body`` is the decoded JSON, or None where it is none."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def data(self) -> Any:
        return self.body.get("data") if isinstance(self.body, dict) else None

    @property
    def errors(self) -> list[Any]:
        found = self.body.get("errors") if isinstance(self.body, dict) else None
        return found if isinstance(found, list) else []

    @property
    def code(self) -> str:
        """The code of the first error; empty where there is no error."""
        first = self.errors[0] if self.errors else {}
        return str(first.get("extensions", {}).get("code", ""))

    @property
    def media_type(self) -> str:
        return self.headers.get("content-type", "").split(";")[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Someone who asks the service at ``url``, with a token or without."""

    url: str
    token: str | None = None

    def with_token(self, token: str | None) -> Caller:
        return replace(self, token=token)

    def ask(self, document: str, /, **variables: Any) -> Reply:
        """An operation by POST."""
        return self.post(json.dumps({"query": document, "variables": variables}).encode())

    def post(self, body: bytes, **headers: str) -> Reply:
        """A body by POST, as JSON unless ``headers`` say otherwise."""
        return self.send("POST", "/graphql", body, **{"Content-Type": JSON, **headers})

    def get(self, **parameters: str) -> Reply:
        """An operation by GET."""
        return self.send("GET", f"/graphql?{urlencode(parameters)}")

    def send(self, method: str, path: str, body: bytes | None = None, /, **headers: str) -> Reply:
        """Any request. Raises NotAnswering."""
        place = urlsplit(self.url)
        kind = http.client.HTTPSConnection if place.scheme == "https" else http.client.HTTPConnection
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        try:
            connection = kind(place.netloc, timeout=PATIENCE_SECONDS)
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise NotAnswering(f"{self.url} does not answer: {error}") from error
        return Reply(
            status=answer.status,
            headers={name.lower(): value for name, value in answer.getheaders()},
            body=_decoded(text),
        )


def _decoded(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def service_address(url: str) -> str:
    """The address without the path of the API. Raises ValueError where it is none."""
    place = urlsplit(url if "://" in url else f"http://{url}")
    if place.scheme not in ("http", "https") or not place.netloc or place.path not in ("", "/", "/graphql"):
        raise ValueError(f"An address looks like http://127.0.0.1:8000, not like “{url}”.")
    return f"{place.scheme}://{place.netloc}"
