"""Faults -> Sentry, where SESSIONAL_SENTRY_DSN says where that is. Refusals are nobody's fault.

None of Sentry's integrations is on and nothing is hooked in anywhere: what leaves is made here, of
the exception's types, codes and frames. Not its messages, which can hold a row of the database.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from sessional.errors import SettingsFault
from sessional.observe import (
    FaultHappened,
    Observation,
    Observer,
    PlainAnswered,
    RequestAnswered,
    ServiceStopped,
)
from sessional.observers.faults import Allowance, links
from sessional.observers.lines import operation

EVENTS_EACH_SECOND: Final = 5
MOST_WAITING: Final = 100
SECONDS_TO_FLUSH: Final = 1.5


def sentry(dsn: str, version: str) -> Observer:
    """Who reports faults. Raises SettingsFault for an address that cannot be one."""
    client = _client(dsn, version)
    waiting = _Waiting()
    allowance = Allowance(EVENTS_EACH_SECOND)

    def send(error: BaseException, tags: dict[str, str]) -> None:
        if allowance.takes():
            client.capture_event(_event(error, client.options, tags))

    def observe(observation: Observation) -> None:
        if type(observation) is RequestAnswered:
            if waiting:
                for error in waiting.pop(observation.request_id, ()):
                    send(error, _tags(observation))
        elif type(observation) is FaultHappened:
            for request_id, error in waiting.put(observation.request_id, observation.error):
                send(error, {"request_id": request_id})
        elif type(observation) is PlainAnswered:
            for error in waiting.pop(observation.request_id, ()):
                send(error, {"request_id": observation.request_id})
        elif type(observation) is ServiceStopped:
            client.flush(timeout=SECONDS_TO_FLUSH)
            client.close(timeout=0)

    return observe


class _Waiting(OrderedDict[str, list[BaseException]]):
    """Faults by request, until their request is answered: only then its operation is known."""

    def put(self, request_id: str, error: BaseException) -> list[tuple[str, BaseException]]:
        """Keep it. Answers what will not be answered for: faults of no request, and the oldest."""
        if not request_id:
            return [(request_id, error)]
        self.setdefault(request_id, []).append(error)
        if len(self) <= MOST_WAITING:
            return []
        oldest, errors = self.popitem(last=False)
        return [(oldest, error) for error in errors]


def _tags(seen: RequestAnswered) -> dict[str, str]:
    tags = {"request_id": seen.request_id, "kind": seen.kind}
    name = operation(seen.operation_name)
    return {**tags, "operation": name} if name else tags


def _client(dsn: str, version: str) -> Any:
    from sentry_sdk import Client
    from sentry_sdk.utils import BadDsn

    try:
        return Client(
            dsn=dsn,
            release=f"sessional@{version}",
            in_app_include=["sessional"],
            default_integrations=False,
            auto_enabling_integrations=False,
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            max_breadcrumbs=0,
            auto_session_tracking=False,
            send_client_reports=False,
            before_send=_without_machine,
        )
    except BadDsn:
        raise SettingsFault("SESSIONAL_SENTRY_DSN is not the address of a Sentry project.") from None


def _without_machine(event: Any, hint: Any) -> Any:
    event.pop("server_name", None)
    return event


def _event(error: BaseException, options: dict[str, Any], tags: dict[str, str]) -> dict[str, Any]:
    """What Sentry makes of an exception, with our words in place of its messages."""
    from sentry_sdk.utils import event_from_exception

    event, _ = event_from_exception(error, client_options=options)
    told = {link.type: link.detail for link in links(error, with_frames=False)}
    for shown in event["exception"]["values"]:
        module = shown.get("module")
        name = f"{module}.{shown['type']}" if module else str(shown["type"])
        shown["value"] = told.get(name, "")
    return {**event, "tags": {name: value for name, value in tags.items() if value}}
