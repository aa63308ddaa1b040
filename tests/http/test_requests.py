"""What a request may look like: media type, encoding, JSON, parameters, size."""

import http.client
import json
from urllib.parse import quote, urlsplit

import pytest

from tests.http.conftest import GRAPHQL, JSON

VIEWER = "{ viewer { username } }"
ANSWER = {"data": {"viewer": {"username": "test_user"}}}
BY_NAME = "query($n: String) { therapists(filters: {name: $n}) { totalCount } }"
TWO = "query A { viewer { username } } query B { viewer { role } }"


# ---- the body -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content_type",
    [
        JSON,
        "Application/JSON",
        f"{JSON}; charset=utf-8",
        f"{JSON};charset=UTF-8",
        f'{JSON}; charset="utf-8"',
        f" {JSON} ; charset=utf-8; x=y",
        f"{JSON}; x=utf-16; charset=utf-8",
    ],
)
def test_json_in_utf_8_is_taken(http_, content_type):
    assert http_.post({"query": VIEWER}, content_type=content_type).answer == ANSWER


@pytest.mark.parametrize(
    "content_type",
    [
        "",
        "text/plain",
        "application/graphql",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/jsonp",
        "application/json-patch+json",
        GRAPHQL,
        f"{JSON}; charset=iso-8859-1",
        f"{JSON}; charset=utf-16",
        f"{JSON}; charset=utf-16; x=utf-8",
        f"{JSON}; charset = utf-16",
        "json",
        "*/*",
    ],
)
def test_another_media_type_or_encoding_is_415(http_, content_type):
    response = http_.post({"query": VIEWER}, content_type=content_type)
    assert (response.status, response.code) == (415, "UNSUPPORTED_MEDIA_TYPE")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"{'query': '{ x }'}",
        b'{"query": "{ viewer { username } }"',
        b'{"query": "{ viewer { username } }"} x',
        b'{"query": "{ viewer { username } }",}',
        b'{"query": NaN}',
        b'\xef\xbb\xbf{"query": "{ viewer { username } }"}',
        b'{"query": "{ viewer { username } } # \xff"}',
        b'{"query": "{ viewer { username } } # \xc0\xaf"}',
        b'{"query": "{ viewer { username } } # \xed\xa0\x80"}',
        '{"query": "{ viewer { username } }"}'.encode("utf-16"),
        '{"query": "{ viewer { username } } # é"}'.encode("latin-1"),
        b"query={viewer{username}}",
        b"\0",
        b"[" * 50_000,
    ],
    ids=lambda body: repr(body[:24]),
)
def test_a_body_that_is_not_json_in_utf_8_is_400(http_, body):
    for accept in (JSON, GRAPHQL):
        response = http_.post(body, raw=True, accept=accept)
        assert (response.status, response.code) == (400, "BAD_REQUEST")
        assert response.media_type == accept
        assert "data" not in response.answer


@pytest.mark.parametrize(
    "body", [None, True, 7, "x", [], [{"query": VIEWER}], {}, {"Query": VIEWER}], ids=str
)
def test_json_of_another_shape_is_400(http_, body):
    response = http_.post(body)
    assert (response.status, response.code) == (400, "BAD_REQUEST")


@pytest.mark.parametrize("query", [None, 7, True, [VIEWER], {"text": VIEWER}], ids=str)
def test_a_query_that_is_no_text_is_400(http_, query):
    assert (http_.post({"query": query}).status, http_.post({"query": query}).code) == (400, "BAD_REQUEST")


def test_members_that_nobody_knows_are_left_alone(http_):
    assert http_.post({"query": VIEWER, "id": 7, "persisted": True, "doc_id": None}).answer == ANSWER


def test_text_in_every_script_comes_and_goes_in_utf_8(http_):
    response = http_.post({"query": BY_NAME, "variables": {"n": "Ångström"}})
    assert response.answer == {"data": {"therapists": {"totalCount": 1}}}
    names = http_.post({"query": "{ therapist(therapistId: 3) { firstName lastName } }"})
    assert "Zoë" in names.body.decode("utf-8")
    assert "utf-8" in names.headers["content-type"].lower()
    raw = json.dumps({"query": BY_NAME, "variables": {"n": "Ångström"}}, ensure_ascii=False).encode("utf-8")
    assert http_.post(raw, raw=True).answer == response.answer


# ---- its size -----------------------------------------------------------------------------------

MOST = 100_000


def padded(size: int) -> bytes:
    """A good request of exactly this size."""
    body = json.dumps({"query": VIEWER + " #"}).encode()
    return body.replace(b" #", b" #" + b"x" * (size - len(body)))


def test_a_body_of_the_largest_size_is_answered_and_one_byte_more_is_413(http_):
    assert http_.post(padded(MOST), raw=True).answer == ANSWER
    response = http_.post(padded(MOST + 1), raw=True)
    assert (response.status, response.code) == (413, "PAYLOAD_TOO_LARGE")
    assert str(MOST) in response.answer["errors"][0]["message"]


def test_a_body_in_chunks_may_have_the_largest_size_and_one_byte_more_is_413(http_):
    headers = {"Content-Type": JSON, "Transfer-Encoding": "chunked"}
    for size, status in ((MOST, 200), (MOST + 1, 413)):
        body = padded(size)
        chunks = iter([body[:10], body[10:60_000], body[60_000:]])
        response = http_.send("POST", "/graphql", headers, chunks, encode_chunked=True)
        assert response.status == status


def test_a_body_that_is_announced_too_large_is_413_before_it_is_sent(http_):
    connection = http.client.HTTPConnection(urlsplit(http_.url).netloc, timeout=10)
    connection.putrequest("POST", "/graphql")
    connection.putheader("Content-Type", JSON)
    connection.putheader("Content-Length", str(10**12))
    connection.endheaders(b'{"query"')
    assert connection.getresponse().status == 413
    connection.close()


# ---- the parameters -----------------------------------------------------------------------------


@pytest.mark.parametrize("variables", [{"n": "smith"}, '{"n": "smith"}'], ids=["object", "text"])
def test_variables_are_an_object_or_the_json_text_of_one(http_, variables):
    response = http_.post({"query": BY_NAME, "variables": variables})
    assert response.answer == {"data": {"therapists": {"totalCount": 3}}}
    text = variables if isinstance(variables, str) else json.dumps(variables)
    assert http_.get({"query": BY_NAME, "variables": text}).answer == response.answer


@pytest.mark.parametrize("variables", [None, {}, "{}", "null"], ids=repr)
def test_no_variables_may_be_said_in_several_ways(http_, variables):
    assert http_.post({"query": VIEWER, "variables": variables}).answer == ANSWER


@pytest.mark.parametrize("name", ["variables", "extensions"])
@pytest.mark.parametrize("value", [[], 7, False, True, "x", "[]", "7", '{"n": '], ids=repr)
def test_variables_and_extensions_of_another_shape_are_400(http_, name, value):
    response = http_.post({"query": VIEWER, name: value})
    assert (response.status, response.code) == (400, "BAD_REQUEST")
    assert name in response.answer["errors"][0]["message"]


@pytest.mark.parametrize(
    "extensions", [None, {}, {"persistedQuery": {"version": 1, "sha256Hash": "x"}}, "{}"]
)
def test_extensions_are_left_alone(http_, extensions):
    assert http_.post({"query": VIEWER, "extensions": extensions}).answer == ANSWER


@pytest.mark.parametrize("name", ["variables", "operationName", "extensions"])
def test_an_empty_parameter_of_an_address_is_as_if_it_were_absent(http_, name):
    assert http_.get({"query": VIEWER, name: ""}).answer == ANSWER


def test_the_operation_that_is_named_is_run(http_):
    assert http_.post({"query": TWO, "operationName": "B"}).answer == {
        "data": {"viewer": {"role": "ADMIN"}}
    }
    assert http_.get({"query": TWO, "operationName": "A"}).answer == ANSWER
    assert http_.post({"query": "query A { viewer { username } }", "operationName": None}).answer == ANSWER


@pytest.mark.parametrize(
    ("query", "name"),
    [(TWO, None), (TWO, "C"), (TWO, ""), (VIEWER, "A"), ("fragment F on Query { viewer }", None)],
)
def test_an_operation_that_cannot_be_told_is_400(http_, query, name):
    response = http_.post({"query": query, "operationName": name}, accept=GRAPHQL)
    assert response.status == 400
    assert response.code in ("OPERATION_RESOLUTION_FAILURE", "GRAPHQL_VALIDATION_FAILED")


@pytest.mark.parametrize("name", [7, True, [], {}], ids=repr)
def test_an_operation_name_that_is_no_text_is_400(http_, name):
    assert http_.post({"query": VIEWER, "operationName": name}).status == 400


@pytest.mark.parametrize(
    "address",
    [
        "/graphql",
        "/graphql?",
        "/graphql?variables={}",
        f"/graphql?query={quote(VIEWER)}&variables=x",
        f"/graphql?query={quote(VIEWER)}&variables=[]",
        "/graphql?query=%ff%fe",
        "/graphql?query=",
        "/graphql?" + "a=b&" * 100 + f"query={quote(VIEWER)}",
    ],
)
def test_an_address_that_asks_nothing_good_is_400(http_, address):
    response = http_.send("GET", address, {"Accept": GRAPHQL})
    assert response.status == 400
    assert response.answer["errors"]


def test_an_address_with_letters_of_every_script_is_read_as_utf_8(http_):
    response = http_.get({"query": BY_NAME, "variables": '{"n": "Ångström"}'})
    assert response.answer == {"data": {"therapists": {"totalCount": 1}}}
