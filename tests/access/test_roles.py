"""Each role may do what its column says, and nothing else."""

from __future__ import annotations

import asyncio

import pytest

from sessional.access import Role
from sessional.graph.schema import schema
from tests.access.conftest import Desk
from tests.access.minimal import arguments, document

# a: does it to everything, o: to its own, -: not at all. Said here a second time on purpose.
TABLE = """
                      ADMIN SCHEDULER SERVICE THERAPIST CLIENT
appointment             a     a         a       o         o
bookAppointment         a     a         a       o         o
requestAppointment      a     a         a       o         o
holdSlot                a     a         a       o         o
releaseHold             a     a         a       o         o
bookSeries              a     a         a       o         -
rescheduleSeries        a     a         a       o         -
cancelSeries            a     a         a       o         -
cancelAppointment       a     a         a       o         o
rescheduleAppointment   a     a         a       o         o
reassignAppointment     a     a         a       -         -
joinAppointment         a     a         a       o         -
leaveAppointment        a     a         a       o         o
checkIn                 a     a         a       o         -
recordAttendance        a     a         a       o         -
markEnteredInError      a     a         a       o         -
confirmAppointment      a     a         a       o         -
declineAppointment      a     a         a       o         -
joinWaitlist            a     a         a       -         o
acceptOffer             a     a         a       -         o
declineOffer            a     a         a       -         o
leaveWaitlist           a     a         a       -         o
addClient               a     a         a       -         -
exportClient            a     -         -       -         -
eraseClient             a     -         -       -         -
changeClient            a     a         a       o         o
logout                  o     o         o       o         o
revokeSessions          o     o         o       o         o
changePassword          o     o         o       o         o
beginSecondFactor       o     o         -       o         -
confirmSecondFactor     o     o         -       o         -
turnOffSecondFactor     o     o         -       o         -
beginCare               a     a         a       -         -
endCare                 a     a         a       -         -
addTherapist            a     a         a       -         -
changeTherapist         a     a         a       -         -
addService              a     a         a       -         -
changeService           a     a         a       -         -
setWorkingHours         a     a         a       o         -
setDateOverride         a     a         a       o         -
removeDateOverride      a     a         a       o         -
addTimeOff              a     a         a       o         -
removeTimeOff           a     a         a       o         -
setAway                 a     a         a       o         -
removeAway              a     a         a       o         -
addClosures             a     a         a       -         -
removeClosure           a     a         a       -         -
addRoom                 a     a         a       -         -
appointments            a     a         a       o         o
therapists              a     a         a       a         a
therapist               a     a         a       a         a
specialisms             a     a         a       a         a
services                a     a         a       a         a
closures                a     a         a       a         a
rooms                   a     a         a       a         a
clients                 a     a         a       o         o
waitlist                a     a         a       o         o
auditEvents             a     -         -       -         -
viewer                  a     a         a       a         a
freeSlots               a     a         a       a         a
nextFree                a     a         a       a         a
freeDays                a     a         a       a         a
explainSlot             a     a         a       a         a
diary                   a     a         a       o         -
previewSeries           a     a         a       o         -
previewDiaryChange      a     a         a       o         -
"""
_HEAD, *_LINES = TABLE.strip().splitlines()
EXPECTED = {line.split()[0]: dict(zip(_HEAD.split(), line.split()[1:], strict=True)) for line in _LINES}
# Needs no role: who asks for these is not known yet; `node` is of a type, which has a row of its own.
OF_NO_ROLE = {"auth", "refresh", "node"}


def roots() -> set[str]:
    built = schema()
    assert built.query_type is not None
    assert built.mutation_type is not None
    return {*built.query_type.fields, *built.mutation_type.fields}


def test_every_field_of_query_and_mutation_has_its_row_in_the_table() -> None:
    assert set(EXPECTED) == roots() - OF_NO_ROLE


async def asked(desk: Desk, name: str, role: Role) -> str:
    """The answer to the least that the field can be asked with."""
    built = schema()
    assert built.query_type is not None
    assert built.mutation_type is not None
    kind = "query" if name in built.query_type.fields else "mutation"
    field = (built.query_type if kind == "query" else built.mutation_type).fields[name]
    given = {} if name == "appointment" else arguments(field)
    return await desk.text(role, document(kind, name, field, given), given)


@pytest.mark.parametrize("role", Role)
async def test_a_role_is_forbidden_what_its_column_does_not_have_and_nothing_else(
    desk: Desk, role: Role
) -> None:
    answers = {name: await asked(desk, name, role) for name in EXPECTED}
    forbidden = {name for name, text in answers.items() if "FORBIDDEN" in text}
    assert forbidden == {name for name, row in EXPECTED.items() if row[role] == "-"}
    assert [text for text in answers.values() if "INTERNAL" in text] == []


async def test_a_role_that_was_changed_is_refused_with_its_old_token_at_once(desk: Desk) -> None:
    document = '{ viewer { username } freeDays(search: {service: "one-off"}) }'
    assert "errors" not in await desk.answer(Role.SERVICE, document)
    await desk.books.run("UPDATE account SET role = 'SCHEDULER' WHERE username = 'service'")
    try:
        answer = await desk.answer(Role.SERVICE, document)
    finally:
        await desk.books.run("UPDATE account SET role = 'SERVICE' WHERE username = 'service'")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["UNAUTHENTICATED"] * 2


async def test_an_account_that_is_given_to_another_therapist_sees_theirs_in_its_next_request(
    desk: Desk,
) -> None:
    """The token says nothing about whose the account is: the row does, and it is asked each time."""
    document = (
        "{ viewer { therapist { firstName } } appointments { totalCount edges { node { therapistId } } } }"
    )
    mine = await desk.data(Role.THERAPIST, document)
    await desk.books.run("UPDATE account SET therapist_id = 2 WHERE username = 'therapist'")
    try:
        theirs = await desk.data(Role.THERAPIST, document)
        set_ = {"therapistId": "1", "hours": []}
        refused = await desk.do(Role.THERAPIST, "setWorkingHours", set_)
    finally:
        await desk.books.run("UPDATE account SET therapist_id = 1 WHERE username = 'therapist'")
    assert [mine["viewer"]["therapist"], theirs["viewer"]["therapist"]] == [
        {"firstName": "Thea"},
        {"firstName": "Otto"},
    ]
    for answer, therapist in ((mine, 1), (theirs, 2)):
        assert {edge["node"]["therapistId"] for edge in answer["appointments"]["edges"]} == {therapist}
    assert refused["errors"][0]["code"] == "UNKNOWN_THERAPIST"


@pytest.mark.parametrize(
    ("field", "document"),
    [
        ("auditEvents", "{ auditEvents { totalCount } }"),
        ("addClient", 'mutation { addClient(input: {name: "x"}) { errors { __typename } } }'),
        (
            "diary",
            '{ diary(therapistIds: ["1"], from: "2031-01-01T00:00:00Z", until: "2031-01-02T00:00:00Z") '
            "{ __typename } }",
        ),
    ],
)
async def test_what_a_role_is_refused_is_on_record(own_desk: Desk, field: str, document: str) -> None:
    answer = await own_desk.answer(Role.CLIENT, document)
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"], answer
    refused = "SELECT action, outcome, code, role, username FROM audit_event WHERE outcome = 'REFUSED'"
    for _ in range(200):
        if found := await own_desk.books.run(refused):
            break
        await asyncio.sleep(0.05)
    number = await own_desk.books.value("SELECT account_id FROM account WHERE username = 'client'")
    assert found == [(field, "REFUSED", "FORBIDDEN", "CLIENT", f"(account {number})")]
