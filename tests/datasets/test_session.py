"""What the object store's client is told about times and about us."""

from datetime import UTC, datetime
from typing import Any

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import CredentialsSource
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.datasets.s3fs import s3fs_of
from provena_sdk.s3.models import StoreAddress
from tests.dataset import Dataset


def test_files_tell_when_they_were_written(files: Dataset) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    files.open("a", "wb").close()
    [info] = files.list()
    assert before <= info.modified <= datetime.now(UTC)
    assert info.modified.tzinfo is UTC


def test_requests_say_who_sends_them(
    script: Any, location: DatasetLocation, source: CredentialsSource
) -> None:
    script.says("404 Not Found")
    files = Dataset(location, source, StoreAddress(script.url))
    with pytest.raises(FileNotFoundError):
        run_sync(files.objects.head("a"))
    with pytest.raises(FileNotFoundError):
        s3fs_of(files).info(f"{location.bucket}/{location.key('a')}")
    agents = {asked.headers["user-agent"].partition("/")[0] for asked in script.asked}
    assert agents == {"provena-sdk"}
    files.close()
