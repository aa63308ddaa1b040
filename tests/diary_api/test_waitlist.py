"""The waitlist: what becomes free is held for the first in turn whom it fits."""

from __future__ import annotations

import asyncio
import itertools
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from sessional.actions import waitlist_offers
from sessional.actions.desk import Desk
from sessional.actions.waitlist import MOST_OPEN
from sessional.observe import FaultHappened
from tests.booking.in_process import started
from tests.diary_api.conftest import Practice
from tests.diary_api.test_life import HOUR, TEN, at, booked
from tests.diary_api.test_series import WEEK, series

DAY = 24 * HOUR
OFFER = "status turn offeredUntil offer { holdId startsAt endsAt therapist { therapistId } }"
ENTRY = f"entry {{ waitlistEntryId {OFFER} appointment {{ appointmentId }} }}"
SESSION = "appointment { appointmentId status startsAt clients { edges { node { clientId } } } }"
ACCEPTED = f"{SESSION} {ENTRY}"
_names = itertools.count(1)


@pytest.fixture(autouse=True)
async def far_ahead(practice: Practice) -> None:
    """The sessions of these tests lie in 2031; and nobody of another test waits for their times."""
    await practice.books.run("UPDATE service SET horizon_days = 4000")
    await practice.books.run("UPDATE rules_clock SET version = version + 1")
    # As the application does, in turn with whoever changes the list just now.
    turn = "FROM (SELECT pg_advisory_xact_lock(7236176)) AS turn" if practice.books.path is None else ""
    await practice.books.run(
        f"UPDATE waitlist_entry SET status = 'LEFT', offered_id = NULL {turn} WHERE status <> 'ACCEPTED'"
    )


async def client(practice: Practice) -> str:
    done = await practice.done("addClient", {"name": f"Client {next(_names)}"}, "client { clientId }")
    number: str = done["client"]["clientId"]
    return number


def waiting(who: str, therapist: int, **more: Any) -> dict[str, Any]:
    given = {
        "clientId": who,
        "service": "one-off",
        "therapistIds": [str(therapist)],
        "durationSeconds": None,
    }
    return {**given, "from": at(TEN - DAY), "until": at(TEN + 200 * DAY), **more}


async def joins(practice: Practice, therapist: int, **more: Any) -> str:
    """The number of a new entry."""
    given = waiting(more.pop("clientId", None) or await client(practice), therapist, **more)
    number: str = (await practice.done("joinWaitlist", given, ENTRY))["entry"]["waitlistEntryId"]
    return number


async def entry(practice: Practice, number: str) -> Any:
    found = await practice.ask(
        f"query {{ waitlist(first: 1000) {{ edges {{ node {{ waitlistEntryId {OFFER} }} }} }} }}"
    )
    rows = [edge["node"] for edge in found["waitlist"]["edges"]]
    return next(row for row in rows if row["waitlistEntryId"] == number)


async def statuses(practice: Practice, *numbers: str) -> list[str]:
    return [(await entry(practice, number))["status"] for number in numbers]


async def become(practice: Practice, expected: list[str], *numbers: str) -> None:
    """Wait until entries have these states; what they have is looked at afterwards."""
    for _ in range(200):
        if await statuses(practice, *numbers) == expected:
            return
        await asyncio.sleep(0.05)


async def cancels(practice: Practice, number: str) -> None:
    await practice.done("cancelAppointment", {"appointmentId": number, "by": "CLIENT"})


def of(number: str, **more: Any) -> dict[str, Any]:
    return {"waitlistEntryId": number, **more}


def codes(payload: Any) -> list[str]:
    return [error["code"] for error in payload["errors"]]


async def runs_out(practice: Practice, number: str) -> None:
    await practice.books.run(
        "UPDATE waitlist_entry SET offered_until = 1 WHERE waitlist_entry_id = $1", int(number)
    )


# ---- offering -----------------------------------------------------------------------------------


async def test_a_cancelled_session_is_held_for_the_first_in_turn_and_for_nobody_else(
    practice: Practice, therapist: int
) -> None:
    session = await booked(practice, therapist)
    first, second = await joins(practice, therapist), await joins(practice, therapist)
    await cancels(practice, session)
    offered = await entry(practice, first)
    assert offered["status"] == "OFFERED"
    assert (offered["offer"]["startsAt"], offered["offer"]["endsAt"]) == (at(TEN), at(TEN + 50 * 60))
    assert offered["offer"]["therapist"]["therapistId"] == str(therapist)
    left = datetime.fromisoformat(offered["offeredUntil"]) - datetime.now(UTC)
    assert 0.9 * DAY < left.total_seconds() <= DAY
    assert await statuses(practice, second) == ["WAITING"]

    wish = {"therapistId": str(therapist), "startsAt": at(TEN), "service": "one-off"}
    assert codes(await practice.do("bookAppointment", wish)) == ["SLOT_TAKEN"]
    assert codes(await practice.do("bookAppointment", {**wish, "overrideRules": True})) == ["SLOT_TAKEN"]
    hold = offered["offer"]["holdId"]
    assert codes(await practice.do("bookAppointment", {**wish, "holdId": hold})) == ["HOLD_EXPIRED"]
    assert codes(await practice.do("releaseHold", {"holdId": hold})) == ["NOT_FOUND"]
    why = await practice.ask(
        "query($t: ID!, $s: DateTime!) { explainSlot(therapistId: $t, startsAt: $s, service: "
        '"one-off") { rules { rule } } }',
        t=str(therapist),
        s=at(TEN),
    )
    assert "HOLD" in [rule["rule"] for rule in why["explainSlot"]["rules"]]


async def test_an_accepted_offer_is_the_clients_session_and_accepting_it_once_more_is_no_error(
    practice: Practice, therapist: int
) -> None:
    who = await client(practice)
    session = await booked(practice, therapist)
    number = await joins(practice, therapist, clientId=who)
    await cancels(practice, session)
    hold = (await entry(practice, number))["offer"]["holdId"]
    done = await practice.done("acceptOffer", of(number), ACCEPTED)
    assert done["appointment"] == {
        "appointmentId": hold,
        "status": "BOOKED",
        "startsAt": at(TEN),
        "clients": {"edges": [{"node": {"clientId": who}}]},
    }
    assert (done["entry"]["status"], done["entry"]["offer"]) == ("ACCEPTED", None)
    assert done["entry"]["appointment"] == {"appointmentId": hold}
    again = await practice.done("acceptOffer", of(number), ACCEPTED)
    assert again["appointment"] == done["appointment"]


async def accepted_for_approval(practice: Practice, therapist: int) -> tuple[str, str]:
    """A request that somebody's accepted offer has become, and the entry of who waits after them."""
    code = f"approved-{therapist}"
    rules = {
        "code": code,
        "name": code,
        "durationSeconds": HOUR,
        "horizonDays": 3660,
        "needsApproval": True,
    }
    await practice.done("addService", rules)
    first, second = [await joins(practice, therapist, service=code) for _ in range(2)]
    await cancels(practice, await booked(practice, therapist))
    done = await practice.done("acceptOffer", of(first), ACCEPTED)
    assert (done["appointment"]["status"], done["entry"]["status"]) == ("PENDING", "ACCEPTED")
    number: str = done["appointment"]["appointmentId"]
    return number, second


async def test_an_accepted_offer_of_what_needs_approval_keeps_its_time_until_it_is_confirmed(
    practice: Practice, therapist: int
) -> None:
    number, second = await accepted_for_approval(practice, therapist)
    wish = {"therapistId": str(therapist), "startsAt": at(TEN), "service": "one-off"}
    assert codes(await practice.do("bookAppointment", wish)) == ["SLOT_TAKEN"]
    history = "appointment { status history { edges { node { change } } } }"
    done = await practice.done("confirmAppointment", {"appointmentId": number}, history)
    assert done["appointment"]["status"] == "BOOKED"
    changes = [edge["node"]["change"] for edge in done["appointment"]["history"]["edges"]]
    assert changes == ["REQUESTED", "CONFIRMED"]
    assert await statuses(practice, second) == ["WAITING"]


async def test_an_accepted_offer_that_the_practice_declines_goes_to_the_next(
    practice: Practice, therapist: int
) -> None:
    number, second = await accepted_for_approval(practice, therapist)
    await practice.done("declineAppointment", {"appointmentId": number})
    offered = await entry(practice, second)
    assert (offered["status"], offered["offer"]["startsAt"]) == ("OFFERED", at(TEN))


async def test_a_declined_offer_goes_to_the_next_and_never_comes_back_to_who_declined(
    practice: Practice, therapist: int
) -> None:
    session = await booked(practice, therapist)
    first, second = await joins(practice, therapist), await joins(practice, therapist)
    await cancels(practice, session)
    done = await practice.done("declineOffer", of(first), ENTRY)
    assert (done["entry"]["status"], done["entry"]["offer"]) == ("WAITING", None)
    assert await statuses(practice, second) == ["OFFERED"]
    await practice.done("declineOffer", of(second), ENTRY)
    assert await statuses(practice, first, second) == ["WAITING", "WAITING"]
    # It keeps its place: another time is offered to it first.
    await cancels(practice, await booked(practice, therapist, TEN + DAY))
    assert await statuses(practice, first, second) == ["OFFERED", "WAITING"]


async def test_an_offer_that_has_run_out_is_refused_and_passed_on_without_anybody_doing_anything(
    practice: Practice, therapist: int
) -> None:
    session = await booked(practice, therapist)
    first, second = await joins(practice, therapist), await joins(practice, therapist)
    await cancels(practice, session)
    await runs_out(practice, first)
    assert codes(await practice.do("acceptOffer", of(first))) == ["HOLD_EXPIRED"]
    # An application that starts looks at once for what has run out, and every half minute from then on.
    async with started(practice.books.url) as other:
        here = Practice(other, practice.books)
        await become(here, ["WAITING", "OFFERED"], first, second)
    assert await statuses(practice, first, second) == ["WAITING", "OFFERED"]
    await practice.done("acceptOffer", of(second), ACCEPTED)


async def test_a_diary_in_which_passing_on_fails_is_told_of_and_keeps_nobody_waiting_in_another(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: dict[int, tuple[str, str]] = {}
    for diary in (await practice.books.therapist(), await practice.books.therapist()):
        session = await booked(practice, diary)
        waits[diary] = (await joins(practice, diary), await joins(practice, diary))
        await cancels(practice, session)
        await runs_out(practice, waits[diary][0])
    failing: list[int] = []
    told: list[Any] = []
    passing_on = waitlist_offers._passing_on

    def strange(desk: Desk, therapist_id: int) -> Any:
        failing[:] = failing or [therapist_id]  # whichever comes first
        if therapist_id in failing:
            raise KeyError("nobody thought of this")
        return passing_on(desk, therapist_id)

    monkeypatch.setattr(waitlist_offers, "_passing_on", strange)
    monkeypatch.setattr("sessional.web.app.tell", lambda observers, observation: told.append(observation))
    async with started(practice.books.url) as other:
        here = Practice(other, practice.books)
        while not failing:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        (well,) = set(waits) - set(failing)
        await become(here, ["WAITING", "OFFERED"], *waits[well])
        assert await statuses(here, *waits[well]) == ["WAITING", "OFFERED"]
    assert [type(one.error) for one in told if isinstance(one, FaultHappened)] == [KeyError]


async def test_an_offer_that_has_run_out_goes_on_with_the_next_change_of_its_diary(
    practice: Practice, therapist: int
) -> None:
    sessions = [await booked(practice, therapist), await booked(practice, therapist, TEN + DAY)]
    first, second = await joins(practice, therapist), await joins(practice, therapist)
    await cancels(practice, sessions[0])
    await runs_out(practice, first)
    await cancels(practice, sessions[1])
    one, other = await entry(practice, first), await entry(practice, second)
    assert (one["offer"]["startsAt"], other["offer"]["startsAt"]) == (at(TEN + DAY), at(TEN))


async def test_who_leaves_gives_the_time_to_the_next(practice: Practice, therapist: int) -> None:
    session = await booked(practice, therapist)
    first, second = await joins(practice, therapist), await joins(practice, therapist)
    await cancels(practice, session)
    done = await practice.done("leaveWaitlist", of(first), ENTRY)
    assert done["entry"]["status"] == "LEFT"
    assert await statuses(practice, second) == ["OFFERED"]
    assert (await practice.done("leaveWaitlist", of(first), ENTRY))["entry"]["status"] == "LEFT"
    assert codes(await practice.do("acceptOffer", of(first))) == ["HOLD_EXPIRED"]
    await practice.done("acceptOffer", of(second))
    assert codes(await practice.do("leaveWaitlist", of(second))) == ["INVALID_INPUT"]


async def test_nobody_is_offered_what_is_not_what_they_wait_for(practice: Practice, therapist: int) -> None:
    """Therapist, specialism, span, weekday, time of day, the client's own sessions. It is a Wednesday."""
    elsewhere = await practice.books.therapist()
    await practice.books.run(
        "INSERT INTO specialism (name, search_name) VALUES ($1, $1)", f"special {therapist}"
    )
    busy = await client(practice)
    await booked(practice, elsewhere, TEN + 600, clientIds=[busy])
    numbers = [
        await joins(practice, elsewhere),
        await joins(practice, therapist, specialisms=[f"special {therapist}"]),
        await joins(practice, therapist, **{"from": at(TEN + HOUR)}),
        await joins(practice, therapist, until=at(TEN - HOUR)),
        await joins(practice, therapist, weekdays=[1, 2, 4]),
        await joins(practice, therapist, timeOfDay={"fromMinute": 660, "untilMinute": 720}),
        await joins(practice, therapist, clientId=busy, **{"from": at(TEN)}),
        await joins(practice, therapist, weekdays=[3], timeOfDay={"fromMinute": 600, "untilMinute": 601}),
    ]
    await cancels(practice, await booked(practice, therapist))
    assert await statuses(practice, *numbers) == ["WAITING"] * 7 + ["OFFERED"]


async def test_the_wall_clock_of_an_entry_is_that_of_the_zone_it_names(
    practice: Practice, therapist: int
) -> None:
    """Scenario 7: 10:00 in London is 5 in the morning in New York, and 23:00 in Auckland."""
    early = {"fromMinute": 300, "untilMinute": 301}
    away = await joins(practice, therapist, timeOfDay=early, timeZone="Pacific/Auckland")
    home = await joins(practice, therapist, timeOfDay=early, timeZone="America/New_York")
    await cancels(practice, await booked(practice, therapist))
    assert await statuses(practice, away, home) == ["WAITING", "OFFERED"]


async def test_an_offer_obeys_the_rules_of_the_diary(practice: Practice, therapist: int) -> None:
    """Scenario 18: what is cancelled for time off is offered to nobody until the time off is taken back."""
    await practice.done(
        "setWorkingHours",
        {
            "therapistId": str(therapist),
            "hours": [{"weekday": 3, "startsMinute": 540, "endsMinute": 1020}],
        },
    )
    session = await booked(practice, therapist, durationSeconds=3000)
    number = await joins(practice, therapist)
    off = {"therapistId": str(therapist), "startsAt": at(TEN), "endsAt": at(TEN + HOUR)}
    decided = {**off, "decisions": [{"appointmentId": session, "decision": "CANCEL"}]}
    done = await practice.done("addTimeOff", decided, "timeOff { timeOffId }")
    assert await statuses(practice, number) == ["WAITING"]
    await practice.done("removeTimeOff", {"timeOffId": done["timeOff"]["timeOffId"]})
    assert (await entry(practice, number))["offer"]["startsAt"] == at(TEN)


async def test_an_offer_that_the_rules_do_not_allow_any_more_cannot_be_accepted(
    practice: Practice, therapist: int
) -> None:
    session = await booked(practice, therapist)
    number = await joins(practice, therapist)
    await cancels(practice, session)
    off = {"therapistId": str(therapist), "startsAt": at(TEN), "endsAt": at(TEN + HOUR)}
    await practice.done("addTimeOff", off)
    assert codes(await practice.do("acceptOffer", of(number))) == ["RULE_REFUSED"]


async def test_a_session_that_moves_away_leaves_its_time_to_those_who_wait(
    practice: Practice, therapist: int
) -> None:
    session = await booked(practice, therapist)
    other = await practice.books.therapist()
    first, second = await joins(practice, therapist), await joins(practice, therapist)
    moved = {"appointmentId": session, "startsAt": at(TEN + DAY)}
    await practice.done("rescheduleAppointment", moved)
    assert (await entry(practice, first))["offer"]["startsAt"] == at(TEN)
    await practice.done("reassignAppointment", {"appointmentId": session, "therapistId": str(other)})
    assert (await entry(practice, second))["offer"]["startsAt"] == at(TEN + DAY)


async def test_the_sessions_of_a_cancelled_series_go_to_as_many_as_wait_one_each(
    practice: Practice, therapist: int
) -> None:
    given = series(therapist, pattern={"every": "WEEKLY", "count": 3})
    done = await practice.done("bookSeries", given, "appointments { appointmentId }")
    numbers = [await joins(practice, therapist) for _ in range(4)]
    gone = {"appointmentId": done["appointments"][0]["appointmentId"], "following": True, "by": "CLIENT"}
    await practice.done("cancelSeries", gone)
    found = [(await entry(practice, number))["offer"] for number in numbers]
    assert [offer and offer["startsAt"] for offer in found] == [
        at(TEN), at(TEN + WEEK), at(TEN + 2 * WEEK), None,
    ]  # fmt: skip


async def test_a_service_that_needs_a_room_is_offered_with_one_and_not_without(
    practice: Practice, therapist: int
) -> None:
    code = f"roomy-{therapist}"
    rules = {"code": code, "name": code, "durationSeconds": HOUR, "horizonDays": 3660, "needsRoom": True}
    await practice.done("addService", rules)
    number = await joins(practice, therapist, service=code)
    await cancels(practice, await booked(practice, therapist))
    rooms = await practice.ask("{ rooms { totalCount } }")
    assert rooms["rooms"]["totalCount"] == 0
    assert await statuses(practice, number) == ["WAITING"]
    await practice.done("addRoom", {"name": f"Room {therapist}"})
    await cancels(practice, await booked(practice, therapist))
    done = await practice.done("acceptOffer", of(number), "appointment { room { name } }")
    assert done["appointment"]["room"] == {"name": f"Room {therapist}"}
    await practice.books.run("UPDATE appointment SET room_id = NULL")
    await practice.books.run("DELETE FROM room")


async def test_an_offer_is_never_longer_than_the_notice_of_the_service_leaves(
    practice: Practice, therapist: int
) -> None:
    code = f"noticed-{therapist}"
    ahead = TEN - int(datetime.now(UTC).timestamp()) - 600
    rules = {"code": code, "name": code, "durationSeconds": HOUR, "horizonDays": 3660}
    await practice.done("addService", rules)
    await practice.books.run("UPDATE service SET notice_seconds = $1 WHERE code = $2", ahead, code)
    number = await joins(practice, therapist, service=code)
    await cancels(practice, await booked(practice, therapist))
    assert (await entry(practice, number))["offeredUntil"] == at(TEN - ahead)


async def test_a_client_who_has_become_busy_cannot_accept(practice: Practice, therapist: int) -> None:
    who, other = await client(practice), await practice.books.therapist()
    number = await joins(practice, therapist, clientId=who)
    await cancels(practice, await booked(practice, therapist))
    await booked(practice, other, TEN, clientIds=[who])
    assert codes(await practice.do("acceptOffer", of(number))) == ["CLIENT_BUSY"]
    assert await statuses(practice, number) == ["OFFERED"]


# ---- joining ------------------------------------------------------------------------------------


async def test_a_wait_for_what_can_never_be_is_refused_in_words(practice: Practice, therapist: int) -> None:
    good = waiting(await client(practice), therapist)
    for wrong, code, path in (
        ({"clientId": "99999999"}, "NOT_FOUND", "clientId"),
        ({"service": "nothing"}, "UNKNOWN_SERVICE", "service"),
        ({"therapistIds": ["99999999"]}, "UNKNOWN_THERAPIST", "therapistIds"),
        ({"specialisms": ["no such thing"]}, "INVALID_INPUT", "specialisms"),
        ({"until": at(TEN - DAY)}, "INVALID_INPUT", "until"),
        ({"from": at(0), "until": at(1000)}, "INVALID_INPUT", "until"),
        ({"from": at(-1)}, "INVALID_INPUT", "from"),
        ({"until": at(TEN + 500 * DAY)}, "INVALID_INPUT", "until"),
        ({"durationSeconds": 1}, "INVALID_INPUT", "durationSeconds"),
        ({"weekdays": [0]}, "INVALID_INPUT", "weekdays"),
        ({"timeOfDay": {"fromMinute": 60, "untilMinute": 60}}, "INVALID_INPUT", "timeOfDay"),
        ({"timeZone": "Mars/Olympus"}, "INVALID_INPUT", "timeZone"),
    ):
        (error,) = (await practice.do("joinWaitlist", {**good, **wrong}))["errors"]
        assert (error["code"], error["path"]) == (code, ["input", path]), wrong


async def test_a_client_has_so_many_open_entries_and_joins_again_once_one_is_left(
    practice: Practice, therapist: int
) -> None:
    who, other = await client(practice), await client(practice)
    numbers = [await joins(practice, therapist, clientId=who) for _ in range(MOST_OPEN)]
    await cancels(practice, await booked(practice, therapist))
    assert await statuses(practice, *numbers[:2]) == ["OFFERED", "WAITING"]
    shown = "errors { ... on TooManyEntries { code path most } }"
    refused = await practice.ask(
        f"mutation($i: JoinWaitlistInput!) {{ joinWaitlist(input: $i) {{ {shown} }} }}",
        i=waiting(who, therapist),
    )
    said = {"code": "TOO_MANY_ENTRIES", "path": ["input", "clientId"], "most": MOST_OPEN}
    assert refused["joinWaitlist"]["errors"] == [said]
    await joins(practice, therapist, clientId=other)
    await practice.done("leaveWaitlist", of(numbers[3]))
    await joins(practice, therapist, clientId=who)


async def test_a_retry_of_joining_with_the_same_key_waits_once(practice: Practice, therapist: int) -> None:
    """Scenario 21, for the waitlist."""
    given = waiting(await client(practice), therapist, idempotencyKey=f"join {therapist}")
    first = await practice.done("joinWaitlist", given, ENTRY)
    again = await practice.done("joinWaitlist", given, ENTRY)
    assert again["replayed"] is True
    assert again["entry"] == first["entry"]


async def test_the_list_is_in_turn_and_can_be_asked_for_a_client_or_a_status(
    practice: Practice, therapist: int
) -> None:
    who = await client(practice)
    numbers = [await joins(practice, therapist, clientId=who) for _ in range(3)]
    await practice.done("leaveWaitlist", of(numbers[1]))
    document = """query($f: WaitlistFilter) { waitlist(filters: $f) { totalCount edges { node {
      id waitlistEntryId client { clientId } service { code } therapistIds specialisms weekdays } } } }"""
    found = await practice.ask(document, f={"clientIds": [who], "statusIn": ["WAITING"]})
    nodes = [edge["node"] for edge in found["waitlist"]["edges"]]
    assert [node["waitlistEntryId"] for node in nodes] == [numbers[0], numbers[2]]
    assert nodes[0]["therapistIds"] == [str(therapist)]
    node = await practice.ask(
        "query($id: ID!) { node(id: $id) { ... on WaitlistEntry { waitlistEntryId } } }", id=nodes[0]["id"]
    )
    assert node["node"] == {"waitlistEntryId": numbers[0]}


async def test_what_somebody_waited_for_in_vain_has_ended(practice: Practice, therapist: int) -> None:
    number = await joins(practice, therapist)
    await practice.books.run(
        "UPDATE waitlist_entry SET from_at = 1, until_at = 2 WHERE waitlist_entry_id = $1", int(number)
    )
    async with started(practice.books.url) as other:
        here = Practice(other, practice.books)
        await become(here, ["ENDED"], number)
    assert await statuses(practice, number) == ["ENDED"]


async def of_record(practice: Practice, *numbers: str) -> list[tuple[Any, ...]]:
    """action, who, role, number of the entry and its states, in order."""
    rows = await practice.books.run(
        "SELECT action, username, role, object_id, state_before, state_after, request_id FROM audit_event "
        "WHERE object_type = 'WaitlistEntry' ORDER BY audit_event_id"
    )
    return [
        (action, who, role, orjson.loads(before or "{}"), orjson.loads(after or "{}"), request_id)
        for action, who, role, number, before, after, request_id in rows
        if str(number) in numbers
    ]


async def test_what_becomes_of_an_entry_is_on_record_and_what_was_offered_to_it(
    practice: Practice, therapist: int
) -> None:
    number = await joins(practice, therapist)
    session = await booked(practice, therapist)
    given = {"appointmentId": session, "by": "CLIENT"}
    body = {
        "query": "mutation($i: CancelAppointmentInput!) { cancelAppointment(input: $i) "
        "{ errors { __typename } } }",
        "variables": {"i": given},
    }
    await practice.client.post("/graphql", json=body, headers={"X-Request-Id": f"cancels-{session}"})
    hold = int((await entry(practice, number))["offer"]["holdId"])
    await practice.done("acceptOffer", of(number))
    joined, offered, accepted = await of_record(practice, number)
    assert [joined[:3], accepted[:3]] == [("joinWaitlist", "ann", "ADMIN"), ("acceptOffer", "ann", "ADMIN")]
    assert accepted[4]["status"] == "ACCEPTED"
    assert offered[:3] == ("makeOffer", "(service)", "SYSTEM")
    assert offered[3] == {"status": "WAITING", "offeredId": None, "offeredUntil": None}
    assert (offered[4]["status"], offered[4]["offeredId"]) == ("OFFERED", hold)
    assert offered[5] == f"cancels-{session}"


async def test_a_decline_and_the_offer_to_the_next_are_on_record_each_for_its_entry(
    practice: Practice, therapist: int
) -> None:
    session = await booked(practice, therapist)
    first, second = await joins(practice, therapist), await joins(practice, therapist)
    await cancels(practice, session)
    await practice.done("declineOffer", of(first))
    assert [row[0] for row in await of_record(practice, first)] == [
        "joinWaitlist", "makeOffer", "declineOffer",
    ]  # fmt: skip
    assert [row[0] for row in await of_record(practice, second)] == ["joinWaitlist", "makeOffer"]
    declined = (await of_record(practice, first))[-1]
    assert (declined[3]["status"], declined[4]["status"]) == ("OFFERED", "WAITING")


async def test_what_runs_out_or_ends_by_itself_is_on_record_as_the_services_doing(
    practice: Practice, therapist: int
) -> None:
    number, vain = await joins(practice, therapist), await joins(practice, therapist)
    await cancels(practice, await booked(practice, therapist))
    await runs_out(practice, number)
    await practice.books.run(
        "UPDATE waitlist_entry SET from_at = 1, until_at = 2 WHERE waitlist_entry_id = $1", int(vain)
    )
    async with started(practice.books.url) as other:
        here = Practice(other, practice.books)
        await become(here, ["WAITING", "ENDED"], number, vain)
    lapsed, ended = (await of_record(practice, number))[-1], (await of_record(practice, vain))[-1]
    assert lapsed[:3] == ("lapseOffer", "(service)", "SYSTEM")
    assert (lapsed[3]["status"], lapsed[4]["status"], lapsed[5]) == ("OFFERED", "WAITING", "")
    assert ended == ("endWaiting", "(service)", "SYSTEM", {"status": "WAITING"}, {"status": "ENDED"}, "")


async def test_a_time_that_nobody_waits_for_leaves_no_entry_about_offers(
    practice: Practice, therapist: int
) -> None:
    number = await joins(practice, await practice.books.therapist())
    before = await practice.books.value("SELECT max(audit_event_id) FROM audit_event")
    await cancels(practice, await booked(practice, therapist))
    # What was read before is written a moment later.
    sql = "SELECT action FROM audit_event WHERE audit_event_id > $1 AND outcome <> 'READ'"
    rows = await practice.books.run(sql, before)
    assert sorted(row[0] for row in rows) == ["bookAppointment", "cancelAppointment"]
    assert await statuses(practice, number) == ["WAITING"]
