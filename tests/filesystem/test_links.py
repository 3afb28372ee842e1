"""Links in the local folder that files of ``provena://`` are fetched into."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest

from provena_sdk.errors import UnsafePath
from provena_sdk.filesystem import ProvenaFileSystem
from provena_sdk.sandbox import Sandbox

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links need a permission there")

FILES = {"a.csv": b"1", "obs/b.csv": b"2", "run/c.csv": b"3"}


@pytest.mark.parametrize("nested", [False, True], ids=["contents", "folder"])
def test_none_below_the_folder_leads_out_of_it(
    fs: ProvenaFileSystem, sandbox: Sandbox, tmp_path: Path, nested: bool
) -> None:
    dataset = sandbox.add_dataset("Reef", files=FILES)
    outside, folder = tmp_path / "outside", tmp_path / "folder"
    outside.mkdir()
    below = folder / dataset.rpartition("/")[2] if nested else folder
    below.mkdir(parents=True)
    (below / "obs").symlink_to(outside)
    with pytest.raises(UnsafePath, match="leads out of it"):
        fs.get(dataset if nested else f"{dataset}/", str(folder), recursive=True)
    assert list(outside.iterdir()) == []


def test_links_within_and_above_it_are_followed(
    fs: ProvenaFileSystem, sandbox: Sandbox, tmp_path: Path
) -> None:
    dataset = sandbox.add_dataset("Reef", files=FILES)
    real, way = tmp_path / "real", tmp_path / "way"
    (real / "elsewhere").mkdir(parents=True)
    (real / "obs").symlink_to("elsewhere")
    way.symlink_to(real)
    fs.get(f"{dataset}/", f"{way}/", recursive=True)
    assert (real / "a.csv").read_bytes() == b"1"
    assert (real / "elsewhere" / "b.csv").read_bytes() == b"2"
    fs.get(f"{dataset}/a.csv", str(real / "x.csv"))
    fs.get_file(f"{dataset}/a.csv", str(real / "obs" / "y.csv"))
    fs.get([f"{dataset}/a.csv"], [str(way / "obs" / "z.csv")])
    assert sorted(path.name for path in (real / "elsewhere").iterdir()) == ["b.csv", "y.csv", "z.csv"]
    assert (real / "x.csv").read_bytes() == b"1"


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="descriptors are looked at there")
def test_no_folder_is_held_afterwards(fs: ProvenaFileSystem, sandbox: Sandbox, tmp_path: Path) -> None:
    dataset = sandbox.add_dataset("Reef", files=FILES)
    fs.get(f"{dataset}/", str(tmp_path), recursive=True)
    fs.get_file(f"{dataset}/a.csv", str(tmp_path / "x.csv"))
    held = []
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            held.append(os.readlink(f"/proc/self/fd/{name}"))
    # Such a descriptor would keep a disk from being unmounted.
    assert not [path for path in held if path.startswith(str(tmp_path))]
