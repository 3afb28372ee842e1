"""The script that shows everything runs, and everything that it shows has a short repr, a text and HTML."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.mark.slow
def test_everything_is_shown(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    script = ROOT / "scripts" / "shown.py"
    done = subprocess.run(
        [sys.executable, str(script), "--page", str(page)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    figures = [
        list(map(int, found)) for found in re.findall(r"(\d+) +(\d+) +(\d+)$", done.stdout, re.MULTILINE)
    ]
    assert len(figures) == len(done.stdout.splitlines()) - 1 > 25
    assert all(0 < short <= 200 and text > 0 and html > 0 for short, text, html in figures)
    assert "<script" not in page.read_text("utf-8")
