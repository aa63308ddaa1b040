"""Which methods do what, at which address."""

import json
from urllib.parse import quote

import pytest

from tests.http.conftest import GRAPHQL, JSON

VIEWER = "{ viewer { username } }"
ANSWER = {"data": {"viewer": {"username": "test_user"}}}
BOOK = """mutation { appointment(
  therapistId: 1, startTimeUnixSeconds: 86400, durationSeconds: 60, type: "one-off"
) { appointment { id } } }"""


def test_a_query_may_be_a_post_or_a_get(http_):
    assert http_.post({"query": VIEWER}).answer == ANSWER
    assert http_.get({"query": VIEWER}).answer == ANSWER


@pytest.mark.parametrize("accept", [JSON, GRAPHQL, "*/*"])
@pytest.mark.parametrize(
    "document", [BOOK, "mutation { __typename }", "query A { viewer { role } } mutation B { __typename }"]
)
def test_a_mutation_by_get_is_405_and_says_what_is_allowed(http_, document, accept):
    parameters = {"query": document, **({"operationName": "B"} if "query A" in document else {})}
    response = http_.get(parameters, Accept=accept)
    assert response.status == 405
    assert response.headers["allow"] == "POST"
    assert response.code == "METHOD_NOT_ALLOWED"


def test_a_mutation_by_get_changes_nothing(http_):
    filters = "{startTimeUnixSecondsRange: {begin: 86400, end: 86400}}"
    count = {"query": f"{{ appointments(filters: {filters}) {{ totalCount }} }}"}
    assert http_.get({"query": BOOK}).status == 405
    assert http_.get(count).answer == {"data": {"appointments": {"totalCount": 0}}}


def test_the_query_beside_a_mutation_may_be_asked_for_by_get(http_):
    document = "query A { viewer { username } } mutation B { __typename }"
    assert http_.get({"query": document, "operationName": "A"}).answer == ANSWER


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"])
def test_other_methods_are_405_and_the_answer_names_those_that_are_not(http_, method):
    response = http_.send(method, "/graphql", {"Content-Type": JSON}, json.dumps({"query": VIEWER}))
    assert response.status == 405
    assert {name.strip() for name in response.headers["allow"].split(",")} >= {"GET", "POST"}


def test_head_is_a_get_without_the_body_or_405(http_):
    """RFC 9110, section 9.3.2: whichever it is, there is no body."""
    response = http_.send("HEAD", f"/graphql?query={quote(VIEWER)}")
    assert response.body == b""
    assert response.status in (200, 405)
    if response.status == 405:
        assert "GET" in response.headers["allow"]


@pytest.mark.parametrize("path", ["/graphq", "/graphql/x", "/api", "/metrics.json", "//graphql"])
def test_an_address_that_does_not_exist_is_404(http_, path):
    assert http_.send("GET", path).status == 404
    assert http_.send("POST", path, {"Content-Type": JSON}, json.dumps({"query": VIEWER})).status == 404


def test_health_needs_no_token_and_is_not_kept(http_):
    for path, status in (("/healthz", "ok"), ("/readyz", "ready")):
        response = http_.stranger().send("GET", path)
        assert (response.status, response.answer["status"]) == (200, status)
        assert response.headers["cache-control"] == "no-store"
