"""What a mail says, and to whom: the reader's own date, the zone by name, and nothing that is private."""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
import pytest

from sessional.diary.readers import date_of, span_of
from sessional.diary.values import Interval
from sessional.keyring import Keyring
from sessional.outbox import letters
from sessional.outbox.letters import Notice, Told
from sessional.outbox.mail import Unwritable, message
from tests.booking.books import Books
from tests.diary_api.test_life import HOUR, TEN, at
from tests.outbox.conftest import Office
from tests.outbox.mailbox import SENDER, entries, subject, text
from tests.outbox.test_notices import booked
from tests.support.server import SECRET


async def auckland(books: Books) -> int:
    number: int = await books.value(
        "INSERT INTO therapist (first_name, last_name, search_name, time_zone) "
        "VALUES ('aroha', 'ngata', 'aroha ngata', 'Pacific/Auckland') RETURNING therapist_id"
    )
    return number


async def test_a_client_who_is_a_day_behind_the_therapist_reads_their_own_date_and_weekday(
    office: Office,
) -> None:
    """Scenario 7: 09:00 on Thursday in Auckland is 12:00 on Wednesday in Los Angeles."""
    therapist = await auckland(office.books)
    start = TEN + 10 * HOUR  # 2031-01-29T20:00:00Z
    client = await office.person("Ana", "America/Los_Angeles")
    await booked(office, therapist, client, startsAt=at(start))
    (mail,) = await office.box.until(1)
    assert subject(mail) == "Your appointment on Wednesday 29 January 2031"
    expected = "Wednesday 29 January 2031, 12:00 to 13:00 (America/Los_Angeles, UTC-08:00)"
    assert expected in text(mail)
    assert entries(mail)[0][2] == at(start)
    # The same session as its therapist reads it.
    span = Interval(starts_at=start, ends_at=start + HOUR)
    there = "Thursday 30 January 2031, 09:00 to 10:00 (Pacific/Auckland, UTC+13:00)"
    assert span_of(span, "Pacific/Auckland") == there


async def test_a_client_without_a_zone_reads_the_therapists_which_is_named(office: Office) -> None:
    """Scenario 7."""
    therapist = await auckland(office.books)
    await booked(office, therapist, await office.person(), startsAt=at(TEN + 10 * HOUR))
    (mail,) = await office.box.until(1)
    assert "Thursday 30 January 2031, 09:00 to 10:00 (Pacific/Auckland, UTC+13:00)" in text(mail)


def test_a_session_across_the_readers_midnight_names_both_days() -> None:
    """Scenario 13, as it is read."""
    span = Interval(starts_at=TEN + 13 * HOUR + 1800, ends_at=TEN + 14 * HOUR + 1800)
    assert span_of(span, "Europe/London") == (
        "Wednesday 29 January 2031, 23:30 to Thursday 30 January 2031, 00:30 (Europe/London, UTC+00:00)"
    )
    assert date_of(span.ends_at, "Asia/Kathmandu") == "Thursday 30 January 2031"


async def test_a_mail_never_names_the_service(office: Office, therapist: int) -> None:
    """Strangers see subjects on locked screens."""
    service = {"code": "grief", "name": "Grief counselling", "durationSeconds": HOUR}
    await office.done("addService", service)
    await booked(office, therapist, await office.person(), service="grief")
    (mail,) = await office.box.until(1)
    assert "grief" not in mail.as_string().lower()


def notice(**changes: Any) -> Notice:
    span = Interval(starts_at=TEN, ends_at=TEN + HOUR)
    return Notice(
        **{
            "outbox_id": 7,
            "kind": "BOOKED",
            "sessions": [Told(appointment_id=3, version=1, span=span)],
            "was_starts_at": None,
            "lead_seconds": 0,
            "created_at": TEN - 9 * HOUR,
            "email": "ana@example.org",
            "client_name": "Ana",
            "zone": "Europe/London",
            "therapist_name": "jo jones",
            "therapist_zone": "Europe/London",
            "starts_at": TEN,
            "status": "BOOKED",
            "takes_part": True,
            "has_later": False,
            "offered_until": None,
            **changes,
        }
    )


def test_a_mail_about_clocks_names_the_zone_that_the_session_keeps_and_else_the_therapists() -> None:
    span = Interval(starts_at=TEN, ends_at=TEN + HOUR)
    row = [3, 2, span.starts_at, span.ends_at]
    letter = ["ana@example.org", "Ana", "Europe/Paris", "jo", "jones", "America/New_York"]
    now = [TEN, "BOOKED", True, False, None]
    for told, named in (([*row, "Europe/Lisbon"], "Europe/Lisbon"), (row, "America/New_York")):
        columns = ["CLOCKS_CHANGED", orjson.dumps([told]), None, 0, TEN - 9 * HOUR, *letter, *now]
        said = letters.text(letters.notice_of(7, columns, Keyring([SECRET])))
        assert f"The rules for the clocks in {named} have changed." in said
        assert "11:00 to 12:00 (Europe/Paris, UTC+01:00)" in said


def test_the_same_notice_has_the_same_message_id_at_every_attempt_and_others_have_others() -> None:
    first, again = (message(notice(), SENDER)["Message-ID"] for _ in range(2))
    assert first == again
    assert first.endswith("@practice.example>")
    assert message(notice(outbox_id=8), SENDER)["Message-ID"] != first


@pytest.mark.parametrize("name", ["Ana\r\nBcc: all@example.org", 'Ana "A" <x>, you', "Ána ☂", "a,b;c:d"])
def test_whatever_a_client_is_called_the_mail_goes_to_one_address(name: str) -> None:
    mail = message(notice(client_name=name), SENDER)
    lines = bytes(mail).split(b"\n\n")[0]
    assert b"\nBcc" not in lines
    assert [address.addr_spec for address in mail["To"].addresses] == ["ana@example.org"]


@pytest.mark.parametrize("email", ["nobody", "a@b\r\nBcc: all@example.org", "a@b, c@d", "@", "a b@c"])
def test_what_is_no_address_is_never_written_to(email: str) -> None:
    with pytest.raises(Unwritable) as raised:
        message(notice(email=email), SENDER)
    assert email not in str(raised.value)


async def test_an_address_that_cannot_be_is_given_up_at_once_and_seen(
    office: Office, therapist: int
) -> None:
    await booked(office, therapist, await office.person(email="nobody,x@example.org"))
    await asyncio.wait_for(office.settled(), 20)
    ((kind, status, attempts, outcome),) = await office.outcomes()
    assert (kind, status, attempts) == ("BOOKED", "DEAD", 1)
    assert "nobody" not in outcome
