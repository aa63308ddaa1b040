"""sessional timezones recompute: the time-zone database has changed, and what was agreed stays.

The rules that were are made of another zone's: London without summer time, as of Abidjan.
"""

from __future__ import annotations

import asyncio
import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pytest

from sessional.actions.zone_rules import compiled, note_in
from sessional.store import address
from tests.booking.books import Books, assert_sound
from tests.commands.conftest import Done, Run, refusal
from tests.support.server import running

HOUR = 3600
SUMMER = 1_941_444_000  # 2031-07-10T10:00:00Z
WINTER = 1_925_805_600  # 2031-01-10T10:00:00Z
OLD, PLACED, NEW = 1_000, 2_000, 3_000
MAIL = {"SESSIONAL_SMTP_URL": "smtp://127.0.0.1:9", "SESSIONAL_MAIL_FROM": "desk@practice.example"}


@dataclass(frozen=True)
class Practice:
    """A database in which London had no summer time when its sessions were placed."""

    books: Books
    run: Run

    def sql(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        return asyncio.run(self.books.run(sql, *values))

    def recompute(self, *arguments: str, input_: str = "", **settings: str) -> Done:
        return self.run(
            "timezones", "recompute", "--database", self.books.url, *arguments, input_=input_, **settings
        )

    def note(self, noted_at: int, rules_of: str, zone: str = "Europe/London") -> None:
        tzif = base64.b64encode(compiled(rules_of) or b"").decode()
        self.sql(
            "INSERT INTO zone_rules (time_zone, noted_at, tzif) VALUES ($1, $2, $3)", zone, noted_at, tzif
        )

    def therapist(self, zone: str = "Europe/London") -> int:
        number = asyncio.run(self.books.therapist())
        self.sql(f"UPDATE therapist SET time_zone = '{zone}' WHERE therapist_id = {number}")
        return number

    def session(
        self, therapist: int, starts_at: int = SUMMER, placed_at: int = PLACED, status: str = "BOOKED"
    ) -> int:
        (row,) = self.sql(
            "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at, placed_at, status) "
            "VALUES ($1, 'one-off', $2, $3, $4, $5) RETURNING appointment_id",
            *(therapist, starts_at, starts_at + HOUR, placed_at, status),
        )
        return int(row[0])

    def client(self, *sessions: int) -> int:
        """A client with an address, who takes part in these sessions."""
        (row,) = self.sql(
            "INSERT INTO client (name, search_name, email) VALUES ('Ana', 'ana', 'ana@example.org') "
            "RETURNING client_id"
        )
        for session in sessions:
            self.sql(
                f"INSERT INTO appointment_client (appointment_id, client_id) VALUES ({session}, {row[0]})"
            )
        return int(row[0])

    def starts(self) -> dict[int, int]:
        return dict(self.sql("SELECT appointment_id, starts_at FROM appointment"))  # type: ignore[arg-type]

    def state(self) -> list[list[tuple[Any, ...]]]:
        """Everything that a move would change."""
        tables = ("appointment", "appointment_client", "appointment_event", "outbox", "audit_event")
        return [self.sql(f"SELECT * FROM {table} ORDER BY 1, 2") for table in tables]


@pytest.fixture
def practice(database_url: str, run_fast: Run) -> Practice:
    practice = Practice(asyncio.run(Books(database_url).prepare()), run_fast)
    practice.note(OLD, "Africa/Abidjan")
    return practice


def test_sessions_keep_their_wall_time_number_and_history_and_their_clients_are_told(
    practice: Practice,
) -> None:
    """Scenario 6."""
    therapist = practice.therapist()
    # The second steps onto the time that the first leaves.
    first, second = practice.session(therapist), practice.session(therapist, SUMMER + HOUR)
    winter = practice.session(therapist, WINTER)
    asked = practice.session(therapist, SUMMER + 5 * HOUR, status="PROPOSED")
    client = practice.client(first, second, winter, asked)
    done = practice.recompute("--yes", **MAIL)
    assert done.returncode == 0, done.stderr
    lines = [line.split() for line in done.stdout.splitlines()]
    one = [str(first), str(therapist), "2031-07-10T10:00:00Z", "2031-07-10T09:00:00Z"]
    assert lines[1] == [*one, "2031-07-10", "10:00", "Europe/London"]
    assert [line[0] for line in lines[1:4]] == [str(first), str(second), str(asked)]
    assert done.stdout.endswith("Moved 3 appointments.\n")
    assert practice.starts() == {
        **{first: SUMMER - HOUR, second: SUMMER, winter: WINTER, asked: SUMMER + 4 * HOUR}
    }
    states = practice.sql("SELECT status, version FROM appointment ORDER BY appointment_id")
    assert states == [("BOOKED", 2), ("BOOKED", 2), ("BOOKED", 1), ("PROPOSED", 2)]
    events = practice.sql(
        "SELECT change, starts_at, username FROM appointment_event "
        f"WHERE appointment_id = {first} ORDER BY appointment_event_id"
    )
    by = "(command line)"
    assert events == [("BOOKED", SUMMER, by), ("CLOCKS_CHANGED", SUMMER - HOUR, by)]
    ((kind, whom, told),) = practice.sql("SELECT kind, client_id, sessions FROM outbox")
    assert (kind, whom) == ("CLOCKS_CHANGED", client)
    at = {first: SUMMER - HOUR, second: SUMMER}
    zone = "Europe/London"
    assert orjson.loads(told) == [[number, 2, start, start + HOUR, zone] for number, start in at.items()]
    ((action, after),) = practice.sql("SELECT action, state_after FROM audit_event")
    assert action == "timezones recompute"
    assert orjson.loads(after) == {"sessions": [first, second, asked]}
    asyncio.run(assert_sound(practice.books))


def test_sessions_step_onto_times_that_others_leave_after_them(practice: Practice) -> None:
    practice.note(OLD, "Asia/Dubai")  # four hours ahead: to keep the wall time is to move three hours later
    therapist = practice.therapist()
    numbers = [practice.session(therapist, SUMMER + hours * HOUR) for hours in (0, 3, 6)]
    assert practice.recompute("--yes").returncode == 0
    assert practice.starts() == {
        number: SUMMER + hours * HOUR for number, hours in zip(numbers, (3, 6, 9), strict=True)
    }


def test_to_do_it_again_moves_and_tells_nothing(practice: Practice) -> None:
    """Scenario 6."""
    practice.client(practice.session(practice.therapist()))
    assert practice.recompute("--yes", **MAIL).returncode == 0
    before = practice.state()
    assert practice.recompute("--yes", **MAIL).stdout == "Nothing has to move.\n"
    assert practice.state() == before


def test_what_was_placed_under_the_new_rules_stays(practice: Practice) -> None:
    practice.note(NEW, "Europe/London")
    number = practice.session(practice.therapist(), placed_at=NEW)
    assert practice.recompute("--yes").stdout == "Nothing has to move.\n"
    assert practice.starts() == {number: SUMMER}


def in_the_diary(practice: Practice, therapist: int, moving: int) -> int:
    return practice.session(therapist, SUMMER - HOUR, placed_at=NEW)


def in_the_room(practice: Practice, _: int, moving: int) -> int:
    other = practice.session(practice.therapist("UTC"), SUMMER - HOUR)
    practice.sql("INSERT INTO room (room_id, name, search_name) VALUES (1, 'one', 'one')")
    practice.sql(f"UPDATE appointment SET room_id = 1 WHERE appointment_id IN ({moving}, {other})")
    return other


def of_the_client(practice: Practice, _: int, moving: int) -> int:
    other = practice.session(practice.therapist("UTC"), SUMMER - HOUR)
    practice.client(moving, other)
    return other


@pytest.mark.parametrize("other", [in_the_diary, in_the_room, of_the_client])
def test_nothing_moves_where_one_session_cannot_and_what_is_in_the_way_is_named(
    practice: Practice, other: Any
) -> None:
    """Scenario 6."""
    practice.note(NEW, "Europe/London")
    therapist = practice.therapist()
    number = practice.session(therapist)
    free = practice.session(therapist, SUMMER + 5 * HOUR)
    way = other(practice, therapist, number)
    before = practice.state()
    done = practice.recompute("--yes", **MAIL)
    assert done.returncode == 1
    span = "(2031-07-10T09:00:00Z to 2031-07-10T10:00:00Z)"
    assert f"Appointment {number} would meet appointment {way} {span}.\n" in done.stdout
    assert f"Appointment {free} would" not in done.stdout
    assert done.stderr.startswith("sessional: Nothing was moved: of 2 appointments, 1 cannot keep")
    assert practice.state() == before


def test_two_that_would_meet_each_other_are_named(practice: Practice) -> None:
    practice.note(OLD, "Asia/Dubai", "Europe/Paris")  # two hours ahead of its summer time
    london, paris = practice.therapist(), practice.therapist("Europe/Paris")
    later, sooner = practice.session(london), practice.session(paris, SUMMER - 3 * HOUR)
    practice.client(later, sooner)
    before = practice.state()
    done = practice.recompute("--yes")
    assert done.returncode == 1
    said = [line for line in done.stdout.splitlines() if "would meet" in line]
    assert said == [
        f"Appointment {later} would meet appointment {sooner} "
        "(2031-07-10T09:00:00Z to 2031-07-10T10:00:00Z), which has to move too."
    ]
    assert practice.state() == before


def hold(practice: Practice, therapist: int, until: str) -> None:
    practice.sql(
        "INSERT INTO appointment (therapist_id, service_code, starts_at, ends_at, status, held_until, "
        f"held_by) VALUES ({therapist}, 'one-off', {SUMMER - HOUR}, {SUMMER}, 'HELD', {until}, 1)"
    )


def test_a_hold_is_in_the_way_as_long_as_it_lives(practice: Practice) -> None:
    therapist = practice.therapist()
    number = practice.session(therapist)
    hold(practice, therapist, "9999999999")
    done = practice.recompute("--yes")
    assert f"Appointment {number} would meet a hold" in done.stdout
    assert practice.starts()[number] == SUMMER
    practice.sql("UPDATE appointment SET held_until = 5 WHERE held_until > 0")
    assert practice.recompute("--yes").returncode == 0
    assert practice.starts() == {number: SUMMER - HOUR}


def test_without_an_answer_nothing_moves(practice: Practice) -> None:
    practice.client(practice.session(practice.therapist()))
    before = practice.state()
    done = practice.recompute(**MAIL)
    assert done.returncode == 1
    assert "2031-07-10T09:00:00Z" in done.stdout
    assert done.stderr == "sessional: There is no terminal to ask whether to move them; use --yes.\n"
    assert practice.state() == before


def test_nobody_is_written_to_where_mail_is_off(practice: Practice) -> None:
    practice.client(practice.session(practice.therapist()))
    assert "Moved 1 appointment." in practice.recompute("--yes").stdout
    assert practice.sql("SELECT 1 FROM outbox") == []


def test_a_day_in_another_zone_follows_that_zones_clocks(practice: Practice) -> None:
    """Scenario 6."""
    therapist = practice.therapist()
    there, home = practice.session(therapist), practice.session(therapist, SUMMER + 5 * 24 * HOUR)
    practice.sql(
        "INSERT INTO away (therapist_id, time_zone, from_date, until_date) "
        f"VALUES ({therapist}, 'America/New_York', '2031-07-09', '2031-07-12')"
    )
    assert practice.recompute("--yes").returncode == 0
    assert practice.starts() == {there: SUMMER, home: SUMMER + 5 * 24 * HOUR - HOUR}


def test_a_series_follows_the_zone_whose_wall_time_it_keeps(practice: Practice) -> None:
    therapist = practice.therapist("America/New_York")
    number = practice.session(therapist)
    practice.sql(
        "INSERT INTO series (series_id, therapist_id, service_code, rhythm, time_zone, starts_at) "
        f"VALUES (1, {therapist}, 'one-off', 'WEEKLY', 'Europe/London', {SUMMER})"
    )
    practice.sql("UPDATE appointment SET series_id = 1")
    assert practice.recompute("--yes").returncode == 0
    assert practice.starts() == {number: SUMMER - HOUR}


def test_a_mail_is_about_the_clocks_of_the_zone_whose_time_is_kept(
    practice: Practice,
) -> None:
    """Scenario 6: a series keeps London's time, a day away follows Lisbon's, and New York's rules stay."""
    practice.note(OLD, "Africa/Abidjan", zone="Europe/Lisbon")
    therapist = practice.therapist("America/New_York")
    weekly, away = practice.session(therapist), practice.session(therapist, SUMMER + 24 * HOUR)
    practice.client(weekly, away)
    practice.sql(
        "INSERT INTO series (series_id, therapist_id, service_code, rhythm, time_zone, starts_at) "
        f"VALUES (1, {therapist}, 'one-off', 'WEEKLY', 'Europe/London', {SUMMER})"
    )
    practice.sql(f"UPDATE appointment SET series_id = 1 WHERE appointment_id = {weekly}")
    practice.sql(
        "INSERT INTO away (therapist_id, time_zone, from_date, until_date) "
        f"VALUES ({therapist}, 'Europe/Lisbon', '2031-07-11', '2031-07-12')"
    )
    assert practice.recompute("--yes", **MAIL).returncode == 0
    told = [orjson.loads(row[0]) for row in practice.sql("SELECT sessions FROM outbox ORDER BY outbox_id")]
    assert [[(row[0], row[4]) for row in rows] for rows in told] == [
        [(weekly, "Europe/London")], [(away, "Europe/Lisbon")],
    ]  # fmt: skip


def test_a_wall_time_that_is_skipped_becomes_the_first_that_is_not(practice: Practice) -> None:
    skipped = 1_932_600_600  # 2031-03-30T01:30:00Z: London's clocks go from 01:00 to 02:00
    number = practice.session(practice.therapist(), skipped)
    done = practice.recompute("--yes")
    assert "2031-03-30 02:00 Europe/London, since 2031-03-30 01:30 is skipped" in done.stdout
    assert practice.starts() == {number: skipped - HOUR // 2}


def test_rules_are_noted_when_they_are_others_and_beside_a_service_when_none_are(
    practice: Practice,
) -> None:
    def noted() -> list[tuple[Any, ...]]:
        return practice.sql("SELECT time_zone, noted_at FROM zone_rules ORDER BY zone_rules_id")

    practice.therapist()
    practice.therapist("Asia/Kolkata")
    place = address.parse(practice.books.url)
    asyncio.run(note_in(place, PLACED, unknown_alone=True))
    assert noted() == [("Europe/London", OLD), ("Asia/Kolkata", PLACED)]
    for now in (NEW, NEW + 1):
        asyncio.run(note_in(place, now))
        assert noted() == [("Europe/London", OLD), ("Asia/Kolkata", PLACED), ("Europe/London", NEW)]


@pytest.mark.parametrize("command", ["migrate", "import"])
def test_a_command_beside_a_service_notes_what_nobody_knows(
    practice: Practice, command: str, tmp_path: Path
) -> None:
    practice.therapist()
    practice.therapist("Asia/Kolkata")
    (tmp_path / "empty").write_text("")
    files = ["empty"] if command == "import" else []
    assert practice.run(command, *files, "--database", practice.books.url).returncode == 0
    zones = practice.sql("SELECT time_zone FROM zone_rules ORDER BY zone_rules_id")
    assert zones == [("Europe/London",), ("Asia/Kolkata",)]


def test_serving_notes_the_rules_that_it_books_by(sqlite_url: str, tmp_path: Path, run_fast: Run) -> None:
    practice = Practice(asyncio.run(Books(sqlite_url).prepare()), run_fast)
    practice.therapist()
    practice.note(OLD, "Africa/Abidjan")
    with running(sqlite_url, tmp_path):
        pass
    noted = [row[0] for row in practice.sql("SELECT tzif FROM zone_rules ORDER BY zone_rules_id")]
    assert [base64.b64decode(tzif) for tzif in noted] == [
        *(compiled("Africa/Abidjan"), compiled("Europe/London"))
    ]


def test_a_database_without_a_schema_is_refused(run_fast: Run) -> None:
    said = refusal(run_fast("timezones", "recompute", "--database", "sqlite:///none.db"))
    assert "has no schema yet" in said
