"""What a person sees on the terminal, and when a browser is opened."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import webbrowser
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from provena_sdk.auth.prompts.environment import has_browser, someone_watches
from provena_sdk.auth.prompts.prompt import Presenter, Prompt
from provena_sdk.auth.prompts.terminal import TerminalPresenter

if TYPE_CHECKING:
    from tests.auth.conftest import FakeSignIn

PROMPT = Prompt("example.org", "https://auth.example.org/device?user_code=ABCD-EFGH", "ABCD-EFGH", 600)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """Browsers are not opened; what would have been is returned once all openers are done."""
    urls: list[str] = []

    def record(url: str) -> bool:
        urls.append(url)
        raise webbrowser.Error("no such browser")

    def wait() -> list[str]:
        for thread in threading.enumerate():
            if thread.name == "provena-browser":
                thread.join()
        return urls

    monkeypatch.setattr(webbrowser, "open", record)
    return wait


def test_without_a_terminal_it_is_plain_text(opened: Callable[[], list[str]]) -> None:
    out = io.StringIO()
    present: Presenter = TerminalPresenter(stream=out)
    present.show(PROMPT)
    present.waiting(599)
    present.finished("ada", signed_in=True)
    assert out.getvalue() == (
        "Signing in to example.org. Open this page in any browser:\n"
        "    https://auth.example.org/device?user_code=ABCD-EFGH\n"
        "If the page shows or asks for a code, it must be this one, valid for 10 minutes:\n"
        "    ABCD-EFGH\n"
        "Signed in as ada.\n"
    )
    assert opened() == []


def test_on_a_terminal_it_counts_down_and_cleans_up() -> None:
    out = Terminal()
    present = TerminalPresenter(stream=out, browser=False)
    present.show(PROMPT)
    present.waiting(599.4)
    assert out.getvalue().endswith("Waiting for you to approve, 9:59 left. Ctrl-C to stop. ")
    present.finished(None, signed_in=False)
    assert out.getvalue().endswith("\r\x1b[K")


def test_stderr_is_looked_up_when_it_is_used(capsys: pytest.CaptureFixture[str]) -> None:
    TerminalPresenter(browser=False).finished(None, signed_in=True)
    captured = capsys.readouterr()
    assert captured.err == "Signed in.\n"
    assert captured.out == ""


def test_a_browser_is_opened_when_there_is_one(opened: Callable[[], list[str]]) -> None:
    out = io.StringIO()
    TerminalPresenter(stream=out, browser=True).show(PROMPT)
    assert opened() == [PROMPT.url]
    assert "A browser window should open" in out.getvalue()


@pytest.mark.parametrize("url", ["http://auth.example.org/device", "file:///etc/passwd", "javascript:x"])
def test_a_page_that_is_not_safe_is_not_opened(opened: Callable[[], list[str]], url: str) -> None:
    out = io.StringIO()
    TerminalPresenter(stream=out, browser=True).show(Prompt("example.org", url, "A", 60))
    assert opened() == []
    assert "Open this page" in out.getvalue()


def test_a_text_browser_does_not_take_the_terminal_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(webbrowser, "get", lambda: object())
    assert not has_browser()
    monkeypatch.setenv("DISPLAY", ":0")
    assert has_browser()

    def none() -> object:
        raise webbrowser.Error

    monkeypatch.setattr(webbrowser, "get", none)
    assert not has_browser()
    monkeypatch.setenv("BROWSER", "/usr/local/bin/open-on-my-laptop")
    assert has_browser()


def test_far_away_there_is_no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    assert has_browser()
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    assert not has_browser()


@pytest.mark.parametrize(
    ("stdin", "stderr", "variable", "watched"),
    [
        (True, True, None, True),
        (True, True, "0", True),
        (True, True, "", True),
        (True, True, "1", False),
        (True, True, "yes", False),
        (False, True, None, False),
        (True, False, None, False),
    ],
)
def test_somebody_watches(
    monkeypatch: pytest.MonkeyPatch, stdin: bool, stderr: bool, variable: str | None, watched: bool
) -> None:
    monkeypatch.setattr(sys, "stdin", Terminal() if stdin else io.StringIO())
    monkeypatch.setattr(sys, "stderr", Terminal() if stderr else io.StringIO())
    if variable is not None:
        monkeypatch.setenv("PROVENA_NON_INTERACTIVE", variable)
    assert someone_watches() is watched


def test_nobody_watches_a_process_without_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)
    assert not someone_watches()


@pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals")
def test_in_a_real_terminal(sign_in: FakeSignIn, tmp_path: object) -> None:
    """The page and code on stderr, the token for the program alone, nothing left over at the end."""
    import pty

    sign_in.interval = 1
    script = (
        "import sys\n"
        "from provena_sdk.auth import token_source\n"
        "from provena_sdk.config import Deployment\n"
        "source = token_source(Deployment('example.org', issuer=sys.argv[1]))\n"
        "print(source.claims().username)\n"
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", script, sign_in.issuer],
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
    )
    os.close(theirs)
    shown = b""
    while b"Waiting for you" not in shown:
        shown += os.read(ours, 4096)
    with sign_in.lock:
        sign_in.decide("approved")
    try:
        while chunk := os.read(ours, 4096):
            shown += chunk
    except OSError:
        pass  # Linux says so when the other side is closed.
    os.close(ours)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert out == "ada\n"
    text = shown.decode()
    assert "Signing in to example.org. Open this page in any browser:" in text
    assert "ABCD-EFGH" in text
    assert text.endswith("\r\x1b[KSigned in as ada.\r\n")
    assert not [secret for secret in sign_in.issued if secret in text]


@pytest.mark.parametrize(("typed", "agreed"), [("y\n", True), ("YES\n", True), ("\n", False), ("", False)])
def test_a_question_on_the_terminal(monkeypatch: pytest.MonkeyPatch, typed: str, agreed: bool) -> None:
    out = Terminal()
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    monkeypatch.setattr(sys, "stderr", out)
    assert TerminalPresenter().confirm("Replace it?") is agreed
    assert out.getvalue() == "Replace it? [y/N] "


def test_a_question_where_nobody_watches(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("y\n"))
    assert TerminalPresenter().confirm("Replace it?") is None
    assert capsys.readouterr().err == ""
