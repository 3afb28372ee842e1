"""Run tests with the lowest versions of the dependencies that pyproject.toml allows."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOWEST = ROOT / "requirements-lowest.lock"
TESTS = tuple(
    f"tests/{name}"
    for name in (
        "auth",
        "cli",
        "config",
        "facade",
        "files",
        "lineage",
        "operations",
        "paging",
        "secrets",
        "transport",
    )
)

TOOLS = (
    "hypothesis",
    "ipykernel",
    "nbclient",
    "pydantic",
    "pytest",
    "pytest-asyncio",
    "pytest-timeout",
    "pytest-xdist",
    "pyyaml",
    "ruff==0.17.6",
)


def main() -> int:
    """Install the lowest versions in a separate environment, and run tests there."""
    with tempfile.TemporaryDirectory(prefix="provena-lowest-") as place:
        python = str(Path(place) / "bin" / "python")
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        pip = [python, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
        subprocess.run(
            [
                *pip,
                "-c",
                str(LOWEST),
                *TOOLS,
                "--editable",
                f"{ROOT}[cli,excel,keyring,lineage,pandas,parquet,qr,rich,sandbox,tqdm]",
            ],
            check=True,
        )
        chosen = [name for name in TESTS if (ROOT / name).is_dir()]
        command = [python, "-m", "pytest", "-q", "-n", "2", "--dist", "loadgroup", "-m", "not slow", *chosen]
        return subprocess.run(command, cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    raise SystemExit(main())
