"""The image, built once for all tests of it."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.image.dockerfile import Image

ROOT = Path(__file__).parents[2]
PORT_INSIDE = "8000"


@pytest.fixture(scope="session")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """The Dockerfile of this repository, done."""
    return Image(tmp_path_factory.mktemp("image"), ROOT).build()


def on_port(command: list[str], port: int) -> list[str]:
    """A command of the container with the port that is free on this machine."""
    return [word.replace(PORT_INSIDE, str(port)) for word in command]


def healthy(image: Image, check: list[str]) -> bool:
    """Whether the container would be called healthy just now."""
    process = image.run(check, {})
    process.communicate(timeout=20)
    return process.returncode == 0


@contextmanager
def started(
    image: Image, command: list[str], check: list[str], environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """The container's command, from its first healthy moment until the block ends."""
    process = image.run(command, environment or {})
    try:
        end = time.monotonic() + 30
        while not healthy(image, check):
            gone = process.poll() is not None
            if gone or time.monotonic() > end:
                os.killpg(process.pid, signal.SIGKILL) if not gone else None
                assert process.stdout is not None
                raise AssertionError(f"not healthy:\n{process.stdout.read().decode()[-3000:]}")
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=20)
