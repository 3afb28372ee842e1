"""A person signs in at Keycloak's own pages in Chromium."""

from __future__ import annotations

import asyncio
import os
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import errors
from provena_sdk.auth.prompts.notebook import asking
from scripts.live.realm import PASSWORD
from tests.live.conftest import MakeRealm, Realm
from tests.live.signing import Answering, async_client_of, client_of

pytestmark = [pytest.mark.live, pytest.mark.timeout(300)]
sync_api = pytest.importorskip(
    "playwright.sync_api", reason="the dependency group 'browser' is not installed"
)
PICTURES = "LIVE_PICTURES"
SECONDS = 60.0
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
]


@pytest.fixture(scope="module")
def reef(new_realm: MakeRealm) -> Realm:
    return new_realm()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        pytest.skip("Chromium is not installed")
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 900, "height": 760})
    context.set_default_timeout(SECONDS * 1000)
    yield context.new_page()
    context.close()


def picture(page: Any, name: str) -> None:
    """Keep a picture of the page where ``LIVE_PICTURES`` says."""
    if PICTURES in os.environ:
        page.screenshot(path=Path(os.environ[PICTURES], f"{name}.png"))


def log_in(page: Any, user: str) -> None:
    picture(page, "keycloak-login")
    page.get_by_label("Username or email").fill(user)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign In").click()
    page.get_by_role("heading", name="Grant Access to client-tools").wait_for()
    picture(page, "keycloak-approval")


def signing_in(sign_in: Any, person: Answering) -> Future[None]:
    future: Future[None] = Future()

    def run() -> None:
        try:
            future.set_result(sign_in())
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    assert person.shown.wait(SECONDS)
    return future


@pytest.mark.parametrize("face", ["sync", "async"])
def test_a_person_approves(face: str, reef: Realm, page: Any) -> None:
    person = Answering(None)
    client: Any = client_of(reef, person) if face == "sync" else async_client_of(reef, person)

    def sign_in() -> None:
        if face == "sync":
            client.sign_in()
        else:
            asyncio.run(client.sign_in())

    signing = signing_in(sign_in, person)
    page.goto(person.prompt.url)
    log_in(page, "reader")
    assert not signing.done()
    page.get_by_role("button", name="Yes").click()
    page.get_by_role("heading", name="Device Login Successful").wait_for()
    picture(page, "keycloak-done")
    signing.result(SECONDS)
    assert client.tokens.claims().username == "reader"
    assert person.text.getvalue().endswith("Signed in as reader.\n")


@pytest.mark.parametrize("face", ["sync", "async"])
def test_a_person_denies(face: str, reef: Realm, page: Any) -> None:
    person = Answering(None)
    client: Any = client_of(reef, person) if face == "sync" else async_client_of(reef, person)
    signing = signing_in(client.sign_in if face == "sync" else lambda: asyncio.run(client.sign_in()), person)
    page.goto(person.prompt.url)
    log_in(page, "reader")
    page.get_by_role("button", name="No").click()
    with pytest.raises(errors.SignInDenied, match="refused on the sign-in page"):
        signing.result(SECONDS)


def test_a_person_types_the_code(reef: Realm, page: Any) -> None:
    person = Answering(None)
    client = client_of(reef, person)
    signing = signing_in(client.sign_in, person)
    page.goto(f"{reef.issuer}/device")
    picture(page, "keycloak-code")
    code = page.get_by_label("Enter the code provided by your device")
    code.fill(person.prompt.user_code)
    page.get_by_role("button", name="Submit").click()
    log_in(page, "writer")
    page.get_by_role("button", name="Yes").click()
    page.get_by_role("heading", name="Device Login Successful").wait_for()
    signing.result(SECONDS)
    assert client.whoami().username == "writer"


def test_what_keycloak_shows_of_the_code(reef: Realm, page: Any) -> None:
    """Opened with the code in its address, no page of Keycloak's shows the code: the words of the SDK follow that."""
    person = Answering(None)
    signing_in(client_of(reef, person).sign_in, person)
    page.goto(person.prompt.url)
    shown = page.content()
    log_in(page, "reader")
    shown += page.content()
    assert person.prompt.user_code not in shown
    page.get_by_role("button", name="No").click()


def test_the_card_of_a_notebook_leads_to_keycloak(reef: Realm, page: Any) -> None:
    person = Answering(None)
    client = client_of(reef, person)
    signing = signing_in(client.sign_in, person)
    page.set_content(f"<main>{asking(person.prompt, 600)[0]}</main>")
    picture(page, "notebook-card")
    assert person.prompt.user_code in page.get_by_role("main").inner_text()
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="Open the sign-in page").click()
    opened = opening.value
    assert opened.evaluate("window.opener") is None, "the page cannot reach the notebook"
    log_in(opened, "writer")
    opened.get_by_role("button", name="Yes").click()
    signing.result(SECONDS)
    assert client.whoami().username == "writer"
