"""Who is offered what has become free."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from sessional.diary.ask import Ask
from sessional.diary.freed import Freed, opened
from sessional.diary.offers import reasons
from sessional.diary.rules import Busy, ServiceRules, TherapistRules, TimeOff, WorkingHours
from sessional.diary.values import Interval, Slot
from sessional.diary.waitlist import (
    Diary,
    Entry,
    Practice,
    length_of,
    offer_for,
    take,
    wishes,
)

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


def freed(starts_at: int = MONDAY + 10 * HOUR, length: int = HOUR, number: int = 7) -> Freed:
    return Freed(therapist_id=1, starts_at=starts_at, ends_at=starts_at + length, appointment_id=number)


def offered(who: Entry, at: Practice | None = None, free: Freed | None = None) -> int | None:
    """When what is offered starts."""
    found = offer_for(who, [free or freed()], at or practice(), DAY)
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
    assert offered(entry(until_at=ten - 2700)) is None
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
    assert offered(who, free=freed(MONDAY + 10 * HOUR, 2 * HOUR)) == MONDAY + 11 * HOUR
    elsewhere = entry(declined=frozenset({Slot(therapist_id=2, starts_at=0, ends_at=MONDAY + DAY)}))
    assert offered(elsewhere) == MONDAY + 10 * HOUR


def test_a_client_who_has_a_session_then_is_passed_over() -> None:
    ten = MONDAY + 10 * HOUR
    busy = {1: [Interval(starts_at=ten + 1800, ends_at=ten + 5400)]}
    late = entry(from_at=ten)
    assert offered(late, practice(clients=busy)) is None
    assert offered(entry(client_id=2), practice(clients=busy)) == ten


def test_a_service_that_needs_a_room_is_offered_where_one_is_free() -> None:
    roomy = {"one-off": ServiceRules(code="one-off", duration_seconds=HOUR, needs_room=True)}
    ten = Interval(starts_at=MONDAY + 10 * HOUR, ends_at=MONDAY + 11 * HOUR)
    assert offered(entry(), practice(services=roomy)) is None
    assert offered(entry(), practice(services=roomy, rooms={1: [ten]})) is None
    found = offer_for(entry(), [freed()], practice(services=roomy, rooms={1: [ten], 2: []}), DAY)
    assert found is not None
    assert found.room_id == 2


def test_an_offer_ends_when_the_notice_of_the_service_begins_and_one_that_could_not_begin_is_none() -> None:
    noticed = ServiceRules(code="one-off", duration_seconds=HOUR, notice_seconds=2 * HOUR)
    services = {"one-off": noticed}
    soon = MONDAY + 7 * HOUR
    found = offer_for(entry(), [freed()], practice(now=soon, services=services), DAY)
    assert found is not None
    assert found.offered_until == soon + HOUR
    late = practice(now=MONDAY + 8 * HOUR, services=services)
    assert offered(entry(), late) == MONDAY + 10 * HOUR + 900
    plain = offer_for(entry(), [freed()], practice(), DAY)
    assert plain is not None
    assert plain.offered_until == NOW + DAY


def test_what_one_is_offered_is_in_the_way_of_the_next() -> None:
    here, two_hours = practice(), [freed(MONDAY + 10 * HOUR, 2 * HOUR)]
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
    days = (1, 0, 2)
    free = [freed(MONDAY + n * DAY + 10 * HOUR, number=7 + n) for n in days]
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


def test_what_only_needs_a_part_of_it_is_offered_after_what_begins_in_it() -> None:
    """An hour between nine and eleven, of which a quarter was in the way."""
    here = practice()
    nine = MONDAY + 9 * HOUR
    here.diaries[1].busy.append(Busy(starts_at=nine + 2 * HOUR, ends_at=nine + 8 * HOUR))
    quarter = freed(nine + HOUR + 1800, 900)
    assert offered(entry(), here, quarter) == nine + 2700
    assert offered(entry(until_at=nine + 2700), here, quarter) is None
    assert offered(entry(), here, freed(nine + HOUR, 900)) == nine + HOUR


def test_a_day_that_is_not_full_any_more_is_offered_and_one_that_was_not_is_not() -> None:
    """One session a day, and it was cancelled: the whole day can be had, as the search says."""
    afternoon = entry(from_at=MONDAY + 14 * HOUR, until_at=MONDAY + 2 * DAY)
    for cap, expected in ((1, MONDAY + 14 * HOUR), (2, None)):
        here = practice()
        here.diaries[1].rules = replace(here.diaries[1].rules, max_per_day=cap)
        assert offered(afternoon, here) == expected
        opened_hours = replace(freed(), appointment_id=0)
        assert offered(afternoon, here, opened_hours) is None


def test_a_session_that_moves_within_a_full_day_gives_the_day_to_nobody() -> None:
    here = practice()
    here.diaries[1].rules = replace(here.diaries[1].rules, max_per_week=2)
    moved = Busy(starts_at=MONDAY + 15 * HOUR, ends_at=MONDAY + 16 * HOUR, appointment_id=7)
    here.diaries[1].busy.append(moved)
    assert offered(entry(from_at=MONDAY + 12 * HOUR), here) is None
    assert offered(entry(), here) == MONDAY + 10 * HOUR


def test_next_to_hours_that_are_added_nothing_new_is_offered_but_what_reaches_into_them() -> None:
    here = practice()
    services = {"one-off": replace(SERVICE, buffer_before_seconds=HOUR, buffer_after_seconds=HOUR)}
    here = practice(services=services)
    eleven = MONDAY + 11 * HOUR
    hours = Freed(therapist_id=1, starts_at=eleven, ends_at=eleven + 900)
    assert offered(entry(from_at=eleven + 900), here, hours) is None
    assert offered(entry(from_at=eleven + 900), here, freed(eleven, 900)) == eleven + 900


SPANS = st.builds(
    lambda start, length: (MONDAY + 900 * start, 900 * length), st.integers(0, 95), st.integers(1, 16)
)


@unhurried
@given(
    free=SPANS,
    is_opened=st.booleans(),
    busy=st.lists(SPANS, max_size=4),
    off=st.lists(SPANS, max_size=1),
    minutes=st.sampled_from([(None, None), (0, 600), (600, 900)]),
    caps=st.sampled_from([(None, None), (0, None), (1, None), (3, None), (None, 2)]),
    buffer=st.sampled_from([0, 900]),
    ahead=st.integers(-1, 7),
)
def test_offered_is_what_the_rules_have_nothing_against_and_had_before_and_the_entry_wants(
    free: tuple[int, int],
    is_opened: bool,
    busy: list[tuple[int, int]],
    off: list[tuple[int, int]],
    minutes: tuple[int | None, int | None],
    caps: tuple[int | None, int | None],
    buffer: int,
    ahead: int,
) -> None:
    """Scenario 18: the waitlist offers what the search would offer, and did not."""
    rules = TherapistRules(
        therapist_id=1,
        time_zone="Europe/London",
        hours=EVERY_DAY,
        time_off=tuple(TimeOff(starts_at=at, ends_at=at + length) for at, length in off),
        max_per_day=caps[0],
        max_per_week=caps[1],
    )
    taken = [Busy(starts_at=at, ends_at=at + length) for at, length in busy]
    now = MONDAY - ahead * DAY
    service = replace(SERVICE, buffer_before_seconds=buffer)
    diary = Diary(rules=rules, specialisms=frozenset(), busy=taken)
    here = practice(now=now, diaries={1: diary}, services={"one-off": service})
    who = entry(from_minute=minutes[0], until_minute=minutes[1])
    gone = freed(*free, number=0 if is_opened else 7)
    ask = Ask(service=service, duration_seconds=length_of(who, service), account_id=None, now=now)
    before = [*taken, Busy(starts_at=free[0], ends_at=free[0] + free[1])]
    closed = replace(rules, time_off=(*rules.time_off, TimeOff(starts_at=free[0], ends_at=sum(free))))

    def fits(start: int) -> bool:
        """Nothing against it now, and something before."""
        if start <= now or not who.from_at <= start < who.until_at or reasons(rules, {}, ask, start, taken):
            return False
        was = (
            reasons(closed, {}, ask, start, taken) if is_opened else reasons(rules, {}, ask, start, before)
        )
        return bool(was) and all(fit(rules, start) for fit in wishes(who))

    able = [start for start in range(MONDAY - DAY, MONDAY + 7 * DAY, 900) if fits(start)]
    inside = [start for start in able if free[0] <= start < sum(free)]
    found = offer_for(who, [gone], here, DAY)
    assert (None if found is None else found.slot.starts_at) == next(iter([*inside, *able]), None)
    if found is not None:
        assert now < found.offered_until <= found.slot.starts_at
