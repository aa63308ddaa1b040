"""compose.yaml's services, started by their own commands: the database, the migration, the API."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.image import compose
from tests.image.conftest import ROOT, on_port, started
from tests.image.dockerfile import Image
from tests.support import postgres
from tests.support.api import Api

pytestmark = pytest.mark.xdist_group("image")

FILE = ROOT / "compose.yaml"
GIVEN = {
    "POSTGRES_PASSWORD": "a-password",
    "SESSIONAL_SECRET": "a secret of more than thirty-two bytes",
    "SESSIONAL_ENCRYPTION_KEY": "a key that has more than thirty-two bytes",
}


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    services: dict[str, Any] = compose.read(FILE)["services"]
    return services


@pytest.fixture
def database(postgres_server: str, services: dict[str, Any]) -> Iterator[str]:
    """What the service ``database`` would be: host and port of a server with its user and database."""
    given = services["database"]["environment"]
    user, name = given["POSTGRES_USER"], given["POSTGRES_DB"]
    _run(postgres_server, f"CREATE ROLE {user} SUPERUSER LOGIN", f"CREATE DATABASE {name} OWNER {user}")
    yield urlsplit(postgres_server).netloc.rpartition("@")[2]
    _run(postgres_server, f"DROP DATABASE {name} WITH (FORCE)", f"DROP ROLE {user}")


def _run(server: str, *statements: str) -> None:
    async def run() -> None:
        connection = await asyncpg.connect(f"{server}/postgres")
        for statement in statements:
            await connection.execute(statement)
        await connection.close()

    asyncio.run(run())


def environment(service: dict[str, Any], database: str) -> dict[str, str]:
    """The service's environment with what is given, and the database where it is here."""
    values = {k: compose.filled(v, GIVEN) for k, v in service["environment"].items()}
    return {k: v.replace("@database/", f"@{database}/") for k, v in values.items()}


def test_the_database_is_healthy_by_its_own_check(services: dict[str, Any], database: str) -> None:
    _, *check = services["database"]["healthcheck"]["test"]
    folder = postgres.binaries()
    assert folder is not None
    ready = subprocess.run(
        [folder / check[0], *check[1:]],
        env={**os.environ, "PGPORT": database.rpartition(":")[2]},
        capture_output=True,
        text=True,
    )
    assert ready.returncode == 0, ready.stdout


def test_the_api_starts_on_the_database_that_the_migration_has_made(
    image: Image, services: dict[str, Any], database: str
) -> None:
    migrate, api = services["migrate"], services["api"]
    port = postgres.free_port()
    command = on_port(api["command"], port)
    _, *check = on_port(api["healthcheck"]["test"], port)

    too_soon = image.run(command, environment(api, database))
    assert "sessional migrate" in too_soon.communicate(timeout=30)[0].decode()

    migration = image.run(migrate["command"], environment(migrate, database))
    output = migration.communicate(timeout=60)[0].decode()
    assert migration.returncode == 0, output

    with started(image, command, check, environment(api, database)):
        assert Api(f"http://127.0.0.1:{port}").code("{ viewer { role } }") == "UNAUTHENTICATED"


def test_each_service_waits_for_the_one_before(services: dict[str, Any]) -> None:
    assert services["migrate"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert services["api"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert services["migrate"]["restart"] == "no"


def test_secrets_are_asked_for_and_never_given(services: dict[str, Any]) -> None:
    asked = {
        (name, variable): compose.asked_for(value)
        for name, service in services.items()
        for variable, value in service["environment"].items()
        if variable
        in ("POSTGRES_PASSWORD", "SESSIONAL_DATABASE", "SESSIONAL_SECRET", "SESSIONAL_ENCRYPTION_KEY")
    }
    assert asked == {
        ("database", "POSTGRES_PASSWORD"): {"POSTGRES_PASSWORD"},
        ("migrate", "SESSIONAL_DATABASE"): {"POSTGRES_PASSWORD"},
        ("api", "SESSIONAL_DATABASE"): {"POSTGRES_PASSWORD"},
        ("api", "SESSIONAL_SECRET"): {"SESSIONAL_SECRET"},
        ("api", "SESSIONAL_ENCRYPTION_KEY"): {"SESSIONAL_ENCRYPTION_KEY"},
    }


def test_the_database_keeps_its_data_in_a_volume_and_the_port_is_open_to_this_machine_alone(
    services: dict[str, Any],
) -> None:
    volumes = compose.read(FILE)["volumes"]
    assert [v.partition(":")[0] for v in services["database"]["volumes"]] == list(volumes)
    assert "ports" not in services["database"]
    assert services["api"]["ports"] == ["127.0.0.1:8000:8000"]


def test_the_database_is_of_a_version_that_is_supported(services: dict[str, Any]) -> None:
    assert int(services["database"]["image"].rpartition(":")[2]) >= 15
