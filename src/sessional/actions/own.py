"""Whose it is: what a therapist or a client asks about must be theirs, or it is not there.

Each check answers for staff without a look, and refuses what is another's in the words of what does not
exist, so that numbers cannot be guessed. The links of the account are those of ``entry.standing``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sessional.access import Actor, Extent, Role, extent
from sessional.actions.loading import Fetch
from sessional.diary.rules import BrokenRule, Rule
from sessional.errors import InvalidInput, UnknownTherapist

# No row has it.
_NOBODY: Final = -1
# Rules that anybody can read off the service: the rest would tell about others, or about the therapist.
_PUBLIC: Final = frozenset(
    {
        Rule.CLOSURE,
        Rule.NOTICE,
        Rule.HORIZON,
        Rule.GRID,
        Rule.SERVICE_NOT_GIVEN,
        Rule.DURATION_NOT_OFFERED,
    }
)
_NOT_AVAILABLE: Final = BrokenRule(
    rule=Rule.NOT_AVAILABLE, message="That time is not available.", value=None
)


def is_client(actor: Actor) -> bool:
    """Whether what the actor books is booked by a client, for that client."""
    return actor.role is Role.CLIENT


def sees_all(actor: Actor) -> bool:
    """Whether all diaries are open to the actor."""
    return extent(actor.role, "Appointment") is Extent.ALL


def keeps_diary(actor: Actor, therapist_id: int) -> bool:
    """Whether the diary is the actor's to see and set up."""
    return sees_all(actor) or (actor.role is Role.THERAPIST and actor.therapist_id == therapist_id)


def check_diary(actor: Actor, therapist_id: int) -> None:
    """Raises UnknownTherapist where the diary is another therapist's. A client books with any."""
    if not is_client(actor) and not keeps_diary(actor, therapist_id):
        raise UnknownTherapist


async def sees_session(fetch: Fetch, actor: Actor, appointment_id: int, therapist_id: int) -> bool:
    """Whether a session in that diary is the actor's to see and to change."""
    if is_client(actor):
        client_id = actor.client_id or _NOBODY
        return bool(await fetch("takes_part", appointment_id=appointment_id, client_id=client_id))
    return keeps_diary(actor, therapist_id)


async def sees_client(fetch: Fetch, actor: Actor, client_id: int) -> bool:
    """Whether the client's record is the actor's to see, if there is such a client."""
    if sees_all(actor):
        return True
    if is_client(actor):
        return actor.client_id == client_id
    therapist_id = actor.therapist_id or _NOBODY
    return bool(await fetch("client_of_therapist", client_id=client_id, therapist_id=therapist_id))


def participants(actor: Actor, client_ids: Sequence[int]) -> tuple[int, ...]:
    """Who takes part: clients book for themselves, said or not."""
    if is_client(actor) and not client_ids:
        return (actor.client_id or _NOBODY,)
    return tuple(dict.fromkeys(client_ids))


def check_override(actor: Actor, override: bool | None) -> bool:
    """Whether rules are set aside. Raises InvalidInput for a client."""
    if override and is_client(actor):
        raise InvalidInput("Only staff set the rules of a diary aside.", path=["overrideRules"])
    return bool(override)


def told(actor: Actor, therapist_id: int, broken: Sequence[BrokenRule]) -> list[BrokenRule]:
    """What somebody learns of the rules that refuse a start: outside their own diary, that it is not
    available, and what anybody can read off the service."""
    if keeps_diary(actor, therapist_id):
        return list(broken)
    public = [one for one in broken if one.rule in _PUBLIC]
    return public if len(public) == len(broken) else [_NOT_AVAILABLE, *public]
