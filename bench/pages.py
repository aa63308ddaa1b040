"""`python -m bench.pages`: whether a page costs as much in a large database as in a small one.

    python -m bench.pages [--at 10000,10000000] [--only sqlite,postgresql] [--pages 500]

Fills throw-away databases within the database itself, serves each by a Sessional of its own, and asks all
of them in turn over one connection each, so that what disturbs one disturbs the others. Medians in
milliseconds of a page of 50 with therapists and specialisms: anywhere by time, the first of all, and from
the middle by cursor. 10,000,000 sessions take some minutes and 5 GB for each database.
"""

import argparse
import asyncio
import http.client
import os
import random
import secrets
import statistics
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import apsw
import asyncpg
import orjson

from bench import data, loading
from bench.database import Postgres
from bench.measure import CURSOR_COUNT
from bench.operations import CURSORS, DEEP, PAGE, PAGE_SIZE, UNTIL_DATA_END, begin_at, page_variables
from bench.options import counts, positive, some_of
from bench.search import DATABASES, NAMES
from bench.servers import Server
from bench.words import say
from sessional.store.bulk_rebuild import rebuilding

KINDS = ("anywhere", "first", "deep")
# The sessions in the order of time: one of half an hour or an hour within each cell of each therapist.
SESSIONS = """
INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at)
    SELECT therapist_id, 'one-off', at, at + length FROM (
        SELECT 1 + n % {therapists} AS therapist_id, 1800 * (1 + n % 2) AS length,
            {begin} + n / {therapists} * {cell} + n % {therapists} * {step} + n % 4 * 900 AS at
        FROM {numbers}
    ) s
"""
RECURSIVE = (
    "(WITH RECURSIVE r (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM r WHERE n < {last}) SELECT n FROM r)"
)


def sessions(count: int, numbers: str) -> str:
    cell = (data.END - data.BEGIN) // -(-count // data.THERAPISTS) // data.QUARTER * data.QUARTER
    if cell < 2 * 3600:
        raise SystemExit(f"{count} sessions do not fit into ten years of {data.THERAPISTS} diaries")
    step = (cell - 2 * 3600) // data.THERAPISTS // data.QUARTER * data.QUARTER
    return SESSIONS.format(
        therapists=data.THERAPISTS, begin=data.BEGIN, cell=cell, step=step, numbers=numbers
    )


def fill_sqlite(people: Path, count: int, folder: Path) -> str:
    path = folder / f"{count}.db"
    loading.import_file(people, f"sqlite:///{path}")
    connection = apsw.Connection(str(path))
    connection.pragma("cache_size", -400_000)
    rows = sessions(count, RECURSIVE.format(last=count - 1))
    connection.execute(f"BEGIN; DELETE FROM appointment; {rows}; COMMIT; ANALYZE")
    connection.pragma("wal_checkpoint", "truncate")
    connection.close()
    return f"sqlite:///{path}"


def fill_postgres(people: Path, count: int, server: str) -> str:
    url = loading.create_database(server, f"pages_{count}")
    loading.import_file(people, url)
    asyncio.run(_fill_postgres(url, sessions(count, f"generate_series(0, {count - 1}::bigint) n")))
    loading.tidy(url)
    return url


async def _fill_postgres(url: str, rows: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute("DELETE FROM appointment")
    async with connection.transaction(), rebuilding(connection):
        await connection.execute(rows)
    await connection.close()


class Reader:
    """One connection to one server, and what is asked over it.

    Rounded cells leave the last weeks of the ten years empty where there are many sessions.
    """

    def __init__(self, name: str, count: int, server: Server) -> None:
        self.name, self.count, self._server = name, count, server
        self._connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        self.times: dict[str, list[float]] = {kind: [] for kind in KINDS}
        middle = {"begin": begin_at(0.5), "end": UNTIL_DATA_END, "first": CURSOR_COUNT}
        edges = server.ask(CURSORS, "Cursors", middle)["data"]["appointments"]["edges"]
        self._cursors = [edge["cursor"] for edge in edges]

    def page(self, kind: str, chance: random.Random) -> None:
        after = chance.choice(self._cursors) if kind == "deep" else None
        deep: tuple[str, str, dict[str, Any]] = (DEEP, "Deep", {"first": PAGE_SIZE, "after": after})
        somewhere = (PAGE, "Page", page_variables(begin_at(0.95 * chance.random())))
        document, request, variables = somewhere if kind == "anywhere" else deep
        body = orjson.dumps({"operationName": request, "query": document, "variables": variables})
        headers = {"Content-Type": "application/json", **self._server.headers()}
        began = time.perf_counter()
        self._connection.request("POST", "/graphql", body, headers)
        answer = self._connection.getresponse().read()
        self.times[kind].append(1000 * (time.perf_counter() - began))
        if answer.count(b'"startTimeUnixSeconds"') != PAGE_SIZE:
            raise SystemExit(f"{self.name}, {self.count:,}: not a page: {answer[:300]!r}")

    def median(self, kind: str) -> float:
        return statistics.median(self.times[kind])


def table(readers: list[Reader]) -> str:
    rows = [
        "| database | sessions | anywhere | the first | a deep one | deep / first | anywhere / smallest |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for reader in readers:
        anywhere, first, deep = (reader.median(kind) for kind in KINDS)
        smallest = next(other for other in readers if other.name == reader.name)
        rows.append(
            f"| {reader.name} | {reader.count:,} | {anywhere:.2f} | {first:.2f} | {deep:.2f} "
            f"| {deep / first:.2f} | {anywhere / smallest.median('anywhere'):.2f} |"
        )
    return "\n".join(rows)


def started(options: argparse.Namespace, folder: Path, stack: ExitStack) -> list[Reader]:
    """A server on each database, all of them running."""
    people, readers = data.write_file(folder, 1), []
    for kind in options.only:
        database = stack.enter_context(Postgres()) if kind == "postgresql" else None
        for count in options.at:
            began = time.perf_counter()
            url = fill_sqlite(people, count, folder) if database is None else (
                fill_postgres(people, count, database.url)
            )  # fmt: skip
            say(f"{NAMES[kind]}: {count:,} sessions loaded in {time.perf_counter() - began:.0f} s")
            server = Server(name=f"sessional-{kind}", database=url, log=folder / f"{kind}-{count}.log")
            stack.callback(server.stop)
            server.start()
            readers.append(Reader(NAMES[kind], count, server))
    return readers


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--at", type=counts, default=[10_000, 10_000_000], metavar="NUMBERS")
    parser.add_argument("--only", type=some_of(DATABASES), default=DATABASES, metavar="DATABASES")
    parser.add_argument("--pages", type=positive, default=500, help="how many of each kind (500)")
    options = parser.parse_args()
    for name in ("SESSIONAL_SECRET", "SESSIONAL_ENCRYPTION_KEY"):
        os.environ.setdefault(name, secrets.token_hex(32))
    chance = random.Random(1)
    with tempfile.TemporaryDirectory(prefix="sessional-bench-") as name, ExitStack() as stack:
        readers = started(options, Path(name), stack)
        for warm in (True, False):
            for _ in range(50 if warm else options.pages):
                for kind in KINDS:
                    for reader in readers:
                        reader.page(kind, chance)
            if warm:
                for reader in readers:
                    reader.times = {kind: [] for kind in KINDS}
        print(table(readers))
    return 0


if __name__ == "__main__":
    sys.exit(main())
