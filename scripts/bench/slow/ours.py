"""Ours over a slow line: ``python ours.py WAY REQUEST COUNTS`` transfers once, as a script in a terminal does.

The display is the terminal's. What it is given to count goes to the file COUNTS, too: the time and the bytes so far.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, TextIO, cast

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT), str(ROOT / "generated")]

from provena_sdk import Deployment, Provena  # noqa: E402 reason= found by the path above
from provena_sdk.transfer.progress.choose import progress_for  # noqa: E402 reason= found by the path above
from provena_sdk.transfer.progress.meter import Progress  # noqa: E402 reason= found by the path above
from scripts.bench.transfer_work import read_transfer  # noqa: E402 reason= found by the path above


class Recorder:
    """Passes everything on to a display, and records the bytes.

    Args:
        display: The display.
        file: Gets a line for each number of bytes.
    """

    def __init__(self, display: Progress, file: TextIO) -> None:
        self._display = display
        self._file = file
        self._bytes = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._display, name)

    def resumed(self, path: str, bytes: int) -> None:
        """Count bytes already in place."""
        self._count(bytes)
        self._display.resumed(path, bytes)

    def advance(self, path: str, bytes: int) -> None:
        """Count transferred bytes."""
        self._count(bytes)
        self._display.advance(path, bytes)

    def _count(self, added: int) -> None:
        self._bytes += added
        self._file.write(f"{time.monotonic()} {self._bytes}\n")


def main() -> None:
    """Transfer once."""
    way, request, counts = sys.argv[1:]
    transfer = read_transfer(json.loads(Path(request).read_text()))
    with (
        open(counts, "w", buffering=1) as file,
        Provena(Deployment.from_env(transfer.services), access_token=transfer.token) as provena,
    ):
        display = progress_for(True)
        assert display is not None, "stderr is not a terminal"
        recorder = cast("Progress", Recorder(display, file))
        files = provena.datastore.io
        move = files.upload_all_files if way == "up" else files.download_all_files
        move(transfer.folder, transfer.dataset, progress=recorder)


if __name__ == "__main__":
    main()
