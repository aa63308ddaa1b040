"""The image, built once for all tests of it, and what compose.yaml gives its services."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from tests.image import compose
from tests.image.dockerfile import Image

ROOT = Path(__file__).parents[2]
PORT_INSIDE = "8000"
FILE = ROOT / "compose.yaml"
GIVEN = {
    "POSTGRES_PASSWORD": "a-password",
    "SESSIONAL_SECRET": "a secret of more than thirty-two bytes",
    "SESSIONAL_ENCRYPTION_KEY": "a key that has more than thirty-two bytes",
}


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The Dockerfile of this repository, done."""
    return Image(tmp_path_factory.mktemp("image"), ROOT).build()


def on_port(command: list[str], port: int) -> list[str]:
    """A command of the container with the port that is free on this machine."""
    return [word.replace(PORT_INSIDE, str(port)) for word in command]


def healthy(image: Image, check: list[str]) -> bool:
    """Whether the container would be called healthy just now."""
    process = image.run(check, {})
    process.communicate(timeout=20)
    return process.returncode == 0


@contextmanager
def started(
    image: Image, command: list[str], check: list[str], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The container's command, from its first healthy moment until the block ends."""
    process = image.run(command, environment or {})
    try:
        end = time.monotonic() + 30
        while not healthy(image, check):
            gone = process.poll() is not None
            if gone or time.monotonic() > end:
                os.killpg(process.pid, signal.SIGKILL) if not gone else None
                assert process.stdout is not None
                raise AssertionError(f"not healthy:\n{process.stdout.read().decode()[-3000:]}")
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)


@pytest.fixture(scope="session")
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


def environment_of(service: dict[str, Any], database: str) -> dict[str, str]:
    """The service's environment with what is given, and the database where it is here."""
    values = {k: compose.filled(v, GIVEN) for k, v in service["environment"].items()}
    return {k: v.replace("@database/", f"@{database}/") for k, v in values.items()}
