"""Guessing is slow: log-ins that fail are counted for the account and the address, and nobody can keep
the owner of an account out."""

import asyncio
import os
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from sessional.access import Caller
from sessional.actions.desk import MOST_WAITING, Hashing
from sessional.actions.throttle import Rate, buckets, take
from sessional.errors import RateLimited
from sessional.store import address
from sessional.store.migrate import migrate_postgres, migrate_sqlite
from sessional.store.postgres import PostgresStore
from sessional.store.sqlite import SqliteStore
from sessional.web.app import HASHING_NICENESS, _hashing_threads
from tests.contract import practice
from tests.contract.conftest import Place
from tests.contract.database import Database
from tests.support.api import LOG_IN, Api
from tests.support.server import running

RATE = Rate(count=3, seconds=60)


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Two workers behind a proxy that says whom it heard from; three log-ins an hour may fail."""
    folder = tmp_path_factory.mktemp("strict")
    database = Database(f"sqlite:///{folder}/strict.db")
    migrate_sqlite(database.path)
    practice.fill(database)
    for name in ("ann", "bea", "cem", "dora", "eve"):
        practice.add_account(database, name)
    settings = {
        "SESSIONAL_LOGIN_RATE": "3/hour",
        "SESSIONAL_TRUSTED_PROXIES": "1",
        "SESSIONAL_WORKERS": "2",
    }
    with running(database.url, folder, **settings) as server:
        yield Place(server, database, Api(server.url))


def log_in(place: Place, username: str, password: str, address: str) -> dict:
    """One log-in on a connection of its own, so that the workers take turns."""
    api = Api(place.url)
    variables = {"u": username, "p": password}
    answer: dict = api.send(LOG_IN, variables, **{"X-Forwarded-For": address}).json()
    return answer


def code(answer: dict) -> str:
    return answer["errors"][0]["extensions"]["code"] if "errors" in answer else "in"


def test_after_so_many_wrong_passwords_of_an_account_one_waits_whatever_the_address_and_the_worker(strict):
    codes = [code(log_in(strict, "ann", "wrong", f"192.0.2.{n}")) for n in range(5)]
    assert codes == ["BAD_CREDENTIALS"] * 3 + ["RATE_LIMITED"] * 2
    answer = log_in(strict, "ann", practice.PASSWORD, "192.0.2.99")
    (error,) = answer["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert 1_100 < error["extensions"]["retryAfterSeconds"] <= 1_200
    assert str(error["extensions"]["retryAfterSeconds"]) in error["message"]


def test_after_so_many_wrong_passwords_from_an_address_one_waits_whatever_the_account(strict):
    names = ["nobody", "nobody-2", "bea", "cem", "nobody-3"]
    codes = [code(log_in(strict, name, "wrong", "198.51.100.7")) for name in names]
    assert codes == ["BAD_CREDENTIALS"] * 3 + ["RATE_LIMITED"] * 2
    assert code(log_in(strict, "bea", practice.PASSWORD, "198.51.100.8")) == "in"


def test_where_the_owner_has_logged_in_before_strangers_cannot_keep_them_out(strict):
    assert code(log_in(strict, "cem", practice.PASSWORD, "203.0.113.1")) == "in"
    codes = {code(log_in(strict, "cem", "wrong", f"192.0.2.{n}")) for n in range(100, 108)}
    assert codes == {"BAD_CREDENTIALS", "RATE_LIMITED"}
    for _ in range(2):
        assert code(log_in(strict, "cem", practice.PASSWORD, "203.0.113.1")) == "in"


def test_log_ins_that_succeed_are_not_counted(strict):
    for _ in range(8):
        assert code(log_in(strict, "dora", practice.PASSWORD, "203.0.113.50")) == "in"


def test_a_stolen_token_is_no_leave_to_guess_the_password(strict):
    tokens = log_in(strict, "dora", practice.PASSWORD, "203.0.113.60")["data"]["auth"]
    api = Api(strict.url, token=tokens["accessToken"])
    document = """mutation { changePassword(input: {currentPassword: "guess", newPassword: "long enough"}) {
        errors { ... on UserError { code } } } }"""
    answers = [api.send(document, **{"X-Forwarded-For": "203.0.113.60"}).json() for _ in range(5)]
    assert ["errors" in answer for answer in answers] == [False, False, False, True, True]
    assert answers[-1]["errors"][0]["extensions"]["code"] == "RATE_LIMITED"


def test_wrong_codes_of_a_second_factor_are_counted_like_wrong_passwords_and_missing_ones_are_not(strict):
    strict.database.run(
        ("UPDATE account SET second_factor_at = 1 WHERE username = ?", [["eve"]]),
        ("INSERT INTO recovery_code SELECT account_id, 'x' FROM account WHERE username = ?", [["eve"]]),
    )
    for n in range(4):
        assert code(log_in(strict, "eve", practice.PASSWORD, f"192.0.2.{n}")) == "SECOND_FACTOR_REQUIRED"
    guess = LOG_IN.replace("$p: String", "$p: String, $c: String").replace("$p)", "$p, code: $c)")
    codes = []
    for n in range(5):
        given = {"u": "eve", "p": practice.PASSWORD, "c": "AAAA-BBBB-CCCC-DDDD"}
        headers = {"X-Forwarded-For": f"192.0.2.{100 + n}"}
        codes.append(code(Api(strict.url).send(guess, given, **headers).json()))
    assert codes == ["SECOND_FACTOR_WRONG"] * 3 + ["RATE_LIMITED"] * 2


def test_no_bucket_tells_whose_it_is(strict):
    log_in(strict, "nobody-4", "wrong", "203.0.113.70")
    kept = str(strict.database.rows("SELECT * FROM log_in_rate"))
    assert "203.0.113" not in kept
    assert "nobody" not in kept


# ---- the rate itself ----------------------------------------------------------------------------


@pytest.fixture
async def tx_of(database_url):
    if (place := address.parse(database_url)) == database_url:
        await migrate_postgres(database_url)
        store = PostgresStore(database_url, connections=2, deadline_seconds=10)
    else:
        migrate_sqlite(place)
        store = SqliteStore(place, deadline_seconds=10)
    yield lambda now_ms, names=("b",): store.transact(lambda tx: take(tx, RATE, names, now_ms=now_ms))
    await store.close()


async def test_so_many_at_once_and_then_one_for_each_share_of_the_period(tx_of):
    for _ in range(3):
        await tx_of(0)
    with pytest.raises(RateLimited) as refused:
        await tx_of(0)
    assert refused.value.seconds == 20
    with pytest.raises(RateLimited) as refused:
        await tx_of(19_999)
    assert refused.value.seconds == 1
    await tx_of(20_000)
    with pytest.raises(RateLimited):
        await tx_of(20_000)


async def test_tries_that_are_refused_do_not_prolong_the_wait(tx_of):
    for _ in range(3):
        await tx_of(0)
    for now_ms in range(0, 19_000, 500):
        with pytest.raises(RateLimited):
            await tx_of(now_ms)
    await tx_of(20_000)


async def test_after_a_whole_period_everything_is_as_before(tx_of):
    for _ in range(3):
        await tx_of(0)
    for _ in range(3):
        await tx_of(60_000)
    with pytest.raises(RateLimited):
        await tx_of(60_000)


async def test_a_try_that_one_bucket_refuses_is_taken_from_none(tx_of):
    for _ in range(3):
        await tx_of(0, ("empty",))
    for _ in range(5):
        with pytest.raises(RateLimited):
            await tx_of(0, ("full", "empty"))
    for _ in range(3):
        await tx_of(0, ("full",))


def test_an_address_that_is_known_has_a_bucket_that_no_stranger_touches():
    here, there = Caller(address="192.0.2.1"), Caller(address="192.0.2.2")
    strangers = {*buckets(there, "ann", known=False), *buckets(here, "bea", known=False)}
    assert not strangers & set(buckets(here, "ann", known=True))
    assert set(buckets(there, "ann", known=False)) & set(buckets(here, "ann", known=False))


# ---- hashing ------------------------------------------------------------------------------------


async def test_no_more_passwords_are_hashed_at_once_than_there_are_places():
    threads = ThreadPoolExecutor(8)
    hashing, now, most, lock = Hashing(threads, 2), 0, 0, threading.Lock()

    def hash_() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.005)
        with lock:
            now -= 1

    async def one() -> None:
        async with hashing.place():
            await hashing.run(hash_)

    await asyncio.gather(*(one() for _ in range(40)))
    assert most == 2
    hashing.close()


async def test_a_storm_of_log_ins_is_refused_beyond_a_queue_and_goes_on_afterwards():
    hashing, over = Hashing(ThreadPoolExecutor(1), 1), asyncio.Event()

    async def one() -> str:
        try:
            async with hashing.place():
                await over.wait()
        except RateLimited:
            return "refused"
        return "hashed"

    waiting = [asyncio.create_task(one()) for _ in range(1 + MOST_WAITING + 7)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    over.set()
    outcomes = await asyncio.gather(*waiting)
    assert outcomes.count("refused") == 7
    assert await one() == "hashed"
    hashing.close()


@pytest.mark.skipif(sys.platform != "linux", reason="a thread's niceness is Linux's")
def test_hashing_gives_way_to_bookings_where_the_processors_are_busy():
    threads = _hashing_threads(1)
    here = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    there = threads.submit(lambda: os.getpriority(os.PRIO_PROCESS, threading.get_native_id())).result()
    assert there == max(here, HASHING_NICENESS)
    threads.shutdown()


# ---- one password in a request ------------------------------------------------------------------

ONE = 'auth(username: "test_user", password: "x") { accessToken }'
REFRESH = 'refresh(refreshToken: "x") { newToken }'


@pytest.mark.parametrize(
    "document",
    [
        f"mutation {{ a: {ONE} b: {ONE} }}",
        f"mutation {{ {ONE} {REFRESH} }}",
        f"mutation {{ a: {REFRESH} b: {REFRESH} }}",
        f"mutation {{ ...F b: {ONE} }} fragment F on Mutation {{ a: {ONE} }}",
        f"mutation {{ ... {{ a: {ONE} }} ... on Mutation {{ b: {ONE} }} }}",
        f"mutation {{ a: {ONE} b: {ONE.replace(' {', ' @skip(if: true) {')} }}",
    ],
)
def test_a_request_tries_at_most_one_password_or_refresh_token(desk, document):
    response = desk.stranger().send(document)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["message"] == "A request has at most one `auth` or `refresh`."


def test_one_log_in_beside_other_fields_is_answered(desk):
    answer = desk.api.ask(f"mutation {{ {ONE} {ONE} revokeSessions(input: {{}}) {{ replayed }} }}")
    assert answer["data"]["auth"] is None
    assert answer["data"]["revokeSessions"]


def test_a_password_of_a_megabyte_is_refused_before_it_is_read(desk):
    response = desk.stranger().send(LOG_IN, {"u": "test_user", "p": "x" * 1_000_000})
    assert response.status_code == 413
