"""Downloads over a slow line: what arrived is counted and kept."""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.s3.models import StoreAddress
from provena_sdk.sandbox.object_store import Server
from provena_sdk.transfer.progress.meter import Progress
from provena_sdk.transfer.spec.options import RunOptions
from scripts.live.relay import Relay
from tests.dataset import Dataset

pytestmark = pytest.mark.slow

MB = 1_000_000
CONTENTS = {f"{size}.bin": random.Random(size).randbytes(size * MB) for size in (5, 20)}
SIZE = sum(map(len, CONTENTS.values()))

MIB = 1024**2

PROGRAM = """
    import sys
    from datetime import datetime, timezone
    from provena_sdk.s3.credentials import Credentials
    from provena_sdk.datasets.credentials import CredentialsSource
    from tests.dataset import Dataset
    from provena_sdk.s3.models import StoreAddress
    from provena_sdk.datasets.location import DatasetLocation

    url, bucket, prefix, folder, way, *keys = sys.argv[1:]
    granted = Credentials(*keys, datetime(2100, 1, 1, tzinfo=timezone.utc))
    files = Dataset(DatasetLocation("x", bucket, prefix), CredentialsSource(lambda *_: granted), StoreAddress(url))
    getattr(files, way)(folder)
"""


@pytest.fixture
def relay(server: Server) -> Iterator[Relay]:
    """A slow line to the store."""
    made = Relay(int(server.url.rpartition(":")[2]), buffer=16 * 1024)
    made.rate = 2 * MB
    yield made
    made.close()


@pytest.fixture
def slow(
    files: Dataset, relay: Relay, location: DatasetLocation, put: Callable[[dict[str, bytes]], None]
) -> Dataset:
    """The files of the dataset over the slow line."""
    put(CONTENTS)
    return Dataset(location, files._credentials, StoreAddress(relay.url))


class Counted(Progress):
    def __init__(self) -> None:
        self.bytes = 0

    def resumed(self, path: str, bytes: int) -> None:
        self.bytes += bytes

    def advance(self, path: str, bytes: int) -> None:
        self.bytes += bytes


def recorded_bytes(folder: Path) -> int:
    lines = (
        line
        for journal in folder.glob(".*-journal")
        for line in journal.read_text().splitlines(keepends=True)[1:]
        if line.endswith("\n")
    )
    return sum(json.loads(line)[1] for line in lines)


def check(folder: Path) -> None:
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == CONTENTS


def program(
    way: str, folder: Path, relay: Relay, server: Server, location: DatasetLocation
) -> subprocess.Popen[bytes]:
    """Start a process that transfers the files of a folder."""
    writes = way == "upload_all"
    keys = server.grants.issue(location.bucket, location.prefix, write=writes, lifetime_seconds=3600)
    secrets = [keys.access_key_id, keys.secret_access_key, keys.session_token]
    arguments = [relay.url, location.bucket, location.prefix, str(folder), way, *secrets]
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(PROGRAM), *arguments])


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize(("kind", "least"), [(signal.SIGINT, 0.9), (signal.SIGKILL, 0.8)])
def test_what_arrived_before_a_signal_is_kept(
    slow: Dataset,
    relay: Relay,
    server: Server,
    location: DatasetLocation,
    tmp_path: Path,
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: signal.Signals,
    least: float,
) -> None:
    monkeypatch.setenv("PROVENA_STATE_DIR", str(state))
    before = relay.received
    with program("download_all", tmp_path, relay, server, location) as process:
        while relay.received - before < 8 * MB and process.poll() is None:
            time.sleep(0.05)
        os.kill(process.pid, kind)
        process.wait(10)
    received, kept = relay.received - before, recorded_bytes(tmp_path)
    assert kept >= least * received
    relay.rate = None
    before = relay.received
    report = slow.download_all(tmp_path)
    check(tmp_path)
    assert report.resumed_bytes == kept
    assert relay.received - before <= 1.02 * (SIZE - kept) + 100_000


def test_what_arrived_is_shown(slow: Dataset, relay: Relay, tmp_path: Path) -> None:
    progress, before = Counted(), relay.received
    shares = []
    with ThreadPoolExecutor(1) as threads:
        run = slow.download(tmp_path, RunOptions(progress=progress))
        running = threads.submit(run_sync, run)
        while relay.received - before < 100_000:
            time.sleep(0.01)
        while not wait([running], 1).done:
            shares.append(progress.bytes / (relay.received - before))
        running.result()
    check(tmp_path)
    assert progress.bytes == SIZE
    assert min(shares) >= 0.95


def test_a_cut_line_loses_nothing_that_arrived(slow: Dataset, relay: Relay, tmp_path: Path) -> None:
    before = relay.received
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(slow.download_all, tmp_path)
        for received in (4 * MB, 8 * MB, 12 * MB):
            while relay.received - before < received:
                time.sleep(0.05)
            relay.cut()
            time.sleep(0.2)
            relay.restore()
        running.result()
    check(tmp_path)
    assert relay.received - before <= 1.1 * SIZE


def test_what_was_sent_is_shown(slow: Dataset, relay: Relay, tmp_path: Path) -> None:
    for name, data in CONTENTS.items():
        (tmp_path / name).write_bytes(data[::-1])
    progress, before = Counted(), relay.sent
    samples = []
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(run_sync, slow.upload(tmp_path, RunOptions(progress=progress)))
        while relay.sent - before < 100_000:
            time.sleep(0.01)
        while not wait([running], 1).done:
            samples.append((progress.bytes, relay.sent - before))
        running.result()
    assert progress.bytes == SIZE
    assert all(shown >= 0.95 * sent for shown, sent in samples)
    # Not in one step for each part, either.
    assert all(later > earlier for (earlier, _), (later, _) in itertools.pairwise(samples) if later < SIZE)


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such signals")
@pytest.mark.parametrize(("kind", "parts"), [(signal.SIGINT, 2), (signal.SIGKILL, 1)])
def test_what_was_sent_before_a_signal_is_kept_in_parts(
    slow: Dataset,
    relay: Relay,
    server: Server,
    location: DatasetLocation,
    tmp_path: Path,
    state: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: signal.Signals,
    parts: int,
) -> None:
    """Parts of 5 MiB are sent one after another, and Ctrl-C waits for one that is nearly sent."""
    monkeypatch.setenv("PROVENA_STATE_DIR", str(state))
    (tmp_path / "15.bin").write_bytes(random.Random(15).randbytes(15 * MIB))
    before = relay.sent
    with program("upload_all", tmp_path, relay, server, location) as process:
        # All of the second part but 0.2 s.
        while relay.sent - before < 10 * MIB - 0.4 * MB and process.poll() is None:
            time.sleep(0.02)
        os.kill(process.pid, kind)
        # It judges by the rate before; on a busy machine, the line may be slower now.
        relay.rate = None
        process.wait(10)
    before = relay.sent
    report = slow.upload_all(tmp_path)
    assert report.resumed_bytes == parts * 5 * MIB
    assert relay.sent - before <= 1.02 * (15 * MIB - report.resumed_bytes) + 100_000
