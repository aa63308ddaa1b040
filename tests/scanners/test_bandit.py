"""An independent scanner reads the code: whatever it finds is either mended or explained here."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Final

from tests.docs.pages import ROOT

# Finding and place -> why it is not one. B101: assertions say what the reader may rely on.
EXPLAINED: Final = {
    ("B104", "cli/serve.py"): "compared with, not listened on",
    ("B105", "demo.py"): "the demonstration login, written by --demo alone",
    ("B105", "cli/users.py"): "the name of a command",
    ("B105", "actions/entry.py"): "why a session ended",
    ("B105", "graph/mutations.py"): "a field of a payload that has none",
    ("B105", "actions/keys.py"): "accounts of machines have no password",
    ("B106", "selftest/checks_entry.py"): "a token that must be refused",
    ("B311", "demo.py"): "plausible sessions, not secrets",
    ("B311", "store/postgres.py"): "how long to wait before another attempt",
    ("B404", "selftest/instance.py"): "starts this very program",
    ("B603", "selftest/instance.py"): "a list of arguments, none from outside",
    ("B404", "store/backup.py"): "pg_dump and pg_restore",
    ("B603", "store/backup.py"): "a list of arguments: no shell reads them",
    **{
        ("B608", f"store/{name}.py"): "names are the program's own; values have slots"
        for name in ("conditions", "dialect", "pages", "select")
    },
}


def test_bandit_finds_nothing_that_is_not_explained() -> None:
    found = _found()
    assert found - EXPLAINED.keys() == set()
    assert EXPLAINED.keys() - found == set(), "explained, but not found any more"


def _found() -> set[tuple[str, str]]:
    source = ROOT / "src" / "sessional"
    command = [sys.executable, "-m", "bandit", "--quiet", "--format=json", "--skip=B101", "-r", str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode in (0, 1), done.stderr
    report = json.loads(done.stdout)
    assert report["errors"] == []
    assert report["metrics"]["_totals"]["loc"] > 10_000
    return {(one["test_id"], one["filename"].removeprefix(f"{source}/")) for one in report["results"]}
