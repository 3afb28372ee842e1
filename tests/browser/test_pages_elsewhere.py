"""What a page elsewhere tries with a sandbox on this machine, in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest

from provena_sdk.sandbox import Sandbox

pytestmark = pytest.mark.browser
sync_api = pytest.importorskip(
    "playwright.sync_api", reason="the dependency group 'browser' is not installed"
)

MILLISECONDS = 15_000
FORM = """<form method="post" action="{url}/device"><input name="user_code" value="{code}">
<input name="user" value="admin"><button name="decision" value="approve">Win a prize</button></form>"""
FRAME = '<iframe src="{url}/device?user_code={code}" style="width: 100%; height: 90vh"></iframe>'


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture(scope="module")
def code(sandbox: Sandbox) -> str:
    """A device that waits for a person."""
    waiting = sandbox._signin.sessions.new_code(
        "client-tools", "", expires=sandbox.clock.now() + 600, interval=5
    )
    return waiting.user_code


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "Chromium is not installed"
    # The name of the attacker resolves to this machine, as by DNS rebinding.
    flags = ["--no-sandbox", "--disable-gpu", "--host-resolver-rules=MAP attacker.example 127.0.0.1"]
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, headless=True, args=flags)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    context.set_default_timeout(MILLISECONDS)
    yield context.new_page()
    context.close()


def show(page: Any, html: str) -> None:
    """Let the browser show a page of another server."""
    page.route("http://elsewhere.example/", lambda route: route.fulfill(body=html, content_type="text/html"))
    page.goto("http://elsewhere.example/")


def test_a_form_elsewhere_approves_no_device(page: Any, sandbox: Sandbox, code: str) -> None:
    show(page, FORM.format(url=sandbox.issuer_url, code=code))
    with page.expect_navigation() as navigation:
        page.get_by_role("button").click()
    assert navigation.value.status == 403
    assert sandbox.pending_user_codes() == [code]


def test_a_frame_elsewhere_does_not_show_the_page(page: Any, sandbox: Sandbox, code: str) -> None:
    show(page, FRAME.format(url=sandbox.issuer_url, code=code))
    page.wait_for_load_state("networkidle")
    assert page.frame_locator("iframe").get_by_role("button", name="Approve").count() == 0
    assert sandbox.pending_user_codes() == [code]


def test_a_name_that_leads_here_shows_no_codes(page: Any, sandbox: Sandbox, code: str) -> None:
    port = urlsplit(sandbox.issuer_url).port
    for path in ("/sandbox/codes", f"/auth/realms/provena/device?user_code={code}"):
        answer = page.goto(f"http://attacker.example:{port}{path}")
        assert answer.status == 403
        assert code not in answer.text()
