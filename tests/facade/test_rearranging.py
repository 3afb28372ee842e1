"""Copying, moving and deleting files in the store, by both faces."""

from __future__ import annotations

from typing import Any

import pytest

from provena_sdk import errors
from provena_sdk.sandbox.object_store.faults import ObjectFault

FILES = {"obs/a.csv": b"a", "obs/deep/b.csv": b"bb", "notes.txt": b"ccc"}


@pytest.fixture
def handle(sandbox: Any) -> str:
    return str(sandbox.add_dataset("Kelp", files=FILES))


async def content(dataset: Any) -> dict[str, bytes]:
    """The files of a dataset but the service's own."""
    found = {}
    for file in await dataset.list_files():
        if file.path != "metadata.json":
            async with await dataset.open(file.path) as opened:
                found[file.path] = await opened.read()
    return found


@pytest.mark.parametrize(
    ("source", "target", "copies"),
    [
        ("notes.txt", "new.txt", {"new.txt": b"ccc"}),
        ("notes.txt", "obs/", {"obs/notes.txt": b"ccc"}),
        ("obs/a.csv", "", {"a.csv": b"a"}),
        ("obs", "old/", {"old/obs/a.csv": b"a", "old/obs/deep/b.csv": b"bb"}),
        ("obs", "old", {"old/a.csv": b"a", "old/deep/b.csv": b"bb"}),
        ("obs/", "old/", {"old/a.csv": b"a", "old/deep/b.csv": b"bb"}),
        ("/obs/deep", "", {"deep/b.csv": b"bb"}),
    ],
)
@pytest.mark.parametrize("moves", [False, True])
async def test_within_a_dataset(
    sign_in: Any, handle: str, source: str, target: str, copies: dict[str, bytes], moves: bool
) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        method = kelp.move_files if moves else kelp.copy_files
        planned = await method(source, target, dry_run=True)
        assert {one.target for one in planned if one.outcome == "planned"} == set(copies)
        assert await content(kelp) == FILES
        report = await method(source, target)
        assert {one.target for one in report} == set(copies)
        assert {one.outcome for one in report} == {"moved" if moves else "copied"}
        gone = {one.path for one in report} if moves else set()
        kept = {path: data for path, data in FILES.items() if path not in gone}
        assert await content(kelp) == {**kept, **copies}


@pytest.mark.parametrize("moves", [False, True])
async def test_to_another_dataset(sign_in: Any, sandbox: Any, handle: str, moves: bool) -> None:
    other = sandbox.add_dataset("Archive")
    async with sign_in() as provena:
        kelp, archive = map(provena.datastore.interactive_dataset, (handle, other))
        report = await (kelp.move_files if moves else kelp.copy_files)("", "kelp/", to=other)
        assert report.counts() == {"skipped": 1, "moved" if moves else "copied": 3}
        assert await content(archive) == {f"kelp/{path}": data for path, data in FILES.items()}
        assert await content(kelp) == ({} if moves else FILES)


async def test_files_that_are_there(sign_in: Any, sandbox: Any) -> None:
    handle = sandbox.add_dataset("Kelp", files={"a": b"1", "same": b"1", "other": b"2", "folder/b": b"3"})
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        assert (await kelp.copy_files("a", "same")).counts() == {"same": 1}
        for target in ("other", "folder"):
            with pytest.raises(errors.TransferFailed) as caught:
                await kelp.copy_files("a", target)
            report: Any = caught.value.report
            assert [(one.outcome, one.target) for one in report] == [("conflict", target)]
            assert isinstance(report[0].error, errors.FileConflict)
        assert (await kelp.copy_files("a", "other", replace=True)).counts() == {"copied": 1}
        assert (await kelp.move_files("a", "same")).counts() == {"moved": 1}
        assert await content(kelp) == {"same": b"1", "other": b"1", "folder/b": b"3"}


async def test_what_is_refused(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        for source, target in (("obs", "obs/old/"), ("obs", "obs"), ("notes.txt", "notes.txt"), ("", "all/")):
            with pytest.raises(errors.InvalidArgument, match="source"):
                await kelp.copy_files(source, target)
        with pytest.raises(errors.InvalidArgument, match="to: 'x' is not a handle"):
            await kelp.copy_files("obs", "old", to="x")
        for source, target in (("../x", "y"), ("notes.txt", "a//b")):
            with pytest.raises(errors.UnsafePath):
                await kelp.move_files(source, target)
        with pytest.raises(errors.DatasetFileNotFound):
            await kelp.copy_files("obs/c.csv", "old/")
        with pytest.raises(errors.ServiceFileRefused):
            await kelp.move_files("metadata.json", "mine.json")
        report = await kelp.copy_files("notes.txt", "metadata.json", raise_for_failures=False)
        assert report.counts() == {"refused": 1}
        assert await content(kelp) == FILES


async def test_one_who_may_only_read(sign_in: Any, handle: str) -> None:
    async with sign_in("reader") as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        assert (await kelp.copy_files("obs", "old", dry_run=True)).counts() == {"planned": 2}
        for method, arguments in (
            (kelp.copy_files, ("obs", "old")),
            (kelp.move_files, ("obs", "old")),
            (kelp.delete_files, ("notes.txt",)),
        ):
            with pytest.raises((errors.DatasetAccessDenied, errors.RoleMissing)):
                await method(*arguments)


async def test_a_file_that_cannot_be_copied_stays(sign_in: Any, sandbox: Any) -> None:
    part = "obs/.a.nc.5f3a.provena-part"
    handle = sandbox.add_dataset("Kelp", files={"obs/a.csv": b"a", part: b"p"})
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        with pytest.raises(errors.TransferFailed, match="1 of 2 files was not moved") as caught:
            await kelp.move_files("obs", "old")
        report: Any = caught.value.report
        assert {one.path: one.outcome for one in report} == {"obs/a.csv": "moved", part: "refused"}
        assert [file.path for file in await kelp.list_files()] == ["metadata.json", part, "old/a.csv"]


async def test_a_file_that_changes_while_it_is_moved_stays(sign_in: Any, sandbox: Any, handle: str) -> None:
    other = sandbox.add_dataset("Archive")
    sandbox.s3_faults.add(ObjectFault(kind="replace", method="GET", key="*/obs/a.csv", data=b"new"))
    async with sign_in() as provena:
        kelp, archive = map(provena.datastore.interactive_dataset, (handle, other))
        report = await kelp.move_files("obs", "", to=other, raise_for_failures=False)
        assert [(one.path, one.outcome) for one in report] == [
            ("obs/a.csv", "conflict"),
            ("obs/deep/b.csv", "moved"),
        ]
        assert report[0].note == "the source changed meanwhile"
        assert await content(archive) == {"obs/a.csv": b"a", "obs/deep/b.csv": b"bb"}
        assert await content(kelp) == {"obs/a.csv": b"new", "notes.txt": b"ccc"}


async def test_deleting(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        for paths in ("metadata.json", ["notes.txt", "metadata.json"]):
            with pytest.raises(errors.ServiceFileRefused):
                await kelp.delete_files(paths)
        for path in ("", "obs/", "a/../b", "a//b"):
            with pytest.raises(errors.UnsafePath):
                await kelp.delete_files(path)
        assert await content(kelp) == FILES
        report = await kelp.delete_files(await kelp.list_files("obs"))
        assert report.counts() == {"deleted": 2}
        assert str(report).startswith("2 deleted in ")
        assert (await kelp.delete_files(["notes.txt", "notes.txt", "none"])).counts() == {"deleted": 2}
        assert await content(kelp) == {}


async def test_files_of_a_folder(sign_in: Any, handle: str) -> None:
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        expected = {
            "": ["metadata.json", *sorted(FILES)],
            "obs": ["obs/a.csv", "obs/deep/b.csv"],
            "/obs/deep/": ["obs/deep/b.csv"],
            "obs/a.csv": ["obs/a.csv"],
        }
        for path, names in expected.items():
            assert [file.path for file in await kelp.list_files(path)] == names
            assert [file.path async for file in kelp.iter_files(path)] == names
        for path in ("ob", "obs/a.csv/", "none"):
            with pytest.raises(errors.DatasetFileNotFound):
                await kelp.list_files(path)
            with pytest.raises(errors.DatasetFileNotFound):
                await kelp.iter_files(path).first()
        with pytest.raises(errors.UnsafePath):
            await kelp.list_files("../x")
        sizes = (await kelp.list_files("obs")).folders()
        assert [tuple(one) for one in sizes] == [("", 2, 3), ("obs/", 2, 3), ("obs/deep/", 1, 2)]
        assert [one.path for one in (await kelp.list_files()).folders(0)] == [""]
