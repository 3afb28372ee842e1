"""Uploads that are struck, killed or made twice at once leave the right bytes and nothing else."""

import os
import random
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.s3 import retry
from provena_sdk.sandbox.object_store import ObjectFault, ObjectFaults, Server
from tests.dataset import Dataset

Stored = Callable[[], dict[str, bytes]]

MIB = 1024**2
SMALL = random.Random(7).randbytes(50_000)
LARGE = random.Random(8).randbytes(17 * MIB)

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
    files.upload_all(folder)
"""


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(retry, "RULE", retry.RetryRule(base=0.001, cap=0.01, patience=1.0, most=8))


@pytest.fixture
def unfinished(server: Server, location: DatasetLocation) -> Callable[[], int]:
    """Counts the uploads of the dataset that were neither completed nor given up."""

    def count() -> int:
        return sum(upload.key.startswith(location.prefix) for upload in server.store.uploads.values())

    return count


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "source"
    made.mkdir()
    return made


def left(state: Path) -> list[Path]:
    return list((state / "uploads").glob("*"))


STRUCK = [
    ("reset", "CreateMultipartUpload", {}),
    ("reset", "CreateMultipartUpload", {"after_effect": True}),
    ("internal_error", "CreateMultipartUpload", {}),
    ("reset", "UploadPart", {"after_effect": True, "times": 3}),
    ("corrupt", "UploadPart", {"after_bytes": 1_000_000, "times": 2}),
    ("truncate", "UploadPart", {"after_bytes": 1_000_000}),
    ("slow_down", "UploadPart", {"times": 4}),
    ("expire_credentials", "UploadPart", {}),
    ("reset", "CompleteMultipartUpload", {}),
    ("reset", "CompleteMultipartUpload", {"after_effect": True}),
    ("error_in_200", "CompleteMultipartUpload", {"times": 2}),
    ("expire_credentials", "CompleteMultipartUpload", {}),
    ("reset", "PutObject", {"after_effect": True}),
    ("corrupt", "PutObject", {"after_bytes": 1_000, "times": 2}),
    ("truncate", "PutObject", {"after_bytes": 1_000}),
]


@pytest.mark.parametrize(("kind", "operation", "options"), STRUCK)
def test_what_is_struck_arrives_and_leaves_nothing(
    files: Dataset,
    faults: ObjectFaults,
    stored: Stored,
    unfinished: Callable[[], int],
    folder: Path,
    state: Path,
    kind: str,
    operation: str,
    options: dict[str, int],
) -> None:
    (folder / "large").write_bytes(LARGE)
    (folder / "small").write_bytes(SMALL)
    struck = faults.add(ObjectFault(kind=kind, operation=operation, **options))  # type: ignore[arg-type]  # parametrized
    report = files.upload_all(folder)
    assert struck.hits == options.get("times", 1)
    assert stored() == {"large": LARGE, "small": SMALL}
    assert {outcome.verified for outcome in report} == {"checksum"}
    assert all((outcome.checksum or "").startswith("crc32:") for outcome in report)
    assert unfinished() == 0
    assert left(state) == []


@pytest.mark.slow
def test_an_upload_whose_process_was_killed_is_gone_on_with(
    files: Dataset,
    faults: ObjectFaults,
    server: Server,
    location: DatasetLocation,
    stored: Stored,
    unfinished: Callable[[], int],
    folder: Path,
    state: Path,
) -> None:
    data = random.Random(9).randbytes(39 * MIB)
    (folder / "large").write_bytes(data)
    keys = server.grants.issue(location.bucket, location.prefix, write=True, lifetime_seconds=3600)
    secrets = [keys.access_key_id, keys.secret_access_key, keys.session_token]
    faults.add(ObjectFault(kind="latency", operation="UploadPart", skip=3, times=None, seconds=60))
    arguments = [server.url, location.bucket, location.prefix, str(folder)]
    child = subprocess.Popen([sys.executable, "-c", textwrap.dedent(PROGRAM), *arguments, *secrets])
    try:
        deadline = time.monotonic() + 30
        while sent(server, location) < 3:
            assert child.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.01)
    finally:
        child.kill()
        child.wait()
    faults.clear()
    [journal] = left(state)
    assert not any(secret in journal.read_text() for secret in secrets)
    assert unfinished() == 1
    assert stored() == {}
    if os.name != "posix":
        # Whether the process is dead is not known there, so that its journal has to be an hour old.
        os.utime(journal, (time.time() - 4000,) * 2)

    report = files.upload_all(folder)
    assert [outcome.verified for outcome in report] == ["checksum"]
    assert stored() == {"large": data}
    assert sent(server, location) == 8
    assert unfinished() == 0
    assert left(state) == []


def sent(server: Server, location: DatasetLocation) -> int:
    """Count the parts that reached the store."""
    return sum(
        record.operation == "UploadPart" and record.key.startswith(location.prefix) and record.status == 200
        for record in list(server.requests)
    )


def test_one_file_is_uploaded_by_two_at_once(
    files: Dataset, stored: Stored, unfinished: Callable[[], int], folder: Path, state: Path
) -> None:
    (folder / "large").write_bytes(LARGE)
    threads = [threading.Thread(target=files.upload_all, args=(folder,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert stored() == {"large": LARGE}
    assert unfinished() == 0
    assert left(state) == []


def test_a_state_folder_that_cannot_be_made(
    files: Dataset, stored: Stored, folder: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "large").write_bytes(LARGE)
    (state / "file").write_bytes(b"")
    monkeypatch.setenv("PROVENA_STATE_DIR", str(state / "file" / "below"))
    [outcome] = files.upload_all(folder)
    assert outcome.verified == "checksum"
    assert stored() == {"large": LARGE}
