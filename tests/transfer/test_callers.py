"""Blocking and awaiting callers, threads, loops, cancellation and forks."""

import asyncio
import contextlib
import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provena_sdk.concurrency.io_thread import on_io_thread, run_sync
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.listing import list_files
from provena_sdk.sandbox.object_store import ObjectFault, ObjectFaults, Server
from provena_sdk.transfer import download
from provena_sdk.transfer.spec.options import RunOptions
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Stored = Callable[[], dict[str, bytes]]
Tree = Callable[[Path], dict[str, bytes]]
Plant = Callable[[Path, dict[str, bytes]], Path]


async def struck(fault: ObjectFault, times: int) -> None:
    """Wait until a fault has struck some times."""
    for _ in range(1_000):
        if fault.hits >= times:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"the fault struck {fault.hits} times only")


async def test_blocking_calls_work_inside_a_running_loop(
    files: Dataset, put: Put, tree: Tree, tmp_path: Path
) -> None:
    put({"a": b"1"})
    assert [info.path for info in files.list()] == ["a"]
    files.download_all(tmp_path)
    assert tree(tmp_path) == {"a": b"1"}
    with files.open("a") as file:
        assert file.read() == b"1"


async def test_awaiting_does_not_block_the_callers_loop(
    files: Dataset, faults: ObjectFaults, put: Put, tmp_path: Path
) -> None:
    put({"a": b"1"})
    faults.add(ObjectFault(kind="latency", seconds=0.3))
    transfer = asyncio.create_task(on_io_thread(files.download(tmp_path, RunOptions())))
    ticks = 0
    while not transfer.done():
        await asyncio.sleep(0.01)
        ticks += 1
    assert ticks > 10
    assert (await transfer).counts() == {"downloaded": 1}


def test_two_loops_share_one_dataset(files: Dataset, put: Put) -> None:
    put({"a": b"1"})
    assert asyncio.run(on_io_thread(list_files(files))) == asyncio.run(on_io_thread(list_files(files)))


def test_many_threads_share_one_dataset(
    files: Dataset, put: Put, tree: Tree, asked: list[tuple[str, Access]], tmp_path: Path
) -> None:
    contents = {f"{number}": b"%d" % number for number in range(5)}
    put(contents)

    def one(number: int) -> dict[str, bytes]:
        files.download_all(tmp_path / str(number))
        return tree(tmp_path / str(number))

    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(one, range(32))) == [contents] * 32
    assert len(asked) == 1


def test_a_blocking_call_on_the_io_thread_is_refused_instead_of_hanging(files: Dataset) -> None:
    async def blocking() -> None:
        files.list()

    with pytest.raises(RuntimeError, match="await the coroutine"):
        run_sync(blocking())


def test_awaiting_on_the_io_thread_itself_works(files: Dataset, put: Put) -> None:
    put({"a": b"1"})

    async def nested() -> int:
        return len(await on_io_thread(list_files(files)))

    assert run_sync(nested()) == 1


def test_the_memory_of_a_file_is_free_once_it_is_written(files: Dataset, put: Put, tmp_path: Path) -> None:
    put({f"{number}": bytes(4 * 1024**2) for number in range(6)})
    gc.collect()
    # Files in reference cycles would wait for the next collection.
    gc.disable()
    tracemalloc.start()
    try:
        files.download_all(tmp_path)
        arrays = tracemalloc.Filter(True, str(Path(download.__file__)))
        left = tracemalloc.take_snapshot().filter_traces([arrays]).statistics("filename")
    finally:
        tracemalloc.stop()
        gc.enable()
    assert sum(one.size for one in left) < 1024**2


async def test_cancelling_a_download_leaves_no_part_file(
    files: Dataset, faults: ObjectFaults, put: Put, tmp_path: Path
) -> None:
    put({f"{number}": bytes(1000) for number in range(20)} | {"large": bytes(17 * 1024**2)})
    stall = faults.add(ObjectFault(kind="stall", operation="GetObject", times=None, seconds=30))
    transfer = asyncio.create_task(on_io_thread(files.download(tmp_path, RunOptions())))
    await struck(stall, 20)
    transfer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await transfer
    assert os.listdir(tmp_path) == []


async def test_cancelling_at_once_does_not_wait(files: Dataset, tmp_path: Path) -> None:
    transfer = asyncio.create_task(on_io_thread(files.download(tmp_path, RunOptions())))
    await asyncio.sleep(0)
    transfer.cancel()
    started = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await transfer
    assert time.monotonic() - started < 5


async def test_cancelling_an_upload_gives_it_up(
    files: Dataset, faults: ObjectFaults, plant: Plant, stored: Stored, tmp_path: Path
) -> None:
    stall = faults.add(ObjectFault(kind="latency", operation="UploadPart", times=None, seconds=30))
    source = plant(tmp_path, {"large": bytes(17 * 1024**2)})
    transfer = asyncio.create_task(on_io_thread(files.upload(source, RunOptions())))
    await struck(stall, 1)
    transfer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await transfer
    faults.clear()
    assert run_sync(files.for_access(Access.WRITE).objects.list_uploads()) == []
    assert stored() == {}


@pytest.mark.skipif(sys.platform == "win32", reason="signals differ there")
def test_an_interrupt_ends_a_blocking_download(
    files: Dataset, faults: ObjectFaults, put: Put, tmp_path: Path
) -> None:
    put({"a": bytes(1000)})
    stall = faults.add(ObjectFault(kind="stall", operation="GetObject", times=None, seconds=30))

    def interrupt() -> None:
        while not stall.hits:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGINT)

    threading.Thread(target=interrupt, daemon=True).start()
    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        files.download_all(tmp_path)
    assert time.monotonic() - started < 5
    assert list(tmp_path.iterdir()) == []


def test_use_after_closing_opens_new_connections(files: Dataset, put: Put) -> None:
    put({"a": b"1"})
    files.list()
    fs = files.filesystem()
    files.close()
    files.close()
    assert [info.path for info in files.list()] == ["a"]
    assert fs.cat_file("a") == b"1"


async def collect() -> None:
    """Collect garbage on the I/O thread, and give what it closes the time to do so."""
    gc.collect()
    await asyncio.sleep(0.1)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_child_makes_connections_of_its_own(files: Dataset, put: Put) -> None:
    put({"a": b"1"})
    files.list()
    child = os.fork()
    if child == 0:
        signal.alarm(30)
        # A test's exceptions must not run on in the child.
        with contextlib.suppress(BaseException):
            right = [info.path for info in files.list()] == ["a"]
            run_sync(collect())
            os._exit(0 if right else 1)
        os._exit(2)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0
    # A child that closes what it inherited takes it out of the event loop of its parent, which then waits for ever.
    started = time.monotonic()
    assert [info.path for info in files.list()] == ["a"]
    assert time.monotonic() - started < 5


def test_importing_loads_nothing_heavy() -> None:
    code = """
        import sys, provena_sdk.datasets.files
        heavy = {"httpx", "fsspec", "s3fs", "aiobotocore", "botocore", "aiohttp", "requests", "click", "rich"}
        sys.exit(", ".join(sorted(heavy & set(sys.modules))) or None)
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_no_warning_about_unclosed_connections(server: Server, tmp_path: Path) -> None:
    code = f"""
        from datetime import datetime, timezone
        from tests.dataset import Dataset
        from provena_sdk.s3.models import StoreAddress
        from provena_sdk.datasets.location import DatasetLocation
        from provena_sdk.s3.credentials import Credentials
        from provena_sdk.datasets.credentials import CredentialsSource
        source = CredentialsSource(lambda *_: Credentials("i", "s", "t", datetime(2100, 1, 1, tzinfo=timezone.utc)))
        files = Dataset(DatasetLocation("x", "reef", "datasets/x/"), source, StoreAddress({server.url!r}))
        try:
            files.list()
        except PermissionError as error:
            print(type(error).__name__)
    """
    done = subprocess.run(
        [sys.executable, "-W", "always", "-c", textwrap.dedent(code)], capture_output=True, text=True
    )
    assert done.stdout.strip() == "FileAccessDenied"
    assert done.stderr == ""
