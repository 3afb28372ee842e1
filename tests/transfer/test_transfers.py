"""Whole transfers against an object store that checks signatures, prefixes and expiry."""

import errno
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk import Deployment, Provena
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.datasets.paths import part_name, part_stem
from provena_sdk.errors import (
    DatasetFileNotFound,
    FileConflict,
    Forbidden,
    InvalidArgument,
    TransferFailed,
    UnsafePath,
)
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.object_store import Server
from provena_sdk.transfer.local.destination import Destination
from provena_sdk.transfer.local.seal import Seal
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Stored = Callable[[], dict[str, bytes]]
Tree = Callable[[Path], dict[str, bytes]]
Plant = Callable[[Path, dict[str, bytes]], Path]

ODD_NAMES = {
    "empty.dat": b"",
    "with space.txt": b"1",
    "50% + more #1?.csv": b"2",
    "sub/ünïcode/海洋 🐠.nc": b"3",
    "sub/deep/er/a&b=c;d.txt": b"4",
    "?versionId=7": b"5",
    "sub/'quotes\" <x>.txt": b"6",
    "trailing.": b"7",
    "n" * 255: b"8",
    "ü" * 127 + "x": b"9",
    "tilde~and*star": b"10",
    "line\nbreak": b"11",
}


def test_what_goes_up_comes_down(
    files: Dataset, stored: Stored, plant: Plant, tree: Tree, tmp_path: Path
) -> None:
    source = plant(tmp_path / "source", ODD_NAMES)
    sent = files.upload_all(source)
    assert stored() == ODD_NAMES
    assert sent.counts() == {"uploaded": len(ODD_NAMES)}
    assert {outcome.verified for outcome in sent} == {"checksum"}
    fetched = files.download_all(tmp_path / "copy")
    assert tree(tmp_path / "copy") == ODD_NAMES
    assert {outcome.verified for outcome in fetched} == {"checksum"}
    assert [outcome.path for outcome in fetched] == sorted(ODD_NAMES)


def test_listing(files: Dataset, put: Put) -> None:
    put({"b/2.csv": b"22", "a.csv": b"1", "folder/": b"", "metadata.json": b"{}"})
    found = files.list()
    assert [str(info) for info in found] == ["a.csv", "b/2.csv", "metadata.json"]
    assert [info.size for info in found] == [1, 2, 2]
    assert Path("x") / found[1] == Path("x/b/2.csv")
    assert found[0].modified.tzinfo is not None


def test_more_files_than_one_page_lists(files: Dataset, put: Put, tree: Tree, tmp_path: Path) -> None:
    contents = {f"many/{number:04}.txt": b"%d" % number for number in range(1_010)}
    put(contents)
    assert len(files.list()) == 1_010
    report = files.download_all(tmp_path)
    assert report.counts() == {"downloaded": 1_010}
    assert tree(tmp_path) == contents


def test_large_files_go_in_parts(
    files: Dataset, server: Server, location: DatasetLocation, stored: Stored, tree: Tree, tmp_path: Path
) -> None:
    data = random.Random(1).randbytes(20 * 1024**2 + 17)
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "big.nc").write_bytes(data)
    [sent] = files.upload_all(tmp_path / "source")
    assert (sent.verified, sent.bytes) == ("checksum", len(data))
    assert stored() == {"big.nc": data}
    assert server.store.head(location.bucket, location.key("big.nc")).etag.strip('"').endswith("-5")
    [fetched] = files.download_all(tmp_path / "copy")
    assert (fetched.verified, fetched.bytes) == ("checksum", len(data))
    assert tree(tmp_path / "copy") == {"big.nc": data}


def test_a_second_upload_replaces_the_first(
    files: Dataset, stored: Stored, plant: Plant, tmp_path: Path
) -> None:
    source = plant(tmp_path, {"a.csv": b"old", "b.csv": b"same"})
    files.upload_all(source)
    plant(tmp_path, {"a.csv": b"new"})
    report = files.upload_all(source)
    assert report.counts() == {"uploaded": 1, "same": 1}
    assert stored() == {"a.csv": b"new", "b.csv": b"same"}


def test_a_second_download_replaces_the_first(files: Dataset, put: Put, tree: Tree, tmp_path: Path) -> None:
    put({"a.csv": b"old"})
    files.download_all(tmp_path)
    put({"a.csv": b"new"})
    files.download_all(tmp_path)
    assert tree(tmp_path) == {"a.csv": b"new"}


def test_empty_folders_and_datasets(files: Dataset, stored: Stored, tmp_path: Path) -> None:
    (tmp_path / "source" / "nothing").mkdir(parents=True)
    assert len(files.upload_all(tmp_path / "source")) == 0
    assert stored() == {}
    assert files.list() == []
    assert len(files.download_all(tmp_path / "copy")) == 0
    assert (tmp_path / "copy").is_dir()


def test_the_service_keeps_its_metadata(
    files: Dataset, put: Put, stored: Stored, plant: Plant, tree: Tree, tmp_path: Path
) -> None:
    put({"metadata.json": b"the service's"})
    source = plant(tmp_path / "source", {"metadata.json": b"mine", "run/metadata.json": b"a run's"})
    report = files.upload_all(source)
    assert {outcome.path: outcome.outcome for outcome in report} == {
        "metadata.json": "skipped",
        "run/metadata.json": "uploaded",
    }
    assert "belongs to the service" in str(report)
    assert stored() == {"metadata.json": b"the service's", "run/metadata.json": b"a run's"}
    files.download_all(tmp_path / "copy")
    assert tree(tmp_path / "copy")["metadata.json"] == b"the service's"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("obs/2024/may.csv", {"may.csv"}),
        ("/obs/2024/may.csv", {"may.csv"}),
        ("obs", {"obs/readme.txt", "obs/2024/may.csv"}),
        ("obs/", {"readme.txt", "2024/may.csv"}),
        ("obs/2024", {"2024/may.csv"}),
        ("obs/2024/", {"may.csv"}),
        ("obsolete", {"obsolete"}),
        ("", {"obs/readme.txt", "obs/2024/may.csv", "obsolete", "obs2/x"}),
        ("/", {"obs/readme.txt", "obs/2024/may.csv", "obsolete", "obs2/x"}),
    ],
)
def test_path_forms(
    files: Dataset, put: Put, tree: Tree, tmp_path: Path, path: str, expected: set[str]
) -> None:
    put({"obs/readme.txt": b"1", "obs/2024/may.csv": b"2", "obsolete": b"3", "obs2/x": b"4"})
    files.download_specific(path, tmp_path)
    assert set(tree(tmp_path)) == expected


def test_a_path_that_is_a_file_and_a_folder_means_the_file(
    files: Dataset, put: Put, tree: Tree, tmp_path: Path
) -> None:
    put({"run": b"file", "run/log": b"in folder"})
    files.download_specific("run", tmp_path / "file")
    assert tree(tmp_path / "file") == {"run": b"file"}
    files.download_specific("run/", tmp_path / "folder")
    assert tree(tmp_path / "folder") == {"log": b"in folder"}


def test_a_file_in_the_way_of_a_folder_is_refused(
    files: Dataset, put: Put, tree: Tree, tmp_path: Path
) -> None:
    put({"run": b"file", "run/log": b"in folder", "other": b"x"})
    report = files.download_all(tmp_path, raise_for_failures=False)
    assert tree(tmp_path) == {"run/log": b"in folder", "other": b"x"}
    [taken] = report.failed
    assert (taken.path, taken.outcome) == ("run", "conflict")
    assert isinstance(taken.error, FileConflict)


def test_an_unknown_path_names_what_comes_near(files: Dataset, put: Put, tmp_path: Path) -> None:
    put({"observations/2024.csv": b"1", "observations/2023.csv": b"2"})
    with pytest.raises(DatasetFileNotFound, match=r"observations/2024\.csv") as caught:
        files.download_specific("observation/2024.csv", tmp_path)
    assert isinstance(caught.value, FileNotFoundError)
    with pytest.raises(DatasetFileNotFound, match=r"Did you mean 'observations/2023\.csv'"):
        files.download_specific("2023.csv", tmp_path)
    with pytest.raises(DatasetFileNotFound, match="'observations/'"):
        files.download_specific("observation/", tmp_path)
    with pytest.raises(DatasetFileNotFound):
        files.download_specific("obs", tmp_path)


def test_what_only_ends_alike_is_not_suggested(files: Dataset, put: Put, tmp_path: Path) -> None:
    put({"é.txt": b"1", "(a).txt": b"2", "Obs/Tide.csv": b"3"})
    with pytest.raises(DatasetFileNotFound) as caught:
        files.download_specific("nope.txt", tmp_path)
    assert caught.value.hint == "List the dataset's files to see what it holds."
    with pytest.raises(DatasetFileNotFound) as caught:
        files.download_specific("obs/tide.CSV", tmp_path)
    assert caught.value.hint == "Did you mean 'Obs/Tide.csv'?"


@pytest.mark.parametrize("size", [1, 9 * 1024**2])
def test_a_file_that_cannot_be_made_is_named_by_its_own_name(
    files: Dataset, put: Put, tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    put({"a.csv": bytes(size)})
    real = os.open

    def refuse(path: str, *args: int, **options: int) -> int:
        if str(path).endswith(".provena-part"):
            raise OSError(30, "Read-only file system", str(path))
        return real(path, *args, **options)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refuse)
        report = files.download_all(tmp_path, raise_for_failures=False)
    assert [outcome.note for outcome in report] == [f"Read-only file system: {str(tmp_path / 'a.csv')!r}"]
    assert tree(tmp_path) == {}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES])
def test_a_disk_that_fills_up_is_told_with_the_files_name(
    files: Dataset, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    put({"obs/a.csv": b"1", "b.csv": b"2"})
    raised = OSError(number, os.strerror(number))

    def full(*args: object, **options: object) -> None:
        raise raised

    monkeypatch.setattr("provena_sdk.transfer.download.write_whole", full)
    with pytest.raises(TransferFailed) as caught:
        files.download_all(tmp_path)
    # A write to a full disk does not say of which file, and one error may end several of them.
    assert [(type(error), str(error)) for error in caught.value.errors] == [
        (type(raised), f"[Errno {number}] {os.strerror(number)}: {str(tmp_path / name)!r}")
        for name in ("b.csv", os.path.join("obs", "a.csv"))
    ]


def test_an_error_with_a_class_of_its_own_stays_as_it_is(
    files: Dataset, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Quota(OSError):
        pass

    put({"a.csv": b"1"})
    raised = Quota(errno.ENOSPC, "over quota")

    def full(*args: object, **options: object) -> None:
        raise raised

    monkeypatch.setattr("provena_sdk.transfer.download.write_whole", full)
    [outcome] = files.download_all(tmp_path, raise_for_failures=False)
    assert outcome.error is raised


def test_what_a_killed_download_left_goes_with_the_next(
    files: Dataset, put: Put, tree: Tree, plant: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path
) -> None:
    put({"obs/a.csv": b"1"})
    seal = Seal.load()
    left, alive = (f"obs/{part_name(name, seal.token(part_stem(name)))}" for name in ("a.csv", "b.csv"))
    elsewhere, other = f"run/{part_name('c', seal.token(part_stem('c')))}", "obs/notes.txt"
    plant(tmp_path, {left: b"half", alive: b"half", elsewhere: b"half", other: b"mine"})
    for name in (left, elsewhere, other):
        os.utime(tmp_path / name, (0, 0))
    folder = tmp_path / "obs" / part_name("0", seal.token(part_stem("0")))
    folder.mkdir()
    os.utime(folder, (0, 0))
    files.download_all(tmp_path)
    assert set(tree(tmp_path)) == {"obs/a.csv", alive, elsewhere, other}
    assert folder.is_dir()


def test_what_only_looks_like_a_dead_download_stays(
    files: Dataset, put: Put, tree: Tree, plant: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path
) -> None:
    put({"a.csv": b"1", "b.nc": bytes(9 * 1024**2)})
    mine = {
        ".a.csv.5f3a.provena-part": b"mine",
        ".b.nc.5f3a.provena-part": b"mine",
        ".b.nc.5f3a.provena-journal": b"mine",
        ".b.nc.00000000-1234abcd-1-1.provena-part": b"mine",
    }
    plant(tmp_path, mine)
    for name in mine:
        os.utime(tmp_path / name, (0, 0))
    files.download_all(tmp_path)
    files.download_all(tmp_path)
    assert {name: data for name, data in tree(tmp_path).items() if name in mine} == mine


def test_a_dataset_given_to_a_reviewer_is_changed_no_more(provena_sandbox: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"new")
    dataset_id = provena_sandbox.add_dataset(files={"a": b"old"})
    deployment = Deployment.from_env(provena_sandbox.environment())
    with Provena(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        reef = provena.datastore.interactive_dataset(dataset_id)
        with reef.open("b", "w") as file:
            file.write("keys to write are held from now on")
        with Provena(deployment, access_token=provena_sandbox.access_token("admin")) as admin:
            admin.datastore.review.add_dataset_reviewer("10378.1/1900005")
        provena.datastore.review.dataset_approval_request(
            dataset_id=dataset_id, approver_id="10378.1/1900005", notes="Please."
        )
        with pytest.raises(Forbidden):
            reef.upload_all_files(tmp_path)
        with pytest.raises(Forbidden):
            reef.open("a", "w")
        assert reef.open("a").read() == b"old"


def test_a_printed_list_does_nothing_to_the_terminal(
    provena_sandbox: Sandbox, capsys: pytest.CaptureFixture[str]
) -> None:
    dataset_id = provena_sandbox.add_dataset(files={"a\x1b[2J.csv": b"1", "b\nc": b"2"})
    deployment = Deployment.from_env(provena_sandbox.environment())
    with Provena(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        listed = provena.datastore.io.list_all_files(dataset_id, print_list=True)
    printed = capsys.readouterr().out
    assert len(printed.splitlines()) == len(listed) == 3
    assert printed.replace("\n", "").isprintable()


def test_a_file_in_the_way_of_a_folder_is_named(files: Dataset, put: Put, tmp_path: Path) -> None:
    put({"obs/2024/a.csv": b"1"})
    for name in ("obs", "obs/2024"):
        target = tmp_path / name
        target.parent.mkdir(exist_ok=True)
        target.touch()
        report = files.download_all(tmp_path, raise_for_failures=False)
        assert [outcome.note for outcome in report] == [f"a file has the name of the folder {name!r}"]
        target.unlink()


def test_a_folder_that_only_a_marker_makes(files: Dataset, put: Put, tmp_path: Path) -> None:
    put({"empty/": b""})
    assert len(files.download_specific("empty", tmp_path)) == 0


@pytest.mark.parametrize("path", ["../x", "a/../b", "a//b", "a\\b", "C:/x", "./a", "a\0b", "//server/share"])
def test_paths_that_leave_the_dataset_are_refused_at_once(
    files: Dataset, asked: list[tuple[str, Access]], tmp_path: Path, path: str
) -> None:
    with pytest.raises(UnsafePath):
        files.download_specific(path, tmp_path)
    assert asked == []


HOSTILE = [
    "../escape",
    "a/../../escape",
    "./dot",
    "a/./dot",
    "//double",
    "a//double",
    "/etc/passwd",
    "C:/drive",
    "C:drive",
    "\\\\server\\share",
    "a\\..\\..\\b",
    ".. /space",
    ".../dots",
]


def test_keys_that_leave_the_destination_are_refused_one_by_one(
    files: Dataset, put: Put, tree: Tree, tmp_path: Path
) -> None:
    put(dict.fromkeys(HOSTILE, b"evil") | {"good.txt": b"good"})
    inside = tmp_path / "outer" / "inside"
    with pytest.raises(TransferFailed) as caught:
        files.download_all(inside)
    report = caught.value.report
    assert tree(tmp_path) == {"outer/inside/good.txt": b"good"}
    assert report is not None
    outcomes = {outcome.path: outcome.outcome for outcome in report}  # type: ignore[attr-defined]
    assert outcomes == dict.fromkeys(HOSTILE, "refused") | {"good.txt": "downloaded"}
    assert len(caught.value.exceptions) == len(HOSTILE)
    assert all(isinstance(error, UnsafePath) for error in caught.value.errors)


def test_links_in_the_destination_are_not_followed_out_of_it(
    files: Dataset, put: Put, tree: Tree, tmp_path: Path
) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    (inside / "real").mkdir(parents=True)
    (outside / "target").write_bytes(b"untouched")
    (inside / "out").symlink_to(outside)
    (inside / "within").symlink_to(inside / "real")
    (inside / "linked.txt").symlink_to(outside / "target")
    put({"out/new/file": b"1", "within/file": b"2", "linked.txt": b"3"})
    report = files.download_all(inside, raise_for_failures=False)
    assert {outcome.path: outcome.outcome for outcome in report} == {
        "out/new/file": "refused",
        "within/file": "downloaded",
        "linked.txt": "downloaded",
    }
    assert tree(outside) == {"target": b"untouched"}
    assert (inside / "linked.txt").read_bytes() == b"3"
    assert not (inside / "linked.txt").is_symlink()
    assert (inside / "real" / "file").read_bytes() == b"2"


def test_a_link_that_takes_a_folders_place_during_a_transfer_is_not_followed(tmp_path: Path) -> None:
    outside, inside = tmp_path / "outside", tmp_path / "inside"
    outside.mkdir()
    inside.mkdir()
    destination = Destination(inside)
    assert destination.target("obs/a").path == str(inside / "obs" / "a")
    (inside / "obs").rmdir()
    (inside / "obs").symlink_to(outside)
    with pytest.raises(UnsafePath, match="leads out of it"):
        destination.target("obs/b")
    (inside / "obs").unlink()
    # A folder that was removed is made again.
    destination.target("obs/b")
    assert (inside / "obs").is_dir()


def test_links_in_the_source(files: Dataset, stored: Stored, plant: Plant, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    source = plant(tmp_path / "source", {"real/a.txt": b"a"})
    (source / "file-link").symlink_to(source / "real" / "a.txt")
    (source / "folder-link").symlink_to(source / "real")
    (source / "loop").symlink_to(source)
    (source / "real" / "up").symlink_to("..")
    (source / "out").symlink_to(tmp_path / "secret")
    (source / "broken").symlink_to("nowhere")
    report = files.upload_all(source, raise_for_failures=False)
    assert stored() == {"real/a.txt": b"a", "file-link": b"a", "folder-link/a.txt": b"a"}
    assert {outcome.path for outcome in report.failed} == {
        "loop",
        "out",
        "broken",
        "real/up",
        "folder-link/up",
    }


def test_source_files_that_cannot_be_sent(
    files: Dataset, stored: Stored, plant: Plant, tmp_path: Path
) -> None:
    source = plant(tmp_path, {"good": b"1", "back\\slash": b"2", ".good.5f3a.provena-part": b"3"})
    os.mkfifo(source / "pipe")
    (source / os.fsdecode(b"latin-\xe9")).write_bytes(b"4")
    report = files.upload_all(source, raise_for_failures=False)
    assert stored() == {"good": b"1"}
    assert sorted(outcome.outcome for outcome in report) == [
        "refused",
        "refused",
        "refused",
        "refused",
        "uploaded",
    ]


def test_a_source_that_is_missing(files: Dataset, asked: list[tuple[str, Access]], tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument) as caught:
        files.upload_all(tmp_path / "missing")
    assert caught.value.argument == "source_directory"
    assert asked == []


def test_a_destination_that_is_a_file(
    files: Dataset, asked: list[tuple[str, Access]], tmp_path: Path
) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(InvalidArgument) as caught:
        files.download_all(tmp_path / "file")
    assert caught.value.argument == "destination_directory"
    assert asked == []


def test_a_folder_in_the_way_fails_that_file_alone(
    files: Dataset, put: Put, tree: Tree, tmp_path: Path
) -> None:
    put({"a": b"1", "b": b"2"})
    (tmp_path / "a").mkdir()
    with pytest.raises(TransferFailed) as caught:
        files.download_all(tmp_path)
    assert [type(error) for error in caught.value.errors] == [FileConflict]
    assert tree(tmp_path) == {"b": b"2"}


def test_neighbours_whose_prefix_begins_alike_stay_out(
    files: Dataset, put: Put, server: Server, location: DatasetLocation, tree: Tree, tmp_path: Path
) -> None:
    put({"mine": b"1"})
    neighbour = location.prefix.removesuffix("/") + "x/theirs"
    server.store.put(location.bucket, neighbour, b"2")
    assert [info.path for info in files.list()] == ["mine"]
    files.download_all(tmp_path)
    assert tree(tmp_path) == {"mine": b"1"}


def test_existence(files: Dataset, put: Put) -> None:
    put({"obs/2024.csv": b"1"})
    assert files.exists_("obs/2024.csv")
    assert files.exists_("obs")
    assert files.exists_("obs/")
    assert files.exists_("")
    assert not files.exists_("ob")
    assert not files.exists_("obs/2024")
    assert not files.exists_("obs/2024.csv/")
