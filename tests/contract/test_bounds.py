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
        "SESSIONAL_DOCUMENT_ALIASES": "3",
        "SESSIONAL_DOCUMENT_DIRECTIVES": "3",
        "SESSIONAL_ROOT_FIELDS": "3",
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


def test_ten_thousand_levels_are_refused_at_once_and_the_next_request_is_answered(reading):
    for begin, end in (("{ a ", "}"), ("{ a(x: [", "]) }"), ("{ a(x: {b: ", "}) }")):
        body = json.dumps({"query": begin * 4_000 + end * 4_000}).encode()
        assert len(body) < 100_000
        response = post(reading, body)
        assert response.status_code == 400
        assert "data" not in response.json()
    response = post(reading, json.dumps({"query": "{a" * 10_000 + "}" * 10_000}).encode())
    assert response.status_code == 400
    assert reading.data("{ viewer { username } }")["viewer"]


def test_ten_thousand_levels_of_json_are_a_bad_request(reading):
    nested = b"[" * 10_000 + b"]" * 10_000
    body = b'{"query": "{ viewer { username } }", "variables": {"x": ' + nested + b"}}"
    assert post(reading, body).status_code == 400


def test_several_operations_in_one_request_are_refused(reading):
    body = json.dumps([{"query": "{ viewer { username } }"}] * 2).encode()
    response = post(reading, body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "BAD_REQUEST"


ROWS = "edges { node { appointments(first: 1000) { edges { cursor } } } }"


def test_the_rows_of_all_fields_of_an_operation_are_counted_together(reading):
    """Each alone is within the bound."""
    one = f"therapists(first: 300) {{ {ROWS} }}"
    assert "errors" not in reading.api.ask(f"{{ a: {one} }}")
    answer = reading.api.ask(f"{{ a: {one} b: {one} }}")
    assert answer["data"]["a"]
    assert answer["data"]["b"] is None
    assert answer["errors"][0]["extensions"]["code"] == "TOO_COSTLY"


def test_fragments_do_not_hide_what_a_document_costs(reading):
    document = f"""{{ a: therapists(first: 1000) {{ ...P }} }}
      fragment P on TherapistConnection {{ {ROWS} }}"""
    assert reading.api.code(document) == "TOO_COSTLY"


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


def refused_by(place, document: str) -> str:
    """The message of a document that is not run."""
    response = place.api.send(document)
    assert response.status_code == 400, response.text
    assert response.json()["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    message: str = response.json()["errors"][0]["message"]
    return message


def test_the_aliases_of_a_document_are_bounded_with_its_fragments_opened(narrow):
    assert narrow.api.send("{ viewer { a: role b: role c: role } }").status_code == 200
    assert "3 aliases" in refused_by(narrow, "{ viewer { a: role b: role c: role d: role } }")
    twice = "{ viewer { ...F ...F } } fragment F on Viewer { a: role b: role }"
    assert "3 aliases" in refused_by(narrow, twice)


def test_the_directives_of_a_document_are_bounded_with_its_fragments_opened(narrow):
    on = "@include(if: true)"
    three = f"role {on} username {on}"
    assert narrow.api.send(f"{{ viewer {on} {{ {three} }} }}").status_code == 200
    assert "3 directives" in refused_by(narrow, f"{{ viewer {on} {{ {three} ...{on} {{ role }} }} }}")
    twice = f"{{ viewer {{ ...F ...F }} }} fragment F on Viewer {{ {three} }}"
    assert "3 directives" in refused_by(narrow, twice)


def test_the_fields_at_the_root_are_bounded_whatever_fragment_they_stand_in(narrow):
    fields = "viewer { role } services { totalCount } rooms { totalCount }"
    assert narrow.api.send(f"{{ {fields} viewer {{ username }} }}").status_code == 200
    more = "closures { totalCount }"
    assert "4 fields at the root" in refused_by(narrow, f"{{ {fields} {more} }}")
    hidden = f"{{ {fields} ...F }} fragment F on Query {{ {more} }}"
    assert "4 fields at the root" in refused_by(narrow, hidden)


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


EVERYTHING = (
    "fields { name description args { name description type { name ofType { name } } } "
    "type { name ofType { name } } }"
)


@pytest.mark.parametrize(
    "document",
    [
        "{ __schema { types { fields { type { " + " ofType { ".join([EVERYTHING] * 4) + " } " * 8,
        "{ " + " ".join(f"a{n}: __schema {{ types {{ {EVERYTHING} }} }}" for n in range(20)) + " }",
        "{ __schema { " + " ".join(f"a{n}: types {{ {EVERYTHING} }}" for n in range(20)) + " } }",
        "{ ...A } fragment A on Query { " + " ".join(
            f"a{n}: __schema {{ types {{ {EVERYTHING} }} }}" for n in range(20)
        ) + " }",
    ],
    ids=["nested", "at the root", "beneath", "in a fragment"],
)  # fmt: skip
def test_introspection_is_no_way_to_keep_everybody_waiting(reading, document):
    """What it answers is worked out here, value by value; twice the whole schema is enough for anybody."""
    response = reading.api.send(document)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert "more of the schema" in error["message"]


@pytest.mark.parametrize("options", [{}, {"input_value_deprecation": True, "schema_description": True}])
def test_the_whole_schema_can_be_asked_for_once(reading, options):
    assert reading.data(get_introspection_query(**options))["__schema"]["queryType"]["name"] == "Query"


@pytest.mark.parametrize(
    "document",
    [
        "query($d: Boolean = true) { __schema { directives { args(includeDeprecated: $d) { name } } } }",
        "query($d: Boolean = true) { __schema { directives { name @skip(if: $d) } } }",
    ],
)
def test_a_variable_that_introspection_cannot_use_is_refused_in_words(reading, document):
    answer = reading.api.ask(document, {"d": None})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["INVALID_ARGUMENT"]


def test_rows_below_what_is_worked_out_are_counted_as_well(reading):
    history = "history(first: 499) { edges { node { version } } }"
    below = f"appointments(first: 1000) {{ edges {{ node {{ {history} }} }} }}"
    one = reading.data("{ therapists(first: 2) { edges { node { therapistId } } } }")
    ids = [edge["node"]["therapistId"] for edge in one["therapists"]["edges"]]
    document = (
        'query($t: [ID!]!) { diary(therapistIds: $t, from: "2030-01-01T00:00:00Z", '
        f'until: "2030-01-02T00:00:00Z") {{ therapist {{ {below} }} }} }}'
    )
    assert "errors" not in reading.api.ask(document, {"t": ids[:1]})
    answer = reading.api.ask(document, {"t": ids[:2]})
    assert [error["extensions"]["code"] for error in answer["errors"]] == ["TOO_COSTLY"]
