"""The relying party: where a browser is sent, and whose name comes back."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote_plus, urlencode, urlsplit

from sessional.errors import ProviderUnavailable, SignInFailed
from sessional.provider.calls import Calls
from sessional.provider.flow import Flow
from sessional.provider.id_token import Expected, Key, UnknownKey, claims_of, keys_in, name_in
from sessional.provider.kept import Fetched, Kept

KEPT_SECONDS: Final = 3600
SCOPE: Final = "openid profile email"
LONGEST_CODE: Final = 4_096
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
# Error codes of OAuth; anything else that a provider says stays out of the log.
_PLAIN_ERROR: Final = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """How the practice has entered Sessional at its provider; ``claim`` is what names the account."""

    issuer: str
    client_id: str
    client_secret: str
    redirect_url: str
    claim: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What the provider says of itself."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    # Whether the secret goes into the form, because a header is not taken.
    secret_in_form: bool
    # Whether the way back always names the issuer (RFC 9207).
    names_issuer: bool


class Provider:
    """``clock`` answers seconds that never go back, ``now`` whole seconds since 1970."""

    def __init__(
        self, registration: Registration, *, clock: Callable[[], float], now: Callable[[], int]
    ) -> None:
        self._registration, self._now = registration, now
        self._calls = Calls()
        self._metadata = Kept(self._discover, seconds=KEPT_SECONDS, clock=clock)
        self._keys = Kept(self._fetch_keys, seconds=KEPT_SECONDS, clock=clock)

    async def address(self, flow: Flow) -> str:
        """Where the browser is sent. Raises ProviderUnavailable."""
        endpoint = (await self._metadata.get()).value.authorization_endpoint
        asked = {
            "response_type": "code",
            "client_id": self._registration.client_id,
            "redirect_uri": self._registration.redirect_url,
            "scope": SCOPE,
            "state": flow.state,
            "nonce": flow.nonce,
            "code_challenge": flow.challenge,
            "code_challenge_method": "S256",
        }
        return f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"

    async def name(self, flow: Flow, came: Mapping[str, str]) -> str:
        """The name of the account that the provider vouches for; ``came`` are the parameters of the way
        back, whose state has been compared. Raises SignInFailed, ProviderUnavailable."""
        metadata = (await self._metadata.get()).value
        if came.get("iss", None if metadata.names_issuer else self._registration.issuer) != (
            self._registration.issuer
        ):
            raise SignInFailed("the answer is another issuer's")
        if "error" in came:
            raise SignInFailed(f"the provider said {_plain(came['error'])}")
        code = came.get("code", "")
        if not 0 < len(code) <= LONGEST_CODE:
            raise SignInFailed("the answer has no code")
        token = await self._redeem(metadata, flow, code)
        return name_in(await self._claims(token, flow), self._registration.claim)

    async def close(self) -> None:
        await self._calls.close()

    # ---- calls ----------------------------------------------------------------------------------

    async def _redeem(self, metadata: Metadata, flow: Flow, code: str) -> str:
        """The ID token for a code, which is good once."""
        ours = self._registration
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": ours.redirect_url,
            "code_verifier": flow.verifier,
        }
        headers = {}
        if metadata.secret_in_form:
            form |= {"client_id": ours.client_id, "client_secret": ours.client_secret}
        else:
            headers["authorization"] = _basic(ours.client_id, ours.client_secret)
        status, answer = await self._calls.post(metadata.token_endpoint, form, headers)
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):
            raise SignInFailed(
                f"the provider answered the code with {status} {_plain(answer.get('error'))}"
            )
        return token

    async def _claims(self, token: str, flow: Flow) -> Mapping[str, Any]:
        ours = self._registration
        expected = Expected(issuer=ours.issuer, client_id=ours.client_id, nonce=flow.nonce)
        known: Fetched[Sequence[Key]] | None = None
        for _ in range(2):  # with the keys that are kept, then with those that the provider has now
            known = await self._keys.get(instead_of=known)
            try:
                return claims_of(token, known.value, expected, now=self._now())
            except UnknownKey:
                continue
        raise SignInFailed("the ID token is signed with a key that the provider does not show")

    async def _discover(self) -> Metadata:
        issuer = self._registration.issuer
        found = await self._calls.get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        if found.get("issuer") != issuer:
            raise ProviderUnavailable("it calls itself by another issuer than SESSIONAL_OIDC_ISSUER")
        endpoints = {
            name: _endpoint(found.get(name), issuer)
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
        }
        ways = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
        return Metadata(
            **endpoints,
            secret_in_form="client_secret_basic" not in ways,
            names_issuer=found.get("authorization_response_iss_parameter_supported") is True,
        )

    async def _fetch_keys(self) -> Sequence[Key]:
        return keys_in(await self._calls.get((await self._metadata.get()).value.jwks_uri))


def _endpoint(address: object, issuer: str) -> str:
    """An address of the provider that secrets may go to: by TLS, or within this machine where it is."""
    if isinstance(address, str):
        parts = urlsplit(address)
        within = urlsplit(issuer).hostname in _LOOPBACK and parts.hostname in _LOOPBACK
        if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and within)):
            return address
    raise ProviderUnavailable("one of its addresses is none that can be used")


def _basic(client_id: str, secret: str) -> str:
    """RFC 6749, section 2.3.1: each is encoded as in a form first."""
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _plain(error: object) -> str:
    return error if isinstance(error, str) and _PLAIN_ERROR.fullmatch(error) else "something"
