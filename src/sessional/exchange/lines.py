"""One parsed JSON object of an import file -> a frozen value, or the reason why it cannot be taken.

Pure: knows the format (docs/reference/import.md), but no file, no line number and no database.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sessional.access import Role, wrong_owner
from sessional.diary.life import CANCEL_REASONS
from sessional.diary.values import DAY_SECONDS, END_OF_TIME, LONGEST_SESSION_SECONDS
from sessional.exchange import members, records, waiting
from sessional.exchange.members import BadLine, Check, shown
from sessional.exchange.records import RecordLine

DEFAULT_TIME_ZONE: Final = "Europe/London"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialismLine:
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceLine:
    """``rules`` holds what the line says of them, by column."""

    code: str
    name: str
    duration_seconds: int
    rules: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.duration_seconds in self.rules.get("other_durations", ()):
            raise BadLine("otherDurations holds durationSeconds")

    @classmethod
    def of(cls, code: str, name: str, duration_seconds: int, **rules: Any) -> ServiceLine:
        return cls(code=code, name=name, duration_seconds=duration_seconds, rules=rules)


@dataclass(frozen=True, slots=True, kw_only=True)
class TherapistLine:
    therapist_id: int
    first_name: str
    last_name: str
    specialisms: tuple[str, ...]
    time_zone: str = DEFAULT_TIME_ZONE
    # None where the line does not say. No services at all: all of them.
    max_per_day: int | None = None
    max_per_week: int | None = None
    services: tuple[str, ...] | None = None
    languages: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppointmentLine:
    """``appointment_id`` is None where the database shall give one."""

    therapist_id: int
    starts_at: int
    duration_seconds: int
    service_code: str
    appointment_id: int | None = None
    status: str = "BOOKED"

    def __post_init__(self) -> None:
        if self.starts_at + self.duration_seconds > END_OF_TIME:
            raise BadLine("the session must end before the year 10000")


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLine:
    """Exactly one of ``password`` and ``password_hash`` is there; of a machine perhaps neither: it has a
    key, which is in no file."""

    username: str
    role: Role
    password: str | None = None
    password_hash: str | None = None
    disabled_at: int | None = None
    # Whose it is, where its role is THERAPIST or CLIENT.
    therapist_id: int | None = None
    client_id: int | None = None

    def __post_init__(self) -> None:
        if (wrong := wrong_owner(self.role, self.therapist_id, self.client_id)) is not None:
            raise BadLine(wrong)
        if self.role is Role.SERVICE and self.password is None and self.password_hash is None:
            return
        if (self.password is None) == (self.password_hash is None):
            raise BadLine("a user needs either password or passwordHash")


Line = SpecialismLine | ServiceLine | TherapistLine | AppointmentLine | UserLine | RecordLine


@dataclass(frozen=True, slots=True)
class _Member:
    """Where a member's value goes and what it may be."""

    attribute: str
    check: Check[Any]
    optional: bool = False


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of line: the value it becomes and its members, by their names in the file."""

    make: Callable[..., Line]
    members: Mapping[str, _Member]


_ID: Final = members.whole(1, members.LARGEST_ID)
_NAME: Final = members.text()
_LENGTH: Final = _Member("duration_seconds", members.whole(1, LONGEST_SESSION_SECONDS))
_INSTANT: Final = members.whole(0, END_OF_TIME - 1)
_SECONDS_OF_A_DAY: Final = members.whole(0, LONGEST_SESSION_SECONDS)
_NOTICE: Final = members.whole(0, 366 * DAY_SECONDS)
_CAP: Final = members.whole(1, 1_000)
_REMARK: Final = members.remark
_DAY: Final = records.day
_COUNT: Final = members.whole(1, members.LARGEST_ID)
_THERAPIST: Final = _Member("therapist_id", _ID)
_APPOINTMENT: Final = _Member("appointment_id", _ID)


def _optional(**checks: tuple[str, Check[Any]]) -> dict[str, _Member]:
    """Members that may be left out: their names with their columns and checks."""
    return {name: _Member(column, check, optional=True) for name, (column, check) in checks.items()}


KINDS: Final[Mapping[str, _Kind]] = {
    "specialism": _Kind(SpecialismLine, {"name": _Member("name", _NAME)}),
    "service": _Kind(
        ServiceLine.of,
        {
            "code": _Member("code", _NAME),
            "name": _Member("name", _NAME),
            "durationSeconds": _LENGTH,
            **_optional(
                otherDurations=("other_durations", members.lengths),
                bufferBeforeSeconds=("buffer_before_seconds", _SECONDS_OF_A_DAY),
                bufferAfterSeconds=("buffer_after_seconds", _SECONDS_OF_A_DAY),
                gridSeconds=("grid_seconds", members.whole(60, DAY_SECONDS)),
                noticeSeconds=("notice_seconds", _NOTICE),
                horizonDays=("horizon_days", members.whole(1, 3_660)),
                cancelNoticeSeconds=("cancel_notice_seconds", _NOTICE),
                capacity=("capacity", members.whole(1, 1_000)),
                needsApproval=("needs_approval", members.flag),
                needsRoom=("needs_room", members.flag),
                online=("online", members.flag),
                cancelWhenOneLeaves=("cancel_when_one_leaves", members.flag),
            ),
        },
    ),
    "therapist": _Kind(
        TherapistLine,
        {
            "therapistId": _Member("therapist_id", _ID),
            "firstName": _Member("first_name", _NAME),
            "lastName": _Member("last_name", _NAME),
            "specialisms": _Member("specialisms", members.texts),
            "timeZone": _Member("time_zone", members.time_zone, optional=True),
            **_optional(
                maxPerDay=("max_per_day", _CAP),
                maxPerWeek=("max_per_week", _CAP),
                services=("services", members.texts),
                languages=("languages", members.languages),
            ),
        },
    ),
    "workingHours": _Kind(
        records.maker("workingHours"),
        {
            "therapistId": _THERAPIST,
            "weekday": _Member("weekday", members.whole(1, 7)),
            "startsMinute": _Member("starts_minute", members.whole(0, 1439)),
            "endsMinute": _Member("ends_minute", members.whole(1, 2880)),
            **_optional(
                validFrom=("valid_from", _DAY),
                validUntil=("valid_until", _DAY),
                everyWeeks=("every_weeks", members.whole(1, 2)),
            ),
        },
    ),
    "dateOverride": _Kind(
        records.maker("dateOverride"),
        {
            "therapistId": _THERAPIST,
            "onDate": _Member("on_date", _DAY),
            "intervals": _Member("intervals", records.intervals),
        },
    ),
    "timeOff": _Kind(
        records.maker("timeOff"),
        {
            "therapistId": _THERAPIST,
            "startsAtUnixSeconds": _Member("starts_at", _INSTANT),
            "endsAtUnixSeconds": _Member("ends_at", members.whole(1, END_OF_TIME)),
            **_optional(reason=("reason", _REMARK)),
        },
    ),
    "away": _Kind(
        records.maker("away"),
        {
            "therapistId": _THERAPIST,
            "timeZone": _Member("time_zone", members.time_zone),
            "fromDate": _Member("from_date", _DAY),
            "untilDate": _Member("until_date", _DAY),
        },
    ),
    "closure": _Kind(
        records.maker("closure"), {"onDate": _Member("on_date", _DAY), "name": _Member("name", _NAME)}
    ),
    "room": _Kind(
        records.maker("room"), {"name": _Member("name", _NAME), **_optional(roomId=("room_id", _ID))}
    ),
    "client": _Kind(
        records.maker("client"),
        {
            "clientId": _Member("client_id", _ID),
            "name": _Member("name", _NAME),
            **_optional(
                email=("email", _REMARK),
                phone=("phone", _REMARK),
                timeZone=("time_zone", members.time_zone),
                language=("language", _REMARK),
                staffNotes=("staff_notes", _REMARK),
                addedAtUnixSeconds=("added_at", _INSTANT),
                erasedAtUnixSeconds=("erased_at", _INSTANT),
            ),
        },
    ),
    "careRelationship": _Kind(
        records.maker("careRelationship"),
        {
            "therapistId": _THERAPIST,
            "clientId": _Member("client_id", _ID),
            "fromDate": _Member("from_date", _DAY),
            **_optional(untilDate=("until_date", _DAY)),
        },
    ),
    "appointment": _Kind(
        AppointmentLine,
        {
            "appointmentId": _Member("appointment_id", _ID, optional=True),
            "therapistId": _Member("therapist_id", _ID),
            "startTimeUnixSeconds": _Member("starts_at", _INSTANT),
            "durationSeconds": _LENGTH,
            "type": _Member("service_code", _NAME),
            "status": _Member("status", members.status, optional=True),
        },
    ),
    "series": _Kind(
        records.maker("series"),
        {
            "seriesId": _Member("series_id", _ID),
            "therapistId": _THERAPIST,
            "type": _Member("service_code", _NAME),
            "rhythm": _Member("rhythm", members.one_of("WEEKLY", "FORTNIGHTLY", "MONTHLY")),
            "timeZone": _Member("time_zone", members.time_zone),
            "startTimeUnixSeconds": _Member("starts_at", _INSTANT),
        },
    ),
    "appointmentDetails": _Kind(
        records.maker("appointmentDetails"),
        {
            "appointmentId": _APPOINTMENT,
            **_optional(
                version=("version", _COUNT),
                seriesId=("series_id", _ID),
                roomId=("room_id", _ID),
                capacity=("capacity", members.whole(1, 1_000)),
                bufferBeforeSeconds=("buffer_before_seconds", _SECONDS_OF_A_DAY),
                bufferAfterSeconds=("buffer_after_seconds", _SECONDS_OF_A_DAY),
                cancelNoticeSeconds=("cancel_notice_seconds", _NOTICE),
                cancelledBy=("cancelled_by", members.one_of("CLIENT", "THERAPIST", "PRACTICE")),
                cancelReason=("cancel_reason", _REMARK),
                cancelReasonCode=("cancel_reason_code", members.one_of(*CANCEL_REASONS)),
                cancelledLate=("cancelled_late", members.flag),
                rulesOverridden=("rules_overridden", members.flag),
            ),
        },
    ),
    "participant": _Kind(
        records.maker("participant"),
        {"appointmentId": _APPOINTMENT, "clientId": _Member("client_id", _ID)},
    ),
    "appointmentEvent": _Kind(
        records.maker("appointmentEvent"),
        {
            "appointmentId": _APPOINTMENT,
            "therapistId": _THERAPIST,
            "version": _Member("version", _COUNT),
            "happenedAtUnixSeconds": _Member("happened_at", _INSTANT),
            "username": _Member("username", members.username),
            "change": _Member("change", _NAME),
            **_optional(
                reason=("reason", _REMARK),
                reasonCode=("reason_code", members.one_of(*CANCEL_REASONS)),
            ),
            "status": _Member("status", members.status),
            "startsAtUnixSeconds": _Member("starts_at", _INSTANT),
            "endsAtUnixSeconds": _Member("ends_at", members.whole(1, END_OF_TIME)),
            **_optional(roomId=("room_id", _ID)),
        },
    ),
    "waitlistEntry": _Kind(
        records.maker("waitlistEntry"),
        {
            "waitlistEntryId": _Member("waitlist_entry_id", _ID),
            "clientId": _Member("client_id", _ID),
            "type": _Member("service_code", _NAME),
            "fromUnixSeconds": _Member("from_at", _INSTANT),
            "untilUnixSeconds": _Member("until_at", members.whole(1, END_OF_TIME)),
            "joinedAtUnixSeconds": _Member("joined_at", _INSTANT),
            "turn": _Member("turn", _COUNT),
            **_optional(
                specialisms=("specialisms", waiting.specialisms),
                therapistIds=("therapist_ids", waiting.therapists),
                durationSeconds=("duration_seconds", members.whole(1, LONGEST_SESSION_SECONDS)),
                fromMinute=("from_minute", members.whole(0, 1439)),
                untilMinute=("until_minute", members.whole(1, 1440)),
                weekdays=("weekdays", waiting.weekdays),
                timeZone=("time_zone", members.time_zone),
                declined=("declined", waiting.declined),
                status=("status", members.one_of(*waiting.STATES)),
                appointmentId=("appointment_id", _ID),
                offeredTherapistId=("offered_therapist_id", _ID),
                offeredStartsAtUnixSeconds=("offered_starts_at", _INSTANT),
                offeredEndsAtUnixSeconds=("offered_ends_at", members.whole(1, END_OF_TIME)),
                offeredUntilUnixSeconds=("offered_until", _INSTANT),
                offeredRoomId=("offered_room_id", _ID),
            ),
        },
    ),
    "user": _Kind(
        UserLine,
        {
            "username": _Member("username", members.username),
            "password": _Member("password", members.password, optional=True),
            "passwordHash": _Member("password_hash", members.password_hash, optional=True),
            "role": _Member("role", members.role),
            "disabledAtUnixSeconds": _Member("disabled_at", _INSTANT, optional=True),
            **_optional(therapistId=("therapist_id", _ID), clientId=("client_id", _ID)),
        },
    ),
}


def read(given: object) -> Line:
    """The value of a line. Raises BadLine."""
    if not isinstance(given, dict):
        raise BadLine(f"a line is one JSON object, not {shown(given)}")
    name = given.get("kind")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise BadLine(f"the kind must be one of {', '.join(KINDS)}, not {shown(name)}")
    values = {}
    for key, member in kind.members.items():
        if key in given:
            values[member.attribute] = member.check(key, given[key])
        elif not member.optional:
            raise BadLine(f"the {name} needs {key}")
    if len(given) > len(values) + 1:
        stranger = next(key for key in given if key != "kind" and key not in kind.members)
        raise BadLine(f"the {name} has a member {shown(stranger)} that is not known")
    return kind.make(**values)
