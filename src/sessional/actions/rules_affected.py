"""Which sessions a change of a diary touches, and what somebody has decided about each.

Booked sessions never fall over with a change: either somebody has said for each whether it stays, is
moved or cancelled, or the change is refused and lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from sessional.actions.life import cancel_appointment
from sessional.actions.loading import Fetch, load_closures, load_rules
from sessional.actions.moving import move_elsewhere
from sessional.actions.own import check_diary
from sessional.actions.work import Ref, Work
from sessional.diary.availability import open_intervals
from sessional.diary.rules import Closures, TherapistRules
from sessional.diary.values import Interval
from sessional.errors import (
    BookingRefused,
    ClientBusy,
    DecisionsNeeded,
    InvalidInput,
    RoomTaken,
    RuleRefused,
    SlotTaken,
    UnknownTherapist,
)

Change = Callable[[TherapistRules], TherapistRules]
Decisions = Sequence[Mapping[str, Any]]

# Why a session was cancelled, in its history.
REASON: Final = "The therapist's hours have changed."


async def affected(fetch: Fetch, therapist_id: int, change: Change, now: int) -> list[int]:
    """The sessions ahead that a change touches, in order: they lie in time off that is new, or lay in
    open hours and would no longer. Raises UnknownTherapist."""
    before = (await load_rules(fetch, [therapist_id])).get(therapist_id)
    if before is None:
        raise UnknownTherapist
    after, closures = change(before), await load_closures(fetch)
    ahead = await fetch("sessions_ahead", therapist_id=therapist_id, now=now)
    return [
        number
        for number, starts_at, ends_at in ahead
        if _touched(before, after, closures, Interval(starts_at=starts_at, ends_at=ends_at))
    ]


def _touched(before: TherapistRules, after: TherapistRules, closures: Closures, session: Interval) -> bool:
    for off in set(after.time_off) - set(before.time_off):
        if session.overlaps(Interval(starts_at=off.starts_at, ends_at=off.ends_at)):
            return True
    return _open(before, closures, session) and not _open(after, closures, session)


def _open(rules: TherapistRules, closures: Closures, session: Interval) -> bool:
    """Whether the therapist is open from its beginning to its end."""
    return open_intervals(rules, closures, session) == [session]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What has been decided about the sessions that a change touches: done, and still to be done."""

    cancelled: Sequence[Ref] = ()
    to_move: Sequence[Mapping[str, Any]] = ()

    async def move(self, work: Work) -> list[Ref]:
        """Move what shall be moved, under the rules as they are after the change.

        One may go where another has been, or into a day that another has left: whatever can be where it
        goes goes first.
        Raises BookingRefused for one that cannot be there, in its own words.
        """
        left = list(self.to_move)
        while left:
            stuck: list[tuple[Mapping[str, Any], BookingRefused]] = []
            for one in left:
                try:
                    await _move(work, one)
                except (SlotTaken, ClientBusy, RoomTaken, RuleRefused) as refusal:
                    stuck.append((one, refusal))
                except BookingRefused as refusal:
                    raise _about(one, refusal) from None
            if len(stuck) == len(left):
                raise _about(*stuck[0]) from None
            left = [one for one, _ in stuck]
        return [Ref("Appointment", one["appointment_id"]) for one in self.to_move]


async def _move(work: Work, decision: Mapping[str, Any]) -> None:
    await move_elsewhere(
        work,
        decision["appointment_id"],
        starts_at=decision.get("starts_at"),
        therapist_id=decision.get("therapist_id"),
        override=bool(decision.get("override_rules")),
        reason=REASON,
    )


def _about(decision: Mapping[str, Any], refusal: BookingRefused) -> BookingRefused:
    """The refusal, with the session that it is about and where in the input that stands."""
    refusal.message = f"Session {decision['appointment_id']}: {refusal.message}"
    refusal.path = ["decisions", *(refusal.path or ())]
    return refusal


async def open_diaries(work: Work, therapist_id: int, decisions: Decisions) -> None:
    """The diary that changes and those into which sessions move, in the order of their numbers, so that
    two changes never wait for one another. Raises UnknownTherapist, also for one that is another's."""
    others = {number for one in decisions if (number := one.get("therapist_id")) is not None}
    for number in sorted({therapist_id, *others}):
        check_diary(work.actor, number)
        if not await work.tx.fetch("open_diary", therapist_id=number):
            raise UnknownTherapist


async def settle(work: Work, therapist_id: int, change: Change, decisions: Decisions) -> Settled:
    """Cancel as decided of what the change touches; what moves has to wait for the change itself.

    A decision about a session that is not touched is nobody's concern. Raises DecisionsNeeded,
    InvalidInput.
    """
    decided = _decided(decisions)
    touched = await affected(work.tx.fetch, therapist_id, change, work.now)
    if open_questions := [number for number in touched if number not in decided]:
        raise DecisionsNeeded([Ref("Appointment", number) for number in open_questions])
    cancelled = [number for number in touched if decided[number]["decision"] == "CANCEL"]
    for number in cancelled:
        await cancel_appointment(work, appointment_id=number, by="PRACTICE", reason=REASON)
    return Settled(
        cancelled=[Ref("Appointment", number) for number in cancelled],
        to_move=[decided[number] for number in touched if decided[number]["decision"] == "MOVE"],
    )


def _decided(decisions: Decisions) -> dict[int, Mapping[str, Any]]:
    found: dict[int, Mapping[str, Any]] = {}
    for one in decisions:
        if found.setdefault(one["appointment_id"], one) != one:
            raise InvalidInput("One session has two decisions.", path=["decisions"])
        moves = one["decision"] == "MOVE"
        if moves != any(one.get(field) is not None for field in ("starts_at", "therapist_id")):
            said = "another time or therapist" if moves else "no time and no therapist"
            raise InvalidInput(f"With {one['decision']} goes {said}.", path=["decisions"])
    return found


def day(text: str | None) -> date | None:
    """A date as the graph gives it."""
    return None if text is None else date.fromisoformat(text)
