"""sessional schema, sessional settings: what is in force, and where it came from."""

from dataclasses import fields
from importlib.resources import files

import pytest

from sessional.settings import Settings, variable
from tests.commands.conftest import refusal
from tests.support.server import SECRET

KEY = "a key for the settings that are shown, 32 bytes or more"
SECRETS = (
    "SESSIONAL_SECRET",
    "SESSIONAL_SECRET_PREVIOUS",
    "SESSIONAL_ENCRYPTION_KEY",
    "SESSIONAL_ENCRYPTION_KEY_PREVIOUS",
)


def table(done) -> dict[str, tuple[str, str]]:
    """Setting -> (value, source)."""
    assert done.returncode == 0, done.stderr
    rows = [line.split("  ") for line in done.stdout.splitlines()[1:]]
    cells = [[cell.strip() for cell in row if cell.strip()] for row in rows]
    return {row[0]: (row[1], row[2]) for row in cells if row}


def test_schema_prints_the_file_of_the_contract(run):
    assert run("schema").stdout == (files("sessional.graph") / "schema.graphql").read_text()


def test_every_setting_is_shown_with_value_source_and_purpose(run):
    shown = run("settings").stdout
    for setting in fields(Settings):
        assert variable(setting.name) in shown
        assert setting.metadata["help"] in shown


def test_a_setting_says_whether_it_came_from_the_environment_a_file_or_nowhere(run_fast, tmp_path):
    file = tmp_path / "here.env"
    file.write_text("SESSIONAL_PORT=8100\nSESSIONAL_PAGE_SIZE=7\n")
    shown = table(run_fast("settings", "--env-file", str(file), SESSIONAL_PAGE_SIZE="9"))
    assert shown["SESSIONAL_PORT"] == ("8100", f"file {file}")
    assert shown["SESSIONAL_PAGE_SIZE"] == ("9", "environment")
    assert shown["SESSIONAL_WORKERS"] == ("1", "default")


def test_an_env_file_in_the_folder_is_read_without_being_named(run_fast, tmp_path):
    (tmp_path / ".env").write_text("SESSIONAL_PORT=8100\n")
    assert table(run_fast("settings"))["SESSIONAL_PORT"] == ("8100", "file .env")


def test_the_env_file_may_be_named_in_the_environment(run_fast, tmp_path):
    (tmp_path / "other.env").write_text("SESSIONAL_PORT=8100\n")
    done = run_fast("settings", SESSIONAL_ENV_FILE="other.env")
    assert table(done)["SESSIONAL_PORT"] == ("8100", "file other.env")
    assert done.stderr == ""


def test_secrets_are_masked_wherever_they_stand(run_fast):
    password = "hunter2hunter2"
    done = run_fast(
        "settings",
        SESSIONAL_SECRET_PREVIOUS=SECRET[::-1],
        SESSIONAL_ENCRYPTION_KEY=KEY,
        SESSIONAL_ENCRYPTION_KEY_PREVIOUS=KEY[::-1],
        SESSIONAL_SENTRY_DSN="https://key@example.invalid/1",
        SESSIONAL_DATABASE=f"postgresql://me:{password}@db.example/practice",
    )
    shown = table(done)
    for name in (*SECRETS, "SESSIONAL_SENTRY_DSN"):
        assert shown[name] == ("********", "environment")
    assert shown["SESSIONAL_DATABASE"][0] == "postgresql://me:********@db.example/practice"
    for secret in (SECRET, SECRET[::-1], KEY, KEY[::-1], "key@", password):
        assert secret not in done.stdout + done.stderr


def test_a_secret_that_is_not_set_is_shown_as_such(run_fast):
    assert table(run_fast("settings", SESSIONAL_SECRET=""))["SESSIONAL_SECRET"][0] == "–"


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("SESSIONAL_DATABSE", "SESSIONAL_DATABASE"),
        ("SESSIONAL_SECRETS", "SESSIONAL_SECRET"),
        ("SESSIONAL_PAGESIZE", "SESSIONAL_PAGE_SIZE"),
    ],
)
def test_an_unknown_name_is_a_warning_that_suggests_the_nearest(run_fast, name, nearest):
    done = run_fast("settings", **{name: "x"})
    assert done.returncode == 0
    (line,) = done.stderr.splitlines()
    assert name in line
    assert line.endswith(f"Did you mean {nearest}?")


def test_an_unknown_name_like_no_other_is_a_warning_all_the_same(run_fast):
    (line,) = run_fast("settings", SESSIONAL_QQQQQQQ="x").stderr.splitlines()
    assert "SESSIONAL_QQQQQQQ" in line


def test_an_unknown_name_in_an_env_file_is_a_warning_too(run_fast, tmp_path):
    (tmp_path / ".env").write_text("SESSIONAL_PROT=8100\n")
    (line,) = run_fast("settings").stderr.splitlines()
    assert line.endswith("Did you mean SESSIONAL_PORT?")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SESSIONAL_PORT", "eighty"),
        ("SESSIONAL_PORT", ""),
        ("SESSIONAL_PORT", "-1"),
        ("SESSIONAL_PORT", "65536"),
        ("SESSIONAL_WORKERS", "0"),
        ("SESSIONAL_PAGE_SIZE", "0"),
        ("SESSIONAL_GRAPHIQL", "perhaps"),
        ("SESSIONAL_LOG_FORMAT", "xml"),
        ("SESSIONAL_LOG_LEVEL", "loud"),
        ("SESSIONAL_IDEMPOTENCY_HOURS", "23"),
        ("SESSIONAL_SECRET", "short"),
    ],
)
def test_a_value_that_cannot_be_is_refused_in_a_sentence_that_names_it(run_fast, name, value):
    assert name in refusal(run_fast("settings", **{name: value}))


def test_a_page_larger_than_the_largest_is_refused(run_fast):
    line = refusal(run_fast("settings", SESSIONAL_PAGE_SIZE="20", SESSIONAL_PAGE_SIZE_MOST="10"))
    assert "SESSIONAL_PAGE_SIZE" in line


def test_a_line_of_an_env_file_that_sets_nothing_is_one_warning_that_names_it(run_fast, tmp_path):
    (tmp_path / ".env").write_text(
        "SESSIONAL_PORT=8100\n# the next line is empty\n\nBAD LINE\nSESSIONAL_WORKERS=3\n"
    )
    done = run_fast("settings")
    (line,) = done.stderr.splitlines()
    assert line.startswith("sessional: warning: Line 4 of .env is not of the form")
    shown = table(done)
    assert (shown["SESSIONAL_PORT"][0], shown["SESSIONAL_WORKERS"][0]) == ("8100", "3")


def test_an_env_file_that_is_not_there_is_refused(run_fast):
    assert "nowhere.env" in refusal(run_fast("settings", "--env-file", "nowhere.env"))
