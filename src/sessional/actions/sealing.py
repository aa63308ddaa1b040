"""The chain of the record: each link's hash covers an event and the link before it.

A change writes its event in its own transaction and waits for no chain: a chain has one end, and every
booking would queue for it. Events are linked a moment later, in batches, by one process at a time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sessional.actions.loading import Fetch
from sessional.store.store import Store, Transaction

# Enough that the way to the database is hidden, little enough that no booking waits long behind it.
LINKED_TOGETHER: Final = 500
Row = Sequence[Any]


def link_hash(before: str, event: Row) -> str:
    """The hash of a link: over the hash before it and all columns of its event."""
    covered = orjson.dumps([before, *event])
    return hashlib.sha256(covered).hexdigest()


async def seal_all(store: Store) -> int:
    """Link every event that waits, a batch in each transaction. Answers how many."""
    total = 0
    while await store.fetch("audit_anything_waits"):
        linked = await store.transact(_seal)
        total += linked
        if linked < LINKED_TOGETHER:
            break
    return total


async def _seal(tx: Transaction) -> int:
    return await seal(tx.fetch)


async def seal(fetch: Fetch) -> int:
    """Link a batch in this transaction. Answers how many: none where another process is at it."""
    if not (await fetch("audit_take_turns"))[0][0]:
        return 0
    events = await fetch("audit_waiting_events", most=LINKED_TOGETHER)
    if not events:
        return 0
    position, before = (await fetch("audit_last_link"))[0]
    links = []
    for number, event in enumerate(events, position + 1):
        before = link_hash(before, tuple(event))
        links.append((number, event[0], before))
    await fetch("audit_add_links", links=orjson.dumps(links).decode())
    await fetch("audit_wait_no_more", ids=orjson.dumps([event[0] for event in events]).decode())
    return len(events)


@dataclass(slots=True)
class Chain:
    """A chain as it is read again from its beginning: ``position`` and ``hash`` are its end so far."""

    position: int
    hash: str

    def broken(self, rows: Sequence[Row]) -> Iterator[tuple[int, str]]:
        """Go on with rows of ``verify_chain``: positions at which something was altered, and what."""
        for position, kept, *event in rows:
            if position != self.position + 1:
                yield position, "links before it are missing"
            elif event[1] is None:
                yield position, "its event is gone"
            elif link_hash(self.hash, tuple(event)) != kept:
                yield position, "its event was altered, or the link before it"
            self.position, self.hash = position, kept
