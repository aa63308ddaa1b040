"""What a server writes to its log, read from the file that holds it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.observe.service import (
    BY_TYPE,
    IN_DOCUMENT,
    IN_VARIABLE,
    PASSWORD,
    PRIVATE,
    UNKNOWN_USER,
    USERNAME,
    VIEWER,
    WRONG_PASSWORD,
    get,
    run,
    service,
)
from tests.support.api import LOG_IN, Api

FORGED = 'Viewer\n2026-01-01T00:00:00.000Z INFO "event":"forged"'
LONG_NAME = "n" * 3_000


@dataclass(frozen=True)
class Told:
    """A server's whole log, and the secrets that it was sent or gave."""

    text: str
    tokens: tuple[str, ...]

    @property
    def objects(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.text.splitlines() if line.startswith("{")]

    def of(self, request_id: str) -> list[str]:
        return [line for line in self.text.splitlines() if request_id in line]

    def object(self, request_id: str, event: str = "request") -> dict[str, Any]:
        (found,) = [o for o in self.objects if o.get("request_id") == request_id and o["event"] == event]
        return found


@pytest.fixture(scope="module", params=["human", "json"])
def form(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def told(form: str, tmp_path_factory: pytest.TempPathFactory) -> Told:
    """The log of a server that has seen everything that these tests ask about."""
    with service(tmp_path_factory.mktemp("logs"), SESSIONAL_LOG_FORMAT=form) as served:
        visitor = Api(served.url)
        names = {"u": USERNAME, "p": PASSWORD}
        tokens = visitor.send(LOG_IN, names, **{"X-Request-Id": "good-log-in"}).json()["data"]["auth"]
        visitor.send(LOG_IN, {**names, "p": WRONG_PASSWORD}, **{"X-Request-Id": "bad-log-in"})
        visitor.send(LOG_IN, {"u": UNKNOWN_USER, "p": "x"}, **{"X-Request-Id": "unknown-user"})
        api = Api(served.url, token=tokens["accessToken"])
        _ask(api, tokens)
        run(served.file, "ALTER TABLE appointment RENAME TO elsewhere")
        api.send(BY_TYPE, {"type": IN_VARIABLE}, **{"X-Request-Id": "broken-table"})
        return Told(served.stopped(), tuple(tokens.values()))


def _ask(api: Api, tokens: dict[str, str]) -> None:
    refresh = "mutation R($t: String) { refresh(refreshToken: $t) { newToken } }"
    api.send(refresh, {"t": tokens["refreshToken"]}, **{"X-Request-Id": "a-refresh"})
    api.send(VIEWER, **{"X-Request-Id": "a-viewer"})
    api.send("{ viewer { username } }", **{"X-Request-Id": "anonymous"})
    api.send(BY_TYPE, {"type": IN_VARIABLE}, **{"X-Request-Id": "with-variable"})
    api.send(f'{{ nothing(of: "{IN_DOCUMENT}") }}', **{"X-Request-Id": "not-valid"})
    api.send(VIEWER.replace("Viewer", LONG_NAME), **{"X-Request-Id": "long-name"})
    forged = {"query": VIEWER, "operationName": FORGED}
    headers = {"X-Request-Id": "forged-name", "Authorization": f"Bearer {api.token}"}
    httpx.post(f"{api.url}/graphql", json=forged, headers=headers)
    get(f"{api.url}/graphql?query={{viewer{{username}}}}", **{"X-Request-Id": "by-address"})
    get(f"{api.url}/nothing%0Ahere", **{"X-Request-Id": "no-such-page"})
    get(f"{api.url}/{tokens['accessToken']}", **{"X-Request-Id": "token-in-path"})
    get(f"{api.url}/healthz", **{"X-Request-Id": "a-health-check"})


REQUESTS = (
    *("good-log-in", "bad-log-in", "unknown-user", "a-refresh", "a-viewer", "anonymous"),
    *("with-variable", "not-valid", "long-name", "forged-name", "by-address", "no-such-page"),
    "token-in-path",
)


@pytest.mark.parametrize("request_id", REQUESTS)
def test_a_request_is_one_line(told: Told, request_id: str) -> None:
    assert len(told.of(request_id)) == 1


@pytest.mark.parametrize("private", PRIVATE)
def test_what_is_private_is_not_in_the_log(told: Told, private: str) -> None:
    assert private not in told.text


def test_no_token_is_in_the_log(told: Told) -> None:
    for token in told.tokens:
        assert not any(part in told.text for part in token.split("."))


def test_no_sql_is_in_the_log(told: Told) -> None:
    assert "SELECT" not in told.text


def test_a_forged_operation_name_makes_no_line_of_its_own(told: Told) -> None:
    assert "forged" not in told.text.replace("forged-name", "")


def test_a_long_operation_name_is_cut(told: Told) -> None:
    (line,) = told.of("long-name")
    assert "n" * 64 + "…" in line
    assert len(line) < 500


def test_a_health_check_is_not_worth_a_line(told: Told) -> None:
    assert told.of("a-health-check") == []


@pytest.mark.parametrize("form", ["human"], indirect=True, scope="module")
def test_a_person_reads_what_was_asked_and_how_long_it_took(told: Told) -> None:
    (line,) = told.of("a-viewer")
    assert " INFO POST /graphql 200 " in line
    assert all(word in line for word in ("query=Viewer", "user=1", "rows=", "parse=", "plan=", "run="))


@pytest.mark.parametrize("form", ["json"], indirect=True, scope="module")
def test_a_program_reads_every_field(told: Told) -> None:
    seen = told.object("a-viewer")
    assert (seen["method"], seen["path"], seen["status"]) == ("POST", "/graphql", 200)
    assert (seen["kind"], seen["operation"], seen["account_id"]) == ("query", "Viewer", 1)
    assert (seen["level"], seen["codes"]) == ("info", [])
    assert seen["ms"] >= seen["parse_ms"] + seen["plan_ms"] + seen["run_ms"] > 0
    assert told.object("bad-log-in")["codes"] == ["BAD_CREDENTIALS"]
    assert told.object("not-valid")["kind"] == "refused"
    assert told.object("no-such-page", "plain")["path"] == "/nothing%0Ahere"


@pytest.mark.parametrize("form", ["json"], indirect=True, scope="module")
def test_every_line_of_the_json_log_is_an_object(told: Told) -> None:
    lines = told.text[told.text.index("{") :].splitlines()
    assert len(lines) == len(told.objects) > len(REQUESTS)
    assert {"uvicorn.error", "sessional"} <= {o.get("logger") for o in told.objects}


def test_a_fault_is_on_record_with_where_it_happened(told: Told, form: str) -> None:
    if form == "human":
        at = told.text.index("ERROR fault: sessional.errors.Fault id=broken-table")
        assert "caused by apsw.SQLError (SQLite 1, no such table: appointment)" in told.text[at:]
        assert '      File "sessional/store/sqlite.py", line ' in told.text[at:]
        return
    fault = told.object("broken-table", "fault")
    assert fault["level"] == "error"
    assert [link["type"] for link in fault["error"]] == ["sessional.errors.Fault", "apsw.SQLError"]
    assert any("sessional/store/sqlite.py" in frame for frame in fault["error"][0]["frames"])
    assert told.object("broken-table")["codes"] == ["INTERNAL_ERROR"]


def test_debug_shows_health_checks_and_warning_hides_requests(tmp_path: Path) -> None:
    for level, health, request in (("debug", 1, 1), ("warning", 0, 0)):
        folder = tmp_path / level
        folder.mkdir()
        with service(folder, SESSIONAL_LOG_LEVEL=level) as served:
            get(f"{served.url}/healthz", **{"X-Request-Id": "a-health-check"})
            Api(served.url).send(VIEWER, **{"X-Request-Id": "a-viewer"})
            text = served.stopped()
        assert (text.count("a-health-check"), text.count("a-viewer")) == (health, request), level


def test_nothing_of_a_burst_is_lost_when_the_server_is_stopped_at_once(tmp_path: Path) -> None:
    with service(tmp_path, "--workers", "2") as served:
        client = httpx.Client()
        for number in range(200):
            client.get(f"{served.url}/nothing", headers={"X-Request-Id": f"of-a-burst-{number}"})
        client.close()
        text = served.stopped()
    assert text.count("of-a-burst-") == 200
    assert text.count("Finished server process") == 2  # the last thing that each worker says
