from __future__ import annotations

import base64
import hashlib
import hmac
import zlib
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from provena_sdk.sandbox.object_store.http.checksums import (
    ALGORITHMS,
    POLYNOMIALS,
    ReflectedCrc,
    encoded,
    new_checksum,
)

BUCKET = "reef"
DATA = bytes(range(256)) * 300


def checksum(algorithm: str, data: bytes) -> str:
    value = new_checksum(algorithm)
    value.update(data)
    return encoded(value)


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [("crc32", "cbf43926"), ("crc32c", "e3069283"), ("crc64nvme", "ae8b14860a799888")],
)
def test_crcs_give_the_published_check_values(algorithm: str, expected: str) -> None:
    bits = 4 * len(expected)
    for value in (new_checksum(algorithm), ReflectedCrc(bits, POLYNOMIALS[algorithm])):
        value.update(b"123456789")
        assert value.digest().hex() == expected


@settings(max_examples=50, deadline=None)
@given(data=st.binary(max_size=200), cut=st.integers(0, 200), algorithm=st.sampled_from(ALGORITHMS))
def test_checksums_do_not_depend_on_the_chunks(data: bytes, cut: int, algorithm: str) -> None:
    value = new_checksum(algorithm)
    value.update(data[:cut])
    value.update(memoryview(data)[cut:])
    assert encoded(value) == checksum(algorithm, data)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
async def test_checksums_are_checked_kept_and_given_back(running: Any, algorithm: str) -> None:
    name = f"x-amz-checksum-{algorithm}"
    path = running.path("x")
    good = checksum(algorithm, DATA)
    answer = await running.signed_raw("PUT", path, {name: good}, DATA)
    assert (answer.status, answer.headers[name]) == (200, good)
    head = await running.signed_raw("HEAD", path, {"x-amz-checksum-mode": "ENABLED"})
    assert (head.headers[name], head.headers["x-amz-checksum-type"]) == (good, "FULL_OBJECT")
    assert name not in (await running.signed_raw("HEAD", path)).headers
    bad = await running.signed_raw("PUT", path, {name: checksum(algorithm, b"other")}, b"changed")
    assert (bad.status, b"<Code>BadDigest</Code>" in bad.body) == (400, True)
    broken = await running.signed_raw("PUT", path, {name: "AAA="}, b"changed")
    assert (broken.status, b"<Code>InvalidRequest</Code>" in broken.body) == (400, True)
    assert running.store.get(BUCKET, "x") == DATA


async def test_content_md5_is_checked(running: Any) -> None:
    def md5(data: bytes) -> str:
        return base64.b64encode(hashlib.md5(data).digest()).decode()

    path = running.path("x")
    for value, status, code in [
        (md5(DATA), 200, ""),
        (md5(b"other"), 400, "BadDigest"),
        ("abc", 400, "InvalidDigest"),
    ]:
        answer = await running.signed_raw("PUT", path, {"Content-MD5": value}, DATA)
        assert (answer.status, code in answer.body.decode()) == (status, True)


async def test_the_signed_hash_is_that_of_the_body(running: Any) -> None:
    path = running.path("x")
    signed = running.signed("PUT", path, data=b"one", payload=hashlib.sha256(b"one").hexdigest())
    changed = await running.raw("PUT", path, signed, b"two")
    assert (changed.status, b"XAmzContentSHA256Mismatch" in changed.body) == (400, True)
    assert not running.store.exists(BUCKET, "x")
    unsigned = running.signed("PUT", path, payload="UNSIGNED-PAYLOAD")
    assert (await running.raw("PUT", path, unsigned, b"anything")).status == 200
    assert running.store.get(BUCKET, "x") == b"anything"


@pytest.mark.parametrize("algorithm", ["CRC32", "SHA1", "SHA256"])
async def test_botocore_checksums_go_through(running: Any, algorithm: str) -> None:
    client = await running.client()
    put = await client.put_object(Bucket=BUCKET, Key="x", Body=DATA, ChecksumAlgorithm=algorithm)
    assert put[f"Checksum{algorithm}"] == checksum(algorithm, DATA)
    head = await client.head_object(Bucket=BUCKET, Key="x", ChecksumMode="ENABLED")
    assert head[f"Checksum{algorithm}"] == checksum(algorithm, DATA)


def chunked(data: bytes, size: int, trailer: bytes = b"") -> bytes:
    chunks = [data[at : at + size] for at in range(0, len(data), size)]
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks)
    return body + b"0\r\n" + trailer + b"\r\n"


async def put_unsigned_chunks(running: Any, body: bytes, size: int, **headers: str) -> Any:
    path = running.path("x")
    given = {"Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": str(size)}
    given |= {name.replace("_", "-"): value for name, value in headers.items()}
    payload = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"
    return await running.raw("PUT", path, running.signed("PUT", path, headers=given, payload=payload), body)


@pytest.mark.parametrize("size", [1, 7, 65_536, 1 << 20])
async def test_unsigned_chunks_with_a_trailer(running: Any, size: int) -> None:
    data = DATA[:2000] if size == 1 else DATA
    good = checksum("crc32", data)
    body = chunked(data, size, f"x-amz-checksum-crc32:{good}\r\n".encode())
    answer = await put_unsigned_chunks(running, body, len(data), x_amz_trailer="x-amz-checksum-crc32")
    assert (answer.status, answer.headers["x-amz-checksum-crc32"]) == (200, good)
    assert running.store.get(BUCKET, "x") == data
    head = await running.signed_raw("HEAD", running.path("x"))
    assert "content-encoding" not in head.headers


async def test_bad_chunks_are_refused(running: Any) -> None:
    trailer = {"x_amz_trailer": "x-amz-checksum-crc32"}
    wrong = f"x-amz-checksum-crc32:{checksum('crc32', b'other')}\r\n".encode()
    for body, size, headers, code in [
        (chunked(DATA, 999, wrong), len(DATA), trailer, "BadDigest"),
        (chunked(DATA, 999), len(DATA), trailer, "InvalidRequest"),
        (chunked(DATA, 999), len(DATA) + 1, {}, "IncompleteBody"),
        (chunked(DATA, 999)[:-5], len(DATA), {}, "IncompleteBody"),
        (b"5\r\nhello", 5, {}, "IncompleteBody"),
        (b"5\r\nhellothere\r\n0\r\n\r\n", 5, {}, "IncompleteBody"),
        (b"-5\r\nhello\r\n0\r\n\r\n", 5, {}, "InvalidRequest"),
        (b"zz\r\nhello\r\n0\r\n\r\n", 5, {}, "InvalidRequest"),
        (b"5" * 9000, 5, {}, "InvalidRequest"),
    ]:
        answer = await put_unsigned_chunks(running, body, size, **headers)
        assert (answer.status, f"<Code>{code}</Code>" in answer.body.decode()) == (400, True), body[:20]
    assert not running.store.exists(BUCKET, "x")


def signed_chunks(running: Any, data: bytes, size: int) -> tuple[dict[str, str], bytes]:
    """Sign a body chunk by chunk, written from the published description, not from the server's code."""
    path = running.path("x")
    headers = running.signed(
        "PUT",
        path,
        headers={"Content-Encoding": "aws-chunked", "x-amz-decoded-content-length": str(len(data))},
        payload="STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    )
    previous = headers["Authorization"].rpartition("Signature=")[2]
    date = headers["X-Amz-Date"]
    key = f"AWS4{running.grants.root.secret_access_key}".encode()
    for step in (date[:8], "ap-southeast-2", "s3", "aws4_request"):
        key = hmac.new(key, step.encode(), hashlib.sha256).digest()
    empty = hashlib.sha256().hexdigest()
    body = b""
    for at in [*range(0, len(data), size), len(data)]:
        chunk = data[at : at + size]
        text = "\n".join(
            [
                "AWS4-HMAC-SHA256-PAYLOAD",
                date,
                f"{date[:8]}/ap-southeast-2/s3/aws4_request",
                previous,
                empty,
                hashlib.sha256(chunk).hexdigest(),
            ]
        )
        previous = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
        body += f"{len(chunk):x};chunk-signature={previous}\r\n".encode() + chunk + b"\r\n"
    return headers, body


async def test_signed_chunks(running: Any) -> None:
    headers, body = signed_chunks(running, DATA, 8192)
    answer = await running.raw("PUT", running.path("x"), headers, body)
    assert answer.status == 200
    assert running.store.get(BUCKET, "x") == DATA
    headers, body = signed_chunks(running, DATA, 8192)
    changed = body.replace(b"\x01\x02\x03", b"\x01\x02\x04", 1)
    answer = await running.raw("PUT", running.path("y"), headers, changed)
    assert answer.status == 403
    swapped = await running.raw("PUT", running.path("x"), headers, changed)
    assert (swapped.status, b"SignatureDoesNotMatch" in swapped.body) == (403, True)


async def test_metadata_have_a_limit(running: Any) -> None:
    client = await running.client()
    with pytest.raises(ClientError, match="MetadataTooLarge"):
        await client.put_object(Bucket=BUCKET, Key="x", Body=b"", Metadata={"k": "v" * 2048})


def test_crc32_is_zlibs() -> None:
    assert checksum("crc32", DATA) == base64.b64encode(zlib.crc32(DATA).to_bytes(4, "big")).decode()
