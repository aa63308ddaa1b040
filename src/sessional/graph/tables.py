"""The practice's tables as the graph sees them, and the links that lead from one to another."""

from __future__ import annotations

from typing import Final

from sessional.store.shape import Column, Fixed, Link, Table


def column(name: str) -> Column:
    return Column(name=name)


def link(target: Table, here: str, there: str | None = None) -> Link:
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

TO_THERAPIST: Final = link(THERAPIST, "therapist_id")
TO_SERVICE: Final = link(SERVICE, "service_code", "code")
TO_APPOINTMENTS: Final = link(APPOINTMENT, "therapist_id")
# From a therapist, or from anything else in their diary.
TO_SPECIALISMS: Final = Link(
    target=SPECIALISM,
    on=(("therapist_id", "therapist_id"),),
    through="therapist_specialism",
    onward=(("specialism_id", "specialism_id"),),
)
TO_THERAPISTS: Final = Link(
    target=THERAPIST,
    on=(("specialism_id", "specialism_id"),),
    through="therapist_specialism",
    onward=(("therapist_id", "therapist_id"),),
)

TO_SERVICES: Final = Link(
    target=SERVICE,
    on=(("therapist_id", "therapist_id"),),
    through="therapist_service",
    onward=(("service_id", "service_id"),),
)

# A hold is a row of the same table, so that one constraint keeps holds and sessions apart.
TO_CLIENTS: Final = Link(
    target=CLIENT,
    on=(("appointment_id", "appointment_id"),),
    through="appointment_client",
    onward=(("client_id", "client_id"),),
)
TO_CLIENTS_APPOINTMENTS: Final = Link(
    target=APPOINTMENT,
    on=(("client_id", "client_id"),),
    through="appointment_client",
    onward=(("therapist_id", "therapist_id"), ("appointment_id", "appointment_id")),
)
NO_HOLD: Final = Fixed(column("held_until"), "=", 0)
LENGTH: Final = Column(name="ends_at", minus="starts_at")
