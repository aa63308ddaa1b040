"""A flood of one account or one address is stopped at the door, and says when to come again."""

from collections.abc import Iterator

import pytest

from sessional.access import Actor, Role
from sessional.actions import keys
from sessional.actions.throttle import Rate
from sessional.errors import Unauthenticated
from sessional.store.migrate import migrate_sqlite
from sessional.web.refused import Refused
from sessional.web.turnstile import REMEMBERED, Turnstile
from tests.booking.in_process import started
from tests.contract import practice
from tests.contract.database import Database
from tests.support.api import Api
from tests.support.server import running

WHO = "{ viewer { username } }"


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def turnstile(clock) -> Turnstile:
    return Turnstile(Rate(count=3, seconds=60), clock)


def limit(turnstile: Turnstile, passer: int | str = 1) -> str:
    return dict(turnstile.pass_(passer))[b"ratelimit"].decode()


def test_the_headers_say_what_is_left_and_when_all_of_it_is_back(turnstile, clock):
    assert [limit(turnstile) for _ in range(3)] == [
        '"requests";r=2;t=20',
        '"requests";r=1;t=40',
        '"requests";r=0;t=60',
    ]
    assert dict(turnstile.pass_(2))[b"ratelimit-policy"] == b'"requests";q=3;w=60'
    clock.now += 20
    assert limit(turnstile) == '"requests";r=0;t=60'


def test_beyond_the_rate_one_is_refused_with_the_time_to_wait_and_then_let_in(turnstile, clock):
    for _ in range(3):
        turnstile.pass_(1)
    for _ in range(5):
        with pytest.raises(Refused) as refused:
            turnstile.pass_(1)
    assert (refused.value.status, refused.value.retry) == (429, 20)
    clock.now += 20
    turnstile.pass_(1)


def test_one_flood_does_not_stop_another_account(turnstile):
    for _ in range(3):
        turnstile.pass_(1)
    turnstile.pass_(2)
    turnstile.pass_("192.0.2.1")


def test_who_is_remembered_is_bounded(turnstile):
    for passer in range(REMEMBERED + 50):
        turnstile.pass_(passer)
    assert len(turnstile._full_at) == REMEMBERED


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    folder = tmp_path_factory.mktemp("rate")
    database = Database(f"sqlite:///{folder}/rate.db")
    migrate_sqlite(database.path)
    practice.fill(database)
    with running(database.url, folder, SESSIONAL_REQUEST_RATE="5/hour") as server:
        yield Api(server.url).log_in()


def test_an_account_that_asks_too_often_is_answered_with_429_and_others_go_on(api):
    responses = [api.send(WHO) for _ in range(7)]
    assert [response.status_code for response in responses] == [200] * 5 + [429] * 2
    assert responses[0].headers["RateLimit"] == '"requests";r=4;t=720'
    assert responses[0].headers["RateLimit-Policy"] == '"requests";q=5;w=3600'
    (error,) = responses[-1].json()["errors"]
    assert error["extensions"]["code"] == "RATE_LIMITED"
    assert error["extensions"]["retryAfterSeconds"] == int(responses[-1].headers["Retry-After"])
    # The address has a count of its own, of which the log-in took one.
    assert Api(api.url).send(WHO).status_code == 200


async def test_keys_that_are_made_up_are_looked_up_as_often_as_an_address_may_ask(tmp_path, monkeypatch):
    """And a key that is known is counted for its machine, not for the address."""
    looked_up = []
    known = Actor(account_id=7, username="machine", role=Role.SERVICE, session_id="s")

    async def look_up(store, key, now):
        looked_up.append(key)
        if key.endswith("known"):
            return keys._Known(known, now + 60)
        raise Unauthenticated

    monkeypatch.setattr(keys, "_looked_up", look_up)
    url = f"sqlite:///{tmp_path}/practice.db"
    migrate_sqlite(tmp_path / "practice.db")

    async def ask(client, key):
        headers = {"Authorization": f"Bearer {keys.PREFIX}{key}"}
        return (await client.post("/graphql", json={"query": WHO}, headers=headers)).status_code

    async with started(url, request_rate="5/hour") as client:
        assert await ask(client, "known") == 200
        assert [await ask(client, f"bogus{n}") for n in range(8)] == [200] * 4 + [429] * 4
        assert len(looked_up) == 5
        assert [await ask(client, "known") for _ in range(6)] == [200] * 5 + [429]
    assert len(looked_up) == 5
