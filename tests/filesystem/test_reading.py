"""Reading through provena://."""

from __future__ import annotations

import asyncio
import gzip
import threading
from collections.abc import Callable
from pathlib import Path

import fsspec
import pytest

from provena_sdk.errors import DatasetFileNotFound, IntegrityError, InvalidArgument, NotAFile
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.sandbox import Fault, Sandbox

LARGE = bytes(range(256)) * 4096 * 18  # 18 MiB
TEXT = b"day,temperature\n2024-01-01,27.5\n"
PACKED = gzip.compress(TEXT)


@pytest.fixture
def reef(sandbox: Sandbox) -> str:
    """A dataset with a few files."""
    return sandbox.add_dataset(
        "Reef", files={"a.csv": TEXT, "a.csv.gz": PACKED, "empty": b"", "large.bin": LARGE}
    )


def test_fsspec_finds_it(sandbox: Sandbox, reef: str) -> None:
    with fsspec.open(f"provena://{reef}/a.csv", "rt") as file:
        assert file.read() == TEXT.decode()
    with fsspec.open(f"provena://{reef}/a.csv.gz", compression="infer") as file:
        assert file.read() == TEXT
    fs, path = fsspec.url_to_fs(f"provena://{reef}/a.csv")
    assert (type(fs), path) == (ProvenaFileSystem, f"{reef}/a.csv")
    assert fsspec.filesystem("provena") is fs


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, None),
        (0, None),
        (3, None),
        (None, 5),
        (3, 7),
        (-4, None),
        (None, -4),
        (-6, -2),
        (3, -2),
        (5, 5),
        (7, 3),
        (0, 1000),
        (10, 1000),
        (1000, 1010),
        (1000, None),
        (-1000, 4),
        (-4, 1000),
    ],
)
def test_ranges_are_those_of_python(
    fs: ProvenaFileSystem, reef: str, start: int | None, end: int | None
) -> None:
    assert fs.cat_file(f"{reef}/a.csv", start=start, end=end) == TEXT[start:end]
    assert fs.cat_file(f"{reef}/empty", start=start, end=end) == b""


def test_large_files_and_ranges(fs: ProvenaFileSystem, reef: str) -> None:
    path = f"{reef}/large.bin"
    assert fs.cat_file(path) == LARGE
    assert fs.cat_file(path, 5, 17 * 1024**2) == LARGE[5 : 17 * 1024**2]
    assert fs.cat_file(path, 1) == LARGE[1:]
    with fs.open(path) as file:
        assert file.read() == LARGE
        file.seek(-10, 2)
        assert file.read(100) == LARGE[-10:]
        file.seek(9_000_001)
        assert file.read(3) == LARGE[9_000_001:9_000_004]


def test_many_at_once(fs: ProvenaFileSystem, reef: str) -> None:
    names = [f"{reef}/a.csv", f"{reef}/empty"]
    assert fs.cat(names) == {names[0]: TEXT, names[1]: b""}
    assert fs.cat(f"{reef}/a.csv") == TEXT
    assert fs.cat(f"{reef}/a*") == {names[0]: TEXT, f"{reef}/a.csv.gz": PACKED}
    assert fs.cat_ranges([names[0]] * 3, [0, 4, -5], [3, 15, None]) == [b"day", b"temperature", b"27.5\n"]
    missing = f"{reef}/missing"
    found = fs.cat([names[0], missing], on_error="return")
    assert found[names[0]] == TEXT
    assert isinstance(found[missing], FileNotFoundError)
    assert fs.cat([names[0], missing], on_error="omit") == {names[0]: TEXT}
    with pytest.raises(FileNotFoundError):
        fs.cat([names[0], missing])
    assert isinstance(fs.cat_ranges([missing], [0], [1])[0], FileNotFoundError)
    with pytest.raises(FileNotFoundError):
        fs.cat_ranges([missing], [0], [1], on_error="raise")


def test_parts_and_texts(fs: ProvenaFileSystem, reef: str) -> None:
    path = f"{reef}/a.csv"
    assert fs.head(path, 3) == b"day"
    assert fs.tail(path, 5) == b"27.5\n"
    assert fs.read_text(path) == TEXT.decode()
    assert fs.read_bytes(path, 0, 3) == b"day"
    assert fs.read_block(path, 0, 5, delimiter=b"\n") == b"day,temperature\n"
    with fs.open(path, "r", encoding="utf-8", newline="") as file:
        assert list(file) == TEXT.decode().splitlines(keepends=True)
    with fs.open(f"{path}.gz", "r", compression="infer") as file:
        assert file.readline() == "day,temperature\n"
    with fs.open(f"{path}.gz", compression="gzip") as file:
        assert file.read(3) == b"day"
    with fs.open(path, block_size=7, cache_type="none") as file:
        assert file.read() == TEXT
    mapper = fs.get_mapper(reef)
    assert mapper["a.csv"] == TEXT
    assert "metadata.json" in mapper
    with pytest.raises(KeyError):
        mapper["missing"]


def test_what_cannot_be_opened(fs: ProvenaFileSystem, sandbox: Sandbox, reef: str) -> None:
    with pytest.raises(DatasetFileNotFound, match=r"Did you mean 'a\.csv'") as caught:
        fs.open(f"{reef}/b.csv")
    assert caught.value.__context__ is None
    for folder in ("", "10378.1", reef):
        with pytest.raises(NotAFile):
            fs.open(folder)
        with pytest.raises(NotAFile):
            fs.cat_file(folder)
    with pytest.raises(InvalidArgument, match="one of rb, r, rt, wb"):
        fs.open(f"{reef}/a.csv", "r+b")
    with pytest.raises(InvalidArgument, match="no such option"):
        fs.open(f"{reef}/a.csv", acl="public-read")
    with pytest.raises(FileNotFoundError):
        fs.open("10378.1/404/a.csv")


def test_an_open_file_never_mixes_two(fs: ProvenaFileSystem, sandbox: Sandbox, reef: str) -> None:
    with fs.open(f"{reef}/large.bin", block_size=1024) as file:
        file.read(10)
        sandbox.storage.put(reef, "large.bin", LARGE[::-1])
        file.seek(5_000_000)
        with pytest.raises(IntegrityError, match="replaced"):
            file.read(10)


def test_fetching(fs: ProvenaFileSystem, reef: str, tmp_path: Path) -> None:
    fs.get_file(f"{reef}/large.bin", tmp_path / "deep" / "x.bin")
    assert (tmp_path / "deep" / "x.bin").read_bytes() == LARGE
    fs.get(f"{reef}/", str(tmp_path / "all") + "/", recursive=True)
    assert {path.name for path in (tmp_path / "all").iterdir()} == {
        "a.csv",
        "a.csv.gz",
        "empty",
        "large.bin",
        "metadata.json",
    }
    with pytest.raises(FileNotFoundError):
        fs.get_file(f"{reef}/missing", str(tmp_path / "missing"))
    assert not (tmp_path / "missing").exists()


def test_fetching_a_folder_asks_once_for_each_file(
    fs: ProvenaFileSystem, reef: str, tmp_path: Path, requests: Callable[[], list[str]]
) -> None:
    fs.exists(reef)
    before = len(requests())
    fs.get(f"{reef}/a.csv*", str(tmp_path) + "/")
    assert sorted(requests()[before:]) == ["GetObject", "GetObject", "ListObjectsV2"]


def test_fetching_tells_how_far_it_is(fs: ProvenaFileSystem, reef: str, tmp_path: Path) -> None:
    callback = fsspec.callbacks.Callback()
    fs.get_file(f"{reef}/large.bin", str(tmp_path / "x"), callback=callback)
    assert (callback.size, callback.value) == (len(LARGE), len(LARGE))


def test_what_cannot_be_fetched_replaces_nothing(fs: ProvenaFileSystem, reef: str, tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_bytes(b"before")
    with pytest.raises(FileNotFoundError, match="nowhere"):
        fs.get_file(f"{reef}/nowhere", str(target))
    assert target.read_bytes() == b"before"


def test_threads_share_it(fs: ProvenaFileSystem, sandbox: Sandbox, reef: str) -> None:
    found: list[bytes] = []
    threads = [threading.Thread(target=lambda: found.append(fs.cat_file(f"{reef}/a.csv"))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [TEXT] * 20
    paths = [request.path for request in sandbox.requests]
    assert sum("fetch-dataset" in path for path in paths) == 1
    assert sum("credentials" in path for path in paths) == 1


def test_keys_are_asked_for_while_the_files_are_looked_up(
    fs: ProvenaFileSystem, sandbox: Sandbox, reef: str
) -> None:
    sandbox.faults.add(Fault(path="*fetch-dataset*", stall=0.5))
    assert fs.cat_file(f"{reef}/a.csv") == TEXT
    asked = [request.path.rpartition("/")[2] for request in sandbox.requests]
    # Each is noted as it is answered.
    assert "fetch-dataset" in asked[-1]
    assert len(asked) == 2


def test_keys_are_not_asked_for_to_see_whether_there_is_a_dataset(
    fs: ProvenaFileSystem, sandbox: Sandbox, reef: str
) -> None:
    assert fs.exists(reef)
    assert not any("credentials" in request.path for request in sandbox.requests)


async def test_blocking_within_a_running_loop(fs: ProvenaFileSystem, reef: str) -> None:
    assert fs.cat_file(f"{reef}/a.csv") == TEXT
    with fs.open(f"{reef}/a.csv") as file:
        assert file.read() == TEXT


async def test_awaiting(sandbox: Sandbox, reef: str) -> None:
    fs = ProvenaFileSystem(asynchronous=True)
    assert fs.loop is None
    found = await asyncio.gather(*(fs._cat_file(f"{reef}/a.csv") for _ in range(5)))
    assert found == [TEXT] * 5
    assert await fs._exists(f"{reef}/a.csv")
    assert [entry["size"] for entry in await fs._ls(reef)][:1] == [len(TEXT)]
    assert await fs._find(reef) == fsspec.filesystem("provena").find(reef)
    await fs._pipe_file(f"{reef}/b", b"1")
    assert await fs._cat_file(f"{reef}/b") == b"1"
    await fs._rm(f"{reef}/b")
    assert not await fs._exists(f"{reef}/b")
    assert [step[0] async for step in fs._walk(reef)] == [reef]


async def test_streams(sandbox: Sandbox, reef: str) -> None:
    fs = ProvenaFileSystem(asynchronous=True)
    async with await fs.open_async(f"{reef}/large.bin") as file:
        assert await file.read(10) == LARGE[:10]
        file.seek(17 * 1024**2)
        assert await file.read() == LARGE[17 * 1024**2 :]
    async with await fs.open_async(f"{reef}/copy.bin", "wb") as file:
        for start in range(0, len(LARGE), 5_000_000):
            await file.write(LARGE[start : start + 5_000_000])
    async with await fs.open_async(f"{reef}/small", "wb") as file:
        await file.write(b"small")
    assert sandbox.storage.files(reef)["copy.bin"] == LARGE
    assert sandbox.storage.files(reef)["small"] == b"small"

    async def broken() -> None:
        async with await fs.open_async(f"{reef}/half.bin", "wb") as file:
            await file.write(LARGE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await broken()
    assert "half.bin" not in sandbox.storage.files(reef)
    assert not sandbox.storage.store.uploads
    with pytest.raises(InvalidArgument):
        await fs.open_async(f"{reef}/x", "ab")
    with pytest.raises(FileNotFoundError):
        await fs.open_async(f"{reef}/missing")


def test_options_of_reading_for_all_files(
    sandbox: Sandbox, reef: str, requests: Callable[[], list[str]]
) -> None:
    with fsspec.open(f"provena://{reef}/large.bin", block_size=1000, cache_type="none") as file:
        before = len(requests())
        assert file.read(10) == LARGE[:10]
        assert file.read(10) == LARGE[10:20]
    assert requests()[before:] == ["GetObject", "GetObject"]
    fs = fsspec.filesystem("provena", block_size=1000)
    with fs.open(f"{reef}/large.bin", "wb") as file:
        file.write(LARGE[:100])
    with pytest.raises(InvalidArgument, match="block_size"):
        fs.open(f"{reef}/a.csv", block_size=-1)
