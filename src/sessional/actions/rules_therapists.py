"""Therapists and what belongs to them: names, zone, specialisms, services, limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson

from sessional.actions import checks
from sessional.actions.own import check_diary
from sessional.actions.work import Ref, Work
from sessional.actions.zone_rules import note_first
from sessional.diary.names import fold
from sessional.errors import UnknownService, UnknownTherapist

_COLUMNS: Final = ("first_name", "last_name", "time_zone", "max_per_day", "max_per_week", "languages")
_LIMITS: Final = ("max_per_day", "max_per_week")
# More sessions than any day or week can hold are no limit.
_MOST: Final = 1_000


async def add_therapist(
    work: Work,
    *,
    specialisms: Sequence[str] | None = None,
    services: Sequence[str] | None = None,
    **details: Any,
) -> Mapping[str, Any]:
    """A therapist with an empty diary and no hours. Raises InvalidInput, UnknownService."""
    row = _checked({**dict.fromkeys(_LIMITS), "languages": (), **checks.given(details)})
    added = await work.tx.fetch("new_therapist", **row)
    therapist_id: int = added[0][0]
    await note_first(work.tx.fetch, row["time_zone"], work.now)
    await _link(work, therapist_id, specialisms, services)
    await work.bump_rules(therapist_id)
    return {"therapist": Ref("Therapist", therapist_id)}


async def change_therapist(
    work: Work,
    *,
    therapist_id: int,
    specialisms: Sequence[str] | None = None,
    services: Sequence[str] | None = None,
    **details: Any,
) -> Mapping[str, Any]:
    """What is given is changed, all else stays. Raises InvalidInput, UnknownService, UnknownTherapist."""
    await open_diary(work, therapist_id)
    (known,) = await work.tx.fetch("therapist_details", therapist_id=therapist_id)
    changes = checks.given(details, may_be_null=_LIMITS)
    stands = dict(zip(_COLUMNS, known, strict=True))
    row = _checked({**stands, "languages": orjson.loads(stands["languages"]), **changes})
    await work.tx.fetch("change_therapist", therapist_id=therapist_id, **row)
    await note_first(work.tx.fetch, row["time_zone"], work.now)
    await _link(work, therapist_id, specialisms, services)
    await work.bump_rules(therapist_id)
    return {"therapist": Ref("Therapist", therapist_id)}


async def open_diary(work: Work, therapist_id: int) -> None:
    """Nobody else books or changes rules here until the end. Raises UnknownTherapist, also for a diary
    that is another's."""
    check_diary(work.actor, therapist_id)
    if not await work.tx.fetch("open_diary", therapist_id=therapist_id):
        raise UnknownTherapist


def _checked(row: Mapping[str, Any]) -> dict[str, Any]:
    first_name = checks.name(row["first_name"], "first_name")
    last_name = checks.name(row["last_name"], "last_name")
    for limit in _LIMITS:
        if row[limit] is not None:
            checks.whole(row[limit], limit, 1, _MOST)
    return {
        **row,
        "time_zone": checks.time_zone(row["time_zone"]),
        "languages": orjson.dumps(checks.languages(row["languages"], "languages")).decode(),
        "search_name": fold(f"{first_name} {last_name}"),
    }


async def _link(
    work: Work, therapist_id: int, specialisms: Sequence[str] | None, services: Sequence[str] | None
) -> None:
    """Specialisms and services as given; None leaves them as they are."""
    if specialisms is not None:
        await work.tx.fetch("drop_therapist_specialisms", therapist_id=therapist_id)
        for name in dict.fromkeys(checks.listed(specialisms, "specialisms")):
            specialism_id = await _specialism(work, checks.name(name, "specialisms"))
            link = {"therapist_id": therapist_id, "specialism_id": specialism_id}
            await work.tx.fetch("add_therapist_specialism", **link)
    if services is not None:
        await work.tx.fetch("drop_therapist_services", therapist_id=therapist_id)
        for code in dict.fromkeys(checks.listed(services, "services")):
            if not await work.tx.fetch("add_therapist_service", therapist_id=therapist_id, code=code):
                known = [row[0] for row in await work.tx.fetch("service_codes")]
                raise UnknownService(known, path=["services"])


async def _specialism(work: Work, name: str) -> int:
    """The number of a specialism; a name that is new becomes one."""
    found = await work.tx.fetch("specialism_named", name=name)
    if not found:
        await work.tx.fetch("new_specialism", name=name, search_name=fold(name))
        found = await work.tx.fetch("specialism_named", name=name)
    return int(found[0][0])
