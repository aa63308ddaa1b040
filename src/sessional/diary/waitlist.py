"""Who waits for a time, and which free time is theirs: the first in turn whom the time fits.

A free time is offered as the search would offer it: the same rules, the same wishes. What is decided
here is written by ``actions.waitlist_offers`` as a hold, which nobody can book but the one it is for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from sessional.diary.ask import Ask, joined
from sessional.diary.freed import Freed, new_starts
from sessional.diary.rules import Busy, Closures, ServiceRules, TherapistRules
from sessional.diary.values import Interval, Slot
from sessional.diary.wishes import Fits, at_time_of_day, on_weekdays

# Who holds what is offered. No account has this number, so it is nobody's own to book over.
HELD_BY: Final = -1
# How long a time stays held after its offer has run out, so that the next in turn gets it before others.
KEPT_SECONDS: Final = 90


class Waiting(StrEnum):
    """The states of an entry."""

    WAITING = "WAITING"
    OFFERED = "OFFERED"
    ACCEPTED = "ACCEPTED"
    LEFT = "LEFT"
    ENDED = "ENDED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What somebody waits for. Empty lists restrict nothing.

    ``declined`` is what they were offered and did not take: nothing that overlaps it is offered again.
    """

    entry_id: int
    client_id: int
    service_code: str
    from_at: int
    until_at: int
    specialisms: frozenset[str] = frozenset()
    therapist_ids: frozenset[int] = frozenset()
    duration_seconds: int | None = None
    from_minute: int | None = None
    until_minute: int | None = None
    weekdays: frozenset[int] = frozenset()
    time_zone: str | None = None
    declined: frozenset[Slot] = frozenset()


@dataclass(slots=True, kw_only=True)
class Diary:
    """A therapist's diary as it is now, with the offers that are made as they are made.

    Of groups, ``busy`` has the places that can be offered.
    """

    rules: TherapistRules
    specialisms: frozenset[str]
    busy: list[Busy]


@dataclass(slots=True, kw_only=True)
class Practice:
    """Everything that decides to whom a free time is offered."""

    now: int
    services: Mapping[str, ServiceRules]
    closures: Closures
    diaries: Mapping[int, Diary]
    # client -> when they have sessions, or are offered some; room -> when it is taken.
    clients: dict[int, list[Interval]] = field(default_factory=dict)
    rooms: Mapping[int, list[Interval]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A time for an entry, with the room that the service needs, until when it can be accepted; or a place
    in the group that meets then, which has its room."""

    entry: Entry
    slot: Slot
    room_id: int | None
    offered_until: int
    group_id: int | None = None


def wishes(entry: Entry) -> list[Fits]:
    """What the entry asks of a start beyond the rules. Raises InvalidArgument for what no start can be."""
    found: list[Fits] = []
    if entry.weekdays:
        found.append(on_weekdays(entry.weekdays, entry.time_zone))
    if entry.from_minute is not None and entry.until_minute is not None:
        found.append(at_time_of_day(entry.from_minute, entry.until_minute, entry.time_zone))
    return found


def offer_for(entry: Entry, free: Sequence[Freed], practice: Practice, offer_seconds: int) -> Offer | None:
    """The first start that this entry wants and can have: within what has become free, or else another that
    was not possible before. None where there is none."""
    return next(_offers(entry, free, practice, offer_seconds), None)


def _offers(entry: Entry, free: Sequence[Freed], practice: Practice, offer_seconds: int) -> Iterator[Offer]:
    fits, service = wishes(entry), practice.services[entry.service_code]
    length = length_of(entry, service)
    for therapist_id in dict.fromkeys(one.therapist_id for one in free):
        diary = practice.diaries[therapist_id]
        ask = _ask(entry, diary, practice)
        theirs = [one for one in free if one.therapist_id == therapist_id]
        for start in _starts(entry, diary, theirs, practice):
            until = offered_until(practice.now, start, service, offer_seconds)
            span = Interval(starts_at=start, ends_at=start + length)
            if until <= practice.now or _declined(entry, therapist_id, span):
                continue
            if not all(fit(diary.rules, start) for fit in fits) or not _can_come(entry, span, practice):
                continue
            group = joined(ask, start, diary.busy)
            room_id = _room(span, practice) if service.needs_room and group is None else None
            if service.needs_room and group is None and room_id is None:
                continue
            place = Slot(therapist_id=therapist_id, starts_at=start, ends_at=start + length)
            group_id = None if group is None else group.appointment_id
            yield Offer(entry=entry, slot=place, room_id=room_id, offered_until=until, group_id=group_id)


def take(offer: Offer, practice: Practice) -> None:
    """From now on the offer is in the way of the next, and its client is not offered what meets then."""
    slot, service = offer.slot, practice.services[offer.entry.service_code]
    span = Interval(starts_at=slot.starts_at, ends_at=slot.ends_at)
    practice.clients.setdefault(offer.entry.client_id, []).append(span)
    diary = practice.diaries[slot.therapist_id]
    if offer.group_id is not None:
        diary.busy = [_with_a_place_less(one, offer.group_id) for one in diary.busy]
        return
    held = Busy(
        starts_at=slot.starts_at,
        ends_at=slot.ends_at,
        buffer_before_seconds=service.buffer_before_seconds,
        buffer_after_seconds=service.buffer_after_seconds,
        service_code=service.code,
        held_by=HELD_BY,
        held_until=offer.offered_until + KEPT_SECONDS,
    )
    diary.busy.append(held)
    if offer.room_id is not None:
        practice.rooms[offer.room_id].append(span)


def _with_a_place_less(other: Busy, group_id: int) -> Busy:
    return replace(other, places_left=other.places_left - 1) if other.appointment_id == group_id else other


def offered_until(now: int, starts_at: int, service: ServiceRules, offer_seconds: int) -> int:
    """When an offer runs out: so long after now, but never later than the session could be booked."""
    return min(now + offer_seconds, starts_at - service.notice_seconds)


def length_of(entry: Entry, service: ServiceRules) -> int:
    return service.duration_seconds if entry.duration_seconds is None else entry.duration_seconds


def _wanted(entry: Entry, diary: Diary) -> bool:
    if entry.therapist_ids and diary.rules.therapist_id not in entry.therapist_ids:
        return False
    return not entry.specialisms or not entry.specialisms.isdisjoint(diary.specialisms)


def _starts(entry: Entry, diary: Diary, free: Sequence[Freed], practice: Practice) -> Iterator[int]:
    """What a search would offer within the entry's own span and would not have before."""
    first = max(entry.from_at, practice.now)
    if not _wanted(entry, diary) or first >= entry.until_at:
        return
    awaited, ask = Interval(starts_at=first, ends_at=entry.until_at), _ask(entry, diary, practice)
    yield from new_starts(diary.rules, practice.closures, ask, diary.busy, free, awaited)


def _ask(entry: Entry, diary: Diary, practice: Practice) -> Ask:
    service = practice.services[entry.service_code]
    return Ask(
        service=service,
        duration_seconds=length_of(entry, service),
        account_id=None,
        now=practice.now,
        free_of_hours=not diary.rules.takes_search_bookings,
    )


def _declined(entry: Entry, therapist_id: int, span: Interval) -> bool:
    return any(
        other.therapist_id == therapist_id
        and other.starts_at < span.ends_at
        and span.starts_at < other.ends_at
        for other in entry.declined
    )


def _can_come(entry: Entry, span: Interval, practice: Practice) -> bool:
    return not any(span.overlaps(other) for other in practice.clients.get(entry.client_id, ()))


def _room(span: Interval, practice: Practice) -> int | None:
    """The first room that nobody has at that time."""
    free = (
        room_id
        for room_id, taken in sorted(practice.rooms.items())
        if not any(span.overlaps(other) for other in taken)
    )
    return next(free, None)
