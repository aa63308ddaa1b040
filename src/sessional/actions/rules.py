"""When a therapist can be booked: weekly hours, other hours on a date, time off, stays in other zones.

Each change opens the diary, so that no booking slips in between the look at what is booked and the
change. A change that takes time away needs a decision about each session that it touches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import orjson

from sessional.actions import checks
from sessional.actions.loading import load_rules
from sessional.actions.own import keeps_diary
from sessional.actions.rules_affected import Change, Decisions, Settled, day, open_diaries, settle
from sessional.actions.rules_therapists import open_diary
from sessional.actions.waitlist_openings import Openings
from sessional.actions.work import Ref, Work
from sessional.actions.zone_rules import note_first
from sessional.diary.rules import (
    Minutes,
    Override,
    TherapistRules,
    TimeOff,
    WorkingHours,
    check_hours,
    check_minutes,
)
from sessional.errors import InvalidInput, NotFound

Given = Mapping[str, Any]


# ---- weekly hours -------------------------------------------------------------------------------


async def set_working_hours(
    work: Work, *, therapist_id: int, hours: Sequence[Given], decisions: Decisions = ()
) -> Mapping[str, Any]:
    """These hours instead of all there were; what is given twice is kept once.

    Raises InvalidInput, UnknownTherapist, DecisionsNeeded.
    """
    change = new_hours(hours)
    await open_diaries(work, therapist_id, decisions)
    openings = await Openings.begin(work, therapist_id)
    settled = await settle(work, therapist_id, change, decisions)
    await work.tx.fetch("drop_working_hours", therapist_id=therapist_id)
    unsaid = {"valid_from": None, "valid_until": None, "every_weeks": 1}
    for row in {_hours(one): {**unsaid, **one} for one in hours}.values():
        await work.tx.fetch("add_working_hours", therapist_id=therapist_id, **row)
    await openings.end(work)
    return await _changed(work, therapist_id, settled)


def new_hours(hours: Sequence[Given]) -> Change:
    """Another week. Raises InvalidInput."""
    week = tuple(_hours(one) for one in checks.listed(hours, "hours"))
    return lambda rules: replace(rules, hours=week)


def _hours(given: Given) -> WorkingHours:
    hours = WorkingHours(
        weekday=given["weekday"],
        starts_minute=given["starts_minute"],
        ends_minute=given["ends_minute"],
        valid_from=day(given.get("valid_from")),
        valid_until=day(given.get("valid_until")),
        every_weeks=given.get("every_weeks", 1),
    )
    try:
        check_hours(hours)
    except InvalidInput as refusal:
        raise InvalidInput(refusal.message, path=["hours", *(refusal.path or ())]) from None
    return hours


# ---- other hours on a date ----------------------------------------------------------------------


async def set_date_override(
    work: Work, *, therapist_id: int, on_date: str, intervals: Sequence[Given], decisions: Decisions = ()
) -> Mapping[str, Any]:
    """Other hours on a date; none: closed. Raises InvalidInput, UnknownTherapist, DecisionsNeeded."""
    change = new_override(on_date, intervals)
    await open_diaries(work, therapist_id, decisions)
    openings = await Openings.begin(work, therapist_id)
    settled = await settle(work, therapist_id, change, decisions)
    pairs = orjson.dumps(_pairs(intervals)).decode()
    place = {"therapist_id": therapist_id, "on_date": on_date}
    rows = await work.tx.fetch("override_date", intervals=pairs, **place)
    await openings.end(work)
    payload = await _changed(work, therapist_id, settled)
    return {**payload, "date_override": Ref("DateOverride", rows[0][0])}


async def remove_date_override(
    work: Work, *, date_override_id: int, decisions: Decisions = ()
) -> Mapping[str, Any]:
    """The weekly hours stand on that date again. Raises NotFound, DecisionsNeeded."""
    therapist_id, on_date = await _override(work, date_override_id)
    await open_diaries(work, therapist_id, decisions)
    openings = await Openings.begin(work, therapist_id)
    settled = await settle(work, therapist_id, _without_override(on_date), decisions)
    await work.tx.fetch("drop_override", date_override_id=date_override_id)
    await openings.end(work)
    return await _changed(work, therapist_id, settled)


async def _override(work: Work, date_override_id: int) -> tuple[int, str]:
    row = await _own(work, "override_by_id", "date override", date_override_id=date_override_id)
    return row[0], row[1]


async def _own(work: Work, statement: str, what: str, **values: Any) -> Any:
    """A row whose first column is whose it is. Raises NotFound, also where that is another's."""
    row = await work.one(statement, what, **values)
    if not keeps_diary(work.actor, row[0]):
        raise NotFound(what, path=list(values))
    return row


def new_override(on_date: str, intervals: Sequence[Given]) -> Change:
    """Other hours on that date. Raises InvalidInput."""
    override = Override(on=date.fromisoformat(on_date), intervals=tuple(_pairs(intervals)))
    return lambda rules: replace(rules, overrides=(*_others(rules, override.on), override))


def _without_override(on_date: str) -> Change:
    return lambda rules: replace(rules, overrides=_others(rules, date.fromisoformat(on_date)))


def _others(rules: TherapistRules, on: date) -> tuple[Override, ...]:
    return tuple(override for override in rules.overrides if override.on != on)


def _pairs(intervals: Sequence[Given]) -> list[Minutes]:
    pairs = [(one["starts_minute"], one["ends_minute"]) for one in checks.listed(intervals, "intervals")]
    for pair in pairs:
        try:
            check_minutes(pair)
        except InvalidInput as refusal:
            raise InvalidInput(refusal.message, path=["intervals", *(refusal.path or ())]) from None
    return sorted(pairs)


# ---- time off -----------------------------------------------------------------------------------


async def add_time_off(
    work: Work,
    *,
    therapist_id: int,
    starts_at: int,
    ends_at: int,
    reason: str | None = None,
    decisions: Decisions = (),
) -> Mapping[str, Any]:
    """A span without sessions; the same span for the same reason again is the one that is there.

    Raises InvalidInput, UnknownTherapist, DecisionsNeeded.
    """
    change = new_time_off(starts_at, ends_at)
    await open_diaries(work, therapist_id, decisions)
    settled = await settle(work, therapist_id, change, decisions)
    span = {"starts_at": starts_at, "ends_at": ends_at, "reason": checks.text(reason, "reason")}
    rows = await work.tx.fetch("equal_time_off", therapist_id=therapist_id, **span)
    rows = rows or await work.tx.fetch("new_time_off", therapist_id=therapist_id, **span)
    payload = await _changed(work, therapist_id, settled)
    return {**payload, "time_off": Ref("TimeOff", rows[0][0])}


async def remove_time_off(work: Work, *, time_off_id: int) -> Mapping[str, Any]:
    """The therapist has that time again. Raises NotFound."""
    row = await _own(work, "drop_time_off", "time off", time_off_id=time_off_id)
    work.opens(*row)
    return await _given_back(work, row[0])


def new_time_off(starts_at: int, ends_at: int) -> Change:
    """Time off within the years there are. Raises InvalidInput."""
    checks.instant(starts_at, "startsAt")
    checks.instant(ends_at, "endsAt")
    if ends_at <= starts_at:
        raise InvalidInput("Time off ends after it begins.", path=["endsAt"])
    off = TimeOff(starts_at=starts_at, ends_at=ends_at)
    return lambda rules: replace(rules, time_off=(*rules.time_off, off))


# ---- stays in other zones -----------------------------------------------------------------------


async def set_away(
    work: Work, *, therapist_id: int, time_zone: str, from_date: str, until_date: str
) -> Mapping[str, Any]:
    """Hours of these days are read in another zone; booked sessions keep their instants.

    Raises InvalidInput, UnknownTherapist.
    """
    checks.time_zone(time_zone)
    await open_diary(work, therapist_id)
    rules = (await load_rules(work.tx.fetch, [therapist_id]))[therapist_id]
    first, last = date.fromisoformat(from_date), date.fromisoformat(until_date)
    if last <= first:
        raise InvalidInput("A stay ends after the day on which it begins.", path=["untilDate"])
    if any(stay.from_date < last and first < stay.until_date for stay in rules.away):
        raise InvalidInput("Another stay has some of these days.", path=["fromDate"])
    stay = {"time_zone": time_zone, "from_date": from_date, "until_date": until_date}
    rows = await work.tx.fetch("new_away", therapist_id=therapist_id, **stay)
    await note_first(work.tx.fetch, time_zone, work.now)
    return {**await _given_back(work, therapist_id), "away": Ref("Away", rows[0][0])}


async def remove_away(work: Work, *, away_id: int) -> Mapping[str, Any]:
    """The hours of those days are read at home again. Raises NotFound."""
    row = await _own(work, "drop_away", "stay in another zone", away_id=away_id)
    return await _given_back(work, row[0])


# ---- what comes of it ---------------------------------------------------------------------------


async def _given_back(work: Work, therapist_id: int) -> dict[str, Any]:
    await work.bump_rules(therapist_id)
    return {"therapist": Ref("Therapist", therapist_id)}


async def _changed(work: Work, therapist_id: int, settled: Settled) -> dict[str, Any]:
    """Once the change is written: now sessions move, and keep to the rules that hold from here on."""
    given_back = await _given_back(work, therapist_id)
    return {**given_back, "cancelled": list(settled.cancelled), "moved": await settled.move(work)}
