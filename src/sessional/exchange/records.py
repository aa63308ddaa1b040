"""Lines that become one row each: the rules of a practice, its rooms and its clients.

Pure: which columns a line fills, and what its members must be to one another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any, Final

import orjson

from sessional.diary.names import fold
from sessional.diary.rules import WorkingHours, check_hours, check_minutes
from sessional.errors import InvalidInput
from sessional.exchange import waiting
from sessional.exchange.members import BadLine, shown


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordLine:
    """``row`` holds every column of the row by its name, None where the line does not say."""

    kind: str
    row: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How a kind is compared with what is there, and written.

    ``alike`` gives the columns of the rows that a line may say again. Where such a row with other
    contents is in its way, ``what`` names it; where that is empty, the row is another one. Of
    ``may_be_unsaid`` a line that does not say it agrees with whatever is there.
    """

    columns: tuple[str, ...]
    alike: str
    add: str
    what: str = ""
    defaults: Mapping[str, Any] | None = None
    check: Callable[[Mapping[str, Any]], None] | None = None
    may_be_unsaid: frozenset[str] = frozenset()

    def agrees(self, told: Mapping[str, Any], known: Sequence[Any]) -> bool:
        """Whether a line says what is there, in the order of the columns."""
        return all(
            told[column] == value or (told[column] is None and column in self.may_be_unsaid)
            for column, value in zip(self.columns, known, strict=True)
        )


def make(kind: str, **values: Any) -> RecordLine:
    """The line of a kind. Raises BadLine where its members contradict one another."""
    record = RECORDS[kind]
    row = dict.fromkeys(record.columns) | dict(record.defaults or {}) | values
    if record.check is not None:
        record.check(row)
    return RecordLine(kind=kind, row=row)


def maker(kind: str) -> Callable[..., RecordLine]:
    return partial(make, kind)


def searched(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the name by which a room or a client is found."""
    return {**row, "search_name": fold(row["name"])} if "name" in row else dict(row)


# ---- members that only these lines have -------------------------------------------------------------


def day(name: str, value: object) -> str:
    """A date, as it is stored."""
    try:
        if isinstance(value, str) and date.fromisoformat(value).isoformat() == value:
            return value
    except ValueError:
        pass
    raise BadLine(f"{name} must be a date like 2026-03-02, not {shown(value)}")


def intervals(name: str, value: object) -> str:
    """A list of pairs of minutes, in order, as it is stored. Empty: closed on that date."""
    if not isinstance(value, list):
        raise BadLine(f"{name} must be a list of pairs of minutes, not {shown(value)}")
    for pair in value:
        if not isinstance(pair, list) or [type(minute) for minute in pair] != [int, int]:
            raise BadLine(f"{name} must hold pairs of minutes, not {shown(pair)}")
        _plainly(check_minutes, (pair[0], pair[1]))
    return orjson.dumps(sorted(value)).decode()


def _plainly(check: Callable[[Any], None], value: object) -> None:
    try:
        check(value)
    except InvalidInput as refusal:
        raise BadLine(refusal.message) from None


# ---- what members must be to one another ------------------------------------------------------------


def _hours(row: Mapping[str, Any]) -> None:
    values = {key: value for key, value in row.items() if key != "therapist_id"}
    for limit in ("valid_from", "valid_until"):
        values[limit] = date.fromisoformat(row[limit]) if row[limit] else None
    _plainly(check_hours, WorkingHours(**values))


def _in_order(
    first: str, last: str, said: str, *, may_be_equal: bool = False
) -> Callable[[Mapping[str, Any]], None]:
    def check(row: Mapping[str, Any]) -> None:
        if row[last] is None or row[first] < row[last] or (may_be_equal and row[first] == row[last]):
            return
        raise BadLine(said)

    return check


_DATES: Final = _in_order("from_date", "until_date", "untilDate must be later than fromDate")
# Care that is ended on the day on which it began has been none, and is on record all the same.
_CARE_DATES: Final = _in_order(
    "from_date", "until_date", "untilDate must not be earlier than fromDate", may_be_equal=True
)

RECORDS: Final[Mapping[str, Record]] = {
    "workingHours": Record(
        columns=("therapist_id", "weekday", "starts_minute", "ends_minute",
                 "valid_from", "valid_until", "every_weeks"),
        alike="working_hours_alike",
        add="add_working_hours",
        defaults={"every_weeks": 1},
        check=_hours,
    ),
    "dateOverride": Record(
        columns=("therapist_id", "on_date", "intervals"),
        alike="overrides_alike",
        add="override_date",
        what="the override of that date",
    ),
    "timeOff": Record(
        columns=("therapist_id", "starts_at", "ends_at", "reason"),
        alike="time_off_alike",
        add="new_time_off",
        check=_in_order("starts_at", "ends_at", "endsAtUnixSeconds must be later than startsAtUnixSeconds"),
    ),
    "away": Record(
        columns=("therapist_id", "time_zone", "from_date", "until_date"),
        alike="away_alike",
        add="new_away",
        check=_DATES,
    ),
    "closure": Record(
        columns=("on_date", "name"), alike="closures_alike", add="close_on", what="the closure of that date"
    ),
    "room": Record(
        columns=("room_id", "name"),
        alike="rooms_alike",
        add="take_in_room",
        what="a room of that id or name",
    ),
    "client": Record(
        columns=("client_id", "name", "email", "phone", "time_zone", "language", "staff_notes",
                 "added_at", "erased_at"),
        alike="clients_alike",
        add="take_in_client",
        may_be_unsaid=frozenset({"added_at"}),
        what="the client of that id",
    ),
    "careRelationship": Record(
        columns=("therapist_id", "client_id", "from_date", "until_date"),
        alike="care_alike",
        add="take_in_care",
        check=_CARE_DATES,
    ),
    "series": Record(
        columns=("series_id", "therapist_id", "service_code", "rhythm", "time_zone", "starts_at"),
        alike="series_alike",
        add="take_in_series",
        what="the series of that id",
    ),
    "appointmentDetails": Record(
        columns=("appointment_id", "version", "series_id", "room_id", "capacity",
                 "buffer_before_seconds", "buffer_after_seconds", "cancel_notice_seconds",
                 "cancelled_by", "cancel_reason", "cancel_reason_code", "cancelled_late",
                 "rules_overridden"),
        alike="details_alike",
        add="take_in_details",
        what="that appointment",
        defaults={"version": 1, "capacity": 1, "buffer_before_seconds": 0, "buffer_after_seconds": 0,
                  "cancel_notice_seconds": 0, "rules_overridden": False},
    ),
    "participant": Record(
        columns=("appointment_id", "client_id"), alike="participants_alike", add="join_appointment"
    ),
    "appointmentEvent": Record(
        columns=("appointment_id", "therapist_id", "version", "happened_at", "username", "change", "reason",
                 "reason_code", "status", "starts_at", "ends_at", "room_id"),
        alike="events_alike",
        add="take_in_event",
        check=_in_order("starts_at", "ends_at", "endsAtUnixSeconds must be later than startsAtUnixSeconds"),
    ),
    "waitlistEntry": Record(
        columns=("waitlist_entry_id", "client_id", "service_code", "from_at", "until_at", "joined_at",
                 "turn", "specialisms", "therapist_ids", "duration_seconds", "from_minute",
                 "until_minute", "weekdays", "time_zone", "declined", "status", "appointment_id",
                 "offered_therapist_id", "offered_starts_at", "offered_ends_at", "offered_until",
                 "offered_room_id"),
        alike="waitlist_alike",
        add="take_in_waitlist_entry",
        what="the entry of the waitlist of that id",
        defaults={"specialisms": "[]", "therapist_ids": "[]", "weekdays": "[]", "declined": "[]",
                  "status": "WAITING"},
        check=waiting.check,
    ),
}  # fmt: skip
# What says more about sessions: it stands below all of them, since it needs them to be there.
AFTER_APPOINTMENTS: Final = frozenset(
    {"appointmentDetails", "participant", "appointmentEvent", "waitlistEntry"}
)
RULES: Final = frozenset({"workingHours", "dateOverride", "timeOff", "away"})
