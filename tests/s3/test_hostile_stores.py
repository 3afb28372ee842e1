"""Stores that lie, flood, drip and lead in circles: each ends in one of the SDK's own errors, with little memory."""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import time
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access, CredentialsSource, DatasetCredentials
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import (
    FileStoreError,
    IntegrityError,
    ProvenaError,
    RequestTimedOut,
)
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.http.pace import LeastRate
from provena_sdk.s3.models import ObjectState, StoreAddress
from provena_sdk.s3.retry import RetryRule
from tests.dataset import Dataset

Script = Any

RULE = RetryRule(base=0.001, cap=0.01, most=2)
WHEN = "<LastModified>2024-05-01T08:30:00.000Z</LastModified>"


@pytest.fixture
def client(script: Script, location: DatasetLocation, source: CredentialsSource) -> Iterator[ObjectClient]:
    """A client of the store."""
    credentials = DatasetCredentials(source, location.dataset_id, Access.WRITE)
    made = ObjectClient(location.folder, credentials, StoreAddress(script.url), rule=RULE, idle=2.0)
    yield made
    run_sync(made.close())


@pytest.fixture
def files(
    script: Script, location: DatasetLocation, source: CredentialsSource, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Dataset]:
    """The files of a dataset in the store."""
    monkeypatch.setattr("provena_sdk.s3.retry.RULE", RULE)
    made = Dataset(location, source, StoreAddress(script.url))
    yield made
    made.close()


def entry(key: str, size: str = "1", etag: str = "&quot;e&quot;", when: str = WHEN) -> str:
    return f"<Contents><Key>{key}</Key><Size>{size}</Size><ETag>{etag}</ETag>{when}</Contents>"


def listing(*entries: str, token: str | None = None) -> str:
    more = f"<NextContinuationToken>{token}</NextContinuationToken>" if token is not None else ""
    truncated = "true" if token is not None else "false"
    return (
        f"<ListBucketResult><IsTruncated>{truncated}</IsTruncated>{more}{''.join(entries)}</ListBucketResult>"
    )


def read_all(client: ObjectClient, **asked: str) -> list[str]:
    async def read() -> list[str]:
        found: list[str] = []
        async for page in client.list(**asked):
            found += [info.path for info in page.files] + page.folders
            assert len(found) < 10_000
        return found

    return run_sync(read())


@pytest.mark.parametrize(
    ("read", "statuses"),
    [
        (lambda client: client.head("a"), (201, 204, 205, 206, 226)),
        (lambda client: client.get("a"), (201, 203, 204, 205, 206, 226)),
        (lambda client: client.get("a", span=(0, 3)), (204, 205, 226)),
        (lambda client: client.peek("a", 3), (204, 205, 226)),
        (lambda client: client.peek("a", 3, tail=True), (204, 205)),
    ],
    ids=["head", "whole", "range", "beginning", "end"],
)
def test_a_success_of_another_kind_is_not_an_object(
    client: ObjectClient, script: Script, read: Callable[[ObjectClient], Any], statuses: tuple[int, ...]
) -> None:
    for status in statuses:
        script.answers.clear()
        body = b"" if status in (204, 205) else b"012"
        script.says(f"{status} Odd", 'ETag: "e"', "Content-Range: bytes 0-2/9", body=body)
        with pytest.raises(FileStoreError, match="makes no sense"):
            run_sync(read(client))


# Other bytes than those that were listed.


@pytest.mark.parametrize("named", [[], ['ETag: "{etag}"'], ['ETag: "other"']], ids=["none", "its", "other"])
def test_bytes_of_the_right_size_that_are_others(
    files: Dataset, script: Script, location: DatasetLocation, tmp_path: Path, named: list[str]
) -> None:
    etag = hashlib.md5(b"right").hexdigest()
    headers = [one.format(etag=etag) for one in named]

    def route(asked: Any) -> Any:
        if "list-type" in asked.line:
            return script.answer("200 OK", body=listing(entry(f"{location.prefix}a", "5", etag)))
        if asked.line.startswith("HEAD"):
            named = [f"ETag: {etag}"] if headers else []
            return script.answer("200 OK", *named, body="right")
        return script.answer("200 OK", *headers, body="wrong")

    script.route = route
    report = files.download_all(tmp_path, raise_for_failures=False)
    assert [type(outcome.error) for outcome in report] == [IntegrityError]
    assert list(tmp_path.iterdir()) == []


def test_right_bytes_without_an_etag_are_proven_by_that_of_the_listing(
    files: Dataset, script: Script, location: DatasetLocation, tmp_path: Path
) -> None:
    etag = hashlib.md5(b"right").hexdigest()

    def route(asked: Any) -> Any:
        if "list-type" in asked.line:
            return script.answer("200 OK", body=listing(entry(f"{location.prefix}a", "5", etag)))
        return script.answer("200 OK", body=b"right")

    script.route = route
    [outcome] = files.download_all(tmp_path)
    assert (outcome.verified, outcome.checksum) == ("checksum", f"md5:{etag}")


READINGS: dict[str, Callable[[ObjectClient], Any]] = {
    "head": lambda client: client.head("a", if_match="e"),
    "whole": lambda client: client.get("a", if_match="e", size=3),
    "range": lambda client: client.get("a", if_match="e", span=(0, 3)),
    "beginning": lambda client: client.peek("a", 3, if_match="e"),
}


@pytest.mark.parametrize("read", READINGS.values(), ids=READINGS)
def test_another_etag_than_the_one_asked_for(client: ObjectClient, script: Script, read: Any) -> None:
    script.says("200 OK", 'ETag: "other"', "Content-Range: bytes 0-2/3", body="012")
    with pytest.raises(IntegrityError, match="was replaced"):
        run_sync(read(client))
    script.answers.clear()
    script.says("200 OK", 'ETag: W/"e"', "Content-Range: bytes 0-2/3", body="012")
    found = run_sync(read(client))
    assert (found if isinstance(found, ObjectState) else found.state).etag == "e"


@pytest.mark.parametrize("read", READINGS.values(), ids=READINGS)
def test_no_etag_although_one_was_asked_for(client: ObjectClient, script: Script, read: Any) -> None:
    script.says("200 OK", "Content-Range: bytes 0-2/3", body="012")
    found = run_sync(read(client))
    assert (found if isinstance(found, ObjectState) else found.state).etag == "e"


# Listings.


def circle(prefix: str) -> Iterator[str]:
    for number in itertools.count():
        yield listing(entry(f"{prefix}{'ab'[number % 2]}"), token=f"t{number}")


def falling(prefix: str) -> Iterator[str]:
    yield listing(entry(f"{prefix}b"), entry(f"{prefix}a"))


def twice(prefix: str) -> Iterator[str]:
    yield listing(entry(f"{prefix}a"), entry(f"{prefix}a"))


def same_token(prefix: str) -> Iterator[str]:
    for number in itertools.count():
        yield listing(entry(f"{prefix}{number:09}"), token=f"t{number % 3}")


def empty_for_ever(prefix: str) -> Iterator[str]:
    for number in itertools.count():
        yield listing(token=f"t{number}")


def folders(prefix: str) -> Iterator[str]:
    for number in itertools.count():
        name = f"<CommonPrefixes><Prefix>{prefix}{'ab'[number % 2]}/</Prefix></CommonPrefixes>"
        yield listing(name, token=f"t{number}")


@pytest.mark.parametrize("lie", [circle, falling, twice, same_token, empty_for_ever, folders])
def test_a_listing_that_does_not_go_forward_ends(
    client: ObjectClient, script: Script, location: DatasetLocation, lie: Callable[[str], Iterator[str]]
) -> None:
    pages = lie(location.prefix)
    script.route = lambda asked: script.answer("200 OK", body=next(pages))
    with pytest.raises(FileStoreError, match="leads in a circle") as caught:
        read_all(client, delimiter="/")
    assert "report it" in str(caught.value.hint)
    assert len(script.asked) <= 101


def test_a_circle_seen_by_a_user(files: Dataset, script: Script, location: DatasetLocation) -> None:
    pages = circle(location.prefix)
    script.route = lambda asked: script.answer("200 OK", body=next(pages))
    with pytest.raises(FileStoreError, match="leads in a circle"):
        files.list()


def test_uploads_and_parts_in_a_circle(
    client: ObjectClient, script: Script, location: DatasetLocation
) -> None:
    numbers = itertools.count()

    def route(asked: Any) -> Any:
        turn = next(numbers)
        if "uploadId" in asked.line:
            body = (
                "<ListPartsResult><IsTruncated>true</IsTruncated>"
                f"<NextPartNumberMarker>{1 + turn % 2}</NextPartNumberMarker><Part>"
                f"<PartNumber>{1 + turn % 2}</PartNumber><Size>1</Size><ETag>e</ETag></Part></ListPartsResult>"
            )
        else:
            body = (
                "<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
                f"<NextKeyMarker>{location.prefix}{'ab'[turn % 2]}</NextKeyMarker>"
                "<NextUploadIdMarker>u</NextUploadIdMarker></ListMultipartUploadsResult>"
            )
        return script.answer("200 OK", body=body)

    script.route = route
    with pytest.raises(FileStoreError, match="leads in a circle"):
        run_sync(client.list_uploads())
    with pytest.raises(FileStoreError, match="leads in a circle"):
        run_sync(client.list_parts("a", "u"))
    assert len(script.asked) < 10


def test_uploads_without_end(client: ObjectClient, script: Script, location: DatasetLocation) -> None:
    numbers = itertools.count()
    script.route = lambda asked: script.answer(
        "200 OK",
        body="<ListMultipartUploadsResult><IsTruncated>true</IsTruncated>"
        f"<NextKeyMarker>{location.prefix}a</NextKeyMarker>"
        f"<NextUploadIdMarker>{next(numbers)}</NextUploadIdMarker></ListMultipartUploadsResult>",
    )
    with pytest.raises(FileStoreError, match="has no end"):
        run_sync(client.list_uploads())
    assert len(script.asked) == 1001


def test_a_page_of_another_folder_makes_no_sense(
    client: ObjectClient, script: Script, location: DatasetLocation
) -> None:
    script.says("200 OK", body=listing(entry(f"{location.prefix}secret/a")))
    with pytest.raises(FileStoreError, match="makes no sense"):
        read_all(client, folder="obs/")


@pytest.mark.parametrize("size", ["-5", "1_0", "٣", " 7", "+7", "1e3", "0x7", "", "1" * 19, "9" * 5000])
def test_odd_sizes_in_a_listing(files: Dataset, script: Script, location: DatasetLocation, size: str) -> None:
    script.says("200 OK", body=listing(entry(f"{location.prefix}a", size)))
    with pytest.raises(FileStoreError, match="makes no sense"):
        files.list()


@pytest.mark.parametrize(
    "odd",
    [
        entry("{prefix}a", etag="e&#13;&#10;x-amz-acl: public-read"),
        entry("{prefix}a", etag="é"),
        entry("{prefix}a", etag="e" * 300),
        entry("{prefix}a", when="<LastModified>0001-01-01T00:00:00+23:59</LastModified>"),
        entry("{prefix}a", when=f"<LastModified>{'2' * 5000}</LastModified>"),
        entry("{prefix}a", when=""),
    ],
)
def test_odd_entries_of_a_listing(
    files: Dataset, script: Script, location: DatasetLocation, odd: str
) -> None:
    script.says("200 OK", body=listing(odd.format(prefix=location.prefix)))
    with pytest.raises(FileStoreError, match="makes no sense"):
        files.list()


def test_odd_parts(client: ObjectClient, script: Script) -> None:
    for number, size in (
        ("0", "1"),
        ("10001", "1"),
        ("1_0", "1"),
        ("٣", "1"),
        ("1", "-1"),
        ("9" * 5000, "1"),
    ):
        script.answers.clear()
        script.says(
            "200 OK",
            body="<ListPartsResult><IsTruncated>false</IsTruncated><Part>"
            f"<PartNumber>{number}</PartNumber><Size>{size}</Size></Part></ListPartsResult>",
        )
        with pytest.raises(FileStoreError, match="makes no sense"):
            run_sync(client.list_parts("a", "u"))


# Headers.


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "1_0", "²", "1" * 19, "+7"])
def test_odd_lengths(client: ObjectClient, script: Script, length: str) -> None:
    script.answers.append(f"HTTP/1.1 200 OK\r\nETag: e\r\nContent-Length: {length}\r\n\r\n".encode())
    with pytest.raises(ProvenaError):
        run_sync(client.head("a"))
    with pytest.raises(ProvenaError):
        run_sync(client.get("a"))


def test_odd_headers_count_as_absent(client: ObjectClient, script: Script) -> None:
    script.says(
        "200 OK",
        "Last-Modified: Fri, 99 Foo 9999 99:99:99 GMT",
        f"x-amz-mp-parts-count: {'9' * 5000}",
        "x-amz-checksum-crc32: AAAAAAAAAAAA",
        f"x-amz-checksum-sha256: {'A' * 5000}",
        "x-amz-checksum-crc64nvme: AAAAAAAAAAA=-0",
        "x-amz-checksum-type: ODD",
        f"Content-Type: {'x' * 300}",
        "Date: Fri, 31 Dec 9999 23:59:59 GMT",
        body="7",
    )
    state = run_sync(client.head("a"))
    told = (state.modified, state.parts_count, state.checksums, state.checksum_type, state.content_type)
    assert told == (None, None, {}, None, None)


def test_a_clock_of_another_age_changes_nothing(client: ObjectClient, script: Script) -> None:
    script.says("200 OK", "Date: Fri, 31 Dec 9999 23:59:59 GMT", body="7")
    run_sync(client.head("a"))
    time.sleep(1.1)
    script.answers.clear()
    script.says(
        "200 OK",
        body="<InitiateMultipartUploadResult><UploadId>u</UploadId></InitiateMultipartUploadResult>",
    )
    assert run_sync(client.create_upload("a")) == "u"


# Floods.


def endless(begin: bytes, piece: bytes) -> AsyncIterator[bytes]:
    async def pieces() -> AsyncIterator[bytes]:
        yield begin
        while True:
            yield piece

    return pieces()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNK = b"10000\r\n" + bytes(65536) + b"\r\n"
FLOODS: dict[str, tuple[bytes, bytes]] = {
    "chunks": (CHUNKED, CHUNK),
    "tiny chunks": (CHUNKED, b"1\r\na\r\n" * 1000),
    "chunks with extensions": (CHUNKED, b"1;" + b"x" * 4000 + b"\r\na\r\n"),
    "trailers": (CHUNKED + b"0\r\n", b"a: b\r\n" * 1000),
    "until closed": (b"HTTP/1.1 200 OK\r\n\r\n", bytes(65536)),
    "measured": (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", bytes(65536)),
    "announcements": (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 1000),
    "one header": (b"HTTP/1.1 200 OK\r\na: ", b"x" * 65536),
    "status line": (b"HTTP/1.1 200 ", b"x" * 65536),
    "refusal": (b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n", CHUNK),
    "refusal until closed": (b"HTTP/1.1 403 No\r\n\r\n", bytes(65536)),
}
WORK: dict[str, Callable[[ObjectClient], Any]] = {
    "list": lambda client: client.list_uploads(),
    "get": lambda client: client.get("a"),
    "head": lambda client: client.head("a"),
}


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_a_flood_ends_soon_and_takes_little_memory(
    client: ObjectClient, script: Script, flood: tuple[bytes, bytes], work: Any
) -> None:
    if work is WORK["head"] and b"Content-Length" in flood[0]:
        pytest.skip("HEAD tells a length and sends nothing.")
    script.route = lambda asked: endless(*flood)
    tracemalloc.start()
    try:
        with pytest.raises(ProvenaError):
            run_sync(work(client))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 200 * 1024**2


DOCUMENTS: dict[str, Callable[[str], str]] = {
    "tags": lambda prefix: f"<ListBucketResult>{'<a/>' * 300_000}</ListBucketResult>",
    "attributes": lambda prefix: (
        "<ListBucketResult " + " ".join(f'a{number}=""' for number in range(100_000)) + "/>"
    ),
    "namespaces": lambda prefix: (
        "<ListBucketResult " + " ".join(f"xmlns:a{number}='b'" for number in range(100_000)) + "/>"
    ),
    "references": lambda prefix: f"<ListBucketResult>{'&#1;' * 500_000}</ListBucketResult>",
    "depth": lambda prefix: "<a>" * 150_000 + "</a>" * 150_000,
    "token": lambda prefix: listing(token="t" * 10_000),
    "length": lambda prefix: listing(entry(prefix + "k" * 9_000_000)),
}


@pytest.mark.parametrize("document", DOCUMENTS.values(), ids=DOCUMENTS)
def test_a_document_with_more_in_it_than_any_of_s3(
    files: Dataset, script: Script, location: DatasetLocation, document: Callable[[str], str]
) -> None:
    script.says("200 OK", body=document(location.prefix))
    tracemalloc.start()
    try:
        with pytest.raises(FileStoreError, match="makes no sense"):
            files.list()
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert most < 100 * 1024**2


def test_a_size_that_is_a_lie_takes_no_memory(
    files: Dataset, script: Script, location: DatasetLocation
) -> None:
    def route(asked: Any) -> Any:
        told = 8 * 1024**4
        if asked.line.startswith("HEAD"):
            return b"HTTP/1.1 200 OK\r\nETag: e\r\nContent-Length: %d\r\n\r\n" % told
        first, last = (int(one) for one in asked.headers["range"].removeprefix("bytes=").split("-"))
        if first:
            return script.answer("404 Not Found")
        return script.answer(
            "206 Partial", "ETag: e", f"Content-Range: bytes 0-{last}/{told}", body=bytes(last + 1)
        )

    script.route = route
    with pytest.raises(ProvenaError):
        files.filesystem().cat_file("a")


# Drips.


def drip(begin: bytes, every: float) -> AsyncIterator[bytes]:
    async def pieces() -> AsyncIterator[bytes]:
        yield begin
        while True:
            await asyncio.sleep(every)
            yield b"x"

    return pieces()


DRIPS: dict[str, bytes] = {
    "head": b"HTTP/1.1 200 OK\r\nx: ",
    "body": b"HTTP/1.1 200 OK\r\nContent-Length: 60000\r\nETag: e\r\n\r\n",
    "chunk": CHUNKED + b"f000\r\n",
    "until closed": b"HTTP/1.1 200 OK\r\n\r\n",
    "error": b"HTTP/1.1 500 Oh\r\nContent-Length: 60000\r\n\r\n",
}


@pytest.fixture
def impatient(script: Script, location: DatasetLocation, source: CredentialsSource) -> Iterator[ObjectClient]:
    """A client that wants 1,000 bytes a second over a fifth of a second."""
    credentials = DatasetCredentials(source, location.dataset_id, Access.WRITE)
    made = ObjectClient(
        location.folder,
        credentials,
        StoreAddress(script.url),
        rule=RetryRule(base=0.001, cap=0.01, slow=2),
        idle=1.0,
        rate=LeastRate(1000.0, 0.2),
    )
    yield made
    run_sync(made.close())


@pytest.mark.parametrize("begin", DRIPS.values(), ids=DRIPS)
def test_one_byte_now_and_then_does_not_go_on_for_ever(
    impatient: ObjectClient, script: Script, begin: bytes
) -> None:
    script.route = lambda asked: drip(begin, 0.02)
    with pytest.raises(RequestTimedOut, match=r"too slow for 'a': less than 1,000 bytes a second over 0.2 s"):
        run_sync(impatient.get("a", size=60_000))
    assert len(script.asked) == 2


def test_a_slow_line_that_many_share_is_none_the_slower(impatient: ObjectClient, script: Script) -> None:
    async def slowly() -> AsyncIterator[bytes]:
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\nETag: e\r\n\r\n"
        for _ in range(20):
            await asyncio.sleep(0.05)
            yield b"12345"

    script.route = lambda asked: slowly()

    async def work() -> None:
        found = await asyncio.gather(*[impatient.get("a", size=100) for _ in range(20)])
        assert {len(one.data) for one in found} == {100}

    run_sync(work())
    # Alone, a hundred bytes a second are too slow.
    with pytest.raises(RequestTimedOut):
        run_sync(impatient.get("a", size=100))


def test_what_is_sent_has_to_move_as_well(location: DatasetLocation, source: CredentialsSource) -> None:
    class Stuck(asyncio.Protocol):
        """Takes what the system takes, and no more."""

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            assert isinstance(transport, asyncio.Transport)
            transport.pause_reading()

    async def put() -> None:
        server = await asyncio.get_running_loop().create_server(Stuck, "127.0.0.1", 0)
        client = ObjectClient(
            location.folder,
            DatasetCredentials(source, location.dataset_id, Access.WRITE),
            StoreAddress(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"),
            rule=RetryRule(slow=1),
            idle=1.0,
            rate=LeastRate(1000.0, 0.2),
        )
        try:
            await client.put("a", bytes(50 * 1024**2), crc32="AAAAAA==")
        finally:
            server.close()
            await client.close()

    with pytest.raises(RequestTimedOut, match="too slow"):
        run_sync(put())


def test_a_store_that_is_at_work_may_take_its_time(impatient: ObjectClient, script: Script) -> None:
    async def late() -> AsyncIterator[bytes]:
        await asyncio.sleep(0.6)
        yield b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nETag: e\r\n\r\n012"

    async def keeping_alive() -> AsyncIterator[bytes]:
        yield CHUNKED
        for _ in range(30):
            await asyncio.sleep(0.02)
            yield b"1\r\n \r\n"
        body = b"<CopyObjectResult><ETag>e</ETag></CopyObjectResult>"
        yield b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)

    script.route = lambda asked: late()
    assert run_sync(impatient.get("a")).data == b"012"
    script.route = lambda asked: keeping_alive()
    assert run_sync(impatient.copy("a", "b")).etag == "e"
