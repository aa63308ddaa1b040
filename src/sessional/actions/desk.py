"""What all actions work with."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from sessional.credentials import Passwords, Tokens
from sessional.observe import Observation
from sessional.store.store import Store


def _nobody_looks(_: Observation) -> None:
    """Where nobody watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the actions work with. ``now`` answers whole seconds since 1970, ``now_ms`` thousandths.

    ``rotates`` says whether a refresh gives a new refresh token; ``notice`` tells whoever watches.
    """

    store: Store
    tokens: Tokens
    passwords: Passwords
    hashing: Executor
    now: Callable[[], int]
    now_ms: Callable[[], int]
    new_session_id: Callable[[], str]
    hold_seconds: int = 300
    rotates: bool = True
    notice: Callable[[Observation], None] = _nobody_looks
