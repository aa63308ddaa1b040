"""Which sessions a change of a diary touches, and what somebody has decided about each.

Booked sessions never fall over with a change: either somebody has said for each whether it stays or is
cancelled, or the change is refused and lists them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any, Final

from sessional.actions.life import cancel_appointment
from sessional.actions.loading import Fetch, load_closures, load_rules
from sessional.actions.work import Ref, Work
from sessional.diary.availability import open_intervals
from sessional.diary.rules import Closures, TherapistRules
from sessional.diary.values import Interval
from sessional.errors import DecisionsNeeded, InvalidInput, UnknownTherapist

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


async def settle(work: Work, therapist_id: int, change: Change, decisions: Decisions) -> list[Ref]:
    """Do as decided about what the change touches, and answer what was cancelled. The diary is open.

    A decision about a session that is not touched is nobody's concern. Raises DecisionsNeeded.
    """
    decided = _decided(decisions)
    touched = await affected(work.tx.fetch, therapist_id, change, work.now)
    if open_questions := [number for number in touched if number not in decided]:
        raise DecisionsNeeded([Ref("Appointment", number) for number in open_questions])
    cancelled = [number for number in touched if decided[number] == "CANCEL"]
    for number in cancelled:
        await cancel_appointment(work, appointment_id=number, by="PRACTICE", reason=REASON)
    return [Ref("Appointment", number) for number in cancelled]


def _decided(decisions: Decisions) -> dict[int, str]:
    found: dict[int, str] = {}
    for one in decisions:
        number, decision = one["appointment_id"], one["decision"]
        if found.setdefault(number, decision) != decision:
            raise InvalidInput("One session has two decisions.", path=["decisions"])
    return found


def day(text: str | None) -> date | None:
    """A date as the graph gives it."""
    return None if text is None else date.fromisoformat(text)
