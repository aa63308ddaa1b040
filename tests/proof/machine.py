"""Commands drawn by chance, given to the service and to the model: both come to the same, step by step.

A command is refused exactly where the model has a reason, and with one of the model's reasons. After each
the database itself is asked, by SQL over all rows, whether anybody is in two places.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sessional.diary.rules import Override, ServiceRules, TherapistRules, TimeOff, WorkingHours
from tests.proof.model import DAY, NEXT, QUARTER, Hold, Practice, Session
from tests.proof.promises import assert_kept, assert_search_agrees
from tests.proof.world import World, text

# Mondays before a change of the clocks in one of the zones, or right after it, and one far from any.
MONDAYS = [
    date(2031, *d) for d in ((3, 3), (3, 24), (3, 31), (9, 22), (9, 29), (10, 20), (10, 27), (6, 16))
]
ZONES = ("Europe/London", "America/New_York", "Pacific/Auckland", "Australia/Lord_Howe")
HOLD_SECONDS = 300
SERVICES = ("talk", "long", "group", "roomy")

accounts = st.sampled_from([1, 2])
therapists = st.integers(0, 2)
services = st.sampled_from(SERVICES)
days = st.integers(0, 9)
quarters = st.integers(0, 95)
# Where it is a number, one of the starts on offer that day is taken, if there are any.
picks = st.one_of(st.none(), st.integers(0, 20), st.integers(0, 20))
members = st.sets(st.integers(0, 2), max_size=3).map(sorted)
which = st.integers(0, 40)
policies = st.sampled_from(["", "KEEP", "CANCEL"])
minutes = st.tuples(st.sampled_from([0, 480, 540, 1260]), st.sampled_from([180, 300, 480])).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)
weeks = st.lists(st.tuples(st.integers(1, 7), minutes), min_size=1, max_size=6)


class Commands(RuleBasedStateMachine):
    """Bound to one database by ``over``."""

    world: World

    @classmethod
    def over(cls, world: World) -> type[Commands]:
        return type(cls.__name__, (cls,), {"world": world})

    # ---- how it begins ---------------------------------------------------------------------------------

    @initialize(
        monday=st.sampled_from(MONDAYS),
        zones=st.tuples(st.sampled_from(ZONES), st.sampled_from(ZONES)),
        hours=st.tuples(weeks, weeks),
        caps=st.tuples(st.sampled_from([None, None, 1, 2]), st.sampled_from([None, None, 2, 3])),
        buffers=st.sampled_from([(0, 0), (900, 0), (1800, 900)]),
        notice=st.sampled_from([0, 0, 3600]),
    )
    def open_practice(
        self, monday: date, zones: Any, hours: Any, caps: Any, buffers: Any, notice: int
    ) -> None:
        self.base = int(datetime(monday.year, monday.month, monday.day, tzinfo=UTC).timestamp())
        self.m = Practice(now=self.base - 6 * 3600)
        self.steps, self.known = 0, {}
        self.world.begin_anew(self.m.now)
        for code in SERVICES:
            self._add_service(code, buffers, notice)
        self.therapists = [self._add_therapist(zone, caps) for zone in zones]
        for number, week in zip(self.therapists, hours, strict=True):
            self._set_hours(number, week, "")
        self.therapists.append(self._add_bare_therapist())
        self.clients = [
            int(self.world.done("addClient", {"name": name}, "client { clientId }")["client"]["clientId"])
            for name in ("kim", "lee", "max")
        ]
        room = self.world.done("addRoom", {"name": "one"}, "room { roomId }")["room"]
        self.m.rooms = {int(room["roomId"])}

    def _add_service(self, code: str, buffers: tuple[int, int], notice: int) -> None:
        rules = ServiceRules(
            code=code,
            duration_seconds=5400 if code == "long" else 3600,
            buffer_before_seconds=buffers[0] if code in ("talk", "roomy") else 0,
            buffer_after_seconds=buffers[1],
            grid_seconds=1800,
            notice_seconds=notice,
            horizon_seconds=30 * DAY,
            cancel_notice_seconds=DAY,
            capacity=2 if code == "group" else 1,
            needs_room=code in ("roomy", "group"),
        )
        given = {
            "code": code,
            "name": code,
            "durationSeconds": rules.duration_seconds,
            "bufferBeforeSeconds": rules.buffer_before_seconds,
            "bufferAfterSeconds": rules.buffer_after_seconds,
            "gridSeconds": rules.grid_seconds,
            "noticeSeconds": notice,
            "horizonDays": 30,
            "cancelNoticeSeconds": DAY,
            "capacity": rules.capacity,
            "needsRoom": rules.needs_room,
        }
        self.world.done("addService", given)
        self.m.services[code] = rules

    def _add_therapist(self, zone: str, caps: tuple[int | None, int | None]) -> int:
        given = {"firstName": "jo", "lastName": "jones", "timeZone": zone}
        given |= {"maxPerDay": caps[0], "maxPerWeek": caps[1]}
        added = self.world.done("addTherapist", given, "therapist { therapistId }")["therapist"]
        number = int(added["therapistId"])
        self.m.own.add(number)
        self.m.rules[number] = TherapistRules(
            therapist_id=number, time_zone=zone, max_per_day=caps[0], max_per_week=caps[1]
        )
        return number

    def _add_bare_therapist(self) -> int:
        """One for whom nobody has made rules: a booking of theirs can take one statement."""
        ((number,),) = self.world.sql(
            "INSERT INTO therapist (first_name, last_name, search_name, time_zone) "
            "VALUES ('al', 'bo', 'al bo', 'Europe/London') RETURNING therapist_id"
        )
        self.m.rules[number] = TherapistRules(therapist_id=number, time_zone="Europe/London")
        return int(number)

    # ---- what every command goes by ----------------------------------------------------------------------

    def _start(self, therapist: int, service: str, day: int, quarter: int, pick: int | None) -> int:
        begin = self.base + day * DAY
        if pick is not None and (offers := self.m.offered(therapist, service, begin, begin + DAY, 1)):
            return offers[pick % len(offers)]
        return begin + quarter * QUARTER

    def _session(self, at: int) -> tuple[int, Session]:
        number = sorted(self.m.sessions)[at % len(self.m.sessions)]
        return number, self.m.sessions[number]

    def _judge(self, payload: Any, reasons: set[str]) -> bool:
        """Whether it was done; it is where there is no reason against it, and only there."""
        codes = {error["code"] for error in payload["errors"]}
        assert bool(codes) == bool(reasons), (payload, reasons)
        assert codes <= reasons, (payload, reasons)
        return not codes

    def _clients(self, chosen: list[int]) -> list[int]:
        return [self.clients[n] for n in chosen]

    def _busy_clients(self, clients: Any, start: int, end: int, but: int | None = None) -> set[str]:
        busy = any(self.m.client_is_busy(client, start, end, but) for client in clients)
        return {"CLIENT_BUSY"} if busy else set()

    # ---- booking -----------------------------------------------------------------------------------------

    @rule(
        who=accounts, t=therapists, s=services, day=days, quarter=quarters, pick=picks, people=members,
        override=st.sampled_from([False, False, False, True]),
    )  # fmt: skip
    def book(
        self, who: int, t: int, s: str, day: int, quarter: int, pick: int | None, people: list[int],
        override: bool,
    ) -> None:  # fmt: skip
        therapist, clients = self.therapists[t], self._clients(people)
        start = self._start(therapist, s, day, quarter, pick)
        self._book(who, therapist, s, start, clients, override=override)

    def _book(
        self,
        who: int,
        therapist: int,
        service: str,
        start: int,
        clients: list[int],
        hold: int | None = None,
        override: bool = False,
    ) -> None:
        length = self.m.services[service].duration_seconds
        end, m = start + length, self.m
        reasons = m.refusals(therapist, service, start, length, who, override=override)
        reasons |= self._busy_clients(clients, start, end)
        group = m.group_at(therapist, service, start, end)
        if hold is not None and not self._is_mine(hold, who, therapist, service, start, end):
            reasons.add("HOLD_EXPIRED")
        elif group is not None and not clients:
            reasons.add("SLOT_TAKEN")  # without a client there is nobody to join the group
        elif (
            group is None
            and hold is None
            and m.services[service].needs_room
            and not m.free_rooms(start, end, who)
        ):
            reasons.add("ROOM_TAKEN")
        taken = len(m.sessions[group].clients) if group is not None else 0
        if len(clients) + taken > m.services[service].capacity:
            reasons.add("FULLY_BOOKED")
        given = {"therapistId": str(therapist), "service": service, "startsAt": text(start)}
        given |= {"clientIds": [str(c) for c in clients], "holdId": hold and str(hold)}
        payload = self.world.do(
            who, "bookAppointment", {**given, "overrideRules": override}, "appointment { appointmentId }"
        )
        if not self._judge(payload, reasons):
            return
        number = int(payload["appointment"]["appointmentId"])
        if group is not None:
            assert number == group
            m.sessions[group].clients |= set(clients)
            return
        assert hold in (None, number)
        session = m.new(therapist, service, start, length, clients=set(clients))
        session.has_room = m.services[service].needs_room
        m.place(number, session)
        self._took_room(number)

    def _took_room(self, number: int) -> None:
        """Which room it is, is for the service to choose; a hold of one's own gives way to it."""
        ((room, start, end),) = self.world.sql(
            f"SELECT room_id, starts_at, ends_at FROM appointment WHERE appointment_id = {number}"
        )
        (self.m.sessions.get(number) or self.m.holds[number]).room = room
        self.m.clear_room(room, start, end, number)

    def _is_mine(self, hold: int, who: int, therapist: int, service: str, start: int, end: int) -> bool:
        found = self.m.held().get(hold)
        mine = (who, therapist, service, start, end)
        return found is not None and mine == (
            found.by, found.therapist, found.service, found.start, found.end,
        )  # fmt: skip

    @rule(t=therapists, s=st.sampled_from(["talk", "long"]), day=days, quarter=quarters, pick=picks)
    def create_in_the_first_form(self, t: int, s: str, day: int, quarter: int, pick: int | None) -> None:
        """Free of rules, and the identical one again where it exists."""
        therapist, m = self.therapists[t], self.m
        start = self._start(therapist, s, day, quarter, pick)
        length = m.services[s].duration_seconds
        same = [
            n for n, x in m.sessions.items()
            if x.alive and (x.therapist, x.service, x.start, x.end) == (therapist, s, start, start + length)
        ]  # fmt: skip
        answer = self.world.ask(
            1,
            "mutation($t: Int, $at: Int, $n: Int, $s: String) { appointment(therapistId: $t, "
            "startTimeUnixSeconds: $at, durationSeconds: $n, type: $s) { appointment { appointmentId } } }",
            t=therapist, at=start, n=length, s=s,
        )  # fmt: skip
        taken = m.is_taken(therapist, start, start + length, 1)
        if taken and not same:
            assert answer["errors"][0]["extensions"]["code"] == "SLOT_TAKEN"
            return
        number = int(answer["data"]["appointment"]["appointment"]["appointmentId"])
        if same:
            assert number == same[0]
        else:
            m.place(number, m.new(therapist, s, start, length))

    @rule(
        t=therapists,
        s=services,
        day=days,
        quarter=quarters,
        status=st.sampled_from(["BOOKED", "PENDING", "PROPOSED", "CANCELLED"]),
    )
    def take_in_a_file(self, t: int, s: str, day: int, quarter: int, status: str) -> None:
        """A session of a file comes with its time and state alone."""
        therapist, m = self.therapists[t], self.m
        start = self.base + day * DAY + quarter * QUARTER
        end = start + m.services[s].duration_seconds
        same = any(
            (x.therapist, x.service, x.start, x.end, x.status) == (therapist, s, start, end, status)
            for x in m.sessions.values()
        )
        # Holds end by the real clock there, which stands still far in the past.
        rows = self.world.sql(
            f"SELECT 1 FROM appointment WHERE therapist_id = {therapist} AND held_until > 0 "
            f"AND starts_at < {end} AND ends_at > {start}"
        )
        alive = status in ("BOOKED", "PENDING")
        in_the_way = alive and (m.is_taken(therapist, start, end, None) or bool(rows))
        line = {"kind": "appointment", "therapistId": therapist, "type": s, "status": status}
        line |= {"startTimeUnixSeconds": start, "durationSeconds": end - start}
        assert self.world.take_in(line) == (same or not in_the_way)
        if same or in_the_way:
            return
        ((number,),) = self.world.sql("SELECT max(appointment_id) FROM appointment")
        m.sessions[number] = Session(therapist=therapist, service=s, start=start, end=end, status=status)

    # ---- holds -------------------------------------------------------------------------------------------

    @rule(who=accounts, t=therapists, s=services, day=days, quarter=quarters, pick=picks)
    def hold(self, who: int, t: int, s: str, day: int, quarter: int, pick: int | None) -> None:
        therapist, m = self.therapists[t], self.m
        start = self._start(therapist, s, day, quarter, pick)
        rules = m.services[s]
        end = start + rules.duration_seconds
        reasons = m.refusals(therapist, s, start, rules.duration_seconds, who)
        if m.group_at(therapist, s, start, end) is not None:
            reasons.add("SLOT_TAKEN")
        if rules.needs_room and not m.free_rooms(start, end, who):
            reasons.add("ROOM_TAKEN")
        given = {"therapistId": str(therapist), "service": s, "startsAt": text(start)}
        payload = self.world.do(who, "holdSlot", given, "hold { holdId }")
        if self._judge(payload, reasons):
            m.drop_holds(therapist, start, end)
            number = int(payload["hold"]["holdId"])
            m.holds[number] = Hold(
                therapist=therapist, service=s, start=start, end=end, by=who,
                until=m.now + HOLD_SECONDS,
                before=rules.buffer_before_seconds, after=rules.buffer_after_seconds,
            )  # fmt: skip
            self._took_room(number)

    @precondition(lambda self: self.m.holds)
    @rule(who=accounts, at=which, people=members)
    def book_what_is_held(self, who: int, at: int, people: list[int]) -> None:
        number = sorted(self.m.holds)[at % len(self.m.holds)]
        hold = self.m.holds[number]
        self._book(who, hold.therapist, hold.service, hold.start, self._clients(people), number)

    @precondition(lambda self: self.m.holds)
    @rule(who=accounts, at=which)
    def release(self, who: int, at: int) -> None:
        number = sorted(self.m.holds)[at % len(self.m.holds)]
        hold = self.m.holds[number]
        if hold.until <= self.m.now:
            return  # whether the row is still there is nobody's concern
        payload = self.world.do(who, "releaseHold", {"holdId": str(number)})
        if self._judge(payload, set() if hold.by == who else {"NOT_FOUND"}):
            del self.m.holds[number]

    # ---- requests ----------------------------------------------------------------------------------------

    @rule(who=accounts, t=therapists, s=services, day=days, quarter=quarters, pick=picks, people=members,
          reserve=st.booleans())  # fmt: skip
    def request(
        self, who: int, t: int, s: str, day: int, quarter: int, pick: int | None, people: list[int],
        reserve: bool,
    ) -> None:  # fmt: skip
        therapist, clients, m = self.therapists[t], self._clients(people), self.m
        start = self._start(therapist, s, day, quarter, pick)
        length = m.services[s].duration_seconds
        end = start + length
        reasons = m.refusals(therapist, s, start, length, who) | self._busy_clients(clients, start, end)
        if m.group_at(therapist, s, start, end) is not None:
            reasons.add("SLOT_TAKEN")
        if len(clients) > m.services[s].capacity:
            reasons.add("FULLY_BOOKED")
        room = reserve and m.services[s].needs_room
        if room and not m.free_rooms(start, end, who):
            reasons.add("ROOM_TAKEN")
        given = {"therapistId": str(therapist), "service": s, "startsAt": text(start)}
        given |= {"clientIds": [str(c) for c in clients], "reserve": reserve}
        payload = self.world.do(who, "requestAppointment", given, "appointment { appointmentId }")
        if self._judge(payload, reasons):
            status = "PENDING" if reserve else "PROPOSED"
            session = m.new(therapist, s, start, length, clients=set(clients), status=status)
            session.has_room = room
            session.noted = [session.state]
            number = int(payload["appointment"]["appointmentId"])
            m.place(number, session)
            self._took_room(number)

    @precondition(lambda self: self.m.sessions)
    @rule(who=accounts, at=which)
    def confirm(self, who: int, at: int) -> None:
        number, x = self._session(at)
        reasons = set() if "BOOKED" in {x.status, *NEXT[x.status]} else {"TRANSITION_REFUSED"}
        if x.status == "PROPOSED":
            reasons |= self._why_not_there(number, x, x.therapist, x.start, x.end, who)
        rooms = self.m.free_rooms(x.start, x.end, who, number)
        missing = x.status != "BOOKED" and self.m.services[x.service].needs_room and not x.has_room
        if missing and not rooms:
            reasons.add("ROOM_TAKEN")
        payload = self.world.do(who, "confirmAppointment", {"appointmentId": str(number)})
        if self._judge(payload, reasons) and x.status != "BOOKED":
            if x.status == "PROPOSED":
                self.m.drop_holds(x.therapist, x.start, x.end)
            x.has_room = x.has_room or missing
            x.change(status="BOOKED")
            self._took_room(number)

    @precondition(lambda self: self.m.sessions)
    @rule(who=accounts, at=which)
    def decline(self, who: int, at: int) -> None:
        number, x = self._session(at)
        may = x.status in ("PROPOSED", "PENDING", "CANCELLED")
        payload = self.world.do(who, "declineAppointment", {"appointmentId": str(number)})
        if self._judge(payload, set() if may else {"TRANSITION_REFUSED"}) and x.status != "CANCELLED":
            x.change(status="CANCELLED")

    def _why_not_there(
        self, number: int, x: Session, therapist: int, start: int, end: int, who: int, free: bool = False
    ) -> set[str]:
        """What stands against a session in another place; a group that is there is no place for it."""
        m = self.m
        reasons = m.refusals(therapist, x.service, start, end - start, who, number, override=free)
        if m.is_taken(therapist, start, end, who, number):
            reasons.add("SLOT_TAKEN")
        return reasons | self._busy_clients(x.clients, start, end, number)

    # ---- the life of a session ---------------------------------------------------------------------------

    @precondition(lambda self: self.m.sessions)
    @rule(who=accounts, at=which, day=days, quarter=quarters, pick=picks,
          by=st.sampled_from(["PRACTICE", "CLIENT"]), stale=st.sampled_from([False, False, True]),
          free=st.sampled_from([False, False, True]))  # fmt: skip
    def move(
        self, who: int, at: int, day: int, quarter: int, pick: int | None, by: str, stale: bool, free: bool
    ) -> None:
        number, x = self._session(at)
        start = self._start(x.therapist, x.service, day, quarter, pick)
        end = start + x.end - x.start
        reasons = self._why_no_change(x, by, free, stale)
        if x.alive:
            reasons |= self._why_not_there(number, x, x.therapist, start, end, who, free)
            if x.has_room and not self.m.free_rooms(start, end, who, number):
                reasons.add("ROOM_TAKEN")
        given = {"appointmentId": str(number), "startsAt": text(start), "by": by, "overrideRules": free}
        given["expectedVersion"] = x.version - stale
        if self._judge(self.world.do(who, "rescheduleAppointment", given), reasons):
            self._moved(number, x, x.therapist, start, end)

    def _why_no_change(self, x: Session, by: str, free: bool, stale: bool) -> set[str]:
        reasons = {"STALE_VERSION"} if stale else set()
        if x.status not in ("PROPOSED", "PENDING", "BOOKED"):
            reasons.add("TRANSITION_REFUSED")
        if by == "CLIENT" and not free and x.start - self.m.now < x.notice:
            reasons.add("CANCEL_NOTICE")
        return reasons

    def _moved(self, number: int, x: Session, therapist: int, start: int, end: int) -> None:
        x.change(therapist=therapist, start=start, end=end)
        if x.alive:
            self.m.drop_holds(therapist, start, end)
            self._took_room(number)

    @precondition(lambda self: self.m.sessions)
    @rule(who=accounts, at=which, t=therapists, free=st.booleans())
    def reassign(self, who: int, at: int, t: int, free: bool) -> None:
        number, x = self._session(at)
        therapist = self.therapists[t]
        reasons: set[str] = set()
        if therapist != x.therapist:
            reasons = self._why_no_change(x, "PRACTICE", free, stale=False)
            if x.alive:
                reasons |= self._why_not_there(number, x, therapist, x.start, x.end, who, free)
        given = {"appointmentId": str(number), "therapistId": str(therapist), "overrideRules": free}
        payload = self.world.do(who, "reassignAppointment", given)
        if self._judge(payload, reasons) and therapist != x.therapist:
            self._moved(number, x, therapist, x.start, x.end)

    @precondition(lambda self: self.m.sessions)
    @rule(
        who=accounts,
        at=which,
        by=st.sampled_from(["PRACTICE", "CLIENT"]),
        stale=st.sampled_from([False, False, True]),
    )
    def cancel(self, who: int, at: int, by: str, stale: bool) -> None:
        number, x = self._session(at)
        reasons: set[str] = set()
        if x.status != "CANCELLED":
            reasons = self._why_no_change(x, by, free=False, stale=stale) - {"TRANSITION_REFUSED"}
            reasons |= set() if "CANCELLED" in NEXT[x.status] else {"TRANSITION_REFUSED"}
        given = {"appointmentId": str(number), "by": by, "expectedVersion": x.version - stale}
        done = self._judge(self.world.do(who, "cancelAppointment", given), reasons)
        if done and x.status != "CANCELLED":
            x.change(status="CANCELLED")

    @precondition(lambda self: self.m.sessions)
    @rule(at=which, wanted=st.sampled_from(["ARRIVED", "FULFILLED", "NOSHOW", "ENTERED_IN_ERROR"]))
    def attend(self, at: int, wanted: str) -> None:
        number, x = self._session(at)
        reasons: set[str] = set()
        if x.status != wanted and wanted not in NEXT[x.status]:
            reasons.add("TRANSITION_REFUSED")
        if wanted in ("FULFILLED", "NOSHOW") and self.m.now < x.start:
            reasons.add("INVALID_TIME")
        given: dict[str, Any] = {"appointmentId": str(number)}
        field = {"ARRIVED": "checkIn", "ENTERED_IN_ERROR": "markEnteredInError"}.get(wanted)
        if field is None:
            field, given = "recordAttendance", {**given, "attended": wanted == "FULFILLED"}
        if self._judge(self.world.do(1, field, given), reasons) and x.status != wanted:
            x.change(status=wanted)

    # ---- series ------------------------------------------------------------------------------------------

    @rule(who=accounts, t=therapists, s=services, day=days, quarter=quarters, pick=picks, people=members,
          rhythm=st.sampled_from(["WEEKLY", "WEEKLY", "FORTNIGHTLY", "MONTHLY"]), count=st.integers(1, 3),
          skip=st.sampled_from([None, None, 1, 2]))  # fmt: skip
    def book_series(
        self, who: int, t: int, s: str, day: int, quarter: int, pick: int | None, people: list[int],
        rhythm: str, count: int, skip: int | None,
    ) -> None:  # fmt: skip
        therapist, clients, m = self.therapists[t], self._clients(people), self.m
        first = self._start(therapist, s, day, quarter, pick)
        length = m.services[s].duration_seconds
        starts = list(m.dates(therapist, first, rhythm, count))
        choices = []
        if skip is not None and count > skip:
            del starts[skip - 1]
            choices = [{"number": skip, "skip": True}]
        reasons: set[str] = set()
        for start in starts:
            if m.refusals(therapist, s, start, length, who) or m.group_at(
                therapist, s, start, start + length
            ):
                reasons.add("SERIES_CONFLICT")
            if m.services[s].needs_room and not m.free_rooms(start, start + length, who):
                reasons |= {"ROOM_TAKEN", "SERIES_CONFLICT"}
            reasons |= self._busy_clients(clients, start, start + length)
        if len(clients) > m.services[s].capacity:
            reasons.add("FULLY_BOOKED")
        given = {"therapistId": str(therapist), "service": s, "startsAt": text(first)}
        given |= {"pattern": {"every": rhythm, "count": count}, "choices": choices}
        given["clientIds"] = [str(c) for c in clients]
        payload = self.world.do(who, "bookSeries", given, "appointments { appointmentId }")
        if not self._judge(payload, reasons):
            return
        numbers = [int(each["appointmentId"]) for each in payload["appointments"]]
        for number, start in zip(numbers, starts, strict=True):
            session = m.new(therapist, s, start, length, clients=set(clients), series=numbers[0])
            session.has_room = m.services[s].needs_room
            m.place(number, session)
            self._took_room(number)

    @precondition(lambda self: any(x.series for x in self.m.sessions.values()))
    @rule(at=which, following=st.booleans(), by=st.sampled_from(["PRACTICE", "CLIENT"]))
    def cancel_series(self, at: int, following: bool, by: str) -> None:
        m = self.m
        of_a_series = sorted(n for n, x in m.sessions.items() if x.series)
        number = of_a_series[at % len(of_a_series)]
        begin = max(m.now, m.sessions[number].start if following else 0)
        ahead = [
            x for x in m.sessions.values()
            if x.series == m.sessions[number].series and x.start >= begin and "CANCELLED" in NEXT[x.status]
        ]  # fmt: skip
        late = by == "CLIENT" and any(x.start - m.now < x.notice for x in ahead)
        given = {"appointmentId": str(number), "following": following, "by": by}
        if self._judge(self.world.do(1, "cancelSeries", given), {"CANCEL_NOTICE"} if late else set()):
            for x in ahead:
                x.change(status="CANCELLED")

    # ---- rules of a diary --------------------------------------------------------------------------------

    def _ruled(
        self,
        therapist: int,
        field: str,
        given: dict[str, Any],
        after: TherapistRules,
        policy: str,
        selection: str = "",
    ) -> Any:
        """A change of rules, with the same decision for each session that it touches, or with none."""
        touched = self.m.touched(therapist, after)
        decisions = [{"appointmentId": str(n), "decision": policy} for n in touched if policy]
        payload = self.world.do(1, field, {**given, "decisions": decisions}, selection)
        if not self._judge(payload, {"DECISIONS_NEEDED"} if touched and not policy else set()):
            listed = [int(each["appointmentId"]) for each in payload["errors"][0]["appointments"]]
            assert sorted(listed) == touched
            return None
        for number in touched:
            if policy == "CANCEL":
                self.m.sessions[number].change(status="CANCELLED")
        self.m.rules[therapist] = after
        self.m.own.add(therapist)
        return payload

    @rule(t=therapists, week=st.one_of(weeks, st.just([])), policy=policies)
    def set_hours(self, t: int, week: Any, policy: str) -> None:
        self._set_hours(self.therapists[t], week, policy)

    def _set_hours(self, therapist: int, week: Any, policy: str) -> None:
        hours = tuple(WorkingHours(weekday=day, starts_minute=a, ends_minute=b) for day, (a, b) in week)
        given = [
            {"weekday": h.weekday, "startsMinute": h.starts_minute, "endsMinute": h.ends_minute}
            for h in hours
        ]
        after = replace(self.m.rules[therapist], hours=hours)
        self._ruled(
            therapist, "setWorkingHours", {"therapistId": str(therapist), "hours": given}, after, policy
        )

    @rule(t=therapists, day=days, spans=st.lists(minutes, max_size=1), policy=policies)
    def override_date(self, t: int, day: int, spans: list[tuple[int, int]], policy: str) -> None:
        therapist, on = self.therapists[t], self._date(day)
        before = self.m.rules[therapist]
        others = tuple(o for o in before.overrides if o.on != on)
        after = replace(before, overrides=(*others, Override(on=on, intervals=tuple(spans))))
        given = {"therapistId": str(therapist), "onDate": on.isoformat()}
        given["intervals"] = [{"startsMinute": a, "endsMinute": b} for a, b in spans]
        self._ruled(therapist, "setDateOverride", given, after, policy)

    @rule(t=therapists, day=days, quarter=quarters, length=st.integers(1, 60), policy=policies)
    def take_time_off(self, t: int, day: int, quarter: int, length: int, policy: str) -> None:
        therapist = self.therapists[t]
        begin = self.base + day * DAY + quarter * QUARTER
        off = TimeOff(starts_at=begin, ends_at=begin + length * QUARTER)
        before = self.m.rules[therapist]
        after = replace(before, time_off=(*before.time_off, off))
        given = {"therapistId": str(therapist), "startsAt": text(begin), "endsAt": text(off.ends_at)}
        payload = self._ruled(therapist, "addTimeOff", given, after, policy, "timeOff { timeOffId }")
        if payload is not None:
            self.known[therapist, off] = payload["timeOff"]["timeOffId"]

    @precondition(lambda self: self.known)
    @rule(at=which)
    def give_time_back(self, at: int) -> None:
        (therapist, off), number = sorted(self.known.items(), key=lambda pair: int(pair[1]))[
            at % len(self.known)
        ]
        self.world.done("removeTimeOff", {"timeOffId": number})
        left = list(self.m.rules[therapist].time_off)
        left.remove(off)
        self.m.rules[therapist] = replace(self.m.rules[therapist], time_off=tuple(left))
        del self.known[therapist, off]

    @rule(
        t=st.integers(0, 1),
        cap=st.sampled_from(["maxPerDay", "maxPerWeek"]),
        most=st.sampled_from([None, 1, 2]),
    )
    def cap(self, t: int, cap: str, most: int | None) -> None:
        """Sessions that are there already stay, however many they are."""
        therapist = self.therapists[t]
        document = (
            "mutation($input: ChangeTherapistInput!) { changeTherapist(input: $input) "
            "{ errors { ... on UserError { code } } } }"
        )
        given = {"therapistId": str(therapist), cap: most}
        payload = self.world.data(1, document, input=given)["changeTherapist"]
        assert payload["errors"] == []
        name = {"maxPerDay": "max_per_day", "maxPerWeek": "max_per_week"}[cap]
        self.m.rules[therapist] = replace(self.m.rules[therapist], **{name: most})

    @rule(day=days)
    def close_the_practice(self, day: int) -> None:
        on = self._date(day)
        self.world.done("addClosures", {"closures": [{"onDate": on.isoformat(), "name": "closed"}]})
        self.m.closures[on] = "closed"

    def _date(self, day: int) -> date:
        return datetime.fromtimestamp(self.base, UTC).date() + timedelta(days=day)

    # ---- time --------------------------------------------------------------------------------------------

    @rule(minutes=st.sampled_from([1, 5, 30, 60, 400, 1440, 2000]))
    def time_passes(self, minutes: int) -> None:
        self.m.now += minutes * 60
        self.world.clock.now = self.m.now

    # ---- after every step --------------------------------------------------------------------------------

    @rule(who=accounts, t=therapists, s=services, day=days)
    def look(self, who: int, t: int, s: str, day: int) -> None:
        begin = self.base + day * DAY
        assert_search_agrees(self.world, self.m, who, self.therapists[t], s, begin, begin + DAY)

    @invariant()
    def promises_are_kept(self) -> None:
        assert_kept(self.world, self.m)

    @invariant()
    def search_explanation_and_booking_agree(self) -> None:
        """Of one diary and one day after each step, in turn."""
        self.steps += 1
        service = SERVICES[self.steps % len(SERVICES)]
        begin = self.base + self.steps % 8 * DAY
        therapist = self.therapists[self.steps % 2]
        assert_search_agrees(self.world, self.m, 1, therapist, service, begin, begin + DAY)
