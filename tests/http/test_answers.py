"""What an answer looks like: its media type and status by Accept, its headers, the page for browsers."""

import http.client
import re
from urllib.parse import urlsplit

import pytest

from tests.http.conftest import GRAPHQL, JSON

VIEWER = "{ viewer { username } }"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8"

# ---- media types --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        ("APPLICATION/JSON", JSON),
        (f"{JSON}; charset=utf-8", JSON),
        (f"{JSON}, */*;q=0.1", JSON),
        (GRAPHQL, GRAPHQL),
        (f"{GRAPHQL}; charset=utf-8, {JSON}; charset=utf-8", GRAPHQL),
        (f"{GRAPHQL}, {JSON};q=0.9", GRAPHQL),
        (f"{JSON}, {GRAPHQL};q=0.9", JSON),
        (f"{GRAPHQL};q=0, {JSON}", JSON),
        (f"{JSON};q=0, */*", GRAPHQL),
        (f"text/html, {GRAPHQL};q=0.1", GRAPHQL),
        (f"  {GRAPHQL}  ,  */* ; q=0.5", GRAPHQL),
    ],
)
def test_the_better_of_the_two_types_is_answered(http_, accept, media_type):
    response = http_.post({"query": VIEWER}, **({"accept": accept} if accept else {}))
    assert (response.status, response.media_type) == (200, media_type)
    assert response.answer == {"data": {"viewer": {"username": "test_user"}}}


@pytest.mark.parametrize(
    "lines", [(GRAPHQL, "text/html"), ("text/html", GRAPHQL), ("text/html, image/*", GRAPHQL)]
)
def test_several_lines_of_what_is_accepted_are_one_list(http_, lines):
    connection = http.client.HTTPConnection(urlsplit(http_.url).netloc, timeout=20)
    try:
        connection.putrequest("POST", "/graphql", skip_accept_encoding=True)
        body = b'{"query": "{ __typename }"}'
        for name, value in (("Content-Type", JSON), ("Content-Length", str(len(body)))):
            connection.putheader(name, value)
        for line in lines:
            connection.putheader("Accept", line)
        connection.endheaders(body)
        answered = connection.getresponse()
        answered.read()
    finally:
        connection.close()
    assert (answered.status, answered.headers.get_content_type()) == (200, GRAPHQL)


@pytest.mark.parametrize(
    "accept",
    [
        "text/plain",
        "text/html",
        "application/xml",
        f"{JSON};q=0",
        "image/*, */*;q=0",
        f"{JSON};q=x",
        f"{JSON};q=0, {GRAPHQL};q=0, */*",
        f"{JSON};q=0, {GRAPHQL};q=0, application/*",
    ],
)
def test_a_type_that_cannot_be_written_is_406(http_, accept):
    response = http_.post({"query": VIEWER}, accept=accept)
    assert (response.status, response.code) == (406, "NOT_ACCEPTABLE")
    assert response.media_type == JSON


# ---- the status ---------------------------------------------------------------------------------

NOT_EXECUTED = {
    "it does not parse": {"query": "{"},
    "it does not validate": {"query": "{ colour }"},
    "it holds nothing": {"query": ""},
    "its variable does not fit": {
        "query": "query($n: Int) { appointments(first: $n) { totalCount } }",
        "variables": {"n": "x"},
    },
    "its variable is missing": {"query": "query($n: ID!) { node(id: $n) { id } }"},
    "its operation is not there": {"query": VIEWER, "operationName": "X"},
}


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        (GRAPHQL, 400),
        ("", 400),
        ("*/*", 400),
        ("application/*", 400),
        (f"{GRAPHQL}, {JSON}", 400),
        (JSON, 200),
    ],
)
@pytest.mark.parametrize("name", NOT_EXECUTED)
def test_what_is_not_executed_is_400_but_200_to_who_names_plain_json(http_, name, accept, status):
    response = http_.post(NOT_EXECUTED[name], **({"accept": accept} if accept else {}))
    assert response.status == status
    assert response.answer["errors"][0]["message"]
    assert response.answer["errors"][0]["extensions"]["code"]
    assert "data" not in response.answer


@pytest.mark.parametrize("accept", [GRAPHQL, JSON, "*/*"])
@pytest.mark.parametrize(
    "document",
    [
        "{ appointments(first: -1) { totalCount } }",
        'mutation { auth(username: "x", password: "y") { accessToken } }',
        'mutation { refresh(refreshToken: "x") { newToken } }',
        'mutation { appointment(type: "x") { appointment { id } } }',
    ],
)
def test_a_refusal_of_what_is_executed_is_200_with_errors_and_a_null_field(http_, document, accept):
    response = http_.post({"query": document}, accept=accept)
    assert response.status == 200
    assert list(response.answer["data"].values()) == [None]
    assert response.answer["errors"][0]["path"] == list(response.answer["data"])


@pytest.mark.parametrize("accept", [GRAPHQL, JSON])
def test_a_refusal_of_entry_is_200_too(http_, accept):
    response = http_.stranger().post({"query": VIEWER}, accept=accept)
    assert (response.status, response.code) == (200, "UNAUTHENTICATED")
    assert response.answer["data"] == {"viewer": None}


def test_errors_say_where_they_are(http_):
    (error,) = http_.post({"query": "{\n  bad: appointments(first: -1) { totalCount }\n}"}).answer["errors"]
    assert error["locations"] == [{"line": 2, "column": 3}]
    assert error["path"] == ["bad"]


# ---- headers ------------------------------------------------------------------------------------


def asked(http_, kind: str):
    if kind == "an answer":
        return http_.post({"query": VIEWER})
    if kind == "an answer by GET":
        return http_.get({"query": VIEWER})
    if kind == "a refusal":
        return http_.stranger().post({"query": VIEWER})
    if kind == "a bad request":
        return http_.post({"query": "{"})
    return http_.send("PUT", "/graphql")


KINDS = ["an answer", "an answer by GET", "a refusal", "a bad request", "a wrong method"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_answer_may_be_kept_or_guessed_at(http_, kind):
    headers = asked(http_, kind).headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-content-type-options"] == "nosniff"
    assert "accept" in headers["vary"].lower()


@pytest.mark.parametrize("kind", KINDS)
def test_every_answer_has_a_length_a_type_and_one_request_id(http_, kind):
    response = asked(http_, kind)
    assert response.headers["content-length"] == str(len(response.body))
    assert response.media_type == JSON
    assert len(response.headers.get_all("x-request-id")) == 1
    assert len(response.headers.get_all("content-type")) == 1


def test_the_request_id_of_the_caller_is_answered(http_):
    for given in ("0123abcd", "a-b_c.D-1234", "f" * 64):
        assert http_.post({"query": VIEWER}, x_request_id=given).headers["x-request-id"] == given
        assert http_.send("GET", "/healthz", {"X-Request-Id": given}).headers["x-request-id"] == given


@pytest.mark.parametrize(
    "given", ["short", "f" * 65, "with space", "<script>alert(1)", "a\tb345678", "é2345678"]
)
def test_a_request_id_that_is_not_plain_is_replaced(http_, given):
    made = http_.post({"query": VIEWER}, x_request_id=given).headers["x-request-id"]
    assert made != given
    assert re.fullmatch(r"[A-Za-z0-9._-]{8,64}", made)


def test_two_requests_have_two_ids(http_):
    ids = {http_.post({"query": VIEWER}).headers["x-request-id"] for _ in range(5)}
    assert len(ids) == 5


def _lets_in(response):
    """What an answer tells a browser about other origins."""
    return [name for name in response.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://127.0.0.1"])
def test_no_other_origin_is_let_in(http_, origin):
    """Neither to read an answer nor to send what is not a plain form."""
    answered = http_.post({"query": VIEWER}, origin=origin)
    assert (answered.status, _lets_in(answered)) == (200, [])
    for path in ("/graphql", "/", "/healthz", "/readyz", "/nothing"):
        assert _lets_in(http_.send("GET", path, {"Origin": origin, "Accept": BROWSER})) == []
    refused = http_.stranger().post(
        b"query={viewer{role}}", raw=True, content_type="text/plain", origin=origin
    )
    assert (refused.status, _lets_in(refused)) == (415, [])


@pytest.mark.parametrize("path", ["/graphql", "/", "/healthz"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_browser_that_asks_beforehand_for_another_origin_is_given_no_permission(http_, path, method):
    asked = {
        "Origin": "https://elsewhere.example",
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "authorization, content-type",
    }
    response = http_.stranger().send("OPTIONS", path, asked)
    assert (response.status, _lets_in(response)) == (405, [])


def test_one_connection_carries_several_requests(http_):
    connection = http.client.HTTPConnection(urlsplit(http_.url).netloc, timeout=10)
    for _ in range(3):
        connection.request("GET", "/healthz")
        assert connection.getresponse().read()
        assert connection.sock is not None
    connection.close()


# ---- the page for browsers ----------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/graphql"])
def test_a_browser_is_shown_the_page_under_a_strict_policy(http_, path):
    response = http_.stranger().send("GET", path, {"Accept": BROWSER})
    assert (response.status, response.media_type) == (200, "text/html")
    policy = dict(
        part.strip().split(" ", 1) for part in response.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert not any("unsafe-eval" in value or "http" in value or value == "*" for value in policy.values())
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["referrer-policy"] == "no-referrer"


def test_the_page_names_no_address_elsewhere(http_):
    page = http_.stranger().send("GET", "/", {"Accept": BROWSER}).body.decode()
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", page) == []


def test_each_file_that_the_page_names_is_there(http_):
    page = http_.stranger().send("GET", "/", {"Accept": BROWSER}).body.decode()
    names = re.findall(r"""(?:src|href)=["'](/[^"']+)["']""", page)
    assert names
    for name in names:
        response = http_.stranger().send("GET", name)
        assert response.status == 200, name
        assert response.headers["x-content-type-options"] == "nosniff"


def test_a_browser_that_asks_a_query_is_answered_as_any_client(http_):
    response = http_.get({"query": VIEWER}, Accept=BROWSER)
    assert (response.status, response.media_type) == (200, JSON)


def test_a_program_at_the_same_address_is_not_shown_the_page(http_):
    response = http_.send("GET", "/graphql", {"Accept": JSON})
    assert response.status == 400
    assert response.media_type == JSON
