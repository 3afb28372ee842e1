"""What goes wrong on the way must not show in the result, and must leave nothing behind."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from provena_sdk.concurrency.io_thread import run_sync
from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.datasets.s3fs import s3fs_of
from provena_sdk.errors import (
    ConnectionFailed,
    DatasetFileNotFound,
    FileAccessDenied,
    FileStoreError,
    Forbidden,
    IntegrityError,
    TransferFailed,
)
from provena_sdk.s3 import retry
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress
from provena_sdk.sandbox.object_store import ObjectFault, ObjectFaults, Server
from provena_sdk.transfer import scheduler as engine
from provena_sdk.transfer.report import TransferReport
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Stored = Callable[[], dict[str, bytes]]
Tree = Callable[[Path], dict[str, bytes]]
Plant = Callable[[Path, dict[str, bytes]], Path]

SMALL = random.Random(2).randbytes(30_000)
LARGE = random.Random(3).randbytes(17 * 1024**2)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(engine, "_LONGEST_WAIT", 0.01)
    monkeypatch.setattr("botocore.retries.standard.ExponentialBackoff.delay_amount", lambda *_: 0.01)
    monkeypatch.setattr(retry, "RULE", retry.RetryRule(base=0.001, cap=0.01, patience=1.0, most=8))


def fault(kind: str, **options: object) -> ObjectFault:
    return ObjectFault(kind=kind, **options)  # type: ignore[arg-type]


DOWN = [
    fault("truncate", after_bytes=1_000),
    fault("truncate", after_bytes=0, times=3),
    fault("corrupt", after_bytes=1_000),
    fault("corrupt", after_bytes=1_000, times=2),
    fault("reset"),
    fault("slow_down", times=2),
    fault("internal_error", times=2),
    fault("expire_credentials"),
]


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("wrong", DOWN, ids=lambda wrong: f"{wrong.kind}-{wrong.times}-{wrong.after_bytes}")
def test_downloads_recover(
    files: Dataset,
    faults: ObjectFaults,
    put: Put,
    tree: Tree,
    tmp_path: Path,
    wrong: ObjectFault,
    size: str,
) -> None:
    contents = {"file": SMALL if size == "small" else LARGE, "other": b"x"}
    put(contents)
    struck = faults.add(
        fault(
            wrong.kind,
            operation="GetObject",
            key="*/file",
            times=wrong.times,
            after_bytes=wrong.after_bytes,
        )
    )
    report = files.download_all(tmp_path)
    assert struck.hits == wrong.times
    assert tree(tmp_path) == contents
    assert report.counts() == {"downloaded": 2}


@pytest.mark.parametrize("size", ["small", "large"])
@pytest.mark.parametrize("kind", ["reset", "slow_down", "internal_error", "expire_credentials"])
def test_uploads_recover(
    files: Dataset,
    faults: ObjectFaults,
    server: Server,
    stored: Stored,
    plant: Plant,
    tmp_path: Path,
    kind: str,
    size: str,
) -> None:
    contents = {"file": SMALL if size == "small" else LARGE, "other": b"x"}
    operation = "PutObject" if size == "small" else "UploadPart"
    struck = faults.add(fault(kind, operation=operation, key="*/file"))
    files.upload_all(plant(tmp_path, contents))
    assert struck.hits == 1
    assert stored() == contents


def test_completing_an_upload_is_tried_again(
    files: Dataset, faults: ObjectFaults, plant: Plant, stored: Stored, tmp_path: Path
) -> None:
    struck = faults.add(fault("internal_error", operation="CompleteMultipartUpload"))
    files.upload_all(plant(tmp_path, {"file": LARGE}))
    assert struck.hits == 1
    assert stored() == {"file": LARGE}


def uploads_in_progress(files: Dataset) -> list[object]:
    return list(run_sync(files.for_access(Access.WRITE).objects.list_uploads()))


def test_a_failed_upload_in_parts_is_given_up(
    files: Dataset, faults: ObjectFaults, plant: Plant, stored: Stored, tmp_path: Path
) -> None:
    faults.add(fault("internal_error", operation="UploadPart", times=None))
    with pytest.raises(TransferFailed) as caught:
        files.upload_all(plant(tmp_path, {"file": LARGE, "other": b"x"}))
    [error] = caught.value.errors
    assert isinstance(error, FileStoreError)
    assert error.store_code == "InternalError"
    assert error.path == "file"
    assert stored() == {"other": b"x"}
    assert uploads_in_progress(files) == []


@pytest.mark.parametrize("size", ["small", "large"])
def test_what_stays_damaged_never_gets_the_files_name(
    files: Dataset, faults: ObjectFaults, put: Put, tmp_path: Path, size: str
) -> None:
    put({"file": SMALL if size == "small" else LARGE, "other": b"x"})
    (tmp_path / "file").write_bytes(b"the old one")
    faults.add(fault("corrupt", operation="GetObject", key="*/file", times=None, after_bytes=7))
    with pytest.raises(TransferFailed) as caught:
        files.download_all(tmp_path)
    [error] = caught.value.errors
    assert isinstance(error, IntegrityError)
    assert "arrived damaged" in str(error)
    assert (tmp_path / "file").read_bytes() == b"the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "other"]


def test_an_object_replaced_while_it_is_read_is_fetched_as_it_is_then(
    files: Dataset,
    faults: ObjectFaults,
    put: Put,
    tree: Tree,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # What is on its way together may all be of the old one.
    monkeypatch.setattr("provena_sdk.transfer.scheduler._LARGE_PARTS", 1)
    put({"file": LARGE})
    struck = faults.add(fault("replace", operation="GetObject", data=b"the new one"))
    files.download_all(tmp_path)
    assert struck.hits == 1
    assert tree(tmp_path) == {"file": b"the new one"}


def test_an_object_deleted_meanwhile_fails_alone(
    files: Dataset,
    server: Server,
    location: DatasetLocation,
    put: Put,
    tree: Tree,
    tmp_path: Path,
) -> None:
    put({"gone": b"1", "here": b"2"})
    plan = files.plan_download(tmp_path)
    server.store.delete(location.bucket, location.key("gone"))
    with pytest.raises(TransferFailed) as caught:
        plan.run()
    assert [type(error) for error in caught.value.errors] == [DatasetFileNotFound]
    assert tree(tmp_path) == {"here": b"2"}


def test_uneven_parts_are_verified_too(
    files: Dataset, location: DatasetLocation, tree: Tree, tmp_path: Path
) -> None:
    fs = s3fs_of(files.for_access(Access.WRITE))
    pieces = [bytes([number]) * size for number, size in enumerate([5 * 1024**2, 6 * 1024**2, 9])]

    place = {"Bucket": location.bucket, "Key": location.key("uneven")}
    upload = {**place, "UploadId": fs.call_s3("create_multipart_upload", **place)["UploadId"]}
    parts = []
    for number, piece in enumerate(pieces, 1):
        answer = fs.call_s3("upload_part", **upload, PartNumber=number, Body=piece)
        parts.append({"PartNumber": number, "ETag": answer["ETag"]})
    fs.call_s3("complete_multipart_upload", **upload, MultipartUpload={"Parts": parts})
    [outcome] = files.download_all(tmp_path)
    assert outcome.verified == "checksum"
    assert tree(tmp_path) == {"uneven": b"".join(pieces)}


@pytest.mark.slow
def test_credentials_that_live_a_second_carry_a_longer_transfer(
    files: Dataset,
    faults: ObjectFaults,
    put: Put,
    asked: list[tuple[str, Access]],
    lifetime: list[float],
    tree: Tree,
    tmp_path: Path,
) -> None:
    lifetime[0] = 0.5
    contents = {f"{number}": b"%d" % number for number in range(400)}
    put(contents)
    faults.add(fault("latency", operation="GetObject", times=None, seconds=0.4))
    report = files.download_all(tmp_path)
    assert report.seconds > 1
    assert tree(tmp_path) == contents
    assert 3 <= len(asked) <= 12


def test_credentials_that_end_on_their_way_are_renewed_again(
    server: Server, location: DatasetLocation, put: Put
) -> None:
    put({"a": b"1"})
    lives = [-1.0, -1.0, -1.0, 3600.0]

    def provider(dataset_id: str, access: Access) -> Credentials:
        keys = server.grants.issue(
            location.bucket, location.prefix, write=True, lifetime_seconds=lives.pop(0)
        )
        return Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expiry)

    files = Dataset(location, CredentialsSource(provider), StoreAddress(server.url))
    assert [info.path for info in files.list()] == ["a"]
    assert lives == []
    files.close()


def test_credentials_that_end_before_their_time_are_renewed_once_for_all(
    files: Dataset,
    server: Server,
    put: Put,
    asked: list[tuple[str, Access]],
    tmp_path: Path,
) -> None:
    put({f"{number}": b"x" for number in range(50)})
    files.list()
    server.grants.expire_all()
    files.download_all(tmp_path)
    assert len(asked) == 2
    server.grants.expire_all()
    # HEAD is answered without a body, so that the reason is not told.
    assert files.exists_("7")
    assert len(asked) == 3


def test_credentials_that_are_refused_for_good(
    server: Server, location: DatasetLocation, tmp_path: Path
) -> None:
    asked: list[str] = []

    def provider(dataset_id: str, access: Access) -> Credentials:
        asked.append(dataset_id)
        keys = server.grants.issue(location.bucket, location.prefix, write=True, lifetime_seconds=3600)
        server.grants.expire(keys.access_key_id)
        return Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expiry)

    files = Dataset(location, CredentialsSource(provider), StoreAddress(server.url))
    with pytest.raises(FileAccessDenied, match="renewed ones too") as caught:
        files.list()
    assert isinstance(caught.value, PermissionError)
    assert len(asked) == 2
    files.close()


def test_access_to_another_folder_is_refused(
    server: Server, location: DatasetLocation, put: Put, tmp_path: Path
) -> None:
    put({"a": b"1"})

    def provider(dataset_id: str, access: Access) -> Credentials:
        keys = server.grants.issue(location.bucket, "datasets/other/", write=True, lifetime_seconds=3600)
        return Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expiry)

    files = Dataset(location, CredentialsSource(provider), StoreAddress(server.url))
    assert [info.path for info in files.list()] == ["a"]
    report = files.download_all(tmp_path, raise_for_failures=False)
    assert isinstance(report[0].error, FileAccessDenied)
    with pytest.raises(PermissionError):
        files.open("a").read()
    files.close()


def test_a_refusal_of_the_datastore_is_raised_as_it_is(
    server: Server, location: DatasetLocation, plant: Plant, tmp_path: Path
) -> None:
    def provider(dataset_id: str, access: Access) -> Credentials:
        raise Forbidden("A release is pending.", operation="credentials", status=403)

    files = Dataset(location, CredentialsSource(provider), StoreAddress(server.url))
    with pytest.raises(Forbidden, match="A release is pending"):
        files.upload_all(plant(tmp_path, {"a": b"1"}))
    with pytest.raises(Forbidden):
        files.list()
    with pytest.raises(Forbidden):
        files.open("new", "wb").close()
    files.close()


def test_a_refusal_in_the_middle_ends_the_transfer_with_a_report(
    server: Server, location: DatasetLocation, put: Put, tmp_path: Path
) -> None:
    put({f"{number:03}": b"x" for number in range(200)})
    asked: list[str] = []

    def provider(dataset_id: str, access: Access) -> Credentials:
        asked.append(dataset_id)
        if len(asked) > 1:
            raise Forbidden("Access was withdrawn.", operation="credentials", status=403)
        keys = server.grants.issue(location.bucket, location.prefix, write=False, lifetime_seconds=3600)
        return Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expiry)

    server.faults.add(fault("expire_credentials", operation="GetObject", skip=50))
    files = Dataset(location, CredentialsSource(provider), StoreAddress(server.url), concurrency=4)
    with pytest.raises(TransferFailed) as caught:
        files.download_all(tmp_path)
    server.faults.clear()
    report = caught.value.report
    assert isinstance(report, TransferReport)
    assert len(report) == 200
    assert all(isinstance(outcome.error, Forbidden) for outcome in report.failed)
    assert 40 <= report.counts()["downloaded"] <= 60
    assert len(asked) <= 6
    files.close()


def test_a_store_out_of_reach(location: DatasetLocation, source: CredentialsSource, tmp_path: Path) -> None:
    files = Dataset(location, source, StoreAddress("http://127.0.0.1:9"))
    with pytest.raises(ConnectionFailed) as caught:
        files.download_all(tmp_path)
    assert isinstance(caught.value, ConnectionError)
    files.close()
