"""What is done at the command line goes on record like everything else, as done by the operator.

There is no account at the command line: whoever can run commands there has the database anyway. No
service may be running, so what is put on record is linked in the same transaction.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import orjson

from sessional.actions.entries import Entry
from sessional.actions.loading import Fetch
from sessional.actions.sealing import seal

OPERATOR: Final = "(command line)"


def entry_of_operator(action: str, *, now: int) -> Entry:
    """An entry about what the operator does, where a change is put on record as a whole."""
    return Entry(happened_at=now, account_id=0, username=OPERATOR, role="OPERATOR", action=action)


async def by_operator(
    fetch: Fetch,
    action: str,
    *,
    object_type: str | None = None,
    object_id: int | None = None,
    after: Mapping[str, Any] | None = None,
) -> None:
    """Put a command on record, in the transaction of what it changed."""
    state = None if after is None else orjson.dumps(after).decode()
    about = {"object_type": object_type, "object_id": object_id}
    await fetch("audit_command", action=action, state_after=state, **about)
    await seal(fetch)
