"""Run the fast tests on every supported Python that is installed.

Interpreters are searched on PATH and among pyenv's. Each gets its own environment, such as ``.venv-3.12``; for the
version of ``.venv``, that environment is used. The exit code is 1 if the tests fail on any version. Missing versions
are listed, but are not failures.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
PROBE = "import ensurepip, sys, venv; print('%d.%d' % sys.version_info[:2], sys.executable)"
PROBE_SECONDS = 30
_CLASSIFIER = re.compile(r"Programming Language :: Python :: (3\.\d+)")
_OUTCOME = re.compile(r"(?:\d+ (?:passed|failed|error)).* in [\d.]+s")


class Outcome(NamedTuple):
    """The result of the tests on one version.

    Attributes:
        well: Whether all passed.
        text: pytest's counts.
    """

    well: bool
    text: str


def main() -> int:
    """Find the interpreters, run the tests on each, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument(
        "--others", action="store_true", help="skip the version of .venv, which make test covers"
    )
    others = parser.parse_args().others
    versions = [
        version for version in supported(ROOT / "pyproject.toml") if not (others and version == own_version())
    ]
    found = {version: interpreter(version) for version in versions}
    for version, python in found.items():
        print(f"Python {version}: {python or 'not found'}")
    outcomes = {version: run(version, python) for version, python in found.items() if python is not None}
    print("\nFast tests by Python version:")
    for version in versions:
        text = outcomes[version].text if version in outcomes else "skipped, not installed"
        print(f"  {version}  {text}")
    return 0 if all(outcome.well for outcome in outcomes.values()) else 1


def supported(project: Path) -> list[str]:
    """Return the supported versions of pyproject.toml, such as ``3.12``, the oldest first."""
    classifiers = tomllib.loads(project.read_text("utf-8"))["project"]["classifiers"]
    return [match[1] for line in classifiers if (match := _CLASSIFIER.fullmatch(line))]


def interpreter(version: str) -> str | None:
    """Return the path of an interpreter of a version that can create environments, or None.

    Args:
        version: Such as ``3.12``.
    """
    if version == own_version():
        return sys.executable
    return next(filter(None, (probed(path, version) for path in candidates(version))), None)


def own_version() -> str:
    """Return the version of the Python that runs this."""
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def candidates(version: str) -> Iterator[Path]:
    """Yield possible paths of a version: on PATH, then among pyenv's, the newest first."""
    for place in os.get_exec_path():
        yield Path(place, f"python{version}")
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    patches = [
        (int(match[1]), folder)
        for folder in root.glob(f"versions/{version}.*")
        if (match := re.fullmatch(rf"{re.escape(version)}\.(\d+)", folder.name))
    ]
    for _, folder in sorted(patches, reverse=True):
        yield folder / "bin" / "python"


def probed(path: Path, version: str) -> str | None:
    """Return the resolved path of an interpreter; None if it is another version, or not an interpreter.

    pyenv's shims may point to any version, or fail.
    """
    if not os.access(path, os.X_OK):
        return None
    try:
        answer = subprocess.run(
            [path, "-c", PROBE], capture_output=True, text=True, timeout=PROBE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    said, _, executable = answer.stdout.strip().partition(" ")
    return executable if answer.returncode == 0 and said == version else None


def run(version: str, python: str) -> Outcome:
    """Run the fast tests on one version, print their output, and return the result."""
    command = ["make", "--no-print-directory", "test"]
    if version != own_version():
        command += [f"VENV=.venv-{version}", f"PYTHON={python}"]
    print(f"\n-- Python {version}", flush=True)
    last = "no tests were run"
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", flush=True)
            if found := _OUTCOME.search(line):
                last = found[0]
    return Outcome(process.returncode == 0, last)


if __name__ == "__main__":
    raise SystemExit(main())
