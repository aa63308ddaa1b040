"""/healthz and /readyz, with databases that really cannot be written."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from sessional.store.migrate import migrate_postgres
from tests.observe.service import Service, get, locked, service, until
from tests.support.server import running


def test_a_sqlite_file_that_is_locked_is_not_ready_until_it_is_free(tmp_path: Path) -> None:
    with service(tmp_path) as served:
        with locked(served.file):
            answer = get(f"{served.url}/readyz", **{"X-Request-Id": "while-locked"})
            assert answer.status_code == 503
            reason = {"status": "unavailable", "reason": "the database cannot be written"}
            assert answer.json() == reason
            assert get(f"{served.url}/healthz").status_code == 200
        assert until(lambda: get(f"{served.url}/readyz").status_code == 200)
        text = served.stopped()
    (line,) = [line for line in text.splitlines() if "while-locked" in line]
    assert " WARNING GET /readyz 503 " in line


def test_a_postgresql_that_became_read_only_is_not_ready_until_it_can_be_written(
    postgres_url: str, tmp_path: Path
) -> None:
    asyncio.run(migrate_postgres(postgres_url))
    with running(postgres_url, tmp_path) as server:
        ready = f"{server.url}/readyz"
        asyncio.run(_read_only(postgres_url, "on"))
        assert until(lambda: get(ready).json().get("reason") == "the database cannot be written")
        assert {get(ready).status_code for _ in range(5)} == {503}
        asyncio.run(_read_only(postgres_url, "off"))
        assert until(lambda: get(ready).status_code == 200)


async def _read_only(url: str, value: str) -> None:
    """For all sessions to come, and there are only those to come."""
    server, _, name = url.rpartition("/")
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {value}")
    await connection.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", name
    )
    await connection.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("health")) as found:
        yield found


@pytest.mark.parametrize("page", ["healthz", "readyz", "metrics"])
def test_nobody_needs_a_token_to_look(served: Service, page: str) -> None:
    answer = get(f"{served.url}/{page}")
    assert (answer.status_code, answer.headers["cache-control"]) == (200, "no-store")


def test_an_unknown_path_is_plainly_not_found(served: Service) -> None:
    answer = get(f"{served.url}/no/such/page", **{"X-Request-Id": "no-such-page"})
    assert (answer.status_code, answer.text) == (404, "Not Found")
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["x-request-id"] == "no-such-page"
