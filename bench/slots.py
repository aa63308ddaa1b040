"""Which free times the bookings take: no two runs the same ones, on any server.

After 2031 nobody has a session, so every hour there is free. Bookings of the whole house take hours up
to 2034; contended ones take quarters of an hour after it, each run in the diary of another therapist.
"""

import os
from dataclasses import dataclass, field

from bench import data

CONTENDED_FROM = 2_019_686_400  # 2034-01-01
UNTIL = 2_145_830_400  # 2037-12-31: the contract's Int ends in January 2038
HOURS = (CONTENDED_FROM - data.FREE_FROM) // 3600 * data.THERAPISTS
QUARTERS = (UNTIL - CONTENDED_FROM) // 900


@dataclass
class Slots:
    """Counts what has been given out."""

    written: int = 0
    diaries: int = 0
    runs: int = 0
    name: str = field(default_factory=lambda: f"bench-{os.getpid()}")

    def environment(self, operation: str) -> dict[str, str]:
        if operation == "contended":
            if self.diaries >= data.THERAPISTS:
                raise ValueError("Too many contended runs: every diary has been used")
            base, begin, most = 1 + self.diaries, CONTENDED_FROM, QUARTERS
        else:
            base, begin, most = self.written, data.FREE_FROM, HOURS
        return {"BENCH_BASE": str(base), "BENCH_FROM": str(begin), "BENCH_MOST": str(most)}

    def used(self, operation: str, asked: int) -> None:
        self.written += asked + 1 if operation == "write" else 0
        self.diaries += operation == "contended"

    def single(self) -> tuple[int, int]:
        """A therapist and a free hour, for one booking."""
        self.written += 1
        place = self.written
        return 1 + place % data.THERAPISTS, data.FREE_FROM + place // data.THERAPISTS * 3600

    def key(self) -> str:
        """The beginning of idempotency keys that nobody has used."""
        self.runs += 1
        return f"{self.name}-{self.runs}-"

    def seed(self) -> int:
        return self.runs
