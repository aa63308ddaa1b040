"""Lines that say what is there already: the same changes nothing, something else is refused."""

from __future__ import annotations

import pytest

from tests.exchange.practice import HOUR, NINE, appointment, refused, service, therapist, user

EVERYTHING = (
    {"kind": "specialism", "name": "CBT"}, service("walk"), therapist(), therapist(2, specialisms=[]),
    appointment(1), appointment(5, NINE + HOUR), appointment(None, NINE + 2 * HOUR), user(),
    user("ben", disabledAtUnixSeconds=7),
)  # fmt: skip


def test_the_same_file_again_changes_nothing(practice):
    practice.take(*EVERYTHING)
    before = practice.export()
    again = practice.take(*EVERYTHING)
    assert again.known == len(EVERYTHING)
    assert again.appointments == again.therapists == again.specialisms == again.services == again.users == 0
    assert practice.export() == before


def test_a_file_that_says_everything_twice_is_taken_as_if_it_did_not(practice):
    practice.take(*EVERYTHING, *EVERYTHING)
    assert len(practice.lines("appointment")) == 3


def test_an_export_goes_back_into_its_own_database_without_a_change(practice):
    practice.take(*EVERYTHING)
    before = practice.export()
    assert practice.take_file(before).known == len(before.splitlines())
    assert practice.export() == before


def test_a_file_that_has_grown_adds_only_what_is_new(practice):
    practice.take(*EVERYTHING)
    imported = practice.take(*EVERYTHING, appointment(8, NINE + 5 * HOUR))
    assert (imported.appointments, imported.known) == (1, len(EVERYTHING))


def test_the_order_of_specialisms_in_a_line_does_not_matter(practice):
    practice.take(therapist(specialisms=["CBT", "Grief"]))
    assert practice.take(therapist(specialisms=["Grief", "CBT"])).known == 1


@pytest.mark.parametrize(
    "change",
    [{"firstName": "Jeff"}, {"lastName": "s"}, {"specialisms": []}, {"specialisms": ["ADHD", "CBT"]},
     {"timeZone": "UTC"}],
)  # fmt: skip
def test_a_therapist_with_other_details_is_refused(practice, change):
    practice.take(therapist())
    refusal = refused(practice, therapist(2), therapist(1, **change))
    assert refusal.message == "line 2: therapist 1 exists already with other details"


@pytest.mark.parametrize(
    "change", [{"startTimeUnixSeconds": NINE + 9 * HOUR}, {"durationSeconds": 60}, {"type": "consultation"},
               {"therapistId": 2}],
)  # fmt: skip
@pytest.mark.parametrize("where", ["database", "file"])
def test_an_appointment_with_other_details_is_refused(practice, change, where):
    practice.take(therapist(), therapist(2))
    above = [appointment(6, NINE + 6 * HOUR), appointment(1)]
    if where == "database":
        practice.take(*above)
    refusal = refused(practice, *above, appointment(1, **change), appointment(1, **change))
    assert refusal.message == "line 3: appointment 1 exists already with other details"


@pytest.mark.parametrize("change", [{"password": "incorrect"}, {"disabledAtUnixSeconds": 7}])
def test_a_user_with_other_details_is_refused(practice, change):
    practice.take(user())
    assert (
        refused(practice, user(**change)).message == "line 1: user “anna” exists already with other details"
    )


def test_a_service_on_record_takes_the_name_and_the_length_of_the_file(practice):
    imported = practice.take(service("one-off", name="Einzelstunde", durationSeconds=2700))
    assert imported.changed_services == 1
    assert practice.lines("service")[0] == service("one-off", name="Einzelstunde", durationSeconds=2700)
    assert ("einzelstunde",) in practice.run("SELECT search_name FROM service")


def test_a_service_that_stands_in_the_file_twice_must_say_the_same(practice):
    refusal = refused(practice, service("one-off"), service("one-off", name="Other"))
    assert refusal.message == "line 2: service “one-off” stands above with other details"
