"""The Dockerfile makes an image that serves: its own commands, run in an empty folder, and compose.yaml's.

All of its tests are in this file, so that one of two workers builds it.
"""

from __future__ import annotations

import re
import stat
from typing import Any

import httpx

from tests.image.conftest import ROOT, environment_of, healthy, on_port, started
from tests.image.dockerfile import Image, context, instructions
from tests.support.api import Api
from tests.support.postgres import free_port


def test_the_container_serves_on_every_address_and_its_health_is_that_of_the_database(image: Image) -> None:
    port = free_port()
    command, check = on_port(image.command, port), on_port(image.healthcheck, port)
    assert command[command.index("--host") + 1] == "0.0.0.0"
    assert image.exposed == "8000"
    assert not healthy(image, check)
    with started(image, command, check):
        assert httpx.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
        assert Api(f"http://127.0.0.1:{port}").code("{ viewer { role } }") == "UNAUTHENTICATED"


def test_the_image_holds_graphiql(image: Image) -> None:
    port = free_port()
    with started(image, on_port(image.command, port), on_port(image.healthcheck, port)):
        page = httpx.get(f"http://127.0.0.1:{port}/", headers={"Accept": "text/html"})
        script = page.text.partition('src="')[2].partition('"')[0]
        assert httpx.get(f"http://127.0.0.1:{port}{script}").status_code == 200


def test_the_data_and_its_secret_lie_in_the_volume_and_are_nobody_elses(image: Image) -> None:
    port = free_port()
    with started(image, on_port(image.command, port), on_port(image.healthcheck, port)):
        data = image.root / image.volume.lstrip("/")
        secret = data / "sessional.db.secret"
        assert stat.S_IMODE(data.stat().st_mode) == 0o700
        assert stat.S_IMODE(secret.stat().st_mode) == 0o600
        assert (data / "sessional.db").exists()


def test_stopping_the_container_ends_its_command_with_0(image: Image) -> None:
    port = free_port()
    with started(image, on_port(image.command, port), on_port(image.healthcheck, port)) as process:
        pass
    assert process.returncode == 0


def test_the_containers_user_is_made_and_is_not_root(image: Image) -> None:
    made = (image.folder / "useradd").read_text(encoding="utf-8").split()
    assert image.user == made[-1] == "sessional"
    assert int(made[made.index("--uid") + 1]) > 0


def test_the_container_tests_itself_against_what_it_serves(image: Image) -> None:
    """As the original's image did: docker exec NAME bash run_tests.sh."""
    port = free_port()
    with started(image, on_port(image.command, port), on_port(image.healthcheck, port)):
        adding = ["sessional", "user", "add", "test_user", "--role", "ADMIN", "--password-stdin"]
        added = image.run(adding, {}, typed="password\n")
        assert b"Added test_user" in added.communicate(timeout=30)[0]
        tests = image.run(["bash", "run_tests.sh"], {"SESSIONAL_PORT": str(port)})
        output = tests.communicate(timeout=60)[0].decode()
        assert tests.returncode == 0, output


def test_the_api_starts_on_the_database_that_the_migration_has_made(
    image: Image, services: dict[str, Any], database: str
) -> None:
    migrate, api = services["migrate"], services["api"]
    port = free_port()
    command = on_port(api["command"], port)
    _, *check = on_port(api["healthcheck"]["test"], port)

    too_soon = image.run(command, environment_of(api, database))
    assert "sessional migrate" in too_soon.communicate(timeout=30)[0].decode()

    migration = image.run(migrate["command"], environment_of(migrate, database))
    output = migration.communicate(timeout=60)[0].decode()
    assert migration.returncode == 0, output

    with started(image, command, check, environment_of(api, database)):
        assert Api(f"http://127.0.0.1:{port}").code("{ viewer { role } }") == "UNAUTHENTICATED"


def test_a_build_is_given_what_it_needs_and_nothing_else() -> None:
    let_in = {name.partition("/")[0] for name in context(ROOT)}
    assert let_in == {"README.md", "pyproject.toml", "requirements.lock", "run_tests.sh", "src", "web"}


def test_every_package_in_the_image_is_locked_by_its_hash() -> None:
    runs = [i.rest for i in instructions(ROOT / "Dockerfile") if i.word == "RUN"]
    fetching = [line for line in runs if "pip install" in line or re.search(r"\bnpm (ci|install)", line)]
    locked = [line for line in fetching if "--require-hashes" in line or "npm ci" in line]
    nothing_fetched = [line for line in fetching if "--no-deps --no-build-isolation" in line]
    assert len(locked) == 2
    assert sorted(locked + nothing_fetched) == sorted(fetching)
