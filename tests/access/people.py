"""A practice in which two therapists and three clients are strangers, and an account for each role.

What belongs to the other side carries a mark in every text that it has: no answer to THERAPIST or CLIENT
may hold one. ``MINE`` is Thea (therapist) and Cleo (client), who are together in one session.
"""

from __future__ import annotations

import time
from typing import Any, Final

from sessional.access import Actor, Role
from sessional.credentials import Kind, Lifetimes, Tokens
from tests.booking.books import Books
from tests.support.server import SECRET

MARK: Final = "zzforeignzz"
# 2031-01-29T10:00:00Z, a Wednesday.
TEN: Final = 1_927_447_200
HOUR: Final = 3600
DAY: Final = 86_400

# What is mine, and what is the others'.
THEA, OTTO = 1, 2
CLEO, OLGA, OMAR = 1, 2, 3
TOGETHER, THEAS, CLEOS, OTHERS = 1, 2, 3, 4  # sessions
OFFERED_CLEO, OFFERED_OLGA = 5, 6  # holds, in Otto's diary and in Thea's
CLEO_WAITS, OLGA_WAITS = 1, 2  # entries of the waitlist

_ROWS: Final = f"""
INSERT INTO therapist (therapist_id, first_name, last_name, search_name, time_zone, max_per_day) VALUES
  ({THEA}, 'Thea', 'Mine', 'thea mine', 'Europe/London', 8),
  ({OTTO}, 'Otto', 'Other', 'otto other', 'Europe/London', 8);
INSERT INTO specialism (specialism_id, name, search_name) VALUES (1, 'CBT', 'cbt'), (2, 'Grief', 'grief');
INSERT INTO therapist_specialism (therapist_id, specialism_id) VALUES ({THEA}, 1), ({OTTO}, 1), ({OTTO}, 2);
INSERT INTO client (client_id, name, search_name, email, phone, language, staff_notes) VALUES
  ({CLEO}, 'Cleo', 'cleo', 'cleo@example.org', '1', 'en', 'staffnote'),
  ({OLGA}, 'Olga {MARK}', 'olga {MARK}', '{MARK}@example.org', '{MARK}', '{MARK}', '{MARK}'),
  ({OMAR}, 'Omar {MARK}', 'omar {MARK}', '{MARK}@example.org', '{MARK}', '{MARK}', '{MARK}');
INSERT INTO care_relationship (care_relationship_id, therapist_id, client_id, from_date) VALUES
  (1, {THEA}, {CLEO}, '2030-01-01'), (2, {OTTO}, {OLGA}, '2030-01-01');
INSERT INTO room (room_id, name, search_name) VALUES (1, 'Garden', 'garden');
INSERT INTO appointment
  (appointment_id, therapist_id, service_code, starts_at, ends_at, status, cancel_reason) VALUES
  ({TOGETHER}, {THEA}, 'one-off', {TEN}, {TEN + HOUR}, 'BOOKED', NULL),
  ({THEAS}, {THEA}, 'one-off', {TEN + DAY}, {TEN + DAY + HOUR}, 'BOOKED', NULL),
  ({CLEOS}, {OTTO}, 'one-off', {TEN + 2 * DAY}, {TEN + 2 * DAY + HOUR}, 'BOOKED', NULL),
  ({OTHERS}, {OTTO}, 'consultation', {TEN}, {TEN + HOUR}, 'CANCELLED', '{MARK}');
INSERT INTO appointment_client (appointment_id, client_id) VALUES
  ({TOGETHER}, {CLEO}), ({CLEOS}, {CLEO}), ({OTHERS}, {OMAR});
INSERT INTO appointment_event (appointment_event_id, therapist_id, appointment_id, version, happened_at,
  account_id, username, change, reason, status, starts_at, ends_at) VALUES
  (1, {THEA}, {TOGETHER}, 1, {TEN}, 1, 'reception', 'BOOKED', NULL, 'BOOKED', {TEN}, {TEN + HOUR}),
  (2, {OTTO}, {OTHERS}, 1, {TEN}, 1, '{MARK}', 'CANCELLED', '{MARK}', 'CANCELLED', {TEN}, {TEN + HOUR});
INSERT INTO working_hours (working_hours_id, therapist_id, weekday, starts_minute, ends_minute) VALUES
  (1, {THEA}, 3, 540, 1020), (2, {OTTO}, 3, 541, 1021);
INSERT INTO date_override (date_override_id, therapist_id, on_date, intervals) VALUES
  (1, {THEA}, '2031-03-03', '[]'), (2, {OTTO}, '2031-03-04', '[]');
INSERT INTO time_off (time_off_id, therapist_id, starts_at, ends_at, reason) VALUES
  (1, {THEA}, {TEN + 9 * DAY}, {TEN + 10 * DAY}, 'training'),
  (2, {OTTO}, {TEN + 9 * DAY}, {TEN + 10 * DAY}, '{MARK}');
INSERT INTO away (away_id, therapist_id, time_zone, from_date, until_date) VALUES
  (1, {THEA}, 'Europe/Paris', '2031-05-01', '2031-05-02'),
  (2, {OTTO}, 'Asia/Kolkata', '2031-05-01', '2031-05-02');
INSERT INTO appointment
  (appointment_id, therapist_id, service_code, starts_at, ends_at, status, held_until, held_by) VALUES
  ({OFFERED_CLEO}, {OTTO}, 'one-off', {TEN + 80 * DAY}, {TEN + 80 * DAY + HOUR}, 'HELD', {TEN}, -1),
  ({OFFERED_OLGA}, {THEA}, 'one-off', {TEN + 81 * DAY}, {TEN + 81 * DAY + HOUR}, 'HELD', {TEN}, -1);
INSERT INTO waitlist_entry (waitlist_entry_id, client_id, service_code, specialisms, from_at, until_at,
  status, joined_at, turn, offered_id, offered_until, offered_therapist_id, offered_starts_at,
  offered_ends_at) VALUES
  ({CLEO_WAITS}, {CLEO}, 'one-off', '[]', {TEN}, {TEN + 90 * DAY}, 'OFFERED', 1, 2,
   {OFFERED_CLEO}, {TEN}, {OTTO}, {TEN + 80 * DAY}, {TEN + 80 * DAY + HOUR}),
  ({OLGA_WAITS}, {OLGA}, 'one-off', '["{MARK}"]', {TEN}, {TEN + 90 * DAY}, 'OFFERED', 1, 1,
   {OFFERED_OLGA}, {TEN}, {THEA}, {TEN + 81 * DAY}, {TEN + 81 * DAY + HOUR}),
  (3, {OMAR}, 'consultation', '["{MARK}"]', {TEN}, {TEN + 90 * DAY}, 'WAITING', 1, 3,
   NULL, NULL, NULL, NULL, NULL);
UPDATE rules_clock SET version = version + 1;
UPDATE therapist SET rules_version = 1;
"""
# What is added later gets numbers above those that are given here.
_NUMBERED: Final = (
    "appointment", "appointment_event", "away", "care_relationship", "client", "date_override", "room",
    "specialism", "therapist", "time_off", "waitlist_entry", "working_hours",
)  # fmt: skip
ACCOUNTS: Final[dict[Role, tuple[int, int | None, int | None]]] = {
    Role.ADMIN: (11, None, None),
    Role.SCHEDULER: (12, None, None),
    Role.SERVICE: (13, None, None),
    Role.THERAPIST: (14, THEA, None),
    Role.CLIENT: (15, None, CLEO),
}


def token(role: Role) -> str:
    """An access token of the role's account."""
    tokens = Tokens([SECRET], Lifetimes(access_seconds=3600, refresh_seconds=3600))
    actor = Actor(account_id=ACCOUNTS[role][0], username=role.lower(), role=role, session_id="tests")
    return tokens.make(Kind.ACCESS, actor, now=int(time.time()))


async def settle(books: Books) -> None:
    """Fill an empty database with the practice and its accounts."""
    for statement in _ROWS.split(";\n"):
        if statement.strip():
            await books.run(statement)
    if books.path is None:
        for table in _NUMBERED:
            await books.run(f"SELECT setval(pg_get_serial_sequence('{table}', '{table}_id'), 100)")
    for role, (account_id, therapist_id, client_id) in ACCOUNTS.items():
        await books.run(
            "INSERT INTO account (account_id, username, password_hash, role, therapist_id, client_id) "
            "VALUES ($1, $2, 'nobody logs in with a password here', $3, $4, $5)",
            *(account_id, role.lower(), role.value, therapist_id, client_id),
        )


def fields(payload: dict[str, Any]) -> list[str]:
    """The codes of a payload's errors."""
    return [error["code"] for error in payload["errors"]]
