"""How often the database is asked: once for each root field, once for a booking, never for a refusal."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio

from tests.booking.books import Books
from tests.booking.clients import BOOK, CREATE, HOUR, LOOKS_BACK, TEN, Asked
from tests.booking.in_process import PostgresRecorder, SqliteRecorder, started
from tests.booking.own_postgres import OwnPostgres

pytestmark = pytest.mark.asyncio(loop_scope="module")

# ---- what is recorded ---------------------------------------------------------------------------


@dataclass
class Recorded:
    """An application and what its database was asked."""

    client: httpx.AsyncClient
    books: Books
    recorder: SqliteRecorder | PostgresRecorder

    async def ask(self, document: str, variables: dict[str, Any] | None = None, **headers: str) -> Any:
        """The answer, and the statements that it took."""
        self.recorder.taken()
        answer = await self.client.post(
            "/graphql", json={"query": document, "variables": variables or {}}, headers=headers
        )
        return answer.json(), self.recorder.taken()


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest) -> tuple[Books, SqliteRecorder | PostgresRecorder]:
    """A database, and what can record its statements."""
    if request.param == "sqlite":
        return request.getfixturevalue("sqlite_books"), SqliteRecorder()
    own: OwnPostgres = request.getfixturevalue("own_database")
    return Books(own.url), PostgresRecorder(own.log, "postgres")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def recorded(place: tuple[Books, SqliteRecorder | PostgresRecorder]) -> AsyncIterator[Recorded]:
    """Without the chain of the record, which is made beside the requests and not by them."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sessional.web.app.SECONDS_BETWEEN_SEALS", 3600)
        patched.setattr("sessional.web.app.SECONDS_BETWEEN_PASSING_ON", 3600)
        async for one in _recorded(*place):
            yield one


async def _recorded(books: Books, recorder: SqliteRecorder | PostgresRecorder) -> AsyncIterator[Recorded]:
    with recorder:
        async with started(books.url) as client:
            yield await _settled(Recorded(client, books, recorder))


async def _settled(recorded: Recorded) -> Recorded:
    """Wait until what the service does at its start is done: keys, then log-ins, and then nothing more."""
    end, seen, new = time.monotonic() + 10, "", ""
    while not ("DELETE FROM idempotency_key" in seen and "DELETE FROM log_in_session" in seen) or new:
        assert time.monotonic() < end
        await asyncio.sleep(0.1)
        new = "; ".join(recorded.recorder.taken())
        seen += new
    return recorded


@pytest_asyncio.fixture(loop_scope="module")
async def therapist(recorded: Recorded) -> int:
    """With three sessions in the diary."""
    number = await recorded.books.therapist()
    for hour in range(3):
        await recorded.books.session(number, TEN + hour * HOUR)
    return number


# ---- reading ------------------------------------------------------------------------------------

PAGE = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node"
DEEP = (
    f"appointments(first: 5) {{ {PAGE} {{ id therapist {{ firstName specialisms {{ {PAGE} "
    f"{{ specialismName therapists(last: 2) {{ {PAGE} "
    "{ lastName appointments(sort: [TYPE_DESC, DURATION_SECONDS_ASC]) "
    f"{{ {PAGE} {{ startsAt service {{ name }} }} }} }} }} }} }} }} }} }} }} }} }} }}"
)
FILTERED = (
    'appointments(filters: {hasSpecialisms: ["CBT"], or: [{type: "one-off"}, {not: {typeIn: ["x"]}}], '
    'therapistName: "jo", startsAtRange: {from: "2026-01-01T00:00:00Z"}}) '
    "{ totalCount edges { node { id } } }"
)
READS: dict[str, tuple[str, int]] = {
    "a page": ("{ appointments { edges { node { id } } } }", 1),
    "a deep page": (f"{{ {DEEP} }}", 1),
    "a filtered page": (f"{{ {FILTERED} }}", 1),
    "a count": ("{ therapists { totalCount } }", 1),
    "one row": ('{ therapist(therapistId: "1") { appointments { edges { node { id } } } } }', 1),
    "no such row": ('{ therapist(therapistId: "999999") { firstName } }', 1),
    "a node": (
        '{ node(id: "VGhlcmFwaXN0OjE=") { id ... on Therapist { specialisms { totalCount } } } }',
        1,
    ),
    "a malformed node": ('{ node(id: "?") { id } }', 1),
    "who asks": ("{ viewer { username role } }", 1),
    "a type's name": ("{ __typename }", 1),
    "introspection": ("{ __schema { types { name fields { name } } } }", 1),
    "three root fields": ("{ services { totalCount } viewer { role } therapists { totalCount } }", 3),
    "one field under three names": (
        "{ a: services { totalCount } b: services { totalCount } c: services { edges { node { id } } } }",
        3,
    ),
    "one field in three parts": (
        "{ services { totalCount } services { edges { node { id } } } ... on Query { services "
        "{ pageInfo { hasNextPage } } } }",
        1,
    ),
    "what is skipped": ("{ viewer { role } services @skip(if: true) { totalCount } }", 1),
}


@pytest.mark.parametrize(("document", "count"), READS.values(), ids=READS)
async def test_a_query_runs_one_statement_for_each_root_field_whatever_is_nested_in_it(
    recorded: Recorded, therapist: int, document: str, count: int
) -> None:
    answer, statements = await recorded.ask(document)
    assert "errors" not in answer, answer
    assert len(statements) == count, statements


async def test_the_second_time_a_query_is_asked_it_runs_the_same_text(
    recorded: Recorded, therapist: int
) -> None:
    """Whatever its values: so that the database can keep its plan."""
    document = (
        "query($id: ID!, $types: [String], $first: Int) { therapist(therapistId: $id) "
        "{ appointments(filters: {typeIn: $types}, first: $first) { edges { node { id } } } } }"
    )
    given = [
        {"id": "1", "types": ["one-off"], "first": 5},
        {"id": str(therapist), "types": ["a", "b", "c"], "first": 5},
        {"id": "no number", "types": [], "first": 5},
    ]
    texts = set()
    for variables in given:
        answer, statements = await recorded.ask(document, variables)
        assert "errors" not in answer
        (text,) = statements
        texts.add(text)
    assert len(texts) == 1


# ---- refusing -----------------------------------------------------------------------------------

SOME_WISH = Asked(therapist_id=1, starts_at=TEN).input()
REFUSED: dict[str, tuple[str, dict[str, Any]]] = {
    "not well formed": ("{ appointments", {}),
    "an unknown field": ("{ appointments { colour } }", {}),
    "an unknown argument": ('{ appointments(colour: "red") { totalCount } }', {}),
    "an unknown variable": ("{ appointments(first: $n) { totalCount } }", {}),
    "a variable of the wrong type": (
        "query($n: Int) { appointments(first: $n) { totalCount } }",
        {"n": "x"},
    ),
    "a missing variable": ("query($id: ID!) { node(id: $id) { id } }", {}),
    "too deep": (
        "{ appointments { edges { node { "
        + "therapist { appointments { edges { node { " * 5
        + "id"
        + " } } } }" * 5
        + " } } } }",
        {},
    ),
    "a page too large": ("{ appointments(first: 1001) { totalCount } }", {}),
    "a page too large, by a variable": (
        "query($n: Int) { appointments(first: $n) { totalCount } }",
        {"n": 1001},
    ),
    "a page below nought": ("{ appointments(last: -1) { totalCount } }", {}),
    "a nested page too large": (
        "{ therapists { edges { node { appointments(first: 5000) { totalCount } } } } }",
        {},
    ),
    "a forged cursor": ('{ appointments(after: "forged") { totalCount } }', {}),
    "a forged cursor, by a variable": (
        "query($c: String) { appointments(after: $c) { totalCount } }",
        {"c": "Zm9yZ2Vk"},
    ),
    "a nested forged cursor": (
        '{ therapists { edges { node { appointments(before: "?") { totalCount } } } } }',
        {},
    ),
    "a search too long": ('{ therapists(filters: {name: "' + "x" * 201 + '"}) { totalCount } }', {}),
    "no such operation": ("query A { viewer { role } } query B { viewer { role } }", {}),
    "an impossible length": (CREATE, {"therapist": 1, "start": TEN, "length": 0, "type": "one-off"}),
    "an empty key": (BOOK, {"input": {**SOME_WISH, "idempotencyKey": ""}}),
    "a date that is none": (BOOK, {"input": {**SOME_WISH, "startsAt": "tomorrow"}}),
}


@pytest.mark.parametrize(("document", "variables"), REFUSED.values(), ids=REFUSED)
async def test_a_request_that_is_refused_asks_the_database_nothing(
    recorded: Recorded, document: str, variables: dict[str, Any]
) -> None:
    for _ in range(2):
        answer, statements = await recorded.ask(document, variables)
        assert "errors" in answer or answer["data"]["bookAppointment"]["errors"]
        assert statements == []


TOKENS = {"no token": "", "a forged token": "Bearer e30.e30.e30", "another scheme": "Basic YTpi"}


@pytest.mark.parametrize("token", TOKENS.values(), ids=TOKENS)
@pytest.mark.parametrize(
    "document",
    [f"{{ {DEEP} }}", "{ viewer { role } }", "{ __schema { types { name } } }", "{ __typename }", BOOK],
    ids=["a page", "who asks", "introspection", "a type's name", "a booking"],
)
async def test_who_is_not_known_asks_the_database_nothing(
    recorded: Recorded, token: str, document: str
) -> None:
    variables = {"input": Asked(therapist_id=1, starts_at=TEN).input()} if document is BOOK else {}
    answer, statements = await recorded.ask(document, variables, Authorization=token)
    assert {error["extensions"]["code"] for error in answer["errors"]} == {"UNAUTHENTICATED"}
    assert statements == []


# ---- booking ------------------------------------------------------------------------------------


only_postgres = pytest.mark.parametrize("place", ["postgres"], indirect=True)
only_sqlite = pytest.mark.parametrize("place", ["sqlite"], indirect=True)


@only_postgres
@pytest.mark.parametrize("form", ["with a key", "without a key", "in the old form"])
async def test_a_booking_on_postgresql_is_one_statement(
    recorded: Recorded, therapist: int, form: str
) -> None:
    wish = Asked(
        therapist_id=therapist,
        starts_at=TEN + 5 * HOUR,
        key=f"one {therapist}" if form == "with a key" else None,
    )
    # With its first booking a connection also asks what an array is.
    await recorded.ask(BOOK, {"input": Asked(therapist_id=therapist, starts_at=TEN + 6 * HOUR).input()})
    if form == "in the old form":
        answer, statements = await recorded.ask(CREATE, wish.legacy())
    else:
        answer, statements = await recorded.ask(BOOK, {"input": wish.input()})
        assert answer["data"]["bookAppointment"]["errors"] == []
    assert "errors" not in answer
    assert len(statements) == 1, statements


@only_postgres
async def test_a_booking_on_postgresql_whose_payload_looks_back_is_one_transaction(
    recorded: Recorded, therapist: int
) -> None:
    wish = Asked(therapist_id=therapist, starts_at=TEN + 5 * HOUR, key=f"back {therapist}")
    answer, statements = await recorded.ask(LOOKS_BACK, {"input": wish.input()})
    assert answer["data"]["bookAppointment"]["errors"] == []
    assert (statements[0], statements[-1]) == ("BEGIN", "COMMIT")
    assert not {"BEGIN", "COMMIT", "ROLLBACK"} & set(statements[1:-1])


@only_postgres
async def test_a_refused_booking_on_postgresql_ends_with_a_rollback_and_nothing_after_it(
    recorded: Recorded, therapist: int
) -> None:
    wish = Asked(therapist_id=therapist, starts_at=TEN)
    answer, statements = await recorded.ask(BOOK, {"input": wish.input()})
    assert answer["data"]["bookAppointment"]["errors"][0]["code"] == "SLOT_TAKEN"
    assert statements.count("BEGIN") == 1
    assert statements[-1] == "ROLLBACK"


@only_postgres
async def test_a_counter_that_stands_below_ids_that_are_taken_does_not_stop_a_booking(
    recorded: Recorded, therapist: int
) -> None:
    """As after a restore that left the counter behind: the one statement gives way to the diary."""
    for hours in (20, 30, 40):
        await recorded.books.session(therapist, TEN + hours * HOUR)
    highest = "SELECT max(appointment_id) - 2 FROM appointment"
    await recorded.books.run(f"SELECT setval('appointment_appointment_id_seq', ({highest}))")
    wish = Asked(therapist_id=therapist, starts_at=TEN + 5 * HOUR, key=f"behind {therapist}")
    answer, _ = await recorded.ask(BOOK, {"input": wish.input()})
    assert answer["data"]["bookAppointment"]["errors"] == []


@only_sqlite
@pytest.mark.parametrize("document", [BOOK, LOOKS_BACK], ids=["plain", "looks back"])
async def test_a_booking_on_sqlite_is_one_transaction(
    recorded: Recorded, therapist: int, document: str
) -> None:
    wish = Asked(therapist_id=therapist, starts_at=TEN + 5 * HOUR, key=f"lite {therapist}")
    answer, statements = await recorded.ask(document, {"input": wish.input()})
    assert answer["data"]["bookAppointment"]["errors"] == []
    assert (statements[0], statements[-1]) == ("BEGIN IMMEDIATE", "COMMIT")
    assert not {"BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"} & set(statements[1:-1])
