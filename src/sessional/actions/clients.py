"""The people who come: their records, and who cares for whom from when to when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sessional.actions import checks
from sessional.actions.work import Ref, Work
from sessional.diary.names import fold
from sessional.errors import InvalidInput, NotFound, UnknownTherapist

_OPTIONAL: Final = ("email", "phone", "time_zone", "language", "staff_notes")
_COLUMNS: Final = ("name", *_OPTIONAL)


async def add_client(work: Work, *, name: str, **details: Any) -> Mapping[str, Any]:
    """A new record. Two clients may have the same name. Raises InvalidInput."""
    row = _checked({**dict.fromkeys(_OPTIONAL), "name": name, **details})
    added = await work.tx.fetch("new_client", **row)
    return {"client": Ref("Client", added[0][0])}


async def change_client(work: Work, *, client_id: int, **details: Any) -> Mapping[str, Any]:
    """What is given is changed, all else stays; null takes away. Raises InvalidInput, NotFound."""
    rows = await work.tx.fetch("client_details", client_id=client_id)
    if not rows:
        raise NotFound("client", path=["clientId"])
    changes = checks.given(details, may_be_null=_OPTIONAL)
    row = _checked({**dict(zip(_COLUMNS, rows[0], strict=True)), **changes})
    await work.tx.fetch("change_client", client_id=client_id, **row)
    return {"client": Ref("Client", client_id)}


async def begin_care(work: Work, *, therapist_id: int, client_id: int, from_date: str) -> Mapping[str, Any]:
    """From that day on the client is in the therapist's care. Beginning twice changes nothing."""
    if not await work.tx.fetch("open_diary", therapist_id=therapist_id):
        raise UnknownTherapist
    pair = {"therapist_id": therapist_id, "client_id": client_id}
    if not await work.tx.fetch("client_details", client_id=client_id):
        raise NotFound("client", path=["clientId"])
    rows = await work.tx.fetch("care_that_lasts", **pair)
    rows = rows or await work.tx.fetch("begin_care", from_date=from_date, **pair)
    return {"care_relationship": Ref("CareRelationship", rows[0][0])}


async def end_care(work: Work, *, care_relationship_id: int, until_date: str) -> Mapping[str, Any]:
    """The first day on which the client is not in this care any more. Raises InvalidInput, NotFound."""
    rows = await work.tx.fetch("care_by_id", care_relationship_id=care_relationship_id)
    if not rows:
        raise NotFound("care relationship", path=["careRelationshipId"])
    if until_date < rows[0][0]:
        raise InvalidInput("Care cannot end before it began.", path=["untilDate"])
    await work.tx.fetch("end_care", care_relationship_id=care_relationship_id, until_date=until_date)
    return {"care_relationship": Ref("CareRelationship", care_relationship_id)}


def _checked(row: Mapping[str, Any]) -> dict[str, Any]:
    """A whole row as it is stored."""
    zone = row["time_zone"]
    return {
        "name": checks.name(row["name"], "name"),
        "search_name": fold(row["name"]),
        **{column: checks.text(row[column], column) for column in _OPTIONAL},
        "time_zone": None if not zone else checks.time_zone(zone),
    }
