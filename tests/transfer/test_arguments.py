"""What callers pass for folders and paths: refused by name, before anything is made, sent or published."""

import os
import re
from collections.abc import Callable
from pathlib import Path, PureWindowsPath
from typing import Any

import pytest

from provena_sdk import Deployment, Provena
from provena_sdk.datasets.credentials import Access
from provena_sdk.errors import (
    DatasetAccessDenied,
    DatasetFileNotFound,
    DatasetNotFound,
    InvalidArgument,
    UnsafePath,
)
from provena_sdk.sandbox import Sandbox
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
WRONG: list[Any] = ["", "  ", None, 3, b"data", ["data"], "a\0b", "~nobody-of-this-name/data"]


@pytest.mark.parametrize("folder", WRONG, ids=repr)
def test_folders_that_are_none(
    files: Dataset,
    asked: list[tuple[str, Access]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    folder: Any,
) -> None:
    # An empty name is an unset variable more often than the current folder, which may hold anything.
    monkeypatch.chdir(tmp_path)
    (tmp_path / "private").write_text("not to be published")
    with pytest.raises(InvalidArgument) as caught:
        files.upload_all(folder)
    assert caught.value.argument == "source_directory"
    with pytest.raises(InvalidArgument) as caught:
        files.download_all(folder)
    assert caught.value.argument == "destination_directory"
    assert asked == []
    assert [path.name for path in tmp_path.iterdir()] == ["private"]


@pytest.mark.parametrize("path", [None, 3, b"a", ["a"]], ids=repr)
def test_paths_that_are_none(
    files: Dataset, asked: list[tuple[str, Access]], tmp_path: Path, path: Any
) -> None:
    attempts: list[Callable[[], object]] = [
        lambda: files.open(path),
        lambda: files.exists_(path),
        lambda: files.download_specific(path, tmp_path),
    ]
    for attempt in attempts:
        with pytest.raises(InvalidArgument, match="a path is a str or a Path, not") as caught:
            attempt()
        assert caught.value.argument == "path"
    assert asked == []


def test_a_path_of_windows_names_a_file_by_slashes(files: Dataset, put: Put) -> None:
    put({"obs/2024.csv": b"1"})
    assert files.open(PureWindowsPath("obs", "2024.csv")).read() == b"1"


def test_the_current_folder_by_its_name(
    files: Dataset, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put({"a": b"1"})
    files.download_all(".")
    assert (tmp_path / "a").read_bytes() == b"1"


def test_a_destination_below_a_file(files: Dataset, asked: list[tuple[str, Access]], tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidArgument, match=re.escape(f"{str(tmp_path / 'file')!r} is not a folder")):
        files.download_all(tmp_path / "file" / "data")
    assert asked == []


def test_a_destination_that_may_not_be_written(
    files: Dataset,
    asked: list[tuple[str, Access]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # The tests may run as root, whom no permission stops.
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    with pytest.raises(InvalidArgument, match="nothing can be written into"):
        files.download_all(tmp_path / "new" / "data")
    assert asked == []


def test_a_destination_is_made_only_when_there_is_something_to_put_there(
    provena_sandbox: Sandbox, tmp_path: Path
) -> None:
    deployment = Deployment.from_env(provena_sandbox.environment())
    closed = provena_sandbox.add_dataset(owner="writer2", files={"a": b"1"})
    provena_sandbox.set_access(closed, general=("metadata-read",))
    private = provena_sandbox.add_dataset(owner="writer2", private=True)
    mine = provena_sandbox.add_dataset(files={"obs/a": b"1"})
    target = tmp_path / "new" / "data"
    with Provena(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        io = provena.datastore.io
        for dataset, error in ((closed, DatasetAccessDenied), (private, DatasetAccessDenied)):
            with pytest.raises(error):
                io.download_all_files(target, dataset)
        with pytest.raises(DatasetNotFound):
            io.download_all_files(target, "10378.1/404")
        with pytest.raises(DatasetFileNotFound):
            io.download_specific_file(mine, "nope", target)
        with pytest.raises(UnsafePath):
            io.download_specific_file(mine, "../x", target)
        with pytest.raises(InvalidArgument, match=r"s3_path: a path is a str or a Path, not NoneType\."):
            io.download_specific_file(mine, None, target)  # type: ignore[arg-type]
        assert list(tmp_path.iterdir()) == []
        io.download_specific_file(mine, "obs", target)
        assert (target / "obs" / "a").read_bytes() == b"1"
