"""Transfers with a limit on their rate and on their connections."""

import os
import pickle
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from provena_sdk import AsyncProvena, Provena
from provena_sdk.errors import InvalidArgument
from provena_sdk.s3.client import request
from provena_sdk.transfer.scheduler import Scheduler
from provena_sdk.transfer.spec.options import TransferOptions
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
SMALL = {f"{number}.bin": os.urandom(20_000) for number in range(60)}
LARGE = {"large.bin": os.urandom(20_000_000)}


@pytest.mark.parametrize(
    ("contents", "rate", "seconds"),
    [(SMALL, "400 kB/s", 3.0), (LARGE, 10_000_000, 2.0)],
    ids=["small", "large"],
)
@pytest.mark.slow
def test_no_more_bytes_a_second_than_allowed(
    files: Dataset, put: Put, tmp_path: Path, contents: dict[str, bytes], rate: Any, seconds: float
) -> None:
    put(contents)
    options = TransferOptions(limit_rate=rate)
    begun = time.monotonic()
    report = files.plan_download(tmp_path / "down", options=options).run()
    # Only what was requested last is not waited for.
    assert time.monotonic() - begun >= 0.8 * seconds
    assert report.counts() == {"downloaded": len(contents)}
    for name, data in contents.items():
        (tmp_path / "down" / name).write_bytes(data[::-1])
    begun = time.monotonic()
    report = files.plan_upload(tmp_path / "down", options=options).run()
    assert time.monotonic() - begun >= 0.8 * seconds
    assert report.counts() == {"uploaded": len(contents)}


def test_no_more_requests_at_once_than_allowed(
    files: Dataset, put: Put, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(SMALL | LARGE)
    at_once = most = 0
    send = request.Exchange._send

    async def counted(self: Any, *args: Any) -> Any:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return await send(self, *args)
        finally:
            at_once -= 1

    monkeypatch.setattr(request.Exchange, "_send", counted)
    options = TransferOptions(max_connections=3)
    assert files.plan_download(tmp_path, options=options).run().counts() == {"downloaded": 61}
    assert most == 3


async def test_a_transfer_with_limits_of_its_own_leaves_those_of_the_client(files: Dataset) -> None:
    async with (
        Scheduler(files) as plain,
        Scheduler(files, options=TransferOptions(limit_rate=5000)) as limited,
    ):
        assert plain.objects is files.objects
        assert limited.objects is limited.objects
        assert limited.objects is not files.objects
        assert (limited.objects.admission.line.limit, files.objects.admission.line.limit) == (5000.0, None)
    async with Scheduler(files, options=TransferOptions(max_connections=2)) as few:
        assert (few.objects.admission.most, few.objects.admission.line.limit) == (2, None)


def test_a_client_has_limits_for_transfers_that_set_none() -> None:
    client, own = (
        TransferOptions(limit_rate="5MB/s", max_connections=8),
        TransferOptions(fsync=True, limit_rate=9000),
    )
    assert own.limited_as(client) == TransferOptions(fsync=True, limit_rate=9000, max_connections=8)
    assert TransferOptions().limited_as(client) == client
    assert own.limited_as(TransferOptions()) == own


@pytest.mark.parametrize("kind", [Provena, AsyncProvena])
def test_the_limits_of_a_client_reach_its_transfers(
    kind: type[Provena | AsyncProvena], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = kind("example.org", limit_rate="2 MB/s")
    assert client._datasets.limits == TransferOptions(limit_rate=2e6)
    assert pickle.loads(pickle.dumps(client._datasets)).limits == TransferOptions(limit_rate=2e6)
    monkeypatch.setenv("PROVENA_MAX_CONNECTIONS", "3")
    assert kind("example.org")._datasets.limits == TransferOptions(max_connections=3)
    for arguments, name in (
        ({"limit_rate": "fast"}, "limit_rate"),
        ({"max_connections": 0}, "max_connections"),
    ):
        with pytest.raises(InvalidArgument) as caught:
            kind("example.org", **arguments)
        assert caught.value.argument == name
