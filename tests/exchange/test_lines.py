"""One object of a file: what it becomes, and why it is not taken."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sessional.access import Role
from sessional.diary.values import END_OF_TIME
from sessional.exchange import lines
from sessional.exchange.lines import AppointmentLine, ServiceLine, SpecialismLine, TherapistLine, UserLine
from sessional.exchange.members import BadLine
from tests.exchange.practice import PASSWORDS, appointment, service, therapist, user

HASH = PASSWORDS.hash("correct horse")


def refusal(line: Any) -> str:
    with pytest.raises(BadLine) as refused:
        lines.read(line)
    return refused.value.reason


def without(line: dict[str, Any], member: str) -> dict[str, Any]:
    return {key: value for key, value in line.items() if key != member}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ({"kind": "specialism", "name": "CBT"}, SpecialismLine(name="CBT")),
        (
            {"kind": "service", "code": "one-off", "name": "Single session", "durationSeconds": 3000},
            ServiceLine(code="one-off", name="Single session", duration_seconds=3000),
        ),
        (
            {"kind": "therapist", "therapistId": 1, "firstName": "jeff", "lastName": "smith",
             "specialisms": ["Addiction", "ADHD"], "timeZone": "Asia/Kolkata"},
            TherapistLine(therapist_id=1, first_name="jeff", last_name="smith",
                          specialisms=("Addiction", "ADHD"), time_zone="Asia/Kolkata"),
        ),
        (
            {"kind": "appointment", "appointmentId": 1, "therapistId": 2,
             "startTimeUnixSeconds": 1644747572, "durationSeconds": 3600, "type": "one-off"},
            AppointmentLine(appointment_id=1, therapist_id=2, starts_at=1644747572,
                            duration_seconds=3600, service_code="one-off"),
        ),
        (
            {"kind": "user", "username": "test_user", "password": "password", "role": "ADMIN"},
            UserLine(username="test_user", password="password", role=Role.ADMIN),
        ),
        (
            {"kind": "user", "username": "u", "passwordHash": HASH, "role": "ADMIN",
             "disabledAtUnixSeconds": 7},
            UserLine(username="u", password_hash=HASH, role=Role.ADMIN, disabled_at=7),
        ),
    ],
)  # fmt: skip
def test_each_kind_becomes_its_value(line, value):
    assert lines.read(line) == value


def test_a_therapist_without_a_zone_works_in_london():
    read = lines.read(therapist())
    assert isinstance(read, TherapistLine)
    assert read.time_zone == "Europe/London"


def test_an_appointment_may_leave_its_id_to_the_database():
    read = lines.read(appointment(None))
    assert isinstance(read, AppointmentLine)
    assert read.appointment_id is None


@pytest.mark.parametrize("line", [[], "x", 7, None, True])
def test_what_is_no_object_is_refused(line):
    assert "one JSON object" in refusal(line)


@pytest.mark.parametrize("line", [{}, {"kind": "house"}, {"kind": None}, {"kind": ["user"]}])
def test_an_unknown_kind_is_refused_with_the_known_ones(line):
    assert f"the kind must be one of {', '.join(lines.KINDS)}" in refusal(line)


OPTIONAL = {"timeZone", "appointmentId", "disabledAtUnixSeconds", "password", "passwordHash"}
WHOLE = [
    {"kind": "specialism", "name": "CBT"},
    service("walk"),
    therapist(timeZone="UTC"),
    appointment(1),
    user(),
]


@pytest.mark.parametrize(
    ("line", "member"),
    [(line, member) for line in WHOLE for member in line if member not in {"kind", *OPTIONAL}],
)
def test_a_missing_member_is_named(line, member):
    assert refusal(without(line, member)) == f"the {line['kind']} needs {member}"


@pytest.mark.parametrize("line", WHOLE)
def test_an_unknown_member_is_named(line):
    assert '"colour"' in refusal({**line, "colour": "blue"})


@pytest.mark.parametrize("line", WHOLE)
@pytest.mark.parametrize("value", [None, True, 1.5, 1.0, "7x", [7], {"a": 1}])
def test_a_member_of_another_type_is_named(line, value):
    for member in line:
        if member != "kind" and not (isinstance(line[member], str) and isinstance(value, str)):
            assert member in refusal({**line, member: value})


@pytest.mark.parametrize("seconds", [0, -1, 86_401])
def test_a_length_that_is_not_positive_or_over_a_day_is_refused(seconds):
    assert "durationSeconds" in refusal(appointment(1, durationSeconds=seconds))
    assert "durationSeconds" in refusal(service("walk", durationSeconds=seconds))


@pytest.mark.parametrize("start", [-1, END_OF_TIME, 10**400])
def test_a_start_before_1970_or_after_9999_is_refused(start):
    assert "startTimeUnixSeconds" in refusal(appointment(1, start))


def test_a_session_may_end_with_the_year_9999_but_not_after_it():
    lines.read(appointment(1, END_OF_TIME - 3600))
    assert "year 10000" in refusal(appointment(1, END_OF_TIME - 3599))


@pytest.mark.parametrize("number", [0, -1, 2**53])
def test_an_id_that_is_not_positive_or_beyond_exact_numbers_is_refused(number):
    assert "therapistId" in refusal(therapist(number))
    assert "appointmentId" in refusal(appointment(number))


@pytest.mark.parametrize("zone", ["Mars/Base", "europe/london", "", "../etc/passwd", "Europe", "localtime"])
def test_a_zone_that_is_not_in_the_iana_database_is_refused(zone):
    assert "timeZone" in refusal(therapist(timeZone=zone))


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "\ud800", "x" * 201])
@pytest.mark.parametrize(
    ("line", "member"),
    [
        (WHOLE[0], "name"),
        (WHOLE[1], "code"),
        (WHOLE[1], "name"),
        (WHOLE[2], "firstName"),
        (WHOLE[2], "lastName"),
        (WHOLE[3], "type"),
    ],
)
def test_a_name_that_is_empty_endless_or_cannot_be_stored_is_refused(line, member, name):
    assert member in refusal({**line, member: name})


@pytest.mark.parametrize("names", [["CBT", "CBT"], ["CBT", ""], [7], "CBT", ["a\0"]])
def test_specialisms_that_are_no_list_of_different_names_are_refused(names):
    assert "specialisms" in refusal(therapist(specialisms=names))


@pytest.mark.parametrize("name", ["", "x" * 151, "a\nb", "a\u202eb", " anna", "anna ", "a\0b"])
def test_a_username_that_cannot_be_read_and_typed_is_refused(name):
    assert "username" in refusal(user(name))


def test_a_username_of_150_characters_is_taken():
    lines.read(user("x" * 150))


def test_a_user_has_either_a_password_or_a_hash():
    assert "either" in refusal(without(user(), "password"))
    assert "either" in refusal(user(passwordHash=HASH))


@pytest.mark.parametrize("word", ["", "x" * 1001, "hunter22\0", "\udfff"])
def test_a_password_that_no_log_in_could_bring_is_refused_without_repeating_it(word):
    reason = refusal(user(password=word))
    assert "password" in reason
    assert "hunter22" not in reason


@pytest.mark.parametrize(
    "word",
    ["secret", "$2b$12$abcdefghijklmnopqrstuv", HASH + "=", HASH.replace("id", "i")],
    ids=["no hash", "bcrypt", "padded", "argon2i"],
)
def test_a_hash_that_no_export_wrote_is_refused_without_repeating_it(word):
    reason = refusal({**without(user(), "password"), "passwordHash": word})
    assert "argon2id" in reason
    assert word not in reason


def test_an_unknown_role_is_refused_with_the_known_ones():
    assert "ADMIN" in refusal(user(role="OWNER"))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
MEMBERS = sorted({member for kind in lines.KINDS.values() for member in kind.members})


@given(st.dictionaries(st.sampled_from([*MEMBERS, "x"]), JSON), st.sampled_from([*lines.KINDS, "x"]))
def test_whatever_an_object_holds_it_is_a_value_or_a_refusal_in_words(members, kind):
    # Anything but a refusal fails the test, and so do words that could not be printed.
    with contextlib.suppress(BadLine):
        lines.read({"kind": kind, **members})
        return
    refusal({"kind": kind, **members}).encode()
