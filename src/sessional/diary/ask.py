"""What is asked for, and what of a diary can be in its way: shared by the search and the refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sessional.diary.rules import Busy, ServiceRules, TherapistRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What is asked for, by whom and when.

    ``ignoring`` is the session that is being moved: it is not in its own way. ``free_of_hours`` is for
    staff, who may book a therapist without working hours: it sets aside hours and closures, nothing else.
    """

    service: ServiceRules
    duration_seconds: int
    account_id: int | None
    now: int
    ignoring: int | None = None
    free_of_hours: bool = False


def gives(rules: TherapistRules, ask: Ask) -> bool:
    return rules.services is None or ask.service.code in rules.services


def lasts(ask: Ask) -> bool:
    return ask.duration_seconds in (ask.service.duration_seconds, *ask.service.other_durations)


def is_given(rules: TherapistRules, ask: Ask) -> bool:
    """Whether the therapist gives this service and the service has sessions of this length."""
    return gives(rules, ask) and lasts(ask)


def in_the_way(ask: Ask, busy: Sequence[Busy]) -> list[Busy]:
    """What can refuse a start: not the session that is moved, no hold of one's own or that has expired."""
    return [
        other
        for other in busy
        if (ask.ignoring is None or other.appointment_id != ask.ignoring)
        and (other.held_by is None or (other.held_until > ask.now and other.held_by != ask.account_id))
    ]


def joins(ask: Ask, other: Busy) -> bool:
    """Whether a session that starts with this one would be a further place in the same group.

    Such a place takes no time of the therapist's, so the group is then as if it were not there.
    """
    return (
        other.places_left >= 1
        and other.service_code == ask.service.code
        and other.ends_at - other.starts_at == ask.duration_seconds
    )


def joined(ask: Ask, starts_at: int, busy: Sequence[Busy]) -> Busy | None:
    """The group that a session with this start would be a further place in, if there is one."""
    groups = (other for other in busy if other.starts_at == starts_at and joins(ask, other))
    return next(groups, None)
