"""What all actions work with."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass

from sessional.credentials import Passwords, Tokens
from sessional.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What the actions work with. ``now`` answers whole seconds since 1970."""

    store: Store
    tokens: Tokens
    passwords: Passwords
    hashing: Executor
    now: Callable[[], int]
    new_session_id: Callable[[], str]
    hold_seconds: int = 300
