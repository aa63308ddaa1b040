"""The clients of a practice and who cares for them, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from .diary import AFTER_ALL, DATES
from .words import ALIKE, ODD_NAMES, TIME_ZONES, or_none, some_ids


@dataclass(frozen=True, kw_only=True)
class Client:
    client_id: int
    name: str
    email: str | None = None
    phone: str | None = None
    time_zone: str | None = None
    language: str | None = None
    staff_notes: str | None = None


@dataclass(frozen=True, kw_only=True)
class CareRelationship:
    care_relationship_id: int
    therapist_id: int
    client_id: int
    from_date: str
    until_date: str | None


def some_clients(rng: Random) -> tuple[Client, ...]:
    # Few different names, so that people share them.
    names = [*rng.sample(ALIKE, 2), *rng.sample(ODD_NAMES, 2)]
    return tuple(
        Client(
            client_id=number,
            name=rng.choice(names),
            email=or_none(rng, ("ana@example.org", '"odd\\"@example.org', "")),
            phone=or_none(rng, ("+44 20 7946 0000", "", "0")),
            time_zone=or_none(rng, TIME_ZONES),
            language=or_none(rng, ("en-GB", "zh-Hans")),
            staff_notes=or_none(rng, ODD_NAMES),
        )
        for number in some_ids(rng, rng.choice((0, 1, 4, 7)))
    )


def care(rng: Random, therapists: Sequence[int], clients: Sequence[int]) -> tuple[CareRelationship, ...]:
    """Some cared for by nobody, some by several, and some by the same person again."""
    pairs = [(t, c) for t in therapists for c in clients if rng.random() < 0.4]
    pairs += rng.sample(pairs, min(2, len(pairs)))
    numbers = some_ids(rng, len(pairs), 200)
    return tuple(
        CareRelationship(
            care_relationship_id=number,
            therapist_id=therapist_id,
            client_id=client_id,
            from_date=rng.choice(DATES),
            until_date=or_none(rng, (AFTER_ALL,)),
        )
        for number, (therapist_id, client_id) in zip(numbers, pairs, strict=True)
    )
