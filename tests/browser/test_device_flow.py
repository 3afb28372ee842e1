"""A person signs in with a real browser: Chromium opens the page, shows the code, and presses the button."""

from __future__ import annotations

import io
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import Deployment, Provena
from provena_sdk.auth import Prompt, TerminalPresenter, token_source
from provena_sdk.auth.prompts.notebook import asking
from provena_sdk.auth.store.token_store import MemoryStore
from provena_sdk.errors import SignInDenied
from provena_sdk.sandbox import Sandbox

pytestmark = pytest.mark.browser
sync_api = pytest.importorskip(
    "playwright.sync_api", reason="the dependency group 'browser' is not installed"
)

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SECONDS = 15.0


class Watched(TerminalPresenter):
    """Shows on a stream, and lets the test wait for the page's address."""

    def __init__(self) -> None:
        self.text = io.StringIO()
        self.shown = threading.Event()
        super().__init__(stream=self.text, browser=False)

    def show(self, prompt: Prompt) -> None:
        super().show(prompt)
        self.prompt = prompt
        self.shown.set()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert found, "Chromium is not installed"
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, headless=True, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context()
    context.set_default_timeout(SECONDS * 1000)
    opened = context.new_page()
    problems: list[str] = []
    opened.on("pageerror", lambda error: problems.append(str(error)))
    yield opened
    context.close()
    assert problems == []


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(poll_interval=0.2) as made:
        yield made


@pytest.fixture
def watched() -> Watched:
    return Watched()


@pytest.fixture
def client(sandbox: Sandbox, watched: Watched) -> Iterator[Provena]:
    deployment = Deployment.from_env(sandbox.environment())
    tokens = token_source(deployment, interactive=True, present=watched, store=MemoryStore())
    with Provena(deployment, tokens=tokens) as provena:
        yield provena


@pytest.fixture
def signing_in(client: Provena, watched: Watched) -> Iterator[Future[None]]:
    with ThreadPoolExecutor(1) as thread:
        future = thread.submit(client.sign_in)
        assert watched.shown.wait(SECONDS)
        yield future


def test_a_person_approves(
    page: Any, client: Provena, watched: Watched, signing_in: Future[None], tmp_path: Path
) -> None:
    page.goto(watched.prompt.url)
    assert page.get_by_label("Code shown on the device").input_value() == watched.prompt.user_code
    assert watched.prompt.user_code in watched.text.getvalue()
    assert not signing_in.done()
    page.get_by_label("Sign in as").select_option("reader")
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("heading", name="Device connected").wait_for()
    signing_in.result(SECONDS)
    assert client.whoami().username == "reader"
    assert client.datastore.check_access("read").username == "reader"
    assert watched.text.getvalue().endswith("Signed in as reader.\n")


def test_a_person_denies(page: Any, watched: Watched, signing_in: Future[None]) -> None:
    page.goto(watched.prompt.url)
    page.get_by_role("button", name="Deny").click()
    page.get_by_role("heading", name="Device denied").wait_for()
    with pytest.raises(SignInDenied, match="refused on the sign-in page"):
        signing_in.result(SECONDS)


def test_a_person_types_the_code_by_hand(
    page: Any, sandbox: Sandbox, client: Provena, watched: Watched, signing_in: Future[None]
) -> None:
    page.goto(f"{sandbox.issuer_url}/device")
    code = page.get_by_label("Code shown on the device")
    code.fill("BBBB-BBBB")
    page.get_by_role("button", name="Approve").click()
    assert "No device is waiting" in page.get_by_role("alert").inner_text()
    code.fill(watched.prompt.user_code.lower())
    page.get_by_role("button", name="Approve").click()
    page.get_by_role("heading", name="Device connected").wait_for()
    signing_in.result(SECONDS)
    assert client.whoami().username == "writer"


def test_the_card_of_a_notebook_leads_to_the_page(
    page: Any, client: Provena, watched: Watched, signing_in: Future[None]
) -> None:
    page.set_content(f"<main>{asking(watched.prompt, 600)[0]}</main>")
    assert watched.prompt.user_code in page.get_by_role("main").inner_text()
    with page.context.expect_page() as opening:
        page.get_by_role("link", name="Open the sign-in page").click()
    opened = opening.value
    assert opened.evaluate("window.opener") is None, "the page cannot reach the notebook"
    opened.get_by_role("button", name="Approve").click()
    opened.get_by_role("heading", name="Device connected").wait_for()
    signing_in.result(SECONDS)
    assert client.whoami().username == "writer"


def test_a_card_with_foul_names_runs_nothing(page: Any, watched: Watched) -> None:
    foul = "<img src=x onerror=\"document.title='ran'\"><script>document.title='ran'</script>"
    prompt = Prompt(foul, f"https://auth.example.org/{foul}", foul, 60)
    page.set_content(f"<title>still</title><main>{asking(prompt, 60)[0]}</main>")
    page.wait_for_timeout(100)
    assert page.title() == "still"
    assert page.locator("main img, main script").count() == 0
