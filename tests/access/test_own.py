"""What is another's is answered like what does not exist, and what is one's own is one's own."""

from __future__ import annotations

from base64 import b64encode
from datetime import timedelta
from typing import Any

import pytest

from sessional.access import Role
from sessional.actions.holds import MOST_HELD
from tests.access.conftest import Desk
from tests.access.people import (
    ACCOUNTS,
    CLEO,
    CLEO_WAITS,
    CLEOS,
    DAY,
    HOUR,
    OFFERED_CLEO,
    OFFERED_OLGA,
    OLGA,
    OLGA_WAITS,
    OMAR,
    OTHERS,
    OTTO,
    TEN,
    THEA,
    THEAS,
    TOGETHER,
    fields,
)
from tests.diary_api.openings import at, monday, text

NOBODY = 987_654
SPAN = {"startsAt": text(TEN + 20 * DAY), "service": "one-off"}
HOURS = {"hours": [{"weekday": 1, "startsMinute": 540, "endsMinute": 600}]}

# field -> (the member that names something, another's, the rest of the input)
ANOTHERS: dict[Role, dict[str, tuple[str, int, dict[str, Any]]]] = {
    Role.THERAPIST: {
        "cancelAppointment": ("appointmentId", OTHERS, {"by": "THERAPIST"}),
        "rescheduleAppointment": ("appointmentId", CLEOS, {"startsAt": text(TEN)}),
        "joinAppointment": ("appointmentId", CLEOS, {"clientIds": [str(CLEO)]}),
        "leaveAppointment": ("appointmentId", CLEOS, {"clientId": str(CLEO), "by": "THERAPIST"}),
        "checkIn": ("appointmentId", CLEOS, {}),
        "recordAttendance": ("appointmentId", CLEOS, {"attended": True}),
        "markEnteredInError": ("appointmentId", CLEOS, {}),
        "confirmAppointment": ("appointmentId", CLEOS, {}),
        "declineAppointment": ("appointmentId", CLEOS, {}),
        "cancelSeries": ("appointmentId", CLEOS, {"following": True, "by": "THERAPIST"}),
        "bookAppointment": ("therapistId", OTTO, SPAN),
        "requestAppointment": ("therapistId", OTTO, SPAN),
        "holdSlot": ("therapistId", OTTO, SPAN),
        "bookSeries": ("therapistId", OTTO, {**SPAN, "pattern": {"every": "WEEKLY", "count": 2}}),
        "changeClient": ("clientId", OLGA, {"phone": "0"}),
        "setWorkingHours": ("therapistId", OTTO, HOURS),
        "setDateOverride": ("therapistId", OTTO, {"onDate": "2031-04-01", "intervals": []}),
        "removeDateOverride": ("dateOverrideId", 2, {}),
        "addTimeOff": ("therapistId", OTTO, {"startsAt": text(TEN), "endsAt": text(TEN + HOUR)}),
        "removeTimeOff": ("timeOffId", 2, {}),
        "setAway": (
            "therapistId",
            OTTO,
            {"timeZone": "UTC", "fromDate": "2031-06-01", "untilDate": "2031-06-02"},
        ),
        "removeAway": ("awayId", 2, {}),
    },
    Role.CLIENT: {
        "cancelAppointment": ("appointmentId", THEAS, {"by": "CLIENT"}),
        "rescheduleAppointment": ("appointmentId", THEAS, {"startsAt": text(TEN + 20 * DAY)}),
        "leaveAppointment": ("appointmentId", THEAS, {"clientId": str(CLEO), "by": "CLIENT"}),
        "changeClient": ("clientId", OLGA, {"phone": "0"}),
        "releaseHold": ("holdId", OFFERED_OLGA, {}),
        "joinWaitlist": ("clientId", OLGA, {"service": "one-off", "until": text(TEN)}),
        "acceptOffer": ("waitlistEntryId", OLGA_WAITS, {}),
        "declineOffer": ("waitlistEntryId", OLGA_WAITS, {}),
        "leaveWaitlist": ("waitlistEntryId", OLGA_WAITS, {}),
    },
}
CASES = [(role, field) for role, rows in ANOTHERS.items() for field in rows]


@pytest.mark.parametrize(("role", "field"), CASES)
async def test_anothers_id_and_one_of_nothing_get_the_same_answer_to_the_byte(
    desk: Desk, role: Role, field: str
) -> None:
    """Scenario 34."""
    member, number, rest = ANOTHERS[role][field]
    type_name = f"{field[0].upper()}{field[1:]}Input"
    document = (
        f"mutation Do($input: {type_name}!) {{ {field}(input: $input) "
        "{ replayed errors { __typename ... on UserError { code message path } } } }"
    )
    before = await everything(desk)
    anothers, nothings = [
        await desk.text(role, document, {"input": {member: str(which), **rest}})
        for which in (number, NOBODY)
    ]
    assert anothers == nothings
    assert any(code in anothers for code in ("NOT_FOUND", "UNKNOWN_THERAPIST")), anothers
    assert await everything(desk) == before


@pytest.mark.parametrize("role", [Role.THERAPIST, Role.CLIENT])
@pytest.mark.parametrize("field", ["rescheduleSeries", "cancelSeries"])
async def test_anothers_session_of_a_series_is_answered_like_one_that_is_not_there(
    own_desk: Desk, role: Role, field: str
) -> None:
    """Scenario 34."""
    await own_desk.books.run(
        "INSERT INTO series (series_id, therapist_id, service_code, rhythm, time_zone, starts_at) "
        f"VALUES (7, {OTTO}, 'one-off', '{{}}', 'Europe/London', {TEN})"
    )
    members = f"appointment_id IN ({CLEOS}, {OTHERS})"
    await own_desk.books.run(f"UPDATE appointment SET series_id = 7, status = 'BOOKED' WHERE {members}")
    rest = {"startsAt": text(TEN + HOUR)} if field == "rescheduleSeries" else {"by": "THERAPIST"}
    type_name = f"{field[0].upper()}{field[1:]}Input"
    document = (
        f"mutation Do($input: {type_name}!) {{ {field}(input: $input) "
        "{ replayed errors { __typename ... on UserError { code message path } } } }"
    )
    before = await everything(own_desk)
    answers = {
        await own_desk.text(
            role, document, {"input": {"appointmentId": str(which), "following": following, **rest}}
        )
        for which in (CLEOS, OTHERS, NOBODY)
        for following in (True, False)
    }
    (answer,) = answers
    assert ("NOT_FOUND" if role is Role.THERAPIST else "FORBIDDEN") in answer
    assert await everything(own_desk) == before


async def everything(desk: Desk) -> list[Any]:
    tables = (
        "appointment",
        "client",
        "working_hours",
        "date_override",
        "time_off",
        "away",
        "waitlist_entry",
    )
    return [await desk.books.run(f"SELECT * FROM {table}") for table in tables]


READS = {
    Role.THERAPIST: ("Appointment:3", "Appointment:4", "Client:2", "WaitlistEntry:2"),
    Role.CLIENT: ("Appointment:2", "Appointment:4", "Client:2", "WaitlistEntry:2"),
}


@pytest.mark.parametrize("role", READS)
async def test_a_node_of_anothers_is_answered_like_one_that_is_not_there(desk: Desk, role: Role) -> None:
    """Scenario 34."""
    for name in READS[role]:
        asked = [b64encode(n.encode()).decode() for n in (name, f"{name.split(':')[0]}:{NOBODY}")]
        one, other = [
            await desk.text(role, f'{{ node(id: "{id_}") {{ __typename id }} }}') for id_ in asked
        ]
        assert one == other == '{"data":{"node":null}}'


# ---- what is mine -----------------------------------------------------------------------------------


async def test_a_therapist_reads_their_own_diary_and_the_clients_in_it(desk: Desk) -> None:
    found = await desk.data(
        Role.THERAPIST,
        "{ appointments { totalCount edges { node { appointmentId } } } "
        "clients { totalCount edges { node { name staffNotes appointments { totalCount } } } } "
        "therapists { edges { node { firstName appointments { totalCount } caseload { totalCount } "
        "timeOff { totalCount } workingHours { totalCount } } } } }",
    )
    assert [edge["node"]["appointmentId"] for edge in found["appointments"]["edges"]][:2] == ["1", "2"]
    assert found["clients"]["totalCount"] == 1
    (cleo,) = found["clients"]["edges"]
    # Her session with somebody else is not Thea's to see.
    assert cleo["node"] == {"name": "Cleo", "staffNotes": "staffnote", "appointments": {"totalCount": 1}}
    thea, otto = (edge["node"] for edge in found["therapists"]["edges"][:2])
    nothing = {"totalCount": 0}
    assert otto == {"firstName": "Otto", **dict.fromkeys(otto.keys() - {"firstName"}, nothing)}
    assert [thea["caseload"], thea["timeOff"], thea["workingHours"]] == [{"totalCount": 1}] * 3


async def test_a_client_reads_their_own_sessions_and_no_client_but_themselves(desk: Desk) -> None:
    found = await desk.data(
        Role.CLIENT,
        "{ appointments { totalCount edges { node { appointmentId therapist { firstName } "
        "clients { totalCount } history { totalCount edges { node { change } } } } } } "
        "clients { totalCount edges { node { name phone } } } "
        "viewer { role client { name care { totalCount } } therapist { firstName } } }",
    )
    assert [edge["node"]["appointmentId"] for edge in found["appointments"]["edges"]] == ["1", "3"]
    assert found["clients"] == {"totalCount": 1, "edges": [{"node": {"name": "Cleo", "phone": "1"}}]}
    client = {"name": "Cleo", "care": {"totalCount": 1}}
    assert found["viewer"] == {"role": "CLIENT", "client": client, "therapist": None}


@pytest.mark.parametrize(
    "selection",
    [
        "clients { edges { node { staffNotes } } }",
        "appointments { edges { node { cancelReason } } }",
        "appointments { edges { node { history { edges { node { by } } } } } }",
        "appointments { edges { node { history { edges { node { reason } } } } } }",
        "therapists { edges { node { maxPerDay } } }",
        "therapists { edges { node { timeOff { totalCount } } } }",
        "therapists { edges { node { workingHours { totalCount } } } }",
    ],
)
async def test_a_client_is_forbidden_what_staff_say_among_themselves(desk: Desk, selection: str) -> None:
    answer = await desk.answer(Role.CLIENT, f"{{ {selection} }}")
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["FORBIDDEN"]
    assert list(answer["data"].values()) == [None]


# ---- what a client does -----------------------------------------------------------------------------

WHERE = "appointment { appointmentId cancelledBy clients { edges { node { clientId } } } }"


def on_wednesday(weeks: int, hour: int = 10, therapist_id: int = THEA) -> dict[str, Any]:
    start = TEN + weeks * 7 * DAY + (hour - 10) * HOUR
    return {"therapistId": str(therapist_id), "startsAt": text(start), "service": "one-off"}


@pytest.fixture
async def open_wide(desk: Desk) -> Any:
    """Sessions lie beyond every horizon here: the service is booked that far ahead."""
    await desk.books.run("UPDATE service SET horizon_days = 3660")
    await desk.books.run("UPDATE rules_clock SET version = version + 1")


async def test_a_client_books_for_themselves_whether_they_say_so_or_not(
    desk: Desk, open_wide: None
) -> None:
    booked = await desk.do(Role.CLIENT, "bookAppointment", on_wednesday(2), WHERE)
    assert booked["errors"] == []
    (taking_part,) = booked["appointment"]["clients"]["edges"]
    assert taking_part["node"]["clientId"] == str(CLEO)
    for_another = {**on_wednesday(3), "clientIds": [str(OLGA)]}
    for_nobody = {**on_wednesday(3), "clientIds": [str(NOBODY)]}
    refused = [await desk.do(Role.CLIENT, "bookAppointment", g) for g in (for_another, for_nobody)]
    assert refused[0] == refused[1]
    assert fields(refused[0]) == ["NOT_FOUND"]


async def test_a_client_books_what_a_search_offers_and_nothing_else(desk: Desk, open_wide: None) -> None:
    outside = on_wednesday(4, hour=20)
    assert fields(await desk.do(Role.CLIENT, "bookAppointment", outside)) == ["RULE_REFUSED"]
    override = {**on_wednesday(4), "overrideRules": True}
    assert fields(await desk.do(Role.CLIENT, "bookAppointment", override)) == ["INVALID_INPUT"]
    # Staff may book it.
    assert fields(await desk.do(Role.ADMIN, "bookAppointment", {**outside, "overrideRules": True})) == []


async def test_a_client_cancels_as_a_client_whatever_they_say(desk: Desk, open_wide: None) -> None:
    """Scenario 33."""
    booked = await desk.do(Role.CLIENT, "bookAppointment", on_wednesday(5), WHERE)
    number = booked["appointment"]["appointmentId"]
    # The notice that was agreed has begun long ago.
    await desk.books.run(
        "UPDATE appointment SET cancel_notice_seconds = 1000000000 WHERE appointment_id = $1", int(number)
    )
    as_practice = {"appointmentId": number, "by": "PRACTICE"}
    assert fields(await desk.do(Role.CLIENT, "cancelAppointment", as_practice)) == ["CANCEL_NOTICE"]
    await desk.books.run(
        "UPDATE appointment SET cancel_notice_seconds = 0 WHERE appointment_id = $1", int(number)
    )
    done = await desk.do(Role.CLIENT, "cancelAppointment", as_practice, WHERE)
    assert done["appointment"]["cancelledBy"] == "CLIENT"


async def test_a_client_learns_of_a_start_that_it_is_not_available_and_not_why(
    desk: Desk, open_wide: None
) -> None:
    document = (
        "query Why($at: DateTime!, $t: ID!) { "
        'explainSlot(therapistId: $t, startsAt: $at, service: "one-off") '
        "{ offered rules { rule message value } } }"
    )
    away, taken, shut = TEN + 9 * DAY, TEN, TEN + 21 * DAY + 10 * HOUR
    told = [
        await desk.text(Role.CLIENT, document, {"at": text(at), "t": "1"}) for at in (away, taken, shut)
    ]
    assert told[0] == told[1] == told[2]
    assert "NOT_AVAILABLE" in told[0]
    for role in (Role.ADMIN, Role.THERAPIST):
        assert "OVERLAP" in await desk.text(role, document, {"at": text(taken), "t": str(THEA)})
    colleagues = await desk.text(Role.THERAPIST, document, {"at": text(away), "t": str(OTTO)})
    assert "TIME_OFF" not in colleagues
    assert "NOT_AVAILABLE" in colleagues


async def test_a_client_cannot_see_by_the_order_of_a_search_how_much_others_work(desk: Desk) -> None:
    document = '{ freeSlots(search: {service: "one-off"}, orderBy: FAIREST) { edges { cursor } } }'
    for role, codes in ((Role.CLIENT, ["FORBIDDEN"]), (Role.THERAPIST, ["FORBIDDEN"]), (Role.ADMIN, [])):
        answer = await desk.answer(role, document)
        assert [error["extensions"]["code"] for error in answer.get("errors", [])] == codes


async def test_a_calendar_holds_ones_own_diary_and_no_other(desk: Desk) -> None:
    document = (
        "query D($from: DateTime!, $until: DateTime!) { "
        "diary(therapistIds: [1, 2], from: $from, until: $until) "
        "{ therapist { therapistId } busy { startsAt } } }"
    )
    span = {"from": text(TEN), "until": text(TEN + DAY)}
    seen = await desk.data(Role.THERAPIST, document, **span)
    assert [diary["therapist"]["therapistId"] for diary in seen["diary"]] == ["1"]
    assert len((await desk.data(Role.ADMIN, document, **span))["diary"]) == 2


async def test_a_retry_shows_a_session_only_as_long_as_it_is_ones_own(desk: Desk) -> None:
    given = {**on_wednesday(6), "idempotencyKey": "thea's key"}
    booked = await desk.do(Role.THERAPIST, "bookAppointment", given, WHERE)
    number = booked["appointment"]["appointmentId"]
    again = await desk.do(Role.THERAPIST, "bookAppointment", given, WHERE)
    assert (again["replayed"], again["appointment"]["appointmentId"]) == (True, number)
    handed = {"appointmentId": number, "therapistId": str(OTTO), "overrideRules": True}
    assert fields(await desk.do(Role.ADMIN, "reassignAppointment", handed)) == []
    again = await desk.do(Role.THERAPIST, "bookAppointment", given, WHERE)
    assert (again["replayed"], again["appointment"], again["errors"]) == (True, None, [])
    assert int(number) != TOGETHER


async def test_a_client_takes_nobody_else_out_of_a_session(desk: Desk) -> None:
    """Scenario 34: one of a group, who knows the number of another."""
    await desk.books.run("UPDATE appointment SET capacity = 2 WHERE appointment_id = $1", TOGETHER)
    join = {"appointmentId": str(TOGETHER), "clientIds": [str(OLGA)]}
    assert fields(await desk.do(Role.ADMIN, "joinAppointment", join)) == []
    leave = {"appointmentId": str(TOGETHER), "by": "PRACTICE"}
    for other in (OLGA, OMAR, NOBODY):
        refused = await desk.do(Role.CLIENT, "leaveAppointment", {**leave, "clientId": str(other)})
        assert fields(refused) == ["NOT_FOUND"]
    assert fields(await desk.do(Role.CLIENT, "leaveAppointment", {**leave, "clientId": str(CLEO)})) == []
    left = "SELECT client_id FROM appointment_client WHERE appointment_id = $1"
    assert await desk.books.run(left, TOGETHER) == [(OLGA,)]


async def test_a_client_who_leaves_a_couple_ends_the_session_by_the_services_policy(desk: Desk) -> None:
    """Scenario 44: no decision for the other, but the policy that both have agreed to."""
    yes = "TRUE" if desk.books.path is None else "1"
    await desk.books.run(f"UPDATE service SET cancel_when_one_leaves = {yes} WHERE code = 'one-off'")
    await desk.books.run("UPDATE appointment SET capacity = 2 WHERE appointment_id = $1", TOGETHER)
    join = {"appointmentId": str(TOGETHER), "clientIds": [str(CLEO), str(OLGA)]}
    assert fields(await desk.do(Role.ADMIN, "joinAppointment", join)) == []
    leave = {"appointmentId": str(TOGETHER), "clientId": str(CLEO), "by": "CLIENT"}
    assert fields(await desk.do(Role.CLIENT, "leaveAppointment", leave)) == []
    state = "SELECT status, cancelled_by FROM appointment WHERE appointment_id = $1"
    assert await desk.books.run(state, TOGETHER) == [("CANCELLED", "CLIENT")]


async def test_a_therapist_moves_no_session_into_anothers_diary_with_a_change_of_hours(desk: Desk) -> None:
    """Handing over is for reception, also by way of a decision; the answer is that for nobody."""
    said = []
    for other in (OTTO, NOBODY):
        decision = {"appointmentId": str(THEAS), "decision": "MOVE", "therapistId": str(other)}
        given = {"therapistId": str(THEA), "onDate": "2031-01-30", "intervals": [], "decisions": [decision]}
        said.append((await desk.do(Role.THERAPIST, "setDateOverride", given))["errors"])
    assert said[0] == said[1]
    assert [error["code"] for error in said[0]] == ["UNKNOWN_THERAPIST"]


# ---- the waitlist -----------------------------------------------------------------------------------

WAITING = "waitlistEntryId status client { name } offer { startsAt therapist { firstName } }"
ALL_WAITING = f"{{ waitlist {{ totalCount edges {{ node {{ {WAITING} }} }} }} }}"


async def test_a_client_sees_their_own_entry_and_what_is_offered_to_them(desk: Desk) -> None:
    """Scenario 34."""
    (edge,) = (await desk.data(Role.CLIENT, ALL_WAITING))["waitlist"]["edges"]
    offer = {"startsAt": text(TEN + 80 * DAY), "therapist": {"firstName": "Otto"}}
    assert edge["node"]["client"] == {"name": "Cleo"}
    assert edge["node"]["offer"] == offer


async def test_a_therapist_sees_who_of_their_clients_waits_and_no_offer_in_anothers_diary(
    own_desk: Desk,
) -> None:
    """Scenario 34."""
    found = (await own_desk.data(Role.THERAPIST, ALL_WAITING))["waitlist"]
    assert found["totalCount"] == 1
    assert [edge["node"]["client"]["name"] for edge in found["edges"]] == ["Cleo"]
    assert found["edges"][0]["node"]["offer"] is None


async def test_a_therapist_sees_what_is_offered_to_a_client_of_theirs_in_their_own_diary(
    own_desk: Desk,
) -> None:
    await own_desk.books.run(
        f"UPDATE appointment SET therapist_id = {THEA} WHERE appointment_id = {OFFERED_CLEO}"
    )
    (edge,) = (await own_desk.data(Role.THERAPIST, ALL_WAITING))["waitlist"]["edges"]
    assert edge["node"]["offer"]["therapist"] == {"firstName": "Thea"}


async def test_a_client_waits_accepts_declines_and_leaves_for_themselves(
    own_desk: Desk,
) -> None:
    desk = own_desk
    await desk.books.run("UPDATE service SET horizon_days = 3660, duration_seconds = 3600")
    await desk.books.run("DELETE FROM working_hours")
    await desk.books.run("UPDATE rules_clock SET version = version + 1")
    given = {"clientId": str(CLEO), "service": "one-off", "from": text(TEN - DAY), "until": text(TEN)}
    joined = await desk.do(Role.CLIENT, "joinWaitlist", given, f"entry {{ {WAITING} }}")
    assert joined["entry"]["status"] == "WAITING"
    number = {"waitlistEntryId": joined["entry"]["waitlistEntryId"]}
    left = await desk.do(Role.CLIENT, "leaveWaitlist", number, f"entry {{ {WAITING} }}")
    assert left["entry"]["status"] == "LEFT"
    # Otto has no hours: no search offers him, and yet this was offered.
    mine = {"waitlistEntryId": str(CLEO_WAITS)}
    done = await desk.do(Role.CLIENT, "acceptOffer", mine, f"entry {{ status }} {WHERE}")
    assert done["errors"] == []
    assert [edge["node"]["clientId"] for edge in done["appointment"]["clients"]["edges"]] == [str(CLEO)]


async def test_a_client_accepts_a_place_in_a_group_of_which_they_see_themselves_alone(
    own_desk: Desk,
) -> None:
    """Before they take part it is not theirs, and yet the place in it is."""
    desk, group = own_desk, 50
    span = f"{OTTO}, 'one-off', {TEN + 80 * DAY}, {TEN + 80 * DAY + HOUR}"
    row = "INSERT INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at, status"
    for statement in (
        "UPDATE service SET horizon_days = 3660, duration_seconds = 3600, capacity = 2",
        "DELETE FROM working_hours",
        "UPDATE rules_clock SET version = version + 1",
        f"DELETE FROM appointment WHERE appointment_id = {OFFERED_CLEO}",
        f"{row}, capacity) VALUES ({group}, {span}, 'BOOKED', 2)",
        f"INSERT INTO appointment_client (appointment_id, client_id) VALUES ({group}, {OLGA})",
        f"{row}, held_until, held_by, place_of) "
        f"VALUES ({OFFERED_CLEO}, {span}, 'PROPOSED', {TEN}, -1, {group})",
    ):
        await desk.books.run(statement)
    seen = (await desk.data(Role.CLIENT, ALL_WAITING))["waitlist"]["edges"][0]["node"]
    assert seen["offer"] == {"startsAt": text(TEN + 80 * DAY), "therapist": {"firstName": "Otto"}}
    mine = {"waitlistEntryId": str(CLEO_WAITS)}
    done = await desk.do(Role.CLIENT, "acceptOffer", mine, f"entry {{ status }} {WHERE}")
    assert done["errors"] == []
    assert done["entry"] == {"status": "ACCEPTED"}
    assert done["appointment"]["appointmentId"] == str(group)
    assert [edge["node"]["clientId"] for edge in done["appointment"]["clients"]["edges"]] == [str(CLEO)]


async def test_a_client_declines_what_is_offered_to_them(own_desk: Desk) -> None:
    mine = {"waitlistEntryId": str(CLEO_WAITS)}
    done = await own_desk.do(Role.CLIENT, "declineOffer", mine, f"entry {{ {WAITING} }}")
    assert [done["entry"]["status"], done["entry"]["offer"]] == ["WAITING", None]


async def test_a_client_waits_for_what_needs_approval_and_what_they_accept_of_it_is_a_request(
    own_desk: Desk,
) -> None:
    desk = own_desk
    approval = desk.books.path is None or 1
    await desk.books.run(
        "UPDATE service SET needs_approval = $1, horizon_days = 3660, duration_seconds = 3600", approval
    )
    await desk.books.run("DELETE FROM working_hours")
    await desk.books.run("UPDATE rules_clock SET version = version + 1")
    given = {"clientId": str(CLEO), "service": "one-off", "from": text(TEN - DAY), "until": text(TEN)}
    assert fields(await desk.do(Role.CLIENT, "joinWaitlist", given)) == []
    mine = {"waitlistEntryId": str(CLEO_WAITS)}
    done = await desk.do(Role.CLIENT, "acceptOffer", mine, "appointment { status }")
    assert (done["errors"], done["appointment"]) == ([], {"status": "PENDING"})


async def test_a_client_holds_a_few_times_at_once_and_the_latest_stay(desk: Desk) -> None:
    """Nobody keeps a practice from others by holding all of it."""
    wednesday, made = monday() + timedelta(days=2), []
    for hour in range(MOST_HELD + 2):
        start = text(at("Europe/London", wednesday, 540 + 60 * hour))
        given = {"therapistId": str(THEA), "startsAt": start, "service": "one-off"}
        payload = await desk.do(Role.CLIENT, "holdSlot", given, "hold { holdId }")
        assert payload["errors"] == []
        made.append(int(payload["hold"]["holdId"]))
    sql = "SELECT appointment_id FROM appointment WHERE held_by = $1 ORDER BY appointment_id"
    rows = await desk.books.run(sql, ACCOUNTS[Role.CLIENT][0])
    assert [row[0] for row in rows] == made[-MOST_HELD:]
    await desk.books.run("DELETE FROM appointment WHERE held_by = $1", ACCOUNTS[Role.CLIENT][0])
