"""`python -m bench.costs`: what it costs that health data is in safe hands.

    python -m bench.costs [--quick] [--only sqlite,postgresql] [--seconds 4] [--repeats 5]

Serves one database by Sessional as it is and by Sessional with one part left out (see without.py), asks
both in turn over eight connections, and prints what each request took of the processor, the database's
included: the part's cost is the difference of the medians. Roles have no part that could be left out: the
same page of one diary is asked for by an administrator, who sees all, and by its therapist, who does not.
"""

import argparse
import os
import secrets
import statistics
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from bench import data, loading
from bench.database import Database, Postgres
from bench.load import Load, LoadFailed, ensure_wrk
from bench.operations import OPERATIONS, Operation, operation
from bench.options import positive, some_of
from bench.report import table
from bench.servers import Server
from bench.slots import Slots
from bench.words import say

DATABASES = ["sqlite", "postgresql"]
CONNECTIONS = 8
CLIENTS = 1_000
THERAPIST = {"username": "bench-therapist", "password": data.USER["password"]}
CLIENT_PAGE = operation(
    name="clients", title="A page of 50 clients", request="Clients", script="same.lua",
    document="query Clients { clients(first: 50) { edges { node { clientId name language } } } }",
    head='{"data":{"clients":{"edges":[{"node":{"clientId":"',
)  # fmt: skip
DIARY_PAGE = operation(
    name="diary", title="A page of 50 of one diary", request="Diary", script="same.lua",
    document="""query Diary { appointments(filters: {therapistIds: ["1"]}, first: 50) {
      edges { node { appointmentId startsAt durationSeconds type therapist { lastName } } } } }""",
    head='{"data":{"appointments":{"edges":[{"node":{"appointmentId":"',
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Cost:
    """One part: what is asked, and whom to ask for it with and without."""

    title: str
    asked: Operation
    without: str = ""
    role: bool = False


COSTS = [
    Cost(title="requests are counted", asked=OPERATIONS["tiny"], without="limits"),
    Cost(title="changes go on record", asked=OPERATIONS["write"], without="changes"),
    Cost(title="reads of clients go on record", asked=CLIENT_PAGE, without="reads"),
    Cost(title="a role sees what is its own", asked=DIARY_PAGE, role=True),
]


def main() -> int:
    options = parsed()
    os.environ.setdefault("SESSIONAL_SECRET", secrets.token_hex(32))
    os.environ.setdefault("SESSIONAL_ENCRYPTION_KEY", secrets.token_hex(32))
    try:
        ensure_wrk()
        rows = [row for kind in options.only for row in measured(kind, options)]
    except (LoadFailed, loading.LoadingFailed) as error:
        say(f"bench.costs: {error}")
        return 1
    head = ["part", "what is asked", "database", "with, ms", "without, ms", "cost"]
    print(table(head, rows))
    return 0


def parsed() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench.costs", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("--quick", action="store_true", help="shows that it works, measures little")
    parser.add_argument("--only", type=some_of(DATABASES), default=DATABASES)
    parser.add_argument("--seconds", type=positive, default=4, help="how long each run lasts (4)")
    parser.add_argument("--repeats", type=positive, default=5, help="runs of each; medians count (5)")
    options = parser.parse_args()
    if options.quick:
        options.seconds = options.repeats = 1
    options.appointments = 20_000 if options.quick else 100_000
    return options


def measured(kind: str, options: argparse.Namespace) -> Iterator[list[str]]:
    """A row of the table for each part."""
    with tempfile.TemporaryDirectory(prefix="sessional-bench-") as name, database(kind) as server:
        folder = Path(name)
        url = (
            f"sqlite:///{folder}/bench.db"
            if server is None
            else loading.create_database(server.url, "costs")
        )
        loading.import_file(data.write_file(folder, options.appointments), url)
        loading.import_file(people(folder), url)
        load = Load(
            seconds=options.seconds, warm_up_seconds=1, slots=Slots(), directory=folder, database=server,
            appointments=options.appointments,
        )  # fmt: skip
        for cost in COSTS:
            yield row(cost, kind, load, compared(cost, kind, url, load, options.repeats))


@contextmanager
def database(kind: str) -> Iterator[Database | None]:
    if kind == "sqlite":
        yield None
        return
    with Postgres() as server:
        yield server


def people(folder: Path) -> Path:
    """Clients, and an account for the first therapist, as lines to import."""
    lines = [
        {"kind": "client", "clientId": n, "name": f"Client {n}", "language": "en"}
        for n in range(1, CLIENTS + 1)
    ]
    account = {"kind": "user", **THERAPIST, "role": "THERAPIST", "therapistId": 1}
    file = folder / "people.jsonl"
    file.write_bytes(b"\n".join(orjson.dumps(line) for line in [*lines, account]))
    return file


def compared(cost: Cost, kind: str, url: str, load: Load, repeats: int) -> list[float]:
    """Milliseconds of the processor for each request, with the part and without."""
    servers = [
        Server(name=f"sessional-{kind}", database=url, log=load.directory / "with.log",
               user=THERAPIST if cost.role else data.USER),
        Server(name=f"sessional-{kind}", database=url, log=load.directory / "without.log",
               without=cost.without),
    ]  # fmt: skip
    times: list[list[float]] = [[], []]
    try:
        for server in servers:
            server.start()
        both = list(zip(times, servers, strict=True))
        for repeat in range(repeats):
            for found, server in both if repeat % 2 else reversed(both):  # neither is always the first
                run = load.run(server, cost.asked, CONNECTIONS, repeat)
                spent = run.server_cpu_seconds + run.database_cpu_seconds
                found.append(1000 * spent / run.requests)
    finally:
        for server in servers:
            server.stop()
    return [statistics.median(each) for each in times]


def row(cost: Cost, kind: str, load: Load, times: list[float]) -> list[str]:
    with_it, without = times
    share = f"{with_it / without - 1:+.1%}"
    say(f"{kind:<10} {cost.title:<32} {without:.3f} -> {with_it:.3f} ms  {share}")
    return [cost.title, cost.asked.title, kind, f"{with_it:.3f}", f"{without:.3f}", share]


if __name__ == "__main__":
    sys.exit(main())
