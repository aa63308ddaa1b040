"""What was promised, and whether the numbers keep it.

Must not know: how numbers come about.
"""

from dataclasses import dataclass

from bench.summary import Summary

POSTGRESQL, SQLITE = "sessional-postgresql", "sessional-sqlite"


@dataclass(frozen=True, kw_only=True)
class Target:
    """``server`` does at least ``factor`` times as many requests a second as ``beside``."""

    operation: str
    server: str
    beside: str
    factor: float
    at: tuple[int, ...] = (32,)

    def sentence(self) -> str:
        where = ", ".join(map(str, self.at))
        return f"{self.operation}: {self.server} ≥ {self.factor:g} × {self.beside} (at {where})"

    def ratios(self, summary: Summary) -> list[float | None]:
        return [
            summary.ratio(self.operation, connections, self.server, self.beside) for connections in self.at
        ]


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """A target in words, what was measured, and whether it is met (None: not measured)."""

    target: str
    measured: str
    met: bool | None


RATES = [
    Target(operation="page", server=POSTGRESQL, beside="floor", factor=0.9, at=(1, 8, 32)),
    Target(operation="page", server=POSTGRESQL, beside="mercurius", factor=2, at=(1, 8, 32)),
    Target(operation="page", server=POSTGRESQL, beside="strawberry", factor=25, at=(1, 8, 32)),
    Target(operation="tiny", server=POSTGRESQL, beside="mercurius", factor=1.2),
    Target(operation="tiny", server=POSTGRESQL, beside="floor", factor=0.75),
    Target(operation="tiny", server=SQLITE, beside="mercurius", factor=2),
    Target(operation="write", server=POSTGRESQL, beside="mercurius", factor=1),
    Target(operation="contended", server=POSTGRESQL, beside="mercurius", factor=1),
    Target(operation="write", server=SQLITE, beside="mercurius", factor=1.5),
    Target(operation="contended", server=SQLITE, beside="mercurius", factor=1.5),
]
GROWTH = 1.2
WORKER_MB = 120
START_SECONDS = 2


def verdicts(summary: Summary) -> list[Verdict]:
    found = [rate_verdict(target, summary) for target in RATES]
    for server in (POSTGRESQL, SQLITE):
        found += [growth_verdict(server, summary), *worker_verdicts(server, summary)]
    return found


def rate_verdict(target: Target, summary: Summary) -> Verdict:
    ratios = target.ratios(summary)
    known = [ratio for ratio in ratios if ratio is not None]
    return Verdict(
        target=target.sentence(),
        measured=" / ".join(f"{ratio:.2f}" for ratio in known) or "–",
        met=min(known) >= target.factor if len(known) == len(ratios) else None,
    )


def growth_verdict(server: str, summary: Summary) -> Verdict:
    small, large = (summary.page_p50(server, count) for count in (10_000, 10_000_000))
    target = f"page p50 of {server} at 10,000,000 ≤ {GROWTH} × at 10,000 (1 connection)"
    if small is None or large is None:
        return Verdict(target=target, measured="–", met=None)
    growth = large / small
    measured = f"{large:.2f} ms / {small:.2f} ms = {growth:.2f}"
    return Verdict(target=target, measured=measured, met=growth <= GROWTH)


def worker_verdicts(server: str, summary: Summary) -> list[Verdict]:
    memory, start = summary.memory_mb(server), summary.start_seconds.get(server)
    return [
        Verdict(
            target=f"{server}: worker below {WORKER_MB} MB after the load",
            measured="–" if memory is None else f"{memory:.0f} MB",
            met=None if memory is None else memory < WORKER_MB,
        ),
        Verdict(
            target=f"{server}: first answer within {START_SECONDS} s of the start",
            measured="–" if start is None else f"{start:.2f} s",
            met=None if start is None else start <= START_SECONDS,
        ),
    ]
