"""sessional import, export, verify: a practice into a file and out of it again."""

import json

import pytest

from sessional.store import address
from sessional.store.migrate import migrate
from tests.commands.conftest import refusal
from tests.contract import practice
from tests.contract.database import Database
from tests.support.api import Api
from tests.support.server import running

LINES = [
    {"kind": "specialism", "name": "CBT"},
    {"kind": "service", "code": "one-off", "name": "Single session", "durationSeconds": 3000},
    {
        "kind": "therapist",
        "therapistId": 1,
        "firstName": "jeff",
        "lastName": "smith",
        "specialisms": ["Addiction", "ADHD"],
        "timeZone": "Europe/London",
    },
    {
        "kind": "appointment",
        "appointmentId": 41,
        "therapistId": 1,
        "startTimeUnixSeconds": 1644747572,
        "durationSeconds": 3600,
        "type": "one-off",
    },
    {"kind": "user", "username": "test_user", "password": "password", "role": "ADMIN"},
]


def text(*lines: dict) -> str:
    return "".join(json.dumps(line) + "\n" for line in lines)


@pytest.fixture
def ready(database_url) -> Database:
    migrate(address.parse(database_url))
    return Database(database_url)


def test_the_issues_own_lines_are_imported_and_served_and_ids_go_on_above_them(run, ready, tmp_path):
    file = tmp_path / "practice.jsonl"
    file.write_text(text(*LINES))
    done = run("import", str(file), "--database", ready.url)
    assert done.returncode == 0, done.stderr
    with running(ready.url, tmp_path) as server:
        api = Api(server.url).log_in()
        booked = api.data(
            "mutation { appointment(therapistId: 1, startTimeUnixSeconds: 1644751172, durationSeconds: 60,"
            ' type: "consultation") { appointment { appointmentId } } }'
        )
        found = api.data("{ appointments { edges { node { appointmentId startTimeUnixSeconds } } } }")
    assert booked["appointment"]["appointment"]["appointmentId"] == "42"
    assert [tuple(edge["node"].values()) for edge in found["appointments"]["edges"]] == [
        ("41", 1644747572),
        ("42", 1644751172),
    ]


def test_what_was_exported_is_imported_into_an_equal_export(run_fast, ready, tmp_path):
    practice.fill(ready)
    first, second = tmp_path / "first.jsonl", tmp_path / "second.jsonl"
    assert run_fast("export", str(first), "--database", ready.url).returncode == 0
    other = f"sqlite:///{tmp_path}/other.db"
    assert run_fast("import", str(first), "--database", other).returncode == 0
    assert run_fast("export", str(second), "--database", other).returncode == 0
    assert second.read_text() == first.read_text()
    appointments = [line for line in first.read_text().splitlines() if '"appointment"' in line]
    assert len(appointments) == len(practice.APPOINTMENTS)


def test_export_and_import_go_through_pipes(run, run_fast, ready, tmp_path):
    practice.fill(ready)
    out = run("export", "-", "--database", ready.url)
    other = f"sqlite:///{tmp_path}/other.db"
    assert run_fast("import", "-", "--database", other, input_=out.stdout).returncode == 0
    assert run_fast("export", "-", "--database", other).stdout == out.stdout


@pytest.mark.parametrize(
    "bad",
    [{"kind": "weather"}, {**LINES[3], "appointmentId": 42, "startTimeUnixSeconds": 1644751171}],
    ids=["kind", "overlap"],
)
def test_a_bad_line_stops_the_import_with_its_number_and_nothing_is_written(run_fast, ready, bad):
    line = refusal(run_fast("import", "-", "--database", ready.url, input_=text(*LINES[:4], bad)))
    assert "line 5" in line
    assert ready.value("SELECT count(*) FROM therapist") == 0
    assert ready.value("SELECT count(*) FROM specialism") == 0


def test_a_line_that_is_no_json_is_refused_with_its_number(run_fast, ready):
    assert "line 2" in refusal(
        run_fast("import", "-", "--database", ready.url, input_=text(LINES[0]) + "{\n")
    )


def test_a_file_that_is_not_there_is_refused(run_fast, ready):
    assert "nowhere.jsonl" in refusal(run_fast("import", "nowhere.jsonl", "--database", ready.url))


def test_a_sound_practice_is_verified(run_fast, ready):
    practice.fill(ready)
    done = run_fast("verify", "--database", ready.url)
    assert done.returncode == 0, done.stdout
    assert "nothing is wrong" in done.stdout


def test_a_practice_with_an_overlap_is_found_out(run_fast, ready):
    practice.fill(ready)
    if ready.is_sqlite:
        ready.execute("DROP TRIGGER appointment_overlap_insert")
    else:
        ready.execute("ALTER TABLE appointment DROP CONSTRAINT appointment_overlap")
    start = practice.FIRST_START + 60
    insert = "INSERT INTO appointment (appointment_id, therapist_id, service_code, starts_at, ends_at)"
    ready.execute(f"{insert} VALUES (9999, 1, 'one-off', ?, ?)", start, start + 60)
    done = run_fast("verify", "--database", ready.url)
    assert done.returncode == 1
    assert "overlap" in done.stdout
    assert "9999" in done.stdout
