"""The rules once more, minute by minute and obviously right: what the fast code is held against.

Everything here is on whole minutes. A wall time is found by looking at the clock, minute after minute,
until it shows that time or a later one.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from sessional.diary.offers import Ask
from sessional.diary.rules import Busy, Closure, Rule, TherapistRules

DAY = 86_400


def utc(day: date) -> int:
    return int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp())


@lru_cache(maxsize=1 << 16)
def shown(zone: str, instant: int) -> datetime:
    """What the wall clock shows then."""
    return datetime.fromtimestamp(instant, tz=ZoneInfo(zone)).replace(tzinfo=None)


@lru_cache(maxsize=1 << 16)
def when(zone: str, day: date, minute: int) -> int:
    """The first minute in which the clock shows that time or a later one: no zone is 15 hours ahead."""
    wall = datetime(day.year, day.month, day.day) + timedelta(minutes=minute)
    instant = utc(day) + (minute - 15 * 60) * 60
    while shown(zone, instant) < wall:
        instant += 60
    return instant


def zone_on(rules: TherapistRules, day: date) -> str:
    zones = [away.time_zone for away in rules.away if away.from_date <= day < away.until_date]
    return zones[0] if zones else rules.time_zone


def hours_of(rules: TherapistRules, day: date) -> list[tuple[int, int]]:
    overrides = [o for o in rules.overrides if o.on == day]
    if overrides:
        return [pair for o in overrides for pair in o.intervals]
    found = []
    for hours in rules.hours:
        monday = day - timedelta(days=day.weekday())
        anchor = hours.valid_from or date(1, 1, 1)
        weeks = (monday - (anchor - timedelta(days=anchor.weekday()))).days // 7
        if (
            hours.weekday == day.isoweekday()
            and (hours.valid_from is None or hours.valid_from <= day)
            and (hours.valid_until is None or day < hours.valid_until)
            and weeks % hours.every_weeks == 0
        ):
            found.append((hours.starts_minute, hours.ends_minute))
    return found


def worked_minutes(rules: TherapistRules, closures: list[Closure], begin: int, end: int) -> set[int]:
    """The minutes (as instants) of hours that are worked, time off apart."""
    found: set[int] = set()
    first = datetime.fromtimestamp(begin, tz=UTC).date() - timedelta(days=3)
    for day in (first + timedelta(days=n) for n in range((end - begin) // DAY + 7)):
        if all(closure.on != day for closure in closures):
            for starts, ends in hours_of(rules, day):
                zone = zone_on(rules, day)
                found.update(range(when(zone, day, starts), when(zone, day, ends), 60))
    return {minute for minute in found if begin <= minute < end}


def open_minutes(rules: TherapistRules, closures: list[Closure], begin: int, end: int) -> set[int]:
    worked = worked_minutes(rules, closures, begin, end)
    return {m for m in worked if not any(off.starts_at <= m < off.ends_at for off in rules.time_off)}


def day_of(rules: TherapistRules, instant: int) -> date:
    """The last date whose midnight has been shown, each in the zone that holds on it."""
    about = datetime.fromtimestamp(instant, tz=UTC).date()
    days = [about + timedelta(days=n) for n in (2, 1, 0, -1, -2)]
    return next(day for day in days if when(zone_on(rules, day), day, 0) <= instant)


def week_of(rules: TherapistRules, instant: int) -> date:
    day = day_of(rules, instant)
    return day - timedelta(days=day.weekday())


def broken(
    rules: TherapistRules, worked: set[int], kept: set[int], ask: Ask, start: int, busy: list[Busy]
) -> set[Rule]:
    """The rules that refuse this start. ``worked`` are minutes without closures, ``kept`` with them."""
    service, end, found = ask.service, start + ask.duration_seconds, set()
    minutes = range(start, end, 60)
    if not ask.free_of_hours:
        if not all(m in worked for m in minutes):
            found.add(Rule.WORKING_HOURS)
        elif not all(m in kept for m in minutes):
            found.add(Rule.CLOSURE)
    if any(off.starts_at <= m < off.ends_at for off in rules.time_off for m in minutes):
        found.add(Rule.TIME_OFF)
    if rules.services is not None and service.code not in rules.services:
        found.add(Rule.SERVICE_NOT_GIVEN)
    if ask.duration_seconds not in {service.duration_seconds, *service.other_durations}:
        found.add(Rule.DURATION_NOT_OFFERED)
    if start < ask.now + service.notice_seconds:
        found.add(Rule.NOTICE)
    if start > ask.now + service.horizon_seconds:
        found.add(Rule.HORIZON)
    clock = shown(zone_on(rules, day_of(rules, start)), start)
    if (clock.hour * 3600 + clock.minute * 60 + clock.second) % service.grid_seconds:
        found.add(Rule.GRID)
    others = [other for other in busy if counts_against(ask, other, start)]
    for other in others:
        found |= beside(ask, other, start)
    if rules.max_per_day is not None:
        same = [o for o in others if o.counts and day_of(rules, o.starts_at) == day_of(rules, start)]
        if len(same) >= rules.max_per_day:
            found.add(Rule.CAP_PER_DAY)
    if rules.max_per_week is not None:
        same = [o for o in others if o.counts and week_of(rules, o.starts_at) == week_of(rules, start)]
        if len(same) >= rules.max_per_week:
            found.add(Rule.CAP_PER_WEEK)
    return found


def counts_against(ask: Ask, other: Busy, start: int) -> bool:
    if ask.ignoring is not None and other.appointment_id == ask.ignoring:
        return False
    if other.held_by is not None and (other.held_until <= ask.now or other.held_by == ask.account_id):
        return False
    same_group = (
        other.service_code == ask.service.code
        and other.places_left >= 1
        and other.starts_at == start
        and other.ends_at == start + ask.duration_seconds
    )
    return not same_group


def beside(ask: Ask, other: Busy, start: int) -> set[Rule]:
    end = start + ask.duration_seconds
    if set(range(start, end, 60)) & set(range(other.starts_at, other.ends_at, 60)):
        return {Rule.OVERLAP if other.held_by is None else Rule.HOLD}
    if start < other.starts_at:
        between, gap = (
            other.starts_at - end,
            max(ask.service.buffer_after_seconds, other.buffer_before_seconds),
        )
    else:
        between, gap = (
            start - other.ends_at,
            max(other.buffer_after_seconds, ask.service.buffer_before_seconds),
        )
    return {Rule.BUFFER} if between < gap else set()
