"""Plans and syncing by both faces, for any dataset and for one that need not be named again."""

from __future__ import annotations

import inspect
import pickle
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import Deployment, Provena
from provena_sdk.errors import InvalidArgument, TransferFailed
from provena_sdk.sandbox import Sandbox


async def run(plan: Any) -> Any:
    """Carry out a plan of either face."""
    report = plan.run()
    return await report if inspect.isawaitable(report) else report


async def test_a_plan_is_made_shown_and_run(face: Any, provena_sandbox: Sandbox, tmp_path: Path) -> None:
    dataset_id = provena_sandbox.add_dataset(files={"obs/a.csv": b"1", "obs/a.nc": b"22"})
    deployment = Deployment.from_env(provena_sandbox.environment())
    async with face.open(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        reef = provena.datastore.interactive_dataset(dataset_id)
        for number, plan in enumerate(
            [
                await reef.plan_download(tmp_path / "0", include="*.csv"),
                await reef.io.plan_download(tmp_path / "1", include="*.csv"),
                await provena.datastore.io.plan_download(tmp_path / "2", dataset_id, include="*.csv"),
            ]
        ):
            assert "1 file" in str(plan)
            assert not (tmp_path / str(number)).exists()
            report = await run(plan)
            assert [(outcome.path, outcome.outcome) for outcome in report] == [("obs/a.csv", "downloaded")]
            assert report[0].verified == "checksum"
        (tmp_path / "up").mkdir()
        (tmp_path / "up" / "new").write_bytes(b"3")
        upload = await reef.io.plan_upload(tmp_path / "up")
        assert (await run(upload)).counts() == {"uploaded": 1}
        assert (await reef.sync_up(tmp_path / "up", delete=True)).counts() == {"same": 1, "deleted": 2}
        down = await reef.sync_down(tmp_path / "0", delete=True, exclude="metadata.json")
        assert down.counts() == {"downloaded": 1, "deleted": 1}
        assert [info.path for info in await reef.list_files()] == ["metadata.json", "new"]


async def test_a_plan_with_deletions_is_shown_and_then_run(
    face: Any, provena_sandbox: Sandbox, tmp_path: Path
) -> None:
    dataset_id = provena_sandbox.add_dataset(files={"a": b"1", "old": b"22"})
    (tmp_path / "down").mkdir()
    (tmp_path / "down" / "mine").write_bytes(b"333")
    (tmp_path / "up").mkdir()
    (tmp_path / "up" / "a").write_bytes(b"1")
    deployment = Deployment.from_env(provena_sandbox.environment())
    async with face.open(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        reef, io = provena.datastore.interactive_dataset(dataset_id), provena.datastore.io
        for plan in (
            await reef.plan_download(tmp_path / "down", delete=True, exclude="metadata.json"),
            await io.plan_download(tmp_path / "down", dataset_id, delete=True, exclude="metadata.json"),
        ):
            assert "delete    mine (3 B)" in str(plan)
            assert [item.path for item in plan.only("delete")] == ["mine"]
        assert (await run(plan)).counts() == {"downloaded": 2, "deleted": 1}
        # As by a sync, so that the next one can go by the times.
        again = await reef.sync_down(tmp_path / "down", compare="time", exclude="metadata.json")
        assert again.counts() == {"same": 2}
        for plan in (
            await reef.plan_upload(tmp_path / "up", compare="time", delete=True),
            await io.plan_upload(tmp_path / "up", dataset_id, delete=True),
        ):
            assert "delete    old (2 B)" in str(plan)
        assert (await run(plan)).counts() == {"same": 1, "deleted": 1}
        assert (await io.plan_upload(tmp_path / "up", dataset_id)).counts() == {"same": 1}


async def test_which_dataset_has_to_be_said_once(face: Any, provena_sandbox: Sandbox, tmp_path: Path) -> None:
    deployment = Deployment.from_env(provena_sandbox.environment())
    async with face.open(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        io = provena.datastore.io
        for call in (io.plan_download, io.plan_upload, io.sync_down, io.sync_up, io.download_all_files):
            with pytest.raises(InvalidArgument) as caught:
                await call(tmp_path)
            assert caught.value.argument == "dataset_id"


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"include": "a//b"}, "include"),
        ({"exclude": 3}, "exclude"),
        ({"verify": "md5"}, "verify"),
        ({"progress": 3}, "progress"),
        ({"executor": 3}, "executor"),
        ({"fsync": "no"}, "fsync"),
        ({"map_names": 1}, "map_names"),
        ({"raise_for_failures": None}, "raise_for_failures"),
    ],
)
async def test_bad_options_are_refused(
    face: Any, provena_sandbox: Sandbox, tmp_path: Path, options: dict[str, object], argument: str
) -> None:
    deployment = Deployment.from_env(provena_sandbox.environment())
    async with face.open(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        with pytest.raises(InvalidArgument) as caught:
            await provena.datastore.io.download_all_files(tmp_path / "new", "10378.1/1", **options)
    assert caught.value.argument == argument
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("given", ["no", "False", 0, 1, None])
async def test_only_true_deletes(face: Any, provena_sandbox: Sandbox, tmp_path: Path, given: Any) -> None:
    (tmp_path / "mine").write_bytes(b"1")
    deployment = Deployment.from_env(provena_sandbox.environment())
    async with face.open(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        io = provena.datastore.io
        for call in (io.plan_download, io.plan_upload, io.sync_down, io.sync_up):
            with pytest.raises(InvalidArgument, match="must be True or False") as caught:
                await call(tmp_path, "10378.1/1", delete=given)
            assert caught.value.argument == "delete"
        with pytest.raises(InvalidArgument) as caught:
            await io.list_all_files("10378.1/1", print_list="no")
        assert caught.value.argument == "print_list"
    assert (tmp_path / "mine").exists()


async def test_a_plan_run_with_a_word_for_false_does_nothing(
    face: Any, provena_sandbox: Sandbox, tmp_path: Path
) -> None:
    dataset_id = provena_sandbox.add_dataset(files={"a": b"1"})
    deployment = Deployment.from_env(provena_sandbox.environment())
    async with face.open(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        plan = await provena.datastore.io.plan_download(tmp_path / "new", dataset_id)
        with pytest.raises(InvalidArgument) as caught:
            await plan.run(raise_for_failures="no")
    assert caught.value.argument == "raise_for_failures"
    assert not (tmp_path / "new").exists()


async def test_failures_raise_unless_told_otherwise(
    face: Any, provena_sandbox: Sandbox, tmp_path: Path
) -> None:
    dataset_id = provena_sandbox.add_dataset(files={"a": b"1", "b": b"2"})
    (tmp_path / "a").mkdir()
    deployment = Deployment.from_env(provena_sandbox.environment())
    async with face.open(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        reef = provena.datastore.interactive_dataset(dataset_id)
        with pytest.raises(TransferFailed):
            await reef.download_all_files(tmp_path)
        report = await reef.download_all_files(tmp_path, raise_for_failures=False)
        assert report.counts() == {"conflict": 1, "same": 2}


def test_a_plan_pickles_without_secrets(provena_sandbox: Sandbox, tmp_path: Path) -> None:
    dataset_id = provena_sandbox.add_dataset(files={"a": b"1"})
    token = provena_sandbox.access_token("writer")
    environment = provena_sandbox.environment() | {"PROVENA_ACCESS_TOKEN": token}
    with pytest.MonkeyPatch.context() as patched:
        for name, value in environment.items():
            patched.setenv(name, value)
        with Provena() as provena:
            plan = provena.datastore.io.plan_download(tmp_path / "new", dataset_id)
            pickled = pickle.dumps(plan)
            assert token.encode() not in pickled
            loaded = pickle.loads(pickled)
            assert str(loaded) == str(plan)
            assert loaded.run().counts() == {"downloaded": 2}
