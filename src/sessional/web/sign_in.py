"""Signing in with the practice's identity provider: the way there, and the way back.

A browser is sent to the provider with a sealed cookie, so that whichever worker it comes back to can go
on. What comes back is exchanged for Sessional's own tokens. They are handed over in the body of the
answer alone, never in an address: to the page of GraphiQL, or as JSON to a script of our own origin.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from sessional.access import Caller
from sessional.actions import Desk
from sessional.actions.entry import LogIn
from sessional.actions.sign_in import sign_in
from sessional.errors import (
    EntryRefused,
    Fault,
    NotAdmitted,
    ProviderUnavailable,
    RateLimited,
    SignInFailed,
)
from sessional.observe import FaultHappened, Warned
from sessional.provider.flow import FLOW_SECONDS, Flow, Seals, new_flow
from sessional.provider.relying import Provider
from sessional.web import pages
from sessional.web.caller import caller_of
from sessional.web.refused import Refused
from sessional.web.turnstile import Turnstile

START: Final = "/sign-in"
# Longer than any provider's answer is.
LONGEST_QUERY: Final = 8_192
_NO_STORE: Final = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_STATUS: Final[Mapping[type[EntryRefused], int]] = {
    SignInFailed: 400,
    NotAdmitted: 403,
    RateLimited: 429,
    ProviderUnavailable: 503,
}


class SignIn:
    """The two routes. ``by_tls`` says whether browsers come by it, ``page`` whether GraphiQL is shown;
    ``new_text`` draws a text that nobody can guess."""

    def __init__(
        self,
        provider: Provider,
        seals: Seals,
        desk: Desk,
        *,
        by_tls: bool,
        page: bool,
        proxies: int,
        turnstile: Turnstile | None,
        new_text: Callable[[], str],
    ) -> None:
        self._provider, self._seals, self._desk = provider, seals, desk
        self._new_text = new_text
        self._by_tls, self._page, self._proxies, self._turnstile = by_tls, page, proxies, turnstile
        # A name that no neighbouring host can set, where browsers keep that promise: by TLS.
        self._cookie = "__Host-sessional-sign-in" if by_tls else "sessional-sign-in"

    async def begin(self, request: Request) -> Response:
        """To the provider."""
        try:
            self._caller(request)
            flow = new_flow(self._new_text)
            address = await self._provider.address(flow)
        except (EntryRefused, Refused) as refusal:
            return self._refused(request, refusal)
        response = RedirectResponse(address, status_code=303, headers=_NO_STORE)
        response.set_cookie(
            self._cookie,
            self._seals.seal(flow, now=self._desk.now()),
            max_age=FLOW_SECONDS,
            secure=self._by_tls,
            httponly=True,
            samesite="lax",
        )
        return response

    async def finish(self, request: Request) -> Response:
        """Back from the provider."""
        try:
            caller = self._caller(request)
            # Who comes without having been sent costs nobody a try, nor the provider a question.
            flow, came = self._sent(request)
            prove = partial(self._provider.name, flow, came)
            username, tokens = await sign_in(self._desk, caller, prove)
        except (EntryRefused, Refused) as refusal:
            response = self._refused(request, refusal)
        except Fault as fault:
            self._desk.notice(FaultHappened(request_id=request.scope["request_id"], error=fault))
            response = self._refused(request, Refused(503, fault.code, fault.public_message))
        else:
            response = self._let_in(request, username, tokens)
        # Each way back is gone once: the cookie is worth nothing any more, whatever came of it.
        response.delete_cookie(self._cookie, secure=self._by_tls, httponly=True, samesite="lax")
        return response

    async def close(self) -> None:
        await self._provider.close()

    def _sent(self, request: Request) -> tuple[Flow, Mapping[str, str]]:
        """How this browser was sent, and what it came back with. Raises SignInFailed."""
        flow = self._seals.open(request.cookies.get(self._cookie, ""), now=self._desk.now())
        came = _parameters(request)
        if flow is None or flow.state != came.get("state"):
            raise SignInFailed
        return flow, came

    def _caller(self, request: Request) -> Caller:
        """Whose request it is. Raises Refused where too many have come from there, and for a HEAD,
        which must not use up what is good once."""
        if request.method != "GET":
            raise Refused(405, "METHOD_NOT_ALLOWED", "Use GET.", allow="GET")
        headers = dict(request.scope["headers"])
        caller = caller_of(request.scope, headers, self._proxies, self._desk.now_ms())
        if self._turnstile is not None:
            self._turnstile.pass_(caller.address)
        return caller

    # ---- what is answered -----------------------------------------------------------------------

    def _let_in(self, request: Request, username: str, tokens: LogIn) -> Response:
        session = {
            "username": username,
            "accessToken": tokens.access_token,
            "refreshToken": tokens.refresh_token,
        }
        text = orjson.dumps(session).decode()
        if _wants_json(request) or not self._page:
            return Response(text, media_type="application/json", headers=_NO_STORE)
        return pages.page({"sign-in": START, "session": text}, headers=_NO_STORE)

    def _refused(self, request: Request, refusal: EntryRefused | Refused) -> Response:
        reason = getattr(refusal, "reason", "")
        if reason:
            self._desk.notice(
                Warned(message=f"A sign-in with the identity provider was refused: {reason}.")
            )
        if isinstance(refusal, EntryRefused):
            waiting = refusal.seconds if isinstance(refusal, RateLimited) else 0
            status = _STATUS[type(refusal)]
            refusal = Refused(status, refusal.code, refusal.message, retry=waiting)
        headers = _NO_STORE | {name.decode(): value.decode() for name, value in refusal.headers}
        if _wants_json(request) or not self._page:
            body, kind = refusal.body(), "application/json"
            return Response(body, refusal.status, headers=headers, media_type=kind)
        notes = {"sign-in": START, "notice": refusal.message}
        return pages.page(notes, status=refusal.status, headers=headers)


def _parameters(request: Request) -> Mapping[str, str]:
    """What came back, each at most once. Raises SignInFailed."""
    if len(request.scope["query_string"]) > LONGEST_QUERY:
        raise SignInFailed
    pairs = request.query_params.multi_items()
    came = dict(pairs)
    if len(came) != len(pairs):
        raise SignInFailed
    return came


def _wants_json(request: Request) -> bool:
    return "text/html" not in request.headers.get("accept", "")
