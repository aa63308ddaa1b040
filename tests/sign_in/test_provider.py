"""The provider is not trusted with our time, our memory, or our secrets: calls are bounded, and its
addresses are looked at."""

import asyncio
import threading
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from sessional.errors import ProviderUnavailable, SettingsFault, SignInFailed
from sessional.observe import Warned
from sessional.provider import calls
from sessional.provider.flow import FLOW_SECONDS, Seals, new_flow
from sessional.provider.id_token import name_in
from sessional.provider.relying import Provider, Registration
from sessional.settings import load
from sessional.store.migrate import migrate
from sessional.web.app import build
from tests.contract import practice
from tests.contract.database import Database
from tests.sign_in import provider as providers
from tests.sign_in.conftest import refusal, settings
from tests.support.api import LOG_IN
from tests.support.server import SECRET

FLOW = new_flow(iter("snv").__next__)


def relying(issuer: str) -> Provider:
    registration = Registration(
        issuer=issuer,
        client_id=providers.CLIENT_ID,
        client_secret=providers.CLIENT_SECRET,
        redirect_url="http://127.0.0.1/sign-in/callback",
        claim="preferred_username",
    )
    return Provider(registration, clock=lambda: 0.0, now=lambda: 0)


async def why(issuer: str) -> str:
    """Why a provider cannot be used."""
    found = relying(issuer)
    try:
        with pytest.raises(ProviderUnavailable) as refused:
            await found.address(FLOW)
    finally:
        await found.close()
    return refused.value.reason


DISCOVERY = "/.well-known/openid-configuration"


async def test_a_provider_that_does_not_answer_is_not_waited_for(provider, monkeypatch):
    monkeypatch.setattr(calls, "SECONDS", 0.2)
    provider.waits[DISCOVERY] = threading.Event()
    try:
        assert await why(provider.url) == "it did not answer in time"
    finally:
        provider.waits[DISCOVERY].set()


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((200, {}, b" " * 300_000), "more than"),
        ((200, {}, b"<html>"), "no JSON object"),
        ((200, {}, b"[]"), "no JSON object"),
        ((500, {}, b"{}"), "500"),
        ((404, {}, b"{}"), "404"),
        ((302, {"location": "/keys"}, b"{}"), "302"),
    ],
)
async def test_what_is_no_answer_of_a_provider_is_not_taken_for_one(provider, answer, reason):
    provider.instead[DISCOVERY] = answer
    assert reason in await why(provider.url)
    assert provider.asked == [DISCOVERY]


async def test_a_provider_that_is_not_there_is_unavailable():
    assert "cannot be reached" in await why("http://127.0.0.1:9")


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://id.example.org"},
        {"issuer": None},
        {"token_endpoint": "http://id.example.org/token"},
        {"jwks_uri": None},
        {"authorization_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_provider_that_calls_itself_otherwise_or_speaks_in_clear_is_not_used(provider, metadata):
    provider.metadata = metadata
    assert await why(provider.url)


async def test_many_who_come_at_once_have_the_provider_asked_once(provider):
    provider.waits[DISCOVERY] = threading.Event()
    found = relying(provider.url)
    try:
        coming = [asyncio.create_task(found.address(FLOW)) for _ in range(50)]
        await asyncio.sleep(0)
        coming[0].cancel()  # who goes away takes nothing from the others
        await asyncio.sleep(0)
        provider.waits[DISCOVERY].set()
        addresses = await asyncio.gather(*coming[1:])
    finally:
        provider.waits[DISCOVERY].set()
        await found.close()
    assert len(set(addresses)) == 1
    assert provider.asked == [DISCOVERY]


def test_a_sealed_flow_ends_and_every_secret_in_force_opens_it():
    sealed = Seals(["old"]).seal(FLOW, now=1_000)
    assert Seals(["new", "old"]).open(sealed, now=1_000 + FLOW_SECONDS - 1) == FLOW
    assert Seals(["new", "old"]).open(sealed, now=1_000 + FLOW_SECONDS) is None
    assert Seals(["new"]).open(sealed, now=1_000) is None
    assert Seals(["old"]).open("", now=1_000) is None


def test_an_email_address_counts_only_where_the_provider_has_verified_it():
    assert name_in({"email": "ann@example.org", "email_verified": True}, "email") == "ann@example.org"
    for verified in ({}, {"email_verified": False}, {"email_verified": "true"}, {"email_verified": 1}):
        with pytest.raises(SignInFailed):
            name_in({"email": "ann@example.org", **verified}, "email")


# ---- settings -----------------------------------------------------------------------------------

HTTPS = settings("https://id.example.org/realms/practice", 443) | {
    "SESSIONAL_OIDC_REDIRECT_URL": "https://practice.example.org/sign-in/callback"
}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SESSIONAL_OIDC_CLIENT_SECRET": ""}, "needs SESSIONAL_OIDC_CLIENT_SECRET as well"),
        ({"SESSIONAL_OIDC_ISSUER": ""}, "needs SESSIONAL_OIDC_ISSUER as well"),
        ({"SESSIONAL_OIDC_ISSUER": "http://id.example.org"}, "https://host/path"),
        ({"SESSIONAL_OIDC_ISSUER": "https://me:secret@id.example.org"}, "https://host/path"),
        ({"SESSIONAL_OIDC_ISSUER": "id.example.org"}, "https://host/path"),
        (
            {"SESSIONAL_OIDC_REDIRECT_URL": "http://practice.example.org/sign-in/callback"},
            "https://host/path",
        ),
        ({"SESSIONAL_OIDC_CLAIM": ""}, "must name a claim"),
        ({"SESSIONAL_PRODUCTION": "1"}, "a page of your own"),
    ],
)
def test_settings_that_cannot_work_are_refused_at_the_start(given, said):
    with pytest.raises(SettingsFault, match=said):
        load(HTTPS | given)


def test_settings_that_can_work_are_taken():
    assert load(HTTPS).settings.signs_in_here
    own = {
        "SESSIONAL_PRODUCTION": "1",
        "SESSIONAL_OIDC_REDIRECT_URL": "https://practice.example.org/app/in",
    }
    assert not load(HTTPS | own).settings.signs_in_here


@asynccontextmanager
async def browser(tmp_path: Path, given: dict[str, str], seen: list[object] | None = None):
    """A browser before a service within this process; ``seen`` takes what the service tells."""
    database = f"sqlite:///{tmp_path}/some.db"
    usual = {"SESSIONAL_DATABASE": database, "SESSIONAL_SECRET": SECRET, "SESSIONAL_ENCRYPTION_KEY": SECRET}
    app = build(load(usual | given).settings, observers=[([] if seen is None else seen).append])
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="https://practice.example.org") as client:
        yield client


async def ask(tmp_path: Path, path: str, given: dict[str, str]) -> httpx.Response:
    async with browser(tmp_path, given) as client:
        return await client.get(path)


async def signed_in(client: httpx.AsyncClient) -> tuple[int, str]:
    """What a whole sign-in comes to."""
    sent = (await client.get("/sign-in")).headers["location"]
    async with httpx.AsyncClient() as outside:
        back = (await outside.get(sent)).headers["location"]
    response = await client.get(back, headers={"accept": "application/json"})
    return (200, "") if response.status_code == 200 else refusal(response)


async def test_a_provider_is_met_as_it_says_that_it_wants_to_be(tmp_path, provider):
    """The secret in the form, and the issuer in each way back (RFC 9207)."""
    provider.metadata = {
        "token_endpoint_auth_methods_supported": ["client_secret_post"],
        "authorization_response_iss_parameter_supported": True,
    }
    migrate(tmp_path / "some.db")
    practice.add_account(Database(f"sqlite:///{tmp_path}/some.db"), "ann")
    given, seen = HTTPS | {"SESSIONAL_OIDC_ISSUER": provider.url}, list[object]()
    async with browser(tmp_path, given, seen) as client:
        for named, code in ((None, "SIGN_IN_FAILED"), ("https://id.example.org", "SIGN_IN_FAILED")):
            provider.back = {} if named is None else {"iss": named}
            assert await signed_in(client) == (400, code)
            assert "/token" not in provider.asked
        provider.back = {"iss": provider.url}
        assert await signed_in(client) == (200, "")
    assert [one.message for one in seen if isinstance(one, Warned)] == [
        "A sign-in with the identity provider was refused: the answer is another issuer's."
    ] * 2


async def test_sign_ins_that_fail_are_counted_apart_from_passwords_and_those_that_succeed_are_not(
    tmp_path, provider
):
    migrate(tmp_path / "some.db")
    for name in ("ann", "bea"):
        practice.add_account(Database(f"sqlite:///{tmp_path}/some.db"), name)
    given = HTTPS | {"SESSIONAL_OIDC_ISSUER": provider.url, "SESSIONAL_LOGIN_RATE": "3/hour"}
    async with browser(tmp_path, given) as client:
        for _ in range(4):
            assert await signed_in(client) == (200, "")
        provider.reset("nobody")
        for _ in range(3):
            # Who comes back without having been sent is no try: others could use them up.
            assert (await client.get("/sign-in/callback?code=1&state=2")).status_code == 400
            assert await signed_in(client) == (403, "NOT_ADMITTED")
        asked = provider.asked.count("/token")
        assert await signed_in(client) == (429, "RATE_LIMITED")
        assert provider.asked.count("/token") == asked
        # Bea has never been here: her log-in is counted with all others from the address.
        variables = {"u": "bea", "p": practice.PASSWORD}
        answer = await client.post("/graphql", json={"query": LOG_IN, "variables": variables})
        assert answer.json()["data"]["auth"]["accessToken"]


async def test_requests_are_counted_with_all_others_from_the_address(tmp_path, provider):
    given = HTTPS | {"SESSIONAL_OIDC_ISSUER": provider.url, "SESSIONAL_REQUEST_RATE": "2/hour"}
    async with browser(tmp_path, given) as client:
        codes = [(await client.get("/sign-in")).status_code for _ in range(3)]
        assert codes == [303, 303, 429]
        assert (await client.get("/sign-in/callback")).status_code == 429
        assert (await client.post("/graphql", json={"query": "{ __typename }"})).status_code == 429


async def test_there_is_no_sign_in_where_there_is_no_provider(tmp_path):
    assert (await ask(tmp_path, "/sign-in", {})).status_code == 404
    assert (await ask(tmp_path, "/sign-in/callback", {})).status_code == 404
    assert "sessional-sign-in" not in (await ask(tmp_path, "/", {})).text


async def test_by_tls_the_cookie_is_one_that_no_neighbour_can_set(tmp_path, provider):
    given = HTTPS | {"SESSIONAL_OIDC_ISSUER": provider.url}
    cookie = (await ask(tmp_path, "/sign-in", given)).headers["set-cookie"]
    assert cookie.startswith("__Host-sessional-sign-in=")
    assert "Secure" in cookie
    assert "Path=/;" in cookie
    assert "Domain" not in cookie


async def test_where_graphiql_is_off_an_app_of_ones_own_is_answered_in_json(tmp_path):
    own = {
        "SESSIONAL_PRODUCTION": "1",
        "SESSIONAL_OIDC_REDIRECT_URL": "https://practice.example.org/app/in",
    }
    response = await ask(tmp_path, "/sign-in/callback?code=1&state=2", HTTPS | own)
    assert response.status_code == 400
    assert response.json()["errors"][0]["extensions"]["code"] == "SIGN_IN_FAILED"
