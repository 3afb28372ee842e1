"""Plans: what is known before anything moves, how it is shown, and that running it does just that."""

from __future__ import annotations

import base64
import errno
import html
import itertools
import os
import pickle
import shutil
from collections import namedtuple
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.datasets.paths import part_name, part_stem
from provena_sdk.errors import (
    FileAccessDenied,
    FileConflict,
    InvalidArgument,
    NotEnoughSpace,
    TransferFailed,
    UnsafePath,
)
from provena_sdk.s3.checksums import Hasher, composite, crc32, md5, new_hasher
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.models import FileInfo, ObjectState, modified_ns
from provena_sdk.sandbox.object_store import RequestRecord, Server, StoredObject
from provena_sdk.sandbox.object_store.storage.objects import Part
from provena_sdk.transfer.draft import Draft, draft_download, draft_upload
from provena_sdk.transfer.local import view as view_module
from provena_sdk.transfer.local.scan import LocalFile, Scan
from provena_sdk.transfer.local.seal import Seal
from provena_sdk.transfer.local.seen import Seen
from provena_sdk.transfer.local.view import DestinationView, Found, InTheWay
from provena_sdk.transfer.plan import DownloadPlan, TransferPlan
from provena_sdk.transfer.runner import DownloadRunner
from provena_sdk.transfer.spec.items import PlanItem
from provena_sdk.transfer.spec.options import Choice, TransferOptions
from provena_sdk.transfer.spec.patterns import Selection
from provena_sdk.transfer.verify.checksum import digest_of
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Stored = Callable[[], dict[str, bytes]]
Tree = Callable[[Path], dict[str, bytes]]
Plant = Callable[[Path, dict[str, bytes]], Path]

MOMENT = datetime(2024, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


def actions(plan: Sequence[PlanItem]) -> dict[str, str]:
    return {item.path: item.action for item in plan}


def info(path: str, size: int = 1) -> FileInfo:
    return FileInfo(path, size, "e", MOMENT)


def drafted(
    paths: list[str],
    root: Path,
    *,
    windows: bool = False,
    map_names: bool = False,
    strip: str = "",
    add: str = "",
) -> Draft:
    view = DestinationView(root)
    return draft_download(map(info, paths), view, windows=windows, map_names=map_names, strip=strip, add=add)


def uploads(
    paths: list[str], remote: list[FileInfo], *, map_names: bool = False, delete: bool = False, size: int = 1
) -> Draft:
    found = Scan(tuple(LocalFile(path, Seen(size, 0)) for path in paths), ())
    return draft_upload(
        found, remote, prefix="datasets/x/", selection=Selection(), map_names=map_names, delete=delete
    )


def test_a_plan_names_what_is_new_changed_and_the_same(
    files: Dataset, put: Put, tree: Tree, plant: Plant, tmp_path: Path
) -> None:
    put({"new": b"1", "longer": b"22", "other": b"333", "same": b"4444", "empty": b""})
    plant(tmp_path, {"longer": b"2", "other": b"xyz", "same": b"4444", "empty": b"", "mine": b"5"})
    plan = files.plan_download(tmp_path)
    assert actions(plan) == {
        "empty": "same",
        "longer": "changed",
        "new": "new",
        "other": "changed",
        "same": "same",
    }
    assert plan.counts() == {"new": 1, "changed": 2, "same": 2}
    assert plan.total_bytes == 6
    assert [item.path for item in plan.only("changed")] == ["longer", "other"]
    before = tree(tmp_path)
    print(plan)
    assert tree(tmp_path) == before
    report = plan.run()
    assert {outcome.path: outcome.outcome for outcome in report} == {
        "empty": "same",
        "longer": "downloaded",
        "new": "downloaded",
        "other": "downloaded",
        "same": "same",
    }
    assert tree(tmp_path) == {
        "new": b"1",
        "longer": b"22",
        "other": b"333",
        "same": b"4444",
        "empty": b"",
        "mine": b"5",
    }


def test_a_plan_to_upload_names_the_same(
    files: Dataset, put: Put, stored: Stored, plant: Plant, tmp_path: Path
) -> None:
    put({"longer": b"22", "other": b"333", "same": b"4444", "theirs": b"5"})
    plant(tmp_path, {"new": b"1", "longer": b"2", "other": b"xyz", "same": b"4444", "metadata.json": b"m"})
    plan = files.plan_upload(tmp_path)
    assert actions(plan) == {
        "longer": "changed",
        "metadata.json": "skip",
        "new": "new",
        "other": "changed",
        "same": "same",
    }
    assert stored()["other"] == b"333"
    assert plan.run().counts() == {"uploaded": 3, "skipped": 1, "same": 1}
    assert stored() == {"new": b"1", "longer": b"2", "other": b"xyz", "same": b"4444", "theirs": b"5"}


def test_planning_asks_for_no_right_to_write(
    files: Dataset, asked: list[tuple[str, Access]], plant: Plant, tmp_path: Path
) -> None:
    plan = files.plan_upload(plant(tmp_path, {"a": b"1"}))
    assert {access for _, access in asked} == {Access.READ}
    plan.run()
    assert asked[-1][1] is Access.WRITE


def test_a_dry_run_makes_no_folder(files: Dataset, put: Put, tmp_path: Path) -> None:
    put({"a/A": b"1", "a/a": b"2"})
    plan = files.plan_download(tmp_path / "new" / "folder")
    assert list(tmp_path.iterdir()) == []
    plan.run()
    assert len(list((tmp_path / "new" / "folder" / "a").iterdir())) == 2


def in_parts(
    server: Server, location: DatasetLocation, path: str, parts: list[bytes], **options: Any
) -> None:
    """Put an object as another tool would, in parts of any size and without a checksum beside the ETag."""
    digests = [md5(part) for part in parts]
    stored = [
        Part(number, server.store.kept.blob(part), digest)
        for number, (part, digest) in enumerate(zip(parts, digests, strict=True), 1)
    ]
    fields: dict[str, Any] = {
        "etag": composite(digests),
        "modified": MOMENT,
        "headers": {},
        "multipart": True,
    } | options
    server.store.put_object(location.bucket, StoredObject(location.prefix + path, tuple(stored), **fields))


@pytest.mark.parametrize(
    "parts",
    [[b"12345", b"12345", b"12"], [b"12345", b"1", b"123456"], [b"123456789012"], [b"12", b"1234567890"]],
)
def test_files_in_parts_are_compared_by_their_parts(
    files: Dataset,
    server: Server,
    location: DatasetLocation,
    plant: Plant,
    tmp_path: Path,
    parts: list[bytes],
) -> None:
    in_parts(server, location, "big", parts)
    plant(tmp_path, {"big": b"".join(parts)})
    assert actions(files.plan_download(tmp_path)) == {"big": "same"}
    assert actions(files.plan_upload(tmp_path)) == {"big": "same"}
    plant(tmp_path, {"big": b"X" + b"".join(parts)[1:]})
    assert [(item.action, item.reason) for item in files.plan_download(tmp_path)] == [("changed", None)]
    assert actions(files.plan_upload(tmp_path)) == {"big": "changed"}


def test_what_this_sdk_sent_in_parts_is_known_by_one_checksum(
    files: Dataset, server: Server, plant: Plant, tmp_path: Path
) -> None:
    data = os.urandom(17 * 1024 * 1024)
    plant(tmp_path, {"big": data})
    files.upload_all(tmp_path)
    server.activity.requests.clear()
    assert actions(files.plan_download(tmp_path)) == {"big": "same"}
    assert len(server.activity.requests) == 2
    with (tmp_path / "big").open("r+b") as file:
        file.seek(9_000_000)
        file.write(bytes([data[9_000_000] ^ 1]))
    assert actions(files.plan_upload(tmp_path)) == {"big": "changed"}


def test_what_cannot_be_told_is_said(
    files: Dataset, server: Server, location: DatasetLocation, plant: Plant, tmp_path: Path
) -> None:
    opaque = {"x-amz-server-side-encryption": "aws:kms"}
    in_parts(server, location, "kms", [b"12"], headers=opaque, etag=md5(b"another"), multipart=False)
    in_parts(server, location, "kms-parts", [b"12", b"3"], headers=opaque)
    in_parts(server, location, "odd", [b"12", b"3"], etag="no-md5")
    plan = files.plan_download(plant(tmp_path, {"kms": b"12", "kms-parts": b"123", "odd": b"123"}))
    assert actions(plan) == dict.fromkeys(["kms", "kms-parts", "odd"], "changed")
    assert {item.reason for item in plan} == {
        "it cannot be compared: the store's ETag is not a checksum here"
    }


def test_a_checksum_beside_an_opaque_etag_is_enough(
    files: Dataset, server: Server, location: DatasetLocation, plant: Plant, tmp_path: Path
) -> None:
    opaque = {"x-amz-server-side-encryption": "aws:kms"}
    kept = {"crc32": base64.b64encode(crc32(b"12")).decode()}
    fields: dict[str, Any] = {"headers": opaque, "multipart": False, "checksums": kept}
    in_parts(server, location, "kms", [b"12"], etag=md5(b"another"), **fields)
    plant(tmp_path, {"kms": b"12"})
    assert actions(files.plan_download(tmp_path)) == {"kms": "same"}
    plant(tmp_path, {"kms": b"21"})
    assert [(item.action, item.reason) for item in files.plan_download(tmp_path)] == [("changed", None)]


def test_parts_are_compared_by_a_crc_where_the_etag_is_opaque(
    files: Dataset, server: Server, location: DatasetLocation, plant: Plant, tmp_path: Path
) -> None:
    parts = [b"12345", b"1", b"123456"]
    of_parts = crc32(b"".join(map(crc32, parts)))
    fields: dict[str, Any] = {
        "headers": {"x-amz-server-side-encryption": "aws:kms"},
        "checksums": {"crc32": f"{base64.b64encode(of_parts).decode()}-3"},
        "checksum_type": "COMPOSITE",
    }
    in_parts(server, location, "kms", parts, **fields)
    plant(tmp_path, {"kms": b"".join(parts)})
    assert actions(files.plan_download(tmp_path)) == {"kms": "same"}
    plant(tmp_path, {"kms": b"X" + b"".join(parts)[1:]})
    assert [(item.action, item.reason) for item in files.plan_download(tmp_path)] == [("changed", None)]


@pytest.mark.parametrize("kept", ["crc64nvme", "nothing"])
def test_md5_is_computed_of_large_files_only_if_the_store_keeps_nothing_else(
    files: Dataset,
    server: Server,
    location: DatasetLocation,
    plant: Plant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kept: str,
) -> None:
    data = os.urandom(2_000_000)
    whole = base64.b64encode(digest_of([data], "crc64nvme")).decode()
    checksums = {"crc64nvme": whole} if kept == "crc64nvme" else {}
    in_parts(server, location, "a", [data], etag=md5(data), multipart=False, checksums=checksums)
    plant(tmp_path, {"a": data})
    used: list[str] = []

    def hasher(algorithm: str) -> Hasher | None:
        used.append(algorithm)
        return new_hasher(algorithm)

    monkeypatch.setattr("provena_sdk.transfer.verify.compare.new_hasher", hasher)
    assert actions(files.plan_download(tmp_path)) == {"a": "same"}
    assert used == ["crc64nvme" if checksums else "md5"]
    plant(tmp_path, {"a": bytes([data[0] ^ 1]) + data[1:]})
    assert actions(files.plan_download(tmp_path)) == {"a": "changed"}


def test_what_is_replaced_while_it_is_compared_counts_as_changed(
    files: Dataset,
    server: Server,
    location: DatasetLocation,
    put: Put,
    tree: Tree,
    plant: Plant,
    tmp_path: Path,
) -> None:
    in_parts(server, location, "big", [b"12", b"34"])
    plant(tmp_path, {"big": b"1234"})

    def replace(record: RequestRecord) -> None:
        if record.operation == "ListObjectsV2":
            put({"big": b"5678"})

    server.activity.on_request = replace
    try:
        plan = files.plan_download(tmp_path)
    finally:
        server.activity.on_request = None
    assert actions(plan) == {"big": "changed"}
    plan.run()
    assert tree(tmp_path) == {"big": b"5678"}


def test_no_file_is_hashed_and_none_asked_about_for_an_empty_destination(
    files: Dataset, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put({f"{number}": b"x" for number in range(20)})
    monkeypatch.setattr("provena_sdk.transfer.draft.compare", None)
    assert files.plan_download(tmp_path).counts() == {"new": 20}


def test_plain_checksums_need_no_request(
    files: Dataset, put: Put, server: Server, plant: Plant, tmp_path: Path
) -> None:
    contents = {f"{number}": b"x" * number for number in range(1, 150)}
    put(contents)
    plant(tmp_path, contents)
    files.plan_download(tmp_path)
    server.activity.requests.clear()
    assert files.plan_download(tmp_path).counts() == {"same": 149}
    assert len(server.activity.requests) == 1


@pytest.mark.parametrize("refused", ["object", "part"])
def test_a_file_of_which_the_store_tells_nothing_sinks_no_plan(
    files: Dataset,
    server: Server,
    location: DatasetLocation,
    plant: Plant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    refused: str,
) -> None:
    in_parts(server, location, "odd", [b"12", b"3"])
    in_parts(server, location, "fine", [b"45"], etag=md5(b"45"))
    real = ObjectClient.head

    async def head(client: ObjectClient, path: str, **options: Any) -> ObjectState:
        if refused == "object" or options.get("part"):
            raise FileAccessDenied("no", path=path)
        return await real(client, path, **options)

    monkeypatch.setattr(ObjectClient, "head", head)
    plan = files.plan_download(plant(tmp_path, {"odd": b"123", "fine": b"45"}))
    assert actions(plan) == {"fine": "same", "odd": "changed"}
    assert "cannot be compared" in str(plan)


def test_a_file_that_cannot_be_read_counts_as_changed(
    files: Dataset, put: Put, plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put({"a": b"1"})
    plant(tmp_path, {"a": b"1"})

    def refuse(*args: object, **options: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("provena_sdk.transfer.verify.compare.open", refuse, raising=False)
    [item] = files.plan_download(tmp_path)
    assert (item.action, item.reason) == ("changed", "the local file cannot be read")


def test_what_appeared_meanwhile_is_kept(
    files: Dataset, put: Put, tree: Tree, plant: Plant, tmp_path: Path
) -> None:
    put({"a": b"1", "b": b"2", "c": b"3", "d/e": b"4", "f": b"5", "g": b"6"})
    plant(tmp_path, {"c": b"33", "f": b"old"})
    plan = files.plan_download(tmp_path)
    # The same as in the dataset; other; changed since; a file for a folder; removed since; untouched.
    plant(tmp_path, {"a": b"1", "b": b"mine", "c": b"mine too", "d": b"a file"})
    (tmp_path / "f").unlink()
    report = plan.run(raise_for_failures=False)
    assert {outcome.path: outcome.outcome for outcome in report} == {
        "a": "same",
        "b": "conflict",
        "c": "conflict",
        "d/e": "conflict",
        "f": "downloaded",
        "g": "downloaded",
    }
    assert tree(tmp_path) == {"a": b"1", "b": b"mine", "c": b"mine too", "d": b"a file", "f": b"5", "g": b"6"}
    assert "appeared or changed" in str(report)
    hints = {outcome.path: getattr(outcome.error, "hint", None) for outcome in report.failed}
    assert hints["b"] == hints["c"] == "Make a new plan from the current files."


def test_a_plan_can_be_run_again(files: Dataset, put: Put, tree: Tree, tmp_path: Path) -> None:
    put({"a": b"1", "b": b"2"})
    plan = files.plan_download(tmp_path)
    assert plan.run().counts() == {"downloaded": 2}
    (tmp_path / "b").unlink()
    assert plan.run().counts() == {"same": 1, "downloaded": 1}


def test_conflicts_are_reported_one_by_one(
    files: Dataset, put: Put, tree: Tree, plant: Plant, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    put(
        {
            "folder": b"1",
            "file/x": b"2",
            "file/y": b"3",
            "out/x": b"4",
            "run": b"5",
            "run/log": b"6",
            "ok": b"7",
        }
    )
    there = plant(tmp_path / "there", {"folder/mine": b"m", "file": b"m"})
    (there / "out").symlink_to(tmp_path / "outside")
    os.mkfifo(there / "ok")
    plan = files.plan_download(there)
    assert actions(plan) == {
        "file/x": "conflict",
        "file/y": "conflict",
        "folder": "conflict",
        "ok": "conflict",
        "out/x": "refused",
        "run": "conflict",
        "run/log": "new",
    }
    with pytest.raises(TransferFailed) as caught:
        plan.run()
    kinds = {error.path: type(error) for error in caught.value.errors if hasattr(error, "path")}
    assert kinds.pop("out/x") is UnsafePath
    assert set(kinds.values()) == {FileConflict}
    assert len(kinds) == 5
    assert list((tmp_path / "outside").iterdir()) == []
    assert (there / "file").read_bytes() == b"m"


def test_uploads_that_would_hide_files_are_conflicts(
    files: Dataset, put: Put, stored: Stored, plant: Plant, tmp_path: Path
) -> None:
    put({"b": b"1", "d/e": b"2", "both": b"3", "both/x": b"4"})
    source = plant(tmp_path, {"b/c": b"5", "d": b"6", "both": b"7", "fine": b"8"})
    plan = files.plan_upload(source)
    assert actions(plan) == {"b/c": "conflict", "d": "conflict", "both": "changed", "fine": "new"}
    plan.run(raise_for_failures=False)
    assert stored() == {"b": b"1", "d/e": b"2", "both": b"7", "both/x": b"4", "fine": b"8"}


def test_collisions_count_only_where_case_is_ignored(
    plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given_paths = ["A.txt", "a.txt", "caf\u00e9", "cafe\u0301", "there.txt", "Sub/x"]
    plant(tmp_path, {"There.txt": b"m", "sub/X": b"m"})
    assert {item.action for item in drafted(given_paths, tmp_path).items} == {"new"}
    monkeypatch.setattr(view_module, "ignores_case", lambda folder: True)
    found = {item.path: (item.action, item.reason) for item in drafted(given_paths, tmp_path).items}
    assert {path for path, (action, _) in found.items() if action == "new"} == {"A.txt", "caf\u00e9"}
    assert found["a.txt"] == ("conflict", "it differs from 'A.txt' only in case or Unicode form")
    assert found["there.txt"][1] == "'There.txt' exists, which differs only in case or Unicode form"
    assert found["Sub/x"][1] == "'X' exists, which differs only in case or Unicode form"


def test_names_windows_cannot_hold_are_refused_or_mapped(tmp_path: Path) -> None:
    [nul, ok] = drafted(["nul.txt", "ok"], tmp_path, windows=True).items
    assert (nul.action, ok.action) == ("refused", "new")
    assert str(nul.error) == "'nul.txt' was refused: 'nul.txt' is a device on Windows."
    items = drafted(["nul.txt", "a:b/c.", "../x"], tmp_path, windows=True, map_names=True).items
    assert {item.path: item.local for item in items if item.action == "new"} == {
        "nul.txt": "%6Eul.txt",
        "a:b/c.": "a%3Ab/c%2E",
    }
    assert actions(items)["../x"] == "refused"


def test_mapped_names_come_back(files: Dataset, put: Put, stored: Stored, tree: Tree, tmp_path: Path) -> None:
    contents = {"2024-05-01T12:00/NUL.txt": b"1", "50%25.csv": b"2", "plain": b"3"}
    put(contents)
    options = TransferOptions(map_names=True)
    files.download_all(tmp_path, options=options)
    assert set(tree(tmp_path)) == {"2024-05-01T12%3A00/%4EUL.txt", "50%2525.csv", "plain"}
    (tmp_path / "plain").write_bytes(b"4")
    (tmp_path / "lower%3a").write_bytes(b"5")
    plan = files.plan_upload(tmp_path, options=options)
    assert actions(plan) == dict.fromkeys(contents, "same") | {"plain": "changed", "lower%3a": "refused"}
    plan.run(raise_for_failures=False)
    assert stored() == contents | {"plain": b"4"}


def test_folders_are_stripped_and_added(tmp_path: Path) -> None:
    [item] = drafted(["a/b/c.txt"], tmp_path, strip="a/b/", add="b/").items
    assert item.local == "b/c.txt"


def test_upload_plans_leave_out_what_may_not_be_sent() -> None:
    items = uploads(["metadata.json", "a\\b", "x" * 1020, "ok"], []).items
    assert {item.path[:13]: item.action for item in items} == {
        "metadata.json": "skip",
        "a\\b": "refused",
        "x" * 13: "refused",
        "ok": "new",
    }
    [huge] = uploads(["huge"], [], size=5 * 1024**4 + 1).items
    assert (huge.action, huge.reason) == ("refused", "it is larger than 5 TiB, the limit of S3")


def test_a_deleted_file_makes_way_for_a_folder() -> None:
    assert actions(uploads(["b/c"], [info("b")]).items) == {"b/c": "conflict"}
    assert actions(uploads(["b/c"], [info("b")], delete=True).items) == {"b/c": "new", "b": "delete"}


def test_times_are_read_without_rounding() -> None:
    assert modified_ns(MOMENT) == 1_714_564_800_123_456_000


def sized(used: int) -> Callable[[object], object]:
    usage = namedtuple("usage", ["total", "used", "free"])
    return lambda path: usage(100, 100 - used, used)


def test_space_is_looked_at_before_anything_is_fetched(
    files: Dataset, put: Put, tree: Tree, plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put({"a": b"x" * 3000, "b": b"y" * 2000})
    plant(tmp_path, {"a": b"o" * 1000})
    monkeypatch.setattr(shutil, "disk_usage", sized(3999))
    with pytest.raises(
        NotEnoughSpace, match=r"4\.0 kB are needed in .*, but only 4\.0 kB are free"
    ) as caught:
        files.download_all(tmp_path)
    assert caught.value.errno == errno.ENOSPC
    assert isinstance(caught.value, OSError)
    assert pickle.loads(pickle.dumps(caught.value)).errno == errno.ENOSPC
    assert tree(tmp_path) == {"a": b"o" * 1000}
    monkeypatch.setattr(shutil, "disk_usage", sized(4000))
    files.download_all(tmp_path)
    assert len(tree(tmp_path)["b"]) == 2000


def test_where_there_is_no_room_no_folder_is_made(
    files: Dataset, put: Put, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put({"obs/a": b"x" * 3000})
    monkeypatch.setattr(shutil, "disk_usage", sized(2999))
    with pytest.raises(NotEnoughSpace):
        files.download_all(tmp_path / "new" / "data")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.setattr(shutil, "disk_usage", sized(3000))
    files.download_all(tmp_path / "new" / "data")
    assert list(tree(tmp_path)) == ["new/data/obs/a"]


def test_a_file_needs_its_whole_space_until_it_replaces_the_old_one(
    files: Dataset, put: Put, tree: Tree, plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put({"a": b"x" * 3000})
    plant(tmp_path, {"a": b"o" * 2900})
    monkeypatch.setattr(shutil, "disk_usage", sized(2999))
    with pytest.raises(NotEnoughSpace):
        files.download_all(tmp_path)
    assert tree(tmp_path) == {"a": b"o" * 2900}
    monkeypatch.setattr(shutil, "disk_usage", sized(3000))
    assert files.download_all(tmp_path).counts() == {"downloaded": 1}


def test_what_a_broken_download_left_needs_no_space(plant: Plant, tmp_path: Path) -> None:
    left = part_name("a.csv", Seal.load().token(part_stem("a.csv")))
    plant(tmp_path, {f"obs/{left}": b"x" * 100_000, "obs/.b.csv.5f3a.provena-part": b"x" * 100_000})
    view = DestinationView(tmp_path)
    assert 0 < view.resumable_bytes("obs/a.csv") <= 100_000
    assert view.resumable_bytes("obs/b.csv") == 0, "it is somebody's"
    assert view.resumable_bytes("obs/b.csv") == 0


NAMES = ["a", "b", "a.b", "a-b", " "]
PATHS = st.sampled_from(
    ["/".join(names) for depth in (1, 2, 3) for names in itertools.product(NAMES, repeat=depth)]
)


@given(st.sets(PATHS, max_size=8), st.sets(PATHS, max_size=8))
def test_looking_finds_what_is_there(
    tmp_path_factory: pytest.TempPathFactory, there: set[str], asked_for: set[str]
) -> None:
    root = tmp_path_factory.mktemp("view")
    for path in sorted(there):
        try:
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(path.encode())
        except OSError:
            continue  # a file is where a folder would be, or the other way round
    view = DestinationView(root)
    for path in sorted(asked_for):
        place, found = root / path, view.look(path)
        above = any(parent.is_file() for parent in place.parents)
        if place.is_dir() or above:
            assert isinstance(found, InTheWay)
        elif place.is_file():
            assert found == Found(Seen(place.stat().st_size, place.stat().st_mtime_ns), link=False)
        else:
            assert found is None
    shutil.rmtree(root)


def plan_of(items: list[PlanItem], files: Dataset) -> TransferPlan:
    return DownloadPlan(
        items, Path("data"), files.location.dataset_id, TransferOptions(), DownloadRunner(files)
    )


def test_printing_is_the_dry_run(files: Dataset) -> None:
    items = [PlanItem("new", f"obs/{number:02}.csv", 1000, f"obs/{number:02}.csv") for number in range(22)]
    items += [
        PlanItem("same", "same", 5),
        PlanItem("refused", "../x\x1b[2J", reason="it holds\na '..' segment"),
    ]
    plan = plan_of(items, files)
    lines = str(plan).splitlines()
    dataset_id = files.location.dataset_id
    assert lines[:5] == [
        f"Download of dataset {dataset_id} into 'data': 22.0 kB to transfer",
        "  new              22 files   22.0 kB",
        "  same              1 file        5 B",
        "  refused           1 file        0 B",
        "  refused   ../x\\x1b[2J (0 B): it holds a '..' segment",
    ]
    assert lines[5] == "  new       obs/00.csv (1.0 kB)"
    assert lines[-2:] == ["  new       obs/19.csv (1.0 kB)", "  … and 2 more"]
    assert repr(plan) == "<DownloadPlan: 22 new, 1 same, 1 refused; 22.0 kB to transfer>"
    assert "no files" in repr(plan_of([], files))


def test_plans_show_themselves_in_notebooks_without_running_anything(files: Dataset) -> None:
    nasty = "<script>alert(1)</script>.csv"
    page = plan_of([PlanItem("new", nasty, 7)] * 21, files)._repr_html_()
    assert nasty not in page
    assert page.count(html.escape(nasty)) == 20
    assert "… and 1 more" in page


def test_what_is_deleted_comes_before_the_rest_of_a_plan(files: Dataset) -> None:
    items = [PlanItem("new", f"a{number:02}") for number in range(30)]
    items += [PlanItem("skip", f"b{number:02}", reason="left") for number in range(30)]
    items += [PlanItem("delete", "c"), PlanItem("refused", "d"), PlanItem("conflict", "e")]
    plan = plan_of(items, files)
    page = plan._repr_html_()
    order = [page.index(f">{path}</td>") for path in ("d", "e", "c", "b00", "a00")]
    assert order == sorted(order)
    assert [line.split()[:2] for line in str(plan).splitlines()[6:10]] == [
        ["refused", "d"],
        ["conflict", "e"],
        ["delete", "c"],
        ["skip", "b00"],
    ]


def test_plans_are_sequences(files: Dataset) -> None:
    plan = plan_of([PlanItem("new", "a", 1), PlanItem("same", "b", 2)], files)
    assert len(plan) == 2
    assert plan[0].path == "a"
    assert [item.path for item in plan[:1]] == ["a"]
    assert PlanItem("same", "b", 2) in plan
    assert plan.total_bytes == 1


def test_patterns_choose_on_both_ways(
    files: Dataset, put: Put, stored: Stored, tree: Tree, plant: Plant, tmp_path: Path
) -> None:
    put({"obs/a.csv": b"1", "obs/a.nc": b"2", "tmp/b.csv": b"3"})
    choice = Choice(Selection("*.csv", "tmp/"))
    assert actions(files.plan_download(tmp_path, choice=choice)) == {"obs/a.csv": "new"}
    inside = files.plan_download(tmp_path, path="obs/", choice=choice)
    assert actions(inside) == {"obs/a.csv": "new"}
    assert inside[0].local == "a.csv"
    source = plant(tmp_path / "up", {"n.csv": b"4", "n.txt": b"5", "tmp/m.csv": b"6"})
    assert actions(files.plan_upload(source, choice=choice)) == {"n.csv": "new"}


def test_patterns_that_take_nothing_are_told(files: Dataset, put: Put, plant: Plant, tmp_path: Path) -> None:
    put({"obs/a.csv": b"1", "b.csv": b"2"})
    source = plant(tmp_path / "up", {"n.csv": b"4"})
    choice = Choice(Selection("*.cvs"))
    down, up = files.plan_download(tmp_path / "new", choice=choice), files.plan_upload(source, choice=choice)
    assert str(down).endswith("0 B to transfer; include and exclude match none of 2 files")
    assert "none of 2 files" in down._repr_html_()
    assert str(up).endswith("include and exclude match none of 1 file")
    for plan, told in ((down, "2 files"), (up, "1 file")):
        assert str(plan.run()).endswith(f"; include and exclude matched none of {told}")
    below = files.plan_download(tmp_path / "new", path="obs", choice=choice)
    assert "none of 1 file" in str(below)
    # With nothing to choose from, the patterns are not to blame.
    (tmp_path / "empty").mkdir()
    for plan in (files.plan_upload(tmp_path / "empty", choice=choice), files.plan_download(tmp_path / "new")):
        assert "none of" not in f"{plan} {plan.run()}"


@pytest.mark.parametrize(
    "options",
    [
        {"verify": "md5"},
        {"concurrency": 0},
        {"limit_rate": "fast"},
        {"limit_rate": 10},
        {"max_connections": 0},
        {"max_connections": 1.5},
    ],
)
def test_options_that_are_none(options: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        TransferOptions(**options)  # type: ignore[arg-type]  # that is what this is about
    with pytest.raises(InvalidArgument):
        Choice(compare="size")  # type: ignore[arg-type]  # and so is this
