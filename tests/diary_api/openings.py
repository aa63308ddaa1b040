"""Sets up what a search looks at, past the application: rows of rules, services, sessions and holds."""

from __future__ import annotations

import itertools
import json
import time
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sessional.diary.rules import Busy, TherapistRules
from tests.booking.books import Books

_names = itertools.count(1)
DAY = 86_400


def monday() -> date:
    """A Monday, three to four weeks from now: whatever the notice, and whatever the day today."""
    today = datetime.now(UTC).date()
    return today + timedelta(days=28 - today.weekday())


def at(zone: str, day: date, minute: int) -> int:
    """The instant of a wall time."""
    wall = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)) + timedelta(minutes=minute)
    return int(wall.timestamp())


def text(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def next_change(zone: str) -> date:
    """The first day, a month or more from now, on which the clocks change."""
    here, day = ZoneInfo(zone), monday()
    while True:
        before = datetime(day.year, day.month, day.day, tzinfo=here).utcoffset()
        after = day + timedelta(days=1)
        if before != datetime(after.year, after.month, after.day, tzinfo=here).utcoffset():
            return day
        day = after


async def bump(books: Books, therapist_id: int | None = None) -> None:
    """Say that rules have changed, as the application does when it changes them."""
    await books.run("UPDATE rules_clock SET version = version + 1")
    if therapist_id is not None:
        sql = (
            "UPDATE therapist SET rules_version = (SELECT version FROM rules_clock) WHERE therapist_id = $1"
        )
        await books.run(sql, therapist_id)


async def service(books: Books, **columns: Any) -> str:
    """A service of an hour on the full hour, but for what is said otherwise."""
    code = f"service {next(_names)} {time.monotonic_ns()}"
    row = {"code": code, "name": code, "duration_seconds": 3600, "grid_seconds": 3600, **columns}
    if "search_name" in await _columns(books, "service"):
        row["search_name"] = code
    await _insert(books, "service", row)
    await bump(books)
    return code


async def therapist(books: Books, zone: str = "Europe/London") -> int:
    number = await books.therapist()
    await books.run("UPDATE therapist SET time_zone = $1 WHERE therapist_id = $2", zone, number)
    return number


async def works(books: Books, number: int, starts: int, ends: int, *weekdays: int) -> None:
    """Weekly hours in minutes, on these weekdays or on all."""
    for weekday in weekdays or range(1, 8):
        row = {"weekday": weekday, "starts_minute": starts, "ends_minute": ends}
        await _insert(books, "working_hours", {"therapist_id": number, **row})
    await bump(books, number)


async def follow(books: Books, rules: TherapistRules) -> None:
    """Write the rules of a therapist who has none yet."""
    who = {"therapist_id": rules.therapist_id}
    sql = "UPDATE therapist SET time_zone = $1, max_per_day = $2, max_per_week = $3 WHERE therapist_id = $4"
    await books.run(sql, rules.time_zone, rules.max_per_day, rules.max_per_week, rules.therapist_id)
    for hours in rules.hours:
        row = {"weekday": hours.weekday, "starts_minute": hours.starts_minute}
        await _insert(books, "working_hours", {**who, **row, "ends_minute": hours.ends_minute})
    for override in rules.overrides:
        row = {"on_date": override.on.isoformat(), "intervals": json.dumps(override.intervals)}
        await _insert(books, "date_override", {**who, **row})
    for away in rules.away:
        row = {"from_date": away.from_date.isoformat(), "until_date": away.until_date.isoformat()}
        await _insert(books, "away", {**who, **row, "time_zone": away.time_zone})
    for off in rules.time_off:
        await _insert(books, "time_off", {**who, "starts_at": off.starts_at, "ends_at": off.ends_at})
    await bump(books, rules.therapist_id)


async def booked(books: Books, number: int, busy: Busy) -> None:
    """A session, or a hold where the account that holds it is named."""
    row: dict[str, Any] = {
        "therapist_id": number,
        "service_code": busy.service_code,
        "starts_at": busy.starts_at,
        "ends_at": busy.ends_at,
        "buffer_before_seconds": busy.buffer_before_seconds,
        "buffer_after_seconds": busy.buffer_after_seconds,
    }
    if busy.held_by is not None:
        row |= {"status": "HELD", "held_by": busy.held_by, "held_until": busy.held_until}
    if busy.places_left:
        row |= {"capacity": busy.places_left + 1, "places_taken": 1}
    await _insert(books, "appointment", row)


async def _insert(books: Books, table: str, row: dict[str, Any]) -> None:
    places = ", ".join(f"${number}" for number in range(1, len(row) + 1))
    await books.run(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({places})", *row.values())


async def _columns(books: Books, table: str) -> set[str]:
    if books.path is None:
        sql = f"SELECT column_name FROM information_schema.columns WHERE table_name = '{table}'"
    else:
        sql = f"SELECT name FROM pragma_table_info('{table}')"
    return {row[0] for row in await books.run(sql)}
