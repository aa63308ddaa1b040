"""Slow and idle sockets: they are closed, and meanwhile keep nobody waiting. And memory stays."""

import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from sessional.store.migrate import migrate_sqlite
from tests.contract import practice
from tests.contract.database import Database
from tests.support.api import Api
from tests.support.server import Server, running

MOST_GROWTH_BYTES = 24 * 2**20
HEAD = b"POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 90000\r\n"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that waits two seconds for a request to arrive."""
    folder = tmp_path_factory.mktemp("hasty")
    database = Database(f"sqlite:///{folder}/hasty.db")
    migrate_sqlite(database.path)
    practice.fill(database)
    with running(database.url, folder, SESSIONAL_RECEIVE_SECONDS="2") as server:
        yield server


def connect(server: Server, begin: bytes) -> socket.socket:
    place = urlsplit(server.url)
    made = socket.create_connection((place.hostname, place.port), timeout=15)
    made.sendall(begin)
    return made


def is_closed(made: socket.socket) -> bool:
    """Wait for the other side to hang up."""
    try:
        while made.recv(4096):
            pass
    except TimeoutError:
        return False
    except ConnectionError:
        return True
    return True


@pytest.mark.parametrize(
    "begin",
    [b"", b"POST /graphq", HEAD, HEAD + b"\r\n", HEAD + b"\r\n" + b'{"query": "{'],
    ids=["nothing", "half a line", "half a head", "no body", "half a body"],
)
def test_a_request_that_does_not_arrive_is_given_up_and_its_socket_closed(hasty, begin):
    made = connect(hasty, begin)
    assert is_closed(made)
    made.close()


def test_a_request_that_comes_byte_by_byte_is_given_up_as_well(hasty):
    made = connect(hasty, HEAD + b"\r\n")
    closed = False
    for _ in range(150):
        try:
            made.sendall(b" ")
        except ConnectionError:
            closed = True
            break
        time.sleep(0.1)
    assert closed or is_closed(made)
    made.close()


def test_a_connection_that_is_used_again_and_again_is_not_closed(hasty):
    client = Api(hasty.url).log_in()
    made = connect(hasty, b"")
    body = json.dumps({"query": "{ viewer { username } }"}).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {client.token}\r\n"
    head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    for _ in range(5):
        made.sendall(head.encode() + body)
        assert b"test_user" in made.recv(65_536)
        time.sleep(0.7)
    made.close()


def test_fifty_slow_and_idle_sockets_leave_others_under_a_second(hasty):
    client = Api(hasty.url).log_in()
    begins = [b"", b"POST /graphq", HEAD, HEAD + b"\r\n" + b'{"query": "{']
    slow = [connect(hasty, begins[n % len(begins)]) for n in range(50)]
    times = []
    for _ in range(10):
        started = time.perf_counter()
        assert client.data("{ viewer { username } }")["viewer"]
        times.append(time.perf_counter() - started)
    assert sorted(times)[len(times) // 2] < 1
    for made in slow:
        made.close()


# ---- memory -------------------------------------------------------------------------------------


def resident_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise AssertionError("no resident size")


def hostile(number: int) -> Iterator[bytes]:
    """Requests that are refused, each text never seen before."""
    yield json.dumps({"query": f"{{ f{number} " * 300 + "}" * 300}).encode()
    yield json.dumps({"query": f"{{ viewer {{ a{number}: nobody }} }} #" + "x" * 90_000}).encode()
    yield json.dumps({"query": "{" + f" b{number}" * 5_100 + "}"}).encode()
    yield json.dumps(
        {
            "query": "query($f: AppointmentsFilter) { appointments(filters: $f) { totalCount } }"
            f"# {number}",
            "variables": {"f": {"typeIn": [f"{number}"] * 9_000}},
        }
    ).encode()
    yield b"[" * 50_000
    yield b'{"query": "' + b"\xff" * 50_000


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the resident size is Linux's")
def test_memory_does_not_grow_under_hostile_requests(hasty):
    """The first pass fills the caches, which are bounded; the second must not add to them."""
    client, token = httpx.Client(timeout=30), Api(hasty.url).log_in().token
    headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
    sizes = []
    for each_pass in range(3):
        for number in range(60):
            for body in hostile(each_pass * 1_000 + number):
                client.post(f"{hasty.url}/graphql", content=body, headers=headers)
        sizes.append(resident_bytes(hasty.process.pid))
    client.close()
    assert sizes[-1] - sizes[0] < MOST_GROWTH_BYTES
