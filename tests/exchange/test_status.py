"""How far a session has come, in a file: only what takes up time is in the way of anything."""

from __future__ import annotations

import pytest

from sessional.exchange.members import STATUSES
from tests.exchange.practice import HOUR, NINE, appointment, refused, therapist

FREE = ("PROPOSED", "CANCELLED", "ENTERED_IN_ERROR")
TAKEN = tuple(status for status in STATUSES if status not in FREE)


def hold(practice, start, until):
    practice.run(
        "INSERT INTO appointment "
        "(therapist_id, service_code, starts_at, ends_at, status, held_until, held_by) "
        f"VALUES (1, 'one-off', {start}, {start + HOUR}, 'HELD', {until}, 1) RETURNING appointment_id"
    )


def test_every_status_goes_out_and_in_again(practice, other):
    practice.take(
        therapist(),
        *(appointment(n, NINE + n * HOUR, status=status) for n, status in enumerate(STATUSES, start=1)),
    )
    exported = practice.export()
    written = [line.get("status") for line in practice.lines("appointment")]
    assert written == [None if status == "BOOKED" else status for status in STATUSES]
    other.take_file(exported)
    assert other.export() == exported
    assert other.take_file(exported).appointments == 0


@pytest.mark.parametrize("where", ["database", "file"])
@pytest.mark.parametrize("status", FREE)
def test_what_takes_up_no_time_is_in_nobodys_way(practice, status, where):
    free = appointment(1, NINE, status=status)
    if where == "database":
        practice.take(therapist(), free)
    imported = practice.take(
        therapist(),
        free,
        appointment(2, NINE + 60),
        appointment(3, NINE + 120, status=status),
        appointment(None, NINE + 60, status=status),
    )
    assert imported.appointments == (3 if where == "database" else 4)


@pytest.mark.parametrize("where", ["database", "file"])
@pytest.mark.parametrize("status", TAKEN)
def test_what_takes_up_time_is_in_the_way(practice, status, where):
    above = [
        therapist(),
        appointment(9, NINE + 30, status="CANCELLED"),
        appointment(1, NINE, status=status),
    ]
    if where == "database":
        practice.take(*above)
    refusal = refused(practice, *above, appointment(2, NINE + 60, status=status))
    assert refusal.message.startswith("line 4: overlaps appointment 1 of therapist 1")


def test_a_cancelled_session_without_an_id_is_not_taken_in_twice(practice):
    lines = [therapist(), *[appointment(None, NINE, status="CANCELLED")] * 2]
    assert practice.take(*lines).appointments == 1
    assert practice.take(*lines).appointments == 0


def test_another_status_is_another_detail(practice):
    practice.take(therapist(), appointment(1, status="CANCELLED"))
    refusal = refused(practice, appointment(1))
    assert refusal.message == "line 1: appointment 1 exists already with other details"


def test_what_is_held_for_somebody_is_not_exported_but_in_the_way(practice):
    practice.take(therapist())
    before = practice.export()
    hold(practice, NINE, 99_999_999_999)
    assert practice.export() == before
    assert "overlaps" in refused(practice, appointment(7)).message


def test_a_hold_that_ran_out_is_in_nobodys_way(practice):
    practice.take(therapist())
    hold(practice, NINE, 1)
    assert practice.take(appointment(7)).appointments == 1


def test_a_status_that_is_none_is_refused(practice):
    for status in ("HELD", "booked", 1, None):
        refusal = refused(practice, therapist(), appointment(1, status=status))
        assert "status must be one of" in refusal.message
