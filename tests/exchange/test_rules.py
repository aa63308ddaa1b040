"""The rules of diaries, rooms and clients in a file."""

from __future__ import annotations

import pytest

from tests.exchange.practice import HOUR, NINE, RULES, refused, service, therapist

RICH = service(
    "couples", otherDurations=[3600, 5400], bufferBeforeSeconds=300, bufferAfterSeconds=600,
    gridSeconds=1800, noticeSeconds=86_400, horizonDays=90, cancelNoticeSeconds=172_800, capacity=2,
    needsApproval=True, needsRoom=True, online=True, cancelWhenOneLeaves=True,
)  # fmt: skip
LIMITED = therapist(2, timeZone="UTC", maxPerDay=5, maxPerWeek=20, services=["one-off", "couples"])
FILE = (RICH, LIMITED, *RULES)


def hours(**changes):
    return {**RULES[0], **changes}


def test_rules_go_out_as_they_came_in(practice, other):
    practice.take(*FILE)
    for line in (RICH, LIMITED):
        assert line in practice.lines(line["kind"])
    for kind in {line["kind"] for line in RULES}:
        assert practice.lines(kind) == [line for line in RULES if line["kind"] == kind]
    other.take_file(practice.export())
    assert other.export() == practice.export()


def test_a_second_export_is_equal_where_an_earlier_version_has_kept_rules_twice(practice, other):
    practice.take(*FILE)
    practice.run("INSERT INTO care_relationship (therapist_id, client_id, from_date, until_date) "
                 "SELECT therapist_id, client_id, from_date, from_date FROM care_relationship")  # fmt: skip
    for table, columns in (
        ("time_off", "therapist_id, starts_at, ends_at, reason"),
        ("care_relationship", "therapist_id, client_id, from_date, until_date"),
        (
            "working_hours",
            "therapist_id, weekday, starts_minute, ends_minute, valid_from, valid_until, every_weeks",
        ),
    ):
        practice.run(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}")
    other.take_file(practice.export())
    assert other.export() == practice.export()


def test_the_same_rules_again_change_nothing_and_ask_nobody_to_look_again(practice):
    practice.take(*FILE)
    before = practice.export(), practice.run("SELECT version FROM rules_clock")
    again = practice.take(*FILE, *FILE)
    assert (again.records, again.known) == (0, 2 * len(FILE))
    assert (practice.export(), practice.run("SELECT version FROM rules_clock")) == before


def test_whoever_remembers_rules_is_told_that_they_changed(practice):
    practice.take(RICH, therapist(1), LIMITED)
    clock = practice.run("SELECT version FROM rules_clock")[0][0]
    practice.take(hours())
    assert practice.run("SELECT version FROM rules_clock") == [(clock + 1,)]
    versions = practice.run("SELECT rules_version FROM therapist ORDER BY therapist_id")
    assert versions == [(0,), (clock + 1,)]


def test_what_a_line_leaves_out_of_a_service_or_a_therapist_stays_as_it_is(practice):
    practice.take(RICH, LIMITED)
    older = (service("couples"), therapist(2, timeZone="UTC"))
    assert practice.take(*older).known == 2
    practice.take(service("couples", name="Two", capacity=3))
    assert practice.lines("service")[-1] == RICH | {"name": "Two", "capacity": 3}


def test_since_when_a_client_is_known_goes_out_and_an_older_file_agrees_with_it(practice):
    older = {"kind": "client", "clientId": 5, "name": "Bo"}
    known = {**older, "addedAtUnixSeconds": 1_700_000_000}
    practice.take(known)
    assert practice.take(older).known == 1
    assert practice.lines("client") == [known]
    assert "other details" in refused(practice, {**older, "addedAtUnixSeconds": 5}).reason


def test_later_rooms_and_clients_go_on_above_those_of_a_file(practice):
    practice.take(*FILE, {"kind": "room", "name": "Red room"}, {"kind": "room", "name": "Red room"})
    assert practice.lines("room")[1:] == [{"kind": "room", "roomId": 8, "name": "Red room"}]
    made = practice.run("INSERT INTO client (name, search_name) VALUES ('C', 'c') RETURNING client_id")
    assert made == [(7,)]
    assert practice.run("INSERT INTO room (name, search_name) VALUES ('C', 'c') RETURNING room_id") == [
        (9,)
    ]


CARE = {"kind": "careRelationship", "therapistId": 2, "clientId": 5, "fromDate": "2026-01-01"}
AWAY = {"kind": "away", "therapistId": 2, "timeZone": "UTC", "fromDate": "2026-01-02"}
OFF = {"kind": "timeOff", "therapistId": 2, "startsAtUnixSeconds": NINE + HOUR, "endsAtUnixSeconds": NINE}
CLOSED = {"kind": "dateOverride", "therapistId": 2, "onDate": "2026-03-10"}


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (hours(therapistId=3), "there is no therapist 3"),
        (CARE | {"clientId": 9}, "there is no client 9"),
        (CARE | {"untilDate": "2025-12-31"}, "untilDate must not be earlier"),
        (AWAY | {"untilDate": "2026-01-01"}, "untilDate must be later"),
        (AWAY | {"untilDate": "2026-02-30"}, "untilDate must be a date"),
        (AWAY | {"untilDate": "20260301"}, "untilDate must be a date"),
        (OFF, "must be later"),
        (hours(weekday=8), "weekday must be a whole number from 1 to 7"),
        (hours(endsMinute=540), "Hours end after they begin"),
        (hours(everyWeeks=2), "every other week"),
        (CLOSED | {"intervals": [[600, 540]]}, "Hours end after they begin"),
        (CLOSED | {"intervals": [[600]]}, "pairs of minutes"),
        (CLOSED | {"intervals": [[540, 600]]}, "exists already with other details"),
        ({"kind": "closure", "onDate": "2026-12-25", "name": "Xmas"}, "exists already with other details"),
        ({"kind": "room", "roomId": 8, "name": "Blue room"}, "exists already with other details"),
        ({"kind": "client", "clientId": 5, "name": "Bo"}, "exists already with other details"),
        (therapist(4, services=["none"]), "there is no service"),
        (LIMITED | {"maxPerDay": 6}, "exists already with other details"),
        (LIMITED | {"services": []}, "exists already with other details"),
        (service("x", capacity=0), "capacity must be"),
        (service("x", needsRoom=1), "needsRoom must be true or false"),
        (service("x", otherDurations=[3000]), "otherDurations holds durationSeconds"),
        (service("x", otherDurations=[60, 60]), "twice"),
    ],
)
def test_rules_that_cannot_be_are_refused_with_their_line(practice, line, reason):
    practice.take(*FILE)
    refusal = refused(practice, line)
    assert refusal.line == 1
    assert reason in refusal.message


def test_languages_come_back_as_they_went_in_and_are_not_asked_for_twice(practice):
    practice.take(therapist(1, languages=["cy", "en-gb"]), therapist(2))
    written = practice.export()
    assert b'"languages":["cy","en-GB"]' in written
    assert written.count(b'"languages"') == 1
    practice.take(therapist(1))
    practice.take(therapist(1, languages=["cy", "en-GB"]))
    assert "other details" in refused(practice, therapist(1, languages=["en-GB"])).reason
    assert "language tags" in refused(practice, therapist(3, languages=["welsh"])).reason
