"""The waitlist: somebody joins, is offered what becomes free, and accepts, declines or leaves.

A refusal writes nothing, so an offer that has run out is passed on by whatever changes its diary next,
or by the task that looks for such offers (``waitlist_offers.pass_on``), and not by who comes too late.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from sessional.actions import checks, history, notices
from sessional.actions.admission import admit_by_rules
from sessional.actions.life import Session
from sessional.actions.loading import load_services
from sessional.actions.members import join_clients
from sessional.actions.own import sees_client
from sessional.actions.taking_part import let_in
from sessional.actions.waitlist_offers import Listed, give_back, lock_waitlist
from sessional.actions.work import Ref, Work
from sessional.diary.life import Status
from sessional.diary.rules import ServiceRules
from sessional.diary.values import DAY_SECONDS, Interval
from sessional.diary.waitlist import HELD_BY, Entry, Waiting, length_of, wishes
from sessional.errors import (
    HoldExpired,
    InvalidArgument,
    InvalidInput,
    NotFound,
    TooManyEntries,
    UnknownService,
    UnknownTherapist,
)
from sessional.store.constraints import Conflict

MOST_DAYS: Final = 366
# Entries of one client that wait or are offered something. Every time that becomes free is laid before each
# entry in turn, under the lock of the list: nobody's wishes may make that long for all.
MOST_OPEN: Final = 10


async def join_waitlist(
    work: Work,
    *,
    client_id: int,
    service: str,
    until: int,
    specialisms: Sequence[str] | None = None,
    therapist_ids: Sequence[int] | None = None,
    duration_seconds: int | None = None,
    time_of_day: Mapping[str, int] | None = None,
    weekdays: Sequence[int] | None = None,
    time_zone: str | None = None,
    **span: int | None,
) -> Mapping[str, Any]:
    """Wait, after all who wait already; clients for themselves. Raises InvalidInput, NotFound,
    TooManyEntries, UnknownService, UnknownTherapist.

    ``span`` may have ``from``, which is no name for an argument here.
    """
    hours = time_of_day or {}
    begins = span.get("from")
    entry = Entry(
        entry_id=0,
        client_id=client_id,
        service_code=service,
        from_at=work.now if begins is None else begins,
        until_at=until,
        specialisms=frozenset(checks.listed(specialisms or (), "specialisms")),
        therapist_ids=frozenset(checks.listed(therapist_ids or (), "therapist_ids")),
        duration_seconds=duration_seconds,
        from_minute=hours.get("from_minute"),
        until_minute=hours.get("until_minute"),
        weekdays=frozenset(checks.listed(weekdays or (), "weekdays")),
        time_zone=None if time_zone is None else checks.time_zone(time_zone),
    )
    await _check(work, entry)
    await work.tx.fetch("take_waitlist")
    ((open_entries,),) = await work.tx.fetch("open_entries", client_id=client_id)
    if open_entries >= MOST_OPEN:
        raise TooManyEntries(MOST_OPEN)
    rows = await work.tx.fetch("join_waitlist", now=work.now, **_columns(entry))
    return {"entry": Ref("WaitlistEntry", rows[0][0])}


async def accept_offer(work: Work, *, waitlist_entry_id: int) -> Mapping[str, Any]:
    """The hold becomes the session, or a request that keeps its time where the service needs approval; of a
    place in a group, the client takes part in that. Accepting once more is no error.

    Raises HoldExpired where there is no offer any more, and what a booking raises.
    """
    listed = await _opened(work, waitlist_entry_id)
    if listed.appointment_id is not None:
        return _accepted(listed.entry_id, listed.appointment_id)
    if listed.offered_until is None or listed.offered_until <= work.now:
        raise _no_offer()
    await _obey(work, listed)
    place = {"offered_id": listed.offered_id, "therapist_id": listed.offered_therapist_id}
    taken = await work.tx.fetch("take_offer", now=work.now, held_by=HELD_BY, **place)
    number = await (_met(work, listed, *taken[0]) if taken else _joined(work, listed))
    await work.tx.fetch("note_accepted", waitlist_entry_id=listed.entry_id, appointment_id=number)
    return _accepted(listed.entry_id, number)


async def _met(work: Work, listed: Listed, number: int, status: str, capacity: int) -> int:
    """The client into the session that the hold has become. Of a group's, the other places are free."""
    slot, asked_for = listed.slot, status == Status.PENDING
    span = Interval(starts_at=slot.starts_at, ends_at=slot.ends_at)
    await join_clients(work.tx, number, [listed.client_id], span)
    await history.note(work.tx, work.actor, work.now, number, "REQUESTED" if asked_for else "BOOKED")
    if work.desk.mails and not asked_for:
        await notices.queue(work.tx, notices.Kind.BOOKED, [number], now=work.now)
    if capacity > 1:
        work.frees(slot.therapist_id, slot.starts_at, slot.ends_at, number)
    return number


async def _joined(work: Work, listed: Listed) -> int:
    """The client into the group in which a place was kept. Raises HoldExpired where there is none."""
    slot = listed.slot
    place = {"therapist_id": slot.therapist_id, "service_code": listed.service_code}
    place |= {"starts_at": slot.starts_at, "ends_at": slot.ends_at, "hold_id": listed.offered_id}
    held = await work.tx.fetch("take_place", account_id=HELD_BY, now=work.now, **place)
    if not held:
        raise _no_offer()
    (row,) = await work.tx.fetch("session", appointment_id=held[0][0])
    session = Session(*row)
    await let_in(work, session, [listed.client_id])
    return session.appointment_id


async def decline_offer(work: Work, *, waitlist_entry_id: int) -> Mapping[str, Any]:
    """The time goes to the next in turn; the entry keeps its place. Declining once more is no error."""
    listed = await _opened(work, waitlist_entry_id)
    if listed.status not in (Waiting.OFFERED, Waiting.WAITING):
        raise _no_offer()
    await _give_back(work, listed)
    return {"entry": Ref("WaitlistEntry", listed.entry_id)}


async def leave_waitlist(work: Work, *, waitlist_entry_id: int) -> Mapping[str, Any]:
    """Nothing is offered any more; what is offered goes to the next. Leaving once more is no error."""
    listed = await _opened(work, waitlist_entry_id)
    if listed.status == Waiting.ACCEPTED:
        raise InvalidInput(
            "The entry has come to its session: cancel that instead.", path=["waitlist_entry_id"]
        )
    await _give_back(work, listed)
    if listed.status != Waiting.ENDED:
        await work.tx.fetch("leave_waitlist", waitlist_entry_id=listed.entry_id)
    return {"entry": Ref("WaitlistEntry", listed.entry_id)}


# ---- what they share ----------------------------------------------------------------------------


async def _opened(work: Work, waitlist_entry_id: int) -> Listed:
    """An entry that nobody else changes until the end, with the diary of its offer. Raises NotFound, also
    for what is not the actor's."""
    found = await work.tx.fetch("waitlist_entry", waitlist_entry_id=waitlist_entry_id)
    listed = Listed(*found[0]) if found else None
    if listed is None or not await sees_client(work.tx.fetch, work.actor, listed.client_id):
        raise NotFound("entry", path=["waitlist_entry_id"])
    if listed.offered_therapist_id is not None:
        await work.tx.fetch("open_diary", therapist_id=listed.offered_therapist_id)
    await lock_waitlist(work.tx)
    (row,) = await work.tx.fetch("waitlist_entry", waitlist_entry_id=waitlist_entry_id)
    again = Listed(*row)
    if again.offered_therapist_id not in (None, listed.offered_therapist_id):
        raise Conflict("waitlist_entry")  # It was offered something in another diary while we waited.
    return again


async def _give_back(work: Work, listed: Listed) -> None:
    if listed.status == Waiting.OFFERED:
        work.freed.append(await give_back(work.tx, listed))


async def _obey(work: Work, listed: Listed) -> None:
    """The rules may have changed since it was offered. Raises SlotTaken, RuleRefused."""
    slot = listed.slot
    if (await work.tx.fetch("diary_has_rules", therapist_id=slot.therapist_id))[0][0]:
        await admit_by_rules(
            work.tx,
            therapist_id=slot.therapist_id,
            service_code=listed.service_code,
            wanted=Interval(starts_at=slot.starts_at, ends_at=slot.ends_at),
            actor=work.actor,
            now=work.now,
            places=1,
            ignoring=listed.offered_id,
            offered=True,
        )


def _accepted(entry_id: int, appointment_id: int) -> dict[str, Any]:
    return {"entry": Ref("WaitlistEntry", entry_id), "appointment": Ref("Appointment", appointment_id)}


def _no_offer() -> HoldExpired:
    return HoldExpired("There is no offer any more: it has run out, or was declined.", "waitlist_entry_id")


# ---- what somebody waits for --------------------------------------------------------------------


async def _check(work: Work, entry: Entry) -> None:
    """Refuse what nothing could ever be offered for."""
    services = await load_services(work.tx.fetch)
    if entry.service_code not in services:
        raise UnknownService(sorted(services))
    fetch, client_id = work.tx.fetch, entry.client_id
    known = await fetch("client_details", client_id=client_id)
    if not known or not await sees_client(fetch, work.actor, client_id):
        raise NotFound("client", path=["client_id"])
    _check_span(work.now, entry)
    _check_length(entry, services[entry.service_code])
    try:
        wishes(entry)
    except InvalidArgument as refusal:
        raise InvalidInput(refusal.message, path=refusal.path) from None
    specialisms = {name for name, _ in await fetch("specialism_ids")}
    for name in sorted(entry.specialisms - specialisms):
        raise InvalidInput(f"There is no specialism “{name}”.", path=["specialisms"])
    for therapist_id in sorted(entry.therapist_ids):
        if not await fetch("therapist_details", therapist_id=therapist_id):
            raise UnknownTherapist(path=["therapist_ids"])


def _check_span(now: int, entry: Entry) -> None:
    checks.instant(entry.from_at, "from")
    checks.instant(entry.until_at, "until")
    if entry.until_at <= entry.from_at:
        raise InvalidInput("The span ends after it begins.", path=["until"])
    if entry.until_at <= now:
        raise InvalidInput("The span is past.", path=["until"])
    if entry.until_at - entry.from_at > MOST_DAYS * DAY_SECONDS:
        raise InvalidInput(f"One waits for at most {MOST_DAYS} days.", path=["until"])


def _check_length(entry: Entry, service: ServiceRules) -> None:
    if length_of(entry, service) not in (service.duration_seconds, *service.other_durations):
        raise InvalidInput("The service has no sessions of that length.", path=["duration_seconds"])


def _columns(entry: Entry) -> dict[str, Any]:
    """A new entry as it is stored: lists as JSON, in an order that does not depend on chance."""
    return {
        "client_id": entry.client_id,
        "service_code": entry.service_code,
        "specialisms": orjson.dumps(sorted(entry.specialisms)).decode(),
        "therapist_ids": orjson.dumps([str(number) for number in sorted(entry.therapist_ids)]).decode(),
        "from_at": entry.from_at,
        "until_at": entry.until_at,
        "duration_seconds": entry.duration_seconds,
        "from_minute": entry.from_minute,
        "until_minute": entry.until_minute,
        "weekdays": orjson.dumps(sorted(entry.weekdays)).decode(),
        "time_zone": entry.time_zone,
    }
