"""Puts servers on their databases: loads the rows, starts each server, ends all of it again.

Must not know: what is measured.
"""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench import data, loading
from bench.database import Database, Postgres
from bench.servers import Server
from bench.words import say

DATA = Path(__file__).parent / "data"


@dataclass(frozen=True, kw_only=True)
class Stage:
    """Servers that run, all on the same rows."""

    servers: list[Server]
    database: Database | None
    directory: Path
    appointments: int

    def named(self, *names: str) -> list[Server]:
        return [server for server in self.servers if server.name in names]


@contextmanager
def postgres_for(names: list[str]) -> Iterator[Database | None]:
    """One throw-away server for all that need PostgreSQL; none where none does."""
    if names == ["sessional-sqlite"]:
        yield None
        return
    say("Starting PostgreSQL …")
    with Postgres() as database:
        yield database


@contextmanager
def stage(names: list[str], count: int, database: Database | None, directory: Path) -> Iterator[Stage]:
    """The servers, started one after the other on a freshly loaded database of ``count`` rows."""
    with ExitStack() as stack:
        urls = load(names, count, database, directory)
        servers = []
        for name in names:
            server = Server(name=name, database=urls[name], log=directory / f"{name}-{count}.log")
            stack.callback(server.stop)
            server.start()
            say(f"{name} answers after {server.start_seconds:.2f} s")
            servers.append(server)
        yield Stage(servers=servers, database=database, directory=directory, appointments=count)


def load(names: list[str], count: int, database: Database | None, directory: Path) -> dict[str, str]:
    """The rows in every database that is needed; answers the address for each server."""
    say(f"Loading {count:,} appointments …")
    ours = [name for name in names if name.startswith("sessional")]
    file = data.write_file(DATA, count) if ours else None
    urls = {}
    if database is not None:
        url = loading.create_database(database.url, f"bench_{count}")
        if file and "sessional-postgresql" in names:
            loading.import_file(file, url)
        else:
            loading.copy(count, url)
        urls = dict.fromkeys(names, url)
    if file and "sessional-sqlite" in names:
        urls["sessional-sqlite"] = f"sqlite:///{directory}/bench-{count}.db"
        loading.import_file(file, urls["sessional-sqlite"])
    return urls
