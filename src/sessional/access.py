"""Who may see and do what: three tables, read by people, by the plan and by every action.

Whatever is not in a table is refused. The tables are printed into docs/reference/access.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Role(StrEnum):
    """What an account is."""

    ADMIN = "ADMIN"
    SCHEDULER = "SCHEDULER"  # reception
    SERVICE = "SERVICE"  # a machine
    THERAPIST = "THERAPIST"
    CLIENT = "CLIENT"


class Extent(StrEnum):
    """How much of something. ``OWN``: what belongs to the therapist or client of the account."""

    ALL = "all"
    OWN = "own"
    NONE = "none"


class Action(StrEnum):
    """What the desk can do."""

    BOOK = "book a session or ask for one"
    BOOK_SERIES = "preview, book, move and cancel a series"
    CHANGE_SESSION = "cancel or move a session"
    RUN_SESSION = "confirm, check in, record attendance"
    HAND_OVER = "hand a session to another therapist"
    HOLD = "hold a time"
    FIND = "look for free times"
    SEE_DIARY = "see diaries as a calendar"
    SET_HOURS = "set when a therapist works"
    SET_UP = "set up therapists, services, rooms, closures"
    KEEP_CLIENTS = "add clients, say who cares for whom"
    CHANGE_CLIENT = "change a client's details"
    KEEP_WAITLIST = "let clients wait, accept and decline what they are offered"
    KEEP_PRIVACY = "hand out and erase all that is held about a client"
    KEEP_OWN_ACCOUNT = "log out, end sessions of one's own, change one's password"
    KEEP_SECOND_FACTOR = "set up and turn off a second factor of one's own"


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who is asking, as the access token says. Whether the account still stands is asked of the
    database in the very statement that answers.

    The links say whose the account is. No token carries them: whoever needs them reads them from
    the account's row in the transaction (``actions.entry.standing``); until then they are nobody's.
    """

    account_id: int
    username: str
    role: Role
    session_id: str
    # The only fields of Query and Mutation that a machine's key, or the token of an account that has to
    # set up a second factor first, is good for; None: all that the role has.
    root_fields: frozenset[str] | None = None
    therapist_id: int | None = None
    client_id: int | None = None

    @property
    def name_on_record(self) -> str:
        """How the record calls the account."""
        return name_on_record(self.account_id, self.username, self.role)


def name_on_record(account_id: int, username: str, role: str) -> str:
    """How the record calls an account: a client's by its number, because the record is never changed, and
    must not hold the name of somebody who is to be erased."""
    return f"(account {account_id})" if role == Role.CLIENT else username


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Where a request comes from: its network address, the device that it says it is, and when it
    arrived, in thousandths of a second since 1970."""

    address: str = ""
    device: str = ""
    arrived_at_ms: int = 0


_ALL, _OWN, _NONE = Extent.ALL, Extent.OWN, Extent.NONE
# The columns of both tables.
ROLES: Final = (Role.ADMIN, Role.SCHEDULER, Role.SERVICE, Role.THERAPIST, Role.CLIENT)

# type of the graph -> how much of it each role reads
READS: Final[dict[str, tuple[Extent, ...]]] = {
    #                   ADMIN SCHED SERV. THER. CLIENT
    "Appointment":      (_ALL, _ALL, _ALL, _OWN, _OWN),
    "AppointmentEvent": (_ALL, _ALL, _ALL, _OWN, _OWN),
    "AuditEvent":       (_ALL, _NONE, _NONE, _NONE, _NONE),
    "Away":             (_ALL, _ALL, _ALL, _OWN, _NONE),
    "CareRelationship": (_ALL, _ALL, _ALL, _OWN, _OWN),
    "Client":           (_ALL, _ALL, _ALL, _OWN, _OWN),
    "Closure":          (_ALL, _ALL, _ALL, _ALL, _ALL),
    "DateOverride":     (_ALL, _ALL, _ALL, _OWN, _NONE),
    "Hold":             (_ALL, _ALL, _ALL, _OWN, _OWN),
    # Reached from the viewer alone.
    "LogInSession":     (_ALL, _ALL, _ALL, _ALL, _ALL),
    "Room":             (_ALL, _ALL, _ALL, _ALL, _ALL),
    "Series":           (_ALL, _ALL, _ALL, _OWN, _NONE),
    "Service":          (_ALL, _ALL, _ALL, _ALL, _ALL),
    "Specialism":       (_ALL, _ALL, _ALL, _ALL, _ALL),
    "Therapist":        (_ALL, _ALL, _ALL, _ALL, _ALL),
    "TimeOff":          (_ALL, _ALL, _ALL, _OWN, _NONE),
    "Viewer":           (_ALL, _ALL, _ALL, _ALL, _ALL),
    "WaitlistEntry":    (_ALL, _ALL, _ALL, _OWN, _OWN),
    "WorkingHours":     (_ALL, _ALL, _ALL, _OWN, _NONE),
}  # fmt: skip

# action -> of whose diary, sessions and clients each role does it
ACTS: Final[dict[Action, tuple[Extent, ...]]] = {
    #                       ADMIN SCHED SERV. THER. CLIENT
    Action.BOOK:           (_ALL, _ALL, _ALL, _OWN, _OWN),
    Action.BOOK_SERIES:    (_ALL, _ALL, _ALL, _OWN, _NONE),
    Action.CHANGE_SESSION: (_ALL, _ALL, _ALL, _OWN, _OWN),
    Action.RUN_SESSION:    (_ALL, _ALL, _ALL, _OWN, _NONE),
    Action.HAND_OVER:      (_ALL, _ALL, _ALL, _NONE, _NONE),
    Action.HOLD:           (_ALL, _ALL, _ALL, _OWN, _OWN),
    Action.FIND:           (_ALL, _ALL, _ALL, _ALL, _ALL),
    Action.SEE_DIARY:      (_ALL, _ALL, _ALL, _OWN, _NONE),
    Action.SET_HOURS:      (_ALL, _ALL, _ALL, _OWN, _NONE),
    Action.SET_UP:         (_ALL, _ALL, _ALL, _NONE, _NONE),
    Action.KEEP_CLIENTS:   (_ALL, _ALL, _ALL, _NONE, _NONE),
    Action.CHANGE_CLIENT:  (_ALL, _ALL, _ALL, _OWN, _OWN),
    Action.KEEP_WAITLIST:  (_ALL, _ALL, _ALL, _NONE, _OWN),
    Action.KEEP_PRIVACY:   (_ALL, _NONE, _NONE, _NONE, _NONE),
    Action.KEEP_OWN_ACCOUNT: (_OWN, _OWN, _OWN, _OWN, _OWN),
    Action.KEEP_SECOND_FACTOR: (_OWN, _OWN, _NONE, _OWN, _NONE),
}  # fmt: skip

# Who has a second factor where the practice wants one of its staff.
STAFF: Final = frozenset({Role.ADMIN, Role.SCHEDULER, Role.THERAPIST})
# What an account may ask for that has to set one up first. Nothing that the viewer leads to: see
# graph/step_maker.py.
SETTING_UP: Final = frozenset(
    {
        "viewer",
        "auth",
        "refresh",
        "logout",
        "revokeSessions",
        "changePassword",
        "beginSecondFactor",
        "confirmSecondFactor",
    }
)

# Fields that a role does not read, not even of a row that is its own: what staff say among
# themselves, and in a session of several, what another client said.
HIDDEN: Final[dict[Role, dict[str, frozenset[str]]]] = {
    Role.CLIENT: {
        "Appointment": frozenset({"cancelReason", "cancelReasonCode", "rulesOverridden"}),
        "AppointmentEvent": frozenset({"by", "reason", "reasonCode"}),
        "Client": frozenset({"staffNotes"}),
        "Therapist": frozenset({"maxPerDay", "maxPerWeek"}),
    },
}


def wrong_owner(role: Role, therapist_id: int | None, client_id: int | None) -> str | None:
    """What is wrong with whose an account of the role would be, in words; None where nothing is."""
    for owner, number, word in (
        (Role.THERAPIST, therapist_id, "therapist"),
        (Role.CLIENT, client_id, "client"),
    ):
        if role is owner and number is None:
            return f"an account with the role {role} needs the {word} that it belongs to"
        if role is not owner and number is not None:
            return f"an account with the role {role} belongs to no {word}"
    return None


def extent(role: Role, type_name: str) -> Extent:
    """How much of ``type_name`` the role reads; nothing where the table is silent."""
    row = READS.get(type_name)
    return Extent.NONE if row is None else row[ROLES.index(role)]


def hidden(role: Role, type_name: str) -> frozenset[str]:
    """The fields of ``type_name`` that the role does not read."""
    return HIDDEN.get(role, {}).get(type_name, frozenset())


def reach(role: Role, action: Action) -> Extent:
    """Of whose the role does this."""
    return ACTS[action][ROLES.index(role)]


def may(role: Role, action: Action, *, minds_whose: bool = False) -> bool:
    """Whether the role does this at all.

    A role that does it to its own alone may do it only where the doing ``minds_whose`` it is.
    """
    found = reach(role, action)
    return found is Extent.ALL or (found is Extent.OWN and minds_whose)
