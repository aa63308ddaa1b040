"""/metrics, as Prometheus reads it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.observe.service import PRIVATE, VIEWER, Service, get, run, service, until

Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


def numbers(served: Service, client: httpx.Client | None = None) -> Numbers:
    answer = (client or httpx).get(f"{served.url}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def value(found: Numbers, name: str, **labels: str) -> float:
    return found.get((name, frozenset(labels.items())), 0)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with service(tmp_path_factory.mktemp("metrics")) as found:
        yield found


def test_requests_are_counted_by_kind_and_status(served: Service) -> None:
    api = served.api()
    before = numbers(served)
    for _ in range(3):
        api.data(VIEWER)
    api.send("{ nothing }")
    get(f"{served.url}/nothing")
    after = numbers(served)

    def more(**labels: str) -> float:
        name = "sessional_requests_total"
        return value(after, name, **labels) - value(before, name, **labels)

    assert more(kind="query", status="200") == 3
    assert more(kind="mutation", status="200") == 0
    assert more(kind="refused", status="400") == 1
    assert more(kind="page", status="404") == 1
    assert more(kind="health", status="200") == 1  # the first look itself


def test_every_request_is_in_the_histogram_once(served: Service) -> None:
    served.api().data(VIEWER)
    found = numbers(served)
    for kind in ("query", "mutation", "health"):
        name = "sessional_request_seconds"
        buckets = [(key, n) for key, n in found.items() if key[0] == f"{name}_bucket"]
        last = [n for key, n in buckets if {("kind", kind), ("le", "+Inf")} == key[1]]
        count = value(found, f"{name}_count", kind=kind)
        assert last == [count] == [value(found, "sessional_requests_total", kind=kind, status="200")]
        assert value(found, f"{name}_sum", kind=kind) > 0


def test_steps_and_rows_add_up(served: Service) -> None:
    before = numbers(served)
    served.api().data("{ therapists { edges { node { firstName } } } }")
    after = numbers(served)
    assert value(after, "sessional_rows_total") - value(before, "sessional_rows_total") == 1
    for step in ("parse", "plan", "run"):
        steps = [value(found, "sessional_step_seconds_total", step=step) for found in (before, after)]
        assert steps[1] > steps[0]


def test_errors_are_counted_by_code_and_faults_by_type(tmp_path: Path) -> None:
    with service(tmp_path) as broken:
        api = broken.api()
        assert api.code("{ appointments(first: -1) { edges { node { id } } } }") == "INVALID_PAGE_SIZE"
        run(broken.file, "ALTER TABLE therapist RENAME TO elsewhere")
        assert api.code("{ therapists { edges { node { id } } } }") == "INTERNAL_ERROR"
        found = numbers(broken)
    assert value(found, "sessional_errors_total", code="INVALID_PAGE_SIZE") == 1
    assert value(found, "sessional_errors_total", code="INTERNAL_ERROR") == 1
    assert value(found, "sessional_faults_total", type="sessional.errors.Fault") == 1


def test_what_runs_and_what_it_uses_can_be_seen(served: Service) -> None:
    found = numbers(served)
    (build,) = [key for key in found if key[0] == "sessional_build_info"]
    assert {name for name, _ in build[1]} == {"version", "python"}
    assert value(found, "process_resident_memory_bytes") > 10_000_000


def test_no_client_can_make_a_label(served: Service) -> None:
    api = served.api()
    for number in range(5):
        api.data(f"query OfManyNames{number} {{ viewer {{ username }} }}")
        get(f"{served.url}/of-many-paths-{number}")
    text = get(f"{served.url}/metrics").text
    assert not re.search("of.?many", text, re.IGNORECASE)
    assert not any(private in text for private in PRIVATE)


def test_the_numbers_of_several_workers_add_up(tmp_path: Path) -> None:
    with (
        service(tmp_path, "--workers", "2", SESSIONAL_LOG_FORMAT="json") as served,
        httpx.Client() as looking,  # one connection: always the same worker answers it
    ):
        token = served.api().token

        def ask(_: int) -> int:
            headers = {"Authorization": f"Bearer {token}", "Connection": "close"}
            answer = httpx.post(f"{served.url}/graphql", json={"query": VIEWER}, headers=headers)
            return answer.status_code

        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(ask, range(60))) == {200}

        def counted() -> float:
            return value(numbers(served, looking), "sessional_request_seconds_count", kind="query")

        assert until(lambda: counted() == 60)
        found = numbers(served, looking)
        answered = {line.split('"pid":')[1].split(",")[0] for line in _requests(served.written())}
    assert len(answered) == 2, "one worker answered everything: this shows nothing"
    assert value(found, "sessional_requests_total", kind="query", status="200") == 60
    assert {dict(key[1])["pid"] for key in found if key[0] == "process_open_fds"} == answered


def _requests(text: str) -> list[str]:
    return [line for line in text.splitlines() if '"event":"request"' in line]


def test_a_setting_switches_metrics_off(tmp_path: Path) -> None:
    with service(tmp_path, SESSIONAL_METRICS="0") as served:
        assert get(f"{served.url}/metrics").status_code == 404


def test_the_guide_names_every_metric_there_is(served: Service) -> None:
    served.api().data(VIEWER)
    text = get(f"{served.url}/metrics").text
    shown = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE sessional_")}
    guide = (Path(__file__).parents[2] / "docs/guide/observe.md").read_text()
    named = set(re.findall(r"^\| `(sessional_\w+)`", guide, re.MULTILINE))
    assert named == {name for name in shown if not name.endswith("_created")}
