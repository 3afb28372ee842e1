"""What the object client does when nothing goes wrong, over real sockets."""

import base64
import random
import zlib
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import (
    DatasetFileExists,
    DatasetFileNotFound,
    FileAccessDenied,
    FileStoreError,
    IntegrityError,
    InvalidArgument,
    ServiceFileRefused,
    UnsafePath,
)
from provena_sdk.s3 import limits
from provena_sdk.s3.checksums import composite, md5
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.client import objects as client_module
from provena_sdk.s3.models import FileInfo, Page, StoredPart
from provena_sdk.sandbox.object_store import Server

Make = Callable[..., ObjectClient]
Put = Callable[[dict[str, bytes]], None]
Stored = Callable[[], dict[str, bytes]]

ODD = [
    "a b",
    "50%+#?&=.csv",
    "é/日本 +.nc",
    "a//b",
    "%2F",
    "x\x01\ty\r\n",
    "~-_.",
    "(1)*'!",
    "trailing/",
    "\U0001f30a",
    "..a/...",
]
BLOCK = random.Random(1).randbytes(5 * 1024**2)


def crc32(data: bytes | bytearray) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


async def pages(client: ObjectClient, folder: str = "", **options: str) -> list[Page]:
    return [page async for page in client.list(folder, **options)]


def listed(client: ObjectClient, folder: str = "", **options: str) -> list[str]:
    return [info.path for page in run_sync(pages(client, folder, **options)) for info in page.files]


async def there_and_back(client: ObjectClient, path: str, data: bytes) -> None:
    sent = await client.put(path, data, crc32=crc32(data), content_type="text/plain; charset=utf-8")
    assert (sent.etag, sent.crc32, sent.opaque_etag) == (md5(data), crc32(data), False)
    received = await client.get(path, size=len(data), if_match=sent.etag)
    assert received.data == data
    assert received.state.checksums == {"crc32": crc32(data)}
    state = await client.head(path, if_match=sent.etag)
    assert state == received.state
    assert (state.size, state.content_type) == (len(data), "text/plain; charset=utf-8")
    assert state.modified is not None
    [page] = await pages(client)
    assert page.files == [FileInfo(path, len(data), sent.etag, page.files[0].modified)]


@pytest.mark.parametrize("path", ODD)
def test_any_key_goes_out_as_it_is(client: ObjectClient, stored: Stored, path: str) -> None:
    data = path.encode() * 3
    run_sync(there_and_back(client, path, data))
    run_sync(client.copy(path, f"{path} copy"))
    assert stored() == {path: data, f"{path} copy": data}
    assert run_sync(client.delete([path, f"{path} copy", "never there"])) == {}
    assert stored() == {}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=80))
def test_every_key_goes_out_as_it_is(client: ObjectClient, stored: Stored, path: str) -> None:
    if any(segment in (".", "..") for segment in path.split("/")) or path == "metadata.json":
        return
    run_sync(there_and_back(client, path, b"data"))
    assert stored() == {path: b"data"}
    assert run_sync(client.delete([path])) == {}


@pytest.mark.parametrize(
    "data", [b"", bytearray(b"abc"), memoryview(b"xabcx")[1:4], bytes(100_000), BLOCK], ids=len
)
def test_bytes_of_any_kind_and_size_are_stored(
    client: ObjectClient, stored: Stored, data: bytes | bytearray | memoryview
) -> None:
    plain = bytes(data)
    run_sync(client.put("a", data, crc32=crc32(plain)))
    assert stored() == {"a": plain}
    assert run_sync(client.get("a")).data == plain


async def put(client: ObjectClient, path: str, data: bytes, **options: Any) -> None:
    await client.put(path, data, crc32=crc32(data), **options)


def test_ranges(client: ObjectClient) -> None:
    async def work() -> None:
        await put(client, "a", bytes(range(200)))
        received = await client.get("a", span=(10, 20), size=200)
        assert (bytes(received.data), received.state.size) == (bytes(range(10, 30)), 200)
        assert (await client.get("a", span=(199, 1))).data == b"\xc7"
        for span, size in [((190, 20), None), ((200, 1), None), ((10, 20), 201)]:
            with pytest.raises(IntegrityError, match="replaced meanwhile"):
                await client.get("a", span=span, size=size)
        for span in [(0, 0), (-1, 5)]:
            with pytest.raises(InvalidArgument, match="span"):
                await client.get("a", span=span)

    run_sync(work())


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 200])
def test_the_beginning_and_the_end_of_an_unknown_object(client: ObjectClient, size: int) -> None:
    async def work() -> None:
        data = bytes(range(size))
        await put(client, "a", data)
        for tail, expected in ((False, data[:10]), (True, data[-10:])):
            received = await client.peek("a", 10, tail=tail)
            state = await client.head("a")
            assert received.data == expected
            assert (received.state.size, received.state.etag) == (size, state.etag)
            assert received.state.modified == state.modified
        with pytest.raises(InvalidArgument, match="length"):
            await client.peek("a", 0)
        with pytest.raises(DatasetFileNotFound):
            await client.peek("b", 10)

    run_sync(work())


def test_a_whole_object_of_another_size_is_not_read(client: ObjectClient) -> None:
    async def work() -> None:
        await put(client, "a", BLOCK)
        for size in (0, 10, len(BLOCK) - 1, len(BLOCK) + 1):
            with pytest.raises(IntegrityError, match="replaced meanwhile"):
                await client.get("a", size=size)

    run_sync(work())


def test_another_etag_is_told(client: ObjectClient) -> None:
    async def work() -> None:
        await put(client, "a", b"1")
        for request in (client.get("a", if_match="0" * 32), client.head("a", if_match="0" * 32)):
            with pytest.raises(IntegrityError, match="replaced meanwhile"):
                await request

    run_sync(work())


def test_what_is_not_there(client: ObjectClient) -> None:
    async def work() -> None:
        requests: list[Coroutine[Any, Any, object]] = [
            client.get("a"),
            client.head("a"),
            client.get("a", if_match="e"),
            client.copy("a", "b"),
        ]
        for request in requests:
            with pytest.raises(DatasetFileNotFound) as caught:
                await request
            assert caught.value.path == "a"
        assert await pages(client) == [Page([], [])]

    run_sync(work())


def test_a_name_that_is_taken(client: ObjectClient, stored: Stored) -> None:
    async def work() -> None:
        await put(client, "a", b"1", if_none_match=True)
        for data in (b"1", b"2"):
            with pytest.raises(DatasetFileExists, match="holds 'a' already"):
                await put(client, "a", data, if_none_match=True)
        await put(client, "a", b"3")

    run_sync(work())
    assert stored() == {"a": b"3"}


def test_wrong_checksums_are_refused(client: ObjectClient, stored: Stored) -> None:
    with pytest.raises(FileStoreError) as caught:
        run_sync(client.put("a", b"1", crc32=crc32(b"2")))
    assert caught.value.store_code == "BadDigest"
    assert stored() == {}


async def upload(client: ObjectClient, path: str, blocks: list[bytes], **options: Any) -> list[StoredPart]:
    upload_id = await client.create_upload(path, content_type="text/csv")
    parts = [
        await client.upload_part(path, upload_id, number, block, crc32=crc32(block))
        for number, block in enumerate(blocks, 1)
    ]
    assert [part.crc32 for part in parts] == [crc32(block) for block in blocks]
    assert await client.list_parts(path, upload_id) == parts
    whole = b"".join(blocks)
    stored = await client.complete_upload(
        path, upload_id, parts, crc32=crc32(whole), size=len(whole), **options
    )
    assert stored == (composite([md5(block) for block in blocks]), crc32(whole), False)
    assert await client.list_parts(path, upload_id) is None
    return parts


def test_uploads_in_parts(client: ObjectClient, stored: Stored) -> None:
    blocks = [BLOCK, BLOCK, b"end"]
    path = "é b+.csv"

    async def work() -> None:
        await upload(client, path, blocks)
        state = await client.head(path)
        assert (state.checksum_type, state.checksums) == ("FULL_OBJECT", {"crc32": crc32(b"".join(blocks))})
        assert state.content_type == "text/csv"
        for number, block in enumerate(blocks, 1):
            part = await client.head(path, part=number)
            assert (part.size, part.parts_count) == (len(block), 3)
        with pytest.raises(FileStoreError):
            await client.head(path, part=4)

    run_sync(work())
    assert stored() == {path: b"".join(blocks)}


def test_what_the_parts_do_not_make_is_refused(client: ObjectClient, stored: Stored) -> None:
    async def work() -> None:
        upload_id = await client.create_upload("a")
        part = await client.upload_part("a", upload_id, 1, b"1", crc32=crc32(b"1"))
        for crc, size in [(crc32(b"2"), 1), (crc32(b"1"), 2)]:
            with pytest.raises(FileStoreError):
                await client.complete_upload("a", upload_id, [part], crc32=crc, size=size)
        with pytest.raises(InvalidArgument, match="number"):
            await client.upload_part("a", upload_id, 10_001, b"", crc32=crc32(b""))
        await client.abort_upload("a", upload_id)

    run_sync(work())
    assert stored() == {}


def test_an_upload_does_not_replace_what_it_must_not(client: ObjectClient, stored: Stored) -> None:
    async def work() -> None:
        await put(client, "a", b"mine")
        with pytest.raises(DatasetFileExists):
            await upload(client, "a", [b"other"], if_none_match=True)
        [left] = await client.list_uploads()
        await client.abort_upload("a", left.upload_id)

    run_sync(work())
    assert stored() == {"a": b"mine"}


def test_completing_twice_is_fine_and_completing_what_was_given_up_is_not(client: ObjectClient) -> None:
    async def work() -> None:
        for path in ("done", "given up"):
            upload_id = await client.create_upload(path)
            part = await client.upload_part(path, upload_id, 1, b"1", crc32=crc32(b"1"))
            if path == "done":
                await client.complete_upload(path, upload_id, [part], crc32=crc32(b"1"), size=1)
                stored = await client.complete_upload(path, upload_id, [part], crc32=crc32(b"1"), size=1)
                assert stored.crc32 == crc32(b"1")
                await put(client, path, b"2")
            await client.abort_upload(path, upload_id)
            await client.abort_upload(path, upload_id)
            with pytest.raises(FileStoreError) as caught:
                await client.complete_upload(path, upload_id, [part], crc32=crc32(b"1"), size=1)
            assert caught.value.store_code == "NoSuchUpload"
            with pytest.raises(FileStoreError):
                await client.upload_part(path, upload_id, 2, b"2", crc32=crc32(b"2"))

    run_sync(work())


def test_unfinished_uploads_are_listed(client: ObjectClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PAGE_SIZE", 2)

    async def work() -> None:
        begun = {
            (path, await client.create_upload(path)) for path in ("a", "a", "b/1", "b/2 +é", "b/3", "c\x01")
        }
        found = await client.list_uploads()
        assert {(one.path, one.upload_id) for one in found} == begun
        assert [one.path for one in await client.list_uploads("b/")] == ["b/1", "b/2 +é", "b/3"]
        for path, upload_id in begun:
            await client.abort_upload(path, upload_id)
        assert await client.list_uploads() == []

    run_sync(work())


def test_parts_are_listed_page_by_page(client: ObjectClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PAGE_SIZE", 2)

    async def work() -> None:
        upload_id = await client.create_upload("a")
        parts = [
            await client.upload_part("a", upload_id, number, b"x" * number, crc32=crc32(b"x" * number))
            for number in (1, 2, 3, 7, 10_000 // 2)
        ]
        assert await client.list_parts("a", upload_id) == parts
        await client.abort_upload("a", upload_id)

    run_sync(work())


def test_listings(client: ObjectClient, put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = sorted(["a/1", "a/2 +", "a/b/3", "a/é/4", "b", "c\x01/5", "d"])
    put(dict.fromkeys(paths, b"x"))
    for size in (1, 3, 1000):
        monkeypatch.setattr(limits, "PAGE_SIZE", size)
        assert listed(client) == paths
        assert listed(client, "a/") == paths[:4]
        assert listed(client, start_after="a/é/4") == ["b", "c\x01/5", "d"]
        found = run_sync(pages(client, delimiter="/"))
        assert [info.path for page in found for info in page.files] == ["b", "d"]
        assert [folder for page in found for folder in page.folders] == ["a/", "c\x01/"]


def test_a_dataset_whose_handle_begins_alike_is_not_listed(
    client: ObjectClient, server: Server, location: DatasetLocation
) -> None:
    server.store.put(location.bucket, f"{location.prefix.removesuffix('/')}x/secret", b"")
    assert listed(client) == []


def test_more_is_deleted_than_one_request_takes(
    client: ObjectClient, put: Put, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client_module, "_MOST_DELETED", 3)
    paths = [f"{number} <&>\"'" for number in range(8)] + ["c\x02", "d\ufffe", "new\r\nline"]
    put(dict.fromkeys(["kept", *paths], b"x"))
    assert run_sync(client.delete(paths)) == {}
    assert list(stored()) == ["kept"]


def test_what_may_not_be_written_is_told_by_path(make: Make, put: Put, stored: Stored) -> None:
    put({"a": b"1"})
    reader = make(Access.READ)
    with pytest.raises(FileAccessDenied, match="refuses access to 'a'"):
        run_sync(reader.put("a", b"2", crc32=crc32(b"2")))
    failures = run_sync(reader.delete(["a", "b"]))
    assert set(failures) == {"a", "b"}
    assert all(isinstance(error, FileAccessDenied) for error in failures.values())
    assert stored() == {"a": b"1"}


REFUSED = ["", ".", "..", "a/..", "../x", "a/./b", "\ud800", "x" * 1010]


@pytest.mark.parametrize("path", REFUSED)
def test_paths_that_lead_out_of_the_dataset_are_refused(client: ObjectClient, path: str) -> None:
    requests: list[Callable[[], Coroutine[Any, Any, object]]] = [
        lambda: client.get(path),
        lambda: client.head(path),
        lambda: client.put(path, b"", crc32=crc32(b"")),
        lambda: client.create_upload(path),
        lambda: client.list_parts(path, "u"),
        lambda: client.abort_upload(path, "u"),
        lambda: client.delete(["fine", path]),
        lambda: client.copy("fine", path),
        lambda: client.copy(path, "fine"),
    ]
    for request in requests:
        with pytest.raises(UnsafePath):
            run_sync(request())


def test_the_services_file_is_never_written(client: ObjectClient, put: Put, stored: Stored) -> None:
    put({"metadata.json": b"{}", "a": b"1"})
    requests: list[Callable[[], Coroutine[Any, Any, object]]] = [
        lambda: client.put("metadata.json", b"", crc32=crc32(b"")),
        lambda: client.create_upload("metadata.json"),
        lambda: client.upload_part("metadata.json", "u", 1, b"", crc32=""),
        lambda: client.complete_upload("metadata.json", "u", [], crc32="", size=0),
        lambda: client.abort_upload("metadata.json", "u"),
        lambda: client.delete(["a", "metadata.json"]),
        lambda: client.copy("a", "metadata.json"),
    ]
    for request in requests:
        with pytest.raises(ServiceFileRefused):
            run_sync(request())
    assert stored() == {"metadata.json": b"{}", "a": b"1"}
    assert run_sync(client.get("metadata.json")).data == b"{}"


@pytest.mark.parametrize("value", ["", "a\r\nx-amz-acl: public-read", "é", " a", "a  b"])
def test_what_is_no_media_type_is_refused(client: ObjectClient, value: str) -> None:
    with pytest.raises(InvalidArgument, match="content_type"):
        run_sync(client.put("a", b"", crc32=crc32(b""), content_type=value))


@pytest.mark.parametrize("etag", ['x"\r\nrange: bytes=0-0\r\nx: "', "a\nb"])
def test_an_etag_cannot_add_headers(client: ObjectClient, put: Put, etag: str) -> None:
    put({"a": b"12"})
    with pytest.raises((IntegrityError, ValueError)):
        run_sync(client.get("a", if_match=etag))
