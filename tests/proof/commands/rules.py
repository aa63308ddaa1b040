"""The rules of a diary change under the sessions that are in it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from sessional.diary.rules import Override, TimeOff
from tests.proof.commands.opening import (
    Opened,
    days,
    minutes,
    policies,
    quarters,
    therapists,
    weeks,
    which,
)
from tests.proof.model import DAY, QUARTER
from tests.proof.world import text


class Rules(Opened):
    """Hours, other dates, time off, caps and closures."""

    @rule(t=therapists, week=st.one_of(weeks, st.just([])), policy=policies)
    def set_hours(self, t: int, week: Any, policy: str) -> None:
        self._set_hours(self.therapists[t], week, policy)

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
