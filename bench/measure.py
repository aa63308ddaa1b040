"""The plan of a measurement: which server is asked what, when. Servers take turns within each kind of run.

Must not know: what is good enough, how a table looks.
"""

from argparse import Namespace
from dataclasses import replace

from bench import loading
from bench.load import Load, Run
from bench.operations import CURSORS, OPERATIONS, UNTIL_DATA_END, begin_at
from bench.servers import Server
from bench.stage import Stage, stage
from bench.words import say

SMALLEST, LARGEST = 10_000, 10_000_000
CURSOR_COUNT = 1000


def compare(load: Load, stage: Stage, options: Namespace) -> list[Run]:
    """The operations that all servers take part in."""
    names = [name for name in options.operations if name in ("page", "tiny", "write", "contended")]
    return [run for name in names for run in turns(load, stage.servers, name, options)]


def turns(load: Load, servers: list[Server], name: str, options: Namespace) -> list[Run]:
    return [
        measured(load, server, name, connections, repeat)
        for connections in options.connections
        for repeat in range(options.repeats)
        for server in servers
    ]


def measured(load: Load, server: Server, name: str, connections: int, repeat: int) -> Run:
    if load.database is not None:
        loading.checkpoint(load.database.url)
    run = load.run(server, OPERATIONS[name], connections, repeat)
    say(
        f"{name:>9} {connections:>3} {server.name:<21} {run.rate:>8,.0f}/s"
        f"  p50 {run.p50_ms:.2f} ms  p99 {run.p99_ms:.2f} ms  others' CPU {run.other_cpu_seconds:.1f} s"
    )
    return run


def deep(load: Load, stage: Stage, options: Namespace) -> list[Run]:
    """The first page of everything, and pages from the middle by cursor."""
    servers = [server for server in stage.servers if server.ours]
    for server in servers:
        write_cursors(load, server)
    return [run for name in ("first", "deep") for run in turns(load, servers, name, options)]


def write_cursors(load: Load, server: Server) -> None:
    """A thousand cursors from the middle of all appointments by start."""
    variables = {"begin": begin_at(0.5), "end": UNTIL_DATA_END, "first": CURSOR_COUNT}
    answer = server.ask(CURSORS, "Cursors", variables)
    edges = answer["data"]["appointments"]["edges"]
    with open(load.cursors(server), "w") as file:
        file.writelines(edge["cursor"] + "\n" for edge in edges)


def scale(load: Load, full: Stage, options: Namespace) -> dict[int, list[Run]]:
    """The page of Sessional alone, on small and large databases."""
    ours = [server.name for server in full.servers if server.ours]
    alone = Namespace(connections=options.connections[:1], repeats=options.repeats)
    sizes = sorted({SMALLEST, options.appointments} | ({LARGEST} if options.large else set()))
    runs = {}
    for count in sizes if ours else []:
        if count == full.appointments:
            runs[count] = turns(load, full.named(*ours), "page", alone)
            continue
        with stage(ours, count, full.database, full.directory) as other:
            smaller = replace(load, appointments=count)
            runs[count] = turns(smaller, other.servers, "page", alone)
    return runs
