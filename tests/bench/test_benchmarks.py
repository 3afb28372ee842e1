"""The benchmarks start, and a small run of them measures; the figures mean nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "scripts" / "bench"
TINY_LINE = (
    *("--files", "1", "--megabytes", "0.4", "--rate", "0.2", "--contenders", "ours", "--ways", "down"),
    *("--seconds", "0.5", "--before", "0.5", "--cut", "0.5"),
)


def run(name: str, *arguments: str) -> str:
    command = [sys.executable, str(BENCH / name), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("name", ["catalogue.py", "cli_startup.py", "open.py", "slow_line.py", "transfer.py"])
def test_starts(name: str) -> None:
    assert "usage:" in run(name, "--help")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
@pytest.mark.slow
def test_measures_a_slow_line(tmp_path: Path) -> None:
    picture = tmp_path / "line.svg"
    printed = run("slow_line.py", *TINY_LINE, "--picture", str(picture))
    assert "FAILED" not in printed
    for heading in ("Shown while", "Kept after", "After Ctrl-C", "The line cut", "Goals"):
        assert f"## {heading}" in printed
    assert picture.read_text().count("<polyline") == 2


def test_reads_amounts_from_progress_lines() -> None:
    from scripts.bench.slow.screen import amount_in

    assert amount_in("33%, 80 of 241 MB, 1 of 6 files") == 80e6
    assert amount_in("Transferred:   8.000 MiB / 228.882 MiB, 3%, 2.0 MiB/s") == 8 * 2**20
    assert amount_in("connection lost, trying again in 4 s (3 of 8)") is None


@pytest.mark.slow
def test_measures_transfers(tmp_path: Path) -> None:
    tiny = ("--quick", "--only", "small", "--delays", "0", "--contenders", "ours,ours-md5")
    printed = run("transfer.py", *tiny, "--place", str(tmp_path), "--picture", str(tmp_path / "transfer.svg"))
    assert "FAILED" not in printed
    for found in ("## Download, 0 ms", "## Upload, 0 ms", "| crc64nvme |", "| md5 |"):
        assert found in printed
    assert list(tmp_path.iterdir()) == [tmp_path / "transfer.svg"]
