"""Entries of the record, as plain values: like and unlike one another in whatever is filtered."""

from dataclasses import dataclass
from random import Random

from .words import MONDAY, ODD_NAMES, or_none, some_ids

ACTIONS = ("bookAppointment", "changeClient", "user add", "import")
OBJECT_TYPES = ("Appointment", "Client")
OUTCOMES = ("DONE", "OVERRIDDEN", "READ", "REFUSED")
REQUESTS = ("request-1", "request-2", "")


@dataclass(frozen=True, kw_only=True)
class AuditEvent:
    audit_event_id: int
    happened_at: int
    account_id: int
    username: str
    role: str
    action: str
    object_type: str | None
    object_id: int | None
    outcome: str
    code: str | None
    state_before: str | None
    state_after: str | None
    request_id: str


def entries(rng: Random) -> tuple[AuditEvent, ...]:
    names = rng.sample(ODD_NAMES, 2)
    return tuple(
        AuditEvent(
            audit_event_id=number,
            happened_at=MONDAY + rng.choice((0, 3000, 6000)),
            account_id=rng.choice((0, 1, 2**40)),
            username=rng.choice(names),
            role=rng.choice(("ADMIN", "OPERATOR")),
            action=rng.choice(ACTIONS),
            object_type=or_none(rng, OBJECT_TYPES),
            object_id=or_none(rng, (1, 2, 2**40)),
            outcome=rng.choice(OUTCOMES),
            code=or_none(rng, ("FORBIDDEN",)),
            state_before=or_none(rng, ('{"status":"BOOKED"}', *ODD_NAMES)),
            state_after=or_none(rng, ("null", "")),
            request_id=rng.choice(REQUESTS),
        )
        for number in some_ids(rng, rng.choice((0, 1, 5, 9)))
    )
