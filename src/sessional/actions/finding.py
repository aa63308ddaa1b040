"""The questions about free times: which are there, which is next, on which days, and why one is not.

Nothing is decided here: what is on offer says ``diary.offers``, and a booking asks the same rules.
"""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from sessional.access import Actor
from sessional.actions.desk import Desk
from sessional.actions.loading import busy_around
from sessional.actions.own import sees_all, told
from sessional.actions.rooms import NO_ROOM, rooms_between
from sessional.actions.search import Search, diaries, searched
from sessional.actions.walking import Free
from sessional.actions.windows import Entry
from sessional.actions.work import Ref
from sessional.diary import booking
from sessional.diary.availability import day_at, period_of
from sessional.diary.offers import reasons
from sessional.diary.rules import REACH_SECONDS, Busy, TherapistRules
from sessional.diary.values import DAY_SECONDS, Interval, Wish
from sessional.errors import Forbidden, InvalidArgument, InvalidCursor, InvalidPageSize, UnknownTherapist

DEFAULT_PAGE: Final = 20
MOST_ON_A_PAGE: Final = 1000
# Where every free time has to be known: for a count, and to spread the load.
MOST_DAYS_AT_ONCE: Final = 62


async def free_slots(
    desk: Desk,
    actor: Actor,
    *,
    wanted: frozenset[str],
    search: Mapping[str, Any],
    first: int | None = None,
    after: str | None = None,
    order_by: str | None = None,
) -> dict[str, Any]:
    """A page of free times. ``wanted`` are the fields that somebody will read."""
    order, size = order_by or "SOONEST", _size(first)
    if order == "FAIREST" and not sees_all(actor):
        raise Forbidden(
            "The order FAIREST tells how much others work: it is for staff who see all diaries."
        )
    place = None if after is None else _place(after, order)
    found = await searched(desk, actor, search)
    if order == "FAIREST" or "total_count" in wanted:
        _bound_days(found)
    page: dict[str, Any] = {"total_count": 0}
    free: Sequence[tuple[int, ...]]
    if order == "FAIREST":
        free, more, total = await fairest(found, size, place)
        page["total_count"] = total
    else:
        free, more = await _soonest(found, size, place)
        if "total_count" in wanted:
            page["total_count"] = await _counted(found)
    edges = [{"node": _slot(found, each[-2:]), "cursor": _cursor(order, each)} for each in free]
    page["edges"] = edges
    page["page_info"] = {
        "has_next_page": more,
        "has_previous_page": place is not None,
        "start_cursor": edges[0]["cursor"] if edges else None,
        "end_cursor": edges[-1]["cursor"] if edges else None,
    }
    return page


async def next_free(
    desk: Desk, actor: Actor, *, search: Mapping[str, Any], first: int | None = None
) -> list[dict[str, Any]]:
    """The first free time of each therapist who has one, the soonest first."""
    size = _size(first)
    found = await searched(desk, actor, search)
    walk, free = found.walk, []
    if size:
        async for slot in walk.soonest(once=True):
            free.append(_slot(found, slot))
            if len(free) == size:
                break
    return free


async def free_days(desk: Desk, actor: Actor, *, search: Mapping[str, Any]) -> list[str]:
    """The dates on which there is any free time. A window of dates that are known is not looked into."""
    found = await searched(desk, actor, search)
    _bound_days(found)
    days: set[str] = set()
    walk = found.walk

    def unknown(entry: Entry) -> bool:
        last = min(entry.window.stop, walk.end) - 1
        return any(found.date_of(entry.therapist_id, at) not in days for at in (entry.first, last))

    walk.worth = unknown
    async for start, therapist_id in walk.soonest():
        days.add(found.date_of(therapist_id, start))
    return sorted(days)


async def explain_slot(
    desk: Desk,
    actor: Actor,
    *,
    therapist_id: int,
    starts_at: int,
    service: str,
    duration_seconds: int | None = None,
) -> dict[str, Any]:
    """Whether a search would offer this start, and if not, what the actor may know of why."""
    wanted: dict[str, Any] = {"service": service, "therapist_ids": [therapist_id]}
    practice, numbers = await diaries(desk, wanted)
    ask = Search.ask_for(practice, desk, actor, service, duration_seconds)
    if not numbers:
        raise UnknownTherapist
    length = ask.duration_seconds
    booking.check(
        Wish(therapist_id=therapist_id, service_code=service, starts_at=starts_at, duration_seconds=length)
    )
    rules = practice.rules[therapist_id]
    reach = Interval(starts_at=starts_at - REACH_SECONDS, ends_at=starts_at + REACH_SECONDS)
    who = {"account_id": actor.account_id, "now": ask.now}
    busy = await busy_around(desk.store.fetch, therapist_id, reach, **who)
    broken = reasons(rules, practice.closures, ask, starts_at, busy)
    if ask.service.needs_room:
        within = Interval(starts_at=starts_at, ends_at=starts_at + ask.duration_seconds)
        rooms = await rooms_between(desk.store.fetch, within, **who)
        broken += [] if rooms.has_one(therapist_id, ask, starts_at, busy) else [NO_ROOM]
    shown = told(actor, therapist_id, broken)
    rules_told = [{"rule": each.rule.value, "message": each.message, "value": each.value} for each in shown]
    return {"offered": not broken, "rules": rules_told}


# ---- pages --------------------------------------------------------------------------------------


async def _soonest(found: Search, size: int, place: Sequence[int] | None) -> tuple[list[Free], bool]:
    """The page, and whether anything comes after it."""
    after = (-1, -1) if place is None else (place[0], place[1])
    walk, free = found.walk, list[Free]()
    begins = walk.first
    walk.first = max(begins, after[0])
    try:
        async for slot in walk.soonest():
            if slot <= after:
                continue
            if len(free) == size:
                return free, True
            free.append(slot)
    finally:
        walk.first = begins
    return free, False


async def _counted(found: Search) -> int:
    total = 0
    async for _, free in found.walk.everything():
        total += sum(1 for _ in free)
    return total


async def fairest(
    found: Search, size: int | None, place: Sequence[int] | None
) -> tuple[list[tuple[int, int, int]], bool, int]:
    """(sessions that week, start, therapist) in this order: the page, whether anything comes after it,
    and how many there are. Who has the fewest sessions in the week of the start comes first."""
    walk = found.walk
    walk.whole_weeks = True
    weeks: dict[int, Counter[int]] = {}
    slots: list[tuple[int, int, int]] = []
    async for therapist_id, free in walk.everything():
        rules = walk.practice.rules[therapist_id]
        if therapist_id not in weeks:
            weeks[therapist_id] = _weeks(rules, walk.sessions(therapist_id))
        loads = weeks[therapist_id]
        slots += [(loads[_week(rules, start)], start, therapist_id) for start in free]
    slots.sort()
    after = tuple(place or ())
    left = [slot for slot in slots if slot > after] if after else slots
    return left[:size], size is not None and len(left) > size, len(slots)


def _weeks(rules: TherapistRules, sessions: Sequence[Busy]) -> Counter[int]:
    """Sessions by the week in which they start. A hold is not a session yet."""
    return Counter(_week(rules, session.starts_at) for session in sessions if session.held_by is None)


def _week(rules: TherapistRules, at: int) -> int:
    return period_of(day_at(rules, at), 7)


def _slot(found: Search, free: Sequence[int]) -> dict[str, Any]:
    start, therapist_id = free
    walk = found.walk
    return {
        "starts_at": start,
        "ends_at": start + walk.ask.duration_seconds,
        "therapist": Ref("Therapist", therapist_id),
        "service": Ref("Service", walk.practice.service_ids[walk.ask.service.code]),
        "places_left": walk.places_left(therapist_id, start),
        "room": None if (room_id := found.room(therapist_id, start)) is None else Ref("Room", room_id),
    }


def _size(first: int | None) -> int:
    size = DEFAULT_PAGE if first is None else first
    if not 0 <= size <= MOST_ON_A_PAGE:
        raise InvalidPageSize(f"`first` lies between 0 and {MOST_ON_A_PAGE}.")
    return size


def _bound_days(found: Search) -> None:
    if found.walk.end - found.walk.first > MOST_DAYS_AT_ONCE * DAY_SECONDS:
        raise InvalidArgument(
            f"A count, a list of days and the order FAIREST cover at most {MOST_DAYS_AT_ONCE} days."
        )


# ---- cursors ------------------------------------------------------------------------------------


def _cursor(order: str, place: Sequence[int]) -> str:
    return b64encode(orjson.dumps([order, *place])).decode()


def _place(text: str, order: str) -> list[int]:
    """Where a cursor stands. Raises InvalidCursor for one of another order, or of no order at all."""
    try:
        parts: list[Any] = orjson.loads(b64decode(text, validate=True))
        found, *place = parts
    except (binascii.Error, ValueError, TypeError):
        raise InvalidCursor("That is not a cursor of this service.") from None
    if found not in ("SOONEST", "FAIREST"):
        raise InvalidCursor("That is not a cursor of this service.")
    if found != order:
        raise InvalidCursor("That cursor belongs to another list or sort.")
    if len(place) != (2 if order == "SOONEST" else 3) or any(type(part) is not int for part in place):
        raise InvalidCursor("That is not a cursor of this service.")
    return place
