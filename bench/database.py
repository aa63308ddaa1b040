"""A PostgreSQL server to throw away: started in a temporary directory, removed with everything in it.

Durability is PostgreSQL's default (fsync and synchronous_commit on): a booking counts only when it is
on disk. Must not know: what is stored, and by whom.
"""

import glob
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

SETTINGS = {
    "shared_buffers": "1GB",
    "max_wal_size": "4GB",  # else checkpoints fall into some runs and not into others
    "maintenance_work_mem": "512MB",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "warning",
}


class PostgresMissing(Exception):
    """No PostgreSQL server program on this machine."""


@dataclass(frozen=True, kw_only=True)
class Database:
    """A server that runs: where to connect, and the process whose CPU time counts."""

    port: int
    pid: int
    version: str

    @property
    def url(self) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"


class Postgres:
    """`with Postgres() as database:` gives an empty database; leaving ends the server and its files."""

    def __init__(self) -> None:
        self.binaries = find_binaries()
        self.user = unprivileged_user()
        self.directory = Path(tempfile.mkdtemp(prefix="sessional-bench-"))
        self.server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Database:
        try:
            return self._start()
        except BaseException:
            self._remove()
            raise

    def __exit__(self, *_: object) -> None:
        self._remove()

    def _start(self) -> Database:
        give_to(self.user, self.directory)
        data = self.directory / "data"
        self._run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync",
                  "--encoding=UTF8", "--locale=C")  # fmt: skip
        port = free_port()
        settings = SETTINGS | {"port": str(port), "unix_socket_directories": str(self.directory)}
        arguments = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with (self.directory / "log").open("wb") as log:
            self.server = subprocess.Popen(
                [self.binaries / "postgres", "-D", data, *arguments],
                stdout=log, stderr=log, user=self.user, group=group_of(self.user), extra_groups=[]
                if self.user else None, cwd=self.directory, start_new_session=True,
            )  # fmt: skip
        self._wait(port)
        version = self._run("postgres", "--version").strip()
        return Database(port=port, pid=self.server.pid, version=version)

    def _wait(self, port: int) -> None:
        for _ in range(300):
            ready = [self.binaries / "pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)]
            if subprocess.run(ready, check=False).returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError("PostgreSQL did not start:\n" + (self.directory / "log").read_text())

    def _run(self, program: str, *arguments: object) -> str:
        done = subprocess.run(
            [self.binaries / program, *map(str, arguments)],
            capture_output=True, text=True, check=False, cwd=self.directory,
            user=self.user, group=group_of(self.user), extra_groups=[] if self.user else None,
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed: {done.stderr}")
        return done.stdout

    def _remove(self) -> None:
        if self.server and self.server.poll() is None:
            self.server.send_signal(signal.SIGINT)  # fast shutdown
            try:
                self.server.wait(30)
            except subprocess.TimeoutExpired:
                self.server.kill()
                self.server.wait()
        shutil.rmtree(self.directory, ignore_errors=True)


def find_binaries() -> Path:
    """The newest installed server: Debian keeps it out of PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda p: float(p.split("/")[4]))
    program = shutil.which("postgres") or (found[-1] if found else None)
    if program is None:
        raise PostgresMissing("No PostgreSQL server here. On Debian: apt-get install postgresql")
    return Path(program).resolve().parent


def unprivileged_user() -> str | None:
    """Whose the server is: PostgreSQL refuses to run as root. None: we are not root."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def group_of(user: str | None) -> int | None:
    return pwd.getpwnam(user).pw_gid if user else None


def give_to(user: str | None, directory: Path) -> None:
    if user:
        shutil.chown(directory, user, group_of(user))


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
