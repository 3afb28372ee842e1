from __future__ import annotations

import asyncio
import base64
import time
import zlib
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError

from provena_sdk.sandbox.object_store import ObjectFault, presign

BUCKET = "reef"
DATA = bytes(range(256)) * 1000


@pytest.fixture
async def served(running: Any) -> Any:
    running.store.put(BUCKET, "a.nc", DATA)
    running.store.put(BUCKET, "large.nc", DATA * 8)
    return running


async def get(running: Any, key: str = "a.nc", **headers: str) -> httpx.Response:
    async with httpx.AsyncClient() as client:
        return await client.get(presign(running.grants, running.server.url, BUCKET, key, 60), headers=headers)


def add(running: Any, **fields: Any) -> ObjectFault:
    fault: ObjectFault = running.server.faults.add(ObjectFault(**fields))
    return fault


async def test_filters_and_counts(served: Any) -> None:
    fault = add(served, kind="slow_down", key="*.nc", method="GET", operation="GetObject", skip=1, times=2)
    served.store.put(BUCKET, "b.txt", b"")
    statuses = [(await get(served)).status_code for _ in range(4)]
    assert statuses == [200, 503, 503, 200]
    assert fault.hits == 2
    assert (await get(served, "b.txt")).status_code == 200


async def test_errors_are_s3_errors(served: Any) -> None:
    add(served, kind="slow_down")
    answer = await get(served)
    assert (answer.status_code, "<Code>SlowDown</Code>" in answer.text) == (503, True)
    add(served, kind="internal_error")
    answer = await get(served)
    assert (answer.status_code, "<Code>InternalError</Code>" in answer.text) == (500, True)
    add(served, kind="internal_error", method="PUT")
    assert (await served.signed_raw("PUT", served.path("new"), data=b"x")).status == 500
    assert not served.store.exists(BUCKET, "new")


@pytest.mark.parametrize("key", ["a.nc", "large.nc"])
async def test_a_truncated_body(served: Any, key: str) -> None:
    add(served, kind="truncate", after_bytes=1000)
    with pytest.raises(httpx.RemoteProtocolError, match="received 1000 bytes"):
        await get(served, key)
    assert (await get(served, key)).status_code == 200


async def test_a_reset_connection(served: Any) -> None:
    add(served, kind="reset")
    with pytest.raises(httpx.ReadError):
        await get(served)
    add(served, kind="reset", after_bytes=1000)
    with pytest.raises(httpx.ReadError):
        await get(served)
    assert (await get(served)).content == DATA
    assert [record.status for record in served.server.requests] == [0, 0, 200]


async def test_a_reset_before_and_after_the_effect(served: Any) -> None:
    for after_effect in (False, True):
        add(served, kind="reset", method="PUT", after_effect=after_effect)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await served.signed_raw("PUT", served.path("new"), data=b"x")
        assert served.store.exists(BUCKET, "new") is after_effect


async def test_latency_and_stalls(served: Any) -> None:
    add(served, kind="latency", seconds=0.1, times=None)
    began = time.monotonic()
    answers = await asyncio.gather(*(get(served) for _ in range(5)))
    assert 0.1 <= time.monotonic() - began < 2
    assert [answer.status_code for answer in answers] == [200] * 5
    assert served.server.activity.peak_in_flight == 5
    served.server.faults.clear()
    add(served, kind="stall", seconds=0.2, after_bytes=100)
    url = presign(served.grants, served.server.url, BUCKET, "a.nc", 60)
    async with httpx.AsyncClient() as client, client.stream("GET", url) as answer:
        began = time.monotonic()
        pieces = [piece async for piece in answer.aiter_raw()]
        assert time.monotonic() - began >= 0.15
    assert b"".join(pieces) == DATA
    assert len(pieces[0]) == 100


async def test_corrupt_bytes(served: Any) -> None:
    add(served, kind="corrupt", after_bytes=5)
    got = (await get(served)).content
    assert len(got) == len(DATA)
    assert [n for n, (a, b) in enumerate(zip(got, DATA, strict=True)) if a != b] == [5]
    add(served, kind="corrupt", after_bytes=10**9)
    got = (await get(served, Range="bytes=10-19")).content
    assert got[:-1] == DATA[10:19]
    assert got[-1] != DATA[19]
    assert served.store.get(BUCKET, "a.nc") == DATA


async def test_credentials_expire_at_the_nth_request(served: Any) -> None:
    keys = served.grants.issue(BUCKET, "", write=False, lifetime_seconds=60)
    add(served, kind="expire_credentials", skip=2)
    statuses = [(await served.signed_raw("GET", served.path("a.nc"), keys=keys)).status for _ in range(4)]
    assert statuses == [200, 200, 400, 400]
    fresh = served.grants.issue(BUCKET, "", write=False, lifetime_seconds=60)
    assert (await served.signed_raw("GET", served.path("a.nc"), keys=fresh)).status == 200


async def test_an_object_replaced_between_two_reads(served: Any) -> None:
    add(served, kind="replace", data=b"new content", key="large.nc")
    first = await get(served, "large.nc", Range="bytes=0-9")
    assert first.content == DATA[:10]
    second = await get(served, "large.nc", Range="bytes=0-9", **{"If-Match": first.headers["etag"]})
    assert second.status_code == 412
    assert (await get(served, "large.nc")).content == b"new content"


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="latency"):
        ObjectFault(kind="slow")  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["truncate", "reset"])
@pytest.mark.parametrize("after_bytes", [1, 300_000, 10**9])
async def test_an_upload_cut_on_its_way_in_leaves_nothing(running: Any, kind: str, after_bytes: int) -> None:
    add(running, kind=kind, operation="PutObject", after_bytes=after_bytes)
    data = bytes(2_000_000)
    with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
        await running.signed_raw("PUT", running.path("new"), data=data)
    assert not running.store.exists(BUCKET, "new")
    assert (await running.signed_raw("PUT", running.path("new"), data=data)).status == 200
    assert [(record.status, record.received) for record in running.server.requests][-1] == (200, 2_000_000)
    assert running.server.requests[0].status == 0
    assert running.server.activity.in_flight == 0


@pytest.mark.parametrize("after_bytes", [0, 777, 10**9])
async def test_an_upload_damaged_on_its_way_in(running: Any, after_bytes: int) -> None:
    checksum = base64.b64encode(zlib.crc32(DATA).to_bytes(4, "big")).decode()
    headers = {"x-amz-checksum-crc32": checksum}
    add(running, kind="corrupt", operation="PutObject", after_bytes=after_bytes)
    refused = await running.signed_raw(
        "PUT", running.path("new"), headers, data=DATA, payload="UNSIGNED-PAYLOAD"
    )
    assert (refused.status, b"<Code>BadDigest</Code>" in refused.body) == (400, True)
    add(running, kind="corrupt", operation="PutObject", after_bytes=after_bytes)
    unprotected = await running.signed_raw("PUT", running.path("new"), data=DATA, payload="UNSIGNED-PAYLOAD")
    assert unprotected.status == 200
    stored = running.store.get(BUCKET, "new")
    wrong = [n for n, (a, b) in enumerate(zip(stored, DATA, strict=True)) if a != b]
    assert wrong == [min(after_bytes, len(DATA) - 1)]
    assert unprotected.headers["etag"] == f'"{running.store.head(BUCKET, "new").etag}"'


async def test_an_upload_damaged_in_chunks(running: Any) -> None:
    client = await running.client(request_checksum_calculation="when_supported")
    add(running, kind="corrupt", operation="PutObject", after_bytes=10**9)
    with pytest.raises(ClientError, match=r"XAmzContentSHA256Mismatch|BadDigest"):
        await client.put_object(Bucket=BUCKET, Key="new", Body=DATA)


@pytest.mark.parametrize("after_effect", [False, True])
async def test_errors_with_status_200(running: Any, after_effect: bool) -> None:
    running.store.put(BUCKET, "a", b"data")
    headers = {"x-amz-copy-source": f"{BUCKET}/a"}
    fault = add(running, kind="error_in_200", after_effect=after_effect, times=None)
    copied = await running.signed_raw("PUT", running.path("b"), headers)
    assert (copied.status, b"<Code>InternalError</Code>" in copied.body) == (200, True)
    assert running.store.exists(BUCKET, "b") is after_effect
    assert (await running.signed_raw("GET", running.path("a"))).body == b"data"
    assert fault.hits == 1
    if after_effect:
        missing = await running.signed_raw("PUT", running.path("b"), {"x-amz-copy-source": f"{BUCKET}/no"})
        assert missing.status == 404


async def test_a_stalled_upload_takes_effect_and_is_answered_late(running: Any) -> None:
    add(running, kind="stall", operation="PutObject", seconds=0.2)
    waiting = asyncio.ensure_future(running.signed_raw("PUT", running.path("x"), data=b"data"))
    while not running.store.exists(BUCKET, "x"):  # noqa: ASYNC110 reason=the store tells nobody of a change
        await asyncio.sleep(0.01)
    assert not waiting.done()
    assert (await waiting).status == 200
