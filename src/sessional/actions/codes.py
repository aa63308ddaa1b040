"""Codes of a second factor, each good for one use: those that an app shows, and recovery codes.

Whoever uses one up has the account's row locked, so that of two requests with the same code one finds it
used. The secret lies encrypted and bound to its account; of recovery codes only hashes are kept.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sessional.actions.loading import Fetch
from sessional.keyring import Keyring, second_factor_of
from sessional.second_factor import is_of_the_time, recovery_hash, step_of


async def use_code(
    fetch: Fetch, keyring: Keyring, account_id: int, code: str, *, now: int
) -> Mapping[str, Any] | None:
    """Use a code up: what the record says of it; None where it is no good, or was used before.

    A code of an earlier step than the last one used is no good either (RFC 6238, section 5.2).
    """
    if not is_of_the_time(code):
        return await _use_recovery_code(fetch, account_id, code)
    for (stored,) in await fetch("second_factor", account_id=account_id):
        step = step_of(keyring.open(second_factor_of(account_id), stored), code, now=now)
        if step is not None and await fetch("use_step", account_id=account_id, step=step):
            return {"secondFactor": "code"}
    return None


async def _use_recovery_code(fetch: Fetch, account_id: int, code: str) -> Mapping[str, Any] | None:
    used = await fetch(
        "use_recovery_code", account_id=account_id, code_hash=recovery_hash(account_id, code)
    )
    if not used:
        return None
    ((left,),) = await fetch("recovery_codes_left", account_id=account_id)
    return {"secondFactor": "recovery code", "recoveryCodesLeft": left}


async def forget_codes(fetch: Fetch, account_id: int) -> None:
    """The account has no second factor any more, and none that waits."""
    for statement in ("end_second_factor", "forget_second_factor", "forget_recovery_codes"):
        await fetch(statement, account_id=account_id)
