"""What clients are told of offers from the waitlist: that there is one and until when, and that it has
run out."""

from __future__ import annotations

from typing import Any

from tests.booking.in_process import started
from tests.diary_api.test_life import HOUR, TEN, at
from tests.outbox.conftest import Office
from tests.outbox.mailbox import SENDER, subject, text
from tests.outbox.test_notices import booked

DAY = 24 * HOUR


async def waits(office: Office, therapist: int, client: str) -> str:
    """The number of a new entry for an hour with this therapist."""
    await office.books.run("UPDATE service SET horizon_days = 4000")
    await office.books.run("UPDATE rules_clock SET version = version + 1")
    given = {"clientId": client, "service": "one-off", "therapistIds": [str(therapist)]}
    span = {"from": at(TEN - DAY), "until": at(TEN + DAY), "durationSeconds": 3000}
    done = await office.done("joinWaitlist", {**given, **span}, "entry { waitlistEntryId }")
    number: str = done["entry"]["waitlistEntryId"]
    return number


async def freed(office: Office, therapist: int) -> None:
    """A session without clients is cancelled."""
    number = await booked(office, therapist, durationSeconds=3000)
    await office.done("cancelAppointment", {"appointmentId": number, "by": "PRACTICE"})


async def ends_at(office: Office, number: str) -> int:
    rows = await office.books.run(
        "SELECT offered_until FROM waitlist_entry WHERE waitlist_entry_id = $1", int(number)
    )
    return int(rows[0][0])


async def test_an_offer_is_told_with_its_end_in_the_clients_zone_and_no_calendar_entry(
    office: Office, therapist: int
) -> None:
    """Scenario 7, for an offer."""
    office.clock.now = TEN - 30 * DAY  # 2030-12-30T10:00:00Z
    number = await waits(office, therapist, await office.person("Ana", "America/Los_Angeles"))
    await freed(office, therapist)
    (mail,) = await office.box.until(1)
    assert await ends_at(office, number) == TEN - 29 * DAY
    assert subject(mail) == "A time for you on Wednesday 29 January 2031"
    assert "Hello Ana" in text(mail)
    assert "Tuesday 31 December 2030, 02:00 (America/Los_Angeles, UTC-08:00)" in text(mail)
    there = "Wednesday 29 January 2031, 02:00 to 02:50 (America/Los_Angeles, UTC-08:00)"
    assert f"{there}\n    with jo jones" in text(mail)
    assert [part.get_content_type() for part in mail.walk()] == ["text/plain"]


async def test_an_offer_that_runs_out_is_told_and_so_is_the_next_in_turn(
    office: Office, therapist: int
) -> None:
    ana, ben = await office.person("Ana"), await office.person("Ben")
    first, second = await waits(office, therapist, ana), await waits(office, therapist, ben)
    await freed(office, therapist)
    await office.box.until(1)
    office.clock.now += DAY
    # An application that starts looks at once for what has run out.
    settings = {"smtp_url": office.box.url, "mail_from": SENDER}
    async with started(office.books.url, **settings):
        await office.until(
            f"SELECT status = 'WAITING' FROM waitlist_entry WHERE waitlist_entry_id = {first}"
        )
    assert await ends_at(office, second) == office.clock.now + DAY
    mails = (await office.box.until(3))[1:]
    told = {text(mail).split(",")[0]: subject(mail) for mail in mails}
    assert told == {
        "Hello Ana": "The time for you on Wednesday 29 January 2031",
        "Hello Ben": "A time for you on Wednesday 29 January 2031",
    }
    lapsed = next(mail for mail in mails if "Hello Ana" in text(mail))
    assert "not kept for you any longer" in text(lapsed)
    assert [part.get_content_type() for part in lapsed.walk()] == ["text/plain"]


async def test_an_offer_that_is_gone_before_its_mail_left_is_not_told(
    office: Office, therapist: int
) -> None:
    """Declined over the telephone, while the mail server was away: the time is another's by now."""
    office.box.answers = ["451 not now"]
    number = await waits(office, therapist, await office.person())
    await freed(office, therapist)
    await office.until("SELECT count(*) = 1 FROM outbox WHERE outcome IS NOT NULL")
    await office.done("declineOffer", {"waitlistEntryId": number})
    office.clock.now += 60
    await office.settled()
    assert [row[:2] for row in await office.outcomes()] == [("OFFERED", "DROPPED")]


async def test_who_accepts_is_told_of_the_session_and_who_has_no_address_of_nothing(
    office: Office, therapist: int
) -> None:
    silent = await waits(office, therapist, await office.person(email=None))
    await freed(office, therapist)
    assert await office.outcomes() == []
    await office.done("declineOffer", {"waitlistEntryId": silent})
    number = await waits(office, therapist, await office.person("Ben"))
    await freed(office, therapist)
    await office.box.until(1)
    await office.done("acceptOffer", {"waitlistEntryId": number})
    _, mail = await office.box.until(2)
    assert subject(mail) == "Your appointment on Wednesday 29 January 2031"
    await office.settled()
    assert len(office.box.mails) == 2


async def test_a_mail_about_an_offer_never_names_the_service(office: Office, therapist: int) -> None:
    service: dict[str, Any] = {"code": "grief", "name": "Grief counselling", "durationSeconds": HOUR}
    await office.done("addService", {**service, "horizonDays": 3660})
    who = {"clientId": await office.person(), "service": "grief", "therapistIds": [str(therapist)]}
    await office.done("joinWaitlist", {**who, "from": at(TEN - DAY), "until": at(TEN + DAY)})
    await freed(office, therapist)
    (mail,) = await office.box.until(1)
    assert "grief" not in mail.as_string().lower()
