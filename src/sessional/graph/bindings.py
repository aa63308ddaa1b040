"""Where the graph's fields are found: type -> table, field -> column or link, filter -> condition.

This is data. ``check`` holds it against the SDL, both ways, when the service starts: a field that is
bound nowhere, or a binding that no field has, stops it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Final

from sessional.store.shape import Column, Fixed, Form, Kind, Link, Table

# ---- kinds of bindings --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Value:
    """A field that is a column; ``nullable`` where it may hold NULL."""

    column: Column
    form: Form
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class ToOne:
    """A field that is the one row a reference leads to; ``nullable`` where that may be NULL."""

    link: Link
    type_name: str
    nullable: bool = False


@dataclass(frozen=True, slots=True)
class ToMany:
    """A field that is a connection."""

    link: Link
    type_name: str


class Test(Enum):
    """What a filter field asks of a column."""

    EQUALS = "equals"  # text
    IN_TEXTS = "in texts"
    IN_IDS = "in ids"
    HOLDS = "holds"  # any of some texts in a JSON list
    CONTAINS = "contains"  # part of a folded name
    BETWEEN = "between"  # {begin, end}, both included
    WITHIN = "within"  # {from, until}, half-open


@dataclass(frozen=True, slots=True)
class Condition:
    """A filter field: a test of a column, here or in linked rows of which one must pass."""

    test: Test
    column: Column
    link: Link | None = None


@dataclass(frozen=True, slots=True)
class Sort:
    """An enum value without its direction -> the column that it sorts by."""

    column: Column
    kind: Kind = Kind.INTEGER


@dataclass(frozen=True, slots=True, kw_only=True)
class TypeBinding:
    """A type that has rows. ``sorts`` ends with nothing: the key is added when an order is made.

    ``only`` holds for all rows of the type: where a table has rows of two types, it keeps them apart.
    """

    table: Table
    fields: dict[str, Value | ToOne | ToMany]
    filters: dict[str, Condition]
    sorts: dict[str, Sort]
    only: Fixed | None = None
    # Whether it is on record who reads its rows.
    noted: bool = False


# ---- the practice -------------------------------------------------------------------------------


def _column(name: str) -> Column:
    return Column(name=name)


def _link(target: Table, here: str, there: str | None = None) -> Link:
    return Link(target=target, on=((here, there or here),))


ACCOUNT: Final = Table(name="account", key="account_id")
APPOINTMENT: Final = Table(name="appointment", key="appointment_id")
THERAPIST: Final = Table(name="therapist", key="therapist_id")
SPECIALISM: Final = Table(name="specialism", key="specialism_id")
SERVICE: Final = Table(name="service", key="service_id")
APPOINTMENT_EVENT: Final = Table(name="appointment_event", key="appointment_event_id")
WORKING_HOURS: Final = Table(name="working_hours", key="working_hours_id")
DATE_OVERRIDE: Final = Table(name="date_override", key="date_override_id")
TIME_OFF: Final = Table(name="time_off", key="time_off_id")
AWAY: Final = Table(name="away", key="away_id")
CLOSURE: Final = Table(name="closure", key="closure_id")
ROOM: Final = Table(name="room", key="room_id")
CLIENT: Final = Table(name="client", key="client_id")
CARE_RELATIONSHIP: Final = Table(name="care_relationship", key="care_relationship_id")
SERIES: Final = Table(name="series", key="series_id")
LOG_IN_SESSION: Final = Table(name="log_in_session", key="log_in_session_id")
WAITLIST_ENTRY: Final = Table(name="waitlist_entry", key="waitlist_entry_id")

AUDIT_EVENT: Final = Table(name="audit_event", key="audit_event_id")

_TO_THERAPIST: Final = _link(THERAPIST, "therapist_id")
_TO_SERVICE: Final = _link(SERVICE, "service_code", "code")
_TO_APPOINTMENTS: Final = _link(APPOINTMENT, "therapist_id")
# From a therapist, or from anything else in their diary.
_TO_SPECIALISMS: Final = Link(
    target=SPECIALISM,
    on=(("therapist_id", "therapist_id"),),
    through="therapist_specialism",
    onward=(("specialism_id", "specialism_id"),),
)
_TO_THERAPISTS: Final = Link(
    target=THERAPIST,
    on=(("specialism_id", "specialism_id"),),
    through="therapist_specialism",
    onward=(("therapist_id", "therapist_id"),),
)

_TO_SERVICES: Final = Link(
    target=SERVICE,
    on=(("therapist_id", "therapist_id"),),
    through="therapist_service",
    onward=(("service_id", "service_id"),),
)

# A hold is a row of the same table, so that one constraint keeps holds and sessions apart.
_TO_CLIENTS: Final = Link(
    target=CLIENT,
    on=(("appointment_id", "appointment_id"),),
    through="appointment_client",
    onward=(("client_id", "client_id"),),
)
_TO_CLIENTS_APPOINTMENTS: Final = Link(
    target=APPOINTMENT,
    on=(("client_id", "client_id"),),
    through="appointment_client",
    onward=(("therapist_id", "therapist_id"), ("appointment_id", "appointment_id")),
)
_NO_HOLD: Final = Fixed(_column("held_until"), "=", 0)
_LENGTH: Final = Column(name="ends_at", minus="starts_at")
_HAS_SPECIALISMS: Final = Condition(Test.IN_TEXTS, _column("name"), _TO_SPECIALISMS)


def _node_id(key: str) -> Value:
    return Value(_column(key), Form.NODE_ID)


TYPES: Final[dict[str, TypeBinding]] = {
    "Appointment": TypeBinding(
        table=APPOINTMENT,
        fields={
            "id": _node_id("appointment_id"),
            "appointmentId": Value(_column("appointment_id"), Form.ID),
            "startTimeUnixSeconds": Value(_column("starts_at"), Form.NUMBER_32),
            "durationSeconds": Value(_LENGTH, Form.NUMBER),
            "type": Value(_column("service_code"), Form.TEXT),
            "therapistId": Value(_column("therapist_id"), Form.NUMBER_32),
            "therapists": ToOne(_TO_THERAPIST, "Therapist"),
            "therapist": ToOne(_TO_THERAPIST, "Therapist"),
            "service": ToOne(_TO_SERVICE, "Service"),
            "startsAt": Value(_column("starts_at"), Form.INSTANT),
            "endsAt": Value(_column("ends_at"), Form.INSTANT),
            "status": Value(_column("status"), Form.TEXT),
            "version": Value(_column("version"), Form.NUMBER),
            "capacity": Value(_column("capacity"), Form.NUMBER),
            "placesTaken": Value(_column("places_taken"), Form.NUMBER),
            "rulesOverridden": Value(_column("rules_overridden"), Form.FLAG),
            "cancelledBy": Value(_column("cancelled_by"), Form.TEXT, nullable=True),
            "cancelReason": Value(_column("cancel_reason"), Form.TEXT, nullable=True),
            "cancelReasonCode": Value(_column("cancel_reason_code"), Form.TEXT, nullable=True),
            "cancelledLate": Value(_column("cancelled_late"), Form.FLAG, nullable=True),
            "room": ToOne(_link(ROOM, "room_id"), "Room", nullable=True),
            "series": ToOne(_link(SERIES, "series_id"), "Series", nullable=True),
            "clients": ToMany(_TO_CLIENTS, "Client"),
            "history": ToMany(_link(APPOINTMENT_EVENT, "appointment_id"), "AppointmentEvent"),
        },
        only=_NO_HOLD,
        filters={
            "startTimeUnixSecondsRange": Condition(Test.BETWEEN, _column("starts_at")),
            "startsAtRange": Condition(Test.WITHIN, _column("starts_at")),
            "type": Condition(Test.EQUALS, _column("service_code")),
            "typeIn": Condition(Test.IN_TEXTS, _column("service_code")),
            "hasSpecialisms": _HAS_SPECIALISMS,
            "therapistIds": Condition(Test.IN_IDS, _column("therapist_id")),
            "therapistName": Condition(Test.CONTAINS, _column("search_name"), _TO_THERAPIST),
            "statusIn": Condition(Test.IN_TEXTS, _column("status")),
        },
        sorts={
            "APPOINTMENT_ID": Sort(_column("appointment_id")),
            "START_TIME_UNIX_SECONDS": Sort(_column("starts_at")),
            "DURATION_SECONDS": Sort(_LENGTH),
            "TYPE": Sort(_column("service_code"), Kind.TEXT),
            "THERAPIST_ID": Sort(_column("therapist_id")),
        },
    ),
    "Therapist": TypeBinding(
        table=THERAPIST,
        fields={
            "id": _node_id("therapist_id"),
            "therapistId": Value(_column("therapist_id"), Form.ID),
            "firstName": Value(_column("first_name"), Form.TEXT),
            "lastName": Value(_column("last_name"), Form.TEXT),
            "timeZone": Value(_column("time_zone"), Form.TEXT),
            "languages": Value(_column("languages"), Form.JSON),
            "maxPerDay": Value(_column("max_per_day"), Form.NUMBER, nullable=True),
            "maxPerWeek": Value(_column("max_per_week"), Form.NUMBER, nullable=True),
            "services": ToMany(_TO_SERVICES, "Service"),
            "workingHours": ToMany(_link(WORKING_HOURS, "therapist_id"), "WorkingHours"),
            "dateOverrides": ToMany(_link(DATE_OVERRIDE, "therapist_id"), "DateOverride"),
            "timeOff": ToMany(_link(TIME_OFF, "therapist_id"), "TimeOff"),
            "away": ToMany(_link(AWAY, "therapist_id"), "Away"),
            "appointments": ToMany(_TO_APPOINTMENTS, "Appointment"),
            "caseload": ToMany(_link(CARE_RELATIONSHIP, "therapist_id"), "CareRelationship"),
            "specialisms": ToMany(_TO_SPECIALISMS, "Specialism"),
        },
        filters={
            "name": Condition(Test.CONTAINS, _column("search_name")),
            "hasSpecialisms": _HAS_SPECIALISMS,
            "languages": Condition(Test.HOLDS, _column("languages")),
            "therapistIds": Condition(Test.IN_IDS, _column("therapist_id")),
        },
        sorts={
            "THERAPIST_ID": Sort(_column("therapist_id")),
            "FIRST_NAME": Sort(_column("first_name"), Kind.TEXT),
            "LAST_NAME": Sort(_column("last_name"), Kind.TEXT),
        },
    ),
    "Specialism": TypeBinding(
        table=SPECIALISM,
        fields={
            "id": _node_id("specialism_id"),
            "specialismId": Value(_column("specialism_id"), Form.ID),
            "specialismName": Value(_column("name"), Form.TEXT),
            "therapists": ToMany(_TO_THERAPISTS, "Therapist"),
        },
        filters={"name": Condition(Test.CONTAINS, _column("search_name"))},
        sorts={
            "SPECIALISM_ID": Sort(_column("specialism_id")),
            "SPECIALISM_NAME": Sort(_column("name"), Kind.TEXT),
        },
    ),
    "Service": TypeBinding(
        table=SERVICE,
        fields={
            "id": _node_id("service_id"),
            "serviceId": Value(_column("service_id"), Form.ID),
            "code": Value(_column("code"), Form.TEXT),
            "name": Value(_column("name"), Form.TEXT),
            "durationSeconds": Value(_column("duration_seconds"), Form.NUMBER),
            "otherDurations": Value(_column("other_durations"), Form.JSON),
            "bufferBeforeSeconds": Value(_column("buffer_before_seconds"), Form.NUMBER),
            "bufferAfterSeconds": Value(_column("buffer_after_seconds"), Form.NUMBER),
            "gridSeconds": Value(_column("grid_seconds"), Form.NUMBER),
            "noticeSeconds": Value(_column("notice_seconds"), Form.NUMBER),
            "horizonDays": Value(_column("horizon_days"), Form.NUMBER),
            "cancelNoticeSeconds": Value(_column("cancel_notice_seconds"), Form.NUMBER),
            "capacity": Value(_column("capacity"), Form.NUMBER),
            "needsApproval": Value(_column("needs_approval"), Form.FLAG),
            "needsRoom": Value(_column("needs_room"), Form.FLAG),
            "online": Value(_column("online"), Form.FLAG),
            "cancelWhenOneLeaves": Value(_column("cancel_when_one_leaves"), Form.FLAG),
        },
        filters={
            "name": Condition(Test.CONTAINS, _column("search_name")),
            "codes": Condition(Test.IN_TEXTS, _column("code")),
        },
        sorts={
            "SERVICE_ID": Sort(_column("service_id")),
            "CODE": Sort(_column("code"), Kind.TEXT),
            "NAME": Sort(_column("name"), Kind.TEXT),
        },
    ),
    "AppointmentEvent": TypeBinding(
        table=APPOINTMENT_EVENT,
        fields={
            "appointmentEventId": Value(_column("appointment_event_id"), Form.ID),
            "happenedAt": Value(_column("happened_at"), Form.INSTANT),
            "change": Value(_column("change"), Form.TEXT),
            "by": Value(_column("username"), Form.TEXT),
            "reason": Value(_column("reason"), Form.TEXT, nullable=True),
            "reasonCode": Value(_column("reason_code"), Form.TEXT, nullable=True),
            "version": Value(_column("version"), Form.NUMBER),
            "status": Value(_column("status"), Form.TEXT),
            "startsAt": Value(_column("starts_at"), Form.INSTANT),
            "endsAt": Value(_column("ends_at"), Form.INSTANT),
            "therapist": ToOne(_TO_THERAPIST, "Therapist"),
        },
        filters={},
        sorts={"APPOINTMENT_EVENT_ID": Sort(_column("appointment_event_id"))},
    ),
    "WorkingHours": TypeBinding(
        table=WORKING_HOURS,
        fields={
            "workingHoursId": Value(_column("working_hours_id"), Form.ID),
            "weekday": Value(_column("weekday"), Form.NUMBER),
            "startsMinute": Value(_column("starts_minute"), Form.NUMBER),
            "endsMinute": Value(_column("ends_minute"), Form.NUMBER),
            "validFrom": Value(_column("valid_from"), Form.TEXT, nullable=True),
            "validUntil": Value(_column("valid_until"), Form.TEXT, nullable=True),
            "everyWeeks": Value(_column("every_weeks"), Form.NUMBER),
        },
        filters={},
        sorts={"WORKING_HOURS_ID": Sort(_column("working_hours_id"))},
    ),
    "DateOverride": TypeBinding(
        table=DATE_OVERRIDE,
        fields={
            "dateOverrideId": Value(_column("date_override_id"), Form.ID),
            "onDate": Value(_column("on_date"), Form.TEXT),
            "intervals": Value(_column("intervals"), Form.JSON),
        },
        filters={},
        sorts={
            "ON_DATE": Sort(_column("on_date"), Kind.TEXT),
            "DATE_OVERRIDE_ID": Sort(_column("date_override_id")),
        },
    ),
    "TimeOff": TypeBinding(
        table=TIME_OFF,
        fields={
            "timeOffId": Value(_column("time_off_id"), Form.ID),
            "startsAt": Value(_column("starts_at"), Form.INSTANT),
            "endsAt": Value(_column("ends_at"), Form.INSTANT),
            "reason": Value(_column("reason"), Form.TEXT, nullable=True),
        },
        filters={},
        sorts={"STARTS_AT": Sort(_column("starts_at")), "TIME_OFF_ID": Sort(_column("time_off_id"))},
    ),
    "Away": TypeBinding(
        table=AWAY,
        fields={
            "awayId": Value(_column("away_id"), Form.ID),
            "timeZone": Value(_column("time_zone"), Form.TEXT),
            "fromDate": Value(_column("from_date"), Form.TEXT),
            "untilDate": Value(_column("until_date"), Form.TEXT),
        },
        filters={},
        sorts={"FROM_DATE": Sort(_column("from_date"), Kind.TEXT), "AWAY_ID": Sort(_column("away_id"))},
    ),
    "Closure": TypeBinding(
        table=CLOSURE,
        fields={
            "closureId": Value(_column("closure_id"), Form.ID),
            "onDate": Value(_column("on_date"), Form.TEXT),
            "name": Value(_column("name"), Form.TEXT),
        },
        filters={},
        sorts={"ON_DATE": Sort(_column("on_date"), Kind.TEXT), "CLOSURE_ID": Sort(_column("closure_id"))},
    ),
    "Room": TypeBinding(
        table=ROOM,
        fields={
            "id": _node_id("room_id"),
            "roomId": Value(_column("room_id"), Form.ID),
            "name": Value(_column("name"), Form.TEXT),
        },
        filters={},
        sorts={"NAME": Sort(_column("name"), Kind.TEXT), "ROOM_ID": Sort(_column("room_id"))},
    ),
    "Client": TypeBinding(
        table=CLIENT,
        noted=True,
        fields={
            "id": _node_id("client_id"),
            "clientId": Value(_column("client_id"), Form.ID),
            "name": Value(_column("name"), Form.TEXT),
            "email": Value(_column("email"), Form.STORED, nullable=True),
            "phone": Value(_column("phone"), Form.STORED, nullable=True),
            "timeZone": Value(_column("time_zone"), Form.TEXT, nullable=True),
            "language": Value(_column("language"), Form.TEXT, nullable=True),
            "staffNotes": Value(_column("staff_notes"), Form.STORED, nullable=True),
            "appointments": ToMany(_TO_CLIENTS_APPOINTMENTS, "Appointment"),
            "care": ToMany(_link(CARE_RELATIONSHIP, "client_id"), "CareRelationship"),
        },
        filters={"name": Condition(Test.CONTAINS, _column("search_name"))},
        sorts={"CLIENT_ID": Sort(_column("client_id")), "NAME": Sort(_column("name"), Kind.TEXT)},
    ),
    "CareRelationship": TypeBinding(
        table=CARE_RELATIONSHIP,
        fields={
            "careRelationshipId": Value(_column("care_relationship_id"), Form.ID),
            "therapist": ToOne(_TO_THERAPIST, "Therapist"),
            "client": ToOne(_link(CLIENT, "client_id"), "Client"),
            "fromDate": Value(_column("from_date"), Form.TEXT),
            "untilDate": Value(_column("until_date"), Form.TEXT, nullable=True),
        },
        filters={},
        sorts={"CARE_RELATIONSHIP_ID": Sort(_column("care_relationship_id"))},
    ),
    "Series": TypeBinding(
        table=SERIES,
        fields={
            "seriesId": Value(_column("series_id"), Form.ID),
            "rhythm": Value(_column("rhythm"), Form.TEXT),
            "timeZone": Value(_column("time_zone"), Form.TEXT),
            "appointments": ToMany(_link(APPOINTMENT, "series_id"), "Appointment"),
        },
        filters={},
        sorts={"SERIES_ID": Sort(_column("series_id"))},
    ),
    "WaitlistEntry": TypeBinding(
        table=WAITLIST_ENTRY,
        fields={
            "id": _node_id("waitlist_entry_id"),
            "waitlistEntryId": Value(_column("waitlist_entry_id"), Form.ID),
            "client": ToOne(_link(CLIENT, "client_id"), "Client"),
            "service": ToOne(_TO_SERVICE, "Service"),
            "specialisms": Value(_column("specialisms"), Form.JSON),
            "therapistIds": Value(_column("therapist_ids"), Form.JSON),
            "from": Value(_column("from_at"), Form.INSTANT),
            "until": Value(_column("until_at"), Form.INSTANT),
            "durationSeconds": Value(_column("duration_seconds"), Form.NUMBER, nullable=True),
            "fromMinute": Value(_column("from_minute"), Form.NUMBER, nullable=True),
            "untilMinute": Value(_column("until_minute"), Form.NUMBER, nullable=True),
            "weekdays": Value(_column("weekdays"), Form.JSON),
            "timeZone": Value(_column("time_zone"), Form.TEXT, nullable=True),
            "status": Value(_column("status"), Form.TEXT),
            "joinedAt": Value(_column("joined_at"), Form.INSTANT),
            "turn": Value(_column("turn"), Form.NUMBER),
            "offer": ToOne(_link(APPOINTMENT, "offered_id", "appointment_id"), "Hold", nullable=True),
            "offeredUntil": Value(_column("offered_until"), Form.INSTANT, nullable=True),
            "appointment": ToOne(_link(APPOINTMENT, "appointment_id"), "Appointment", nullable=True),
        },
        filters={
            "statusIn": Condition(Test.IN_TEXTS, _column("status")),
            "clientIds": Condition(Test.IN_IDS, _column("client_id")),
        },
        sorts={
            "TURN": Sort(_column("turn")),
            "WAITLIST_ENTRY_ID": Sort(_column("waitlist_entry_id")),
        },
    ),
    "Hold": TypeBinding(
        table=APPOINTMENT,
        fields={
            "holdId": Value(_column("appointment_id"), Form.ID),
            "therapist": ToOne(_TO_THERAPIST, "Therapist"),
            "service": ToOne(_TO_SERVICE, "Service"),
            "startsAt": Value(_column("starts_at"), Form.INSTANT),
            "endsAt": Value(_column("ends_at"), Form.INSTANT),
            "expiresAt": Value(_column("held_until"), Form.INSTANT),
            "room": ToOne(_link(ROOM, "room_id"), "Room", nullable=True),
        },
        filters={},
        sorts={"HOLD_ID": Sort(_column("appointment_id"))},
        only=Fixed(_column("held_until"), ">", 0),
    ),
    "AuditEvent": TypeBinding(
        table=AUDIT_EVENT,
        fields={
            "auditEventId": Value(_column("audit_event_id"), Form.ID),
            "happenedAt": Value(_column("happened_at"), Form.INSTANT),
            "accountId": Value(_column("account_id"), Form.ID),
            "username": Value(_column("username"), Form.TEXT),
            "role": Value(_column("role"), Form.TEXT),
            "action": Value(_column("action"), Form.TEXT),
            "objectType": Value(_column("object_type"), Form.TEXT, nullable=True),
            "objectId": Value(_column("object_id"), Form.ID, nullable=True),
            "outcome": Value(_column("outcome"), Form.TEXT),
            "code": Value(_column("code"), Form.TEXT, nullable=True),
            "before": Value(_column("state_before"), Form.TEXT, nullable=True),
            "after": Value(_column("state_after"), Form.TEXT, nullable=True),
            "requestId": Value(_column("request_id"), Form.TEXT),
        },
        filters={
            "happenedAtRange": Condition(Test.WITHIN, _column("happened_at")),
            "accountIds": Condition(Test.IN_IDS, _column("account_id")),
            "usernames": Condition(Test.IN_TEXTS, _column("username")),
            "actions": Condition(Test.IN_TEXTS, _column("action")),
            "objectTypes": Condition(Test.IN_TEXTS, _column("object_type")),
            "objectIds": Condition(Test.IN_IDS, _column("object_id")),
            "outcomeIn": Condition(Test.IN_TEXTS, _column("outcome")),
            "requestId": Condition(Test.EQUALS, _column("request_id")),
        },
        sorts={"AUDIT_EVENT_ID": Sort(_column("audit_event_id"))},
    ),
    "Viewer": TypeBinding(
        table=ACCOUNT,
        fields={
            "username": Value(_column("username"), Form.TEXT),
            "role": Value(_column("role"), Form.TEXT),
            "secondFactorSince": Value(_column("second_factor_at"), Form.INSTANT, nullable=True),
            "sessions": ToMany(_link(LOG_IN_SESSION, "account_id"), "LogInSession"),
            "therapist": ToOne(_TO_THERAPIST, "Therapist", nullable=True),
            "client": ToOne(_link(CLIENT, "client_id"), "Client", nullable=True),
        },
        filters={},
        sorts={},
    ),
    "LogInSession": TypeBinding(
        table=LOG_IN_SESSION,
        fields={
            "logInSessionId": Value(_column("log_in_session_id"), Form.ID),
            "device": Value(_column("device"), Form.TEXT),
            "createdAt": Value(_column("created_at"), Form.INSTANT),
            "lastUsedAt": Value(_column("last_used_at"), Form.INSTANT),
            "expiresAt": Value(_column("expires_at"), Form.INSTANT),
            "current": Value(_column("sid"), Form.CALLERS),
        },
        filters={},
        sorts={"LOG_IN_SESSION_ID": Sort(_column("log_in_session_id"))},
        only=Fixed(_column("revoked_at"), "=", 0),
    ),
}

# Root fields that are connections over all rows of a type.
LISTS: Final[dict[str, str]] = {
    "appointments": "Appointment",
    "therapists": "Therapist",
    "specialisms": "Specialism",
    "services": "Service",
    "closures": "Closure",
    "rooms": "Room",
    "clients": "Client",
    "auditEvents": "AuditEvent",
    "waitlist": "WaitlistEntry",
}
# Root fields that find one row by the number in an argument: field -> (type, argument).
LOOKUPS: Final[dict[str, tuple[str, str]]] = {"therapist": ("Therapist", "therapistId")}
NODE_TYPES: Final = frozenset(
    {"Appointment", "Therapist", "Specialism", "Service", "Room", "Client", "WaitlistEntry"}
)
