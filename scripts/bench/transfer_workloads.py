"""The files that the transfer benchmark moves."""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple

SEED = 4


class Workload(NamedTuple):
    """Some files.

    Attributes:
        name: Used on the command line.
        title: Shown.
        files: How many files.
        least: The size of the smallest, in bytes.
        most: The size of the largest, in bytes.
        stands_for: How many times as many files its figures are meant to tell of.
    """

    name: str
    title: str
    files: int
    least: int
    most: int
    stands_for: int = 1


SMALL = Workload("small", "2,000 files of 4 to 64 kB", 2000, 4_000, 64_000)
FULL = {
    "small": SMALL,
    "mid": Workload("mid", "20 × 50 MB", 20, 50_000_000, 50_000_000),
    "big": Workload("big", "1 × 2 GB", 1, 2_000_000_000, 2_000_000_000),
}
QUICK = {
    "small": Workload("small", "100 files of 4 to 64 kB", 100, 4_000, 64_000),
    "mid": Workload("mid", "4 × 20 MB", 4, 20_000_000, 20_000_000),
    "big": Workload("big", "1 × 100 MB", 1, 100_000_000, 100_000_000),
}
# For those that take minutes where each request takes long.
FEWER = Workload("few", "200 files of 4 to 64 kB", 200, 4_000, 64_000, stands_for=10)

_PIECE = 8 << 20


def write(workload: Workload, folder: Path) -> None:
    """Write a workload's files below a folder, the same ones each time."""
    numbers = random.Random(SEED)
    for number in range(workload.files):
        path = folder / f"{number // 100:02}" / f"{number:04}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        left = numbers.randint(workload.least, workload.most)
        with path.open("wb") as file:
            while left:
                left -= file.write(numbers.randbytes(min(left, _PIECE)))
