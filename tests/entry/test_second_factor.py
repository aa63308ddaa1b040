"""A second factor for staff: a password that was given away opens nothing by itself."""

from __future__ import annotations

import asyncio
import itertools
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs, urlsplit

import argon2
import asyncpg
import httpx
import pyotp
import pytest

from sessional.access import SETTING_UP
from sessional.credentials import fingerprint
from sessional.graph.schema import schema
from sessional.keyring import second_factor_of
from sessional.second_factor import recovery_code_of, recovery_hash, secret_of, step_of
from tests.booking.in_process import started
from tests.contract import practice
from tests.contract.conftest import Place
from tests.entry.people import Device, Person
from tests.exchange.practice import KEYRING
from tests.support.api import LOG_IN

AUTH = """mutation($u: String, $p: String, $c: String) {
    auth(username: $u, password: $p, code: $c) { accessToken refreshToken } }"""
BEGIN = """mutation($p: String!) { beginSecondFactor(input: {currentPassword: $p}) {
    secret uri replayed errors { __typename ... on UserError { code message path } } } }"""
CONFIRM = """mutation($c: String!) { confirmSecondFactor(input: {code: $c}) {
    recoveryCodes revokedSessionIds errors { __typename ... on UserError { code message path } } } }"""
TURN_OFF = """mutation($p: String!, $c: String!) {
    turnOffSecondFactor(input: {currentPassword: $p, code: $c}) {
        revokedSessionIds errors { __typename ... on UserError { code message path } } } }"""
QUICK_HASH = argon2.PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(practice.PASSWORD)
_numbers = itertools.count(1)
SINCE = "{ viewer { secondFactorSince } }"


def code_of(secret: str) -> str:
    return pyotp.TOTP(secret).now()


class Factor:
    """Somebody who has set up a second factor: the device on which they did, the secret, the codes."""

    def __init__(self, person: Person, device: Device | None = None) -> None:
        self.person = person
        self.device = device or person.log_in()
        self.secret = begin(self.device, person)["secret"]
        found = confirm(self.device, code_of(self.secret))
        assert found["errors"] == []
        self.recovery_codes = found["recoveryCodes"]
        self.wait()

    def wait(self) -> None:
        """As if it were some time later: the code of the moment has not been used."""
        self.person.place.database.execute(
            "UPDATE second_factor SET last_step = 1 WHERE account_id = ?", self.account_id
        )

    @property
    def account_id(self) -> int:
        return account_id(self.person)

    def log_in(self, code: str | None, password: str | None = None) -> dict[str, Any]:
        return log_in(self.person, code, password)


def account_id(person: Person) -> int:
    found: int = person.place.database.value(
        "SELECT account_id FROM account WHERE username = ?", person.username
    )
    return found


def log_in(person: Person, code: str | None, password: str | None = None) -> dict[str, Any]:
    given = {"u": person.username, "p": password or person.password, "c": code}
    return person.place.stranger().ask(AUTH, given)


def said(answer: dict[str, Any]) -> str:
    """The code of a refusal, or that somebody is in."""
    return str(answer["errors"][0]["extensions"]["code"]) if "errors" in answer else "in"


def begin(device: Device, person: Person) -> Any:
    return device.api.data(BEGIN, {"p": person.password})["beginSecondFactor"]


def confirm(device: Device, code: str) -> Any:
    return device.api.data(CONFIRM, {"c": code})["confirmSecondFactor"]


def turn_off(device: Device, password: str, code: str) -> Any:
    return device.api.data(TURN_OFF, {"p": password, "c": code})["turnOffSecondFactor"]


@pytest.fixture
def person(desk: Place) -> Person:
    """Somebody whose password is quickly looked at: here it is the code that matters."""
    name = f"staff-{next(_numbers)}"
    add_account(desk, name)
    return Person(desk, name, practice.PASSWORD)


def add_account(place: Place, name: str) -> None:
    place.database.execute(
        "INSERT INTO account (username, password_hash, role) VALUES (?, ?, 'ADMIN')", name, QUICK_HASH
    )


@pytest.fixture
def client_person(person: Person) -> Person:
    """The same with the role of a client."""
    database = person.place.database
    database.execute("INSERT INTO client (name, search_name, time_zone) VALUES ('Cy', 'cy', 'UTC')")
    database.execute(
        "UPDATE account SET role = 'CLIENT', client_id = (SELECT max(client_id) FROM client)"
        " WHERE username = ?",
        person.username,
    )
    return person


@pytest.fixture
def factor(person: Person) -> Factor:
    return Factor(person)


# ---- set up -------------------------------------------------------------------------------------


def test_a_second_factor_is_in_force_once_its_first_code_has_come_and_not_before(person: Person) -> None:
    other, mine = person.log_in(), person.log_in()
    begun = begin(mine, person)
    found = urlsplit(begun["uri"])
    assert (found.scheme, found.netloc, found.path) == ("otpauth", "totp", f"/Sessional:{person.username}")
    assert parse_qs(found.query) == {"secret": [begun["secret"]], "issuer": ["Sessional"]}
    assert said(log_in(person, None)) == "in"
    assert mine.api.data(SINCE) == {"viewer": {"secondFactorSince": None}}

    number = other.number
    confirmed = confirm(mine, code_of(begun["secret"]))
    assert confirmed["errors"] == []
    assert len(set(confirmed["recoveryCodes"])) == 10
    assert number in confirmed["revokedSessionIds"]
    assert not other.is_in
    assert mine.is_in
    assert mine.api.data(SINCE)["viewer"]["secondFactorSince"].endswith("Z")
    first_form = person.place.stranger().ask(LOG_IN, {"u": person.username, "p": person.password})
    assert (first_form["data"], said(first_form)) == ({"auth": None}, "SECOND_FACTOR_REQUIRED")


def test_a_secret_that_was_begun_again_is_another_and_the_one_before_confirms_nothing(
    person: Person,
) -> None:
    device = person.log_in()
    first, second = begin(device, person)["secret"], begin(device, person)["secret"]
    assert first != second
    (error,) = confirm(device, code_of(first))["errors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", "code"])
    assert confirm(device, code_of(second))["errors"] == []


def test_nothing_is_begun_without_the_password_or_beside_a_factor_in_force(person: Person) -> None:
    device = person.log_in()
    refused = device.api.data(BEGIN, {"p": "guessed"})["beginSecondFactor"]
    assert refused["errors"][0]["path"] == ["input", "currentPassword"]
    assert (refused["secret"], refused["uri"]) == (None, None)
    (error,) = confirm(device, "123456")["errors"]
    assert "beginSecondFactor" in error["message"]

    factor = Factor(person, device)
    again = begin(device, person)
    assert (again["secret"], again["errors"][0]["code"]) == (None, "INVALID_INPUT")
    assert confirm(device, code_of(factor.secret))["recoveryCodes"] == []
    assert said(factor.log_in(code_of(factor.secret))) == "in"


@pytest.mark.parametrize("_entry", ["postgres"], indirect=True, scope="session")
async def test_a_secret_that_is_begun_while_another_is_confirmed_takes_its_place_nowhere(
    person: Person,
) -> None:
    """Else the code of neither would let anybody in. SQLite has one writer at a time."""
    database = person.place.database
    device = await asyncio.to_thread(person.log_in)
    secret = (await asyncio.to_thread(begin, device, person))["secret"]
    holds, looks = await asyncpg.connect(database.url), await asyncpg.connect(database.url)
    async with holds.transaction():
        await holds.execute("SELECT 1 FROM account WHERE username = $1 FOR UPDATE", person.username)
        confirming = asyncio.create_task(asyncio.to_thread(confirm, device, code_of(secret)))
        await _waiting(looks, 1)
        beginning = asyncio.create_task(asyncio.to_thread(begin, device, person))
        await _waiting(looks, 2)
    confirmed, begun = await confirming, await beginning
    assert (confirmed["errors"], begun["secret"]) == ([], None)
    asked = (
        "SELECT account_id, secret FROM second_factor JOIN account USING (account_id) WHERE username = $1"
    )
    found = await looks.fetchrow(asked, person.username)
    assert KEYRING.open(second_factor_of(found["account_id"]), found["secret"]) == secret
    for connection in (holds, looks):
        await connection.close()


async def _waiting(connection: asyncpg.Connection, count: int) -> None:
    """Until so many statements wait for a lock."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = $1"
    name = await connection.fetchval("SELECT current_database()")
    for _ in range(500):
        if await connection.fetchval(asked, name) >= count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


# ---- logging in ---------------------------------------------------------------------------------


def test_a_code_is_asked_for_and_looked_at_only_after_the_right_password(factor: Factor) -> None:
    code = code_of(factor.secret)
    assert said(factor.log_in(code, "not this one")) == "BAD_CREDENTIALS"
    assert said(factor.log_in(None, "not this one")) == "BAD_CREDENTIALS"
    assert said(factor.log_in(None)) == "SECOND_FACTOR_REQUIRED"
    assert said(factor.log_in("")) == "SECOND_FACTOR_WRONG"
    assert said(factor.log_in(f"{code[:3]} {code[3:]}")) == "in"


def test_a_code_lets_one_in_once_also_of_five_at_once(factor: Factor) -> None:
    code = code_of(factor.secret)
    with ThreadPoolExecutor(5) as threads:
        answers = list(threads.map(lambda _: said(factor.log_in(code)), range(5)))
    assert sorted(answers) == ["SECOND_FACTOR_WRONG"] * 4 + ["in"]
    assert said(factor.log_in(code)) == "SECOND_FACTOR_WRONG"


def test_the_code_that_confirmed_it_lets_nobody_in(person: Person) -> None:
    device = person.log_in()
    code = code_of(begin(device, person)["secret"])
    assert confirm(device, code)["errors"] == []
    assert said(log_in(person, code)) == "SECOND_FACTOR_WRONG"


def test_a_recovery_code_lets_one_in_once_however_it_is_typed(factor: Factor) -> None:
    first, second, *_ = factor.recovery_codes
    typed = first.lower().replace("-", " ")
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: said(factor.log_in(typed)), range(4)))
    assert sorted(answers) == ["SECOND_FACTOR_WRONG"] * 3 + ["in"]
    assert said(factor.log_in(second)) == "in"
    assert said(factor.log_in("AAAA-BBBB-CCCC-DDDD")) == "SECOND_FACTOR_WRONG"


def test_the_code_of_another_account_is_no_good(factor: Factor, desk: Place) -> None:
    other = Person(desk, "with-another-secret", factor.person.password)
    add_account(desk, other.username)
    theirs = Factor(other)
    assert said(factor.log_in(code_of(theirs.secret))) == "SECOND_FACTOR_WRONG"
    assert said(factor.log_in(theirs.recovery_codes[0])) == "SECOND_FACTOR_WRONG"


def test_going_on_needs_no_code(factor: Factor) -> None:
    assert factor.device.refresh()["data"]["refresh"]
    assert factor.device.is_in


def test_without_a_second_factor_a_code_that_came_along_is_nothing(person: Person) -> None:
    assert said(log_in(person, "123456")) == "in"
    assert said(person.place.stranger().ask(LOG_IN, {"u": person.username, "p": person.password})) == "in"


# ---- turned off ---------------------------------------------------------------------------------


def test_it_is_turned_off_with_the_password_and_a_code_and_then_the_password_is_enough(
    factor: Factor,
) -> None:
    password, device = factor.person.password, factor.device
    code = code_of(factor.secret)
    (error,) = turn_off(device, "guessed", code)["errors"]
    assert error["path"] == ["input", "currentPassword"]
    (error,) = turn_off(device, password, "000000")["errors"]
    assert (error["code"], error["path"]) == ("INVALID_INPUT", ["input", "code"])
    assert said(factor.log_in(None)) == "SECOND_FACTOR_REQUIRED"

    other = Device(factor.person.place.stranger(), "")
    other.api.token = factor.log_in(factor.recovery_codes[0])["data"]["auth"]["accessToken"]
    ended = turn_off(device, password, code)
    assert (ended["errors"], len(ended["revokedSessionIds"])) == ([], 1)
    assert (device.is_in, other.is_in) == (True, False)
    assert said(factor.log_in(None)) == "in"
    assert turn_off(device, password, code) == {"revokedSessionIds": [], "errors": []}
    for table in ("second_factor", "recovery_code"):
        rows = factor.person.place.database.rows(
            f"SELECT 1 FROM {table} WHERE account_id = ?", factor.account_id
        )
        assert rows == []


def test_a_code_that_was_used_does_not_turn_it_off(factor: Factor) -> None:
    code = code_of(factor.secret)
    assert said(factor.log_in(code)) == "in"
    assert turn_off(factor.device, factor.person.password, code)["errors"]
    assert turn_off(factor.device, factor.person.password, factor.recovery_codes[3])["errors"] == []


# ---- what is kept, and what is on record --------------------------------------------------------


def test_neither_the_secret_nor_a_code_is_kept_or_told_in_clear(factor: Factor) -> None:
    code, used = code_of(factor.secret), factor.recovery_codes[0]
    factor.log_in(code)
    factor.log_in(used)
    place = factor.person.place
    ((stored,),) = place.database.rows(
        "SELECT secret FROM second_factor WHERE account_id = ?", factor.account_id
    )
    assert KEYRING.open(second_factor_of(factor.account_id), stored) == factor.secret
    kept = repr(place.database.rows("SELECT * FROM recovery_code WHERE account_id = ?", factor.account_id))
    kept += repr(place.database.rows("SELECT * FROM audit_event WHERE account_id = ?", factor.account_id))
    kept += place.server.log.read_text(errors="replace") + stored
    for text in (factor.secret, code, *factor.recovery_codes):
        assert text not in kept


def test_a_secret_cannot_be_moved_to_another_account(factor: Factor) -> None:
    ((stored,),) = factor.person.place.database.rows(
        "SELECT secret FROM second_factor WHERE account_id = ?", factor.account_id
    )
    assert not KEYRING.opens(second_factor_of(factor.account_id + 1), stored)


def test_what_becomes_of_a_second_factor_is_on_record(factor: Factor) -> None:
    device, database = factor.device, factor.person.place.database
    factor.log_in(factor.recovery_codes[0])
    factor.log_in(code_of(factor.secret))
    turn_off(device, factor.person.password, factor.recovery_codes[1])
    entries = database.rows(
        "SELECT action, outcome, object_id, state_after FROM audit_event WHERE account_id = ?"
        " AND outcome = 'DONE' ORDER BY audit_event_id",
        factor.account_id,
    )
    mine = factor.account_id
    assert entries == [
        ("auth", "DONE", mine, None),
        ("beginSecondFactor", "DONE", mine, None),
        ("confirmSecondFactor", "DONE", mine, None),
        ("auth", "DONE", mine, '{"secondFactor":"recovery code","recoveryCodesLeft":9}'),
        ("auth", "DONE", mine, '{"secondFactor":"code"}'),
        ("turnOffSecondFactor", "DONE", mine, '{"secondFactor":"recovery code","recoveryCodesLeft":8}'),
    ]


# ---- where the practice wants one ---------------------------------------------------------------


async def test_where_it_is_required_staff_without_one_may_set_it_up_and_nothing_else(
    person: Person,
) -> None:
    async with started(person.place.database.url, second_factor="required") as client:

        async def ask(document: str, variables: Any = None, token: str = "") -> Any:
            headers = {"Authorization": f"Bearer {token}"} if token else {"Authorization": ""}
            body = {"query": document, "variables": variables or {}}
            response: httpx.Response = await client.post("/graphql", json=body, headers=headers)
            return response.json()

        given = {"u": person.username, "p": person.password}
        opened = (await ask(AUTH, given))["data"]["auth"]
        token = opened["accessToken"]
        for document in (
            "{ appointments { totalCount } }",
            "{ viewer { username therapist { firstName } } }",
            "{ viewer { ...V } } fragment V on Viewer { client { name } }",
            '{ node(id: "VGhlcmFwaXN0OjE=") { id } }',
            '{ freeDays(search: {service: "one-off"}) }',
            'mutation { addClient(input: {name: "x"}) { replayed } }',
            "mutation { appointment(therapistId: 1) { appointment { id } } }",
            'mutation { turnOffSecondFactor(input: {currentPassword: "x", code: "x"}) { replayed } }',
        ):
            assert said(await ask(document, token=token)) == "SECOND_FACTOR_NOT_SET_UP", document
        refresh = "mutation($t: String) { refresh(refreshToken: $t) { newToken refreshToken } }"
        renewed = (await ask(refresh, {"t": opened["refreshToken"]}))["data"]["refresh"]
        token = renewed["newToken"]
        assert said(await ask("{ appointments { totalCount } }", token=token)) == "SECOND_FACTOR_NOT_SET_UP"
        who = {"username": person.username, "sessions": {"totalCount": 1}}
        assert (await ask("{ viewer { username sessions { totalCount } } }", token=token))["data"] == {
            "viewer": who
        }

        begun = (await ask(BEGIN, {"p": person.password}, token))["data"]["beginSecondFactor"]
        confirmed = await ask(CONFIRM, {"c": code_of(begun["secret"])}, token)
        assert confirmed["data"]["confirmSecondFactor"]["errors"] == []
        renewed = (await ask(refresh, {"t": renewed["refreshToken"]}))["data"]["refresh"]
        assert said(await ask("{ appointments { totalCount } }", token=renewed["newToken"])) == "in"
        code = confirmed["data"]["confirmSecondFactor"]["recoveryCodes"][0]
        token = (await ask(AUTH, {**given, "c": code}))["data"]["auth"]["accessToken"]
        assert said(await ask("{ appointments { totalCount } }", token=token)) == "in"


async def test_where_it_is_required_clients_go_on_with_their_password(client_person: Person) -> None:
    person = client_person
    async with started(person.place.database.url, second_factor="required") as client:
        body: dict[str, Any] = {"query": AUTH, "variables": {"u": person.username, "p": person.password}}
        tokens = (await client.post("/graphql", json=body, headers={"Authorization": ""})).json()
        mine = {"Authorization": f"Bearer {tokens['data']['auth']['accessToken']}"}
        body = {"query": "{ appointments { totalCount } }"}
        assert said((await client.post("/graphql", json=body, headers=mine)).json()) == "in"


def test_what_may_be_asked_for_without_it_are_fields_that_there_are() -> None:
    built = schema()
    assert built.query_type is not None
    assert built.mutation_type is not None
    assert set(built.query_type.fields) | set(built.mutation_type.fields) >= SETTING_UP


# ---- the codes themselves -----------------------------------------------------------------------

# The secret of RFC 6238, appendix B, whose codes are known.
KNOWN = secret_of(b"12345678901234567890")


@pytest.mark.parametrize(
    ("now", "step"),
    [(59, 1), (1_111_111_109, 37037036), (1_234_567_890, 41152263), (2_000_000_000, 66666666)],
)
def test_a_code_is_that_of_the_standard(now: int, step: int) -> None:
    known = {59: "287082", 1_111_111_109: "081804", 1_234_567_890: "005924", 2_000_000_000: "279037"}
    assert step_of(KNOWN, known[now], now=now) == step


def test_a_clock_may_be_a_step_ahead_or_behind_and_no_more() -> None:
    now = 1_234_567_890
    steps = [step_of(KNOWN, "005924", now=now + 30 * late) for late in range(-2, 3)]
    assert steps == [None, now // 30, now // 30, now // 30, None]


@pytest.mark.parametrize(
    "code", ["", "12345", "1234567", "٠٠٥٩٢٤", "00592４", "x" * 10_000, "\0", "\ud800"]
)
def test_what_is_no_code_is_none_of_the_time_and_harms_nothing(code: str) -> None:
    assert step_of(KNOWN, code, now=1_234_567_890) is None
    assert recovery_hash(1, code) == recovery_hash(1, code.lower()) != recovery_hash(2, code)


def test_a_recovery_code_has_eighty_bits_and_is_kept_for_its_account_alone() -> None:
    assert recovery_code_of(bytes(range(10))) == "AAAQ-EAYE-AUDA-OCAJ"
    assert recovery_hash(7, "aaaq eaye-auda ocaj") == fingerprint("7 AAAQEAYEAUDAOCAJ")
