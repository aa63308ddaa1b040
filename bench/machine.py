"""What the machine says of itself and of processes: CPU seconds, memory, who else is at work.

Reads /proc, so Linux only. Must not know: servers, operations.
"""

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = ["asyncpg", "apsw", "graphql-core", "orjson", "sqlalchemy", "starlette",
            "strawberry-graphql", "uvicorn", "uvloop"]  # fmt: skip
TICKS = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """The process and all that descend from it."""
    found = [pid]
    for each in found:
        for task in Path(f"/proc/{each}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in task.read_text().split())
            except OSError:
                continue  # it ended meanwhile
    return found


def cpu_seconds(pid: int) -> float:
    """CPU time of the process tree since it began, with that of children that have ended."""
    return sum(_ticks(each) for each in tree(pid)) / TICKS


def _ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(field) for field in fields[11:15])  # utime, stime, and both of ended children


def precise_cpu_seconds(pid: int) -> float:
    """CPU time of the threads that the process has now, without children: to the microsecond."""
    found = 0
    for task in Path(f"/proc/{pid}/task").glob("*/schedstat"):
        try:
            found += int(task.read_text().split()[0])
        except OSError:
            continue  # it ended meanwhile
    return found / 1e9


def memory_mb(pid: int) -> float:
    """Resident memory of the process tree."""
    return sum(_resident(each) for each in tree(pid)) / 1024


def _resident(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


def busy_seconds() -> float:
    """CPU time that anybody has used on this machine since it started."""
    user, nice, system, _, _, irq, softirq, *_ = _machine_ticks()
    return (user + nice + system + irq + softirq) / TICKS


def _machine_ticks() -> list[int]:
    first = Path("/proc/stat").read_text().partition("\n")[0]
    return [int(field) for field in first.split()[1:]]


def in_memory(directory: Path) -> bool:
    """Whether what is written there never reaches a disk."""
    mounts = [line.split()[1:3] for line in Path("/proc/mounts").read_text().splitlines()]
    inside = [(point, kind) for point, kind in mounts if directory.resolve().is_relative_to(point)]
    return max(inside, key=lambda mount: len(mount[0]))[1] in ("tmpfs", "ramfs")


def description() -> dict[str, object]:
    names = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "cpu": names[0] if names else platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_before": os.getloadavg()[0],
        "packages": {name: metadata.version(name) for name in PACKAGES},
    }
