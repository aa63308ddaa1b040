"""Sessions come into a diary: booked in both forms, held first, or taken in from a file."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.proof.commands.opening import (
    HOLD_SECONDS,
    Opened,
    accounts,
    days,
    members,
    picks,
    quarters,
    services,
    therapists,
    which,
)
from tests.proof.model import DAY, QUARTER, Hold, Session
from tests.proof.world import text


class Books(Opened):
    """Bookings, holds and files."""

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

    @precondition(lambda self: self.m.sessions)
    @rule(who=accounts, at=which, people=members)
    def book_what_is_there(self, who: int, at: int, people: list[int]) -> None:
        """The same once more: a further place in a group, or a time that is taken or free again."""
        _, x = self._session(at)
        self._book(who, x.therapist, x.service, x.start, self._clients(people))

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
        room_for = m.services[service].capacity if group is None else m.places_left(group, who)
        if len(clients) > room_for:
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
            m.sessions[group].change()
            m.drop_places(group, who)
            return
        assert hold in (None, number)
        session = m.new(therapist, service, start, length, clients=set(clients))
        session.has_room = m.services[service].needs_room
        m.place(number, session)
        self._took_room(number)

    def _is_mine(self, hold: int, who: int, therapist: int, service: str, start: int, end: int) -> bool:
        """Whether a hold is on this very time, or on a place in the group that meets then."""
        found = self.m.held().get(hold)
        mine = (who, therapist, service, start, end, self.m.group_at(therapist, service, start, end))
        return found is not None and mine == (
            found.by, found.therapist, found.service, found.start, found.end, found.place_of,
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
            f"AND starts_at < {end} AND ends_at > {start} AND place_of IS NULL"
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
        group = m.group_at(therapist, s, start, end)
        if group is not None and m.places_left(group, who) < 1:
            reasons.add("SLOT_TAKEN")
        if group is None and rules.needs_room and not m.free_rooms(start, end, who):
            reasons.add("ROOM_TAKEN")
        given = {"therapistId": str(therapist), "service": s, "startsAt": text(start)}
        payload = self.world.do(who, "holdSlot", given, "hold { holdId }")
        if self._judge(payload, reasons):
            m.drop_holds(therapist, start, end)
            number = int(payload["hold"]["holdId"])
            m.holds[number] = Hold(
                therapist=therapist, service=s, start=start, end=end, by=who,
                until=m.now + HOLD_SECONDS,
                before=rules.buffer_before_seconds, after=rules.buffer_after_seconds, place_of=group,
            )  # fmt: skip
            if group is None:
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
