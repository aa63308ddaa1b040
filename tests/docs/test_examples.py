"""Every example of the pages is followed, and answers what the page shows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from graphql import parse, validate

from sessional.demo import load_demo
from sessional.graph.schema import schema
from sessional.keyring import Keyring
from sessional.store.migrate import migrate_sqlite
from tests.docs.following import ADDRESS, FAILS, NOT_RUN, POSTGRES, STAYS, Reader, decoded
from tests.docs.likeness import differences, other_ids, same_lines
from tests.docs.pages import ROOT, Block, blocks, pages
from tests.support.postgres import free_port
from tests.support.server import SECRET, running

RUN = frozenset({"sh", "graphql", "python", "js"})
# What is only looked at: answers, files, other programs' configuration.
READ = frozenset({"json", "text", "ini", "nginx", "yaml", "sql"})
VARIABLES = "json variables"


def runnable(page: Path) -> list[Block]:
    return [b for b in blocks(page) if b.language in RUN and not b.note.startswith(NOT_RUN)]


WITH_EXAMPLES = [page for page in pages() if runnable(page)]


def named(page: Path) -> str:
    return str(page.relative_to(ROOT))


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database with demonstration data, to be copied."""
    path = tmp_path_factory.mktemp("demonstration") / "sessional.db"
    migrate_sqlite(path)
    load_demo(path, datetime.now(UTC).date(), keyring=Keyring([SECRET]))
    return path


@pytest.fixture
def reader(tmp_path: Path, demonstration: Path, request: pytest.FixtureRequest) -> Iterator[Reader]:
    """Somebody in an empty folder, with a server of demonstration data unless the page starts its own."""
    page: Path = request.param
    with ExitStack() as stack:
        port = free_port()
        if needs_server(page):
            shutil.copy(demonstration, tmp_path)
            (tmp_path / "sessional.db.key").write_text(SECRET)
            server = running(f"sqlite:///{tmp_path}/sessional.db", tmp_path)
            port = int(stack.enter_context(server).url.rpartition(":")[2])
        needs_postgres = POSTGRES in page.read_text(encoding="utf-8")
        url = request.getfixturevalue("postgres_url") if needs_postgres else POSTGRES
        reader = Reader(tmp_path, port, url)
        stack.callback(reader.close)
        yield reader


def needs_server(page: Path) -> bool:
    """Whether the page asks a server that it does not start itself."""
    run = runnable(page)
    asks = any(block.language == "graphql" or ADDRESS in block.text for block in run)
    return asks and STAYS not in {block.note for block in run}


@pytest.mark.parametrize(
    ("reader", "page"), [(p, p) for p in WITH_EXAMPLES], indirect=["reader"], ids=map(named, WITH_EXAMPLES)
)
def test_every_example_of_a_page_answers_what_the_page_shows(reader: Reader, page: Path) -> None:
    all_blocks = blocks(page)
    for at, block in enumerate(all_blocks):
        if block.language not in RUN or block.note.startswith(NOT_RUN):
            continue
        following = all_blocks[at + 1 :]
        variables = decoded(reader.here(following.pop(0).text)) if _is(following, VARIABLES) else {}
        output = _follow(reader, block, variables)
        if _is(following, "json"):
            shown, got = decoded(following[0].text), _json(output, block)
            assert list(differences(shown, got)) == [], f"{block.place}\n{output}"
            reader.learn(other_ids(shown, got))
        elif _is(following, "text"):
            assert same_lines(following[0].text, str(output)), f"{block.place}\n{output}"


def _is(following: list[Block], info: str) -> bool:
    """Whether an answer (or variables) follows right away, before any other example."""
    return bool(following) and following[0].info == info


def _follow(reader: Reader, block: Block, variables: dict[str, object]) -> object:
    if block.note == STAYS:
        return reader.stays(block)
    if block.language == "sh":
        return reader.sh(block)
    if block.language == "graphql":
        return reader.graphql(block, variables)
    return reader.program(block)


def _json(output: object, block: Block) -> object:
    try:
        return decoded(output) if isinstance(output, str) else output
    except ValueError:
        raise AssertionError(f"{block.place} answers no JSON:\n{output}") from None


@pytest.mark.parametrize("page", pages(), ids=named)
def test_every_graphql_document_of_a_page_fits_the_schema(page: Path) -> None:
    found = {b.place: validate(schema(), parse(b.text)) for b in blocks(page) if b.language == "graphql"}
    assert {place: errors for place, errors in found.items() if errors} == {}


@pytest.mark.parametrize("page", pages(), ids=named)
def test_every_block_is_run_or_says_why_not(page: Path) -> None:
    for block in blocks(page):
        assert block.language in RUN | READ, f"{block.place}: what is “{block.info}”?"
        reason = block.note.removeprefix(NOT_RUN) if block.note.startswith(NOT_RUN) else "run"
        assert len(reason) > 2, f"{block.place}: not run, and no reason"
        if block.note.startswith(NOT_RUN) or block.note in (STAYS, FAILS):
            assert block.language in RUN, f"{block.place}: “{block.note}” means nothing here"
