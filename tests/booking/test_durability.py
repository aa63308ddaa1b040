"""What is acknowledged is on disk: the settings that make it so, and what happens when the disk says no."""

from __future__ import annotations

import asyncio
import gc
import resource
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import apsw
import pytest

from sessional.errors import SlotTaken, Unavailable
from sessional.store import sqlite
from sessional.store.sqlite import SqliteStore, connect
from sessional.store.store import Transaction
from tests.booking.books import ANN, Books, assert_sound
from tests.booking.clients import BOOK, HOUR, TEN, Asked, client, clients
from tests.booking.in_process import SqliteRecorder, started
from tests.booking.own_postgres import OwnPostgres
from tests.support.server import Server, running


@pytest.fixture
def books(fresh_sqlite: Books) -> Books:
    return fresh_sqlite


# ---- SQLite's settings --------------------------------------------------------------------------

FULL = 2


async def test_every_connection_of_the_service_writes_ahead_and_waits_for_the_disk(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The writer's, the one that reads in the event loop, and those that read in threads."""
    # Whatever is asked goes on in a thread after its first step.
    monkeypatch.setattr(sqlite, "STEPS_BETWEEN_LOOKS", 1)
    monkeypatch.setattr(sqlite, "LOOKS_IN_LOOP", 0)
    before = set(map(id, apsw.connections()))
    async with started(books.url) as one:
        therapist = await books.therapist()
        wish = Asked(therapist_id=therapist, starts_at=TEN)
        await one.post("/graphql", json={"query": BOOK, "variables": {"input": wish.input()}})
        query = "query($name: String) { therapists(filters: {name: $name}) { edges { node { id } } } }"
        asked = [{"query": query, "variables": {"name": name}} for name in "abc"]
        await asyncio.gather(*(one.post("/graphql", json=each) for each in asked))
        found = [c for c in apsw.connections() if id(c) not in before and c.db_filename("main")]
        assert len(found) >= 3
        for connection in found:
            assert connection.pragma("synchronous") == FULL
            assert connection.pragma("journal_mode") == "wal"
            assert connection.pragma("foreign_keys") == 1


@pytest.mark.parametrize("read_only", [False, True])
def test_a_connection_is_made_with_these_settings(books: Books, read_only: bool) -> None:
    assert books.path is not None
    connection = connect(books.path, read_only=read_only)
    assert connection.pragma("synchronous") == FULL
    assert connection.pragma("journal_mode") == "wal"
    assert connection.pragma("foreign_keys") == 1
    connection.close()


def test_a_connection_for_reading_cannot_write(books: Books) -> None:
    assert books.path is not None
    connection = connect(books.path, read_only=True)
    with pytest.raises(apsw.ReadOnlyError):
        connection.execute("DELETE FROM appointment")
    connection.close()


# ---- SQLite's files -----------------------------------------------------------------------------

# What another program does: it opens the file, looks, and closes it.
VISIT = """
import apsw, sys
connection = apsw.Connection(sys.argv[1])
connection.execute("SELECT * FROM account").fetchall()
connection.close()
"""


def visit(path: Path) -> None:
    subprocess.run([sys.executable, "-c", VISIT, str(path)], check=True)


def journal(path: Path) -> int:
    """The journal's identity: another number is another file."""
    return path.with_name(f"{path.name}-wal").stat().st_ino


async def test_a_visitor_who_closes_the_file_does_not_take_the_servers_journal_away(
    books: Books,
) -> None:
    """Locks of one process on one file are lost when any part of it closes the file. All rubbish of
    the start is collected first: it must not close anything."""
    assert books.path is not None
    async with started(books.url) as one:
        therapist = await books.therapist()
        gc.collect()
        before = journal(books.path)
        for hour in range(3):
            visit(books.path)
            wish = Asked(therapist_id=therapist, starts_at=TEN + hour * HOUR)
            answer = await one.post("/graphql", json={"query": BOOK, "variables": {"input": wish.input()}})
            assert answer.json()["data"]["bookAppointment"]["errors"] == []
            assert len(await books.diary(therapist)) == hour + 1
        assert journal(books.path) == before


@pytest.mark.parametrize("workers", ["1", "2"])
async def test_visitors_come_and_go_while_people_book_and_every_booking_is_seen_by_all(
    books: Books, tmp_path: Path, workers: str
) -> None:
    assert books.path is not None
    therapist = await books.therapist()
    with running(books.url, tmp_path, "--workers", workers) as server:
        before = journal(books.path)
        async with clients(server.url, 8, ANN) as everybody:
            for round_ in range(4):
                await asyncio.to_thread(visit, books.path)
                wishes = [
                    Asked(therapist_id=therapist, starts_at=TEN + (round_ * 8 + n) * HOUR) for n in range(8)
                ]
                outcomes = await asyncio.gather(
                    *(one.book(wish) for one, wish in zip(everybody, wishes, strict=True))
                )
                assert {outcome.code for outcome in outcomes} == {None}
                assert len(await books.diary(therapist)) == 8 * (round_ + 1)
        assert journal(books.path) == before


# ---- a disk that is full ------------------------------------------------------------------------


@contextmanager
def no_room(server: Server) -> Iterator[None]:
    """No file of the server's may grow: to SQLite, a commit that cannot be written."""
    pid = server.process.pid
    _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, most))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))


async def test_a_commit_that_cannot_be_written_acknowledges_nobody_and_leaves_nothing(
    books: Books, tmp_path: Path
) -> None:
    """All who were committed together are told to try again, and may: without a restart."""
    therapist = await books.therapist()
    wishes = [Asked(therapist_id=therapist, starts_at=TEN + n * HOUR, key=f"full {n}") for n in range(20)]
    with running(books.url, tmp_path) as server:
        async with clients(server.url, len(wishes), ANN) as everybody:
            with no_room(server):
                told = await asyncio.gather(
                    *(one.book(wish) for one, wish in zip(everybody, wishes, strict=True))
                )
                read = await everybody[0].wire.ask("{ services { totalCount } }")
            assert Counter(outcome.code for outcome in told) == {"UNAVAILABLE": 20}
            assert read == {"data": {"services": {"totalCount": 2}}}
            assert await books.diary(therapist) == []
            told = await asyncio.gather(
                *(one.book(wish) for one, wish in zip(everybody, wishes, strict=True))
            )
    assert Counter((outcome.code, outcome.replayed) for outcome in told) == {(None, False): 20}
    assert len(await books.diary(therapist)) == 20
    await assert_sound(books)


# ---- committed together -------------------------------------------------------------------------


@asynccontextmanager
async def store_of(books: Books) -> AsyncIterator[SqliteStore]:
    assert books.path is not None
    store = SqliteStore(books.path, deadline_seconds=10)
    try:
        yield store
    finally:
        await store.close()


async def _together(store: SqliteStore, actions: list[Any]) -> list[Any]:
    """Run actions that all wait while another one is in hand, so that they are one batch."""
    hold = threading.Event()

    async def holding(tx: Transaction) -> None:
        hold.wait(10)

    first = asyncio.create_task(store.transact(holding))
    await asyncio.sleep(0.05)
    tasks = [asyncio.create_task(store.transact(action)) for action in actions]
    await asyncio.sleep(0.05)
    hold.set()
    await first
    return await asyncio.gather(*tasks, return_exceptions=True)


def adding(therapist: int, hour: int, then: Exception | None = None) -> Any:
    async def action(tx: Transaction) -> int:
        place = {"starts_at": TEN + hour * HOUR, "ends_at": TEN + (hour + 1) * HOUR}
        rows = await tx.fetch(
            "add_appointment", therapist_id=therapist, service_code="one-off", now=0, **place
        )
        if then is not None:
            raise then
        return int(rows[0][0])

    return action


async def test_bookings_that_wait_together_are_committed_together(books: Books) -> None:
    therapist = await books.therapist()
    with SqliteRecorder() as recorder:
        async with store_of(books) as store:
            recorder.taken()
            await _together(store, [adding(therapist, n) for n in range(20)])
            statements = recorder.taken()
    assert statements.count("COMMIT") == 2  # the one that was in hand, and all others
    assert len(await books.diary(therapist)) == 20


@pytest.mark.parametrize(
    "error", [SlotTaken([]), ZeroDivisionError("a mistake of ours")], ids=["a refusal", "a mistake"]
)
async def test_one_that_fails_after_it_wrote_leaves_the_others_of_its_batch_alone(
    books: Books, error: Exception
) -> None:
    therapist = await books.therapist()
    actions = [adding(therapist, n, error if n % 3 == 0 else None) for n in range(12)]
    async with store_of(books) as store:
        outcomes = await _together(store, actions)
    failed = [n for n, outcome in enumerate(outcomes) if outcome is error]
    assert failed == [0, 3, 6, 9]
    told = [(outcome, TEN + n * HOUR) for n, outcome in enumerate(outcomes) if n % 3]
    assert [(row[0], row[1]) for row in await books.diary(therapist)] == told


async def test_one_that_the_trigger_refuses_leaves_the_others_of_its_batch_alone(books: Books) -> None:
    therapist = await books.therapist()
    async with store_of(books) as store:
        outcomes = await _together(store, [adding(therapist, hour) for hour in (0, 1, 1, 2, 0)])
    assert [isinstance(outcome, int) for outcome in outcomes] == [True, True, False, True, False]
    assert len(await books.diary(therapist)) == 3


async def test_one_that_was_given_up_while_it_waited_does_not_hold_up_the_others(books: Books) -> None:
    """Its booking may be made all the same, as after any lost answer: the others are told theirs."""
    therapist = await books.therapist()
    hold = threading.Event()

    async def holding(tx: Transaction) -> None:
        hold.wait(10)

    async with store_of(books) as store:
        first = asyncio.create_task(store.transact(holding))
        await asyncio.sleep(0.05)
        given_up, kept = [asyncio.create_task(store.transact(adding(therapist, n))) for n in range(2)]
        await asyncio.sleep(0.05)
        given_up.cancel()
        hold.set()
        await first
        assert isinstance(await asyncio.wait_for(kept, 5), int)
        assert isinstance(await asyncio.wait_for(store.transact(adding(therapist, 5)), 5), int)


class Failing:
    """A connection whose disk goes away in the middle: ``COMMIT`` fails, and so does what undoes it."""

    def __init__(self, connection: apsw.Connection, trouble: list[str]) -> None:
        self._connection = connection
        self._trouble = trouble

    def execute(self, sql: str, *values: Any) -> Any:
        if self._trouble and sql == self._trouble[0]:
            raise apsw.IOError(f"no disk for {self._trouble.pop(0)}")
        return self._connection.execute(sql, *values)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)


async def test_a_writer_that_cannot_even_undo_its_work_goes_on_with_a_new_connection(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise everybody who books afterwards would wait for ever."""
    therapist, trouble = await books.therapist(), ["COMMIT", "ROLLBACK"]
    real = sqlite.connect
    monkeypatch.setattr(sqlite, "connect", lambda path, **more: Failing(real(path, **more), trouble))
    async with store_of(books) as store:
        with pytest.raises(Unavailable):
            await asyncio.wait_for(store.transact(adding(therapist, 0)), 5)
        assert trouble == []
        number = await asyncio.wait_for(store.transact(adding(therapist, 1)), 5)
    assert [row[0] for row in await books.diary(therapist)] == [number]


async def test_a_file_that_cannot_be_opened_for_writing_is_known_before_anybody_waits(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reading_alone(path: Path, *, read_only: bool = False) -> apsw.Connection:
        if not read_only:
            raise apsw.CantOpenError("too many files are open")
        return connect(path, read_only=True)

    monkeypatch.setattr(sqlite, "connect", reading_alone)
    assert books.path is not None
    with pytest.raises(apsw.CantOpenError):
        SqliteStore(books.path, deadline_seconds=10)


async def test_more_than_one_batch_can_wait(books: Books) -> None:
    therapist = await books.therapist()
    many = sqlite.MOST_TOGETHER * 2 + 10
    async with store_of(books) as store:
        outcomes = await _together(store, [adding(therapist, n) for n in range(many)])
    assert len({outcome for outcome in outcomes if isinstance(outcome, int)}) == many


async def test_what_waits_when_the_store_closes_is_still_committed(books: Books) -> None:
    therapist = await books.therapist()
    async with store_of(books) as store:
        tasks = [asyncio.create_task(store.transact(adding(therapist, n))) for n in range(30)]
        await asyncio.sleep(0)
    assert len({await task for task in tasks}) == 30
    assert len(await books.diary(therapist)) == 30


async def test_a_short_statement_is_not_stopped_by_the_time_limit_of_a_query_before_it(
    books: Books,
) -> None:
    """SQLite counts a remembered statement's steps over all its runs: in time every one is looked at."""
    async with started(books.url) as one:
        for _ in range(3):
            answer = await one.post("/graphql", json={"query": "{ appointments { totalCount } }"})
            assert "errors" not in answer.json()
        await asyncio.sleep(0.02)
        answers = [
            (await one.post("/graphql", json={"query": "{ __typename }"})).json() for _ in range(1500)
        ]
    assert answers == [{"data": {"__typename": "Query"}}] * 1500


# ---- PostgreSQL's settings ----------------------------------------------------------------------

SETTINGS = ["fsync", "full_page_writes", "synchronous_commit"]


async def _start_and_read(url: str, folder: Path) -> list[str]:
    """The lines that the service writes when it starts, up to its first answer."""
    with running(url, folder) as server:
        async with client(server.url, ANN) as one:
            await one.data("{ viewer { role } }")
        return server.log.read_text().splitlines()


async def test_the_start_warns_of_every_setting_of_postgresql_that_can_lose_bookings(
    own_database: OwnPostgres, tmp_path: Path
) -> None:
    books = Books(own_database.url)
    for name in SETTINGS:
        await books.run(f"ALTER SYSTEM SET {name} = off")
    await books.run("SELECT pg_reload_conf()")
    try:
        lines = await _start_and_read(own_database.url, tmp_path)
    finally:
        for name in SETTINGS:
            await books.run(f"ALTER SYSTEM RESET {name}")
        await books.run("SELECT pg_reload_conf()")
    warnings = [line for line in lines if "WARNING" in line]
    for name in SETTINGS:
        (line,) = [line for line in warnings if name in line]
        assert "lose" in line


async def test_the_start_warns_of_nothing_when_postgresql_is_as_it_should_be(
    own_database: OwnPostgres, tmp_path: Path
) -> None:
    lines = await _start_and_read(own_database.url, tmp_path)
    assert [line for line in lines if "WARNING" in line] == []
