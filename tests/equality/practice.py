"""The data that both sides are asked about: a small practice, as plain values.

Practices are built from a seed and are full of what goes wrong: ties under every sort, names that
quote, escape or fold in unusual ways, ids and instants beyond 32 bits (and beyond what a float can
hold), sessions that touch. They keep every rule of the store: no diary overlaps, codes and names
of specialisms are unique, no text holds U+0000. This module must not know GraphQL or SQL.
"""

from dataclasses import dataclass
from random import Random

from . import clients, diary, record, sessions, waitlist
from .clients import CareRelationship, Client
from .diary import Away, Closure, DateOverride, Room, TimeOff, WorkingHours
from .record import AuditEvent
from .sessions import DURATIONS, Appointment, AppointmentEvent, Around, Series
from .waitlist import WaitlistEntry
from .words import (
    ALIKE,
    CODES,
    LANGUAGES,
    LAST_NAMES,
    MONDAY,
    ODD_NAMES,
    SERVICE_NAMES,
    SPECIALISMS,
    TIME_ZONES,
    some_ids,
)


@dataclass(frozen=True, kw_only=True)
class Specialism:
    specialism_id: int
    name: str


@dataclass(frozen=True, kw_only=True)
class Service:
    service_id: int
    code: str
    name: str
    duration_seconds: int
    other_durations: tuple[int, ...] = ()
    buffer_before_seconds: int = 0
    buffer_after_seconds: int = 0
    grid_seconds: int = 900
    notice_seconds: int = 0
    horizon_days: int = 366
    cancel_notice_seconds: int = 0
    capacity: int = 1
    needs_approval: bool = False
    needs_room: bool = False
    online: bool = False
    cancel_when_one_leaves: bool = False


@dataclass(frozen=True, kw_only=True)
class Therapist:
    therapist_id: int
    first_name: str
    last_name: str
    time_zone: str
    specialism_ids: tuple[int, ...] = ()
    service_ids: tuple[int, ...] = ()
    languages: tuple[str, ...] = ()
    max_per_day: int | None = None
    max_per_week: int | None = None


@dataclass(frozen=True, kw_only=True)
class Practice:
    therapists: tuple[Therapist, ...] = ()
    specialisms: tuple[Specialism, ...] = ()
    services: tuple[Service, ...] = ()
    appointments: tuple[Appointment, ...] = ()
    # Times that are kept for somebody: rows of the same table as sessions, which nobody ever sees.
    holds: tuple[Appointment, ...] = ()
    working_hours: tuple[WorkingHours, ...] = ()
    date_overrides: tuple[DateOverride, ...] = ()
    time_off: tuple[TimeOff, ...] = ()
    away: tuple[Away, ...] = ()
    closures: tuple[Closure, ...] = ()
    rooms: tuple[Room, ...] = ()
    clients: tuple[Client, ...] = ()
    care: tuple[CareRelationship, ...] = ()
    events: tuple[AppointmentEvent, ...] = ()
    record: tuple[AuditEvent, ...] = ()
    series: tuple[Series, ...] = ()
    waitlist: tuple[WaitlistEntry, ...] = ()


def build(seed: int, most_appointments: int = 40) -> Practice:
    """A practice; the same for the same seed."""
    rng = Random(seed)
    specialisms = _specialisms(rng)
    services = _services(rng)
    therapists = _therapists(rng, specialisms, services)
    numbers = [each.therapist_id for each in therapists]
    rooms, people = diary.rooms(rng), clients.some_clients(rng)
    codes = [each.code for each in services]
    together = sessions.series(Random(seed), numbers, codes)
    around = Around(
        therapists=numbers,
        codes=codes,
        series=[each.series_id for each in together],
        rooms=[each.room_id for each in rooms],
        clients=[each.client_id for each in people],
    )
    appointments, holds = sessions.of_all(rng, around, most_appointments)
    return Practice(
        therapists=therapists,
        specialisms=specialisms,
        services=services,
        appointments=appointments,
        holds=holds,
        working_hours=diary.working_hours(rng, numbers),
        date_overrides=diary.date_overrides(rng, numbers),
        time_off=diary.time_off(rng, numbers),
        away=diary.away(rng, numbers),
        closures=diary.closures(rng),
        rooms=rooms,
        clients=people,
        care=clients.care(rng, numbers, around.clients),
        events=sessions.events(rng, appointments),
        record=record.entries(rng),
        series=together,
        waitlist=waitlist.entries(Random(seed), around.clients, codes, appointments, holds),
    )


def build_long(seed: int, appointments: int) -> Practice:
    """A practice with one long diary, for pages longer than the default."""
    rng = Random(seed)
    therapist = Therapist(therapist_id=5, first_name="Ana", last_name="Müller", time_zone="UTC")
    services = _services(rng)
    ids = some_ids(rng, appointments, 4 * appointments)
    rows = tuple(
        Appointment(
            appointment_id=appointment_id,
            therapist_id=5,
            service_code=rng.choice(services).code,
            starts_at=MONDAY + 3000 * place,
            ends_at=MONDAY + 3000 * place + rng.choice(DURATIONS),
        )
        for place, appointment_id in enumerate(ids)
    )
    holds = (_hold(4 * appointments, 5, services[0].code, MONDAY - 3000),)
    return Practice(therapists=(therapist,), services=services, appointments=rows, holds=holds)


def _hold(number: int, whose: int, code: str, start: int) -> Appointment:
    return Appointment(
        appointment_id=number,
        therapist_id=whose,
        service_code=code,
        starts_at=start,
        ends_at=start + 3000,
        status="HELD",
        held_until=start,
    )


def _specialisms(rng: Random) -> tuple[Specialism, ...]:
    names = rng.sample(SPECIALISMS, rng.choice((0, 1, 2, 3, 4, 5)))
    ids = some_ids(rng, len(names))
    return tuple(Specialism(specialism_id=i, name=n) for i, n in zip(ids, names, strict=True))


def _services(rng: Random) -> tuple[Service, ...]:
    codes = rng.sample(CODES, rng.randint(2, 4))
    names = rng.choices(SERVICE_NAMES, k=len(codes))
    rows = zip(some_ids(rng, len(codes)), codes, names, strict=True)
    return tuple(_service(rng, *row) for row in rows)


def _service(rng: Random, number: int, code: str, name: str) -> Service:
    return Service(
        service_id=number,
        code=code,
        name=name,
        duration_seconds=rng.choice(DURATIONS),
        other_durations=rng.choice(((), (1800,), (3000, 5400, 1), (86_400, 86_400))),
        buffer_before_seconds=rng.choice((0, 0, 600)),
        buffer_after_seconds=rng.choice((0, 300, 86_400)),
        grid_seconds=rng.choice((900, 1, 86_400)),
        notice_seconds=rng.choice((0, 7200)),
        horizon_days=rng.choice((366, 0, 1)),
        cancel_notice_seconds=rng.choice((0, 172_800)),
        capacity=rng.choice((1, 2, 1000)),
        needs_approval=rng.random() < 0.5,
        needs_room=rng.random() < 0.5,
        online=rng.random() < 0.5,
        cancel_when_one_leaves=rng.random() < 0.5,
    )


def _therapists(
    rng: Random, specialisms: tuple[Specialism, ...], services: tuple[Service, ...]
) -> tuple[Therapist, ...]:
    # Few different names, so that people share them.
    firsts = [*rng.sample(ALIKE, 2), rng.choice(ODD_NAMES)]
    lasts = rng.sample(LAST_NAMES, 2)
    known = [specialism.specialism_id for specialism in specialisms]
    given = [service.service_id for service in services]
    return tuple(
        Therapist(
            therapist_id=therapist_id,
            first_name=rng.choice(firsts),
            last_name=rng.choice(lasts),
            time_zone=rng.choice(TIME_ZONES),
            specialism_ids=tuple(rng.sample(known, rng.randint(0, len(known)))),
            service_ids=tuple(rng.sample(given, rng.randint(0, len(given)))),
            languages=Random(therapist_id).choice(LANGUAGES),
            max_per_day=rng.choice((None, 1, 40)),
            max_per_week=rng.choice((None, 0, 2**31 - 1)),
        )
        for therapist_id in some_ids(rng, rng.randint(3, 6))
    )


def build_all_names() -> Practice:
    """A practice in which every name and code of this module occurs, each with one session."""
    names = [*ALIKE, *ODD_NAMES, *LAST_NAMES]
    therapists = tuple(
        Therapist(
            therapist_id=number,
            first_name=first,
            last_name=last,
            time_zone="UTC",
            specialism_ids=(number % len(SPECIALISMS) + 1,),
        )
        for number, (first, last) in enumerate(zip(names, reversed(names), strict=True), 1)
    )
    appointments = tuple(
        Appointment(
            appointment_id=each.therapist_id,
            therapist_id=each.therapist_id,
            service_code=CODES[each.therapist_id % len(CODES)],
            starts_at=MONDAY,
            ends_at=MONDAY + 3000,
        )
        for each in therapists
    )
    return Practice(
        therapists=therapists,
        specialisms=tuple(Specialism(specialism_id=i, name=name) for i, name in enumerate(SPECIALISMS, 1)),
        services=tuple(
            Service(service_id=i, code=code, name=code.upper(), duration_seconds=3000)
            for i, code in enumerate(CODES, 1)
        ),
        appointments=appointments,
        holds=tuple(
            _hold(100 + each.therapist_id, each.therapist_id, CODES[0], MONDAY + 3000)
            for each in therapists
        ),
    )
