"""What arrives at Sentry: real envelopes, received on loopback."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.observe.receiver import Receiver, receiving
from tests.observe.service import BY_TYPE, IN_VARIABLE, PRIVATE, Service, run, service, until
from tests.support.api import LOG_IN, Api
from tests.support.server import running, sessional

BROKEN = {"X-Request-Id": "request-of-the-fault"}


@dataclass(frozen=True)
class Sent:
    """Everything that arrived while a server lived and one request of it failed."""

    receiver: Receiver
    token: str

    @property
    def raw(self) -> str:
        return b"\n".join(self.receiver.bodies).decode()

    @property
    def events(self) -> list[dict[str, Any]]:
        """The events of the envelopes: a line about each precedes it."""
        found = []
        for body in self.receiver.bodies:
            lines = body.decode().splitlines()
            pairs = zip(lines[1::2], lines[2::2], strict=False)
            found += [json.loads(item) for head, item in pairs if json.loads(head)["type"] == "event"]
        return found


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    """A log-in that is refused, a query that is refused, and one that meets a broken database."""
    with receiving() as receiver:
        dsn = f"http://public@127.0.0.1:{receiver.port}/1"
        with service(tmp_path_factory.mktemp("sentry"), SESSIONAL_SENTRY_DSN=dsn) as served:
            api = served.api()
            _fail(served, api)
            assert served.server.stop() == 0
        yield Sent(receiver, str(api.token))


def _fail(served: Service, api: Api) -> None:
    Api(served.url).send(LOG_IN, {"u": PRIVATE[0], "p": "not this one"})
    assert api.code("query Much { appointments(first: 999999) { edges { node { id } } } }")
    api.data(BY_TYPE, {"type": IN_VARIABLE})
    run(served.file, "ALTER TABLE appointment RENAME TO elsewhere")
    answer = api.send(BY_TYPE, {"type": IN_VARIABLE}, **BROKEN)
    assert answer.json()["errors"][0]["extensions"]["code"] == "INTERNAL_ERROR"
    assert until(lambda: "request-of-the-fault" in served.written())


def test_one_fault_is_one_event_and_refusals_are_none(sent: Sent) -> None:
    assert len(sent.events) == 1


def test_the_event_names_the_request_and_its_operation(sent: Sent) -> None:
    (event,) = sent.events
    assert event["tags"] == {
        "request_id": "request-of-the-fault",
        "kind": "query",
        "operation": "ByType",
    }
    assert event["release"].startswith("sessional@")


def test_the_event_says_what_broke_and_where(sent: Sent) -> None:
    (event,) = sent.events
    cause, fault = event["exception"]["values"]
    assert (cause["type"], fault["type"]) == ("SQLError", "Fault")
    assert cause["value"] == "SQLite 1, no such table: appointment"
    assert any(f["function"] == "_rows_at_once" for f in cause["stacktrace"]["frames"])


@pytest.mark.parametrize("private", PRIVATE)
def test_what_is_private_does_not_leave(sent: Sent, private: str) -> None:
    assert private not in sent.raw


def test_neither_token_nor_local_variables_nor_the_request_nor_the_machine_leave(sent: Sent) -> None:
    (event,) = sent.events
    assert str(sent.token) not in sent.raw
    assert socket.gethostname() not in sent.raw
    assert not {"request", "user", "breadcrumbs", "server_name", "modules", "extra"} & set(event)
    for value in event["exception"]["values"]:
        assert all("vars" not in frame for frame in value["stacktrace"]["frames"])


def test_a_fault_outside_of_a_request_is_sent_too(tmp_path: Path) -> None:
    with service(tmp_path) as served:
        assert served.server.stop() == 0
    run(served.file, "ALTER TABLE idempotency_key RENAME TO elsewhere")
    # Old idempotency keys are forgotten at the start, by nobody's request.
    with receiving() as receiver:
        dsn = f"http://public@127.0.0.1:{receiver.port}/1"
        with running(f"sqlite:///{served.file}", tmp_path, SESSIONAL_SENTRY_DSN=dsn):
            assert until(lambda: len(receiver.bodies) == 1)
        (event,) = Sent(receiver, "").events
    assert event["exception"]["values"][0]["value"] == "SQLite 1, no such table: idempotency_key"
    assert "request_id" not in event.get("tags", {})


def test_an_address_that_cannot_be_one_is_refused_in_a_sentence(tmp_path: Path) -> None:
    done = sessional("serve", "--database", f"sqlite:///{tmp_path}/x.db", SESSIONAL_SENTRY_DSN="sentry")
    assert done.returncode == 1
    assert done.stderr == "sessional: SESSIONAL_SENTRY_DSN must have the form https://key@host/project.\n"
