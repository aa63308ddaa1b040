"""Days on which the practice is closed, from a calendar or a list."""

from __future__ import annotations

from datetime import date

import pytest

from sessional.errors import ImportRefused, InvalidArgument
from sessional.exchange.closures import LARGEST_FILE, read

TODAY = date(2026, 11, 25)


def event(*lines: str, name: str = "Feast") -> str:
    return "\r\n".join(("BEGIN:VEVENT", "UID:1", f"SUMMARY:{name}", *lines, "END:VEVENT", ""))


def calendar(*events: str) -> bytes:
    head = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\n"
    return f"{head}{''.join(events)}END:VCALENDAR\r\n".encode()


def days(*lines: str) -> list[str]:
    """The days of one event."""
    return [on.isoformat() for on in read(calendar(event(*lines)), TODAY)]


def test_a_list_has_a_day_a_line() -> None:
    written = "# bank holidays\n2030-12-26\tBoxing Day\n\n2030-12-25 Christmas Day\n"
    assert read(written.encode(), TODAY) == {
        date(2030, 12, 25): "Christmas Day",
        date(2030, 12, 26): "Boxing Day",
    }


@pytest.mark.parametrize("line", ["2030-12-25", "25.12.2030 Christmas", "2030-02-30 Never", "Christmas"])
def test_a_line_that_is_no_day_with_a_name_is_refused_by_its_number(line: str) -> None:
    with pytest.raises(ImportRefused, match="line 2: "):
        read(f"2030-12-24 Eve\n{line}\n".encode(), TODAY)


def test_an_event_of_several_days_closes_each_and_not_the_day_of_its_end() -> None:
    assert days("DTSTART;VALUE=DATE:20301230", "DTEND;VALUE=DATE:20310102") == [
        "2030-12-30", "2030-12-31", "2031-01-01",
    ]  # fmt: skip
    assert days("DTSTART;VALUE=DATE:20301230", "DURATION:P2D") == ["2030-12-30", "2030-12-31"]
    assert days("DTSTART;VALUE=DATE:20301230") == ["2030-12-30"]


def test_what_recurs_every_year_is_written_down_from_this_year_on_for_ten_more() -> None:
    found = days("DTSTART;VALUE=DATE:20001225", "RRULE:FREQ=YEARLY")
    assert found == [f"{year}-12-25" for year in range(2026, 2037)]
    assert days("DTSTART;VALUE=DATE:20301225", "RRULE:FREQ=YEARLY;COUNT=2;BYMONTH=12;BYMONTHDAY=25") == [
        "2030-12-25", "2031-12-25",
    ]  # fmt: skip
    assert days("DTSTART;VALUE=DATE:20301225", "RRULE:FREQ=YEARLY;INTERVAL=2;UNTIL=20341225") == [
        "2030-12-25", "2032-12-25", "2034-12-25",
    ]  # fmt: skip
    rule, but = "RRULE:FREQ=YEARLY;UNTIL=20321225", "EXDATE;VALUE=DATE:20311225"
    assert days("DTSTART;VALUE=DATE:20301225", rule, but) == ["2030-12-25", "2032-12-25"]


def test_the_twenty_ninth_of_february_recurs_where_there_is_one() -> None:
    """Scenario 10, for closures: a feast of that day is on no other."""
    assert days("DTSTART;VALUE=DATE:20280229", "RRULE:FREQ=YEARLY") == [
        "2028-02-29",
        "2032-02-29",
        "2036-02-29",
    ]


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=WEEKLY", "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH", "FREQ=YEARLY;BYDAY=MO", "FREQ=YEARLY;BYMONTH=11",
        "FREQ=MONTHLY;COUNT=3", "FREQ=YEARLY;BYMONTHDAY=24", "FREQ=YEARLY;BYYEARDAY=1",
    ],
)  # fmt: skip
def test_any_other_rhythm_is_refused_with_the_name_of_the_event(rule: str) -> None:
    with pytest.raises(InvalidArgument, match=r"Feast.*every year on the same date"):
        days("DTSTART;VALUE=DATE:20301225", f"RRULE:{rule}")


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:20301225T090000Z", "DTEND:20301225T100000Z"),
        ("DTSTART;VALUE=DATE:20301225", "DTEND;VALUE=DATE:20301225"),
        ("DTSTART;VALUE=DATE:20301225", "DTEND;VALUE=DATE:20301201"),
        ("DTSTART;VALUE=DATE:20301225", "DTEND;VALUE=DATE:20330101"),
        ("DTSTART;VALUE=DATE:20301225", "RDATE;VALUE=DATE:20311225"),
        ("DTSTART;VALUE=DATE:not-a-date",),
        (),
    ],
)
def test_what_is_no_span_of_whole_days_is_refused(lines: tuple[str, ...]) -> None:
    with pytest.raises(InvalidArgument):
        days(*lines)


def test_an_event_that_is_cancelled_closes_nothing_and_two_of_one_day_share_it() -> None:
    start = "DTSTART;VALUE=DATE:20301225"
    written = calendar(
        event(start, name="One"), event(start, name="Two"), event(start, "STATUS:CANCELLED", name="Off")
    )
    assert read(written, TODAY) == {date(2030, 12, 25): "One / Two"}


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\xff\xfe", b"BEGIN:VCALENDAR\r\nnonsense", b"x" * (LARGEST_FILE + 1), calendar(),
        calendar(event("DTSTART;VALUE=DATE:20301225", name="")),
        calendar(event("DTSTART;VALUE=DATE:20301225", name="x" * 201)),
        calendar(*(event(f"DTSTART;VALUE=DATE:{2030 + n}0101", "DURATION:P365D") for n in range(15))),
    ],
    ids=range(8),
)  # fmt: skip
def test_what_cannot_be_taken_is_refused_plainly(content: bytes) -> None:
    with pytest.raises(InvalidArgument):
        read(content, TODAY)
