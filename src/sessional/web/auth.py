"""Token -> Actor, from a request's headers."""

from __future__ import annotations

from sessional.access import Actor
from sessional.actions import Desk
from sessional.actions.keys import PREFIX, ApiKey
from sessional.credentials import Tokens
from sessional.errors import SessionalError, Unauthenticated


def who(
    authorization: bytes | None, tokens: Tokens, *, now: int
) -> Actor | ApiKey | Unauthenticated | None:
    """The actor of an Authorization header, why there is none, or None without a header; a machine's key
    as it came, because the database has to be asked for it.

    The scheme is case-insensitive (RFC 9110, section 11.1), the token is not.
    """
    if authorization is None:
        return None
    scheme, _, token = authorization.partition(b" ")
    if scheme.lower() != b"bearer":
        return Unauthenticated("The Authorization header takes the form: Bearer <accessToken>.")
    try:
        text = token.strip().decode("ascii")
        return ApiKey(text) if text.startswith(PREFIX) else tokens.actor(text, now=now)
    except UnicodeDecodeError:
        return Unauthenticated("The token is not one of ours. Log in first.")
    except Unauthenticated as refusal:
        return refusal


async def whose(key: ApiKey, desk: Desk) -> Actor | SessionalError:
    """The actor of a machine's key, or why there is none: it is not known, or the database is away."""
    try:
        return await desk.keys.actor(desk.store, key, now=desk.now())
    except SessionalError as error:
        return error
