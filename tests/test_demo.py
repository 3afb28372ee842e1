"""The demonstration: what it says is true, and what is set for other deployments leaves it alone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).parent.parent / "scripts" / "demo.py"


def test_it_runs_whatever_the_environment_sets() -> None:
    others = {
        "PROVENA_OFFLINE_TOKEN": "abc",
        "PROVENA_DOMAIN": "localhost",
        "PROVENA_NON_INTERACTIVE": "1",
        "PROVENA_TIMEOUT": "soon",
    }
    done = subprocess.run(
        [sys.executable, str(DEMO)],
        env={**os.environ, **others},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "the demonstration does it for you." in done.stdout
    diff = done.stdout.partition("diff -r")[2].splitlines()
    assert diff[1:3] == [
        "   Only in copy/: metadata.json",
        "   The service adds metadata.json; all other files are identical.",
    ]
