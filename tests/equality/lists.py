"""The rules of lists, by the SDL's words: which rows, in what order, and which page of them.

Naive on purpose: every rule is one plain function over Python objects, so that a reader can hold
it against the sentence in the SDL. This module must not know the product, GraphQL or SQL.
"""

import json
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cmp_to_key
from typing import Any

from .clients import CareRelationship, Client
from .diary import Away, Closure, DateOverride, Room, TimeOff, WorkingHours
from .practice import Practice, Service, Specialism, Therapist
from .record import AuditEvent
from .sessions import Appointment, AppointmentEvent
from .waitlist import WaitlistEntry

DEFAULT_PAGE = 100
LARGEST_PAGE = 1000
CURSOR_MARK = "cursor:"

Row = (
    Appointment
    | Therapist
    | Specialism
    | Service
    | WorkingHours
    | DateOverride
    | TimeOff
    | Away
    | Closure
    | Room
    | AppointmentEvent
    | Client
    | CareRelationship
    | AuditEvent
    | WaitlistEntry
)
Predicate = Callable[[Any], bool]
# None stands for "does not restrict". It is not the same as a predicate that is always true: the
# opposite of what does not restrict does not restrict either (`not: {}`, `not: {and: []}`).
Restriction = Predicate | None
Condition = Callable[[Practice, Any], Restriction]


# Which rows.


def restriction(practice: Practice, conditions: dict[str, Condition], filters: Any) -> Restriction:
    """What a filter object asks of a row. Siblings must all hold; null is as if absent."""

    def one(name: str, value: Any) -> Restriction:
        if name == "and":
            return all_of(restriction(practice, conditions, each) for each in value)
        if name == "or":
            return any_of(restriction(practice, conditions, each) for each in value)
        if name == "not":
            return opposite(restriction(practice, conditions, value))
        return conditions[name](practice, value)

    return all_of(one(name, value) for name, value in filters.items() if value is not None)


def all_of(parts: Iterable[Restriction]) -> Restriction:
    restricting = [part for part in parts if part is not None]
    return (lambda row: all(part(row) for part in restricting)) if restricting else None


def any_of(parts: Iterable[Restriction]) -> Restriction:
    """An empty list does not restrict, and neither does a list with a member that does not."""
    parts = list(parts)
    if not parts or None in parts:
        return None
    return lambda row: any(part(row) for part in parts)


def opposite(part: Restriction) -> Restriction:
    return None if part is None else (lambda row: not part(row))


def fold(text: str) -> str:
    """What is left of a text without case, accents and the width of its white space."""
    decomposed = unicodedata.normalize("NFKD", text)
    bare = "".join(each for each in decomposed if not unicodedata.combining(each))
    return " ".join(bare.casefold().split())


def contains(whole: Callable[[Any], str], part: str) -> Restriction:
    wanted = fold(part)
    return (lambda row: wanted in fold(whole(row))) if wanted else None


def therapist_of(practice: Practice, appointment: Appointment) -> Therapist:
    return next(t for t in practice.therapists if t.therapist_id == appointment.therapist_id)


def specialisms_of(practice: Practice, therapist: Therapist) -> list[Specialism]:
    return [s for s in practice.specialisms if s.specialism_id in therapist.specialism_ids]


def full_name(therapist: Therapist) -> str:
    return f"{therapist.first_name} {therapist.last_name}"


def has_specialisms(practice: Practice, names: list[str | None]) -> Predicate:
    return lambda therapist: any(s.name in names for s in specialisms_of(practice, therapist))


def has_number(_: Practice, numbers: list[str]) -> Predicate:
    """The text of the number: `01` and `+1` are other texts than `1` and match nothing."""
    return lambda row: str(row.therapist_id) in numbers


def starts_between(_: Practice, span: dict[str, int]) -> Predicate:
    return lambda appointment: span["begin"] <= appointment.starts_at <= span["end"]


def starts_within(_: Practice, span: dict[str, int | None]) -> Restriction:
    first, last = span.get("from"), span.get("until")
    return all_of(
        (
            None if first is None else (lambda appointment: first <= appointment.starts_at),
            None if last is None else (lambda appointment: appointment.starts_at < last),
        )
    )


def of_therapist(condition: Condition) -> Condition:
    """A condition on therapists, asked of the therapist of an appointment."""

    def of_appointment(practice: Practice, value: Any) -> Restriction:
        holds = condition(practice, value)
        return None if holds is None else (lambda row: holds(therapist_of(practice, row)))

    return of_appointment


# In what order.


@dataclass(frozen=True, kw_only=True)
class Kind:
    """What is particular to the lists of one type. The first key of `keys` is the type's id."""

    keys: dict[str, Callable[[Any], int | str]]
    default_sort: str
    conditions: dict[str, Condition] = field(default_factory=dict)


APPOINTMENTS = Kind(
    conditions={
        "startTimeUnixSecondsRange": starts_between,
        "startsAtRange": starts_within,
        "type": lambda _, code: lambda row: row.service_code == code,
        "typeIn": lambda _, codes: lambda row: row.service_code in codes,
        "hasSpecialisms": of_therapist(has_specialisms),
        "therapistIds": has_number,
        "statusIn": lambda _, states: lambda row: row.status in states,
        "therapistName": of_therapist(lambda _, name: contains(full_name, name)),
    },
    keys={
        "APPOINTMENT_ID": lambda row: row.appointment_id,
        "START_TIME_UNIX_SECONDS": lambda row: row.starts_at,
        "DURATION_SECONDS": lambda row: row.ends_at - row.starts_at,
        "TYPE": lambda row: row.service_code,
        "THERAPIST_ID": lambda row: row.therapist_id,
    },
    default_sort="APPOINTMENT_ID_ASC",
)
APPOINTMENTS_OF_SERIES = replace(APPOINTMENTS, default_sort="START_TIME_UNIX_SECONDS_ASC")
THERAPISTS = Kind(
    conditions={
        "name": lambda _, name: contains(full_name, name),
        "hasSpecialisms": has_specialisms,
        "languages": lambda _, tags: lambda row: any(tag in tags for tag in row.languages),
        "therapistIds": has_number,
    },
    keys={
        "THERAPIST_ID": lambda row: row.therapist_id,
        "FIRST_NAME": lambda row: row.first_name,
        "LAST_NAME": lambda row: row.last_name,
    },
    default_sort="THERAPIST_ID_ASC",
)
SPECIALISMS = Kind(
    conditions={"name": lambda _, name: contains(lambda row: row.name, name)},
    keys={"SPECIALISM_ID": lambda row: row.specialism_id, "SPECIALISM_NAME": lambda row: row.name},
    default_sort="SPECIALISM_ID_ASC",
)
SERVICES = Kind(
    conditions={
        "name": lambda _, name: contains(lambda row: row.name, name),
        "codes": lambda _, codes: lambda row: row.code in codes,
    },
    keys={
        "SERVICE_ID": lambda row: row.service_id,
        "CODE": lambda row: row.code,
        "NAME": lambda row: row.name,
    },
    default_sort="CODE_ASC",
)

CLIENTS = Kind(
    conditions={"name": lambda _, name: contains(lambda row: row.name, name)},
    keys={"CLIENT_ID": lambda row: row.client_id, "NAME": lambda row: row.name},
    default_sort="CLIENT_ID_ASC",
)
EVENTS = Kind(
    keys={"APPOINTMENT_EVENT_ID": lambda row: row.appointment_event_id},
    default_sort="APPOINTMENT_EVENT_ID_ASC",
)


def happened_within(_: Practice, span: dict[str, int | None]) -> Restriction:
    first, last = span.get("from"), span.get("until")
    return all_of(
        (
            None if first is None else (lambda entry: first <= entry.happened_at),
            None if last is None else (lambda entry: entry.happened_at < last),
        )
    )


AUDIT_EVENTS = Kind(
    conditions={
        "happenedAtRange": happened_within,
        "accountIds": lambda _, ids: lambda row: str(row.account_id) in ids,
        "usernames": lambda _, names: lambda row: row.username in names,
        "actions": lambda _, actions: lambda row: row.action in actions,
        "objectTypes": lambda _, types: (
            lambda row: row.object_type is not None and row.object_type in types
        ),
        "objectIds": lambda _, ids: lambda row: row.object_id is not None and str(row.object_id) in ids,
        "outcomeIn": lambda _, outcomes: lambda row: row.outcome in outcomes,
        "requestId": lambda _, request: lambda row: row.request_id == request,
    },
    keys={"AUDIT_EVENT_ID": lambda row: row.audit_event_id},
    default_sort="AUDIT_EVENT_ID_DESC",
)
# Lists that nobody sorts or filters: they have the one order of their description in the SDL.
WORKING_HOURS = Kind(
    keys={"WORKING_HOURS_ID": lambda row: row.working_hours_id}, default_sort="WORKING_HOURS_ID_ASC"
)
DATE_OVERRIDES = Kind(
    keys={"DATE_OVERRIDE_ID": lambda row: row.date_override_id, "ON_DATE": lambda row: row.on_date},
    default_sort="ON_DATE_ASC",
)
TIME_OFF = Kind(
    keys={"TIME_OFF_ID": lambda row: row.time_off_id, "STARTS_AT": lambda row: row.starts_at},
    default_sort="STARTS_AT_ASC",
)
AWAY = Kind(
    keys={"AWAY_ID": lambda row: row.away_id, "FROM_DATE": lambda row: row.from_date},
    default_sort="FROM_DATE_ASC",
)
CLOSURES = Kind(
    keys={"CLOSURE_ID": lambda row: row.closure_id, "ON_DATE": lambda row: row.on_date},
    default_sort="ON_DATE_ASC",
)
CARE_RELATIONSHIPS = Kind(
    keys={"CARE_RELATIONSHIP_ID": lambda row: row.care_relationship_id},
    default_sort="CARE_RELATIONSHIP_ID_ASC",
)
ROOMS = Kind(
    keys={"ROOM_ID": lambda row: row.room_id, "NAME": lambda row: row.name}, default_sort="NAME_ASC"
)
WAITLIST = Kind(
    keys={"WAITLIST_ENTRY_ID": lambda row: row.waitlist_entry_id, "TURN": lambda row: row.turn},
    default_sort="TURN_ASC",
    conditions={
        "statusIn": lambda _, states: lambda row: row.status in states,
        "clientIds": lambda _, numbers: lambda row: str(row.client_id) in numbers,
    },
)

# What an object type of the SDL is in lists.
KINDS: dict[str, Kind] = {
    "Appointment": APPOINTMENTS,
    "Therapist": THERAPISTS,
    "Specialism": SPECIALISMS,
    "Service": SERVICES,
    "Client": CLIENTS,
    "CareRelationship": CARE_RELATIONSHIPS,
    "AppointmentEvent": EVENTS,
    "WorkingHours": WORKING_HOURS,
    "DateOverride": DATE_OVERRIDES,
    "TimeOff": TIME_OFF,
    "Away": AWAY,
    "Closure": CLOSURES,
    "Room": ROOMS,
    "AuditEvent": AUDIT_EVENTS,
    "WaitlistEntry": WAITLIST,
}

Order = tuple[tuple[str, str], ...]


def order_of(kind: Kind, sort: Sequence[str | None] | None) -> Order:
    """The keys with their directions: each key once, the id at last."""
    given = [each for each in sort or () if each is not None] or [kind.default_sort]
    keys: dict[str, str] = {}
    for name in given:
        key, direction = name.rsplit("_", 1)
        keys.setdefault(key, direction)
    keys.setdefault(next(iter(kind.keys)), list(keys.values())[-1])
    return tuple(keys.items())


def position(kind: Kind, order: Order, row: Row) -> list[int | str]:
    return [kind.keys[key](row) for key, _ in order]


def compare(order: Order, here: list[Any], there: list[Any]) -> int:
    """Negative where `here` stands before `there`, zero where they are the same place."""
    for (_, direction), a, b in zip(order, here, there, strict=True):
        if a != b:
            return -1 if (a < b) == (direction == "ASC") else 1
    return 0


# Which page.


@dataclass(frozen=True, kw_only=True)
class Page:
    rows: list[Row]
    cursors: list[str]
    has_next: bool
    has_previous: bool
    total: int


def write_cursor(order: Order, place: list[int | str]) -> str:
    return CURSOR_MARK + json.dumps([order, place])


def read_cursor(order: Order, cursor: str) -> list[int | str]:
    try:
        written, place = json.loads(cursor.removeprefix(CURSOR_MARK))
    except ValueError as error:
        raise ValueError("not a cursor") from error
    if written != [list(key) for key in order]:
        raise ValueError("a cursor of another sort")
    return place


def page_of(kind: Kind, practice: Practice, rows: Iterable[Row], arguments: dict[str, Any]) -> Page:
    """The page that a connection's arguments ask for."""
    order = order_of(kind, arguments.get("sort"))
    holds = restriction(practice, kind.conditions, arguments.get("filters") or {})
    matching = sorted(
        (row for row in rows if holds is None or holds(row)),
        key=cmp_to_key(lambda a, b: compare(order, position(kind, order, a), position(kind, order, b))),
    )
    places = [position(kind, order, row) for row in matching]
    begin, end = bounds(order, places, arguments)
    return Page(
        rows=matching[begin:end],
        cursors=[write_cursor(order, place) for place in places[begin:end]],
        has_next=end < len(matching),
        has_previous=begin > 0,
        total=len(matching),
    )


def bounds(order: Order, places: list[list[int | str]], arguments: dict[str, Any]) -> tuple[int, int]:
    """Where the page begins and ends in the list. Cursors that cross leave an empty page, its
    begin after its end: what stands at or after `before` is next, at or before `after` previous."""
    after, before = arguments.get("after"), arguments.get("before")
    first, last = size(arguments.get("first")), size(arguments.get("last"))
    begin, end = 0, len(places)
    if after is not None:
        begin = sum(compare(order, place, read_cursor(order, after)) <= 0 for place in places)
    if before is not None:
        end = sum(compare(order, place, read_cursor(order, before)) < 0 for place in places)
    if first is None and last is None:
        first = DEFAULT_PAGE
    if first is not None:
        end = min(end, begin + first)
    if last is not None:
        begin = max(begin, end - last)
    return begin, end


def size(wanted: int | None) -> int | None:
    if wanted is not None and not 0 <= wanted <= LARGEST_PAGE:
        raise ValueError(f"a page holds 0 to {LARGEST_PAGE}")
    return wanted
