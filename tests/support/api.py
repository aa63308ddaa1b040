"""A client of the API, as a test wants it: log in, ask, look at the answer."""

from __future__ import annotations

import weakref
from dataclasses import dataclass, field
from typing import Any

import httpx

LOG_IN = (
    "mutation($u: String, $p: String) { auth(username: $u, password: $p) { accessToken refreshToken } }"
)


def _client() -> httpx.Client:
    """Its connections are closed with it: one left open would be blamed on whichever test runs then."""
    transport = httpx.HTTPTransport()
    client = httpx.Client(transport=transport, timeout=30)
    weakref.finalize(client, transport.close)
    return client


@dataclass
class Api:
    """Talks to one server; ``token`` goes with every request once there is one."""

    url: str
    client: httpx.Client = field(default_factory=_client)
    token: str | None = None

    def send(
        self, document: str, variables: dict[str, Any] | None = None, **headers: str
    ) -> httpx.Response:
        """POST an operation and answer the whole response."""
        if self.token is not None:
            headers.setdefault("Authorization", f"Bearer {self.token}")
        body = {"query": document, "variables": variables or {}}
        return self.client.post(f"{self.url}/graphql", json=body, headers=headers)

    def ask(self, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The decoded answer."""
        answer: dict[str, Any] = self.send(document, variables).json()
        return answer

    def data(self, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The data of an answer that must have no errors."""
        answer = self.ask(document, variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def code(self, document: str, variables: dict[str, Any] | None = None) -> str:
        """The code of the first error of an answer that must have one."""
        code: str = self.ask(document, variables)["errors"][0]["extensions"]["code"]
        return code

    def log_in(self, username: str = "test_user", password: str = "password") -> Api:
        tokens = self.data(LOG_IN, {"u": username, "p": password})["auth"]
        self.token = tokens["accessToken"]
        return self
