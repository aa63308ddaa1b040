"""Notes what the rules of time zones are, and reads what they were.

The time-zone database forgets what it said before. A session's instant alone does not tell at which wall
time it was placed once the rules have changed, so the rules of every zone in use are kept.
"""

from __future__ import annotations

import base64
import io
import zoneinfo
from collections import defaultdict
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Final

from sessional.actions.loading import Fetch
from sessional.diary.clocks import known_zone
from sessional.diary.zone_changes import Noted
from sessional.errors import InvalidInput
from sessional.store import bulk

_MAGIC: Final = b"TZif"


async def note_in(database: Path | str, now: int, *, unknown_alone: bool = False) -> None:
    """``note_rules`` in a transaction of its own."""
    async with bulk.load(database) as load:
        await note_rules(load.fetch, now, unknown_alone=unknown_alone)


async def note_rules(fetch: Fetch, now: int, *, unknown_alone: bool = False) -> None:
    """Note the rules of every zone in use that are others than those noted last, as in force from now on.

    For a program that books by them from now on. One beside which a service may still be running, which
    read its rules when it started, notes those of zones alone of which nothing is known.
    """
    for (zone,) in await fetch("zones_in_use"):
        await _note("note_first_zone_rules" if unknown_alone else "note_zone_rules", fetch, zone, now)


async def note_first(fetch: Fetch, zone: str, now: int) -> None:
    """Note the rules of a zone that comes into use, if nobody has used it before."""
    await _note("note_first_zone_rules", fetch, zone, now)


async def _note(statement: str, fetch: Fetch, zone: str, now: int) -> None:
    if (rules := compiled(zone)) is not None:
        tzif = base64.b64encode(rules).decode()
        await fetch(statement, time_zone=zone, now=now, tzif=tzif)


async def noted_rules(fetch: Fetch) -> dict[str, list[Noted]]:
    """The rules of each zone, in the order in which they were noted."""
    found: defaultdict[str, list[Noted]] = defaultdict(list)
    for zone, noted_at, tzif in await fetch("zone_rules"):
        rules = zoneinfo.ZoneInfo.from_file(io.BytesIO(base64.b64decode(tzif)), key=zone)
        found[zone].append(Noted(noted_at=noted_at, rules=rules))
    return dict(found)


@lru_cache(maxsize=1024)
def compiled(zone: str) -> bytes | None:
    """The zone's compiled rules, from where ``zoneinfo`` reads them; None where it knows no such zone."""
    try:
        known_zone(zone)  # nothing that is no zone's name becomes a path
    except InvalidInput:
        return None
    parts = zone.split("/")
    places = (*map(Path, zoneinfo.TZPATH), files("tzdata").joinpath("zoneinfo"))
    for place in places:
        file = place.joinpath(*parts)
        if file.is_file() and (rules := file.read_bytes()).startswith(_MAGIC):
            return rules
    return None
