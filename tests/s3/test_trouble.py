"""What goes wrong on the way to the store is made good, once; what cannot be is told without a secret."""

import asyncio
import base64
import random
import traceback
import zlib
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import (
    Access,
    CredentialsProvider,
    CredentialsSource,
    DatasetCredentials,
)
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import (
    ConnectionFailed,
    DatasetFileExists,
    FileAccessDenied,
    FileStoreError,
    Forbidden,
    IntegrityError,
    ProvenaError,
    RequestTimedOut,
)
from provena_sdk.s3.client import ObjectClient
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress
from provena_sdk.s3.retry import RetryRule
from provena_sdk.sandbox.object_store import ObjectFault, ObjectFaults, Server

Make = Callable[..., ObjectClient]
Put = Callable[[dict[str, bytes]], None]
Stored = Callable[[], dict[str, bytes]]
Work = Callable[[ObjectClient], Awaitable[Any]]

SMALL = random.Random(2).randbytes(20_000)
LARGE = random.Random(3).randbytes(6 * 1024**2)


def crc32(data: bytes) -> str:
    return base64.b64encode(zlib.crc32(data).to_bytes(4, "big")).decode()


def fault(kind: str, **options: Any) -> ObjectFault:
    return ObjectFault(kind=kind, **options)  # type: ignore[arg-type]  # a word of the test's table


# Made for each test, since a fault counts its hits.
ANY: dict[str, Callable[..., ObjectFault]] = {
    "reset": lambda **on: fault("reset", **on),
    "reset after it was done": lambda **on: fault("reset", after_effect=True, **on),
    "slow down": lambda **on: fault("slow_down", times=3, **on),
    "internal error": lambda **on: fault("internal_error", times=3, **on),
    "expired": lambda **on: fault("expire_credentials", **on),
}
READING: dict[str, Callable[..., ObjectFault]] = {
    "reset in the body": lambda **on: fault("reset", after_bytes=100, **on),
    "cut off": lambda **on: fault("truncate", after_bytes=100, times=2, **on),
    "cut off at once": lambda **on: fault("truncate", after_bytes=0, **on),
    "stalled": lambda **on: fault("stall", after_bytes=100, seconds=30.0, **on),
}
SENDING: dict[str, Callable[..., ObjectFault]] = {
    "reset in the body": lambda **on: fault("reset", after_bytes=100, **on),
    "damaged": lambda **on: fault("corrupt", after_bytes=100, times=2, **on),
}
LATE: dict[str, Callable[..., ObjectFault]] = {
    "error in 200": lambda **on: fault("error_in_200", times=2, **on),
    "error in 200 after it was done": lambda **on: fault("error_in_200", after_effect=True, **on),
    "answer cut off": lambda **on: fault("truncate", after_bytes=20, **on),
}


async def get_small(client: ObjectClient) -> None:
    assert (await client.get("small", size=len(SMALL))).data == SMALL


async def get_whole(client: ObjectClient) -> None:
    assert (await client.get("large")).data == LARGE


async def get_range(client: ObjectClient) -> None:
    assert (await client.get("large", span=(1000, 5_000_000))).data == LARGE[1000:5_001_000]


async def head(client: ObjectClient) -> None:
    assert (await client.head("small")).size == len(SMALL)


async def listing(client: ObjectClient) -> None:
    assert [info.path async for page in client.list() for info in page.files] == ["large", "small"]


async def put_small(client: ObjectClient) -> None:
    await client.put("small", SMALL, crc32=crc32(SMALL))


async def put_large(client: ObjectClient) -> None:
    await client.put("large", LARGE, crc32=crc32(LARGE))


async def put_new(client: ObjectClient) -> None:
    stored = await client.put("new", SMALL, crc32=crc32(SMALL), if_none_match=True)
    assert stored.crc32 == crc32(SMALL)
    await client.delete(["new"])


async def upload(client: ObjectClient, path: str = "large", **options: Any) -> None:
    upload_id = await client.create_upload(path)
    part = await client.upload_part(path, upload_id, 1, LARGE, crc32=crc32(LARGE))
    assert await client.list_parts(path, upload_id) == [part]
    stored = await client.complete_upload(
        path, upload_id, [part], crc32=crc32(LARGE), size=len(LARGE), **options
    )
    assert stored.crc32 == crc32(LARGE)
    assert await client.list_uploads() == []


async def upload_new(client: ObjectClient) -> None:
    await upload(client, "new", if_none_match=True)
    await client.delete(["new"])


async def copy(client: ObjectClient) -> None:
    await client.copy("small", "copy")
    assert (await client.get("copy")).data == SMALL
    await client.delete(["copy"])


async def abort(client: ObjectClient) -> None:
    await client.abort_upload("large", await client.create_upload("large"))
    assert await client.list_uploads() == []


CASES: list[tuple[str, Work, dict[str, Callable[..., ObjectFault]]]] = [
    ("GetObject", get_small, ANY | READING),
    ("GetObject", get_whole, ANY | READING),
    ("GetObject", get_range, ANY | READING),
    ("HeadObject", head, ANY),
    ("ListObjectsV2", listing, ANY | READING),
    ("PutObject", put_small, ANY | SENDING),
    ("PutObject", put_large, ANY | SENDING),
    ("PutObject", put_new, ANY | SENDING),
    ("CreateMultipartUpload", upload, ANY),
    ("UploadPart", upload, ANY | SENDING),
    ("ListParts", upload, ANY | READING),
    ("CompleteMultipartUpload", upload, ANY | LATE),
    ("CompleteMultipartUpload", upload_new, ANY | LATE),
    ("ListMultipartUploads", upload, ANY | READING),
    ("CopyObject", copy, ANY | LATE),
    ("DeleteObjects", copy, ANY | LATE),
    ("AbortMultipartUpload", abort, ANY),
]


@pytest.mark.parametrize(
    ("operation", "work", "make_fault"),
    [
        pytest.param(operation, work, made, id=f"{operation}-{work.__name__}-{name}")
        for operation, work, faults in CASES
        for name, made in faults.items()
    ],
)
def test_trouble_is_made_good(
    make: Make,
    faults: ObjectFaults,
    put: Put,
    stored: Stored,
    operation: str,
    work: Work,
    make_fault: Callable[..., ObjectFault],
) -> None:
    put({"small": SMALL, "large": LARGE})
    client = make(idle=1.0)
    run_sync(head(client))
    struck = faults.add(make_fault(operation=operation))
    run_sync(work(client))  # type: ignore[arg-type]  # coroutines all of them
    assert struck.hits == struck.times
    assert stored() == {"small": SMALL, "large": LARGE}


def test_a_body_that_nobody_reads_is_given_up(make: Make, faults: ObjectFaults, stored: Stored) -> None:
    client = make(idle=0.2)
    faults.add(fault("stall", operation="PutObject", seconds=30.0))
    run_sync(put_small(client))
    assert stored() == {"small": SMALL}


def everything_about(error: BaseException) -> str:
    seen = [repr(error), str(error), repr(vars(error)), *traceback.format_exception(error)]
    return "\n".join(seen)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("internal_error", FileStoreError),
        ("slow_down", FileStoreError),
        ("reset", ConnectionFailed),
        ("truncate", ConnectionFailed),
        ("stall", RequestTimedOut),
    ],
)
def test_trouble_without_end_is_told(
    make: Make, faults: ObjectFaults, put: Put, source: CredentialsSource, location: DatasetLocation,
    kind: str, expected: type[ProvenaError],
) -> None:  # fmt: skip
    put({"small": SMALL})
    client = make(idle=0.05)
    run_sync(client.head("small"))
    struck = faults.add(fault(kind, operation="GetObject", times=None, seconds=30.0))
    with pytest.raises(expected) as caught:
        run_sync(client.get("small"))
    assert struck.hits == 8
    assert "small" in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    keys = source.get(location.dataset_id, Access.WRITE)
    for secret in keys.secrets:
        assert secret.reveal() not in everything_about(caught.value)


def test_bytes_that_are_damaged_each_time_are_told(
    client: ObjectClient, faults: ObjectFaults, stored: Stored
) -> None:
    struck = faults.add(fault("corrupt", operation="PutObject", times=None))
    with pytest.raises(FileStoreError) as caught:
        run_sync(put_small(client))
    assert (caught.value.store_code, struck.hits) == ("BadDigest", 4)
    assert stored() == {}


def test_an_object_that_was_there_before_is_not_taken_for_ours(
    client: ObjectClient, faults: ObjectFaults, put: Put, stored: Stored
) -> None:
    put({"new": b"other"})
    faults.add(fault("reset", operation="PutObject", after_effect=True))
    with pytest.raises(DatasetFileExists):
        run_sync(put_new(client))
    faults.add(fault("reset", operation="CompleteMultipartUpload"))
    with pytest.raises(DatasetFileExists):
        run_sync(upload_new(client))
    assert stored() == {"new": b"other"}

    async def clear() -> None:
        [left] = await client.list_uploads()
        await client.abort_upload("new", left.upload_id)

    run_sync(clear())


def test_uploads_of_others_are_left_alone_when_an_answer_was_lost(
    client: ObjectClient, faults: ObjectFaults, server: Server, location: DatasetLocation
) -> None:
    async def work() -> None:
        old = await client.create_upload("a")
        server.store.uploads[old].initiated = datetime.now(UTC) - timedelta(minutes=5)
        at_work = await client.create_upload("a")
        await client.upload_part("a", at_work, 1, b"1", crc32=crc32(b"1"))
        faults.add(fault("reset", operation="CreateMultipartUpload", after_effect=True, times=2))
        new = await client.create_upload("a")
        found = {upload.upload_id for upload in await client.list_uploads()}
        assert found == {old, at_work, new}
        assert len(found) == 3
        for upload_id in found:
            await client.abort_upload("a", upload_id)

    run_sync(work())
    assert location


def test_slowing_down_lets_fewer_requests_run(client: ObjectClient, faults: ObjectFaults, put: Put) -> None:
    put({"small": SMALL})

    async def work() -> None:
        assert client.admission.limits == (160, 32, 32)
        faults.add(fault("slow_down", operation="GetObject"))
        await client.get("small")
        assert client.admission.limits == (80, 16, 16)
        for _ in range(330):
            await client.get("small")
        assert 81 <= client.admission.limits[0] <= 83

    run_sync(work())


def test_a_wait_takes_no_place(make: Make, faults: ObjectFaults, put: Put, source: CredentialsSource) -> None:
    put({"small": SMALL})
    client = make()
    faults.add(fault("internal_error", operation="GetObject", key="*/small", times=1))

    async def work() -> None:
        seen: list[int] = []
        sleep = asyncio.sleep

        async def noting(seconds: float) -> None:
            seen.append(client.admission.running)
            await sleep(0)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("provena_sdk.s3.client.request.asyncio.sleep", noting)
            await client.get("small")
        assert seen == [0]

    run_sync(work())


def test_expired_credentials_are_renewed_once_for_all(
    client: ObjectClient, server: Server, put: Put, asked: list[tuple[str, Access]]
) -> None:
    put({f"{number}": b"x" for number in range(60)})

    async def work() -> None:
        await client.head("7")
        for count in (2, 3):
            server.grants.expire_all()
            requests = [client.get(f"{number}") for number in range(60)]
            await asyncio.gather(*requests, client.head("1"), client.head("2"))
            assert len(asked) == count

    run_sync(work())


def client_with(server: Server, location: DatasetLocation, provider: CredentialsProvider) -> ObjectClient:
    credentials = DatasetCredentials(CredentialsSource(provider), location.dataset_id, Access.WRITE)
    return ObjectClient(
        location.folder, credentials, StoreAddress(server.url), rule=RetryRule(base=0.001, most=4)
    )


@pytest.mark.parametrize("kind", ["expired", "unknown", "wrong token", "wrong key", "other folder"])
def test_credentials_that_are_refused_for_good(
    server: Server, location: DatasetLocation, put: Put, kind: str
) -> None:
    put({"small": SMALL})
    issued: list[Credentials] = []

    def provider(dataset_id: str, access: Access) -> Credentials:
        prefix = "datasets/other/" if kind == "other folder" else location.prefix
        keys = server.grants.issue(location.bucket, prefix, write=True, lifetime_seconds=3600)
        key, secret, token = keys.access_key_id, keys.secret_access_key, keys.session_token
        if kind == "expired":
            server.grants.expire(key)
        wrong = {"unknown": (f"{key}X", secret, token), "wrong token": (key, secret, f"{token}x")}
        key, secret, token = wrong.get(kind, (key, f"{secret}x" if kind == "wrong key" else secret, token))
        issued.append(Credentials(key, secret, token, keys.expiry))
        return issued[-1]

    client = client_with(server, location, provider)
    for request in (client.get("small"), client.head("small")):
        issued.clear()
        with pytest.raises((FileAccessDenied, FileStoreError)) as caught:
            run_sync(request)
        for keys in issued:
            for secret in keys.secrets:
                assert secret.reveal() not in everything_about(caught.value)
        assert len(issued) <= 2
    assert isinstance(caught.value, FileAccessDenied)
    run_sync(client.close())


def test_what_the_datastore_answers_instead_of_credentials_is_raised_as_it_is(
    server: Server, location: DatasetLocation
) -> None:
    def provider(dataset_id: str, access: Access) -> Credentials:
        raise Forbidden("A release is pending.", operation="credentials", status=403)

    client = client_with(server, location, provider)
    with pytest.raises(Forbidden, match="A release is pending"):
        run_sync(client.get("a"))
    failures = run_sync(client.delete(["a"]))
    assert isinstance(failures["a"], Forbidden)
    assert client.admission.running == 0


def test_a_store_out_of_reach_is_given_up_soon(make: Make) -> None:
    client = make(url="http://127.0.0.1:9")
    with pytest.raises(ConnectionFailed) as caught:
        run_sync(client.get("a"))
    assert caught.value.__context__ is None
    assert "object store at 127.0.0.1:9 could not be reached for 'a': the connection was refused." in str(
        caught.value
    )


def test_in_an_outage_patience_is_lost_once_and_not_by_each_request(
    server: Server, location: DatasetLocation, source: CredentialsSource, faults: ObjectFaults, put: Put
) -> None:
    put({"small": SMALL})
    rule = RetryRule(base=0.001, cap=0.01, patience=0.5, least=3, most=10_000)
    credentials = DatasetCredentials(source, location.dataset_id, Access.READ)
    client = ObjectClient(location.folder, credentials, StoreAddress(server.url), rule=rule)

    async def work() -> list[int]:
        tried = []
        await client.head("small")
        outage = faults.add(fault("reset", operation="GetObject", times=None))
        for _ in range(3):
            before = outage.hits
            with pytest.raises(ConnectionFailed):
                await client.get("small")
            tried.append(outage.hits - before)
            assert client.out_of_reach
        await client.head("small")
        assert not client.out_of_reach
        before = outage.hits
        with pytest.raises(ConnectionFailed):
            await client.get("small")
        tried.append(outage.hits - before)
        await client.close()
        return tried

    first, second, third, later = run_sync(work())
    assert (second, third) == (3, 3)
    assert min(first, later) > 10


def test_an_object_that_is_replaced_between_two_ranges_is_told(
    client: ObjectClient, faults: ObjectFaults, put: Put
) -> None:
    put({"small": SMALL})

    async def work() -> None:
        etag = (await client.head("small")).etag
        faults.add(fault("replace", operation="GetObject", data=b"new"))
        await client.get("small", span=(0, 10), if_match=etag)
        with pytest.raises(IntegrityError, match="replaced meanwhile"):
            await client.get("small", span=(10, 10), if_match=etag)

    run_sync(work())
