from __future__ import annotations

import hashlib
import pickle
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provena_sdk.sandbox.object_store import Grants, ObjectStore, presign
from provena_sdk.sandbox.object_store.access.authorization import authenticate
from provena_sdk.sandbox.object_store.access.signature import canonical_query, canonical_request
from provena_sdk.sandbox.object_store.http.request import Request
from provena_sdk.sandbox.object_store.storage.errors import S3Error

BUCKET = "reef"
PREFIX = "datasets/10378-1-12/"
UNUSUAL = [
    "plain.csv",
    "a b",
    "a+b",
    "a%20b",
    "a%2Fb",
    "a#b?c=d&e",
    "über/珊瑚/🐠.nc",
    "~tilde",
    "//two//slashes//",
    "dots/../../up/./here",
    "ends/",
    "line\nbreak\r\ttab",
    "quote'\"<>&;:@=,!*()[]{}|\\^`$",
    "\x01\x7f",
    " leading and trailing ",
    "k" * 1024,
]


async def code(call: Any) -> tuple[int, str]:
    with pytest.raises(ClientError) as caught:
        await call
    response = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


@pytest.mark.parametrize("key", UNUSUAL)
async def test_unusual_keys_go_all_the_way(running: Any, key: str) -> None:
    client = await running.client()
    await client.put_object(Bucket=BUCKET, Key=key, Body=b"data")
    assert running.store.keys(BUCKET) == [key]
    answer = await client.get_object(Bucket=BUCKET, Key=key)
    assert await answer["Body"].read() == b"data"
    listed = await client.list_objects_v2(Bucket=BUCKET, Prefix=key[:5])
    assert [one["Key"] for one in listed["Contents"]] == [key]
    copied = await client.copy_object(Bucket=BUCKET, Key="copy", CopySource={"Bucket": BUCKET, "Key": key})
    assert copied["CopyObjectResult"]["ETag"] == answer["ETag"]
    deleted = await client.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": "copy"}]})
    assert deleted["Deleted"] == [{"Key": "copy"}]


keys = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)


@pytest.fixture
async def root_client(running: Any) -> Any:
    return await running.client()


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=keys)
async def test_any_key_signs_reads_and_presigns(running: Any, root_client: Any, key: str) -> None:
    await root_client.put_object(Bucket=BUCKET, Key=key, Body=key.encode())
    assert running.store.get(BUCKET, key) == key.encode()
    ours = presign(running.grants, running.server.url, BUCKET, key, 60)
    theirs = await root_client.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": key})
    for url in (ours, theirs):
        answer = await running.raw("GET", url.removeprefix(running.server.url))
        assert (answer.status, answer.body) == (200, key.encode())


async def test_keys_too_long_and_paths_that_are_no_text(running: Any) -> None:
    client = await running.client()
    for key in ("k" * 1025, "é" * 513):
        assert await code(client.put_object(Bucket=BUCKET, Key=key, Body=b"")) == (400, "KeyTooLongError")
    answer = await running.signed_raw("GET", f"/{BUCKET}/%ff")
    assert (answer.status, b"<Code>InvalidURI</Code>" in answer.body) == (400, True)


async def test_temporary_credentials_are_limited_to_their_prefix(running: Any) -> None:
    for key in (f"{PREFIX}a.csv", "datasets/10378-1-122/secret", "other"):
        running.store.put(BUCKET, key, b"data")
    reader = await running.client(running.grants.issue(BUCKET, PREFIX, write=False, lifetime_seconds=60))
    writer = await running.client(running.grants.issue(BUCKET, PREFIX, write=True, lifetime_seconds=60))
    denied = (403, "AccessDenied")

    answer = await reader.get_object(Bucket=BUCKET, Key=f"{PREFIX}a.csv")
    assert await answer["Body"].read() == b"data"
    listed = await reader.list_objects_v2(Bucket=BUCKET)
    assert listed["KeyCount"] == 3
    assert await code(reader.get_object(Bucket=BUCKET, Key="datasets/10378-1-122/secret")) == denied
    assert await code(reader.put_object(Bucket=BUCKET, Key=f"{PREFIX}b", Body=b"")) == denied
    assert await code(reader.delete_object(Bucket=BUCKET, Key=f"{PREFIX}a.csv")) == denied
    assert await code(reader.list_buckets()) == denied
    assert await code(reader.list_objects_v2(Bucket="elsewhere")) == denied
    assert await code(reader.create_multipart_upload(Bucket=BUCKET, Key=f"{PREFIX}b")) == denied

    await writer.put_object(Bucket=BUCKET, Key=f"{PREFIX}b", Body=b"")
    await writer.get_object(Bucket=BUCKET, Key=f"{PREFIX}a.csv")
    assert await code(writer.put_object(Bucket=BUCKET, Key="other", Body=b"")) == denied
    source = {"Bucket": BUCKET, "Key": "other"}
    assert await code(writer.copy_object(Bucket=BUCKET, Key=f"{PREFIX}c", CopySource=source)) == denied
    outcome = await writer.delete_objects(
        Bucket=BUCKET, Delete={"Objects": [{"Key": "other"}, {"Key": f"{PREFIX}b"}]}
    )
    assert [one["Key"] for one in outcome["Deleted"]] == [f"{PREFIX}b"]
    assert [(one["Key"], one["Code"]) for one in outcome["Errors"]] == [("other", "AccessDenied")]
    assert running.store.exists(BUCKET, "other")


async def test_temporary_credentials_expire(start: Any) -> None:
    now = [datetime.now(UTC).timestamp()]
    running = await start(grants=Grants(clock=lambda: now[0]))
    running.store.put(BUCKET, "x", b"data")
    short = running.grants.issue(BUCKET, "", write=False, lifetime_seconds=60)
    assert short.expiry.timestamp() == pytest.approx(now[0] + 60)
    assert short.expiry.tzinfo is not None
    long = running.grants.issue(BUCKET, "", write=False, lifetime_seconds=600)
    by_short, by_long = await running.client(short), await running.client(long)
    await by_short.get_object(Bucket=BUCKET, Key="x")
    now[0] += 61
    assert await code(by_short.get_object(Bucket=BUCKET, Key="x")) == (400, "ExpiredToken")
    await by_long.get_object(Bucket=BUCKET, Key="x")
    running.grants.expire_all()
    assert await code(by_long.get_object(Bucket=BUCKET, Key="x")) == (400, "ExpiredToken")
    running.grants.revoke(long.access_key_id)
    assert await code(by_long.get_object(Bucket=BUCKET, Key="x")) == (403, "InvalidAccessKeyId")
    root = await running.client()
    await root.get_object(Bucket=BUCKET, Key="x")


async def test_wrong_keys_are_told_apart(running: Any) -> None:
    running.store.put(BUCKET, "x", b"data")
    good = running.grants.issue(BUCKET, "", write=False, lifetime_seconds=60)
    other = running.grants.issue(BUCKET, "", write=False, lifetime_seconds=60)

    async def outcome(access_key: str, secret: str, token: str | None) -> tuple[int, str]:
        class Keys:
            access_key_id, secret_access_key, session_token = access_key, secret, token

        client = await running.client(Keys())
        return await code(client.get_object(Bucket=BUCKET, Key="x"))

    secret, token = good.secret_access_key, good.session_token
    assert await outcome("ASIANOBODY", secret, token) == (403, "InvalidAccessKeyId")
    assert await outcome(good.access_key_id, "wrong", token) == (403, "SignatureDoesNotMatch")
    assert await outcome(good.access_key_id, secret, other.session_token) == (400, "InvalidToken")
    assert await outcome(good.access_key_id, secret, None) == (403, "InvalidAccessKeyId")
    root = running.grants.root
    assert await outcome(root.access_key_id, root.secret_access_key, token) == (400, "InvalidToken")
    assert (await running.raw("GET", f"/{BUCKET}/x")).status == 403


async def test_what_was_signed_cannot_be_changed(running: Any) -> None:
    running.store.put(BUCKET, "x", b"data")
    signed = running.signed("GET", f"/{BUCKET}/x?versioning-like=1", headers={"x-amz-meta-a": "1"})
    assert (await running.raw("GET", f"/{BUCKET}/x?versioning-like=1", signed)).status == 200
    for path in (f"/{BUCKET}/y", f"/{BUCKET}/x?versioning-like=2", f"/{BUCKET}/x"):
        answer = await running.raw("GET", path, signed)
        assert (answer.status, b"<Code>SignatureDoesNotMatch</Code>" in answer.body) == (403, True)
    changed = await running.raw("GET", f"/{BUCKET}/x?versioning-like=1", signed | {"x-amz-meta-a": "2"})
    assert b"<Code>SignatureDoesNotMatch</Code>" in changed.body
    added = await running.raw("GET", f"/{BUCKET}/x?versioning-like=1", signed | {"x-amz-meta-b": "2"})
    assert (added.status, b"not signed" in added.body) == (403, True)
    other_method = await running.raw("HEAD", f"/{BUCKET}/x?versioning-like=1", signed)
    assert other_method.status == 403


async def test_clocks_must_agree(start: Any) -> None:
    ahead = await start(grants=Grants(clock=lambda: datetime.now(UTC).timestamp() + 16 * 60))
    client = await ahead.client()
    assert await code(client.list_objects_v2(Bucket=BUCKET)) == (403, "RequestTimeTooSkewed")


async def test_malformed_signatures(running: Any) -> None:
    good = running.signed("GET", f"/{BUCKET}")
    for changes, status, name in [
        ({"Authorization": "Bearer token"}, 400, "AuthorizationHeaderMalformed"),
        (
            {"Authorization": good["Authorization"].replace("/s3/", "/ec2/")},
            400,
            "AuthorizationHeaderMalformed",
        ),
        ({"X-Amz-Date": "20200101T000000Z"}, 400, "AuthorizationHeaderMalformed"),
        ({"X-Amz-Date": "yesterday"}, 403, "AccessDenied"),
        ({"X-Amz-Content-SHA256": "abc"}, 400, "InvalidArgument"),
    ]:
        answer = await running.raw("GET", f"/{BUCKET}", good | changes)
        assert (answer.status, f"<Code>{name}</Code>" in answer.body.decode()) == (status, True), changes
    without = {name: value for name, value in good.items() if name != "X-Amz-Content-SHA256"}
    assert (await running.raw("GET", f"/{BUCKET}", without)).status == 400


async def test_presigned_urls(start: Any) -> None:
    now = [datetime.now(UTC).timestamp()]
    running = await start(grants=Grants(clock=lambda: now[0]))
    running.store.put(BUCKET, "a b/ü.csv", b"0123456789")
    url = presign(running.grants, running.server.url, BUCKET, "a b/ü.csv", 100)
    async with httpx.AsyncClient() as client:
        assert (await client.get(url)).content == b"0123456789"
        assert (await client.get(url, headers={"Range": "bytes=1-2"})).content == b"12"
        assert (await client.get(url.replace("a%20b", "c"))).status_code == 403
        assert (await client.put(url, content=b"")).status_code == 403
        assert (await client.get(f"{url}&more=1")).status_code == 403
        missing = presign(running.grants, running.server.url, BUCKET, "no", 100)
        assert (await client.get(missing)).status_code == 404
        now[0] += 101
        late = await client.get(url)
        assert (late.status_code, "Request has expired" in late.text) == (403, True)
    for seconds in (0, 604_801):
        with pytest.raises(ValueError, match="expires_seconds"):
            presign(running.grants, running.server.url, BUCKET, "x", seconds)


async def test_presigned_uploads_with_temporary_keys(running: Any) -> None:
    keys = running.grants.issue(BUCKET, PREFIX, write=True, lifetime_seconds=60)
    client = await running.client(keys)
    url = await client.generate_presigned_url("put_object", Params={"Bucket": BUCKET, "Key": f"{PREFIX}x"})
    async with httpx.AsyncClient() as plain:
        assert (await plain.put(url, content=b"data")).status_code == 200
        running.grants.expire_all()
        assert (await plain.put(url, content=b"more")).status_code == 400
    assert running.store.get(BUCKET, f"{PREFIX}x") == b"data"


def test_secrets_stay_out_of_sight() -> None:
    grants = Grants()
    keys = grants.issue(BUCKET, PREFIX, write=True, lifetime_seconds=60)
    shown = f"{grants!r} {keys!r} {grants.root!r} {grants.find(keys.access_key_id)!r}"
    for secret in (keys.secret_access_key, keys.session_token, grants.root.secret_access_key):
        assert secret not in shown
    assert keys.access_key_id in shown
    assert pickle.loads(pickle.dumps(keys)) == keys


def test_the_signature_is_that_of_the_published_example() -> None:
    # "GET Object" of the "Signature calculations" examples in the Amazon S3 API reference.
    headers = {
        "host": "examplebucket.s3.amazonaws.com",
        "range": "bytes=0-9",
        "x-amz-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-amz-date": "20130524T000000Z",
    }
    canonical = canonical_request(
        "GET", "/test.txt", [], headers, ";".join(headers), headers["x-amz-content-sha256"]
    )
    assert (
        hashlib.sha256(canonical.encode()).hexdigest()
        == "7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972"
    )


def test_query_pairs_are_sorted_and_encoded_once() -> None:
    assert (
        canonical_query([("b", "x y"), ("a", "+"), ("a", ""), ("X-Amz-Signature", "s")]) == "a=&a=%2B&b=x%20y"
    )


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_no_authorization_header_crashes_the_server(header: str) -> None:
    grants = Grants()
    request = Request("GET", b"/b/k", {"authorization": f"AWS4-HMAC-SHA256 {header}"}, True, "0")
    with pytest.raises(S3Error):
        authenticate(request, grants)


def test_the_base_url_of_a_presigned_url_may_hold_a_port() -> None:
    store = ObjectStore()
    store.create_bucket(BUCKET)
    url = urlsplit(presign(Grants(), "http://127.0.0.1:9000/", BUCKET, "a/b", 5))
    assert (url.netloc, url.path) == ("127.0.0.1:9000", f"/{BUCKET}/a/b")
