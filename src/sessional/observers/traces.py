"""Requests -> OpenTelemetry spans, where its own standard variables say where they go.

A span for each GraphQL request and one below it for each step, made when the request has been
answered: what was not executed costs nothing, and neither does anything where this is off.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from contextvars import ContextVar
from typing import Any, Final

from starlette.types import ASGIApp, Receive, Scope, Send

from sessional.observe import Observation, RequestAnswered, ServiceStopped
from sessional.observers.lines import operation

SECONDS_TO_FLUSH: Final = 1.5
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
# Codes that say something went wrong here. Every other code is an answer that was meant.
_FAULTS: Final = frozenset({"INTERNAL_ERROR", "UNAVAILABLE", "DEADLINE_EXCEEDED", "UNREADABLE"})
_headers: ContextVar[list[tuple[bytes, bytes]]] = ContextVar("headers")


def wanted(environment: Mapping[str, str]) -> bool:
    """Whether the standard variables ask for traces."""
    off = environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true"
    none = environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() == "none"
    return not off and not none and any(environment.get(name) for name in _ENDPOINTS)


class Traces:
    """An observer that makes spans and sends them in batches, from a thread."""

    def __init__(self, version: str) -> None:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        self._provider = TracerProvider(resource=_resource(version), shutdown_on_exit=False)
        self._provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        self._tracer = self._provider.get_tracer("sessional", version)

    def with_parents(self, app: ASGIApp) -> ASGIApp:
        """The application, whose requests' headers are at hand when their spans are made."""

        async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "http":
                _headers.set(scope["headers"])
            await app(scope, receive, send)

        return wrapped

    def __call__(self, observation: Observation) -> None:
        if type(observation) is RequestAnswered:
            self._request(observation)
        elif type(observation) is ServiceStopped:
            self._stop()

    def _request(self, seen: RequestAnswered) -> None:
        from opentelemetry.trace import SpanKind, set_span_in_context
        from opentelemetry.trace.status import StatusCode

        ends = time.time_ns()
        span = self._tracer.start_span(
            "GraphQL Operation" if seen.kind == "refused" else seen.kind,
            context=_parent(),
            kind=SpanKind.SERVER,
            start_time=ends - _nanoseconds(seen.seconds),
            attributes=_attributes(seen),
        )
        if span.is_recording():
            if seen.status >= 500 or not _FAULTS.isdisjoint(seen.codes):
                span.set_status(StatusCode.ERROR)
            self._steps(seen, set_span_in_context(span), ends)
        span.end(ends)

    def _steps(self, seen: RequestAnswered, within: Any, ends: int) -> None:
        """The steps' spans. The last has ended just before the answer left."""
        steps = {"run": seen.run_seconds, "plan": seen.plan_seconds, "parse": seen.parse_seconds}
        for name, seconds in steps.items():
            begins = ends - _nanoseconds(seconds)
            if seconds:
                self._tracer.start_span(name, context=within, start_time=begins).end(ends)
            ends = begins

    def _stop(self) -> None:
        """Send what waits. A receiver that does not answer holds nothing up."""
        stopping = threading.Thread(target=self._provider.shutdown, daemon=True)
        stopping.start()
        stopping.join(SECONDS_TO_FLUSH)


def _parent() -> Any:
    """The caller's own span, as its headers say, or nothing."""
    from opentelemetry import propagate

    headers = _headers.get([])
    carrier = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers}
    return propagate.extract(carrier)


def _attributes(seen: RequestAnswered) -> dict[str, str | int]:
    """Named as OpenTelemetry's semantic conventions for HTTP and GraphQL name them."""
    found: dict[str, str | int | None] = {
        "http.request.method": seen.method,
        "url.path": seen.path,
        "http.response.status_code": seen.status,
        "graphql.operation.name": operation(seen.operation_name),
        "graphql.operation.type": None if seen.kind == "refused" else seen.kind,
        "error.type": seen.codes[0] if seen.codes else None,
        "sessional.request_id": seen.request_id,
        "sessional.account_id": seen.account_id,
        "sessional.rows": seen.rows,
    }
    return {name: value for name, value in found.items() if value is not None}


def _nanoseconds(seconds: float) -> int:
    return int(seconds * 1e9)


def _resource(version: str) -> Any:
    """Who sends: as the variables say, or sessional."""
    from opentelemetry.sdk.resources import Resource

    given = Resource.create({"service.version": version})
    if str(given.attributes.get("service.name", "")).startswith("unknown_service"):
        return given.merge(Resource({"service.name": "sessional"}))
    return given
