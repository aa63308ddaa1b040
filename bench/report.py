"""The result as Markdown for people and as JSON for programs."""

import datetime
from collections.abc import Callable, Iterable
from pathlib import Path

import orjson

from bench.load import Run
from bench.operations import OPERATIONS
from bench.servers import NAMES
from bench.summary import Summary
from bench.targets import Verdict, verdicts

RESULTS = Path(__file__).parent / "results"
BESIDE = ("floor", "mercurius", "strawberry")
DISTURBED = 0.1  # of one core


def markdown(summary: Summary, about: dict[str, object]) -> str:
    parts = [introduction(summary, about)]
    parts += [operation_table(summary, name) for name in summary.operations()]
    if summary.scale:
        parts.append(scale_table(summary))
    parts += [worker_table(summary), target_table(verdicts(summary))]
    return "\n\n".join(parts) + "\n"


def introduction(summary: Summary, about: dict[str, object]) -> str:
    lines = [
        "# Measured beside other servers",
        "",
        f"{about['appointments']:,} appointments, {about['seconds']} s a run, medians of "
        f"{about['repeats']}; {about['cpu']}, {about['cores']} cores; {about['postgresql']}.",
        "One process for each server; clients, servers and database share the machine.",
    ]
    if summary.disturbance() > DISTURBED:
        lines.append(
            f"**Others used up to {summary.disturbance():.0%} of a core meanwhile: measure again.**"
        )
    return "\n".join(lines)


def table(head: list[str], rows: Iterable[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def operation_table(summary: Summary, name: str) -> str:
    connections = summary.connections()
    servers = summary.servers(name)
    beside = [other for other in BESIDE if other in servers]
    over = " / ".join(map(str, connections))
    head = ["server", f"requests/s at {over}", "p50 ms", "p99 ms", "server CPU ms/request",
            "database CPU ms/request", *(f"× {other}" for other in beside)]  # fmt: skip
    rows = [operation_row(summary, name, server, beside) for server in servers]
    return f"## {name}: {OPERATIONS[name].title}\n\n{table(head, rows)}"


def operation_row(summary: Summary, name: str, server: str, beside: list[str]) -> list[str]:
    def over(form: str, value: Callable[[Run], float]) -> str:
        found = [summary.middle(server, name, c, value) for c in summary.connections()]
        return " / ".join("–" if each is None else format(each, form) for each in found)

    def times(other: str) -> str:
        found = [summary.ratio(name, c, server, other) for c in summary.connections()]
        return " / ".join("–" if each is None else f"{each:.2f}" for each in found)

    on_sqlite = server == "sessional-sqlite"
    return [
        NAMES[server],
        over(",.0f", lambda run: run.rate),
        over(".2f", lambda run: run.p50_ms),
        over(".2f", lambda run: run.p99_ms),
        over(".3f", lambda run: 1000 * run.server_cpu_seconds / run.requests),
        "–" if on_sqlite else over(".3f", lambda run: 1000 * run.database_cpu_seconds / run.requests),
        *map(times, beside),
    ]


def scale_table(summary: Summary) -> str:
    sizes = list(summary.scale)
    servers = list(dict.fromkeys(run.server for runs in summary.scale.values() for run in runs))
    rows = [
        [NAMES[server], *(f"{summary.page_p50(server, size) or 0:.2f}" for size in sizes)]
        for server in servers
    ]
    head = ["page, p50 ms at one connection", *(f"{size:,} appointments" for size in sizes)]
    return f"## scale\n\n{table(head, rows)}"


def worker_table(summary: Summary) -> str:
    rows = [
        [NAMES[server], f"{summary.memory_mb(server) or 0:.0f}", f"{seconds:.2f}"]
        for server, seconds in summary.start_seconds.items()
    ]
    head = ["server", "memory after the load, MB", "first answer after, s"]
    return f"## The processes\n\n{table(head, rows)}"


def target_table(found: list[Verdict]) -> str:
    words = {True: "met", False: "**not met**", None: "not measured"}
    rows = [[each.target, each.measured, words[each.met]] for each in found]
    return f"## The targets\n\n{table(['target', 'measured', ''], rows)}"


def save(summary: Summary, about: dict[str, object]) -> Path:
    """The raw numbers, under the time of day."""
    now = datetime.datetime.now(datetime.UTC)
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{now:%Y-%m-%dT%H%M%SZ}.json"
    raw = {
        "about": about | {"at": now.isoformat()},
        "runs": [run.raw() for run in summary.runs],
        "scale": {str(size): [run.raw() for run in runs] for size, runs in summary.scale.items()},
        "start_seconds": summary.start_seconds,
        "targets": [vars(verdict) for verdict in verdicts(summary)],
    }
    path.write_bytes(orjson.dumps(raw, option=orjson.OPT_INDENT_2))
    return path
