"""What a notice says: a row of the outbox -> subject, text and calendar entries. Pure.

A mail is read on screens that others see, and passes through strangers' machines. So it names time and
therapist, and never the service, a specialism or a reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sessional.diary.readers import date_of, span_of, time_of
from sessional.diary.reminders import still_right
from sessional.diary.values import Interval
from sessional.keyring import Keyring


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A session as the notice tells of it. ``kept_zone``: whose wall time it keeps, where that is told."""

    appointment_id: int
    version: int
    span: Interval
    kept_zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A notice with everything that it says, and how its session stands now. Times are UTC seconds."""

    outbox_id: int
    kind: str
    sessions: Sequence[Told]
    was_starts_at: int | None
    lead_seconds: int
    created_at: int
    email: str
    client_name: str
    zone: str
    therapist_name: str
    therapist_zone: str
    starts_at: int | None
    status: str | None
    takes_part: bool
    has_later: bool
    # Until when the client can accept it, where it is offered to them still.
    offered_until: int | None

    @property
    def first(self) -> Told:
        return self.sessions[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How a kind of notice is worded. ``{…}`` are the first session's date, how many, and the like."""

    subject: str
    text: str


_KINDS: Final = {
    "BOOKED": Wording(subject="Your appointment on {date}", text="Your appointment is booked:"),
    "MOVED": Wording(
        subject="Your appointment is moved to {date}",
        text="Your appointment on {was} is moved. It is now:",
    ),
    "HANDED_OVER": Wording(
        subject="A change to your appointment on {date}",
        text="Your appointment stays at its time, with another therapist:",
    ),
    "CANCELLED": Wording(
        subject="Your appointment on {date} is cancelled", text="This appointment does not take place:"
    ),
    "DECLINED": Wording(
        subject="Your request for {date}", text="The appointment that you asked for cannot be given:"
    ),
    "SERIES_BOOKED": Wording(
        subject="Your {count} appointments from {date} on", text="Your appointments are booked:"
    ),
    "SERIES_MOVED": Wording(
        subject="Your {count} appointments from {date} on are moved",
        text="Your appointments are moved. They are now:",
    ),
    "SERIES_CANCELLED": Wording(
        subject="Your appointments from {date} on are cancelled",
        text="These appointments do not take place:",
    ),
    "CLOCKS_CHANGED": Wording(
        subject="Your appointment on {date}: the rules of the clocks have changed",
        text=(
            "The rules for the clocks in {kept_zone} have changed. Your appointment stays at\n"
            "the same time on the clocks there. On yours it is now:"
        ),
    ),
    "OFFERED": Wording(
        subject="A time for you on {date}",
        text=(
            "A time that you have waited for is free. It is kept for you until\n"
            "{until}. Tell us by then whether you take it:"
        ),
    ),
    "OFFER_LAPSED": Wording(
        subject="The time for you on {date}",
        text=(
            "We have not heard from you, so this time is not kept for you any longer. You stay on\n"
            "the waitlist for another:"
        ),
    ),
    "REMINDER": Wording(
        subject="Reminder: your appointment on {date}", text="We look forward to seeing you:"
    ),
}
# What a later notice about the same session makes pointless. The end of a session is always told.
_OVERTAKEN: Final = frozenset({"BOOKED", "MOVED", "HANDED_OVER", "CLOCKS_CHANGED"})


def notice_of(outbox_id: int, row: Sequence[Any], keyring: Keyring) -> Notice:
    """A notice from the columns of ``letter``. Raises Unreadable where no key opens the address."""
    kind, sessions, was_starts_at, lead_seconds, created_at, email, client_name, zone, *rest = row
    first_name, last_name, therapist_zone, starts_at, status, takes_part, has_later, offered_until = rest
    return Notice(
        outbox_id=outbox_id,
        kind=kind,
        sessions=[
            Told(
                appointment_id=number,
                version=version,
                span=Interval(starts_at=begin, ends_at=end),
                kept_zone=kept[0] if kept else None,
            )
            for number, version, begin, end, *kept in orjson.loads(sessions)
        ],
        was_starts_at=was_starts_at,
        lead_seconds=lead_seconds,
        created_at=created_at,
        email=keyring.open("email", email or ""),
        client_name=client_name,
        zone=zone,
        therapist_name=f"{first_name} {last_name}".strip(),
        therapist_zone=therapist_zone,
        starts_at=starts_at,
        status=status,
        takes_part=bool(takes_part),
        has_later=bool(has_later),
        offered_until=offered_until,
    )


def needless(notice: Notice, now: int) -> str | None:
    """Why a notice has no need to be sent any more, in a word; None where it has."""
    if not notice.email:
        return "NO_ADDRESS"
    if notice.kind == "REMINDER":
        told, starts_at, status = notice.first.span.starts_at, notice.starts_at, notice.status
        if starts_at is None or status is None or not notice.takes_part:
            return "NOT_TRUE_ANY_MORE"
        right = still_right(told, notice.lead_seconds, starts_at=starts_at, status=status, now=now)
        return None if right else "NOT_TRUE_ANY_MORE"
    if notice.kind == "OFFERED":
        stands = notice.offered_until is not None and notice.offered_until > now
        return None if stands else "NOT_TRUE_ANY_MORE"
    return "OVERTAKEN" if notice.kind in _OVERTAKEN and notice.has_later else None


def subject(notice: Notice) -> str:
    date = date_of(notice.first.span.starts_at, notice.zone)
    return _KINDS[notice.kind].subject.format(date=date, count=len(notice.sessions))


def text(notice: Notice) -> str:
    """The mail's text. Every time is the reader's, with the zone that it is in."""
    was = notice.first.span.starts_at if notice.was_starts_at is None else notice.was_starts_at
    until = "" if notice.offered_until is None else time_of(notice.offered_until, notice.zone)
    kept_zone = notice.first.kept_zone or notice.therapist_zone
    said = _KINDS[notice.kind].text.format(was=time_of(was, notice.zone), kept_zone=kept_zone, until=until)
    times = "\n".join(f"    {span_of(told.span, notice.zone)}" for told in notice.sessions)
    return f"Hello {notice.client_name},\n\n{said}\n\n{times}\n    with {notice.therapist_name}\n"
