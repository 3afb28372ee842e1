"""The plain s3fs view of a dataset."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from s3fs import S3FileSystem

from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.datasets.s3fs import s3fs_of
from provena_sdk.errors import ServiceFileRefused
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress
from provena_sdk.sandbox.object_store import Server

Put = Callable[[dict[str, bytes]], None]
Stored = Callable[[], dict[str, bytes]]

_grants: list[Callable[[str, Access], Credentials]] = []


def provider(dataset_id: str, access: Access) -> Credentials:
    """A provider that pickles."""
    return _grants[0](dataset_id, access)


@pytest.fixture
def issued(server: Server, location: DatasetLocation, monkeypatch: pytest.MonkeyPatch) -> list[Credentials]:
    """What :func:`provider` gave."""
    given: list[Credentials] = []

    def grant(dataset_id: str, access: Access) -> Credentials:
        keys = server.grants.issue(
            location.bucket, location.prefix, write=access is Access.WRITE, lifetime_seconds=3600
        )
        given.append(Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expiry))
        return given[-1]

    monkeypatch.setitem(globals(), "_grants", [grant])
    return given


@pytest.fixture
def files(server: Server, location: DatasetLocation, issued: list[Credentials]) -> Iterator[DatasetFiles]:
    """The dataset's files."""
    made = DatasetFiles(location, CredentialsSource(provider), StoreAddress(server.url))
    yield made
    made.close()


@pytest.fixture
def root(location: DatasetLocation) -> str:
    """The dataset's folder, as s3fs names it."""
    return f"{location.bucket}/{location.prefix}".rstrip("/")


def test_it_is_s3fs_itself_and_reads(files: DatasetFiles, put: Put, root: str) -> None:
    put({"obs/a": b"1", "obs/b": b"22"})
    fs = s3fs_of(files)
    assert type(fs) is S3FileSystem
    assert fs.ls(f"{root}/obs") == [f"{root}/obs/a", f"{root}/obs/b"]
    assert fs.find(root) == [f"{root}/obs/a", f"{root}/obs/b"]
    assert fs.cat_file(f"s3://{root}/obs/b") == b"22"
    with fs.open(f"{root}/obs/a") as file:
        assert file.read() == b"1"


def test_it_writes_when_asked_to(files: DatasetFiles, put: Put, stored: Stored, root: str) -> None:
    put({"a": b"1"})
    with pytest.raises(PermissionError):
        s3fs_of(files).pipe_file(f"{root}/b", b"2")
    fs = s3fs_of(files.for_access(Access.WRITE))
    fs.pipe_file(f"{root}/b", b"2")
    large = bytes(range(256)) * 50_000
    with fs.open(f"{root}/large", "wb", block_size=5 * 1024**2) as file:
        file.write(large)
    fs.cp_file(f"{root}/b", f"{root}/c")
    fs.rm_file(f"{root}/a")
    assert stored() == {"b": b"2", "c": b"2", "large": large}


def test_what_others_write_shows_at_once(files: DatasetFiles, put: Put, root: str) -> None:
    fs = s3fs_of(files)
    put({"a": b"1"})
    assert fs.ls(root) == [f"{root}/a"]
    put({"b": b"1"})
    assert fs.ls(root) == [f"{root}/a", f"{root}/b"]


def test_the_services_file_stays(
    files: DatasetFiles, put: Put, stored: Stored, root: str, tmp_path: Path
) -> None:
    before = {"metadata.json": b"the service's", "a": b"1"}
    put(before)
    (tmp_path / "local").write_bytes(b"mine")
    fs = s3fs_of(files.for_access(Access.WRITE))
    attempts: list[Callable[[], object]] = [
        lambda: fs.pipe_file(f"{root}/metadata.json", b"x"),
        lambda: fs.put_file(str(tmp_path / "local"), f"{root}/metadata.json"),
        lambda: fs.cp_file(f"{root}/a", f"{root}/metadata.json"),
        lambda: fs.rm_file(f"{root}/metadata.json"),
        lambda: fs.rm(root, recursive=True),
    ]
    for attempt in attempts:
        with pytest.raises(ServiceFileRefused):
            attempt()
    assert stored() == before


def test_credentials_renew_themselves(
    files: DatasetFiles, put: Put, server: Server, issued: list[Credentials], root: str
) -> None:
    put({"a": b"1"})
    fs = s3fs_of(files)
    assert issued == []
    assert fs.cat_file(f"{root}/a") == b"1"
    assert len(issued) == 1
    server.grants.expire_all()
    assert fs.cat_file(f"{root}/a") == b"1"
    assert len(issued) == 2


def test_a_pickle_holds_no_secret(
    files: DatasetFiles, put: Put, issued: list[Credentials], root: str
) -> None:
    put({"a": b"1"})
    fs = s3fs_of(files)
    assert fs.cat_file(f"{root}/a") == b"1"
    pickled = pickle.dumps(fs)
    for secret in issued[0].secrets:
        assert secret.reveal().encode() not in pickled
        assert secret.reveal() not in repr(fs) + repr(fs.storage_options)
    assert pickle.loads(pickled).cat_file(f"{root}/a") == b"1"
    assert len(issued) == 2, "it asked for credentials of its own"


async def test_coroutines_on_the_callers_own_loop(files: DatasetFiles, put: Put, root: str) -> None:
    put({"a": b"1"})
    fs = s3fs_of(files, asynchronous=True)
    session = await fs.set_session()
    assert await fs._cat_file(f"{root}/a") == b"1"
    await session.close()
