"""Names that others chose are shown printable and bounded, wherever the SDK shows them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provena_sdk.datasets.credentials import CredentialsSource
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import (
    DatasetFileNotFound,
    FileError,
    FileStoreError,
    NotAFile,
    TransferFailed,
    UnsafePath,
)
from provena_sdk.s3.failures import refusal
from provena_sdk.s3.models import StoreAddress
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]

NAMES = [
    "\x1b]52;c;cm0gLXJmIC8K\x07.csv",
    "\x1b[2J\x1b[1;1HSigned in as admin.csv",
    "report\u202egpj.exe",
    "a\u2066b\u2069.csv",
    "\x9b31m.csv",
    "a\rb.csv",
    "x" * 800,
    "\x1b" * 200,
]


def fit(text: str, most: int) -> bool:
    return text.replace("\n", "").isprintable() and len(text) <= most


@pytest.fixture(params=NAMES, ids=range(len(NAMES)))
def name(request: Any) -> str:
    """A name that somebody put into the dataset."""
    return str(request.param)


def test_plans_and_reports(files: Dataset, put: Put, tmp_path: Path, name: str) -> None:
    put({name: b"1", f"folder/{name}": b"2"})
    plan = files.plan_download(tmp_path)
    assert fit(str(plan), 2000)
    assert fit(without_style(plan._repr_html_()), 4000)
    for folder in (tmp_path, tmp_path / "folder"):
        # What has the place of a file keeps it; longer names have none.
        if len(name) < 250:
            (folder / name).mkdir(parents=True)
    report = files.download_all(tmp_path, raise_for_failures=False)
    assert len(report.failed) == 2
    for shown in (
        str(report),
        without_style(report._repr_html_()),
        *map(str, report),
        *(one.note for one in report),
    ):
        assert fit(shown, 4000)
    with pytest.raises(TransferFailed) as caught:
        report.raise_for_failures()
    assert fit(str(caught.value), 2000)


def without_style(page: str) -> str:
    style, found, rest = page.partition("</style>")
    assert found
    assert "xx" not in style
    return rest


def told(files: Dataset, name: str, tmp_path: Path) -> Iterator[Callable[[], object]]:
    fs = files.filesystem()
    yield lambda: files.open(f"no-{name}")
    yield lambda: files.open(f"{name}/")
    yield lambda: files.open(f"../{name}")
    yield lambda: files.open(f"folder/{name[:5]}")
    yield lambda: files.download_specific(f"no-{name}", tmp_path)
    yield lambda: fs.cat_file(f"no-{name}")
    yield lambda: fs.info(f"no-{name}")


def test_messages(files: Dataset, put: Put, tmp_path: Path, name: str) -> None:
    put({name: b"1", f"folder/{name}": b"2"})
    for use in told(files, name, tmp_path):
        with pytest.raises((DatasetFileNotFound, NotAFile, UnsafePath, FileError)) as caught:
            use()
        for text in (caught.value.message, caught.value.hint or "", str(caught.value)):
            assert fit(text, 800)


def test_what_a_message_says_is_said_of_long_names_too(files: Dataset) -> None:
    with pytest.raises(UnsafePath, match=r"holds a '\.\.' segment"):
        files.open(f"{'x' * 1000}/../y")
    error = refusal("NoSuchUpload", path="x" * 1000, label="dataset 10378.1/1")
    assert "'NoSuchUpload'" in error.message
    assert "of dataset 10378.1/1" in error.message
    assert isinstance(error, FileStoreError)


@pytest.mark.parametrize("code", ["\x1b[2J", "a b", "x" * 5000, "é\u202e", "", "Odd"])
def test_what_the_store_says(
    script: Any, location: DatasetLocation, source: CredentialsSource, code: str
) -> None:
    script.says("418 Odd", body=f"<Error><Code>{code}</Code><Message>{code}</Message></Error>")
    files = Dataset(location, source, StoreAddress(script.url))
    try:
        with pytest.raises(FileStoreError) as caught:
            files.filesystem().cat_file("a")
    finally:
        files.close()
    assert fit(str(caught.value), 400)
    assert caught.value.store_code == ("Odd" if code == "Odd" else "418")
