"""Open a session for whom the practice's identity provider vouches: the same session as a log-in's.

Nobody gets an account in this way. The account has to be there, by the name that the provider vouches
for, and be active.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from sessional.access import Actor, Caller, Role
from sessional.actions.desk import Desk
from sessional.actions.entry import LogIn, open_session
from sessional.actions.throttle import Taken, take
from sessional.credentials import fingerprint
from sessional.errors import EntryRefused, NotAdmitted
from sessional.store import store as db
from sessional.store.store import Account, Transaction

ACTION: Final = "signIn"


async def sign_in(desk: Desk, caller: Caller, prove: Callable[[], Awaitable[str]]) -> tuple[str, LogIn]:
    """The account's name, and the tokens of its new session; ``prove`` answers whom the provider names.

    Raises RateLimited before anybody is asked, NotAdmitted, and what ``prove`` raises.
    """
    account: Account | None = None
    try:
        taken = await _take_try(desk, caller)
        username = await prove()
        account = await db.account_by_name(desk.store, username)
        if account is None or account.disabled or account.role == Role.SERVICE:
            raise NotAdmitted
    except EntryRefused as refusal:
        desk.notebook.not_let_in(account, refusal.code, desk.request_id(), action=ACTION)
        raise
    actor = Actor(
        account_id=account.account_id,
        username=account.username,
        role=Role(account.role),
        session_id=desk.new_session_id(),
    )
    return username, await open_session(desk, caller, actor, taken, action=ACTION, vouched_for=True)


async def _take_try(desk: Desk, caller: Caller) -> Taken | None:
    """A try from the address, which is given back to whom it lets in. It is not the one of passwords:
    a provider that is down must not keep people from those."""
    rate = desk.log_in_rate
    if rate is None:
        return None

    async def work(tx: Transaction) -> Taken:
        return await take(tx, rate, (fingerprint(f"sign-in {caller.address}"),), now_ms=desk.now_ms())

    return await desk.store.transact(work)
