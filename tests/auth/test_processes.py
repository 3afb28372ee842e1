"""Several processes on one stored session, with refresh tokens that work once."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from provena_sdk.auth.store.token_store import FileStore
from provena_sdk.auth.tokens import SessionKey, Tokens
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from tests.auth.conftest import FakeClock, FakeSignIn

SCRIPT = """
import contextlib, sys, time
from pathlib import Path
from provena_sdk.auth.store import token_store as store
from provena_sdk.auth.store import locking
from provena_sdk.auth import token_source
from provena_sdk.config import Deployment

issuer, locks, go = sys.argv[1:]
if locks == "no kernel lock":
    locking._kernel_lock = lambda *_: contextlib.nullcontext()
elif locks == "no lock at all":
    store.exclusive = lambda *_, **__: contextlib.nullcontext()
source = token_source(Deployment("example.org", issuer=issuer), interactive=False)
import provena_sdk.auth.http
print("ready", flush=True)
sys.stdin.readline()
print(source.token().reveal())
"""


def run(sign_in: FakeSignIn, count: int, locks: str) -> list[str]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", SCRIPT, sign_in.issuer, locks, ""],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(count)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    ended = [process.communicate(timeout=60) for process in processes]
    assert [errors for _, errors in ended] == [""] * count
    return [out.strip() for out, _ in ended]


@pytest.fixture
def expired(sign_in: FakeSignIn, clock: FakeClock, key: SessionKey) -> FileStore:
    """A stored session whose access token has ended; the clock is the real one, for all processes."""
    clock.now = time.time()
    store = FileStore()
    store.save(
        key,
        Tokens(
            Secret(sign_in.access_token()), clock.now - 400, clock.now - 100, Secret(sign_in.refresh_token())
        ),
    )
    return store


@pytest.mark.slow
@pytest.mark.parametrize("locks", ["all locks", "no kernel lock"])
def test_one_refresh_serves_all(sign_in: FakeSignIn, expired: FileStore, key: SessionKey, locks: str) -> None:
    sign_in.before_refresh = lambda: time.sleep(0.2)
    tokens = run(sign_in, 6, locks)
    assert len(set(tokens)) == 1
    assert len(sign_in.calls("/token")) == 1
    stored = expired.load(key)
    assert stored is not None
    assert stored.access_token.reveal() == tokens[0]


@pytest.mark.slow
def test_without_any_lock_a_server_that_forgives_reuse_signs_nobody_out(
    sign_in: FakeSignIn, expired: FileStore, key: SessionKey
) -> None:
    """Without a lock several may use the same refresh token; whoever comes late takes the winner's."""
    sign_in.forgive_reuse = True
    tokens = run(sign_in, 6, "no lock at all")
    assert all(token in sign_in.issued for token in tokens)
    assert expired.load(key) is not None


@pytest.mark.slow
def test_a_process_killed_while_it_refreshes_does_not_block_the_others(
    sign_in: FakeSignIn, expired: FileStore, key: SessionKey
) -> None:
    go_on: list[bool] = []

    def hold() -> None:
        deadline = time.monotonic() + 10
        while not go_on and time.monotonic() < deadline:
            time.sleep(0.01)

    sign_in.before_refresh = hold
    victim = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, sign_in.issuer, "all locks", ""],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert victim.stdin is not None
    victim.stdin.write("\n")
    victim.stdin.flush()
    while not sign_in.calls("/token"):
        time.sleep(0.01)
    victim.kill()
    victim.communicate()
    held = expired.path(key).with_suffix(".held")
    assert json.loads(held.read_text())["pid"] == victim.pid
    sign_in.before_refresh = None
    go_on.append(True)
    # The server rotated for the dead process: its answer is lost, and with it the session. That is the worst
    # case; the next process must learn it at once instead of waiting for the lock.
    sign_in.spent.clear()
    FileStore().save(
        key,
        Tokens(
            Secret(sign_in.access_token()),
            time.time() - 400,
            time.time() - 100,
            Secret(sign_in.refresh_token()),
        ),
    )
    start = time.monotonic()
    [token] = run(sign_in, 1, "all locks")
    assert token in sign_in.issued
    assert time.monotonic() - start < 10
    assert not held.exists()


def test_the_state_folder_is_the_tests_own(tmp_path: Path) -> None:
    assert FileStore().folder.is_relative_to(tmp_path)
