"""Keys of machines: made, told apart from tokens, known again, replaced and revoked.

A key is 256 random bits, so a plain hash of it is enough to know it again and nothing to guess it from.
Its row of ``log_in_session`` is what the guard looks at: a key that was revoked is refused by the very
statement that would have answered.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final, NamedTuple

import orjson

from sessional.access import Actor, Role
from sessional.actions.commands import by_operator
from sessional.actions.loading import Fetch
from sessional.credentials import REMEMBERED_TOKENS, fingerprint
from sessional.diary.values import END_OF_TIME
from sessional.errors import InvalidArgument, Unauthenticated
from sessional.store.store import Store

PREFIX: Final = "sk_sessional_"
# How long a process goes by what it knows of a key. Whether it was revoked is asked with each statement.
REMEMBERED_SECONDS: Final = 60
# How long a key that was replaced goes on working.
GRACE_SECONDS: Final = 86_400
_DEVICE: Final = "API key"


class ApiKey(str):
    """What a request brought, by its form a key."""

    __slots__ = ()


class Ended(StrEnum):
    """Why a key was revoked, as the row of its session says."""

    REVOKED = "REVOKED"
    REPLACED = "REPLACED"


# ---- known again ------------------------------------------------------------------------------------


class _Known(NamedTuple):
    actor: Actor
    until: int


class Keys:
    """Keys that were looked up lately, the oldest forgotten first. One for each process."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def knows(self, key: str, *, now: int) -> bool:
        """Whether a key can be told without a look at the database."""
        known = self._known.get(key)
        return known is not None and now < known.until

    async def actor(self, store: Store, key: str, *, now: int) -> Actor:
        """Who a key speaks for. Raises Unauthenticated."""
        if not self.knows(key, now=now):
            self._known.pop(key, None)
            self._known[key] = await _looked_up(store, key, now)
            if len(self._known) > REMEMBERED_TOKENS:
                self._known.popitem(last=False)
        return self._known[key].actor


async def _looked_up(store: Store, key: str, now: int) -> _Known:
    rows = await store.fetch("api_key_of", key_hash=fingerprint(key), role=Role.SERVICE, now=now)
    if not rows:
        raise Unauthenticated("The API key is not one of ours, or it has ended.")
    account_id, username, sid, root_fields, ends_at = rows[0]
    actor = Actor(
        account_id=account_id,
        username=username,
        role=Role.SERVICE,
        session_id=sid,
        root_fields=None if root_fields is None else frozenset(orjson.loads(root_fields)),
    )
    until = now + REMEMBERED_SECONDS
    return _Known(actor, until if ends_at is None else min(until, ends_at))


# ---- at the command line ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What a new key is made of: chance, the time, and the fields that it is limited to."""

    secret: str
    sid: str
    now: int
    root_fields: Sequence[str] | None = None

    @property
    def key(self) -> str:
        return PREFIX + self.secret


async def add(fetch: Fetch, username: str, making: Making) -> str:
    """A key for a machine, whose account is made where there is none. Raises InvalidArgument where the
    name is a person's, or where the machine has a key."""
    found = await fetch("account_by_name", username=username)
    if not found:
        account = {"username": username, "password_hash": "", "role": Role.SERVICE, "disabled_at": None}
        ((account_id, _),) = await fetch("add_account", **account, therapist_id=None, client_id=None)
    elif found[0][2] != Role.SERVICE:
        raise InvalidArgument(f"There is a user “{username}” already, whose role is {found[0][2]}.")
    else:
        account_id = found[0][0]
        if await fetch("live_api_keys", account_id=account_id, now=making.now):
            raise InvalidArgument(f"{username} has a key: see sessional key rotate and revoke.")
    await _write(fetch, "key add", username, account_id, making)
    return making.key


async def rotate(fetch: Fetch, username: str, making: Making, *, at_once: bool) -> str:
    """Another key with the limits of the newest; those before it end in a day, or ``at_once``."""
    account_id, root_fields = await _newest(fetch, username, making.now)
    if at_once:
        await fetch("end_api_keys", account_id=account_id, now=making.now, reason=Ended.REPLACED)
    else:
        ends_at = making.now + GRACE_SECONDS
        await fetch("let_api_keys_end", account_id=account_id, ends_at=ends_at)
    kept = None if root_fields is None else orjson.loads(root_fields)
    another = Making(secret=making.secret, sid=making.sid, now=making.now, root_fields=kept)
    await _write(fetch, "key rotate", username, account_id, another)
    return another.key


async def revoke(fetch: Fetch, username: str, *, now: int) -> None:
    """The end of all keys of a machine, from the next request on."""
    account_id, _ = await _newest(fetch, username, now)
    await fetch("end_api_keys", account_id=account_id, now=now, reason=Ended.REVOKED)
    await _on_record(fetch, "key revoke", username, account_id, {})


async def _newest(fetch: Fetch, username: str, now: int) -> tuple[int, str | None]:
    """The account and the limits of its newest key that works. Raises InvalidArgument."""
    found = await fetch("account_by_name", username=username)
    keys = await fetch("live_api_keys", account_id=found[0][0], now=now) if found else ()
    if not keys:
        raise InvalidArgument(f"There is no key of “{username}”.")
    return found[0][0], keys[0][1]


async def _write(fetch: Fetch, action: str, username: str, account_id: int, making: Making) -> None:
    limits = None if making.root_fields is None else sorted(set(making.root_fields))
    session: dict[str, Any] = {"sid": making.sid, "account_id": account_id, "now": making.now}
    nothing = {"origin": "", "refresh_hash": "", "vouched_for": 0}
    await fetch("begin_session", **session, **nothing, device=_DEVICE, expires_at=END_OF_TIME - 1)
    await fetch(
        "add_api_key",
        **session,
        key_hash=fingerprint(making.key),
        root_fields=None if limits is None else orjson.dumps(limits).decode(),
    )
    await _on_record(fetch, action, username, account_id, {} if limits is None else {"allow": limits})


async def _on_record(
    fetch: Fetch, action: str, username: str, account_id: int, said: dict[str, Any]
) -> None:
    after = {"username": username, **said}
    await by_operator(fetch, action, object_type="Account", object_id=account_id, after=after)
