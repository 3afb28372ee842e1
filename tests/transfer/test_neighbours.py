"""Several downloads into one folder at once: in one process, in several, and with one that dies."""

from __future__ import annotations

import logging
import random
import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.sandbox.object_store import ObjectFault, ObjectFaults, Server
from provena_sdk.transfer.neighbours import claims
from provena_sdk.transfer.neighbours.sharing import FOUND, SharedDownload
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.report import TransferReport
from provena_sdk.transfer.spec.items import Download
from provena_sdk.transfer.spec.options import TransferOptions
from tests.dataset import Dataset

pytestmark = pytest.mark.own_store

Put = Callable[[dict[str, bytes]], None]
Tree = Callable[[Path], dict[str, bytes]]
Start = Callable[..., "subprocess.Popen[str]"]

SMALL = {f"{number % 7}/{number}.csv": b"%d" % number * 100 for number in range(300)}

PROGRAM = """
    import datetime, sys
    from provena_sdk.datasets.credentials import CredentialsSource
    from provena_sdk.datasets.location import DatasetLocation
    from provena_sdk.s3.credentials import Credentials
    from provena_sdk.s3.models import StoreAddress
    from tests.dataset import Dataset

    folder, url, bucket, prefix, *keys = sys.argv[1:]
    granted = Credentials(*keys, datetime.datetime(2100, 1, 1, tzinfo=datetime.UTC))
    place = DatasetLocation("10378.1/1", bucket, prefix)
    files = Dataset(place, CredentialsSource(lambda *_: granted), StoreAddress(url))
    print("ready", flush=True)
    print(files.download_all(folder).counts(), flush=True)
"""


@pytest.fixture
def start(server: Server, location: DatasetLocation, source: CredentialsSource) -> Iterator[Start]:
    """Starts a process that downloads everything into a folder."""
    children: list[subprocess.Popen[str]] = []

    def started(folder: Path) -> subprocess.Popen[str]:
        keys = server.grants.issue(location.bucket, location.prefix, write=False, lifetime_seconds=3600)
        arguments = [str(folder), server.url, location.bucket, location.prefix]
        secrets = [keys.access_key_id, keys.secret_access_key, keys.session_token]
        child = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(PROGRAM), *arguments, *secrets],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).resolve().parents[2],
        )
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        return child

    yield started
    for child in children:
        child.kill()
        child.communicate()


def fetched(server: Server, location: DatasetLocation) -> Counter[str]:
    """How often each file was requested."""
    return Counter(
        record.key.removeprefix(location.prefix)
        for record in list(server.requests)
        if record.operation == "GetObject" and record.key.startswith(location.prefix)
    )


@contextmanager
def slowed(faults: ObjectFaults, seconds: float, *, key: str | None = None) -> Iterator[None]:
    """Let each answer with a file wait."""
    fault = ObjectFault(kind="latency", operation="GetObject", key=key, times=None, seconds=seconds)
    faults.add(fault)
    try:
        yield
    finally:
        faults.clear()


def both(*downloads: Callable[[], TransferReport]) -> list[TransferReport]:
    """Run downloads in threads."""
    reports: list[TransferReport] = []
    threads = [threading.Thread(target=lambda run=run: reports.append(run())) for run in downloads]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(reports) == len(downloads)
    return reports


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.slow
def test_two_threads_share_small_files(
    files: Dataset,
    put: Put,
    tree: Tree,
    server: Server,
    location: DatasetLocation,
    faults: ObjectFaults,
    tmp_path: Path,
) -> None:
    put(SMALL)
    with slowed(faults, 0.2):
        reports = both(*[lambda: files.download_all(tmp_path)] * 2)
    assert tree(tmp_path) == SMALL
    assert fetched(server, location) == Counter(dict.fromkeys(SMALL, 1))
    assert sum(report.counts().get("downloaded", 0) for report in reports) == len(SMALL)
    # Both shared the work, and say what the other one did.
    for report in reports:
        assert report.counts().keys() == {"downloaded", "same"}
        assert {outcome.reason for outcome in report if outcome.outcome == "same"} <= {None, FOUND}


@pytest.mark.slow
def test_two_processes_share_small_files(
    start: Start,
    put: Put,
    tree: Tree,
    server: Server,
    location: DatasetLocation,
    faults: ObjectFaults,
    tmp_path: Path,
) -> None:
    put(SMALL)
    with slowed(faults, 0.5):
        children = [start(tmp_path), start(tmp_path)]
        for child in children:
            child.wait(60)
    assert [child.returncode for child in children] == [0, 0]
    assert tree(tmp_path) == SMALL
    assert fetched(server, location) == Counter(dict.fromkeys(SMALL, 1))


def test_the_other_one_takes_over_when_one_is_killed(
    files: Dataset,
    start: Start,
    put: Put,
    tree: Tree,
    faults: ObjectFaults,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    large = {"large.nc": random.Random(3).randbytes(40_000_000)}
    put(large)
    caplog.set_level(logging.INFO, "provena_sdk.transfer")
    with slowed(faults, 120, key="*large.nc"):
        child = start(tmp_path)
        wait_for(lambda: list(tmp_path.glob(".large.nc.*.provena-journal")))
        reports: list[TransferReport] = []
        waiting = threading.Thread(target=lambda: reports.append(files.download_all(tmp_path)))
        waiting.start()
        wait_for(lambda: "another process is downloading 'large.nc'" in caplog.text)
        assert f"pid {child.pid} on " in caplog.text
        assert caplog.text.count("another process") == 1
        faults.clear()
        child.kill()
        waiting.join(60)
    assert tree(tmp_path) == large
    assert [report.counts() for report in reports] == [{"downloaded": 1}]


@pytest.mark.slow
def test_one_that_is_stopped_is_not_waited_for(
    files: Dataset,
    start: Start,
    put: Put,
    tree: Tree,
    faults: ObjectFaults,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.setattr(claims, "STALE_SECONDS", 1.0)
    large = {"large.nc": random.Random(4).randbytes(20_000_000)}
    put(large)
    with slowed(faults, 5, key="*large.nc"):
        child = start(tmp_path)
        wait_for(lambda: list(tmp_path.glob(".large.nc.*.provena-journal")))
        child.send_signal(signal.SIGSTOP)
        faults.clear()
    assert files.download_all(tmp_path).counts() == {"downloaded": 1}
    assert (tmp_path / "large.nc").read_bytes() == large["large.nc"]
    # It continues, and replaces the file by an equal one.
    child.send_signal(signal.SIGCONT)
    assert child.wait(60) == 0
    assert tree(tmp_path) == large


def test_different_files_are_fetched_at_the_same_time(
    files: Dataset, put: Put, tree: Tree, server: Server, faults: ObjectFaults, tmp_path: Path
) -> None:
    content = {f"{folder}/{number}.nc": b"1" * 1000 for folder in "ab" for number in range(20)}
    put(content)
    server.activity.peak_in_flight = 0
    with slowed(faults, 1.0):
        both(*[lambda name=name: files.download_specific(name, tmp_path) for name in "ab"])
    assert tree(tmp_path) == content
    assert server.activity.peak_in_flight >= 30


def test_what_the_other_one_cannot_fetch_is_tried_here(
    files: Dataset, put: Put, tree: Tree, tmp_path: Path
) -> None:
    put({"a.csv": b"1"})
    held = claims.Claims(tmp_path)
    assert held.claim(["a.csv"]) == {"a.csv"}
    threading.Timer(0.5, held.close).start()
    assert files.download_all(tmp_path).counts() == {"downloaded": 1}
    assert tree(tmp_path) == {"a.csv": b"1"}


@pytest.mark.parametrize("verify", ["checksum", "size"])
def test_what_the_other_one_has_put_there_is_compared(
    files: Dataset, put: Put, tree: Tree, tmp_path: Path, verify: str
) -> None:
    put({"a.csv": b"right", "b.csv": b"right"})
    held = claims.Claims(tmp_path)
    held.claim(["a.csv", "b.csv"])

    def finish() -> None:
        (tmp_path / "a.csv").write_bytes(b"right")
        (tmp_path / "b.csv").write_bytes(b"wrong")
        held.close()

    threading.Timer(0.5, finish).start()
    report = files.download_all(tmp_path, options=TransferOptions(verify=verify))  # type: ignore[arg-type]  # parametrized
    assert report.counts() == ({"same": 1, "downloaded": 1} if verify == "checksum" else {"same": 2})
    assert next(outcome.reason for outcome in report if outcome.outcome == "same") == FOUND
    assert tree(tmp_path)["b.csv"] == (b"right" if verify == "checksum" else b"wrong")


@pytest.mark.slow
def test_without_claims_both_fetch_and_the_files_are_right(
    files: Dataset,
    put: Put,
    tree: Tree,
    faults: ObjectFaults,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("read-only")

    put(SMALL)
    monkeypatch.setattr(claims.Claims, "_write", refuse)
    with slowed(faults, 0.2):
        both(*[lambda: files.download_all(tmp_path)] * 2)
    assert tree(tmp_path) == SMALL


def test_an_outdated_file_is_not_taken_for_another_downloads(
    files: Dataset, put: Put, tree: Tree, tmp_path: Path
) -> None:
    put({"a.csv": b"old", "b.csv": b"1"})
    files.download_all(tmp_path)
    put({"a.csv": b"new"})
    neighbour = claims.Claims(tmp_path)
    neighbour.claim(["another file"])
    try:
        report = files.download_all(tmp_path, options=TransferOptions(verify="size"))
    finally:
        neighbour.close()
    assert [outcome.path for outcome in report if outcome.outcome == "downloaded"] == ["a.csv"]
    assert tree(tmp_path)["a.csv"] == b"new"


def test_files_that_were_claimed_and_never_begun_are_left_to_others(
    files: Dataset, put: Put, tmp_path: Path
) -> None:
    put({"a.csv": b"1", "b.csv": b"2"})
    first, second = (Download(info, info.path) for info in files.list())

    async def given_up() -> set[str]:
        store = files.for_access(Access.READ)
        other = claims.Claims(tmp_path)
        async with SharedDownload[Download](
            store, tmp_path, Meter(), by_size=False, keep_times=False, look_again=lambda: None
        ) as shared:
            shared.plan([first, second])
            assert await shared.takes(first)
            assert await shared.others() == ([], [])
            shared._claims.renew()
            won = other.claim([first.target, second.target])
        other.close()
        return won

    assert run_sync(given_up()) == {"a.csv", "b.csv"}


def test_part_files_of_a_killed_neighbour_are_removed(
    files: Dataset, put: Put, tree: Tree, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """Small files cannot be resumed, so nobody else would remove what the other process left of them."""
    put({"a.csv": b"1"})
    program = """
        import sys, time
        from pathlib import Path
        from provena_sdk.datasets.paths import part_name, part_stem
        from provena_sdk.transfer.local.seal import Seal
        from provena_sdk.transfer.neighbours.claims import Claims

        folder = Path(sys.argv[1])
        Claims(folder).claim(["a.csv"])
        (folder / part_name("a.csv", Seal.load().token(part_stem("a.csv")))).write_bytes(b"half")
        print("ready", flush=True)
        time.sleep(120)
    """
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    caplog.set_level(logging.INFO, "provena_sdk.transfer")
    with child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "ready\n"
            waiting = threading.Thread(target=lambda: files.download_all(tmp_path))
            waiting.start()
            wait_for(lambda: "another process is downloading 'a.csv'" in caplog.text)
        finally:
            child.kill()
    waiting.join(60)
    assert tree(tmp_path) == {"a.csv": b"1"}
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
