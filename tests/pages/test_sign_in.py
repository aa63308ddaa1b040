"""The page's own part of a sign-in with the practice's identity provider, in a real browser."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect
from tests.sign_in import provider as providers
from tests.sign_in.conftest import settings
from tests.sign_in.provider import Provider
from tests.support.postgres import free_port
from tests.support.server import Server, running


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providers.running() as found:
        found.reset("test_user")
        yield found


@pytest.fixture
def server(provider: Provider, tmp_path) -> Iterator[Server]:
    port = free_port()
    given = settings(provider.url, port)
    with running(f"sqlite:///{tmp_path}/demo.db", tmp_path, "--demo", port=port, **given) as found:
        yield found


async def test_somebody_signs_in_with_the_practices_account_and_the_address_keeps_nothing(
    provider: Provider, server: Server, browser: Browser
):
    context = await browser.new_context(base_url=server.url)
    context.set_default_timeout(60_000)
    complaints: list[str] = []
    context.on("console", lambda message: complaints.append(message.text))
    context.on("weberror", lambda error: complaints.append(str(error.error)))
    page = await context.new_page()

    # Somebody without an account here is told so, in the form, and can go on from there.
    provider.reset("nobody")
    await page.goto("/")
    await page.get_by_role("link", name="Sign in with your practice’s account").click()
    await expect(page.locator("form").get_by_role("alert")).to_contain_text("no active account here")
    assert page.url == f"{server.url}/"

    provider.reset("test_user")
    complaints.clear()  # Chromium notes the refusal's status
    await page.get_by_role("link", name="Sign in with your practice’s account").click()
    await expect(page.get_by_text("Signed in as test_user")).to_be_visible()
    await page.locator(".graphiql-query-editor .view-line").first.wait_for()
    assert page.url == f"{server.url}/"
    assert await page.locator("meta[name^=sessional-]").count() == 0
    async with page.expect_response("**/graphql") as response:
        await page.get_by_label("Execute query").click()
    assert "errors" not in await (await response.value).json()

    # As after a log-in, a reload goes on with the session; nobody is asked again.
    asked = list(provider.asked)
    await page.reload()
    await expect(page.get_by_text("Signed in as test_user")).to_be_visible()
    assert provider.asked == asked
    assert await context.cookies() == []
    assert complaints == []
    await context.close()
