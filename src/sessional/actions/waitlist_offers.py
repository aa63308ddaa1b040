"""What has become free is offered to those who wait, in the transaction that made it free.

An offer is a hold that belongs to no account: the constraint keeps it apart from everything else, the
search sees it as taken, and only its entry can accept it. What runs out or is declined goes to the next
in turn. The order of locks is always: diaries by number, then the rooms, then the waitlist.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import orjson

from sessional.actions import notices
from sessional.actions.audit import Record
from sessional.actions.desk import Desk
from sessional.actions.entries import by_the_service
from sessional.actions.waitlist_loading import load_entries, load_practice
from sessional.diary.freed import Freed, reach_of
from sessional.diary.values import Slot
from sessional.diary.waitlist import HELD_BY, KEPT_SECONDS, Offer, offer_for, take
from sessional.observe import FaultHappened
from sessional.store.constraints import Conflict
from sessional.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Listed:
    """An entry as a change needs it: the columns of ``waitlist_entry``."""

    entry_id: int
    client_id: int
    service_code: str
    status: str
    declined: str
    offered_id: int | None
    offered_until: int | None
    offered_therapist_id: int | None
    offered_starts_at: int | None
    offered_ends_at: int | None
    appointment_id: int | None

    @property
    def slot(self) -> Slot:
        """The time that it is offered; asked of an entry that is offered one."""
        assert self.offered_therapist_id is not None
        assert self.offered_starts_at is not None
        assert self.offered_ends_at is not None
        return Slot(
            therapist_id=self.offered_therapist_id,
            starts_at=self.offered_starts_at,
            ends_at=self.offered_ends_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Giver:
    """Whoever makes offers and takes them back: in which transaction, when, and what brought it about.

    It is always the service that decides to whom a time goes, so the record names it, beside the request
    that made the time free; '' where time alone did.
    """

    tx: Transaction
    desk: Desk
    now: int
    request_id: str = ""

    async def record(self, action: str, entry_ids: Sequence[int]) -> Record:
        """What becomes of these entries, on its way to the record."""
        named = {"entries": [{"waitlist_entry_id": number} for number in entry_ids]}
        entry = by_the_service(action, now=self.now, request_id=self.request_id)
        return await Record.begin(self.tx.fetch, action, named, entry)

    async def tell(self, kind: notices.Kind, entry_ids: Sequence[int]) -> None:
        """The clients of these entries, of what they are offered now."""
        if self.desk.mails:
            packed = self.tx.dialect.pack(list(entry_ids))
            await self.tx.fetch("queue_offers", kind=kind.value, entry_ids=packed, now=self.now)


async def pass_on(desk: Desk) -> int:
    """What has run out goes to the next in turn, offers and holds; how many diaries that was in.

    Any number of processes may do this at once: who comes second finds nothing left to do. A diary in which
    it fails is told of, and keeps nobody waiting in the others.
    """
    passed = 0
    for (therapist_id,) in await desk.store.fetch("offers_run_out", now=desk.now()):
        try:
            await desk.store.transact(_passing_on(desk, therapist_id) if therapist_id else _ending(desk))
            passed += therapist_id > 0
        except Exception as error:
            desk.notice(FaultHappened(request_id="", error=error))
    return passed


def _passing_on(desk: Desk, therapist_id: int) -> Any:
    async def action(tx: Transaction) -> None:
        giver = Giver(tx=tx, desk=desk, now=desk.now())
        await tx.fetch("open_diary", therapist_id=therapist_id)
        lapsed = await _lapse(giver, [therapist_id])
        held = await tx.fetch("drop_expired_holds", therapist_id=therapist_id, now=giver.now)
        await _offer(giver, [*lapsed, *_ahead(giver, map(_freed, held))])

    return action


def _ending(desk: Desk) -> Any:
    """Who has waited in vain to the end waits no longer."""

    async def action(tx: Transaction) -> None:
        giver = Giver(tx=tx, desk=desk, now=desk.now())
        await lock_waitlist(tx)
        entry_ids = [row[0] for row in await tx.fetch("waited_in_vain", now=giver.now)]
        if entry_ids:
            record = await giver.record("endWaiting", entry_ids)
            await tx.fetch("end_waiting", now=giver.now)
            await record.end({})

    return action


async def offer_freed(giver: Giver, freed: Sequence[Freed]) -> None:
    """Offer what an action has made free; offers in the same diaries that have run out go on as well."""
    ahead = _ahead(giver, freed)
    if not ahead:
        return
    therapist_ids = sorted({slot.therapist_id for slot in ahead})
    for therapist_id in therapist_ids:
        await giver.tx.fetch("open_diary", therapist_id=therapist_id)
    await _offer(giver, [*ahead, *await _lapse(giver, therapist_ids)])


def _ahead(giver: Giver, freed: Iterable[Freed]) -> list[Freed]:
    return [one for one in freed if one.ends_at > giver.now]


def _freed(row: Sequence[int]) -> Freed:
    """What was held, as statements give it."""
    return Freed(therapist_id=row[0], starts_at=row[1], ends_at=row[2], appointment_id=row[3])


async def lock_waitlist(tx: Transaction) -> None:
    """Nobody else changes the list until the end. The diaries that it will be about are open already."""
    if (await tx.fetch("any_service_needs_room"))[0][0]:
        await tx.fetch("lock_rooms")
    await tx.fetch("take_waitlist")


async def give_back(tx: Transaction, listed: Listed) -> Freed:
    """The entry waits on, the hold is gone, and its time is answered. The diary and the list are locked."""
    slot = listed.slot
    told = [slot.therapist_id, slot.starts_at, slot.ends_at]
    declined = orjson.dumps([*orjson.loads(listed.declined), told]).decode()
    place = {"offered_id": listed.offered_id, "therapist_id": slot.therapist_id, "held_by": HELD_BY}
    dropped = await tx.fetch("drop_offer", **place)
    await tx.fetch("wait_on", waitlist_entry_id=listed.entry_id, declined=declined)
    return _freed((*told, dropped[0][0] if dropped else 0))


async def _lapse(giver: Giver, therapist_ids: Sequence[int]) -> list[Freed]:
    """The offers in these diaries that have run out are taken back."""
    tx = giver.tx
    which = {"therapist_ids": tx.dialect.pack(list(therapist_ids)), "now": giver.now}
    if not await tx.fetch("offers_run_out_in", **which):
        return []
    await lock_waitlist(tx)
    run_out = [Listed(*row) for row in await tx.fetch("offers_run_out_in", **which)]
    if not run_out:
        return []
    entry_ids = [listed.entry_id for listed in run_out]
    record = await giver.record("lapseOffer", entry_ids)
    await giver.tell(notices.Kind.OFFER_LAPSED, entry_ids)
    lapsed = [await give_back(tx, listed) for listed in run_out]
    await record.end({})
    return lapsed


# ---- offering -----------------------------------------------------------------------------------


async def _offer(giver: Giver, free: Sequence[Freed]) -> None:
    """In turn, to each who waits the first of what it lets be that fits. The diaries are open."""
    if not free:
        return
    tx, now = giver.tx, giver.now
    whole = reach_of(free)
    reach = {"starts_at": whole.starts_at, "ends_at": whole.ends_at}
    if not await tx.fetch("anyone_waiting", **reach):
        return
    await lock_waitlist(tx)
    entries = await load_entries(tx, reach)
    practice = await load_practice(tx, free, entries, now)
    for therapist_id in practice.diaries:
        # What has run out is in the way of the constraint alone.
        await tx.fetch("drop_expired_holds", therapist_id=therapist_id, now=now)
    offers: list[Offer] = []
    for entry in entries:
        offer = offer_for(entry, free, practice, giver.desk.offer_seconds)
        if offer is not None:
            take(offer, practice)
            offers.append(offer)
    await _make(giver, offers)


async def _make(giver: Giver, offers: Sequence[Offer]) -> None:
    """Hold each for its entry, on record, and tell the client."""
    if not offers:
        return
    record = await giver.record("makeOffer", [offer.entry.entry_id for offer in offers])
    made = [offer.entry.entry_id for offer in offers if await _write(giver.tx, offer, giver.now)]
    if made:
        await giver.tell(notices.Kind.OFFERED, made)
        await record.end({})


async def _write(tx: Transaction, offer: Offer, now: int) -> bool:
    """The hold and the entry that it is for. Where somebody was faster, there is nothing to offer."""
    slot = offer.slot
    span = {"starts_at": slot.starts_at, "ends_at": slot.ends_at, "therapist_id": slot.therapist_id}
    added = await _hold(tx, offer, now)
    if not added:
        return False
    told = {"offered_id": added[0][0], "offered_until": offer.offered_until, **span}
    if not await tx.fetch("note_offer", waitlist_entry_id=offer.entry.entry_id, **told):
        raise Conflict("waitlist_entry")
    return True


async def _hold(tx: Transaction, offer: Offer, now: int) -> Sequence[Sequence[Any]]:
    """The number of the time, or of the place in a group, that is kept for the entry."""
    slot, held_until = offer.slot, offer.offered_until + KEPT_SECONDS
    span = {"starts_at": slot.starts_at, "ends_at": slot.ends_at, "therapist_id": slot.therapist_id}
    if offer.group_id is not None:
        place = {"group_id": offer.group_id, "therapist_id": slot.therapist_id}
        return await tx.fetch("add_place_hold", account_id=HELD_BY, held_until=held_until, **place)
    if offer.room_id is not None:
        nobody = {"room_id": offer.room_id, "appointment_id": 0, "account_id": 0, "now": now}
        at = {"starts_at": slot.starts_at, "ends_at": slot.ends_at}
        await tx.fetch("clear_room", **nobody, **at)
    kept = {"held_until": held_until, "held_by": HELD_BY, "room_id": offer.room_id}
    with suppress(Conflict):
        return await tx.fetch("add_offer", service_code=offer.entry.service_code, **kept, **span)
    return ()
