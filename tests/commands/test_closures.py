"""``sessional closures import``: what it says, and what is in the database afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest

LIST = "2030-12-25 Christmas Day\n2030-12-26 Boxing Day\n"


@pytest.fixture
def database(run, database_url: str) -> str:
    assert run("migrate", "--database", database_url).returncode == 0
    return database_url


def closed(run, database: str) -> list[str]:
    """The lines of closures that an export writes."""
    lines = run("export", "-", "--database", database).stdout.splitlines()
    return [line for line in lines if '"kind":"closure"' in line]


def test_all_days_of_a_list_are_closed_and_a_list_sent_again_changes_names_alone(run, database) -> None:
    done = run("closures", "import", "-", "--database", database, input_=LIST)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "Closed on 2 days, from 2030-12-25 to 2030-12-26.\n"
    again = run("closures", "import", "-", "--database", database, input_=LIST.replace("Boxing", "Second"))
    assert again.returncode == 0
    assert [line.split('"name":')[1] for line in closed(run, database)] == [
        '"Christmas Day"}',
        '"Second Day"}',
    ]


def test_a_list_with_a_bad_line_closes_nothing(run, database) -> None:
    done = run("closures", "import", "-", "--database", database, input_=f"{LIST}2030-13-01 Never\n")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("sessional: line 3: ")
    assert closed(run, database) == []


def test_a_file_that_is_not_there_is_named(run, database, tmp_path: Path) -> None:
    done = run("closures", "import", "nothing.ics", "--database", database)
    assert done.returncode == 1
    assert done.stderr.startswith("sessional: nothing.ics cannot be read")
