"""What the whole practice shares: services, rooms, and days on which it is closed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from sessional.actions import checks
from sessional.actions.work import Ref, Work
from sessional.diary.names import fold
from sessional.diary.rules import SERVICE_DEFAULTS
from sessional.diary.values import DAY_SECONDS, LONGEST_SESSION_SECONDS
from sessional.errors import AlreadyExists, InvalidInput, NotFound, UnknownService

# What a service is where nobody says otherwise: the columns of ``service_details`` after its number.
_DEFAULTS: Final[dict[str, Any]] = {"name": None, "duration_seconds": None, **SERVICE_DEFAULTS}
_YEAR_SECONDS: Final = 366 * DAY_SECONDS
_BOUNDS: Final = {
    "duration_seconds": (1, LONGEST_SESSION_SECONDS),
    "buffer_before_seconds": (0, LONGEST_SESSION_SECONDS),
    "buffer_after_seconds": (0, LONGEST_SESSION_SECONDS),
    # Every second a start would make a search of a day as long as one of three months.
    "grid_seconds": (60, DAY_SECONDS),
    "notice_seconds": (0, _YEAR_SECONDS),
    "horizon_days": (1, 3_660),
    "cancel_notice_seconds": (0, _YEAR_SECONDS),
    "capacity": (1, 1_000),
}
_FLAGS: Final = ("needs_approval", "needs_room", "online", "cancel_when_one_leaves")


async def add_service(work: Work, *, code: str, **details: Any) -> Mapping[str, Any]:
    """A service that can be booked from now on. Raises InvalidInput, AlreadyExists."""
    row = _checked({**_DEFAULTS, **checks.given(details)})
    added = await work.tx.fetch("new_service", code=checks.name(code, "code"), **row)
    if not added:
        raise AlreadyExists("service", path=["code"])
    await work.bump_rules()
    return {"service": Ref("Service", added[0][0])}


async def change_service(work: Work, *, service: str, **details: Any) -> Mapping[str, Any]:
    """What is given is changed; booked sessions stay as agreed. Raises InvalidInput, UnknownService."""
    known = await work.tx.fetch("service_details", code=service)
    if not known:
        raise UnknownService([row[0] for row in await work.tx.fetch("service_codes")])
    number, *values = known[0]
    stands = dict(zip(_DEFAULTS, values, strict=True))
    stands["other_durations"] = orjson.loads(stands["other_durations"])
    row = _checked({**stands, **checks.given(details)})
    await work.tx.fetch("change_service_rules", code=service, **row)
    await work.bump_rules()
    return {"service": Ref("Service", number)}


def _checked(row: Mapping[str, Any]) -> dict[str, Any]:
    for field, (least, most) in _BOUNDS.items():
        checks.whole(row[field], field, least, most)
    others = checks.listed(row["other_durations"], "other_durations")
    for length in others:
        checks.whole(length, "other_durations", 1, LONGEST_SESSION_SECONDS)
    if len({row["duration_seconds"], *others}) <= len(others):
        raise InvalidInput("The lengths of a service differ from one another.", path=["otherDurations"])
    return {
        **row,
        **{flag: bool(row[flag]) for flag in _FLAGS},
        "search_name": fold(checks.name(row["name"], "name")),
        "other_durations": orjson.dumps(others).decode(),
    }


async def add_room(work: Work, *, name: str) -> Mapping[str, Any]:
    """A room. Raises InvalidInput, AlreadyExists."""
    checks.name(name, "name")
    added = await work.tx.fetch("new_room", name=name, search_name=fold(name))
    if not added:
        raise AlreadyExists("room", path=["name"])
    return {"room": Ref("Room", added[0][0])}


async def add_closures(work: Work, *, closures: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Days on which everybody is closed; one that is there already takes the new name.

    Sessions that are booked on such a day stay: a practice calls off a bank holiday day by day.
    """
    days = {
        day["on_date"]: checks.name(day["name"], "closures") for day in checks.listed(closures, "closures")
    }
    # In their order, so that two who add the same days wait for one another instead of deadlocking.
    added = [await work.tx.fetch("close_on", on_date=on, name=days[on]) for on in sorted(days)]
    await work.bump_rules()
    return {"closures": [Ref("Closure", rows[0][0]) for rows in added]}


async def remove_closure(work: Work, *, closure_id: int) -> Mapping[str, Any]:
    """The hours of that day stand again. Raises NotFound."""
    if not await work.tx.fetch("drop_closure", closure_id=closure_id):
        raise NotFound("closure", path=["closureId"])
    await work.bump_rules()
    return {"closure_id": str(closure_id)}
