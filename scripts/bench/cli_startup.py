"""Measure how long commands take to start, beside those of other packages, in one run.

    python scripts/bench/cli_startup.py [--rounds 20]

Prints a Markdown table of medians. The contenders take turns, so that a slow moment of the machine meets all of them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.bench.environments import AWSCLI, python_with  # noqa: E402

PEERS: Final = {
    "hf": ("huggingface", "huggingface-hub==2.4.0", "hf"),
    "aws": ("awscli", AWSCLI, "aws"),
    "globus": ("globus", "globus-cli==3.44.0", "globus"),
    "kaggle": ("kaggle", "kaggle==2.2.5", "kaggle"),
}
"""Other commands: the environment, the package, the script."""

COMPLETION: Final = {"_PROVENA_COMPLETE": "bash_complete", "COMP_WORDS": "provena s", "COMP_CWORD": "1"}


def contenders() -> dict[str, tuple[list[str], dict[str, str]]]:
    """Return what to run, by name: the command and more environment variables."""
    ours = str(Path(sys.executable).with_name("provena"))
    found: dict[str, tuple[list[str], dict[str, str]]] = {
        "python -c pass": ([sys.executable, "-c", "pass"], {}),
        "provena --version": ([ours, "--version"], {}),
        "provena --help": ([ours, "--help"], {}),
        "provena, completing a command": ([ours], COMPLETION),
    }
    for name, (folder, requirement, script) in PEERS.items():
        python = python_with(folder, requirement)
        if python is not None:
            found[f"{name} --help"] = ([str(Path(python).with_name(script)), "--help"], {})
            found[f"{name} --version"] = ([str(Path(python).with_name(script)), "--version"], {})
    return found


def seconds(command: list[str], variables: dict[str, str]) -> float:
    """Run a command, and return how long it took."""
    environment = {**os.environ, "PAGER": "cat", "AWS_PAGER": "", "HF_HUB_OFFLINE": "1", **variables}
    begin = time.perf_counter()
    subprocess.run(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return time.perf_counter() - begin


def main() -> int:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=20, help="how often each command is run")
    rounds = parser.parse_args().rounds
    found = contenders()
    for command, variables in found.values():  # compiles the modules
        seconds(command, variables)
    taken: dict[str, list[float]] = {name: [] for name in found}
    for _ in range(rounds):
        for name, (command, variables) in found.items():
            taken[name].append(seconds(command, variables))
    print("| command | median, ms | fastest, ms |")
    print("|---|---:|---:|")
    for name, times in taken.items():
        print(f"| `{name}` | {statistics.median(times) * 1000:.0f} | {min(times) * 1000:.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
