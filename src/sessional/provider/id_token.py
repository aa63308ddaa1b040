"""Whether an ID token is to be believed (OpenID Connect Core 1.0, section 3.1.3.7; RFC 8725)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt

from sessional.errors import SignInFailed

# Signed with a private key that the provider alone has. What is signed with a shared secret, or not at
# all, has no place here.
ALGORITHMS: Final = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
)
LEEWAY_SECONDS: Final = 60
MOST_KEYS: Final = 100
LONGEST_NAME: Final = 200
# What JSON calls NaN is before no instant and after none, so it must not get into a comparison.
_END_OF_TIME: Final = 2**53

Key = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What the token has to say."""

    issuer: str
    client_id: str
    nonce: str


class UnknownKey(Exception):
    """Signed with a key that is not among those that are known: the provider may have taken a new one."""


def keys_in(document: Mapping[str, Any]) -> Sequence[Key]:
    """The keys of a key set (RFC 7517) that may sign, as they came."""
    keys = document.get("keys")
    found = keys[:MOST_KEYS] if isinstance(keys, list) else []
    return [key for key in found if isinstance(key, dict) and key.get("use", "sig") == "sig"]


def claims_of(token: str, keys: Sequence[Key], expected: Expected, *, now: int) -> Mapping[str, Any]:
    """What a token says that is to be believed. Raises UnknownKey, and SignInFailed for every other."""
    claims = _signed(token, keys)
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if claims.get("iss") != expected.issuer:
        raise SignInFailed("the ID token is another issuer's")
    if expected.client_id not in audiences:
        raise SignInFailed("the ID token is for another audience")
    if claims.get("azp", expected.client_id if len(audiences) == 1 else None) != expected.client_id:
        raise SignInFailed("the ID token was issued to another party")
    if claims.get("nonce") != expected.nonce:
        raise SignInFailed("the ID token belongs to another sign-in")
    _check_times(claims, now)
    return claims


def _signed(token: str, keys: Sequence[Key]) -> dict[str, Any]:
    """The claims, once a key has verified them. Nothing of the token chooses the key but its ``kid``."""
    try:
        header = jwt.get_unverified_header(token)
    except jwt.InvalidTokenError:
        raise SignInFailed("the ID token is none") from None
    algorithm = header.get("alg")
    if not isinstance(algorithm, str) or algorithm not in ALGORITHMS:
        raise SignInFailed("the ID token is not signed with a key that the provider alone has")
    key = _key(header.get("kid"), keys)
    if key.get("alg", algorithm) != algorithm:
        raise SignInFailed("the ID token is signed in another way than its key is for")
    try:
        options: Any = {"verify_exp": False, "verify_iat": False, "verify_nbf": False, "verify_aud": False}
        options["enforce_minimum_key_length"] = True
        return jwt.decode(token, jwt.PyJWK(dict(key), algorithm), algorithms=[algorithm], options=options)
    except (jwt.PyJWTError, TypeError, ValueError):
        raise SignInFailed("the signature of the ID token does not verify") from None


def _key(kid: object, keys: Sequence[Key]) -> Key:
    """The key of that name; the only one there is, where the token names none."""
    named = [key for key in keys if kid is None or key.get("kid") == kid]
    if len(named) != 1:
        raise UnknownKey
    return named[0]


def _check_times(claims: Mapping[str, Any], now: int) -> None:
    ends, issued = _instant(claims.get("exp")), _instant(claims.get("iat"))
    begins = _instant(claims.get("nbf", issued))
    if now >= ends + LEEWAY_SECONDS:
        raise SignInFailed("the ID token has expired")
    if max(issued, begins) > now + LEEWAY_SECONDS:
        raise SignInFailed("the ID token is of the future: the clocks differ")


def _instant(value: object) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < _END_OF_TIME:
        return value
    raise SignInFailed("the ID token does not say how long it is good")


def name_in(claims: Mapping[str, Any], claim: str) -> str:
    """The account's name. Raises SignInFailed where the claim is not there or not to be relied on."""
    name = claims.get(claim)
    if not isinstance(name, str) or not 0 < len(name) <= LONGEST_NAME or not name.isprintable():
        raise SignInFailed(f"the ID token has no “{claim}” that names an account")
    if claim == "email" and claims.get("email_verified") is not True:
        raise SignInFailed("the provider has not verified the e-mail address")
    return name
