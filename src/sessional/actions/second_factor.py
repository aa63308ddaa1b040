"""A second factor for one's own account: set up, confirmed by its first code, turned off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from sessional.access import Actor, Caller
from sessional.actions.codes import forget_codes, use_code
from sessional.actions.desk import Desk
from sessional.actions.entries import Entry, entry_of, note, told
from sessional.actions.entry import Ended, account_values
from sessional.actions.logged_in import checked_password, noticed
from sessional.errors import InvalidInput, SecondFactorWrong, Unauthenticated
from sessional.keyring import second_factor_of
from sessional.second_factor import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    SECRET_BYTES,
    recovery_code_of,
    recovery_hash,
    secret_of,
    step_of,
    uri_of,
)
from sessional.store.store import Transaction

Payload = Mapping[str, Any]


async def begin(desk: Desk, actor: Actor, caller: Caller, *, current_password: str) -> Payload:
    """A new secret, which waits for its first code. It is answered here and never again.

    Raises InvalidInput where the password is wrong or a factor is in force, Unauthenticated, RateLimited.
    """
    with noticed(desk, actor, "beginSecondFactor"):
        checked = await checked_password(desk, actor, caller, current_password)
    secret = secret_of(desk.random_bytes(SECRET_BYTES))
    stored = desk.keyring.close(second_factor_of(actor.account_id), secret)
    entry = _entry(desk, actor, "beginSecondFactor")

    async def change(tx: Transaction) -> None:
        if await _in_force(tx, actor):
            raise InvalidInput("A second factor is in force already. Turn it off first.")
        await tx.fetch("wait_for_second_factor", account_id=actor.account_id, secret=stored)
        await checked.give_back(tx)
        await note(tx.fetch, [told(entry)])

    await desk.store.transact(change)
    return {"secret": secret, "uri": uri_of(secret, actor.username)}


async def confirm(desk: Desk, actor: Actor, *, code: str) -> Payload:
    """In force from now on, as the code shows that the secret has arrived. Recovery codes are answered here
    and never again. All other sessions end: they were opened without the factor.

    Raises InvalidInput where the code is wrong or nothing waits for one, and Unauthenticated.
    """
    codes = [recovery_code_of(desk.random_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]
    mine = {"account_id": actor.account_id}
    entry = _entry(desk, actor, "confirmSecondFactor")

    async def change(tx: Transaction) -> Payload:
        step = await _first_step(tx, desk, actor, code)
        await tx.fetch("use_step", **mine, step=step)
        await tx.fetch("begin_second_factor", **mine, now=desk.now())
        for each in codes:
            await tx.fetch("add_recovery_code", **mine, code_hash=recovery_hash(actor.account_id, each))
        await note(tx.fetch, [told(entry)])
        return await _end_others(tx, desk, actor)

    with noticed(desk, actor, "confirmSecondFactor"):
        return {"recovery_codes": codes, **await desk.store.transact(change)}


async def turn_off(
    desk: Desk, actor: Actor, caller: Caller, *, current_password: str, code: str
) -> Payload:
    """None any more, and the end of all other sessions. Where there is none, nothing is changed.

    Raises InvalidInput where the password or the code is wrong, Unauthenticated, and RateLimited: both
    are counted.
    """
    with noticed(desk, actor, "turnOffSecondFactor"):
        checked = await checked_password(desk, actor, caller, current_password)
    entry = _entry(desk, actor, "turnOffSecondFactor")

    async def change(tx: Transaction) -> Payload:
        if not await _in_force(tx, actor):
            await checked.give_back(tx)
            return {"revoked_session_ids": []}
        said = await use_code(tx.fetch, desk.keyring, actor.account_id, code, now=desk.now())
        if said is None:
            raise InvalidInput(SecondFactorWrong().message, path=["code"])
        await forget_codes(tx.fetch, actor.account_id)
        await checked.give_back(tx)
        await note(tx.fetch, [told(entry, state_after=orjson.dumps(said).decode())])
        return await _end_others(tx, desk, actor)

    with noticed(desk, actor, "turnOffSecondFactor"):
        return await desk.store.transact(change)


async def _first_step(tx: Transaction, desk: Desk, actor: Actor, code: str) -> int:
    """Of which step of time the first code is. Raises InvalidInput, Unauthenticated."""
    in_force = await _in_force(tx, actor)
    waiting = await tx.fetch("second_factor", account_id=actor.account_id)
    if in_force or not waiting:
        raise InvalidInput(
            "No second factor waits for its first code: `beginSecondFactor` comes first.", path=["code"]
        )
    secret = desk.keyring.open(second_factor_of(actor.account_id), waiting[0][0])
    step = step_of(secret, code, now=desk.now())
    if step is None:
        raise InvalidInput("That is not the code of the moment.", path=["code"])
    return step


async def _in_force(tx: Transaction, actor: Actor) -> bool:
    """Whether the account has a second factor; its row is locked from here on. Raises Unauthenticated."""
    locked = await tx.fetch("lock_account", account_id=actor.account_id)
    if not await tx.fetch("account_stands", **account_values(actor)):
        raise Unauthenticated
    return locked[0][0] is not None


async def _end_others(tx: Transaction, desk: Desk, actor: Actor) -> Payload:
    ended = await tx.fetch(
        "revoke_other_sessions",
        account_id=actor.account_id,
        sid=actor.session_id,
        now=desk.now(),
        reason=Ended.SECOND_FACTOR_CHANGED,
    )
    return {"revoked_session_ids": [str(row[0]) for row in ended]}


def _entry(desk: Desk, actor: Actor, action: str) -> Entry:
    """For the record, without anything that could be used. Made before the transaction: on SQLite that runs
    in another thread, which knows of no request."""
    about = {"object_type": "Account", "object_id": actor.account_id}
    return entry_of(actor, action, now=desk.now(), request_id=desk.request_id(), **about)
