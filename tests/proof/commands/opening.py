"""How a run begins, and what every command goes by."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize

from sessional.diary.rules import ServiceRules, TherapistRules, WorkingHours
from tests.proof.model import DAY, QUARTER, Practice, Session
from tests.proof.world import World

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
# Where it is a number, one of the starts on offer on the next day that has any is taken.
picks = st.one_of(st.none(), st.integers(0, 20), st.integers(0, 20))
members = st.sets(st.integers(0, 2), max_size=3).map(sorted)
which = st.integers(0, 40)
policies = st.sampled_from(["", "KEEP", "CANCEL"])
minutes = st.tuples(st.sampled_from([0, 480, 540, 1260]), st.sampled_from([180, 300, 480])).map(
    lambda pair: (pair[0], pair[0] + pair[1])
)
weeks = st.lists(st.tuples(st.integers(1, 7), minutes), min_size=1, max_size=6)


class Opened(RuleBasedStateMachine):
    """A practice that has just opened, in the service and in the model. Bound to a database by ``over``."""

    world: World

    @classmethod
    def over(cls, world: World) -> type[Opened]:
        return type(cls.__name__, (cls,), {"world": world})

    # ---- how it begins ---------------------------------------------------------------------------------

    @initialize(
        monday=st.sampled_from(MONDAYS),
        zones=st.tuples(*[st.sampled_from(ZONES)] * 3),
        hours=st.tuples(weeks, weeks),
        caps=st.tuples(st.sampled_from([None, None, 1, 2]), st.sampled_from([None, None, 2, 3])),
        buffers=st.sampled_from([(0, 0), (900, 0), (1800, 900)]),
        notice=st.sampled_from([0, 0, 3600]),
        horizon=st.sampled_from([100, 100, 6]),
    )
    def open_practice(
        self, monday: date, zones: Any, hours: Any, caps: Any, buffers: Any, notice: int, horizon: int
    ) -> None:
        self.base = int(datetime(monday.year, monday.month, monday.day, tzinfo=UTC).timestamp())
        self.m = Practice(now=self.base - 6 * 3600)
        self.steps, self.known = 0, {}
        self.world.begin_anew(self.m.now)
        for code in SERVICES:
            self._add_service(code, buffers, notice, horizon)
        self.therapists = [self._add_therapist(zone, caps) for zone in zones[:2]]
        for number, week in zip(self.therapists, hours, strict=True):
            self._set_hours(number, week, "")
        self.therapists.append(self._add_bare_therapist(zones[2]))
        self.clients = [
            int(self.world.done("addClient", {"name": name}, "client { clientId }")["client"]["clientId"])
            for name in ("kim", "lee", "max")
        ]
        room = self.world.done("addRoom", {"name": "one"}, "room { roomId }")["room"]
        self.m.rooms = {int(room["roomId"])}

    def _add_service(self, code: str, buffers: tuple[int, int], notice: int, horizon: int) -> None:
        rules = ServiceRules(
            code=code,
            duration_seconds=5400 if code == "long" else 3600,
            buffer_before_seconds=buffers[0] if code in ("talk", "roomy") else 0,
            buffer_after_seconds=buffers[1],
            grid_seconds=1800,
            notice_seconds=notice,
            horizon_seconds=horizon * DAY,
            cancel_notice_seconds=5 * DAY,
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
            "horizonDays": horizon,
            "cancelNoticeSeconds": 5 * DAY,
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

    def _add_bare_therapist(self, zone: str) -> int:
        """One for whom nobody has made rules: a booking of theirs can take one statement."""
        ((number,),) = self.world.sql(
            "INSERT INTO therapist (first_name, last_name, search_name, time_zone) "
            f"VALUES ('al', 'bo', 'al bo', '{zone}') RETURNING therapist_id"
        )
        self.m.rules[number] = TherapistRules(therapist_id=number, time_zone=zone)
        return int(number)

    # ---- what every command goes by ----------------------------------------------------------------------

    def _start(self, therapist: int, service: str, day: int, quarter: int, pick: int | None) -> int:
        begin = self.base + day * DAY
        for later in range(7 if pick is not None else 0):
            since = begin + later * DAY
            if offers := self.m.offered(therapist, service, since, since + DAY, 1):
                return offers[(pick or 0) % len(offers)]
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

    def _took_room(self, number: int) -> None:
        """Which room it is, is for the service to choose; a hold of one's own gives way to it."""
        ((room, start, end),) = self.world.sql(
            f"SELECT room_id, starts_at, ends_at FROM appointment WHERE appointment_id = {number}"
        )
        (self.m.sessions.get(number) or self.m.holds[number]).room = room
        self.m.clear_room(room, start, end, number)

    # ---- a change of the rules --------------------------------------------------

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

    # ---- where a session may go --------------------------------------------------------------------------

    def _why_not_there(
        self, number: int, x: Session, therapist: int, start: int, end: int, who: int, free: bool = False
    ) -> set[str]:
        """What stands against a session in another place; a group that is there is no place for it."""
        m = self.m
        reasons = m.refusals(therapist, x.service, start, end - start, who, number, override=free)
        if m.is_taken(therapist, start, end, who, number):
            reasons.add("SLOT_TAKEN")
        return reasons | self._busy_clients(x.clients, start, end, number)
