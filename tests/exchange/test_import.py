"""Lines into a database: what they become, and which ids they get."""

from __future__ import annotations

from tests.exchange.practice import HOUR, NINE, PASSWORDS, appointment, service, therapist, user

# ---- what lines become --------------------------------------------------------------------------


def test_a_file_of_every_kind_is_taken_in(practice):
    imported = practice.take(
        {"kind": "specialism", "name": "CBT"},
        service("walk", name="Walk and talk"),
        therapist(specialisms=["CBT", "Grief"]),
        appointment(1, type="walk"),
        user(),
    )
    counts = (imported.appointments, imported.therapists, imported.specialisms)
    assert (*counts, imported.services, imported.users, imported.known) == (1, 1, 2, 1, 1, 0)
    assert practice.lines("specialism") == [{"kind": "specialism", "name": n} for n in ("CBT", "Grief")]
    assert service("walk", name="Walk and talk") in practice.lines("service")
    assert practice.lines("therapist") == [
        therapist(specialisms=["CBT", "Grief"], timeZone="Europe/London")
    ]
    assert practice.lines("appointment") == [appointment(1, type="walk")]


def test_names_are_found_without_case_and_accents(practice):
    practice.take(therapist(firstName="Zoë", lastName="STRASSE", specialisms=["Ängste"]), service("Ö"))
    assert practice.run("SELECT search_name FROM therapist") == [("zoe strasse",)]
    assert practice.run("SELECT search_name FROM specialism") == [("angste",)]
    assert ("o",) in practice.run("SELECT search_name FROM service")


def test_a_password_is_stored_as_an_argon2id_hash(practice):
    practice.take(user(password="correct horse"))
    [[password_hash]] = practice.run("SELECT password_hash FROM account")
    assert password_hash.startswith("$argon2id$")
    assert PASSWORDS.match("correct horse", password_hash)


def test_the_two_services_are_there_before_any_import(practice):
    practice.take(therapist(), appointment(1), appointment(2, NINE + HOUR, type="consultation"))


def test_lines_may_stand_in_any_order_below_what_they_refer_to(practice):
    practice.take(
        user(), therapist(), appointment(2), service("walk"), appointment(1, NINE + HOUR, type="walk"),
        therapist(2), appointment(3, therapistId=2), {"kind": "specialism", "name": "ADHD"},
    )  # fmt: skip
    assert [line["appointmentId"] for line in practice.lines("appointment")] == [1, 2, 3]


def test_sessions_that_touch_and_the_same_time_in_two_diaries_are_taken(practice):
    practice.take(
        therapist(1), therapist(2), appointment(1), appointment(2, NINE + HOUR),
        appointment(3, NINE - HOUR), appointment(4, therapistId=2),
    )  # fmt: skip


def test_an_empty_file_changes_nothing(practice):
    before = practice.export()
    assert practice.take_file(b"\n").known == 0
    assert practice.export() == before


# ---- ids ------------------------------------------------------------------------------------------


def test_later_ids_continue_above_imported_ones(practice):
    practice.take(therapist(7), therapist(1), appointment(41))
    assert practice.book(NINE + HOUR) == 42
    [[therapist_id]] = practice.run(
        "INSERT INTO therapist (first_name, last_name, search_name, time_zone) "
        "VALUES ('a', 'b', 'a b', 'UTC') RETURNING therapist_id"
    )
    assert therapist_id == 8


def test_ids_below_those_in_use_do_not_turn_the_counter_back(practice):
    practice.take(therapist(1), appointment(41))
    practice.take(appointment(7, NINE + HOUR))
    assert practice.book(NINE + 2 * HOUR) == 42


def test_appointments_without_ids_get_ids_above_all_that_are_given(practice):
    practice.take(
        therapist(),
        appointment(None, NINE),
        appointment(None, NINE + HOUR),
        appointment(9, NINE + 2 * HOUR),
    )
    assert practice.lines("appointment") == [
        appointment(9, NINE + 2 * HOUR), appointment(10, NINE), appointment(11, NINE + HOUR)
    ]  # fmt: skip
    assert practice.book(NINE + 3 * HOUR) == 12


def test_the_first_appointments_of_all_need_no_ids(practice):
    practice.take(therapist(), appointment(None))
    assert practice.lines("appointment") == [appointment(1)]
    assert practice.book(NINE + HOUR) == 2
