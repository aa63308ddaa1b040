"""SIGTERM: what is in flight is finished, nothing new is let in, and the exit status is 0."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.observe.service import BOOK, VIEWER, Service, locked, service, until
from tests.support.api import Api

SECONDS_ALLOWED = 15
WORKERS = pytest.mark.parametrize("workers", ["1", "2"])


def book(api: Api) -> dict[str, Any]:
    return api.ask(BOOK, {"startsAt": "2030-01-01T10:00:00Z"})


def terminate(served: Service) -> None:
    served.server.process.terminate()


def lets_nobody_in(served: Service) -> bool:
    host, _, port = served.url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) != 0


@WORKERS
def test_a_request_in_flight_is_answered_and_the_exit_status_is_0(tmp_path: Path, workers: str) -> None:
    with service(tmp_path, "--workers", workers) as served, ThreadPoolExecutor() as threads:
        api = served.api()
        with locked(served.file):
            booking = threads.submit(book, api)
            time.sleep(0.5)
            assert not booking.done()
            terminate(served)
            started = time.monotonic()
            assert until(lambda: served.written().count("Shutting down") == int(workers))
            assert served.server.process.poll() is None
            # With several workers the parent keeps the door, and who comes now waits behind it.
            assert workers != "1" or until(lambda: lets_nobody_in(served), seconds=1)
        answer = booking.result(timeout=SECONDS_ALLOWED)
        assert answer["data"]["bookAppointment"] == {
            "appointment": {"appointmentId": "1"},
            "errors": [],
        }
        assert served.server.process.wait(timeout=SECONDS_ALLOWED) == 0
        assert time.monotonic() - started < SECONDS_ALLOWED
        assert "mutation=Book" in served.written()


@WORKERS
def test_a_request_that_cannot_be_finished_does_not_hold_up_the_stop(tmp_path: Path, workers: str) -> None:
    with service(tmp_path, "--workers", workers) as served, ThreadPoolExecutor() as threads:
        api = served.api()
        with locked(served.file):
            booking = threads.submit(book, api)
            time.sleep(0.5)
            terminate(served)
            assert served.server.process.wait(timeout=SECONDS_ALLOWED) == 0
        answer = booking.result(timeout=SECONDS_ALLOWED)
        assert answer["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


def test_a_request_that_outlasts_the_stop_is_given_up_with_an_answer_and_on_record(tmp_path: Path) -> None:
    with service(tmp_path, SESSIONAL_SHUTDOWN_SECONDS="1") as served, ThreadPoolExecutor() as threads:
        api = served.api()
        with locked(served.file):
            at = {"startsAt": "2030-01-01T10:00:00Z"}
            booking = threads.submit(lambda: api.send(BOOK, at, **{"X-Request-Id": "given-up"}))
            time.sleep(0.5)
            terminate(served)
            answer = booking.result(timeout=SECONDS_ALLOWED)
        assert answer.status_code == 500
        assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
        assert served.server.process.wait(timeout=SECONDS_ALLOWED) == 0
        text = served.written()
    assert "ERROR fault: asyncio.exceptions.CancelledError id=given-up" in text
    assert "WARNING POST /graphql 500" in text
    assert "ASGI" not in text


@WORKERS
def test_under_load_no_request_that_was_let_in_is_left_without_an_answer(
    tmp_path: Path, workers: str
) -> None:
    with service(tmp_path, "--workers", workers) as served, ThreadPoolExecutor(4) as threads:
        asking = [threads.submit(_ask_until_closed, served) for _ in range(4)]
        assert until(lambda: served.written().count(" query=Viewer ") > 100, seconds=30)
        terminate(served)
        assert served.server.process.wait(timeout=SECONDS_ALLOWED) == 0
        answered = sum(one.result(timeout=SECONDS_ALLOWED) for one in asking)
        assert served.written().count(" query=Viewer ") == answered


def _ask_until_closed(served: Service) -> int:
    """How many answers there were before there was no server any more; each of them must be whole."""
    api, count = served.api(), 0
    while True:
        try:
            answer = api.send(VIEWER)
        except httpx.TransportError:
            return count
        assert answer.json()["data"]["viewer"]["username"]
        count += 1
