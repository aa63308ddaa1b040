"""What a log line looks like: for people, or one JSON object. One record is one line.

Only a fault takes more lines, and only for people: its frames follow, indented.
"""

from __future__ import annotations

import logging
import os
import re
import time
from typing import Any, Final
from urllib.parse import quote

import orjson

from sessional.observe import FaultHappened, PlainAnswered, RequestAnswered
from sessional.observers.faults import Link, links

LONGEST_NAME: Final = 64
LONGEST_PATH: Final = 80
LONGEST_MESSAGE: Final = 2_000
MOST_CODES: Final = 5
# A token that somebody put into an address by mistake: they all begin like this.
_TOKEN: Final = re.compile(r"eyJ[\w.-]{20,}")


class Lines(logging.Formatter):
    """What both forms have in common."""

    def __init__(self) -> None:
        super().__init__()
        self._second, self._shown_second = 0, ""

    def time(self, record: logging.LogRecord) -> str:
        """RFC 3339 in UTC, to the millisecond; the part before the point is made once a second."""
        second = int(record.created)
        if second != self._second:
            self._shown_second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
            self._second = second
        return f"{self._shown_second}.{int((record.created - second) * 1000):03d}Z"

    def format(self, record: logging.LogRecord) -> str:
        observation = record.msg
        if type(observation) is RequestAnswered:
            return self.request(record, observation)
        if type(observation) is PlainAnswered:
            return self.plain(record, observation)
        if type(observation) is FaultHappened:
            with_frames = getattr(record, "with_frames", True)
            found = links(observation.error, with_frames=with_frames)
            return self.fault(record, "fault", observation.request_id, found)
        if record.exc_info and record.exc_info[1] is not None:
            return self.fault(record, message(record), "", links(record.exc_info[1]))
        return self.message(record, message(record))

    def request(self, record: logging.LogRecord, seen: RequestAnswered) -> str:
        raise NotImplementedError

    def plain(self, record: logging.LogRecord, seen: PlainAnswered) -> str:
        raise NotImplementedError

    def fault(self, record: logging.LogRecord, text: str, request_id: str, found: list[Link]) -> str:
        raise NotImplementedError

    def message(self, record: logging.LogRecord, text: str) -> str:
        raise NotImplementedError


class HumanLines(Lines):
    """Words in a fixed order, then ``name=value``."""

    def request(self, record: logging.LogRecord, seen: RequestAnswered) -> str:
        line = (
            f"{self.time(record)} INFO {seen.method} {seen.path} {seen.status}"
            f" {seen.seconds * 1000:.2f}ms {seen.kind}={operation(seen.operation_name) or '-'}"
            f" user={seen.account_id or '-'} rows={seen.rows} parse={seen.parse_seconds * 1000:.2f}"
            f" plan={seen.plan_seconds * 1000:.2f} run={seen.run_seconds * 1000:.2f} id={seen.request_id}"
        )
        return f"{line} errors={','.join(codes(seen))}" if seen.codes else line

    def plain(self, record: logging.LogRecord, seen: PlainAnswered) -> str:
        return (
            f"{self._begin(record)} {seen.method} {path(seen.path)} {seen.status}"
            f" {seen.seconds * 1000:.2f}ms id={seen.request_id}"
        )

    def fault(self, record: logging.LogRecord, text: str, request_id: str, found: list[Link]) -> str:
        lines = [f"{self._begin(record)} {text}: {found[0]} id={request_id or '-'}"]
        for link in found:
            if link is not found[0]:
                lines.append(f"    caused by {link}")
            lines += [f"      {frame}" for frame in link.frames]
        return "\n".join(lines)

    def message(self, record: logging.LogRecord, text: str) -> str:
        return f"{self._begin(record)} {text}"

    def _begin(self, record: logging.LogRecord) -> str:
        return f"{self.time(record)} {record.levelname}"


class JsonLines(Lines):
    """One object a line. ``event`` says which of the others there are."""

    def __init__(self) -> None:
        super().__init__()
        self._pid = os.getpid()

    def request(self, record: logging.LogRecord, seen: RequestAnswered) -> str:
        fields = {
            "time": self.time(record),
            "level": "info",
            "event": "request",
            "pid": self._pid,
            "request_id": seen.request_id,
            "method": seen.method,
            "path": seen.path,
            "status": seen.status,
            "kind": seen.kind,
            "operation": operation(seen.operation_name),
            "account_id": seen.account_id,
            "rows": seen.rows,
            "ms": round(seen.seconds * 1000, 3),
            "parse_ms": round(seen.parse_seconds * 1000, 3),
            "plan_ms": round(seen.plan_seconds * 1000, 3),
            "run_ms": round(seen.run_seconds * 1000, 3),
            "codes": codes(seen) if seen.codes else (),
        }
        return orjson.dumps(fields).decode()

    def plain(self, record: logging.LogRecord, seen: PlainAnswered) -> str:
        return self._line(
            record,
            "plain",
            request_id=seen.request_id,
            method=seen.method,
            path=path(seen.path),
            status=seen.status,
            ms=round(seen.seconds * 1000, 3),
        )

    def fault(self, record: logging.LogRecord, text: str, request_id: str, found: list[Link]) -> str:
        chain = [{"type": link.type, "detail": link.detail, "frames": link.frames} for link in found]
        return self._line(record, "fault", request_id=request_id, message=text, error=chain)

    def message(self, record: logging.LogRecord, text: str) -> str:
        return self._line(record, "message", logger=record.name, message=text)

    def _line(self, record: logging.LogRecord, event: str, **fields: Any) -> str:
        level = record.levelname.lower()
        begin = {"time": self.time(record), "level": level, "event": event, "pid": self._pid}
        return orjson.dumps({**begin, **fields}).decode()


# ---- what comes from outside --------------------------------------------------------------------


def operation(name: str | None) -> str | None:
    """An operation's name, which its client chose: a name and no more, or it cannot be believed."""
    if name is None or (len(name) <= LONGEST_NAME and name.isidentifier()):
        return name
    return plain_text(name.replace(" ", "?"), LONGEST_NAME)


def path(text: str) -> str:
    """An address' path as it stood in the request: nothing in it can look like the rest of a line."""
    shown = quote(_TOKEN.sub("TOKEN", text)[: LONGEST_PATH + 1], errors="replace")
    return shown if len(shown) <= LONGEST_PATH else shown[:LONGEST_PATH] + "…"


def codes(seen: RequestAnswered) -> list[str]:
    """The answer's error codes, each once, the first few."""
    return list(dict.fromkeys(seen.codes))[:MOST_CODES]


def message(record: logging.LogRecord) -> str:
    """Somebody else's message. asyncio's go on with an exception's message in further lines."""
    text = record.getMessage()
    if record.name == "asyncio":
        text = text.partition("\n")[0]
    return plain_text(text.strip(), LONGEST_MESSAGE)


def plain_text(text: str, longest: int) -> str:
    """At most so long, without a character that could end a line or move a terminal's cursor."""
    text = text if len(text) <= longest else text[:longest] + "…"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else " | " if c == "\n" else "?" for c in text)
