"""Passwords and tokens. Knows no database and no request; time arrives as an argument.

Passwords: argon2id (RFC 9106) with the library's recommended parameters. Tokens: JWT (RFC 7519)
signed by HS256 alone, keyed with the secret's UTF-8 bytes as they are, so that another service
that has the secret can verify them.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

import argon2
import jwt

from sessional.access import SETTING_UP, Actor, Role
from sessional.errors import Unauthenticated

ALGORITHM: Final = "HS256"
SHORTEST_PASSWORD: Final = 8
LONGEST_PASSWORD: Final = 1_000
REMEMBERED_TOKENS: Final = 10_000


class Passwords:
    """Hashes and checks passwords. Each takes some 30 ms of processor time on purpose."""

    def __init__(self) -> None:
        self._hasher = argon2.PasswordHasher()
        # Compared with where there is no such user, so that both answers take the same time. Nothing has
        # this hash, and it costs no start of the program the time of making one.
        cost = f"m={self._hasher.memory_cost},t={self._hasher.time_cost},p={self._hasher.parallelism}"
        self._nobody = f"$argon2id$v=19${cost}${'A' * 22}${'A' * 43}"

    def hash(self, password: str) -> str:
        return self._hasher.hash(password)

    def match(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is the hashed one; without a hash, no, but no sooner."""
        try:
            self._hasher.verify(password_hash or self._nobody, password)
        except (argon2.exceptions.VerificationError, argon2.exceptions.InvalidHashError):
            return False
        return bool(password_hash)


def fingerprint(text: str) -> str:
    """What is kept of a text that must not be kept: its SHA-256. For long random texts, not passwords."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Kind(StrEnum):
    """What a token is for. One kind is never taken for the other."""

    ACCESS = "access"
    REFRESH = "refresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long tokens last, in seconds."""

    access_seconds: int
    refresh_seconds: int

    def of(self, kind: Kind) -> int:
        return self.access_seconds if kind is Kind.ACCESS else self.refresh_seconds


class Read(NamedTuple):
    """What a token says: who, until when, and for a refresh token, which of the session's it is."""

    actor: Actor
    ends_at: int
    token_id: str


class Tokens:
    """Makes and reads tokens. New ones use the first secret; every secret verifies.

    Tokens that were verified are remembered, the oldest forgotten first; their end is looked
    at every time.
    """

    def __init__(self, secrets: Sequence[str], lifetimes: Lifetimes) -> None:
        self._keys = [secret.encode("utf-8") for secret in secrets]
        self.lifetimes = lifetimes
        self._verified: OrderedDict[str, Read] = OrderedDict()

    def make(self, kind: Kind, actor: Actor, *, now: int, token_id: str | None = None) -> str:
        claims = {
            "sub": actor.username,
            "aid": actor.account_id,
            "role": actor.role.value,
            "sid": actor.session_id,
            "kind": kind.value,
            "iat": now,
            "exp": now + self.lifetimes.of(kind),
        }
        if token_id is not None:
            claims["jti"] = token_id
        if actor.root_fields == SETTING_UP:
            claims["setup"] = True
        return jwt.encode(claims, self._keys[0], algorithm=ALGORITHM)

    def actor(self, access_token: str, *, now: int) -> Actor:
        """Who an access token speaks for. Raises Unauthenticated."""
        known = self._verified.get(access_token)
        if known is None:
            known = self._verified[access_token] = self.read(Kind.ACCESS, access_token, now=now)
            if len(self._verified) > REMEMBERED_TOKENS:
                self._verified.popitem(last=False)
        if now >= known.ends_at:
            del self._verified[access_token]
            raise Unauthenticated("The access token has expired. Use refresh to obtain a new one.")
        return known.actor

    def read(self, kind: Kind, token: str, *, now: int) -> Read:
        """What a token of this kind says. Raises Unauthenticated."""
        claims = self._claims(token)
        if claims.get("kind") != kind:
            raise Unauthenticated(f"This needs a token of the kind “{kind}”.")
        actor, ends = _actor(claims), claims["exp"]
        if type(ends) is not int or now >= ends:
            raise Unauthenticated("The token has expired. Log in again.")
        return Read(actor, ends, str(claims.get("jti", "")))

    def _claims(self, token: str) -> dict[str, Any]:
        for key in self._keys:
            try:
                return jwt.decode(
                    token,
                    key,
                    algorithms=[ALGORITHM],
                    options={
                        "require": ["exp", "iat", "sub"],
                        "verify_exp": False,
                        "verify_iat": False,
                        "verify_nbf": False,
                        "verify_aud": False,
                    },
                )
            except jwt.InvalidTokenError:
                continue
        raise Unauthenticated("The token is not one of ours. Log in first.")


def _actor(claims: dict[str, Any]) -> Actor:
    account_id, username, session_id = claims.get("aid"), claims.get("sub"), claims.get("sid")
    named = isinstance(username, str) and isinstance(session_id, str)
    if type(account_id) is not int or not named or claims.get("role") not in list(Role):
        raise Unauthenticated("The token is not one of ours. Log in first.")
    return Actor(
        account_id=account_id,
        username=str(username),
        role=Role(claims["role"]),
        session_id=str(session_id),
        root_fields=SETTING_UP if claims.get("setup") else None,
    )
