"""Demonstration data: the original's two therapists, and a living practice around a given day.

The same for the same day: the day arrives as an argument, and chance is drawn from a fixed seed.
Must not know: whether it is wanted (``--demo``, never without it).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final
from zoneinfo import ZoneInfo

from sessional.credentials import Passwords
from sessional.exchange.importing import take_in
from sessional.exchange.lines import read
from sessional.keyring import Keyring
from sessional.store import bulk

_SEED: Final = "Sessional"
_DAYS_BACK: Final = 14
_DAYS_AHEAD: Final = 28
_FRIDAY: Final = 4
_SATURDAY: Final = 5
# The working day, by the clock of each.
_FIRST_HOUR: Final = 9
_LAST_HOUR: Final = 17
_SESSION_SECONDS: Final = 3000
_WEEK_SECONDS: Final = 7 * 86_400
# 1 January 1970 was a Thursday.
_SINCE_MONDAY_SECONDS: Final = 3 * 86_400

# The data that the original came with, as it was.
_ORIGINAL: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "therapist", "therapistId": 1, "firstName": "jeff", "lastName": "smith",
     "specialisms": ["Addiction", "ADHD"]},
    {"kind": "therapist", "therapistId": 2, "firstName": "jane", "lastName": "smith",
     "specialisms": ["CBT", "Divorce", "Sexuality"]},
    {"kind": "appointment", "appointmentId": 1, "therapistId": 1,
     "startTimeUnixSeconds": 1644747572, "durationSeconds": 3600, "type": "one-off"},
    {"kind": "appointment", "appointmentId": 2, "therapistId": 2,
     "startTimeUnixSeconds": 1644780000, "durationSeconds": 3600, "type": "consultation"},
    {"kind": "user", "username": "test_user", "password": "password", "role": "ADMIN"},
)  # fmt: skip

# first name, last name, time zone, specialisms
_THERAPISTS: Final = (
    ("Amara", "Okafor", "Europe/London", ("Anxiety", "CBT")),
    ("Björn", "Lindqvist", "Europe/Stockholm", ("Depression", "Grief")),
    ("Carmen", "Ruiz Ortega", "Europe/Madrid", ("Couples", "Divorce", "Sexuality")),
    ("Dermot", "O’Sullivan", "Europe/Dublin", ("Addiction", "Trauma")),
    ("Elif", "Yıldız", "Europe/Istanbul", ("Family", "Adolescents")),
    ("Fatoumata", "Diallo", "Europe/Paris", ("Trauma", "EMDR")),
    ("Grace", "Whitfield", "Europe/London", ("Grief", "Depression", "Anxiety")),
    ("Hiroshi", "Tanaka", "Asia/Tokyo", ("Stress", "CBT")),
    ("Ines", "Carvalho", "Europe/Lisbon", ("Eating disorders", "CBT")),
    ("Joshua", "Levy", "America/New_York", ("ADHD", "Anxiety")),
    ("Kavita", "Rao", "Asia/Kolkata", ("Couples", "Family")),
    ("Liam", "Campbell", "Europe/London", ("Addiction", "ADHD", "Stress")),
)

_MORE: Final[tuple[dict[str, Any], ...]] = (
    {"kind": "service", "code": "couples", "name": "Couples session", "durationSeconds": 4500,
     "capacity": 2},
    {"kind": "service", "code": "group", "name": "Group session", "durationSeconds": 5400, "capacity": 8},
    {"kind": "client", "clientId": 1, "name": "Nora Bailey", "email": "nora@example.org",
     "timeZone": "Europe/London", "language": "en"},
    {"kind": "client", "clientId": 2, "name": "Tomás Vidal", "email": "tomas@example.org",
     "timeZone": "Europe/Madrid", "language": "es"},
    {"kind": "client", "clientId": 3, "name": "Lucía Vidal", "timeZone": "Europe/Madrid", "language": "es"},
    {"kind": "user", "username": "reception", "password": "password", "role": "SCHEDULER"},
    {"kind": "user", "username": "amara", "password": "password", "role": "THERAPIST", "therapistId": 3},
    {"kind": "user", "username": "nora", "password": "password", "role": "CLIENT", "clientId": 1},
)  # fmt: skip

# Whose client has the first session of every week, from Monday on.
_REGULARS: Final = {3: 1, 5: 2}


def load_demo(database: Path | str, today: date, *, keyring: Keyring) -> bool:
    """Add the demonstration data, all or nothing; True if it was added.

    A database that has any therapist is left alone: it was given its data on an earlier start, or
    belongs to a real practice.
    """
    return asyncio.run(_load(database, today, keyring))


async def _load(database: Path | str, today: date, keyring: Keyring) -> bool:
    async with bulk.load(database) as load:
        if await load.fetch("therapist_ids"):
            return False
        lines = ((number, read(line)) for number, line in enumerate(demo_lines(today), start=1))
        await take_in(lines, load, passwords=Passwords(), keyring=keyring)
    return True


def demo_lines(today: date) -> Iterator[dict[str, Any]]:
    """The data as lines of an import file (docs/reference/import.md)."""
    yield from _ORIGINAL
    for therapist_id, (first, last, zone, specialisms) in enumerate(_THERAPISTS, start=3):
        yield {
            "kind": "therapist",
            "therapistId": therapist_id,
            "firstName": first,
            "lastName": last,
            "specialisms": list(specialisms),
            "timeZone": zone,
        }
    yield from _weeks()
    yield from _MORE
    sessions = list(_sessions(today))
    yield from sessions
    yield from _participants(sessions)


def _weeks() -> Iterator[dict[str, Any]]:
    """When each of the dozen works."""
    for therapist_id in range(3, 3 + len(_THERAPISTS)):
        for weekday in range(_SATURDAY):
            for hours in _hours(therapist_id, weekday):
                yield {
                    "kind": "workingHours",
                    "therapistId": therapist_id,
                    "weekday": weekday + 1,
                    "startsMinute": hours.start * 60,
                    "endsMinute": hours.stop * 60,
                }


def _hours(therapist_id: int, weekday: int) -> tuple[range, ...]:
    """Before and after lunch, which not everybody has at the same hour; some keep Friday afternoon free."""
    if weekday >= _SATURDAY:
        return ()
    lunch = 12 + therapist_id % 2
    morning = range(_FIRST_HOUR, lunch)
    if weekday == _FRIDAY and not therapist_id % 4:
        return (morning,)
    return (morning, range(lunch + 1, _LAST_HOUR))


def _sessions(today: date) -> Iterator[dict[str, Any]]:
    """Sessions of fifty minutes on the full hour, day by day."""
    appointment_id = 3
    for offset in range(-_DAYS_BACK, _DAYS_AHEAD):
        day = today + timedelta(days=offset)
        for therapist_id, (_, _, zone, _) in enumerate(_THERAPISTS, start=3):
            for hour, service in _day(therapist_id, day):
                begin = datetime.combine(day, time(hour), tzinfo=ZoneInfo(zone))
                yield {
                    "kind": "appointment",
                    "appointmentId": appointment_id,
                    "therapistId": therapist_id,
                    "startTimeUnixSeconds": int(begin.timestamp()),
                    "durationSeconds": _SESSION_SECONDS,
                    "type": service,
                }
                appointment_id += 1


def _participants(sessions: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Who takes part, in the first session of each week with a therapist who has a regular."""
    seen: set[tuple[int, int]] = set()
    for session in sessions:
        whose = session["therapistId"]
        week = (whose, (session["startTimeUnixSeconds"] + _SINCE_MONDAY_SECONDS) // _WEEK_SECONDS)
        if whose in _REGULARS and week not in seen:
            seen.add(week)
            client_id = _REGULARS[whose]
            yield {"kind": "participant", "appointmentId": session["appointmentId"], "clientId": client_id}


def _day(therapist_id: int, day: date) -> Iterator[tuple[int, str]]:
    """When sessions begin in a therapist's day, and of which service. Weekends are free."""
    hours = [hour for span in _hours(therapist_id, day.weekday()) for hour in span]
    chance = Random(f"{_SEED} {therapist_id} {day}")  # noqa: S311 - plausible, not secret
    for hour in sorted(chance.sample(hours, k=min(len(hours), chance.randint(2, 6)))):
        yield hour, "consultation" if chance.random() < 0.25 else "one-off"
