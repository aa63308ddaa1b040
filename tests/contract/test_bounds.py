"""Everything is bounded: what is asked for beyond a bound is refused in words, before it costs much."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from graphql import get_introspection_query

from sessional.store.migrate import migrate_sqlite
from tests.contract import practice
from tests.contract.conftest import Place
from tests.contract.database import Database
from tests.support.api import LOG_IN, Api
from tests.support.server import running

COUNT = "query($f: AppointmentsFilter) { appointments(filters: $f) { totalCount } }"


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A server whose bounds are set, and are narrow."""
    folder: Path = tmp_path_factory.mktemp("narrow")
    database = Database(f"sqlite:///{folder}/narrow.db")
    migrate_sqlite(database.path)
    practice.fill(database)
    settings = {
        "SESSIONAL_PAGE_SIZE": "3",
        "SESSIONAL_PAGE_SIZE_MOST": "5",
        "SESSIONAL_DOCUMENT_DEPTH": "4",
        "SESSIONAL_DOCUMENT_TOKENS": "100",
        "SESSIONAL_BODY_BYTES": "2000",
        "SESSIONAL_ACCESS_TOKEN_SECONDS": "60",
        "SESSIONAL_REFRESH_TOKEN_SECONDS": "70",
        "SESSIONAL_GRAPHIQL": "0",
    }
    with running(database.url, folder, **settings) as server:
        yield Place(server, database, Api(server.url).log_in())


# ---- as they are ----------------------------------------------------------------------------------


def test_fields_nested_to_the_bound_are_answered_and_one_deeper_are_not(reading):
    fifteen = """{ specialisms { edges { node { therapists(first: 5) { edges { node {
      specialisms(first: 5) { edges { node { therapists(first: 5) { edges { node {
      appointments(first: 5) { edges { cursor } } } } } } } } } } } } } } }"""
    sixteen = fifteen.replace("cursor", "node { type }")
    assert reading.data(fifteen)["specialisms"]["edges"]
    response = reading.api.send(sixteen)
    assert response.status_code == 400
    assert "16 deep" in response.json()["errors"][0]["message"]
    assert "15" in response.json()["errors"][0]["message"]


def test_fragments_do_not_hide_how_deep_fields_are(reading):
    document = """{ specialisms { edges { node { ...A } } } }
      fragment A on Specialism { therapists { edges { node { ...B } } } }
      fragment B on Therapist { specialisms { edges { node { ...C } } } }
      fragment C on Specialism { therapists { edges { node { ...D } } } }
      fragment D on Therapist { appointments { edges { node { id } } } }"""
    assert reading.api.send(document).status_code == 400


def test_the_tools_of_developers_may_introspect_the_whole_schema(reading):
    assert len(reading.data(get_introspection_query())["__schema"]["types"]) > 30


def test_a_document_with_too_many_words_is_refused(reading):
    response = reading.api.send("{" + " a" * 5_000 + "}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert "5000" in response.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "document",
    [
        "{ a " * 400 + "}" * 400,
        "{ appointments(filters: " + "{not: " * 400 + "{}" + "}" * 400 + ") { totalCount } }",
        "{ appointments(filters: {typeIn: " + "[" * 900 + "]" * 900 + "}) { totalCount } }",
        "query($a: " + "[" * 900 + "Int" + "]" * 900 + ") { __typename }",
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "{ __schema { types " + "{ fields { type " * 4 + "{ name }" + " } }" * 4 + " } }",
    ],
    ids=["fields", "filters", "lists", "types", "fragments", "introspection"],
)
def test_a_document_made_to_exhaust_its_reader_is_a_bad_request(reading, document):
    response = reading.api.send(document)
    assert response.status_code == 400
    assert "data" not in response.json()


def test_fragments_that_double_sixty_times_are_answered_at_once(reading):
    spreads = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(60))
    answer = reading.data(f"{{ ...F0 }} {spreads} fragment F60 on Query {{ viewer {{ username }} }}")
    assert answer == {"viewer": {"username": "test_user"}}


def test_at_most_twenty_errors_are_listed(reading):
    errors = reading.api.send("{ " + " ".join(f"a{n}" for n in range(500)) + " }").json()["errors"]
    assert 20 <= len(errors) <= 21


def filter_in_variables(begin: str, depth: int, end: str) -> bytes:
    """A body with a filter nested so deep, as text: Python's own writer would not."""
    inner = begin * depth + '{"type": "one-off"}' + end * depth
    return f'{{"query": {json.dumps(COUNT)}, "variables": {{"f": {inner}}}}}'.encode()


def post(place, body: bytes) -> Any:
    headers = {"Authorization": f"Bearer {place.api.token}", "Content-Type": "application/json"}
    return place.api.client.post(f"{place.url}/graphql", content=body, headers=headers)


def test_a_filter_may_be_nested_ten_deep(reading):
    body = filter_in_variables('{"not": {"and": [', 5, "]}}")
    assert post(reading, body).json()["data"]["appointments"]["totalCount"] > 0


@pytest.mark.parametrize(("begin", "end"), [('{"not": ', "}"), ('{"and": [', "]}")], ids=["not", "and"])
@pytest.mark.parametrize("depth", [480])
def test_a_filter_in_variables_that_is_nested_too_deep_is_a_bad_request(reading, begin, end, depth):
    response = post(reading, filter_in_variables(begin, depth, end))
    assert response.status_code == 400


def test_a_filter_with_many_conditions_is_answered_or_refused_in_words(reading):
    filters = {"or": [{"type": "one-off", "hasSpecialisms": ["CBT"]}] * 100}
    assert reading.data(COUNT, {"f": filters})["appointments"]["totalCount"] > 0


def test_a_filter_with_too_many_conditions_is_refused_in_words(reading):
    filters = {"or": [{"type": "one-off", "hasSpecialisms": ["CBT"]}] * 1_500}
    answer = reading.api.ask(COUNT, {"f": filters})
    assert answer["errors"][0]["extensions"]["code"] not in ("INTERNAL_ERROR", "UNAVAILABLE")


def test_lists_within_lists_may_not_ask_for_a_thousand_million_rows(reading):
    inner = "id"
    for _ in range(2):
        inner = f"therapist {{ appointments(first: 1000) {{ edges {{ node {{ {inner} }} }} }} }}"
    document = f"{{ appointments(first: 1000) {{ edges {{ node {{ {inner} }} }} }} }}"
    assert reading.api.code(document) == "TOO_COSTLY"


def test_a_list_of_thousands_of_values_is_no_burden(reading):
    filters = {"typeIn": ["x"] * 15_000, "therapistIds": []}
    assert reading.data(COUNT, {"f": filters})["appointments"]["totalCount"] == 0


# ---- as they are set --------------------------------------------------------------------------------


def test_the_size_of_a_page_is_a_setting(narrow):
    page = narrow.data("{ appointments { edges { cursor } } }")["appointments"]
    assert len(page["edges"]) == 3


def test_the_largest_page_is_a_setting(narrow):
    assert len(narrow.data("{ appointments(first: 5) { edges { cursor } } }")["appointments"]["edges"]) == 5
    error = narrow.api.ask("{ appointments(first: 6) { totalCount } }")["errors"][0]
    assert error["extensions"]["code"] == "INVALID_PAGE_SIZE"
    assert error["message"] == "`first` lies between 0 and 5."


def test_the_depth_of_a_document_is_a_setting(narrow):
    assert narrow.api.send("{ services { edges { node { code } } } }").status_code == 200
    deeper = narrow.api.send("{ appointments { edges { node { service { code } } } } }")
    assert deeper.status_code == 400
    assert "at most 4" in deeper.json()["errors"][0]["message"]


def test_the_words_of_a_document_are_a_setting(narrow):
    assert narrow.api.send("{ viewer {" + " username" * 90 + " } }").status_code == 200
    assert narrow.api.send("{ viewer {" + " username" * 100 + " } }").status_code == 400


def test_the_size_of_a_body_is_a_setting(narrow):
    response = narrow.api.send("{ viewer { username } } #" + "x" * 2_000)
    assert response.status_code == 413
    assert "2000" in response.json()["errors"][0]["message"]


def test_how_long_tokens_last_is_a_setting(narrow):
    tokens = narrow.api.data(LOG_IN, {"u": practice.USERNAME, "p": practice.PASSWORD})["auth"]
    for token, seconds in ((tokens["accessToken"], 60), (tokens["refreshToken"], 70)):
        claims = jwt.decode(token, options={"verify_signature": False})
        assert claims["exp"] - claims["iat"] == seconds


def test_whether_browsers_are_shown_graphiql_is_a_setting(narrow):
    for path in ("/", "/graphql", "/static/index.html"):
        response = narrow.api.client.get(narrow.url + path, headers={"Accept": "text/html"})
        assert "<html" not in response.text
        assert response.status_code in (400, 404, 406)
