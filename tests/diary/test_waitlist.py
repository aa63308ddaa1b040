"""Who is offered what has become free."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sessional.diary.ask import Ask
from sessional.diary.offers import reasons
from sessional.diary.rules import Busy, ServiceRules, TherapistRules, TimeOff, WorkingHours
from sessional.diary.values import Interval, Slot
from sessional.diary.waitlist import Diary, Entry, Practice, length_of, offer_for, opened, take, wishes

from .weeks import unhurried

HOUR = 3600
DAY = 24 * HOUR
MONDAY = 1_893_456_000 - 1_893_456_000 % DAY + 6 * DAY  # midnight UTC of Monday, 7 January 2030
NOW = MONDAY - 7 * DAY
EVERY_DAY = tuple(WorkingHours(weekday=d, starts_minute=540, ends_minute=1020) for d in range(1, 8))
SERVICE = ServiceRules(code="one-off", duration_seconds=HOUR)


def practice(**more: Any) -> Practice:
    """Therapist 1, who works from nine to five, UTC, and has an empty diary."""
    rules = TherapistRules(therapist_id=1, time_zone="UTC", hours=EVERY_DAY)
    diary = Diary(rules=rules, specialisms=frozenset({"CBT"}), busy=[])
    given = {"now": NOW, "services": {"one-off": SERVICE}, "closures": {}, "diaries": {1: diary}}
    return Practice(**{**given, **more})


def entry(**more: Any) -> Entry:
    given = {"entry_id": 1, "client_id": 1, "service_code": "one-off", "from_at": NOW}
    return Entry(**{**given, "until_at": NOW + 30 * DAY, **more})


def slot(starts_at: int = MONDAY + 10 * HOUR, length: int = HOUR) -> Slot:
    return Slot(therapist_id=1, starts_at=starts_at, ends_at=starts_at + length)


def offered(who: Entry, at: Practice | None = None, free: Slot | None = None) -> int | None:
    """When what is offered starts."""
    found = offer_for(who, [free or slot()], at or practice(), DAY)
    return None if found is None else found.slot.starts_at


def test_monday_is_a_monday() -> None:
    assert MONDAY // DAY % 7 == 4


def test_what_has_become_free_is_offered_from_its_beginning() -> None:
    assert offered(entry()) == MONDAY + 10 * HOUR


def test_an_entry_is_offered_only_what_it_asks_for() -> None:
    ten = MONDAY + 10 * HOUR
    assert offered(entry(therapist_ids=frozenset({2}))) is None
    assert offered(entry(therapist_ids=frozenset({1, 2}))) == ten
    assert offered(entry(specialisms=frozenset({"Grief"}))) is None
    assert offered(entry(specialisms=frozenset({"Grief", "CBT"}))) == ten
    assert offered(entry(from_at=ten + HOUR)) is None
    assert offered(entry(until_at=ten)) is None
    assert offered(entry(until_at=ten + 1)) == ten
    assert offered(entry(weekdays=frozenset({2}))) is None
    assert offered(entry(weekdays=frozenset({1, 2}))) == ten
    assert offered(entry(from_minute=601, until_minute=660)) == ten + 900
    assert offered(entry(from_minute=660, until_minute=700)) is None
    assert offered(entry(from_minute=600, until_minute=601, time_zone="Europe/Paris")) is None
    assert offered(entry(from_minute=660, until_minute=661, time_zone="Europe/Paris")) == ten


def test_what_overlaps_something_declined_is_not_offered_and_its_neighbour_is() -> None:
    who = entry(declined=frozenset({slot()}))
    assert offered(who) is None
    assert offered(who, free=slot(MONDAY + 10 * HOUR, 2 * HOUR)) == MONDAY + 11 * HOUR
    elsewhere = entry(declined=frozenset({Slot(therapist_id=2, starts_at=0, ends_at=MONDAY + DAY)}))
    assert offered(elsewhere) == MONDAY + 10 * HOUR


def test_a_client_who_has_a_session_then_is_passed_over() -> None:
    ten = MONDAY + 10 * HOUR
    busy = {1: [Interval(starts_at=ten + 1800, ends_at=ten + 5400)]}
    assert offered(entry(), practice(clients=busy)) is None
    assert offered(entry(client_id=2), practice(clients=busy)) == ten


def test_a_service_that_needs_a_room_is_offered_where_one_is_free() -> None:
    roomy = {"one-off": ServiceRules(code="one-off", duration_seconds=HOUR, needs_room=True)}
    ten = Interval(starts_at=MONDAY + 10 * HOUR, ends_at=MONDAY + 11 * HOUR)
    assert offered(entry(), practice(services=roomy)) is None
    assert offered(entry(), practice(services=roomy, rooms={1: [ten]})) is None
    found = offer_for(entry(), [slot()], practice(services=roomy, rooms={1: [ten], 2: []}), DAY)
    assert found is not None
    assert found.room_id == 2


def test_an_offer_ends_when_the_notice_of_the_service_begins_and_one_that_could_not_begin_is_none() -> None:
    noticed = ServiceRules(code="one-off", duration_seconds=HOUR, notice_seconds=2 * HOUR)
    services = {"one-off": noticed}
    soon = MONDAY + 7 * HOUR
    found = offer_for(entry(), [slot()], practice(now=soon, services=services), DAY)
    assert found is not None
    assert found.offered_until == soon + HOUR
    late = practice(now=MONDAY + 8 * HOUR, services=services)
    assert offered(entry(), late) == MONDAY + 10 * HOUR + 900
    plain = offer_for(entry(), [slot()], practice(), DAY)
    assert plain is not None
    assert plain.offered_until == NOW + DAY


def test_what_one_is_offered_is_in_the_way_of_the_next() -> None:
    here, two_hours = practice(), [slot(MONDAY + 10 * HOUR, 2 * HOUR)]
    starts = []
    for number in range(3):
        found = offer_for(entry(entry_id=number), two_hours, here, DAY)
        if found is not None:
            take(found, here)
            starts.append(found.slot.starts_at)
    # The third could begin within the free time only by going on after it.
    assert starts[:2] == [MONDAY + 10 * HOUR, MONDAY + 11 * HOUR]
    assert len(starts) == 2


def test_of_several_free_times_only_they_are_offered_the_earliest_first_and_nothing_between_them() -> None:
    free = [slot(MONDAY + DAY + 10 * HOUR), slot(), slot(MONDAY + 2 * DAY + 10 * HOUR)]
    here, starts = practice(), []
    for number in range(4):
        if (found := offer_for(entry(entry_id=number), free, here, DAY)) is not None:
            take(found, here)
            starts.append(found.slot.starts_at)
    assert starts == [MONDAY + 10 * HOUR, MONDAY + DAY + 10 * HOUR, MONDAY + 2 * DAY + 10 * HOUR]
    wednesday = entry(weekdays=frozenset({3}), from_minute=600, until_minute=1020)
    found = offer_for(wednesday, free, practice(), DAY)
    assert found is not None
    assert found.slot.starts_at == MONDAY + 2 * DAY + 10 * HOUR


def test_hours_that_are_added_open_what_they_add_and_no_holiday() -> None:
    before = practice().diaries[1].rules
    longer = tuple(replace(hours, ends_minute=1080) for hours in EVERY_DAY)
    closed = {date(2030, 1, 8): "A holiday"}
    found = opened(
        before, replace(before, hours=longer), closed, Interval(starts_at=MONDAY, ends_at=MONDAY + 3 * DAY)
    )
    spans = [(span.starts_at, span.ends_at) for span in found]
    assert spans == [(MONDAY + n * DAY + 17 * HOUR, MONDAY + n * DAY + 18 * HOUR) for n in (0, 2)]
    assert (
        opened(replace(before, hours=longer), before, {}, Interval(starts_at=MONDAY, ends_at=MONDAY + DAY))
        == []
    )


SPANS = st.builds(
    lambda start, length: (MONDAY + 900 * start, 900 * length), st.integers(0, 95), st.integers(1, 16)
)


@unhurried
@given(
    free=SPANS,
    busy=st.lists(SPANS, max_size=4),
    off=st.lists(SPANS, max_size=1),
    minutes=st.sampled_from([(None, None), (0, 600), (600, 900)]),
    cap=st.sampled_from([None, 0, 1, 3]),
    ahead=st.integers(-1, 7),
)
def test_whatever_is_offered_the_rules_have_nothing_against_and_the_entry_wants(
    free: tuple[int, int],
    busy: list[tuple[int, int]],
    off: list[tuple[int, int]],
    minutes: tuple[int | None, int | None],
    cap: int | None,
    ahead: int,
) -> None:
    """Scenario 18: the waitlist offers what the search would offer."""
    rules = TherapistRules(
        therapist_id=1,
        time_zone="Europe/London",
        hours=EVERY_DAY,
        time_off=tuple(TimeOff(starts_at=at, ends_at=at + length) for at, length in off),
        max_per_day=cap,
    )
    taken = [Busy(starts_at=at, ends_at=at + length) for at, length in busy]
    now = MONDAY - ahead * DAY
    here = practice(now=now, diaries={1: Diary(rules=rules, specialisms=frozenset(), busy=taken)})
    who = entry(from_minute=minutes[0], until_minute=minutes[1])
    found = offer_for(who, [slot(*free)], here, DAY)
    ask = Ask(service=SERVICE, duration_seconds=length_of(who, SERVICE), account_id=None, now=now)
    if found is not None:
        start = found.slot.starts_at
        assert reasons(rules, {}, ask, start, taken) == []
        assert free[0] <= start < free[0] + free[1]
        assert all(fit(rules, start) for fit in wishes(who))
        assert now < found.offered_until <= start
        return
    for start in range(free[0], free[0] + free[1], 900):
        wanted = all(fit(rules, start) for fit in wishes(who)) and start > now
        assert (
            not wanted or not who.from_at <= start < who.until_at or reasons(rules, {}, ask, start, taken)
        )
