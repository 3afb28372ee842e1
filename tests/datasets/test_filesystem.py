"""The dataset as an fsspec file system, and opening single files."""

import io
import pickle
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pytest

from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.errors import DatasetFileNotFound, ServiceFileRefused, UnsafePath
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress
from provena_sdk.sandbox.object_store import Server
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Stored = Callable[[], dict[str, bytes]]


def test_reading(files: Dataset, put: Put) -> None:
    put({"obs/2024.csv": b"a,b\n1,2\n", "odd ?versionId=7 #%.txt": "grüße".encode()})
    with files.open("obs/2024.csv") as file:
        assert file.read() == b"a,b\n1,2\n"
        file.seek(4)
        assert file.read(3) == b"1,2"
    with files.open("/odd ?versionId=7 #%.txt", "r", encoding="utf-8") as text:
        assert text.read() == "grüße"
    assert pd.read_csv(files.open("obs/2024.csv")).to_dict("list") == {"a": [1], "b": [2]}


def test_writing(files: Dataset, stored: Stored) -> None:
    with files.open("new/small.txt", "w", encoding="utf-8") as text:
        text.write("grüße")
    large = bytes(range(256)) * 50_000
    with files.open("new/large.bin", "wb", block_size=5 * 1024**2) as file:
        for start in range(0, len(large), 1_000_000):
            file.write(large[start : start + 1_000_000])
    assert stored() == {"new/small.txt": "grüße".encode(), "new/large.bin": large}
    assert [info.size for info in files.list()] == [len(large), len("grüße".encode())]


def test_reading_needs_no_permission_to_write(
    files: Dataset, put: Put, asked: list[tuple[str, Access]]
) -> None:
    put({"a": b"1"})
    files.open("a").read()
    assert [access for _, access in asked] == [Access.READ]
    files.open("b", "wb").close()
    assert [access for _, access in asked] == [Access.READ, Access.WRITE]


def test_opening_what_is_not_there(files: Dataset, put: Put) -> None:
    put({"obs/2024.csv": b"1"})
    with pytest.raises(DatasetFileNotFound, match=r"Did you mean 'obs/2024\.csv'") as caught:
        files.open("obs/2025.csv")
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    with pytest.raises(IsADirectoryError, match="'obs' is a folder"):
        files.open("obs")
    with pytest.raises(UnsafePath):
        files.open("../other/file")


@pytest.mark.parametrize("mode", ["wb", "w", "ab", "xb", "wt"])
@pytest.mark.parametrize("path", ["metadata.json", "/metadata.json"])
def test_the_services_file_cannot_be_opened_for_writing(
    files: Dataset, asked: list[tuple[str, Access]], mode: str, path: str
) -> None:
    with pytest.raises(ServiceFileRefused):
        files.open(path, mode)
    assert asked == []


def test_no_way_of_the_file_system_writes_the_services_file(
    files: Dataset, put: Put, stored: Stored, tmp_path: Path
) -> None:
    before = {"metadata.json": b"the service's", "a": b"1", "run/metadata.json": b"a run's"}
    put(before)
    local = tmp_path / "metadata.json"
    local.write_bytes(b"mine")
    fs = files.filesystem(Access.WRITE)
    attempts: list[Callable[[], object]] = [
        lambda: fs.pipe_file("metadata.json", b"x"),
        lambda: fs.pipe("metadata.json", b"x"),
        lambda: fs.put_file(str(local), "metadata.json"),
        lambda: fs.put(str(local), "metadata.json"),
        lambda: fs.rm_file("metadata.json"),
        lambda: fs.rm("metadata.json"),
        lambda: fs.cp_file("a", "metadata.json"),
        lambda: fs.touch("metadata.json"),
        lambda: fs.open("metadata.json", "wb").close(),
    ]
    for attempt in attempts:
        with pytest.raises(ServiceFileRefused):
            attempt()
    assert stored() == before
    fs.pipe_file("run/metadata.json", b"mine to change")
    assert stored()["run/metadata.json"] == b"mine to change"
    fs.rm("", recursive=True)
    assert stored() == {"metadata.json": b"the service's"}


def test_looking_round(files: Dataset, put: Put) -> None:
    put(
        {
            "a.csv": b"1",
            "obs/2023.csv": b"22",
            "obs/2024.csv": b"333",
            "obs/deep/x.nc": b"4",
            "obsolete": b"5",
        }
    )
    fs = files.filesystem()
    assert sorted(fs.ls("", detail=False)) == ["a.csv", "obs", "obsolete"]
    assert sorted(fs.ls("obs", detail=False)) == ["obs/2023.csv", "obs/2024.csv", "obs/deep"]
    assert fs.find("") == ["a.csv", "obs/2023.csv", "obs/2024.csv", "obs/deep/x.nc", "obsolete"]
    assert fs.glob("obs/*.csv") == ["obs/2023.csv", "obs/2024.csv"]
    assert fs.glob("**/*.nc") == ["obs/deep/x.nc"]
    assert [place for place, _, _ in fs.walk("")] == ["", "obs", "obs/deep"]
    assert fs.du("obs") == 6
    assert fs.isdir("")
    assert fs.isdir("obs")
    assert fs.isfile("a.csv")
    assert fs.exists("")
    assert fs.exists("obs")
    assert not fs.exists("ob")
    assert fs.info("obs/2024.csv")["size"] == 3
    assert fs.cat_file("obs/2024.csv", start=1, end=2) == b"3"
    assert fs.cat(["a.csv", "obsolete"]) == {"a.csv": b"1", "obsolete": b"5"}


def test_an_empty_dataset_is_a_folder(files: Dataset) -> None:
    fs = files.filesystem()
    assert fs.isdir("")
    assert fs.exists("")
    assert fs.ls("") == []


def test_changing_things(files: Dataset, stored: Stored) -> None:
    fs = files.filesystem(Access.WRITE)
    fs.makedirs("new/folder", exist_ok=True)
    fs.mkdir("new/other")
    fs.pipe({"new/folder/a": b"1", "b": b"2"})
    fs.cp_file("b", "c")
    fs.mv("c", "d")
    assert stored() == {"new/folder/a": b"1", "b": b"2", "d": b"2"}
    fs.rm("new", recursive=True)
    assert stored() == {"b": b"2", "d": b"2"}


def test_files_come_and_go_whole(files: Dataset, stored: Stored, tmp_path: Path) -> None:
    fs = files.filesystem(Access.WRITE)
    (tmp_path / "run" / "deep").mkdir(parents=True)
    (tmp_path / "run" / "deep" / "a").write_bytes(b"1")
    fs.put(f"{tmp_path}/run", "out", recursive=True)
    assert stored() == {"out/deep/a": b"1"}
    fs.get("out", f"{tmp_path}/back", recursive=True)
    assert (tmp_path / "back" / "deep" / "a").read_bytes() == b"1"
    with pytest.raises(FileNotFoundError):
        fs.get_file("missing", str(tmp_path / "missing"))
    assert not (tmp_path / "missing").exists()


@pytest.mark.parametrize("path", ["../neighbour/secret", "../../x", ".."])
def test_dots_do_not_lead_out_of_the_dataset(
    files: Dataset, server: Server, location: DatasetLocation, path: str
) -> None:
    server.store.put(location.bucket, "datasets/neighbour/secret", b"secret")
    with pytest.raises(UnsafePath):
        files.filesystem().cat_file(path)


def test_credentials_are_asked_for_when_first_needed(files: Dataset, asked: list[tuple[str, Access]]) -> None:
    files.filesystem(Access.WRITE)
    assert asked == []


_grants: list[Callable[[str, Access], Credentials]] = []


def provider(dataset_id: str, access: Access) -> Credentials:
    """A provider that pickles."""
    return _grants[0](dataset_id, access)


def test_a_pickled_file_system_asks_for_credentials_of_its_own(
    server: Server, location: DatasetLocation, put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    put({"a": b"1"})
    issued: list[Credentials] = []

    def grant(dataset_id: str, access: Access) -> Credentials:
        keys = server.grants.issue(location.bucket, location.prefix, write=False, lifetime_seconds=3600)
        issued.append(
            Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token, keys.expiry)
        )
        return issued[-1]

    monkeypatch.setitem(globals(), "_grants", [grant])
    files = Dataset(location, CredentialsSource(provider), StoreAddress(server.url))
    fs = files.filesystem()
    assert fs.cat_file("a") == b"1"
    pickled = pickle.dumps(fs)
    opened = pickle.dumps(files)
    for secret in issued[0].secrets:
        assert secret.reveal().encode() not in pickled
        assert secret.reveal().encode() not in opened
    copied = pickle.loads(pickled)
    assert copied is not fs
    assert copied.cat_file("a") == b"1"
    assert len(issued) == 2
    assert [info.path for info in pickle.loads(opened).list()] == ["a"]
    files.close()


def test_deployments_are_never_mixed(location: DatasetLocation) -> None:
    source = CredentialsSource(lambda *_: Credentials("i", "s", "t", datetime(2100, 1, 1, tzinfo=UTC)))
    one = Dataset(location, source, StoreAddress("http://127.0.0.1:9")).filesystem()
    other = Dataset(location, source, StoreAddress("http://127.0.0.1:10")).filesystem()
    assert one is not other
    assert one != other
    again = Dataset(location, source, StoreAddress("http://127.0.0.1:9")).filesystem()
    assert again is not one


def test_text_wrappers_close_the_file(files: Dataset, put: Put) -> None:
    put({"a": b"x\ny\n"})
    with files.open("a", "r") as text:
        assert isinstance(text, io.TextIOBase)
        assert list(text) == ["x\n", "y\n"]
    assert text.closed
