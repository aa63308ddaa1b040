"""The commands as processes: on a terminal and not, in little memory, stopped half-way."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sessional.exchange.lines import KINDS
from tests.exchange.practice import HOUR, NINE, appointment, file_of, therapist, user

ROOT = Path(__file__).parents[2]
SESSIONAL = [sys.executable, "-m", "sessional"]
MOST_MEMORY_KIB = 200 * 1024


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """120,000 appointments of forty therapists, above the size from which indexes are made anew."""
    file = tmp_path / "large.jsonl"
    with file.open("wb") as lines:
        lines.write(file_of(*(therapist(n) for n in range(1, 41))))
        for number in range(120_000):
            whose, start = number % 40 + 1, NINE + number // 40 * HOUR
            lines.write(file_of(appointment(number + 1, start, therapistId=whose)))
    return file


def on_terminal(*arguments: str, answers: tuple[str, ...] = ()) -> tuple[str, int]:
    """What a terminal shows while a command runs there, and the exit status.

    A question ends in a colon; the space after it comes when what is typed is not shown any more.
    """
    child, terminal = pty.fork()
    if child == 0:
        os.environ["TERM"] = "xterm"
        os.execv(SESSIONAL[0], [*SESSIONAL, *arguments])
    shown, waiting = "", list(answers)
    while piece := _read(terminal):
        shown += piece
        if waiting and shown.endswith(": "):
            os.write(terminal, f"{waiting.pop(0)}\n".encode())
            shown += "|"
    os.kill(child, signal.SIGKILL)  # it has ended, or says nothing any more
    return shown, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _read(terminal: int) -> str:
    """What came since; nothing at the end, or after a minute of silence."""
    try:
        ready, _, _ = select.select([terminal], [], [], 60)
        return os.read(terminal, 65_536).decode(errors="replace") if ready else ""
    except OSError:
        return ""


# ---- import and export ------------------------------------------------------------------------------


# A process counts the memory of the one it was forked from: the tests' own would be measured.
MEASURED = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print("most", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
sys.exit(status)
"""


def test_a_large_file_is_imported_and_exported_in_constant_memory(practice, large):
    exported = large.with_name("exported.jsonl")
    for command, file in (("import", large), ("export", exported)):
        ran = subprocess.run(
            [sys.executable, "-c", MEASURED, *SESSIONAL, command, file, "--database", practice.url],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        said, _, most_kib = ran.stdout.partition("most ")
        assert (ran.returncode, said.count("120,")) == (0, 1)
        assert int(most_kib) < MOST_MEMORY_KIB
    assert exported.read_bytes().count(b"appointmentId") == 120_000


def test_a_terminal_shows_a_bar_and_then_only_the_outcome(on_sqlite, large):
    shown, status = on_terminal("import", str(large), "--database", on_sqlite.url)
    assert status == 0
    assert "Reading" in shown
    assert "Checking and writing" in shown
    assert shown.rstrip().endswith("Imported 120,000 appointments, 40 therapists, 1 specialism.")


def heeds_ctrl_c() -> None:
    """A shell lets what it starts in the background ignore Ctrl-C, and the tests may be started so."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_import_stopped_by_ctrl_c_leaves_nothing(practice, large):
    command = [*SESSIONAL, "import", large, "--database", practice.url]
    process = subprocess.Popen(command, preexec_fn=heeds_ctrl_c)
    time.sleep(1.5)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) != 0
    assert practice.lines("therapist") == []


def test_an_import_that_is_killed_leaves_nothing(practice, large):
    process = subprocess.Popen([*SESSIONAL, "import", large, "--database", practice.url])
    time.sleep(1.5)
    process.kill()
    process.wait()
    assert practice.lines("therapist") == []
    practice.take(therapist())


def test_a_reader_that_has_seen_enough_ends_an_export_without_a_complaint(on_sqlite, large):
    on_sqlite.take_file(large.read_bytes())
    command = f"{sys.executable} -m sessional export - --database {on_sqlite.url} | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True)
    assert done.stdout == '{"kind":"specialism","name":"ADHD"}\n'
    assert done.stderr == ""


def test_the_page_about_import_files_names_every_kind_and_member():
    page = (ROOT / "docs/reference/import.md").read_text(encoding="utf-8")
    for name, kind in KINDS.items():
        section = page.split(f"\n### {name}\n")[1].split("\n## ")[0].split("\n### ")[0]
        rows = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
        named = {cell.strip(" `") for row in rows for cell in row.split(",")}
        assert named == set(kind.members), name


# ---- passwords ----------------------------------------------------------------------------------------


def test_a_password_is_asked_for_twice_and_never_shown(on_sqlite):
    shown, status = on_terminal(
        "user", "add", "anna", "--database", on_sqlite.url, answers=("correct horse", "correct horse")
    )
    assert status == 0, shown
    assert shown.count("|") == 2
    assert "correct horse" not in shown
    on_sqlite.take(user("anna", password="correct horse"))


def test_a_password_typed_differently_the_second_time_is_asked_for_again(on_sqlite):
    shown, status = on_terminal(
        "user", "add", "anna", "--database", on_sqlite.url,
        answers=("correct horse", "incorrect horse", "battery staple", "battery staple"),
    )  # fmt: skip
    assert status == 0, shown
    on_sqlite.take(user("anna", password="battery staple"))


def test_only_the_first_line_of_the_standard_input_is_the_password(on_sqlite):
    done = subprocess.run(
        [*SESSIONAL, "user", "add", "anna", "--password-stdin", "--database", on_sqlite.url],
        input=b"  correct horse \r\nsecond line\n", capture_output=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    on_sqlite.take(user("anna", password="  correct horse "))
