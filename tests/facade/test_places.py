"""Where uploads and downloads go, plans that were saved, and comparisons, by both clients."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import Deployment
from provena_sdk.errors import DatasetFileNotFound, InvalidArgument, NotAFile, UnsafePath
from provena_sdk.sandbox import Sandbox


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PROVENA_STATE_DIR", str(tmp_path / "state"))


def opened(face: Any, sandbox: Sandbox) -> Any:
    deployment = Deployment.from_env(sandbox.environment())
    return face.open(deployment, access_token=sandbox.access_token("writer"))


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def plant(folder: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


async def run(plan: Any) -> Any:
    report = plan.run()
    return await report if inspect.isawaitable(report) else report


async def paths(dataset: Any) -> list[str]:
    return [info.path for info in await dataset.list_files() if info.path != "metadata.json"]


async def test_files_and_folders_go_where_they_are_sent(
    face: Any, provena_sandbox: Sandbox, tmp_path: Path
) -> None:
    source = plant(tmp_path / "src", {"a.csv": b"1", "b.csv": b"2", "figures/c.png": b"3", "other": b"4"})
    async with opened(face, provena_sandbox) as provena:
        reef = provena.datastore.interactive_dataset(provena_sandbox.add_dataset(files={"obs/x": b"x"}))
        await reef.upload_all_files([source / "a.csv", source / "figures"], path="run1")
        assert await paths(reef) == ["obs/x", "run1/a.csv", "run1/figures/c.png"]
        await reef.upload_all_files(source / "b.csv")
        await reef.upload_all_files(source / "b.csv", path="obs")
        await reef.upload_all_files(source / "b.csv", path="new")
        await reef.upload_all_files(source / "b.csv", path="newer/")
        assert await paths(reef) == [
            *("b.csv", "new", "newer/b.csv", "obs/b.csv", "obs/x"),
            *("run1/a.csv", "run1/figures/c.png"),
        ]
        # Only below the folder that is meant is anything deleted.
        report = await reef.sync_up(source / "figures", path="run1/", delete=True)
        assert report.counts() == {"uploaded": 1, "deleted": 2}
        assert "obs/x" in await paths(reef)
        plan = await reef.plan_upload(iter([source / "other", source / "a.csv"]), path="two")
        assert [item.path for item in plan] == ["two/a.csv", "two/other"]


async def test_what_cannot_be_sent_is_refused_first(
    face: Any, provena_sandbox: Sandbox, tmp_path: Path
) -> None:
    source = plant(tmp_path / "src", {"a.csv": b"1", "sub/b.csv": b"2"})
    async with opened(face, provena_sandbox) as provena:
        reef = provena.datastore.interactive_dataset(provena_sandbox.add_dataset())
        for given, words in (
            ([source / "a.csv", source / "sub" / "b.csv"], "must be in one folder"),
            ([], "must not be empty"),
            ([source / "none"], "does not exist"),
            ([source, ".."], "has no name"),
            ([1], "must be a str or a Path"),
        ):
            with pytest.raises(InvalidArgument, match=words):
                await reef.upload_all_files(given)
        with pytest.raises(InvalidArgument, match="delete: a single file has no"):
            await reef.sync_up(source / "a.csv", delete=True)
        with pytest.raises(UnsafePath):
            await reef.upload_all_files(source, path="../x")
        assert await paths(reef) == []


async def test_one_file_gets_another_name(face: Any, provena_sandbox: Sandbox, tmp_path: Path) -> None:
    async with opened(face, provena_sandbox) as provena:
        reef = provena.datastore.interactive_dataset(provena_sandbox.add_dataset(files={"obs/a.csv": b"1"}))
        plan = await reef.plan_download(tmp_path / "data", path="obs/a.csv", name="b.csv")
        assert (await run(plan)).counts() == {"downloaded": 1}
        assert tree(tmp_path / "data") == {"b.csv": b"1"}
        for path in ("obs", "obs/", ""):
            with pytest.raises(NotAFile):
                await reef.plan_download(tmp_path / "data", path=path, name="b")
        with pytest.raises(DatasetFileNotFound):
            await reef.plan_download(tmp_path / "data", path="none", name="b")
        with pytest.raises(InvalidArgument, match="has a slash"):
            await reef.plan_download(tmp_path / "data", path="obs/a.csv", name="x/b")
        with pytest.raises(UnsafePath):
            await reef.plan_download(tmp_path / "data", path="obs/a.csv", name="..")


async def test_a_saved_plan_is_run_later(face: Any, provena_sandbox: Sandbox, tmp_path: Path) -> None:
    files = {"a": b"1", "obs/b": b"22"}
    plant(tmp_path / "up", {"a": b"1", "c": b"333"})
    async with opened(face, provena_sandbox) as provena:
        handle = provena_sandbox.add_dataset(files=files)
        reef, io = provena.datastore.interactive_dataset(handle), provena.datastore.io
        down = await reef.plan_download(tmp_path / "down", exclude="metadata.json")
        down.save(tmp_path / "down.jsonl")
        loaded = await io.load_plan(tmp_path / "down.jsonl")
        assert type(loaded) is type(down)
        assert str(loaded) == str(down)
        assert (await run(loaded)).counts() == {"downloaded": 2}
        assert tree(tmp_path / "down") == files
        assert (await run(await reef.io.load_plan(tmp_path / "down.jsonl"))).counts() == {"same": 2}
        up = await reef.plan_upload(tmp_path / "up", delete=True)
        up.save(tmp_path / "up.jsonl")
        loaded = await io.load_plan(tmp_path / "up.jsonl", tmp_path / "up")
        assert type(loaded) is type(up)
        assert (await run(loaded)).counts() == {"same": 1, "uploaded": 1, "deleted": 1}
        assert await paths(reef) == ["a", "c"]


async def test_what_changed_since_a_plan_was_saved_is_kept(
    face: Any, provena_sandbox: Sandbox, tmp_path: Path
) -> None:
    async with opened(face, provena_sandbox) as provena:
        reef = provena.datastore.interactive_dataset(provena_sandbox.add_dataset(files={"a": b"1"}))
        plan = await reef.plan_download(tmp_path / "down", exclude="metadata.json")
        plan.save(tmp_path / "plan.jsonl")
        plant(tmp_path / "down", {"a": b"mine"})
        loaded = await provena.datastore.io.load_plan(tmp_path / "plan.jsonl")
        report = loaded.run(raise_for_failures=False)
        report = await report if inspect.isawaitable(report) else report
        assert report.counts() == {"conflict": 1}
        assert tree(tmp_path / "down") == {"a": b"mine"}


async def test_a_plan_for_another_dataset_is_refused(
    face: Any, provena_sandbox: Sandbox, tmp_path: Path
) -> None:
    async with opened(face, provena_sandbox) as provena:
        reef = provena.datastore.interactive_dataset(provena_sandbox.add_dataset(files={"a": b"1"}))
        other = provena.datastore.interactive_dataset(provena_sandbox.add_dataset())
        (await reef.plan_download(tmp_path / "down")).save(tmp_path / "plan.jsonl")
        with pytest.raises(InvalidArgument, match="is a plan for dataset"):
            await other.io.load_plan(tmp_path / "plan.jsonl")


async def test_a_plan_cannot_take_files_that_are_not_in_the_folder(
    face: Any, provena_sandbox: Sandbox, tmp_path: Path
) -> None:
    plant(tmp_path / "up", {"a": b"1"})
    plant(tmp_path, {"secret": b"key"})
    async with opened(face, provena_sandbox) as provena:
        reef = provena.datastore.interactive_dataset(provena_sandbox.add_dataset())
        (await reef.plan_upload(tmp_path / "up")).save(tmp_path / "plan.jsonl")
        first, line = (tmp_path / "plan.jsonl").read_text().splitlines()
        record = json.loads(line)
        record["local"] = "../secret"
        (tmp_path / "plan.jsonl").write_text(f"{first}\n{json.dumps(record)}\n")
        with pytest.raises(InvalidArgument, match="unsafe"):
            await provena.datastore.io.load_plan(tmp_path / "plan.jsonl")
        assert await paths(reef) == []


async def test_a_folder_is_compared(face: Any, provena_sandbox: Sandbox, tmp_path: Path) -> None:
    files = {"a": b"1", "empty": b"", "obs/b": b"22", "obs/c": b"333", "obs/d": b"4444"}
    async with opened(face, provena_sandbox) as provena:
        reef = provena.datastore.interactive_dataset(provena_sandbox.add_dataset(files=files))
        await reef.download_all_files(tmp_path / "data")
        found = await reef.verify(tmp_path / "data")
        assert found.ok
        assert found.counts() == {"same": 6}
        assert str(found) == "6 same"
        plant(tmp_path / "data", {"obs/b": b"2x", "obs/c": b"3", "mine": b"m"})
        (tmp_path / "data" / "obs" / "d").unlink()
        before = tree(tmp_path / "data")
        found = await reef.io.verify(tmp_path / "data")
        assert not found.ok
        assert {file.path: file.state for file in found.differences} == {
            "mine": "extra",
            "obs/b": "different",
            "obs/c": "different",
            "obs/d": "missing",
        }
        assert "missing    obs/d (4 B)" in str(found)
        assert tree(tmp_path / "data") == before
        assert (await reef.verify(tmp_path / "data", exclude=["obs/", "mine"])).ok
        part = await reef.verify(tmp_path / "data" / "obs", path="obs/", include="b")
        assert [(file.path, file.state) for file in part] == [("obs/b", "different")]
        one = await reef.verify(tmp_path / "data", path="a")
        assert [(file.path, file.state) for file in one] == [("a", "same")]
        empty = await reef.verify(tmp_path / "data", include="*.nc")
        assert not empty.ok
        assert "match none of 6 files" in str(empty)
        with pytest.raises(InvalidArgument, match="does not exist"):
            await reef.verify(tmp_path / "none")


async def test_a_link_is_not_the_same_as_a_file(face: Any, provena_sandbox: Sandbox, tmp_path: Path) -> None:
    plant(tmp_path, {"elsewhere": b"1"})
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a").symlink_to(tmp_path / "elsewhere")
    async with opened(face, provena_sandbox) as provena:
        reef = provena.datastore.interactive_dataset(provena_sandbox.add_dataset(files={"a": b"1"}))
        (file,) = await reef.verify(tmp_path / "data", include="a")
        assert (file.state, file.note) == ("different", "it is a link")
