"""The people who come: their records, and who cares for whom from when to when."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sessional.actions import checks
from sessional.actions.own import is_client, sees_client
from sessional.actions.work import Ref, Work
from sessional.diary.names import fold
from sessional.errors import InvalidInput, NotFound, UnknownTherapist
from sessional.keyring import ENCRYPTED, Keyring

_OPTIONAL: Final = ("email", "phone", "time_zone", "language", "staff_notes")
_COLUMNS: Final = ("name", *_OPTIONAL)
_CHECKS: Final = {"email": checks.email, "time_zone": checks.time_zone, "language": checks.language}


async def add_client(work: Work, *, name: str, **details: Any) -> Mapping[str, Any]:
    """A new record. Two clients may have the same name. Raises InvalidInput."""
    row = {**dict.fromkeys(_OPTIONAL), **_checked({"name": name, **details})}
    row |= _closed(work.desk.keyring, row, {})
    added = await work.tx.fetch("new_client", **row, search_name=fold(name), now=work.now)
    return {"client": Ref("Client", added[0][0])}


async def change_client(work: Work, *, client_id: int, **details: Any) -> Mapping[str, Any]:
    """What is given is changed, all else stays; null takes away.

    Raises InvalidInput, NotFound, and Unreadable where no key opens what is to be changed.
    """
    rows = await work.tx.fetch("client_details", client_id=client_id)
    if not rows or not await sees_client(work.tx.fetch, work.actor, client_id):
        raise NotFound("client", path=["clientId"])
    if is_client(work.actor) and "staff_notes" in details:
        raise InvalidInput("What staff note is theirs to change.", path=["staffNotes"])
    changes = checks.given(details, may_be_null=_OPTIONAL)
    known = dict(zip(_COLUMNS, rows[0], strict=True))
    changed = _checked(changes)
    row = {**known, **changed, **_closed(work.desk.keyring, changed, known)}
    await work.tx.fetch("change_client", client_id=client_id, **row, search_name=fold(row["name"]))
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


def _checked(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, as it is stored. Raises InvalidInput."""
    row = {column: checks.text(value, column) for column, value in given.items() if column in _OPTIONAL}
    for column, check in _CHECKS.items():
        if given.get(column):
            row[column] = check(given[column], column)
    return row if "name" not in given else {**row, "name": checks.name(given["name"], "name")}


def _closed(keyring: Keyring, row: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    """The texts of a row that are encrypted. One that says what is stored already stays as it is.

    Raises Unreadable where one would be written over, or taken away, that no key opens.
    """
    closed = {}
    for column in sorted(ENCRYPTED & row.keys()):
        text, stored = row[column], known.get(column)
        before = keyring.open(column, stored) if stored else None
        if not text:  # nobody has to be kept from what is not there
            continue
        closed[column] = stored if before == text else keyring.close(column, text)
    return closed
