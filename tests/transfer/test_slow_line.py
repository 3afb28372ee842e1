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
from provena_sdk.transfer.options import RunOptions
from provena_sdk.transfer.progress.meter import Progress
from scripts.live.relay import Relay
from tests.dataset import Dataset

pytestmark = pytest.mark.slow

MB = 1_000_000
CONTENTS = {f"{size}.bin": random.Random(size).randbytes(size * MB) for size in (5, 20)}
SIZE = sum(map(len, CONTENTS.values()))

PROGRAM = """
    import sys
    from datetime import datetime, timezone
    from provena_sdk.s3.credentials import Credentials
    from provena_sdk.datasets.credentials import CredentialsSource
    from tests.dataset import Dataset
    from provena_sdk.s3.models import StoreAddress
    from provena_sdk.datasets.location import DatasetLocation

    url, bucket, prefix, folder, *keys = sys.argv[1:]
    granted = Credentials(*keys, datetime(2100, 1, 1, tzinfo=timezone.utc))
    files = Dataset(DatasetLocation("x", bucket, prefix), CredentialsSource(lambda *_: granted), StoreAddress(url))
    files.download_all(folder)
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
    keys = server.grants.issue(location.bucket, location.prefix, write=False, lifetime_seconds=3600)
    secrets = [keys.access_key_id, keys.secret_access_key, keys.session_token]
    arguments = [relay.url, location.bucket, location.prefix, str(tmp_path), *secrets]
    before = relay.received
    with subprocess.Popen([sys.executable, "-c", textwrap.dedent(PROGRAM), *arguments]) as process:
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
