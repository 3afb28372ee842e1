"""Handles that stand in the place of paths and folders, and the other way round."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from provena_sdk.errors import DatasetFileNotFound, InvalidArgument

ID = "10378.1/1900011"


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        (
            "download_specific_file",
            ("data/", ID, "obs/2024.csv"),
            "dataset_id: 'data/' is not a handle; download_specific_file takes "
            "(dataset_id, s3_path, destination_directory): were they swapped?",
        ),
        (
            "download_specific_file",
            ("obs/2024.csv", "data/", f"hdl:{ID}"),
            "dataset_id: 'obs/2024.csv' is not a handle; download_specific_file takes "
            "(dataset_id, s3_path, destination_directory): were they swapped?",
        ),
        (
            "open",
            ("obs/2024.csv", ID),
            "dataset_id: 'obs/2024.csv' is not a handle; open takes (dataset_id, path, mode): were they swapped?",
        ),
        *(
            (
                method,
                (ID, folder),
                f"dataset_id{found} a handle; {method} takes ({argument}, dataset_id): were they swapped?",
            )
            for method, argument in (
                ("plan_download", "destination_directory"),
                ("sync_down", "destination_directory"),
                ("download_all_files", "destination_directory"),
                ("plan_upload", "source_directory"),
                ("sync_up", "source_directory"),
                ("upload_all_files", "source_directory"),
            )
            for folder, found in (("data/", ": 'data/' is not"), (None, " must be"))
        ),
    ],
)
async def test_a_handle_in_another_place_is_recognised(
    sign_in: Any, method: str, arguments: tuple[Any, ...], message: str
) -> None:
    async with sign_in() as provena:
        with pytest.raises(InvalidArgument) as caught:
            await getattr(provena.datastore.io, method)(*arguments)
    assert str(caught.value) == message


async def test_a_reason_in_the_place_of_the_handle(recorder: Any, metadata: Any) -> None:
    datastore, _ = recorder()
    with pytest.raises(InvalidArgument, match=r"takes \(handle_id, reason, metadata_payload\): were they"):
        await datastore.update_dataset_metadata("typo", ID, metadata())


async def test_a_folder_may_be_named_like_a_handle(
    sign_in: Any, sandbox: Any, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    handle = sandbox.add_dataset("Kelp", files={"a.csv": b"1"})
    async with sign_in() as provena:
        await provena.datastore.io.download_all_files(handle, handle)
        await provena.datastore.interactive_dataset(handle).download_all_files(f"copy/{handle}")
    assert (tmp_path / handle / "a.csv").read_bytes() == b"1"
    assert (tmp_path / "copy" / handle / "a.csv").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("method", "given", "found"),
    [
        ("update_metadata", ({}, "typo"), "not dict; update_metadata takes (reason, metadata_payload)"),
        (
            "update_metadata",
            ("m.json", "typo"),
            "not a file; update_metadata takes (reason, metadata_payload)",
        ),
        ("patch", (Path("patch.yaml"), "typo"), "not a file; patch takes (reason, merge_patch)"),
    ],
)
async def test_metadata_in_the_place_of_the_reason(
    sign_in: Any, method: str, given: tuple[Any, ...], found: str
) -> None:
    async with sign_in() as provena:
        with pytest.raises(InvalidArgument) as caught:
            await getattr(provena.datastore.interactive_dataset(ID), method)(*given)
    assert str(caught.value) == f"reason must be a sentence, {found}: were they swapped?"


async def test_a_folder_in_the_place_of_the_path(
    sign_in: Any, sandbox: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    handle = sandbox.add_dataset("Kelp", files={"a.csv": b"1"})
    async with sign_in() as provena:
        kelp = provena.datastore.interactive_dataset(handle)
        with pytest.raises(DatasetFileNotFound, match="were the path and the destination swapped"):
            await kelp.download_specific_file("data/", "a.csv")
        with pytest.raises(DatasetFileNotFound, match="List the dataset's files"):
            await kelp.download_specific_file("b", "a.csv")
