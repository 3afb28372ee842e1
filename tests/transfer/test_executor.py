"""Transfers carried out by an executor: threads, other processes, and executors that lose what they are given."""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import pickle
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk import Provena, errors
from provena_sdk.concurrency.io_thread import on_io_thread, run_sync
from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.listing import list_files
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import FileInfo, StoreAddress
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.object_store import Server
from provena_sdk.transfer.executor import batches, calls_at_once, run_on
from provena_sdk.transfer.progress.meter import Meter, Progress
from provena_sdk.transfer.report import FileOutcome
from provena_sdk.transfer.spec.items import Download, Upload
from provena_sdk.transfer.spec.options import RunOptions, TransferOptions
from provena_sdk.transfer.tasks import Fetch, Send
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Tree = Callable[[Path], dict[str, bytes]]
Plant = Callable[[Path, dict[str, bytes]], Path]

CONTENTS = {f"{number // 10}/{number}.bin": bytes([number]) * (number + 1) for number in range(40)}
_servers: dict[str, Server] = {}


@dataclass(frozen=True)
class Granting:
    """A provider that pickles, as the client's own does."""

    location: DatasetLocation

    def __call__(self, dataset_id: str, access: Access) -> Credentials:
        keys = _servers[self.location.dataset_id].grants.issue(
            self.location.bucket, self.location.prefix, write=access is Access.WRITE, lifetime_seconds=3600
        )
        return Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expiry)


@pytest.fixture
def files(server: Server, location: DatasetLocation) -> Iterator[DatasetFiles]:
    """The dataset's files, which pickle."""
    _servers[location.dataset_id] = server
    made = Dataset(location, CredentialsSource(Granting(location)), StoreAddress(server.url))
    yield made
    made.close()


class Copying(Executor):
    """Calls copies, as processes do, but in threads; fails as it is told to."""

    def __init__(self, fail: Callable[[int], Exception | None] = lambda number: None) -> None:
        self.sent: list[bytes] = []
        self._fail = fail
        self._threads = ThreadPoolExecutor(2)

    def submit(self, call: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        data = pickle.dumps((call, args, options))
        number = len(self.sent)
        self.sent.append(data)
        error = self._fail(number)
        if isinstance(error, BrokenProcessPool):
            raise error

        def run() -> Any:
            if error is not None:
                raise error
            call, args, options = pickle.loads(data)
            return pickle.loads(pickle.dumps(call(*args, **options)))

        return self._threads.submit(run)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._threads.shutdown(wait, cancel_futures=cancel_futures)


@dataclass
class Seen(Progress):
    """What a transfer told."""

    outcomes: list[FileOutcome] = field(default_factory=list)
    bytes: int = 0

    def advance(self, path: str, bytes: int) -> None:
        self.bytes += bytes

    def file_done(self, outcome: FileOutcome) -> None:
        self.outcomes.append(outcome)


def listed(files: DatasetFiles) -> list[Download]:
    return [Download(info, info.path) for info in run_sync(list_files(files))]


def fetch(
    executor: Executor, files: DatasetFiles, destination: Path, seen: Progress | None = None
) -> list[FileOutcome]:
    destination.mkdir(exist_ok=True)
    return run_sync(run_on(executor, files, Fetch(destination), listed(files), Meter(seen)))


def counts(outcomes: Sequence[FileOutcome]) -> dict[str, int]:
    found = [outcome.outcome for outcome in outcomes]
    return {name: found.count(name) for name in sorted(set(found))}


@pytest.mark.parametrize("kind", [lambda: ThreadPoolExecutor(3), Copying], ids=["threads", "copies"])
def test_files_come_and_go(
    kind: Callable[[], Executor],
    files: DatasetFiles,
    put: Put,
    tree: Tree,
    plant: Plant,
    stored: Callable[[], dict[str, bytes]],
    tmp_path: Path,
) -> None:
    put(CONTENTS)
    seen = Seen()
    with kind() as executor:
        outcomes = fetch(executor, files, tmp_path / "down", seen)
        assert tree(tmp_path / "down") == CONTENTS
        assert counts(outcomes) == {"downloaded": 40}
        assert seen.bytes == sum(map(len, CONTENTS.values()))
        assert sorted(done.path for done in seen.outcomes) == sorted(CONTENTS)

        folder = plant(tmp_path / "up", {"new/a": b"1", "new/b": b"22"})
        items = [Upload(folder / name, name, size) for name, size in (("new/a", 1), ("new/b", 2))]
        sent = run_sync(run_on(executor, files, Send(), items, Meter()))
    assert counts(sent) == {"uploaded": 2}
    assert stored() == CONTENTS | {"new/a": b"1", "new/b": b"22"}


def test_one_bad_file_is_its_own_affair(files: DatasetFiles, put: Put, tree: Tree, tmp_path: Path) -> None:
    put(CONTENTS)
    gone = FileInfo("gone", 10, "e" * 32, datetime(2024, 1, 1, tzinfo=UTC))
    items = [*listed(files), Download(gone, "gone")]
    with Copying() as executor:
        outcomes = run_sync(run_on(executor, files, Fetch(tmp_path), items, Meter()))
    assert counts(outcomes) == {"downloaded": 40, "failed": 1}
    assert isinstance(next(found.error for found in outcomes if not found.ok), errors.DatasetFileNotFound)
    assert tree(tmp_path) == CONTENTS


@pytest.mark.parametrize(
    ("fail", "submitted"),
    [
        (lambda number: RuntimeError("killed") if number == 1 else None, {4}),
        (lambda number: CancelledError() if number == 0 else None, {4}),
        (lambda number: RuntimeError("killed"), {6}),
        (lambda number: BrokenProcessPool("gone") if number >= 1 else None, {2, 3}),
        (lambda number: BrokenProcessPool("gone"), {1, 2, 3}),
    ],
    ids=["one is lost", "one is cancelled", "all are lost, twice", "it breaks", "it was broken"],
)
def test_what_is_lost_is_done_again(
    fail: Callable[[int], Exception | None],
    submitted: set[int],
    files: DatasetFiles,
    put: Put,
    tree: Tree,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    put(CONTENTS)
    seen = Seen()
    with Copying(fail) as executor, caplog.at_level(logging.WARNING):
        outcomes = fetch(executor, files, tmp_path / "down", seen)
    assert len(executor.sent) in submitted, "there are three batches"
    assert tree(tmp_path / "down") == CONTENTS
    assert counts(outcomes) == {"downloaded": 40}
    assert len(seen.outcomes) == 40
    assert "run again" in caplog.text or "runs in this process" in caplog.text


def test_an_executor_that_was_shut_down_takes_nothing(
    files: DatasetFiles, put: Put, tree: Tree, tmp_path: Path
) -> None:
    put(CONTENTS)
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    assert counts(fetch(executor, files, tmp_path / "down")) == {"downloaded": 40}
    assert tree(tmp_path / "down") == CONTENTS


def test_tasks_hold_no_secret(
    files: DatasetFiles, server: Server, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued: list[Any] = []
    issue = server.grants.issue

    def noting(*args: Any, **options: Any) -> Any:
        issued.append(issue(*args, **options))
        return issued[-1]

    monkeypatch.setattr(server.grants, "issue", noting)
    put(CONTENTS)
    with Copying() as executor:
        fetch(executor, files, tmp_path / "down")
    assert len(issued) == 2, "one for the listing, one for all copies"
    sent = b"".join(executor.sent)
    for keys in issued:
        for secret in (keys.access_key_id, keys.secret_access_key, keys.session_token):
            assert secret.encode() not in sent


def test_a_folder_that_a_worker_does_not_see(files: DatasetFiles, put: Put, tmp_path: Path) -> None:
    put({"a": b"1"})
    with Copying() as executor:
        outcomes = run_sync(run_on(executor, files, Fetch(tmp_path / "elsewhere"), listed(files), Meter()))
    assert counts(outcomes) == {"failed": 1}
    assert "must see the same folder" in str(outcomes[0].error)


def test_a_folder_that_is_another_one_on_the_worker(
    files: DatasetFiles, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put({"a": b"1"})
    monkeypatch.setattr("provena_sdk.transfer.executor._LOOK_SECONDS", 0.0)
    (tmp_path / "here").mkdir()

    class Elsewhere(Copying):
        def submit(self, call: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
            future = super().submit(call, *args, **options)
            future.result()
            (tmp_path / "here" / "a").unlink()
            return future

    with Elsewhere() as executor:
        outcomes = fetch(executor, files, tmp_path / "here")
    assert counts(outcomes) == {"failed": 1}
    assert "does not see it there" in str(outcomes[0].error)


@dataclass(frozen=True)
class Raising:
    """Work that fails in a way that does not pickle."""

    whole: bool = False
    options: TransferOptions = field(default_factory=TransferOptions)

    def share(self, workers: int) -> Self:
        return self

    async def __call__(
        self, files: DatasetFiles, items: Sequence[Upload], meter: Meter, memory: int = 0
    ) -> list[FileOutcome]:
        class Local(Exception):
            pass

        if self.whole:
            raise errors.DatasetLocked("It is locked.", operation="x", status=401)
        return [FileOutcome(item.path, "failed", error=Local("odd")) for item in items]

    def tidy(self, items: Sequence[Upload]) -> None:
        """Nothing is left behind."""


ONE = (Upload(Path("a"), "a", 1),)


def test_an_error_that_does_not_pickle_is_told_all_the_same(files: DatasetFiles) -> None:
    with Copying() as executor:
        (outcome,) = run_sync(run_on(executor, files, Raising(), ONE, Meter()))
    assert type(outcome.error) is errors.FileError
    assert str(outcome.error) == "Local: odd"


def test_what_cannot_be_tried_at_all_fails_each_file_of_a_worker(files: DatasetFiles) -> None:
    with Copying() as executor:
        (outcome,) = run_sync(run_on(executor, files, Raising(whole=True), ONE, Meter()))
    assert type(outcome.error) is errors.DatasetLocked
    with ThreadPoolExecutor(1) as threads, pytest.raises(errors.DatasetLocked) as raised:
        run_sync(run_on(threads, files, Raising(whole=True), ONE, Meter()))
    assert raised.value.__context__ is None


@dataclass
class Waiting:
    """Work that goes on until it is cancelled, and counts how often it goes on at once."""

    at_once: int = 0
    options: TransferOptions = field(default_factory=TransferOptions)

    def share(self, workers: int) -> Self:
        return self

    most: int = 0
    calls: int = 0
    cleaned: int = 0
    memory: int = 0
    begun: threading.Event = field(default_factory=threading.Event)
    seconds: float = 3600.0

    async def __call__(
        self, files: DatasetFiles, items: Sequence[Upload], meter: Meter, memory: int = 0
    ) -> list[FileOutcome]:
        self.calls += 1
        self.at_once += 1
        self.most = max(self.most, self.at_once)
        self.memory = memory
        self.begun.set()
        try:
            await asyncio.sleep(self.seconds)
        finally:
            await asyncio.sleep(0.01)
            self.at_once -= 1
            self.cleaned += 1
        return [FileOutcome(item.path, "uploaded") for item in items]

    def tidy(self, items: Sequence[Upload]) -> None:
        """Nothing is left behind."""


MANY = [Upload(Path("a"), str(number), 1) for number in range(3000)]


async def test_cancelling_takes_back_what_is_not_begun(files: DatasetFiles) -> None:
    work = Waiting()
    with ThreadPoolExecutor(2) as threads:
        task = asyncio.create_task(on_io_thread(run_on(threads, files, work, MANY, Meter())))
        await asyncio.to_thread(work.begun.wait)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert work.at_once == 0, "it has been cleaned up by now"
    assert 1 <= work.calls == work.cleaned <= 2


def test_few_calls_are_made_at_once_in_one_process(files: DatasetFiles) -> None:
    work = Waiting(seconds=0.0)
    with ThreadPoolExecutor(8) as threads:
        outcomes = run_sync(run_on(threads, files, work, MANY, Meter()))
    assert len(outcomes) == len(MANY)
    assert work.calls == len(list(batches(MANY)))
    assert work.most == 2
    assert work.memory == 48 * 1024 * 1024


def test_few_batches_are_submitted_at_once(files: DatasetFiles) -> None:
    class Slow(Executor):
        def __init__(self) -> None:
            self.pending: list[Future[Any]] = []
            self.most = 0
            self.enough = False
            self.lock = threading.Lock()  # several threads submit

        def submit(self, call: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
            future: Future[Any] = Future()
            with self.lock:
                self.pending.append(future)
                waiting = [one for one in self.pending if not one.done()]
                self.most = max(self.most, len(waiting))
                self.enough = self.enough or self.most >= 64
                if self.enough:
                    for one in waiting:
                        one.set_result([])
            return future

    executor = Slow()
    run_sync(run_on(executor, files, Send(), MANY, Meter()))
    assert len(executor.pending) == len(list(batches(MANY))) > 64
    assert executor.most == 64


def test_only_executors_are_taken() -> None:
    assert RunOptions(executor=None).executor is None
    with ThreadPoolExecutor(1) as threads:
        assert RunOptions(executor=threads).executor is threads
    with pytest.raises(errors.InvalidArgument, match="get_executor"):
        RunOptions(executor="dask")  # type: ignore[arg-type]


@given(st.lists(st.integers(0, 3_000_000_000), max_size=300))
def test_batches_hold_every_file_once_and_are_of_a_size(sizes: list[int]) -> None:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    items = [Download(FileInfo(str(n), size, "e", moment), str(n)) for n, size in enumerate(sizes)]
    made = list(batches(items))
    assert sorted(int(item.target) for batch in made for item in batch) == list(range(len(items)))
    for batch in made:
        assert 1 <= len(batch) <= 500
        assert len(batch) == 1 or sum(item.info.size for item in batch) <= 1_000_000_000


def test_batches_of_many_files_are_full() -> None:
    items = [Upload(Path("a"), "a", 5000)] * 100_000
    assert {len(batch) for batch in batches(items)} == {500}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as made:
        yield made


@pytest.fixture
def environment(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**sandbox.environment(), "PROVENA_STATE_DIR": str(tmp_path / "state")}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PROVENA_ACCESS_TOKEN", sandbox.access_token("writer"))


@pytest.mark.usefixtures("environment")
@pytest.mark.slow
def test_another_process_signs_in_by_itself(sandbox: Sandbox, tree: Tree, tmp_path: Path) -> None:
    handle = sandbox.add_dataset("Reef", files=CONTENTS)
    spawn = multiprocessing.get_context("spawn")
    with Provena() as provena, ProcessPoolExecutor(1, mp_context=spawn) as processes:
        files = provena._datasets.files(handle)
        outcomes = fetch(processes, files, tmp_path / "down")
        assert counts(outcomes) == {"downloaded": 41}
        assert {path: data for path, data in tree(tmp_path / "down").items() if path in CONTENTS} == CONTENTS

        read = processes.submit(provena.datastore.interactive_dataset(handle).fs.cat_file, "0/3.bin")
        assert read.result() == CONTENTS["0/3.bin"], "a raw file system goes there, too"


@pytest.mark.usefixtures("environment")
def test_a_worker_without_a_session_says_so(
    sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    handle = sandbox.add_dataset("Reef", files={"a": b"1"})
    monkeypatch.setenv("PROVENA_NON_INTERACTIVE", "0")
    with Provena() as provena, Copying() as executor:
        files = provena._datasets.files(handle)
        items = listed(files)
        monkeypatch.delenv("PROVENA_ACCESS_TOKEN")
        outcomes = run_sync(run_on(executor, files, Fetch(tmp_path), items, Meter()))
    assert counts(outcomes) == {"failed": 2}
    for outcome in outcomes:
        assert isinstance(outcome.error, errors.SignInRequired)
        assert "PROVENA_ACCESS_TOKEN is not set" in str(outcome.error)
        assert str(outcome.error).count("This happened on the worker") == 1


def test_a_secret_given_as_an_argument_is_refused_before_anything_is_sent(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    handle = sandbox.add_dataset("Reef", files={"a": b"1"})
    deployment = Provena.from_env(sandbox.environment()).deployment
    with Provena(deployment, access_token=sandbox.access_token("writer")) as provena, Copying() as executor:
        files = provena._datasets.files(handle)
        with pytest.raises(errors.ConfigurationError, match="Give it in the environment"):
            fetch(executor, files, tmp_path / "down")
        assert executor.sent == []
        with ThreadPoolExecutor(2) as threads:
            assert counts(fetch(threads, files, tmp_path / "down")) == {"downloaded": 2}


@pytest.mark.usefixtures("environment")
@pytest.mark.slow
def test_a_process_that_dies_loses_nothing(sandbox: Sandbox, tree: Tree, tmp_path: Path) -> None:
    contents = {f"{number}": bytes([number % 251]) * 20_000 for number in range(600)}
    handle = sandbox.add_dataset("Reef", files=contents)
    with (
        Provena() as provena,
        ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as processes,
    ):
        files = provena._datasets.files(handle)
        seen = Seen()

        def kill() -> None:
            while not seen.outcomes:
                time.sleep(0.001)
            next(iter(processes._processes.values())).kill()

        killer = threading.Thread(target=kill)
        killer.start()
        outcomes = fetch(processes, files, tmp_path / "down", seen)
        killer.join()
    assert counts(outcomes) == {"downloaded": 601}
    found = tree(tmp_path / "down")
    del found["metadata.json"]
    assert found == contents, "and no part file of the process that died"


class Cluster:
    """What a Dask client reports of its workers."""

    def nthreads(self) -> dict[str, int]:
        return {"tcp://a:1": 1, "tcp://b:1": 8, "tcp://c:1": 2}


def test_the_workers_that_share_a_limit_are_counted() -> None:
    with ThreadPoolExecutor(1) as one, ThreadPoolExecutor(8) as eight, ProcessPoolExecutor(3) as processes:
        assert [calls_at_once(executor) for executor in (one, eight, processes)] == [1, 2, 3]
    with Copying() as dask, Copying() as unknown:
        dask._client = Cluster()  # type: ignore[attr-defined]  # as Dask's executor has one
        assert calls_at_once(dask) == 5
        with pytest.raises(errors.InvalidArgument, match="must report its number of workers") as caught:
            calls_at_once(unknown)
    assert caught.value.argument == "executor"


def test_each_worker_gets_a_share_of_the_limits() -> None:
    options = TransferOptions(limit_rate="6MB/s", max_connections=7)
    assert (options.share(3).limit_rate, options.share(3).max_connections) == (2_000_000.0, 2)
    # Less than a store would serve is no use.
    assert (options.share(10_000).limit_rate, options.share(10_000).max_connections) == (1000.0, 1)
    assert TransferOptions().share(3) == TransferOptions()
    task = Fetch(Path("here"), options).share(3)
    assert (task.destination, task.options) == (Path("here"), options.share(3))


def test_limited_transfers_are_shared_by_threads(files: DatasetFiles, put: Put, tmp_path: Path) -> None:
    put(CONTENTS)
    items = listed(files)
    (tmp_path / "here").mkdir()
    task = Fetch(tmp_path / "here", TransferOptions(limit_rate="100 MB/s", max_connections=4))
    with ThreadPoolExecutor(2) as executor:
        outcomes = run_sync(run_on(executor, files, task, items, Meter()))
    assert counts(outcomes) == {"downloaded": 40}
