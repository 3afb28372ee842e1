"""The behaviour of an S3 store, tested on the sandbox's server and on moto's.

A difference of moto's from Amazon S3 is named where it shows; the test then has to fail there.
"""

from __future__ import annotations

import base64
import hashlib
import itertools
import os
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from aiobotocore.config import AioConfig
from aiobotocore.session import get_session
from botocore.exceptions import ClientError
from moto.server import ThreadedMotoServer

from provena_sdk.sandbox.object_store.http.checksums import encoded, new_checksum
from tests.chosen_store import chosen

MIB = 1 << 20
PART = b"p" * (5 * MIB)
ODD_KEYS = [
    "plain",
    "with space",
    "plus+plus",
    "percent%41%2F%",
    "hash#and?question&amp;=",
    "quote'\"<>",
    "é/ü/日本/\U0001f420",
    "dots/a.b../c",
    "semi;colon:at@,comma",
    "tilde~(paren)[bracket]{brace}|^`",
    "back\\slash",
]
REAL = chosen()
SESSION = get_session()
_numbers = itertools.count(1 if REAL is None else time.time_ns())


@dataclass
class Store:
    """A bucket of the test's own, and a client for it."""

    client: Any
    bucket: str

    async def put(self, key: str, data: bytes = b"", **more: Any) -> Any:
        return await self.client.put_object(Bucket=self.bucket, Key=key, Body=data, **more)

    async def get(self, key: str, **more: Any) -> bytes:
        answer = await self.client.get_object(Bucket=self.bucket, Key=key, **more)
        async with answer["Body"] as body:
            data: bytes = await body.read()
        return data

    async def head(self, key: str, **more: Any) -> Any:
        return await self.client.head_object(Bucket=self.bucket, Key=key, **more)

    async def page(self, **more: Any) -> Any:
        return await self.client.list_objects_v2(Bucket=self.bucket, **more)

    async def begin(self, key: str, parts: list[bytes], **more: Any) -> tuple[str, list[dict[str, Any]]]:
        """Upload parts, the last first, and return the upload's id and what completing it needs.

        Parts have a CRC32 if the upload is begun with one: Amazon S3 and others refuse it otherwise.
        """
        begun = await self.client.create_multipart_upload(Bucket=self.bucket, Key=key, **more)
        upload_id = begun["UploadId"]
        checked = more.get("ChecksumAlgorithm") == "CRC32"
        numbered = list(enumerate(parts, start=1))[::-1]
        made = [await self.part(key, upload_id, number, data, checked=checked) for number, data in numbered]
        return upload_id, made[::-1]

    async def part(
        self, key: str, upload_id: str, number: int, data: bytes, *, checked: bool = False
    ) -> dict[str, Any]:
        checksum = {"ChecksumCRC32": crc32(data)} if checked else {}
        part = await self.client.upload_part(
            Bucket=self.bucket, Key=key, UploadId=upload_id, PartNumber=number, Body=data, **checksum
        )
        return {"PartNumber": number, "ETag": part["ETag"], **checksum}

    async def complete(self, key: str, upload_id: str, parts: list[dict[str, Any]], **more: Any) -> Any:
        return await self.client.complete_multipart_upload(
            Bucket=self.bucket, Key=key, UploadId=upload_id, MultipartUpload={"Parts": parts}, **more
        )


def moto_differs(reason: str) -> pytest.MarkDecorator:
    """Mark a test that moto fails because it does not do as Amazon S3."""
    return pytest.mark.moto_differs(reason)


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def composite_etag(parts: list[bytes]) -> str:
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    return f'"{hashlib.md5(digests).hexdigest()}-{len(parts)}"'


async def refusal(call: Awaitable[Any]) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        await call
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


@pytest.fixture(scope="session")
def moto_url() -> Iterator[str]:
    """A moto server in a thread."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(params=["sandbox", "moto"] if REAL is None else [REAL.name])
async def store(request: pytest.FixtureRequest, start: Any) -> AsyncIterator[Store]:
    """An empty bucket of the sandbox's server or of moto's."""
    if REAL is not None:
        url, access_key_id, secret = REAL.url, REAL.access_key_id, REAL.secret_access_key
    elif request.param == "sandbox":
        running = await start()
        url, keys = running.server.url, running.grants.root
        access_key_id, secret = keys.access_key_id, keys.secret_access_key
    else:
        url, access_key_id, secret = request.getfixturevalue("moto_url"), "any", "any"
        if (marker := request.node.get_closest_marker("moto_differs")) is not None:
            request.applymarker(pytest.mark.xfail(reason=marker.args[0]))
    opened = SESSION.create_client(
        "s3",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret,
        config=AioConfig(
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
            response_checksum_validation="when_required",
        ),
    )
    async with opened as client:
        bucket = f"bucket-{next(_numbers)}"
        await client.create_bucket(Bucket=bucket)
        yield Store(client, bucket)


async def test_what_is_put_comes_back_with_its_headers(store: Store) -> None:
    put = await store.put(
        "a/b.csv",
        b"site,cover",
        ContentType="text/csv",
        CacheControl="no-store",
        ContentDisposition="attachment",
        Metadata={"origin": "buoy 7"},
    )
    answer = await store.client.get_object(Bucket=store.bucket, Key="a/b.csv")
    assert await answer["Body"].read() == b"site,cover"
    assert put["ETag"] == answer["ETag"] == f'"{hashlib.md5(b"site,cover").hexdigest()}"'
    assert (answer["ContentType"], answer["CacheControl"]) == ("text/csv", "no-store")
    assert (answer["ContentDisposition"], answer["Metadata"]) == ("attachment", {"origin": "buoy 7"})
    head = await store.head("a/b.csv")
    assert (head["ContentLength"], head["ETag"], head["AcceptRanges"]) == (10, put["ETag"], "bytes")
    assert head["LastModified"] == answer["LastModified"]


@pytest.mark.parametrize("size", [0, 1, 65_537, 3 * MIB])
async def test_every_size_comes_back(store: Store, size: int) -> None:
    data = os.urandom(size)
    await store.put("x", data)
    assert await store.get("x") == data
    assert (await store.head("x"))["ContentLength"] == size


async def test_the_usual_type_of_content(store: Store) -> None:
    await store.put("x", b"data")
    assert (await store.head("x"))["ContentType"] == "binary/octet-stream"


async def test_what_is_missing_is_named(store: Store) -> None:
    assert await refusal(store.get("no")) == (404, "NoSuchKey")
    assert await refusal(store.head("no")) == (404, "404")
    missing = store.client.list_objects_v2(Bucket="no-such-bucket")
    assert await refusal(missing) == (404, "NoSuchBucket")
    missing = store.client.get_object(Bucket="no-such-bucket", Key="x")
    assert await refusal(missing) == (404, "NoSuchBucket")


@pytest.mark.parametrize("key", ODD_KEYS)
async def test_odd_keys(store: Store, key: str) -> None:
    await store.put(key, key.encode())
    assert await store.get(key) == key.encode()
    page = await store.page(Prefix=key)
    assert [one["Key"] for one in page["Contents"]] == [key]
    folder = await store.page(Delimiter="/")
    shown = [one["Key"] for one in folder.get("Contents", [])]
    shown += [one["Prefix"] for one in folder.get("CommonPrefixes", [])]
    assert shown == [key[: key.find("/") + 1] or key]
    source = {"Bucket": store.bucket, "Key": key}
    await store.client.copy_object(Bucket=store.bucket, Key="copy", CopySource=source)
    assert await store.get("copy") == key.encode()
    answer = await store.client.delete_objects(Bucket=store.bucket, Delete={"Objects": [{"Key": key}]})
    assert [one["Key"] for one in answer["Deleted"]] == [key]
    assert await refusal(store.get(key)) == (404, "NoSuchKey")


@moto_differs("takes keys of any length")
async def test_keys_have_1024_bytes_at_most(store: Store) -> None:
    await store.put("k" * 1024, b"data")
    assert await refusal(store.put("k" * 1025, b"data")) == (400, "KeyTooLongError")


@pytest.mark.parametrize(
    ("header", "body", "content_range"),
    [
        ("bytes=0-0", b"0", "bytes 0-0/10"),
        ("bytes=2-", b"23456789", "bytes 2-9/10"),
        ("bytes=2-400", b"23456789", "bytes 2-9/10"),
        ("bytes=-3", b"789", "bytes 7-9/10"),
    ],
)
async def test_ranges(store: Store, header: str, body: bytes, content_range: str) -> None:
    await store.put("x", b"0123456789")
    answer = await store.client.get_object(Bucket=store.bucket, Key="x", Range=header)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 206
    assert (answer["ContentRange"], answer["ContentLength"]) == (content_range, len(body))
    assert await answer["Body"].read() == body


async def test_a_range_beyond_the_end_is_refused(store: Store) -> None:
    await store.put("x", b"0123456789")
    assert await refusal(store.get("x", Range="bytes=10-")) == (416, "InvalidRange")


async def test_a_range_longer_than_the_object_from_its_end(store: Store) -> None:
    await store.put("x", b"0123456789")
    assert await store.get("x", Range="bytes=-30") == b"0123456789"


async def test_a_range_of_an_empty_object_is_refused(store: Store) -> None:
    await store.put("x", b"")
    assert await refusal(store.get("x", Range="bytes=0-")) == (416, "InvalidRange")


@moto_differs("answers bytes=5-2 with some bytes")
async def test_a_malformed_range_counts_as_none(store: Store) -> None:
    await store.put("x", b"0123456789")
    for header in ("bytes=5-2", "lines=1-2", "bytes=-"):
        assert await store.get("x", Range=header) == b"0123456789"


async def test_conditions_on_reading(store: Store) -> None:
    etag = (await store.put("x", b"one"))["ETag"]
    assert await store.get("x", IfMatch=etag) == b"one"
    assert await store.get("x", IfMatch=etag, Range="bytes=1-") == b"ne"
    assert await store.get("x", IfNoneMatch='"other"') == b"one"
    assert (await refusal(store.get("x", IfMatch='"other"')))[0] == 412
    assert (await refusal(store.get("x", IfMatch='"other"', Range="bytes=0-0")))[0] == 412
    assert (await refusal(store.get("x", IfNoneMatch=etag)))[0] == 304
    assert (await refusal(store.head("x", IfMatch='"other"')))[0] == 412


async def test_conditions_on_creating(store: Store) -> None:
    first = await store.put("x", b"one", IfNoneMatch="*")
    assert await refusal(store.put("x", b"two", IfNoneMatch="*")) == (412, "PreconditionFailed")
    assert await store.get("x") == b"one"
    assert first["ETag"]


async def test_conditions_on_replacing(store: Store) -> None:
    first = await store.put("x", b"one")
    await store.put("x", b"two", IfMatch=first["ETag"])
    assert await refusal(store.put("x", b"three", IfMatch=first["ETag"])) == (412, "PreconditionFailed")
    assert await refusal(store.put("y", b"three", IfMatch=first["ETag"])) == (404, "NoSuchKey")
    assert await store.get("x") == b"two"


@pytest.mark.parametrize("size", [1, 3, 1000])
async def test_pages_list_everything_in_order(store: Store, size: int) -> None:
    keys = ["a.txt", "dir/", "dir/1", "dir/2", "dir/sub/3", "dir-sibling/4", "zz/5", "é/6"]
    for key in keys:
        await store.put(key, b"data")
    found: list[str] = []
    token: dict[str, str] = {}
    while True:
        page = await store.page(MaxKeys=size, **token)
        assert page["KeyCount"] == len(page["Contents"]) <= size
        found += [one["Key"] for one in page["Contents"]]
        if not page["IsTruncated"]:
            break
        token = {"ContinuationToken": page["NextContinuationToken"]}
    assert found == sorted(keys, key=str.encode)
    after = await store.page(StartAfter="dir/1")
    assert [one["Key"] for one in after["Contents"]] == ["dir/2", "dir/sub/3", "zz/5", "é/6"]


@pytest.mark.parametrize("size", [1, 1000])
async def test_folders_are_rolled_up_once(store: Store, size: int) -> None:
    for key in ["a.txt", "dir/", "dir/1", "dir/sub/3", "dir/sub/4", "dir-sibling/4"]:
        await store.put(key, b"data")
    pages = store.client.get_paginator("list_objects_v2").paginate(
        Bucket=store.bucket, Delimiter="/", PaginationConfig={"PageSize": size}
    )
    found = [page async for page in pages]
    assert [one["Key"] for page in found for one in page.get("Contents", [])] == ["a.txt"]
    folders = [one["Prefix"] for page in found for one in page.get("CommonPrefixes", [])]
    assert folders == ["dir-sibling/", "dir/"]
    inner = await store.page(Delimiter="/", Prefix="dir/")
    assert [one["Key"] for one in inner["Contents"]] == ["dir/", "dir/1"]
    assert [one["Prefix"] for one in inner["CommonPrefixes"]] == ["dir/sub/"]


async def test_entries_of_a_listing(store: Store) -> None:
    etag = (await store.put("x", b"data"))["ETag"]
    head = await store.head("x")
    (entry,) = (await store.page())["Contents"]
    assert (entry["Key"], entry["Size"], entry["ETag"]) == ("x", 4, etag)
    assert entry["StorageClass"] == "STANDARD"
    assert abs((entry["LastModified"] - head["LastModified"]).total_seconds()) < 1
    assert (await store.page(Prefix="no"))["KeyCount"] == 0


@moto_differs("takes any token for a key")
async def test_an_unknown_token_is_refused(store: Store) -> None:
    assert await refusal(store.page(ContinuationToken="no such token")) == (400, "InvalidArgument")


async def test_copies(store: Store) -> None:
    put = await store.put("a", b"data", ContentType="text/plain", Metadata={"k": "v"})
    source = {"Bucket": store.bucket, "Key": "a"}
    copied = await store.client.copy_object(Bucket=store.bucket, Key="b", CopySource=source)
    assert copied["CopyObjectResult"]["ETag"] == put["ETag"]
    head = await store.head("b")
    assert (head["ContentType"], head["Metadata"]) == ("text/plain", {"k": "v"})
    await store.client.copy_object(
        Bucket=store.bucket, Key="b", CopySource=source, MetadataDirective="REPLACE", Metadata={"n": "1"}
    )
    assert (await store.head("b"))["Metadata"] == {"n": "1"}
    itself = store.client.copy_object(Bucket=store.bucket, Key="a", CopySource=source)
    assert await refusal(itself) == (400, "InvalidRequest")
    gone = {"Bucket": store.bucket, "Key": "no"}
    missing = store.client.copy_object(Bucket=store.bucket, Key="c", CopySource=gone)
    assert await refusal(missing) == (404, "NoSuchKey")


@moto_differs("ignores conditions on the source of a copy")
async def test_conditions_on_copying(store: Store) -> None:
    await store.put("a", b"data")
    source = {"Bucket": store.bucket, "Key": "a"}
    changed = store.client.copy_object(
        Bucket=store.bucket, Key="c", CopySource=source, CopySourceIfMatch='"other"'
    )
    assert await refusal(changed) == (412, "PreconditionFailed")


async def test_deleting(store: Store) -> None:
    for key in ("a", "b & <c>", "e"):
        await store.put(key)
    await store.client.delete_object(Bucket=store.bucket, Key="a")
    await store.client.delete_object(Bucket=store.bucket, Key="a")
    several = {"Objects": [{"Key": "b & <c>"}, {"Key": "never was"}]}
    answer = await store.client.delete_objects(Bucket=store.bucket, Delete=several)
    assert sorted(one["Key"] for one in answer["Deleted"]) == ["b & <c>", "never was"]
    assert [one["Key"] for one in (await store.page())["Contents"]] == ["e"]


@moto_differs("tells what was deleted although asked to be quiet")
async def test_deleting_quietly(store: Store) -> None:
    await store.put("d")
    quiet = await store.client.delete_objects(
        Bucket=store.bucket, Delete={"Objects": [{"Key": "d"}], "Quiet": True}
    )
    assert "Deleted" not in quiet
    assert (await store.page())["KeyCount"] == 0


@moto_differs("deletes any number of keys at once")
async def test_deleting_more_than_a_thousand_is_refused(store: Store) -> None:
    many = {"Objects": [{"Key": str(number)} for number in range(1001)]}
    call = store.client.delete_objects(Bucket=store.bucket, Delete=many)
    assert await refusal(call) == (400, "MalformedXML")


async def test_parts_become_one_object(store: Store) -> None:
    parts = [PART, b"q" * (6 * MIB), b"end"]
    upload_id, made = await store.begin("a b/x", parts, Metadata={"k": "v"}, ContentType="text/plain")
    assert await refusal(store.head("a b/x")) == (404, "404")
    done = await store.complete("a b/x", upload_id, made)
    assert done["ETag"] == composite_etag(parts)
    head = await store.head("a b/x")
    assert (head["ContentLength"], head["ETag"]) == (sum(map(len, parts)), done["ETag"])
    assert (head["Metadata"], head["ContentType"]) == ({"k": "v"}, "text/plain")
    assert await store.get("a b/x") == b"".join(parts)
    across = f"bytes={len(PART) - 2}-{len(PART) + 1}"
    assert await store.get("a b/x", Range=across) == b"ppqq"


async def test_a_part_can_be_asked_for(store: Store) -> None:
    upload_id, made = await store.begin("x", [PART, b"end"])
    await store.complete("x", upload_id, made)
    head = await store.head("x", PartNumber=1)
    assert (head["ContentLength"], head["PartsCount"]) == (len(PART), 2)
    assert (await store.head("x", PartNumber=2))["ContentLength"] == 3
    await store.put("whole", b"data")
    whole = await store.head("whole", PartNumber=1)
    assert (whole["ContentLength"], "PartsCount" in whole) == (4, False)


@moto_differs("sends the whole object")
async def test_a_part_can_be_read(store: Store) -> None:
    upload_id, made = await store.begin("x", [PART, b"end"])
    await store.complete("x", upload_id, made)
    answer = await store.client.get_object(Bucket=store.bucket, Key="x", PartNumber=2)
    assert await answer["Body"].read() == b"end"
    assert answer["ContentRange"] == f"bytes {len(PART)}-{len(PART) + 2}/{len(PART) + 3}"


@moto_differs("sends the whole object")
async def test_a_part_that_is_not_there(store: Store) -> None:
    upload_id, made = await store.begin("x", [PART, b"end"])
    await store.complete("x", upload_id, made)
    assert await refusal(store.get("x", PartNumber=3)) == (416, "InvalidPartNumber")


async def test_parts_are_listed_in_pages(store: Store) -> None:
    upload_id, made = await store.begin("x", [b"1", b"22", b"333"])
    target = {"Bucket": store.bucket, "Key": "x", "UploadId": upload_id}
    first = await store.client.list_parts(**target, MaxParts=2)
    assert [(part["PartNumber"], part["Size"]) for part in first["Parts"]] == [(1, 1), (2, 2)]
    assert (first["IsTruncated"], first["NextPartNumberMarker"]) == (True, 2)
    rest = await store.client.list_parts(**target, PartNumberMarker=first["NextPartNumberMarker"])
    assert [(part["PartNumber"], part["ETag"]) for part in rest["Parts"]] == [(3, made[2]["ETag"])]
    assert rest["IsTruncated"] is False


async def test_a_part_sent_again_replaces_the_first(store: Store) -> None:
    upload_id, _ = await store.begin("x", [b"first"])
    again = await store.part("x", upload_id, 1, b"second")
    await store.complete("x", upload_id, [again])
    assert await store.get("x") == b"second"


async def test_uploads_in_progress_are_listed(store: Store) -> None:
    made = sorted([(key, (await store.begin(key, []))[0]) for key in ("a/1", "a/2", "b")])
    found = await store.client.list_multipart_uploads(Bucket=store.bucket)
    assert sorted((one["Key"], one["UploadId"]) for one in found["Uploads"]) == made
    only = await store.client.list_multipart_uploads(Bucket=store.bucket, Prefix="a/")
    assert [one["Key"] for one in only["Uploads"]] == ["a/1", "a/2"]


async def test_an_upload_can_be_aborted(store: Store) -> None:
    upload_id, _ = await store.begin("x", [b"1"])
    target = {"Bucket": store.bucket, "Key": "x", "UploadId": upload_id}
    await store.client.abort_multipart_upload(**target)
    assert await refusal(store.client.list_parts(**target)) == (404, "NoSuchUpload")
    assert "Uploads" not in await store.client.list_multipart_uploads(Bucket=store.bucket)


@moto_differs("fails with 500")
async def test_an_aborted_upload_accepts_no_parts(store: Store) -> None:
    upload_id, made = await store.begin("x", [b"1"])
    target = {"Bucket": store.bucket, "Key": "x", "UploadId": upload_id}
    await store.client.abort_multipart_upload(**target)
    part = store.client.upload_part(**target, PartNumber=1, Body=b"1")
    assert await refusal(part) == (404, "NoSuchUpload")
    assert await refusal(store.client.abort_multipart_upload(**target)) == (404, "NoSuchUpload")
    assert await refusal(store.complete("x", upload_id, made)) == (404, "NoSuchUpload")


@moto_differs("puts them together in the order given")
async def test_parts_out_of_order_are_refused(store: Store) -> None:
    upload_id, made = await store.begin("x", [PART, PART + b"q"])
    assert await refusal(store.complete("x", upload_id, made[::-1])) == (400, "InvalidPartOrder")
    assert await refusal(store.head("x")) == (404, "404")


async def test_parts_too_small_are_refused(store: Store) -> None:
    upload_id, made = await store.begin("x", [b"small", b"end"])
    assert await refusal(store.complete("x", upload_id, made)) == (400, "EntityTooSmall")


async def test_parts_nobody_sent_are_refused(store: Store) -> None:
    upload_id, made = await store.begin("x", [PART])
    wrong = [{"PartNumber": 1, "ETag": f'"{"0" * 32}"'}]
    assert await refusal(store.complete("x", upload_id, wrong)) == (400, "InvalidPart")
    missing = [{"PartNumber": 2, "ETag": made[0]["ETag"]}]
    assert await refusal(store.complete("x", upload_id, missing)) == (400, "InvalidPart")


async def test_an_upload_without_parts_cannot_be_completed(store: Store) -> None:
    upload_id, _ = await store.begin("x", [PART])
    assert await refusal(store.complete("x", upload_id, [])) == (400, "MalformedXML")


async def test_parts_are_numbered_to_10000(store: Store) -> None:
    upload_id, _ = await store.begin("x", [])
    await store.part("x", upload_id, 10_000, b"1")
    call = store.part("x", upload_id, 10_001, b"1")
    assert await refusal(call) == (400, "InvalidArgument")


async def test_completing_heeds_what_is_there(store: Store) -> None:
    await store.put("x", b"already there")
    upload_id, made = await store.begin("x", [PART])
    call = store.complete("x", upload_id, made, IfNoneMatch="*")
    assert await refusal(call) == (412, "PreconditionFailed")
    assert await store.get("x") == b"already there"


@moto_differs("ignores the size")
async def test_completing_checks_the_size(store: Store) -> None:
    upload_id, made = await store.begin("x", [PART])
    call = store.complete("x", upload_id, made, MpuObjectSize=len(PART) - 1)
    assert await refusal(call) == (400, "InvalidRequest")
    await store.complete("x", upload_id, made, MpuObjectSize=len(PART))


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256", "SHA1"])
async def test_checksums_are_stored_and_returned(store: Store, algorithm: str) -> None:
    value = {
        "CRC32": crc32(b"data"),
        "SHA1": base64.b64encode(hashlib.sha1(b"data").digest()).decode(),
        "SHA256": base64.b64encode(hashlib.sha256(b"data").digest()).decode(),
    }[algorithm]
    name = f"Checksum{algorithm}"
    await store.put("x", b"data", ChecksumAlgorithm=algorithm, **{name: value})
    told = await store.head("x", ChecksumMode="ENABLED")
    assert told[name] == value
    assert name not in await store.head("x")
    answer = await store.client.get_object(Bucket=store.bucket, Key="x", ChecksumMode="ENABLED")
    assert answer[name] == value


def crc64nvme(data: bytes) -> str:
    checksum = new_checksum("crc64nvme")
    checksum.update(data)
    return encoded(checksum)


@moto_differs("keeps no checksum that the client did not send")
async def test_what_comes_without_a_checksum_gets_a_crc64nvme(store: Store) -> None:
    await store.put("x", b"data")
    kept = {"ChecksumCRC64NVME": crc64nvme(b"data"), "ChecksumType": "FULL_OBJECT"}
    assert (await store.head("x", ChecksumMode="ENABLED")).items() >= kept.items()
    assert "ChecksumCRC64NVME" not in await store.head("x")
    answer = await store.client.get_object(Bucket=store.bucket, Key="x", ChecksumMode="ENABLED")
    assert answer.items() >= kept.items()


@moto_differs("keeps no checksum that the client did not send")
async def test_parts_that_come_without_a_checksum_get_a_crc64nvme_of_the_whole(store: Store) -> None:
    parts = [PART, b"end"]
    upload_id, made = await store.begin("x", parts)
    await store.complete("x", upload_id, made)
    kept = {"ChecksumCRC64NVME": crc64nvme(b"".join(parts)), "ChecksumType": "FULL_OBJECT"}
    assert (await store.head("x", ChecksumMode="ENABLED")).items() >= kept.items()


@moto_differs("keeps a checksum only if the request names its algorithm as well")
async def test_what_comes_with_a_checksum_gets_no_other(store: Store) -> None:
    await store.put("x", b"data", ChecksumCRC32=crc32(b"data"))
    head = await store.head("x", ChecksumMode="ENABLED")
    assert head["ChecksumCRC32"] == crc32(b"data")
    assert "ChecksumCRC64NVME" not in head


@moto_differs("tells no checksums of what is written")
async def test_checksums_of_what_is_written_are_told(store: Store) -> None:
    put = await store.put("x", b"data", ChecksumCRC32=crc32(b"data"))
    assert put["ChecksumCRC32"] == crc32(b"data")
    upload_id, _ = await store.begin("y", [], ChecksumAlgorithm="CRC32")
    part = await store.client.upload_part(
        Bucket=store.bucket,
        Key="y",
        UploadId=upload_id,
        PartNumber=1,
        Body=b"data",
        ChecksumCRC32=crc32(b"data"),
    )
    assert part["ChecksumCRC32"] == crc32(b"data")


@moto_differs("does not check checksums")
async def test_each_part_has_the_checksum_that_its_upload_asks_for(store: Store) -> None:
    upload_id, _ = await store.begin("x", [], ChecksumAlgorithm="CRC32")
    assert await refusal(store.part("x", upload_id, 1, b"data")) == (400, "InvalidRequest")


@moto_differs("does not check checksums")
async def test_completing_names_the_checksum_of_each_part(store: Store) -> None:
    upload_id, (part,) = await store.begin("x", [b"data"], ChecksumAlgorithm="CRC32")
    unnamed = [{"PartNumber": 1, "ETag": part["ETag"]}]
    assert await refusal(store.complete("x", upload_id, unnamed)) == (400, "InvalidRequest")
    await store.complete("x", upload_id, [part])


@moto_differs("names no type of checksum")
async def test_the_checksum_type_is_returned(store: Store) -> None:
    await store.put("x", b"data", ChecksumCRC32=crc32(b"data"))
    assert (await store.head("x", ChecksumMode="ENABLED"))["ChecksumType"] == "FULL_OBJECT"


@moto_differs("does not check checksums")
async def test_wrong_checksums_are_refused(store: Store) -> None:
    put = store.put("x", b"data", ChecksumCRC32=crc32(b"other"))
    assert await refusal(put) == (400, "BadDigest")
    assert await refusal(store.head("x")) == (404, "404")


@moto_differs("does not check Content-MD5")
async def test_a_wrong_md5_is_refused(store: Store) -> None:
    wrong = base64.b64encode(hashlib.md5(b"other").digest()).decode()
    assert await refusal(store.put("x", b"data", ContentMD5=wrong)) == (400, "BadDigest")


@moto_differs("does not check checksums")
async def test_wrong_checksums_of_parts_are_refused(store: Store) -> None:
    upload_id, _ = await store.begin("x", [], ChecksumAlgorithm="CRC32")
    call = store.client.upload_part(
        Bucket=store.bucket,
        Key="x",
        UploadId=upload_id,
        PartNumber=1,
        Body=b"data",
        ChecksumCRC32=crc32(b"other"),
    )
    assert await refusal(call) == (400, "BadDigest")


@moto_differs("tells no checksums of parts")
async def test_checksums_of_parts(store: Store) -> None:
    parts = [PART, b"end"]
    upload_id, made = await store.begin("x", parts, ChecksumAlgorithm="CRC32")
    listed = await store.client.list_parts(Bucket=store.bucket, Key="x", UploadId=upload_id)
    assert [part["ChecksumCRC32"] for part in listed["Parts"]] == [crc32(part) for part in parts]
    done = await store.complete("x", upload_id, made)
    digests = b"".join(base64.b64decode(crc32(part)) for part in parts)
    assert done["ChecksumCRC32"] == f"{crc32(digests)}-2"
    head = await store.head("x", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC32"], head["ChecksumType"]) == (done["ChecksumCRC32"], "COMPOSITE")


@moto_differs("knows checksums of parts only")
async def test_a_checksum_of_the_whole_object(store: Store) -> None:
    parts = [PART, b"q" * (5 * MIB + 3), b"end"]
    upload_id, made = await store.begin("x", parts, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    whole = crc32(b"".join(parts))
    done = await store.complete("x", upload_id, made, ChecksumCRC32=whole, ChecksumType="FULL_OBJECT")
    assert done["ChecksumCRC32"] == whole
    head = await store.head("x", ChecksumMode="ENABLED")
    assert (head["ChecksumCRC32"], head["ChecksumType"]) == (whole, "FULL_OBJECT")


@moto_differs("does not check checksums")
async def test_a_wrong_checksum_of_the_whole_object_is_refused(store: Store) -> None:
    upload_id, made = await store.begin(
        "x", [PART, b"end"], ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
    )
    call = store.complete("x", upload_id, made, ChecksumCRC32=crc32(b"other"), ChecksumType="FULL_OBJECT")
    assert await refusal(call) == (400, "BadDigest")
    assert await refusal(store.head("x")) == (404, "404")
