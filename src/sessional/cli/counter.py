"""The desk as the operator uses it at the command line: actions of the API, on record as commands."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from sessional.access import Actor, Role
from sessional.actions import Desk
from sessional.actions.audit import Record
from sessional.actions.commands import OPERATOR, entry_of_operator
from sessional.actions.desk import Hashing
from sessional.actions.sealing import seal
from sessional.actions.waitlist_offers import Giver, offer_freed
from sessional.actions.work import Work
from sessional.credentials import Lifetimes, Passwords, Tokens
from sessional.keyring import Keyring
from sessional.settings import Settings
from sessional.store.postgres import PostgresStore
from sessional.store.sqlite import SqliteStore
from sessional.store.store import Store, Transaction

Deed = Callable[..., Awaitable[Mapping[str, Any]]]

# Who runs commands has the database: there is nothing that an account could keep them from.
_ACTOR: Final = Actor(account_id=0, username=OPERATOR, role=Role.ADMIN, session_id="")
_DEADLINE_SECONDS: Final = 300


@asynccontextmanager
async def opened(place: Path | str, settings: Settings, keyring: Keyring) -> AsyncIterator[Desk]:
    """A desk at which nobody logs in, over a database that may be served meanwhile."""
    store: Store
    if isinstance(place, Path):
        store = SqliteStore(place, deadline_seconds=_DEADLINE_SECONDS)
    else:
        store = PostgresStore(place, connections=1, deadline_seconds=_DEADLINE_SECONDS)
    threads = ThreadPoolExecutor(1)
    desk = Desk(
        store=store,
        tokens=Tokens((), Lifetimes(access_seconds=0, refresh_seconds=0)),
        passwords=Passwords(),
        hashing=Hashing(threads, 1),
        now=lambda: int(time.time()),
        now_ms=lambda: int(time.time() * 1000),
        new_session_id=lambda: "",
        random_bytes=secrets.token_bytes,
        offer_seconds=settings.offer_seconds,
        mails=bool(settings.smtp_url),
        keyring=keyring,
    )
    try:
        yield desk
    finally:
        await store.close()
        threads.shutdown()


async def do(desk: Desk, deed: Deed, command: str, **arguments: Any) -> Mapping[str, Any]:
    """Do what a field of Mutation does, in a transaction of its own, and put it on record as a command."""

    async def attempt(tx: Transaction) -> Mapping[str, Any]:
        work = Work(tx=tx, desk=desk, actor=_ACTOR, now=desk.now())
        entry = entry_of_operator(command, now=work.now)
        record = await Record.begin(tx.fetch, deed.__name__, arguments, entry)
        payload = await deed(work, **arguments)
        await record.end(payload)
        await offer_freed(Giver(tx=tx, desk=desk, now=work.now), work.freed)
        await seal(tx.fetch)
        return payload

    return await desk.store.transact(attempt)


def run(
    place: Path | str,
    settings: Settings,
    work: Callable[[Desk], Awaitable[Any]],
    *,
    keyring: Keyring | None = None,
) -> Any:
    """Do something at the desk and close it again. Without keys it reads and writes nothing encrypted."""

    async def all_of_it() -> Any:
        async with opened(place, settings, keyring or Keyring()) as desk:
            return await work(desk)

    return asyncio.run(all_of_it())
