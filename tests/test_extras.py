"""What an extra brings is named where it is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("module", "missing", "words"),
    [
        ("provena_sdk.dask", "distributed", "provena_sdk.dask needs Dask: install provena-sdk[dask]."),
        (
            "provena_sdk.filesystem.upath",
            "upath",
            "provena_sdk.filesystem.upath needs universal-pathlib: install provena-sdk[upath].",
        ),
    ],
)
def test_a_missing_extra_is_named(module: str, missing: str, words: str) -> None:
    script = f"import sys; sys.modules[{missing!r}] = None\nimport {module}"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
    assert done.returncode == 1
    assert done.stderr.strip().splitlines()[-1] == f"ImportError: {words}"
