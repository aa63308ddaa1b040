"""What a practice has set up is what a booking obeys, from the next request on."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from sessional.actions.loading import load_closures, load_rules, load_services
from sessional.store.statements import written
from tests.booking.books import Books, until_waiting
from tests.booking.clients import token_of
from tests.booking.in_process import started
from tests.diary_api.conftest import Practice

MONDAY = {"weekday": 1, "startsMinute": 540, "endsMinute": 1020}
BOOK = """
mutation Book($i: BookAppointmentInput!) {
  bookAppointment(input: $i) { errors { code: __typename ... on RuleRefused { rules { rule } } } }
}
"""


async def refused(practice: Practice, therapist: int, starts_at: str) -> list[str]:
    """The rules that refuse a start; none where it was booked."""
    given = {"therapistId": therapist, "startsAt": starts_at, "service": "an hour"}
    errors = (await practice.ask(BOOK, i=given))["bookAppointment"]["errors"]
    return [one["rule"] for error in errors for one in error["rules"]]


@pytest.fixture
async def monday(practice: Practice, therapist: int) -> int:
    """A therapist who works on Mondays from nine to five, and can be booked years ahead."""
    await practice.done("setWorkingHours", {"therapistId": therapist, "hours": [MONDAY]})
    hour = {"code": "an hour", "name": "An hour", "durationSeconds": 3600, "horizonDays": 3660}
    await practice.do("addService", hour)
    return therapist


async def test_hours_are_obeyed_to_the_minute(practice: Practice, monday: int) -> None:
    """Scenario 16: the last start of a day must fit before closing."""
    assert await refused(practice, monday, "2031-01-06T08:45:00Z") == ["WORKING_HOURS"]
    assert await refused(practice, monday, "2031-01-06T16:15:00Z") == ["WORKING_HOURS"]
    assert await refused(practice, monday, "2031-01-06T09:00:00Z") == []
    assert await refused(practice, monday, "2031-01-06T16:00:00Z") == []


async def test_hours_keep_the_wall_clock_when_clocks_change(practice: Practice, monday: int) -> None:
    """Scenario 1: nine in London is 08:00 UTC once summer time has begun."""
    assert await refused(practice, monday, "2031-03-24T09:00:00Z") == []
    assert await refused(practice, monday, "2031-03-31T08:00:00Z") == []


async def test_time_off_an_override_and_a_closure_are_obeyed_by_name(
    practice: Practice, monday: int
) -> None:
    off = {"startsAt": "2031-01-13T00:00:00Z", "endsAt": "2031-01-14T00:00:00Z"}
    await practice.done("addTimeOff", {"therapistId": monday, **off})
    assert await refused(practice, monday, "2031-01-13T10:00:00Z") == ["TIME_OFF"]
    override = {"therapistId": monday, "onDate": "2031-01-20", "intervals": []}
    await practice.done("setDateOverride", override)
    assert await refused(practice, monday, "2031-01-20T10:00:00Z") == ["WORKING_HOURS"]
    feast = {"closures": [{"onDate": "2033-12-05", "name": "Feast"}]}
    (closure,) = (await practice.done("addClosures", feast, "closures { closureId }"))["closures"]
    assert "CLOSURE" in await refused(practice, monday, "2033-12-05T10:00:00Z")
    await practice.done("removeClosure", closure)
    assert await refused(practice, monday, "2033-12-05T10:00:00Z") == []


async def test_hours_are_read_where_the_therapist_is(practice: Practice, monday: int) -> None:
    """Scenario 8: a therapist works from another zone for two weeks."""
    stay = {"timeZone": "America/New_York", "fromDate": "2031-02-01", "untilDate": "2031-02-15"}
    await practice.done("setAway", {"therapistId": monday, **stay})
    assert await refused(practice, monday, "2031-02-03T09:00:00Z") == ["WORKING_HOURS"]
    assert await refused(practice, monday, "2031-02-03T14:00:00Z") == []
    assert await refused(practice, monday, "2031-02-17T09:00:00Z") == []


async def test_a_service_that_is_not_given_is_not_booked(practice: Practice, monday: int) -> None:
    await practice.done("changeTherapist", {"therapistId": monday, "services": ["consultation"]})
    assert await refused(practice, monday, "2031-01-06T10:00:00Z") == ["SERVICE_NOT_GIVEN"]
    await practice.done("changeTherapist", {"therapistId": monday, "services": []})
    assert await refused(practice, monday, "2031-01-06T10:00:00Z") == []


async def test_rules_take_as_many_statements_for_one_therapist_as_for_all(
    practice: Practice, monday: int
) -> None:
    """And say the same of each."""
    database = "sqlite" if practice.books.path else "postgres"
    asked: list[str] = []

    async def fetch(name: str, /, **values: Any) -> list[Any]:
        asked.append(name)
        statement = written(database)[name]
        return await practice.books.run(statement.sql, *statement.arguments(values))

    one = await load_rules(fetch, [monday, -1])
    for_one = len(asked)
    every = await load_rules(fetch, None)
    assert len(asked) == 2 * for_one == 12
    assert one == {monday: every[monday]}
    assert [(h.weekday, h.starts_minute, h.ends_minute) for h in one[monday].hours] == [(1, 540, 1020)]
    assert "one-off" in await load_services(fetch)
    assert isinstance(await load_closures(fetch), dict)


async def test_a_preview_is_not_for_an_account_that_is_shut_out(practice: Practice, monday: int) -> None:
    """Also where the answer holds nothing of the database's."""
    nobody = {"Authorization": f"Bearer {token_of(99, 'nobody')}"}
    document = f'{{ previewDiaryChange(therapistId: "{monday}", hours: []) {{ id }} }}'
    response = await practice.client.post("/graphql", json={"query": document}, headers=nobody)
    assert response.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_booking_in_the_very_moment_of_a_diarys_first_rules_obeys_them(
    diary_postgres: Books,
) -> None:
    """The one statement that books where there are no rules waits for whoever is about to make some."""
    therapist = await diary_postgres.therapist()
    desk = await asyncpg.connect(diary_postgres.url)
    async with started(diary_postgres.url) as client:
        practice = Practice(client, diary_postgres)
        async with desk.transaction():
            await desk.execute(
                "INSERT INTO working_hours (therapist_id, weekday, starts_minute, ends_minute) "
                f"VALUES ({therapist}, 1, 540, 600)"
            )
            await desk.execute("UPDATE rules_clock SET version = version + 1")
            await desk.execute(f"UPDATE therapist SET rules_version = 7 WHERE therapist_id = {therapist}")
            given = {"therapistId": therapist, "startsAt": "2026-12-01T10:00:00Z", "service": "one-off"}
            booking = asyncio.create_task(practice.do("bookAppointment", given))
            await until_waiting(diary_postgres, 1)
        payload = await booking
    await desk.close()
    assert [error["code"] for error in payload["errors"]] == ["RULE_REFUSED"]
    assert await diary_postgres.diary(therapist) == []
