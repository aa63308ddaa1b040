"""A series gets another time, in part or as far as it lies ahead: all of it or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.diary_api.conftest import Practice
from tests.diary_api.test_life import HOUR, TEN, at, booked
from tests.diary_api.test_series import OCCURRENCE, WEEK, series, starts

MOVED = "appointments { appointmentId startsAt version }"
CONFLICT = (
    f"errors {{ ... on SeriesConflict {{ occurrences {{ appointmentId {OCCURRENCE} }} }} }} "
    "appointments { appointmentId }"
)


async def a_series(practice: Practice, therapist: int, **more: Any) -> list[str]:
    """The numbers of the eight sessions of a weekly series, in order."""
    done = await practice.done("bookSeries", series(therapist, **more), "appointments { appointmentId }")
    return [one["appointmentId"] for one in done["appointments"]]


def to(number: str, starts_at: int, **more: Any) -> dict[str, Any]:
    return {"appointmentId": number, "startsAt": at(starts_at), "following": True, **more}


async def test_this_session_and_those_that_follow_take_the_new_time_and_keep_their_numbers(
    practice: Practice, therapist: int
) -> None:
    """Scenarios 32 and 38: the earlier ones stay, the history says what was before."""
    numbers = await a_series(practice, therapist)
    done = await practice.done("rescheduleSeries", to(numbers[3], TEN + 3 * WEEK + 4 * HOUR), MOVED)
    assert [one["appointmentId"] for one in done["appointments"]] == numbers[3:]
    assert {one["version"] for one in done["appointments"]} == {2}
    assert await starts(practice, therapist) == [
        TEN + n * WEEK + (4 * HOUR if n >= 3 else 0) for n in range(8)
    ]
    found = await practice.ask(
        "query($t: ID!, $sort: [AppointmentSort]) { appointments(filters: {therapistIds: [$t]}, "
        "sort: $sort) { edges { node { history { edges { node { change startsAt } } } } } } }",
        t=str(therapist),
        sort="START_TIME_UNIX_SECONDS_ASC",
    )
    told = [edge["node"]["history"]["edges"] for edge in found["appointments"]["edges"]]
    assert [len(each) for each in told] == [0] * 3 + [2] * 5
    was, becomes = (event["node"] for event in told[7])
    assert (was["change"], was["startsAt"]) == ("BOOKED", at(TEN + 7 * WEEK))
    assert (becomes["change"], becomes["startsAt"]) == ("MOVED", at(TEN + 7 * WEEK + 4 * HOUR))


async def test_all_that_lie_ahead_move_with_a_session_in_their_middle(
    practice: Practice, therapist: int
) -> None:
    numbers = await a_series(practice, therapist)
    given = to(numbers[4], TEN + 4 * WEEK + HOUR) | {"following": False}
    await practice.done("rescheduleSeries", given, MOVED)
    assert await starts(practice, therapist) == [TEN + n * WEEK + HOUR for n in range(8)]


async def test_a_series_moves_to_where_its_own_next_session_was(practice: Practice, therapist: int) -> None:
    """Scenario 30, for a series: its own sessions are not in its way, nor are its clients'."""
    client = (await practice.done("addClient", {"name": "Ana"}, "client { clientId }"))["client"]
    numbers = await a_series(practice, therapist, clientIds=[client["clientId"]])
    await practice.done("rescheduleSeries", to(numbers[0], TEN + WEEK), MOVED)
    assert await starts(practice, therapist) == [TEN + (n + 1) * WEEK for n in range(8)]


async def test_the_new_wall_time_is_kept_across_the_change_of_the_clocks(
    practice: Practice, therapist: int
) -> None:
    """Scenario 5: 14:00 in London, before and after 30 March 2031."""
    numbers = await a_series(practice, therapist, pattern={"every": "WEEKLY", "count": 10})
    done = await practice.done("rescheduleSeries", to(numbers[0], TEN + 4 * HOUR), MOVED)
    assert [one["startsAt"][11:16] for one in done["appointments"]] == ["14:00"] * 9 + ["13:00"]


async def test_when_one_session_cannot_move_none_does_and_it_is_named_with_what_could_be(
    practice: Practice, therapist: int
) -> None:
    """Scenarios 31 and 36."""
    numbers = await a_series(practice, therapist)
    await booked(practice, therapist, TEN + 2 * WEEK + 4 * HOUR)
    before = await starts(practice, therapist)
    given = to(numbers[0], TEN + 4 * HOUR)
    payload = await practice.do("rescheduleSeries", given, CONFLICT)
    (error,) = payload["errors"]
    (third,) = error["occurrences"]
    assert (error["code"], payload["appointments"]) == ("SERIES_CONFLICT", [])
    assert (third["number"], third["appointmentId"]) == (3, numbers[2])
    assert third["rules"][0]["rule"] == "OVERLAP"
    assert len(third["alternatives"]) == 3
    assert await starts(practice, therapist) == before

    elsewhere = {"appointmentId": numbers[2], "startsAt": third["alternatives"][0]["startsAt"]}
    kept = {"appointmentId": numbers[5], "keep": True}
    done = await practice.done("rescheduleSeries", given | {"choices": [elsewhere, kept]}, MOVED)
    assert [one["appointmentId"] for one in done["appointments"]] == [*numbers[:5], *numbers[6:]]
    now = await starts(practice, therapist)
    assert TEN + 5 * WEEK in now
    assert at(TEN + 2 * WEEK + 5 * HOUR) == elsewhere["startsAt"]


async def test_a_session_that_stays_is_in_the_way_of_one_that_would_come_there(
    practice: Practice, therapist: int
) -> None:
    numbers = await a_series(practice, therapist)
    given = to(numbers[0], TEN + WEEK, choices=[{"appointmentId": numbers[1], "keep": True}])
    (error,) = (await practice.do("rescheduleSeries", given, CONFLICT))["errors"]
    assert [one["appointmentId"] for one in error["occurrences"]] == [numbers[0]]


async def test_two_sessions_of_a_series_cannot_be_put_at_one_time(
    practice: Practice, therapist: int
) -> None:
    numbers = await a_series(practice, therapist)
    choice = {"appointmentId": numbers[1], "startsAt": at(TEN + 4 * HOUR + 600)}
    given = to(numbers[0], TEN + 4 * HOUR, choices=[choice])
    (error,) = (await practice.do("rescheduleSeries", given, CONFLICT))["errors"]
    assert [one["appointmentId"] for one in error["occurrences"]] == [numbers[1]]


async def test_two_sessions_of_a_series_do_not_meet_in_two_diaries(
    practice: Practice, therapist: int
) -> None:
    """One of them was handed to another therapist: the client would be in two places."""
    client = (await practice.done("addClient", {"name": "Ana"}, "client { clientId }"))["client"]
    numbers = await a_series(practice, therapist, clientIds=[client["clientId"]])
    other = await practice.books.therapist()
    await practice.done("reassignAppointment", {"appointmentId": numbers[1], "therapistId": str(other)})
    choice = {"appointmentId": numbers[1], "startsAt": at(TEN + 4 * HOUR + 600)}
    given = to(numbers[0], TEN + 4 * HOUR, choices=[choice])
    (error,) = (await practice.do("rescheduleSeries", given, CONFLICT))["errors"]
    (second,) = error["occurrences"]
    assert (second["appointmentId"], [rule["rule"] for rule in second["rules"]]) == (
        numbers[1],
        ["CLIENT_BUSY"],
    )


async def test_a_series_does_not_move_onto_another_session_of_its_client(
    practice: Practice, therapist: int
) -> None:
    client = (await practice.done("addClient", {"name": "Ana"}, "client { clientId }"))["client"]
    numbers = await a_series(practice, therapist, clientIds=[client["clientId"]])
    other = await practice.books.therapist()
    await booked(practice, other, TEN + WEEK + 4 * HOUR, clientIds=[client["clientId"]])
    given = to(numbers[0], TEN + 4 * HOUR)
    (error,) = (await practice.do("rescheduleSeries", given, CONFLICT))["errors"]
    (second,) = error["occurrences"]
    assert (second["appointmentId"], [rule["rule"] for rule in second["rules"]]) == (
        numbers[1],
        ["CLIENT_BUSY"],
    )


async def test_a_year_of_sessions_moves_in_as_many_statements_as_two(
    practice: Practice, therapist: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Counted on SQLite: what one statement of ours runs is one line of the recorder's."""
    # What the service does of itself is not counted: the record is linked when it stops.
    monkeypatch.setattr("sessional.web.app.SECONDS_BETWEEN_SEALS", 3600)
    if practice.books.path is None:
        return
    from tests.booking.in_process import SqliteRecorder, started

    counts = []
    with SqliteRecorder() as recorder:
        async with started(practice.books.url) as client:
            here = Practice(client, practice.books)
            for count in (2, 2, 300):
                whose = await practice.books.therapist()
                numbers = await a_series(here, whose, pattern={"every": "WEEKLY", "count": count})
                recorder.taken()
                await here.done("rescheduleSeries", to(numbers[0], TEN + 4 * HOUR), MOVED)
                counts.append(len(recorder.taken()))
    assert counts[1] == counts[2] <= 40


async def test_a_stale_version_and_a_session_without_a_series_are_refused(
    practice: Practice, therapist: int
) -> None:
    numbers = await a_series(practice, therapist)
    stale = await practice.do("rescheduleSeries", to(numbers[0], TEN + HOUR, expectedVersion=2), MOVED)
    assert [error["code"] for error in stale["errors"]] == ["STALE_VERSION"]
    single = await booked(practice, therapist, TEN - 4 * HOUR)
    none = await practice.do("rescheduleSeries", to(str(single), TEN + HOUR), MOVED)
    assert [error["code"] for error in none["errors"]] == ["NOT_FOUND"]
    foreign = [{"appointmentId": str(single), "keep": True}]
    wrong = await practice.do("rescheduleSeries", to(numbers[0], TEN + HOUR, choices=foreign), MOVED)
    assert [error["code"] for error in wrong["errors"]] == ["INVALID_INPUT"]


async def test_a_client_cannot_move_a_series_of_which_one_session_is_within_the_notice(
    practice: Practice, therapist: int
) -> None:
    """Scenario 33, for a series."""
    numbers = await a_series(practice, therapist)
    await practice.books.run(
        "UPDATE appointment SET cancel_notice_seconds = $1 WHERE appointment_id = $2",
        TEN,
        int(numbers[1]),
    )
    given = to(numbers[0], TEN + HOUR, by="CLIENT")
    refused = await practice.do("rescheduleSeries", given, MOVED)
    assert [error["code"] for error in refused["errors"]] == ["CANCEL_NOTICE"]
    await practice.done("rescheduleSeries", given | {"by": "PRACTICE"}, MOVED)


async def test_a_session_knows_its_series_and_the_series_its_sessions(
    practice: Practice, therapist: int
) -> None:
    numbers = await a_series(practice, therapist, pattern={"every": "FORTNIGHTLY", "count": 3})
    found = await practice.ask(
        "query($t: ID!) { appointments(filters: {therapistIds: [$t]}) { edges { node { "
        "series { seriesId rhythm timeZone appointments { totalCount edges { node { appointmentId } } } } "
        "} } } }",
        t=str(therapist),
    )
    told = [edge["node"]["series"] for edge in found["appointments"]["edges"]]
    assert told[0] == told[1] == told[2]
    assert (told[0]["rhythm"], told[0]["timeZone"]) == ("FORTNIGHTLY", "Europe/London")
    assert [edge["node"]["appointmentId"] for edge in told[0]["appointments"]["edges"]] == numbers


async def test_a_series_of_another_zone_keeps_the_wall_time_of_that_zone_when_it_moves(
    practice: Practice, therapist: int
) -> None:
    """New York changes its clocks three weeks before London does."""
    pattern = {"every": "WEEKLY", "count": 8, "timeZone": "America/New_York"}
    numbers = await a_series(practice, therapist, pattern=pattern)
    done = await practice.done("rescheduleSeries", to(numbers[0], TEN + 4 * HOUR), MOVED)
    assert [one["startsAt"][11:16] for one in done["appointments"]] == ["14:00"] * 6 + ["13:00"] * 2
