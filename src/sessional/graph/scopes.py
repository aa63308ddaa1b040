"""What a role sees: ``own`` of the table in access.py as conditions on rows, hidden fields by name.

The conditions ask the account's row, not the token, so that an account which now belongs to somebody
else sees theirs in its next statement. ``Sight`` is the only way for the plan to a type's rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sessional.access import READS, ROLES, Extent, Role, extent, hidden
from sessional.errors import Forbidden
from sessional.graph.binding import Value
from sessional.graph.bindings import TYPES
from sessional.graph.tables import APPOINTMENT, WAITLIST_ENTRY
from sessional.store.select import GUARD
from sessional.store.shape import (
    EVERYTHING,
    Column,
    Compare,
    Condition,
    Every,
    Exists,
    Link,
    Mine,
    MineThrough,
    Some,
    Table,
    Way,
)

_THERAPIST: Final = Column(name="therapist_id")
_CLIENT: Final = Column(name="client_id")
_TO_APPOINTMENT: Final = Link(target=APPOINTMENT, on=(("appointment_id", "appointment_id"),))
_IN_MY_DIARY: Final = Mine(_THERAPIST, "therapist_id")
_WITH_ME: Final = MineThrough(
    Column(name="appointment_id"), "client_id", (Way("appointment_client", "appointment_id", "client_id"),)
)
_MY_HOLD: Final = Compare(Column(name="held_by"), "=", GUARD[0])
# In the therapist's care, now or once, or in a session of theirs.
_MY_CLIENT: Final = MineThrough(
    _CLIENT,
    "therapist_id",
    (
        Way("care_relationship", "client_id", "therapist_id"),
        Way("appointment_client", "client_id", "therapist_id"),
    ),
)
_MYSELF: Final = Mine(_CLIENT, "client_id")
# The entry of the waitlist that a hold is kept for.
_OFFERED_TO: Final = Link(target=WAITLIST_ENTRY, on=(("appointment_id", "offered_id"),))

OWN: Final[dict[Role, dict[str, Condition]]] = {
    Role.THERAPIST: {
        "Appointment": _IN_MY_DIARY,
        "AppointmentEvent": Exists(_TO_APPOINTMENT, _IN_MY_DIARY),
        "Away": _IN_MY_DIARY,
        "CareRelationship": _IN_MY_DIARY,
        "Client": _MY_CLIENT,
        "DateOverride": _IN_MY_DIARY,
        # What is offered in another's diary is that therapist's to see.
        "Hold": Some((_MY_HOLD, Every((_IN_MY_DIARY, Exists(_OFFERED_TO, _MY_CLIENT))))),
        # Any session of it: a series whose sessions were handed over is the new therapist's to see.
        "Series": Exists(Link(target=APPOINTMENT, on=(("series_id", "series_id"),)), _IN_MY_DIARY),
        "TimeOff": _IN_MY_DIARY,
        "WaitlistEntry": _MY_CLIENT,
        "WorkingHours": _IN_MY_DIARY,
    },
    Role.CLIENT: {
        "Appointment": _WITH_ME,
        "AppointmentEvent": _WITH_ME,
        "CareRelationship": _MYSELF,
        "Client": _MYSELF,
        "Hold": Some((_MY_HOLD, Exists(_OFFERED_TO, _MYSELF))),
        "WaitlistEntry": _MYSELF,
    },
}

# Whose rows a filter's link leads to. (None leads to a hold.)
_TYPE_OF: Final = {binding.table.name: name for name, binding in TYPES.items() if name != "Hold"}


def check() -> None:
    """Raises AssertionError unless every ``own`` of the table has its condition, and every row a type."""
    assert set(READS) == set(TYPES), set(READS) ^ set(TYPES)
    for role in ROLES:
        wanted = {name for name in READS if extent(role, name) is Extent.OWN}
        assert wanted == set(OWN.get(role, {})), (role, wanted)
        assert all(set(_hidden_fields(role, name)) <= set(TYPES[name].fields) for name in TYPES), role


def _hidden_fields(role: Role, type_name: str) -> Iterator[str]:
    yield from hidden(role, type_name)


@dataclass(frozen=True, slots=True)
class Sight:
    """What one role sees. Everything raises Forbidden for what the role does not see at all."""

    role: Role

    def own(self, type_name: str) -> Condition:
        """What holds of the rows of a type because of who asks: nothing, for who reads all."""
        found = extent(self.role, type_name)
        if found is Extent.NONE:
            raise Forbidden
        return EVERYTHING if found is Extent.ALL else OWN[self.role][type_name]

    def rows(self, type_name: str) -> Condition:
        """The rows of a type that the role reads."""
        return both(self.own(type_name), TYPES[type_name].only or EVERYTHING)

    def behind(self, table: Table) -> Condition:
        """The same of rows that a filter looks at, behind a link."""
        return self.own(_TYPE_OF[table.name])

    def field(self, type_name: str, name: str) -> None:
        """The field may be read."""
        if name in hidden(self.role, type_name):
            raise Forbidden

    def column(self, table: Table, column: Column) -> None:
        """The column may be asked about, by a filter or a sort: it is not one of a hidden field."""
        type_name = _TYPE_OF[table.name]
        for name in hidden(self.role, type_name):
            bound = TYPES[type_name].fields[name]
            if isinstance(bound, Value) and bound.column == column:
                raise Forbidden


def both(one: Condition, other: Condition) -> Condition:
    """Both hold."""
    parts = tuple(part for part in (one, other) if part != EVERYTHING)
    return parts[0] if len(parts) == 1 else Every(parts)
