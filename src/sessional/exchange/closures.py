"""A list of days on which the practice is closed -> dates with their names, or why it cannot be taken.

Two forms: a calendar (iCalendar, .ics) of all-day events, and a plain list with one day a line, such as
``2030-12-25 Christmas Day``. Pure: knows no file, no database and no clock.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

from icalendar import Calendar

from sessional.errors import ImportRefused, InvalidArgument
from sessional.exchange import recurring
from sessional.exchange.members import BadLine, shown, text
from sessional.exchange.records import day

LARGEST_FILE: Final = 1_000_000
MOST_DAYS: Final = 5_000
# What a file may say, a day and a name each time; events of one day are many sayings of one day.
MOST_SAID: Final = 100_000
# Events that recur. Each takes its time to be read, however few days it comes to.
MOST_RULES: Final = 1_000
# What recurs is written down for this year and so many more.
YEARS_AHEAD: Final = 10
_LONGEST_EVENT: Final = 366


def read(content: bytes, today: date) -> dict[date, str]:
    """The days, in order. Raises InvalidArgument, or ImportRefused that names the line."""
    if len(content) > LARGEST_FILE:
        raise InvalidArgument(f"The file is larger than {LARGEST_FILE:,} bytes.")
    try:
        written = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidArgument("The file is not UTF-8.") from None
    is_calendar = written.lstrip()[:15].upper() == "BEGIN:VCALENDAR"
    found: dict[date, dict[str, None]] = {}
    said = _of_calendar(written, today) if is_calendar else _of_list(written)
    for number, (on, name) in enumerate(said, 1):
        if number > MOST_SAID:
            raise InvalidArgument(f"The file closes days more than {MOST_SAID:,} times.")
        found.setdefault(on, {})[name] = None
        if len(found) > MOST_DAYS:
            raise InvalidArgument(f"The file holds more than {MOST_DAYS:,} days.")
    if not found:
        raise InvalidArgument("The file holds no day.")
    return {on: _name(" / ".join(found[on]), on) for on in sorted(found)}


def _name(name: str, on: date) -> str:
    try:
        return text()("the name", name)
    except BadLine as bad:
        raise InvalidArgument(f"{on}: {bad.reason}.") from None


# ---- a plain list -------------------------------------------------------------------------------


def _of_list(written: str) -> Iterator[tuple[date, str]]:
    """Blank lines and those that begin with # say nothing."""
    for number, line in enumerate(written.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        on, _, name = line.strip().replace("\t", " ").partition(" ")
        try:
            yield date.fromisoformat(day("a line", on)), text()("the name after the date", name.strip())
        except BadLine as bad:
            raise ImportRefused(bad.reason, line=number) from None


# ---- a calendar ---------------------------------------------------------------------------------


def _of_calendar(written: str, today: date) -> Iterator[tuple[date, str]]:
    try:
        calendars = Calendar.from_ical(written, multiple=True)
    except ValueError as error:
        raise InvalidArgument(f"The calendar cannot be read: {str(error)[:200]}.") from None
    events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    if sum("RRULE" in event for event in events) > MOST_RULES:
        raise InvalidArgument(f"More than {MOST_RULES:,} events of the calendar recur.")
    for event in events:
        if str(event.get("STATUS", "")).upper() != "CANCELLED":
            yield from _of_event(event, today)


def _of_event(event: Any, today: date) -> Iterator[tuple[date, str]]:
    name = " ".join(str(event.get("SUMMARY", "")).split())
    if not name:
        raise InvalidArgument("An event of the calendar has no name (SUMMARY).")
    if event.errors:
        raise _refused(name, f"its {event.errors[0][0]} cannot be read")
    if event.get("RECURRENCE-ID") is not None:
        raise _refused(name, "it changes one time of an event that recurs (RECURRENCE-ID)")
    first, days = _span(event, name)
    since = date(today.year, 1, 1)
    last = date(min(today.year + YEARS_AHEAD, date.max.year - 1), 12, 31)
    try:
        for start in recurring.starts(event, first, since, last):
            yield from ((start + timedelta(days=n), name) for n in range(days))
    except recurring.NotUnderstood as reason:
        raise _refused(name, str(reason)) from None


def _span(event: Any, name: str) -> tuple[date, int]:
    """The first day and how many there are. Raises InvalidArgument."""
    first = _date(event.get("DTSTART"), name)
    if event.get("DTEND") is not None:
        days = (_date(event.get("DTEND"), name) - first).days
    elif event.get("DURATION") is not None:
        days = event.get("DURATION").dt.days
    else:
        days = 1
    if not 1 <= days <= _LONGEST_EVENT or first.toordinal() + days > date.max.toordinal():
        raise _refused(name, f"it lasts {days} days, and 1 to {_LONGEST_EVENT} can be taken")
    return first, days


def _date(given: Any, name: str) -> date:
    found = getattr(given, "dt", None)
    if not isinstance(found, date) or isinstance(found, datetime):
        raise _refused(name, "it is not all day, and only whole days can be closed")
    return found


def _refused(name: str, reason: str) -> InvalidArgument:
    return InvalidArgument(f"The event {shown(name)} cannot be taken: {reason}.")
