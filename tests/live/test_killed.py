"""A process that transfers a large file is killed, and another resumes what it had begun."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.data.users import SERVICE_CLIENT, SERVICE_SECRET, SERVICE_USER
from scripts.live.relay import Relay, relay
from scripts.live.stores import Store
from tests.live.conftest import MakeRealm, Realm
from tests.live.parts import external
from tests.live.test_guard import ROOT

pytestmark = [pytest.mark.live, pytest.mark.slow, pytest.mark.timeout(600)]
MIB = 1 << 20
SIZE = 320 * MIB
# Sixteen parts of 8 MiB may be on their way, and none of them counts until it is whole.
KILLED_AT = 240 * MIB
SENT_AGAIN_AT_MOST = 240 * MIB
SECONDS = 120.0

TRANSFERRING = """
import sys
from provena_sdk import Provena
with Provena(client_id=sys.argv[1], client_secret=sys.argv[2]) as provena:
    dataset = provena.datastore.interactive_dataset(sys.argv[3])
    getattr(dataset, sys.argv[4])(sys.argv[5])
"""


@pytest.fixture(scope="module")
def reef(new_realm: MakeRealm) -> Realm:
    return new_realm()


@pytest.fixture(scope="module")
def data() -> bytes:
    return os.urandom(SIZE)


@pytest.fixture
def line(store: Store) -> Iterator[Relay]:
    with relay(store.port) as made:
        yield made


@pytest.fixture
def sandbox(reef: Realm, store: Store, line: Relay) -> Iterator[Sandbox]:
    with Sandbox(issuer=reef.issuer, s3=external(store, url=line.url), credentials_seconds=3600) as running:
        yield running
        assert running.crashes == []


class Worker:
    """Transfers a dataset's files in a process of its own.

    Args:
        sandbox: The sandbox.
        state: The SDK's state folder, the same for all processes.
        arguments: The dataset's handle, the method and the local folder.
    """

    def __init__(self, sandbox: Sandbox, state: Path, *arguments: str) -> None:
        self._command = [sys.executable, "-c", TRANSFERRING, SERVICE_CLIENT, SERVICE_SECRET, *arguments]
        self._variables = os.environ | sandbox.environment() | {"PROVENA_STATE_DIR": str(state)}

    def kill_when(self, done: Callable[[], bool]) -> None:
        """Start it, and kill it once the condition holds."""
        running = subprocess.Popen(self._command, cwd=ROOT, env=self._variables)
        try:
            deadline = time.monotonic() + SECONDS
            while not done():
                assert running.poll() is None, "it ended before it was killed"
                assert time.monotonic() < deadline
                time.sleep(0.02)
        finally:
            running.send_signal(signal.SIGKILL)
            assert running.wait() == -signal.SIGKILL

    def finish(self) -> None:
        """Run it to its end."""
        subprocess.run(self._command, cwd=ROOT, env=self._variables, check=True, timeout=300)


def test_an_upload_is_resumed(sandbox: Sandbox, line: Relay, data: bytes, tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.mkdir()
    (source / "a.bin").write_bytes(data)
    handle = sandbox.add_dataset("Reef", owner=SERVICE_USER)
    worker = Worker(sandbox, tmp_path / "state", handle, "upload_all_files", str(source))
    line.rate = 48 * MIB
    worker.kill_when(lambda: line.sent > KILLED_AT)
    assert "a.bin" not in sandbox.storage.files(handle)
    line.rate = None
    line.sent = 0
    worker.finish()
    assert 0 < line.sent < SENT_AGAIN_AT_MOST
    assert sandbox.storage.files(handle)["a.bin"] == data


def test_a_download_is_resumed(sandbox: Sandbox, line: Relay, data: bytes, tmp_path: Path) -> None:
    handle = sandbox.add_dataset("Reef", owner=SERVICE_USER, files={"a.bin": data})
    folder = tmp_path / "destination"
    worker = Worker(sandbox, tmp_path / "state", handle, "download_all_files", str(folder))
    line.rate = 48 * MIB
    line.received = 0
    worker.kill_when(lambda: line.received > KILLED_AT)
    assert not (folder / "a.bin").exists()
    line.rate = None
    line.received = 0
    worker.finish()
    assert 0 < line.received < SENT_AGAIN_AT_MOST
    assert (folder / "a.bin").read_bytes() == data
    assert sorted(path.name for path in folder.iterdir()) == ["a.bin", "metadata.json"]
