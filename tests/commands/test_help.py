"""Help: of the whole and of each command; and a command line that cannot be read."""

import subprocess
import sys

import pytest

COMMANDS = [
    *("serve", "migrate", "import", "export", "user", "key", "outbox", "timezones", "verify"),
    *("closures", "client", "retention", "backup", "restore", "reencrypt", "give-up-key"),
    *("selftest", "schema", "settings"),
]
ALL = [
    *((name,) for name in COMMANDS),
    ("closures", "import"),
    *(("client", name) for name in ("export", "erase")),
    *(("key", name) for name in ("add", "list", "rotate", "revoke")),
    *(("outbox", name) for name in ("list", "retry")),
    ("timezones", "recompute"),
    *(("user", name) for name in ("add", "list", "disable", "enable", "set-role", "set-password")),
]


def test_without_arguments_the_commands_are_listed(run):
    done = run()
    listed = done.stdout + done.stderr
    assert done.returncode in (0, 2)
    for name in COMMANDS:
        assert f" {name} " in listed


def test_no_command_is_listed_that_is_not_known_here(run):
    listed = [line.strip("│ ").split("  ")[0] for line in run("--help").stdout.splitlines()]
    names = [name for name in listed if name.isidentifier() or name in COMMANDS]
    assert sorted(name for name in names if name.islower()) == sorted(COMMANDS)


@pytest.mark.parametrize("command", ALL, ids=" ".join)
def test_each_command_says_what_it_is_for(run_fast, command):
    done = run_fast(*command, "--help")
    assert done.returncode == 0
    assert done.stderr == ""
    assert f"sessional {' '.join(command)}" in done.stdout
    sentences = [line.strip() for line in done.stdout.splitlines() if line.strip().endswith((".", ";"))]
    assert sentences


def test_the_version_is_told(run):
    assert run("--version").stdout == "sessional 0.1.0\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("user", "add", "x", "--role", "KING"), "'--role': 'KING' is not one of 'ADMIN'"),
        (("serve", "--port", "abc"), "'--port': it must be a whole number."),
    ],
)
def test_a_value_that_an_option_cannot_take_is_named_in_plain_words(run_fast, arguments, said):
    done = run_fast(*arguments)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Value error" not in done.stderr
    assert "Input should" not in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("serv",),
        ("serve", "--colour"),
        ("serve", "--port", "abc"),
        ("import",),
        ("user", "add"),
        ("closures", "import"),
        ("user", "add", "x", "--role", "KING"),
        ("selftest", "more"),
    ],
    ids=" ".join,
)
def test_a_command_line_that_cannot_be_read_ends_with_status_2(run_fast, arguments):
    done = run_fast(*arguments)
    assert done.returncode == 2
    assert done.stdout == ""
    assert "Usage: sessional" in done.stderr


LOADED = """
import sys
from sessional.cli import app_for
from typer.main import get_command
print(*get_command(app_for(["user", "list"])).commands)
print(*{"uvicorn", "graphql", "icalendar"} & set(sys.modules))
"""


def test_a_command_does_not_load_what_only_others_need():
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["user"]
