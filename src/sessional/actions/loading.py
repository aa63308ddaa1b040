"""Reads rules from the database: one statement for each table, however many therapists there are.

A search may want ten thousand diaries. Equal hours are one object here, whoever works them: values are
frozen, and most of a practice works alike.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import date
from typing import Any, Final, Protocol, TypeVar

import orjson

from sessional.diary.rules import (
    Away,
    Busy,
    Override,
    ServiceRules,
    TherapistRules,
    TimeOff,
    WorkingHours,
)
from sessional.diary.values import DAY_SECONDS, Interval

T = TypeVar("T")
Rows = Sequence[Sequence[Any]]

# Accounts have numbers from 1 on: to whom nothing is held.
NOBODY: Final = 0
_TABLES: Final = ("hours", "overrides", "away", "time_off", "services")


class Fetch(Protocol):
    """A store's ``fetch``, or a transaction's."""

    def __call__(self, name: str, /, **values: Any) -> Awaitable[Rows]: ...


async def load_rules(fetch: Fetch, therapist_ids: Sequence[int] | None) -> dict[int, TherapistRules]:
    """The rules of these therapists, or of all, by their numbers; who does not exist is not there."""
    which: dict[str, Any] = {}
    if therapist_ids is not None:
        which = {"ids": orjson.dumps(list(therapist_ids)).decode()}
    of = "of_all" if therapist_ids is None else "of_some"
    therapists = await fetch(f"rules_{of}", **which)
    rows = {table: await fetch(f"{table}_{of}", **which) for table in _TABLES}
    hours = _grouped(rows["hours"], _hours)
    overrides = _grouped(rows["overrides"], _override)
    away = _grouped(rows["away"], _away)
    time_off = _grouped(rows["time_off"], _time_off)
    services = _grouped(rows["services"], lambda row: row[0])
    return {
        therapist_id: TherapistRules(
            therapist_id=therapist_id,
            time_zone=time_zone,
            hours=hours.get(therapist_id, ()),
            overrides=overrides.get(therapist_id, ()),
            away=away.get(therapist_id, ()),
            time_off=time_off.get(therapist_id, ()),
            max_per_day=max_per_day,
            max_per_week=max_per_week,
            services=frozenset(services[therapist_id]) if therapist_id in services else None,
        )
        for therapist_id, time_zone, max_per_day, max_per_week in therapists
    }


async def load_services(fetch: Fetch) -> dict[str, ServiceRules]:
    """What each service asks of a start, by its code."""
    return {row[0]: _service(row) for row in await fetch("service_rules")}


async def load_closures(fetch: Fetch) -> dict[date, str]:
    """The days on which the whole practice is closed, and why."""
    return {date.fromisoformat(on): name for on, name in await fetch("closures")}


async def busy_around(
    fetch: Fetch, therapist_id: int, within: Interval, *, account_id: int | None, now: int
) -> list[Busy]:
    """Everything that takes up the therapist's time within a span: sessions, and holds that may have
    run out. Places of groups are those that are left to the account."""
    span = {"starts_at": within.starts_at, "ends_at": within.ends_at}
    who = {"account_id": account_id or NOBODY, "now": now}
    return [
        busy_entry(row) for row in await fetch("busy_entries", therapist_id=therapist_id, **span, **who)
    ]


def busy_entry(row: Sequence[Any]) -> Busy:
    """What takes up time, from a row as ``busy_entries`` gives it."""
    held_until = row[7]
    return Busy(
        starts_at=row[0],
        ends_at=row[1],
        buffer_before_seconds=row[2],
        buffer_after_seconds=row[3],
        appointment_id=row[4],
        service_code=row[5],
        places_left=0 if held_until else row[6],
        held_by=row[8] if held_until else None,
        held_until=held_until,
        room_id=row[9],
    )


def _grouped(
    rows: Iterable[Sequence[Any]], make: Callable[[tuple[Any, ...]], T]
) -> dict[int, tuple[T, ...]]:
    """therapist -> what the rest of each of their rows says; what two rows say alike is made once."""
    known: dict[tuple[Any, ...], T] = {}
    found: defaultdict[int, list[T]] = defaultdict(list)
    for row in rows:
        said = tuple(row[1:])
        value = known.get(said)
        if value is None:
            value = known[said] = make(said)
        found[row[0]].append(value)
    return {therapist_id: tuple(values) for therapist_id, values in found.items()}


def _hours(row: tuple[Any, ...]) -> WorkingHours:
    weekday, starts_minute, ends_minute, valid_from, valid_until, every_weeks = row
    return WorkingHours(
        weekday=weekday,
        starts_minute=starts_minute,
        ends_minute=ends_minute,
        valid_from=_day(valid_from),
        valid_until=_day(valid_until),
        every_weeks=every_weeks,
    )


def _override(row: tuple[Any, ...]) -> Override:
    intervals = tuple((starts, ends) for starts, ends in orjson.loads(row[1]))
    return Override(on=date.fromisoformat(row[0]), intervals=intervals)


def _away(row: tuple[Any, ...]) -> Away:
    from_date, until_date = date.fromisoformat(row[1]), date.fromisoformat(row[2])
    return Away(time_zone=row[0], from_date=from_date, until_date=until_date)


def _time_off(row: tuple[Any, ...]) -> TimeOff:
    return TimeOff(starts_at=row[0], ends_at=row[1])


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _service(row: Sequence[Any]) -> ServiceRules:
    return ServiceRules(
        code=row[0],
        duration_seconds=row[1],
        other_durations=tuple(orjson.loads(row[2])),
        buffer_before_seconds=row[3],
        buffer_after_seconds=row[4],
        grid_seconds=row[5],
        notice_seconds=row[6],
        horizon_seconds=row[7] * DAY_SECONDS,
        cancel_notice_seconds=row[8],
        capacity=row[9],
        needs_approval=bool(row[10]),
        needs_room=bool(row[11]),
        online=bool(row[12]),
        cancel_when_one_leaves=bool(row[13]),
    )
