"""Twenty processes share one session, whose tokens are good for seconds and whose refresh tokens for one use."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from provena_sdk.auth import FileStore
from provena_sdk.sandbox import Sandbox
from tests.live.conftest import MakeRealm, Realm
from tests.live.signing import environment_of, tokens_of
from tests.live.test_guard import ROOT

pytestmark = [pytest.mark.live, pytest.mark.timeout(600)]
PROCESSES = 20
SECONDS = 20

WORKING = """
import json, sys, time
from provena_sdk import Provena
tokens, calls = set(), 0
print("ready", flush=True)
sys.stdin.readline()
end = time.monotonic() + float(sys.argv[1])
with Provena(interactive=False) as provena:
    while time.monotonic() < end:
        assert provena.datastore.check_access("write").username == "writer"
        tokens.add(hash(provena.tokens.token()))
        calls += 1
        time.sleep(0.2)
print(json.dumps({"calls": calls, "tokens": len(tokens)}))
"""


@pytest.fixture(scope="module")
def reef(new_realm: MakeRealm) -> Realm:
    return new_realm(rotation="no-reuse", access_token_seconds=8)


@pytest.fixture(scope="module")
def sandbox(reef: Realm) -> Iterator[Sandbox]:
    with Sandbox(issuer=reef.issuer) as running:
        yield running
        assert running.crashes == []


def test_none_of_them_loses_the_session(reef: Realm, sandbox: Sandbox, tmp_path: Path) -> None:
    folder = tmp_path / "state"
    tokens_of(reef, folder=folder / "sessions", sandbox=sandbox).sign_in()
    environment = os.environ | environment_of(reef, sandbox) | {"PROVENA_STATE_DIR": str(folder)}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WORKING, str(SECONDS)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(PROCESSES)
    ]
    try:
        for worker in workers:
            assert worker.stdout is not None
            assert worker.stdout.readline() == "ready\n", worker.communicate()[1]
        for worker in workers:
            assert worker.stdin is not None
            worker.stdin.write("go\n")
            worker.stdin.flush()
        results = [worker.communicate(timeout=SECONDS + 200) for worker in workers]
    finally:
        for worker in workers:
            worker.kill()
            worker.wait()
    failed = [errors[-1000:] for _, errors in results if errors]
    assert [worker.returncode for worker in workers] == [0] * PROCESSES, failed[:3]
    counts = [json.loads(said) for said, _ in results]
    assert min(count["calls"] for count in counts) >= 1
    assert max(count["tokens"] for count in counts) >= 3, "tokens were renewed meanwhile"
    assert len(reef.admin.sessions(reef.name, "writer")) == 1
    assert list(FileStore(folder / "sessions").folder.glob("*.json"))
