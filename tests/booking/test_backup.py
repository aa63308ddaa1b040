"""A backup is one when it has been restored: taken while people book, and sound."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import stat
import subprocess
from collections.abc import Iterator
from pathlib import Path

import apsw
import asyncpg
import pytest

from tests.booking.books import ANN, Books, assert_sound
from tests.booking.clients import TEN, Asked, client
from tests.booking.load import Load, while_booking
from tests.support.server import running, sessional

Done = subprocess.CompletedProcess[str]
_names = itertools.count(1)


@pytest.fixture
def elsewhere(books: Books, tmp_path: Path, postgres_server: str) -> Iterator[str]:
    """An empty place for a database of the same kind as ``books``."""
    if books.path is not None:
        yield f"sqlite:///{tmp_path}/restored/practice.db"
        return
    name = f"restored_{next(_names)}"
    asyncio.run(_said(postgres_server, f"CREATE DATABASE {name}"))
    yield f"{postgres_server}/{name}"
    asyncio.run(_said(postgres_server, f"DROP DATABASE {name} WITH (FORCE)"))


async def _said(server: str, statement: str) -> None:
    connection = await asyncpg.connect(f"{server}/postgres")
    await connection.execute(statement)
    await connection.close()


async def ran(*arguments: str) -> Done:
    return await asyncio.to_thread(sessional, *arguments)


def refused(done: Done) -> str:
    """The one sentence of a command that was refused."""
    assert (done.returncode, done.stdout) == (1, ""), done.stdout + done.stderr
    (line,) = done.stderr.splitlines()
    return line.removeprefix("sessional: ")


async def test_a_backup_taken_under_load_holds_every_booking_that_was_acknowledged_before_it(
    books: Books, tmp_path: Path, elsewhere: str
) -> None:
    """Nothing by halves in it, nothing in its way: whoever books meanwhile is booked."""
    load = Load([await books.therapist() for _ in range(3)], random.Random(5))
    file = tmp_path / "practice.backup"
    with running(books.url, tmp_path) as server:
        task = await while_booking(load, server.url, 8, 0.5)
        before = {outcome.appointment_id for outcome in load.ledger.booked.values()}
        backed_up = await ran("backup", str(file), "--database", books.url)
        meanwhile = len(load.ledger.booked)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert backed_up.returncode == 0, backed_up.stderr
    restored = await ran("restore", str(file), "--database", elsewhere)
    assert restored.returncode == 0, restored.stdout + restored.stderr
    assert restored.stdout.rstrip().endswith("nothing is wrong.")
    other = Books(elsewhere)
    there = {row[0] for row in await other.run("SELECT appointment_id FROM appointment")}
    assert before <= there
    assert len(before) > 10
    assert meanwhile > len(before)
    assert await other.sessions_without_key() == []
    await assert_sound(other)


async def test_what_was_restored_is_served_and_takes_bookings(
    books: Books, tmp_path: Path, elsewhere: str
) -> None:
    """Ids go on above those that were there."""
    therapist = await books.therapist()
    kept = await books.session(therapist, TEN)
    file = str(tmp_path / "practice.backup")
    assert (await ran("backup", file, "--database", books.url)).returncode == 0
    assert (await ran("restore", file, "--database", elsewhere)).returncode == 0
    with running(elsewhere, tmp_path) as server:
        async with client(server.url, ANN) as one:
            taken = await one.book(Asked(therapist_id=therapist, starts_at=TEN))
            free = await one.book(Asked(therapist_id=therapist, starts_at=TEN + 3600))
    assert taken.code == "SLOT_TAKEN"
    assert free.appointment_id is not None
    assert free.appointment_id > kept


async def test_a_backup_is_for_its_owner_alone_and_takes_the_place_of_an_older_one(
    books: Books, tmp_path: Path
) -> None:
    file = tmp_path / "practice.backup"
    file.write_text("an older one")
    file.chmod(0o644)
    assert (await ran("backup", str(file), "--database", books.url)).returncode == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert file.read_bytes() != b"an older one"
    assert [name for name in os.listdir(tmp_path) if name.startswith(".practice")] == []


async def test_a_place_that_holds_something_is_left_as_it_is(books: Books, tmp_path: Path) -> None:
    therapist = await books.therapist()
    file = str(tmp_path / "practice.backup")
    assert (await ran("backup", file, "--database", books.url)).returncode == 0
    session = await books.session(therapist, TEN)
    said = refused(await ran("restore", file, "--database", books.url))
    assert "exists already" in said or "is not empty" in said
    assert [row[0] for row in await books.diary(therapist)] == [session]


async def test_a_file_that_is_no_backup_is_refused_in_a_sentence_and_nothing_is_made(
    books: Books, tmp_path: Path, elsewhere: str
) -> None:
    file = tmp_path / "letter.txt"
    file.write_text("Dear all, the backup is attached.")
    assert refused(await ran("restore", str(file), "--database", elsewhere)) == f"{file} is not a backup."
    missing = tmp_path / "missing"
    said = refused(await ran("restore", str(missing), "--database", elsewhere))
    assert said == f"{missing} cannot be read: No such file or directory."
    assert not (tmp_path / "restored" / "practice.db").exists()


async def test_a_backup_of_the_other_database_is_refused_with_the_way_that_leads_there(
    fresh_sqlite: Books, fresh_postgres: Books, tmp_path: Path
) -> None:
    for one, other, kind in (
        (fresh_sqlite, fresh_postgres, "SQLite"), (fresh_postgres, fresh_sqlite, "PostgreSQL"),
    ):  # fmt: skip
        file = str(tmp_path / f"{kind}.backup")
        assert (await ran("backup", file, "--database", one.url)).returncode == 0
        said = refused(await ran("restore", file, "--database", other.url))
        assert said.startswith(f"{file} is a backup of {kind}, and this is")
        assert "sessional import" in said


async def test_a_backup_of_a_newer_program_is_refused_before_anything_is_written(
    books: Books, tmp_path: Path, elsewhere: str
) -> None:
    file = str(tmp_path / "practice.backup")
    await books.run("UPDATE alembic_version SET version_num = '9999'")
    newer = refused(await ran("backup", file, "--database", books.url)) if books.path else ""
    if books.path is None:
        assert (await ran("backup", file, "--database", books.url)).returncode == 0
        newer = refused(await ran("restore", file, "--database", elsewhere))
        assert await Books(elsewhere).run("SELECT 1 FROM pg_tables WHERE tablename = 'appointment'") == []
    assert "was made by a newer Sessional (its schema is 9999" in newer


async def test_a_damaged_file_is_not_taken_for_a_backup(fresh_sqlite: Books, tmp_path: Path) -> None:
    """Half a page in the middle is gone, as after a bad disk: said when it is copied, and not later."""
    file = tmp_path / "practice.backup"
    assert (await ran("backup", str(file), "--database", fresh_sqlite.url)).returncode == 0
    content = bytearray(file.read_bytes())
    with apsw.Connection(str(file), flags=apsw.SQLITE_OPEN_READONLY) as connection:
        page = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'service'").fetchone()
    at = (page[0] - 1) * 4096  # type: ignore[index]
    content[at : at + 64] = b"\xff" * 64
    file.write_bytes(content)
    elsewhere = tmp_path / "restored" / "practice.db"
    said = refused(await ran("restore", str(file), "--database", f"sqlite:///{elsewhere}"))
    assert said.startswith(f"{file} is damaged: ")
    assert not elsewhere.exists()


async def test_a_database_that_cannot_be_reached_is_named_in_a_sentence_without_its_password(
    tmp_path: Path,
) -> None:
    file = tmp_path / "practice.backup"
    url = "postgresql://ann:correct-horse@127.0.0.1:9/practice"
    said = refused(await ran("backup", str(file), "--database", url))
    assert "127.0.0.1" in said
    assert "correct-horse" not in said
    assert not file.exists()


async def test_a_password_is_told_to_postgresqls_programs_where_nobody_else_can_read_it() -> None:
    """Not among the arguments, which every user of a machine can list."""
    from sessional.store.backup import _address

    address, environment = _address(
        "postgresql://an%40n:corr%2Fect@db.example:5433/practice?sslmode=require"
    )
    assert list(address) == ["--dbname=postgresql://an%40n@db.example:5433/practice?sslmode=require"]
    assert environment == {"PGPASSWORD": "corr/ect"}
