"""universal-pathlib's paths."""

from __future__ import annotations

import pickle
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from upath import UPath

pytestmark = pytest.mark.interop
Stored = Callable[[], dict[str, bytes]]


@pytest.fixture(autouse=True)
def _no_warnings() -> Iterator[None]:
    # As universal-pathlib gives of protocols that it does not know.
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        yield


@pytest.fixture
def root(url: str) -> UPath:
    """The dataset's path."""
    return UPath(f"{url}/")


def test_reading(root: UPath, reef: str) -> None:
    table = root / "obs" / "2023.csv"
    assert table.read_text("utf-8").splitlines()[0] == "day,temperature"
    assert table.read_bytes()[:3] == b"day"
    assert (table.name, table.suffix, table.parent.name) == ("2023.csv", ".csv", "obs")
    assert table.parts == (reef, "obs", "2023.csv")
    assert str(table.relative_to(root)) == "obs/2023.csv"
    assert table.stat().st_size == len(table.read_bytes())
    assert table.is_file()
    assert table.parent.is_dir()
    assert not (root / "obs" / "2025.csv").exists()
    with table.open("r", encoding="utf-8") as file:
        assert file.readline() == "day,temperature\n"


def test_writing(root: UPath, stored: Stored) -> None:
    (root / "out").mkdir(exist_ok=True)
    (root / "out" / "a.bin").write_bytes(b"abc")
    (root / "out" / "a.txt").write_text("grün", encoding="utf-8")
    (root / "out" / "a.bin").rename(root / "out" / "b.bin")
    (root / "out" / "a.txt").copy(root / "out" / "b.txt")
    (root / "out" / "a.txt").unlink()
    written = {path: data for path, data in stored().items() if path.startswith("out/")}
    assert written == {"out/b.bin": b"abc", "out/b.txt": "grün".encode()}


def test_looking_round(root: UPath, reef: str) -> None:
    assert sorted(path.name for path in root.iterdir()) == ["metadata.json", "obs"]
    assert sorted(path.name for path in root.glob("obs/*.csv")) == ["2023.csv", "2024.csv"]
    assert sorted(path.name for path in root.rglob("*4.csv")) == ["2024.csv"]
    assert [(path.name, sorted(files)) for path, _, files in (root / "obs").walk()] == [
        ("obs", ["2023.csv", "2024.csv"])
    ]
    with pytest.raises(NotADirectoryError):
        list((root / "obs" / "2023.csv").iterdir())


def test_the_datasets(root: UPath, reef: str) -> None:
    assert str(root.parent) == "provena://"
    for archive in (root.parent, UPath(f"provena://{reef.partition('/')[0]}")):
        assert str(root) in [str(path) for path in archive.iterdir()]


def test_touching(root: UPath, stored: Stored) -> None:
    (root / "new").touch()
    (root / "obs" / "2023.csv").touch()
    assert stored()["new"] == b""
    assert stored()["obs/2023.csv"].startswith(b"day,temperature\n1")
    with pytest.raises(FileExistsError):
        (root / "new").touch(exist_ok=False)


def test_options_and_pickles(url: str) -> None:
    path = UPath(f"{url}/obs", access="read") / "2023.csv"
    assert path.storage_options == {"access": "read"}
    assert pickle.loads(pickle.dumps(path)).read_bytes() == path.read_bytes()
    with pytest.raises(PermissionError, match="access='read'"):
        path.write_bytes(b"")


def test_local_copies(root: UPath, tmp_path: Path) -> None:
    (root / "obs" / "2023.csv").copy(UPath(tmp_path / "2023.csv"))
    assert (tmp_path / "2023.csv").read_bytes() == (root / "obs" / "2023.csv").read_bytes()
