"""Whether the rules of a diary and a service let a session in: what a search would have said."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Final

from sessional.access import Actor
from sessional.actions.loading import busy_around, load_closures, load_rules, load_services
from sessional.actions.own import is_client, told
from sessional.actions.rooms import Rooms, rooms_between
from sessional.diary.offers import Ask, reasons, starts
from sessional.diary.rules import REACH_SECONDS, Busy, Closures, Rule, ServiceRules, TherapistRules
from sessional.diary.slots import NEARBY_DAYS, nearby
from sessional.diary.values import DAY_SECONDS, Interval, Slot
from sessional.diary.waitlist import HELD_BY
from sessional.errors import RuleRefused, SlotTaken
from sessional.store.store import Transaction

# So far around a start as its alternatives are judged: each of them has a week of its own.
NEAR_SECONDS: Final = REACH_SECONDS + NEARBY_DAYS * DAY_SECONDS
TAKEN = frozenset({Rule.OVERLAP, Rule.HOLD})
# What has a say in a diary for which nobody has made rules.
WITHOUT_RULES = TAKEN | {Rule.BUFFER}
# What was kept when a time was asked for or held, and may have passed since.
_KEPT = frozenset({Rule.NOTICE, Rule.HORIZON})


async def admit_by_rules(
    tx: Transaction,
    *,
    therapist_id: int,
    service_code: str,
    wanted: Interval,
    actor: Actor,
    now: int,
    places: int = 0,
    ignoring: int | None = None,
    offered: bool = False,
    agreed: bool = False,
) -> ServiceRules:
    """Raises SlotTaken with what the search would offer instead, or RuleRefused with every broken rule
    that the actor may know of. Answers the rules of the service.

    A therapist without working hours takes no bookings from a search, but staff may book them: then
    hours and closures have no say. Clients book what a search offers, or what they were ``offered``, and
    nothing else. ``places`` is for how many clients: they may join a group; without any it is a session
    of its own. ``ignoring`` is the session that is being moved. ``agreed`` is a time, still ahead, that was
    asked for or held with enough notice.
    """
    as_staff = offered or not is_client(actor)
    rules = (await load_rules(tx.fetch, [therapist_id]))[therapist_id]
    ask = Ask(
        service=(await load_services(tx.fetch))[service_code],
        duration_seconds=wanted.ends_at - wanted.starts_at,
        account_id=actor.account_id,
        now=now,
        ignoring=ignoring,
        free_of_hours=not rules.takes_search_bookings and as_staff,
    )
    closures = await load_closures(tx.fetch)

    async def busy(reach_seconds: int, places: int) -> list[Busy]:
        # A place that is offered is held, and is the one that they would take.
        who = {"account_id": HELD_BY if offered else actor.account_id, "now": now}
        reach = _around(wanted, reach_seconds)
        return [_met(one, places) for one in await busy_around(tx.fetch, therapist_id, reach, **who)]

    # That a group has a place, but not for so many, is not said here: FullyBooked says it better.
    broken = reasons(rules, closures, ask, wanted.starts_at, await busy(REACH_SECONDS, min(places, 1)))
    if agreed and wanted.starts_at >= now:
        broken = [one for one in broken if one.rule not in _KEPT]
    (has_rules,) = (await tx.fetch("diary_has_own_rules", therapist_id=therapist_id))[0]
    if not has_rules and as_staff:
        # Time between sessions binds everybody; the rest is for diaries that somebody has set up.
        broken = [one for one in broken if one.rule in WITHOUT_RULES]
    if any(one.rule in TAKEN for one in broken):
        near, rooms = await busy(NEAR_SECONDS, places), await _rooms(tx, ask, wanted)

        def fits(start: int) -> bool:
            return rooms is None or rooms.has_one(therapist_id, ask, start, near)

        raise SlotTaken(alternatives(rules, closures, ask, wanted, near, fits))
    if broken:
        raise RuleRefused(told(actor, therapist_id, broken))
    return ask.service


def _around(wanted: Interval, reach_seconds: int) -> Interval:
    first = max(0, wanted.starts_at - reach_seconds)
    return Interval(starts_at=first, ends_at=wanted.ends_at + reach_seconds)


def _met(other: Busy, places: int) -> Busy:
    """A group that has not enough places for so many is in the way like any session."""
    return other if 0 < places <= other.places_left else replace(other, places_left=0)


async def _rooms(tx: Transaction, ask: Ask, wanted: Interval) -> Rooms | None:
    """What is taken of rooms near the wanted time, where the service needs one."""
    if not ask.service.needs_room:
        return None
    near = nearby(wanted)
    within = replace(near, ends_at=near.ends_at + ask.duration_seconds)
    return await rooms_between(tx.fetch, within, account_id=ask.account_id, now=ask.now)


def alternatives(
    rules: TherapistRules,
    closures: Closures,
    ask: Ask,
    wanted: Interval,
    busy: Sequence[Busy],
    fits: Callable[[int], bool],
) -> list[Slot]:
    """Up to three starts on offer near the wanted one, of those that ``fits``; the nearest first."""
    near = nearby(wanted)
    after = Interval(starts_at=wanted.starts_at, ends_at=near.ends_at)
    before = Interval(starts_at=near.starts_at, ends_at=wanted.starts_at)

    def offers(within: Interval) -> Iterator[int]:
        return filter(fits, starts(rules, closures, ask, within, busy))

    offered = [*islice(offers(after), 3), *list(offers(before))[-3:]]
    offered.sort(key=lambda start: (abs(start - wanted.starts_at), start))
    length = wanted.ends_at - wanted.starts_at
    return [
        Slot(therapist_id=rules.therapist_id, starts_at=start, ends_at=start + length)
        for start in offered[:3]
    ]
