"""The sessions of a practice and its holds, as plain values.

What takes up a therapist's time never overlaps in one diary. What does not (cancelled, proposed,
entered in error) lies anywhere, most often where something else is. A hold is a row like a session.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from .words import MONDAY, ODD_NAMES, TIME_ZONES, or_none, some_ids


@dataclass(frozen=True, kw_only=True)
class Appointment:
    appointment_id: int
    therapist_id: int
    service_code: str
    starts_at: int
    ends_at: int
    status: str = "BOOKED"
    held_until: int = 0
    version: int = 1
    capacity: int = 1
    client_ids: tuple[int, ...] = ()
    room_id: int | None = None
    series_id: int | None = None
    rules_overridden: bool = False
    cancelled_by: str | None = None
    cancel_reason: str | None = None
    cancel_reason_code: str | None = None
    cancelled_late: bool | None = None


@dataclass(frozen=True, kw_only=True)
class Series:
    series_id: int
    therapist_id: int
    service_code: str
    rhythm: str
    time_zone: str
    starts_at: int


@dataclass(frozen=True, kw_only=True)
class AppointmentEvent:
    appointment_event_id: int
    therapist_id: int
    appointment_id: int
    version: int
    happened_at: int
    account_id: int
    username: str
    change: str
    reason: str | None
    reason_code: str | None
    status: str
    starts_at: int
    ends_at: int
    room_id: int | None


LAST_INT32 = 2**31 - 1  # 2038-01-19T03:14:07Z
# Twelve touching starts of a week, then the edges of what a legacy field and a year can hold.
STARTS = (
    *(MONDAY + 3000 * place for place in range(12)),
    0,
    MONDAY + 86_400,
    LAST_INT32 - 3000,
    LAST_INT32,
    LAST_INT32 + 3000,
    4_102_444_800,  # 2100-01-01T00:00:00Z
    253_402_297_200,  # 9999-12-31T23:00:00Z
)
DURATIONS = (3000, 3000, 1800, 1)
BLOCKING = ("BOOKED", "BOOKED", "PENDING", "ARRIVED", "FULFILLED", "NOSHOW")
OTHERS = ("CANCELLED", "CANCELLED", "PROPOSED", "ENTERED_IN_ERROR")
HELD = "HELD"
REASON_CODES = ("CLIENT_ILL", "PRACTICE_CLOSED", "WEATHER")
CANCELLED_BY = ("CLIENT", "THERAPIST", "PRACTICE")

Row = tuple[int, int, str]  # therapist, start, status


@dataclass(frozen=True, kw_only=True)
class Around:
    """What sessions are made of, by number or code."""

    therapists: Sequence[int]
    codes: Sequence[str]
    rooms: Sequence[int]
    clients: Sequence[int]
    series: Sequence[int] = ()


class Free:
    """Who and what is free at a time, as far as sessions that take up time say."""

    def __init__(self, known: Sequence[int]) -> None:
        self._busy: dict[int, list[tuple[int, int]]] = {number: [] for number in known}

    def take(self, rng: Random, most: int, span: tuple[int, int], blocks: bool) -> tuple[int, ...]:
        """At most so many, chosen by chance."""
        free = [number for number, spans in self._busy.items() if not blocks or not _meets(span, spans)]
        taken = rng.sample(free, min(most, len(free)))
        for number in taken:
            self._busy[number] += [span] if blocks else []
        return tuple(taken)


def _meets(span: tuple[int, int], spans: Sequence[tuple[int, int]]) -> bool:
    return any(starts < span[1] and ends > span[0] for starts, ends in spans)


def of_all(
    rng: Random, around: Around, most: int
) -> tuple[tuple[Appointment, ...], tuple[Appointment, ...]]:
    """The sessions, at most so many, and the holds."""
    shown, held = _places(rng, around.therapists, most)
    ids = some_ids(rng, len(shown) + len(held), 6 * most)
    rooms, clients = Free(around.rooms), Free(around.clients)
    rows = [
        _made(rng, number, row, around, rooms, clients)
        for number, row in zip(ids, [*shown, *held], strict=True)
    ]
    return tuple(rows[: len(shown)]), tuple(rows[len(shown) :])


def _places(rng: Random, therapists: Sequence[int], most: int) -> tuple[list[Row], list[Row]]:
    # The same few starts in every diary, so that sessions tie across therapists. Starts are at
    # least one longest duration apart: no diary overlaps, some sessions touch.
    starts = rng.sample(STARTS, rng.randint(0, len(STARTS)))
    places = [(number, start) for number in therapists for start in STARTS]
    live = [place for place in places if place[1] in starts and rng.random() < 0.6]
    rng.shuffle(live)
    live = live[:most]
    free = [place for place in places if place not in live]
    # On top of what is live, or of what is held, or nowhere near either.
    anywhere = rng.choices(places, k=rng.randint(0, most - len(live)) // 2)
    shown = [(*place, rng.choice(BLOCKING)) for place in live]
    shown += [(*place, rng.choice(OTHERS)) for place in anywhere]
    rng.shuffle(shown)
    return shown, [(*place, HELD) for place in rng.sample(free, rng.randint(1, 8))]


def _made(rng: Random, number: int, row: Row, around: Around, rooms: Free, clients: Free) -> Appointment:
    therapist_id, start, status = row
    span, blocks = (start, start + rng.choice(DURATIONS)), status not in OTHERS
    capacity = rng.choice((1, 1, 3))
    return Appointment(
        appointment_id=number,
        therapist_id=therapist_id,
        service_code=rng.choice(around.codes),
        starts_at=span[0],
        ends_at=span[1],
        status=status,
        held_until=start + 1 if status == HELD else 0,
        version=rng.choice((1, 2, 9)),
        capacity=capacity,
        client_ids=clients.take(rng, rng.randint(0, capacity), span, blocks),
        room_id=next(iter(rooms.take(rng, rng.choice((0, 1)), span, blocks)), None),
        series_id=Random(number).choice((None, *around.series)),
        rules_overridden=rng.random() < 0.3,
        cancelled_by=rng.choice((None, *CANCELLED_BY)),
        cancel_reason=or_none(rng, ODD_NAMES),
        cancel_reason_code=Random(number).choice((None, *REASON_CODES)),
        cancelled_late=rng.choice((None, True, False)),
    )


def series(rng: Random, therapists: Sequence[int], codes: Sequence[str]) -> tuple[Series, ...]:
    """Some series; which sessions are in them is the sessions' to say."""
    return tuple(
        Series(
            series_id=number,
            therapist_id=rng.choice(therapists),
            service_code=rng.choice(codes),
            rhythm=rng.choice(("WEEKLY", "FORTNIGHTLY", "MONTHLY")),
            time_zone=rng.choice(TIME_ZONES),
            starts_at=MONDAY,
        )
        for number in some_ids(rng, rng.choice((0, 1, 3)))
    )


def events(rng: Random, sessions: Sequence[Appointment]) -> tuple[AppointmentEvent, ...]:
    """What happened to some of them: for many nothing."""
    told = [each for each in sessions for _ in range(rng.choice((0, 0, 1, 3)))]
    rng.shuffle(told)
    return tuple(
        AppointmentEvent(
            appointment_event_id=number,
            therapist_id=rng.choice(sessions).therapist_id,
            appointment_id=each.appointment_id,
            version=rng.randint(1, 9),
            happened_at=each.starts_at // 2,
            account_id=1,
            username=rng.choice(ODD_NAMES),
            change=rng.choice(("BOOKED", "MOVED", "CANCELLED")),
            reason=or_none(rng, ODD_NAMES),
            reason_code=rng.choice((None, *REASON_CODES)),
            status=rng.choice((*BLOCKING, *OTHERS)),
            starts_at=each.starts_at,
            ends_at=each.ends_at,
            room_id=each.room_id,
        )
        for number, each in zip(some_ids(rng, len(told), 400), told, strict=True)
    )
