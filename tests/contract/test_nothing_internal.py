"""No SQL, path, stack or name of a library reaches a caller, whatever goes wrong."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

INTERNAL = re.compile(
    r"""sqlite|apsw|asyncpg|postgres|sqlalchemy|alembic|graphql[-_.]core|starlette|uvicorn|httptools
    |orjson|argon2|pyjwt|\bjwt\b
    |traceback|\bFile\ "|\.py\b|site-packages|(?<!\w)/\w+/\w+|0x[0-9a-f]{6}
    |\bselect\b|\binsert\b|\bupdate\b|\bfrom\ \w+\ where|relation\ |constraint|column|recursion
    |\w+Error:""",
    re.IGNORECASE | re.VERBOSE,
)


def leaks(text: str) -> list[str]:
    return INTERNAL.findall(text)


ODD: list[tuple[str, dict[str, Any]]] = [
    ("query($x: String) { appointments(filters: {type: $x}) { totalCount } }", {"x": "a\0b"}),
    ("query($x: [String]) { appointments(filters: {typeIn: $x}) { totalCount } }", {"x": ["a\0b"]}),
    ("query($x: [String]) { appointments(filters: {hasSpecialisms: $x}) { totalCount } }", {"x": ["\0"]}),
    ("query($x: String) { appointments(filters: {therapistName: $x}) { totalCount } }", {"x": "\0"}),
    ("query($x: String) { appointments(after: $x) { totalCount } }", {"x": "\0"}),
    ("query($x: ID!) { node(id: $x) { id } }", {"x": "\0"}),
    ("query($x: ID!) { therapist(therapistId: $x) { id } }", {"x": "\0"}),
    (
        "query($x: [ID!]) { therapists(filters: {therapistIds: $x}) { totalCount } }",
        {"x": ["\0", "9" * 40]},
    ),
    ("mutation($x: String) { auth(username: $x, password: $x) { accessToken } }", {"x": "\0"}),
    ("mutation($x: String) { refresh(refreshToken: $x) { newToken } }", {"x": "\0"}),
    (
        "mutation($x: String) { appointment(therapistId: 1, startTimeUnixSeconds: 1, durationSeconds: 1,"
        " type: $x) { appointment { id } } }",
        {"x": "a\0b"},
    ),
    (
        "query($x: String) { appointments(filters: {type: $x}) { totalCount } }",
        {"x": "'; DROP TABLE account"},
    ),
    ("query($x: Int) { appointments(first: $x) { totalCount } }", {"x": 2**40}),
    ("query($x: Int) { appointments(first: $x) { totalCount } }", {"x": 1e400}),
    ("query($x: Int) { appointments(first: $x) { totalCount } }", {"x": {"a": [1]}}),
    ("{ appointments { edges { node { colour } } } }", {}),
    ("{ appointments(colour: 1) { totalCount } }", {}),
    ("{ appointments", {}),
    ("subscription { x }", {}),
    ("fragment A on Query { viewer { role } }", {}),
    ("", {}),
    ("{ __type(name: 7) { name } }", {}),
    ("query A { viewer { role } } query B { viewer { role } }", {}),
    ("{ viewer { role @skip } }", {}),
    ("{ viewer { role @nobody } }", {}),
    ("mutation { bookAppointment { replayed } }", {}),
]


@pytest.mark.parametrize(("document", "variables"), ODD, ids=[f"{d[:40]}…{v}"[:60] for d, v in ODD])
def test_an_odd_request_is_answered_in_words_of_the_contract(reading, document, variables):
    body = json.dumps({"query": document, "variables": variables})
    headers = {"Authorization": f"Bearer {reading.api.token}", "Content-Type": "application/json"}
    response = reading.api.client.post(f"{reading.url}/graphql", content=body, headers=headers)
    assert response.status_code in (200, 400)
    for error in response.json().get("errors", ()):
        assert leaks(error["message"]) == []
        assert error["extensions"]["code"] not in ("INTERNAL_ERROR", "UNAVAILABLE")


def test_the_pattern_finds_what_it_is_for():
    for text in (
        'near "x": syntax error in SELECT 1',
        'relation "appointment" does not exist',
        '  File "/somewhere/src/x.py", line 3',
        "ConstraintError: CHECK",
        "<object at 0x7fa230177ad0>",
    ):
        assert leaks(text)


# ---- faults, provoked ---------------------------------------------------------------------------


@contextmanager
def without(place, table: str) -> Iterator[None]:
    """A database that lacks a table for a while, as after an accident."""
    place.database.execute(f"ALTER TABLE {table} RENAME TO {table}_gone")
    try:
        yield
    finally:
        place.database.execute(f"ALTER TABLE {table}_gone RENAME TO {table}")


@pytest.mark.parametrize(
    ("table", "document"),
    [
        ("specialism", "{ specialisms { totalCount } }"),
        ("specialism", '{ appointments(filters: {hasSpecialisms: ["ADHD"]}) { edges { node { id } } } }'),
        ("account", "{ viewer { role } }"),
        ("account", 'mutation { auth(username: "test_user", password: "password") { accessToken } }'),
        (
            "service",
            "mutation { appointment(therapistId: 1, startTimeUnixSeconds: 99, durationSeconds: 1,"
            ' type: "x") { appointment { id } } }',
        ),
    ],
)
def test_a_broken_database_is_a_plain_answer_and_a_word_in_the_log(writing, table, document):
    with without(writing, table):
        response = writing.api.send(document)
    assert response.status_code == 200
    (error,) = response.json()["errors"]
    assert error["extensions"] == {"code": "INTERNAL_ERROR"}
    assert leaks(error["message"]) == []
    assert set(error) == {"message", "path", "locations", "extensions"}
    assert response.headers["X-Request-Id"] in writing.server.log.read_text()
    assert "errors" not in writing.api.ask("{ specialisms { totalCount } viewer { role } }")


@pytest.mark.parametrize("_writing", ["postgres"], indirect=True)
def test_connections_that_the_database_closes_are_replaced(writing):
    ask = "{ specialisms { totalCount } }"
    writing.data(ask)
    writing.database.rows(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    answers = [writing.api.send(ask) for _ in range(5)]
    for answer in answers:
        for error in answer.json().get("errors", ()):
            assert error["extensions"]["code"] == "UNAVAILABLE"
            assert leaks(error["message"]) == []
    assert "errors" not in answers[-1].json()


def test_no_header_tells_what_the_service_is_made_of(reading):
    for path in ("/graphql", "/", "/healthz", "/nowhere"):
        response = reading.api.client.get(reading.url + path)
        assert (
            leaks(f"{response.headers.get('server', '')} {response.headers.get('x-powered-by', '')}") == []
        )


@pytest.mark.parametrize("path", ["/nowhere", "/static/nothing.js", "/static/%2e%2e/app.py", "/.env"])
def test_an_address_that_does_not_exist_is_a_plain_404(reading, path):
    response = reading.api.client.get(reading.url + path)
    assert response.status_code == 404
    assert leaks(response.text) == []
