"""Signing in in a real terminal: a program of its own behind a pseudo-terminal, with and without a browser."""

from __future__ import annotations

import codecs
import os
import re
import select
import signal
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provena_sdk.sandbox import Sandbox

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(os.name != "posix", reason="pseudo-terminals"),
]

PROGRAM = """
from provena_sdk import Provena
with Provena() as provena:
    provena.sign_in()
    print(provena.whoami().username)
"""
AWAITING = """
import asyncio
from provena_sdk import AsyncProvena
async def main():
    async with AsyncProvena() as provena:
        await provena.sign_in()
asyncio.run(main())
"""
LISTING = """
from provena_sdk import Provena
with Provena() as provena:
    provena.datastore.interactive_dataset("10378.1/1451860").list_files()
"""
SHOW = """
from provena_sdk.auth import Prompt, TerminalPresenter
url = "https://auth.example.org/auth/realms/provena/device?user_code=ABCD-EFGH"
TerminalPresenter().show(Prompt("example.org", url, "ABCD-EFGH", 600))
"""
SECONDS = 20.0


class Terminal:
    """A program whose stdin and stderr are a terminal, and whose stdout is a pipe."""

    def __init__(self, program: str, environment: dict[str, str], columns: int) -> None:
        import fcntl
        import pty
        import termios

        self._ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=theirs,
            stderr=theirs,
            stdout=subprocess.PIPE,
            env={**environment, "COLUMNS": str(columns)},
            text=True,
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )
        os.close(theirs)
        self._decoder = codecs.getincrementaldecoder("utf-8")()
        self.shown = ""

    def wait_for(self, text: str) -> None:
        deadline = time.monotonic() + SECONDS
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            if select.select([self._ours], [], [], 0.1)[0]:
                self.shown += self._decoder.decode(os.read(self._ours, 65536))

    def type(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def end(self) -> tuple[int, str]:
        """Read to the end; returns the exit status and what was printed on stdout."""
        try:
            while chunk := os.read(self._ours, 65536):
                self.shown += self._decoder.decode(chunk)
        except OSError:
            pass  # Linux says so when the other side is closed.
        os.close(self._ours)
        out, _ = self.process.communicate(timeout=SECONDS)
        return self.process.returncode, out

    @property
    def user_code(self) -> str:
        found = re.findall(r"^    ([A-Z]{4}-[A-Z]{4})\r?$", self.shown, re.MULTILINE)
        return str(found[0])


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(poll_interval=0.2) as made:
        yield made


Start = Callable[..., Terminal]


@pytest.fixture
def start(sandbox: Sandbox, tmp_path: Path) -> Start:
    def start(program: str = PROGRAM, *, columns: int = 100, **variables: str) -> Terminal:
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return Terminal(
            program,
            {
                **kept,
                **sandbox.environment(),
                "PROVENA_STATE_DIR": str(tmp_path / "state"),
                "PROVENA_CONFIG_FILE": str(tmp_path / "none.toml"),
                "PYTHONIOENCODING": "utf-8",
                "TERM": "xterm",
                **variables,
            },
            columns,
        )

    return start


def test_without_a_browser(sandbox: Sandbox, start: Start) -> None:
    terminal = start()
    terminal.wait_for("Waiting for you to approve")
    assert "Signing in to localhost. Open this page in any browser:" in terminal.shown
    assert f"    {sandbox.issuer_url}/device?user_code={terminal.user_code}\r\n" in terminal.shown
    assert "█" not in terminal.shown, "no other device reaches a page on this machine"
    sandbox.approve(terminal.user_code, "reader")
    assert terminal.end() == (0, "reader\n")
    assert terminal.shown.endswith("\r\x1b[KSigned in as reader.\r\n")


@pytest.mark.parametrize(("columns", "shown"), [(100, True), (30, False)])
def test_a_qr_code_for_another_device_where_it_fits(start: Start, columns: int, shown: bool) -> None:
    terminal = start(SHOW, columns=columns)
    assert terminal.end() == (0, "")
    assert (terminal.shown.count("█") > 50) is shown
    assert terminal.user_code == "ABCD-EFGH"


def test_a_person_says_no(sandbox: Sandbox, start: Start) -> None:
    terminal = start()
    terminal.wait_for("Waiting for you to approve")
    sandbox.deny(terminal.user_code)
    assert terminal.end() == (1, "")
    assert "SignInDenied: Signing in was refused on the sign-in page." in terminal.shown


def test_with_a_browser(sandbox: Sandbox, start: Start, tmp_path: Path) -> None:
    opened = tmp_path / "opened"
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\nprintf "%s" "$1" > "{opened}.part" && mv "{opened}.part" "{opened}"\n')
    browser.chmod(browser.stat().st_mode | stat.S_IXUSR)
    terminal = start(BROWSER=str(browser))
    terminal.wait_for("Waiting for you to approve")
    assert "A browser window should open:" in terminal.shown
    assert "█" not in terminal.shown
    deadline = time.monotonic() + SECONDS
    while not opened.exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert opened.read_text() == f"{sandbox.issuer_url}/device?user_code={terminal.user_code}"
    sandbox.approve(terminal.user_code, "writer")
    assert terminal.end() == (0, "writer\n")


def test_a_browser_that_cannot_be_started_does_not_matter(sandbox: Sandbox, start: Start) -> None:
    terminal = start(BROWSER="/nowhere/at/all")
    terminal.wait_for("Waiting for you to approve")
    sandbox.approve(terminal.user_code, "writer")
    assert terminal.end() == (0, "writer\n")


@pytest.mark.parametrize(
    "program", [PROGRAM, AWAITING, LISTING], ids=["blocking", "awaiting", "listing files"]
)
def test_ctrl_c_leaves_nothing_behind(sandbox: Sandbox, start: Start, tmp_path: Path, program: str) -> None:
    terminal = start(program)
    terminal.wait_for("Waiting for you to approve")
    terminal.type("\x03")
    typed = time.monotonic()
    status, out = terminal.end()
    assert time.monotonic() - typed < SECONDS, "the program waits for the person no longer"
    assert (status, out) == (-signal.SIGINT, "")
    assert "\r\x1b[K" in terminal.shown, "the countdown is cleared away"
    assert terminal.shown.removesuffix("\r\x1b[K").rstrip().endswith("KeyboardInterrupt")
    left = [path.name for path in (tmp_path / "state").rglob("*") if path.is_file()]
    assert [name for name in left if not name.endswith(".lock")] == []


def test_somebody_else_is_asked(sandbox: Sandbox, start: Start) -> None:
    first = start()
    first.wait_for("Waiting for you to approve")
    sandbox.approve(first.user_code, "writer")
    assert first.end() == (0, "writer\n")
    for keys, outcome in (("n\r", (1, "")), ("y\r", (0, "reader\n"))):
        other = start()
        other.wait_for("Waiting for you to approve")
        sandbox.approve(other.user_code, "reader")
        other.wait_for("Replace that session with one of reader? [y/N]")
        other.type(keys)
        assert other.end() == outcome


def test_nobody_is_asked_where_that_is_not_wanted(start: Start) -> None:
    terminal = start(PROVENA_NON_INTERACTIVE="1")
    status, _ = terminal.end()
    assert status == 1
    assert "SignInRequired: Nobody is signed in to localhost, and nobody can be asked here." in terminal.shown
    assert "Waiting for you" not in terminal.shown
    assert "PROVENA_OFFLINE_TOKEN" in terminal.shown
