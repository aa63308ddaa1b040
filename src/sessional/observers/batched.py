"""A logging handler that writes many lines at once, from a thread of its own.

Writing a line takes longer than answering some requests does, so lines are gathered for
``SECONDS_TOGETHER``; from WARNING up they are written at once. An orderly stop writes everything;
SIGKILL loses the lines of that last moment. Who logs never waits for a reader: when nobody reads
and MOST_LINES are waiting, further ones are counted instead of kept.
"""

from __future__ import annotations

import logging
import os
import select
import stat
import threading
from collections import deque
from typing import Final

SECONDS_TOGETHER: Final = 0.05
SECONDS_AT_STOP: Final = 2.0
MOST_LINES: Final = 20_000
# What a pipe takes in one piece (POSIX: PIPE_BUF is at least 512, Linux: 4096): several workers
# write to the same one, and a line must not be cut by another's.
PIPE_BYTES: Final = 4096


class Batched(logging.Handler):
    """Writes to a file descriptor. Thread-safe; one for each process."""

    def __init__(self, descriptor: int) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._piece_bytes = _piece_bytes(descriptor)
        self._lines: deque[str] = deque()
        self._lost = 0
        self._writing = threading.Lock()
        self._something, self._hurry = threading.Event(), threading.Event()
        # While stopping: each line is written before anything else happens.
        self.at_once = False
        threading.Thread(target=self._work, name="log-lines", daemon=True).start()

    def emit(self, record: logging.LogRecord) -> None:
        """Called with the handler's lock held: one line at a time comes in here."""
        try:
            line = self.format(record)
        except Exception:
            self.handleError(record)
            return
        if len(self._lines) >= MOST_LINES:
            self._lost += 1
            return
        self._lines.append(line)
        if self.at_once:
            self.flush()
        elif record.levelno >= logging.WARNING:
            self._hurry.set()
            self._something.set()
        elif len(self._lines) == 1:
            self._something.set()

    def _work(self) -> None:
        while True:
            self._something.wait()
            self._hurry.wait(SECONDS_TOGETHER)
            self._something.clear()
            self._hurry.clear()
            while self._lines:
                self.flush()

    def flush(self) -> None:
        """Write what waits. Gives up where another writer is stuck for SECONDS_AT_STOP."""
        if not self._writing.acquire(timeout=SECONDS_AT_STOP):
            return
        try:
            lines = [self._lines.popleft() for _ in range(len(self._lines))]
            lost, self._lost = self._lost, 0
            if lost:
                lines.append(f"{lost} lines were lost here, because nobody read them in time")
            if lines:
                self._write(lines)
        finally:
            self._writing.release()

    def _write(self, lines: list[str]) -> None:
        try:
            for piece in pieces(lines, self._piece_bytes):
                _write_all(self._descriptor, piece)
        except OSError:
            return  # nobody listens, or the disk is full: the service goes on without its log


def pieces(lines: list[str], most_bytes: int) -> list[bytes]:
    """The lines, whole, in pieces of at most so many bytes. A longer line is a piece of its own."""
    found, piece = [], bytearray()
    for line in lines:
        data = line.encode("utf-8", "replace") + b"\n"
        if piece and len(piece) + len(data) > most_bytes:
            found.append(bytes(piece))
            piece.clear()
        piece += data
    return [*found, bytes(piece)]


def _write_all(descriptor: int, data: bytes) -> None:
    while data:
        try:
            data = data[os.write(descriptor, data) :]
        except BlockingIOError:
            select.select([], [descriptor], [], SECONDS_AT_STOP)


def _piece_bytes(descriptor: int) -> int:
    try:
        mode = os.fstat(descriptor).st_mode
    except OSError:
        return PIPE_BYTES
    return 1 << 20 if stat.S_ISREG(mode) else PIPE_BYTES
