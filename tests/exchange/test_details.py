"""What a file says about sessions beside their place in the diary: who, where, in which series, and what
happened to them."""

from __future__ import annotations

import pytest

from tests.exchange.practice import HOUR, NINE, RULES, appointment, refused, service, therapist

COUPLES = service("couples", capacity=2, bufferAfterSeconds=600)
SERIES = {
    "kind": "series", "seriesId": 3, "therapistId": 1, "type": "one-off", "rhythm": "WEEKLY",
    "timeZone": "Europe/London", "startTimeUnixSeconds": NINE,
}  # fmt: skip
DETAILS = {
    "kind": "appointmentDetails", "appointmentId": 1, "version": 3, "seriesId": 3, "roomId": 7,
    "capacity": 2, "bufferBeforeSeconds": 300, "bufferAfterSeconds": 600, "cancelNoticeSeconds": 86_400,
    "rulesOverridden": True,
}  # fmt: skip
CANCELLED = {
    "kind": "appointmentDetails", "appointmentId": 2, "version": 2, "cancelledBy": "CLIENT",
    "cancelReason": "ill", "cancelReasonCode": "CLIENT_ILL", "cancelledLate": False,
}  # fmt: skip
EVENT = {
    "kind": "appointmentEvent", "appointmentId": 2, "therapistId": 1, "version": 2,
    "happenedAtUnixSeconds": NINE - HOUR, "username": "anna", "change": "CANCELLED", "reason": "ill",
    "reasonCode": "CLIENT_ILL", "status": "CANCELLED", "startsAtUnixSeconds": NINE + HOUR,
    "endsAtUnixSeconds": NINE + 2 * HOUR,
}  # fmt: skip
BEFORE = EVENT | {"version": 1, "change": "BOOKED", "status": "BOOKED", "roomId": 7}
del BEFORE["reason"], BEFORE["reasonCode"]


def takes_part(appointment_id, client_id):
    return {"kind": "participant", "appointmentId": appointment_id, "clientId": client_id}


ABOVE = (
    COUPLES, therapist(), therapist(2), *RULES, SERIES, appointment(1, type="couples"),
    appointment(2, NINE + HOUR, status="CANCELLED"), appointment(4, NINE + 5 * HOUR),
)  # fmt: skip
BELOW = (DETAILS, CANCELLED, takes_part(1, 5), takes_part(1, 6), BEFORE, EVENT)
KINDS = ("series", "appointmentDetails", "participant", "appointmentEvent")


def test_what_is_said_about_sessions_goes_out_as_it_came_in(practice, other):
    practice.take(*ABOVE, *BELOW)
    for kind in KINDS:
        said = [line for line in (SERIES, *BELOW) if line["kind"] == kind]
        assert practice.lines(kind) == said
    other.take_file(practice.export())
    assert other.export() == practice.export()


def test_the_same_again_changes_nothing(practice):
    practice.take(*ABOVE, *BELOW)
    before = practice.export()
    again = practice.take(*ABOVE, *BELOW)
    assert (again.appointments, again.records) == (0, 0)
    assert practice.export() == before


def test_what_a_session_was_booked_under_holds_where_it_was_taken_in(practice):
    """The places that are taken are counted by the database itself."""
    practice.take(*ABOVE, *BELOW)
    assert practice.run("SELECT capacity, places_taken FROM appointment WHERE appointment_id = 1") == [
        (2, 2)
    ]
    made = practice.run(
        "INSERT INTO series (therapist_id, service_code, rhythm, time_zone, starts_at) "
        "VALUES (1, 'one-off', 'WEEKLY', 'UTC', 1) RETURNING series_id"
    )
    assert made == [(4,)]


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([DETAILS | {"appointmentId": 9}], "line 1: there is no appointment 9"),
        ([DETAILS | {"roomId": 9}], "line 1: there is no room 9"),
        ([DETAILS | {"seriesId": 9}], "line 1: there is no series 9"),
        ([DETAILS | {"capacity": 0}], "line 1: capacity must be a whole number from 1 to 1000"),
        ([CANCELLED | {"cancelledBy": "NOBODY"}], "line 1: cancelledBy must be one of CLIENT, THERAPIST"),
        ([DETAILS, DETAILS | {"version": 9}], "line 2: that appointment exists already with other details"),
        ([takes_part(9, 5)], "line 1: there is no appointment 9"),
        ([takes_part(1, 9)], "line 1: there is no client 9"),
        ([takes_part(4, 5), takes_part(4, 6)], "line 2: appointment 4 has no place left"),
        ([SERIES | {"version": 1}], 'line 1: the series has a member "version" that is not known'),
        ([SERIES | {"seriesId": 8, "type": "x"}], "line 1: there is no service “x”"),
        ([SERIES | {"rhythm": "DAILY"}], "line 1: rhythm must be one of WEEKLY, FORTNIGHTLY, MONTHLY"),
        ([SERIES | {"rhythm": "MONTHLY"}], "line 1: the series of that id exists already with other"),
        ([EVENT | {"appointmentId": 9}], "line 1: there is no appointment 9"),
        ([EVENT | {"endsAtUnixSeconds": 5}], "line 1: endsAtUnixSeconds must be later"),
        ([DETAILS, appointment(9, NINE + 9 * HOUR)], "line 2: appointments stand above what is said about"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_cannot_be_is_refused_with_its_line_and_nothing_is_written(practice, lines, reason):
    practice.take(*ABOVE)
    assert refused(practice, *lines).message.startswith(reason)


def test_a_client_or_a_room_in_two_places_at_once_is_refused(practice):
    """The database has the last word here as everywhere."""
    side_by_side = (*ABOVE, appointment(8, NINE + 60, therapistId=2))
    practice.take(*side_by_side)
    room = {"kind": "appointmentDetails", "roomId": 7}
    refusal = refused(practice, room | {"appointmentId": 1}, room | {"appointmentId": 8})
    assert refusal.message == "line 2: room 7 is taken when appointment 8 is"
    refusal = refused(practice, takes_part(1, 5), takes_part(8, 5))
    assert refusal.message == "line 2: client 5 has another session when appointment 8 is"


def test_a_clash_of_appointments_above_is_told_before_what_stands_below_them(practice):
    lines = (therapist(), appointment(1), appointment(2, NINE + 60), DETAILS)
    assert refused(practice, *lines).message.startswith("line 3: overlaps appointment 1 of therapist 1")
