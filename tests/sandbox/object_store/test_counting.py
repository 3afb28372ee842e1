from __future__ import annotations

import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk.sandbox.object_store import CountingStore
from provena_sdk.sandbox.object_store.http.checksums import CRCS, combined, new_checksum
from provena_sdk.sandbox.object_store.storage.counting import BLOCK, RepeatedBlob

BUCKET = "reef"
MIB = 1 << 20


@given(
    pieces=st.lists(st.binary(max_size=40), max_size=12),
    algorithm=st.sampled_from(CRCS),
)
def test_checksums_of_parts_combine(pieces: list[bytes], algorithm: str) -> None:
    def digest(data: bytes) -> bytes:
        checksum = new_checksum(algorithm)
        checksum.update(data)
        return checksum.digest()

    assert combined(algorithm, [(digest(one), len(one)) for one in pieces]) == digest(b"".join(pieces))


@given(size=st.integers(0, 60), start=st.integers(0, 60), stop=st.integers(0, 60))
def test_a_repeated_block(size: int, start: int, stop: int) -> None:
    blob = RepeatedBlob(size, b"abcdefg")
    whole = (b"abcdefg" * 9)[:size]
    assert blob.read() == whole
    assert blob.read(start, stop) == whole[start:stop]


async def test_a_synthetic_listing(start: Any) -> None:
    store = CountingStore()
    running = await start(store)
    store.create_listing("many", "datasets/1/", count=2500, size=10)
    client = await running.client()
    pages = client.get_paginator("list_objects_v2").paginate(Bucket="many", Prefix="datasets/1/")
    found = [one async for page in pages for one in page.get("Contents", [])]
    keys = [one["Key"] for one in found]
    assert (len(keys), keys) == (2500, sorted(set(keys)))
    folders = await client.list_objects_v2(Bucket="many", Prefix="datasets/1/", Delimiter="/")
    assert [one["Prefix"][-7:] for one in folders["CommonPrefixes"]] == ["000000/", "000001/", "000002/"]
    body = await (await client.get_object(Bucket="many", Key=keys[1234]))["Body"].read()
    assert body == BLOCK[:10]
    assert found[0]["ETag"] == f'"{hashlib.md5(body).hexdigest()}"'
    for call in (
        client.get_object(Bucket="many", Key=keys[0].replace("/000000/", "/000001/")),
        client.put_object(Bucket="many", Key=keys[0], Body=b"x"),
        client.delete_object(Bucket="many", Key=keys[0]),
    ):
        with pytest.raises(ClientError, match=r"NoSuchKey|AccessDenied"):
            await call


async def test_uploads_are_counted_and_not_kept(start: Any) -> None:
    store = CountingStore()
    running = await start(store)
    client = await running.client()
    begun = await client.create_multipart_upload(Bucket=BUCKET, Key="x", ChecksumAlgorithm="CRC32")
    parts = []
    for number, data in enumerate([b"a" * (5 * MIB), b"b"], start=1):
        part = await client.upload_part(
            Bucket=BUCKET, Key="x", UploadId=begun["UploadId"], PartNumber=number, Body=data
        )
        parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumCRC32": part["ChecksumCRC32"]})
    done = await client.complete_multipart_upload(
        Bucket=BUCKET, Key="x", UploadId=begun["UploadId"], MultipartUpload={"Parts": parts}
    )
    digests = hashlib.md5(b"a" * (5 * MIB)).digest() + hashlib.md5(b"b").digest()
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-2"'
    assert store.received == 5 * MIB + 1
    assert store.space.memory_used == 0
    assert store.head(BUCKET, "x").size == 5 * MIB + 1
    store.put(BUCKET, "kept", b"data")
    assert store.get(BUCKET, "kept") == b"data"


async def test_synthetic_files_have_the_etag_of_their_parts(start: Any) -> None:
    store = CountingStore()
    running = await start(store)
    item = store.make_up(BUCKET, "x", 20 * MIB + 5, part_bytes=8 * MIB)
    client = await running.client()
    parts = []
    for number in (1, 2, 3):
        part = await client.get_object(Bucket=BUCKET, Key="x", PartNumber=number)
        parts.append(await part["Body"].read())
    assert [len(part) for part in parts] == [8 * MIB, 8 * MIB, 4 * MIB + 5]
    digests = b"".join(hashlib.md5(part).digest() for part in parts)
    assert item.etag == f"{hashlib.md5(digests).hexdigest()}-3"
    whole = await (await client.get_object(Bucket=BUCKET, Key="x"))["Body"].read()
    assert whole == b"".join(parts) == item.read()
    assert store.make_up(BUCKET, "empty", 0).size == 0
