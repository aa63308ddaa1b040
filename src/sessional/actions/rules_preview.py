"""What a change of a diary would touch, before anybody makes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any

from sessional.access import Actor
from sessional.actions.desk import Desk
from sessional.actions.own import check_diary
from sessional.actions.rules import new_hours, new_override, new_time_off
from sessional.actions.rules_affected import Change, affected
from sessional.actions.work import Ref
from sessional.diary.rules import TherapistRules
from sessional.errors import InvalidInput


async def preview_diary_change(
    desk: Desk,
    actor: Actor,
    *,
    therapist_id: int,
    hours: Sequence[Mapping[str, Any]] | None = None,
    override: Mapping[str, Any] | None = None,
    time_off: Mapping[str, Any] | None = None,
) -> list[Ref]:
    """The sessions that need a decision, in the order of time. Raises InvalidInput, UnknownTherapist."""
    check_diary(actor, therapist_id)
    changes: list[Change] = []
    if hours is not None:
        changes.append(new_hours(hours))
    if override is not None:
        changes.append(new_override(override["on_date"], override["intervals"]))
    if time_off is not None:
        changes.append(new_time_off(time_off["starts_at"], time_off["ends_at"]))
    if not changes:
        raise InvalidInput("Say what would change: hours, an override or time off.")

    def together(rules: TherapistRules) -> TherapistRules:
        return reduce(lambda changed, change: change(changed), changes, rules)

    numbers = await affected(desk.store.fetch, therapist_id, together, desk.now())
    return [Ref("Appointment", number) for number in numbers]
