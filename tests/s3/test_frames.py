"""No key, token or signature in the local variables of any frame that an error of the store came through."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from provena_sdk.datasets.credentials import Access, CredentialsSource, DatasetCredentials
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import ConfigurationError, FileStoreError
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.http.endpoint import Endpoint
from provena_sdk.s3.http.pool import proxy
from provena_sdk.s3.models import StoreAddress, Streamed
from provena_sdk.s3.retry import RetryRule
from provena_sdk.sandbox.object_store import ObjectFault, ObjectFaults, Server

Put = Callable[[dict[str, bytes]], None]
ShownBy = Callable[[BaseException], str]
Work = Callable[[ObjectClient], Any]


async def unreadable() -> AsyncIterator[bytes]:
    yield b"half"
    raise OSError(5, "Input/output error")


class Full:
    def take(self, data: memoryview, /) -> None:
        raise OSError(28, "No space left on device")


async def cancelled(client: ObjectClient) -> None:
    async with asyncio.timeout(0.3):
        await client.get("stalled")


async def cancelled_while_sending(client: ObjectClient) -> None:
    async with asyncio.timeout(0.3):
        await client.put("stalled", bytes(30_000_000), crc32="AAAAAA==")


async def timed_out(client: ObjectClient) -> None:
    await client.get("stalled")


async def reading_fails(client: ObjectClient) -> None:
    upload_id = await client.create_upload("large")
    try:
        await client.upload_part("large", upload_id, 1, Streamed(8, unreadable), crc32="AAAAAA==")
    finally:
        await client.abort_upload("large", upload_id)  # other tests look for uploads that were left


async def taking_fails(client: ObjectClient) -> None:
    await client.get("small", into=Full())


async def an_etag_that_cannot_be_sent(client: ObjectClient) -> None:
    await client.get("small", if_match="\ud800")


async def a_key_that_cannot_be_sent(client: ObjectClient) -> None:
    await client.put("small", b"", crc32="AAAAAA==\r\nx-evil: 1")


async def refused(client: ObjectClient) -> None:
    await client.get("forbidden")


@pytest.mark.parametrize(
    "work",
    [
        cancelled,
        cancelled_while_sending,
        timed_out,
        reading_fails,
        taking_fails,
        an_etag_that_cannot_be_sent,
        a_key_that_cannot_be_sent,
        refused,
    ],
)
def test_no_secret_in_any_frame(
    work: Work,
    server: Server,
    location: DatasetLocation,
    source: CredentialsSource,
    faults: ObjectFaults,
    put: Put,
    shown_by: ShownBy,
) -> None:
    put({"small": b"12345678", "stalled": b"1"})
    faults.add(ObjectFault(kind="stall", key="*/stalled", seconds=30.0, times=None))
    faults.add(ObjectFault(kind="internal_error", key="*/forbidden", times=None))

    async def run() -> None:
        client = ObjectClient(
            location.folder,
            DatasetCredentials(source, location.dataset_id, Access.WRITE),
            StoreAddress(server.url),
            rule=RetryRule(base=0.001, most=2),
            idle=0.5,
        )
        try:
            await work(client)
        finally:
            await client.close()

    with pytest.raises(Exception) as caught:
        asyncio.run(run())
    shown = shown_by(caught.value)
    assert "request.py" in shown
    for secret in source.get(location.dataset_id, Access.WRITE).secrets:
        assert secret.reveal() not in shown
    assert "Signature=" not in shown


def test_keys_that_cannot_be_sent_are_refused_without_showing_them(shown_by: ShownBy) -> None:
    with pytest.raises(ValueError, match=r"session_token: one line") as caught:
        Credentials("AKID", "the-secret", "the-token\ud800", datetime(2100, 1, 1, tzinfo=UTC))
    assert "the-" not in shown_by(caught.value)


def test_a_header_that_cannot_be_signed_is_an_answer_that_makes_no_sense(
    server: Server, location: DatasetLocation, source: CredentialsSource
) -> None:
    async def run() -> None:
        credentials = DatasetCredentials(source, location.dataset_id, Access.READ)
        await an_etag_that_cannot_be_sent(
            ObjectClient(location.folder, credentials, StoreAddress(server.url))
        )

    with pytest.raises(FileStoreError):
        asyncio.run(run())


def test_a_proxy_that_is_none_keeps_its_password(monkeypatch: pytest.MonkeyPatch, shown_by: ShownBy) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "socks5://me:the-password@proxy:1080")
    with pytest.raises(ConfigurationError) as caught:
        proxy(Endpoint("https", "store.example.org", 443, ""))
    assert "the-password" not in shown_by(caught.value)
