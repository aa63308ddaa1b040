"""Documents that an independent generator makes of the schema: whatever it thinks of is answered.

Every field of Query and of Mutation, with any arguments that the schema allows, also such as make no
sense. An answer is data, or refusals in the words of the contract; never a fault.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st
from hypothesis_graphql import from_schema, nodes

from sessional.graph.schema import schema
from sessional.store.migrate import migrate_postgres
from tests.contract.test_nothing_internal import leaks
from tests.support.api import Api
from tests.support.server import running

# How many documents for each database; more with the variable.
EXAMPLES = int(os.environ.get("TEST_DOCUMENTS", "80"))
NUMBERS = st.integers(min_value=-1, max_value=20).map(str)
INSTANTS = st.sampled_from(
    [
        "1970-01-01T00:00:00Z",
        "2026-11-30T09:00:00Z",
        "2038-01-19T03:14:08Z",
        "2030-02-29T25:00:00Z",
        "soon",
        "",
    ]
)
DATES = st.sampled_from(["2026-11-30", "2028-02-29", "9999-12-31", "0001-01-01", "2027-02-29", "x"])
SCALARS = {
    "DateTime": INSTANTS.map(nodes.String),
    "Date": DATES.map(nodes.String),
    "ID": st.one_of(NUMBERS, st.text(max_size=8)).map(nodes.String),
}
# What a fault is called. A deadline is none: a document may ask for a lot.
FAULTS = {"INTERNAL_ERROR", "UNAVAILABLE"}


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def api(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """A server with demonstration data; its log-in lasts long enough."""
    folder: Path = tmp_path_factory.mktemp("generated")
    url = f"sqlite:///{folder}/demo.db"
    if request.param == "postgres":
        url = asyncio.run(_database(request.getfixturevalue("postgres_server")))
    with running(url, folder, "--demo", SESSIONAL_ACCESS_TOKEN_SECONDS="3600") as server:
        yield Api(server.url).log_in()
        log = server.log.read_text(encoding="utf-8", errors="replace")
    assert "Traceback" not in log


async def _database(server: str) -> str:
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute("CREATE DATABASE generated_documents")
    await connection.close()
    await migrate_postgres(url := f"{server}/generated_documents")
    return url


@seed(20261125)
@settings(max_examples=EXAMPLES, derandomize=False, database=None)
@given(document=from_schema(schema(), custom_scalars=SCALARS, allow_x00=True))
def test_every_document_that_the_schema_allows_is_answered_without_a_fault(api: Api, document: str) -> None:
    response = api.send(document)
    assert response.status_code in (200, 400), response.text
    answer: dict[str, Any] = response.json()
    for error in answer.get("errors", ()):
        assert error["extensions"]["code"] not in FAULTS, (document, error)
        assert leaks(error["message"]) == [], error
