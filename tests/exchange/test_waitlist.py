"""Who waits for what, in a file: with the turn that they have, and what they are offered."""

from __future__ import annotations

import pytest

from tests.exchange.practice import HOUR, NINE, RULES, appointment, refused, service, therapist
from tests.exchange.test_verify import findings

FAR = 4_070_908_800  # 2099-01-01T00:00:00Z: an offer that can be accepted all that time
DAY = 24 * HOUR
WAITS = {
    "kind": "waitlistEntry", "waitlistEntryId": 3, "clientId": 5, "type": "one-off",
    "fromUnixSeconds": FAR, "untilUnixSeconds": FAR + 30 * DAY, "joinedAtUnixSeconds": NINE, "turn": 2,
}  # fmt: skip
WISHES = WAITS | {
    "waitlistEntryId": 4, "clientId": 6, "turn": 1, "specialisms": ["ADHD", "Grief"],
    "therapistIds": [1, 2], "durationSeconds": 3000, "fromMinute": 540, "untilMinute": 720,
    "weekdays": [1, 5], "timeZone": "Asia/Kolkata",
    "declined": [[2, FAR + DAY, FAR + DAY + HOUR], [1, FAR, FAR + HOUR]],
}  # fmt: skip
OFFERED = WAITS | {
    "waitlistEntryId": 7, "turn": 9, "status": "OFFERED", "offeredTherapistId": 2,
    "offeredStartsAtUnixSeconds": FAR + HOUR, "offeredEndsAtUnixSeconds": FAR + 2 * HOUR,
    "offeredUntilUnixSeconds": FAR, "offeredRoomId": 7,
}  # fmt: skip
ACCEPTED = WAITS | {"waitlistEntryId": 8, "turn": 3, "status": "ACCEPTED", "appointmentId": 1}
LEFT = WAITS | {"waitlistEntryId": 9, "turn": 4, "status": "LEFT"}
ABOVE = (therapist(), therapist(2, specialisms=["Grief"]), service("couples"), *RULES, appointment(1))
LIST = (WAITS, WISHES, OFFERED, ACCEPTED, LEFT)


def test_a_waitlist_goes_out_as_it_came_in_with_what_is_offered(practice, other):
    """Also from one kind of database into the other."""
    practice.take(*ABOVE, *LIST)
    assert practice.lines("waitlistEntry") == list(LIST)
    other.take_file(practice.export())
    assert other.export() == practice.export()


def test_the_same_waitlist_again_changes_nothing(practice):
    practice.take(*ABOVE, *LIST)
    before = practice.export()
    assert practice.take(*ABOVE, *LIST).records == 0
    assert practice.export() == before


def test_what_is_offered_is_held_in_the_diary_and_nobody_else_gets_it(practice, capsys):
    practice.take(*ABOVE, OFFERED)
    assert practice.run(
        "SELECT therapist_id, starts_at, ends_at, status, held_by, held_until, room_id FROM appointment "
        "WHERE held_until > 0"
    ) == [(2, FAR + HOUR, FAR + 2 * HOUR, "HELD", -1, FAR + 90, 7)]
    assert findings(practice, capsys) == []
    refusal = refused(practice, appointment(9, FAR + HOUR, therapistId=2))
    assert refusal.message.startswith("line 1: overlaps")


def test_an_entry_that_joins_later_gets_a_number_of_its_own(practice):
    practice.take(*ABOVE, *LIST)
    made = practice.run(
        "INSERT INTO waitlist_entry (client_id, service_code, from_at, until_at, joined_at, turn) "
        "VALUES (5, 'one-off', 1, 2, 1, 10) RETURNING waitlist_entry_id"
    )
    assert made == [(10,)]


def test_an_offer_that_ran_out_and_is_held_no_more_is_written_as_waiting(practice, other):
    """Somebody may have its time by then, which would keep the whole file out."""
    practice.take(*ABOVE, OFFERED)
    practice.run("DELETE FROM appointment WHERE held_until > 0")
    practice.take(appointment(2, FAR + HOUR, therapistId=2))
    assert practice.lines("waitlistEntry") == [WAITS | {"waitlistEntryId": 7, "turn": 9}]
    assert practice.take_file(practice.export()).records == 0
    other.take_file(practice.export())
    assert other.export() == practice.export()


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ([WAITS | {"clientId": 9}], "line 1: there is no client 9"),
        ([WAITS | {"type": "x"}], "line 1: there is no service “x”"),
        ([WISHES | {"specialisms": ["Tango"]}], "line 1: there is no specialism “Tango”"),
        ([WISHES | {"therapistIds": [9]}], "line 1: there is no therapist 9"),
        ([WISHES | {"therapistIds": [1, 1]}], "line 1: therapistIds holds the same number twice"),
        ([WISHES | {"weekdays": [0]}], "line 1: a number in weekdays must be a whole number from 1 to 7"),
        ([WISHES | {"weekdays": 1}], "line 1: weekdays must be a list of whole numbers, not 1"),
        ([WISHES | {"untilMinute": 540}], "line 1: untilMinute must be later than fromMinute"),
        ([WAITS | {"fromMinute": 5}], "line 1: fromMinute and untilMinute go together"),
        ([WAITS | {"declined": [[1, 2]]}], "line 1: declined must hold a therapist, a start and an end"),
        ([WAITS | {"declined": [[1, 2, "x"]]}], "line 1: a number in declined must be a whole number"),
        ([WAITS | {"untilUnixSeconds": FAR}], "line 1: untilUnixSeconds must be later than fromUnix"),
        ([WAITS | {"untilUnixSeconds": FAR + 367 * DAY}], "line 1: untilUnixSeconds must be at most 366"),
        ([WAITS | {"status": "GONE"}], "line 1: status must be one of WAITING, OFFERED, ACCEPTED, LEFT"),
        ([WAITS | {"appointmentId": 1}], "line 1: appointmentId goes with the status ACCEPTED alone"),
        ([ACCEPTED | {"appointmentId": 4}], "line 1: there is no appointment 4"),
        ([WAITS | {"status": "OFFERED"}], "line 1: what is offered, and until when, goes with the status"),
        ([OFFERED | {"status": "WAITING"}], "line 1: what is offered, and until when, goes with the"),
        ([OFFERED | {"offeredTherapistId": 9}], "line 1: there is no therapist 9"),
        ([OFFERED | {"offeredRoomId": 9}], "line 1: there is no room 9"),
        ([OFFERED | {"offeredEndsAtUnixSeconds": FAR}], "line 1: offeredEndsAtUnixSeconds must be later"),
        ([WAITS, WAITS | {"turn": 7}], "line 2: the entry of the waitlist of that id exists already with"),
        ([OFFERED, OFFERED | {"waitlistEntryId": 11}], "line 2: what entry 11 of the waitlist is offered"),
        ([WAITS, appointment(9, NINE + 9 * HOUR)], "line 2: appointments stand above what is said about"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_an_entry_that_cannot_be_is_refused_with_its_line_and_nothing_is_written(practice, lines, reason):
    practice.take(*ABOVE)
    assert refused(practice, *lines).message.startswith(reason)


def test_what_is_offered_to_one_is_refused_where_a_session_stands(practice):
    practice.take(*ABOVE, appointment(2, FAR + HOUR, therapistId=2))
    assert refused(practice, OFFERED).message == "line 1: what entry 7 of the waitlist is offered is taken"


def test_a_place_in_a_group_that_is_offered_is_a_place_there_again(practice, other, capsys):
    """And not a time, at which the group stands; nor a place more than there are."""
    span = {"durationSeconds": HOUR, "therapistId": 2, "type": "circle"}
    group = appointment(12, FAR + HOUR, **span)
    places = {"kind": "appointmentDetails", "appointmentId": 12, "capacity": 2}
    part = {"kind": "participant", "appointmentId": 12, "clientId": 5}
    place = {name: value for name, value in OFFERED.items() if name != "offeredRoomId"}
    place |= {"type": "circle", "clientId": 6}
    lines = (*ABOVE, service("circle", capacity=2), group, places, part, place)
    practice.take(*lines)
    counted = "SELECT places_taken, places_held FROM appointment WHERE appointment_id = 12"
    assert practice.run(counted) == [(1, 1)]
    assert findings(practice, capsys) == []
    assert practice.lines("waitlistEntry") == [place]
    other.take_file(practice.export())
    assert other.run(counted) == [(1, 1)]
    assert other.export() == practice.export()
    more = place | {"waitlistEntryId": 11, "turn": 12}
    assert refused(practice, more).message.endswith("what entry 11 of the waitlist is offered is taken")
