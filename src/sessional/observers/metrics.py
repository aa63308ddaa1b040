"""Observations -> numbers for Prometheus, as /metrics shows them.

Counting goes into plain numbers here and from there into Prometheus' own when somebody looks: its
counters take a lock and a few calls each, together more than ten microseconds for a request.
No label comes from a client: operation names and addresses are not among them.
"""

from __future__ import annotations

import os
import platform
import threading
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from sessional.observe import (
    FaultHappened,
    Observation,
    PlainAnswered,
    RequestAnswered,
    ServiceStopped,
)
from sessional.observers.faults import type_name

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric
    from prometheus_client.registry import CollectorRegistry

# Upper bounds of the latency histogram, in seconds.
BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
# Set where several workers' numbers are added up, through files in that folder.
FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
SECONDS_BETWEEN_FILES: Final = 0.5
MOST_CODES: Final = 200


class _Tally:
    """What was counted of one kind of request since somebody looked."""

    __slots__ = ("buckets", "parse", "plan", "rows", "run", "seconds", "statuses")

    def __init__(self) -> None:
        self.statuses: defaultdict[int, int] = defaultdict(int)
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = self.parse = self.plan = self.run = 0.0
        self.rows = 0


class Metrics:
    """An observer that counts, and shows the counts of all workers."""

    def __init__(self, version: str) -> None:
        self._lock = threading.Lock()
        self._tallies: defaultdict[str, _Tally] = defaultdict(_Tally)
        self._codes: defaultdict[str, int] = defaultdict(int)
        self._faults: defaultdict[str, int] = defaultdict(int)
        self._shown = _Shown(version)
        if FOLDER in os.environ:
            threading.Thread(target=self._keep_files, name="metrics", daemon=True).start()

    def __call__(self, observation: Observation) -> None:
        if type(observation) is RequestAnswered:
            with self._lock:
                self._count(observation)
        elif type(observation) is PlainAnswered:
            with self._lock:
                tally = self._tallies["health" if observation.is_health else "page"]
                tally.statuses[observation.status] += 1
                tally.seconds += observation.seconds
                tally.buckets[bisect_left(BOUNDS, observation.seconds)] += 1
        elif type(observation) is FaultHappened:
            with self._lock:
                self._faults[type_name(type(observation.error))] += 1
        elif type(observation) is ServiceStopped:
            self.settle()

    def _count(self, seen: RequestAnswered) -> None:
        tally = self._tallies[seen.kind]
        tally.statuses[seen.status] += 1
        tally.buckets[bisect_left(BOUNDS, seen.seconds)] += 1
        tally.seconds += seen.seconds
        tally.rows += seen.rows
        tally.parse += seen.parse_seconds
        tally.plan += seen.plan_seconds
        tally.run += seen.run_seconds
        for code in seen.codes:
            self._codes[code if code in self._codes or len(self._codes) < MOST_CODES else "OTHER"] += 1

    def settle(self) -> None:
        """Hand what was counted to Prometheus' own counters."""
        with self._lock:
            tallies, self._tallies = self._tallies, defaultdict(_Tally)
            codes, self._codes = self._codes, defaultdict(int)
            faults, self._faults = self._faults, defaultdict(int)
            for kind, tally in tallies.items():
                self._shown.add(kind, tally)
            self._shown.add_errors(codes, faults)

    def exposition(self, accept: str) -> tuple[bytes, str]:
        """The numbers as text, and the text's media type. Takes milliseconds: not for the loop."""
        from prometheus_client.exposition import choose_encoder

        self.settle()
        encode, media_type = choose_encoder(accept)
        return encode(self._shown.registry), media_type

    def _keep_files(self) -> None:
        while True:
            time.sleep(SECONDS_BETWEEN_FILES)
            self.settle()


class _Shown:
    """The metrics by name. ``registry`` is what a look at them collects."""

    def __init__(self, version: str) -> None:
        # Here and not above: on import it decides whether it is alone or one of several workers.
        from prometheus_client import CollectorRegistry, Counter, Gauge

        own = CollectorRegistry()
        every: dict[str, Any] = {"namespace": "sessional", "registry": own}
        self._requests = Counter(
            "requests",
            "Requests by what they asked for (query, mutation, refused, page, health).",
            ["kind", "status"],
            **every,
        )
        self._latency = _latency(own)
        self._steps = Counter("step_seconds", "Seconds spent in a step of the road.", ["step"], **every)
        self._rows = Counter("rows", "Rows of lists that were answered.", **every)
        self._errors = Counter("errors", "Errors in answers by their code.", ["code"], **every)
        self._faults = Counter("faults", "Faults by the exception's type.", ["type"], **every)
        build = Gauge(
            "build_info",
            "Always 1; the labels say what runs.",
            ["version", "python"],
            multiprocess_mode="max",
            **every,
        )
        build.labels(version, platform.python_version()).set(1)
        self.registry = _with_processes(own)

    def add(self, kind: str, tally: _Tally) -> None:
        for status, count in tally.statuses.items():
            self._requests.labels(kind, status).inc(count)
        self._latency.labels(kind).add(tally.buckets, tally.seconds)
        self._rows.inc(tally.rows)
        for step in ("parse", "plan", "run"):
            self._steps.labels(step).inc(getattr(tally, step))

    def add_errors(self, codes: dict[str, int], faults: dict[str, int]) -> None:
        for code, count in codes.items():
            self._errors.labels(code).inc(count)
        for type_, count in faults.items():
            self._faults.labels(type_).inc(count)


def _latency(registry: CollectorRegistry) -> Any:
    from prometheus_client import Histogram

    class Latency(Histogram):
        """A histogram that takes many observations at once."""

        def add(self, buckets: list[int], seconds: float) -> None:
            self._sum.inc(seconds)
            for bucket, count in zip(self._buckets, buckets, strict=True):
                if count:
                    bucket.inc(count)

    text = "Seconds from a request's arrival to its answer."
    return Latency(
        "request_seconds", text, ["kind"], namespace="sessional", registry=registry, buckets=BOUNDS
    )


# ---- processes ----------------------------------------------------------------------------------


def _with_processes(own: CollectorRegistry) -> CollectorRegistry:
    """What is collected when somebody looks: this process alone, or all workers together."""
    from prometheus_client import CollectorRegistry, ProcessCollector
    from prometheus_client.multiprocess import MultiProcessCollector

    if FOLDER not in os.environ:
        ProcessCollector(registry=own)
        return own
    together = CollectorRegistry()
    MultiProcessCollector(together)  # type: ignore[no-untyped-call]
    together.register(_Workers(os.environ[FOLDER]))
    return together


class _Workers:
    """The process metrics of each worker that is alive, under its number."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def collect(self) -> Iterable[Metric]:
        from prometheus_client import ProcessCollector

        found: dict[str, Metric] = {}
        for pid in self._pids():
            for metric in ProcessCollector(pid=partial(str, pid), registry=None).collect():
                kept = found.setdefault(metric.name, metric)
                samples = [s._replace(labels={**s.labels, "pid": pid}) for s in metric.samples]
                kept.samples = samples if kept is metric else kept.samples + samples
        return found.values()

    def _pids(self) -> list[str]:
        """Every worker has a file of counters, which it leaves behind."""
        files = [name for name in os.listdir(self._folder) if name.startswith("counter_")]
        pids = [name.removeprefix("counter_").removesuffix(".db") for name in files]
        return sorted(pid for pid in pids if os.path.isdir(f"/proc/{pid}"))
