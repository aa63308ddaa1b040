"""sessional verify: each kind of damage is made past the application, and found."""

from __future__ import annotations

import re

import pytest
import typer

from sessional.cli.verify import verify
from tests.exchange.practice import HOUR, NINE, Practice, appointment, run_postgres, therapist, user

UNGUARDED = {
    True: ("DROP TRIGGER appointment_overlap_insert", "DROP TRIGGER appointment_overlap_update"),
    False: ("ALTER TABLE appointment DROP CONSTRAINT appointment_overlap",),
}
INSERT = "INSERT INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at) VALUES"


def findings(practice: Practice, capsys) -> list[str]:
    """What verify prints before its summary; the exit status and the summary agree with it."""
    status = 0
    try:
        verify(practice.url)
    except typer.Exit as leaving:
        status = leaving.exit_code
    *lines, summary = capsys.readouterr().out.splitlines()
    assert status == bool(lines)
    assert summary.endswith(f"findings: {len(lines)}." if lines else "nothing is wrong.")
    return lines


@pytest.fixture
def full(practice: Practice) -> Practice:
    practice.take(therapist(), therapist(2), appointment(1), appointment(2, NINE + HOUR), user())
    return practice


def unguarded(practice: Practice) -> Practice:
    """Without anything that would keep damage out."""
    for statement in UNGUARDED[practice.is_sqlite]:
        practice.run(statement)
    if not practice.is_sqlite:
        for (name,) in practice.run(
            "SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname) "
            "FROM pg_constraint WHERE contype IN ('f', 'c') AND connamespace = 'public'::regnamespace"
        ):
            practice.run(name)
    return practice


def test_a_sound_practice_has_no_findings(full, capsys):
    assert findings(full, capsys) == []


def test_an_empty_practice_has_no_findings(practice, capsys):
    assert findings(practice, capsys) == []


def test_an_account_of_a_therapist_who_is_not_there_is_found(full, capsys):
    practice = unguarded(full)
    practice.run("UPDATE account SET role = 'THERAPIST', therapist_id = 9 WHERE username = 'anna'")
    assert "User “anna” belongs to a therapist or client who does not exist." in findings(practice, capsys)


def test_a_missing_guard_is_found(full, capsys):
    for statement in UNGUARDED[full.is_sqlite]:
        full.run(statement)
    found = findings(full, capsys)
    assert len(found) == len(UNGUARDED[full.is_sqlite])
    assert all("The guard against overlaps is missing" in line for line in found)


TRIGGERS = {
    True: ("room_overlap_insert", "appointment_client_leaves", "appointment_place_stays",
           "audit_event_is_not_changed", "audit_link_is_not_deleted", "audit_start_is_not_deleted"),
    False: ("appointment_client_follows ON appointment", "audit_event_is_kept ON audit_event",
            "audit_link_is_not_emptied ON audit_link", "audit_start_is_a_link ON audit_start"),
}  # fmt: skip


def test_what_keeps_the_record_and_the_counts_is_missed_where_it_is_gone(full, capsys):
    for trigger in TRIGGERS[full.is_sqlite]:
        full.run(f"DROP TRIGGER {trigger}")
    names = [trigger.partition(" ")[0] for trigger in TRIGGERS[full.is_sqlite]]
    said = "The trigger {} is missing or switched off: nothing does what it is for."
    assert findings(full, capsys) == sorted(map(said.format, names))


def test_a_trigger_that_is_switched_off_is_found(full, capsys):
    if full.is_sqlite:
        full.run("DROP TRIGGER audit_event_waits")
    else:
        full.run("ALTER TABLE audit_event DISABLE TRIGGER audit_event_waits")
    assert findings(full, capsys)[0].startswith("The trigger audit_event_waits is missing or switched off")


def test_an_erased_client_who_is_known_again_is_found(full, capsys):
    full.run(
        "INSERT INTO client (client_id, name, search_name, erased_at) VALUES "
        "(7, 'Erased client 7', '', 5), (8, 'Erased client 8', '', 5), (9, 'Back', '', 5)"
    )
    full.run("UPDATE client SET phone = '1' WHERE client_id = 8")
    assert [line for line in findings(full, capsys) if "known again" in line] == [
        "Client 8 was erased, and is known again.",
        "Client 9 was erased, and is known again.",
    ]


def test_a_guard_that_guards_something_else_is_found(full, capsys):
    for statement in UNGUARDED[full.is_sqlite]:
        full.run(statement)
    if full.is_sqlite:
        for moment in ("insert", "update"):
            trigger = f"appointment_overlap_{moment} BEFORE {moment} ON appointment"
            full.run(f"CREATE TRIGGER {trigger} BEGIN SELECT 1; END")
    else:
        full.run(
            "ALTER TABLE appointment ADD CONSTRAINT appointment_overlap "
            "EXCLUDE USING gist (appointment_id WITH =, int8range(starts_at, ends_at) WITH &&)"
        )
    assert "The guard against overlaps is missing" in findings(full, capsys)[0]


@pytest.mark.parametrize(
    ("span", "later"),
    [((NINE, NINE + HOUR), 9), ((NINE + 60, NINE + 120), 9), ((NINE - 60, NINE + 60), 1),
     ((NINE - HOUR, NINE + HOUR), 1)],
)  # fmt: skip
def test_an_overlap_is_found_without_the_guard(full, capsys, span, later):
    unguarded(full).run(f"{INSERT} (9, 1, 'one-off', {span[0]}, {span[1]})")
    overlap = [line for line in findings(full, capsys) if "overlaps appointment" in line]
    assert overlap == [f"Therapist 1: appointment {later} overlaps appointment {10 - later}."]


def test_a_session_that_overlaps_one_that_is_not_its_neighbour_is_found(full, capsys):
    unguarded(full).run(
        f"{INSERT} (7, 2, 'one-off', 0, 1000), (8, 2, 'one-off', 10, 20), (9, 2, 'one-off', 900, 2000)"
    )
    overlaps = [line for line in findings(full, capsys) if "overlaps appointment" in line]
    assert overlaps == [
        "Therapist 2: appointment 8 overlaps appointment 7.",
        "Therapist 2: appointment 9 overlaps appointment 7.",
    ]


KEY = (
    "INSERT INTO idempotency_key (account_id, key, input_hash, therapist_id, appointment_id, created_at) "
    "VALUES"
)
DAMAGE = {
    f"{INSERT} (9, 77, 'one-off', 0, 1)": "Appointment 9 belongs to therapist 77",
    f"{INSERT} (9, 1, 'massage', 0, 1)": "Appointment 9 is of the service “massage”",
    "INSERT INTO therapist_specialism VALUES (1, 77)": "Therapist 1 is linked to specialism 77",
    "INSERT INTO therapist_specialism VALUES (77, 1)": "Therapist 77 is linked to specialism 1",
    "INSERT INTO appointment_event (appointment_event_id, therapist_id, appointment_id, version, "
    "happened_at, account_id, username, change, status, starts_at, ends_at) VALUES "
    "(5, 1, 77, 1, 1, 1, 'anna', 'BOOKED', 'BOOKED', 1, 2)": "Event 5 of a history is of appointment 77",
    f"{KEY} (1, 'k', 'h', 1, 77, 0)": "An idempotency key of account 1 stands for appointment 77",
    f"{KEY} (1, 'k', 'h', 2, 1, 0)": "An idempotency key of account 1 stands for appointment 1",
    f"{KEY} (77, 'k', 'h', 1, 1, 0)": "An idempotency key belongs to account 77",
    "UPDATE account SET role = 'GOD'": "User “anna” has the role “GOD”",
}
SPANS = [(5, 5), (5, 4), (-1, 4), (0, 86_401), (253_402_300_790, 253_402_300_800)]


# Two sessions at one time with two therapists, one client and one room; and what happened to one of them.
TOGETHER = (
    appointment(6, NINE, therapistId=2),
    {"kind": "room", "roomId": 3, "name": "Blue"},
    {"kind": "client", "clientId": 4, "name": "Bo"},
    {"kind": "participant", "appointmentId": 1, "clientId": 4},
    {"kind": "appointmentDetails", "appointmentId": 1, "roomId": 3},
    {"kind": "appointmentEvent", "appointmentId": 1, "therapistId": 1, "version": 1,
     "happenedAtUnixSeconds": 5, "username": "anna", "change": "BOOKED", "status": "BOOKED",
     "startsAtUnixSeconds": NINE, "endsAtUnixSeconds": NINE + HOUR},
)  # fmt: skip
GUARDS = {
    True: ("room_overlap_update", "client_overlap_insert", "appointment_client_joins",
           "appointment_client_follows"),
    False: ("room_overlap ON appointment", "client_overlap ON appointment_client"),
}  # fmt: skip
TWICE = {
    "UPDATE appointment SET room_id = 3 WHERE appointment_id = 6": (
        "Room 3: appointment 1 overlaps appointment 6.",
    ),
    "INSERT INTO appointment_client (appointment_id, client_id, therapist_id, starts_at, ends_at, blocks) "
    f"VALUES (6, 4, 2, {NINE}, {NINE + HOUR}, TRUE)": ("Client 4: appointment 1 overlaps appointment 6.",),
    "UPDATE appointment SET places_taken = 0 WHERE appointment_id = 1": (
        "Appointment 1 counts 0 clients, but 1 take part.",
    ),
    "UPDATE appointment SET places_held = 1 WHERE appointment_id = 6": (
        "Appointment 6 counts 1 held places, but 0 are held.",
    ),
    "UPDATE appointment_client SET starts_at = 7": (
        "Client 4 in appointment 1: the time noted is not the session's.",
    ),
    "UPDATE appointment SET version = 2 WHERE appointment_id = 1": (
        "Appointment 1 is not as its history has it since version 1.",
    ),
}


@pytest.mark.parametrize("damage", TWICE)
def test_whatever_is_in_two_places_or_counted_wrongly_is_found(full, capsys, damage):
    full.take(*TOGETHER)
    for guard in GUARDS[full.is_sqlite]:
        name, _, table = guard.partition(" ON ")
        full.run(f"ALTER TABLE {table} DROP CONSTRAINT {name}" if table else f"DROP TRIGGER {name}")
    assert all(line.startswith("The trigger ") for line in findings(full, capsys))
    full.run(damage)
    assert set(TWICE[damage]) <= set(findings(full, capsys))


WAITING = {
    "UPDATE waitlist_entry SET client_id = 77": "Waitlist entry 1 is of client 77 for the service",
    "UPDATE waitlist_entry SET service_code = 'x'": "Waitlist entry 1 is of client 4 for the service “x”",
    "UPDATE waitlist_entry SET status = 'ACCEPTED', offered_id = NULL, appointment_id = 77": (
        "Waitlist entry 1 came to appointment 77, which does not exist."
    ),
    "DELETE FROM appointment WHERE held_until > 0": "Waitlist entry 1 is offered a time of therapist 2",
    "UPDATE appointment SET starts_at = starts_at + 1 WHERE held_until > 0": (
        "Waitlist entry 1 is offered a time of therapist 2"
    ),
    "UPDATE appointment SET held_by = 1 WHERE held_until > 0": "that hold 3 does not keep.",
    "DELETE FROM waitlist_entry": "Hold 3 keeps a time of therapist 2 for an offer that does not exist.",
}
# Until 2099.
OFFERED = {
    "kind": "waitlistEntry", "waitlistEntryId": 1, "clientId": 4, "type": "one-off", "turn": 1,
    "fromUnixSeconds": 4_070_908_800, "untilUnixSeconds": 4_070_995_200, "joinedAtUnixSeconds": 1,
    "status": "OFFERED", "offeredTherapistId": 2, "offeredStartsAtUnixSeconds": 4_070_912_400,
    "offeredEndsAtUnixSeconds": 4_070_916_000, "offeredUntilUnixSeconds": 4_070_908_800,
}  # fmt: skip


@pytest.mark.parametrize("damage", WAITING)
def test_an_entry_of_the_waitlist_or_an_offer_without_what_it_needs_is_found(full, capsys, damage):
    full.take({"kind": "client", "clientId": 4, "name": "Bo"}, OFFERED)
    assert findings(full, capsys) == []
    unguarded(full).run(damage)
    assert any(WAITING[damage] in line for line in findings(full, capsys))


def test_an_offer_that_has_run_out_needs_no_hold(full, capsys):
    full.take({"kind": "client", "clientId": 4, "name": "Bo"}, OFFERED)
    full.run("DELETE FROM appointment WHERE held_until > 0")
    full.run("UPDATE waitlist_entry SET offered_until = 1000000000")
    assert findings(full, capsys) == []


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_belongs_to_nothing_is_found(full, capsys, damage):
    unguarded(full).run(damage)
    assert any(DAMAGE[damage] in line for line in findings(full, capsys))


@pytest.mark.parametrize("span", SPANS)
def test_an_impossible_span_is_found(full, capsys, span):
    unguarded(full)
    if full.is_sqlite:
        with_checks_off(full, f"{INSERT} (9, 2, 'one-off', {span[0]}, {span[1]})")
    else:
        full.run(f"{INSERT} (9, 2, 'one-off', {span[0]}, {span[1]})")
    assert f"Appointment 9 has an impossible span: {span[0]} to {span[1]}." in findings(full, capsys)


def with_checks_off(practice: Practice, sql: str) -> None:
    import apsw

    connection = apsw.Connection(str(practice.place))
    connection.pragma("ignore_check_constraints", True)
    connection.execute(sql)
    connection.close()


def test_sqlites_own_checks_are_asked(on_sqlite, capsys):
    on_sqlite.take(therapist(), appointment(1))
    with_checks_off(on_sqlite, f"{INSERT} (9, 1, 'massage', 5, 3)")
    found = findings(on_sqlite, capsys)
    assert any(re.match("SQLite's integrity check: CHECK constraint failed", line) for line in found)
    assert "SQLite's foreign key check: 1 of appointment refer to no service." in found


def test_a_damaged_file_is_found(on_sqlite, capsys):
    on_sqlite.take(therapist(), *(appointment(n, NINE + n * HOUR) for n in range(300)[1:]))
    [(root,)] = on_sqlite.run("SELECT rootpage FROM sqlite_schema WHERE name = 'appointment_by_start'")
    with on_sqlite.place.open("r+b") as file:
        file.seek((root - 1) * 4096 + 2000)
        file.write(b"\xaa" * 2096)
    found = findings(on_sqlite, capsys)
    assert "malformed" in found[0]


def test_a_counter_below_ids_that_are_taken_is_found(on_postgres, capsys):
    on_postgres.take(therapist(5), appointment(9, therapistId=5))
    run_postgres(on_postgres.url, "SELECT setval('appointment_appointment_id_seq', 3)")
    run_postgres(on_postgres.url, "SELECT setval('therapist_therapist_id_seq', 3)")
    run_postgres(on_postgres.url, "INSERT INTO room (room_id, name, search_name) VALUES (7, 'a', 'a')")
    run_postgres(on_postgres.url, "INSERT INTO client (client_id, name, search_name) VALUES (8, 'b', 'b')")
    run_postgres(
        on_postgres.url,
        "INSERT INTO series (series_id, therapist_id, service_code, rhythm, time_zone, starts_at) "
        "SELECT 6, 5, min(code), 'WEEKLY', 'UTC', 1 FROM service",
    )
    assert findings(on_postgres, capsys) == [
        "The next id of appointment would be one that is taken: the highest is 9.",
        "The next id of therapist would be one that is taken: the highest is 5.",
        "The next id of room would be one that is taken: the highest is 7.",
        "The next id of client would be one that is taken: the highest is 8.",
        "The next id of series would be one that is taken: the highest is 6.",
    ]


def test_of_very_many_findings_of_a_kind_the_rest_is_counted(on_sqlite, capsys):
    on_sqlite.take(therapist(), *(appointment(n, NINE + n * HOUR) for n in range(1, 400)))
    unguarded(on_sqlite).run("UPDATE appointment SET starts_at = 1000, ends_at = 2000")
    with pytest.raises(typer.Exit):
        verify(on_sqlite.url)
    lines = capsys.readouterr().out.splitlines()
    assert "… and 298 more of these." in lines
    assert len(lines) < 110
    assert "findings: 400." in lines[-1]
