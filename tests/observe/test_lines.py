"""Log lines without a server: what may stand in them, and how they reach a file or a pipe."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace

import asyncpg
import pytest

from sessional.errors import Busy, Fault, SchemaFault, Unavailable, Unreadable
from sessional.keyring import Keyring
from sessional.observe import FaultHappened, Observation, PlainAnswered, RequestAnswered
from sessional.observers.batched import MOST_LINES, PIPE_BYTES, Batched, pieces
from sessional.observers.faults import Allowance, detail, links
from sessional.observers.lines import HumanLines, JsonLines, Lines, path
from sessional.store.connections import fault_for

SEEN = RequestAnswered(
    request_id="0123456789abcdef", method="POST", path="/graphql", status=200, seconds=0.0125
)
FORGED = "x\n2026-01-01T00:00:00.000Z INFO POST /graphql 200\x1b[2J\x85\u2028 user=1"


def record(observation: Observation) -> logging.LogRecord:
    made = logging.LogRecord("sessional", logging.INFO, "", 0, "", (), None)
    made.msg = observation  # type: ignore[assignment]
    made.created = 1_790_000_000.1234
    return made


def in_a_row(text: str) -> bool:
    return len(text.splitlines()) == 1 and text.isprintable()


@pytest.fixture(params=[HumanLines, JsonLines])
def lines(request: pytest.FixtureRequest) -> Lines:
    made: Lines = request.param()
    return made


# ---- what comes from outside --------------------------------------------------------------------


def test_no_operation_name_can_end_a_line(lines: Lines) -> None:
    line = lines.format(record(replace(SEEN, operation_name=FORGED)))
    assert in_a_row(line)
    assert " user=1 " not in line


def test_no_path_can_end_a_line_or_look_like_the_rest_of_one(lines: Lines) -> None:
    seen = PlainAnswered(request_id="x" * 8, method="GET", path=f"/{FORGED}", status=404, seconds=0.1)
    line = lines.format(record(seen))
    assert in_a_row(line)
    assert "INFO POST" not in line


def test_half_a_character_in_a_path_is_no_fault(lines: Lines) -> None:
    seen = PlainAnswered(request_id="x" * 8, method="GET", path="/\ud800", status=404, seconds=0.1)
    assert in_a_row(lines.format(record(seen)))


def test_a_token_in_a_path_is_not_shown() -> None:
    assert path("/graphql/eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJ4In0.c2ln") == "/graphql/TOKEN"


def test_the_time_is_utc_to_the_millisecond(lines: Lines) -> None:
    assert "2026-09-21T14:13:20.123Z" in lines.format(record(SEEN))


def test_many_equal_codes_are_one() -> None:
    seen = replace(SEEN, codes=["INTERNAL_ERROR"] * 1000)
    assert JsonLines().format(record(seen)).count("INTERNAL_ERROR") == 1


# ---- faults -------------------------------------------------------------------------------------


async def _duplicate(url: str) -> asyncpg.PostgresError:
    """What PostgreSQL really says of a row that is there already: the row's values."""
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE person (name text CONSTRAINT person_once UNIQUE)")
        await connection.execute("INSERT INTO person VALUES ('Ingrid Nightingale')")
        await connection.execute("INSERT INTO person VALUES ('Ingrid Nightingale')")
    except asyncpg.UniqueViolationError as error:
        return error
    finally:
        await connection.close()
    raise AssertionError("nothing was refused")


def test_a_row_in_a_drivers_message_is_not_told(postgres_url: str, lines: Lines) -> None:
    driver = asyncio.run(_duplicate(postgres_url))
    assert "Ingrid" in str(driver)
    fault = fault_for(driver)
    fault.__cause__ = driver
    line = lines.format(record(FaultHappened(request_id="a-request", error=fault)))
    assert "Ingrid" not in line
    assert "SQLSTATE 23505, constraint person_once" in line
    assert "asyncpg.exceptions.UniqueViolationError" in line


def test_a_fault_made_of_a_drivers_message_is_told_without_it() -> None:
    assert detail(Fault("UniqueViolationError: Key (name)=(Ingrid) already exists.")) == ""
    assert detail(Busy("contention, 8 times: Ingrid")) == ""
    assert detail(KeyError("Ingrid")) == detail(ValueError("no such table: ingrid")) == ""


def test_our_own_words_are_told() -> None:
    assert detail(Unavailable("no connection became free")) == "no connection became free"
    assert detail(SchemaFault("Run: sessional migrate")) == "Run: sessional migrate"
    assert detail(ConnectionRefusedError(111, "to Ingrid's machine")) == "errno ECONNREFUSED"


def test_which_key_is_missing_is_told_and_nothing_else_of_what_is_stored() -> None:
    with pytest.raises(Unreadable) as missing:
        Keyring().open("email", "sealed:1:4be0dc51:Ingrid")
    assert detail(missing.value).endswith("a key that is not here (known as 4be0dc51)")
    with pytest.raises(Unreadable) as forged:
        Keyring().open("email", "sealed:1:Ingrid:Ingrid")
    assert "Ingrid" not in detail(forged.value)


def test_exceptions_that_go_in_a_circle_come_to_an_end() -> None:
    one, other = ValueError(), KeyError()
    one.__cause__, other.__cause__ = other, one
    assert [link.type for link in links(one)] == ["ValueError", "KeyError"] * 2 + ["ValueError"]


def test_an_exception_in_somebody_elses_record_is_told_as_ours_are(lines: Lines) -> None:
    try:
        raise ValueError("Ingrid")
    except ValueError as error:
        info = (ValueError, error, error.__traceback__)
    text = "Task exception was never retrieved\nfuture: <Task exception=ValueError('Ingrid')>"
    line = lines.format(logging.LogRecord("asyncio", logging.ERROR, "", 0, text, (), info))
    assert "Ingrid" not in line
    assert "Task exception was never retrieved" in line
    assert "in test_an_exception_in_somebody_elses_record_is_told_as_ours_are" in line


def test_only_so_many_faults_a_second_are_told_at_length() -> None:
    now = 5.0
    allowance = Allowance(2, clock=lambda: now)
    assert [allowance.takes() for _ in range(3)] == [True, True, False]
    now = 6.1
    assert allowance.takes()


# ---- to a file or a pipe ------------------------------------------------------------------------


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    for end in (reading, writing):
        os.close(end)


def read(descriptor: int, most: int = 65_536) -> bytes:
    """What can be read within a few seconds."""
    assert select.select([descriptor], [], [], 10)[0], "nothing came"
    return os.read(descriptor, most)


def said(text: str, level: int = logging.INFO) -> logging.LogRecord:
    return logging.LogRecord("sessional", level, "", 0, text, (), None)


def test_a_line_is_written_soon_and_a_warning_at_once(pipe: tuple[int, int]) -> None:
    handler = Batched(pipe[1])
    started = time.monotonic()
    handler.handle(said("first"))
    assert read(pipe[0]) == b"first\n"
    assert time.monotonic() - started < 1
    handler.handle(said("second"))
    handler.handle(said("third", logging.WARNING))
    assert read(pipe[0]) == b"second\nthird\n"


def test_a_flush_leaves_nothing_behind(pipe: tuple[int, int]) -> None:
    handler = Batched(pipe[1])
    for number in range(100):
        handler.handle(said(str(number)))
    handler.flush()
    assert read(pipe[0]).split() == [str(n).encode() for n in range(100)]


def test_a_piece_for_a_pipe_holds_whole_lines_and_fits() -> None:
    made = pieces(["x" * 1_500] * 5 + ["y" * 9_000, "z"], PIPE_BYTES)
    assert [len(piece) for piece in made] == [3_002, 3_002, 1_501, 9_001, 2]
    assert b"".join(made).count(b"\n") == 7


def test_who_logs_does_not_wait_for_a_reader_that_is_stuck(pipe: tuple[int, int]) -> None:
    handler = Batched(pipe[1])
    started = time.monotonic()
    for _ in range(MOST_LINES * 2):
        handler.handle(said("x" * 100))
    assert time.monotonic() - started < 10
    found = b""
    while b"lines were lost here" not in found:
        found = found[-200:] + read(pipe[0])


def test_a_reader_that_is_gone_is_no_fault() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    handler = Batched(writing)
    handler.handle(said("to nobody"))
    handler.flush()
    os.close(writing)


def test_lines_of_several_threads_and_processes_stay_whole(pipe: tuple[int, int]) -> None:
    program = """
import logging, sys, threading
from sessional.observers.batched import Batched
handler = Batched(1)
def many(name):
    for number in range(1000):
        text = f"{name}:{number}:" + name * (number % 300)
        handler.handle(logging.LogRecord("", logging.INFO, "", 0, text, (), None))
threads = [threading.Thread(target=many, args=(name,)) for name in sys.argv[1]]
[t.start() for t in threads]; [t.join() for t in threads]
handler.flush()
"""
    command = [sys.executable, "-c", program]
    started = [subprocess.Popen([*command, names], stdout=pipe[1]) for names in ("ab", "cd")]
    chunks: list[bytes] = []

    while sum(chunk.count(b"\n") for chunk in chunks) < 4_000:
        chunks.append(read(pipe[0]))
    assert [process.wait(timeout=10) for process in started] == [0, 0]
    found = b"".join(chunks).decode().splitlines()
    whole = {f"{n}:{i}:" + n * (i % 300) for n in "abcd" for i in range(1000)}
    assert sorted(found) == sorted(whole)


def test_a_json_line_has_a_time_a_level_and_an_event() -> None:
    for observation in (SEEN, FaultHappened(request_id="a-request", error=ValueError())):
        found = json.loads(JsonLines().format(record(observation)))
        assert list(found)[:4] == ["time", "level", "event", "pid"]
