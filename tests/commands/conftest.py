"""Running a command as a person does, in a folder of its own.

``run`` starts a process by the installed name. ``run_fast`` forks the tests' own process, which has
the program's modules loaded already: a tenth of the time, and as much a process of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import alembic.command
import pytest
import sqlalchemy.ext.asyncio

import sessional.cli
import sessional.demo
from tests.support.server import SESSIONAL, environment

# What the program loads only when it is needed, loaded before any fork.
_LOADED = (alembic.command, sqlalchemy.ext.asyncio, sessional.demo)

Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]


def _environment(settings: dict[str, str]) -> dict[str, str]:
    return {**environment(**settings), "COLUMNS": "250"}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """``run("schema", SESSIONAL_PORT="1")``: in an empty folder, on a wide page, with the tests' secret."""

    def run(*arguments: str, input_: str = "", **settings: str) -> Done:
        return subprocess.run(
            [SESSIONAL, *arguments],
            input=input_,
            env=_environment(settings),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )

    return run


@pytest.fixture
def run_fast(tmp_path: Path) -> Run:
    """The same, forked."""

    def run_fast(*arguments: str, input_: str = "", **settings: str) -> Done:
        with (
            tempfile.TemporaryFile() as given,
            tempfile.TemporaryFile() as out,
            tempfile.TemporaryFile() as err,
        ):
            given.write(input_.encode())
            given.seek(0)
            child = os.fork()
            if child == 0:
                _be_the_command(arguments, (given, out, err), tmp_path, _environment(settings))
            _, status = os.waitpid(child, 0)
            texts = [_text(file) for file in (out, err)]
        return subprocess.CompletedProcess(arguments, os.waitstatus_to_exitcode(status), *texts)

    return run_fast


def _be_the_command(
    arguments: tuple[str, ...], files: tuple[BinaryIO, ...], folder: Path, environ: dict[str, str]
) -> None:
    """Never returns: what follows in the tests is not for this process."""
    status: object = 1
    try:
        for descriptor, file in enumerate(files):
            os.dup2(file.fileno(), descriptor)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(n, mode) for n, mode in enumerate("rww"))
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environ)
        sys.argv = ["sessional", *arguments]
        sys.modules["__main__"].__package__ = None  # else click calls the program after the tests' own
        sessional.cli.main()
        status = 0
    except SystemExit as end:
        status = end.code
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 0 if status is None else 1)


def _text(file: BinaryIO) -> str:
    file.seek(0)
    return file.read().decode()


def refusal(done: Done, status: int = 1) -> str:
    """The one sentence on stderr of a command that was refused; it did and said nothing else."""
    assert done.returncode == status, done.stderr or done.stdout
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("sessional: ")
    assert "Traceback" not in line
    return line.removeprefix("sessional: ")
