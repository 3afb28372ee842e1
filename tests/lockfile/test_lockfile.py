"""Locking and installing the data of a project."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provena_sdk import AsyncProvena, Deployment, LockFile, Provena, TransferReport
from provena_sdk.errors import ConfigurationError, InvalidArgument, ProvenaError, TransferFailed, UnsafePath
from provena_sdk.lockfile.project import parse_project
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.object_store import ObjectFault

REEF = {"obs/2023.csv": b"1", "obs/2024.csv": b"22", "model/run.nc": b"333"}


@pytest.fixture
def deployment(provena_sandbox: Sandbox) -> Deployment:
    return Deployment.from_env(provena_sandbox.environment())


@pytest.fixture
def provena(provena_sandbox: Sandbox, deployment: Deployment) -> Iterator[Provena]:
    with Provena(deployment, access_token=provena_sandbox.access_token("writer")) as client:
        yield client


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def write(project: Path, **datasets: dict[str, Any]) -> None:
    """Write ``provena.toml``."""
    lines = []
    for name, values in datasets.items():
        lines += [f"[datasets.{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items())]
    (project / "provena.toml").write_text("\n".join(lines))


def counts(error: TransferFailed) -> dict[Any, int]:
    """How many files of a failed installation had each outcome."""
    assert isinstance(error.report, TransferReport)
    return error.report.counts()


def sent(sandbox: Sandbox) -> int:
    return len(sandbox.requests) + len(sandbox.s3_requests)


def installed(project: Path) -> dict[str, bytes]:
    return {
        path.relative_to(project).as_posix(): path.read_bytes()
        for path in project.rglob("*")
        if path.is_file() and path.parent != project
    }


def test_three_datasets(provena: Provena, project: Path, provena_sandbox: Sandbox) -> None:
    reef = provena_sandbox.add_dataset("Reef", files=REEF)
    kelp = provena_sandbox.add_dataset("Kelp", files={"kelp.csv": b"4444"})
    tides = provena_sandbox.add_dataset("Tides", files={"tides.csv": b"55555"})
    write(
        project,
        reef={"handle": reef, "include": "obs/**", "folder": "data/obs"},
        kelp={"handle": f"hdl:{kelp}"},
        tides={"handle": tides, "version": "latest"},
    )
    lock = provena.lock_project(project)
    assert installed(project) == {}
    assert [(each.wanted.name, each.handle, len(each.files)) for each in lock.datasets] == [
        ("reef", reef, 2),
        ("kelp", kelp, 1),
        ("tides", tides, 1),
    ]
    assert {each.reason for each in lock.differences()} == {"it is missing"}
    assert provena.install_project(project).counts() == {"downloaded": 4}
    expected = {
        "data/obs/obs/2023.csv": b"1",
        "data/obs/obs/2024.csv": b"22",
        "data/kelp/kelp.csv": b"4444",
        "data/tides/tides.csv": b"55555",
    }
    assert installed(project) == expected

    before = sent(provena_sandbox)
    again = provena.install_project(project)
    assert (again.counts(), again.total_bytes, sent(provena_sandbox)) == ({"same": 4}, 0, before)
    assert provena.install_project(project, compare="time").counts() == {"same": 4}

    damaged = project / "data/kelp/kelp.csv"
    state = damaged.stat()
    damaged.write_bytes(b"4454")
    os.utime(damaged, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert [(each.name, each.path, each.reason) for each in LockFile.read(project).differences()] == [
        ("kelp", "data/kelp/kelp.csv", "its checksum differs")
    ]
    report = provena.install_project(project)
    assert (report.counts(), report.total_bytes) == ({"same": 3, "downloaded": 1}, 4)
    assert installed(project) == expected

    version = provena.datastore.version_dataset(id=tides, reason="New year").new_version_id
    provena_sandbox.storage.put(version, "tides.csv", b"666666")
    assert provena.install_project(project).counts() == {"same": 4}
    changed = provena.lock_project(project)
    assert [each.handle for each in changed.datasets] == [reef, kelp, version]
    assert provena.install_project(project).counts() == {"same": 3, "downloaded": 1}
    assert installed(project)["data/tides/tides.csv"] == b"666666"


async def test_the_async_client(deployment: Deployment, project: Path, provena_sandbox: Sandbox) -> None:
    write(project, reef={"handle": provena_sandbox.add_dataset("Reef", files=REEF)})
    async with AsyncProvena(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        lock = await provena.lock_project(project)
        assert (await provena.install_project(project)).counts() == {"downloaded": 3}
        assert len(lock.differences()) == 0


def test_an_unchanged_lock_file_is_not_written_again(
    provena: Provena, project: Path, provena_sandbox: Sandbox
) -> None:
    write(project, reef={"handle": provena_sandbox.add_dataset("Reef", files=REEF)})
    provena.lock_project(project)
    file = project / "provena.lock"
    os.utime(file, (1, 1))
    heads = sum(record.operation == "HeadObject" for record in provena_sandbox.s3_requests)
    assert heads == 3
    provena.lock_project(project)
    assert file.stat().st_mtime == 1
    assert sum(record.operation == "HeadObject" for record in provena_sandbox.s3_requests) == heads
    assert [line for line in file.read_text().splitlines() if "run.nc" in line]


def test_a_dry_run_writes_nothing(provena: Provena, project: Path, provena_sandbox: Sandbox) -> None:
    write(project, reef={"handle": provena_sandbox.add_dataset("Reef", files=REEF)})
    assert len(provena.lock_project(project, dry_run=True).datasets[0].files) == 3
    assert not (project / "provena.lock").exists()


@pytest.mark.slow
def test_parts_have_a_checksum_too(provena: Provena, project: Path, provena_sandbox: Sandbox) -> None:
    reef = provena_sandbox.add_dataset("Reef")
    (project / "up").mkdir()
    (project / "up" / "large.nc").write_bytes(os.urandom(17 * 1024 * 1024))
    provena.datastore.io.upload_all_files(project / "up", reef, progress=False)
    write(project, reef={"handle": reef})
    lock = provena.lock_project(project)
    assert lock.datasets[0].files[0].checksum is not None
    assert provena.install_project(project).counts() == {"downloaded": 1}
    assert len(lock.differences()) == 0
    with (project / "data/reef/large.nc").open("r+b") as file:
        file.seek(16 * 1024 * 1024)
        file.write(b"damaged")
    assert [each.reason for each in lock.differences()] == ["its checksum differs"]


def test_what_was_replaced_fails_and_the_others_are_installed(
    provena: Provena, project: Path, provena_sandbox: Sandbox
) -> None:
    reef = provena_sandbox.add_dataset("Reef", files=REEF)
    write(project, reef={"handle": reef})
    provena.lock_project(project)
    provena_sandbox.storage.put(reef, "obs/2024.csv", b"2x")
    with pytest.raises(TransferFailed, match=r"was replaced after provena\.lock was written") as caught:
        provena.install_project(project)
    assert counts(caught.value) == {"downloaded": 2, "failed": 1}
    assert "data/reef/obs/2024.csv" not in installed(project)
    again = provena.install_project(project, raise_for_failures=False)
    assert again.counts() == {"same": 2, "failed": 1}


def test_what_is_replaced_during_the_download_fails(
    provena: Provena, project: Path, provena_sandbox: Sandbox
) -> None:
    reef = provena_sandbox.add_dataset("Reef", files={"a.csv": b"1"})
    write(project, reef={"handle": reef})
    provena.lock_project(project)
    provena_sandbox.s3_faults.add(ObjectFault(kind="replace", operation="HeadObject", data=b"2"))
    with pytest.raises(TransferFailed, match="was replaced"):
        provena.install_project(project)
    assert [each.reason for each in LockFile.read(project).differences()] == ["its checksum differs"]


def test_a_changed_project_must_be_locked_again(
    provena: Provena, project: Path, provena_sandbox: Sandbox
) -> None:
    reef = provena_sandbox.add_dataset("Reef", files=REEF)
    write(project, reef={"handle": reef})
    with pytest.raises(ConfigurationError, match=r"There is no provena\.lock") as caught:
        provena.install_project(project)
    assert caught.value.hint == "Write it with provena.lock_project()."
    provena.lock_project(project)
    write(project, reef={"handle": reef, "exclude": "*.nc"})
    with pytest.raises(ConfigurationError, match=r"has changed since provena\.lock was written"):
        provena.install_project(project)
    (project / "provena.toml").unlink()
    assert provena.install_project(project).counts() == {"downloaded": 3}
    with pytest.raises(ConfigurationError, match=r"There is no provena\.toml"):
        provena.lock_project(project)


def test_another_deployment(provena: Provena, project: Path, provena_sandbox: Sandbox) -> None:
    write(project, reef={"handle": provena_sandbox.add_dataset("Reef", files=REEF)})
    provena.lock_project(project)
    with (
        Provena("example.org", access_token="t") as other,
        pytest.raises(ConfigurationError, match=r"was written for 'localhost', and this is 'example\.org'"),
    ):
        other.install_project(project)


@pytest.mark.parametrize(
    ("files", "options", "error", "words"),
    [
        ({"a": b"1"}, {"include": "*.nc"}, ConfigurationError, "has no such files"),
        ({"a\\b": b"1"}, {}, UnsafePath, "exclude in provena.toml"),
        ({"a": b"1", "a/b": b"2"}, {}, ConfigurationError, "needs a folder of that name"),
    ],
)
@pytest.mark.own_store
def test_what_cannot_be_locked(
    provena: Provena,
    project: Path,
    provena_sandbox: Sandbox,
    files: dict[str, bytes],
    options: dict[str, str],
    error: type[ProvenaError],
    words: str,
) -> None:
    reef = provena_sandbox.add_dataset("Reef")
    for path, data in files.items():
        provena_sandbox.storage.put(reef, path, data)
    write(project, reef={"handle": reef, **options})
    with pytest.raises(error) as caught:
        provena.lock_project(project)
    assert words in str(caught.value)
    assert not (project / "provena.lock").exists()


def test_two_datasets_must_not_share_a_path(
    provena: Provena, project: Path, provena_sandbox: Sandbox
) -> None:
    reef = provena_sandbox.add_dataset("Reef", files=REEF)
    write(project, one={"handle": reef, "folder": "data"}, two={"handle": reef, "folder": "data/"})
    with pytest.raises(ConfigurationError, match="give the datasets different folders"):
        provena.lock_project(project)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "names no datasets"),
        ("x", "is not TOML"),
        ("x = 1", "x: there is no such setting"),
        ("datasets = 1", "names no datasets"),
        ("[datasets]\nreef = 1", "must be a table"),
        ("[datasets.reef]", "handle: '' is not a handle"),
        ("[datasets.reef]\nhandle = 1", "handle must be a str, not int"),
        ("[datasets.reef]\nhandle = '1/2'\nversion = '1'", "version must be 'latest'"),
        ("[datasets.reef]\nhandle = '1/2'\nfolders = 'x'", "folders: there is no such setting"),
        ("[datasets.reef]\nhandle = '1/2'\nfolder = '../x'", "folder: '../x' cannot be used"),
        ("[datasets.reef]\nhandle = '1/2'\nfolder = '/x'", "it is absolute"),
        ("[datasets.reef]\nhandle = '1/2'\nfolder = '.git'", "it is hidden"),
        ("[datasets.reef]\nhandle = '1/2'\nfolder = ''", "it is empty"),
        ("[datasets.reef]\nhandle = '1/2'\nfolder = 1", "it is not text"),
        ("[datasets.reef]\nhandle = '1/2'\ninclude = 1", "include must be a pattern"),
        ("[datasets.reef]\nhandle = '1/2'\nexclude = ['[']", "a bracket that is not closed"),
        ("[datasets.'../x']\nhandle = '1/2'", "a name has letters"),
        ("[datasets.'\\u001b[2J']\nhandle = '1/2'", "a name has letters"),
        ("a=" + "[" * 5000, "is not TOML"),
    ],
)
def test_malformed_projects(text: str, words: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        parse_project(text)
    assert words in str(caught.value)
    assert str(caught.value).isprintable() or "\n" in str(caught.value)


GOOD: dict[str, Any] = {
    "format": 1,
    "deployment": "localhost",
    "datasets": [
        {
            "name": "reef",
            "requested": "10378.1/1",
            "version": None,
            "handle": "10378.1/1",
            "include": [],
            "exclude": [],
            "folder": "data/reef",
            "files": [
                {
                    "path": "a.csv",
                    "size": 1,
                    "modified": "2026-01-01T00:00:00+00:00",
                    "etag": "e",
                    "checksum": "crc32:00000000",
                }
            ],
        }
    ],
}


def changed(where: str, value: object) -> str:
    """The text of a lock file with one value changed."""
    whole = json.loads(json.dumps(GOOD))
    dataset = whole["datasets"][0]
    place = {"file": dataset["files"][0], "dataset": dataset, "whole": whole}
    kind, key = where.split(".")
    if value is KeyError:
        del place[kind][key]
    else:
        place[kind][key] = value
    return json.dumps(whole)


def test_a_lock_file_that_is_fine(project: Path) -> None:
    (project / "provena.lock").write_text(json.dumps(GOOD))
    assert LockFile.read(project).datasets[0].files[0].path == "a.csv"


@pytest.mark.parametrize(
    ("where", "value"),
    [
        *(
            ("file.path", path)
            for path in ("../x", "/etc/passwd", "a/../../x", "C:x", "a\\b", "", ".", "a//b", 7)
        ),
        ("file.path", ".x.5f3a.provena-part"),
        *(("file.size", size) for size in (-1, 1.5, True, "1", None, 10**20)),
        *(("file.checksum", text) for text in (7, "", "crc32:00", "md4:00000000", "crc32:" + "0" * 5000)),
        ("file.checksum", "md5:96e024ba2074fe77e8e965ba43a704be-9@1"),
        ("file.checksum", "md5:96e024ba2074fe77e8e965ba43a704be-99999@1"),
        *(("file.modified", moment) for moment in ("x", 7, "2026-01-01", "2026-01-01T00:00:00")),
        *(("file.etag", etag) for etag in ("", "\n", "x" * 1000, 7)),
        *(
            ("dataset.folder", folder)
            for folder in ("..", "/x", ".git", "data/.x", "", 7, None, "data/../..")
        ),
        *(("dataset.handle", handle) for handle in ("x", "../../x", 7, "1/2/3", "1/\x1b")),
        ("dataset.requested", "x"),
        ("dataset.version", "newest"),
        ("dataset.include", "x"),
        ("dataset.include", [7]),
        ("dataset.name", ""),
        ("dataset.name", "\x1b[2J"),
        ("dataset.files", {}),
        ("dataset.files", [7]),
        ("dataset.files", GOOD["datasets"][0]["files"] * 2),
        ("whole.datasets", GOOD["datasets"] * 2),
        ("whole.datasets", 7),
        ("whole.format", 2),
        ("whole.deployment", 7),
        *((where, KeyError) for where in ("file.path", "file.size", "dataset.folder", "whole.datasets")),
    ],
)
def test_hostile_lock_files_are_refused(project: Path, where: str, value: object) -> None:
    (project / "provena.lock").write_text(changed(where, value))
    with pytest.raises(ConfigurationError) as caught:
        LockFile.read(project)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("text", ["", "[", "7", "null", "[" * 100_000, "\udc80"])
def test_what_is_no_lock_file(project: Path, text: str) -> None:
    (project / "provena.lock").write_bytes(text.encode(errors="surrogateescape"))
    with pytest.raises(ConfigurationError):
        LockFile.read(project)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.slow
@given(
    where=st.sampled_from(
        [
            f"{kind}.{key}"
            for kind, keys in (
                ("whole", GOOD),
                ("dataset", GOOD["datasets"][0]),
                ("file", GOOD["datasets"][0]["files"][0]),
            )
            for key in keys
        ]
    ),
    value=JSON,
)
def test_any_value_is_read_or_refused(
    where: str, value: object, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("project")
    (folder / "provena.lock").write_text(changed(where, value))
    try:
        lock = LockFile.read(folder)
    except ConfigurationError:
        return
    for dataset in lock.datasets:
        for file in dataset.files:
            assert (folder / dataset.target(file)).resolve().is_relative_to(folder.resolve())


@pytest.mark.skipif(os.name != "posix", reason="links")
def test_a_link_out_of_the_project_is_not_followed(
    provena: Provena, project: Path, provena_sandbox: Sandbox, tmp_path: Path
) -> None:
    write(project, reef={"handle": provena_sandbox.add_dataset("Reef", files=REEF)})
    provena.lock_project(project)
    (tmp_path / "elsewhere").mkdir()
    (project / "data").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TransferFailed) as caught:
        provena.install_project(project)
    assert counts(caught.value) == {"refused": 3}
    assert not list((tmp_path / "elsewhere").iterdir())


def test_what_is_in_the_way_is_kept(provena: Provena, project: Path, provena_sandbox: Sandbox) -> None:
    write(project, reef={"handle": provena_sandbox.add_dataset("Reef", files=REEF)})
    provena.lock_project(project)
    (project / "data/reef/obs/2024.csv").mkdir(parents=True)
    (project / "data/reef/mine.txt").touch()
    with pytest.raises(TransferFailed) as caught:
        provena.install_project(project)
    assert counts(caught.value) == {"downloaded": 2, "conflict": 1}
    assert (project / "data/reef/mine.txt").exists()


def test_bad_arguments(provena: Provena, project: Path, provena_sandbox: Sandbox) -> None:
    write(project, reef={"handle": provena_sandbox.add_dataset("Reef", files=REEF)})
    lock = provena.lock_project(project)
    calls: list[Callable[[], object]] = [
        lambda: provena.install_project(project, compare="md5"),  # type: ignore[arg-type]  # that is the point
        lambda: provena.install_project(project, progress="yes"),  # type: ignore[arg-type]  # that is the point
        lambda: provena.install_project(project, raise_for_failures="yes"),  # type: ignore[arg-type]  # likewise
        lambda: provena.lock_project(project, dry_run="yes"),  # type: ignore[arg-type]  # likewise
        lambda: lock.differences("md5"),  # type: ignore[arg-type]  # that is the point
    ]
    before = sent(provena_sandbox)
    for call in calls:
        with pytest.raises(InvalidArgument):
            call()
    assert sent(provena_sandbox) == before
