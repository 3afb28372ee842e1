from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

BUCKET = "reef"
PARTS = [b"a" * 1000, b"b" * 1500, b"c" * 7]


async def code(call: Any) -> str:
    with pytest.raises(ClientError) as caught:
        await call
    return str(caught.value.response["Error"]["Code"])


@pytest.fixture
async def small(start: Any) -> Any:
    return await start(min_part_bytes=1000)


async def upload(client: Any, key: str, parts: list[bytes], **more: Any) -> tuple[str, list[dict[str, Any]]]:
    begun = await client.create_multipart_upload(Bucket=BUCKET, Key=key, **more)
    made = []
    algorithm = {name: more[name] for name in ("ChecksumAlgorithm",) if name in more}
    for number, data in enumerate(parts, start=1):
        part = await client.upload_part(
            Bucket=BUCKET, Key=key, UploadId=begun["UploadId"], PartNumber=number, Body=data, **algorithm
        )
        checks = {
            name: value
            for name, value in part.items()
            if name.startswith("Checksum") and name != "ChecksumType"
        }
        made.append({"PartNumber": number, "ETag": part["ETag"], **checks})
    return begun["UploadId"], made


async def test_parts_become_one_object(small: Any) -> None:
    client = await small.client()
    upload_id, parts = await upload(client, "a b/x", PARTS, Metadata={"k": "v"}, ContentType="text/plain")
    listed = await client.list_parts(Bucket=BUCKET, Key="a b/x", UploadId=upload_id)
    assert [(part["PartNumber"], part["Size"]) for part in listed["Parts"]] == [(1, 1000), (2, 1500), (3, 7)]
    assert not small.store.exists(BUCKET, "a b/x")
    done = await client.complete_multipart_upload(
        Bucket=BUCKET, Key="a b/x", UploadId=upload_id, MultipartUpload={"Parts": parts}
    )
    digests = b"".join(hashlib.md5(part).digest() for part in PARTS)
    assert done["ETag"] == f'"{hashlib.md5(digests).hexdigest()}-3"'
    assert small.store.get(BUCKET, "a b/x") == b"".join(PARTS)
    head = await client.head_object(Bucket=BUCKET, Key="a b/x")
    assert (head["Metadata"], head["ContentType"], head["ContentLength"]) == ({"k": "v"}, "text/plain", 2507)
    assert small.store.uploads == {}
    again = client.complete_multipart_upload(
        Bucket=BUCKET, Key="a b/x", UploadId=upload_id, MultipartUpload={"Parts": parts}
    )
    assert await code(again) == "NoSuchUpload"


async def test_a_part_can_be_asked_for(small: Any) -> None:
    client = await small.client()
    upload_id, parts = await upload(client, "x", PARTS)
    chosen = [parts[0], parts[2]]
    await client.complete_multipart_upload(
        Bucket=BUCKET, Key="x", UploadId=upload_id, MultipartUpload={"Parts": chosen}
    )
    head = await client.head_object(Bucket=BUCKET, Key="x", PartNumber=2)
    assert (head["ContentLength"], head["PartsCount"]) == (7, 2)
    part = await client.get_object(Bucket=BUCKET, Key="x", PartNumber=2)
    assert await part["Body"].read() == PARTS[2]
    assert part["ContentRange"] == "bytes 1000-1006/1007"
    across = await client.get_object(Bucket=BUCKET, Key="x", Range="bytes=998-1001")
    assert await across["Body"].read() == b"aacc"
    beyond = await small.signed_raw("HEAD", f"{small.path('x')}?partNumber=3")
    assert beyond.status == 416
    small.store.put(BUCKET, "whole", b"data")
    whole = await client.head_object(Bucket=BUCKET, Key="whole", PartNumber=1)
    assert (whole["ContentLength"], "PartsCount" in whole) == (4, False)


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA256"])
async def test_composite_checksums(small: Any, algorithm: str) -> None:
    client = await small.client()
    upload_id, parts = await upload(client, "x", PARTS, ChecksumAlgorithm=algorithm)
    done = await client.complete_multipart_upload(
        Bucket=BUCKET, Key="x", UploadId=upload_id, MultipartUpload={"Parts": parts}
    )
    given = [base64.b64decode(part[f"Checksum{algorithm}"]) for part in parts]
    if algorithm == "SHA256":
        expected = base64.b64encode(hashlib.sha256(b"".join(given)).digest()).decode()
        assert done["ChecksumSHA256"] == f"{expected}-3"
    head = await client.head_object(Bucket=BUCKET, Key="x", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == done[f"Checksum{algorithm}"]
    assert head["ChecksumType"] == "COMPOSITE"


async def test_a_checksum_of_the_whole_object(small: Any) -> None:
    import zlib

    client = await small.client()
    upload_id, parts = await upload(client, "x", PARTS, ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT")
    whole = base64.b64encode(zlib.crc32(b"".join(PARTS)).to_bytes(4, "big")).decode()
    arguments: dict[str, Any] = {
        "Bucket": BUCKET,
        "Key": "x",
        "UploadId": upload_id,
        "MultipartUpload": {"Parts": parts},
        "ChecksumType": "FULL_OBJECT",
    }
    assert await code(client.complete_multipart_upload(**arguments, ChecksumCRC32="AAAAAA==")) == "BadDigest"
    done = await client.complete_multipart_upload(**arguments, ChecksumCRC32=whole)
    assert done["ChecksumCRC32"] == whole


async def test_what_cannot_be_completed(small: Any) -> None:
    client = await small.client()
    upload_id, parts = await upload(client, "x", [PARTS[0], b"short", b"c"])

    def complete(chosen: list[dict[str, Any]], **more: Any) -> Any:
        return client.complete_multipart_upload(
            Bucket=BUCKET, Key="x", UploadId=upload_id, MultipartUpload={"Parts": chosen}, **more
        )

    assert await code(complete(parts)) == "EntityTooSmall"
    assert await code(complete([parts[2], parts[0]])) == "InvalidPartOrder"
    assert await code(complete([parts[0], parts[0]])) == "InvalidPartOrder"
    assert await code(complete([{"PartNumber": 1, "ETag": '"wrong"'}])) == "InvalidPart"
    assert await code(complete([{"PartNumber": 9, "ETag": parts[0]["ETag"]}])) == "InvalidPart"
    assert await code(complete([])) == "MalformedXML"
    assert await code(complete([parts[0]], MpuObjectSize=5)) == "InvalidRequest"
    small.store.put(BUCKET, "x", b"already there")
    assert await code(complete([parts[0]], IfNoneMatch="*")) == "PreconditionFailed"
    await complete([parts[0]])
    assert small.store.get(BUCKET, "x") == PARTS[0]


async def test_real_limits_hold_unless_lowered(running: Any) -> None:
    client = await running.client()
    upload_id, parts = await upload(client, "x", PARTS[:2])
    call = client.complete_multipart_upload(
        Bucket=BUCKET, Key="x", UploadId=upload_id, MultipartUpload={"Parts": parts}
    )
    assert await code(call) == "EntityTooSmall"


async def test_an_upload_can_be_aborted(small: Any) -> None:
    client = await small.client()
    upload_id, _ = await upload(client, "x", PARTS)
    await client.abort_multipart_upload(Bucket=BUCKET, Key="x", UploadId=upload_id)
    for call in (
        client.abort_multipart_upload(Bucket=BUCKET, Key="x", UploadId=upload_id),
        client.list_parts(Bucket=BUCKET, Key="x", UploadId=upload_id),
        client.upload_part(Bucket=BUCKET, Key="x", UploadId=upload_id, PartNumber=1, Body=b""),
    ):
        assert await code(call) == "NoSuchUpload"
    number = client.upload_part(Bucket=BUCKET, Key="x", UploadId=upload_id, PartNumber=10_001, Body=b"")
    assert await code(number) == "InvalidArgument"


async def test_parts_out_of_other_objects(small: Any) -> None:
    small.store.put(BUCKET, "source +%", b"0123456789" * 200)
    client = await small.client()
    begun = await client.create_multipart_upload(
        Bucket=BUCKET, Key="x", ChecksumAlgorithm="CRC32", ChecksumType="FULL_OBJECT"
    )
    source = {"Bucket": BUCKET, "Key": "source +%"}
    etags = []
    for number, span in ((1, None), (2, "bytes=0-9")):
        more = {"CopySourceRange": span} if span else {}
        part = await client.upload_part_copy(
            Bucket=BUCKET, Key="x", UploadId=begun["UploadId"], PartNumber=number, CopySource=source, **more
        )
        etags.append({"PartNumber": number, "ETag": part["CopyPartResult"]["ETag"]})
    beyond = client.upload_part_copy(
        Bucket=BUCKET,
        Key="x",
        UploadId=begun["UploadId"],
        PartNumber=3,
        CopySource=source,
        CopySourceRange="bytes=0-2000",
    )
    assert await code(beyond) == "InvalidArgument"
    await client.complete_multipart_upload(
        Bucket=BUCKET, Key="x", UploadId=begun["UploadId"], MultipartUpload={"Parts": etags}
    )
    assert small.store.get(BUCKET, "x") == b"0123456789" * 201


async def test_a_copy_of_parts_has_a_plain_etag(small: Any) -> None:
    client = await small.client()
    upload_id, parts = await upload(client, "x", PARTS)
    await client.complete_multipart_upload(
        Bucket=BUCKET, Key="x", UploadId=upload_id, MultipartUpload={"Parts": parts}
    )
    await client.copy_object(Bucket=BUCKET, Key="y", CopySource={"Bucket": BUCKET, "Key": "x"})
    assert small.store.head(BUCKET, "y").etag == hashlib.md5(b"".join(PARTS)).hexdigest()
    head = await client.head_object(Bucket=BUCKET, Key="y", PartNumber=1)
    assert head["ContentLength"] == 2507
