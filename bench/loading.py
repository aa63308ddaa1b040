"""Fills the databases: with Sessional's own commands where it takes part, else by COPY.

Must not know: how load is made, what is measured.
"""

import asyncio
import os
import subprocess
from pathlib import Path

import asyncpg

from bench import data
from bench.servers import BINARIES, ROOT

MIGRATIONS = ROOT / "src/sessional/store/migrations/postgres"


class LoadingFailed(Exception):
    """The data did not get into the database."""


def import_file(file: Path, url: str) -> None:
    """By Sessional's own road: its schema, its import."""
    if url.startswith("postgresql"):
        sessional("migrate", "--database", url)
    sessional("import", str(file), "--database", url)
    if url.startswith("postgresql"):
        tidy(url)


def sessional(*arguments: str) -> None:
    done = subprocess.run(
        [BINARIES / "sessional", *arguments],
        capture_output=True, text=True, check=False, cwd=ROOT, env=os.environ,
    )  # fmt: skip
    if done.returncode:
        raise LoadingFailed(f"sessional {arguments[0]}: {done.stdout[-1000:]}{done.stderr[-2000:]}")


def copy(count: int, url: str) -> None:
    """Without Sessional: its migrations as they are, and the same rows by COPY."""
    asyncio.run(_copy(count, url))
    tidy(url)


async def _copy(count: int, url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for file in sorted(MIGRATIONS.glob("*.sql")):
            await connection.execute(file.read_text())
        await _copy_therapists(connection)
        await _copy_appointments(connection, count)
    finally:
        await connection.close()


async def _copy_therapists(connection: asyncpg.Connection) -> None:
    numbers = {name: number for number, name in enumerate(data.SPECIALISMS, 1)}
    rows = list(data.therapists())
    await connection.copy_records_to_table(
        "specialism", columns=["specialism_id", "name", "search_name"],
        records=[(number, name, name.lower()) for name, number in numbers.items()],
    )  # fmt: skip
    await connection.copy_records_to_table(
        "therapist",
        columns=["therapist_id", "first_name", "last_name", "search_name", "time_zone"],
        records=[(n, f, s, f"{f} {s}".lower(), "Europe/London") for n, f, s, _ in rows],
    )
    await connection.copy_records_to_table(
        "therapist_specialism", columns=["therapist_id", "specialism_id"],
        records=[(number, numbers[name]) for number, _, _, names in rows for name in names],
    )  # fmt: skip


async def _copy_appointments(connection: asyncpg.Connection, count: int) -> None:
    await connection.copy_records_to_table(
        "appointment",
        columns=["therapist_id", "appointment_id", "service_code", "starts_at", "ends_at"],
        records=(
            (therapist, number, service, start, start + duration)
            for number, therapist, start, duration, service in data.appointments(count)
        ),
    )
    await connection.execute(
        f"SELECT setval(pg_get_serial_sequence('appointment', 'appointment_id'), {count})"
    )


async def run(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


def tidy(url: str) -> None:
    """What the nightly upkeep of a real server would have done."""
    asyncio.run(run(url, "VACUUM ANALYZE", "CHECKPOINT"))


def checkpoint(url: str) -> None:
    """Before a run, so that no run pays for what an earlier one wrote."""
    asyncio.run(run(url, "CHECKPOINT"))


def create_database(url: str, name: str) -> str:
    """Another database on the same server; answers its address."""
    asyncio.run(run(url, f"CREATE DATABASE {name}"))
    return f"{url.rpartition('/')[0]}/{name}"
