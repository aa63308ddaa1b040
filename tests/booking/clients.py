"""Clients who book: what they send over a connection of their own, and what they make of the answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sessional.access import Actor, Role
from sessional.credentials import Kind, Lifetimes, Tokens
from tests.booking.wire import Wire
from tests.support.server import SECRET

BOOK = """
mutation Book($input: BookAppointmentInput!) {
  bookAppointment(input: $input) {
    replayed
    appointment { appointmentId therapistId type startsAt endsAt }
    errors {
      __typename
      ... on UserError { code message path }
      ... on SlotTaken { alternatives { therapistId startsAt endsAt } }
    }
  }
}
"""
CREATE = """
mutation Create($therapist: Int, $start: Int, $length: Int, $type: String) {
  appointment(
    therapistId: $therapist, startTimeUnixSeconds: $start, durationSeconds: $length, type: $type
  ) { appointment { appointmentId therapistId type startTimeUnixSeconds durationSeconds } }
}
"""
# The payload counts the diary: on PostgreSQL this takes a transaction instead of one statement.
LOOKS_BACK = BOOK.replace("startsAt endsAt }", "therapist { appointments { totalCount } } }", 1)
# A Monday of the future that the original's form can still write: 10:00 UTC.
TEN = int(datetime(2031, 1, 6, 10, tzinfo=UTC).timestamp())
HOUR = 3600
_tokens = Tokens([SECRET], Lifetimes(access_seconds=3600, refresh_seconds=3600))


def token_of(account_id: int, username: str, now: int | None = None) -> str:
    """An access token as a log-in would give it: log-ins have their own tests, and take their time."""
    actor = Actor(account_id=account_id, username=username, role=Role.ADMIN, session_id="tests")
    return _tokens.make(Kind.ACCESS, actor, now=int(time.time()) if now is None else now)


def rfc3339(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A session that a client asks for, in the new form."""

    therapist_id: int
    starts_at: int
    length: int | None = 3600
    service: str = "one-off"
    key: str | None = None

    def input(self) -> dict[str, Any]:
        given: dict[str, Any] = {
            "therapistId": str(self.therapist_id),
            "startsAt": rfc3339(self.starts_at),
            "service": self.service,
        }
        if self.length is not None:
            given["durationSeconds"] = self.length
        if self.key is not None:
            given["idempotencyKey"] = self.key
        return given

    def legacy(self) -> dict[str, Any]:
        return {
            "therapist": self.therapist_id,
            "start": self.starts_at,
            "length": self.length,
            "type": self.service,
        }


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of it: an appointment's number, or a code. ``offers`` are starts offered instead."""

    appointment_id: int | None = None
    replayed: bool = False
    code: str | None = None
    offers: tuple[int, ...] = ()


def outcome_of_booking(answer: dict[str, Any]) -> Outcome:
    """Read an answer to BOOK; an answer that says two things at once is an error of the service."""
    if "errors" in answer:
        assert answer.get("data") is None, answer
        return Outcome(code=answer["errors"][0]["extensions"]["code"])
    payload = answer["data"]["bookAppointment"]
    if payload["appointment"] is not None:
        assert payload["errors"] == [], answer
        return Outcome(
            appointment_id=int(payload["appointment"]["appointmentId"]), replayed=payload["replayed"]
        )
    (error,) = payload["errors"]
    assert payload["replayed"] is False, answer
    return Outcome(
        code=error["code"],
        offers=tuple(seconds(slot["startsAt"]) for slot in error.get("alternatives", ())),
    )


def outcome_of_creation(answer: dict[str, Any]) -> Outcome:
    """Read an answer to CREATE."""
    if "errors" in answer:
        assert answer["data"] == {"appointment": None}, answer
        extensions = answer["errors"][0]["extensions"]
        offers = tuple(seconds(slot["startsAt"]) for slot in extensions.get("alternatives", ()))
        return Outcome(code=extensions["code"], offers=offers)
    return Outcome(appointment_id=int(answer["data"]["appointment"]["appointment"]["appointmentId"]))


@dataclass(slots=True)
class Client:
    """Someone with a connection of their own."""

    wire: Wire

    async def book(self, asked: Asked, document: str = BOOK) -> Outcome:
        return outcome_of_booking(await self.wire.ask(document, {"input": asked.input()}))

    async def create(self, asked: Asked) -> Outcome:
        """Book in the original's form."""
        return outcome_of_creation(await self.wire.ask(CREATE, asked.legacy()))

    async def data(self, document: str, variables: dict[str, Any] | None = None) -> dict[str, Any]:
        """The data of an answer that must have no errors."""
        answer = await self.wire.ask(document, variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data


@asynccontextmanager
async def clients(url: str, count: int, token: str) -> AsyncIterator[list[Client]]:
    """So many clients, all connected before the first of them speaks."""
    wires = await asyncio.gather(*(Wire.open(url, token) for _ in range(count)))
    try:
        yield [Client(wire) for wire in wires]
    finally:
        for wire in wires:
            wire.cut()


@asynccontextmanager
async def client(url: str, token: str) -> AsyncIterator[Client]:
    async with clients(url, 1, token) as (one,):
        yield one
