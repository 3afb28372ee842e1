"""Names of the SDK's own temporary files, through provena://."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk.errors import UnsafePath
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.sandbox import Sandbox

Stored = Callable[..., dict[str, bytes]]

PART = ".model.bin.5f3a.provena-part"
FOLDER = ".obs.provena-journal/a.csv"


@pytest.mark.parametrize("name", [PART, FOLDER])
def test_nothing_is_written_under_them(
    fs: ProvenaFileSystem, dataset: str, stored: Stored, tmp_path: Path, name: str
) -> None:
    fs.pipe(f"{dataset}/a.csv", b"1")
    local = tmp_path / "a.csv"
    local.write_bytes(b"1")
    target = f"provena://{dataset}/{name}"
    writes: list[Callable[[], object]] = [
        lambda: fs.pipe(target, b"forged"),
        lambda: fs.open(target, "wb"),
        lambda: fs.open(target, "a"),
        lambda: fs.touch(target),
        lambda: fs.cp(f"{dataset}/a.csv", target),
        lambda: fs.mv(f"{dataset}/a.csv", target),
        lambda: fs.put(str(local), target),
        lambda: fs.put_file(str(local), target),
    ]
    for write in writes:
        with pytest.raises(UnsafePath, match="temporary files"):
            write()
    assert stored() == {"a.csv": b"1"}


def test_none_is_copied_from_another_dataset(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, stored: Stored
) -> None:
    other = sandbox.add_dataset("Other", files={PART: b"forged"})
    with pytest.raises(UnsafePath, match="temporary files"):
        fs.cp(f"{other}/{PART}", f"{dataset}/{PART}")
    assert stored() == {}


@pytest.mark.parametrize("name", [PART, FOLDER])
def test_none_is_fetched(fs: ProvenaFileSystem, sandbox: Sandbox, tmp_path: Path, name: str) -> None:
    dataset = sandbox.add_dataset("Poisoned", files={name: b"forged", "a.csv": b"1"})
    with pytest.raises(UnsafePath, match="temporary files"):
        fs.get(f"{dataset}/{name}", str(tmp_path / "b.csv"))
    with pytest.raises(UnsafePath, match="temporary files"):
        fs.get(dataset, str(tmp_path / "all"), recursive=True)
    with pytest.raises(UnsafePath, match="temporary files"):
        fs.get(f"{dataset}/a.csv", str(tmp_path / PART))
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and path.read_bytes() == b"forged"]
    assert not (tmp_path / PART).exists()


def test_one_that_is_there_can_be_renamed_and_removed(
    fs: ProvenaFileSystem, sandbox: Sandbox, stored: Stored
) -> None:
    dataset = sandbox.add_dataset("Poisoned", files={PART: b"1", FOLDER: b"2"})
    fs.mv(f"{dataset}/{PART}", f"{dataset}/model.bin")
    fs.rm(f"{dataset}/{FOLDER}")
    assert stored(dataset) == {"model.bin": b"1"}
