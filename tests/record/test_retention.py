"""What has been kept for as long as it shall be is erased by one command, and the record stays whole."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
import typer

from sessional.actions import retention as periods
from sessional.cli.retention import retention
from sessional.cli.verify import verify
from tests.booking.books import Books
from tests.booking.in_process import started
from tests.diary_api.conftest import Practice
from tests.record.conftest import last
from tests.record.test_changes import client

DAY = 86_400
# Clients who were added so many days ago, of whom one was taken in without a word of when.
ADDED = {"never came": 1500, "may come": 30, "was there": None}
# Clients who never had a session: how many days ago they joined the waitlist, and how they are on it.
WAITED = {"gave up long ago": (1500, "LEFT"), "gave up": (30, "LEFT"), "waits": (1500, "WAITING")}


@pytest.fixture
async def books(database_url: str, monkeypatch: pytest.MonkeyPatch) -> Books:
    """A practice in which nothing is kept for good."""
    monkeypatch.setenv("SESSIONAL_RETENTION_CLIENT_DAYS", "1000")
    monkeypatch.setenv("SESSIONAL_RETENTION_AUDIT_DAYS", "100")
    return await Books(database_url).prepare()


async def run(books: Books, *, yes: bool, capsys: pytest.CaptureFixture[str]) -> str:
    capsys.readouterr()
    await asyncio.to_thread(retention, yes, books.url)
    return capsys.readouterr().out


async def clients(books: Books) -> dict[str, int]:
    """A client whose last session was long ago, one who came lately, one who comes again, one who never
    had a session, one who waited for one long ago, one who did lately, and one who still does; and those
    who were ``ADDED``."""
    therapist, now = await books.therapist(), int(time.time())
    days: dict[str, list[int]] = {
        "gone": [-2000, -1500],
        "lately": [-1500, -900],
        "again": [-1500, 30],
        "new": [],
        **{name: [] for name in WAITED},
        **{name: [] for name in ADDED},
    }
    async with started(books.url) as http:
        numbers = {name: await client(Practice(http, books), name) for name in days}
    for place, (name, spans) in enumerate(days.items()):
        for span in spans:
            session = await books.session(therapist, now + span * DAY + place * 7200)
            join = "INSERT INTO appointment_client (appointment_id, client_id) VALUES ($1, $2)"
            await books.run(join, session, numbers[name])
    for name, (days_ago, status) in WAITED.items():
        await books.run(
            "INSERT INTO waitlist_entry "
            "(client_id, service_code, from_at, until_at, joined_at, status, turn) "
            "VALUES ($1, 'one-off', 1, 2, $2, $3, 1)",
            numbers[name],
            now - days_ago * DAY,
            status,
        )
    for name, days_ago in ADDED.items():
        at = None if days_ago is None else now - days_ago * DAY
        await books.run("UPDATE client SET added_at = $1 WHERE client_id = $2", at, numbers[name])
    return numbers


async def names(books: Books) -> list[str]:
    return [row[0] for row in await books.run("SELECT name FROM client ORDER BY client_id")]


async def test_clients_are_erased_who_have_not_come_for_so_long_and_nobody_else(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = await clients(books)
    before = await names(books)
    said = await run(books, yes=False, capsys=capsys)
    assert said.startswith("Would be erased: 3 clients, 0 entries of the record.")
    assert await names(books) == before
    said = await run(books, yes=True, capsys=capsys)
    assert said.startswith("Erased: 3 clients, 0 entries of the record.")
    erased = {"gone", "gave up long ago", "never came"}
    assert await names(books) == [f"Erased client {numbers[n]}" if n in erased else n for n in before]
    done = [(e["action"], e["object_id"]) for e in await last(books) if e["role"] == "OPERATOR"]
    assert done == [
        ("retention", numbers["gone"]),
        ("retention", numbers["gave up long ago"]),
        ("retention", numbers["never came"]),
        ("retention", None),
    ]
    assert (await run(books, yes=True, capsys=capsys)).startswith("Erased: 0 clients")


async def test_either_period_leaves_alone_what_the_other_is_for(
    books: Books, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a period of their own clients are kept for good, and so is the record."""
    await aged(books, 12)
    await clients(books)
    before = await names(books)
    monkeypatch.setenv("SESSIONAL_RETENTION_AUDIT_DAYS", "0")
    assert "3 clients, 0 entries" in await run(books, yes=False, capsys=capsys)
    monkeypatch.setenv("SESSIONAL_RETENTION_AUDIT_DAYS", "100")
    monkeypatch.setenv("SESSIONAL_RETENTION_CLIENT_DAYS", "0")
    said = await run(books, yes=True, capsys=capsys)
    assert said.startswith("Erased: 0 clients, 10 entries of the record.")
    assert await names(books) == before
    assert await books.value("SELECT count(*) FROM client WHERE added_at IS NULL") > 0


async def test_a_client_is_kept_to_the_day(books: Books, capsys: pytest.CaptureFixture[str]) -> None:
    """Whose last session is not yet so long ago, by an hour, stays; so does one who is offered a time."""
    therapist, now = await books.therapist(), int(time.time())
    async with started(books.url) as http:
        numbers = {name: await client(Practice(http, books), name) for name in ("stays", "goes", "offered")}
    sql = "INSERT INTO appointment_client (appointment_id, client_id) VALUES ($1, $2)"
    for name, hours in (("stays", 1), ("goes", -2), ("offered", -30)):
        session = await books.session(therapist, now - 1000 * DAY + hours * 3600 - 3600)
        await books.run(sql, session, numbers[name])
    await books.run("UPDATE client SET added_at = 1")
    await books.run(
        "INSERT INTO waitlist_entry (client_id, service_code, from_at, until_at, joined_at, status, turn, "
        "offered_id, offered_until, offered_therapist_id, offered_starts_at, offered_ends_at) "
        "VALUES ($1, 'one-off', 1, 2, 1, 'OFFERED', 1, 99, 4000000000, $2, 1, 2)",
        numbers["offered"],
        therapist,
    )
    assert (await run(books, yes=True, capsys=capsys)).startswith("Erased: 1 client,")
    assert await names(books) == ["stays", f"Erased client {numbers['goes']}", "offered"]


async def test_a_client_for_whom_somebody_books_meanwhile_stays_and_the_others_go(
    books: Books, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    numbers = await clients(books)
    gone, therapist = numbers["gone"], await books.therapist()
    looked = periods.clients_long_gone

    async def late(fetch: Any, period: Any, *, now: int, after: int = 0) -> list[int]:
        """Found to be gone, and then booked for before anything is erased."""
        found = await looked(fetch, period, now=now, after=after)
        if gone in found:
            session = await books.session(therapist, now + 30 * DAY)
            sql = "INSERT INTO appointment_client (appointment_id, client_id) VALUES ($1, $2)"
            await books.run(sql, session, gone)
        return found

    monkeypatch.setattr("sessional.cli.retention.clients_long_gone", late)
    capsys.readouterr()
    await asyncio.to_thread(retention, True, books.url)
    said = capsys.readouterr()
    assert said.out.startswith("Erased: 2 clients")
    assert said.err == f"Client {gone} has a session again and stays.\n"
    assert "gone" in await names(books)


async def test_where_nothing_has_come_to_its_end_nothing_is_put_on_record(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    await run(books, yes=True, capsys=capsys)
    assert await books.value("SELECT count(*) FROM audit_event") == 0


async def test_who_was_taken_in_without_a_word_of_when_is_kept_from_the_first_run_on(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    numbers = await clients(books)
    since = "SELECT added_at FROM client WHERE client_id = $1"
    await run(books, yes=False, capsys=capsys)
    assert await books.value(since, numbers["was there"]) is None
    await run(books, yes=True, capsys=capsys)
    assert time.time() - await books.value(since, numbers["was there"]) < 60
    assert time.time() - await books.value(since, numbers["may come"]) > 29 * DAY


async def aged(books: Books, count: int) -> None:
    """Entries of which all but the last two are old, all in the chain."""
    now = int(time.time())
    for number in range(count):
        at = now - (200 * DAY if number < count - 2 else 0)
        columns = "happened_at, account_id, username, role, action, outcome, request_id"
        await books.run(
            f"INSERT INTO audit_event ({columns}) VALUES ($1, 1, 'ann', 'ADMIN', 'addRoom', 'DONE', '')", at
        )
    async with started(books.url):  # links what waits when it stops
        pass


@pytest.mark.parametrize("together", [2_000, 3])
async def test_old_entries_are_removed_from_the_beginning_and_the_rest_still_verifies(
    books: Books, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(periods, "PRUNED_TOGETHER", together)
    await aged(books, 12)
    said = await run(books, yes=False, capsys=capsys)
    assert said.startswith("Would be erased: 0 clients, 10 entries of the record.")
    assert await books.value("SELECT count(*) FROM audit_event") == 12
    said = await run(books, yes=True, capsys=capsys)
    assert said.startswith("Erased: 0 clients, 10 entries of the record.")
    positions = await books.run("SELECT position FROM audit_link ORDER BY position")
    assert positions == [(11,), (12,), (13,)]
    (*_, entry) = await last(books)
    assert (entry["action"], entry["state_after"]) == (
        "retention",
        {"clients": 0, "entries": 10, "recordBeginsAfter": 10},
    )
    capsys.readouterr()
    await asyncio.to_thread(verify, books.url)
    assert "nothing is wrong" in capsys.readouterr().out


async def test_the_next_run_begins_where_the_last_has_ended(
    books: Books, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a record of which everything is old is removed to its end."""
    await aged(books, 12)
    await run(books, yes=True, capsys=capsys)
    said = await run(books, yes=False, capsys=capsys)
    assert said.startswith("Would be erased: 0 clients, 0 entries of the record.")
    late = int(time.time()) + 300 * DAY
    monkeypatch.setattr(time, "time", lambda: late)
    said = await run(books, yes=False, capsys=capsys)
    assert said.startswith("Would be erased: 0 clients, 3 entries of the record.")
    assert (await run(books, yes=True, capsys=capsys)).startswith("Erased: 0 clients, 3 entries")
    assert await books.run("SELECT position FROM audit_link ORDER BY position") == [(14,)]


async def test_what_was_altered_is_found_also_behind_the_new_beginning(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    await aged(books, 6)
    await run(books, yes=True, capsys=capsys)
    change = "UPDATE audit_event SET username = 'somebody' WHERE audit_event_id = 5"
    with pytest.raises(Exception, match="only ever added to"):
        await books.run(change)
    if books.path is not None:
        await books.run("DROP TRIGGER audit_event_is_not_changed")
    else:
        await books.run("ALTER TABLE audit_event DISABLE TRIGGER audit_event_is_kept")
    await books.run(change)
    with pytest.raises(typer.Exit):
        await asyncio.to_thread(verify, books.url)
    assert "at position 5" in capsys.readouterr().out


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM audit_event WHERE audit_event_id = 5",
        "DELETE FROM audit_link WHERE position = 5",
        "UPDATE audit_start SET position = 5",
        "UPDATE audit_start SET position = 5, hash = 'made up'",
        "DELETE FROM audit_start",
    ],
)
async def test_the_database_lets_the_record_begin_at_one_of_its_links_alone(
    books: Books, statement: str
) -> None:
    await aged(books, 6)
    with pytest.raises(Exception, match=r"only ever added to|begins at one of its links"):
        await books.run(statement)


async def test_without_periods_everything_is_kept_for_good(
    books: Books, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    await clients(books)
    settings: Any = ("SESSIONAL_RETENTION_CLIENT_DAYS", "SESSIONAL_RETENTION_AUDIT_DAYS")
    for name in settings:
        monkeypatch.delenv(name)
    assert "kept for good" in await run(books, yes=True, capsys=capsys)
    assert "gone" in await names(books)
