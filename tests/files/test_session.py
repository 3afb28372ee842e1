"""What the object store's client is told about times and about us."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.utils import parse_timestamp

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.session import timestamp


@pytest.mark.parametrize(
    "value",
    [
        "2024-05-01T08:30:00.000Z",
        "2024-05-01T08:30:00Z",
        "2024-05-01T08:30:00.123456+02:00",
        "Wed, 01 May 2024 08:30:00 GMT",
        "Wednesday, 01-May-24 08:30:00 GMT",
        "1714552200",
        1714552200,
    ],
)
def test_times_are_read_as_botocore_reads_them(value: Any) -> None:
    assert timestamp(value) == parse_timestamp(value)


def test_files_tell_when_they_were_written(files: DatasetFiles) -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    files.open("a", "wb").close()
    [info] = files.list()
    assert before <= info.modified <= datetime.now(UTC)
    assert info.modified.tzinfo is UTC


def test_requests_say_who_sends_them(files: DatasetFiles) -> None:
    async def agents() -> list[str]:
        store = files.filesystem(Access.READ).store
        client = await store.set_session()
        sent: list[str] = []
        client.meta.events.register(
            "before-send.s3", lambda request, **_: sent.append(request.headers["User-Agent"])
        )
        await store.request("list_objects_v2", Prefix=store.location.prefix)
        return sent

    assert [str(agent).split("/")[0].removeprefix("b'") for agent in run_sync(agents())] == ["provena-sdk"]
