"""Folders of a destination, held by a descriptor or found by their path: both do the same."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk.errors import UnsafePath
from provena_sdk.transfer.local import folder
from provena_sdk.transfer.local.destination import Destination
from provena_sdk.transfer.local.folder import OpenFolder, PathFolder, open_folder
from provena_sdk.transfer.spec.options import Choice, TransferOptions
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Tree = Callable[[Path], dict[str, bytes]]
Plant = Callable[[Path, dict[str, bytes]], Path]


@pytest.fixture(params=[True, False], ids=["held", "named"])
def held(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    if request.param and not folder.SUPPORTS_DIR_FD:
        pytest.skip("this system holds no folders")
    monkeypatch.setattr(folder, "SUPPORTS_DIR_FD", request.param)
    return bool(request.param)


def test_what_can_be_done_in_one(held: bool, tmp_path: Path) -> None:
    made = open_folder(str(tmp_path), "a/b", target="a/b/x")
    assert isinstance(made, OpenFolder if held else PathFolder)
    here = tmp_path / "a" / "b"
    assert made.path == str(here)
    os.close(made.open("x", os.O_RDWR | os.O_CREAT | os.O_EXCL))
    with pytest.raises(FileExistsError):
        made.open("x", os.O_RDWR | os.O_CREAT | os.O_EXCL)
    made.set_time("x", 5_000_000_000)
    assert made.stat("x").st_mtime_ns == 5_000_000_000
    made.rename("x", "y")
    (here / "z").write_bytes(b"z")
    (here / "folder").mkdir()
    assert sorted(made.names()) == sorted(made.names()) == ["folder", "y", "z"]
    assert [made.is_folder(name) for name in ("folder", "y", "none")] == [True, False, False]
    made.replace("y", "z")
    assert (here / "z").read_bytes() == b""
    made.unlink("z")
    made.rmdir("folder")
    made.sync()
    assert list(here.iterdir()) == []
    assert made.is_current()
    here.rmdir()
    assert not made.is_current()


def test_what_is_missing_is_made_or_not(held: bool, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        open_folder(str(tmp_path), "a/b", target="a/b/x", make=False)
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "a").write_bytes(b"")
    with pytest.raises(NotADirectoryError, match=r"'a/b/x' needs a folder"):
        open_folder(str(tmp_path), "a/b", target="a/b/x")


@pytest.mark.skipif(os.name != "posix", reason="links need a permission there")
def test_links_lead_nowhere_but_inside(held: bool, tmp_path: Path) -> None:
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    (inside / "real").mkdir(parents=True)
    outside.mkdir()
    (inside / "out").symlink_to(outside)
    (inside / "in").symlink_to(inside / "real")
    (inside / "real" / "up").symlink_to("..")
    (tmp_path / "way").symlink_to(inside)
    for root in (inside, tmp_path / "way"):
        for below in ("out", "out/new", "in/up/out"):
            with pytest.raises(UnsafePath, match="leads out of it"):
                open_folder(str(root), below, target="x")
        for below, real in (("in", "real"), ("in/new", "real/new"), ("in/up", ""), ("in/up/real", "real")):
            found = open_folder(str(root), below, target="x")
            os.close(found.open("here", os.O_CREAT | os.O_RDWR))
            assert (inside / real / "here").is_file()
            (inside / real / "here").unlink()
    assert list(outside.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="links need a permission there")
def test_no_link_is_opened(held: bool, tmp_path: Path) -> None:
    (tmp_path / "precious").write_bytes(b"1")
    (tmp_path / "link").symlink_to("precious")
    found = open_folder(str(tmp_path), "", target="x")
    for flags in (os.O_RDONLY, os.O_RDWR, os.O_WRONLY | os.O_TRUNC):
        with pytest.raises(OSError, match="link"):
            found.open("link", flags)
    assert (tmp_path / "precious").read_bytes() == b"1"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="descriptors are counted there")
def test_few_folders_are_held_and_none_for_long(tmp_path: Path) -> None:
    def count() -> int:
        return len(os.listdir("/proc/self/fd"))

    before = count()
    destination = Destination(tmp_path)
    targets = [destination.target(f"{number}/a") for number in range(200)]
    assert count() - before == 200
    for target in targets:
        with target:
            pass
    assert count() - before == 32
    destination.forget()
    assert count() == before
    with pytest.raises(OSError, match="Bad file descriptor"):
        targets[0].folder.open("late", os.O_CREAT | os.O_RDWR)


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="descriptors are counted there")
@pytest.mark.parametrize(("count", "size"), [(40, 10), (4, 9 * 1024**2)])
def test_errors_that_are_kept_hold_no_folder(
    files: Dataset, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, size: int
) -> None:
    put({f"{number}/a": bytes(size) for number in range(count)})

    def full(*arguments: object, **options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    report = files.download_all(tmp_path, raise_for_failures=False)
    assert len(report.failed) == count
    held = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            held.append(os.readlink(f"/proc/self/fd/{name}"))
    assert not [path for path in held if path.startswith(str(tmp_path))]


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may do everything")
def test_a_folder_that_cannot_be_listed_is_filled(held: bool, tmp_path: Path) -> None:
    tmp_path.chmod(0o300)
    try:
        os.close(open_folder(str(tmp_path), "", target="x").open("x", os.O_CREAT | os.O_RDWR))
    finally:
        tmp_path.chmod(0o700)


def test_whole_transfers(
    held: bool, files: Dataset, put: Put, tree: Tree, plant: Plant, tmp_path: Path
) -> None:
    large = os.urandom(17 * 1024**2)
    put({"a.csv": b"1", "obs/b.nc": large, "obs/same": b"2"})
    folder = plant(tmp_path / "data", {"obs/same": b"2", "old/deep/c": b"3", "a.csv": b"0"})
    options = TransferOptions(keep_times=True, fsync=True)
    report = files.plan_download(folder, choice=Choice(delete=True), options=options).run()
    assert report.counts() == {"downloaded": 2, "same": 1, "deleted": 1}
    assert tree(folder) == {"a.csv": b"1", "obs/b.nc": large, "obs/same": b"2"}
    assert sorted(path.name for path in folder.iterdir()) == ["a.csv", "obs"]
    again = files.plan_download(folder, choice=Choice(compare="time", delete=True), options=options)
    assert again.counts() == {"same": 3}
