"""What clients are told when something becomes of their sessions: in one mail, each time."""

from __future__ import annotations

from typing import Any

from tests.booking.in_process import started
from tests.diary_api.conftest import Practice
from tests.diary_api.test_life import HOUR, TEN, at
from tests.outbox.conftest import Office
from tests.outbox.mailbox import calendar, entries, subject, text

WEEK = 7 * 24 * HOUR


def wish(therapist: int, starts_at: int = TEN, **more: Any) -> dict[str, Any]:
    given = {"therapistId": therapist, "startsAt": at(starts_at), "durationSeconds": HOUR}
    return {**given, "service": "one-off", **more}


async def booked(practice: Practice, therapist: int, *clients: str, **more: Any) -> str:
    given = wish(therapist, **{"clientIds": list(clients), **more})
    payload = await practice.done("bookAppointment", given, "appointment { appointmentId }")
    return str(payload["appointment"]["appointmentId"])


async def test_a_booking_is_told_with_time_zone_therapist_and_a_calendar_entry(
    office: Office, therapist: int
) -> None:
    number = await booked(office, therapist, await office.person("Ana"))
    (mail,) = await office.box.until(1)
    assert subject(mail) == "Your appointment on Wednesday 29 January 2031"
    said = "Wednesday 29 January 2031, 10:00 to 11:00 (Europe/London, UTC+00:00)\n    with jo jones"
    assert said in text(mail)
    assert "Hello Ana" in text(mail)
    uid = f"appointment-{number}@practice.example"
    assert entries(mail) == [(uid, 1, at(TEN), "CONFIRMED")]
    assert str(calendar(mail)["METHOD"]) == "REQUEST"
    assert mail["From"].addresses[0].addr_spec == "desk@practice.example"
    await office.settled()
    assert await office.outcomes() == [("BOOKED", "SENT", 1, None)]


async def test_a_retry_with_the_same_key_gives_the_same_session_and_one_mail(
    office: Office, therapist: int
) -> None:
    """Scenario 21."""
    client = await office.person()
    first = await booked(office, therapist, client, idempotencyKey="once")
    assert await booked(office, therapist, client, idempotencyKey="once") == first
    await office.settled()
    assert len(office.box.mails) == 1


async def test_a_refused_booking_tells_nobody(office: Office, therapist: int) -> None:
    """The notice stands or falls with the change that it tells of."""
    client = await office.person()
    await booked(office, therapist, client)
    other = await office.person()
    given = wish(therapist, TEN + HOUR, clientIds=[other, client], service="one-off")
    assert (await office.do("bookAppointment", given))["errors"] != []
    await office.settled()
    assert len(office.box.mails) == 1


async def test_move_and_cancel_change_the_entry_that_the_calendar_has(
    office: Office, therapist: int
) -> None:
    number = await booked(office, therapist, await office.person())
    await office.box.until(1)
    move = {"appointmentId": number, "startsAt": at(TEN + 24 * HOUR)}
    await office.done("rescheduleAppointment", move)
    _, moved = await office.box.until(2)
    assert subject(moved) == "Your appointment is moved to Thursday 30 January 2031"
    assert "on Wednesday 29 January 2031, 10:00 (Europe/London, UTC+00:00) is moved" in text(moved)
    await office.done("cancelAppointment", {"appointmentId": number, "by": "PRACTICE", "reason": "ill"})
    mails = await office.box.until(3)
    uid = f"appointment-{number}@practice.example"
    assert [entries(mail) for mail in mails] == [
        [(uid, 1, at(TEN), "CONFIRMED")],
        [(uid, 2, at(TEN + 24 * HOUR), "CONFIRMED")],
        [(uid, 3, at(TEN + 24 * HOUR), "CANCELLED")],
    ]
    assert [str(calendar(mail)["METHOD"]) for mail in mails] == ["REQUEST", "REQUEST", "CANCEL"]
    assert "ill" not in text(mails[2]).split()


async def test_a_session_that_is_handed_over_names_the_new_therapist(
    office: Office, therapist: int
) -> None:
    number = await booked(office, therapist, await office.person())
    await office.box.until(1)
    other = await office.books.value(
        "INSERT INTO therapist (first_name, last_name, search_name, time_zone) "
        "VALUES ('kim', 'king', 'kim king', 'Europe/London') RETURNING therapist_id"
    )
    await office.done("reassignAppointment", {"appointmentId": number, "therapistId": str(other)})
    _, mail = await office.box.until(2)
    assert "with kim king" in text(mail)
    assert entries(mail)[0][1] == 2


async def test_a_series_is_told_in_one_mail_and_so_are_its_move_and_its_end(
    office: Office, therapist: int
) -> None:
    given = wish(therapist, clientIds=[await office.person()], pattern={"every": "WEEKLY", "count": 10})
    payload = await office.done("bookSeries", given, "appointments { appointmentId }")
    (mail,) = await office.box.until(1)
    assert subject(mail) == "Your 10 appointments from Wednesday 29 January 2031 on"
    numbers = [one["appointmentId"] for one in payload["appointments"]]
    assert [entry[0] for entry in entries(mail)] == [f"appointment-{n}@practice.example" for n in numbers]
    # Scenario 5, as the client reads it: the wall time is kept when the clocks change.
    assert text(mail).count("10:00 to 11:00 (Europe/London, UTC+00:00)") == 9
    assert "Wednesday 2 April 2031, 10:00 to 11:00 (Europe/London, UTC+01:00)" in text(mail)
    assert str(calendar(mail)["METHOD"]) == "PUBLISH"
    rest = {"appointmentId": numbers[4], "following": True}
    await office.done("rescheduleSeries", {**rest, "startsAt": at(TEN + 4 * WEEK + HOUR)})
    _, moved = await office.box.until(2)
    assert subject(moved) == "Your 6 appointments from Wednesday 26 February 2031 on are moved"
    assert entries(moved)[0][1:3] == (2, at(TEN + 4 * WEEK + HOUR))
    await office.done("cancelSeries", {**rest, "by": "CLIENT"})
    *_, ended = await office.box.until(3)
    assert [(uid, status) for uid, _, _, status in entries(ended)] == [
        (f"appointment-{n}@practice.example", "CANCELLED") for n in numbers[4:]
    ]
    await office.settled()
    assert len(office.box.mails) == 3


async def test_a_request_is_told_when_it_is_answered(office: Office, therapist: int) -> None:
    numbers = []
    for starts_at in (TEN, TEN + WEEK):
        given = wish(therapist, starts_at, clientIds=[await office.person()])
        payload = await office.done("requestAppointment", given, "appointment { appointmentId }")
        numbers.append(payload["appointment"]["appointmentId"])
    await office.done("rescheduleAppointment", {"appointmentId": numbers[0], "startsAt": at(TEN + HOUR)})
    await office.done("confirmAppointment", {"appointmentId": numbers[0]})
    await office.done("declineAppointment", {"appointmentId": numbers[1]})
    mails = await office.box.until(2)
    assert [subject(mail) for mail in mails] == [
        "Your appointment on Wednesday 29 January 2031",
        "Your request for Wednesday 5 February 2031",
    ]


async def test_only_who_joins_a_group_is_told_of_it_and_all_of_its_end(
    office: Office, therapist: int
) -> None:
    service = {"code": "group", "name": "Group", "durationSeconds": HOUR, "capacity": 3}
    await office.done("addService", service)
    first = await booked(office, therapist, await office.person("Ana"), service="group")
    await office.box.until(1)
    assert await booked(office, therapist, await office.person("Ben"), service="group") == first
    _, second = await office.box.until(2)
    assert "Hello Ben" in text(second)
    await office.done("cancelAppointment", {"appointmentId": first, "by": "PRACTICE"})
    ends = (await office.box.until(4))[2:]
    assert {text(mail).split(",")[0] for mail in ends} == {"Hello Ana", "Hello Ben"}


async def test_who_has_no_address_and_what_is_over_are_not_written_about(
    office: Office, therapist: int
) -> None:
    await booked(office, therapist, await office.person(email=None))
    await booked(office, therapist, await office.person(), startsAt=at(office.clock.now - 2 * HOUR))
    assert await office.outcomes() == []


async def test_a_notice_that_a_later_one_has_overtaken_before_it_left_is_not_sent(
    office: Office, therapist: int
) -> None:
    office.box.answers = ["451 not now"]
    number = await booked(office, therapist, await office.person())
    await office.until("SELECT count(*) = 1 FROM outbox WHERE outcome IS NOT NULL")
    move = {"appointmentId": number, "startsAt": at(TEN + HOUR)}
    await office.done("rescheduleAppointment", move)
    await office.box.until(1)
    office.clock.now += 60
    await office.settled()
    assert [row[:2] for row in await office.outcomes()] == [("BOOKED", "DROPPED"), ("MOVED", "SENT")]


async def test_without_a_mail_server_nothing_is_written_for_later(office: Office, therapist: int) -> None:
    """Turning mail on tells nobody old news."""
    client = await office.person()
    async with started(office.books.url) as quiet:
        quiet.headers["Authorization"] = office.client.headers["Authorization"]
        number = await booked(Practice(quiet, office.books), therapist, client)
    assert await office.outcomes() == []
    assert int(number) > 0
