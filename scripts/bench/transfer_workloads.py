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

    @property
    def many(self) -> bool:
        """Whether it has so many files that the requests count, not the bytes."""
        return self.files >= MANY

    def fewer(self) -> Workload:
        """Return a tenth of the files, for contenders that take minutes where each request takes long."""
        return self._replace(name=f"{self.name}-few", files=self.files // 10, stands_for=10)

    def quick(self) -> Workload:
        """Return a small part, to see that everything works."""
        return self._replace(
            title=f"a part of {self.title}",
            files=max(self.files // 20, 1),
            least=min(self.least, QUICK_BYTES),
            most=min(self.most, QUICK_BYTES),
        )


MANY = 500
QUICK_BYTES = 40_000_000
WORKLOADS = {
    one.name: one
    for one in (
        Workload("small", "2,000 files of 4 to 64 kB", 2000, 4_000, 64_000),
        Workload("mid", "20 × 50 MB", 20, 50_000_000, 50_000_000),
        Workload("big", "1 × 2 GB", 1, 2_000_000_000, 2_000_000_000),
        # As awslabs measures S3 clients, with a tenth of its files of 256 KiB and 8 MiB, and a smaller large one.
        Workload("256KiB-1_000x", "1,000 × 256 KiB", 1000, 256 << 10, 256 << 10),
        Workload("8MiB-100x", "100 × 8 MiB", 100, 8 << 20, 8 << 20),
        Workload("2GiB-1x", "1 × 2 GiB", 1, 2 << 30, 2 << 30),
    )
}

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
