"""`python -m bench.search`: how long a search for free times takes, beside how many therapists.

    python -m bench.search [--quick] [--only sqlite,postgresql] [--picture docs/pictures/search.svg]

Fills throw-away databases, one practice after the other, and prints a table. The search runs in this
process, without HTTP, after rules and hours are known: medians of the time on the clock, in milliseconds,
and what both this process and the database took of the processor, which is what counts on a busy machine.
"""

import argparse
import asyncio
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench import curve, machine
from bench.database import Database, Postgres
from bench.options import some_of
from bench.practices import NOW, Practice, fill_postgres, fill_sqlite
from bench.words import say
from sessional.access import Actor, Role
from sessional.actions.booking import book
from sessional.actions.desk import Desk
from sessional.actions.finding import free_slots, next_free
from sessional.credentials import Lifetimes, Passwords, Tokens
from sessional.diary.values import DAY_SECONDS, Wish
from sessional.store.postgres import PostgresStore
from sessional.store.shape import Column, Form, Leaf
from sessional.store.sqlite import SqliteStore
from sessional.store.store import RowAnswer

ANN = Actor(account_id=1, username="ann", role=Role.ADMIN, session_id="bench")
ROUNDS, ENOUGH_SECONDS = 15, 4
SIZES = (10, 100, 1_000, 10_000)
DATABASES = ["sqlite", "postgresql"]
NAMES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
RARE = "20 free slots of one specialism"
SCARCE = "the only free day of all, booked solid"
RULED = "a booking that obeys hours and rules, durable"
# (search, therapists) -> milliseconds on SQLite, on PostgreSQL
TARGETS = {
    (RARE, 500): (3, 6),
    (RARE, 10_000): (20, 60),
    (SCARCE, 10_000): (200, 400),
    ("200 therapists x 28 days, every slot", 500): (300, 300),
}

Search = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, kw_only=True)
class Measured:
    """One search on one database. ``cpu_ms`` is the processor's time: here, and in the database."""

    search: str
    therapists: int
    database: str
    first_ms: float
    median_ms: float
    cpu_ms: tuple[float, float]


def practices(*, quick: bool) -> list[Practice]:
    if quick:
        return [Practice(therapists=50), Practice(therapists=100, solid=True)]
    usual = [Practice(therapists=size) for size in SIZES]
    solid = [Practice(therapists=size, solid=True) for size in SIZES]
    return [*usual, Practice(therapists=500, sessions_each=2_000), *solid]


def searches(desk: Desk, practice: Practice) -> Iterator[tuple[str, Search]]:
    def page(**search: Any) -> Search:
        asked = {"service": "one-off", **search}
        return lambda: free_slots(desk, ANN, wanted=frozenset({"edges"}), search=asked)

    if practice.solid:
        yield SCARCE, page(until=NOW + 14 * DAY_SECONDS)
        return
    yield RARE, page(specialisms=["rare"])
    if practice.therapists >= 500:
        yield "20 free slots of anybody", page()
        yield "next free of 20 therapists", lambda: next_free(desk, ANN, search={"service": "one-off"})
    if practice.sessions_each > 100:
        some = {"therapist_ids": list(range(1, 201)), "until": NOW + 28 * DAY_SECONDS, "service": "one-off"}
        every: dict[str, Any] = {"wanted": frozenset({"total_count"}), "search": some, "first": 0}
        yield "200 therapists x 28 days, every slot", lambda: free_slots(desk, ANN, **every)
        yield RULED, bookings(desk, practice)


def bookings(desk: Desk, practice: Practice) -> Search:
    """Each call books another therapist's free hour, three days ahead."""
    answer = RowAnswer((Leaf("appointmentId", Column(name="appointment_id"), Form.ID),), desk.store.dialect)
    wishes = (
        Wish(
            therapist_id=therapist_id,
            starts_at=NOW + 3 * DAY_SECONDS + practice.free_hour(therapist_id) * 3600,
            duration_seconds=None,
            service_code="one-off",
            idempotency_key=f"bench {therapist_id}",
        )
        for therapist_id in range(1, practice.therapists + 1)
    )
    return lambda: book(desk, ANN, next(wishes), answer)


async def measured(
    search: Search, processes: Callable[[], tuple[float, float]]
) -> tuple[float, float, tuple[float, float]]:
    """The first time apart: then rules and hours are read, and not again until they change."""
    began = time.perf_counter()
    await search()
    first, times, used = time.perf_counter() - began, list[float](), processes()
    until = time.perf_counter() + ENOUGH_SECONDS
    while len(times) < 3 or (len(times) < ROUNDS and time.perf_counter() < until):
        began = time.perf_counter()
        await search()
        times.append(1000 * (time.perf_counter() - began))
    ours, its = (1000 * (n - u) / len(times) for n, u in zip(processes(), used, strict=True))
    return 1000 * first, statistics.median(times), (ours, its)


async def on(kind: str, practice: Practice, database: Database | None, folder: Path) -> list[Measured]:
    store: SqliteStore | PostgresStore
    if database is None:
        path = folder / f"{practice.name}.db"
        fill_sqlite(practice, path)
        store = SqliteStore(path, deadline_seconds=30)
    else:
        url = await fill_postgres(practice, database.url)
        store = PostgresStore(url, connections=2, deadline_seconds=30)
    found = []
    for name, search in searches(desk_with(store), practice):
        its = database.pid if database else None
        first, median, cpu = await measured(search, lambda its=its: used_seconds(its))  # type: ignore[misc]
        about = {"search": name, "therapists": practice.therapists, "database": kind}
        found.append(Measured(**about, first_ms=first, median_ms=median, cpu_ms=cpu))  # type: ignore[arg-type]
        say(f"{NAMES[kind]:<11}{practice.therapists:>7,} {name:<40}{median:>9.2f} ms")
    await store.close()
    return found


def used_seconds(database_pid: int | None) -> tuple[float, float]:
    """The processor's time that this process and the database have used."""
    its = (
        sum(machine.precise_cpu_seconds(pid) for pid in machine.tree(database_pid)) if database_pid else 0.0
    )
    return machine.precise_cpu_seconds(os.getpid()), its


def desk_with(store: SqliteStore | PostgresStore) -> Desk:
    return Desk(
        store=store,
        tokens=Tokens(["-" * 32], Lifetimes(access_seconds=1, refresh_seconds=1)),
        passwords=Passwords(),
        hashing=ThreadPoolExecutor(1),
        now=lambda: NOW,
        now_ms=lambda: 1000 * NOW,
        new_session_id=str,
        random_bytes=bytes,
    )


# ---- the report ---------------------------------------------------------------------------------


def table(found: list[Measured]) -> str:
    head = "| search | therapists | database | median ms | processor, ours + its | target | first time |"
    rows = [head, "|---|---:|---|---:|---:|---:|---:|"]
    for each in sorted(found, key=lambda m: (m.search, m.therapists, m.database != "sqlite")):
        targets = TARGETS.get((each.search, each.therapists))
        target = f"{targets[DATABASES.index(each.database)]}" if targets else ""
        rows.append(
            f"| {each.search} | {each.therapists:,} | {NAMES[each.database]} | {each.median_ms:.2f} "
            f"| {each.cpu_ms[0]:.2f} + {each.cpu_ms[1]:.2f} | {target} | {each.first_ms:.0f} |"
        )
    return "\n".join(rows)


def picture(found: list[Measured]) -> str:
    lines = {
        f"{NAMES[database]}: {search}": [
            (m.therapists, m.median_ms)
            for m in sorted(found, key=lambda m: m.therapists)
            if (m.search, m.database) == (search, database) and m.therapists in SIZES
        ]
        for database in DATABASES
        for search in (RARE, SCARCE)
    }
    return curve.svg(
        "A search for free times, the next 14 days",
        {name: points for name, points in lines.items() if points},
    )


@contextmanager
def server(wanted: bool) -> Iterator[Database | None]:
    if not wanted:
        yield None
        return
    with Postgres() as database:
        yield database


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="two small practices: shows that it works")
    parser.add_argument("--only", type=some_of(DATABASES), default=DATABASES, metavar="DATABASES")
    parser.add_argument("--picture", type=Path, help="draws the curve into this file")
    options = parser.parse_args()
    began, busy, found = time.perf_counter(), machine.busy_seconds(), []
    with (
        tempfile.TemporaryDirectory(prefix="sessional-bench-") as folder,
        server("postgresql" in options.only) as database,
    ):
        mine = used_seconds(database.pid if database else None)
        for practice in practices(quick=options.quick):
            for kind in options.only:
                its = database if kind == "postgresql" else None
                found += asyncio.run(on(kind, practice, its, Path(folder)))
        used = used_seconds(database.pid if database else None)
    seconds = time.perf_counter() - began
    others = machine.busy_seconds() - busy - sum(used) + sum(mine)
    print(table(found))
    print(
        f"\nAll times in ms. It took {seconds:.0f} s; others took {max(others, 0) / seconds:.1f} of ",
        end="",
    )
    print(f"{os.cpu_count()} processors meanwhile.")
    if options.picture:
        options.picture.write_text(picture(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
