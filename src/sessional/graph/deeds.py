"""Fields of Mutation that take one ``input`` and answer a payload with typed errors -> actions.

All go the same way: the input becomes plain arguments by a rule (names in snake case, ids as
numbers), one transaction holds the guard, the idempotency key, the action and what the payload asks
of rows, and a refusal becomes ``errors``. ``DEEDS`` says which action a field is.
"""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

import orjson
from graphql import GraphQLInputType, GraphQLList, GraphQLNonNull, GraphQLObjectType

from sessional.access import Action, Actor
from sessional.actions import (
    LOOKS,
    Desk,
    clients,
    holds,
    life,
    logged_in,
    moving,
    privacy,
    requests,
    rules,
    rules_practice,
    rules_therapists,
    series,
    series_moving,
    taking_part,
    waitlist,
)
from sessional.actions.audit import Record
from sessional.actions.entries import Outcome, entry_of
from sessional.actions.entry import standing
from sessional.actions.waitlist_offers import Giver, offer_freed
from sessional.actions.work import Ref, Work
from sessional.diary.booking import check_key
from sessional.errors import (
    BookingRefused,
    Busy,
    ClientBusy,
    FullyBooked,
    IdempotencyInProgress,
    IdempotencyKeyReused,
    RoomTaken,
    SlotTaken,
)
from sessional.graph.plain import camel, camel_name
from sessional.graph.refusals import user_error
from sessional.store import constraints
from sessional.store.constraints import Conflict, KeyInProgress
from sessional.store.store import Transaction

Payload = Mapping[str, Any]
# The payload of a refusal.
Refused = Callable[[BookingRefused], Payload]
# Writes a payload as the selection wants it, reading rows in the transaction of the change.
Finish = Callable[[Payload, Transaction], Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Deed:
    """A field of Mutation: the action that it is, and what the actor must be allowed to do.

    ``minds_whose``: it refuses, as if it were not there, what is not the actor's own. One that does not
    is for roles alone that may do it to everybody's.
    ``null_takes_away``: to say null of a field is not the same as to leave it out.
    """

    run: Callable[..., Awaitable[Payload]]
    action: Action
    minds_whose: bool = False
    null_takes_away: bool = False


DEEDS: Final[dict[str, Deed]] = {
    "bookSeries": Deed(series.book_series, Action.BOOK_SERIES, minds_whose=True),
    "rescheduleSeries": Deed(series_moving.reschedule_series, Action.BOOK_SERIES, minds_whose=True),
    "cancelSeries": Deed(series.cancel_series, Action.BOOK_SERIES, minds_whose=True),
    "cancelAppointment": Deed(life.cancel_appointment, Action.CHANGE_SESSION, minds_whose=True),
    "rescheduleAppointment": Deed(moving.reschedule_appointment, Action.CHANGE_SESSION, minds_whose=True),
    "reassignAppointment": Deed(moving.reassign_appointment, Action.HAND_OVER),
    "joinAppointment": Deed(taking_part.join_appointment, Action.RUN_SESSION, minds_whose=True),
    "leaveAppointment": Deed(taking_part.leave_appointment, Action.CHANGE_SESSION, minds_whose=True),
    "checkIn": Deed(life.check_in, Action.RUN_SESSION, minds_whose=True),
    "recordAttendance": Deed(life.record_attendance, Action.RUN_SESSION, minds_whose=True),
    "markEnteredInError": Deed(life.mark_entered_in_error, Action.RUN_SESSION, minds_whose=True),
    "requestAppointment": Deed(requests.request_appointment, Action.BOOK, minds_whose=True),
    "confirmAppointment": Deed(requests.confirm_appointment, Action.RUN_SESSION, minds_whose=True),
    "declineAppointment": Deed(requests.decline_appointment, Action.RUN_SESSION, minds_whose=True),
    "holdSlot": Deed(holds.hold_slot, Action.HOLD, minds_whose=True),
    "releaseHold": Deed(holds.release_hold, Action.HOLD, minds_whose=True),
    "joinWaitlist": Deed(waitlist.join_waitlist, Action.KEEP_WAITLIST, minds_whose=True),
    "acceptOffer": Deed(waitlist.accept_offer, Action.KEEP_WAITLIST, minds_whose=True),
    "declineOffer": Deed(waitlist.decline_offer, Action.KEEP_WAITLIST, minds_whose=True),
    "leaveWaitlist": Deed(waitlist.leave_waitlist, Action.KEEP_WAITLIST, minds_whose=True),
    "addClient": Deed(clients.add_client, Action.KEEP_CLIENTS),
    "changeClient": Deed(
        clients.change_client, Action.CHANGE_CLIENT, minds_whose=True, null_takes_away=True
    ),
    "beginCare": Deed(clients.begin_care, Action.KEEP_CLIENTS),
    "endCare": Deed(clients.end_care, Action.KEEP_CLIENTS),
    "exportClient": Deed(privacy.export_client, Action.KEEP_PRIVACY),
    "eraseClient": Deed(privacy.erase_client, Action.KEEP_PRIVACY),
    "addTherapist": Deed(rules_therapists.add_therapist, Action.SET_UP),
    "changeTherapist": Deed(rules_therapists.change_therapist, Action.SET_UP, null_takes_away=True),
    "addService": Deed(rules_practice.add_service, Action.SET_UP),
    "changeService": Deed(rules_practice.change_service, Action.SET_UP, null_takes_away=True),
    "setWorkingHours": Deed(rules.set_working_hours, Action.SET_HOURS, minds_whose=True),
    "setDateOverride": Deed(rules.set_date_override, Action.SET_HOURS, minds_whose=True),
    "removeDateOverride": Deed(rules.remove_date_override, Action.SET_HOURS, minds_whose=True),
    "addTimeOff": Deed(rules.add_time_off, Action.SET_HOURS, minds_whose=True),
    "removeTimeOff": Deed(rules.remove_time_off, Action.SET_HOURS, minds_whose=True),
    "setAway": Deed(rules.set_away, Action.SET_HOURS, minds_whose=True),
    "removeAway": Deed(rules.remove_away, Action.SET_HOURS, minds_whose=True),
    "addClosures": Deed(rules_practice.add_closures, Action.SET_UP),
    "removeClosure": Deed(rules_practice.remove_closure, Action.SET_UP),
    "addRoom": Deed(rules_practice.add_room, Action.SET_UP),
    "logout": Deed(logged_in.logout, Action.KEEP_OWN_ACCOUNT, minds_whose=True),
    "revokeSessions": Deed(logged_in.revoke_sessions, Action.KEEP_OWN_ACCOUNT, minds_whose=True),
}

_LAST_WORD: Final[dict[str, Callable[[], BookingRefused]]] = {
    constraints.OVERLAP: lambda: SlotTaken(()),
    constraints.CLIENT: ClientBusy,
    constraints.ROOM: RoomTaken,
    constraints.CAPACITY: FullyBooked,
}


async def do(
    deed: Deed, given: Mapping[str, Any], desk: Desk, actor: Actor, refused: Refused, finish: Finish
) -> str:
    """Run a deed and answer its payload's text.

    Raises Unauthenticated, Busy and faults; every refusal of the deed itself is in the payload.
    """
    arguments = dict(given)
    key = arguments.pop("idempotency_key", None)
    request_id = desk.request_id()

    async def attempt(tx: Transaction) -> str:
        work = Work(tx=tx, desk=desk, actor=actor, now=desk.now(), request_id=request_id)
        return await finish(await _once(work, deed, arguments, key), tx)

    try:
        check_key(key)
        return await _until_settled(desk, attempt)
    except KeyInProgress:
        refusal: BookingRefused = IdempotencyInProgress()
    except BookingRefused as raised:
        refusal = raised
    payload = refused(refusal)
    return await desk.store.transact(lambda tx: finish(payload, tx))


async def _until_settled(desk: Desk, attempt: Callable[[Transaction], Awaitable[str]]) -> str:
    """Once more where another's commit came between the look and the write; then as the constraint says."""
    for left in reversed(range(LOOKS)):
        try:
            return await desk.store.transact(attempt)
        except Conflict as conflict:
            if not left and conflict.constraint in _LAST_WORD:
                raise _LAST_WORD[conflict.constraint]() from None
    raise Busy("the diary kept changing between a look and a write")


async def _once(work: Work, deed: Deed, arguments: Mapping[str, Any], key: str | None) -> Payload:
    actor = await standing(work.tx.fetch, work.actor)
    work = replace(work, actor=actor)
    if key is None:
        return await _on_record(work, deed, arguments)
    input_hash = _hash(deed, _said(deed, arguments))
    known = await work.tx.fetch("recall", account_id=actor.account_id, key=key)
    if known:
        # Keys of earlier versions are of all that was given.
        if known[0][0] not in (input_hash, _hash(deed, arguments)) or known[0][1] is None:
            raise IdempotencyKeyReused
        return _remembered(known[0][1])
    payload = await _on_record(work, deed, arguments)
    outcome = orjson.dumps(payload, default=_ref_out, option=orjson.OPT_PASSTHROUGH_DATACLASS).decode()
    noted = {"key": key, "input_hash": input_hash, "outcome": outcome, "now": work.now}
    await work.tx.fetch("keep", account_id=actor.account_id, **noted)
    return payload


def _hash(deed: Deed, arguments: Mapping[str, Any]) -> str:
    return hashlib.sha256(repr((deed.run.__name__, arguments)).encode()).hexdigest()


def _said(deed: Deed, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The input without what it would be if it were left out, so that a retry may say it or not."""
    unsaid = _unsaid(deed.run)
    said = arguments if deed.null_takes_away else _without_nulls(arguments)
    # A switch that may be left out is off where it is.
    return {
        name: value
        for name, value in said.items()
        if name not in unsaid or (value != unsaid[name] and value is not False)
    }


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_nulls(item) for name, item in value.items() if item is not None}
    return [_without_nulls(item) for item in value] if isinstance(value, list) else value


@cache
def _unsaid(run: Callable[..., Any]) -> Mapping[str, Any]:
    """What the arguments that may be left out are where they are, as an input would say it."""
    defaults = ((name, one.default) for name, one in inspect.signature(run).parameters.items())
    return {
        name: list(default) if isinstance(default, tuple) else default
        for name, default in defaults
        if default is not inspect.Parameter.empty
    }


async def _on_record(work: Work, deed: Deed, arguments: Mapping[str, Any]) -> Payload:
    """Do it, put on record what it changed, and offer in the same transaction what it has made free to
    those who wait."""
    name = deed.run.__name__
    outcome = Outcome.OVERRIDDEN if arguments.get("override_rules") else Outcome.DONE
    entry = entry_of(
        work.actor, camel_name(name), now=work.now, request_id=work.request_id, outcome=outcome
    )
    record = await Record.begin(work.tx.fetch, name, arguments, entry)
    payload = await deed.run(work, **arguments)
    await record.end(payload)
    giver = Giver(tx=work.tx, desk=work.desk, now=work.now, request_id=work.request_id)
    await offer_freed(giver, work.freed)
    return _camelled(payload)


# ---- payloads -----------------------------------------------------------------------------------


def refused_payload(
    type_: GraphQLObjectType, input_type: GraphQLInputType, refusal: BookingRefused
) -> Payload:
    """The payload where nothing was done, with the reason."""
    return {**empty_payload(type_), "errors": [user_error(refusal, input_type)]}


def empty_payload(type_: GraphQLObjectType) -> Payload:
    empty: dict[str, Any] = {}
    for name, field in type_.fields.items():
        inner = field.type.of_type if isinstance(field.type, GraphQLNonNull) else None
        empty[name] = None if inner is None else [] if isinstance(inner, GraphQLList) else False
    return empty


def _camelled(payload: Payload) -> Payload:
    return {"errors": [], "replayed": False, **camel(payload)}


def _ref_out(value: Any) -> Any:
    if isinstance(value, Ref):
        return {"$ref": [value.type_name, value.number]}
    raise TypeError(type(value).__name__)


def _remembered(outcome: str) -> Payload:
    payload: dict[str, Any] = _ref_in(orjson.loads(outcome))
    return {**payload, "replayed": True}


def _ref_in(value: Any) -> Any:
    if isinstance(value, list):
        return [_ref_in(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "$ref" in value:
        return Ref(*value["$ref"])
    return {name: _ref_in(item) for name, item in value.items()}
