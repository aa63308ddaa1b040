"""One's own account: leave, see to it that others leave, take another password."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sessional.access import Actor, Caller
from sessional.actions.desk import Desk
from sessional.actions.entries import entry_of, note, told
from sessional.actions.entry import Ended, account_values, take_try
from sessional.actions.throttle import Taken
from sessional.actions.work import Work
from sessional.credentials import LONGEST_PASSWORD, SHORTEST_PASSWORD
from sessional.errors import InvalidInput, Unauthenticated
from sessional.store import store as db
from sessional.store.store import Transaction


async def logout(work: Work) -> Mapping[str, Any]:
    """End the session that asks: its tokens are worth nothing from the next request on."""
    mine = {"sid": work.actor.session_id, "account_id": work.actor.account_id}
    ended = await work.tx.fetch("revoke_session", **mine, now=work.now, reason=Ended.LOGGED_OUT)
    return {"revoked_session_ids": [str(row[0]) for row in ended]}


async def revoke_sessions(work: Work, *, session_ids: Sequence[int] | None = None) -> Mapping[str, Any]:
    """End sessions of one's own: those that are named, or all but the one that asks.

    A number that is nobody's, somebody else's or that of a session that has ended names nothing.
    """
    ending = {"account_id": work.actor.account_id, "now": work.now, "reason": Ended.REVOKED}
    if session_ids is None:
        sid = work.actor.session_id
        ended = list(await work.tx.fetch("revoke_other_sessions", sid=sid, **ending))
    else:
        ended = []
        for number in dict.fromkeys(session_ids):
            ended += await work.tx.fetch("revoke_numbered_session", log_in_session_id=number, **ending)
    return {"revoked_session_ids": [str(row[0]) for row in ended]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """A password that was right, by its hash, and the try that it was."""

    password_hash: str | None
    taken: Taken | None

    async def give_back(self, tx: Transaction) -> None:
        """The try was none."""
        if self.taken is not None:
            await self.taken.give_back(tx)


@contextmanager
def noticed(desk: Desk, actor: Actor, action: str) -> Iterator[None]:
    """A password or a code that is refused goes on record: whoever has a stolen token may be guessing."""
    request_id = desk.request_id()
    try:
        yield
    except InvalidInput as refusal:
        desk.notebook.refused(actor, action, refusal.code, request_id)
        raise


async def checked_password(desk: Desk, actor: Actor, caller: Caller, password: str) -> Checked:
    """One's own password, as one has typed it. Raises InvalidInput where it is another, Unauthenticated,
    and RateLimited: a stolen token is no leave to guess the password."""
    if not await desk.store.fetch("account_stands", **account_values(actor)):
        raise Unauthenticated  # before anything is said about the password
    if len(password) > LONGEST_PASSWORD:
        raise _not_yours()
    async with desk.hashing.place():
        account = await db.account_by_name(desk.store, actor.username)
        taken = await take_try(desk, caller, actor.username, account)
        known_hash = None if account is None else account.password_hash
        if not await desk.hashing.run(desk.passwords.match, password, known_hash):
            raise _not_yours()
    return Checked(password_hash=known_hash, taken=taken)


async def change_password(
    desk: Desk, actor: Actor, caller: Caller, *, current_password: str, new_password: str
) -> Mapping[str, Any]:
    """Another password, and the end of all other sessions. Raises InvalidInput, Unauthenticated, and
    RateLimited.

    The hashes are made before the transaction, which may not wait for them; where the password was
    changed in between, the current one is no longer that.
    """
    if not await desk.store.fetch("account_stands", **account_values(actor)):
        raise Unauthenticated  # before anything is said about the password
    check_new_password(new_password, path="newPassword")
    with noticed(desk, actor, "changePassword"):
        checked = await checked_password(desk, actor, caller, current_password)
    async with desk.hashing.place():
        new_hash = await desk.hashing.run(desk.passwords.hash, new_password)
    now, sid = desk.now(), actor.session_id
    about = {"object_type": "Account", "object_id": actor.account_id}
    entry = entry_of(actor, "changePassword", now=now, request_id=desk.request_id(), **about)

    async def change(tx: Transaction) -> Sequence[Sequence[Any]]:
        if not await tx.fetch("account_stands", **account_values(actor)):
            raise Unauthenticated
        hashes = {"password_hash": new_hash, "known_hash": checked.password_hash}
        if not await tx.fetch("replace_password_hash", account_id=actor.account_id, **hashes):
            raise _not_yours()
        await checked.give_back(tx)
        await note(tx.fetch, [told(entry)])
        ending = {"account_id": actor.account_id, "sid": sid, "now": now, "reason": Ended.PASSWORD_CHANGED}
        return await tx.fetch("revoke_other_sessions", **ending)

    ended = await desk.store.transact(change)
    return {"revoked_session_ids": [str(row[0]) for row in ended]}


def check_new_password(password: str, *, path: str) -> None:
    """Raises InvalidInput for a password that is too short, too long, or that nobody can type."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD or "\0" in password:
        raise InvalidInput(
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD:,} characters.", path=[path]
        )


def _not_yours() -> InvalidInput:
    return InvalidInput("That is not your password.", path=["currentPassword"])
