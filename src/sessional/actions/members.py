"""Who takes part in a session, and the room it is in: the same for one session, a series, a request."""

from __future__ import annotations

from collections.abc import Sequence

from sessional.diary.values import Interval
from sessional.errors import ClientBusy, NotFound, RoomTaken
from sessional.store.store import Transaction


async def know_clients(tx: Transaction, client_ids: Sequence[int]) -> None:
    """Raises NotFound where one of the clients does not exist."""
    if client_ids:
        known = await tx.fetch("clients_known", client_ids=tx.dialect.pack(list(client_ids)))
        if len(known) < len(set(client_ids)):
            raise NotFound("client", path=["clientIds"])


async def join_clients(
    tx: Transaction, appointment_id: int, client_ids: Sequence[int], wanted: Interval
) -> None:
    """The clients, who are known, into the session. Raises ClientBusy."""
    span = {"starts_at": wanted.starts_at, "ends_at": wanted.ends_at}
    for client_id in dict.fromkeys(client_ids):
        if await tx.fetch("client_busy", client_id=client_id, **span):
            raise ClientBusy
        await tx.fetch("join_appointment", appointment_id=appointment_id, client_id=client_id)


async def free_room(tx: Transaction, wanted: Interval) -> int:
    """The first room that nobody has at that time. Raises RoomTaken."""
    rooms = await tx.fetch("free_room", starts_at=wanted.starts_at, ends_at=wanted.ends_at)
    if not rooms:
        raise RoomTaken
    return int(rooms[0][0])
