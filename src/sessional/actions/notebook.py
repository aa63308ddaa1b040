"""What goes on record though nothing was changed: refusals of access. Written in batches.

Who is refused waits for no write, and whoever is refused a thousand times a second makes one entry of
it. What a worker has noticed and not yet written is lost if it is killed; the changes themselves are
written in their own transactions.
"""

from __future__ import annotations

from collections import Counter
from typing import Final

import orjson

from sessional.access import Actor
from sessional.actions.entries import Entry, Outcome, note, told
from sessional.store.store import Store, Transaction

# Different entries of one batch; whatever else happens in it is told as a number.
MOST_KINDS: Final = 1_000

# (account, name, role, action, code) of a refusal.
_Refusal = tuple[int, str, str, str, str]
_OTHERS: Final[_Refusal] = (0, "", "", "(others)", "")


class Notebook:
    """Notices for the record. One for each process."""

    def __init__(self) -> None:
        self._refusals: Counter[_Refusal] = Counter()
        self._requests: dict[_Refusal, str] = {}

    def refused(self, actor: Actor, action: str, code: str, request_id: str) -> None:
        """An account that is known was refused access to a field."""
        key: _Refusal = (actor.account_id, actor.username, actor.role.value, action, code)
        if key not in self._refusals and len(self._refusals) >= MOST_KINDS:
            key = _OTHERS
        self._refusals[key] += 1
        self._requests.setdefault(key, request_id)

    async def write(self, store: Store, *, now: int) -> None:
        """Put on record what was noticed since the last time. Where that fails, it is kept for the next."""
        if not self._refusals:
            return
        refusals, self._refusals = self._refusals, Counter()
        requests, self._requests = self._requests, {}
        entries = [_refusal(key, times, requests[key], now) for key, times in refusals.items()]

        async def attempt(tx: Transaction) -> None:
            await note(tx.fetch, [told(entry) for entry in entries])

        try:
            await store.transact(attempt)
        except Exception:
            self._refusals += refusals
            self._requests = requests | self._requests
            raise


def _refusal(key: _Refusal, times: int, request_id: str, now: int) -> Entry:
    account_id, username, role, action, code = key
    return Entry(
        happened_at=now,
        account_id=account_id,
        username=username,
        role=role,
        action=action,
        outcome=Outcome.REFUSED,
        code=code,
        state_after=None if times == 1 else orjson.dumps({"times": times}).decode(),
        request_id=request_id,
    )
