"""What a killed process leaves beside files that are complete."""

import os
from collections.abc import Callable
from pathlib import Path

from provena_sdk.datasets.paths import journal_name, part_stem
from provena_sdk.transfer.local.seal import Seal
from tests.dataset import Dataset


def test_a_journal_beside_a_complete_file_is_removed(
    files: Dataset, put: Callable[[dict[str, bytes]], None], tmp_path: Path
) -> None:
    put({"sub/file": b"data"})
    files.download_all(tmp_path)
    # The process was killed after the file took its name and before the journal was removed.
    journal = tmp_path / "sub" / journal_name("file", Seal.load().token(part_stem("file")))
    journal.write_bytes(b"{}\n")
    os.utime(journal, (0, 0))
    report = files.download_all(tmp_path)
    assert report.counts() == {"same": 1}
    assert not journal.exists()
    assert (tmp_path / "sub" / "file").read_bytes() == b"data"
