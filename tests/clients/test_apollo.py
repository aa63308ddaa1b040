"""Apollo Client 4, run by node: see tests/javascript/apollo.mjs."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.contract import practice

JAVASCRIPT = Path(__file__).parents[1] / "javascript"


@pytest.fixture(scope="module")
def therapist_id(counter) -> int:
    return counter.free_therapist()


@pytest.fixture(scope="module")
def report(counter, therapist_id) -> dict:
    """What the client saw."""
    arguments = [counter.url, practice.USERNAME, practice.PASSWORD, str(therapist_id)]
    done = subprocess.run(
        ["node", "apollo.mjs", *arguments], cwd=JAVASCRIPT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


def test_apollo_is_refused_before_it_logs_in(report):
    assert report["beforeLogIn"] == "UNAUTHENTICATED"


def test_apollo_reads_a_connection_to_its_end_and_its_cache_puts_the_pages_together(report):
    rows = sorted(practice.APPOINTMENTS, key=lambda a: (a.starts_at, a.appointment_id))
    rows.sort(key=lambda a: a.type, reverse=True)
    expected = [str(row.appointment_id) for row in rows]
    assert report["read"] == {"pages": 5, "totalCount": len(expected), "ids": expected}


def test_apollo_books_a_session_once_however_often_it_asks(report, counter, therapist_id):
    booked = report["booked"]["appointment"]
    assert booked["startsAt"] == "2033-05-18T10:00:00Z"
    assert booked["therapist"]["therapistId"] == str(therapist_id)
    assert report["booked"]["replayed"] is False
    assert report["again"] == {**report["booked"], "replayed": True}
    assert len(counter.starts(therapist_id)) == 1


def test_apollo_is_told_by_a_typed_error_what_is_free_instead(report):
    (error,) = report["taken"]["errors"]
    assert (error["__typename"], error["code"]) == ("SlotTaken", "SLOT_TAKEN")
    assert len(error["alternatives"]) == 3


def test_apollo_throws_what_the_service_refuses(report):
    assert report["badCursor"] == "INVALID_CURSOR"
