"""Booking: all at once where the database can, else with the diary open, which says why not."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

from sessional.access import Actor
from sessional.actions.admission import admit_by_rules
from sessional.actions.desk import Desk
from sessional.actions.entry import account_values
from sessional.actions.members import free_room, join_clients, know_clients
from sessional.diary import booking
from sessional.diary.slots import nearby
from sessional.diary.values import Interval, Wish
from sessional.errors import (
    Busy,
    FullyBooked,
    HoldExpired,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    Unauthenticated,
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
    attempt = _Attempt(actor, wish, _new_appointment(wish, now=desk.now()), answer, values)
    try:
        if answer.from_row_alone and wish.is_plain:
            text = await desk.store.book_at_once(_guard(actor), attempt.new, answer)
            if text is not None:
                return Booked(answer=text, replayed=False)
        return await _until_settled(desk.store, attempt)
    except KeyInProgress:
        raise IdempotencyInProgress from None


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
class _Attempt:
    """One booking with the diary open."""

    actor: Actor
    wish: Wish
    new: NewAppointment
    answer: RowAnswer
    values: Sequence[Any]

    async def book(self, tx: Transaction) -> Booked:
        if not await tx.fetch("account_stands", **account_values(self.actor)):
            raise Unauthenticated("The account is not active any more.")
        diary = await tx.fetch("open_diary", therapist_id=self.wish.therapist_id)
        if (replay := await self._replay(tx)) is not None:
            return replay
        if not diary:
            raise UnknownTherapist
        service = await self._service(tx)
        wanted = booking.span(self.wish, service_duration_seconds=service.duration_seconds)
        return await self._write(tx, wanted, service, has_rules=diary[0][1] > 0 or service.any_buffers)

    async def _replay(self, tx: Transaction) -> Booked | None:
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
        if wish.identical_is_same and (same := await tx.fetch("identical", **place)):
            return await self._answer(tx, therapist_id, same[0][0], replayed=True)
        if has_rules and wish.obeys_rules and not wish.override_rules:
            await self._obey(tx, wanted)
        appointment_id = await self._place(tx, wanted, place, service)
        await know_clients(tx, wish.client_ids)
        await join_clients(tx, appointment_id, wish.client_ids, wanted)
        if (key := self.new.key) is not None:
            account_id, input_hash = self.actor.account_id, self.new.input_hash
            outcome = {"therapist_id": therapist_id, "appointment_id": appointment_id}
            remember = {"account_id": account_id, "key": key, "input_hash": input_hash}
            await tx.fetch("remember", now=self.new.now, **remember, **outcome)
        return await self._answer(tx, therapist_id, appointment_id, replayed=False)

    async def _obey(self, tx: Transaction, wanted: Interval) -> None:
        await admit_by_rules(
            tx,
            therapist_id=self.wish.therapist_id,
            service_code=self.wish.service_code,
            wanted=wanted,
            account_id=self.actor.account_id,
            now=self.new.now,
        )

    async def _place(
        self, tx: Transaction, wanted: Interval, place: dict[str, Any], service: _Service
    ) -> int:
        """The session to be in: a group's that has places left, the one that was held, or a new one."""
        wish, mine = self.wish, {"account_id": self.actor.account_id, "now": self.new.now}
        if wish.hold_id is not None:
            held = await tx.fetch("take_hold", hold_id=wish.hold_id, **mine, **place)
            if not held:
                raise HoldExpired
            return int(held[0][0])
        if service.capacity > 1 and wish.client_ids and (group := await tx.fetch("group_at", **place)):
            if group[0][1] < len(wish.client_ids):
                raise FullyBooked
            return int(group[0][0])
        if len(wish.client_ids) > service.capacity:
            raise FullyBooked
        appointment_id = await self._add(tx, wanted, place)
        if service.needs_room or wish.override_rules:
            await self._furnish(tx, appointment_id, wanted, service)
        return appointment_id

    async def _add(self, tx: Transaction, wanted: Interval, place: dict[str, Any]) -> int:
        """The new session's id. The constraint decides; where it refuses, the diary says why.

        Raises SlotTaken, or Conflict where what was in the way is gone by the time one looks.
        """
        for _ in range(2):
            with suppress(Conflict):
                if added := await tx.fetch("add_appointment", **place):
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
        self, tx: Transaction, appointment_id: int, wanted: Interval, service: _Service
    ) -> None:
        room_id = await free_room(tx, wanted) if service.needs_room else None
        row = {"appointment_id": appointment_id, "therapist_id": self.wish.therapist_id}
        await tx.fetch("furnish", room_id=room_id, overridden=self.wish.override_rules, **row)

    async def _answer(
        self, tx: Transaction, therapist_id: int, appointment_id: int, *, replayed: bool
    ) -> Booked:
        values = [*account_values(self.actor).values(), therapist_id, appointment_id, *self.values]
        answered = await tx.read(self.answer.statement, values)
        return Booked(answer=answered.text or "null", replayed=replayed)


def _guard(actor: Actor) -> Guard:
    return Guard(account_id=actor.account_id, username=actor.username, role=actor.role)


def _new_appointment(wish: Wish, *, now: int) -> NewAppointment:
    parts: tuple[Any, ...] = (
        wish.therapist_id, wish.starts_at, wish.duration_seconds, wish.service_code,
    )  # fmt: skip
    if not wish.is_plain:
        parts += (wish.client_ids, wish.hold_id, wish.override_rules)
    return NewAppointment(
        therapist_id=wish.therapist_id,
        service_code=wish.service_code,
        starts_at=wish.starts_at,
        duration_seconds=wish.duration_seconds,
        key=wish.idempotency_key,
        input_hash=hashlib.sha256(repr(parts).encode()).hexdigest(),
        now=now,
    )
