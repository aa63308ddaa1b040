"""Who takes part in a session: the same for one session, a series, a request."""

from __future__ import annotations

from collections.abc import Sequence

from sessional.access import Actor
from sessional.actions.own import sees_client
from sessional.diary.values import Interval
from sessional.errors import ClientBusy, NotFound
from sessional.store.store import Transaction


async def know_clients(tx: Transaction, actor: Actor, client_ids: Sequence[int]) -> None:
    """Raises NotFound where one of the clients does not exist, or is not the actor's to see."""
    if not client_ids:
        return
    known = await tx.fetch("clients_known", client_ids=tx.dialect.pack(list(client_ids)))
    seen = [await sees_client(tx.fetch, actor, client_id) for client_id in client_ids]
    if len(known) < len(set(client_ids)) or not all(seen):
        raise NotFound("client", path=["clientIds"])


async def clear_places(tx: Transaction, appointment_id: int, *, account_id: int, now: int) -> None:
    """Take away holds of places that ran out, and the account's own: the constraint counts them all."""
    await tx.fetch("clear_places", appointment_id=appointment_id, account_id=account_id, now=now)


async def join_clients(
    tx: Transaction, appointment_id: int, client_ids: Sequence[int], wanted: Interval
) -> None:
    """The clients, who are known, into the session. Raises ClientBusy."""
    span = {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at}
    for client_id in dict.fromkeys(client_ids):
        if await tx.fetch("client_busy", client_id=client_id, **span):
            raise ClientBusy
        await tx.fetch("join_appointment", appointment_id=appointment_id, client_id=client_id)
