"""The closed list of things worth noticing. Logs, metrics, traces and Sentry read it, nothing else.

No observation holds a token, a password or personal data: an account is its number, a request its
id, an operation its name.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(slots=True, kw_only=True)
class RequestAnswered:
    """An answer left. Times are in seconds; ``steps`` are parse, plan and run where they happened."""

    request_id: str
    method: str
    path: str
    status: int
    seconds: float
    operation_name: str | None = None
    is_mutation: bool = False
    account_id: int | None = None
    rows: int = 0
    codes: Sequence[str] = ()
    parse_seconds: float = 0.0
    plan_seconds: float = 0.0
    run_seconds: float = 0.0

    @property
    def kind(self) -> str:
        """What was asked for; refused where nothing was executed."""
        if not self.parse_seconds:
            return "refused"
        return "mutation" if self.is_mutation else "query"


@dataclass(slots=True, kw_only=True)
class PlainAnswered:
    """An answer left that is no GraphQL: a page, a file, or one for whoever watches the service."""

    request_id: str
    method: str
    path: str
    status: int
    seconds: float

    @property
    def is_health(self) -> bool:
        """Whether a machine asks this every few seconds."""
        return self.path in ("/healthz", "/readyz", "/metrics")


@dataclass(slots=True, kw_only=True)
class FaultHappened:
    """Something went wrong that is nobody's mistake outside."""

    request_id: str
    error: BaseException


@dataclass(slots=True, kw_only=True)
class ServiceStarted:
    """A worker answers from now on. ``database`` is its address without a password."""

    database: str


@dataclass(slots=True, kw_only=True)
class ServiceStopped:
    """A worker has finished what was in flight."""


@dataclass(slots=True, kw_only=True)
class Warned:
    """Something that whoever runs the service should look at."""

    message: str


Observation = RequestAnswered | PlainAnswered | FaultHappened | ServiceStarted | ServiceStopped | Warned
Observer = Callable[[Observation], None]


def tell(observers: Sequence[Observer], observation: Observation) -> None:
    """Let every observer see it. One that fails has failed alone: the answer is none of its business."""
    for observer in observers:
        try:
            observer(observation)
        except Exception:
            logging.getLogger(__name__).exception("an observer failed")
