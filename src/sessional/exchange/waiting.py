"""Entries of the waitlist in a file: what their members may hold and must be to one another, and the hold
that an offer is.

Lists are stored as JSON, in an order that does not depend on the file. Must not know SQL.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from sessional.actions.waitlist import MOST_DAYS
from sessional.diary.values import DAY_SECONDS, END_OF_TIME
from sessional.diary.waitlist import HELD_BY, KEPT_SECONDS, Waiting
from sessional.diary.wishes import at_time_of_day
from sessional.errors import InvalidArgument
from sessional.exchange.members import LARGEST_ID, BadLine, Check, shown, texts, whole
from sessional.store.bulk import Load
from sessional.store.constraints import Conflict

STATES: Final = tuple(Waiting)
_OFFER: Final = ("offered_therapist_id", "offered_starts_at", "offered_ends_at", "offered_until")


# ---- members ------------------------------------------------------------------------------------


def specialisms(name: str, value: object) -> str:
    """A list of names, as it is stored."""
    return _stored(sorted(texts(name, value)))


def therapists(name: str, value: object) -> str:
    """A list of ids, as it is stored: as texts."""
    return _stored([str(number) for number in _numbers(name, value, whole(1, LARGEST_ID))])


def weekdays(name: str, value: object) -> str:
    """A list of days of the week, as it is stored."""
    return _stored(_numbers(name, value, whole(1, 7)))


def declined(name: str, value: object) -> str:
    """A list of times, each a therapist, a start and an end, as it is stored and in its order."""
    if not isinstance(value, list):
        raise BadLine(f"{name} must be a list of times, not {shown(value)}")
    checks = (whole(1, LARGEST_ID), whole(0, END_OF_TIME), whole(0, END_OF_TIME))
    for time in value:
        if not isinstance(time, list) or len(time) != len(checks):
            raise BadLine(f"{name} must hold a therapist, a start and an end, not {shown(time)}")
        for check, number in zip(checks, time, strict=True):
            check(f"a number in {name}", number)
    return _stored(value)


def _numbers(name: str, value: object, check: Check[int]) -> list[int]:
    if not isinstance(value, list):
        raise BadLine(f"{name} must be a list of whole numbers, not {shown(value)}")
    found = sorted(check(f"a number in {name}", item) for item in value)
    if len(set(found)) < len(found):
        raise BadLine(f"{name} holds the same number twice")
    return found


def _stored(value: object) -> str:
    return orjson.dumps(value).decode()


def names_in(stored: str) -> list[str]:
    """The names in a list of specialisms as it is stored."""
    found: list[str] = orjson.loads(stored)
    return found


def numbers_in(stored: str) -> list[int]:
    """The ids in a list of therapists as it is stored."""
    return [int(number) for number in orjson.loads(stored)]


# ---- what members must be to one another ------------------------------------------------------------


def check(row: Mapping[str, Any]) -> None:
    """Raises BadLine."""
    if row["until_at"] <= row["from_at"]:
        raise BadLine("untilUnixSeconds must be later than fromUnixSeconds")
    if row["until_at"] - row["from_at"] > MOST_DAYS * DAY_SECONDS:
        raise BadLine(f"untilUnixSeconds must be at most {MOST_DAYS} days after fromUnixSeconds")
    minutes = (row["from_minute"], row["until_minute"])
    if minutes != (None, None):
        _check_minutes(*minutes)
    if row["appointment_id"] is not None and row["status"] != Waiting.ACCEPTED:
        raise BadLine("appointmentId goes with the status ACCEPTED alone")
    _check_offer(row)


def _check_minutes(first: int | None, last: int | None) -> None:
    if first is None or last is None:
        raise BadLine("fromMinute and untilMinute go together")
    try:
        at_time_of_day(first, last, None)
    except InvalidArgument:
        raise BadLine("untilMinute must be later than fromMinute") from None


def _check_offer(row: Mapping[str, Any]) -> None:
    said = [row[column] is not None for column in _OFFER]
    if not all(said) if row["status"] == Waiting.OFFERED else any((*said, row["offered_room_id"])):
        raise BadLine("what is offered, and until when, goes with the status OFFERED, all of it")
    if any(said) and not 0 < row["offered_ends_at"] - row["offered_starts_at"] <= DAY_SECONDS:
        raise BadLine(
            "offeredEndsAtUnixSeconds must be later than offeredStartsAtUnixSeconds, by a day at most"
        )


# ---- the offer ----------------------------------------------------------------------------------


async def held(load: Load, row: Mapping[str, Any]) -> int | None:
    """The number of the hold that an offered entry gets; None where nothing is offered. Raises BadLine."""
    if row["status"] != Waiting.OFFERED:
        return None
    try:
        added = await _kept(load, row)
    except Conflict:
        added = ()
    if not added:
        entry_id = row["waitlist_entry_id"]
        raise BadLine(f"what entry {entry_id} of the waitlist is offered is taken")
    number: int = added[0][0]
    return number


async def _kept(load: Load, row: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
    """A place in the group that meets then, or the time."""
    therapist_id, held_until = row["offered_therapist_id"], row["offered_until"] + KEPT_SECONDS
    place = {"therapist_id": therapist_id, "service_code": row["service_code"]}
    place |= {"starts_at": row["offered_starts_at"], "ends_at": row["offered_ends_at"]}
    group = await load.fetch("group_at", account_id=HELD_BY, now=0, **place)
    if group:
        at = {"group_id": group[0][0], "therapist_id": therapist_id}
        return await load.fetch("add_place_hold", account_id=HELD_BY, held_until=held_until, **at)
    kept = {"held_until": held_until, "held_by": HELD_BY, "room_id": row["offered_room_id"]}
    return await load.fetch("add_offer", **kept, **place)
