"""Days on which the practice is closed, from a calendar or a list."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import pytest
from dateutil.rrule import rrulestr

from sessional.errors import ImportRefused, InvalidArgument
from sessional.exchange import recurring
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


RHYTHMS = {
    # The last Monday of May, as calendars of British holidays have it.
    "FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO;COUNT=3": ("20300527", ["2030-05-27", "2031-05-26", "2032-05-31"]),
    # Thanksgiving.
    "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH;UNTIL=20311231": ("20301128", ["2030-11-28", "2031-11-27"]),
    "FREQ=YEARLY;BYDAY=FR;BYMONTHDAY=13;BYMONTH=9,12;COUNT=2": ("20300913", ["2030-09-13", "2030-12-13"]),
    "FREQ=YEARLY;BYWEEKNO=1;BYDAY=MO;COUNT=2;WKST=MO": ("20301230", ["2030-12-30", "2031-12-29"]),
    "FREQ=YEARLY;BYYEARDAY=-1;COUNT=2": ("20301231", ["2030-12-31", "2031-12-31"]),
    "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=2": ("20301129", ["2030-11-29", "2030-12-31"]),
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=3": ("20301202", ["2030-12-02", "2030-12-04", "2030-12-16"]),
    "freq=daily;until=20301203T235959Z": ("20301202", ["2030-12-02", "2030-12-03"]),
}


@pytest.mark.parametrize("rule", RHYTHMS)
def test_a_rule_of_the_standard_is_written_down_as_its_days(rule: str) -> None:
    first, expected = RHYTHMS[rule]
    assert days(f"DTSTART;VALUE=DATE:{first}", f"RRULE:{rule}") == expected


def test_easter_is_a_list_of_days_from_this_year_on_and_lasts_as_long_each_time() -> None:
    """Good Friday to Easter Monday; 2030 is left out, 2020 is past."""
    lists = ("RDATE;VALUE=DATE:20270326,20200410", "RDATE;VALUE=DATE:20280414,20300419")
    found = days(
        "DTSTART;VALUE=DATE:20250418", "DTEND;VALUE=DATE:20250422", *lists, "EXDATE;VALUE=DATE:20300419"
    )
    assert found == [f"2027-03-{n}" for n in range(26, 30)] + [f"2028-04-{n}" for n in range(14, 18)]


def test_what_recurs_without_an_end_is_written_down_as_far_ahead_as_the_window() -> None:
    found = days("DTSTART;VALUE=DATE:19710531", "RRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO")
    assert (len(found), found[0], found[-1]) == (11, "2026-05-25", "2036-05-26")
    assert days("DTSTART;VALUE=DATE:20301225", "RRULE:FREQ=YEARLY;COUNT=1") == ["2030-12-25"]
    with pytest.raises(InvalidArgument, match="no day"):
        days("DTSTART;VALUE=DATE:20600101", "RRULE:FREQ=YEARLY")


def test_the_number_of_times_counts_from_the_first_also_where_that_is_long_past() -> None:
    assert days("DTSTART;VALUE=DATE:20201225", "RRULE:FREQ=YEARLY;COUNT=8") == ["2026-12-25", "2027-12-25"]


REFUSED = {
    "FREQ=SECONDLY": "FREQ",
    "COUNT=3": "FREQ",
    "RSCALE=CHINESE;FREQ=YEARLY": "RSCALE",
    "FREQ=YEARLY;BYEASTER=0": "BYEASTER",
    "FREQ=YEARLY;BYHOUR=9": "BYHOUR",
    "FREQ=YEARLY;INTERVAL=0": "INTERVAL",
    "FREQ=YEARLY;COUNT=2,3": "COUNT",
    "FREQ=YEARLY;UNTIL=20311225,20321225": "UNTIL",
    "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH": "day of its own RRULE",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30": "day of its own RRULE",
    "FREQ=YEARLY;BYDAY=XX": "RRULE cannot be read",
    "FREQ=DAILY;BYMONTHDAY=" + ",".join("25" for _ in range(200)): "more than 100 things",
}


@pytest.mark.parametrize("rule", REFUSED)
def test_a_rule_that_is_not_understood_is_refused_with_the_name_of_the_event_and_the_reason(
    rule: str,
) -> None:
    with pytest.raises(InvalidArgument, match=rf"Feast.*{REFUSED[rule]}"):
        days("DTSTART;VALUE=DATE:20301225", f"RRULE:{rule}")


def test_a_rule_that_comes_millions_of_times_is_refused_after_some_thousands() -> None:
    for begin in ("19000101", "19500101"):
        with pytest.raises(InvalidArgument, match=r"Feast.*more than 20,000 times"):
            days(f"DTSTART;VALUE=DATE:{begin}", "RRULE:FREQ=DAILY;COUNT=10000000")
    with pytest.raises(InvalidArgument, match=r"Feast.*1900 at the earliest"):
        days("DTSTART;VALUE=DATE:00010101", "RRULE:FREQ=WEEKLY;COUNT=10000000")


def test_a_rule_whose_days_never_come_again_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first is there, and then the library looks as far as its years go: 400, and not 8,000."""
    looked: list[date] = []

    def noted(rule: str, dtstart: datetime) -> Any:
        looked.append(dtstart.date())
        return rrulestr(rule, dtstart=dtstart)

    monkeypatch.setattr(recurring, "rrulestr", noted)
    assert days(
        "DTSTART;VALUE=DATE:20280229", "RRULE:FREQ=YEARLY;INTERVAL=398;BYMONTH=2;BYMONTHDAY=29"
    ) == ["2028-02-29"]
    assert looked == [date(9628, 2, 29)]


def test_a_file_that_says_too_much_is_refused() -> None:
    often = [event("DTSTART;VALUE=DATE:20300101", "DURATION:P365D", name=f"N{n}") for n in range(300)]
    with pytest.raises(InvalidArgument, match="100,000"):
        read(calendar(*often), TODAY)
    rules = [event("DTSTART;VALUE=DATE:20300101", "RRULE:FREQ=YEARLY", name="N") for _ in range(1_001)]
    with pytest.raises(InvalidArgument, match="1,000 events"):
        read(calendar(*rules), TODAY)


@pytest.mark.parametrize(
    "lines",
    [
        ("DTSTART:20301225T090000Z", "DTEND:20301225T100000Z"),
        ("DTSTART;VALUE=DATE:20301225", "DTEND;VALUE=DATE:20301225"),
        ("DTSTART;VALUE=DATE:20301225", "DTEND;VALUE=DATE:20301201"),
        ("DTSTART;VALUE=DATE:20301225", "DTEND;VALUE=DATE:20330101"),
        ("DTSTART;VALUE=DATE:20301225", "RDATE:20311225T090000Z"),
        ("DTSTART;VALUE=DATE:20301225", "EXDATE:20311225T090000Z"),
        ("DTSTART;VALUE=DATE:20301225", "EXRULE:FREQ=YEARLY"),
        ("DTSTART;VALUE=DATE:20301225", "RECURRENCE-ID;VALUE=DATE:20301224"),
        ("DTSTART;VALUE=DATE:20301225", "RRULE:FREQ=YEARLY", "RRULE:FREQ=DAILY"),
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
