"""joblib's processes, each with credentials of its own."""

from __future__ import annotations

import os

import fsspec
import pytest
from joblib import Parallel, delayed

pytestmark = pytest.mark.interop


def copied(source: str, target: str) -> tuple[int, int]:
    """Read one file and write another; return the process, and the bytes read."""
    with fsspec.open(source) as file:
        data = file.read()
    with fsspec.open(target, "wb") as file:
        file.write(data.upper())
    return os.getpid(), len(data)


def test_processes_read_and_write(url: str) -> None:
    done = Parallel(n_jobs=2)(
        delayed(copied)(f"{url}/obs/{year}.csv", f"{url}/upper/{year}-{number}.csv")
        for number in range(3)
        for year in (2023, 2024)
    )
    assert os.getpid() not in {process for process, _ in done}
    assert {size for _, size in done} == {30, 23}
    fs = fsspec.filesystem("provena")
    assert len(fs.ls(f"{url}/upper")) == 6
    assert fs.cat_file(f"{url}/upper/2024-2.csv") == b"DAY,TEMPERATURE\n3,27.5\n"
