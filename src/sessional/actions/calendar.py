"""What a calendar draws: open hours, time off, sessions and holds of some diaries, in one answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any, Final

import orjson

from sessional.access import Actor
from sessional.actions.desk import Desk
from sessional.actions.loading import load_closures, load_rules
from sessional.actions.own import keeps_diary
from sessional.actions.work import Ref
from sessional.diary.availability import open_intervals
from sessional.diary.rules import Closures, TherapistRules
from sessional.diary.spans import merged
from sessional.diary.values import DAY_SECONDS, Interval
from sessional.errors import InvalidArgument

MOST_DAYS: Final = 62
MOST_THERAPISTS: Final = 200


async def diary(
    desk: Desk, actor: Actor, *, therapist_ids: Sequence[int], **span: int
) -> list[dict[str, Any]]:
    """The diaries of these therapists within a span, in the order asked for. Unknown ones are left
    out, and so are those that are not the actor's to see.

    Raises InvalidArgument for a span or a list that no calendar could draw.
    """
    within = _within(span["from"], span["until"])
    wanted = list(dict.fromkeys(therapist_ids))
    if len(wanted) > MOST_THERAPISTS:
        raise InvalidArgument(f"A calendar shows at most {MOST_THERAPISTS} diaries at once.")
    wanted = [one for one in wanted if keeps_diary(actor, one)]
    fetch = desk.store.fetch
    rules = await load_rules(fetch, wanted)
    closures = await load_closures(fetch)
    entries: dict[int, list[Sequence[Any]]] = defaultdict(list)
    ids = orjson.dumps(wanted).decode()
    for row in await fetch(
        "calendar_entries", ids=ids, starts_at=within.starts_at, ends_at=within.ends_at, now=desk.now()
    ):
        entries[row[0]].append(row)
    return [_diary(rules[one], closures, within, entries[one]) for one in wanted if one in rules]


def _within(from_: int, until: int) -> Interval:
    if not from_ < until <= from_ + MOST_DAYS * DAY_SECONDS:
        raise InvalidArgument(f"`until` comes after `from`, by at most {MOST_DAYS} days.")
    return Interval(starts_at=max(0, from_), ends_at=max(1, until))


def _diary(
    rules: TherapistRules, closures: Closures, within: Interval, entries: Sequence[Sequence[Any]]
) -> dict[str, Any]:
    sessions = [row for row in entries if not row[4]]
    away = (
        off for off in rules.time_off if off.starts_at < within.ends_at and off.ends_at > within.starts_at
    )
    return {
        "therapist": Ref("Therapist", rules.therapist_id),
        "open": [_span(i.starts_at, i.ends_at) for i in open_intervals(rules, closures, within)],
        "time_off": [_span(off.starts_at, off.ends_at) for off in away],
        "appointments": [Ref("Appointment", row[1]) for row in sessions],
        "held": [_span(row[2], row[3]) for row in entries if row[4]],
        # Neighbours that touch become one: free and busy, and nothing about whose.
        "busy": [_span(*one) for one in merged((row[2], row[3]) for row in entries if row[5])],
    }


def _span(starts_at: int, ends_at: int) -> dict[str, int]:
    return {"starts_at": starts_at, "ends_at": ends_at}
