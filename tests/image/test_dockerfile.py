"""The Dockerfile makes an image that serves: its own commands, run in an empty folder."""

from __future__ import annotations

import re
import stat

import httpx
import pytest

from tests.image.conftest import ROOT, healthy, on_port, started
from tests.image.dockerfile import Image, context, instructions
from tests.support.api import Api
from tests.support.postgres import free_port

# Built once: where tests run side by side, all of the image's run in one place.
pytestmark = pytest.mark.xdist_group("image")


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
