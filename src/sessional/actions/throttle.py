"""How often a log-in may fail: for an account, and for a network address; shared by all workers.

Each has a bucket in the database from which a try is taken before its password is looked at, and to
which it is given back where the password was right. The rate is that of GCRA: so many at once, then
one whenever a share of the period has passed. So whoever waits for that share may try again; a try
that is refused takes nothing. Nobody is ever locked out for longer than a share.

Somebody else's tries must not keep the owner out as long as they go on, either: an address from which
the account has logged in before has a bucket of its own, which strangers do not empty.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from sessional.access import Caller
from sessional.credentials import fingerprint
from sessional.errors import RateLimited
from sessional.store.store import Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """So many within so many seconds."""

    count: int
    seconds: int

    @property
    def share_ms(self) -> int:
        """What one of them takes of the period."""
        return math.ceil(self.seconds * 1000 / self.count)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A try, and the buckets that it was taken from."""

    buckets: Sequence[str]
    rate: Rate

    async def give_back(self, tx: Transaction) -> None:
        for bucket in self.buckets:
            await tx.fetch("give_back_log_in", bucket=bucket, share_ms=self.rate.share_ms)


def buckets(caller: Caller, username: str, *, known: bool) -> Sequence[str]:
    """Where a try is taken from; ``known`` where the account has logged in from this address before."""
    if known:
        return (fingerprint(f"both {caller.address} {username}"),)
    return (fingerprint(f"address {caller.address}"), fingerprint(f"account {username}"))


async def take(tx: Transaction, rate: Rate, names: Sequence[str], *, now_ms: int) -> Taken:
    """One try from each bucket. Raises RateLimited with the time to wait, and then takes none."""
    share, slack = rate.share_ms, rate.share_ms * (rate.count - 1)
    for bucket in names:
        values = {"bucket": bucket, "now_ms": now_ms, "share_ms": share, "slack_ms": slack}
        if not await tx.fetch("take_log_in", **values):
            ((free_at_ms,),) = await tx.fetch("log_in_rate_of", bucket=bucket)
            raise RateLimited(_seconds(free_at_ms - slack - now_ms))
    return Taken(buckets=names, rate=rate)


def _seconds(milliseconds: int) -> int:
    return max(1, math.ceil(milliseconds / 1000))
