from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from provena_sdk.sandbox.object_store import ObjectStore

BUCKET = "reef"


def files_in(folder: Path) -> int:
    return len(list(folder.iterdir()))


async def refused(call: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        await call
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


async def read(client: Any, key: str, **more: Any) -> bytes:
    answer = await client.get_object(Bucket=BUCKET, Key=key, **more)
    async with answer["Body"] as body:
        data: bytes = await body.read()
    return data


async def test_what_is_put_can_be_read_with_its_headers(running: Any) -> None:
    client = await running.client()
    put = await client.put_object(
        Bucket=BUCKET,
        Key="obs/a.csv",
        Body=b"site,cover",
        ContentType="text/csv",
        CacheControl="no-store",
        Metadata={"Origin": "buoy 7"},
    )
    answer = await client.get_object(Bucket=BUCKET, Key="obs/a.csv")
    assert put["ETag"] == answer["ETag"] == f'"{hashlib.md5(b"site,cover").hexdigest()}"'
    assert answer["ContentType"] == "text/csv"
    assert answer["CacheControl"] == "no-store"
    assert answer["Metadata"] == {"origin": "buoy 7"}
    assert await answer["Body"].read() == b"site,cover"
    head = await client.head_object(Bucket=BUCKET, Key="obs/a.csv")
    assert head["ContentLength"] == 10
    assert running.store.get(BUCKET, "obs/a.csv") == b"site,cover"
    info = running.store.head(BUCKET, "obs/a.csv")
    assert (info.size, info.content_type, info.metadata) == (10, "text/csv", {"origin": "buoy 7"})
    assert head["LastModified"] == info.modified.replace(microsecond=0)


async def test_missing_things_are_named(running: Any) -> None:
    client = await running.client()
    assert await refused(client.get_object(Bucket=BUCKET, Key="no")) == (404, "NoSuchKey")
    assert await refused(client.head_object(Bucket=BUCKET, Key="no")) == (404, "404")
    assert await refused(client.get_object(Bucket="nowhere", Key="no")) == (404, "NoSuchBucket")
    assert await refused(client.list_objects_v2(Bucket="nowhere")) == (404, "NoSuchBucket")


@pytest.mark.parametrize("size", [0, 1, 70_000, 1_100_000, 5_000_000])
async def test_every_size_comes_back_whole_and_in_ranges(running: Any, size: int) -> None:
    client = await running.client()
    data = bytes(range(256)) * (size // 256 + 1)
    data = data[:size]
    await client.put_object(Bucket=BUCKET, Key="x", Body=data)
    assert await read(client, "x") == data
    if size > 10:
        assert await read(client, "x", Range=f"bytes=3-{size - 2}") == data[3 : size - 1]
        assert await read(client, "x", Range="bytes=-7") == data[-7:]
        assert await read(client, "x", Range=f"bytes={size - 1}-") == data[-1:]


@pytest.mark.parametrize(
    ("header", "status", "body", "content_range"),
    [
        ("bytes=0-0", 206, b"0", "bytes 0-0/10"),
        ("bytes=2-", 206, b"23456789", "bytes 2-9/10"),
        ("bytes=2-400", 206, b"23456789", "bytes 2-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=-30", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=0-1,4-5", 200, b"0123456789", None),
        ("bytes=5-2", 200, b"0123456789", None),
        ("lines=1-2", 200, b"0123456789", None),
        ("bytes=-", 200, b"0123456789", None),
        ("bytes=10-", 416, None, "bytes */10"),
        ("bytes=-0", 416, None, "bytes */10"),
    ],
)
async def test_ranges(
    running: Any, header: str, status: int, body: bytes | None, content_range: str | None
) -> None:
    running.store.put(BUCKET, "x", b"0123456789")
    for method in ("GET", "HEAD"):
        answer = await running.signed_raw(method, running.path("x"), {"Range": header})
        assert answer.status == status
        assert answer.headers.get("content-range") == content_range
        if body is None:
            assert method == "HEAD" or b"<Code>InvalidRange</Code>" in answer.body
        else:
            assert answer.headers["content-length"] == str(len(body))
            assert answer.body == (body if method == "GET" else b"")


async def test_a_range_of_an_empty_object_is_refused(running: Any) -> None:
    running.store.put(BUCKET, "x", b"")
    client = await running.client()
    assert await refused(client.get_object(Bucket=BUCKET, Key="x", Range="bytes=0-")) == (416, "InvalidRange")


async def test_conditions_on_reading(running: Any) -> None:
    etag = running.store.put(BUCKET, "x", b"one").etag
    client = await running.client()
    assert await read(client, "x", IfMatch=f'"{etag}"') == b"one"
    assert (await refused(client.get_object(Bucket=BUCKET, Key="x", IfMatch='"other"')))[0] == 412
    assert (await refused(client.get_object(Bucket=BUCKET, Key="x", IfNoneMatch=f'"{etag}"')))[0] == 304
    assert await read(client, "x", IfNoneMatch='"other"') == b"one"
    modified = running.store.head(BUCKET, "x").modified
    assert (await refused(client.head_object(Bucket=BUCKET, Key="x", IfModifiedSince=modified)))[0] == 304
    assert await read(client, "x", IfUnmodifiedSince=modified) == b"one"
    old = "Thu, 01 Jan 2015 00:00:00 GMT"
    assert (await refused(client.get_object(Bucket=BUCKET, Key="x", IfUnmodifiedSince=old)))[0] == 412
    # A matching ETag outweighs the date, as RFC 9110 has it.
    assert await read(client, "x", IfMatch=f'"{etag}"', IfUnmodifiedSince=old) == b"one"
    stale = await running.signed_raw(
        "GET", running.path("x"), {"Range": "bytes=0-0", "If-Range": '"an older one"'}
    )
    assert (stale.status, stale.body) == (200, b"one")
    fresh = await running.signed_raw(
        "GET", running.path("x"), {"Range": "bytes=0-0", "If-Range": f'"{etag}"'}
    )
    assert (fresh.status, fresh.body) == (206, b"o")


async def test_conditions_on_writing(running: Any) -> None:
    client = await running.client()
    first = await client.put_object(Bucket=BUCKET, Key="x", Body=b"one", IfNoneMatch="*")
    assert (await refused(client.put_object(Bucket=BUCKET, Key="x", Body=b"two", IfNoneMatch="*")))[0] == 412
    await client.put_object(Bucket=BUCKET, Key="x", Body=b"two", IfMatch=first["ETag"])
    late = client.put_object(Bucket=BUCKET, Key="x", Body=b"three", IfMatch=first["ETag"])
    assert (await refused(late))[0] == 412
    missing = client.put_object(Bucket=BUCKET, Key="y", Body=b"three", IfMatch=first["ETag"])
    assert await refused(missing) == (404, "NoSuchKey")
    assert running.store.get(BUCKET, "x") == b"two"
    assert not running.store.exists(BUCKET, "y")


async def test_only_one_of_many_writers_creates(running: Any) -> None:
    client = await running.client()
    calls = [client.put_object(Bucket=BUCKET, Key="x", Body=b"%d" % n, IfNoneMatch="*") for n in range(8)]
    outcomes = await asyncio.gather(*calls, return_exceptions=True)
    assert sum(not isinstance(outcome, ClientError) for outcome in outcomes) == 1


async def test_copies(running: Any) -> None:
    running.store.put(BUCKET, "a b+c", b"data", {"k": "v"}, content_type="text/plain")
    client = await running.client()
    await client.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "a b+c"})
    info = running.store.head(BUCKET, "copy")
    assert (info.content_type, info.metadata) == ("text/plain", {"k": "v"})
    await client.copy_object(
        Bucket=BUCKET,
        Key="copy",
        CopySource={"Bucket": BUCKET, "Key": "copy"},
        MetadataDirective="REPLACE",
        Metadata={"n": "1"},
    )
    assert running.store.head(BUCKET, "copy").metadata == {"n": "1"}
    assert running.store.get(BUCKET, "copy") == b"data"
    itself = client.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "copy"})
    assert await refused(itself) == (400, "InvalidRequest")
    gone = client.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": "no"})
    assert await refused(gone) == (404, "NoSuchKey")
    changed = client.copy_object(
        Bucket=BUCKET, Key="c", CopySource={"Bucket": BUCKET, "Key": "copy"}, CopySourceIfMatch='"x"'
    )
    assert await refused(changed) == (412, "PreconditionFailed")


async def test_deleting(running: Any) -> None:
    for key in ("a", "b & <c>", "d\re", "f"):
        running.store.put(BUCKET, key, b"")
    client = await running.client()
    await client.delete_object(Bucket=BUCKET, Key="a")
    await client.delete_object(Bucket=BUCKET, Key="a")
    answer = await client.delete_objects(
        Bucket=BUCKET, Delete={"Objects": [{"Key": "b & <c>"}, {"Key": "never was"}]}
    )
    assert [one["Key"] for one in answer["Deleted"]] == ["b & <c>", "never was"]
    quiet = await client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "f"}], "Quiet": True})
    assert "Deleted" not in quiet
    assert running.store.keys(BUCKET) == ["d\re"]


async def test_deleting_many_needs_a_digest_and_good_xml(running: Any) -> None:
    body = b"<Delete><Object><Key>a</Key></Object></Delete>"
    path = f"/{BUCKET}?delete="
    bare = await running.signed_raw("POST", path, data=body)
    assert (bare.status, b"<Code>InvalidRequest</Code>" in bare.body) == (400, True)
    digest = "XrY7u+Ae7tCTyyK7j1rNww=="
    wrong = await running.signed_raw("POST", path, {"Content-MD5": digest}, body)
    assert (wrong.status, b"<Code>BadDigest</Code>" in wrong.body) == (400, True)


async def test_response_headers_can_be_asked_for(running: Any) -> None:
    running.store.put(BUCKET, "x", b"data", content_type="text/plain")
    client = await running.client()
    answer = await client.get_object(
        Bucket=BUCKET, Key="x", ResponseContentType="image/png", ResponseContentDisposition="attachment"
    )
    assert answer["ContentType"] == "image/png"
    assert answer["ContentDisposition"] == "attachment"


async def test_large_objects_live_in_files_and_leave_with_their_last_reader(
    tmp_path: Path, start: Any
) -> None:
    store = ObjectStore(tmp_path, memory_per_object=1000)
    running = await start(store)
    client = await running.client()
    await client.put_object(Bucket=BUCKET, Key="big", Body=b"x" * 300_000)
    await client.put_object(Bucket=BUCKET, Key="small", Body=b"x" * 1000)
    assert files_in(tmp_path) == 1
    held = store.find(BUCKET, "big")
    await client.put_object(Bucket=BUCKET, Key="big", Body=b"y" * 300_000)
    assert held.read(0, 3) == b"xxx"
    assert await read(client, "big") == b"y" * 300_000
    del held
    assert files_in(tmp_path) == 1
    await client.delete_object(Bucket=BUCKET, Key="big")
    assert files_in(tmp_path) == 0


async def test_memory_stays_within_its_budget(tmp_path: Path) -> None:
    store = ObjectStore(tmp_path, memory_per_object=1000, memory_in_all=5000)
    store.create_bucket(BUCKET)
    for n in range(20):
        store.put(BUCKET, str(n), b"%04d" % n * 250)
    assert store.space.memory_used <= 5000
    assert files_in(tmp_path) == 15
    assert [store.get(BUCKET, str(n))[:4] for n in range(20)] == [b"%04d" % n for n in range(20)]
    store.clear()
    assert store.space.memory_used == 0
    assert files_in(tmp_path) == 0


async def test_buckets(running: Any) -> None:
    client = await running.client()
    await client.create_bucket(
        Bucket="second", CreateBucketConfiguration={"LocationConstraint": "ap-southeast-2"}
    )
    listed = await client.list_buckets()
    assert [bucket["Name"] for bucket in listed["Buckets"]] == [BUCKET, "second"]
    location = await client.get_bucket_location(Bucket=BUCKET)
    assert location["LocationConstraint"] == "ap-southeast-2"
    await client.head_bucket(Bucket="second")
    await client.put_object(Bucket="second", Key="x", Body=b"")
    assert await refused(client.delete_bucket(Bucket="second")) == (409, "BucketNotEmpty")
    await client.delete_object(Bucket="second", Key="x")
    await client.delete_bucket(Bucket="second")
    assert (await refused(client.head_bucket(Bucket="second")))[0] == 404


async def test_what_is_not_implemented_says_so(running: Any) -> None:
    client = await running.client()
    assert await refused(client.get_bucket_acl(Bucket=BUCKET)) == (501, "NotImplemented")
    assert await refused(client.get_object_tagging(Bucket=BUCKET, Key="x")) == (501, "NotImplemented")


@pytest.mark.parametrize("encrypted", [False, True])
async def test_an_encrypted_buckets_etags_tell_nothing(running: Any, encrypted: bool) -> None:
    running.store.bucket(BUCKET).encrypted = encrypted
    client = await running.client()
    put = await client.put_object(Bucket=BUCKET, Key="a", Body=b"reef")
    started = await client.create_multipart_upload(Bucket=BUCKET, Key="b")
    place = {"Bucket": BUCKET, "Key": "b", "UploadId": started["UploadId"]}
    part = await client.upload_part(**place, PartNumber=1, Body=b"reef")
    chosen = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    done = await client.complete_multipart_upload(**place, MultipartUpload=chosen)
    md5 = f'"{hashlib.md5(b"reef").hexdigest()}"'
    assert (put["ETag"] == md5, part["ETag"] == md5) == (not encrypted, not encrypted)
    told = {answer.get("ServerSideEncryption") for answer in (put, part, done)}
    told.add((await client.head_object(Bucket=BUCKET, Key="b")).get("ServerSideEncryption"))
    assert told == {"aws:kms" if encrypted else None}
    assert await read(client, "a") == await read(client, "b") == b"reef"
    with pytest.raises(ClientError, match="BadDigest"):
        await client.put_object(Bucket=BUCKET, Key="a", Body=b"reef", ContentMD5="1B2M2Y8AsgTpgAmY7PhCfg==")
