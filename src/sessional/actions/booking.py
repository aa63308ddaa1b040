"""Booking: all at once where the database can, else with the diary open, which says why not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from sessional.access import Actor
from sessional.actions import history, notices
from sessional.actions.admission import admit_by_rules
from sessional.actions.desk import Desk
from sessional.actions.entry import account_values, standing
from sessional.actions.members import clear_places, join_clients, know_clients
from sessional.actions.own import (
    check_diary,
    check_override,
    is_client,
    participants,
    sees_all,
    sees_session,
)
from sessional.actions.rooms import take_room
from sessional.diary import booking
from sessional.diary.slots import nearby
from sessional.diary.values import Interval, Wish
from sessional.errors import (
    Busy,
    FullyBooked,
    HoldExpired,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    InvalidInput,
    UnknownService,
    UnknownTherapist,
)
from sessional.store import store as db
from sessional.store.constraints import OVERLAP, Conflict, KeyInProgress
from sessional.store.store import Guard, NewAppointment, RowAnswer, Store, Transaction

# How often a booking looks at a diary that changes under its eyes.
LOOKS: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Booked:
    """A booking's outcome: the answer asked for, as JSON text, and whether it answers a retry."""

    answer: str
    replayed: bool


async def book(
    desk: Desk, actor: Actor, wish: Wish, answer: RowAnswer, values: Sequence[Any] = ()
) -> Booked:
    """Book a session and answer about it, once it is on disk.

    First all at once, if the database can: the constraint refuses what must not be. Where nothing
    came of that, the diary is opened and says why, or books after all. Raises BookingRefused.
    """
    booking.check(wish)
    new = _new_appointment(wish, desk)
    attempt = _Attempt(actor, wish, new, answer, values, mails=desk.mails)
    try:
        if answer.from_row_alone and wish.is_plain and sees_all(actor):
            text = await desk.store.book_at_once(_guard(actor), attempt.new, answer)
            if text is not None:
                return Booked(answer=text, replayed=False)
        return await _until_settled(desk.store, attempt)
    except KeyInProgress:
        raise IdempotencyInProgress from None


async def replayed(
    desk: Desk, actor: Actor, wish: Wish, answer: RowAnswer, values: Sequence[Any] = ()
) -> Booked | None:
    """What the wish's idempotency key stands for already, if anything. Raises IdempotencyKeyReused."""
    new = _new_appointment(wish, desk)
    attempt = _Attempt(actor, wish, new, answer, values, mails=desk.mails)
    return None if wish.idempotency_key is None else await desk.store.transact(attempt.replay)


async def _until_settled(store: Store, attempt: _Attempt) -> Booked:
    """Run the attempt; once more where someone else's commit came between its look and its write."""
    for _ in range(LOOKS):
        with suppress(Conflict):
            return await store.transact(attempt.book)
    raise Busy("the diary kept changing between a look and a write")


@dataclass(frozen=True, slots=True)
class _Service:
    """What a booking must know of the service: the columns of ``service_length``."""

    duration_seconds: int
    capacity: int
    needs_room: bool
    any_buffers: bool


@dataclass(frozen=True, slots=True)
class _Group:
    """A group that meets then, and that further clients can join: the columns of ``group_at``."""

    appointment_id: int
    places_left: int
    room_id: int | None
    any_held: bool
    status: str


@dataclass(frozen=True, slots=True)
class _Attempt:
    """One booking with the diary open."""

    actor: Actor
    wish: Wish
    new: NewAppointment
    answer: RowAnswer
    values: Sequence[Any]
    mails: bool

    async def book(self, tx: Transaction) -> Booked:
        actor = await standing(tx.fetch, self.actor)
        diary = await tx.fetch("open_diary", therapist_id=self.wish.therapist_id)
        if (replay := await self.replay(tx)) is not None:
            return replay
        if not diary:
            raise UnknownTherapist
        check_diary(actor, self.wish.therapist_id)
        return await replace(self, actor=actor, wish=_as_booked_by(actor, self.wish))._book(tx, diary)

    async def _book(self, tx: Transaction, diary: Sequence[Sequence[Any]]) -> Booked:
        service = await self._service(tx)
        wanted = booking.span(self.wish, service_duration_seconds=service.duration_seconds)
        return await self._write(tx, wanted, service, has_rules=diary[0][1] > 0 or service.any_buffers)

    async def replay(self, tx: Transaction) -> Booked | None:
        """What the idempotency key stands for already, if anything. Raises IdempotencyKeyReused."""
        key = self.wish.idempotency_key
        known = None if key is None else await db.remembered(tx, self.actor.account_id, key)
        if known is None:
            return None
        if known.input_hash != self.new.input_hash:
            raise IdempotencyKeyReused
        return await self._answer(tx, known.therapist_id, known.appointment_id, replayed=True)

    async def _service(self, tx: Transaction) -> _Service:
        rows = await tx.fetch("service_length", code=self.wish.service_code)
        if not rows:
            raise UnknownService([row[0] for row in await tx.fetch("service_codes")])
        return _Service(*rows[0])

    async def _write(
        self, tx: Transaction, wanted: Interval, service: _Service, *, has_rules: bool
    ) -> Booked:
        wish, therapist_id = self.wish, self.wish.therapist_id
        place = {"therapist_id": therapist_id, "service_code": wish.service_code}
        place |= {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at}
        if wish.identical_is_same and (same := await self._identical(tx, place)):
            return await self._answer(tx, therapist_id, same, replayed=True)
        if is_client(self.actor) or (has_rules and wish.obeys_rules and not wish.override_rules):
            await self._obey(tx, wanted)
        appointment_id = await self._place(tx, wanted, place, service)
        await know_clients(tx, self.actor, wish.client_ids)
        await join_clients(tx, appointment_id, wish.client_ids, wanted)
        if wish.client_ids and self.mails:
            told, now = wish.client_ids, self.new.now
            await notices.queue(tx, notices.Kind.BOOKED, [appointment_id], now=now, client_ids=told)
        if (key := self.new.key) is not None:
            account_id, input_hash = self.actor.account_id, self.new.input_hash
            outcome = {"therapist_id": therapist_id, "appointment_id": appointment_id}
            remember = {"account_id": account_id, "key": key, "input_hash": input_hash}
            await tx.fetch("remember", now=self.new.now, **remember, **outcome)
        row = {"therapist_id": therapist_id, "appointment_id": appointment_id}
        said = {"action": self.new.action, "request_id": self.new.request_id, "now": self.new.now}
        await tx.fetch("audit_booking", **row, **said, **account_values(self.actor))
        return await self._answer(tx, therapist_id, appointment_id, replayed=False)

    async def _identical(self, tx: Transaction, place: dict[str, Any]) -> int | None:
        """The same session, if it is there and the actor's own."""
        rows = await tx.fetch("identical", **place)
        therapist_id = self.wish.therapist_id
        if rows and await sees_session(tx.fetch, self.actor, rows[0][0], therapist_id):
            return int(rows[0][0])
        return None

    async def _obey(self, tx: Transaction, wanted: Interval) -> None:
        """Raises what admit_by_rules raises, and InvalidInput where a client has to ask first."""
        held = self.wish.hold_id is not None
        service = await admit_by_rules(
            tx,
            therapist_id=self.wish.therapist_id,
            service_code=self.wish.service_code,
            wanted=wanted,
            actor=self.actor,
            now=self.new.now,
            # What is held may be a place, which needs somebody to take it: that is said further on.
            places=len(self.wish.client_ids) or int(held),
            agreed=held,
        )
        if service.needs_approval and is_client(self.actor):
            raise InvalidInput(
                "Ask for this with requestAppointment: it has to be confirmed.", path=["service"]
            )

    async def _place(
        self, tx: Transaction, wanted: Interval, place: dict[str, Any], service: _Service
    ) -> int:
        """The session to be in: a group's that has places left, the one that was held, or a new one."""
        wish = self.wish
        if wish.hold_id is not None:
            return await self._take_hold(tx, wanted, place, service)
        # A group has the places that it was booked with, however many the service has now.
        if wish.client_ids and (group := await self._group_at(tx, place)):
            return await self._join(tx, group)
        self._check_places(service)
        appointment_id = await self._add(tx, wanted, place)
        if service.needs_room or wish.room_id is not None or wish.override_rules:
            await self._furnish(tx, appointment_id, wanted, service, None)
        return appointment_id

    def _check_places(self, service: _Service) -> None:
        if len(self.wish.client_ids) > service.capacity:
            raise FullyBooked(service.capacity)

    async def _group_at(self, tx: Transaction, place: dict[str, Any]) -> _Group | None:
        mine = {"account_id": self.actor.account_id, "now": self.new.now}
        found = await tx.fetch("group_at", **mine, **place)
        return _Group(*found[0]) if found else None

    async def _join(self, tx: Transaction, group: _Group) -> int:
        """A group that is there already. Raises FullyBooked, or InvalidInput where it meets elsewhere."""
        if group.places_left < len(self.wish.client_ids):
            raise FullyBooked
        if self.wish.room_id not in (None, group.room_id):
            raise InvalidInput("The group at that time meets in another room.", path=["roomId"])
        number, actor, now = group.appointment_id, self.actor, self.new.now
        if group.any_held:
            await clear_places(tx, number, account_id=actor.account_id, now=now)
        row = {"appointment_id": number, "therapist_id": self.wish.therapist_id}
        same = {"status": group.status}
        await history.change(tx, actor, now, row, "set_status", same, named="JOINED")
        return number

    async def _take_hold(
        self, tx: Transaction, wanted: Interval, place: dict[str, Any], service: _Service
    ) -> int:
        """The hold becomes the session, with the room that it kept; or its place the client's.

        Raises HoldExpired, and what joining a group raises.
        """
        mine = {"account_id": self.actor.account_id, "now": self.new.now}
        held = await tx.fetch("take_hold", hold_id=self.wish.hold_id, **mine, **place)
        if not held:
            return await self._take_place(tx, mine, place)
        self._check_places(service)
        appointment_id, room_id = int(held[0][0]), held[0][1]
        lacks_room = service.needs_room and room_id is None
        if lacks_room or self.wish.room_id not in (None, room_id) or self.wish.override_rules:
            await self._furnish(tx, appointment_id, wanted, service, room_id)
        return appointment_id

    async def _take_place(self, tx: Transaction, mine: dict[str, Any], place: dict[str, Any]) -> int:
        """The place that was held is the client's now. It ends with its group. Raises HoldExpired."""
        held = await tx.fetch("take_place", hold_id=self.wish.hold_id, **mine, **place)
        group = await self._group_at(tx, place) if held else None
        if group is None:
            raise HoldExpired
        if not self.wish.client_ids:
            raise InvalidInput("A place that is held needs somebody to take it.", path=["clientIds"])
        return await self._join(tx, group)

    async def _add(self, tx: Transaction, wanted: Interval, place: dict[str, Any]) -> int:
        """The new session's id. The constraint decides; where it refuses, the diary says why.

        Raises SlotTaken, or Conflict where what was in the way is gone by the time one looks.
        """
        for _ in range(2):
            with suppress(Conflict):
                if added := await tx.fetch("add_appointment", now=self.new.now, **place):
                    return int(added[0][0])
            span = {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at}
            mine = {"account_id": self.actor.account_id, "now": self.new.now}
            therapist_id = self.wish.therapist_id
            if not await tx.fetch("drop_stale_holds", therapist_id=therapist_id, **span, **mine):
                break
        busy = await db.busy(tx, self.wish.therapist_id, nearby(wanted))
        booking.admit(self.wish, wanted, busy=busy, now=self.new.now)
        raise Conflict(OVERLAP)

    async def _furnish(
        self, tx: Transaction, appointment_id: int, wanted: Interval, service: _Service, had: int | None
    ) -> None:
        wish, room_id = self.wish, had
        if service.needs_room or wish.room_id is not None:
            room_id = await take_room(
                tx,
                wanted,
                account_id=self.actor.account_id,
                now=self.new.now,
                room_id=wish.room_id,
                had=had,
                appointment_id=appointment_id,
            )
        row = {"appointment_id": appointment_id, "therapist_id": wish.therapist_id}
        await tx.fetch("furnish", room_id=room_id, overridden=wish.override_rules, **row)

    async def _answer(
        self, tx: Transaction, therapist_id: int, appointment_id: int, *, replayed: bool
    ) -> Booked:
        values = [*account_values(self.actor).values(), therapist_id, appointment_id, *self.values]
        answered = await tx.read(self.answer.statement, values)
        return Booked(answer=answered.text or "null", replayed=replayed)


def _as_booked_by(actor: Actor, wish: Wish) -> Wish:
    """What clients book they book for themselves. Raises InvalidInput where they set rules aside."""
    check_override(actor, wish.override_rules)
    return replace(wish, client_ids=participants(actor, wish.client_ids))


def _guard(actor: Actor) -> Guard:
    return Guard(**account_values(actor))


def _new_appointment(wish: Wish, desk: Desk) -> NewAppointment:
    return NewAppointment(
        therapist_id=wish.therapist_id,
        service_code=wish.service_code,
        starts_at=wish.starts_at,
        duration_seconds=wish.duration_seconds,
        key=wish.idempotency_key,
        input_hash=input_hash(wish),
        now=desk.now(),
        action="appointment" if wish.identical_is_same else "bookAppointment",
        request_id=desk.request_id(),
    )


def input_hash(wish: Wish) -> str:
    """What an idempotency key is held against: what was asked for, and not who was found for it."""
    who: Any = wish.therapist_id if wish.anyone is None else wish.anyone
    parts: tuple[Any, ...] = (who, wish.starts_at, wish.duration_seconds, wish.service_code)
    if not wish.is_plain:
        parts += (wish.client_ids, wish.hold_id, wish.override_rules)
    if wish.room_id is not None:
        parts += (wish.room_id,)
    return hashlib.sha256(repr(parts).encode()).hexdigest()
