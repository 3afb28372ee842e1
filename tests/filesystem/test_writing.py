"""Writing through provena://."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import fsspec
import pytest

from provena_sdk.errors import (
    DatasetFileExists,
    DatasetLocked,
    FileAccessDenied,
    FileStoreError,
    InvalidArgument,
    NotAFile,
    ServiceFileRefused,
)
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.client.writer import ObjectWriter
from provena_sdk.sandbox import Sandbox

Stored = Callable[..., dict[str, bytes]]
Requests = Callable[[], list[str]]
LARGE = bytes(range(256)) * 4096 * 18  # 18 MiB
LARGE_CHARACTERS = 18 * 1024 * 1024


def test_whole_files(fs: ProvenaFileSystem, dataset: str, stored: Stored) -> None:
    fs.pipe_file(f"{dataset}/a", b"1")
    fs.pipe({f"{dataset}/b/c": b"2", f"{dataset}/d": memoryview(b"3")})
    fs.pipe(f"provena://{dataset}/e", b"")
    fs.write_text(f"{dataset}/f.txt", "grüße", encoding="utf-8")
    fs.write_bytes(f"{dataset}/g", b"4")
    fs.pipe_file(f"{dataset}/large", LARGE)
    assert stored() == {
        "a": b"1",
        "b/c": b"2",
        "d": b"3",
        "e": b"",
        "f.txt": "grüße".encode(),
        "g": b"4",
        "large": LARGE,
    }


def test_parts_that_are_too_small_are_refused_with_what_else_to_do(
    fs: ProvenaFileSystem, dataset: str, stored: Stored
) -> None:
    with pytest.raises(InvalidArgument, match="at least 5,242,880") as caught:
        fs.open(f"{dataset}/a.nc", "wb", block_size=4 * 1024**2, cache_type="blockcache")
    assert "simplecache::" in str(caught.value.hint)
    assert stored() == {}


def test_new_files_only(fs: ProvenaFileSystem, dataset: str, stored: Stored, tmp_path: Path) -> None:
    local = tmp_path / "x"
    local.write_bytes(b"new")
    fs.pipe_file(f"{dataset}/a", b"old", mode="create")
    attempts: list[Callable[[], Any]] = [
        lambda: fs.pipe_file(f"{dataset}/a", b"new", mode="create"),
        lambda: fs.pipe_file(f"{dataset}/a", LARGE, mode="create"),
        lambda: fs.put_file(str(local), f"{dataset}/a", mode="create"),
        lambda: fs.open(f"{dataset}/a", "xb"),
        lambda: fs.touch(f"{dataset}/a", truncate=False),
    ]
    for attempt in attempts:
        with pytest.raises(DatasetFileExists):
            attempt()
    assert stored() == {"a": b"old"}
    fs.put_file(str(local), f"{dataset}/b", mode="create")
    with fs.open(f"{dataset}/c", "x", compression="gzip") as file:
        file.write("text")
    fs.touch(f"{dataset}/a")
    found = stored()
    assert gzip.decompress(found.pop("c")) == b"text"
    assert found == {"a": b"", "b": b"new"}
    with pytest.raises(InvalidArgument):
        fs.pipe_file(f"{dataset}/a", b"", mode="append")


def test_open_files(fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, stored: Stored) -> None:
    with fs.open(f"{dataset}/a.txt", "w", encoding="latin-1", newline="") as text:
        text.write("grün\r\n")
        assert stored() == {}
    with fs.open(f"{dataset}/a.txt", "a", encoding="latin-1") as text:
        text.write("blau")
    with fs.open(f"{dataset}/large", "wb", block_size=5 * 1024**2) as file:
        for start in range(0, len(LARGE), 1_000_000):
            assert file.write(LARGE[start : start + 1_000_000]) > 0
        assert "large" not in stored()
        assert file.tell() == len(LARGE)
    with fs.open(f"{dataset}/large", "ab") as file:
        file.write(b"more")
    with fs.open(f"{dataset}/z.gz", "wt", compression="infer") as text:
        text.write("packed")
    found = stored()
    assert found["a.txt"] == "grün\r\nblau".encode("latin-1")
    assert found["large"] == LARGE + b"more"
    assert gzip.decompress(found["z.gz"]) == b"packed"
    assert not sandbox.storage.store.uploads


@pytest.mark.parametrize("tells_checksums", [True, False])
def test_going_on_behind_a_long_file(
    fs: ProvenaFileSystem,
    sandbox: Sandbox,
    dataset: str,
    stored: Stored,
    requests: Requests,
    monkeypatch: pytest.MonkeyPatch,
    tells_checksums: bool,
) -> None:
    monkeypatch.setattr("provena_sdk.s3.client.copying.COPY_PART_BYTES", 17 * 1024**2)
    sandbox.storage.put(dataset, "a", LARGE)
    if not tells_checksums:

        async def adopt(*_: object) -> bool:
            return False

        monkeypatch.setattr(ObjectWriter, "adopt", adopt)
    with fs.open(f"{dataset}/a", "ab") as file:
        assert file.tell() == len(LARGE)
        file.write(b"more")
    assert stored() == {"a": LARGE + b"more"}
    assert requests().count("UploadPartCopy") == 2
    assert ("GetObject" in requests()) is not tells_checksums
    assert not sandbox.storage.store.uploads
    with fs.open(f"{dataset}/a", "ab") as file:
        pass
    assert stored() == {"a": LARGE + b"more"}


@pytest.mark.parametrize("options", [{"mode": "wb"}, {"mode": "w"}, {"mode": "wb", "compression": "gzip"}])
def test_what_an_error_interrupts_is_given_up(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, stored: Stored, options: dict[str, Any]
) -> None:
    fs.pipe_file(f"{dataset}/a", b"old")
    data: Any = "x" * 9_000_000 if options["mode"] == "w" else LARGE

    def write() -> None:
        with fs.open(f"{dataset}/a", **options) as file:
            file.write(data)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write()
    assert stored() == {"a": b"old"}
    assert not sandbox.storage.store.uploads


@pytest.mark.parametrize("refused", ["upload_part", "complete_upload"])
def test_a_refused_part_leaves_no_half_file(
    fs: ProvenaFileSystem,
    sandbox: Sandbox,
    dataset: str,
    stored: Stored,
    refused: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = fs.open(f"{dataset}/a", "wb", block_size=5 * 1024**2)
    file.write(LARGE[: 6 * 1024**2])
    assert sandbox.storage.store.uploads

    async def refuse(*_: object, **__: object) -> None:
        raise FileAccessDenied("The object store refuses.")

    monkeypatch.setattr(ObjectClient, refused, refuse)

    def write() -> None:
        for start in range(0, len(LARGE), 1_000_000):
            file.write(LARGE[start : start + 1_000_000])
        file.close()

    with pytest.raises(FileAccessDenied):
        write()
    assert file.closed
    file.close()
    assert stored() == {}
    assert not sandbox.storage.store.uploads
    with pytest.raises(FileAccessDenied):
        fs.pipe_file(f"{dataset}/b", LARGE)
    assert stored() == {}
    assert not sandbox.storage.store.uploads


def test_copying_and_moving(fs: ProvenaFileSystem, dataset: str, stored: Stored, requests: Requests) -> None:
    fs.pipe({f"{dataset}/a": b"1", f"{dataset}/d/x": b"2", f"{dataset}/d/e/y": b"3"})
    before = len(requests())
    fs.cp_file(f"{dataset}/a", f"{dataset}/b")
    assert requests()[before:] == ["CopyObject"]
    fs.cp_file(f"{dataset}/a", f"{dataset}/a")
    fs.mv(f"{dataset}/b", f"{dataset}/c")
    fs.copy(f"{dataset}/d", f"{dataset}/f", recursive=True)
    fs.mv(f"{dataset}/d", f"{dataset}/g", recursive=True)
    assert stored() == {"a": b"1", "c": b"1", "f/x": b"2", "f/e/y": b"3", "g/x": b"2", "g/e/y": b"3"}
    with pytest.raises(FileNotFoundError):
        fs.cp_file(f"{dataset}/missing", f"{dataset}/h")
    with pytest.raises(FileNotFoundError):
        fs.mv(f"{dataset}/missing", f"{dataset}/h")


def test_copying_between_datasets(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, stored: Stored
) -> None:
    other = sandbox.add_dataset("Other", files={"a": b"1", "large": LARGE})
    fs.cp_file(f"{other}/a", f"{dataset}/a")
    fs.cp_file(f"{other}/large", f"{dataset}/large")
    assert stored() == {"a": b"1", "large": LARGE}


def test_objects_too_large_to_copy_at_once(
    fs: ProvenaFileSystem,
    sandbox: Sandbox,
    dataset: str,
    stored: Stored,
    requests: Requests,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("provena_sdk.s3.client.copying.MAX_COPY_BYTES", 10 * 1024**2)
    monkeypatch.setattr("provena_sdk.s3.client.copying.COPY_PART_BYTES", 6 * 1024**2)
    sandbox.storage.put(dataset, "large", LARGE)

    async def refuse(*_: object) -> None:
        raise FileStoreError("It is too large.", store_code="InvalidRequest")

    monkeypatch.setattr(ObjectClient, "copy", refuse)
    fs.cp_file(f"{dataset}/large", f"{dataset}/copy")
    assert stored() == {"large": LARGE, "copy": LARGE}
    assert requests()[-1] == "CompleteMultipartUpload"


def test_a_store_that_copies_nothing_into_parts_is_sent_the_bytes(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As MinIO does with uploads that keep checksums."""
    monkeypatch.setattr("provena_sdk.s3.client.copying.MAX_COPY_BYTES", 10 * 1024**2)
    sandbox.storage.put(dataset, "large", LARGE)

    async def refuse(*_: object, **__: object) -> None:
        raise FileStoreError("It copies nothing into parts.", store_code="InvalidArgument")

    monkeypatch.setattr(ObjectClient, "copy", refuse)
    monkeypatch.setattr(ObjectClient, "copy_part", refuse)
    fs.cp_file(f"{dataset}/large", f"{dataset}/copy")
    with fs.open(f"{dataset}/large", "ab") as file:
        file.write(b"more")
    assert stored() == {"large": LARGE + b"more", "copy": LARGE}
    assert not sandbox.storage.store.uploads


def test_removing(fs: ProvenaFileSystem, dataset: str, stored: Stored) -> None:
    names = ["a", "b", "c.csv", "d.csv", "e/f", "e/g/h", "i/j"]
    fs.pipe({f"{dataset}/{name}": b"1" for name in names})
    fs.rm(f"{dataset}/a")
    fs.rm_file(f"{dataset}/b")
    fs.rm(f"{dataset}/*.csv")
    assert list(stored()) == ["e/f", "e/g/h", "i/j"]
    for folder in (f"{dataset}/e", dataset):
        with pytest.raises(NotAFile, match="recursive=True"):
            fs.rm(folder)
    fs.rm([f"{dataset}/e/f", f"{dataset}/i/j"])
    assert list(stored()) == ["e/g/h"]
    for missing in (f"{dataset}/a", f"{dataset}/x/", f"{dataset}/*.csv"):
        with pytest.raises(FileNotFoundError):
            fs.rm(missing)
        with pytest.raises(FileNotFoundError):
            fs.rm(missing, recursive=True)
    fs.rm(f"{dataset}/e", recursive=True)
    assert stored() == {}


def test_removing_a_folder_leaves_its_neighbours(fs: ProvenaFileSystem, dataset: str, stored: Stored) -> None:
    fs.pipe({f"{dataset}/{name}": b"1" for name in ("obs/a", "obs/b/c", "obsolete", "obs.csv", "obs-2/a")})
    fs.rm(f"{dataset}/obs", recursive=True, maxdepth=1)
    assert list(stored()) == ["obs-2/a", "obs.csv", "obs/b/c", "obsolete"]
    fs.rm(f"{dataset}/obs", recursive=True)
    assert list(stored()) == ["obs-2/a", "obs.csv", "obsolete"]


def test_many_files_are_removed_together(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, stored: Stored, requests: Requests
) -> None:
    for number in range(1_050):
        sandbox.storage.put(dataset, f"f/{number:04}", b"")
    before = len(requests())
    fs.rm(f"{dataset}/f", recursive=True)
    assert stored() == {}
    assert requests()[before:].count("DeleteObjects") == 2


def test_the_services_file_stays(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, tmp_path: Path
) -> None:
    path = f"{dataset}/metadata.json"
    local = tmp_path / "metadata.json"
    local.write_bytes(b"mine")
    before = sandbox.storage.files(dataset)["metadata.json"]
    fs.pipe({f"{dataset}/a": b"1", f"{dataset}/run/metadata.json": b"mine to change"})
    attempts: list[Callable[[], Any]] = [
        lambda: fs.pipe_file(path, b"x"),
        lambda: fs.put_file(str(local), path),
        lambda: fs.put(str(local), path),
        lambda: fs.cp_file(f"{dataset}/a", path),
        lambda: fs.mv(f"{dataset}/a", path),
        lambda: fs.touch(path),
        lambda: fs.rm(path),
        lambda: fs.rm_file(path),
        lambda: fs.open(path, "wb"),
        lambda: fs.open(path, "a"),
    ]
    for attempt in attempts:
        with pytest.raises(ServiceFileRefused):
            attempt()
    assert fs.cat_file(path) == before
    fs.rm(f"{dataset}/*")
    assert sorted(sandbox.storage.files(dataset)) == ["metadata.json", "run/metadata.json"]
    fs.rm(dataset, recursive=True)
    assert sandbox.storage.files(dataset) == {"metadata.json": before}
    fs.rm(dataset, recursive=True)
    assert fs.exists(dataset)


def test_folders_are_made_and_removed_by_doing_nothing(fs: ProvenaFileSystem, dataset: str) -> None:
    fs.mkdir(f"{dataset}/a")
    fs.makedirs(f"{dataset}/a/b", exist_ok=True)
    fs.mkdirs(f"{dataset}/a/b")
    fs.rmdir(f"{dataset}/a")
    assert not fs.exists(f"{dataset}/a")


def test_sending_folders(fs: ProvenaFileSystem, dataset: str, stored: Stored, tmp_path: Path) -> None:
    (tmp_path / "run" / "deep").mkdir(parents=True)
    (tmp_path / "run" / "a").write_bytes(b"1")
    (tmp_path / "run" / "deep" / "b").write_bytes(LARGE)
    fs.put(f"{tmp_path}/run/", f"{dataset}/out/", recursive=True)
    fs.put(f"{tmp_path}/run", f"{dataset}/out", recursive=True)
    assert stored() == {"out/a": b"1", "out/deep/b": LARGE, "out/run/a": b"1", "out/run/deep/b": LARGE}
    with pytest.raises(FileNotFoundError):
        fs.put_file(f"{tmp_path}/missing", f"{dataset}/x")
    with pytest.raises(NotAFile):
        fs.put_file(f"{tmp_path}/run/a", dataset)


def test_where_there_is_no_dataset(fs: ProvenaFileSystem, sandbox: Sandbox) -> None:
    for path in ("a", "", "10378.1"):
        with pytest.raises(NotAFile):
            fs.pipe_file(path, b"1")
        with pytest.raises(NotAFile):
            fs.rm(path, recursive=True)
    with pytest.raises(FileNotFoundError):
        fs.pipe_file("10378.1/404/a", b"1")
    assert [request.path for request in sandbox.requests if "write" in request.path] == []


def test_write_access_is_asked_for_when_something_is_written(
    fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str
) -> None:
    def asked() -> list[str]:
        return [
            request.path.rpartition("/")[2] for request in sandbox.requests if "credentials" in request.path
        ]

    fs.ls(dataset)
    assert asked() == ["generate-read-access-credentials"]
    for number in range(5):
        fs.pipe_file(f"{dataset}/{number}", b"1")
    assert asked() == ["generate-read-access-credentials", "generate-write-access-credentials"]
    writing = ProvenaFileSystem(access="write")
    writing.ls(dataset)
    assert asked()[2:] == ["generate-write-access-credentials"]


def test_a_file_system_that_only_reads(
    sandbox: Sandbox, dataset: str, tmp_path: Path, requests: Requests
) -> None:
    local = tmp_path / "a"
    local.write_bytes(b"1")
    fs = ProvenaFileSystem(access="read")
    attempts: list[Callable[[], Any]] = [
        lambda: fs.pipe_file(f"{dataset}/a", b"x"),
        lambda: fs.put_file(str(local), f"{dataset}/a"),
        lambda: fs.cp_file(f"{dataset}/metadata.json", f"{dataset}/a"),
        lambda: fs.rm(f"{dataset}/a"),
        lambda: fs.rm(dataset, recursive=True),
        lambda: fs.rm_file(f"{dataset}/a"),
        lambda: fs.touch(f"{dataset}/a"),
        lambda: fs.open(f"{dataset}/a", "wb"),
    ]
    for attempt in attempts:
        with pytest.raises(PermissionError, match="access='read'"):
            attempt()
    assert (len(sandbox.requests), requests()) == (0, [])
    assert fs.exists(f"{dataset}/metadata.json")


def test_locked_datasets(fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str) -> None:
    sandbox.set_access(dataset, locked=True)
    with pytest.raises(DatasetLocked, match="locked"):
        fs.pipe_file(f"{dataset}/a", b"1")
    with pytest.raises(PermissionError, match="locked"):
        fs.open(f"{dataset}/a", "wb")
    assert fs.exists(f"{dataset}/metadata.json")


def test_transactions(fs: ProvenaFileSystem, sandbox: Sandbox, dataset: str, stored: Stored) -> None:
    fs.ls(dataset)
    with fs.transaction:
        with fs.open(f"{dataset}/small", "wb") as file:
            file.write(b"1")
        with fs.open(f"{dataset}/large", "wb") as file:
            file.write(LARGE)
        assert stored() == {}
    assert stored() == {"small": b"1", "large": LARGE}
    assert f"{dataset}/small" in fs.ls(dataset, detail=False)

    def broken() -> None:
        with fs.transaction:
            with fs.open(f"{dataset}/small", "wb") as file:
                file.write(b"2")
            with fs.open(f"{dataset}/other", "wb") as file:
                file.write(LARGE)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert stored() == {"small": b"1", "large": LARGE}
    assert not sandbox.storage.store.uploads


def test_what_cannot_wait_for_the_end_of_a_transaction(
    fs: ProvenaFileSystem, dataset: str, stored: Stored
) -> None:
    fs.pipe_file(f"{dataset}/a", b"1")
    attempts: list[Callable[[], Any]] = [
        lambda: fs.pipe_file(f"{dataset}/b", b"x"),
        lambda: fs.cp_file(f"{dataset}/a", f"{dataset}/b"),
        lambda: fs.rm(f"{dataset}/a"),
        lambda: fs.rm_file(f"{dataset}/a"),
        lambda: fs.touch(f"{dataset}/b"),
    ]
    with fs.transaction:
        for attempt in attempts:
            with pytest.raises(NotImplementedError, match="transaction"):
                attempt()
    assert stored() == {"a": b"1"}


def test_signed_addresses(fs: ProvenaFileSystem, dataset: str) -> None:
    import urllib.request

    fs.pipe_file(f"{dataset}/a", b"1")
    with urllib.request.urlopen(fs.sign(f"{dataset}/a", expiration=60)) as answer:
        assert answer.read() == b"1"
    with pytest.raises(InvalidArgument):
        fs.sign(f"{dataset}/a", expiration=0)
    with pytest.raises(FileNotFoundError):
        fs.sign(f"{dataset}/missing")
    with pytest.raises(NotAFile):
        fs.sign(dataset)


@pytest.mark.parametrize("content", ["short", "x" * LARGE_CHARACTERS], ids=["whole", "in parts"])
@pytest.mark.parametrize("name", ["a.txt", "a.txt.gz"])
def test_fsspec_open_left_by_an_exception(
    sandbox: Sandbox, dataset: str, stored: Stored, requests: Requests, content: str, name: str
) -> None:
    opened = fsspec.open(f"provena://{dataset}/{name}", "w", compression="infer")
    with pytest.raises(ZeroDivisionError), opened as file:  # noqa: PT012 reason=it is the block that is left
        file.write(content)
        raise ZeroDivisionError
    assert stored() == {}
    assert requests().count("CreateMultipartUpload") == requests().count("AbortMultipartUpload")
