"""What goes on record though nothing was changed: what was read of clients, and refusals of access.

It is noticed while a request is answered, which costs it a few microseconds, and written in batches
within a second. What is alike within a batch makes one entry: a list that is read again and again, or
somebody who is refused a thousand times. What a worker has noticed and not yet written is lost if it is
killed; changes are written in their own transactions and never lost.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import orjson

from sessional.access import Actor, name_on_record
from sessional.actions.entries import Entry, Outcome, note, told
from sessional.store.store import Account, Store, Transaction

# Different entries of one batch: enough for any second, little enough to be held where the database is
# away. What comes beyond is told as a number.
MOST_ENTRIES: Final = 10_000
# Clients that one entry names; a longer list makes several entries.
CLIENTS_TOGETHER: Final = 1_000
# What an entry says of an operation's name, which the caller chooses.
LONGEST_NAME: Final = 100


class _What(NamedTuple):
    """What entries have in common that become one."""

    account_id: int
    username: str
    role: str
    action: str
    outcome: Outcome
    code: str | None


@dataclass(slots=True)
class _Noticed:
    """How often it happened, in which request first, and about which clients."""

    request_id: str
    times: int = 0
    clients: set[str] = field(default_factory=set)


_BEYOND: Final = _What(0, "", "", "(others)", Outcome.REFUSED, None)


class Notebook:
    """Notices for the record. One for each process."""

    def __init__(self) -> None:
        self._noticed: dict[_What, _Noticed] = {}

    def refused(self, actor: Actor, action: str, code: str, request_id: str) -> None:
        """An account that is known was refused access to a field."""
        self._add(_what(actor, action, Outcome.REFUSED, code), request_id, ())

    def not_let_in(
        self, account: Account | None, code: str, request_id: str, *, action: str = "auth"
    ) -> None:
        """A log-in failed. What was typed is not kept: of a name that nobody has, it may be a password."""
        if account is None:
            what = _What(0, "", "", action, Outcome.REFUSED, code)
        else:
            name = name_on_record(account.account_id, account.username, account.role)
            what = _What(account.account_id, name, account.role, action, Outcome.REFUSED, code)
        self._add(what, request_id, ())

    def read(
        self, actor: Actor, field: str, operation: str | None, clients: Iterable[str], request_id: str
    ) -> None:
        """An account was answered data of clients by a field of an operation."""
        action = f"{field} ({operation[:LONGEST_NAME]})" if operation else field
        self._add(_what(actor, action, Outcome.READ, None), request_id, clients)

    def _add(self, what: _What, request_id: str, clients: Iterable[str]) -> None:
        noticed = self._noticed.get(what)
        if noticed is None:
            if len(self._noticed) >= MOST_ENTRIES:
                what = _BEYOND
            noticed = self._noticed.setdefault(what, _Noticed(request_id))
        noticed.times += 1
        noticed.clients.update(clients)

    async def write(self, store: Store, *, now: int) -> None:
        """Put on record what was noticed since the last time. Where that fails, it is kept for the next."""
        if not self._noticed:
            return
        noticed, self._noticed = self._noticed, {}
        entries = [told(e) for what, times in noticed.items() for e in _entries(what, times, now)]

        async def attempt(tx: Transaction) -> None:
            await note(tx.fetch, entries)

        try:
            await store.transact(attempt)
        except Exception:
            self._keep(noticed)
            raise

    def _keep(self, noticed: dict[_What, _Noticed]) -> None:
        newer, self._noticed = self._noticed, noticed
        for what, more in newer.items():
            self._add(what, more.request_id, more.clients)
            self._noticed.get(what, more).times += more.times - 1


def _what(actor: Actor, action: str, outcome: Outcome, code: str | None) -> _What:
    return _What(actor.account_id, actor.name_on_record, actor.role.value, action, outcome, code)


def _entries(what: _What, noticed: _Noticed, now: int) -> Iterator[Entry]:
    """The entries of one kind: of a client alone under the client's number, of many as a list."""
    clients = sorted(map(int, noticed.clients))
    for first in range(0, max(1, len(clients)), CLIENTS_TOGETHER):
        some = clients[first : first + CLIENTS_TOGETHER]
        said: dict[str, Any] = {} if noticed.times == 1 else {"times": noticed.times}
        if len(some) > 1:
            said["clientIds"] = some
        yield Entry(
            happened_at=now,
            account_id=what.account_id,
            username=what.username,
            role=what.role,
            action=what.action,
            object_type="Client" if some else None,
            object_id=some[0] if len(some) == 1 else None,
            outcome=what.outcome,
            code=what.code,
            state_after=orjson.dumps(said).decode() if said else None,
            request_id=noticed.request_id,
        )
