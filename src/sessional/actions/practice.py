"""What a search remembers between two questions: rules, services, closures, and when diaries are open.

The database counts every change of a rule (``rules_clock``); while it says the same number, what was
read before still holds. Therapists with the same rules share their open windows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from sessional.actions.loading import load_closures, load_rules, load_services
from sessional.diary.availability import open_intervals
from sessional.diary.rules import Closures, ServiceRules, TherapistRules
from sessional.diary.values import DAY_SECONDS, LONGEST_SESSION_SECONDS, Interval
from sessional.store.store import Store

# Beyond so many at once it is cheaper to read everybody's rules than to name those that are wanted.
_MANY: Final = 1000
# Windows that one pattern remembers are let go when it knows more days than this.
_MOST_DAYS: Final = 40


class Window(NamedTuple):
    """Starts from ``start`` up to, not including, ``stop``, in hours that are open as ``opens`` says.

    ``opens`` reaches as far beyond ``stop`` as the longest session.
    """

    start: int
    stop: int
    opens: tuple[Interval, ...]


@dataclass(slots=True, eq=False)
class Pattern:
    """When all who have the same hours are open: (UTC) day by day, worked out when it is asked."""

    rules: TherapistRules
    closures: Closures
    _days: dict[int, list[Window]] = field(default_factory=dict)

    def on(self, day: int) -> list[Window]:
        windows = self._days.get(day)
        if windows is None:
            if len(self._days) >= _MOST_DAYS:
                self._days.clear()
            windows = self._days[day] = self._worked_out(day)
        return windows

    def _worked_out(self, day: int) -> list[Window]:
        begins = day * DAY_SECONDS
        ends = begins + DAY_SECONDS
        within = Interval(starts_at=begins, ends_at=ends + LONGEST_SESSION_SECONDS)
        opens = open_intervals(self.rules, self.closures, within)
        return [Window(o.starts_at, min(o.ends_at, ends), (o,)) for o in opens if o.starts_at < ends]


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """The rules as they were when the clock of rules showed ``version``, or newer."""

    version: int
    rules: Mapping[int, TherapistRules]
    patterns: Mapping[int, Pattern]
    services: Mapping[str, ServiceRules]
    service_ids: Mapping[str, int]
    closures: Mapping[date, str]


_NOTHING: Final = Practice(version=-1, rules={}, patterns={}, services={}, service_ids={}, closures={})
_remembered: WeakKeyDictionary[Store, Practice] = WeakKeyDictionary()


async def practice_at(store: Store, version: int, therapist_ids: Sequence[int]) -> Practice:
    """What is remembered, with these therapists in it, no older than ``version``."""
    known = _remembered.get(store, _NOTHING)
    unknown = {number for number in therapist_ids if number not in known.rules}
    if known.version == version and not unknown:
        return known
    practice = await _renewed(store, known, version, unknown)
    if practice.version >= _remembered.get(store, _NOTHING).version:
        _remembered[store] = practice
    return practice


async def _renewed(store: Store, known: Practice, version: int, wanted: set[int]) -> Practice:
    services, service_ids, closures = known.services, known.service_ids, known.closures
    if known.version != version:
        changed = await store.fetch("diaries_changed", version=known.version)
        wanted |= {row[0] for row in changed if row[0] in known.rules}
        services, closures = await load_services(store.fetch), await load_closures(store.fetch)
        service_ids = {code: number for number, code in await store.fetch("service_numbers")}
    loaded: dict[int, TherapistRules] = {}
    if wanted:
        loaded = await load_rules(store.fetch, None if len(wanted) > _MANY else sorted(wanted))
    rules = {**known.rules, **loaded}
    return Practice(
        version=version,
        rules=rules,
        patterns=_patterns(known, loaded, rules, closures),
        services=services,
        service_ids=service_ids,
        closures=closures,
    )


def _patterns(
    known: Practice,
    loaded: Mapping[int, TherapistRules],
    rules: Mapping[int, TherapistRules],
    closures: Mapping[date, str],
) -> dict[int, Pattern]:
    """therapist -> pattern; those of therapists whose rules stand are kept with what they know."""
    kept = known.patterns if closures == known.closures else {}
    found = {number: pattern for number, pattern in kept.items() if number not in loaded}
    shared = {_key(pattern.rules): pattern for pattern in set(found.values())}
    for number, its in (loaded if kept else rules).items():
        key = _key(its)
        if key not in shared:
            shared[key] = Pattern(its, closures)
        found[number] = shared[key]
    return found


def _key(rules: TherapistRules) -> Any:
    return rules.time_zone, rules.hours, rules.overrides, rules.away, rules.time_off
