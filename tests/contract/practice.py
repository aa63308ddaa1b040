"""The rows that the contract is tested on, as plain values, so that a test can say in Python what
the API should answer.

The two therapists and the two sessions of the original's data, and around them what its data did
not have: ties in every sort key, names with accents and with signs that LIKE would read, a therapist
without specialisms, a specialism without therapists, sessions on both sides of January 2038.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sessional.credentials import Passwords
from sessional.diary.names import fold
from tests.contract.database import Database

USERNAME, PASSWORD = "test_user", "password"

SPECIALISMS = ["Addiction", "ADHD", "CBT", "Divorce", "Sexuality", "Grief"]  # nobody has the last
SERVICES = {
    "one-off": ("Single session", 3000),
    "consultation": ("Consultation", 3000),
    "Group_1": ("Group séance", 5400),
}


@dataclass(frozen=True, kw_only=True)
class Therapist:
    therapist_id: int
    first_name: str
    last_name: str
    specialisms: tuple[str, ...]
    time_zone: str = "Europe/London"


@dataclass(frozen=True, kw_only=True)
class Appointment:
    appointment_id: int
    therapist_id: int
    starts_at: int
    duration_seconds: int
    type: str

    @property
    def ends_at(self) -> int:
        return self.starts_at + self.duration_seconds

    @property
    def therapist(self) -> Therapist:
        return THERAPIST_BY_ID[self.therapist_id]


THERAPISTS = [
    Therapist(therapist_id=1, first_name="jeff", last_name="smith", specialisms=("Addiction", "ADHD")),
    Therapist(
        therapist_id=2, first_name="jane", last_name="smith", specialisms=("CBT", "Divorce", "Sexuality")
    ),
    Therapist(
        therapist_id=3,
        first_name="Zoë",
        last_name="Ångström",
        specialisms=("ADHD", "CBT"),
        time_zone="Europe/Stockholm",
    ),
    Therapist(
        therapist_id=5, first_name="100%", last_name='O\'Neil_\\ "Q"', specialisms=(), time_zone="UTC"
    ),
    Therapist(
        therapist_id=12,
        first_name="Zoë",
        last_name="smith",
        specialisms=("ADHD",),
        time_zone="Asia/Kolkata",
    ),
]
THERAPIST_BY_ID = {therapist.therapist_id: therapist for therapist in THERAPISTS}

FIRST_START = 1_644_747_572
LAST_32_BIT_START = 2**31 - 1
YEAR_9999 = 253_370_764_800  # 9999-01-01T00:00:00Z

ORIGINAL = [
    Appointment(
        appointment_id=1, therapist_id=1, starts_at=FIRST_START, duration_seconds=3600, type="one-off"
    ),
    Appointment(
        appointment_id=2,
        therapist_id=2,
        starts_at=1_644_780_000,
        duration_seconds=3600,
        type="consultation",
    ),
]
# Within the range of the original's filtered query; two of them have every property it asks for.
IN_THE_QUERY = [
    Appointment(
        appointment_id=3, therapist_id=1, starts_at=1_644_880_000, duration_seconds=3600, type="one-off"
    ),
    Appointment(
        appointment_id=4,
        therapist_id=1,
        starts_at=1_644_885_000,
        duration_seconds=3600,
        type="consultation",
    ),
    Appointment(
        appointment_id=5, therapist_id=2, starts_at=1_644_880_000, duration_seconds=3600, type="one-off"
    ),
    Appointment(
        appointment_id=6, therapist_id=12, starts_at=1_644_894_120, duration_seconds=1800, type="one-off"
    ),
    Appointment(
        appointment_id=7, therapist_id=12, starts_at=1_644_895_920, duration_seconds=1800, type="one-off"
    ),
]
FAR = [
    Appointment(
        appointment_id=8,
        therapist_id=3,
        starts_at=LAST_32_BIT_START - 3600,
        duration_seconds=3600,
        type="Group_1",
    ),
    Appointment(
        appointment_id=9, therapist_id=3, starts_at=LAST_32_BIT_START, duration_seconds=1, type="one-off"
    ),
    Appointment(
        appointment_id=10,
        therapist_id=3,
        starts_at=LAST_32_BIT_START + 1,
        duration_seconds=86_400,
        type="one-off",
    ),
    Appointment(
        appointment_id=11, therapist_id=2, starts_at=YEAR_9999, duration_seconds=3000, type="consultation"
    ),
]


def _regular() -> Iterator[Appointment]:
    """Sessions at the same times for all, of three lengths and three services, in mixed order of ids."""
    count, first_id = 110, 100
    for number in range(count):
        yield Appointment(
            appointment_id=first_id + number * 37 % count,
            therapist_id=THERAPISTS[number % len(THERAPISTS)].therapist_id,
            starts_at=1_646_121_600 + number // len(THERAPISTS) * 7200,  # 2022-03-01T08:00:00Z
            duration_seconds=(1800, 3000, 3600)[number % 3],
            type=tuple(SERVICES)[number // 2 % 3],
        )


APPOINTMENTS = [*ORIGINAL, *IN_THE_QUERY, *FAR, *_regular()]


def fill(database: Database) -> None:
    """Write everything above into a database that has its schema and nothing else."""
    specialism_ids = {name: number for number, name in enumerate(SPECIALISMS, start=1)}
    database.run(
        (
            "INSERT INTO account (username, password_hash, role) VALUES (?, ?, 'ADMIN')",
            [(USERNAME, Passwords().hash(PASSWORD))],
        ),
        (
            "INSERT INTO service (code, name, search_name, duration_seconds) VALUES (?, ?, ?, ?)",
            [("Group_1", "Group séance", fold("Group séance"), 5400)],
        ),
        (
            "INSERT INTO specialism (specialism_id, name, search_name) VALUES (?, ?, ?)",
            [(number, name, fold(name)) for name, number in specialism_ids.items()],
        ),
        (
            "INSERT INTO therapist (therapist_id, first_name, last_name, search_name, time_zone)"
            " VALUES (?, ?, ?, ?, ?)",
            [
                (
                    t.therapist_id,
                    t.first_name,
                    t.last_name,
                    fold(f"{t.first_name} {t.last_name}"),
                    t.time_zone,
                )
                for t in THERAPISTS
            ],
        ),
        (
            "INSERT INTO therapist_specialism (therapist_id, specialism_id) VALUES (?, ?)",
            [(t.therapist_id, specialism_ids[name]) for t in THERAPISTS for name in t.specialisms],
        ),
        (
            "INSERT INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at)"
            " VALUES (?, ?, ?, ?, ?)",
            [(a.appointment_id, a.therapist_id, a.type, a.starts_at, a.ends_at) for a in APPOINTMENTS],
        ),
    )
    continue_ids(database)


def continue_ids(database: Database) -> None:
    """Let PostgreSQL count on from the ids that were written; SQLite does by itself."""
    if database.is_sqlite:
        return
    for table in ("therapist", "specialism", "appointment"):
        database.execute(
            f"SELECT setval(pg_get_serial_sequence('{table}', '{table}_id'), max({table}_id)) FROM {table}"
        )


def add_therapist(database: Database, first_name: str = "new", last_name: str = "comer") -> int:
    """A therapist with an empty diary, and their number."""
    number: int = database.value("SELECT max(therapist_id) + 1 FROM therapist")
    database.execute(
        "INSERT INTO therapist (therapist_id, first_name, last_name, search_name, time_zone)"
        " VALUES (?, ?, ?, ?, 'Europe/London')",
        number,
        first_name,
        last_name,
        fold(f"{first_name} {last_name}"),
    )
    return number


def add_account(database: Database, username: str, password: str = PASSWORD) -> None:
    database.execute(
        "INSERT INTO account (username, password_hash, role) VALUES (?, ?, 'ADMIN')",
        username,
        Passwords().hash(password),
    )


def set_disabled(database: Database, username: str, *, disabled: bool) -> None:
    at = 1_700_000_000 if disabled else None
    database.execute("UPDATE account SET disabled_at = ? WHERE username = ?", at, username)
