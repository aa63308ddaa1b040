"""Refresh tokens rotate, and one that comes again ends the session."""

from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest

from sessional.access import Actor, Caller, Role
from sessional.actions.entry import refresh
from sessional.credentials import Kind, Lifetimes, Tokens, fingerprint
from sessional.errors import Unauthenticated
from sessional.observe import Warned
from sessional.store.migrate import migrate_sqlite
from sessional.store.sqlite import SqliteStore
from tests.contract import practice
from tests.contract.database import Database
from tests.entry.people import FIRST_REFRESH, REFRESH
from tests.support.api import LOG_IN, Api
from tests.support.server import SECRET, running


def test_a_refresh_gives_both_tokens_anew_and_the_session_goes_on(person):
    device = person.log_in()
    for _ in range(3):
        before = device.refresh_token
        device.refresh()
        assert device.refresh_token != before
        assert device.is_in


def test_a_refresh_token_that_was_used_is_dead_and_the_whole_session_with_it(person):
    device = person.log_in()
    stolen = device.refresh_token
    device.refresh()
    answer = device.api.ask(REFRESH, {"t": stolen})
    assert answer["data"] == {"refresh": None}
    assert answer["errors"][0]["extensions"] == {"code": "UNAUTHENTICATED"}
    assert not device.is_in
    assert device.refresh()["data"] == {"refresh": None}


def test_a_token_from_two_refreshes_ago_ends_the_session_too(person):
    device = person.log_in()
    oldest = device.refresh_token
    device.refresh()
    device.refresh()
    assert device.api.code(REFRESH, {"t": oldest}) == "UNAUTHENTICATED"
    assert not device.is_in


def test_a_dead_token_ends_its_own_session_alone(person):
    one, other = person.log_in(), person.log_in()
    stolen = one.refresh_token
    one.refresh()
    one.api.ask(REFRESH, {"t": stolen})
    assert other.is_in
    assert other.refresh()["data"]["refresh"]


def test_a_dead_token_that_comes_again_is_on_record_and_in_the_log(person):
    device = person.log_in()
    stolen = device.refresh_token
    device.refresh()
    device.api.ask(REFRESH, {"t": stolen})
    reason, _, _, revoked_at = person.row()
    assert reason == "REFRESH_TOKEN_REUSED"
    assert revoked_at > 0
    log = person.place.server.log.read_text()
    assert "refresh token that was dead came again" in log
    assert stolen not in log
    assert person.username not in log


def test_of_eight_refreshes_at_once_at_most_one_wins(person):
    device = person.log_in()
    clients = [Api(person.place.url) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda api: api.ask(REFRESH, {"t": device.refresh_token}), clients))
    won = [answer["data"]["refresh"] for answer in answers if answer["data"]["refresh"]]
    assert len(won) <= 1
    assert len({found["refreshToken"] for found in won}) == len(won)
    codes = {e["extensions"]["code"] for answer in answers for e in answer.get("errors", ())}
    assert codes == {"UNAUTHENTICATED"}


def test_the_first_form_of_refresh_is_answered_and_uses_its_token_up(person):
    device = person.log_in()
    assert set(device.refresh(FIRST_REFRESH)["data"]["refresh"]) == {"newToken"}
    assert device.is_in
    assert device.refresh(FIRST_REFRESH)["data"] == {"refresh": None}


def test_no_refresh_token_is_kept_only_the_hash_of_its_number(person):
    device = person.log_in()
    token_id = jwt.decode(device.refresh_token, options={"verify_signature": False})["jti"]
    _, refresh_hash, previous_hash, _ = person.row()
    assert (refresh_hash, previous_hash) == (fingerprint(token_id), "")
    assert token_id not in refresh_hash
    kept = str(person.place.database.rows("SELECT * FROM log_in_session"))
    for part in device.refresh_token.split("."):
        assert part not in kept
    assert token_id not in kept


def test_a_refresh_token_says_who_made_it_so_one_of_another_session_is_not_taken(person):
    """A token signed as ours whose number is not the session's is one that died, or never lived."""
    device = person.log_in()
    claims = jwt.decode(device.refresh_token, SECRET, algorithms=["HS256"])
    forged = jwt.encode({**claims, "jti": "made up"}, SECRET, algorithm="HS256")
    assert device.api.code(REFRESH, {"t": forged}) == "UNAUTHENTICATED"
    assert not device.is_in


# ---- where they do not rotate -------------------------------------------------------------------


def test_clients_that_keep_one_refresh_token_are_served_where_rotation_is_off(tmp_path):
    database = Database(f"sqlite:///{tmp_path}/old.db")
    migrate_sqlite(database.path)
    practice.fill(database)
    with running(database.url, tmp_path, SESSIONAL_REFRESH_ROTATION="off") as server:
        api = Api(server.url)
        tokens = api.data(LOG_IN, {"u": practice.USERNAME, "p": practice.PASSWORD})["auth"]
        for document in (FIRST_REFRESH, REFRESH, FIRST_REFRESH):
            api.token = api.data(document, {"t": tokens["refreshToken"]})["refresh"]["newToken"]
            assert api.data("{ viewer { username } }")["viewer"]
        same = api.data(REFRESH, {"t": tokens["refreshToken"]})["refresh"]["refreshToken"]
        assert same == tokens["refreshToken"]
        api.data("mutation { logout(input: {}) { revokedSessionIds } }")
        assert api.code(REFRESH, {"t": same}) == "UNAUTHENTICATED"


# ---- at the same moment -------------------------------------------------------------------------

ACTOR = Actor(account_id=1, username="ann", role=Role.ADMIN, session_id="s")


class Desk:
    """What a refresh needs of a desk, with a clock that is set."""

    rotates = True
    wants_second_factor = False

    def __init__(self, path):
        self.store = SqliteStore(path, deadline_seconds=10)
        self.tokens = Tokens([SECRET], Lifetimes(access_seconds=600, refresh_seconds=86_400))
        self.noticed = []
        self.numbers = iter(range(100))

    def now(self) -> int:
        return 1_000

    def now_ms(self) -> int:
        return 1_000_500

    def request_id(self) -> str:
        return "tests"

    def new_session_id(self) -> str:
        return f"token {next(self.numbers)}"

    def notice(self, observation) -> None:
        self.noticed.append(observation)


@pytest.fixture
async def set_desk(tmp_path):
    path = tmp_path / "clock.db"
    migrate_sqlite(path)
    found = Desk(path)
    account = {"username": "ann", "password_hash": "-", "role": "ADMIN", "disabled_at": None}
    await found.store.fetch("add_account", **account, therapist_id=None, client_id=None)
    await found.store.fetch(
        "begin_session",
        sid="s",
        account_id=1,
        device="-",
        origin="-",
        refresh_hash=fingerprint("first"),
        now=900,
        expires_at=2_000_000_000,
        vouched_for=0,
    )
    yield found
    await found.store.close()


@pytest.mark.parametrize(("arrived_at_ms", "survives"), [(1_000_499, True), (1_000_500, False)])
async def test_a_refresh_that_arrived_before_its_token_died_is_refused_and_is_no_theft(
    set_desk, arrived_at_ms, survives
):
    first = set_desk.tokens.make(Kind.REFRESH, ACTOR, now=950, token_id="first")
    won = await refresh(set_desk, Caller(arrived_at_ms=1_000_400), refresh_token=first)
    with pytest.raises(Unauthenticated):
        await refresh(set_desk, Caller(arrived_at_ms=arrived_at_ms), refresh_token=first)
    assert [type(each) for each in set_desk.noticed] == ([] if survives else [Warned])
    if survives:
        await refresh(set_desk, Caller(arrived_at_ms=1_000_600), refresh_token=won.refresh_token)
    else:
        with pytest.raises(Unauthenticated):
            await refresh(set_desk, Caller(arrived_at_ms=1_000_600), refresh_token=won.refresh_token)
