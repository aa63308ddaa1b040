"""Series: booked as a whole, cancelled from one on."""

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
from tests.proof.model import DAY, NEXT, QUARTER, Session, overlap
from tests.proof.world import text


class Recurs(Opened):
    """Series."""

    @rule(who=accounts, t=therapists, s=services, day=days, quarter=quarters, pick=picks, people=members,
          rhythm=st.sampled_from(["WEEKLY", "WEEKLY", "FORTNIGHTLY", "MONTHLY"]), count=st.integers(1, 3),
          skip=st.sampled_from([None, None, 1, 2]),
          moved=st.one_of(st.none(), st.tuples(st.integers(1, 3), days, quarters)))  # fmt: skip
    def book_series(
        self, who: int, t: int, s: str, day: int, quarter: int, pick: int | None, people: list[int],
        rhythm: str, count: int, skip: int | None, moved: tuple[int, int, int] | None,
    ) -> None:  # fmt: skip
        therapist, clients, m = self.therapists[t], self._clients(people), self.m
        first = self._start(therapist, s, day, quarter, pick)
        length = m.services[s].duration_seconds
        starts = dict(enumerate(m.dates(therapist, first, rhythm, count), 1))
        choices: list[dict[str, Any]] = []
        if skip is not None and count > skip:
            del starts[skip]
            choices.append({"number": skip, "skip": True})
        if moved is not None and moved[0] in starts:
            starts[moved[0]] = self.base + moved[1] * DAY + moved[2] * QUARTER
            choices.append({"number": moved[0], "startsAt": text(starts[moved[0]])})
        reasons = self._why_no_series(therapist, s, list(starts.values()), who, clients)
        given = {"therapistId": str(therapist), "service": s, "startsAt": text(first)}
        given |= {"pattern": {"every": rhythm, "count": count}, "choices": choices}
        given["clientIds"] = [str(c) for c in clients]
        payload = self.world.do(who, "bookSeries", given, "appointments { appointmentId }")
        if not self._judge(payload, reasons):
            return
        numbers = [int(each["appointmentId"]) for each in payload["appointments"]]
        for number, start in zip(numbers, sorted(starts.values()), strict=True):
            session = m.new(therapist, s, start, length, clients=set(clients), series=numbers[0])
            session.zone = m.rules[therapist].time_zone
            session.has_room = m.services[s].needs_room
            m.place(number, session)
            self._took_room(number)

    @precondition(lambda self: not any(x.series for x in self.m.sessions.values()))
    @rule(day=days, quarter=quarters, person=st.integers(0, 2), s=st.sampled_from(["talk", "roomy"]))
    def book_weekly(self, day: int, quarter: int, person: int, s: str) -> None:
        """With somebody who has no rules, so that it seldom fails: there is a series to be moved."""
        self.book_series(1, 2, s, day, quarter, None, [person], "WEEKLY", 3, None, None)

    def _why_no_series(
        self, therapist: int, s: str, starts: list[int], who: int, clients: list[int]
    ) -> set[str]:
        """Each session is asked about as if those before it stood there already."""
        m, length = self.m, self.m.services[s].duration_seconds
        reasons = {"FULLY_BOOKED"} if len(clients) > m.services[s].capacity else set()
        for number, start in enumerate(starts, 1):
            if self._busy_clients(clients, start, start + length):
                reasons.add("SERIES_CONFLICT")
            if m.services[s].needs_room and not m.free_rooms(start, start + length, who):
                reasons |= {"ROOM_TAKEN", "SERIES_CONFLICT"}
            group = m.group_at(therapist, s, start, start + length)
            if group is not None or m.refusals(therapist, s, start, length, who):
                reasons.add("SERIES_CONFLICT")
            else:
                m.sessions[-number] = m.new(therapist, s, start, length)
        for number in range(1, len(starts) + 1):
            m.sessions.pop(-number, None)
        return reasons

    @precondition(lambda self: any(x.series for x in self.m.sessions.values()))
    @rule(who=accounts, at=which, following=st.booleans(), day=days, quarter=quarters,
          by=st.sampled_from(["PRACTICE", "PRACTICE", "CLIENT"]),
          shift=st.sampled_from([1800, 10 * QUARTER, DAY, 3600 - DAY, 7 * DAY, None]),
          stale=st.sampled_from([0, 0, 0, 1]), free=st.booleans(), kept=st.sampled_from([None, None, 0, 1]),
          moved=st.one_of(st.none(), st.tuples(st.integers(0, 2), days, quarters)))  # fmt: skip
    def move_series(
        self, who: int, at: int, following: bool, by: str, shift: int | None, day: int, quarter: int,
        stale: int, free: bool, kept: int | None, moved: tuple[int, int, int] | None,
    ) -> None:  # fmt: skip
        m, number = self.m, self._of_a_series(at)
        x = m.sessions[number]
        start = self.base + day * DAY + quarter * QUARTER if shift is None else x.start + shift
        ahead = m.ahead_of(number, following)
        becomes, choices = m.follow(x, start, ahead), list[dict[str, Any]]()
        for n in list(ahead)[kept : kept + 1] if kept is not None else ():
            choices.append({"appointmentId": str(n), "keep": True})
            del becomes[n]
        for n in list(becomes)[moved[0] : moved[0] + 1] if moved is not None else ():
            becomes[n] = self.base + moved[1] * DAY + moved[2] * QUARTER
            choices.append({"appointmentId": str(n), "startsAt": text(becomes[n])})
        reasons = {"STALE_VERSION"} if stale else set()
        reasons |= self._why_no_series_there(becomes, who, free) if becomes else {"INVALID_INPUT"}
        if by == "CLIENT" and not free and any(m.sessions[n].start - m.now < x.notice for n in becomes):
            reasons.add("CANCEL_NOTICE")
        given = {"appointmentId": str(number), "startsAt": text(start), "following": following, "by": by}
        given |= {"choices": choices, "overrideRules": free, "expectedVersion": x.version - stale}
        if not self._judge(self.world.do(who, "rescheduleSeries", given), reasons):
            return
        for n, at_last in becomes.items():
            one = m.sessions[n]
            one.change(start=at_last, end=at_last + one.end - one.start)
            m.drop_holds(one.therapist, one.start, one.end)
        for n in becomes:
            self._took_room(n)

    def _why_no_series_there(self, becomes: dict[int, int], who: int, free: bool) -> set[str]:
        """All leave their times, then each takes its new one, in the way of those after it."""
        m = self.m
        gone = {n: m.sessions.pop(n) for n in becomes}
        stand: list[Session] = []
        against = False
        for n in sorted(gone, key=lambda n: becomes[n]):
            x, start = gone[n], becomes[n]
            end = start + x.end - x.start
            rooms = m.free_rooms(start, end, who) if x.has_room else {0}
            beside = [y for y in stand if overlap(y, start, end)]
            against |= not rooms or any(y.has_room and x.has_room for y in beside)
            against |= any(y.clients & x.clients for y in beside)
            against |= bool(self._busy_clients(x.clients, start, end))
            against |= m.group_at(x.therapist, x.service, start, end) is not None
            against |= bool(m.refusals(x.therapist, x.service, start, end - start, who, override=free))
            m.sessions[-n] = m.new(x.therapist, x.service, start, end - start)
            stand.append(
                m.new(x.therapist, x.service, start, end - start, clients=x.clients, has_room=x.has_room)
            )
        for n, x in gone.items():
            del m.sessions[-n]
            m.sessions[n] = x
        return {"SERIES_CONFLICT"} if against else set()

    def _of_a_series(self, at: int) -> int:
        numbers = sorted(n for n, x in self.m.sessions.items() if x.series)
        return numbers[at % len(numbers)]

    @precondition(lambda self: any(x.series for x in self.m.sessions.values()))
    @rule(at=which, following=st.booleans(), by=st.sampled_from(["PRACTICE", "CLIENT"]))
    def cancel_series(self, at: int, following: bool, by: str) -> None:
        m, number = self.m, self._of_a_series(at)
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
