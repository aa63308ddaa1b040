"""What compose.yaml says of its services; test_containers.py starts them."""

from __future__ import annotations

import os
import subprocess
from typing import Any

from tests.image import compose
from tests.image.conftest import FILE
from tests.support import postgres


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
