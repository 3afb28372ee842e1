"""Stores, and what stands between, that answer otherwise than the sandbox does."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access, CredentialsSource, DatasetCredentials
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import (
    ConnectionFailed,
    DatasetFileNotFound,
    FileAccessDenied,
    FileStoreError,
    IntegrityError,
)
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.client import request as exchange
from provena_sdk.s3.http.endpoint import Endpoint
from provena_sdk.s3.http.pool import Connections
from provena_sdk.s3.models import StoreAddress
from provena_sdk.s3.retry import RetryRule

Script = Any


@pytest.fixture
def client(script: Script, location: DatasetLocation, source: CredentialsSource) -> Iterator[ObjectClient]:
    """A client of that store."""
    address = StoreAddress(script.url)
    credentials = DatasetCredentials(source, location.dataset_id, Access.WRITE)
    made = ObjectClient(location.folder, credentials, address, rule=RetryRule(base=0.001, most=4))
    yield made
    run_sync(made.close())


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        ("301 Moved", ["x-amz-bucket-region: eu-west-1"], "<Error><Code>PermanentRedirect</Code></Error>"),
        ("400 Bad", [], "<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>"),
        ("307 Go", ["x-amz-bucket-region: eu-west-1", "Location: http://evil.example/"], ""),
    ],
    ids=["301", "400", "307"],
)
def test_the_buckets_region_is_followed_once_and_remembered(
    client: ObjectClient, script: Script, status: str, headers: list[str], body: str
) -> None:
    script.says(status, *headers, body=body)
    script.says("200 OK", 'ETag: "e"', body="data")
    for _ in range(2):
        assert run_sync(client.get("a")).data == b"data"
    regions = [asked.headers["authorization"].split("/")[2] for asked in script.asked]
    assert regions == ["us-east-1", "eu-west-1", "eu-west-1"]


def test_all_who_were_sent_to_another_region_follow(client: ObjectClient, script: Script) -> None:
    for _ in range(3):
        script.says("301 Moved", "x-amz-bucket-region: eu-west-1")
    script.says("200 OK", 'ETag: "e"', body="data")
    script.together = 3

    async def work() -> None:
        await asyncio.gather(*[client.get("a") for _ in range(3)])

    run_sync(work())
    assert len(script.asked) == 6


@pytest.mark.parametrize("region", ["us-east-1", "evil.example/", "a.b", ""])
def test_a_region_that_leads_nowhere_is_not_followed(
    client: ObjectClient, script: Script, region: str
) -> None:
    script.says(
        "301 Moved", f"x-amz-bucket-region: {region}", body="<Error><Code>PermanentRedirect</Code></Error>"
    )
    with pytest.raises(FileStoreError) as caught:
        run_sync(client.get("a"))
    assert (caught.value.store_code, len(script.asked)) == ("PermanentRedirect", 1)


def test_being_sent_round_in_circles_ends(client: ObjectClient, script: Script) -> None:
    for region in ("eu-west-1", "us-east-1", "eu-west-1"):
        script.says("301 Moved", f"x-amz-bucket-region: {region}")
    with pytest.raises(FileStoreError):
        run_sync(client.get("a"))
    assert len(script.asked) == 2


def test_amazons_host_names_the_region(
    location: DatasetLocation, source: CredentialsSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Endpoint] = []

    class Noted(Connections):
        def __init__(
            self, endpoint: Endpoint, ca_file: str | None, *, idle: float, ahead: int | None = None
        ) -> None:
            seen.append(endpoint)
            super().__init__(endpoint, ca_file, idle=idle, ahead=ahead)

    monkeypatch.setattr(exchange, "Connections", Noted)
    credentials = DatasetCredentials(source, location.dataset_id, Access.READ)
    ObjectClient(location.folder, credentials, StoreAddress(region="ap-southeast-2"))
    ObjectClient(location.folder, credentials, StoreAddress())
    assert [one.host for one in seen] == [
        "reef.s3.ap-southeast-2.amazonaws.com",
        "reef.s3.us-east-1.amazonaws.com",
    ]


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        ("200 OK", [], b"0123456789"),
        ("200 OK", [], b"012"),
        ("206 Partial", ["Content-Range: bytes 0-2/10"], b"012"),
        ("206 Partial", ["Content-Range: bytes 3-5/*"], b"345"),
        ("206 Partial", ["Content-Range: bytes 3-5/10"], b"34"),
        ("206 Partial", [], b"345"),
        ("206 Partial", ["Content-Range: bytes 3-9/10"], b"3456789"),
        ("416 No", [], b""),
    ],
    ids=range(8),
)
def test_other_bytes_than_the_range_are_refused(
    client: ObjectClient, script: Script, status: str, headers: list[str], body: bytes
) -> None:
    script.says(status, *headers, body=body)
    with pytest.raises(IntegrityError):
        run_sync(client.get("a", span=(3, 3)))
    assert len(script.asked) == 1


def test_a_range_that_is_the_whole_may_come_as_the_whole(client: ObjectClient, script: Script) -> None:
    script.says("200 OK", 'ETag: "e"', body="012")
    received = run_sync(client.get("a", span=(0, 3), size=3))
    assert (bytes(received.data), received.state.size) == (b"012", 3)


def test_a_body_in_chunks_counts_if_it_came_to_its_end(client: ObjectClient, script: Script) -> None:
    script.says("200 OK", "Transfer-Encoding: chunked", body=b"3\r\n012\r\n0\r\n\r\n", length=False)
    assert run_sync(client.get("a", size=3)).data == b"012"


def test_pages_of_proxies_are_errors(client: ObjectClient, script: Script) -> None:
    script.says("502 Bad Gateway", body="<html><!DOCTYPE html>Bad</html>")
    with pytest.raises(FileStoreError) as caught:
        run_sync(client.get("a"))
    assert (caught.value.store_code, len(script.asked)) == ("502", 4)


@pytest.mark.parametrize("body", ["<html>Log in</html>", "", "<ListBucketResult/>", "x" * 100])
def test_a_page_in_place_of_a_listing_is_an_error(client: ObjectClient, script: Script, body: str) -> None:
    script.says("200 OK", body=body)

    async def read() -> None:
        async for _ in client.list():
            raise AssertionError("there is nothing")

    with pytest.raises(FileStoreError, match="makes no sense"):
        run_sync(read())


def test_a_listing_without_end_ends(client: ObjectClient, script: Script) -> None:
    script.says(
        "200 OK",
        body="<ListBucketResult><IsTruncated>true</IsTruncated>"
        "<NextContinuationToken>same</NextContinuationToken></ListBucketResult>",
    )

    async def read() -> int:
        return len([page async for page in client.list()])

    with pytest.raises(FileStoreError, match="leads in a circle"):
        run_sync(read())
    assert len(script.asked) == 2


def test_a_listing_that_is_too_long_is_not_read(
    client: ObjectClient, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    script.says("200 OK", "Content-Length: 99999999999", length=False)
    with pytest.raises(FileStoreError, match="makes no sense"):
        run_sync(client.create_upload("a"))


def test_the_wait_that_was_asked_for_is_kept(
    client: ObjectClient, script: Script, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    real = asyncio.sleep

    async def noting(seconds: float) -> None:
        waits.append(seconds)
        await real(0)

    script.says("503 Slow Down", "Retry-After: 7")
    script.says("429 Too Many", "Retry-After: 100")
    script.says("503 Slow Down", "Retry-After: 3600")
    monkeypatch.setattr("provena_sdk.s3.client.request.asyncio.sleep", noting)
    with pytest.raises(FileStoreError):
        run_sync(client.get("a"))
    assert waits == [7.0, 100.0]


@pytest.mark.parametrize(
    ("status", "expected"), [("404 Not Found", DatasetFileNotFound), ("412 Failed", IntegrityError)]
)
def test_head_is_understood_by_its_status(
    client: ObjectClient, script: Script, status: str, expected: type[Exception]
) -> None:
    script.says(status, "Content-Length: 300", length=False)
    with pytest.raises(expected):
        run_sync(client.head("a", if_match="e"))


def test_head_without_a_length_makes_no_sense(client: ObjectClient, script: Script) -> None:
    script.says("200 OK", 'ETag: "e"', length=False)
    with pytest.raises(FileStoreError, match="makes no sense"):
        run_sync(client.head("a"))


@pytest.mark.parametrize("answer", [b"SSH-2.0-x\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"])
def test_what_is_no_http_is_tried_again_and_told(client: ObjectClient, script: Script, answer: bytes) -> None:
    script.answers.append(answer)
    with pytest.raises(ConnectionFailed):
        run_sync(client.get("a"))
    assert len(script.asked) == 4


def test_a_store_that_computed_another_checksum_is_told(client: ObjectClient, script: Script) -> None:
    script.says("200 OK", 'ETag: "e"', "x-amz-checksum-crc32: AAAAAA==")
    with pytest.raises(IntegrityError, match="holds other bytes"):
        run_sync(client.put("a", b"1", crc32="g9zv7w=="))


def test_a_store_that_keeps_no_checksums_is_fine(client: ObjectClient, script: Script) -> None:
    script.says("200 OK", 'ETag: "e"', "x-amz-server-side-encryption: aws:kms")
    assert run_sync(client.put("a", b"1", crc32="g9zv7w==")) == ("e", None, True)


def test_what_goes_out(client: ObjectClient, script: Script, location: DatasetLocation) -> None:
    script.says("200 OK", 'ETag: "e"')
    run_sync(client.put("a b", b"1", crc32="g9zv7w==", content_type="text/csv", if_none_match=True))
    [asked] = script.asked
    assert asked.line == f"PUT /reef/{location.prefix}a%20b HTTP/1.1"
    assert asked.body == b"1"
    assert set(asked.headers) == {
        "accept-encoding", "authorization", "content-length", "content-type", "host", "if-none-match",
        "user-agent", "x-amz-checksum-crc32", "x-amz-content-sha256", "x-amz-date", "x-amz-security-token",
    }  # fmt: skip
    assert asked.headers["host"] == f"127.0.0.1:{script.port}"
    assert asked.headers["user-agent"].startswith("provena-sdk/")


def deletion(*failures: tuple[str, str]) -> str:
    errors = "".join(f"<Error><Key>{key}</Key><Code>{code}</Code></Error>" for key, code in failures)
    return f"<DeleteResult>{errors}</DeleteResult>"


def test_files_that_a_busy_store_did_not_delete_are_deleted_again(
    client: ObjectClient, script: Script, location: DatasetLocation
) -> None:
    start = location.prefix
    script.says(
        "200 OK",
        body=deletion(
            (f"{start}a", "InternalError"),
            (f"{start}b", "AccessDenied"),
            (f"{start}c", "SlowDown"),
            ("x", "Y"),
        ),
    )
    script.says("200 OK", body=deletion((f"{start}c", "InternalError")))
    script.says("200 OK", body=deletion())
    failures = run_sync(client.delete(["a", "b", "c", "d"]))
    assert list(failures) == ["b"]
    assert isinstance(failures["b"], FileAccessDenied)
    asked = [[name for name in "abcd" if f"{start}{name}<".encode() in one.body] for one in script.asked]
    assert asked == [["a", "b", "c", "d"], ["a", "c"], ["c"]]


def test_files_that_a_store_never_deletes_are_told(
    client: ObjectClient, script: Script, location: DatasetLocation
) -> None:
    script.says("200 OK", body=deletion((f"{location.prefix}a", "InternalError")))
    failures = run_sync(client.delete(["a", "b"]))
    assert list(failures) == ["a"]
    assert isinstance(failures["a"], FileStoreError)
    assert len(script.asked) == 4


def test_a_refusal_without_a_reason_does_not_ask_for_credentials_each_time(
    client: ObjectClient, script: Script, asked: list[tuple[str, Access]]
) -> None:
    script.says("403 Forbidden", length=False)

    async def work() -> None:
        found = await asyncio.gather(
            *[client.head(f"{number}") for number in range(20)], return_exceptions=True
        )
        assert all(isinstance(error, FileAccessDenied) for error in found)
        with pytest.raises(FileAccessDenied):
            await client.head("21")

    run_sync(work())
    assert len(asked) == 2


def error_document(code: str, message: str = "") -> str:
    return f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"


def test_what_the_store_says_is_shown(client: ObjectClient, script: Script) -> None:
    script.says("400 Bad", body=error_document("InvalidArgument", "Copy Source must be\x09plain.&#27;[2J"))
    with pytest.raises(FileStoreError) as caught:
        run_sync(client.get("a"))
    assert "The store says: Copy Source must be plain." in str(caught.value)
    assert str(caught.value).isprintable()
    assert "try again" not in str(caught.value).lower()
    assert len(script.asked) == 1


def test_what_was_sent_to_the_store_is_not_shown(
    client: ObjectClient, script: Script, source: CredentialsSource, location: DatasetLocation
) -> None:
    secrets = [secret.reveal() for secret in source.get(location.dataset_id, Access.WRITE).secrets]
    script.says("400 Bad", body=error_document("Strange", f"Refused: {' '.join(secrets)}"))
    with pytest.raises(FileStoreError, match="The store says: Refused") as caught:
        run_sync(client.get("a"))
    assert not [secret for secret in secrets if secret in str(caught.value)]


def test_a_failure_of_the_store_may_pass(client: ObjectClient, script: Script) -> None:
    script.says("500 Oops", body=error_document("InternalError", "We met an error"))
    with pytest.raises(FileStoreError, match=r"We met an error\. Try again later\."):
        run_sync(client.get("a"))


def test_credentials_that_the_store_does_not_know(client: ObjectClient, script: Script) -> None:
    script.says("400 Bad", body=error_document("InvalidToken", "The token is not valid"))
    with pytest.raises(FileAccessDenied, match=r"operator.*InvalidToken"):
        run_sync(client.get("a"))


def test_the_end_of_an_empty_object_as_minio_gives_it(client: ObjectClient, script: Script) -> None:
    script.says("206 Partial", "Content-Range: bytes 0--1/0", 'ETag: "e"')
    received = run_sync(client.peek("a", 100, tail=True))
    assert (bytes(received.data), received.state.size) == (b"", 0)
