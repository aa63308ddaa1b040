"""Demonstration data: the original's, a living practice around a day, and never twice."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from sessional.demo import demo_lines, load_demo
from tests.exchange.practice import KEYRING, PASSWORDS, therapist

TODAY = date(2026, 3, 25)  # clocks change in Europe within the four weeks that follow
LINES = list(demo_lines(TODAY))
ZONES = {line["therapistId"]: line.get("timeZone") for line in LINES if line["kind"] == "therapist"}
LIVING = [line for line in LINES if line["kind"] == "appointment" and line["appointmentId"] > 2]


def local(line) -> datetime:
    return datetime.fromtimestamp(line["startTimeUnixSeconds"], ZoneInfo(ZONES[line["therapistId"]]))


def test_the_originals_data_is_there(practice):
    assert load_demo(practice.place, TODAY, keyring=KEYRING)
    jeff, jane = practice.lines("therapist")[:2]
    assert (jeff["firstName"], jeff["lastName"]) == ("jeff", "smith")
    assert (jane["firstName"], jane["lastName"]) == ("jane", "smith")
    assert set(jeff["specialisms"]) == {"Addiction", "ADHD"}
    assert set(jane["specialisms"]) == {"CBT", "Divorce", "Sexuality"}
    first, second = practice.lines("appointment")[:2]
    assert list(first.values())[1:] == [1, 1, 1644747572, 3600, "one-off"]
    assert list(second.values())[1:] == [2, 2, 1644780000, 3600, "consultation"]
    account = "SELECT role, password_hash FROM account WHERE username = 'test_user'"
    [(role, password_hash)] = practice.run(account)
    assert role == "ADMIN"
    assert PASSWORDS.match("password", password_hash)


def test_there_is_an_account_of_every_role_that_people_have_each_with_sessions_to_see(practice):
    assert load_demo(practice.place, TODAY, keyring=KEYRING)
    accounts = practice.run("SELECT role, therapist_id, client_id FROM account ORDER BY account_id")
    assert [tuple(row) for row in accounts] == [
        ("ADMIN", None, None),
        ("SCHEDULER", None, None),
        ("THERAPIST", 3, None),
        ("CLIENT", None, 1),
    ]
    noras = "SELECT count(*) FROM appointment_client WHERE client_id = 1"
    assert practice.run(noras)[0][0] >= 6  # one in each of six weeks


def test_a_second_start_adds_nothing_even_on_another_day(practice):
    assert load_demo(practice.place, TODAY, keyring=KEYRING)
    before = practice.export()
    assert not load_demo(practice.place, TODAY, keyring=KEYRING)
    assert not load_demo(practice.place, date(2026, 5, 1), keyring=KEYRING)
    assert practice.export() == before


def test_a_practice_that_has_a_therapist_is_left_alone(practice):
    practice.take(therapist(77))
    before = practice.export()
    assert not load_demo(practice.place, TODAY, keyring=KEYRING)
    assert practice.export() == before


def test_the_same_day_gives_the_same_data_and_another_day_other_data():
    assert list(demo_lines(TODAY)) == LINES
    assert list(demo_lines(date(2026, 3, 26))) != LINES


def test_a_dozen_more_therapists_have_different_names_and_several_zones():
    more = [line for line in LINES if line["kind"] == "therapist" and line["therapistId"] > 2]
    assert len({(line["firstName"], line["lastName"]) for line in more}) == 12
    assert len({line["timeZone"] for line in more}) > 5
    assert all(line["specialisms"] for line in more)


def test_sessions_lie_on_weekdays_from_nine_to_five_on_the_therapists_own_clock():
    for line in LIVING:
        begin = local(line)
        assert begin.weekday() < 5
        assert (begin.minute, begin.second) == (0, 0)
        assert 9 <= begin.hour < 17


def test_sessions_lie_within_the_hours_of_their_therapist():
    hours = [line for line in LINES if line["kind"] == "workingHours"]
    assert {line["therapistId"] for line in hours} == set(range(3, 15))
    for line in LIVING:
        begin = local(line)
        minute = begin.hour * 60
        assert any(
            (week["therapistId"], week["weekday"]) == (line["therapistId"], begin.isoweekday())
            and week["startsMinute"] <= minute
            and minute * 60 + line["durationSeconds"] <= week["endsMinute"] * 60
            for week in hours
        )


def test_sessions_reach_two_weeks_back_and_four_ahead():
    days = [local(line).date() for line in LIVING]
    assert (TODAY - min(days)).days == 14
    assert (max(days) - TODAY).days == 27


def test_every_therapist_of_the_dozen_has_sessions_before_and_after_today():
    noon = datetime(2026, 3, 25, 12, tzinfo=UTC)
    for therapist_id in range(3, 15):
        begins = [local(line) for line in LIVING if line["therapistId"] == therapist_id]
        assert min(begins) < noon < max(begins)


@pytest.mark.parametrize(
    "day", [date(2026, 3, 1), date(2026, 10, 20), date(2028, 2, 29), date(2026, 12, 31)]
)
def test_whatever_the_day_the_data_can_be_taken_in(on_sqlite, day):
    assert load_demo(on_sqlite.place, day, keyring=KEYRING)


def test_who_comes_every_week_comes_once_in_each_from_monday_to_sunday():
    sessions = {line["appointmentId"]: line for line in LIVING}
    weeks: dict[int, list[tuple[int, int]]] = {}
    for line in LINES:
        if line["kind"] == "participant":
            year, week, _ = local(sessions[line["appointmentId"]]).isocalendar()
            weeks.setdefault(line["clientId"], []).append((year, week))
    assert sorted(weeks) == [1, 2]
    for each in weeks.values():
        assert len(each) == len(set(each)) >= 6
