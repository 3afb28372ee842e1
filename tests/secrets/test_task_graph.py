"""What goes to other processes, or is kept there, holds no token and no key: tasks, plans and file systems."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from provena_sdk import Provena
from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.s3fs import s3fs_of
from provena_sdk.sandbox import Sandbox
from provena_sdk.transfer.executor import run_on
from provena_sdk.transfer.progress.meter import Meter
from provena_sdk.transfer.spec.items import Download
from provena_sdk.transfer.tasks import Fetch

if TYPE_CHECKING:
    from tests.secrets.conftest import Secrets

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "stress" / "dask_worker_lost.py"


class Copying(Executor):
    """Pickles what it is given and what comes back, and keeps both."""

    def __init__(self) -> None:
        self.pickles: list[bytes] = []
        self._threads = ThreadPoolExecutor(1)

    def submit(self, call: Callable[..., Any], /, *args: Any, **options: Any) -> Future[Any]:
        self.pickles.append(pickle.dumps((call, args, options)))

        def run(data: bytes) -> Any:
            call, args, options = pickle.loads(data)
            self.pickles.append(pickle.dumps(call(*args, **options)))
            return pickle.loads(self.pickles[-1])

        return self._threads.submit(run, self.pickles[-1])


@pytest.fixture
def environment(sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in {**sandbox.environment(), "PROVENA_STATE_DIR": str(tmp_path / "state")}.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def test_tasks_plans_and_file_systems_hold_no_secret(
    sandbox: Sandbox, environment: Path, secrets: Secrets
) -> None:
    handle = sandbox.add_dataset("Reef", files={f"{number}.csv": b"1" for number in range(30)})
    with Provena(interactive=True) as provena:
        provena.sign_in()
        files = provena._datasets.files(handle)
        reef = provena.datastore.interactive_dataset(handle)
        items = [Download(info, info.path) for info in reef.list_files()]
        executor = Copying()
        outcomes = run_sync(run_on(executor, files, Fetch(environment), items, Meter()))
        assert {outcome.outcome for outcome in outcomes} == {"downloaded"}

        plan = reef.plan_download(environment / "again")
        for access in Access:
            filesystem = s3fs_of(files.for_access(access))
            filesystem.ls(f"{files.location.bucket}/{files.location.prefix}")
            executor.pickles += [pickle.dumps(filesystem), pickle.dumps(reef.fs)]
        executor.pickles += [pickle.dumps(thing) for thing in (files, plan, reef, provena)]

    assert {
        "access token",
        "refresh token",
        "S3 key id",
        "S3 secret key",
        "S3 session token",
    } <= secrets.kinds()
    assert len(executor.pickles) >= 12
    for pickled in executor.pickles:
        assert secrets.within(pickled) == []


def test_copies_share_one_session_and_one_set_of_credentials(sandbox: Sandbox, environment: Path) -> None:
    handle = sandbox.add_dataset("Reef", files={"a.csv": b"1"})
    with Provena(interactive=True) as provena:
        provena.sign_in()
        data = pickle.dumps(provena.datastore.interactive_dataset(handle).fs)
    sandbox.requests.clear()
    for _ in range(5):
        assert pickle.loads(data).cat_file("a.csv") == b"1"
    asked = [exchange.path for exchange in sandbox.requests if "credentials" in exchange.path]
    assert len(asked) == 1


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_transfers_all_and_is_sent_no_secret() -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), "--files", "600", "--workers", "2"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "602 downloaded, 601 of 601 right" in done.stdout
