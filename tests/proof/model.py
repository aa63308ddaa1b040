"""A practice as obviously as can be: lists that are looked through from end to end, and no memory.

The rules themselves are asked minute by minute (tests/diary/naive.py). What the service answers, and what
its database holds, is compared with this.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

from sessional.diary.offers import Ask
from sessional.diary.rules import Busy, Closure, Rule, ServiceRules, TherapistRules, TimeOff
from tests.diary import naive
from tests.proof.by_hand import ALIVE

DAY = 86_400
QUARTER = 900
# Rules that say that somebody else has the time; all others say that nobody may have it.
TAKEN = {Rule.OVERLAP, Rule.HOLD}
AHEAD = ("PENDING", "BOOKED", "ARRIVED")
# What may become of a session, in the words of the guide.
NEXT = {
    "PROPOSED": {"PENDING", "BOOKED", "CANCELLED", "ENTERED_IN_ERROR"},
    "PENDING": {"BOOKED", "CANCELLED", "ENTERED_IN_ERROR"},
    "BOOKED": {"ARRIVED", "FULFILLED", "NOSHOW", "CANCELLED", "ENTERED_IN_ERROR"},
    "ARRIVED": {"FULFILLED", "CANCELLED", "NOSHOW", "BOOKED", "ENTERED_IN_ERROR"},
    "FULFILLED": {"NOSHOW", "ENTERED_IN_ERROR"},
    "NOSHOW": {"FULFILLED", "ENTERED_IN_ERROR"},
    "CANCELLED": set(),
    "ENTERED_IN_ERROR": set(),
}
# A state after a change: version, status, start, end, therapist.
State = tuple[int, str, int, int, int]


@dataclass(kw_only=True)
class Session:
    """A session, and every state that it has been in."""

    therapist: int
    service: str
    start: int
    end: int
    status: str = "BOOKED"
    clients: set[int] = field(default_factory=set)
    capacity: int = 1
    before: int = 0
    after: int = 0
    notice: int = 0
    series: int | None = None
    # The zone whose wall time its series keeps.
    zone: str = ""
    room: int | None = None
    has_room: bool = False
    version: int = 1
    noted: list[State] = field(default_factory=list)

    @property
    def alive(self) -> bool:
        return self.status in ALIVE

    @property
    def state(self) -> State:
        return self.version, self.status, self.start, self.end, self.therapist

    def change(self, **fields: object) -> None:
        """The next version. The first change also notes what was before."""
        self.noted = self.noted or [self.state]
        for name, value in fields.items():
            setattr(self, name, value)
        self.version += 1
        self.noted.append(self.state)


@dataclass(kw_only=True)
class Hold:
    """A time kept for an account; or, of a session that is there, a place."""

    therapist: int
    service: str
    start: int
    end: int
    by: int
    until: int
    before: int
    after: int
    room: int | None = None
    place_of: int | None = None


def overlap(one: Session | Hold | TimeOff, start: int, end: int) -> bool:
    begin, stop = (one.starts_at, one.ends_at) if isinstance(one, TimeOff) else (one.start, one.end)
    return max(begin, start) < min(stop, end)


@lru_cache(maxsize=4096)
def _minutes(
    rules: TherapistRules, closures: tuple[Closure, ...], day: int
) -> tuple[frozenset[int], frozenset[int]]:
    """The minutes worked about a day, without closures and with them."""
    span = day * DAY - DAY, day * DAY + 3 * DAY
    worked = naive.worked_minutes(rules, [], *span)
    return frozenset(worked), frozenset(naive.worked_minutes(rules, list(closures), *span))


@dataclass(kw_only=True)
class Practice:
    """Everything there is, and what time it is. ``own`` are diaries for which somebody has made rules."""

    now: int
    rules: dict[int, TherapistRules] = field(default_factory=dict)
    own: set[int] = field(default_factory=set)
    services: dict[str, ServiceRules] = field(default_factory=dict)
    closures: dict[date, str] = field(default_factory=dict)
    rooms: set[int] = field(default_factory=set)
    sessions: dict[int, Session] = field(default_factory=dict)
    holds: dict[int, Hold] = field(default_factory=dict)

    # ---- who has the time ---------------------------------------------------------------------------

    def held(self) -> dict[int, Hold]:
        """Holds that have not run out. A place is lost for good where its session is not as it was."""
        self.holds = {n: h for n, h in self.holds.items() if h.place_of is None or self._is_there(h)}
        return {number: hold for number, hold in self.holds.items() if hold.until > self.now}

    def _is_there(self, place: Hold) -> bool:
        s = self.sessions[place.place_of or 0]
        same = (s.therapist, s.start, s.end) == (place.therapist, place.start, place.end)
        return same and s.status in ("BOOKED", "ARRIVED")

    def drop_places(self, number: int, account: int) -> None:
        """Somebody has joined: what the account itself held of the session gives way."""
        self.holds = {n: h for n, h in self.holds.items() if h.place_of != number or h.by != account}

    def is_taken(
        self, therapist: int, start: int, end: int, account: int | None, but: int | None = None
    ) -> bool:
        sessions = [s for n, s in self.sessions.items() if s.alive and n != but]
        holds = [h for h in self.held().values() if h.by != account and h.place_of is None]
        return any(x.therapist == therapist and overlap(x, start, end) for x in [*sessions, *holds])

    def client_is_busy(self, client: int, start: int, end: int, but: int | None = None) -> bool:
        return any(
            s.alive and client in s.clients and overlap(s, start, end)
            for n, s in self.sessions.items()
            if n != but
        )

    def free_rooms(self, start: int, end: int, account: int, but: int | None = None) -> set[int | None]:
        """Rooms that nobody else has; what the account itself holds gives way."""
        sessions = [s for n, s in self.sessions.items() if s.alive and n != but]
        holds = [h for h in self.held().values() if h.by != account]
        return {*self.rooms} - {x.room for x in [*sessions, *holds] if overlap(x, start, end)}

    def group_at(self, therapist: int, service: str, start: int, end: int) -> int | None:
        """The session that a further client can join."""
        for number, s in self.sessions.items():
            same = (s.therapist, s.service, s.start, s.end) == (therapist, service, start, end)
            if same and s.alive and s.capacity > 1:
                return number
        return None

    def places_left(self, number: int, account: int) -> int:
        """How many an account can still put into a session: neither clients nor others' holds have them."""
        s = self.sessions[number]
        held = [h for h in self.held().values() if h.place_of == number and h.by != account]
        return s.capacity - len(s.clients) - len(held)

    # ---- what the rules say -------------------------------------------------------------------------

    def busy(self, therapist: int, account: int) -> list[Busy]:
        """Whatever takes up the therapist's time, as the rules see it for this account."""
        found = [
            Busy(
                starts_at=s.start,
                ends_at=s.end,
                buffer_before_seconds=s.before,
                buffer_after_seconds=s.after,
                appointment_id=number,
                service_code=s.service,
                places_left=self.places_left(number, account) if s.capacity > 1 else 0,
            )
            for number, s in self.sessions.items()
            if s.therapist == therapist and s.alive
        ]
        return found + [
            Busy(
                starts_at=h.start,
                ends_at=h.end,
                buffer_before_seconds=h.before,
                buffer_after_seconds=h.after,
                service_code=h.service,
                held_by=h.by,
                held_until=h.until,
            )
            for h in self.holds.values()
            if h.therapist == therapist and h.place_of is None
        ]

    def broken(
        self,
        therapist: int,
        service: str,
        start: int,
        length: int,
        account: int,
        but: int | None = None,
        staff: bool = True,
    ) -> set[Rule]:
        """Every rule that refuses this start. Staff may book a therapist who has no hours at all."""
        rules = self.rules[therapist]
        ask = Ask(
            service=self.services[service],
            duration_seconds=length,
            account_id=account,
            now=self.now,
            ignoring=but,
            free_of_hours=staff and not rules.takes_search_bookings,
        )
        worked, kept = _minutes(rules, self._closures(), start // DAY)
        return naive.broken(rules, set(worked), set(kept), ask, start, self.busy(therapist, account))

    def _closures(self) -> tuple[Closure, ...]:
        return tuple(Closure(on=on, name=name) for on, name in sorted(self.closures.items()))

    def offered(self, therapist: int, service: str, begin: int, end: int, account: int) -> list[int]:
        """Every start on offer. Whoever joins a group comes into the room that it has."""
        asked, found = self.services[service], []
        length = asked.duration_seconds
        for start in range(begin, end, QUARTER):
            if start < self.now or self.broken(therapist, service, start, length, account, staff=False):
                continue
            joins = self.group_at(therapist, service, start, start + length) is not None
            if joins or not asked.needs_room or self.free_rooms(start, start + length, account):
                found.append(start)
        return found

    def refusals(
        self,
        therapist: int,
        service: str,
        start: int,
        length: int,
        account: int,
        but: int | None = None,
        override: bool = False,
    ) -> set[str]:
        """Every reason for which this time cannot be had; a place in a group that is there is none."""
        group = self.group_at(therapist, service, start, start + length)
        others = but if but is not None else group
        codes = set()
        if self.is_taken(therapist, start, start + length, account, others):
            codes.add("SLOT_TAKEN")
        if not override:
            codes |= self._codes(therapist, self.broken(therapist, service, start, length, account, but))
        return codes

    def _codes(self, therapist: int, broken: set[Rule]) -> set[str]:
        if therapist not in self.own:
            broken = broken & {*TAKEN, Rule.BUFFER}
        codes = {"SLOT_TAKEN"} if broken & TAKEN else set()
        return codes | ({"RULE_REFUSED"} if broken - TAKEN else set())

    # ---- which sessions a change of the rules touches -------------------------------------------------

    def touched(self, therapist: int, after: TherapistRules) -> list[int]:
        before, found = self.rules[therapist], []
        for number, s in sorted(self.sessions.items()):
            if s.therapist != therapist or s.status not in AHEAD or s.end <= self.now:
                continue
            new_off = set(after.time_off) - set(before.time_off)
            away = any(overlap(off, s.start, s.end) for off in new_off)
            if away or (self._is_open(before, s) and not self._is_open(after, s)):
                found.append(number)
        return found

    def _is_open(self, rules: TherapistRules, s: Session) -> bool:
        _, kept = _minutes(rules, self._closures(), s.start // DAY)
        off = [o for o in rules.time_off if overlap(o, s.start, s.end)]
        return not off and all(minute in kept for minute in range(s.start, s.end, 60))

    # ---- what becomes of it ---------------------------------------------------------------------------

    def place(self, number: int, session: Session) -> None:
        """A session stands there now, and no hold of whoever asked does."""
        self.sessions[number] = session
        self.drop_holds(session.therapist, session.start, session.end)

    def drop_holds(self, therapist: int, start: int, end: int) -> None:
        self.holds = {
            n: h for n, h in self.holds.items() if h.therapist != therapist or not overlap(h, start, end)
        }

    def clear_room(self, room: int | None, start: int, end: int, but: int) -> None:
        """No hold keeps the room any more that a session got."""
        self.holds = {
            n: h
            for n, h in self.holds.items()
            if n == but or room is None or h.room != room or not overlap(h, start, end)
        }

    def new(self, therapist: int, service: str, start: int, length: int, **more: object) -> Session:
        rules = self.services[service]
        return Session(
            therapist=therapist,
            service=service,
            start=start,
            end=start + length,
            capacity=rules.capacity,
            before=rules.buffer_before_seconds,
            after=rules.buffer_after_seconds,
            notice=rules.cancel_notice_seconds,
            **more,  # type: ignore[arg-type]
        )

    def dates(self, therapist: int, first: int, rhythm: str, count: int) -> Iterator[int]:
        """The starts of a series: the wall time of the first, as the clock shows it on later days."""
        zone = self.rules[therapist].time_zone
        wall = naive.shown(zone, first)
        for n in range(count):
            day = wall.date()
            if rhythm == "MONTHLY":
                month = day.month - 1 + n
                last = date(day.year + (month + 1) // 12, (month + 1) % 12 + 1, 1) - timedelta(days=1)
                day = last.replace(day=min(day.day, last.day))
            else:
                day += timedelta(days=n * (7 if rhythm == "WEEKLY" else 14))
            yield first if n == 0 else naive.when(zone, day, wall.hour * 60 + wall.minute)

    def ahead_of(self, number: int, following: bool) -> dict[int, Session]:
        """The sessions of one's series that can be given another time, in order."""
        x = self.sessions[number]
        begin = max(self.now, x.start if following else 0)
        found = [(s.start, n, s) for n, s in self.sessions.items() if s.series == x.series]
        return {n: s for start, n, s in sorted(found) if start >= begin and s.status == "BOOKED"}

    def follow(self, x: Session, start: int, ahead: dict[int, Session]) -> dict[int, int]:
        """Where these go when ``x`` of their series goes there: as many days on, at its time of day."""
        was, wall = naive.shown(x.zone, x.start), naive.shown(x.zone, start)
        days, minute = wall.date() - was.date(), wall.hour * 60 + wall.minute
        return {
            n: start
            if s.start == x.start
            else naive.when(x.zone, naive.shown(x.zone, s.start).date() + days, minute)
            for n, s in ahead.items()
        }
