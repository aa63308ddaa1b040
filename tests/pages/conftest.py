"""A real browser, and a page in it that remembers everything it should not have done."""

import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Nothing that would make the browser itself speak to the outside, and what a container lacks.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# Reports what the policy stopped, also where the console would not say it.
REPORT_VIOLATIONS = """
addEventListener('securitypolicyviolation', (event) =>
  console.error('Content Security Policy:', event.violatedDirective, event.blockedURI))
"""


@dataclass(kw_only=True)
class Watch:
    """What a page asked for and complained about."""

    origin: str
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def strangers(self) -> list[str]:
        """Requests to anything but our own origin; a `data:` image asks nobody."""
        return [url for url in self.asked if not url.startswith((f"{self.origin}/", "data:image/"))]


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Chromium from this machine, one for each test: Playwright's loop must end with the test's."""
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("Chromium is missing. On Debian and Ubuntu: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def context(browser: Browser, demo_server) -> BrowserContext:
    context = await browser.new_context(base_url=demo_server.url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(60_000)
    return context


@pytest.fixture
async def watch(context: BrowserContext, demo_server) -> Watch:
    watch = Watch(origin=demo_server.url.rstrip("/"))
    context.on("request", lambda request: watch.asked.append(request.url))
    context.on("console", lambda message: watch.complaints.append(message.text))
    context.on("weberror", lambda error: watch.complaints.append(str(error.error)))
    await context.add_init_script(REPORT_VIOLATIONS)
    return watch


@pytest.fixture
async def page(context: BrowserContext, watch: Watch) -> Page:
    return await context.new_page()
