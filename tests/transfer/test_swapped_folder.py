"""Somebody who may write into a destination puts a link in a folder's place while a transfer runs."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from provena_sdk.datasets.paths import part_name, part_stem
from provena_sdk.errors import FileError, TransferFailed, UnsafePath
from provena_sdk.sandbox.object_store import Server
from provena_sdk.transfer.local.seal import Seal
from provena_sdk.transfer.spec.options import Choice, TransferOptions
from tests.dataset import Dataset

Put = Callable[[dict[str, bytes]], None]
Tree = Callable[[Path], dict[str, bytes]]
Plant = Callable[[Path, dict[str, bytes]], Path]
Listener = Callable[[str, tuple[Any, ...]], None]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="folders cannot be held there")

MIB = 1024**2
SMALL = b"small"
LARGE = random.Random(3).randbytes(17 * MIB)

# There is no taking an audit hook away, so that one is installed for good and told whom to call.
_listeners: list[Listener] = []
_installed: list[Listener] = []


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    for listener in _listeners:
        listener(event, arguments)


@pytest.fixture
def before() -> Iterator[Callable[[str, Callable[[Any], bool], Callable[[], object]], None]]:
    """Does something right before this process does what Python calls by some name, the first time to some path."""
    if _hear not in _installed:
        sys.addaudithook(_hear)
        _installed.append(_hear)

    def arrange(event: str, chosen: Callable[[Any], bool], act: Callable[[], object]) -> None:
        def listen(name: str, arguments: tuple[Any, ...]) -> None:
            if name == event and listen in _listeners and chosen(arguments[0]):
                _listeners.remove(listen)
                act()

        _listeners.append(listen)

    yield arrange
    _listeners.clear()


class Scene:
    """A destination, a folder in it, and a folder outside that it is made to lead to."""

    def __init__(self, root: Path) -> None:
        self.inside = root / "inside"
        self.outside = root / "outside"
        self.folder = self.inside / "obs"
        self.moved = self.inside / "moved"
        self.folder.mkdir(parents=True)
        self.outside.mkdir()

    def swap(self) -> None:
        self.folder.rename(self.moved)
        self.folder.symlink_to(self.outside)

    def swap_back(self) -> None:
        self.folder.unlink()
        self.moved.rename(self.folder)


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def is_part(path: object) -> bool:
    return str(path).endswith(".provena-part")


@pytest.mark.parametrize("data", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("event", ["open", "os.rename"])
def test_no_file_lands_outside(
    files: Dataset,
    put: Put,
    tree: Tree,
    scene: Scene,
    before: Callable[..., None],
    event: str,
    data: bytes,
) -> None:
    put({"obs/a.csv": data})
    before(event, is_part, scene.swap)
    [outcome] = files.download_all(scene.inside, raise_for_failures=False)
    assert scene.folder.is_symlink(), "it was swapped"
    assert tree(scene.outside) == {}
    assert not outcome.ok
    assert isinstance(outcome.error, FileError)
    scene.swap_back()
    assert files.download_all(scene.inside).counts() in ({"downloaded": 1}, {"same": 1})
    assert tree(scene.inside) == {"obs/a.csv": data}


def test_what_is_swapped_while_the_store_answers(
    files: Dataset,
    put: Put,
    server: Server,
    tree: Tree,
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put({"obs/a.nc": LARGE})
    real, swapped = server.faults.strike, threading.Event()

    def strike(request: Any) -> Any:
        if request.operation == "GetObject" and not swapped.is_set():
            swapped.set()
            scene.swap()
        return real(request)

    monkeypatch.setattr(server.faults, "strike", strike)
    # Asked for each request only while there are faults.
    monkeypatch.setattr(type(server.faults), "__bool__", lambda _: True)
    [outcome] = files.download_all(scene.inside, raise_for_failures=False)
    assert swapped.is_set()
    assert isinstance(outcome.error, FileError)
    assert "moved or replaced by another process" in str(outcome.error)
    assert tree(scene.outside) == {}
    put({"obs/b.csv": SMALL})
    with pytest.raises(TransferFailed) as caught:
        files.download_all(scene.inside)
    assert {type(error) for error in caught.value.exceptions} == {UnsafePath}
    assert tree(scene.outside) == {}


ATTACKER = """
import contextlib, os, shutil, sys

folder, moved, link, outside = sys.argv[1:]
os.symlink(outside, link)
while os.getppid() == int(os.environ["ATTACKED"]):
    try:
        os.rename(folder, moved)
        os.rename(link, folder)
        os.rename(folder, link)
        os.rename(moved, folder)
    except OSError:
        # Between two steps a download may make the folder that is missing.
        if os.path.isdir(moved) and not os.path.islink(folder):
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):
                os.rename(moved, folder)
"""


def test_swapping_all_the_time(files: Dataset, put: Put, tree: Tree, scene: Scene) -> None:
    places = [scene.folder, scene.moved, scene.inside / "link", scene.outside]
    attacker = subprocess.Popen(
        [sys.executable, "-c", ATTACKER, *map(str, places)], env={**os.environ, "ATTACKED": str(os.getpid())}
    )
    try:
        for _ in range(5):
            put({f"obs/{number}": os.urandom(8) for number in range(100)})
            files.download_all(scene.inside, raise_for_failures=False)
            assert attacker.poll() is None
    finally:
        attacker.kill()
        attacker.wait()
    assert tree(scene.outside) == {}


def test_no_file_is_deleted_outside(
    files: Dataset, put: Put, tree: Tree, plant: Plant, scene: Scene, before: Callable[..., None]
) -> None:
    put({"a.csv": SMALL})
    plant(scene.inside, {"obs/old.csv": b"old"})
    plant(scene.outside, {"old.csv": b"precious"})
    plan = files.plan_download(scene.inside, choice=Choice(delete=True))
    before("os.remove", lambda path: str(path).endswith("old.csv"), scene.swap)
    plan.run(raise_for_failures=False)
    assert scene.folder.is_symlink(), "it was swapped"
    assert tree(scene.outside) == {"old.csv": b"precious"}


def test_no_dead_download_is_cleared_away_outside(
    files: Dataset, put: Put, tree: Tree, plant: Plant, scene: Scene, before: Callable[..., None]
) -> None:
    put({"obs/a.csv": SMALL})
    dead = part_name("a.csv", Seal.load().token(part_stem("a.csv")))
    for folder in (plant(scene.folder, {dead: b"half"}), plant(scene.outside, {dead: b"precious"})):
        os.utime(folder / dead, (0, 0))
    before("os.remove", is_part, scene.swap)
    files.download_all(scene.inside, raise_for_failures=False)
    assert scene.folder.is_symlink(), "it was swapped"
    assert tree(scene.outside) == {dead: b"precious"}


def test_no_time_is_set_outside(
    files: Dataset, put: Put, plant: Plant, scene: Scene, before: Callable[..., None]
) -> None:
    put({"obs/a.csv": SMALL})
    for folder in (plant(scene.folder, {"a.csv": SMALL}), plant(scene.outside, {"a.csv": SMALL})):
        os.utime(folder / "a.csv", (1, 1))
    plan = files.plan_download(scene.inside, options=TransferOptions(keep_times=True))
    before("os.utime", lambda path: str(path).endswith("a.csv"), scene.swap)
    plan.run(raise_for_failures=False)
    assert scene.folder.is_symlink(), "it was swapped"
    assert (scene.outside / "a.csv").stat().st_mtime == 1


def test_a_folder_that_is_made_anew_meanwhile_is_used(
    files: Dataset, put: Put, tree: Tree, scene: Scene, before: Callable[..., None]
) -> None:
    put({f"obs/{number}": b"%d" % number for number in range(50)})

    def anew() -> None:
        scene.folder.rename(scene.moved)
        scene.folder.mkdir()

    before("os.rename", is_part, anew)
    report = files.download_all(scene.inside, raise_for_failures=False)
    # Those that were on their way are in the folder that was moved.
    lost = len(list(scene.moved.iterdir()))
    assert 0 < lost < 10
    assert len(list(scene.folder.iterdir())) == 50 - lost
    assert len(report.failed) == lost
