"""What the checks go by: the rows that are there, and the words for what is not as it should be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sessional.selftest.caller import Caller, Reply

LOG_IN: Final = """mutation($username: String, $password: String) {
  auth(username: $username, password: $password) { accessToken refreshToken }
}"""
# At most so many rows of each list are looked at: enough to check, cheap on a large practice.
ROWS: Final = 60
_LISTS: Final = """query($rows: Int) {
  appointments(first: $rows) { totalCount edges { node {
    id appointmentId startTimeUnixSeconds durationSeconds startsAt endsAt type therapistId
  } } }
  therapists(first: $rows) { totalCount edges { node {
    id therapistId firstName lastName specialisms { edges { node { specialismName } } }
  } } }
  specialisms(first: $rows) { totalCount edges { node { id specialismName } } }
  services(first: $rows) { totalCount edges { node { id code durationSeconds } } }
}"""


class Failed(Exception):
    """Something is not as the contract says."""


class LeftOut(Exception):
    """There is nothing here that this could be checked on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Practice:
    """The service as its checker knows it: who asks, with which tokens, and the first rows of each list."""

    caller: Caller
    stranger: Caller
    username: str
    password: str
    refresh_token: str
    appointments: list[dict[str, Any]]
    appointment_count: int
    therapists: list[dict[str, Any]]
    specialisms: list[dict[str, Any]]
    services: list[dict[str, Any]]

    def data(self, document: str, /, **variables: Any) -> Any:
        """The data of an answer without errors. Raises Failed."""
        return data_of(self.caller.ask(document, **variables))

    def refusal(self, document: str, /, **variables: Any) -> str:
        """The code with which an operation is refused: status 200, a null field. Raises Failed."""
        reply = self.caller.ask(document, **variables)
        expect(reply.status == 200, f"the status is {reply.status}, not 200")
        expect(bool(reply.errors), "nothing was refused")
        expect(not any((reply.data or {}).values()), "the refused field is not null")
        return reply.code

    def count(self, filters: Any) -> int:
        """How many appointments match."""
        document = "query($filters: AppointmentsFilter) { appointments(filters: $filters) { totalCount } }"
        found: int = self.data(document, filters=filters)["appointments"]["totalCount"]
        return found

    def an_appointment(self) -> dict[str, Any]:
        """One that the 32 bits of its old start can hold."""
        for appointment in self.appointments:
            if appointment["startTimeUnixSeconds"] is not None:
                return appointment
        raise LeftOut("there is no appointment")

    def a_therapist(self) -> dict[str, Any]:
        if not self.therapists:
            raise LeftOut("there is no therapist")
        return self.therapists[0]


def expect(holds: bool, otherwise: str) -> None:
    """Raises Failed with ``otherwise`` unless it holds."""
    if not holds:
        raise Failed(otherwise)


def equal(found: Any, expected: Any, what: str) -> None:
    expect(found == expected, f"{what}: {found!r}, not {expected!r}")


def data_of(reply: Reply) -> Any:
    """The data of an answer without errors. Raises Failed."""
    expect(reply.status == 200, f"the status is {reply.status}, not 200: {reply.body!r:.200}")
    expect(not reply.errors, f"an error: {reply.errors[:1]!r:.300}")
    expect(isinstance(reply.data, dict), "there is no data")
    return reply.data


def nodes(connection: Any) -> list[dict[str, Any]]:
    return [edge["node"] for edge in connection["edges"]]


def gather(stranger: Caller, username: str, password: str) -> Practice:
    """Log in and look around. Raises Failed."""
    tokens = data_of(stranger.ask(LOG_IN, username=username, password=password))["auth"]
    caller = stranger.with_token(tokens["accessToken"])
    reply = caller.ask(_LISTS, rows=ROWS)
    late = all(error.get("path", [])[-1:] == ["startTimeUnixSeconds"] for error in reply.errors)
    expect(reply.status == 200 and late, f"the lists are refused: {reply.errors[:1]!r:.300}")
    lists = reply.data
    return Practice(
        caller=caller,
        stranger=stranger,
        username=username,
        password=password,
        refresh_token=tokens["refreshToken"],
        appointments=nodes(lists["appointments"]),
        appointment_count=lists["appointments"]["totalCount"],
        therapists=nodes(lists["therapists"]),
        specialisms=nodes(lists["specialisms"]),
        services=nodes(lists["services"]),
    )
