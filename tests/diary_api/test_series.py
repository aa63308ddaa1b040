"""Series: seen as a whole before, booked as a whole, cancelled in part."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from tests.booking.books import Books
from tests.booking.in_process import started
from tests.diary_api.conftest import Practice
from tests.diary_api.test_life import HOUR, TEN, at, booked
from tests.diary_api.test_taking_part import people

WEEK = 7 * 24 * HOUR
OCCURRENCE = "number startsAt free rules { rule message } alternatives { startsAt }"
CONFLICT = f"errors {{ ... on SeriesConflict {{ occurrences {{ {OCCURRENCE} }} }} }}"
PREVIEW = f"""query($t: ID!, $s: DateTime!, $p: SeriesPattern!) {{
  previewSeries(therapistId: $t, startsAt: $s, service: "one-off", durationSeconds: {HOUR}, pattern: $p) {{
    {OCCURRENCE} }} }}"""


async def preview(practice: Practice, therapist: int, starts_at: int, **pattern: Any) -> list[Any]:
    found = await practice.ask(PREVIEW, t=str(therapist), s=at(starts_at), p=pattern)
    return list(found["previewSeries"])


def series(therapist: int, starts_at: int = TEN, **more: Any) -> dict[str, Any]:
    given = {"therapistId": therapist, "startsAt": at(starts_at), "service": "one-off"}
    return {**given, "durationSeconds": HOUR, "pattern": {"every": "WEEKLY", "count": 8}, **more}


async def starts(practice: Practice, therapist: int) -> list[int]:
    rows = await practice.books.run(
        "SELECT starts_at FROM appointment WHERE therapist_id = $1 AND blocks ORDER BY starts_at", therapist
    )
    return [row[0] for row in rows]


async def test_a_weekly_series_keeps_the_wall_time_across_the_change_of_the_clocks(
    practice: Practice, therapist: int
) -> None:
    """Scenario 5: 10:00 in London, before and after 30 March 2031."""
    found = await preview(practice, therapist, TEN, every="WEEKLY", count=10)
    hours = [one["startsAt"][11:16] for one in found]
    assert hours == ["10:00"] * 9 + ["09:00"]


async def test_a_monthly_series_on_the_31st_takes_the_last_day_of_shorter_months(
    practice: Practice, therapist: int
) -> None:
    """Scenario 10."""
    found = await preview(practice, therapist, TEN + 2 * 24 * HOUR, every="MONTHLY", until="2031-04-30")
    assert [one["startsAt"][:10] for one in found] == [
        "2031-01-31", "2031-02-28", "2031-03-31", "2031-04-30",
    ]  # fmt: skip


async def test_when_one_session_of_a_series_cannot_be_nothing_is_booked_and_it_is_named(
    practice: Practice, therapist: int
) -> None:
    """Scenario 36."""
    await booked(practice, therapist, TEN + 2 * WEEK)
    before = await starts(practice, therapist)
    payload = await practice.do("bookSeries", series(therapist), CONFLICT)
    (error,) = payload["errors"]
    (third,) = error["occurrences"]
    assert (error["code"], third["number"], third["startsAt"]) == ("SERIES_CONFLICT", 3, at(TEN + 2 * WEEK))
    assert third["rules"][0]["rule"] == "OVERLAP"
    assert len(third["alternatives"]) == 3
    assert await starts(practice, therapist) == before

    moved = [{"number": 3, "startsAt": third["alternatives"][0]["startsAt"]}]
    done = await practice.done("bookSeries", series(therapist, choices=moved), "appointments { startsAt }")
    assert len(done["appointments"]) == 8


async def test_a_holiday_in_the_middle_of_a_series_is_left_out_by_choice(
    practice: Practice, therapist: int
) -> None:
    """Scenario 37."""
    await practice.books.run("UPDATE rules_clock SET version = version + 1")
    await practice.books.run(
        "INSERT INTO working_hours (therapist_id, weekday, starts_minute, ends_minute) "
        "VALUES ($1, 3, 540, 1020)",
        therapist,
    )
    await practice.books.run(
        "INSERT INTO date_override (therapist_id, on_date, intervals) VALUES ($1, '2031-02-05', '[]')",
        therapist,
    )
    await practice.books.run(
        "UPDATE therapist SET rules_version = (SELECT version FROM rules_clock) WHERE therapist_id = $1",
        therapist,
    )
    await practice.books.run("UPDATE service SET horizon_days = 4000")
    short = PREVIEW.replace(f"durationSeconds: {HOUR}, ", "")
    pattern = {"every": "WEEKLY", "count": 3}
    found = (await practice.ask(short, t=str(therapist), s=at(TEN), p=pattern))["previewSeries"]
    assert [one["free"] for one in found] == [True, False, True]
    assert found[1]["rules"][0]["rule"] == "WORKING_HOURS"
    given = series(
        therapist, pattern={"every": "WEEKLY", "count": 3}, choices=[{"number": 2, "skip": True}]
    )
    given["durationSeconds"] = None
    done = await practice.done("bookSeries", given, "appointments { startsAt }")
    assert [one["startsAt"] for one in done["appointments"]] == [at(TEN), at(TEN + 2 * WEEK)]
    await practice.books.run("UPDATE service SET horizon_days = 366")


async def test_this_session_and_those_that_follow_are_cancelled_and_the_others_kept(
    practice: Practice, therapist: int
) -> None:
    """Scenario 38."""
    done = await practice.done("bookSeries", series(therapist), "appointments { appointmentId }")
    numbers = [one["appointmentId"] for one in done["appointments"]]
    given = {"appointmentId": numbers[5], "following": True, "by": "CLIENT"}
    gone = await practice.done("cancelSeries", given, "appointments { appointmentId status }")
    assert gone["appointments"] == [{"appointmentId": n, "status": "CANCELLED"} for n in numbers[5:]]
    assert await starts(practice, therapist) == [TEN + n * WEEK for n in range(5)]
    one = {"appointmentId": numbers[0], "by": "CLIENT"}
    await practice.done("cancelAppointment", one)
    assert len(await starts(practice, therapist)) == 4


async def test_a_series_that_is_cancelled_opens_its_diaries_in_the_order_of_their_numbers(
    diary_postgres: Books,
) -> None:
    """By its times the higher comes first: two changes could wait for one another."""
    lower, higher = await diary_postgres.therapist(), await diary_postgres.therapist()
    async with started(diary_postgres.url) as client:
        practice = Practice(client, diary_postgres)
        done = await practice.done("bookSeries", series(lower), "appointments { appointmentId }")
        first = done["appointments"][0]["appointmentId"]
        await practice.done("reassignAppointment", {"appointmentId": first, "therapistId": str(higher)})
        in_hand = await asyncpg.connect(diary_postgres.url)
        async with in_hand.transaction():
            await in_hand.execute(f"SELECT 1 FROM therapist WHERE therapist_id = {lower} FOR UPDATE")
            given = {"appointmentId": first, "following": False, "by": "CLIENT"}
            cancelling = asyncio.create_task(practice.done("cancelSeries", given))
            waiting = (
                "SELECT count(*) > 0 FROM pg_stat_activity "
                "WHERE wait_event_type = 'Lock' AND datname = current_database()"
            )
            while not await diary_postgres.value(waiting):  # noqa: ASYNC110
                await asyncio.sleep(0.02)
            free = f"SELECT 1 FROM therapist WHERE therapist_id = {higher} FOR UPDATE SKIP LOCKED"
            assert await diary_postgres.run(free) == [(1,)]
        await cancelling
        await in_hand.close()


async def test_a_series_is_with_one_therapist_and_a_retry_books_it_once(
    practice: Practice, therapist: int
) -> None:
    """Scenario 39, and 21 for series."""
    given = series(therapist, idempotencyKey=f"series {therapist}")
    first = await practice.done("bookSeries", given, "appointments { appointmentId therapistId }")
    again = await practice.done("bookSeries", given, "appointments { appointmentId therapistId }")
    assert again["replayed"] is True
    assert again["appointments"] == first["appointments"]
    assert {one["therapistId"] for one in first["appointments"]} == {therapist}
    assert len(await starts(practice, therapist)) == 8


async def test_a_series_that_cannot_be_is_refused_in_words(practice: Practice, therapist: int) -> None:
    for pattern in (
        {"every": "WEEKLY"},
        {"every": "WEEKLY", "count": 301},
        {"every": "WEEKLY", "count": 0},
        {"every": "WEEKLY", "count": 2, "until": "2031-03-01"},
    ):
        payload = await practice.do("bookSeries", series(therapist, pattern=pattern))
        assert [error["code"] for error in payload["errors"]] == ["INVALID_INPUT"], pattern
    payload = await practice.do("bookSeries", series(therapist, choices=[{"number": 9, "skip": True}]))
    assert [error["code"] for error in payload["errors"]] == ["INVALID_INPUT"]


async def test_a_choice_for_a_year_that_no_diary_has_is_refused_in_words(
    practice: Practice, therapist: int
) -> None:
    for year in ("0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "9999-12-31T23:59:59Z"):
        choices = [{"number": 1, "startsAt": year}]
        (error,) = (await practice.do("bookSeries", series(therapist, choices=choices)))["errors"]
        assert error["code"] == "INVALID_TIME"
        assert error["path"] == ["input", "choices", "startsAt"]
        assert "between the years 1970 and 9999" in error["message"]


async def test_two_choices_for_one_session_are_refused_as_that(practice: Practice, therapist: int) -> None:
    for first in ({"skip": True}, {"startsAt": at(TEN + HOUR)}):
        choices = [{"number": 1, **first}, {"number": 1, "skip": True}]
        (error,) = (await practice.do("bookSeries", series(therapist, choices=choices)))["errors"]
        assert (error["message"], error["path"]) == ("Session 1 has two choices.", ["input", "choices"])


async def test_a_preview_tells_a_stranger_nothing(practice: Practice, therapist: int) -> None:
    await practice.books.run("UPDATE account SET disabled_at = 1 WHERE account_id = 2")
    headers = {"Authorization": ""}
    variables = {"t": str(therapist), "s": at(TEN), "p": {"every": "WEEKLY", "count": 2}}
    body = {"query": PREVIEW, "variables": variables}
    answer = (await practice.client.post("/graphql", json=body, headers=headers)).json()
    assert answer["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    await practice.books.run("UPDATE account SET disabled_at = NULL WHERE account_id = 2")


async def test_a_session_that_is_moved_beside_another_of_its_series_is_named(
    practice: Practice, therapist: int
) -> None:
    """Scenario 36: on top of the second, or on its day where one a day is the most."""
    code = f"own {therapist}"
    service = {"code": code, "name": "Own", "durationSeconds": HOUR, "horizonDays": 3_660}
    await practice.done("addService", service)
    cap = {"therapistId": str(therapist), "maxPerDay": 1}
    hours = [{"weekday": day, "startsMinute": 0, "endsMinute": 1440} for day in range(1, 8)]
    for start, rule in ((TEN + WEEK + HOUR // 2, "OVERLAP"), (TEN + WEEK + 3 * HOUR, "CAP_PER_DAY")):
        choices = [{"number": 3, "startsAt": at(start)}]
        given = series(therapist, choices=choices, service=code)
        payload = await practice.do("bookSeries", given, CONFLICT)
        (named,) = payload["errors"][0]["occurrences"]
        assert (named["number"], named["rules"][0]["rule"]) == (3, rule)
        assert await starts(practice, therapist) == []
        await practice.done("changeTherapist", cap)
        await practice.done("setWorkingHours", {"therapistId": str(therapist), "hours": hours})


async def test_a_series_does_not_take_a_place_in_a_group_that_is_there(
    practice: Practice, therapist: int
) -> None:
    """Scenario 36: its sessions are its own, so the group's is in the way."""
    code = f"group {therapist}"
    service = {"code": code, "name": "Group", "durationSeconds": HOUR, "capacity": 3}
    await practice.done("addService", service)
    clients = [
        (await practice.done("addClient", {"name": "kim"}, "client { clientId }"))["client"]["clientId"]
        for _ in range(2)
    ]
    group = {"therapistId": str(therapist), "startsAt": at(TEN + WEEK), "service": code}
    await practice.done("bookAppointment", {**group, "clientIds": clients[:1]})
    given = series(therapist, service=code, clientIds=clients[1:])
    payload = await practice.do("bookSeries", given, CONFLICT)
    (named,) = payload["errors"][0]["occurrences"]
    assert (named["number"], named["rules"][0]["rule"]) == (2, "OVERLAP")


async def test_a_series_of_no_length_is_refused_and_not_given_another(
    practice: Practice, therapist: int
) -> None:
    payload = await practice.do("bookSeries", series(therapist, durationSeconds=0))
    assert [error["code"] for error in payload["errors"]] == ["INVALID_TIME"]
    assert await starts(practice, therapist) == []


async def test_a_session_of_a_series_at_which_a_client_is_elsewhere_is_named_with_others_instead(
    practice: Practice, therapist: int
) -> None:
    """Scenario 36: the third is at a time at which the client has a session with somebody else."""
    (ann,) = await people(practice, 1)
    other = await practice.books.therapist()
    await booked(practice, other, TEN + 2 * WEEK, clientIds=[ann])
    before = await starts(practice, therapist)
    payload = await practice.do("bookSeries", series(therapist, clientIds=[ann]), CONFLICT)
    (error,) = payload["errors"]
    (third,) = error["occurrences"]
    assert (error["code"], third["number"]) == ("SERIES_CONFLICT", 3)
    assert [rule["rule"] for rule in third["rules"]] == ["CLIENT_BUSY"]
    assert await starts(practice, therapist) == before

    ask = PREVIEW.replace("$p: SeriesPattern!", "$p: SeriesPattern!, $c: [ID!]")
    ask = ask.replace("pattern: $p", "pattern: $p, clientIds: $c")
    given = {"t": str(therapist), "s": at(TEN), "p": {"every": "WEEKLY", "count": 8}}
    found = (await practice.ask(ask, **given, c=[ann]))["previewSeries"]
    assert [one["number"] for one in found if not one["free"]] == [3]
    assert found[2]["alternatives"] == third["alternatives"]
    nobody = await practice.answer(ask, {**given, "c": ["4000000000"]})
    assert [error["extensions"]["code"] for error in nobody["errors"]] == ["NOT_FOUND"]

    for instead in third["alternatives"]:
        start = instead["startsAt"]
        assert not at(TEN + 2 * WEEK - HOUR) < start < at(TEN + 2 * WEEK + HOUR)
    choices = [{"number": 3, "startsAt": third["alternatives"][0]["startsAt"]}]
    given = series(therapist, clientIds=[ann], choices=choices)
    done = await practice.done("bookSeries", given, "appointments { startsAt }")
    assert len(done["appointments"]) == 8
