"""A booking with whoever is free: the search and the booking in one step.

Whoever has the fewest sessions that week is asked first. Where somebody else was faster, the next one is
asked, and then the search looks once more: only where nobody is free is the booking refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

from sessional.access import Actor
from sessional.actions.booking import LOOKS, Booked, book, replayed
from sessional.actions.desk import Desk
from sessional.actions.entry import standing
from sessional.actions.finding import fairest
from sessional.actions.own import is_client, sees_all
from sessional.actions.search import Search, searched
from sessional.diary import booking
from sessional.diary.ask import lasts
from sessional.diary.slots import NEARBY_DAYS
from sessional.diary.values import DAY_SECONDS, Slot, Wish
from sessional.errors import FullyBooked, InvalidTime, RoomTaken, RuleRefused, SlotTaken
from sessional.store.store import RowAnswer

_MOST_OFFERS: Final = 3
# How far back a free time is looked for, step by step: most are found nearby.
_STEPS_BACK: Final = (DAY_SECONDS // 4, DAY_SECONDS, NEARBY_DAYS * DAY_SECONDS)


async def book_anyone(
    desk: Desk, actor: Actor, wish: Wish, answer: RowAnswer, values: Sequence[Any] = ()
) -> Booked:
    """Book a session with any of ``wish.anyone``. Raises BookingRefused; SlotTaken where nobody is free."""
    booking.check(wish)
    wish = _among_own(await standing(desk.store.fetch, actor), wish)
    if (known := await replayed(desk, actor, wish, answer, values)) is not None:
        return known
    for _ in range(LOOKS):
        free = await _free(desk, actor, wish)
        for therapist_id in free:
            with suppress(SlotTaken, RuleRefused, FullyBooked, *_lost_rooms(wish)):
                return await book(desk, actor, replace(wish, therapist_id=therapist_id), answer, values)
        if not free:
            break
    raise SlotTaken(await _nearest(desk, actor, wish), nobody=True)


def _among_own(actor: Actor, wish: Wish) -> Wish:
    """A therapist books in their own diary alone, whoever else would do."""
    assert wish.anyone is not None
    if sees_all(actor) or is_client(actor):
        return wish
    named = wish.anyone.therapist_ids
    mine = () if actor.therapist_id is None else (actor.therapist_id,)
    own = mine if named is None else tuple(number for number in named if number in mine)
    return replace(wish, anyone=replace(wish.anyone, therapist_ids=own))


def _lost_rooms(wish: Wish) -> tuple[type[RoomTaken], ...]:
    """Somebody else took the last room: a race like any other, unless a certain room was asked for."""
    return (RoomTaken,) if wish.room_id is None else ()


async def _free(desk: Desk, actor: Actor, wish: Wish) -> list[int]:
    """Who is free at that start, the least busy that week first. Raises what no therapist can change."""
    found = await searched(desk, actor, _search(wish, wish.starts_at, wish.starts_at + 1))
    ask = found.walk.ask
    if not lasts(ask):
        raise InvalidTime("Sessions of this service have other lengths.", path=["durationSeconds"])
    if len(wish.client_ids) > ask.service.capacity:
        raise FullyBooked(ask.service.capacity)
    slots, _, _ = await fairest(found, None, None)
    return [therapist_id for _, start, therapist_id in slots if _takes(found, wish, therapist_id, start)]


def _takes(found: Search, wish: Wish, therapist_id: int, start: int) -> bool:
    """Whether the clients fit in: a group that is there already is joined by clients alone."""
    if not wish.client_ids:
        return (therapist_id, start) not in found.walk.groups
    return found.walk.places_left(therapist_id, start) >= len(wish.client_ids)


async def _nearest(desk: Desk, actor: Actor, wish: Wish) -> list[Slot]:
    """Up to three other starts, the nearest first, each with somebody who is free then."""
    at, reach = wish.starts_at, NEARBY_DAYS * DAY_SECONDS
    found = await searched(desk, actor, _search(wish, max(0, at - reach), at + reach))
    walk = found.walk
    first, end = walk.first, walk.end
    walk.first, walk.end = max(first, at), end
    offers = await _some(found, wish, _MOST_OFFERS)
    before: dict[int, int] = {}
    for step in _STEPS_BACK:
        walk.first, walk.end = max(first, at - step), min(end, at)
        if len(before) < _MOST_OFFERS:
            before = await _some(found, wish, None)
    offers.update(sorted(before.items())[-_MOST_OFFERS:])
    nearest = sorted(offers, key=lambda start: (abs(start - at), start))[:_MOST_OFFERS]
    length = walk.ask.duration_seconds
    return [Slot(therapist_id=offers[s], starts_at=s, ends_at=s + length) for s in nearest]


async def _some(found: Search, wish: Wish, most: int | None) -> dict[int, int]:
    """The first starts of a walk, each with somebody who is free then."""
    some: dict[int, int] = {}
    async for start, therapist_id in found.walk.soonest():
        if _takes(found, wish, therapist_id, start):
            some.setdefault(start, therapist_id)
        if len(some) == most:
            break
    return some


def _search(wish: Wish, since: int, until: int) -> Mapping[str, Any]:
    assert wish.anyone is not None
    return {
        "service": wish.service_code,
        "duration_seconds": wish.duration_seconds,
        "specialisms": wish.anyone.specialisms,
        "therapist_ids": wish.anyone.therapist_ids,
        "languages": wish.anyone.languages,
        "from": since,
        "until": until,
    }
