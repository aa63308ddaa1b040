"""The record is chained: what is altered, removed or left out is found by `sessional verify`."""

from __future__ import annotations

import asyncio
import random
from pathlib import Path

import orjson
import pytest
import typer

from sessional.actions import sealing
from sessional.cli.exchange import import_file
from sessional.cli.users import user_disable
from sessional.cli.verify import verify
from tests.booking.books import Books
from tests.booking.in_process import started
from tests.diary_api.conftest import Practice
from tests.record.conftest import last, sealed
from tests.support.server import SECRET

LETTING = {
    True: (
        "DROP TRIGGER IF EXISTS audit_event_is_not_changed",
        "DROP TRIGGER IF EXISTS audit_event_is_not_deleted",
        "DROP TRIGGER IF EXISTS audit_link_is_not_changed",
        "DROP TRIGGER IF EXISTS audit_link_is_not_deleted",
    ),
    False: (
        "ALTER TABLE audit_event DISABLE TRIGGER audit_event_is_kept",
        "ALTER TABLE audit_link DISABLE TRIGGER audit_link_is_kept",
    ),
}


async def filled(books: Books, count: int = 6) -> None:
    """Some entries, all in the chain, and nothing that keeps somebody from changing them."""
    async with started(books.url) as client:
        for number in range(count):
            document = (
                f'mutation {{ addRoom(input: {{name: "{random.random()} {number}"}}) {{ replayed }} }}'
            )
            await client.post("/graphql", json={"query": document})
    assert not await books.run("SELECT 1 FROM audit_waiting")
    for statement in LETTING[books.path is not None]:
        await books.run(statement)


@pytest.fixture
async def books(database_url: str) -> Books:
    books = await Books(database_url).prepare()
    await filled(books)
    return books


async def findings(books: Books, capsys: pytest.CaptureFixture[str]) -> str:
    """What verify finds beside what ``filled`` has switched off itself."""
    capsys.readouterr()
    try:
        await asyncio.to_thread(verify, books.url)
    except typer.Exit:
        *lines, _ = capsys.readouterr().out.splitlines()
        return "\n".join(line for line in lines if not line.startswith("The trigger audit_"))
    return ""


async def test_a_record_that_nobody_touched_verifies(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await books.value("SELECT count(*) FROM audit_link") == 6
    assert await findings(books, capsys) == ""


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE audit_event SET username = 'somebody else' WHERE audit_event_id = 3", "at position 3"),
        ("UPDATE audit_event SET state_after = '{}' WHERE audit_event_id = 6", "at position 6"),
        ("UPDATE audit_event SET happened_at = happened_at - 1 WHERE audit_event_id = 1", "at position 1"),
        ("DELETE FROM audit_event WHERE audit_event_id = 4", "at position 4: its event is gone"),
        ("DELETE FROM audit_link WHERE position = 2", "at position 3: links before it are missing"),
        ("UPDATE audit_link SET hash = 'f' WHERE position = 2", "at position 2"),
    ],
)
async def test_what_is_altered_or_removed_is_found(
    books: Books, capsys: pytest.CaptureFixture[str], statement: str, said: str
) -> None:
    await books.run(statement)
    assert said in await findings(books, capsys)


async def test_an_event_that_is_kept_out_of_the_chain_is_found(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    columns = "happened_at, account_id, username, role, action, outcome, request_id"
    await books.run(
        f"INSERT INTO audit_event ({columns}) VALUES (1, 1, 'ann', 'ADMIN', 'forged', 'DONE', '')"
    )
    await books.run("DELETE FROM audit_waiting")
    assert "was never linked" in await findings(books, capsys)


async def test_two_services_at_once_make_one_chain_without_gaps(
    practice: Practice, therapist: int, capsys: pytest.CaptureFixture[str]
) -> None:
    async def book(client: object, place: int) -> None:
        given = {"t": str(therapist), "s": f"2031-03-{1 + place // 20:02}T{place % 20:02}:00:00Z"}
        document = (
            "mutation($t: ID!, $s: DateTime!) { bookAppointment(input: "
            '{therapistId: $t, startsAt: $s, service: "one-off"}) { appointment { appointmentId } } }'
        )
        answer = (await client.post("/graphql", json={"query": document, "variables": given})).json()
        assert answer["data"]["bookAppointment"]["appointment"] is not None, answer

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sessional.web.app.SECONDS_BETWEEN_SEALS", 0.01)
        patched.setattr(sealing, "LINKED_TOGETHER", 7)
        async with started(practice.books.url) as one, started(practice.books.url) as other:
            for first in range(0, 120, 24):
                places = range(first, first + 24)
                await asyncio.gather(*(book((one, other)[place % 2], place) for place in places))
            await sealed(practice.books)
    gaps = "SELECT count(*), min(position), max(position) FROM audit_link"
    count, least, most = (await practice.books.run(gaps))[0]
    assert count == most - least + 1 >= 120
    assert await findings(practice.books, capsys) == ""


async def test_the_command_line_is_on_record_and_in_the_chain_at_once(
    books: Books, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SESSIONAL_ENCRYPTION_KEY", SECRET)
    await asyncio.to_thread(user_disable, "ben", books.url)
    file = tmp_path / "lines.jsonl"
    file.write_bytes(orjson.dumps({"kind": "closure", "onDate": "2031-12-25", "name": "Christmas"}))
    for _ in range(2):  # the second time there is nothing new
        await asyncio.to_thread(import_file, str(file), books.url)
    disabled, imported = (await last(books))[6:]
    assert (disabled["action"], disabled["role"], disabled["object_id"]) == ("user disable", "OPERATOR", 2)
    assert disabled["state_after"] == {"username": "ben"}
    assert (imported["action"], imported["state_after"]) == ("import", {"records": 1})
    assert not await books.run("SELECT 1 FROM audit_waiting")
    assert await findings(books, capsys) == ""
