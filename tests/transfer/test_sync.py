"""Making one side hold what the other holds, and never more than that."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import FileConflict, InvalidArgument, TransferFailed
from provena_sdk.sandbox.object_store import ObjectFaults, Server
from provena_sdk.transfer.report import TransferReport
from provena_sdk.transfer.spec.options import Choice, TransferOptions
from provena_sdk.transfer.spec.patterns import Selection
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Stored = Callable[[], dict[str, bytes]]
Tree = Callable[[Path], dict[str, bytes]]
Plant = Callable[[Path, dict[str, bytes]], Path]

DELETE = Choice(delete=True)


def down(files: Dataset, folder: Path, choice: Choice = DELETE, path: str = "") -> TransferReport:
    plan = files.plan_download(folder, path=path, choice=choice, options=TransferOptions(keep_times=True))
    return plan.run(raise_for_failures=False)


def up(files: Dataset, folder: Path, choice: Choice = DELETE) -> TransferReport:
    return files.plan_upload(folder, choice=choice).run(raise_for_failures=False)


def behind(files: Dataset, paths: list[str]) -> None:
    """Remove files from the dataset as somebody else would."""
    assert run_sync(files.for_access(Access.WRITE).objects.delete(paths)) == {}


def outcomes(report: TransferReport) -> dict[str, str]:
    return {outcome.path: outcome.outcome for outcome in report}


def test_down_deletes_what_the_dataset_does_not_hold(
    files: Dataset, put: Put, tree: Tree, plant: Plant, tmp_path: Path
) -> None:
    put({"a": b"1", "obs/b": b"2"})
    folder = plant(tmp_path / "here", {"a": b"1", "old": b"3", "gone/deep/er": b"4", "obs/c": b"5"})
    (folder / "empty").mkdir()
    plan = files.plan_download(folder, choice=DELETE)
    assert [(item.path, item.action, item.bytes) for item in plan.only("delete")] == [
        ("gone/deep/er", "delete", 1),
        ("obs/c", "delete", 1),
        ("old", "delete", 1),
    ]
    assert outcomes(plan.run()) == {
        "a": "same",
        "gone/deep/er": "deleted",
        "obs/b": "downloaded",
        "obs/c": "deleted",
        "old": "deleted",
    }
    assert tree(folder) == {"a": b"1", "obs/b": b"2"}
    # Folders that the deletion emptied are gone; one that was empty before is somebody's.
    assert sorted(entry.name for entry in folder.iterdir()) == ["a", "empty", "obs"]


def test_nothing_is_deleted_unasked(
    files: Dataset, put: Put, stored: Stored, tree: Tree, plant: Plant, tmp_path: Path
) -> None:
    put({"a": b"1"})
    folder = plant(tmp_path, {"b": b"2"})
    down(files, folder, Choice())
    assert tree(folder) == {"a": b"1", "b": b"2"}
    (folder / "a").unlink()
    up(files, folder, Choice())
    assert stored() == {"a": b"1", "b": b"2"}


def test_down_leaves_links_and_downloads_in_the_making(
    files: Dataset, put: Put, tree: Tree, plant: Plant, tmp_path: Path
) -> None:
    put({"a": b"1"})
    outside = plant(tmp_path / "outside", {"theirs": b"t"})
    folder = plant(tmp_path / "here", {"old": b"2", ".a.5f3a.provena-part": b"half", "real/x": b"3"})
    (folder / "link").symlink_to(outside)
    (folder / "file-link").symlink_to(outside / "theirs")
    (folder / "inner").symlink_to(folder / "real")
    assert outcomes(down(files, folder)) == {"a": "downloaded", "old": "deleted", "real/x": "deleted"}
    assert tree(outside) == {"theirs": b"t"}
    assert {entry.name for entry in folder.iterdir()} == {
        "a",
        ".a.5f3a.provena-part",
        "link",
        "file-link",
        "inner",
    }


def test_down_deletes_below_what_was_asked_for_only(
    files: Dataset, put: Put, tree: Tree, plant: Plant, tmp_path: Path
) -> None:
    put({"obs/a": b"1", "other": b"2"})
    folder = plant(tmp_path, {"obs/old": b"3", "mine": b"4"})
    assert outcomes(down(files, folder, path="obs")) == {"obs/a": "downloaded", "obs/old": "deleted"}
    assert tree(folder) == {"obs/a": b"1", "mine": b"4"}
    assert outcomes(down(files, folder, path="other")) == {"other": "downloaded"}
    assert tree(folder) == {"obs/a": b"1", "mine": b"4", "other": b"2"}


def test_only_what_is_chosen_is_deleted(
    files: Dataset, put: Put, stored: Stored, tree: Tree, plant: Plant, tmp_path: Path
) -> None:
    put({"a.csv": b"1", "old.csv": b"2", "old.txt": b"3", "tmp/old.csv": b"4"})
    source = plant(tmp_path / "up", {"a.csv": b"1"})
    choice = Choice(Selection("*.csv", "tmp/"), delete=True)
    assert outcomes(up(files, source, choice)) == {"a.csv": "same", "old.csv": "deleted"}
    assert set(stored()) == {"a.csv", "old.txt", "tmp/old.csv"}
    folder = plant(tmp_path / "down", {"x.csv": b"5", "x.txt": b"6", "tmp/x.csv": b"7"})
    assert outcomes(down(files, folder, choice)) == {"a.csv": "downloaded", "x.csv": "deleted"}
    assert set(tree(folder)) == {"a.csv", "x.txt", "tmp/x.csv"}


def test_up_deletes_in_the_dataset_only_and_never_the_services_file(
    files: Dataset,
    put: Put,
    stored: Stored,
    server: Server,
    location: DatasetLocation,
    plant: Plant,
    tmp_path: Path,
) -> None:
    put({"metadata.json": b"m", "run/metadata.json": b"r", "old": b"1", "a": b"2", "50%+ ü\n.csv": b"3"})
    neighbour = location.prefix.removesuffix("/") + "x/old"
    server.store.put(location.bucket, neighbour, b"theirs")
    source = plant(tmp_path, {"a": b"2", "b": b"3"})
    assert outcomes(up(files, source)) == {
        "50%+ ü\n.csv": "deleted",
        "a": "same",
        "b": "uploaded",
        "old": "deleted",
        "run/metadata.json": "deleted",
    }
    assert stored() == {"metadata.json": b"m", "a": b"2", "b": b"3"}
    assert server.store.get(location.bucket, neighbour) == b"theirs"


def test_up_deletes_more_files_than_one_request_takes(
    files: Dataset, put: Put, stored: Stored, plant: Plant, tmp_path: Path
) -> None:
    put({f"old/{number:04}": b"" for number in range(1203)})
    report = up(files, plant(tmp_path, {"a": b"1"}))
    assert report.counts() == {"uploaded": 1, "deleted": 1203}
    assert set(stored()) == {"a"}


@pytest.mark.parametrize("way", ["up", "down"])
def test_nothing_is_deleted_when_a_file_failed(
    files: Dataset,
    faults: ObjectFaults,
    location: DatasetLocation,
    put: Put,
    stored: Stored,
    tree: Tree,
    plant: Plant,
    tmp_path: Path,
    way: str,
) -> None:
    put({"a": b"1", "old": b"2"} if way == "up" else {"a": b"1", "bad": b"2"})
    folder = plant(tmp_path, {"a": b"1", "bad": b"3"} if way == "up" else {"a": b"1", "old": b"3"})
    if way == "up":
        (folder / "bad").chmod(0)
        (folder / "bad").unlink()
        (folder / "bad").symlink_to("nowhere")
    else:
        (folder / "bad").mkdir()
    report = (up if way == "up" else down)(files, folder)
    assert outcomes(report)["old"] == "skipped"
    assert "nothing is deleted" in str(report)
    assert "old" in (stored() if way == "up" else tree(folder))


def test_nothing_is_deleted_when_an_upload_fails_on_the_way(
    files: Dataset, put: Put, stored: Stored, plant: Plant, tmp_path: Path
) -> None:
    put({"old": b"1"})
    plan = files.plan_upload(plant(tmp_path, {"a": b"2", "b": b"3"}), choice=DELETE)
    (tmp_path / "b").unlink()
    with pytest.raises(TransferFailed):
        plan.run()
    assert stored() == {"a": b"2", "old": b"1"}


@pytest.mark.parametrize("held", [{}, {"metadata.json": b"m"}])
def test_an_empty_side_empties_not_the_other(
    files: Dataset,
    put: Put,
    stored: Stored,
    tree: Tree,
    plant: Plant,
    tmp_path: Path,
    held: dict[str, bytes],
) -> None:
    put(held)
    folder = plant(tmp_path / "down", {"mine": b"1"})
    with pytest.raises(InvalidArgument, match="would delete all 1") as caught:
        files.plan_download(folder, choice=DELETE)
    assert caught.value.argument == "destination_directory"
    assert tree(folder) == {"mine": b"1"}
    put({"theirs": b"2"})
    (tmp_path / "up").mkdir()
    with pytest.raises(InvalidArgument, match="would delete all 1") as caught:
        files.plan_upload(tmp_path / "up", choice=DELETE)
    assert caught.value.argument == "source_directory"
    assert stored() == held | {"theirs": b"2"}


def test_nothing_on_either_side_is_fine(files: Dataset, tmp_path: Path) -> None:
    assert len(down(files, tmp_path)) == 0
    assert len(up(files, tmp_path)) == 0


def test_what_changed_after_the_plan_is_not_deleted(
    files: Dataset, put: Put, tree: Tree, plant: Plant, tmp_path: Path
) -> None:
    put({"a": b"1"})
    plant(tmp_path, {"edited": b"2", "gone": b"3", "swapped/x": b"4"})
    plan = files.plan_download(tmp_path, choice=DELETE)
    plant(tmp_path, {"edited": b"22"})
    (tmp_path / "gone").unlink()
    outside = tmp_path.parent / f"{tmp_path.name}-outside"
    (tmp_path / "swapped").rename(outside)
    (tmp_path / "swapped").symlink_to(outside)
    assert outcomes(plan.run(raise_for_failures=False)) == {
        "a": "downloaded",
        "edited": "skipped",
        "gone": "deleted",
        "swapped/x": "skipped",
    }
    assert tree(outside) == {"x": b"4"}


def test_what_changed_in_the_dataset_after_the_plan_is_neither_replaced_nor_deleted(
    files: Dataset, put: Put, stored: Stored, plant: Plant, tmp_path: Path
) -> None:
    put({"changed": b"1", "edited": b"2", "old": b"3", "older": b"4", "gone": b"5", "removed": b"6"})
    mine = {"changed": b"mine", "edited": b"mine", "new": b"mine", "equal": b"mine", "removed": b"mine"}
    plan = files.plan_upload(plant(tmp_path, mine), choice=DELETE)
    # Replaced since, the last by what was to be sent; and removed since.
    put({"edited": b"theirs", "new": b"also", "equal": b"mine", "old": b"theirs"})
    behind(files, ["gone", "removed"])
    report = plan.run(raise_for_failures=False)
    assert outcomes(report) == {
        "changed": "uploaded",
        "edited": "conflict",
        "equal": "same",
        "gone": "skipped",
        "new": "conflict",
        "old": "skipped",
        "older": "skipped",
        "removed": "uploaded",
    }
    assert stored() == {
        "changed": b"mine",
        "edited": b"theirs",
        "equal": b"mine",
        "new": b"also",
        "old": b"theirs",
        "older": b"4",
        "removed": b"mine",
    }
    assert "appeared or changed" in str(report)
    for outcome in report.failed:
        assert isinstance(outcome.error, FileConflict)
        assert outcome.error.hint == "Make a new plan from the current files."


def test_what_was_replaced_in_the_dataset_after_the_plan_is_not_deleted(
    files: Dataset, put: Put, stored: Stored, plant: Plant, tmp_path: Path
) -> None:
    put({"old": b"3", "older": b"4", "gone": b"5"})
    plan = files.plan_upload(plant(tmp_path, {"a": b"1"}), choice=DELETE)
    put({"old": b"theirs"})
    behind(files, ["gone"])
    assert outcomes(plan.run()) == {"a": "uploaded", "gone": "deleted", "old": "skipped", "older": "deleted"}
    assert stored() == {"a": b"1", "old": b"theirs"}


def test_a_plan_to_upload_can_be_run_again(
    files: Dataset, put: Put, stored: Stored, plant: Plant, tmp_path: Path
) -> None:
    put({"b": b"old"})
    plan = files.plan_upload(plant(tmp_path, {"a": b"1", "b": b"2"}))
    assert plan.run().counts() == {"uploaded": 2}
    assert plan.run().counts() == {"same": 2}
    assert stored() == {"a": b"1", "b": b"2"}


def test_the_services_file_is_not_deleted_here_either(
    files: Dataset, put: Put, tree: Tree, plant: Plant, tmp_path: Path
) -> None:
    put({"a": b"1"})
    plant(tmp_path, {"metadata.json": b"m", "old": b"2"})
    assert outcomes(down(files, tmp_path)) == {"a": "downloaded", "old": "deleted"}
    assert tree(tmp_path) == {"a": b"1", "metadata.json": b"m"}


def test_by_time_no_file_is_read(
    files: Dataset,
    put: Put,
    tree: Tree,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put({"a": b"1", "b": b"2"})
    by_time = Choice(compare="time")
    assert down(files, tmp_path, by_time).counts() == {"downloaded": 2}
    times = {info.path: info.modified.timestamp() for info in files.list()}
    for path, moment in times.items():
        assert abs((tmp_path / path).stat().st_mtime - moment) < 1
    monkeypatch.setattr("provena_sdk.transfer.draft.compare", None)
    assert down(files, tmp_path, by_time).counts() == {"same": 2}
    assert up(files, tmp_path, by_time).counts() == {"same": 2}
    # Of the same size and changed later: fetched again, or sent.
    (tmp_path / "a").write_bytes(b"9")
    later = times["a"] + 10
    os.utime(tmp_path / "a", (later, later))
    assert outcomes(up(files, tmp_path, by_time)) == {"a": "uploaded", "b": "same"}
    (tmp_path / "b").write_bytes(b"8")
    os.utime(tmp_path / "b", (later, later))
    assert outcomes(down(files, tmp_path, by_time))["b"] == "downloaded"
    assert tree(tmp_path)["b"] == b"2"


def test_a_failed_deletion_is_a_failure_of_that_file(
    files: Dataset,
    put: Put,
    stored: Stored,
    plant: Plant,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put({"a": b"1", "old": b"2", "older": b"3"})
    plan = files.plan_upload(plant(tmp_path, {"a": b"1"}), choice=DELETE)
    real = os.unlink
    report = plan.run()
    assert report.counts() == {"same": 1, "deleted": 2}
    folder = plant(tmp_path / "down", {"stuck": b"4", "loose": b"5"})

    def refuse(path: str, **options: int) -> None:
        if os.path.basename(path) == "stuck":
            raise PermissionError(13, "Permission denied", path)
        real(path, **options)

    plan_down = files.plan_download(folder, choice=DELETE)
    monkeypatch.setattr(os, "unlink", refuse)
    assert outcomes(plan_down.run(raise_for_failures=False)) == {
        "a": "downloaded",
        "loose": "deleted",
        "stuck": "failed",
    }


def test_files_that_are_the_same_get_the_stores_times(
    files: Dataset, put: Put, tree: Tree, plant: Plant, server: Server, tmp_path: Path
) -> None:
    contents = {"a": b"1", "obs/b": b"2", "obs/c": b"3", "empty": b""}
    put(contents)
    folder = plant(tmp_path, contents)
    for path in contents:
        os.utime(folder / path, (1, 1))
    assert down(files, folder).counts() == {"same": 4}
    by_time = Choice(compare="time")
    assert files.plan_download(folder, choice=by_time).counts() == {"same": 4}
    server.requests.clear()
    assert down(files, folder, by_time).counts() == {"same": 4}
    assert {record.operation for record in server.requests} <= {"ListObjectsV2"}
    assert tree(folder) == contents


def test_times_are_left_alone_unless_they_are_wanted(
    files: Dataset, put: Put, plant: Plant, tmp_path: Path
) -> None:
    put({"a": b"1"})
    folder = plant(tmp_path, {"a": b"1"})
    os.utime(folder / "a", (1, 1))
    assert files.download_all(folder).counts() == {"same": 1}
    assert (folder / "a").stat().st_mtime == 1
    files.plan_download(folder, options=TransferOptions(keep_times=True))
    assert (folder / "a").stat().st_mtime == 1, "a plan changes nothing"


def test_no_time_is_set_of_a_file_that_changed_meanwhile(
    files: Dataset, put: Put, plant: Plant, tmp_path: Path
) -> None:
    put({"a": b"1"})
    folder = plant(tmp_path, {"a": b"1"})
    os.utime(folder / "a", (1, 1))
    plan = files.plan_download(folder, options=TransferOptions(keep_times=True))
    os.utime(folder / "a", (2, 2))
    plan.run()
    assert (folder / "a").stat().st_mtime == 2


def test_a_time_that_cannot_be_set_is_no_failure(
    files: Dataset, put: Put, plant: Plant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put({"a": b"1"})
    folder = plant(tmp_path, {"a": b"1"})
    os.utime(folder / "a", (1, 1))

    def refuse(*arguments: object, **options: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "utime", refuse)
    assert down(files, folder).counts() == {"same": 1}
