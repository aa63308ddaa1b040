"""Whether the rules of a diary and a service let a session in: what a search would have said."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from sessional.actions.loading import busy_around, load_closures, load_rules, load_services
from sessional.diary.offers import Ask, reasons, starts
from sessional.diary.rules import Busy, Closures, Rule, TherapistRules
from sessional.diary.slots import nearby
from sessional.diary.values import DAY_SECONDS, Interval, Slot
from sessional.errors import RuleRefused, SlotTaken
from sessional.store.store import Transaction

# Caps count local weeks, which begin up to seven days before the start and end up to seven after.
_REACH_SECONDS = 8 * DAY_SECONDS
_TAKEN = frozenset({Rule.OVERLAP, Rule.HOLD})
# What has a say in a diary for which nobody has made rules.
WITHOUT_RULES = _TAKEN | {Rule.BUFFER}


async def admit_by_rules(
    tx: Transaction,
    *,
    therapist_id: int,
    service_code: str,
    wanted: Interval,
    account_id: int,
    now: int,
    ignoring: int | None = None,
) -> None:
    """Raises SlotTaken with what the search would offer instead, or RuleRefused with every broken rule.

    A therapist without working hours takes no bookings from a search, but staff may book them: then
    hours and closures have no say. ``ignoring`` is the session that is being moved.
    """
    rules = (await load_rules(tx.fetch, [therapist_id]))[therapist_id]
    ask = Ask(
        service=(await load_services(tx.fetch))[service_code],
        duration_seconds=wanted.ends_at - wanted.starts_at,
        account_id=account_id,
        now=now,
        ignoring=ignoring,
        free_of_hours=not rules.takes_search_bookings,
    )
    closures = await load_closures(tx.fetch)
    reach = Interval(
        starts_at=max(0, wanted.starts_at - _REACH_SECONDS), ends_at=wanted.ends_at + _REACH_SECONDS
    )
    busy = await busy_around(tx.fetch, therapist_id, reach)
    broken = reasons(rules, closures, ask, wanted.starts_at, busy)
    if not (await tx.fetch("diary_has_own_rules", therapist_id=therapist_id))[0][0]:
        # Time between sessions binds everybody; the rest is for diaries that somebody has set up.
        broken = [one for one in broken if one.rule in WITHOUT_RULES]
    if any(one.rule in _TAKEN for one in broken):
        raise SlotTaken(alternatives(rules, closures, ask, wanted, busy))
    if broken:
        raise RuleRefused(broken)


def alternatives(
    rules: TherapistRules, closures: Closures, ask: Ask, wanted: Interval, busy: Sequence[Busy]
) -> list[Slot]:
    """Up to three starts on offer near the one that was wanted, the nearest first."""
    near = nearby(wanted)
    after = Interval(starts_at=wanted.starts_at, ends_at=near.ends_at)
    before = Interval(starts_at=near.starts_at, ends_at=wanted.starts_at)
    offered = [
        *islice(starts(rules, closures, ask, after, busy), 3),
        *list(starts(rules, closures, ask, before, busy))[-3:],
    ]
    offered.sort(key=lambda start: (abs(start - wanted.starts_at), start))
    length = wanted.ends_at - wanted.starts_at
    return [
        Slot(therapist_id=rules.therapist_id, starts_at=start, ends_at=start + length)
        for start in offered[:3]
    ]
