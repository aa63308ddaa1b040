"""GraphiQL at `/`: signing in, the example tabs, the documentation, and nothing from elsewhere."""

import json
from pathlib import Path

import pyotp
from playwright.async_api import Locator, Page, Route, expect
from tests.support.api import Api

from sessional.errors import BadCredentials, SecondFactorRequired, SecondFactorWrong

SCREENSHOT = Path(__file__).parents[1] / "output" / "graphiql.png"


async def sign_in(page: Page, *, username: str = "test_user", password: str = "password") -> None:
    """By keyboard alone: the name has the focus from the beginning."""
    await expect(page.get_by_label("Username")).to_be_focused()
    await page.keyboard.type(username)
    await page.keyboard.press("Tab")
    await page.keyboard.type(password)
    await page.keyboard.press("Enter")


async def open_signed_in(page: Page) -> None:
    await page.goto("/")
    await sign_in(page)
    await editor_is_there(page)


async def editor_is_there(page: Page) -> None:
    await page.locator(".graphiql-query-editor .view-line").first.wait_for()


def message(page: Page) -> Locator:
    """What the form says; Monaco has alerts of its own."""
    return page.locator("form").get_by_role("alert")


async def run(page: Page) -> dict:
    """Run the tab in front and answer what the server said."""
    async with page.expect_response("**/graphql") as response:
        await page.get_by_label("Execute query").click()
    return await (await response.value).json()


async def test_a_newcomer_signs_in_and_sees_the_first_example_answered(page: Page):
    await open_signed_in(page)
    await expect(page).to_have_title("Sessional")
    await expect(page.get_by_text("Signed in as test_user")).to_be_visible()

    answer = await run(page)

    assert "errors" not in answer
    await expect(page.locator(".result-window")).to_contain_text("jeff")
    SCREENSHOT.parent.mkdir(exist_ok=True)
    await page.screenshot(path=SCREENSHOT)


async def test_the_documentation_of_the_schema_is_at_hand(page: Page):
    await open_signed_in(page)
    await page.get_by_label("Show Documentation Explorer").click()
    docs = page.locator(".graphiql-plugin")
    await docs.get_by_role("link", name="Query", exact=True).click()
    await expect(docs).to_contain_text("Appointments, by default in the order of their ids.")


async def test_the_editor_completes_names_from_the_schema(page: Page):
    await open_signed_in(page)
    await page.get_by_label("New tab").click()
    await page.locator(".graphiql-query-editor").click()
    await page.keyboard.type("{ therapis")
    await expect(page.locator(".suggest-widget")).to_contain_text("therapists")


async def test_every_example_runs_as_it_stands(page: Page):
    await open_signed_in(page)
    refused = {}
    for tab in await page.get_by_role("tab").all():
        await tab.click()
        answer = await run(page)
        if "errors" in answer:
            refused[await tab.inner_text()] = answer["errors"]
    assert refused == {}


async def test_a_wrong_password_is_answered_with_a_sentence(page: Page):
    await page.goto("/")
    await sign_in(page, password="not this one")
    await expect(message(page)).to_have_text(BadCredentials().message)
    await expect(page.get_by_label("Password")).to_be_focused()

    await page.keyboard.type("password")
    await page.keyboard.press("Enter")
    await editor_is_there(page)


async def test_where_an_account_has_a_second_factor_the_form_asks_for_the_code(
    page: Page, demo_server
) -> None:
    api = Api(demo_server.url).log_in("reception", "password")
    begin = 'mutation { beginSecondFactor(input: {currentPassword: "password"}) { secret } }'
    secret = api.data(begin)["beginSecondFactor"]["secret"]
    confirm = "mutation($c: String!) { confirmSecondFactor(input: {code: $c}) { recoveryCodes } }"
    given = {"c": pyotp.TOTP(secret).now()}
    codes = api.data(confirm, given)["confirmSecondFactor"]["recoveryCodes"]
    try:
        await page.goto("/")
        await expect(page.get_by_label("Code")).to_have_count(0)
        await sign_in(page, username="reception")
        await expect(message(page)).to_have_text(SecondFactorRequired().message)
        await expect(page.get_by_label("Code")).to_be_focused()

        await page.keyboard.type("000000")
        await page.keyboard.press("Enter")
        await expect(message(page)).to_have_text(SecondFactorWrong().message)
        await expect(page.get_by_label("Code")).to_be_focused()

        await page.keyboard.type(codes[0])
        await page.keyboard.press("Enter")
        await editor_is_there(page)
        await expect(page.get_by_text("Signed in as reception")).to_be_visible()
        kept = await page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
        assert codes[0] not in kept
    finally:
        off = """mutation($c: String!) {
            turnOffSecondFactor(input: {currentPassword: "password", code: $c}) {
                errors { __typename } } }"""
        assert api.data(off, {"c": codes[1]})["turnOffSecondFactor"]["errors"] == []


async def test_nothing_comes_from_elsewhere_and_the_policy_stops_nothing(page: Page, watch):
    response = await page.goto("/")
    policy = response.headers["content-security-policy"]
    await sign_in(page)
    await editor_is_there(page)
    await page.get_by_role("tab", name="BookSession").click()  # variables: the worker for JSON
    await page.get_by_label("Show Documentation Explorer").click()
    await run(page)
    await page.get_by_label("Prettify query").click()  # the formatter, fetched when it is needed
    await page.wait_for_load_state("networkidle")

    assert "default-src 'none'" in policy
    assert "unsafe-eval" not in policy
    workers = {worker.url.rpartition("/")[2].partition(".")[0] for worker in page.workers}
    assert workers == {"editor", "graphql", "json"}
    assert watch.strangers() == []
    assert watch.complaints == []


async def test_an_access_token_that_has_run_out_is_renewed_unnoticed(page: Page):
    await open_signed_in(page)
    await spoil(page, "accessToken")
    await editor_is_there(page)
    await page.get_by_label("Execute query").click()
    await expect(page.locator(".result-window")).to_contain_text("jeff")
    await expect(page.get_by_text("Signed in as test_user")).to_be_visible()


async def test_a_session_that_cannot_be_renewed_ends_at_the_form_with_a_sentence(page: Page):
    await open_signed_in(page)
    await spoil(page, "accessToken", "refreshToken")
    # The page asks for the schema as soon as it is there, and that shows that nothing is left.
    await expect(message(page)).to_contain_text("your session has ended")
    assert await page.evaluate("sessionStorage.length") == 0

    await sign_in(page)
    await editor_is_there(page)


async def spoil(page: Page, *tokens: str) -> None:
    """Make tokens worthless where the page keeps them, and let it read them again."""
    await page.evaluate(
        """(tokens) => {
          const session = JSON.parse(sessionStorage.getItem('sessional:session'));
          tokens.forEach((token) => { session[token] = 'x.y.z'; });
          sessionStorage.setItem('sessional:session', JSON.stringify(session));
        }""",
        list(tokens),
    )
    await page.reload()


async def test_tabs_survive_a_reload_and_tokens_stay_out_of_local_storage(page: Page):
    await open_signed_in(page)
    await run(page)
    session = json.loads(await page.evaluate("sessionStorage.getItem('sessional:session')"))
    await page.get_by_label("New tab").click()
    await page.locator(".graphiql-query-editor").click()
    # Pasted tokens count as well: no operation that is kept may hold one.
    await page.keyboard.insert_text(f"query Mine {{ viewer {{ role }} }} # {session['accessToken']}")
    # Not wait_for_function: it evaluates a string in the page, which the policy forbids.
    for _ in range(100):
        if "Mine" in await page.evaluate("JSON.stringify(localStorage)"):
            break
        await page.wait_for_timeout(100)

    await page.reload()
    await editor_is_there(page)
    await expect(page.get_by_role("tab", name="Mine")).to_be_visible()

    kept = await page.evaluate("JSON.stringify(localStorage)")
    assert session["accessToken"] not in kept
    assert session["refreshToken"] not in kept


async def test_signing_out_leaves_no_token_and_no_answer_behind(page: Page):
    await open_signed_in(page)
    await run(page)
    await page.get_by_role("button", name="Sign out").click()
    assert await page.evaluate("sessionStorage.length") == 0

    await sign_in(page)
    await editor_is_there(page)
    await expect(page.locator(".result-window")).not_to_contain_text("jeff")


async def test_without_introspection_the_page_says_so_and_works(page: Page):
    async def refuse_introspection(route: Route) -> None:
        if "__schema" in (route.request.post_data or ""):
            refusal = {"errors": [{"message": "Introspection is off."}]}
            await route.fulfill(status=400, json=refusal)
        else:
            await route.continue_()

    await page.route("**/graphql", refuse_introspection)
    await open_signed_in(page)
    await expect(page.get_by_text("introspection is off")).to_be_visible()
    await run(page)
    await expect(page.locator(".result-window")).to_contain_text("jeff")
