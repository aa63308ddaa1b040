"""/metrics, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response

from sessional.observers.metrics import Metrics


def shown(metrics: Metrics) -> Callable[[Request], Response]:
    """The numbers of this service. Not a coroutine: it runs in a thread, beside the event loop."""

    def handler(request: Request) -> Response:
        body, media_type = metrics.exposition(request.headers.get("accept", ""))
        return Response(body, headers={"Content-Type": media_type, "Cache-Control": "no-store"})

    return handler
