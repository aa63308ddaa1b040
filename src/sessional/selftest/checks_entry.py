"""Checks of who gets in, and of what goes over HTTP."""

from __future__ import annotations

import base64
import json

from sessional.selftest.caller import JSON, Reply
from sessional.selftest.facts import LOG_IN, Practice, data_of, equal, expect

VIEWER = "{ viewer { username role } }"
REFRESH = "mutation($token: String) { refresh(refreshToken: $token) { newToken } }"
GRAPHQL = "application/graphql-response+json"

# ---- who gets in --------------------------------------------------------------------------------


def alive_and_ready(practice: Practice) -> None:
    for path in ("/healthz", "/readyz"):
        equal(practice.stranger.send("GET", path).status, 200, f"status of {path}")


def viewer(practice: Practice) -> None:
    equal(practice.data(VIEWER)["viewer"]["username"], practice.username, "the name in the answer")


def nothing_without_a_token(practice: Practice) -> None:
    for document in (
        "{ appointments { totalCount } }",
        "{ therapists { totalCount } }",
        "{ __typename }",
        "{ __schema { queryType { name } } }",
        '{ node(id: "x") { id } }',
        'mutation { appointment(therapistId: 1, type: "one-off") { appointment { id } } }',
        VIEWER,
    ):
        reply = practice.stranger.ask(document)
        equal(reply.status, 200, "status")
        equal(reply.code, "UNAUTHENTICATED", f"code for {document}")
        expect(not any((reply.data or {}).values()), "something was answered all the same")


def wrong_log_ins_are_alike(practice: Practice) -> None:
    nonsense = "\u0001 not this one"
    wrong = practice.stranger.ask(LOG_IN, username=practice.username, password=nonsense)
    unknown = practice.stranger.ask(LOG_IN, username=nonsense, password=nonsense)
    equal(wrong.code, "BAD_CREDENTIALS", "code for a wrong password")
    equal(unknown.body, wrong.body, "the answer for an unknown user")


def scheme_in_any_case(practice: Practice) -> None:
    for scheme in ("bearer", "BEARER"):
        authorization = f"{scheme} {practice.caller.token}"
        data_of(practice.stranger.post(json.dumps({"query": VIEWER}).encode(), Authorization=authorization))


def forged_tokens(practice: Practice) -> None:
    header, body, signature = (practice.caller.token or "").split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    for token in (f"{unsigned}.{body}.", f"{header}.{body}.", f"{header}.{body}.{signature[::-1]}", "x"):
        equal(practice.stranger.with_token(token).ask(VIEWER).code, "UNAUTHENTICATED", "code for a forgery")


def kinds_of_tokens(practice: Practice) -> None:
    swapped = practice.stranger.with_token(practice.refresh_token).ask(VIEWER)
    equal(swapped.code, "UNAUTHENTICATED", "code for a refresh token in the header")
    refused = practice.stranger.ask(REFRESH, token=practice.caller.token)
    equal(refused.code, "UNAUTHENTICATED", "code for an access token given to refresh")


def refreshed(practice: Practice) -> None:
    token = data_of(practice.stranger.ask(REFRESH, token=practice.refresh_token))["refresh"]["newToken"]
    found = data_of(practice.stranger.with_token(token).ask(VIEWER))["viewer"]
    equal(found["username"], practice.username, "the name in the answer")


def bad_refresh(practice: Practice) -> None:
    equal(practice.stranger.ask(REFRESH, token="your-refresh-token").code, "UNAUTHENTICATED", "code")  # noqa: S106


# ---- HTTP ---------------------------------------------------------------------------------------


def by_get(practice: Practice) -> None:
    equal(data_of(practice.caller.get(query=VIEWER)), practice.data(VIEWER), "the answer by GET")


def mutation_by_get(practice: Practice) -> None:
    reply = practice.caller.get(query="mutation { __typename }")
    equal((reply.status, reply.headers.get("allow")), (405, "POST"), "status and Allow")


def malformed(practice: Practice) -> None:
    for body in (b"{", b"[]", b'{"query": 7}', b'{"query": "\xff"}'):
        equal(practice.caller.post(body).status, 400, f"status for {body!r}")


def media_types(practice: Practice) -> None:
    body = json.dumps({"query": VIEWER}).encode()
    for accept in (JSON, GRAPHQL):
        equal(practice.caller.post(body, Accept=accept).media_type, accept, "media type")
    equal(practice.caller.post(body, **{"Content-Type": "text/plain"}).status, 415, "status for text/plain")
    equal(practice.caller.post(body, Accept="image/png").status, 406, "status for Accept: image/png")


def not_valid(practice: Practice) -> None:
    def sent(accept: str) -> Reply:
        return practice.caller.post(b'{"query": "{ no_such_field }"}', Accept=accept)

    equal(sent(GRAPHQL).status, 400, "status")
    equal(sent(JSON).status, 200, "status for who names application/json")
    expect("data" not in sent(GRAPHQL).body, "there is data")


def parameters(practice: Practice) -> None:
    document = "query A { viewer { role } } query B($id: ID!) { node(id: $id) { id } }"
    given = {"query": document, "operationName": "B", "variables": '{"id": "x"}', "extensions": {"a": 1}}
    equal(data_of(practice.caller.post(json.dumps(given).encode())), {"node": None}, "the answer")
    del given["operationName"]
    equal(practice.caller.post(json.dumps(given).encode()).status, 400, "status without a name")


def headers(practice: Practice) -> None:
    given = "selftest-0123456789"
    reply = practice.caller.post(b'{"query": "{ __typename }"}', **{"X-Request-Id": given})
    equal(reply.headers.get("cache-control"), "no-store", "Cache-Control")
    equal(reply.headers.get("x-content-type-options"), "nosniff", "X-Content-Type-Options")
    equal(reply.headers.get("x-request-id"), given, "X-Request-Id")


def unknown_address(practice: Practice) -> None:
    equal(practice.stranger.send("GET", "/no-such-page").status, 404, "status")


def nothing_internal(practice: Practice) -> None:
    odd = ("{", '{ appointments(after: "x") { totalCount } }', '{ node(id: "\\u0000") { id } }')
    for document in odd:
        text = json.dumps(practice.caller.ask(document).body).lower()
        for word in ("traceback", "select ", "sqlite", "asyncpg", ".py", "site-packages"):
            expect(word not in text, f"“{word}” stands in the answer to {document}")
