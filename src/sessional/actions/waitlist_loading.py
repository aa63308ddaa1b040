"""Everything that decides to whom a free time is offered, as the database has it now.

The diaries and the list are locked: what is read here stays so until the end of the transaction.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

import orjson

from sessional.actions.loading import busy_around, load_closures, load_rules, load_services
from sessional.actions.rooms import rooms_between
from sessional.diary.freed import NEAR_SECONDS, Freed
from sessional.diary.rules import REACH_SECONDS, Busy, ServiceRules
from sessional.diary.values import Interval, Slot
from sessional.diary.waitlist import Diary, Entry, Practice
from sessional.store.store import Transaction

# As far as offers may begin from what is freed, and as far around those as rules look.
_REACH_SECONDS: Final = NEAR_SECONDS + REACH_SECONDS


async def load_entries(tx: Transaction, reach: Mapping[str, int]) -> list[Entry]:
    """Who waits for a time within a span, in turn."""
    return [_entry(row) for row in await tx.fetch("waiting", **reach)]


def _entry(row: Sequence[Any]) -> Entry:
    return Entry(
        entry_id=row[0],
        client_id=row[1],
        service_code=row[2],
        from_at=row[3],
        until_at=row[4],
        specialisms=frozenset(orjson.loads(row[5])),
        therapist_ids=frozenset(int(number) for number in orjson.loads(row[6])),
        duration_seconds=row[7],
        from_minute=row[8],
        until_minute=row[9],
        weekdays=frozenset(orjson.loads(row[10])),
        time_zone=row[11],
        declined=frozenset(
            Slot(therapist_id=therapist_id, starts_at=starts_at, ends_at=ends_at)
            for therapist_id, starts_at, ends_at in orjson.loads(row[12])
        ),
    )


async def load_practice(
    tx: Transaction, free: Sequence[Freed], entries: Sequence[Entry], now: int
) -> Practice:
    """What these free times are laid before these entries with."""
    services = await load_services(tx.fetch)
    reach = Interval(
        starts_at=max(0, min(slot.starts_at for slot in free) - _REACH_SECONDS),
        ends_at=max(slot.ends_at for slot in free) + _REACH_SECONDS,
    )
    return Practice(
        now=now,
        services=services,
        closures=await load_closures(tx.fetch),
        diaries=await _diaries(tx, sorted({slot.therapist_id for slot in free}), reach, services, now),
        clients=await _clients(tx, entries, reach),
        rooms=await _rooms(tx, reach, now) if any(s.needs_room for s in services.values()) else {},
    )


async def _diaries(
    tx: Transaction,
    therapist_ids: Sequence[int],
    reach: Interval,
    services: Mapping[str, ServiceRules],
    now: int,
) -> dict[int, Diary]:
    who: dict[str, Any] = {"account_id": None, "now": now}
    rules = await load_rules(tx.fetch, therapist_ids)
    named: defaultdict[int, set[str]] = defaultdict(set)
    packed = tx.dialect.pack(list(therapist_ids))
    for therapist_id, name in await tx.fetch("specialisms_of_some", therapist_ids=packed):
        named[therapist_id].add(name)
    return {
        number: Diary(
            rules=rules[number],
            specialisms=frozenset(named[number]),
            busy=[_to_offer(b, services) for b in await busy_around(tx.fetch, number, reach, **who)],
        )
        for number in therapist_ids
        if number in rules
    }


def _to_offer(other: Busy, services: Mapping[str, ServiceRules]) -> Busy:
    """What is asked for first is a session of its own: no place in a group is offered for it."""
    return replace(other, places_left=0) if services[other.service_code].needs_approval else other


async def _clients(tx: Transaction, entries: Sequence[Entry], reach: Interval) -> dict[int, list[Interval]]:
    found: defaultdict[int, list[Interval]] = defaultdict(list)
    packed = tx.dialect.pack(sorted({entry.client_id for entry in entries}))
    span = {"starts_at": reach.starts_at, "ends_at": reach.ends_at}
    for client_id, starts_at, ends_at in await tx.fetch("sessions_of_clients", client_ids=packed, **span):
        found[client_id].append(Interval(starts_at=starts_at, ends_at=ends_at))
    return found


async def _rooms(tx: Transaction, reach: Interval, now: int) -> Mapping[int, list[Interval]]:
    """Every room with when it is taken."""
    rooms = await rooms_between(tx.fetch, reach, account_id=None, now=now)
    return {
        room_id: [Interval(starts_at=starts_at, ends_at=ends_at) for starts_at, ends_at in spans]
        for room_id, spans in rooms.taken.items()
    }
