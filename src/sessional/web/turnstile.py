"""How many requests one account, or one address, may send to this worker: a token bucket for each.

Kept in memory: a flood is stopped where it arrives, without asking the database for each request, and
N workers together let N times as many pass. What must be counted exactly is counted in the database:
see actions/throttle.py.
"""

from __future__ import annotations

import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from sessional.actions.throttle import Rate
from sessional.web.refused import Headers, Refused

REMEMBERED: Final = 10_000


class Turnstile:
    """``clock`` answers seconds that never go back."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._share = rate.seconds / rate.count
        self._clock = clock
        # passer -> when the bucket is full again; who has not come for longest is forgotten first.
        self._full_at: OrderedDict[int | str, float] = OrderedDict()
        self._policy = (b"ratelimit-policy", f'"requests";q={rate.count};w={rate.seconds}'.encode())

    def pass_(self, passer: int | str) -> Headers:
        """One request; the headers that say what is left (draft-ietf-httpapi-ratelimit-headers).

        Raises Refused (429) with the time to wait.
        """
        now = self._clock()
        full_at = max(self._full_at.get(passer, 0.0), now) + self._share
        over = full_at - now - self._rate.seconds
        if over > 1e-9:
            seconds = max(1, math.ceil(over))
            raise Refused(
                429, "RATE_LIMITED", f"Too many requests. Try again in {seconds} s.", retry=seconds
            )
        self._full_at[passer] = full_at
        self._full_at.move_to_end(passer)
        if len(self._full_at) > REMEMBERED:
            self._full_at.popitem(last=False)
        left = int((self._rate.seconds - (full_at - now)) / self._share + 1e-9)
        limit = f'"requests";r={left};t={math.ceil(full_at - now)}'
        return [self._policy, (b"ratelimit", limit.encode())]
