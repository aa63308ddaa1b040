"""OpenTelemetry's spans, received and decoded on loopback."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from tests.observe.receiver import Receiver, receiving
from tests.observe.service import BY_TYPE, IN_VARIABLE, PRIVATE, VIEWER, get, run, service
from tests.support.server import environment

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = "00f067aa0ba902b7"


class Received:
    """The spans that arrived, by request id or by their parent."""

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        requests = [ExportTraceServiceRequest.FromString(body) for body in receiver.bodies]
        self.resources = [r.resource for request in requests for r in request.resource_spans]
        self.spans: list[Any] = [
            span
            for request in requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def of(self, request_id: str) -> Any:
        (found,) = [s for s in self.spans if attributes(s).get("sessional.request_id") == request_id]
        return found

    def below(self, span: Any) -> list[Any]:
        return sorted(
            (s for s in self.spans if s.parent_span_id == span.span_id),
            key=lambda s: s.start_time_unix_nano,
        )


def attributes(span: Any) -> dict[str, Any]:
    return {a.key: a.value.string_value or a.value.int_value for a in span.attributes}


@pytest.fixture(scope="module")
def received(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Received]:
    """The spans of a server that answered well, refused, and met a broken database."""
    with receiving() as receiver:
        place = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{receiver.port}"}
        with service(tmp_path_factory.mktemp("traces"), **place) as served:
            api = served.api()
            parent = {"traceparent": f"00-{TRACE}-{CALLER}-01"}
            api.send(VIEWER, **{"X-Request-Id": "with-a-parent", **parent})
            api.send(BY_TYPE, {"type": IN_VARIABLE}, **{"X-Request-Id": "without-one"})
            api.send("{ nothing }", **{"X-Request-Id": "not-valid"})
            get(f"{served.url}/healthz", **{"X-Request-Id": "a-health-check"})
            run(served.file, "ALTER TABLE appointment RENAME TO elsewhere")
            api.send(BY_TYPE, {"type": IN_VARIABLE}, **{"X-Request-Id": "broken-table"})
            assert served.server.stop() == 0
        yield Received(receiver)


def test_spans_go_where_the_standard_variable_says(received: Received) -> None:
    assert {one.path for one in received.receiver.posted} == {"/v1/traces"}


def test_the_service_is_called_sessional(received: Received) -> None:
    assert {attributes(r)["service.name"] for r in received.resources} == {"sessional"}


def test_a_request_continues_the_trace_of_its_caller(received: Received) -> None:
    span = received.of("with-a-parent")
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, CALLER)
    other = received.of("without-one")
    assert other.trace_id.hex() != TRACE
    assert other.parent_span_id == b""


def test_a_request_is_described_as_the_conventions_say(received: Received) -> None:
    span = received.of("without-one")
    assert (span.name, span.kind) == ("query", span.SPAN_KIND_SERVER)
    told = attributes(span)
    assert told["graphql.operation.name"] == "ByType"
    assert told["graphql.operation.type"] == "query"
    assert told["http.request.method"] == "POST"
    assert told["http.response.status_code"] == 200
    assert told["url.path"] == "/graphql"


def test_the_steps_lie_one_after_the_other_within_the_request(received: Received) -> None:
    span = received.of("with-a-parent")
    steps = received.below(span)
    assert [step.name for step in steps] == ["parse", "plan", "run"]
    assert {step.trace_id for step in steps} == {span.trace_id}
    edges = [edge for s in steps for edge in (s.start_time_unix_nano, s.end_time_unix_nano)]
    assert edges == sorted(edges)
    assert span.start_time_unix_nano <= edges[0]
    assert edges[-1] <= span.end_time_unix_nano


def test_what_was_not_executed_has_no_steps(received: Received) -> None:
    span = received.of("not-valid")
    assert (span.name, received.below(span)) == ("GraphQL Operation", [])
    assert attributes(span)["error.type"] == "GRAPHQL_VALIDATION_FAILED"


def test_a_fault_is_an_error_and_a_refusal_is_none(received: Received) -> None:
    broken, refused = received.of("broken-table"), received.of("not-valid")
    assert broken.status.code == broken.status.STATUS_CODE_ERROR
    assert attributes(broken)["error.type"] == "INTERNAL_ERROR"
    assert refused.status.code == refused.status.STATUS_CODE_UNSET


def test_a_health_check_is_no_span(received: Received) -> None:
    assert not any(attributes(s).get("sessional.request_id") == "a-health-check" for s in received.spans)


@pytest.mark.parametrize("private", PRIVATE)
def test_what_is_private_is_in_no_span(received: Received, private: str) -> None:
    assert all(private.encode() not in body for body in received.receiver.bodies)


def test_the_kill_switch_of_the_standard_keeps_everything_at_home(tmp_path: Path) -> None:
    with receiving() as receiver:
        place = {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": f"http://127.0.0.1:{receiver.port}/v1/traces"}
        with service(tmp_path, OTEL_SDK_DISABLED="true", **place) as served:
            served.api().data(VIEWER)
            assert served.server.stop() == 0
    assert receiver.posted == []


def test_a_receiver_that_is_not_there_holds_up_neither_answers_nor_the_stop(tmp_path: Path) -> None:
    with service(tmp_path, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9") as served:
        served.api().data(VIEWER)
        assert served.server.stop(seconds=10) == 0


def test_readers_that_are_off_are_not_even_imported(tmp_path: Path) -> None:
    program = """
import sys
from sessional.settings import Settings
from sessional.web.app import build
build(Settings(database=sys.argv[1], metrics=False))
print([n for n in ("opentelemetry", "sentry_sdk", "prometheus_client", "requests") if n in sys.modules])
"""
    url = f"sqlite:///{tmp_path}/x.db"
    command = [sys.executable, "-c", program, url]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
