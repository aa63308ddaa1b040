"""What the reference says of a running service: the status of each error, and the schema."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from graphql import (
    build_client_schema,
    build_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    print_schema,
)

from sessional.graph.schema import sdl
from tests.docs.test_references import ERRORS, ON_THE_COMMAND_LINE, described
from tests.support.api import Api
from tests.support.server import Server, running

_STATUS = re.compile(r"\| `(?P<code>[A-Z_]+)` \| (?P<status>\d{3}(?: or \d{3})?) \|")
# These need a broken database, an identity provider, many requests, a second one at the same moment or a
# second role. What they answer is tested where that is at hand.
NOT_PROVOKED = {
    "ALREADY_EXISTS",
    "TOO_MANY_ENTRIES",
    "CANCEL_NOTICE",
    "CLIENT_BUSY",
    "DOCUMENT_NOT_TRUSTED",
    "NOT_ADMITTED",
    "PROVIDER_UNAVAILABLE",
    "SIGN_IN_FAILED",
    "DEADLINE_EXCEEDED",
    "DECISIONS_NEEDED",
    "FORBIDDEN",
    "IDEMPOTENCY_IN_PROGRESS",
    "INTERNAL_ERROR",
    "PERSISTED_QUERY_NOT_FOUND",
    "RATE_LIMITED",
    # Need an account with a second factor: tests/entry/test_second_factor.py.
    "SECOND_FACTOR_REQUIRED",
    "SECOND_FACTOR_WRONG",
    "SECOND_FACTOR_NOT_SET_UP",
    "ROOM_TAKEN",
    "RULE_REFUSED",
    "SERIES_CONFLICT",
    "SESSIONS_AHEAD",
    "STALE_VERSION",
    "TRANSITION_REFUSED",
    "UNAVAILABLE",
    "UNREADABLE",
}
JSON = {"Accept": "application/json"}
BOOK = """
mutation($input: BookAppointmentInput!) {
  bookAppointment(input: $input) { errors { ... on UserError { code } } }
}
"""
SESSION = {"therapistId": "1", "startsAt": "2031-01-06T09:00:00Z", "service": "one-off"}


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder: Path = tmp_path_factory.mktemp("statuses")
    with running(f"sqlite:///{folder}/demo.db", folder, "--demo") as server:
        yield _logged_in(server)


def _logged_in(server: Server) -> Api:
    api = Api(server.url).log_in()
    key = {"idempotencyKey": "status"}
    assert api.data(BOOK, {"input": SESSION | key})["bookAppointment"]["errors"] == []
    later = "2045-01-06T09:00:00Z"
    assert api.data(BOOK, {"input": SESSION | {"startsAt": later}})["bookAppointment"]["errors"] == []
    return api


def _post(api: Api, **request: object) -> httpx.Response:
    given = {"headers": {"Authorization": f"Bearer {api.token}"}, **request}
    return api.client.post(f"{api.url}/graphql", **given)  # type: ignore[arg-type]


def _book(**changed: object) -> Callable[[Api], httpx.Response]:
    return lambda api: api.send(BOOK, {"input": SESSION | changed})


PROVOKED: dict[str, Callable[[Api], httpx.Response]] = {
    "UNAUTHENTICATED": lambda api: Api(api.url).send("{ viewer { role } }"),
    "BAD_CREDENTIALS": lambda api: api.send(
        'mutation { auth(username: "x", password: "x") { accessToken } }'
    ),
    "GRAPHQL_PARSE_FAILED": lambda api: api.send("{ viewer"),
    "GRAPHQL_VALIDATION_FAILED": lambda api: api.send("{ nothing }"),
    "BAD_USER_INPUT": lambda api: api.send("query($x: Int!) { appointments(first: $x) { totalCount } }"),
    "OPERATION_RESOLUTION_FAILURE": lambda api: api.send(
        "query A { viewer { role } } query B { viewer { role } }"
    ),
    "INVALID_ARGUMENT": lambda api: api.send(
        f'{{ therapists(filters: {{name: "{"x" * 201}"}}) {{ totalCount }} }}'
    ),
    "TOO_COSTLY": lambda api: api.send(
        "{ therapists(first: 1000) { edges { node { appointments(first: 1000) { totalCount } } } } }"
    ),
    "INVALID_PAGE_SIZE": lambda api: api.send("{ appointments(first: -1) { totalCount } }"),
    "INVALID_CURSOR": lambda api: api.send('{ appointments(after: "x") { totalCount } }'),
    "INT_OUT_OF_RANGE": lambda api: api.send(
        "{ appointments(sort: [START_TIME_UNIX_SECONDS_DESC], first: 1)"
        " { edges { node { startTimeUnixSeconds } } } }"
    ),
    "SLOT_TAKEN": _book(),
    "UNKNOWN_THERAPIST": _book(therapistId="99999"),
    "UNKNOWN_SERVICE": _book(service="nothing"),
    "NOT_FOUND": _book(clientIds=["99999"], startsAt="2031-01-08T09:00:00Z"),
    "HOLD_EXPIRED": _book(holdId="99999", startsAt="2031-01-08T09:00:00Z"),
    "FULLY_BOOKED": _book(clientIds=["99998", "99999"], startsAt="2031-01-08T09:00:00Z"),
    "INVALID_TIME": _book(durationSeconds=0),
    "INVALID_INPUT": _book(idempotencyKey=""),
    "IDEMPOTENCY_KEY_REUSED": _book(idempotencyKey="status", startsAt="2031-01-07T09:00:00Z"),
    "BAD_REQUEST": lambda api: _post(api, json=[]),
    "PERSISTED_QUERY_NOT_SUPPORTED": lambda api: _post(
        api, json={"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}}}
    ),
    "METHOD_NOT_ALLOWED": lambda api: api.client.put(f"{api.url}/graphql"),
    "NOT_ACCEPTABLE": lambda api: _post(
        api, json={"query": "{ viewer { role } }"}, headers={"Accept": "image/png"}
    ),
    "PAYLOAD_TOO_LARGE": lambda api: _post(
        api, content=b" " * 100_001, headers={"Content-Type": "application/json"}
    ),
    "UNSUPPORTED_MEDIA_TYPE": lambda api: _post(api, content=b"{}", headers={"Content-Type": "text/plain"}),
}


def test_every_code_is_provoked_or_named_as_one_that_is_not() -> None:
    of_the_api = {code for code, heading in described().items() if heading != ON_THE_COMMAND_LINE}
    assert set(PROVOKED) | NOT_PROVOKED == of_the_api
    assert not set(PROVOKED) & NOT_PROVOKED


@pytest.mark.parametrize("code", PROVOKED)
def test_an_error_has_the_code_and_status_that_the_reference_gives_it(api: Api, code: str) -> None:
    response = PROVOKED[code](api)
    assert f'"code":"{code}"' in response.text.replace(" ", "")
    statuses = dict(_STATUS.findall(ERRORS.read_text(encoding="utf-8")))[code]
    assert str(response.status_code) == statuses.partition(" or ")[0]


def test_a_client_that_names_json_is_answered_with_200_where_the_reference_says_so(api: Api) -> None:
    rows = _STATUS.findall(ERRORS.read_text(encoding="utf-8"))
    either = [code for code, status in rows if status == "400 or 200"]
    documents = {
        "GRAPHQL_PARSE_FAILED": "{ viewer",
        "GRAPHQL_VALIDATION_FAILED": "{ nothing }",
        "BAD_USER_INPUT": "query($x: Int!) { appointments(first: $x) { totalCount } }",
        "OPERATION_RESOLUTION_FAILURE": "query A { viewer { role } } query B { viewer { role } }",
    }
    assert set(either) == set(documents)
    statuses = {code: api.send(document, **JSON).status_code for code, document in documents.items()}
    assert statuses == dict.fromkeys(documents, 200)


def test_the_schema_that_the_service_tells_is_that_of_the_file(api: Api) -> None:
    question = get_introspection_query(
        specified_by_url=True, input_value_deprecation=True, schema_description=True
    )
    told = api.data(question)
    served = lexicographic_sort_schema(build_client_schema(told))  # type: ignore[arg-type]
    written = lexicographic_sort_schema(build_schema(sdl()))
    assert print_schema(served) == print_schema(written)
