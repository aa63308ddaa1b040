"""A practice with an identity provider of its own, on each database engine."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from sessional.store import address
from sessional.store.migrate import migrate
from tests.conftest import _run as run_on_server
from tests.contract import practice
from tests.contract.conftest import Place
from tests.contract.database import Database
from tests.sign_in import provider as providers
from tests.sign_in.provider import CLIENT_ID, CLIENT_SECRET, Provider
from tests.support.api import Api
from tests.support.postgres import free_port
from tests.support.server import running

PEOPLE = ("ann", "bea", "cem")
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:131.0) Gecko/20100101 Firefox/131.0"


def settings(issuer: str, port: int, **more: str) -> dict[str, str]:
    return {
        "SESSIONAL_OIDC_ISSUER": issuer,
        "SESSIONAL_OIDC_CLIENT_ID": CLIENT_ID,
        "SESSIONAL_OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "SESSIONAL_OIDC_REDIRECT_URL": f"http://127.0.0.1:{port}/sign-in/callback",
        **more,
    }


@dataclass
class Visitor:
    """A browser's part of a sign-in, step by step."""

    url: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=30))
    accept: str = "application/json"

    def begin(self) -> str:
        """The address at the provider that one is sent to."""
        response = self.client.get(f"{self.url}/sign-in")
        assert response.status_code == 303, response.text
        return response.headers["location"]

    def at_provider(self, location: str) -> str:
        """The address that the provider sends one back to."""
        response = self.client.get(location)
        assert response.status_code == 303, response.text
        return response.headers["location"]

    def back(self, location: str) -> httpx.Response:
        headers = {"accept": self.accept, "user-agent": FIREFOX}
        return self.client.get(f"{self.url}/sign-in/callback?{urlsplit(location).query}", headers=headers)

    def sign_in(self) -> httpx.Response:
        return self.back(self.at_provider(self.begin()))


def query_of(location: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(location).query).items()}


def refusal(response: httpx.Response) -> tuple[int, str]:
    body: dict[str, Any] = response.json()
    return response.status_code, body["errors"][0]["extensions"]["code"]


@pytest.fixture(scope="session")
def _provider() -> Iterator[Provider]:
    with providers.running() as found:
        yield found


@pytest.fixture
def provider(_provider: Provider) -> Provider:
    """Honest, at the beginning of each test, with Ann signed in at it."""
    _provider.reset()
    return _provider


@pytest.fixture(scope="session", params=["sqlite", "postgres"])
def desk(
    request: pytest.FixtureRequest, _provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """Two workers on SQLite; the practice's admin is logged in, by their password."""
    folder = tmp_path_factory.mktemp("sign-in")
    postgres = request.getfixturevalue("postgres_server") if request.param == "postgres" else None
    url = f"{postgres}/sign_in" if postgres else f"sqlite:///{folder}/sign_in.db"
    if postgres:
        run_on_server(postgres, "CREATE DATABASE sign_in")
    database = Database(url)
    migrate(address.parse(url))
    practice.fill(database)
    for name in PEOPLE:
        practice.add_account(database, name)
    port = free_port()
    given = settings(_provider.url, port, SESSIONAL_WORKERS="1" if postgres else "2")
    with running(url, folder, port=port, **given) as server:
        yield Place(server, database, Api(server.url).log_in(practice.USERNAME, practice.PASSWORD))
    if postgres:
        run_on_server(postgres, "DROP DATABASE sign_in WITH (FORCE)")


@pytest.fixture
def visitor(desk: Place) -> Iterator[Visitor]:
    with httpx.Client(timeout=30) as client:
        yield Visitor(desk.url, client)
