"""What an action has to hand, and how it speaks of rows: one transaction, who asks, and the time.

An action is a coroutine function ``action(work, **input)`` that answers a mapping: field of the
payload -> value. A row stands there as a ``Ref``; what is asked of it is read in the same transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sessional.access import Actor
from sessional.actions.desk import Desk
from sessional.diary.freed import Freed
from sessional.errors import NotFound
from sessional.store.store import Transaction


@dataclass(frozen=True, slots=True)
class Ref:
    """A row of a type of the graph, by its number."""

    type_name: str
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """One change: everything that an action does with ``tx`` stands or falls together.

    ``freed`` is what it has made free, for those who wait: it is offered to them when the action is done.
    """

    tx: Transaction
    desk: Desk
    actor: Actor
    now: int
    # Off where whoever calls an action tells the clients of all that it does in one mail.
    tells: bool = True
    request_id: str = ""
    freed: list[Freed] = field(default_factory=list)

    def frees(self, therapist_id: int, starts_at: int, ends_at: int, appointment_id: int) -> None:
        """Say that a diary has, or may have, the time again that a session or hold took; of a place in a
        group, the group's."""
        span = {"starts_at": starts_at, "ends_at": ends_at}
        self.freed.append(Freed(therapist_id=therapist_id, appointment_id=appointment_id, **span))

    def opens(self, therapist_id: int, starts_at: int, ends_at: int) -> None:
        """Say that the rules of a diary leave this time open, and did not."""
        self.freed.append(Freed(therapist_id=therapist_id, starts_at=starts_at, ends_at=ends_at))

    async def one(self, statement: str, what: str, **values: Any) -> Any:
        """The first row of a statement; its values are fields of the input.

        Raises NotFound (“There is no {what} with that number”).
        """
        rows = await self.tx.fetch(statement, **values)
        if not rows:
            raise NotFound(what, path=list(values))
        return rows[0]

    async def bump_rules(self, therapist_id: int | None = None) -> None:
        """Say that rules have changed, of one diary or of all, so that nobody goes on with old ones."""
        await self.tx.fetch("bump_rules_clock")
        if therapist_id is not None:
            await self.tx.fetch("bump_rules_version", therapist_id=therapist_id)
