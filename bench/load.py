"""Makes load with wrk and says what came of it. A run with one bad answer is no run.

wrk is a closed loop: each connection asks again when it has its answer. Must not know: which results
are good enough.
"""

import os
import shutil
import subprocess
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson

from bench import data, machine
from bench.database import Database
from bench.operations import (
    PAGE_SECONDS,
    PAGE_SIZE,
    Operation,
)
from bench.servers import Server
from bench.slots import Slots

LUA = Path(__file__).parent / "lua"
SEARCH_EVERY = 16  # of the large answers, this part is searched from end to end for errors
SETTLE_SECONDS = 0.05


class LoadFailed(Exception):
    """wrk is missing, or a server answered what it must not."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """One measured run of one server, and what it cost."""

    server: str
    operation: str
    connections: int
    repeat: int
    requests: int
    seconds: float
    p50_ms: float
    p99_ms: float
    server_cpu_seconds: float
    database_cpu_seconds: float
    other_cpu_seconds: float  # of anybody else on this machine, the load generator not counted
    load_cpu_seconds: float  # of wrk
    memory_mb: float

    @property
    def rate(self) -> float:
        return self.requests / self.seconds

    def raw(self) -> dict[str, object]:
        return asdict(self) | {"rate": self.rate}


@dataclass(frozen=True, kw_only=True)
class Load:
    """What stays the same over all runs."""

    seconds: int
    warm_up_seconds: int
    appointments: int
    slots: Slots
    directory: Path
    database: Database | None

    def run(self, server: Server, operation: Operation, connections: int, repeat: int) -> Run:
        """Warm up, then measure: the requests, and CPU time and memory of who answered them."""
        self._wrk(server, operation, connections, self.warm_up_seconds)
        time.sleep(SETTLE_SECONDS)
        before = self._spent(server)
        told, wrk_seconds = self._wrk(server, operation, connections, self.seconds)
        time.sleep(SETTLE_SECONDS)
        ours, database, everyone = (b - a for a, b in zip(before, self._spent(server), strict=True))
        return Run(
            server=server.name, operation=operation.name, connections=connections, repeat=repeat,
            requests=told[0], seconds=told[1] / 1e6, p50_ms=told[2] / 1e3, p99_ms=told[3] / 1e3,
            server_cpu_seconds=ours, database_cpu_seconds=database,
            other_cpu_seconds=max(everyone - ours - database - wrk_seconds, 0.0),
            load_cpu_seconds=wrk_seconds, memory_mb=machine.memory_mb(server.pid),
        )  # fmt: skip

    def _spent(self, server: Server) -> tuple[float, float, float]:
        database = machine.cpu_seconds(self.database.pid) if self.database else 0.0
        return machine.cpu_seconds(server.pid), database, machine.busy_seconds()

    def _wrk(
        self, server: Server, operation: Operation, connections: int, seconds: int
    ) -> tuple[list[int], float]:
        """What wrk counted, and the CPU seconds that wrk itself used."""
        command: list[str | Path] = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s",
                   "-s", LUA / operation.script, server.url]  # fmt: skip
        used = os.times()
        done = subprocess.run(
            command, env=os.environ | self._environment(server, operation),
            capture_output=True, text=True, timeout=seconds + 60, check=False,
        )  # fmt: skip
        now = os.times()
        told = judged(done, server, operation)
        self.slots.used(operation.name, told[4])
        return told, now.children_user + now.children_system - used[2] - used[3]

    def _environment(self, server: Server, operation: Operation) -> dict[str, str]:
        document = operation.document if server.ours else operation.plain_document
        headers = "".join(f"{name}: {value}\r\n" for name, value in server.headers().items())
        key = self.slots.key()
        return {
            "BENCH_COMMON": str(LUA / "common.lua"),
            "BENCH_BOOKING": str(LUA / "booking.lua"),
            "BENCH_DOCUMENT": orjson.dumps(document).decode(),
            "BENCH_REQUEST": operation.request,
            "BENCH_HEAD": operation.head,
            "BENCH_HEADERS": headers,
            "BENCH_SEARCH_EVERY": str(SEARCH_EVERY),
            "BENCH_SEED": str(self.slots.seed()),
            "BENCH_BEGIN": str(data.BEGIN),
            "BENCH_SPAN": str(data.END - data.BEGIN - 2 * PAGE_SECONDS),
            "BENCH_PAGE_SECONDS": str(PAGE_SECONDS),
            "BENCH_FIRST": str(PAGE_SIZE),
            "BENCH_APPOINTMENTS": str(self.appointments),
            "BENCH_THERAPISTS": str(data.THERAPISTS),
            "BENCH_KEY": key if server.ours else "",
            "BENCH_CURSORS": self.cursors(server) if operation.name == "deep" else "",
        } | self.slots.environment(operation.name)

    def cursors(self, server: Server) -> str:
        return str(self.directory / f"cursors-{server.name}.txt")


def judged(done: subprocess.CompletedProcess[str], server: Server, operation: Operation) -> list[int]:
    """The numbers of the line that our script printed: see lua/common.lua."""
    who = f"{operation.name} on {server.name}"
    line = next((each for each in done.stdout.splitlines() if each.startswith("BENCH ")), None)
    if line is None:
        raise LoadFailed(f"{who}: wrk said {done.stdout[-1000:]}{done.stderr[-1000:]}")
    *numbers, sample = line.removeprefix("BENCH ").split(" ", 7)
    told = [int(number) for number in numbers]
    if told[5] or told[6] or not told[0]:
        raise LoadFailed(
            f"{who}: {told[5]} bad answers and {told[6]} broken connections among {told[0]}. "
            f"The first bad one: {sample}\n{server.last_words()}"
        )
    return told


def ensure_wrk() -> None:
    """The load generator; where we are root and it is missing, from Debian."""
    if shutil.which("wrk") is None and os.geteuid() == 0 and shutil.which("apt-get"):
        subprocess.run(["apt-get", "install", "-y", "-qq", "wrk"], capture_output=True, check=False)
    if shutil.which("wrk") is None:
        raise LoadFailed("wrk is missing. On Debian and Ubuntu: apt-get install wrk")
