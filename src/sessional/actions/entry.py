"""Log in, and go on being logged in.

A log-in opens a session: a row of its own, whose number its tokens carry. Refresh tokens rotate: each
is good for one refresh, and one that comes again says that two have it. Then neither may go on.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final

import orjson

from sessional.access import SETTING_UP, STAFF, Actor, Caller, Role
from sessional.actions.codes import use_code
from sessional.actions.desk import Desk
from sessional.actions.entries import Entry, Outcome, entry_of, note, told
from sessional.actions.loading import Fetch
from sessional.actions.throttle import Taken, buckets, take
from sessional.credentials import LONGEST_PASSWORD, Kind, fingerprint
from sessional.errors import (
    BadCredentials,
    EntryRefused,
    RateLimited,
    SecondFactorRequired,
    SecondFactorWrong,
    Unauthenticated,
)
from sessional.observe import Warned
from sessional.store import store as db
from sessional.store.store import Account, Transaction

_ENDED: Final = "The account is not active any more, or the session has ended."


class Ended(StrEnum):
    """Why a session was revoked, as its row says."""

    LOGGED_OUT = "LOGGED_OUT"
    REVOKED = "REVOKED"
    PASSWORD_CHANGED = "PASSWORD_CHANGED"  # noqa: S105 - a reason
    SECOND_FACTOR_CHANGED = "SECOND_FACTOR_CHANGED"
    REFRESH_TOKEN_REUSED = "REFRESH_TOKEN_REUSED"  # noqa: S105 - a reason


@dataclass(frozen=True, slots=True, kw_only=True)
class LogIn:
    """The two tokens of a session."""

    access_token: str
    refresh_token: str


async def log_in(
    desk: Desk, caller: Caller, *, username: str, password: str, code: str | None = None
) -> LogIn:
    """Open a session. Raises BadCredentials, in about the same time whatever is wrong, and RateLimited;
    SecondFactorRequired and SecondFactorWrong once the password was right."""
    if len(password) > LONGEST_PASSWORD:
        account = await db.account_by_name(desk.store, username)
        desk.notebook.not_let_in(account, BadCredentials.code, desk.request_id())
        raise BadCredentials
    async with desk.hashing.place():
        account = await db.account_by_name(desk.store, username)
        try:
            taken = await take_try(desk, caller, username, account)
        except RateLimited as refusal:
            desk.notebook.not_let_in(account, refusal.code, desk.request_id())
            raise
        known_hash = None if account is None else account.password_hash
        fits = await desk.hashing.run(desk.passwords.match, password, known_hash)
    machine = account is not None and account.role == Role.SERVICE  # it has a key of its own
    if account is None or account.disabled or machine or not fits:
        desk.notebook.not_let_in(account, BadCredentials.code, desk.request_id())
        raise BadCredentials
    actor = Actor(
        account_id=account.account_id,
        username=account.username,
        role=Role(account.role),
        session_id=desk.new_session_id(),
    )
    try:
        return await open_session(desk, caller, actor, taken, code=code)
    except EntryRefused as refusal:
        desk.notebook.not_let_in(account, refusal.code, desk.request_id())
        raise


async def take_try(desk: Desk, caller: Caller, username: str, account: Account | None) -> Taken | None:
    """A try at a password, before it is looked at. Raises RateLimited."""
    rate = desk.log_in_rate
    if rate is None:
        return None

    async def work(tx: Transaction) -> Taken:
        known = account is not None and await tx.fetch(
            "known_origin",
            account_id=account.account_id,
            origin=origin(account.account_id, caller),
            now=desk.now(),
        )
        names = buckets(caller, username, known=bool(known))
        return await take(tx, rate, names, now_ms=desk.now_ms())

    return await desk.store.transact(work)


async def open_session(
    desk: Desk,
    caller: Caller,
    actor: Actor,
    taken: Taken | None,
    *,
    code: str | None = None,
    action: str = "auth",
    vouched_for: bool = False,
) -> LogIn:
    """A new session of an actor who has proved who they are; the try is given back. Nobody is asked for a
    second factor whom an identity provider vouches for: that is the provider's.

    Raises SecondFactorRequired, SecondFactorWrong.
    """
    now, token_id = desk.now(), desk.new_session_id()
    session = {
        "sid": actor.session_id,
        "account_id": actor.account_id,
        "device": caller.device,
        "origin": origin(actor.account_id, caller),
        "refresh_hash": fingerprint(token_id),
        "now": now,
        "expires_at": now + desk.tokens.lifetimes.refresh_seconds,
        "vouched_for": int(vouched_for),
    }

    entry = _entry(desk, actor, action)

    async def work(tx: Transaction) -> bool | EntryRefused:
        """Whether a second factor stands behind it; or why it is refused. What is refused for a missing
        code gives the try back: the password was right. A wrong code is a wrong try."""
        locked = await tx.fetch("lock_account", account_id=actor.account_id)
        if not locked:
            return BadCredentials()  # the account has gone since
        since = locked[0][0]
        said: dict[str, Any] = {}
        if since is not None and code is not None and not vouched_for:
            used = await use_code(tx.fetch, desk.keyring, actor.account_id, code, now=now)
            if used is None:
                return SecondFactorWrong()
            said = {"state_after": orjson.dumps(used).decode()}
        if taken is not None:
            await taken.give_back(tx)
        if since is not None and code is None and not vouched_for:
            return SecondFactorRequired()
        await tx.fetch("begin_session", **session)
        await note(tx.fetch, [told(entry, **said)])
        return vouched_for or since is not None

    opened = await desk.store.transact(work)
    if isinstance(opened, EntryRefused):
        raise opened
    return _tokens(desk, actor, token_id, now=now, has_second_factor=opened)


def _tokens(desk: Desk, actor: Actor, token_id: str, *, now: int, has_second_factor: bool) -> LogIn:
    return LogIn(
        access_token=_access_token(desk, actor, now=now, has_second_factor=has_second_factor),
        refresh_token=desk.tokens.make(Kind.REFRESH, actor, now=now, token_id=token_id),
    )


def _access_token(desk: Desk, actor: Actor, *, now: int, has_second_factor: bool) -> str:
    """An access token; of staff who have to set up a second factor first, one that is for that alone."""
    limited = desk.wants_second_factor and actor.role in STAFF and not has_second_factor
    given = replace(actor, root_fields=SETTING_UP) if limited else actor
    return desk.tokens.make(Kind.ACCESS, given, now=now)


def _entry(desk: Desk, actor: Actor, action: str, **more: Any) -> Entry:
    """An entry of the record about an account and how it is logged in."""
    about = {"object_type": "Account", "object_id": actor.account_id, **more}
    return entry_of(actor, action, now=desk.now(), request_id=desk.request_id(), **about)


def origin(account_id: int, caller: Caller) -> str:
    """Where an account logs in from, so that it can be known again but not be read."""
    return fingerprint(f"{account_id} {caller.address}")


# ---- going on -----------------------------------------------------------------------------------


async def refresh(desk: Desk, caller: Caller, *, refresh_token: str) -> LogIn:
    """New tokens. Raises Unauthenticated where the refresh token, its session or its account is no good.

    Where tokens do not rotate, the refresh token is the one that came.
    """
    now = desk.now()
    given = desk.tokens.read(Kind.REFRESH, refresh_token, now=now)
    account = await desk.store.fetch("account_stands", **account_values(given.actor))
    if not account:
        raise Unauthenticated(_ENDED)
    has_second_factor = bool(account[0][3])
    session = {"sid": given.actor.session_id, "account_id": given.actor.account_id}
    current = {**session, "refresh_hash": fingerprint(given.token_id), "now": now}
    if not desk.rotates:
        if not await desk.store.fetch("touch_session", **current):
            raise Unauthenticated("The refresh token is not the session's. Log in again.")
        access_token = _access_token(desk, given.actor, now=now, has_second_factor=has_second_factor)
        return LogIn(access_token=access_token, refresh_token=refresh_token)
    token_id = desk.new_session_id()
    next_ = {"new_hash": fingerprint(token_id), "expires_at": now + desk.tokens.lifetimes.refresh_seconds}
    said = {"outcome": Outcome.REFUSED, "code": Ended.REFRESH_TOKEN_REUSED}
    rotation = _Rotation(
        session=session,
        values={**current, **next_},
        caller=caller,
        desk=desk,
        revoked=_entry(desk, given.actor, "refresh", **said),
    )
    rotated = await desk.store.transact(rotation.run)
    if rotated.revoked is not None:
        account_id = given.actor.account_id
        desk.notice(Warned(message=_reused(rotated.revoked, account_id)))
    if not rotated.won:
        raise Unauthenticated("The refresh token has been used before. Log in again.")
    return _tokens(desk, given.actor, token_id, now=now, has_second_factor=has_second_factor)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rotated:
    """Whether the token was the one in force, else the number of the session that was revoked for it."""

    won: bool = False
    revoked: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rotation:
    """One refresh token for another, or what it means that it cannot be."""

    session: dict[str, Any]
    values: dict[str, Any]
    caller: Caller
    desk: Desk
    # What goes on record where the session is revoked.
    revoked: Entry

    async def run(self, tx: Transaction) -> _Rotated:
        """A dead token revokes its session, and that is kept: so this answers, and others refuse."""
        if await tx.fetch("rotate_session", now_ms=self.desk.now_ms(), **self.values):
            return _Rotated(won=True)
        known = await tx.fetch("session_tokens", **self.session)
        if not known:
            return _Rotated()
        number, previous_hash, rotated_at_ms, revoked_at = known[0]
        at_once = self.values["refresh_hash"] == previous_hash and self.caller.arrived_at_ms < rotated_at_ms
        # A request that came before the token died could not know: it is refused, and nothing more.
        if revoked_at or at_once:
            return _Rotated()
        now, reason = self.values["now"], Ended.REFRESH_TOKEN_REUSED
        await tx.fetch("revoke_session", **self.session, now=now, reason=reason)
        await note(tx.fetch, [told(self.revoked)])
        return _Rotated(revoked=number)


def _reused(number: int, account_id: int) -> str:
    return (
        f"A refresh token that was dead came again: session {number} of account {account_id} is revoked. "
        "Somebody may have copied it."
    )


async def standing(fetch: Fetch, actor: Actor) -> Actor:
    """The actor with the therapist or client that the account belongs to just now: the guard, where no
    statement of a field would bring it along. Raises Unauthenticated."""
    rows = await fetch("account_stands", **account_values(actor))
    if not rows:
        raise Unauthenticated(_ENDED)
    _, therapist_id, client_id, _ = rows[0]
    return replace(actor, therapist_id=therapist_id, client_id=client_id)


def account_values(actor: Actor) -> dict[str, Any]:
    """The actor as the guard's statements want it."""
    return {
        "account_id": actor.account_id,
        "username": actor.username,
        "role": actor.role,
        "sid": actor.session_id,
    }
