"""Observations -> Python's logging library, and how that is set up for the whole process."""

from __future__ import annotations

import logging
import time
from typing import Any, Final

from sessional.observe import (
    FaultHappened,
    Observation,
    Observer,
    PlainAnswered,
    RequestAnswered,
    ServiceStarted,
    ServiceStopped,
    Warned,
)
from sessional.observers.batched import Batched
from sessional.observers.faults import Allowance
from sessional.observers.lines import HumanLines, JsonLines

STDERR: Final = 2
# Beyond so many faults a second, each is still one line, but without its frames.
FRAMES_EACH_SECOND: Final = 20

_log = logging.getLogger("sessional")
# A record of logging's own making asks for the caller, the thread and the process, which takes
# longer than everything else about a line. These are such records, to be copied.
_BLANKS: Final[dict[int, dict[str, Any]]] = {
    level: vars(logging.LogRecord("sessional", level, __file__, 0, "", (), None))
    for level in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR)
}


def logs(log_format: str, level: str) -> Observer:
    """Set logging up for this process, and answer who writes the lines of requests."""
    handler = set_up(log_format, level)
    with_frames = Allowance(FRAMES_EACH_SECOND)

    def observe(observation: Observation) -> None:
        if type(observation) is RequestAnswered:
            if _log.isEnabledFor(logging.INFO):
                _log.handle(_record(logging.INFO, observation))
        elif type(observation) is PlainAnswered:
            level = _plain_level(observation)
            if _log.isEnabledFor(level):
                _log.handle(_record(level, observation))
        elif type(observation) is FaultHappened:
            _log.handle(_record(logging.ERROR, observation, with_frames=with_frames.takes()))
        elif isinstance(observation, Warned):
            _log.warning("%s", observation.message)
        elif isinstance(observation, ServiceStarted):
            handler.at_once = False
            _log.info("started, with the data in %s", observation.database)
        elif isinstance(observation, ServiceStopped):
            # A worker's life may end by a signal as soon as it has stopped.
            handler.at_once = True
            _log.info("stopped")

    return observe


def set_up(log_format: str, level: str) -> Batched:
    """One handler for everything that this process logs: ours, uvicorn's, warnings of the others."""
    root = logging.getLogger()
    handler = next((h for h in root.handlers if isinstance(h, Batched)), None)
    if handler is None:
        handler = Batched(STDERR)
        root.addHandler(handler)
    handler.setFormatter(JsonLines() if log_format == "json" else HumanLines())
    least = logging.getLevelName(level.upper())
    root.setLevel(max(least, logging.WARNING))
    for name in ("sessional", "uvicorn"):
        logging.getLogger(name).setLevel(least)
    return handler


def _record(level: int, observation: Observation, **more: Any) -> logging.LogRecord:
    record = logging.LogRecord.__new__(logging.LogRecord)
    created = time.time()
    record.__dict__ = _BLANKS[level] | more
    record.msg = observation
    record.created, record.msecs = created, created % 1 * 1000
    return record


def _plain_level(seen: PlainAnswered) -> int:
    if seen.status >= 500:
        return logging.WARNING
    return logging.DEBUG if seen.is_health else logging.INFO
