"""A notice as calendar programs read it: iCalendar (RFC 5545), sent as iTIP says (RFC 5546).

A session has one UID for its life and its version as SEQUENCE, so that a calendar moves or removes the
entry that it has. Times are in UTC, which no change of a zone's rules makes wrong.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from icalendar import Calendar, Event, vCalAddress

from sessional.outbox.letters import Notice, Told

_SERIES: Final = frozenset({"SERIES_BOOKED", "SERIES_MOVED", "SERIES_CANCELLED"})
# Of these no calendar has an entry, and none is to be made: the time is nobody's yet.
_OFFERS: Final = frozenset({"OFFERED", "OFFER_LAPSED"})
_GONE: Final = frozenset({"CANCELLED", "DECLINED", "SERIES_CANCELLED"})


def has_entry(notice: Notice) -> bool:
    """Whether there is anything for a calendar in it."""
    return notice.kind not in _OFFERS


def method(notice: Notice) -> str:
    """REQUEST or CANCEL are for one entry; several entries at once can only be published."""
    if notice.kind in _SERIES:
        return "PUBLISH"
    return "CANCEL" if notice.kind in _GONE else "REQUEST"


def invitation(notice: Notice, sender: str) -> str:
    """The calendar part of a notice; ``sender`` is the bare address that it comes from."""
    calendar = Calendar()
    calendar.add("prodid", "-//Sessional//Appointments//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method(notice))
    for told in notice.sessions:
        calendar.add_component(_entry(notice, told, sender))
    written: bytes = calendar.to_ical()
    return written.decode("utf-8")


def _entry(notice: Notice, told: Told, sender: str) -> Event:
    event = Event()
    event.add("uid", f"appointment-{told.appointment_id}@{sender.rpartition('@')[2]}")
    event.add("sequence", told.version)
    event.add("dtstamp", _instant(notice.created_at))
    event.add("dtstart", _instant(told.span.starts_at))
    event.add("dtend", _instant(told.span.ends_at))
    event.add("summary", f"Appointment with {notice.therapist_name}")
    event.add("status", "CANCELLED" if notice.kind in _GONE else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("organizer", vCalAddress(f"mailto:{sender}"))
    if notice.kind not in _SERIES:
        event.add("attendee", _attendee(notice))
    return event


def _attendee(notice: Notice) -> vCalAddress:
    """The client, who is told and not asked."""
    attendee = vCalAddress(f"mailto:{notice.email}")
    attendee.params["PARTSTAT"] = "ACCEPTED"
    attendee.params["RSVP"] = "FALSE"
    return attendee


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
