"""Those who wait for a time, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from .sessions import Appointment
from .words import MONDAY, ODD_NAMES, TIME_ZONES, or_none, some_ids

STATUSES = ("WAITING", "OFFERED", "ACCEPTED", "LEFT", "ENDED")


@dataclass(frozen=True, kw_only=True)
class WaitlistEntry:
    waitlist_entry_id: int
    client_id: int
    service_code: str
    specialisms: tuple[str, ...]
    therapist_ids: tuple[str, ...]
    from_at: int
    until_at: int
    duration_seconds: int | None
    from_minute: int | None
    until_minute: int | None
    weekdays: tuple[int, ...]
    time_zone: str | None
    status: str
    joined_at: int
    turn: int
    offered_id: int | None
    offered_until: int | None
    appointment_id: int | None


def entries(
    rng: Random,
    clients: Sequence[int],
    codes: Sequence[str],
    sessions: Sequence[Appointment],
    holds: Sequence[Appointment],
) -> tuple[WaitlistEntry, ...]:
    """Some who wait, with few different turns; some are offered a hold, each another."""
    numbers = some_ids(rng, rng.choice((0, 2, 5)) if clients else 0)
    offers = rng.sample(holds, min(len(holds), len(numbers)))
    return tuple(
        _entry(rng, number, (clients, codes, sessions), offers[at] if at < len(offers) else None)
        for at, number in enumerate(numbers)
    )


def _entry(
    rng: Random,
    number: int,
    around: tuple[Sequence[int], Sequence[str], Sequence[Appointment]],
    hold: Appointment | None,
) -> WaitlistEntry:
    clients, codes, sessions = around
    status = rng.choice(STATUSES if hold else ("WAITING", "LEFT"))
    offer = hold if status == "OFFERED" else None
    from_at, until_minute = MONDAY - rng.choice((0, 1, 86_400)), rng.choice((None, 1, 1440))
    return WaitlistEntry(
        waitlist_entry_id=number,
        client_id=rng.choice(clients),
        service_code=rng.choice(codes),
        specialisms=tuple(rng.sample(ODD_NAMES, rng.choice((0, 2)))),
        therapist_ids=rng.choice(((), ("1", "4294967296"))),
        from_at=from_at,
        until_at=from_at + rng.choice((1, 86_400)),
        duration_seconds=rng.choice((None, 1, 3000)),
        from_minute=None if until_minute is None else 0,
        until_minute=until_minute,
        weekdays=rng.choice(((), (1, 7))),
        time_zone=or_none(rng, TIME_ZONES),
        status=status,
        joined_at=rng.choice((0, MONDAY)),
        turn=rng.choice((1, 2, 2)),
        offered_id=offer.appointment_id if offer else None,
        offered_until=MONDAY if offer else None,
        appointment_id=rng.choice(sessions).appointment_id if status == "ACCEPTED" and sessions else None,
    )
