"""A time, or a place in a group, that is kept for somebody while they make up their mind.

A hold is a row of the diary like a session, so that one constraint keeps them apart. It runs out by
itself: whoever wants the time afterwards takes the row away.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sessional.actions.admission import admit_by_rules
from sessional.actions.own import check_diary, is_client
from sessional.actions.rooms import take_room
from sessional.actions.work import Ref, Work
from sessional.diary import booking
from sessional.diary.slots import nearby
from sessional.diary.values import Interval, Wish
from sessional.errors import NotFound, UnknownService, UnknownTherapist

# What a client's account holds at once at most.
MOST_HELD: Final = 5


async def hold_slot(
    work: Work,
    *,
    therapist_id: int,
    starts_at: int,
    service: str,
    duration_seconds: int | None = None,
) -> Mapping[str, Any]:
    """Keep a time for the account that asks, and a room where the service needs one; of a group that meets
    then already, a place. A hold of its own in the way gives way to the new one.

    Raises SlotTaken, RuleRefused, RoomTaken, UnknownTherapist, UnknownService, InvalidTime.
    """
    wish = Wish(
        therapist_id=therapist_id,
        starts_at=starts_at,
        duration_seconds=duration_seconds,
        service_code=service,
    )
    wanted, known = await wished(work, wish)
    if is_client(work.actor):
        await _let_go_of_the_oldest(work)
    group_id = await _group_with_a_place(work, wish, wanted)
    await admit(work, wish, wanted, places=1, into=group_id)
    mine = {"account_id": work.actor.account_id, "held_until": work.now + work.desk.hold_seconds}
    if group_id is not None:
        row = {"group_id": group_id, "therapist_id": therapist_id}
        return {"hold": Ref("Hold", (await work.tx.fetch("add_place_hold", **row, **mine))[0][0])}
    span = {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at}
    place = {"therapist_id": therapist_id, "service_code": service, **span}
    added = await work.tx.fetch("add_hold", **place, **mine)
    if known[2]:
        who = {"account_id": work.actor.account_id, "now": work.now}
        room_id = await take_room(work.tx, wanted, appointment_id=added[0][0], **who)
        row = {"appointment_id": added[0][0], "therapist_id": therapist_id}
        await work.tx.fetch("furnish", room_id=room_id, overridden=False, **row)
    return {"hold": Ref("Hold", added[0][0])}


async def _let_go_of_the_oldest(work: Work) -> None:
    """Nobody keeps a practice from others by holding all of it: of a client's holds the latest stay, and
    with them there is room for one more."""
    who = {"account_id": work.actor.account_id, "now": work.now}
    for let_go in await work.tx.fetch("drop_oldest_holds", kept=MOST_HELD - 1, **who):
        work.frees(*let_go)


async def _group_with_a_place(work: Work, wish: Wish, wanted: Interval) -> int | None:
    """The group that meets at that time already, if the account can have a place in it."""
    place = {"therapist_id": wish.therapist_id, "service_code": wish.service_code}
    place |= {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at}
    mine = {"account_id": work.actor.account_id, "now": work.now}
    found = await work.tx.fetch("group_at", **place, **mine)
    return found[0][0] if found and found[0][1] > 0 else None


async def wished(work: Work, wish: Wish) -> tuple[Interval, Sequence[Any]]:
    """The span of a wish, and what is known of its service; its diary is locked until the end.

    Raises UnknownTherapist, UnknownService, InvalidTime.
    """
    booking.check(wish)
    check_diary(work.actor, wish.therapist_id)
    if not await work.tx.fetch("open_diary", therapist_id=wish.therapist_id):
        raise UnknownTherapist
    known = await work.tx.fetch("service_length", code=wish.service_code)
    if not known:
        raise UnknownService([row[0] for row in await work.tx.fetch("service_codes")])
    return booking.span(wish, service_duration_seconds=known[0][0]), known[0]


async def admit(
    work: Work, wish: Wish, wanted: Interval, *, places: int = 0, into: int | None = None
) -> None:
    """Raises SlotTaken or RuleRefused. Holds that ran out, and the caller's own in the way, are gone; who
    waits for what the first of these kept is offered it. ``into`` is a group that is not in the way."""
    tx, actor = work.tx, work.actor
    mine = {"account_id": actor.account_id, "now": work.now}
    row = {"therapist_id": wish.therapist_id}
    for run_out in await tx.fetch("drop_expired_holds", now=work.now, **row):
        work.frees(*run_out)
    span = {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at}
    await tx.fetch("drop_stale_holds", **row, **span, **mine)
    (has_rules,) = (await tx.fetch("diary_has_rules", **row))[0]
    if has_rules or is_client(actor):
        await admit_by_rules(
            tx,
            therapist_id=wish.therapist_id,
            service_code=wish.service_code,
            wanted=wanted,
            actor=actor,
            now=work.now,
            places=places,
        )
    around = nearby(wanted)
    reach = {"starts_at": around.starts_at, "ends_at": around.ends_at}
    taken = [
        Interval(starts_at=first, ends_at=end)
        for first, end in await tx.fetch("busy_but", appointment_id=into or 0, **row, **reach)
    ]
    booking.admit(wish, wanted, busy=taken, now=work.now)


async def release_hold(work: Work, *, hold_id: int) -> Mapping[str, Any]:
    """Give the time back. Somebody else's hold is answered like one that does not exist: NotFound."""
    account_id = work.actor.account_id
    released = await work.tx.fetch("release_hold", hold_id=hold_id, account_id=account_id)
    if not released:
        raise NotFound("hold", path=["holdId"])
    work.frees(*released[0])
    return {"hold_id": str(hold_id)}
