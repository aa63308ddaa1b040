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
from tests.proof.model import DAY, NEXT, QUARTER
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
            session.has_room = m.services[s].needs_room
            m.place(number, session)
            self._took_room(number)

    def _why_no_series(
        self, therapist: int, s: str, starts: list[int], who: int, clients: list[int]
    ) -> set[str]:
        """Each session is asked about as if those before it stood there already."""
        m, length = self.m, self.m.services[s].duration_seconds
        reasons = {"FULLY_BOOKED"} if len(clients) > m.services[s].capacity else set()
        for number, start in enumerate(starts, 1):
            reasons |= self._busy_clients(clients, start, start + length)
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
