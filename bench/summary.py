"""Medians of the runs, and the ratios between servers.

Must not know: which ratios are good.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from bench.load import Run


@dataclass(frozen=True, kw_only=True)
class Summary:
    """All runs of one measurement. ``scale``: runs of the page by the number of appointments."""

    runs: list[Run]
    scale: dict[int, list[Run]] = field(default_factory=dict)
    start_seconds: dict[str, float] = field(default_factory=dict)

    def some(self, server: str, operation: str, connections: int) -> list[Run]:
        wanted = (server, operation, connections)
        return [r for r in self.runs if (r.server, r.operation, r.connections) == wanted]

    def middle(
        self, server: str, operation: str, connections: int, value: Callable[[Run], float]
    ) -> float | None:
        runs = self.some(server, operation, connections)
        return median(map(value, runs)) if runs else None

    def rate(self, server: str, operation: str, connections: int) -> float | None:
        return self.middle(server, operation, connections, lambda run: run.rate)

    def ratio(self, operation: str, connections: int, server: str, beside: str) -> float | None:
        ours = self.rate(server, operation, connections)
        theirs = self.rate(beside, operation, connections)
        return ours / theirs if ours is not None and theirs else None

    def memory_mb(self, server: str) -> float | None:
        """The most that was ever seen after a run."""
        return max((run.memory_mb for run in self.runs if run.server == server), default=None)

    def page_p50(self, server: str, appointments: int) -> float | None:
        runs = [r for r in self.scale.get(appointments, []) if r.server == server]
        return median(run.p50_ms for run in runs) if runs else None

    def operations(self) -> list[str]:
        return list(dict.fromkeys(run.operation for run in self.runs))

    def servers(self, operation: str) -> list[str]:
        return list(dict.fromkeys(r.server for r in self.runs if r.operation == operation))

    def connections(self) -> list[int]:
        return sorted({run.connections for run in self.runs})

    def disturbance(self) -> float:
        """The part of one core that others used during the runs, at worst."""
        runs = [*self.runs, *(run for some in self.scale.values() for run in some)]
        return max((run.other_cpu_seconds / run.seconds for run in runs), default=0.0)
