"""Handles as people have them, through every door that takes a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

WRITTEN = [
    "hdl:{}",
    "https://hdl.handle.net/{}",
    "provena://{}",
    "https://data.localhost/dataset/{}?view=files",
    " {}\n",
]


@pytest.mark.parametrize("written", WRITTEN)
async def test_files_of_a_dataset_by_any_written_handle(
    sign_in: Any, sandbox: Any, tmp_path: Path, written: str
) -> None:
    handle = sandbox.add_dataset("Kelp", files={"obs/2024.csv": b"day\n1\n"})
    given = written.format(handle)
    async with sign_in() as provena:
        io, kelp = provena.datastore.io, provena.datastore.interactive_dataset(given)
        assert kelp.dataset_id == handle
        assert (await provena.datastore.fetch_dataset(given)).item.id == handle
        assert await provena.datastore.latest_version(given) == handle
        assert len(await io.list_all_files(given)) == len(await kelp.list_files()) == 2
        await io.download_specific_file(given, "obs/2024.csv", tmp_path / "file")
        await io.download_all_files(tmp_path / "all", given)
        assert kelp.fs.ls("obs", detail=False) == ["obs/2024.csv"]
    assert (tmp_path / "file" / "2024.csv").read_bytes() == b"day\n1\n"
    assert (tmp_path / "all" / "obs" / "2024.csv").is_file()


async def test_a_page_of_another_deployment_is_refused(sign_in: Any) -> None:
    from provena_sdk.errors import InvalidArgument

    async with sign_in() as provena:
        with pytest.raises(InvalidArgument, match="is not a handle"):
            provena.datastore.interactive_dataset("https://data.other.org/dataset/10378.1/7")
        with pytest.raises(InvalidArgument, match="is not a handle"):
            await provena.datastore.fetch_dataset("https://data.other.org/dataset/10378.1/7")


@pytest.mark.parametrize("written", ["hdl:{}/obs", "https://hdl.handle.net/{}/obs", "provena://{}/obs"])
def test_the_file_system_takes_them_before_a_path(
    sandbox: Any, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    from provena_sdk import Provena
    from provena_sdk.config import Deployment
    from provena_sdk.filesystem import ProvenaFileSystem

    handle = sandbox.add_dataset("Kelp", files={"obs/2024.csv": b"day\n1\n"})
    place = Deployment.from_env(sandbox.environment())
    with Provena(place, access_token=sandbox.access_token("writer")) as provena:
        fs = ProvenaFileSystem.of_client(provena._datasets, {})
        assert fs.ls(written.format(handle), detail=False) == [f"{handle}/obs/2024.csv"]
        assert fs.cat(f"{written.format(handle)}/2024.csv") == b"day\n1\n"
