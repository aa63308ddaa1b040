"""Token -> Actor, from a request's headers."""

from __future__ import annotations

from sessional.access import Actor
from sessional.credentials import Tokens
from sessional.errors import Unauthenticated


def who(authorization: bytes | None, tokens: Tokens, *, now: int) -> Actor | Unauthenticated | None:
    """The actor of an Authorization header, why there is none, or None without a header.

    The scheme is case-insensitive (RFC 9110, section 11.1), the token is not.
    """
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(b" ")
    if scheme.lower() != b"bearer":
        return Unauthenticated("The Authorization header takes the form: Bearer <accessToken>.")
    try:
        return tokens.actor(token.strip().decode("ascii"), now=now)
    except UnicodeDecodeError:
        return Unauthenticated("The token is not one of ours. Log in first.")
    except Unauthenticated as refusal:
        return refusal
