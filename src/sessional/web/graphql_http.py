"""GraphQL over HTTP as its specification says (graphql.github.io/graphql-over-http, 2025 draft)."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qsl

import orjson
from starlette.types import Receive, Scope, Send

from sessional.access import Actor
from sessional.actions import Desk
from sessional.actions.keys import ApiKey
from sessional.errors import SessionalError
from sessional.graph.serve import Answer, Asked, MutationByGet, Road
from sessional.observe import Observer, RequestAnswered, tell
from sessional.web.auth import who, whose
from sessional.web.caller import caller_of
from sessional.web.negotiate import Wanted, accepted, wanted
from sessional.web.refused import Headers, Refused
from sessional.web.trusted import Trusted, hash_in
from sessional.web.turnstile import Turnstile

_PARAMETERS: Final = ("query", "operationName", "variables", "extensions")


class GraphQLEndpoint:
    """The ASGI application behind /graphql, for everything but a browser's page."""

    def __init__(
        self,
        road: Road,
        desk: Desk,
        observers: Sequence[Observer],
        *,
        body_bytes: int,
        proxies: int = 0,
        trusted: Trusted | None = None,
        turnstile: Turnstile | None = None,
    ) -> None:
        self._road = road
        self._desk = desk
        self._observers = observers
        self._body_bytes = body_bytes
        self._proxies = proxies
        self._trusted = trusted
        self._turnstile = turnstile

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        wants = wanted(accepted(scope))
        shown = who(headers.get(b"authorization"), self._desk.tokens, now=self._desk.now())
        actor: Actor | SessionalError | None = None if isinstance(shown, ApiKey) else shown
        answer, more = Answer(), list[tuple[bytes, bytes]]()
        try:
            if isinstance(shown, ApiKey):
                unknown = not self._desk.keys.knows(shown, now=self._desk.now())
                if unknown:  # it is nobody's yet, and looking it up is what a flood could ask for
                    more += self._pass(scope, headers, None)
                actor = await whose(shown, self._desk)
                if not unknown:
                    more += self._pass(scope, headers, actor)
            else:
                more += self._pass(scope, headers, actor)
            if wants.media_type is None:
                raise Refused(406, "NOT_ACCEPTABLE", "This answers application/json.")
            caller = partial(caller_of, scope, headers, self._proxies, self._desk.now_ms())
            asked = await self._asked(scope, headers, receive)
            answer = await self._road.answer(asked, actor, caller)
            status = 200 if answer.executed or wants.named_json else 400
            body = answer.body
        except MutationByGet:
            refused = Refused(405, "METHOD_NOT_ALLOWED", "A mutation takes a POST.", allow="POST")
            status, body, more = 405, refused.body(), [*more, *refused.headers]
            answer.codes.append(refused.code)
        except Refused as refused:
            status, body, more = refused.status, refused.body(), [*more, *refused.headers]
            answer.codes.append(refused.code)
        await _send(send, status, body, wants, more)
        self._notice(scope, status, actor, answer, time.perf_counter() - started)

    def _notice(
        self,
        scope: Scope,
        status: int,
        actor: Actor | SessionalError | None,
        answer: Answer,
        seconds: float,
    ) -> None:
        observation = RequestAnswered(
            request_id=scope.get("request_id", ""),
            method=scope["method"],
            path=scope["path"],
            status=status,
            seconds=seconds,
            operation_name=answer.operation_name,
            is_mutation=answer.is_mutation,
            account_id=actor.account_id if isinstance(actor, Actor) else None,
            rows=answer.rows,
            codes=answer.codes,
            parse_seconds=answer.parse_seconds,
            plan_seconds=answer.plan_seconds,
            run_seconds=answer.run_seconds,
        )
        tell(self._observers, observation)

    def _pass(
        self, scope: Scope, headers: Mapping[bytes, bytes], actor: Actor | SessionalError | None
    ) -> Headers:
        """One request more of whoever it is. Raises Refused (429)."""
        if self._turnstile is None:
            return []
        return self._turnstile.pass_(self._passer(scope, headers, actor))

    def _passer(
        self, scope: Scope, headers: Mapping[bytes, bytes], actor: Actor | SessionalError | None
    ) -> int | str:
        """Who is counted: the account, else the address."""
        if isinstance(actor, Actor):
            return actor.account_id
        return caller_of(scope, headers, self._proxies, 0).address

    # ---- what is asked --------------------------------------------------------------------------

    async def _asked(self, scope: Scope, headers: Mapping[bytes, bytes], receive: Receive) -> Asked:
        if scope["method"] == "POST":
            _check_content_type(headers.get(b"content-type"))
            return _asked_by_post(await self._body(headers, receive), self._trusted)
        if scope["method"] == "GET":
            return _asked_by_get(scope["query_string"], self._trusted)
        raise Refused(405, "METHOD_NOT_ALLOWED", "Use POST, or GET for a query.", allow="GET, POST")

    async def _body(self, headers: Mapping[bytes, bytes], receive: Receive) -> bytes:
        """The body, read no further than it may be long."""
        announced = headers.get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > self._body_bytes:
            raise self._too_large()
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                raise Refused(400, "BAD_REQUEST", "The request ended before its body did.")
            chunk = message.get("body", b"")
            size += len(chunk)
            if size > self._body_bytes:
                raise self._too_large()
            if not message.get("more_body", False):
                return chunk if not chunks else b"".join([*chunks, chunk])
            chunks.append(chunk)

    def _too_large(self) -> Refused:
        return Refused(413, "PAYLOAD_TOO_LARGE", f"A request has at most {self._body_bytes} bytes.")


def _check_content_type(header: bytes | None) -> None:
    if header == b"application/json":
        return
    name, _, parameters = (header or b"").decode("latin-1").lower().partition(";")
    if name.strip() != "application/json":
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "Send the request as application/json.")
    if _charset(parameters) not in ("", "utf-8"):
        raise Refused(415, "UNSUPPORTED_MEDIA_TYPE", "Send the request in UTF-8.")


def _charset(parameters: str) -> str:
    """The charset among the parameters of a media type in lower case; empty where it is not told."""
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip() == "charset":
            return value.strip().strip('"')
    return ""


def _asked_by_post(body: bytes, trusted: Trusted | None) -> Asked:
    try:
        given = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise Refused(400, "BAD_REQUEST", "The body is not valid JSON in UTF-8.") from None
    if not isinstance(given, dict):
        raise Refused(400, "BAD_REQUEST", "The body must be one JSON object.")
    return _asked(given, trusted, may_change=True)


def _asked_by_get(query_string: bytes, trusted: Trusted | None) -> Asked:
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50
        )
    except ValueError:
        raise Refused(400, "BAD_REQUEST", "The address is not well formed.") from None
    given: dict[str, Any] = {name: value for name, value in pairs if name in _PARAMETERS}
    for name in ("variables", "extensions", "operationName"):
        if given.get(name) == "":
            del given[name]
    return _asked(given, trusted, may_change=False)


def _asked(given: Mapping[str, Any], trusted: Trusted | None, *, may_change: bool) -> Asked:
    query, name = given.get("query"), given.get("operationName")
    hash_ = hash_in(_object(given, "extensions"))
    if trusted is not None:
        query = trusted.document(query, hash_)
    elif query is None and hash_ is not None:
        raise Refused(400, "PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
    if not isinstance(query, str):
        raise Refused(400, "BAD_REQUEST", "`query` is missing or is not a text.")
    if name is not None and not isinstance(name, str):
        raise Refused(400, "BAD_REQUEST", "`operationName` must be a text.")
    return Asked(query, _object(given, "variables"), name, may_change)


def _object(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """A parameter that is an object, or the JSON text of one."""
    value = given.get(name)
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise Refused(400, "BAD_REQUEST", f"`{name}` is not valid JSON.") from None
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refused(400, "BAD_REQUEST", f"`{name}` must be an object.")
    return value


async def _send(send: Send, status: int, body: bytes, wants: Wanted, more: Headers) -> None:
    media_type = wants.media_type or "application/json"
    headers = [
        (b"content-type", f"{media_type}; charset=utf-8".encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        (b"vary", b"Accept"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": [*headers, *more]})
    await send({"type": "http.response.body", "body": body})
