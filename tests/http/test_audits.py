"""The specification's own audit suite (npm graphql-http, serverAudits)."""

import json
import subprocess
from collections import Counter
from pathlib import Path

import pytest

JAVASCRIPT = Path(__file__).parents[1] / "javascript"


@pytest.fixture(scope="module")
def audits(http_) -> list[dict]:
    done = subprocess.run(
        ["node", "audits.mjs", f"{http_.url}/graphql", http_.token],
        cwd=JAVASCRIPT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return [json.loads(line) for line in done.stdout.splitlines()]


def failed(audits: list[dict], level: str) -> list[str]:
    return [
        f"{one['id']} {one['name']}: {one['reason']}"
        for one in audits
        if one["level"] == level and not one["passed"]
    ]


@pytest.mark.parametrize("level", ["MUST", "SHOULD", "MAY"])
def test_every_audit_of_this_level_passes(audits, level):
    assert failed(audits, level) == []


def test_the_suite_was_run_whole(audits):
    """Else an audit that is renamed or lost would pass by not being there."""
    counts = Counter(one["level"] for one in audits)
    assert counts == {"MUST": 13, "SHOULD": 23, "MAY": 25}
    assert len({one["id"] for one in audits}) == len(audits) == counts.total()


def test_an_audit_that_does_not_pass_would_be_noticed(http_):
    """The same suite at an address that answers no GraphQL."""
    done = subprocess.run(
        ["node", "audits.mjs", f"{http_.url}/healthz", http_.token],
        cwd=JAVASCRIPT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert failed([json.loads(line) for line in done.stdout.splitlines()], "MUST")
