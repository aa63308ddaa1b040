"""Reminders go out a day before, for the time that the session has, and never late."""

from __future__ import annotations

from sessional.diary.life import Status
from sessional.diary.reminders import falling_due, still_right
from sessional.diary.values import Interval
from tests.diary_api.test_life import at
from tests.outbox.conftest import Office
from tests.outbox.mailbox import entries, subject
from tests.outbox.test_notices import booked

HOUR = 3600
DAY = 24 * HOUR


async def reminders(office: Office) -> list[list[tuple[str, int, str, str]]]:
    """The entries of the reminders that arrived, once all that is due has been sent."""
    await office.reminded()
    return [entries(mail) for mail in office.box.mails if subject(mail).startswith("Reminder")]


async def test_a_client_is_reminded_once_a_day_before_the_session(office: Office, therapist: int) -> None:
    await office.reminded()
    start = office.clock.now + 3 * DAY
    number = await booked(office, therapist, await office.person(), startsAt=at(start))
    office.clock.now = start - DAY - 60
    assert await reminders(office) == []
    office.clock.now = start - DAY + 60
    expected = [[(f"appointment-{number}@practice.example", 1, at(start), "CONFIRMED")]]
    assert await reminders(office) == expected
    office.clock.now += 2 * HOUR
    assert await reminders(office) == expected


async def test_a_session_that_was_moved_is_reminded_of_at_its_new_time_alone(
    office: Office, therapist: int
) -> None:
    """Scenario 42."""
    await office.reminded()
    start = office.clock.now + 3 * DAY
    number = await booked(office, therapist, await office.person(), startsAt=at(start))
    later = start + 2 * DAY
    await office.done("rescheduleAppointment", {"appointmentId": number, "startsAt": at(later)})
    office.clock.now = start - DAY + 60
    assert await reminders(office) == []
    office.clock.now = later - DAY + 60
    assert [found[0][1:3] for found in await reminders(office)] == [(2, at(later))]


async def test_a_session_that_is_moved_or_cancelled_while_its_reminder_waits_is_not_reminded_of(
    office: Office, therapist: int
) -> None:
    """Scenario 42: the reminder is written already, and the mail server is away."""
    await office.reminded()
    start = office.clock.now + 3 * DAY
    moved = await booked(office, therapist, await office.person(), startsAt=at(start))
    cancelled = await booked(office, therapist, await office.person(), startsAt=at(start + HOUR))
    await office.box.until(2)
    office.box.answers = ["451 later", "451 later"]
    office.clock.now = start - DAY + HOUR + 30
    await office.until("SELECT count(*) = 2 FROM outbox WHERE kind = 'REMINDER' AND outcome IS NOT NULL")
    await office.done("rescheduleAppointment", {"appointmentId": moved, "startsAt": at(start + 2 * DAY)})
    await office.done("cancelAppointment", {"appointmentId": cancelled, "by": "CLIENT"})
    office.clock.now += 60
    assert await reminders(office) == []
    ends = [row[1:] for row in await office.outcomes() if row[0] == "REMINDER"]
    assert ends == [("DROPPED", 2, "NOT_TRUE_ANY_MORE")] * 2


async def test_who_books_with_less_than_the_lead_left_is_not_reminded(
    office: Office, therapist: int
) -> None:
    """Scenario 43: also while the sender has not looked for a while."""
    await office.reminded()
    office.clock.now += HOUR
    start = office.clock.now + DAY - 60
    number = await booked(office, therapist, await office.person(), startsAt=at(start))
    assert await reminders(office) == []
    soon = {"appointmentId": number, "startsAt": at(office.clock.now + 2 * HOUR)}
    await office.done("rescheduleAppointment", soon)
    office.clock.now += 30
    assert await reminders(office) == []


# ---- the decision -------------------------------------------------------------------------------


def test_a_lead_that_is_new_reminds_of_nothing_that_has_it_behind_already() -> None:
    """Scenario 43."""
    assert falling_due(None, 1_000_000, DAY) is None


def test_starts_are_taken_in_order_each_once() -> None:
    now = 1_000_000
    first = falling_due(now + DAY - 15, now, DAY)
    assert first == Interval(starts_at=now + DAY - 15, ends_at=now + DAY)
    assert falling_due(first.ends_at, now, DAY) is None
    assert falling_due(first.ends_at, now + 15, DAY) == Interval(
        starts_at=now + DAY, ends_at=now + DAY + 15
    )


def test_after_a_long_silence_only_those_are_reminded_whose_lead_is_nearly_whole() -> None:
    """Scenario 43."""
    now = 1_000_000
    found = falling_due(now - 5 * DAY, now, DAY)
    assert found == Interval(starts_at=now + DAY - 6 * HOUR, ends_at=now + DAY)


def test_a_reminder_is_right_for_its_own_time_while_the_session_stands_and_is_not_too_near() -> None:
    """Scenarios 42, 43."""
    start = 10_000_000

    def right(starts_at: int = start, status: str = Status.BOOKED, now: int = start - DAY) -> bool:
        return still_right(start, DAY, starts_at=starts_at, status=status, now=now)

    assert right()
    assert right(now=start - DAY + 6 * HOUR)
    assert not right(now=start - DAY + 6 * HOUR + 1)
    assert not right(starts_at=start + 1)
    assert not right(status=Status.CANCELLED)
    assert not right(status=Status.PENDING)
