"""Log in, and go on being logged in."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

from sessional.access import Actor, Role
from sessional.actions.desk import Desk
from sessional.credentials import LONGEST_PASSWORD, Kind
from sessional.errors import BadCredentials, Unauthenticated
from sessional.store import store as db


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    """The two tokens of a session."""

    access_token: str
    refresh_token: str


async def log_in(desk: Desk, *, username: str, password: str) -> LogIn:
    """Open a session. Raises BadCredentials, in about the same time whatever is wrong."""
    if len(password) > LONGEST_PASSWORD:
        raise BadCredentials
    account = await db.account_by_name(desk.store, username)
    known_hash = None if account is None else account.password_hash
    loop = asyncio.get_running_loop()
    fits = await loop.run_in_executor(desk.hashing, desk.passwords.match, password, known_hash)
    if account is None or account.disabled or not fits:
        raise BadCredentials
    actor = Actor(
        account_id=account.account_id,
        username=account.username,
        role=Role(account.role),
        session_id=desk.new_session_id(),
    )
    now = desk.now()
    return LogIn(
        access_token=desk.tokens.make(Kind.ACCESS, actor, now=now),
        refresh_token=desk.tokens.make(Kind.REFRESH, actor, now=now),
    )


async def refresh(desk: Desk, *, refresh_token: str) -> str:
    """A new access token. Raises Unauthenticated where the refresh token or its account is no good."""
    now = desk.now()
    actor, _ = desk.tokens.read(Kind.REFRESH, refresh_token, now=now)
    if not await desk.store.fetch("account_stands", **account_values(actor)):
        raise Unauthenticated("The account is not active any more.")
    return desk.tokens.make(Kind.ACCESS, actor, now=now)


def account_values(actor: Actor) -> dict[str, Any]:
    """The actor as the guard's statements want it."""
    return {"account_id": actor.account_id, "username": actor.username, "role": actor.role}
