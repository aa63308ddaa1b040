"""Every statement of the program that can put a session somewhere is tried against a time that is taken.

Whoever writes a new one finds it missing here: it gets a line in CASES, with values under which it would
book somebody twice, or in HARMLESS, with the reason why it cannot.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest

from sessional.store.dialect import POSTGRES, SQLITE
from sessional.store.statements import written
from tests.booking.books import Books
from tests.proof.by_hand import REFUSED, Hand, hand

WRITES = re.compile(r"\b(?:INSERT\s+INTO|UPDATE)\s+appointment(?:_client)?\b", re.IGNORECASE)
PLACES = re.compile(r"\b(?:therapist_id|starts_at|ends_at|room_id)\s*=(?=[^;]*\bWHERE\b)", re.IGNORECASE)
HARMLESS = {
    "add_place_hold": "a place that is held takes up no time, and its status is one that does not",
    "take_hold": "a hold has its time already, and becomes a session at that time",
    "take_offer": "what is offered has its time and room already, and becomes a session there",
    "cancel": "what is cancelled takes up no time",
    "clear_reasons": "only texts are taken away",
    "give_ids": "only numbers change",
    "step_aside": "what steps aside takes up no time",
}
TAKEN, ELSEWHERE = {"starts_at": 1500, "ends_at": 2500}, {"start": 5000, "end": 6000}
NEW = {"therapist_id": 101, "service_code": "one-off", **TAKEN}
ANN = {"account_id": 1, "username": "ann", "role": "ADMIN", "sid": "tests"}


@dataclass(frozen=True)
class Case:
    """A statement with values that would book somebody twice, and session 2 where it needs one.

    ``second`` says where session 2 stands before. In the way is session 1, from 1000 to 2000: therapist
    101 in room 201 with client 301.
    """

    values: dict[str, Any]
    second: dict[str, Any] | None = None
    before: tuple[str, ...] = field(default_factory=tuple)


_SAID = {"action": "bookAppointment", "request_id": "", "sid": ""}
_TOGETHER = {
    "therapist_ids": [101],
    "service_codes": ["one-off"],
    "starts": [TAKEN["starts_at"]],
    "durations_seconds": [TAKEN["ends_at"] - TAKEN["starts_at"]],
    "keys": [None],
    "input_hashes": [""],
    "request_ids": [""],
}
_RAISED = {"appointment_id": 2, "status": "BOOKED"}
_MOVED = {"appointment_id": 2, "new_therapist_id": 102, "room_id": None, "overridden": False, **TAKEN}
_MANY = {"appointment_id": 2, "room_id": None, "status": "BOOKED", **TAKEN}
_DETAILS = {
    "appointment_id": 2,
    "version": 1,
    "series_id": None,
    "room_id": 201,
    "capacity": 1,
    "buffer_before_seconds": 0,
    "buffer_after_seconds": 0,
    "cancel_notice_seconds": 0,
    "cancelled_by": None,
    "cancel_reason": None,
    "cancel_reason_code": None,
    "cancelled_late": None,
    "rules_overridden": False,
}
_OFFERED = {"held_until": 4_000_000_000, "held_by": -1}
_GATHERED = written("postgres")["gather"].sql
_LINE = "INSERT INTO incoming VALUES (1, 101, {}, 'one-off', 1500, 2500, 'BOOKED')"
CASES: dict[str, list[Case]] = {
    "add_appointment": [Case(NEW)],
    "add_request": [Case({**NEW, "status": "PENDING"})],
    "add_hold": [Case({**NEW, "held_until": 4_000_000_000, "account_id": 1})],
    "add_offer": [
        Case({**NEW, **_OFFERED, "room_id": None}),
        Case({**NEW, **_OFFERED, "therapist_id": 102, "room_id": 201}),
    ],
    "add_to_series": [Case({**NEW, "series_id": None, "starts": [1500], "length": 1000})],
    "book_at_once": [Case({**_TOGETHER, **ANN, **_SAID, "now": 0})],
    "set_status": [
        Case({**_RAISED, "therapist_id": 101}, {"status": "PROPOSED"}),
        Case({**_RAISED, "therapist_id": 102}, {"status": "CANCELLED", "therapist": 102, "room": 201}),
        Case({**_RAISED, "therapist_id": 102}, {"status": "PROPOSED", "therapist": 102, "clients": (301,)}),
    ],
    "move_session": [
        Case({**_MOVED, "therapist_id": 102, "new_therapist_id": 101}, {"therapist": 102}),
        Case({**_MOVED, "therapist_id": 101, "new_therapist_id": 101}, ELSEWHERE),
        Case({**_MOVED, "therapist_id": 102, "room_id": 201}, {"therapist": 102, **ELSEWHERE}),
        Case({**_MOVED, "therapist_id": 102}, {"therapist": 102, "clients": (301,), **ELSEWHERE}),
    ],
    "move_sessions": [
        Case({"moves": json.dumps([_MANY]), "overridden": False}, ELSEWHERE),
        Case(
            {"moves": json.dumps([{**_MANY, "room_id": 201}]), "overridden": False},
            {"therapist": 102, **ELSEWHERE},
        ),
        Case(
            {"moves": json.dumps([_MANY]), "overridden": False},
            {"therapist": 102, "clients": (301,), **ELSEWHERE},
        ),
    ],
    "take_in_details": [Case(_DETAILS, {"therapist": 102})],
    "furnish": [
        Case(
            {"appointment_id": 2, "therapist_id": 102, "room_id": 201, "overridden": False},
            {"therapist": 102},
        )
    ],
    "join_appointment": [Case({"appointment_id": 2, "client_id": 301}, {"therapist": 102})],
    "take_in_one": [Case({**NEW, "appointment_id": 9, "status": "BOOKED"})],
    "take_in_numbered": [Case({}, before=(_GATHERED, _LINE.format(9)))],
    "take_in_unnumbered": [Case({}, before=(_GATHERED, _LINE.format("NULL")))],
}


def writing(engine: str) -> set[str]:
    """The statements that write sessions or who takes part."""
    return {name for name, statement in written(engine).items() if WRITES.search(statement.sql)}


def cases() -> list[Any]:
    return [
        pytest.param(name, case, id=f"{name} {number}" if number else name)
        for name, each in CASES.items()
        for number, case in enumerate(each)
    ]


@pytest.fixture
async def by_hand(books: Books) -> AsyncIterator[Hand]:
    async with hand(books) as found:
        yield found


@pytest.mark.parametrize("engine", ["sqlite", "postgres"])
def test_every_statement_that_can_place_a_session_is_tried_here(engine: str) -> None:
    """Scenario 45."""
    assert writing(engine) - set(CASES) - set(HARMLESS) == set()


def test_nothing_is_tried_that_is_not_there_any_more() -> None:
    assert set(CASES) | set(HARMLESS) == writing("sqlite") | writing("postgres")


def test_what_is_harmless_names_no_place() -> None:
    for engine in ("sqlite", "postgres"):
        for name in HARMLESS.keys() & writing(engine):
            assigned = written(engine)[name].sql.partition("SET")[2].split("WHERE", 1)[0]
            assert not PLACES.search(f"{assigned} WHERE"), name


async def test_a_place_that_is_held_takes_up_no_time(by_hand: Hand) -> None:
    """What an INSERT is HARMLESS for: the row is there, and keeps nobody out of any time."""
    await by_hand.session(900, 1000, 2000, capacity=2, clients=(301,))
    place = {"group_id": 900, "therapist_id": 101, "held_until": 4_000_000_000, "account_id": 1}
    await run(by_hand, "add_place_hold", place)
    held = "SELECT blocks FROM appointment WHERE place_of = 900"
    assert [bool(row[0]) for row in await by_hand.run(held)] == [False]
    await by_hand.run("UPDATE appointment SET starts_at = 2000, ends_at = 3000 WHERE appointment_id = 900")
    assert await by_hand.run(held) == []


@pytest.mark.parametrize(("name", "case"), cases())
async def test_no_statement_places_a_session_where_somebody_is_taken(
    by_hand: Hand, name: str, case: Case
) -> None:
    """Scenario 45: and each does place it where nobody is, so that nothing else kept it out."""
    if name not in writing(by_hand.engine):
        return  # the other database's own
    await by_hand.session(1, 1000, 2000, room=201, clients=(301,))
    if case.second is not None:
        span = {"start": 1500, "end": 2500}
        await by_hand.session(2, **{**span, **case.second})
    for statement in case.before:
        await by_hand.run(statement)
    before = await by_hand.sessions(), await by_hand.members()
    with suppress(*REFUSED):
        await run(by_hand, name, case.values)
    assert (await by_hand.sessions(), await by_hand.members()) == before
    await by_hand.run("DELETE FROM appointment_client WHERE appointment_id = 1")
    await by_hand.run("DELETE FROM appointment WHERE appointment_id = 1")
    before = await by_hand.sessions(), await by_hand.members()
    await run(by_hand, name, case.values)
    assert (await by_hand.sessions(), await by_hand.members()) != before


async def run(by_hand: Hand, name: str, values: dict[str, Any]) -> None:
    """The statement as the program would send it."""
    statement = written(by_hand.engine)[name]
    dialect = SQLITE if by_hand.engine == "sqlite" else POSTGRES
    given = {k: dialect.pack(v) if isinstance(v, list) else v for k, v in {"now": 0, **values}.items()}
    sql = statement.sql.replace("{answer}", "b.appointment_id").replace("{waiting}", "")
    await by_hand.run(sql, *statement.arguments(given))


# ---- what the guards themselves look at ---------------------------------------------------------


async def test_no_guard_of_sqlite_looks_at_a_column_whose_change_does_not_wake_it(
    proof_sqlite: Books,
) -> None:
    """A trigger on UPDATE OF some columns sleeps through the change of any other."""
    rows = await proof_sqlite.run("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
    watched = 0
    for name, sql in rows:
        head = re.search(r"UPDATE OF ([\w, ]+?) ON appointment\b", sql)
        if head is None:
            continue
        wakes = {column.strip() for column in head[1].split(",")}
        looks_at = set(re.findall(r"\bNEW\.(\w+)", sql)) - {"appointment_id"}
        assert looks_at <= wakes, name
        watched += 1
    assert watched >= 3


async def test_the_guards_of_postgresql_are_constraints_that_hold_for_every_row(
    proof_postgres: Books,
) -> None:
    rows = await proof_postgres.run(
        "SELECT conname, conrelid::regclass::text, pg_get_constraintdef(oid), convalidated, condeferrable "
        "FROM pg_constraint WHERE contype = 'x' ORDER BY conname"
    )
    spans = "int8range(starts_at, ends_at) WITH &&"
    guards = {
        "appointment_overlap": ("appointment", f"(therapist_id WITH =, {spans}) WHERE (blocks)"),
        "client_overlap": ("appointment_client", f"(client_id WITH =, {spans}) WHERE (blocks)"),
        "room_overlap": (
            "appointment",
            f"(room_id WITH =, {spans}) WHERE ((blocks AND (room_id IS NOT NULL)))",
        ),
    }
    assert rows == [
        (name, table, f"EXCLUDE USING gist {text}", True, False) for name, (table, text) in guards.items()
    ]
