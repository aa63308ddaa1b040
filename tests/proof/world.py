"""The service in this process over a real database, with a clock that goes when it is told to."""

from __future__ import annotations

import asyncio
import io
import json
import time
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any
from unittest.mock import patch

import apsw
import asyncpg
import httpx

from sessional.cli.data_keys import DataKeys
from sessional.cli.verify import BOTH, POSTGRES, SQLITE
from sessional.credentials import Passwords
from sessional.errors import ImportRefused
from sessional.exchange.importing import import_lines
from sessional.exchange.reading import numbered
from sessional.keyring import Keyring
from sessional.store import address
from sessional.store.statements import written
from tests.booking.books import ACCOUNTS, Books
from tests.booking.clients import token_of
from tests.booking.in_process import started
from tests.support.server import SECRET

TABLES = (
    *("appointment_client", "appointment_event", "appointment", "series", "idempotency_key"),
    *("working_hours", "date_override", "away", "time_off", "closure", "care_relationship"),
    *("therapist_service", "therapist_specialism", "waitlist_entry", "room", "client", "therapist"),
)
REFUSAL = "errors { ... on UserError { code message } }"
TOUCHED = (
    "errors { ... on UserError { code message } ... on DecisionsNeeded { appointments { appointmentId } } }"
)
TAKES_DECISIONS = ("setWorkingHours", "setDateOverride", "removeDateOverride", "addTimeOff")


class Clock:
    """What the composition root takes for the module ``time``."""

    def __init__(self) -> None:
        self.now = int(time.time())

    def time(self) -> float:
        return self.now

    def __getattr__(self, name: str) -> Any:
        return getattr(time, name)


class World:
    """One database and its service. Everything is asked one after the other."""

    def __init__(self, books: Books) -> None:
        self.books, self.clock = books, Clock()
        self._runner, self._stack = asyncio.Runner(), AsyncExitStack()
        self._passwords = Passwords()
        self._client: httpx.AsyncClient
        self._raw: Any = None
        self._documents: dict[tuple[str, str], str] = {}

    def __enter__(self) -> World:
        self._stack.enter_context(patch("sessional.web.app.time", self.clock))
        self._runner.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._close())
        self._runner.close()

    async def _open(self) -> None:
        self._client = await self._stack.enter_async_context(started(self.books.url, hold_seconds=300))
        if self.books.path is None:
            self._raw = await asyncpg.connect(self.books.url)
        else:
            self._raw = apsw.Connection(str(self.books.path))
            self._raw.set_busy_timeout(10_000)

    async def _close(self) -> None:
        if self.books.path is None:
            await self._raw.close()
        else:
            self._raw.close()
        await self._stack.aclose()

    # ---- the database itself --------------------------------------------------------------------------

    def sql(self, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """The rows, past the application."""
        if self.books.path is None:
            return [tuple(row) for row in self._runner.run(self._raw.fetch(text, *values))]
        return list(self._raw.execute(text, values))

    def findings(self) -> list[tuple[Any, ...]]:
        """What ``sessional verify`` would find.

        Events are linked into the chain within a second of the real clock, and this one leaps.
        """
        engine = "postgres" if self.books.path is None else "sqlite"
        checks = POSTGRES if engine == "postgres" else SQLITE
        found = []
        for check in (each for each in (*checks, *BOTH) if each.statement != "verify_unlinked"):
            found += [(check.statement, *row) for row in self.sql(written(engine)[check.statement].sql)]
        return found

    def begin_anew(self, now: int) -> None:
        """An empty practice, at this time. Numbers go on, so that nothing remembered is taken for new."""
        self.clock.now = now
        for table in TABLES:  # no TRUNCATE: it would wait for what the service does beside, and that for it
            self.sql(f"DELETE FROM {table}")
        self.sql("DELETE FROM service WHERE code NOT IN ('one-off', 'consultation')")
        self.sql("UPDATE rules_clock SET version = version + 1")

    # ---- the service ------------------------------------------------------------------------------------

    def ask(self, account: int, document: str, **variables: Any) -> Any:
        """The whole answer, as this account gets it."""
        token = token_of(account, ACCOUNTS[account], self.clock.now)
        headers = {"Authorization": f"Bearer {token}"}
        body = {"query": document, "variables": variables}
        answer = self._runner.run(self._client.post("/graphql", json=body, headers=headers)).json()
        codes = {error["extensions"]["code"] for error in answer.get("errors", ())}
        assert not codes & {"INTERNAL_ERROR", "UNAVAILABLE", "DEADLINE_EXCEEDED"}, answer
        return answer

    def data(self, account: int, document: str, **variables: Any) -> Any:
        answer = self.ask(account, document, **variables)
        assert "errors" not in answer, answer
        return answer["data"]

    def do(self, account: int, field: str, given: dict[str, Any], selection: str = "") -> Any:
        """The payload of a mutation that takes one input."""
        type_name = f"{field[0].upper()}{field[1:]}Input"
        errors = TOUCHED if field in TAKES_DECISIONS else REFUSAL
        body = f"{{ {selection} replayed {errors} }}"
        document = f"mutation Do($input: {type_name}!) {{ {field}(input: $input) {body} }}"
        given = {name: value for name, value in given.items() if value is not None}
        return self.data(account, document, input=given)[field]

    def done(self, field: str, given: dict[str, Any], selection: str = "") -> Any:
        """The payload of a change that must not be refused."""
        payload = self.do(1, field, given, selection)
        assert payload["errors"] == [], payload
        return payload

    def take_in(self, line: dict[str, Any]) -> bool:
        """Import a file of one line; whether it was taken."""
        lines = numbered(io.BytesIO(json.dumps(line).encode()))
        place = address.parse(self.books.url)
        try:
            keys = DataKeys(keyring=Keyring([SECRET]), place=place, made="")
            self._runner.run(
                import_lines(
                    lines, place, passwords=self._passwords, keyring=keys.keyring, admit=keys.admit
                )
            )
        except ImportRefused:
            return False
        return True


def text(instant: int) -> str:
    return datetime.fromtimestamp(instant, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
