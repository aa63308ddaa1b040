"""`python -m bench.search`: how long a search for free times takes, beside how many therapists.

    python -m bench.search [--therapists 500] [--appointments 1000000] [--postgres postgresql://…/empty]

Without --postgres it measures SQLite in a temporary file. A PostgreSQL database must be empty. The search
runs in this process, without HTTP: medians in milliseconds, after the rules are known.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import apsw
import asyncpg

from sessional.access import Actor, Role
from sessional.actions.desk import Desk
from sessional.actions.finding import free_slots, next_free
from sessional.credentials import Lifetimes, Passwords, Tokens
from sessional.diary.values import DAY_SECONDS
from sessional.store.migrate import migrate_postgres, migrate_sqlite
from sessional.store.postgres import PostgresStore
from sessional.store.sqlite import SqliteStore

ANN = Actor(account_id=1, username="ann", role=Role.ADMIN, session_id="bench")
NOW = int(time.time()) // DAY_SECONDS * DAY_SECONDS
ROUNDS = 15
SETUP = """
INSERT INTO account (account_id, username, password_hash, role) VALUES (1, 'ann', '-', 'ADMIN');
INSERT INTO specialism (name, search_name) VALUES ('CBT', 'cbt'), ('rare', 'rare');
INSERT INTO therapist (first_name, last_name, search_name, time_zone)
    SELECT 'jo', 'jones', 'jo jones', 'Europe/London' FROM {therapists};
INSERT INTO therapist_specialism SELECT therapist_id, 1 + (therapist_id % 10 = 0){number} FROM therapist;
INSERT INTO working_hours (therapist_id, weekday, starts_minute, ends_minute)
    SELECT therapist_id, d.n, 540, 1020 FROM therapist, {weekdays};
INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at)
    SELECT therapist_id, 'one-off', starts_at, starts_at + 3600 FROM (
        SELECT therapist_id, {first} + d.n / 4 * 86400 + 32400 + (d.n % 4 * 2 + therapist_id % 7 % 2) * 3600
            AS starts_at
        FROM therapist, {sessions}
    ) a;
INSERT INTO time_off (therapist_id, starts_at, ends_at)
    SELECT therapist_id, {now}, {now} + 86400 * CASE WHEN therapist_id = 1 THEN 13 ELSE 15 END
    FROM therapist WHERE {scarce};
UPDATE rules_clock SET version = version + 1;
"""


def setup(options: argparse.Namespace) -> str:
    each = max(4, options.appointments // options.therapists)
    number = "" if options.postgres is None else "::int"
    return SETUP.format(
        therapists=numbers(options.therapists),
        weekdays=numbers(7),
        sessions=numbers(each),
        number=number,
        first=NOW - each // 8 * DAY_SECONDS,
        now=NOW,
        scarce="1 = 1" if options.scarce else "1 = 0",
    )


def numbers(until: int) -> str:
    return (
        "(WITH RECURSIVE d (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM d "
        f"WHERE n < {until}) SELECT n FROM d) d"
    )


async def filled(options: argparse.Namespace, folder: Path) -> SqliteStore | PostgresStore:
    if options.postgres is None:
        path = folder / "bench.db"
        migrate_sqlite(path)
        connection = apsw.Connection(str(path))
        connection.execute(f"BEGIN; {setup(options)} COMMIT; ANALYZE")
        connection.close()
        return SqliteStore(path, deadline_seconds=30)
    await migrate_postgres(options.postgres)
    other = await asyncpg.connect(options.postgres)
    await other.execute(setup(options))
    await other.execute("VACUUM ANALYZE")
    await other.close()
    return PostgresStore(options.postgres, connections=2, deadline_seconds=30)


async def measured(name: str, search: Callable[[], Awaitable[Any]]) -> None:
    """The first time apart: then rules and hours are read, and not again until they change."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        await search()
        times.append(1000 * (time.perf_counter() - began))
    median = statistics.median(times[1:])
    print(f"{name:42} {median:9.2f} ms   (the first time {times[0]:.0f} ms)")


async def run(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory(prefix="sessional-bench-") as name:
        store = await filled(options, Path(name))
        desk = Desk(
            store=store,
            tokens=Tokens(["-" * 32], Lifetimes(access_seconds=1, refresh_seconds=1)),
            passwords=Passwords(),
            hashing=ThreadPoolExecutor(1),
            now=lambda: NOW,
            new_session_id=str,
        )
        some = list(range(1, 201))

        def page(**search: Any) -> Callable[[], Awaitable[Any]]:
            asked = {"service": "one-off", **search}
            return lambda: free_slots(desk, ANN, wanted=frozenset({"edges"}), search=asked)

        def each_once() -> Awaitable[Any]:
            return next_free(desk, ANN, search={"service": "one-off"})

        await measured("20 free slots of one specialism", page(specialisms=["rare"]))
        await measured("20 free slots of anybody", page())
        await measured("next free of 20 therapists", each_once)
        if not options.scarce:
            span = {"therapist_ids": some, "until": NOW + 28 * DAY_SECONDS, "service": "one-off"}
            every = {"wanted": frozenset({"total_count"}), "search": span, "first": 0}
            await measured("200 therapists x 28 days, every slot", lambda: free_slots(desk, ANN, **every))
        await store.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--therapists", type=int, default=500)
    parser.add_argument("--appointments", type=int, default=1_000_000)
    parser.add_argument("--scarce", action="store_true", help="all but one are away for 14 days")
    parser.add_argument("--postgres", help="an empty database")
    asyncio.run(run(parser.parse_args()))


if __name__ == "__main__":
    main()
