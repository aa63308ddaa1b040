"""What somebody looks for: the words of a search made into an ask, a span and a list of therapists."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson

from sessional.access import Actor
from sessional.actions.desk import Desk
from sessional.actions.entry import account_values
from sessional.actions.practice import Practice, practice_at
from sessional.actions.walking import Walk
from sessional.diary.availability import day_at, local_day, zone_of
from sessional.diary.clocks import EPOCH_ORDINAL, known_zone, offset_at
from sessional.diary.names import fold
from sessional.diary.offers import Ask
from sessional.diary.rules import DAY_MINUTES, TherapistRules
from sessional.diary.values import DAY_SECONDS, END_OF_TIME
from sessional.errors import InvalidArgument, Unauthenticated, UnknownService
from sessional.store.store import Store

# How far a search looks when nobody says, and how far it can be told to look.
DEFAULT_DAYS: Final = 14
MOST_DAYS: Final = 366
_LONGEST_NAME: Final = 200

Fits = Callable[[TherapistRules, int], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A walk along what is looked for, and the zone in which its dates are read, if it names one."""

    walk: Walk
    zone: str | None

    @staticmethod
    def ask_for(
        practice: Practice, desk: Desk, actor: Actor, code: str, duration_seconds: int | None
    ) -> Ask:
        """Raises UnknownService."""
        service = practice.services.get(code)
        if service is None:
            raise UnknownService(sorted(practice.services))
        length = service.duration_seconds if duration_seconds is None else duration_seconds
        return Ask(service=service, duration_seconds=length, account_id=actor.account_id, now=desk.now())

    def date_of(self, therapist_id: int, at: int) -> str:
        """The date on which a start lies, for whoever asks or for the therapist."""
        if self.zone is None:
            return local_day(self.walk.practice.rules[therapist_id], at).isoformat()
        return date.fromordinal(EPOCH_ORDINAL + (at + offset_at(self.zone, at)) // DAY_SECONDS).isoformat()


async def searched(desk: Desk, actor: Actor, search: Mapping[str, Any]) -> Search:
    """Raises UnknownService, InvalidArgument, InvalidInput for a zone that is none."""
    zone: str | None = search.get("time_zone")
    if zone is not None:
        known_zone(zone)
    wishes = _wishes(search, zone)
    practice, numbers = await diaries(desk, actor, search)
    ask = Search.ask_for(practice, desk, actor, search["service"], search.get("duration_seconds"))
    first, end = _span(search, ask)
    if ask.service.needs_room and first < end:
        has_room = await rooms_between(desk.store, first, end, ask.duration_seconds)
        wishes.append(lambda _, at: has_room(at))
    walk = Walk(
        store=desk.store,
        practice=practice,
        ask=ask,
        therapist_ids=numbers,
        first=first,
        end=end,
        fits=_all_of(wishes),
    )
    return Search(walk=walk, zone=zone)


async def diaries(desk: Desk, actor: Actor, search: Mapping[str, Any]) -> tuple[Practice, list[int]]:
    """What is known of the practice, and the therapists looked for, by number. Raises Unauthenticated."""
    name = fold(search.get("therapist_name") or "")
    if len(name) > _LONGEST_NAME:
        raise InvalidArgument(f"A name to search for has at most {_LONGEST_NAME} characters.")
    store, specialisms, numbers = desk.store, search.get("specialisms"), search.get("therapist_ids")
    rows = await store.fetch(
        "diaries_to_search",
        all_specialisms=int(specialisms is None),
        specialisms=store.dialect.pack(list(specialisms or ())),
        all_therapists=int(numbers is None),
        therapist_ids=store.dialect.pack(list(numbers or ())),
        part_of_name=name,
        **account_values(actor),
    )
    if not rows:
        raise Unauthenticated
    version, found = rows[0]
    wanted = sorted((orjson.loads(found) if isinstance(found, str) else found) or ())
    practice = await practice_at(store, version, wanted)
    return practice, [number for number in wanted if number in practice.rules]


def _span(search: Mapping[str, Any], ask: Ask) -> tuple[int, int]:
    """From when on and until when: never the past, and no further than the service is booked ahead."""
    began = search.get("from")
    since = ask.now if began is None else max(began, ask.now)
    until = search.get("until")
    end = since + DEFAULT_DAYS * DAY_SECONDS if until is None else until
    if end - since > MOST_DAYS * DAY_SECONDS:
        raise InvalidArgument(f"A search covers at most {MOST_DAYS} days.")
    since = max(since, ask.now + ask.service.notice_seconds)
    last = min(ask.now + ask.service.horizon_seconds + 1, END_OF_TIME - 2 * DAY_SECONDS)
    return since, min(end, last)


# ---- what a search asks beyond the rules --------------------------------------------------------


def _wishes(search: Mapping[str, Any], zone: str | None) -> list[Fits]:
    """Raises InvalidArgument."""
    found: list[Fits] = []
    weekdays, hours = search.get("weekdays"), search.get("time_of_day")
    if weekdays is not None:
        if not all(1 <= day <= 7 for day in weekdays):
            raise InvalidArgument("A weekday is 1 (Monday) to 7 (Sunday).")
        days = frozenset(weekdays)
        found.append(lambda rules, at: _wall(rules, zone, at) // DAY_SECONDS % 7 in _since_epoch(days))
    if hours is not None:
        since, until = hours["from_minute"], hours["until_minute"]
        if not 0 <= since < until <= DAY_MINUTES:
            raise InvalidArgument(
                "A time of day begins at minute 0 or later and ends by 1440, after it began."
            )
        found.append(lambda rules, at: since <= _wall(rules, zone, at) % DAY_SECONDS // 60 < until)
    return found


def _since_epoch(weekdays: frozenset[int]) -> frozenset[int]:
    """1 January 1970 was a Thursday."""
    return frozenset((day - 4) % 7 for day in weekdays)


def _wall(rules: TherapistRules, zone: str | None, at: int) -> int:
    """What the wall clock shows: of whoever asks, or of the therapist."""
    return at + offset_at(zone or zone_of(rules, day_at(rules, at)), at)


def _all_of(wishes: list[Fits]) -> Fits | None:
    if not wishes:
        return None
    return lambda rules, at: all(fits(rules, at) for fits in wishes)


async def rooms_between(store: Store, since: int, until: int, length: int) -> Callable[[int], bool]:
    """Whether some room is free for a whole session from a start on, between these two."""
    rows = await store.fetch("rooms_taken", starts_at=since, ends_at=until + length)
    rooms: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for room_id, starts_at, ends_at in rows:
        taken = rooms[room_id]
        if starts_at is not None:
            taken.append((starts_at, ends_at))

    def free(at: int) -> bool:
        end = at + length
        return any(all(end <= start or stop <= at for start, stop in taken) for taken in rooms.values())

    return free
