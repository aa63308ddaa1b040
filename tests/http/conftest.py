"""One server with the practice's rows, and a way to speak HTTP to it without a library's help."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from sessional.store.migrate import migrate_sqlite
from tests.contract import practice
from tests.contract.database import Database
from tests.support.api import Api
from tests.support.server import running

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"


@dataclass
class Response:
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def answer(self) -> Any:
        """The body as JSON in UTF-8."""
        return json.loads(self.body.decode("utf-8"))

    @property
    def code(self) -> str:
        code: str = self.answer["errors"][0]["extensions"]["code"]
        return code

    @property
    def media_type(self) -> str:
        return self.headers["content-type"].split(";")[0]


@dataclass
class Http:
    """Sends exactly the headers it is told to, the token beside."""

    url: str
    token: str | None

    def send(
        self, method: str, path: str, headers: dict[str, str] | None = None, body: Any = None, **more: Any
    ) -> Response:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        given = {**({"Authorization": f"Bearer {self.token}"} if self.token else {}), **(headers or {})}
        try:
            connection.request(method, path, body=body, headers=given, **more)
            answered = connection.getresponse()
            return Response(answered.status, answered.msg, answered.read())
        finally:
            connection.close()

    def post(self, body: Any, *, raw: bool = False, **headers: str) -> Response:
        """POST a body as JSON, or ``raw`` bytes as they are. ``content_type`` stands for Content-Type."""
        named = {"Content-Type": JSON} | {name.replace("_", "-"): value for name, value in headers.items()}
        named = {name: value for name, value in _last_of_each(named).items() if value}
        return self.send("POST", "/graphql", named, body if raw else json.dumps(body).encode())

    def get(self, parameters: dict[str, str], **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.send("GET", f"/graphql?{urlencode(parameters)}", named)

    def stranger(self) -> Http:
        return Http(self.url, None)


def _last_of_each(headers: dict[str, str]) -> dict[str, str]:
    """Header names without regard to case: what comes later stands."""
    return {name.lower(): value for name, value in headers.items()}


@pytest.fixture(scope="session")
def http_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("http")
    database = Database(f"sqlite:///{folder}/http.db")
    migrate_sqlite(database.path)
    practice.fill(database)
    with running(database.url, folder) as server:
        yield server.url


@pytest.fixture(scope="module")
def http_(http_server: str) -> Http:
    """Logged in anew for each module: tokens last ten minutes."""
    return Http(http_server, Api(http_server).log_in().token)
