"""What is kept for so long and no longer: clients who do not come any more, old entries of the record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from sessional.actions.loading import Fetch
from sessional.diary.values import DAY_SECONDS

# Of one transaction: bookings wait no longer than for that.
PRUNED_TOGETHER: Final = 2_000
CLIENTS_LOOKED_AT: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How many days clients are kept after their last session, and entries of the record; 0: for good."""

    client_days: int
    audit_days: int


async def clients_long_gone(fetch: Fetch, periods: Periods, *, now: int, after: int = 0) -> list[int]:
    """The next clients by number who have been gone for longer than they are kept."""
    if not periods.client_days:
        return []
    before = now - periods.client_days * DAY_SECONDS
    rows = await fetch("clients_long_gone", after=after, before=before, most=CLIENTS_LOOKED_AT)
    return [row[0] for row in rows]


async def know_clients(fetch: Fetch, *, now: int) -> None:
    """From now on those are known of whom nobody said since when: that they never come counts from here."""
    await fetch("know_clients_from_now", now=now)


async def old_entries(fetch: Fetch, periods: Periods, *, now: int) -> tuple[int, int]:
    """Where the record begins, and the position up to which all is older than it is kept."""
    if not periods.audit_days:
        return 0, 0
    ((begins, ends),) = await fetch("audit_prunable", before=now - periods.audit_days * DAY_SECONDS)
    return begins, ends


async def prune(fetch: Fetch, begins: int, ends: int) -> int:
    """Let the record begin later, by one batch of its entries. Answers the position where it begins."""
    position = min(ends, begins + PRUNED_TOGETHER)
    await fetch("audit_begin_at", position=position)
    await fetch("audit_prune_events", position=position)
    await fetch("audit_prune_links", position=position)
    return position
