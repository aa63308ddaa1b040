"""Hours that are added give time to those who wait, as a session that is cancelled does.

What a change of rules opens is only told by looking at the rules before it and after it. That is done
where somebody waits, and as far ahead as anybody does.
"""

from __future__ import annotations

from dataclasses import dataclass

from sessional.actions.loading import load_closures, load_rules, load_services
from sessional.actions.work import Work
from sessional.diary.freed import opened
from sessional.diary.rules import TherapistRules
from sessional.diary.values import LONGEST_SESSION_SECONDS, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Openings:
    """A diary before its rules change, and the time ahead that somebody waits for; None: nobody waits."""

    before: TherapistRules | None
    awaited: Interval | None

    @classmethod
    async def begin(cls, work: Work, therapist_id: int) -> Openings:
        """To be called when the diary is open and nothing is changed yet."""
        awaited = await _awaited(work)
        if awaited is None:
            return cls(before=None, awaited=None)
        rules = await load_rules(work.tx.fetch, [therapist_id])
        return cls(before=rules.get(therapist_id), awaited=awaited)

    async def end(self, work: Work) -> None:
        """Once the change is written: say what it has opened."""
        if self.before is None or self.awaited is None:
            return
        number = self.before.therapist_id
        after = (await load_rules(work.tx.fetch, [number]))[number]
        closures = await load_closures(work.tx.fetch)
        for span in opened(self.before, after, closures, self.awaited):
            work.opens(number, span.starts_at, span.ends_at)


async def _awaited(work: Work) -> Interval | None:
    """From now until the last instant that anybody waits for, within what can be booked at all."""
    ((first, last),) = await work.tx.fetch("awaited", now=work.now)
    if first is None:
        return None
    services = (await load_services(work.tx.fetch)).values()
    horizon = work.now + max(service.horizon_seconds for service in services)
    # A session may begin in what somebody waits for and last until after it.
    begin, end = max(first, work.now), min(last + LONGEST_SESSION_SECONDS, horizon)
    return Interval(starts_at=begin, ends_at=end) if begin < end else None
