"""Describing a dataset in other catalogues' formats, by either client."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provena_sdk import errors


async def test_a_download_becomes_a_crate(sign_in: Any, sandbox: Any, tmp_path: Path) -> None:
    handle = sandbox.add_dataset("Kelp", files={"obs/1.csv": b"1"})
    async with sign_in("reader") as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        await kelp.download_all_files(tmp_path)
        document = await kelp.export("ro-crate")
    document.save(tmp_path)
    parts = [one["@id"] for one in document["@graph"] if one["@type"] == "File"]
    assert sorted(parts) == ["metadata.json", "obs/1.csv"]
    assert all((tmp_path / part).exists() for part in parts)


@pytest.mark.parametrize("format", ["ro-crate", "schema.org", "datacite", "croissant"])
async def test_readers_of_metadata_leave_files_out(sign_in: Any, sandbox: Any, format: str) -> None:
    handle = sandbox.add_dataset("Kelp", files={"obs/1.csv": b"1"})
    sandbox.state.items[handle].general_roles = ("metadata-read",)
    async with sign_in("reader") as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        with pytest.raises(errors.DatasetAccessDenied):
            await kelp.export(format)
        assert "obs/1.csv" not in (await kelp.export(format, files=False)).json


@pytest.mark.parametrize("arguments", [{"format": "dcat"}, {"format": "datacite", "files": None}])
async def test_bad_arguments_send_nothing(sign_in: Any, sandbox: Any, arguments: dict[str, Any]) -> None:
    async with sign_in() as provena:
        before = len(sandbox.requests)
        with pytest.raises(errors.InvalidArgument):
            await provena.datastore.interactive_dataset("10378.1/1").export(**arguments)
        assert len(sandbox.requests) == before
