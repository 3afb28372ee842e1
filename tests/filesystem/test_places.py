"""Where the datastore says that a dataset's files lie, and names that only some tools like."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import AsyncProvena, Provena
from provena_sdk.errors import UnreadableAnswer
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.sandbox import Fault, Sandbox

PLACES: list[dict[str, str]] = [
    {"path": ""},
    {"path": "/"},
    {"path": "//"},
    {"path": "/datasets/x/"},
    {"path": "datasets//x/"},
    {"path": "datasets/../x/"},
    {"path": "."},
    {"path": "datasets/x\r\n/"},
    {"path": "datasets/\x1b[2J/"},
    {"path": "x" * 5000},
    {"bucket_name": ""},
    {"bucket_name": "a/b"},
    {"bucket_name": ".."},
    {"bucket_name": "a..b"},
    {"bucket_name": "evil.example/?"},
    {"bucket_name": "reef\r\nx: y"},
    {"bucket_name": "a" * 5000},
]


@pytest.fixture
def misplaced(sandbox: Sandbox, dataset: str, place: dict[str, str]) -> str:
    """A dataset whose files the datastore says to be in an odd place."""
    with Provena() as client:
        answer = client.datastore.fetch_dataset(dataset).to_dict()
    answer["item"]["s3"] |= place
    sandbox.faults.add(
        Fault(path="/registry/items/fetch-dataset", times=None, status=200, body=json.dumps(answer))
    )
    return dataset


@pytest.mark.parametrize("place", PLACES, ids=range(len(PLACES)))
async def test_a_place_that_is_none(
    sandbox: Sandbox, misplaced: str, place: dict[str, str], tmp_path: Path
) -> None:
    def check(caught: pytest.ExceptionInfo[UnreadableAnswer]) -> None:
        assert caught.value.dataset_id == misplaced
        assert "datastore has to correct" in str(caught.value.hint)
        assert len(str(caught.value)) < 500
        assert str(caught.value).isprintable()

    with Provena() as client:
        reef = client.datastore.interactive_dataset(misplaced)
        for use in (
            reef.list_files,
            lambda: reef.download_all_files(tmp_path),
            lambda: reef.open("a", "wb"),
            lambda: reef.fs.ls(""),
            lambda: ProvenaFileSystem().cat(f"{misplaced}/a"),
        ):
            with pytest.raises(UnreadableAnswer, match="names no place") as caught:
                use()
            check(caught)
    async with AsyncProvena() as awaiting:
        with pytest.raises(UnreadableAnswer) as caught:
            await awaiting.datastore.interactive_dataset(misplaced).list_files()
        check(caught)
    assert sandbox.s3_requests == []


@pytest.mark.parametrize(
    "name",
    ["a\rb", "a\nb", "a\r\nb: c", "\r", "a\x0bb", "a\x85b", "a\u2028b", " a ", "a\tb", "\x1b[2J", "é\x7f"],
)
def test_names_with_line_breaks_and_the_like(
    sandbox: Sandbox, dataset: str, fs: ProvenaFileSystem, tmp_path: Path, name: str, stored: Any
) -> None:
    fs.pipe_file(f"{dataset}/{name}", b"1")
    assert (
        fs.ls(dataset, detail=False, refresh=True)
        == [f"{dataset}/{name}", f"{dataset}/metadata.json"][:: 1 if name < "m" else -1]
    )
    assert fs.cat_file(f"{dataset}/{name}") == b"1"
    assert fs.info(f"{dataset}/{name}", refresh=True)["size"] == 1
    with fs.open(f"{dataset}/{name}", "ab") as file:
        file.write(b"2")
    with fs.open(f"{dataset}/{name}") as file:
        assert file.read() == b"12"
    fs.cp_file(f"{dataset}/{name}", f"{dataset}/{name}2")
    fs.pipe_file(f"{dataset}/large{name}", bytes(17 * 1024**2))
    with Provena() as client:
        report = client.datastore.interactive_dataset(dataset).download_all_files(tmp_path)
        assert str(report).replace("\n", "").isprintable()
    assert (tmp_path / name).read_bytes() == b"12"
    assert (tmp_path / f"large{name}").stat().st_size == 17 * 1024**2
    fs.rm([f"{dataset}/{name}", f"{dataset}/{name}2", f"{dataset}/large{name}"])
    assert stored() == {}
    with Provena() as client:
        (tmp_path / "metadata.json").unlink()
        client.datastore.interactive_dataset(dataset).upload_all_files(tmp_path)
    assert set(stored()) == {name, f"{name}2", f"large{name}"}
