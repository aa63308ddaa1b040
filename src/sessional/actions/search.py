"""What somebody looks for: the words of a search made into an ask, a span and a list of therapists."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

import orjson

from sessional.access import Actor
from sessional.actions.desk import Desk
from sessional.actions.practice import Practice, practice_at
from sessional.actions.rooms import Rooms, rooms_between
from sessional.actions.walking import Walk
from sessional.diary.availability import local_day
from sessional.diary.clocks import EPOCH_ORDINAL, known_zone, offset_at
from sessional.diary.names import fold
from sessional.diary.offers import Ask
from sessional.diary.rules import TherapistRules
from sessional.diary.values import DAY_SECONDS, END_OF_TIME, Interval
from sessional.diary.wishes import Fits, at_time_of_day, on_weekdays
from sessional.errors import InvalidArgument, UnknownService

# How far a search looks when nobody says, and how far it can be told to look.
DEFAULT_DAYS: Final = 14
MOST_DAYS: Final = 366
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """A walk along what is looked for, and the zone in which its dates are read, if it names one.

    ``rooms`` is None where the service needs none.
    """

    walk: Walk
    zone: str | None
    rooms: Rooms | None

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

    def room(self, therapist_id: int, at: int) -> int | None:
        """The room that a booking of this start would get: a group's own, or the first that is free."""
        group = self.walk.groups.get((therapist_id, at))
        if group is not None or self.rooms is None:
            return None if group is None else group.room_id
        return self.rooms.first_free(therapist_id, at, at + self.walk.ask.duration_seconds)

    def _has_room(self, rules: TherapistRules, at: int) -> bool:
        return (rules.therapist_id, at) in self.walk.groups or self.room(rules.therapist_id, at) is not None

    def wishes(self, search: Mapping[str, Any]) -> list[Fits]:
        """What is asked beyond the rules. Raises InvalidArgument."""
        wishes = _wishes(search, self.zone)
        return wishes if self.rooms is None else [*wishes, self._has_room]

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
    practice, numbers = await diaries(desk, search)
    ask = Search.ask_for(practice, desk, actor, search["service"], search.get("duration_seconds"))
    first, end = _span(search, ask)
    rooms = None
    if ask.service.needs_room:
        within = Interval(starts_at=first, ends_at=max(first, end) + ask.duration_seconds)
        rooms = await rooms_between(desk.store.fetch, within, account_id=actor.account_id, now=ask.now)
    walk = Walk(store=desk.store, practice=practice, ask=ask, therapist_ids=numbers, first=first, end=end)
    found = Search(walk=walk, zone=zone, rooms=rooms)
    walk.fits = _all_of(found.wishes(search))
    return found


async def diaries(desk: Desk, search: Mapping[str, Any]) -> tuple[Practice, list[int]]:
    """What is known of the practice, and the therapists looked for, by number."""
    name = fold(search.get("therapist_name") or "")
    if len(name) > _LONGEST_NAME:
        raise InvalidArgument(f"A name to search for has at most {_LONGEST_NAME} characters.")
    store, specialisms, numbers = desk.store, search.get("specialisms"), search.get("therapist_ids")
    languages = search.get("languages")
    rows = await store.fetch(
        "diaries_to_search",
        all_specialisms=int(specialisms is None),
        specialisms=store.dialect.pack(list(specialisms or ())),
        all_languages=int(languages is None),
        languages=store.dialect.pack(list(languages or ())),
        all_therapists=int(numbers is None),
        therapist_ids=store.dialect.pack(list(numbers or ())),
        part_of_name=name,
    )
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
        found.append(on_weekdays(weekdays, zone))
    if hours is not None:
        found.append(at_time_of_day(hours["from_minute"], hours["until_minute"], zone))
    return found


def _all_of(wishes: list[Fits]) -> Fits | None:
    if not wishes:
        return None
    return lambda rules, at: all(fits(rules, at) for fits in wishes)
