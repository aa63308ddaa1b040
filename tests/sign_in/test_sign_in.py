"""Signing in with the practice's identity provider, over real HTTP to a real provider on loopback."""

import re
import time
from collections.abc import Callable
from typing import Any

import httpx
import jwt
import pytest

from tests.contract import practice
from tests.contract.conftest import Place
from tests.entry.people import Device, Person
from tests.entry.test_second_factor import AUTH, Factor, said
from tests.sign_in.conftest import Visitor, query_of, refusal, settings
from tests.sign_in.provider import ec_key, public_text, rsa_key, shown, signed
from tests.support.api import Api
from tests.support.postgres import free_port
from tests.support.server import running

APPOINTMENTS = "{ appointments { totalCount } }"
SIGNED_IN = """{ auditEvents(filters: {actions: ["signIn"]}, first: 20) { edges { node {
    username role outcome code objectId } } } }"""


def device(desk: Place, response: httpx.Response) -> Device:
    assert response.status_code == 200, response.text
    found = response.json()
    api = desk.stranger()
    api.token = found["accessToken"]
    return Device(api, found["refreshToken"])


def sessions_of(desk: Place, username: str) -> int:
    return desk.database.value(
        "SELECT count(*) FROM log_in_session s JOIN account a ON a.account_id = s.account_id"
        " WHERE a.username = ?",
        username,
    )


def on_record(desk: Place, *wanted: Any) -> bool:
    """Whether an entry is on record; what is noticed is written within a second."""
    for _ in range(100):
        nodes = [edge["node"] for edge in desk.data(SIGNED_IN)["auditEvents"]["edges"]]
        if any((n["username"], n["outcome"], n["code"]) == wanted for n in nodes):
            return True
        time.sleep(0.05)
    return False


# ---- let in -------------------------------------------------------------------------------------


def test_whom_the_provider_vouches_for_has_a_session_like_every_other(desk, provider, visitor):
    ann = device(desk, visitor.sign_in())
    assert ann.api.data("{ viewer { username role } }")["viewer"] == {"username": "ann", "role": "ADMIN"}
    (session,) = [each for each in ann.sessions() if each["current"]]
    assert session["device"] == "Firefox on Linux"
    used = ann.refresh_token
    assert "errors" not in ann.refresh()
    assert ann.refresh_token != used
    assert on_record(desk, "ann", "DONE", None)
    assert "errors" not in ann.api.ask("mutation { logout(input: {}) { revokedSessionIds } }")
    assert not ann.is_in


def test_an_account_that_is_disabled_is_out_with_its_next_request(desk, provider, visitor):
    provider.reset("cem")
    cem = device(desk, visitor.sign_in())
    practice.set_disabled(desk.database, "cem", disabled=True)
    try:
        assert not cem.is_in
        assert refusal(visitor.sign_in()) == (403, "NOT_ADMITTED")
        assert on_record(desk, "cem", "REFUSED", "NOT_ADMITTED")
    finally:
        practice.set_disabled(desk.database, "cem", disabled=False)


def test_nobody_is_asked_here_for_a_second_factor_whom_the_provider_vouches_for(desk, provider, visitor):
    dan = Person(desk, "dan", practice.PASSWORD)
    practice.add_account(desk.database, "dan")
    Factor(dan)
    provider.reset("dan")
    assert device(desk, visitor.sign_in()).is_in
    given = {"u": "dan", "p": practice.PASSWORD}
    assert said(desk.stranger().ask(AUTH, given)) == "SECOND_FACTOR_REQUIRED"


def test_a_second_factor_that_is_required_is_the_providers_where_it_vouches(desk, provider, tmp_path):
    port = free_port()
    given = settings(provider.url, port, SESSIONAL_SECOND_FACTOR="required")
    with (
        running(desk.database.url, tmp_path, port=port, **given) as server,
        httpx.Client(timeout=30) as client,
    ):
        there = Place(server, desk.database, desk.api)
        bea = Visitor(server.url, client)
        provider.reset("bea")
        signed_in = device(there, bea.sign_in())
        assert said(signed_in.api.ask(APPOINTMENTS)) == "in"
        signed_in.refresh()
        assert said(signed_in.api.ask(APPOINTMENTS)) == "in"
        # The same account by its password has none, neither at first nor later.
        logged_in = Person(there, "bea", practice.PASSWORD).log_in()
        assert said(logged_in.api.ask(APPOINTMENTS)) == "SECOND_FACTOR_NOT_SET_UP"
        logged_in.refresh()
        assert said(logged_in.api.ask(APPOINTMENTS)) == "SECOND_FACTOR_NOT_SET_UP"


# ---- not let in ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nobody", "ANN", "machine"])
def test_nobody_is_let_in_without_an_active_account_of_a_person(desk, provider, visitor, name):
    if name == "machine":
        desk.database.execute("DELETE FROM account WHERE username = 'machine'")
        desk.database.execute(
            "INSERT INTO account (username, password_hash, role) VALUES ('machine', '!', 'SERVICE')"
        )
    accounts = desk.database.value("SELECT count(*) FROM account")
    provider.reset(name)
    response = visitor.sign_in()
    assert refusal(response) == (403, "NOT_ADMITTED")
    assert "no active account" in response.json()["errors"][0]["message"]
    assert desk.database.value("SELECT count(*) FROM account") == accounts


def _unsigned(claims: dict[str, Any]) -> str:
    return jwt.encode(claims, None, algorithm="none", headers={"kid": "first"})


def _with_public_key(claims: dict[str, Any]) -> str:
    """The old trick: what everybody can read as the secret that both have."""
    import hmac
    from base64 import urlsafe_b64encode

    import orjson

    def part(data: bytes) -> str:
        return urlsafe_b64encode(data).rstrip(b"=").decode()

    head = part(orjson.dumps({"alg": "HS256", "typ": "JWT", "kid": "first"}))
    text = f"{head}.{part(orjson.dumps(claims))}"
    return f"{text}.{part(hmac.digest(public_text(rsa_key()).encode(), text.encode(), 'sha256'))}"


def _by(key: Any, algorithm: str, kid: str | None = "first") -> Callable[[dict[str, Any]], str]:
    headers = {} if kid is None else {"kid": kid}
    return lambda claims: jwt.encode(claims, key, algorithm=algorithm, headers=headers)


def _unbelievable(claims: dict[str, Any]) -> str:
    """Somebody else's name under a signature that was made for this one."""
    honest = signed(claims).split(".")
    other = signed(claims | {"preferred_username": "bea"}).split(".")
    return ".".join([honest[0], other[1], honest[2]])


SIGNERS = {
    "unsigned": (_unsigned, "not signed with a key that the provider alone has"),
    "signed with the public key": (_with_public_key, "not signed with a key that the provider alone has"),
    "signed with our secret": (
        _by("a secret: with %signs/of+its own, and more", "HS256"),
        "not signed with a key that the provider alone has",
    ),
    "signed by somebody else": (_by(rsa_key(1), "RS256"), "does not verify"),
    "changed since": (_unbelievable, "does not verify"),
    "of a key that is not shown": (_by(rsa_key(1), "RS256", "second"), "does not show"),
    "signed in a way that its key is not for": (_by(ec_key(), "ES256"), "does not verify"),
    "no token": (lambda claims: "no.token.at-all", "is none"),
}


@pytest.mark.parametrize("case", SIGNERS)
def test_an_id_token_is_refused_that_the_providers_key_has_not_signed(desk, provider, visitor, case):
    provider.sign, said = SIGNERS[case]
    _refused(desk, visitor, said)


TWISTS: dict[str, tuple[dict[str, Any], str]] = {
    "of another sign-in": ({"nonce": "another"}, "another sign-in"),
    "without a nonce": ({"nonce": None}, "another sign-in"),
    "for another audience": ({"aud": "another"}, "another audience"),
    "for nobody": ({"aud": None}, "another audience"),
    "of another issuer": ({"iss": "https://id.example.org"}, "another issuer"),
    "issued to another": ({"azp": "another"}, "another party"),
    "for several, issued to nobody": ({"aud": ["sessional", "another"]}, "another party"),
    "expired": ({"iat": 1_700_000_000, "exp": 1_700_000_300}, "expired"),
    "of the future": ({"iat": 9_000_000_000, "exp": 9_000_000_300}, "of the future"),
    "not good yet": ({"nbf": 9_000_000_000}, "of the future"),
    "good for ever": ({"exp": None}, "how long"),
    "good for no number": ({"exp": float("nan")}, "how long"),
    "without a name": ({"preferred_username": None}, "names an account"),
    "of a name that is none": ({"preferred_username": "ann\0"}, "names an account"),
    "of many names": ({"preferred_username": ["ann"]}, "names an account"),
}


@pytest.mark.parametrize("case", TWISTS)
def test_an_id_token_is_refused_that_says_something_else_than_it_has_to(desk, provider, visitor, case):
    provider.twisted, said = TWISTS[case]
    _refused(desk, visitor, said)


def _refused(desk: Place, visitor: Visitor, said: str) -> None:
    """Refused in plain words, with the reason in the log, and with no session."""
    before, logged = sessions_of(desk, "ann"), len(desk.server.log.read_bytes())
    response = visitor.sign_in()
    assert refusal(response) == (400, "SIGN_IN_FAILED")
    assert response.json()["errors"][0]["message"] == (
        "The sign-in could not be completed. Please begin again."
    )
    assert sessions_of(desk, "ann") == before
    _wait_for(lambda: said.encode() in desk.server.log.read_bytes()[logged:])


def _wait_for(happens: Callable[[], bool]) -> None:
    for _ in range(200):
        if happens():
            return
        time.sleep(0.05)
    pytest.fail("it did not happen")


# ---- there and back -----------------------------------------------------------------------------


def test_a_way_back_counts_only_in_the_browser_that_was_sent_and_for_that_time(desk, provider, visitor):
    with httpx.Client(timeout=30) as client:
        other = Visitor(desk.url, client)
        theirs = other.at_provider(other.begin())
        # Without having been sent at all, and with somebody else's way back in one's own sign-in.
        assert refusal(visitor.back(theirs)) == (400, "SIGN_IN_FAILED")
        visitor.begin()
        assert refusal(visitor.back(theirs)) == (400, "SIGN_IN_FAILED")
        assert "/token" not in provider.asked
        assert other.back(theirs).status_code == 200


def test_a_cookie_of_somebody_elses_making_is_none(desk, provider, visitor):
    back = visitor.at_provider(visitor.begin())
    (cookie,) = [c for c in visitor.client.cookies.jar if c.name == "sessional-sign-in"]
    claims = jwt.decode(cookie.value, options={"verify_signature": False})
    forged = jwt.encode(claims, "another secret, as long as it has to be", algorithm="HS256")
    visitor.client.cookies.clear()
    visitor.client.cookies.set("sessional-sign-in", forged)
    assert refusal(visitor.back(back)) == (400, "SIGN_IN_FAILED")
    visitor.client.cookies.clear()
    visitor.client.cookies.set("sessional-sign-in", cookie.value)
    assert visitor.back(back).status_code == 200


def test_a_way_back_is_good_once(desk, provider, visitor):
    back = visitor.at_provider(visitor.begin())
    (cookie,) = [c for c in visitor.client.cookies.jar if c.name == "sessional-sign-in"]
    before = sessions_of(desk, "ann")
    assert visitor.back(back).status_code == 200
    assert not visitor.client.cookies
    assert refusal(visitor.back(back)) == (400, "SIGN_IN_FAILED")
    # Whoever has kept the cookie has a code that the provider takes no second time.
    visitor.client.cookies.set("sessional-sign-in", cookie.value)
    assert refusal(visitor.back(back)) == (400, "SIGN_IN_FAILED")
    assert sessions_of(desk, "ann") == before + 1


def test_a_look_at_the_way_back_does_not_use_it_up(desk, provider, visitor):
    back = visitor.at_provider(visitor.begin())
    head = visitor.client.head(f"{desk.url}/sign-in/callback?{httpx.URL(back).query.decode()}")
    assert head.status_code == 405
    assert "/token" not in provider.asked


def test_what_comes_back_twice_or_without_end_is_refused(desk, provider, visitor):
    back = visitor.at_provider(visitor.begin())
    assert refusal(visitor.back(f"{back}&code=another")) == (400, "SIGN_IN_FAILED")
    back = visitor.at_provider(visitor.begin())
    assert refusal(visitor.back(f"{back}&more={'x' * 9000}")) == (400, "SIGN_IN_FAILED")
    assert "/token" not in provider.asked


def test_who_says_no_at_the_provider_is_not_let_in(desk, provider, visitor):
    state = query_of(visitor.begin())["state"]
    back = f"{desk.url}/sign-in/callback?error=access_denied&error_description=Ann+says+no&state={state}"
    assert refusal(visitor.back(back)) == (400, "SIGN_IN_FAILED")
    _wait_for(lambda: b"access_denied" in desk.server.log.read_bytes())
    assert b"Ann says no" not in desk.server.log.read_bytes()


def test_each_sign_in_has_secrets_of_its_own_that_no_script_can_read(desk, provider, visitor):
    first = visitor.client.get(f"{desk.url}/sign-in")
    asked = query_of(first.headers["location"])
    again = query_of(visitor.begin())
    assert asked["redirect_uri"] == f"{desk.url}/sign-in/callback"
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[name]) >= 43
        assert asked[name] != again[name]
    cookie = first.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Max-Age=600" in cookie
    assert first.headers["cache-control"] == "no-store"


# ---- keys ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "algorithm"), [(rsa_key(2), "RS256"), (rsa_key(2), "PS256"), (ec_key(), "ES256")]
)
def test_a_key_that_the_provider_has_taken_since_is_fetched_and_believed(
    desk, provider, visitor, key, algorithm
):
    assert visitor.sign_in().status_code == 200
    kid = f"{algorithm} {desk.url}"  # one that no worker has seen
    provider.keys = [shown("first", rsa_key()), shown(kid, key)]
    provider.sign = _by(key, algorithm, kid)
    provider.asked.clear()
    assert visitor.sign_in().status_code == 200
    assert provider.asked.count("/keys") == 1


def test_a_key_that_is_nowhere_is_asked_for_once(desk, provider, visitor):
    for _ in range(8):  # until both workers have fetched keys
        assert visitor.sign_in().status_code == 200
    provider.sign = _by(rsa_key(1), "RS256", "nowhere")
    provider.asked.clear()
    assert refusal(visitor.sign_in()) == (400, "SIGN_IN_FAILED")
    assert provider.asked.count("/keys") <= 2


# ---- the page -----------------------------------------------------------------------------------


def test_a_browser_gets_its_tokens_in_the_page_and_in_no_address(desk, provider, visitor):
    visitor.accept = "text/html"
    response = visitor.sign_in()
    assert response.status_code == 200
    assert "location" not in response.headers
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"
    page = visitor.client.get(f"{desk.url}/", headers={"accept": "text/html"})
    assert response.headers["content-security-policy"] == page.headers["content-security-policy"]
    assert re.search(r'<meta name="sessional-session" content="{&quot;username&quot;', response.text)
    assert '<meta name="sessional-sign-in" content="/sign-in" />' in page.text
    assert "sessional-session" not in page.text


def test_a_browser_is_told_in_the_page_why_it_is_not_let_in(desk, provider, visitor):
    visitor.accept = "text/html"
    provider.reset("nobody")
    response = visitor.sign_in()
    assert response.status_code == 403
    assert 'name="sessional-notice" content="You are known to your practice&#x27;s sign-in' in response.text


def test_the_log_holds_no_name_no_code_and_no_token(desk, provider, visitor):
    provider.reset("bea")
    back = visitor.at_provider(visitor.begin())
    tokens = visitor.back(back).json()
    provider.reset("Somebody Unknown")
    assert visitor.sign_in().status_code == 403
    _wait_for(lambda: b"/sign-in/callback" in desk.server.log.read_bytes())
    logged = desk.server.log.read_text()
    for secret in (query_of(back)["code"], query_of(back)["state"], *tokens.values(), "Somebody Unknown"):
        assert secret not in logged


def test_a_provider_that_is_away_is_said_to_be_and_passwords_go_on(desk, provider, visitor):
    assert visitor.sign_in().status_code == 200
    back = visitor.at_provider(visitor.begin())
    provider.instead["/token"] = (503, {}, b"{}")
    assert refusal(visitor.back(back)) == (503, "PROVIDER_UNAVAILABLE")
    assert Api(desk.url).log_in("ann", practice.PASSWORD).token
    provider.instead.clear()
    assert visitor.sign_in().status_code == 200
