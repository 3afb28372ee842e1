"""Other threads, other processes: pickles, forks, and whose credentials are used there."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from typing import Any

import fsspec
import pytest

from provena_sdk import Provena
from provena_sdk.errors import ConfigurationError, InvalidArgument, SignInRequired
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.sandbox import Sandbox

FILES = {f"{number}.bin": bytes([number]) * 300_000 for number in range(8)}
METHODS = [
    pytest.param("fork", marks=pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")),
    pytest.param("forkserver", marks=pytest.mark.slow),
    pytest.param("spawn", marks=pytest.mark.slow),
]


@pytest.fixture
def reef(sandbox: Sandbox) -> str:
    """A dataset with some files."""
    return sandbox.add_dataset("Reef", files=FILES)


def read(fs: Any, path: str) -> bytes:
    """Read a file; runs in another process."""
    data: bytes = fs.cat_file(path)
    return data


def read_on(file: Any) -> bytes:
    """Read an open file from where it is; runs in another process."""
    with file as opened:
        data: bytes = opened.read()
    return data


def error_of(fs: Any, path: str) -> str:
    """Say which error reading ends with; runs in another process."""
    try:
        fs.cat_file(path)
    except Exception as error:
        return type(error).__name__
    return "none"


def grants(sandbox: Sandbox) -> int:
    """How often credentials were asked for."""
    return sum("credentials" in exchange.path for exchange in sandbox.requests)


def test_threads_share_one_set_of_credentials(fs: ProvenaFileSystem, sandbox: Sandbox, reef: str) -> None:
    with ThreadPoolExecutor(8) as threads:
        copies = threads.map(lambda _: pickle.loads(pickle.dumps(fs)), range(8))
        found = list(threads.map(read, copies, [f"{reef}/{name}" for name in FILES]))
    assert found == list(FILES.values())
    assert grants(sandbox) == 1


@pytest.mark.parametrize("method", METHODS)
def test_another_process_reads_by_its_own_credentials(
    fs: ProvenaFileSystem, sandbox: Sandbox, reef: str, method: str
) -> None:
    assert fs.cat_file(f"{reef}/1.bin") == FILES["1.bin"]
    with Provena() as provena, fs.open(f"{reef}/3.bin") as file:
        folder = provena.datastore.interactive_dataset(reef).fs
        file.seek(299_990)
        opened = fsspec.open(f"provena://{reef}/4.bin")
        context = multiprocessing.get_context(method)
        with ProcessPoolExecutor(2, mp_context=context) as pool:
            whole = pool.submit(read, fs, f"{reef}/2.bin")
            below = pool.submit(read, folder, "5.bin")
            rest = pool.submit(read_on, file)
            later = pool.submit(read_on, opened)
            assert whole.result(60) == FILES["2.bin"]
            assert below.result(60) == FILES["5.bin"]
            assert rest.result(60) == b"\3" * 10
            assert later.result(60) == FILES["4.bin"]
        assert file.read() == b"\3" * 10
    assert grants(sandbox) > 1


def test_another_process_has_to_be_signed_in(fs: ProvenaFileSystem, reef: str) -> None:
    assert fs.exists(f"{reef}/1.bin")
    context = multiprocessing.get_context("spawn" if os.name == "nt" else "fork")
    with ProcessPoolExecutor(1, mp_context=context, initializer=forget_sign_in) as pool:
        assert pool.submit(error_of, fs, f"{reef}/1.bin").result(60) == SignInRequired.__name__


def forget_sign_in() -> None:
    """Make a process one in which nobody is signed in, and that has used no file system yet."""
    del os.environ["PROVENA_ACCESS_TOKEN"]
    ProvenaFileSystem.clear_instance_cache()


def in_child(work: Callable[[], bool]) -> int:
    """Work in a forked child, and return its exit status: 0 when the work returned True."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if work() else 2
        finally:
            os._exit(status)
    _, ended = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(ended)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_fork_in_the_middle_of_reads(fs: ProvenaFileSystem, reef: str) -> None:
    over = threading.Event()
    wrong: list[object] = []

    def keep_reading(name: str) -> None:
        while not over.is_set():
            try:
                if fs.cat_file(f"{reef}/{name}") != FILES[name]:
                    wrong.append(name)
            except Exception as error:
                wrong.append(error)

    with fs.open(f"{reef}/7.bin", block_size=1000) as file, Provena() as provena:
        folder = provena.datastore.interactive_dataset(reef).fs
        assert file.read(10) == b"\7" * 10
        readers = [
            threading.Thread(target=keep_reading, args=(name,)) for name in ("0.bin", "1.bin", "2.bin")
        ]
        for reader in readers:
            reader.start()

        def work() -> bool:
            return (
                fs.cat([f"{reef}/{name}" for name in FILES])[f"{reef}/6.bin"] == FILES["6.bin"]
                and file.read() == b"\7" * 299_990
                and folder.cat_file("5.bin") == FILES["5.bin"]
                and len(fs.ls(reef)) == len(FILES) + 1
            )

        try:
            assert [in_child(work) for _ in range(3)] == [0, 0, 0]
        finally:
            over.set()
            for reader in readers:
                reader.join()
        assert wrong == []
        assert file.read() == b"\7" * 299_990


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_a_forked_child_leaves_a_file_being_written_to_its_parent(fs: ProvenaFileSystem, reef: str) -> None:
    with fs.open(f"{reef}/new.bin", "wb") as file:
        file.write(b"whole")

        def close() -> bool:
            file.close()
            return not fs.exists(f"{reef}/new.bin")

        assert in_child(close) == 0
    assert fs.cat_file(f"{reef}/new.bin") == b"whole"


@pytest.mark.slow
def test_joblib(fs: ProvenaFileSystem, reef: str) -> None:
    import joblib

    names = [f"{reef}/{name}" for name in FILES]
    found = joblib.Parallel(2)(joblib.delayed(read)(fs, name) for name in names)
    assert found == list(FILES.values())


def test_a_deployment_is_checked_before_it_is_kept(sandbox: Sandbox) -> None:
    for deployment in ("https://me:s3cr3t@example.org", {"domain": "d", "datastore": "https://me:s3cr3t@d"}):
        with pytest.raises(ConfigurationError) as caught:
            ProvenaFileSystem(deployment=deployment)
        assert "s3cr3t" not in str(caught.value)
    for deployment in ({"domain": "example.org", "token": "s3cr3t"}, {}):
        with pytest.raises(InvalidArgument, match="fields of a Deployment"):
            ProvenaFileSystem(deployment=deployment)
    with pytest.raises(InvalidArgument, match="not int"):
        ProvenaFileSystem(deployment=1)  # type: ignore[arg-type]  # that is the point
    assert ProvenaFileSystem._cache == {}
