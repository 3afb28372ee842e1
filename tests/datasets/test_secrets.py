"""No key or token in anything that is printed, raised, logged or sent; and none taken from this machine."""

import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.datasets.s3fs import s3fs_of
from provena_sdk.errors import TransferFailed
from provena_sdk.s3 import retry
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress
from provena_sdk.sandbox.object_store import ObjectFault, ObjectFaults, Server
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Plant = Callable[[Path, dict[str, bytes]], Path]


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again at once."""
    monkeypatch.setattr(retry, "RULE", retry.RetryRule(base=0.001, cap=0.01, patience=1.0, most=8))


@pytest.fixture
def issued() -> list[Credentials]:
    """Every set of credentials granted."""
    return []


@pytest.fixture
def files(server: Server, location: DatasetLocation, issued: list[Credentials]) -> Iterator[Dataset]:
    """The dataset's files, keeping a record of what was granted."""

    def provider(dataset_id: str, access: Access) -> Credentials:
        keys = server.grants.issue(location.bucket, location.prefix, write=True, lifetime_seconds=3600)
        issued.append(
            Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expiry)
        )
        return issued[-1]

    made = Dataset(location, CredentialsSource(provider), StoreAddress(server.url))
    yield made
    made.close()


def secrets_of(issued: list[Credentials]) -> list[str]:
    return [secret.reveal() for keys in issued for secret in keys.secrets]


def everything_about(error: BaseException) -> str:
    """Return what a person or a program can see of an error and of those it came from."""
    seen: list[str] = []
    pending: list[BaseException | None] = [error]
    while pending:
        one = pending.pop()
        if one is None:
            continue
        seen += [repr(one), str(one), repr(one.args), repr(vars(one)), repr(getattr(one, "response", ""))]
        pending += [one.__cause__, one.__context__]
        pending += list(getattr(one, "exceptions", ()))
    return "\n".join([*seen, *traceback.format_exception(error)])


@pytest.mark.parametrize("kind", ["expired", "wrong key", "wrong token"])
def test_errors_of_the_store_are_stripped(
    server: Server, location: DatasetLocation, put: Put, tmp_path: Path, kind: str
) -> None:
    put({"a": b"1"})
    issued: list[Credentials] = []

    def provider(dataset_id: str, access: Access) -> Credentials:
        keys = server.grants.issue(location.bucket, location.prefix, write=True, lifetime_seconds=3600)
        secret, token = keys.secret_access_key, keys.session_token
        if kind == "expired":
            server.grants.expire(keys.access_key_id)
        elif kind == "wrong key":
            secret += "x"
        else:
            token += "x"
        issued.append(Credentials(keys.access_key_id, secret, token, keys.expiry))
        return issued[-1]

    files = Dataset(location, CredentialsSource(provider), StoreAddress(server.url))
    with pytest.raises(Exception) as listing:
        files.list()
    with pytest.raises(Exception) as reading:
        files.open("a").read()
    with pytest.raises(Exception) as through_s3fs:
        files.filesystem().cat_file("a")
    shown = "".join(everything_about(caught.value) for caught in (listing, reading, through_s3fs))
    pickled = b"".join(pickle.dumps(caught.value) for caught in (listing, reading, through_s3fs))
    for secret in secrets_of(issued):
        assert secret not in shown
        assert secret.encode() not in pickled
    files.close()


def test_reports_and_their_errors_are_stripped(
    files: Dataset, faults: ObjectFaults, put: Put, issued: list[Credentials], tmp_path: Path
) -> None:
    put({"a": b"1", "b": b"2"})
    faults.add(ObjectFault(kind="truncate", key="*/a", operation="GetObject", times=None))
    with pytest.raises(TransferFailed) as caught:
        files.download_all(tmp_path)
    shown = everything_about(caught.value) + str(caught.value.report) + repr(files) + repr(vars(files))
    pickled = pickle.dumps(caught.value)
    assert issued
    for secret in secrets_of(issued):
        assert secret not in shown
        assert secret.encode() not in pickled


def test_debug_logs_are_stripped(
    files: Dataset,
    put: Put,
    plant: Plant,
    issued: list[Credentials],
    server: Server,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    put({"a": b"1"})
    with caplog.at_level(logging.DEBUG):
        files.list()
        files.download_all(tmp_path / "down")
        files.upload_all(plant(tmp_path / "up", {"b": b"2"}))
        files.open("b").read()
        s3fs_of(files).cat_file(f"{files.location.bucket}/{files.location.key('b')}")
        server.grants.expire_all()
        files.list()
    text = "\n".join(f"{record.name} {record.getMessage()} {record.args!r}" for record in caplog.records)
    assert "botocore" in text
    assert len(issued) == 3
    for secret in secrets_of(issued):
        assert secret not in text, next(line for line in text.splitlines() if secret in line)[:200]


def test_the_machines_own_keys_and_settings_are_not_used(
    files: Dataset,
    server: Server,
    put: Put,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    issued: list[Credentials],
) -> None:
    put({"a": b"1"})
    config = tmp_path / "config"
    config.write_text("[default]\nregion = nowhere\nendpoint_url = http://127.0.0.1:1\n")
    settings = {
        "AWS_ACCESS_KEY_ID": "AKIAAMBIENT",
        "AWS_SECRET_ACCESS_KEY": "ambient",
        "AWS_SESSION_TOKEN": "ambient",
        "AWS_PROFILE": "there-is-no-such-profile",
        "AWS_CONFIG_FILE": str(config),
        "AWS_SHARED_CREDENTIALS_FILE": str(config),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:1",
        "AWS_DEFAULT_REGION": "nowhere",
        "AWS_DEFAULTS_MODE": "auto",
        "FSSPEC_S3_KEY": "ambient",
        "FSSPEC_S3_ENDPOINT_URL": "http://127.0.0.1:1",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setitem(__import__("fsspec").config.conf, "s3", {"key": "ambient", "secret": "ambient"})
    files.download_all(tmp_path / "down")
    assert (tmp_path / "down" / "a").read_bytes() == b"1"
    assert len(issued) == 1


def test_without_an_endpoint_amazon_is_meant_whatever_the_machine_says(
    location: DatasetLocation, source: CredentialsSource, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:1")
    fs = s3fs_of(DatasetFiles(location, source, StoreAddress(region="ap-southeast-2")))
    assert fs.s3.meta.endpoint_url == "https://s3.ap-southeast-2.amazonaws.com"
