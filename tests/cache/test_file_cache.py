"""Listing, pruning and verifying the cache."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from provena_sdk import FileCache, Provena
from provena_sdk.cache.place import dataset_name
from provena_sdk.errors import DatasetFileNotFound, InvalidArgument
from provena_sdk.sandbox import Sandbox
from tests.cache.conftest import FILES

DAY = 24 * 3600.0


def age(cache_folder: Path, days: float) -> None:
    """Make all records and copies look as if they had not been used for some days."""
    then = time.time() - days * DAY
    for path in (*cache_folder.glob("v1/*/records/*"), *cache_folder.glob("v1/*/copies/*")):
        os.utime(path, (then, then))


def test_an_empty_cache(cache_folder: Path) -> None:
    cache = FileCache()
    assert (len(cache.copies()), len(cache.verify()), len(cache.prune())) == (0, 0, 0)
    assert not cache_folder.exists()


def test_copies_are_listed(provena: Provena, reef: str, provena_sandbox: Sandbox) -> None:
    other = provena_sandbox.add_dataset("Kelp", files={"a": b"1"})
    file = provena.fetch(f"{reef}/readme.txt")
    provena.fetch(f"{reef}/obs", include="*.csv", exclude="*3.csv")
    provena.fetch(f"{other}/a")
    copies = FileCache().copies()
    assert [(copy.dataset_id, copy.path) for copy in copies] == [
        (other, "a"),
        (reef, "obs"),
        (reef, "readme.txt"),
    ]
    assert copies[1].include == ("*.csv",)
    assert copies[2].location == file
    assert copies[2].fetched == pytest.approx(copies[2].used, abs=timedelta(seconds=5))
    assert copies.total_bytes == 1 + 4 + len(FILES["obs/2024.csv"])
    assert "3 copies in the cache" in str(copies)
    assert len(FileCache().copies(other)) == 1
    with pytest.raises(InvalidArgument):
        FileCache().copies("kelp")


def test_shared_files_count_once(provena: Provena, reef: str) -> None:
    provena.fetch(f"{reef}/readme.txt")
    provena.fetch(reef, include="*.txt")
    assert FileCache().copies().total_bytes == 4


def test_what_is_unused_is_removed(provena: Provena, reef: str, cache_folder: Path) -> None:
    old = provena.fetch(f"{reef}/readme.txt")
    age(cache_folder, 40)
    new = provena.fetch(f"{reef}/obs")
    cache = FileCache()
    assert [copy.path for copy in cache.prune(dry_run=True)] == ["readme.txt"]
    assert old.exists()
    assert [copy.path for copy in cache.prune()] == ["readme.txt"]
    assert not old.parent.exists()
    assert new.exists()
    assert [copy.path for copy in cache.copies()] == ["obs"]
    assert len(cache.prune(timedelta(0), dataset_id="10378.1/1")) == 0
    assert len(cache.prune(timedelta(0))) == 1
    assert [path.name for path in (cache_folder / "v1").iterdir() if path.is_dir()] == []
    with pytest.raises(DatasetFileNotFound):
        provena.fetch(f"{reef}/obs", offline=True)


def test_use_keeps_a_copy(provena: Provena, reef: str, cache_folder: Path) -> None:
    provena.fetch(f"{reef}/readme.txt")
    age(cache_folder, 40)
    provena.fetch(f"{reef}/readme.txt", offline=True)
    assert len(FileCache().prune()) == 0
    age(cache_folder, 40)
    provena.fetch(f"{reef}/readme.txt")
    assert len(FileCache().prune()) == 0


def test_a_copy_that_two_requests_share_stays_for_the_other(
    provena: Provena, reef: str, cache_folder: Path
) -> None:
    folder = provena.fetch(reef, include="*.txt")
    age(cache_folder, 40)
    assert provena.fetch(reef, include="readme.txt") == folder
    assert len(FileCache().prune()) == 1
    assert (folder / "readme.txt").exists()


def test_leftovers_are_removed_after_a_week(provena: Provena, reef: str, cache_folder: Path) -> None:
    provena.fetch(f"{reef}/readme.txt")
    [dataset] = (path for path in (cache_folder / "v1").iterdir() if path.is_dir())
    unfinished, aside = dataset / "copies" / ("0" * 20), dataset / "copies" / ".removed-1"
    foreign = dataset / "copies" / "mine"
    for folder in (unfinished, aside, foreign):
        folder.mkdir()
    FileCache().prune()
    assert (unfinished.exists(), aside.exists(), foreign.exists()) == (True, False, True)
    os.utime(unfinished, (time.time() - 8 * DAY,) * 2)
    FileCache().prune()
    assert not unfinished.exists()


def test_damage_is_found_and_removed(provena: Provena, reef: str) -> None:
    folder = provena.fetch(f"{reef}/obs")
    cache = FileCache()
    assert len(cache.verify()) == 0
    file = folder / "2024.csv"
    state = file.stat()
    file.chmod(0o600)
    file.write_bytes(FILES["obs/2024.csv"].replace(b"27.5", b"27.6"))
    os.utime(file, ns=(state.st_atime_ns, state.st_mtime_ns))
    (folder / "2023.csv").unlink()
    damaged = cache.verify()
    assert [(each.path, each.reason) for each in damaged] == [
        ("obs/2023.csv", "it is missing"),
        ("obs/2024.csv", "its checksum differs"),
    ]
    assert "2 damaged files" in str(damaged)
    assert len(cache.verify(remove=True)) == 2
    assert not file.exists()
    assert (provena.fetch(f"{reef}/obs") / "2024.csv").read_bytes() == FILES["obs/2024.csv"]
    assert len(cache.verify()) == 0


def test_unused_for_must_be_a_duration() -> None:
    for wrong in (30, timedelta(days=-1)):
        with pytest.raises(InvalidArgument, match="unused_for must be a timedelta"):
            FileCache().prune(wrong)  # type: ignore[arg-type]  # that is the point


def test_names_differ_in_more_than_case() -> None:
    names = [dataset_name("https://a", handle).lower() for handle in ("1/a", "1/A", "1/a.", "1/..", "1/é")]
    assert len(set(names)) == len(names)
    assert dataset_name("https://a", "1/a") != dataset_name("https://b", "1/a")
