"""Browsing: listings, infos, patterns, and the catalogue above the datasets."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from provena_sdk.errors import DatasetAccessDenied, InvalidArgument, UnsafePath
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.sandbox import Sandbox

FILES = {
    "a.csv": b"1",
    "obs/2023.csv": b"22",
    "obs/2024.csv": b"333",
    "obs/deep/x.nc": b"4444",
    "obsolete": b"55555",
}
ODD = [
    "50%.csv",
    "a?versionId=1",
    "a#b",
    "a+b c",
    "grüße/ñ.txt",
    "%2F",
    "a&b=c",
    "tab\there",
    "a:b",
    "~",
    "'\"<>",
]


@pytest.fixture
def reef(sandbox: Sandbox) -> str:
    """A dataset with a few files."""
    return sandbox.add_dataset("Reef", files=FILES)


def test_listings(fs: ProvenaFileSystem, reef: str) -> None:
    names = [f"{reef}/{name}" for name in ("a.csv", "metadata.json", "obs", "obsolete")]
    assert fs.ls(reef, detail=False) == names
    assert fs.ls(f"provena://{reef}/", detail=False) == names
    assert [entry["type"] for entry in fs.ls(reef)] == ["file", "file", "directory", "file"]
    assert fs.ls(f"{reef}/obs", detail=False) == [
        f"{reef}/obs/2023.csv",
        f"{reef}/obs/2024.csv",
        f"{reef}/obs/deep",
    ]
    assert fs.ls(f"{reef}/a.csv", detail=False) == [f"{reef}/a.csv"]
    assert fs.ls(f"{reef}/obs/2024.csv")[0]["size"] == 3
    for missing in (f"{reef}/ob", f"{reef}/obs/2025.csv", f"{reef}/a.csv/b"):
        with pytest.raises(FileNotFoundError):
            fs.ls(missing)


def test_infos(fs: ProvenaFileSystem, reef: str) -> None:
    file = fs.info(f"{reef}/obs/2024.csv")
    assert (file["name"], file["type"], file["size"]) == (f"{reef}/obs/2024.csv", "file", 3)
    assert file["ETag"] == "310dcbbf4cce62f762a2aaa148d556bd"
    assert abs(file["LastModified"] - datetime.now(UTC)) < timedelta(minutes=5)
    assert fs.modified(f"{reef}/obs/2024.csv") == fs.created(f"{reef}/obs/2024.csv") == file["LastModified"]
    assert fs.info(f"{reef}/obs") == {"name": f"{reef}/obs", "type": "directory", "size": 0}
    assert (fs.isdir(f"{reef}/obs"), fs.isfile(f"{reef}/obs")) == (True, False)
    assert (fs.isdir(f"{reef}/a.csv"), fs.isfile(f"{reef}/a.csv")) == (False, True)
    assert (fs.isdir(f"{reef}/ob"), fs.isfile(f"{reef}/ob"), fs.exists(f"{reef}/ob")) == (False, False, False)
    assert (fs.size(f"{reef}/obsolete"), fs.sizes([f"{reef}/a.csv"])) == (5, [1])
    with pytest.raises(FileNotFoundError):
        fs.info(f"{reef}/ob")


def test_a_file_and_a_folder_of_one_name(fs: ProvenaFileSystem, sandbox: Sandbox) -> None:
    both = sandbox.add_dataset("Both", files={"a": b"file", "a/b": b"below", "a-": b"sibling"})
    assert fs.info(f"{both}/a")["type"] == "file"
    assert fs.cat_file(f"{both}/a") == b"file"
    assert fs.cat_file(f"{both}/a/b") == b"below"
    assert fs.find(f"{both}/a") == [f"{both}/a/b"]


def test_finding(fs: ProvenaFileSystem, reef: str) -> None:
    every = [f"{reef}/{name}" for name in sorted([*FILES, "metadata.json"])]
    assert fs.find(reef) == every
    assert fs.find(f"{reef}/obs") == every[2:5]
    assert fs.find(f"{reef}/obs", maxdepth=1) == every[2:4]
    assert fs.find(f"{reef}/obs", withdirs=True) == [f"{reef}/obs", *every[2:4], f"{reef}/obs/deep", every[4]]
    assert fs.find(f"{reef}/obs", maxdepth=1, withdirs=True) == [
        f"{reef}/obs",
        *every[2:4],
        f"{reef}/obs/deep",
    ]
    assert fs.find(reef, prefix="obs") == every[2:]
    assert fs.find(reef, prefix="obs/202", maxdepth=None) == every[2:4]
    assert fs.find(f"{reef}/a.csv") == [f"{reef}/a.csv"]
    assert fs.find(f"{reef}/nothing") == []
    detail = fs.find(f"{reef}/obs", detail=True)
    assert {name: entry["size"] for name, entry in detail.items()} == dict(
        zip(every[2:5], [2, 3, 4], strict=True)
    )
    with pytest.raises(InvalidArgument):
        fs.find(reef, maxdepth=0)


def test_walking_and_adding_up(fs: ProvenaFileSystem, reef: str) -> None:
    assert list(fs.walk(f"{reef}/obs")) == [
        (f"{reef}/obs", ["deep"], ["2023.csv", "2024.csv"]),
        (f"{reef}/obs/deep", [], ["x.nc"]),
    ]
    assert [step[0] for step in fs.walk(reef, topdown=False)] == [f"{reef}/obs/deep", f"{reef}/obs", reef]
    assert fs.du(f"{reef}/obs") == 9
    assert fs.du(f"{reef}/obs", maxdepth=1) == 5
    assert fs.du(f"{reef}/obs", total=False)[f"{reef}/obs/deep/x.nc"] == 4
    assert "2024.csv" in fs.tree(reef)


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.csv", ["a.csv"]),
        ("obs/*.csv", ["obs/2023.csv", "obs/2024.csv"]),
        ("obs/202[4-9].csv", ["obs/2024.csv"]),
        ("obs/202?.csv", ["obs/2023.csv", "obs/2024.csv"]),
        ("**/*.nc", ["obs/deep/x.nc"]),
        ("ob*", ["obs", "obsolete"]),
        ("*/deep", ["obs/deep"]),
        ("o*/", ["obs"]),
        ("obs/2024.csv", ["obs/2024.csv"]),
        ("nothing*", []),
    ],
)
def test_patterns(fs: ProvenaFileSystem, reef: str, pattern: str, found: list[str]) -> None:
    matched = [name.rstrip("/") for name in fs.glob(f"{reef}/{pattern}")]
    assert matched == [f"{reef}/{name}" for name in found]
    assert list(fs.glob(f"provena://{reef}/{pattern}", detail=True)) == fs.glob(f"{reef}/{pattern}")


@pytest.mark.parametrize("name", ODD)
def test_odd_names(fs: ProvenaFileSystem, dataset: str, name: str) -> None:
    fs.pipe_file(f"{dataset}/{name}", b"odd")
    assert fs.cat_file(f"{dataset}/{name}") == b"odd"
    assert fs.find(dataset)[:] == sorted([f"{dataset}/{name}", f"{dataset}/metadata.json"])
    assert fs.info(f"{dataset}/{name}", refresh=True)["size"] == 3
    with fs.open(f"{dataset}/{name}") as file:
        assert file.read() == b"odd"
    fs.rm_file(f"{dataset}/{name}")
    assert fs.find(dataset) == [f"{dataset}/metadata.json"]


def test_keys_that_no_address_names(fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str) -> None:
    for key in ("a//b", "/c", "d/", "d//", "e/f"):
        sandbox.storage.put(dataset, key, b"1")
    assert fs.find(dataset) == [f"{dataset}/e/f", f"{dataset}/metadata.json"]
    assert fs.ls(dataset, detail=False) == [f"{dataset}/{name}" for name in ("a", "d", "e", "metadata.json")]
    assert fs.ls(f"{dataset}/a") == fs.ls(f"{dataset}/d") == []
    for path in ("a//b", "../x", "a/../b"):
        with pytest.raises(UnsafePath):
            fs.cat_file(f"{dataset}/{path}")


def test_an_empty_dataset_is_a_folder(fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str) -> None:
    sandbox.storage.clear()
    assert fs.isdir(dataset)
    assert fs.exists(dataset)
    assert fs.ls(dataset) == []
    assert fs.find(dataset) == []


def test_the_archive(fs: ProvenaFileSystem, sandbox: Sandbox, reef: str) -> None:
    other = sandbox.add_dataset("Tides")
    assert fs.ls("provena://", detail=False, refresh=True)[:2] == [other, reef]
    assert fs.ls("", limit=1, detail=False) == [other]
    entry = fs.info(reef)
    assert (entry["name"], entry["type"], entry["size"]) == (reef, "directory", 0)
    assert (entry["display_name"], entry["owner"]) == ("Reef", "writer")
    assert entry["metadata"]["dataset_info"]["name"] == "Reef"
    assert fs.created(reef) == entry["created"]
    prefix = reef.partition("/")[0]
    assert fs.isdir("")
    assert fs.isdir(prefix)
    assert fs.info(prefix)["type"] == "directory"
    assert reef in fs.ls(prefix, detail=False)
    assert fs.glob("*") == [prefix]
    assert set(fs.glob("*/*")) == set(fs.glob(f"{prefix}/*")) == set(fs.ls("", detail=False))
    assert [names for _, names, _ in fs.walk("", maxdepth=1)] == [fs.ls("", detail=False)]


@pytest.mark.parametrize("path", ["10378.1/404", "10378.1/404/a", "404.1"])
def test_datasets_that_are_not_there(fs: ProvenaFileSystem, path: str) -> None:
    assert not fs.exists(path)
    assert not fs.isdir(path)
    with pytest.raises(FileNotFoundError) as caught:
        fs.info(path)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None


@pytest.mark.parametrize("look", ["find", "walk", "glob", "du"])
def test_not_all_files_of_all_datasets(fs: ProvenaFileSystem, sandbox: Sandbox, look: str) -> None:
    before = len(sandbox.requests)
    # A walk begins with its first step.
    asked: dict[str, Callable[[], object]] = {
        "find": lambda: fs.find(""),
        "walk": lambda: next(fs.walk("")),
        "glob": lambda: fs.glob("**"),
        "du": lambda: fs.du(""),
    }
    with pytest.raises(InvalidArgument, match=r"ls\(''\) lists the datasets"):
        asked[look]()
    assert len(sandbox.requests) == before


def test_private_datasets(fs: ProvenaFileSystem, sandbox: Sandbox) -> None:
    private = sandbox.add_dataset("Private", owner="admin", files={"a": b"1"}, private=True)
    with pytest.raises(DatasetAccessDenied):
        fs.cat_file(f"{private}/a")
    with pytest.raises(PermissionError):
        fs.exists(f"{private}/a")


def test_a_listing_is_kept_for_a_while(
    fs: ProvenaFileSystem, sandbox: Sandbox, reef: str, requests: Callable[[], list[str]]
) -> None:
    before = fs.ls(reef, detail=False)
    sandbox.storage.put(reef, "z.csv", b"1")
    asked = requests()
    assert fs.ls(reef, detail=False) == before
    assert fs.info(f"{reef}/a.csv")["size"] == 1
    assert requests() == asked
    assert fs.exists(f"{reef}/z.csv"), "what is in no listing is asked for"
    assert f"{reef}/z.csv" in fs.ls(reef, detail=False, refresh=True)
    sandbox.storage.put(reef, "zz.csv", b"1")
    fs.invalidate_cache(reef)
    assert f"{reef}/zz.csv" in fs.ls(reef, detail=False)


def test_listings_expire_and_can_be_left_out(sandbox: Sandbox, reef: str) -> None:
    for options in ({"use_listings_cache": False}, {"listings_expiry_time": 0}):
        fs = ProvenaFileSystem(**options)
        fs.ls(reef)
        sandbox.storage.put(reef, f"new{len(options)}{options}", b"1")
        assert f"{reef}/new{len(options)}{options}" in fs.ls(reef, detail=False)


def test_what_we_write_shows_at_once(fs: ProvenaFileSystem, reef: str) -> None:
    fs.ls(reef)
    fs.ls(f"{reef}/obs")
    fs.pipe_file(f"{reef}/obs/new/b", b"1")
    assert f"{reef}/obs/new" in fs.ls(f"{reef}/obs", detail=False)
    with fs.open(f"{reef}/c", "wb") as file:
        file.write(b"2")
    assert f"{reef}/c" in fs.ls(reef, detail=False)
    fs.rm(f"{reef}/obs", recursive=True)
    assert f"{reef}/obs" not in fs.ls(reef, detail=False)
    assert not fs.exists(f"{reef}/obs/2024.csv")


def test_keys_of_a_file_change_with_it(fs: ProvenaFileSystem, sandbox: Sandbox, reef: str) -> None:
    path = f"{reef}/a.csv"
    fs.ls(reef)
    key, checksum = fs.ukey(path), fs.checksum(path)
    assert (fs.ukey(path), fs.checksum(path)) == (key, checksum)
    sandbox.storage.put(reef, "a.csv", b"2")
    assert fs.ukey(path) != key
    assert fs.checksum(path) != checksum
