"""The practices that searches are measured on, and how they get into an empty database.

Must not know: what is asked, what is measured.
"""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import apsw
import asyncpg

from sessional.diary.values import DAY_SECONDS
from sessional.store.bulk_rebuild import rebuilding
from sessional.store.migrate import migrate_postgres, migrate_sqlite

NOW = int(time.time()) // DAY_SECONDS * DAY_SECONDS
PEOPLE = """
INSERT INTO account (account_id, username, password_hash, role) VALUES (1, 'ann', '-', 'ADMIN');
INSERT INTO specialism (name, search_name) VALUES ('CBT', 'cbt'), ('rare', 'rare');
INSERT INTO therapist (first_name, last_name, search_name, time_zone)
    SELECT 'jo', 'jones', 'jo jones', 'UTC' FROM {therapists};
INSERT INTO therapist_specialism SELECT therapist_id, 2 - (therapist_id % 10 + 9) / 10 FROM therapist;
INSERT INTO working_hours (therapist_id, weekday, starts_minute, ends_minute)
    SELECT therapist_id, d.n, 540, 1020 FROM therapist, {weekdays};
UPDATE rules_clock SET version = version + 1;
"""
SESSIONS = """
INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at)
    SELECT s.therapist_id, 'one-off', s.at, s.at + {length} FROM (
        SELECT t.therapist_id, d.day, d.day + (9 + {hour}) * 3600 AS at
        FROM (VALUES {days}) AS d (day) CROSS JOIN {each_day} CROSS JOIN therapist t
    ) s WHERE NOT (s.therapist_id = {free_therapist} AND s.day = {free_day})
"""


@dataclass(frozen=True, kw_only=True)
class Practice:
    """So many therapists, who work from nine to five.

    Usually half of every day is booked, by sessions of an hour. ``solid``: all of Monday to Friday is, by
    sessions of 50 minutes on the hour, but for one day of one therapist, 11 to 13 days ahead.
    """

    therapists: int
    sessions_each: int = 100
    solid: bool = False

    @property
    def name(self) -> str:
        return f"{'solid' if self.solid else 'usual'}_{self.therapists}"

    @property
    def people(self) -> str:
        weekdays = numbers(5 if self.solid else 7)
        return PEOPLE.format(therapists=numbers(self.therapists), weekdays=weekdays)

    @property
    def sessions(self) -> str:
        """One statement, day after day, as sessions are made."""
        days = self._working_days() if self.solid else self._all_days()
        return SESSIONS.format(
            days=", ".join(f"({day})" for day in days),
            hour="(h.n - 1)" if self.solid else "((h.n - 1) * 2 + t.therapist_id % 7 % 2)",
            length=3000 if self.solid else 3600,
            each_day=numbers(8 if self.solid else 4, "h"),
            free_therapist=(self.therapists + 1) // 2 if self.solid else 0,
            free_day=max(day for day in days if day <= NOW + 13 * DAY_SECONDS),
        )

    def free_hour(self, therapist_id: int) -> int:
        """The first hour of a usual day in which a therapist is free."""
        return 10 - therapist_id % 7 % 2

    def _working_days(self) -> list[int]:
        days = (NOW + n * DAY_SECONDS for n in range(-4, 16))
        return [day for day in days if datetime.fromtimestamp(day, UTC).isoweekday() <= 5]

    def _all_days(self) -> list[int]:
        """Half of them past."""
        count = max(1, self.sessions_each // 4)
        return [NOW + (n - count // 2) * DAY_SECONDS for n in range(count)]


def numbers(until: int, name: str = "d") -> str:
    """A table of the numbers from 1 on, in either database."""
    return (
        f"(WITH RECURSIVE r (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {until}) "
        f"SELECT n FROM r) {name}"
    )


def fill_sqlite(practice: Practice, path: Path) -> None:
    migrate_sqlite(path)
    connection = apsw.Connection(str(path))
    connection.pragma("cache_size", -200_000)
    connection.execute(f"BEGIN; {practice.people} {_for_sqlite(practice.sessions)}; COMMIT; ANALYZE")
    connection.close()


def _for_sqlite(sessions: str) -> str:
    """SQLite does not name the columns of VALUES, but calls the first one column1."""
    return (
        sessions.replace("AS d (day)", "AS d")
        .replace("d.day,", "d.column1 AS day,")
        .replace("d.day +", "d.column1 +")
    )


async def fill_postgres(practice: Practice, server: str) -> str:
    """A database of its own on the server; answers its address."""
    connection = await asyncpg.connect(server)
    await connection.execute(f"CREATE DATABASE {practice.name}")
    await connection.close()
    url = f"{server.rpartition('/')[0]}/{practice.name}"
    await migrate_postgres(url)
    connection = await asyncpg.connect(url)
    await connection.execute(practice.people)
    async with connection.transaction(), rebuilding(connection):
        await connection.execute(practice.sessions)
    await connection.execute("VACUUM ANALYZE")
    await connection.close()
    return url
