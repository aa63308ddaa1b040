"""The reference: what an operation answers, by graphql-core's own executor over plain objects.

One plain resolver per field of the SDL. Nothing here may be clever, and nothing may come from the
product but the SDL: the product is right where it answers what this module answers.
"""

import re
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    build_schema,
    execute_sync,
    parse,
    validate,
)

from . import lists
from .clients import CareRelationship
from .lists import Kind, Page, Row
from .practice import Appointment, Practice

SDL = Path(__file__).parents[2] / "src/sessional/graph/schema.graphql"

Resolver = Callable[..., Any]


@dataclass(frozen=True)
class Asked:
    """What every resolver may look at."""

    practice: Practice
    viewer: tuple[str, str]


def execute(
    practice: Practice,
    document: str,
    variables: dict[str, Any] | None = None,
    operation_name: str | None = None,
    viewer: tuple[str, str] = ("test_user", "ADMIN"),
    valid: bool = False,
) -> dict[str, Any]:
    """The whole response: `data`, and `errors` where there are any.

    `valid` says that the document is known to be, and saves the half of the time that it takes."""
    parsed = parse(document)
    problems = () if valid else validate(schema(), parsed)
    if problems:
        return {"errors": [problem.formatted for problem in problems]}
    result = execute_sync(
        schema(),
        parsed,
        context_value=Asked(practice, viewer),
        variable_values=variables,
        operation_name=operation_name,
    )
    return dict(result.formatted)


# What is one value to clients: ids, instants, the numbers of 32 bits.


NUMBERS: dict[str, Callable[[Any], int]] = {
    "Appointment": lambda row: row.appointment_id,
    "Therapist": lambda row: row.therapist_id,
    "Specialism": lambda row: row.specialism_id,
    "Service": lambda row: row.service_id,
    "Room": lambda row: row.room_id,
    "WaitlistEntry": lambda row: row.waitlist_entry_id,
    "Client": lambda row: row.client_id,
}


def global_id(row: Row) -> str:
    name = type(row).__name__
    return b64encode(f"{name}:{NUMBERS[name](row)}".encode()).decode()


def legacy_int(value: int) -> int:
    if not -(2**31) <= value < 2**31:
        raise GraphQLError("out of 32 bits", extensions={"code": "INT_OUT_OF_RANGE"})
    return value


def write_instant(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def read_instant(text: Any) -> int:
    form = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)"
    if not isinstance(text, str) or not re.fullmatch(form, text.upper(), re.ASCII):
        raise GraphQLError("not an instant in whole seconds with an offset")
    return int(datetime.fromisoformat(text.upper()).timestamp())


# How rows find each other.


def all_rows(practice: Practice) -> list[Row]:
    """What has a global id."""
    return [
        *practice.appointments,
        *practice.therapists,
        *practice.specialisms,
        *practice.services,
        *practice.rooms,
        *practice.waitlist,
        *practice.clients,
    ]


def node(_: None, info: GraphQLResolveInfo, id: str) -> Row | None:
    """The object that answers this very text as its id: nothing is decoded."""
    return next((row for row in all_rows(info.context.practice) if global_id(row) == id), None)


def therapist(_: None, info: GraphQLResolveInfo, therapistId: str) -> Row | None:
    rows = info.context.practice.therapists
    return next((row for row in rows if str(row.therapist_id) == therapistId), None)


def therapist_of(row: Appointment, info: GraphQLResolveInfo) -> Row:
    return lists.therapist_of(info.context.practice, row)


def service_of(row: Appointment, info: GraphQLResolveInfo) -> Row:
    return next(s for s in info.context.practice.services if s.code == row.service_code)


def client_of(row: CareRelationship, info: GraphQLResolveInfo) -> Row:
    return next(c for c in info.context.practice.clients if c.client_id == row.client_id)


def room_of(row: Appointment, info: GraphQLResolveInfo) -> Row | None:
    return next((r for r in info.context.practice.rooms if r.room_id == row.room_id), None)


def series_of(row: Appointment, info: GraphQLResolveInfo) -> Row | None:
    return next((s for s in info.context.practice.series if s.series_id == row.series_id), None)


def among(rows: Callable[[Practice], Any], number: Callable[[Any], int | None]) -> Resolver:
    """The session or hold of that number, if there is one."""

    def resolve(parent: Any, info: GraphQLResolveInfo) -> Row | None:
        found = (r for r in rows(info.context.practice) if r.appointment_id == number(parent))
        return next(found, None)

    return resolve


def connection(kind: Kind, rows: Callable[[Practice, Any], Any]) -> Resolver:
    """A list field: `rows` says which rows belong to the parent."""

    def resolve(parent: Any, info: GraphQLResolveInfo, **arguments: Any) -> Page:
        practice = info.context.practice
        return lists.page_of(kind, practice, rows(practice, parent), arguments)

    return resolve


def of_this_therapist(rows: Callable[[Practice], Iterable[Any]]) -> Callable[[Practice, Any], Any]:
    """Those of the rows that carry the therapist's number."""
    return lambda practice, owner: [row for row in rows(practice) if row.therapist_id == owner.therapist_id]


def edges(page: Page, _: GraphQLResolveInfo) -> list[tuple[str, Row]]:
    return list(zip(page.cursors, page.rows, strict=True))


def plain(read: Callable[[Any], Any]) -> Resolver:
    """A field that is a fact about its parent alone."""
    return lambda parent, _: read(parent)


CONNECTION: dict[str, Resolver] = {
    "pageInfo": plain(lambda page: page),
    "edges": edges,
    "totalCount": plain(lambda page: page.total),
}
EDGE: dict[str, Resolver] = {
    "cursor": plain(lambda edge: edge[0]),
    "node": plain(lambda edge: edge[1]),
}

RESOLVERS: dict[str, dict[str, Resolver]] = {
    "Query": {
        "node": node,
        "appointments": connection(lists.APPOINTMENTS, lambda all_, _: all_.appointments),
        "therapists": connection(lists.THERAPISTS, lambda all_, _: all_.therapists),
        "therapist": therapist,
        "specialisms": connection(lists.SPECIALISMS, lambda all_, _: all_.specialisms),
        "services": connection(lists.SERVICES, lambda all_, _: all_.services),
        "closures": connection(lists.CLOSURES, lambda all_, _: all_.closures),
        "rooms": connection(lists.ROOMS, lambda all_, _: all_.rooms),
        "clients": connection(lists.CLIENTS, lambda all_, _: all_.clients),
        "auditEvents": connection(lists.AUDIT_EVENTS, lambda all_, _: all_.record),
        "waitlist": connection(lists.WAITLIST, lambda all_, _: all_.waitlist),
        "viewer": lambda _, info: info.context.viewer,
    },
    "Appointment": {
        "id": plain(global_id),
        "appointmentId": plain(lambda row: row.appointment_id),
        "startTimeUnixSeconds": plain(lambda row: legacy_int(row.starts_at)),
        "durationSeconds": plain(lambda row: legacy_int(row.ends_at - row.starts_at)),
        "type": plain(lambda row: row.service_code),
        "therapistId": plain(lambda row: legacy_int(row.therapist_id)),
        "therapists": therapist_of,
        "therapist": therapist_of,
        "service": service_of,
        "startsAt": plain(lambda row: row.starts_at),
        "endsAt": plain(lambda row: row.ends_at),
        "status": plain(lambda row: row.status),
        "version": plain(lambda row: row.version),
        "capacity": plain(lambda row: row.capacity),
        "placesTaken": plain(lambda row: len(row.client_ids)),
        "rulesOverridden": plain(lambda row: row.rules_overridden),
        "cancelledBy": plain(lambda row: row.cancelled_by),
        "cancelReason": plain(lambda row: row.cancel_reason),
        "cancelReasonCode": plain(lambda row: row.cancel_reason_code),
        "cancelledLate": plain(lambda row: row.cancelled_late),
        "room": room_of,
        "series": series_of,
        "clients": connection(
            lists.CLIENTS, lambda all_, a: [c for c in all_.clients if c.client_id in a.client_ids]
        ),
        "history": connection(
            lists.EVENTS,
            lambda all_, a: [e for e in all_.events if e.appointment_id == a.appointment_id],
        ),
    },
    "Series": {
        "seriesId": plain(lambda row: row.series_id),
        "rhythm": plain(lambda row: row.rhythm),
        "timeZone": plain(lambda row: row.time_zone),
        "appointments": connection(
            lists.APPOINTMENTS_OF_SERIES,
            lambda all_, s: [a for a in all_.appointments if a.series_id == s.series_id],
        ),
    },
    "AppointmentEvent": {
        "appointmentEventId": plain(lambda row: row.appointment_event_id),
        "happenedAt": plain(lambda row: row.happened_at),
        "change": plain(lambda row: row.change),
        "by": plain(lambda row: row.username),
        "reason": plain(lambda row: row.reason),
        "reasonCode": plain(lambda row: row.reason_code),
        "version": plain(lambda row: row.version),
        "status": plain(lambda row: row.status),
        "startsAt": plain(lambda row: row.starts_at),
        "endsAt": plain(lambda row: row.ends_at),
        "therapist": therapist_of,
    },
    "Therapist": {
        "id": plain(global_id),
        "therapistId": plain(lambda row: row.therapist_id),
        "firstName": plain(lambda row: row.first_name),
        "lastName": plain(lambda row: row.last_name),
        "timeZone": plain(lambda row: row.time_zone),
        "languages": plain(lambda row: row.languages),
        "maxPerDay": plain(lambda row: row.max_per_day),
        "maxPerWeek": plain(lambda row: row.max_per_week),
        "services": connection(
            lists.SERVICES, lambda all_, t: [s for s in all_.services if s.service_id in t.service_ids]
        ),
        "workingHours": connection(lists.WORKING_HOURS, of_this_therapist(lambda all_: all_.working_hours)),
        "dateOverrides": connection(
            lists.DATE_OVERRIDES, of_this_therapist(lambda all_: all_.date_overrides)
        ),
        "timeOff": connection(lists.TIME_OFF, of_this_therapist(lambda all_: all_.time_off)),
        "caseload": connection(lists.CARE_RELATIONSHIPS, of_this_therapist(lambda all_: all_.care)),
        "away": connection(lists.AWAY, of_this_therapist(lambda all_: all_.away)),
        "appointments": connection(lists.APPOINTMENTS, of_this_therapist(lambda all_: all_.appointments)),
        "specialisms": connection(lists.SPECIALISMS, lists.specialisms_of),
    },
    "Specialism": {
        "id": plain(global_id),
        "specialismId": plain(lambda row: row.specialism_id),
        "specialismName": plain(lambda row: row.name),
        "therapists": connection(
            lists.THERAPISTS,
            lambda all_, s: [t for t in all_.therapists if s.specialism_id in t.specialism_ids],
        ),
    },
    "Service": {
        "id": plain(global_id),
        "serviceId": plain(lambda row: row.service_id),
        "code": plain(lambda row: row.code),
        "name": plain(lambda row: row.name),
        "durationSeconds": plain(lambda row: row.duration_seconds),
        "otherDurations": plain(lambda row: row.other_durations),
        "bufferBeforeSeconds": plain(lambda row: row.buffer_before_seconds),
        "bufferAfterSeconds": plain(lambda row: row.buffer_after_seconds),
        "gridSeconds": plain(lambda row: row.grid_seconds),
        "noticeSeconds": plain(lambda row: row.notice_seconds),
        "horizonDays": plain(lambda row: row.horizon_days),
        "cancelNoticeSeconds": plain(lambda row: row.cancel_notice_seconds),
        "capacity": plain(lambda row: row.capacity),
        "needsApproval": plain(lambda row: row.needs_approval),
        "needsRoom": plain(lambda row: row.needs_room),
        "online": plain(lambda row: row.online),
        "cancelWhenOneLeaves": plain(lambda row: row.cancel_when_one_leaves),
    },
    "Client": {
        "id": plain(global_id),
        "clientId": plain(lambda row: row.client_id),
        "name": plain(lambda row: row.name),
        "email": plain(lambda row: row.email),
        "phone": plain(lambda row: row.phone),
        "timeZone": plain(lambda row: row.time_zone),
        "language": plain(lambda row: row.language),
        "staffNotes": plain(lambda row: row.staff_notes),
        "appointments": connection(
            lists.APPOINTMENTS,
            lambda all_, c: [a for a in all_.appointments if c.client_id in a.client_ids],
        ),
        "care": connection(
            lists.CARE_RELATIONSHIPS,
            lambda all_, c: [each for each in all_.care if each.client_id == c.client_id],
        ),
    },
    "AuditEvent": {
        "auditEventId": plain(lambda row: row.audit_event_id),
        "happenedAt": plain(lambda row: row.happened_at),
        "accountId": plain(lambda row: row.account_id),
        "username": plain(lambda row: row.username),
        "role": plain(lambda row: row.role),
        "action": plain(lambda row: row.action),
        "objectType": plain(lambda row: row.object_type),
        "objectId": plain(lambda row: row.object_id),
        "outcome": plain(lambda row: row.outcome),
        "code": plain(lambda row: row.code),
        "before": plain(lambda row: row.state_before),
        "after": plain(lambda row: row.state_after),
        "requestId": plain(lambda row: row.request_id),
    },
    "CareRelationship": {
        "careRelationshipId": plain(lambda row: row.care_relationship_id),
        "therapist": therapist_of,
        "client": client_of,
        "fromDate": plain(lambda row: row.from_date),
        "untilDate": plain(lambda row: row.until_date),
    },
    "WaitlistEntry": {
        "id": plain(global_id),
        "waitlistEntryId": plain(lambda row: row.waitlist_entry_id),
        "client": client_of,
        "service": service_of,
        "specialisms": plain(lambda row: row.specialisms),
        "therapistIds": plain(lambda row: row.therapist_ids),
        "from": plain(lambda row: row.from_at),
        "until": plain(lambda row: row.until_at),
        "durationSeconds": plain(lambda row: row.duration_seconds),
        "fromMinute": plain(lambda row: row.from_minute),
        "untilMinute": plain(lambda row: row.until_minute),
        "weekdays": plain(lambda row: row.weekdays),
        "timeZone": plain(lambda row: row.time_zone),
        "status": plain(lambda row: row.status),
        "joinedAt": plain(lambda row: row.joined_at),
        "turn": plain(lambda row: row.turn),
        "offer": among(lambda all_: all_.holds, lambda row: row.offered_id),
        "offeredUntil": plain(lambda row: row.offered_until),
        "appointment": among(lambda all_: all_.appointments, lambda row: row.appointment_id),
    },
    "Hold": {
        "holdId": plain(lambda row: row.appointment_id),
        "room": room_of,
        "therapist": therapist_of,
        "service": service_of,
        "startsAt": plain(lambda row: row.starts_at),
        "endsAt": plain(lambda row: row.ends_at),
        "expiresAt": plain(lambda row: row.held_until),
    },
    "WorkingHours": {
        "workingHoursId": plain(lambda row: row.working_hours_id),
        "weekday": plain(lambda row: row.weekday),
        "startsMinute": plain(lambda row: row.starts_minute),
        "endsMinute": plain(lambda row: row.ends_minute),
        "validFrom": plain(lambda row: row.valid_from),
        "validUntil": plain(lambda row: row.valid_until),
        "everyWeeks": plain(lambda row: row.every_weeks),
    },
    "DateOverride": {
        "dateOverrideId": plain(lambda row: row.date_override_id),
        "onDate": plain(lambda row: row.on_date),
        "intervals": plain(lambda row: row.intervals),
    },
    "TimeOff": {
        "timeOffId": plain(lambda row: row.time_off_id),
        "startsAt": plain(lambda row: row.starts_at),
        "endsAt": plain(lambda row: row.ends_at),
        "reason": plain(lambda row: row.reason),
    },
    "Away": {
        "awayId": plain(lambda row: row.away_id),
        "timeZone": plain(lambda row: row.time_zone),
        "fromDate": plain(lambda row: row.from_date),
        "untilDate": plain(lambda row: row.until_date),
    },
    "Closure": {
        "closureId": plain(lambda row: row.closure_id),
        "onDate": plain(lambda row: row.on_date),
        "name": plain(lambda row: row.name),
    },
    "Room": {
        "id": plain(global_id),
        "roomId": plain(lambda row: row.room_id),
        "name": plain(lambda row: row.name),
    },
    "Viewer": {
        "username": plain(lambda viewer: viewer[0]),
        "role": plain(lambda viewer: viewer[1]),
        # Has none: tests/entry/test_second_factor.py asks somebody who has.
        "secondFactorSince": plain(lambda _: None),
        # Who asks here is an administrator, and so nobody's therapist or client: tests/access asks those.
        "therapist": plain(lambda _: None),
        "client": plain(lambda _: None),
    },
    "PageInfo": {
        "hasNextPage": plain(lambda page: page.has_next),
        "hasPreviousPage": plain(lambda page: page.has_previous),
        "startCursor": plain(lambda page: page.cursors[0] if page.cursors else None),
        "endCursor": plain(lambda page: page.cursors[-1] if page.cursors else None),
    },
    **{
        name + suffix: fields
        for name in lists.KINDS
        for suffix, fields in (("Connection", CONNECTION), ("Edge", EDGE))
    },
}


@cache
def schema() -> GraphQLSchema:
    """The SDL with the resolvers above; a field without one of them is a mistake of this module."""
    built = build_schema(SDL.read_text("utf-8"))
    for type_name, resolvers in RESOLVERS.items():
        for field_name, resolver in resolvers.items():
            built.type_map[type_name].fields[field_name].resolve = resolver
    built.type_map["Node"].resolve_type = lambda row, *_: type(row).__name__
    instant = built.type_map["DateTime"]
    instant.serialize = instant.coerce_output_value = write_instant
    instant.parse_value = instant.coerce_input_value = read_instant
    return built
