"""What ``provena.fetch`` returns, moves, links and refuses."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provena_sdk import AsyncProvena, Deployment, FileCache, Provena, TransferReport
from provena_sdk.errors import (
    ConfigurationError,
    ConnectionFailed,
    DatasetFileNotFound,
    InvalidArgument,
    NotEnoughSpace,
    TransferFailed,
    UnsafePath,
)
from provena_sdk.sandbox import Sandbox
from provena_sdk.sandbox.object_store import ObjectFault
from tests.cache.conftest import FILES

posix = pytest.mark.skipif(os.name != "posix", reason="about owners and modes")


def downloads(sandbox: Sandbox) -> int:
    """The number of files that were downloaded so far."""
    return sum(record.operation == "GetObject" for record in sandbox.s3_requests)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def test_a_file_a_folder_and_a_dataset(provena: Provena, reef: str) -> None:
    file = provena.fetch(f"provena://{reef}/obs/2024.csv")
    assert (file.name, file.read_bytes()) == ("2024.csv", FILES["obs/2024.csv"])
    folder = provena.fetch(f"{reef}/obs/")
    assert folder.name == "obs"
    assert contents(folder) == {"2023.csv": FILES["obs/2023.csv"], "2024.csv": FILES["obs/2024.csv"]}
    whole = provena.fetch(reef)
    assert contents(whole).items() >= FILES.items()
    assert "metadata.json" in contents(whole)
    assert contents(provena.fetch(f"hdl:{reef}", include="*.csv", exclude=["*3.csv"])) == {
        "obs/2024.csv": FILES["obs/2024.csv"]
    }


def test_nothing_is_moved_twice(provena: Provena, reef: str, provena_sandbox: Sandbox) -> None:
    first = provena.fetch(reef)
    before = downloads(provena_sandbox)
    assert before == 4
    assert provena.fetch(reef) == first
    assert provena.fetch(f"{reef}/obs").is_dir()
    assert provena.fetch(f"{reef}/obs/2024.csv").read_bytes() == FILES["obs/2024.csv"]
    assert downloads(provena_sandbox) == before


def test_a_copy_never_changes(provena: Provena, reef: str, provena_sandbox: Sandbox) -> None:
    old = provena.fetch(f"{reef}/obs")
    provena_sandbox.storage.put(reef, "obs/2024.csv", b"new")
    before = downloads(provena_sandbox)
    new = provena.fetch(f"{reef}/obs")
    assert new != old
    assert downloads(provena_sandbox) == before + 1
    assert contents(old)["2024.csv"] == FILES["obs/2024.csv"]
    assert contents(new) == {"2023.csv": FILES["obs/2023.csv"], "2024.csv": b"new"}
    assert os.path.samefile(old / "2023.csv", new / "2023.csv")


def test_without_hard_links_files_are_downloaded_again(
    provena: Provena, reef: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: object, **_options: object) -> None:
        raise OSError(1, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    provena.fetch(f"{reef}/obs/2024.csv")
    assert contents(provena.fetch(f"{reef}/obs"))["2024.csv"] == FILES["obs/2024.csv"]


@posix
def test_files_are_read_only_and_the_folder_is_private(
    provena: Provena, reef: str, cache_folder: Path
) -> None:
    file = provena.fetch(f"{reef}/readme.txt")
    assert stat.S_IMODE(file.stat().st_mode) == 0o444
    assert stat.S_IMODE((cache_folder / "v1").stat().st_mode) == 0o700


def test_a_changed_file_is_replaced(provena: Provena, reef: str) -> None:
    file = provena.fetch(f"{reef}/readme.txt")
    file.chmod(0o600)
    file.write_bytes(b"Kelp")
    os.utime(file, (1, 1))
    assert provena.fetch(f"{reef}/readme.txt").read_bytes() == b"Reef"
    file.unlink()
    assert provena.fetch(f"{reef}/readme.txt").read_bytes() == b"Reef"


def test_offline(provena: Provena, reef: str, provena_sandbox: Sandbox) -> None:
    with pytest.raises(DatasetFileNotFound, match="The cache has no copy of"):
        provena.fetch(reef, offline=True)
    whole = provena.fetch(reef)
    count = len(provena_sandbox.s3_requests), len(provena_sandbox.requests)
    assert provena.fetch(reef, offline=True) == whole
    assert provena.fetch(f"{reef}/obs", offline=True) == whole / "obs"
    assert provena.fetch(f"{reef}/obs/2024.csv", offline=True) == whole / "obs" / "2024.csv"
    with pytest.raises(DatasetFileNotFound):
        provena.fetch(f"{reef}/ob", offline=True)
    with pytest.raises(DatasetFileNotFound):
        provena.fetch(reef, include="*.csv", offline=True)
    assert (len(provena_sandbox.s3_requests), len(provena_sandbox.requests)) == count


def test_the_order_of_patterns_does_not_matter(provena: Provena, reef: str) -> None:
    folder = provena.fetch(reef, include=["*.txt", "*.csv"])
    assert provena.fetch(reef, include=iter(["*.csv", "*.txt"]), offline=True) == folder


def test_linking_needs_no_option_that_windows_lacks(
    provena: Provena, reef: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    link = os.link

    def as_on_windows(source: Path, target: Path, **options: object) -> None:
        if options:
            raise NotImplementedError("follow_symlinks unavailable on this platform")
        link(source, target)

    monkeypatch.setattr(os, "link", as_on_windows)
    file = provena.fetch(f"{reef}/obs/2024.csv")
    assert os.path.samefile(provena.fetch(f"{reef}/obs") / "2024.csv", file)


def test_an_unreachable_deployment(
    provena: Provena, reef: str, provena_sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = provena.fetch(f"{reef}/readme.txt")

    def unreachable(*_: object) -> None:
        raise ConnectionFailed("localhost could not be reached.")

    monkeypatch.setattr(provena._datasets, "files", unreachable)
    with pytest.warns(UserWarning, match=r"may be outdated: localhost could not be reached") as caught:
        assert provena.fetch(f"{reef}/readme.txt") == file
    assert caught[0].filename == __file__
    with pytest.raises(ConnectionFailed):
        provena.fetch(f"{reef}/obs")


def test_the_copy_of_another_deployment_is_not_taken(provena: Provena, reef: str, offline: Provena) -> None:
    provena.fetch(reef)
    with pytest.raises(DatasetFileNotFound):
        offline.fetch(reef, offline=True)


async def test_the_async_client(reef: str, provena_sandbox: Sandbox) -> None:
    deployment = Deployment.from_env(provena_sandbox.environment())
    async with AsyncProvena(deployment, access_token=provena_sandbox.access_token("writer")) as provena:
        file = await provena.fetch(f"{reef}/readme.txt")
        assert file.read_bytes() == b"Reef"
        assert await provena.fetch(f"{reef}/readme.txt", offline=True) == file


@pytest.mark.parametrize(
    ("where", "options"),
    [
        ("reef", {}),
        ("", {}),
        (7, {}),
        ("https://elsewhere.org/10378.1/1", {}),
        ("10378.1/1", {"include": 7}),
        ("10378.1/1", {"exclude": "*.{a,b}"}),
        ("10378.1/1", {"offline": "yes"}),
        ("10378.1/1", {"limit_rate": "fast"}),
        ("10378.1/1", {"max_connections": 0}),
        ("10378.1/1", {"progress": "yes"}),
    ],
)
def test_bad_arguments(offline: Provena, where: str, options: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        offline.fetch(where, **options)  # type: ignore[arg-type]  # that is the point


@pytest.mark.parametrize("path", ["../x", "a/../../x", "a//b", "a\\b"])
def test_unsafe_paths(offline: Provena, path: str) -> None:
    with pytest.raises(UnsafePath):
        offline.fetch(f"10378.1/1/{path}")


def test_patterns_that_take_nothing(provena: Provena, reef: str) -> None:
    with pytest.raises(InvalidArgument, match=r"include: takes none of the 4 files"):
        provena.fetch(reef, include="*.nc")


def test_a_missing_path(provena: Provena, reef: str) -> None:
    with pytest.raises(DatasetFileNotFound, match=r"obs/2024\.csv"):
        provena.fetch(f"{reef}/obs/2025.csv")


def test_a_hostile_handle_stays_in_the_cache(offline: Provena, cache_folder: Path) -> None:
    for handle in ("10378.1/..", "../..", "10378.1/" + "x" * 300):
        with pytest.raises((ConnectionFailed, UnsafePath, InvalidArgument)):
            offline.fetch(handle)
    assert not [path for path in cache_folder.parent.rglob("*") if cache_folder not in (path, *path.parents)]


@pytest.mark.own_store
def test_a_hostile_name_fails_alone(
    provena: Provena, reef: str, provena_sandbox: Sandbox, tmp_path: Path
) -> None:
    provena_sandbox.storage.put(reef, "../../../../escaped", b"x")
    provena_sandbox.storage.put(reef, "a\\b", b"x")
    with pytest.raises(TransferFailed) as caught:
        provena.fetch(reef)
    assert isinstance(caught.value.report, TransferReport)
    assert {outcome.path for outcome in caught.value.report.failed} == {"../../../../escaped", "a\\b"}
    assert not list(tmp_path.rglob("escaped"))
    assert contents(provena.fetch(reef, include="*.txt")) == {"readme.txt": b"Reef"}


def test_no_space(provena: Provena, reef: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import shutil
    from types import SimpleNamespace

    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=1))
    with pytest.raises(NotEnoughSpace, match=r"FileCache\(\)\.prune\(\)"):
        provena.fetch(reef)
    assert len(FileCache().copies()) == 0


def test_a_failed_fetch_leaves_no_copy(provena: Provena, reef: str, provena_sandbox: Sandbox) -> None:
    provena_sandbox.s3_faults.add(ObjectFault(kind="corrupt", operation="GetObject", times=None))
    with pytest.raises(TransferFailed):
        provena.fetch(f"{reef}/readme.txt")
    assert len(FileCache().copies()) == 0
    provena_sandbox.s3_faults.clear()
    assert provena.fetch(f"{reef}/readme.txt").read_bytes() == b"Reef"


@posix
def test_a_folder_that_others_can_write(provena: Provena, reef: str, cache_folder: Path) -> None:
    (cache_folder / "v1").mkdir(parents=True)
    (cache_folder / "v1").chmod(0o777)
    with pytest.raises(ConfigurationError, match="Other users can write to the cache folder"):
        provena.fetch(reef)


@posix
def test_a_folder_of_another_user(
    provena: Provena, reef: str, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provena.fetch(reef)
    own = os.geteuid()
    monkeypatch.setattr(os, "geteuid", lambda: own + 1)
    with pytest.raises(ConfigurationError, match="belongs to another user"):
        provena.fetch(reef, offline=True)


@posix
def test_a_link_in_place_of_the_folder(
    provena: Provena, reef: str, cache_folder: Path, tmp_path: Path
) -> None:
    cache_folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (cache_folder / "v1").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigurationError):
        provena.fetch(reef)
    assert not list((tmp_path / "elsewhere").iterdir())


def test_a_folder_that_cannot_be_created(
    provena: Provena, reef: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PROVENA_CACHE_DIR", str(tmp_path / "file"))
    with pytest.raises(ConfigurationError, match="cannot be used") as caught:
        provena.fetch(reef)
    assert "PROVENA_CACHE_DIR" in str(caught.value.hint)


def test_a_damaged_record_counts_as_none(provena: Provena, reef: str, cache_folder: Path) -> None:
    file = provena.fetch(f"{reef}/readme.txt")
    [record] = cache_folder.glob("v1/*/records/*.json")
    good = record.read_text()
    for damaged in (
        "",
        "{}",
        "[" * 100_000,
        good.replace("readme.txt", "../x"),
        good.replace("md5:", "md6:"),
    ):
        record.write_text(damaged)
        with pytest.raises(DatasetFileNotFound):
            provena.fetch(f"{reef}/readme.txt", offline=True)
        assert provena.fetch(f"{reef}/readme.txt") == file
        assert provena.fetch(f"{reef}/readme.txt", offline=True) == file


def test_many_threads_fetch_the_same(provena: Provena, reef: str, provena_sandbox: Sandbox) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: provena.fetch(reef), range(8)))
    [folder] = found
    assert contents(folder).items() >= FILES.items()
    assert len(FileCache().copies()) == 1


PROGRAM = """
import sys
from provena_sdk import Provena
with Provena(access_token=sys.argv[1]) as provena:
    print(provena.fetch(sys.argv[2], progress=False))
"""


@pytest.mark.slow
def test_two_processes_and_one_that_is_killed(reef: str, provena_sandbox: Sandbox, tmp_path: Path) -> None:
    large = os.urandom(24 * 1024 * 1024)
    provena_sandbox.storage.put(reef, "large.nc", large)
    environment = {
        **os.environ,
        **provena_sandbox.environment(),
        "PROVENA_STATE_DIR": str(tmp_path / "state"),
    }
    command = [sys.executable, "-c", PROGRAM, provena_sandbox.access_token("writer"), reef]

    def start() -> subprocess.Popen[str]:
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)

    killed = start()
    copies = tmp_path / "cache" / "v1"
    while killed.poll() is None and not list(copies.glob("*/copies/*/.large*part")):
        pass
    killed.kill()
    killed.communicate()
    both = [start(), start()]
    told = {process.communicate(timeout=60)[0] for process in both}
    assert [process.returncode for process in both] == [0, 0]
    [folder] = told
    assert (Path(folder.strip()) / "large.nc").read_bytes() == large
    assert [path.name for path in Path(folder.strip()).glob(".*")] == []
