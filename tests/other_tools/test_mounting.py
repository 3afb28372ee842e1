"""What FUSE calls: whatever goes wrong becomes an error number, and nothing can be written."""

from __future__ import annotations

import errno
import os
import stat
import sys
from contextlib import nullcontext
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from fsspec.implementations.memory import MemoryFileSystem

from provena_sdk.errors import DatasetAccessDenied, DatasetFileNotFound, FileStoreError
from provena_sdk.other_tools import mounting
from provena_sdk.other_tools.mounting import MountedFiles

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has no FUSE")
MODIFIED = datetime(2026, 1, 2, tzinfo=UTC)


class Files(MemoryFileSystem):  # type: ignore[misc]  # fsspec is not typed
    """Files with the times that ours have."""

    store: dict[str, Any] = {}  # noqa: RUF012  # of its own, unlike the class it derives from
    pseudo_dirs = [""]  # noqa: RUF012  # as above
    failure: Exception | None = None

    def info(self, path: str, **options: Any) -> dict[str, Any]:
        if self.failure is not None:
            raise self.failure
        return {**super().info(path, **options), "LastModified": MODIFIED}


@pytest.fixture
def files() -> Files:
    made = Files(skip_instance_cache=True)
    made.pipe_file("obs/2024.csv", b"day,temperature\n")
    return made


def test_a_folder_and_a_file(files: Files) -> None:
    mounted = MountedFiles(files)
    assert stat.S_ISDIR(mounted.getattr("/")["st_mode"])
    assert stat.S_ISDIR(mounted.getattr("/obs")["st_mode"])
    found = mounted.getattr("/obs/2024.csv")
    assert found["st_mode"] == stat.S_IFREG | 0o444
    assert (found["st_size"], found["st_mtime"], found["st_uid"]) == (16, MODIFIED.timestamp(), os.getuid())
    assert mounted.readdir("/", 0) == [".", "..", "obs"]
    assert mounted.readdir("/obs", 0) == [".", "..", "2024.csv"]


def test_ranges_are_read_in_any_order(files: Files) -> None:
    mounted = MountedFiles(files)
    first, second = mounted.open("/obs/2024.csv", os.O_RDONLY), mounted.open("/obs/2024.csv", os.O_RDONLY)
    assert mounted.read("/obs/2024.csv", 100, 4, first) == b"temperature\n"
    assert mounted.read("/obs/2024.csv", 3, 0, second) == b"day"
    assert mounted.release("/obs/2024.csv", first) == 0
    assert mounted.read("/obs/2024.csv", 3, 0, second) == b"day"


@pytest.mark.parametrize("flags", [os.O_WRONLY, os.O_RDWR, os.O_WRONLY | os.O_APPEND])
def test_nothing_is_opened_for_writing(files: Files, flags: int) -> None:
    with pytest.raises(OSError) as caught:
        MountedFiles(files).open("/obs/2024.csv", flags)
    assert caught.value.errno == errno.EROFS


@pytest.mark.parametrize(
    ("failure", "number"),
    [
        (DatasetFileNotFound("no"), errno.ENOENT),
        (DatasetAccessDenied("no", operation="x", status=401), errno.EACCES),
        (FileStoreError("no"), errno.EIO),
        (ValueError("no"), errno.EIO),
    ],
)
def test_errors_have_a_number(files: Files, failure: Exception, number: int) -> None:
    files.failure = failure
    with pytest.raises(OSError) as caught:
        MountedFiles(files).getattr("/obs/2024.csv")
    assert caught.value.errno == number


def test_without_the_binding_the_message_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "mfusepy", None)
    with pytest.raises(ImportError, match=r"pip install 'provena-sdk\[fuse\]'"):
        mounting.binding()


@pytest.mark.parametrize("was_mounted", [True, False])
def test_only_what_was_never_mounted_is_a_failure(
    files: Files, was_mounted: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fuse(operations: MountedFiles, folder: str, **options: object) -> None:
        assert (folder, options["ro"], options["foreground"]) == ("reef", True, True)
        if was_mounted:
            operations.destroy("/")
        raise RuntimeError(8)

    monkeypatch.setitem(sys.modules, "mfusepy", SimpleNamespace(Operations=object, FUSE=fuse))
    with nullcontext() if was_mounted else pytest.raises(OSError, match="could not mount"):
        mounting.mount(files, "reef")
