"""sessional selftest, and run_tests.sh: that a sound service passes, and that one which is not does not.

Between the checks and a sound service stands a go-between that spoils one thing at a time.
"""

import json
import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from sessional.selftest import report
from sessional.selftest.table import Needs
from tests.contract.database import Database
from tests.support.api import Api
from tests.support.postgres import free_port
from tests.support.server import SESSIONAL, Server, environment, running

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Database]]:
    folder = tmp_path_factory.mktemp("selftest")
    database = Database(f"sqlite:///{folder}/demo.db")
    with running(database.url, folder, "--demo") as server:
        yield server, database


def verdicts(output: str) -> dict[str, str]:
    """Check -> ok, FAILED or –."""
    lines = [line for line in output.splitlines()[:-1] if not line.startswith(" ")]
    return {line[8:]: line[:8].strip() for line in lines}


def test_a_service_to_throw_away_passes_and_is_gone_afterwards(run, tmp_path):
    done = run("selftest")
    assert done.returncode == 0, done.stdout + done.stderr
    found = verdicts(done.stdout)
    assert set(found.values()) == {"ok"}
    assert done.stdout.splitlines()[-1] == f"{len(found)} passed, 0 failed"
    assert 30 <= len(found) <= 60
    assert list(tmp_path.iterdir()) == []


def test_a_running_service_is_only_read(run_fast, sound):
    server, database = sound
    counts = "SELECT (SELECT count(*) FROM appointment), (SELECT count(*) FROM idempotency_key)"
    before = database.rows(counts)
    done = run_fast("selftest", "--url", server.url, "--password", "password")
    assert done.returncode == 0, done.stdout + done.stderr
    assert database.rows(counts) == before
    assert "the identical session again is the same session" not in done.stdout


def test_with_leave_to_write_it_books_and_may_do_so_again(run_fast, sound):
    server, database = sound
    before = database.value("SELECT count(*) FROM appointment")
    for _ in range(2):
        done = run_fast("selftest", "--url", server.url, "--password", "password", "--write")
        assert done.returncode == 0, done.stdout + done.stderr
        assert verdicts(done.stdout)["the identical session again is the same session"] == "ok"
    assert database.value("SELECT count(*) FROM appointment") > before


def test_an_empty_practice_passes_too_with_what_cannot_be_checked_left_out(run_fast, tmp_path):
    url = f"sqlite:///{tmp_path}/empty.db"
    run_fast("user", "add", "ann", "--password-stdin", "--database", url, input_="a first password\n")
    with running(url, tmp_path) as server:
        done = run_fast(
            "selftest",
            "--url",
            server.url,
            "--username",
            "ann",
            "--password",
            "a first password",
            "--write",
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 failed" in done.stdout.splitlines()[-1]
    assert "left out" in done.stdout.splitlines()[-1]


def test_a_wrong_password_fails_the_first_check_and_ends_it(run_fast, sound):
    done = run_fast("selftest", "--url", sound[0].url, "--password", "not this one")
    assert done.returncode == 1
    assert list(verdicts(done.stdout).values()) == ["FAILED"]
    assert done.stdout.splitlines()[-1] == "0 passed, 1 failed"


def test_the_password_may_be_typed(run_fast, sound):
    done = run_fast("selftest", "--url", sound[0].url, input_="password\n")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "password" not in done.stdout.replace("a wrong password", "")


@pytest.mark.parametrize("url", ["ftp://x", "http://", "http://127.0.0.1:x", "http://127.0.0.1/elsewhere"])
def test_an_address_that_is_none_is_refused(run_fast, url):
    done = run_fast("selftest", "--url", url, "--password", "x")
    assert done.returncode == 1
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1


def test_an_address_where_nobody_answers_is_refused(run_fast):
    done = run_fast("selftest", "--url", f"http://127.0.0.1:{free_port()}", "--password", "x")
    assert done.returncode == 1
    assert "does not answer" in done.stderr


def test_the_script_of_the_image_checks_the_service_beside_it(sound, tmp_path):
    port = sound[0].url.rpartition(":")[2]
    path = f"{Path(SESSIONAL).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", str(ROOT / "run_tests.sh")],
        env={**environment(SESSIONAL_PORT=port), "PATH": path},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr
    assert done.stdout.splitlines()[-1].endswith(" passed, 0 failed")


def test_the_script_of_the_image_takes_an_account_from_the_environment(sound, tmp_path):
    path = f"{Path(SESSIONAL).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", str(ROOT / "run_tests.sh")],
        env={
            **environment(SESSIONAL_PORT=sound[0].url.rpartition(":")[2]),
            "PATH": path,
            "TEST_PASSWORD": "not this one",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 1
    assert done.stderr == ""


# ---- services that are not sound ----------------------------------------------------------------

# Takes what was asked and what was answered (status, headers, body), and answers something else.
Spoil = Callable[[bytes, int, dict[str, str], bytes], tuple[int, dict[str, str], bytes]]


@contextmanager
def between(url: str, spoil: Spoil, token: str = "") -> Iterator[str]:
    """The address of a go-between that spoils every answer of the service, or lends it a token."""

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            asked = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")}
            if token:
                headers.setdefault("Authorization", f"Bearer {token}")
            real = client.request(self.command, url + self.path, content=asked, headers=headers)
            kept = {k: v for k, v in real.headers.items() if k.lower() != "content-length"}
            status, given, body = spoil(asked, real.status_code, kept, real.content)
            self.send_response(status)
            for name, value in given.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = answer

        def log_message(self, *_: object) -> None:
            pass

    with httpx.Client() as client, ThreadingHTTPServer(("127.0.0.1", 0), Handler) as go_between:
        threading.Thread(target=go_between.serve_forever, args=(0.05,), daemon=True).start()
        yield f"http://127.0.0.1:{go_between.server_port}"
        go_between.shutdown()


def replaced(old: bytes, new: bytes) -> Spoil:
    return lambda asked, status, headers, body: (
        status,
        headers,
        body.replace(old, new) if old else body,
    )


def rows_backwards(asked: bytes, status: int, headers: dict[str, str], body: bytes):
    answer = json.loads(body)
    page = ((answer or {}).get("data") or {}).get("appointments") if isinstance(answer, dict) else None
    if page and page.get("edges"):
        page["edges"].reverse()
    return status, headers, json.dumps(answer).encode()


def nothing_refused(asked: bytes, status: int, headers: dict[str, str], body: bytes):
    answer = json.loads(body) if body.startswith(b"{") else None
    if isinstance(answer, dict) and "data" in answer:
        answer.pop("errors", None)
    return status, headers, json.dumps(answer).encode() if answer else body


def filters_ignored(asked: bytes, status: int, headers: dict[str, str], body: bytes):
    answer = json.loads(body) if body.startswith(b"{") else {}
    page = (answer.get("data") or {}).get("appointments")
    if page and "totalCount" in page:
        page["totalCount"] = 7
        return status, headers, json.dumps(answer).encode()
    return status, headers, body


def without_header(name: str) -> Spoil:
    return lambda asked, status, headers, body: (
        status,
        {k: v for k, v in headers.items() if k.lower() != name},
        body,
    )


SPOILED: dict[str, tuple[Spoil, set[str]]] = {
    "rows come backwards": (
        rows_backwards,
        {
            "every sort is in order, both ways",
            "several sort keys count one after the other",
            "pages forward hold every row once",
            "pages backward hold every row once",
        },
    ),
    "nothing is refused": (
        nothing_refused,
        {
            "without a token nothing is read, booked or told about the schema",
            "a forged token is refused",
            "access and refresh tokens are not taken for each other",
            "a page size that is negative or too large is refused",
            "a cursor that is forged or of another sort is refused",
        },
    ),
    "filters are ignored": (
        filters_ignored,
        {"empty lists and backward ranges match nothing", "a type and its opposite add up to all"},
    ),
    "answers may be kept": (
        without_header("cache-control"),
        {"answers are not to be kept, and carry the request's id"},
    ),
    "every status is 200": (
        lambda asked, status, headers, body: (200, headers, body),
        {
            "a mutation by GET is 405",
            "a body that is not well formed is 400",
            "a document that is not valid is 400",
            "an unknown address is 404",
            "media types are negotiated",
        },
    ),
    "the schema lacks a field": (
        replaced(b'"durationSeconds"}', b'"length"}'),
        {"the schema can be read, and has the promised fields"},
    ),
    "instants are an hour late": (
        replaced(b":00:00Z", b":59:00Z"),
        {"starts and ends agree in both forms"},
    ),
}


def made(url: str) -> dict[str, str]:
    """The verdicts on the service at this address."""
    told: list[str] = []
    report.run(url, username="test_user", password="password", leave={Needs.READING}, tell=told.append)
    return verdicts("\n".join(told))


@pytest.mark.parametrize("name", SPOILED)
def test_a_service_is_found_out_in_which(sound, name):
    spoil, expected = SPOILED[name]
    with between(sound[0].url, spoil) as url:
        found = made(url)
    assert expected <= {check for check, verdict in found.items() if verdict == "FAILED"}


def test_a_go_between_that_spoils_nothing_is_not_what_is_found_out(sound):
    with between(sound[0].url, replaced(b"", b"")) as url:
        assert set(made(url).values()) == {"ok"}


def test_a_service_that_lets_everyone_in_is_found_out(sound):
    token = Api(sound[0].url).log_in().token or ""
    with between(sound[0].url, replaced(b"", b""), token=token) as url:
        found = made(url)
    assert found["without a token nothing is read, booked or told about the schema"] == "FAILED"


def test_an_answer_that_is_no_json_is_a_failure_and_no_crash(run_fast, sound):
    def cut_short(asked: bytes, status: int, headers: dict[str, str], body: bytes):
        return status, headers, body[:-1]

    with between(sound[0].url, cut_short) as url:
        done = run_fast("selftest", "--url", url, "--password", "password")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert list(verdicts(done.stdout).values()) == ["FAILED"]
