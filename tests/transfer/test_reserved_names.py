"""Names of the SDK's own temporary files, which neither go into a dataset nor come out of one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access
from provena_sdk.errors import TransferFailed, UnsafePath
from provena_sdk.filesystem.local_copies import LocalCopies
from provena_sdk.transfer.spec.options import Choice
from provena_sdk.transfer.spec.patterns import Selection
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Stored = Callable[[], dict[str, bytes]]
Tree = Callable[[Path], dict[str, bytes]]
Plant = Callable[[Path, dict[str, bytes]], Path]

RESERVED = [
    ".model.bin.5f3a.provena-part",
    "obs/.model.bin.5f3a.provena-journal",
    "obs/.Model.BIN.5f3a.Provena-Part",
    ".folder.provena-part/a.csv",
    ".downloads.5f3a.provena-claims",
]


@pytest.mark.parametrize("name", RESERVED)
def test_downloads_refuse_them(files: Dataset, put: Put, tree: Tree, tmp_path: Path, name: str) -> None:
    put({name: b"forged", "a.csv": b"1"})
    plan = files.plan_download(tmp_path)
    assert [(item.path, item.action) for item in plan.only("refused")] == [(name, "refused")]
    report = plan.run(raise_for_failures=False)
    [refused] = [outcome for outcome in report if not outcome.ok]
    assert refused.outcome == "refused"
    assert isinstance(refused.error, UnsafePath)
    assert "temporary files" in str(refused.error)
    assert tree(tmp_path) == {"a.csv": b"1"}


@pytest.mark.parametrize("name", RESERVED)
def test_uploads_refuse_them(files: Dataset, stored: Stored, plant: Plant, tmp_path: Path, name: str) -> None:
    folder = plant(tmp_path, {name: b"forged", "a.csv": b"1"})
    plan = files.plan_upload(folder)
    assert [(item.path, item.action) for item in plan.only("refused")] == [(name, "refused")]
    with pytest.raises(TransferFailed) as caught:
        plan.run()
    assert [type(error) for error in caught.value.exceptions] == [UnsafePath]
    assert stored() == {"a.csv": b"1"}


def test_an_upload_leaves_them_out_when_told(
    files: Dataset, stored: Stored, plant: Plant, tmp_path: Path
) -> None:
    folder = plant(tmp_path, {RESERVED[0]: b"half", "a.csv": b"1"})
    choice = Choice(Selection(exclude="*.provena-part"))
    assert files.plan_upload(folder, choice=choice).run().counts() == {"uploaded": 1}
    assert stored() == {"a.csv": b"1"}


@pytest.mark.parametrize("name", RESERVED)
def test_single_files_are_refused(
    files: Dataset, put: Put, stored: Stored, tmp_path: Path, name: str
) -> None:
    put({"a.csv": b"1", name: b"forged"})
    before = stored()
    for mode in ("wb", "ab", "xb", "rb"):
        with pytest.raises(UnsafePath, match="temporary files"):
            files.open(name, mode)
    with pytest.raises(UnsafePath, match="temporary files"):
        files.download_specific(name, tmp_path)
    copies = LocalCopies(files.for_access(Access.WRITE))
    with pytest.raises(UnsafePath, match="temporary files"):
        run_sync(copies.download("a.csv", tmp_path / ".a.csv.5f3a.provena-part"))
    assert stored() == before
    assert list(tmp_path.iterdir()) == []


def test_one_that_is_in_a_dataset_can_be_removed(files: Dataset, put: Put, stored: Stored) -> None:
    put({"a.csv": b"1", RESERVED[0]: b"forged", RESERVED[1]: b"forged"})
    files.filesystem(Access.WRITE).rm([RESERVED[0], RESERVED[1]])
    assert stored() == {"a.csv": b"1"}
