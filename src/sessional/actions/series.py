"""Series: looked at as a whole, then booked as a whole, with what the caller chose for each session.

One diary is opened, its rules and what it holds are read once, and every occurrence is asked about in
memory, so that looking at a year of sessions costs as many statements as looking at one.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Final

from sessional.access import Actor
from sessional.actions import notices
from sessional.actions.admission import NEAR_SECONDS, WITHOUT_RULES, alternatives
from sessional.actions.desk import Desk
from sessional.actions.life import cancel_appointment
from sessional.actions.loading import busy_around, load_closures, load_rules, load_services
from sessional.actions.members import join_clients, know_clients
from sessional.actions.own import check_diary, keeps_diary
from sessional.actions.rooms import NO_ROOM, Rooms, rooms_between, take_room
from sessional.actions.work import Ref, Work
from sessional.actions.zone_rules import note_first
from sessional.diary import booking
from sessional.diary.ask import Ask, in_the_way
from sessional.diary.life import check_cancel_reason
from sessional.diary.offers import reasons
from sessional.diary.rules import REACH_SECONDS, BrokenRule, Busy, Closures, Rule, TherapistRules
from sessional.diary.series import Every, Pattern, occurrences
from sessional.diary.slots import nearest_free
from sessional.diary.values import Interval, Slot, Wish
from sessional.errors import (
    InvalidInput,
    InvalidTime,
    NotFound,
    SeriesConflict,
    UnknownService,
    UnknownTherapist,
)
from sessional.store.constraints import Conflict
from sessional.store.store import Transaction

CLIENT_ENGAGED: Final = BrokenRule(
    rule=Rule.CLIENT_BUSY, message="A client has another session at that time.", value=None
)


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One session of a series: its number from 1, its time, and what stands against it."""

    number: int
    span: Interval
    broken: Sequence[BrokenRule]
    instead: Sequence[Slot] = ()
    # The session that it is, where it is booked already.
    appointment_id: int | None = None

    def shown(self) -> dict[str, Any]:
        rules = [{"rule": b.rule.value, "message": b.message, "value": b.value} for b in self.broken]
        slots = [
            {"therapist_id": str(s.therapist_id), "starts_at": s.starts_at, "ends_at": s.ends_at}
            for s in self.instead
        ]
        shown = {"number": self.number, "starts_at": self.span.starts_at, "ends_at": self.span.ends_at}
        known = None if self.appointment_id is None else str(self.appointment_id)
        told = {"appointment_id": known, "free": not self.broken}
        return {**shown, **told, "rules": rules, "alternatives": slots}


@dataclass(slots=True)
class Look:
    """What one therapist's sessions are asked against, and the sessions of the series so far."""

    rules: TherapistRules
    closures: Closures
    ask: Ask
    has_rules: bool
    busy: list[Busy]
    rooms: Rooms | None = None
    # When those who take part have sessions already.
    engaged: Sequence[Interval] = ()
    starts: list[int] = field(default_factory=list)

    def occurrence(self, number: int, starts_at: int) -> Occurrence:
        length = self.ask.duration_seconds
        near = self._near(starts_at, REACH_SECONDS)
        broken = reasons(self.rules, self.closures, self.ask, starts_at, near)
        if not self.has_rules:
            broken = [one for one in broken if one.rule in WITHOUT_RULES]
        if not self._has_room(starts_at, near):
            broken.append(NO_ROOM)
        if not self._has_clients(starts_at):
            broken.append(CLIENT_ENGAGED)
        span = Interval(starts_at=starts_at, ends_at=starts_at + length)
        return Occurrence(number, span, broken, self._instead(span) if broken else ())

    def add(self, span: Interval, appointment_id: int = 0) -> None:
        """From here on this session of the series is in the way of those that come after, and counts."""
        service = self.ask.service
        new = Busy(
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            buffer_before_seconds=service.buffer_before_seconds,
            buffer_after_seconds=service.buffer_after_seconds,
            appointment_id=appointment_id,
            service_code=service.code,
        )
        self.starts = self.starts or [other.starts_at for other in self.busy]
        place = bisect_left(self.starts, span.starts_at)
        self.starts.insert(place, span.starts_at)
        self.busy.insert(place, new)

    def _has_room(self, starts_at: int, near: Sequence[Busy]) -> bool:
        rooms = self.rooms
        return rooms is None or rooms.has_one(self.rules.therapist_id, self.ask, starts_at, near)

    def _has_clients(self, starts_at: int) -> bool:
        span = Interval(starts_at=starts_at, ends_at=starts_at + self.ask.duration_seconds)
        return not any(map(span.overlaps, self.engaged))

    def _instead(self, span: Interval) -> Sequence[Slot]:
        near = self._near(span.starts_at, NEAR_SECONDS)
        if self.has_rules:

            def fits(start: int) -> bool:
                return self._has_room(start, near) and self._has_clients(start)

            return alternatives(self.rules, self.closures, self.ask, span, near, fits)
        others = (Interval(starts_at=b.starts_at, ends_at=b.ends_at) for b in in_the_way(self.ask, near))
        busy = [*others, *self.engaged]
        not_before = self.ask.now if span.starts_at >= self.ask.now else 0
        therapist_id = self.rules.therapist_id
        return nearest_free(therapist_id=therapist_id, wanted=span, busy=busy, not_before=not_before)

    def _near(self, starts_at: int, reach_seconds: int) -> list[Busy]:
        self.starts = self.starts or [other.starts_at for other in self.busy]
        first = bisect_left(self.starts, starts_at - reach_seconds)
        return self.busy[first : bisect_left(self.starts, starts_at + reach_seconds)]


async def preview_series(desk: Desk, actor: Actor, **given: Any) -> list[dict[str, Any]]:
    """Every session of a series, free or with what stands against it. Nothing is held or booked."""
    found = await _outcomes(desk.store, actor, desk.now(), **given)
    return [occurrence.shown() for occurrence in found]


async def book_series(
    work: Work,
    *,
    client_ids: Sequence[int] = (),
    choices: Sequence[Mapping[str, Any]] = (),
    **given: Any,
) -> Mapping[str, Any]:
    """Book a series, all of it or nothing. ``choices`` say which sessions to skip or to move.

    Raises SeriesConflict with every session that cannot be, and what could be instead.
    """
    asked = {**given, "client_ids": client_ids, "choices": choices}
    found = await _outcomes(work.tx, work.actor, work.now, **asked)
    conflicts = [occurrence for occurrence in found if occurrence.broken]
    if conflicts:
        raise SeriesConflict([occurrence.shown() for occurrence in conflicts], len(found))
    numbers = await _write(work, found, client_ids, given)
    if client_ids and work.desk.mails:
        await notices.queue(work.tx, notices.Kind.SERIES_BOOKED, numbers, now=work.now)
    return {"appointments": [Ref("Appointment", number) for number in numbers]}


async def cancel_series(
    work: Work,
    *,
    appointment_id: int,
    following: bool,
    by: str,
    reason: str | None = None,
    reason_code: str | None = None,
) -> Mapping[str, Any]:
    """Cancel this session of a series and those that follow, or all that lie ahead. The past is kept."""
    check_cancel_reason(reason_code, by)
    rows = await work.tx.fetch("series_of", appointment_id=appointment_id)
    if not rows or not keeps_diary(work.actor, rows[0][2]):
        raise NotFound("series", path=["appointmentId"])
    series_id, starts_at, _ = rows[0]
    locked = {row[2] for row in await open_diaries(work, appointment_id)}
    begin = starts_at if following else work.now
    ahead = await work.tx.fetch("series_ahead", series_id=series_id, begin=max(begin, work.now))
    if any(therapist_id not in locked for _, therapist_id in ahead):
        raise Conflict("appointment_moved")  # One was handed to another therapist while we waited.
    # Those that were handed to another therapist are that one's to cancel.
    numbers = [number for number, therapist_id in ahead if keeps_diary(work.actor, therapist_id)]
    for number in numbers:
        await cancel_appointment(
            replace(work, tells=False), appointment_id=number, by=by, reason=reason, reason_code=reason_code
        )
    if numbers and work.desk.mails:
        await notices.queue(work.tx, notices.Kind.SERIES_CANCELLED, numbers, now=work.now)
    return {"appointments": [Ref("Appointment", number) for number in numbers]}


async def open_diaries(work: Work, appointment_id: int) -> Sequence[Sequence[Any]]:
    """The series of a session, its zone, and each diary that it stands in. Those are locked until the end,
    in the order of their numbers, so that two changes never wait for one another. Raises NotFound."""
    diaries = await work.tx.fetch("series_diaries", appointment_id=appointment_id)
    if not diaries:
        raise NotFound("series", path=["appointmentId"])
    for _, _, therapist_id in diaries:
        await work.tx.fetch("open_diary", therapist_id=therapist_id)
    return diaries


# ---- looking ------------------------------------------------------------------------------------


async def _outcomes(
    tx: Transaction,
    actor: Actor,
    now: int,
    *,
    therapist_id: int,
    starts_at: int,
    service: str,
    pattern: Mapping[str, Any],
    duration_seconds: int | None = None,
    client_ids: Sequence[int] = (),
    choices: Sequence[Mapping[str, Any]] = (),
) -> list[Occurrence]:
    fetch = tx.fetch
    check_diary(actor, therapist_id)
    diary = await fetch("open_diary", therapist_id=therapist_id)
    if not diary:
        raise UnknownTherapist
    services = await load_services(fetch)
    if service not in services:
        raise UnknownService(sorted(services))
    length = services[service].duration_seconds if duration_seconds is None else duration_seconds
    wish = Wish(
        therapist_id=therapist_id, starts_at=starts_at, duration_seconds=length, service_code=service
    )
    booking.check(wish)
    rules = (await load_rules(fetch, [therapist_id]))[therapist_id]
    starts = _chosen(_starts(rules, starts_at, pattern), choices, wish)
    whole = Interval(
        starts_at=max(0, min(starts.values(), default=0) - NEAR_SECONDS),
        ends_at=max(starts.values(), default=0) + NEAR_SECONDS,
    )
    who = {"account_id": actor.account_id, "now": now}
    await know_clients(tx, actor, client_ids)
    rooms = None
    if services[service].needs_room:
        rooms = await rooms_between(fetch, replace(whole, ends_at=whole.ends_at + length), **who)
    look = Look(
        rules=rules,
        closures=await load_closures(fetch),
        ask=Ask(
            service=services[service],
            duration_seconds=length,
            account_id=actor.account_id,
            now=now,
            free_of_hours=not rules.takes_search_bookings,
        ),
        has_rules=diary[0][1] > 0,
        # A series makes sessions of its own: a place in a group that is there already is none for it.
        busy=[replace(one, places_left=0) for one in await busy_around(fetch, therapist_id, whole, **who)],
        rooms=rooms,
        engaged=await _engaged(tx, client_ids, whole),
    )
    found = []
    for number, start in starts.items():
        found.append(look.occurrence(number, start))
        if not found[-1].broken:
            look.add(found[-1].span)
    return found


async def _engaged(tx: Transaction, client_ids: Sequence[int], within: Interval) -> list[Interval]:
    """When these clients, who are known, have sessions."""
    if not client_ids:
        return []
    span = {"starts_at": within.starts_at, "ends_at": within.ends_at}
    rows = await tx.fetch("clients_busy", client_ids=tx.dialect.pack(list(client_ids)), **span)
    return [Interval(starts_at=starts_at, ends_at=ends_at) for starts_at, ends_at in rows]


def _starts(rules: TherapistRules, starts_at: int, pattern: Mapping[str, Any]) -> list[int]:
    """The starts of the series; the wall time is kept in its zone, or else in the therapist's."""
    until = pattern.get("until")
    zone = pattern.get("time_zone") or rules.time_zone
    made = Pattern(
        every=Every(pattern["every"]),
        count=pattern.get("count"),
        until=None if until is None else date.fromisoformat(until),
        time_zone=zone,
    )
    return occurrences(starts_at, made)


def _chosen(starts: Sequence[int], choices: Sequence[Mapping[str, Any]], wish: Wish) -> dict[int, int]:
    """Number -> start, without those that are skipped, and with others where they are moved."""
    chosen, met = dict(enumerate(starts, 1)), set[int]()
    for choice in choices:
        number = choice["number"]
        if number in met:
            raise InvalidInput(f"Session {number} has two choices.", path=["choices"])
        met.add(number)
        if number not in chosen:
            raise InvalidInput(f"The series has no session {number}.", path=["choices"])
        if choice.get("skip"):
            del chosen[number]
        elif (start := choice.get("starts_at")) is not None:
            _check_chosen(replace(wish, starts_at=start))
            chosen[number] = start
    if not chosen:
        raise InvalidInput("No session of the series is left.", path=["choices"])
    return chosen


def _check_chosen(wish: Wish) -> None:
    """Raises InvalidTime where no diary has such a start."""
    try:
        booking.check(wish)
    except InvalidTime as refusal:
        raise InvalidTime(refusal.message, path=["choices", *(refusal.path or ())]) from None


# ---- writing ------------------------------------------------------------------------------------


async def _write(
    work: Work, found: Sequence[Occurrence], client_ids: Sequence[int], given: Mapping[str, Any]
) -> list[int]:
    place = {"therapist_id": given["therapist_id"], "service_code": given["service"]}
    zone = given["pattern"].get("time_zone")
    if zone is not None:
        await note_first(work.tx.fetch, zone, work.now)
    rows = await work.tx.fetch(
        "add_series",
        rhythm=given["pattern"]["every"],
        time_zone=zone,
        starts_at=found[0].span.starts_at,
        **place,
    )
    starts = sorted(occurrence.span.starts_at for occurrence in found)
    length = found[0].span.ends_at - found[0].span.starts_at
    await _drop_holds(work, given["therapist_id"], starts, length)
    packed = work.tx.dialect.pack(starts)
    added = await work.tx.fetch(
        "add_to_series", series_id=rows[0][0], starts=packed, length=length, now=work.now, **place
    )
    numbers = {row[1]: int(row[0]) for row in added}
    missing = [occurrence for occurrence in found if occurrence.span.starts_at not in numbers]
    if missing:  # two of its own overlap
        raise SeriesConflict([occurrence.shown() for occurrence in missing], len(found))
    for start in starts:
        span = Interval(starts_at=start, ends_at=start + length)
        await join_clients(work.tx, numbers[start], client_ids, span)
    await _furnish(work, numbers, length, place)
    return [numbers[start] for start in starts]


async def _furnish(work: Work, numbers: Mapping[int, int], length: int, place: Mapping[str, Any]) -> None:
    """A room for every session, by its start, where the service needs one. Raises RoomTaken."""
    known = await work.tx.fetch("service_length", code=place["service_code"])
    who = {"account_id": work.actor.account_id, "now": work.now}
    for start, number in numbers.items() if known[0][2] else ():
        span = Interval(starts_at=start, ends_at=start + length)
        room_id = await take_room(work.tx, span, appointment_id=number, **who)
        row = {"appointment_id": number, "therapist_id": place["therapist_id"]}
        await work.tx.fetch("furnish", room_id=room_id, overridden=False, **row)


async def _drop_holds(work: Work, therapist_id: int, starts: Sequence[int], length: int) -> None:
    """Holds that ran out, or are one's own, are in the way of the constraint alone."""
    whole = {"therapist_id": therapist_id, "starts_at": starts[0], "ends_at": starts[-1] + length}
    if not await work.tx.fetch("holds_within", **whole):
        return
    mine = {"account_id": work.actor.account_id, "now": work.now}
    for start in starts:
        span = {"therapist_id": therapist_id, "starts_at": start, "ends_at": start + length}
        await work.tx.fetch("drop_stale_holds", **span, **mine)
