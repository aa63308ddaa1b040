"""What becomes of a session: asked for and confirmed, moved, handed over, cancelled, attended."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from tests.proof.commands.opening import (
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
from tests.proof.model import NEXT, Session
from tests.proof.world import text


class Lives(Opened):
    """Requests, and the life of a session."""

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
        room = m.services[s].needs_room
        if room and not m.free_rooms(start, end, who):
            reasons.add("ROOM_TAKEN")
        given = {"therapistId": str(therapist), "service": s, "startsAt": text(start)}
        given |= {"clientIds": [str(c) for c in clients], "reserve": reserve}
        payload = self.world.do(who, "requestAppointment", given, "appointment { appointmentId }")
        if self._judge(payload, reasons):
            status = "PENDING" if reserve else "PROPOSED"
            session = m.new(therapist, s, start, length, clients=set(clients), status=status)
            session.has_room = room and reserve
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
        there = start == x.start and "TRANSITION_REFUSED" not in reasons
        wants_room = x.alive and (x.has_room or self.m.services[x.service].needs_room)
        if x.alive or x.status == "PROPOSED":
            reasons |= self._why_not_there(number, x, x.therapist, start, end, who, free)
            if wants_room and not self.m.free_rooms(start, end, who, number):
                reasons.add("ROOM_TAKEN")
        given = {"appointmentId": str(number), "startsAt": text(start), "by": by, "overrideRules": free}
        given["expectedVersion"] = x.version - stale
        done = self._judge(self.world.do(who, "rescheduleAppointment", given), set() if there else reasons)
        if done and not there:
            x.has_room = wants_room
            self._moved(number, x, x.therapist, start, end)

    def _why_no_change(self, x: Session, by: str, free: bool, stale: bool) -> set[str]:
        reasons = {"STALE_VERSION"} if stale else set()
        if x.status not in ("PROPOSED", "PENDING", "BOOKED"):
            reasons.add("TRANSITION_REFUSED")
        agreed = x.status in ("BOOKED", "ARRIVED")
        if by == "CLIENT" and not free and agreed and x.start - self.m.now < x.notice:
            reasons.add("CANCEL_NOTICE")
        return reasons

    def _moved(self, number: int, x: Session, therapist: int, start: int, end: int) -> None:
        x.change(therapist=therapist, start=start, end=end)
        self.m.drop_holds(therapist, start, end)
        if x.alive:
            self._took_room(number)

    @precondition(lambda self: self.m.sessions)
    @rule(who=accounts, at=which, t=therapists, free=st.booleans())
    def reassign(self, who: int, at: int, t: int, free: bool) -> None:
        number, x = self._session(at)
        therapist = self.therapists[t]
        reasons: set[str] = set()
        if therapist != x.therapist:
            reasons = self._why_no_change(x, "PRACTICE", free, stale=False)
            if x.alive or x.status == "PROPOSED":
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
