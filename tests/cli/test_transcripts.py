"""Each command as a person sees it, in a terminal of 80 columns, against a sandbox.

A file in ``transcripts/`` has lines that begin with ``$``, which a shell runs in a folder of its own; what the terminal
shows follows. A line that begins with ``?`` is what the person types at a question, and ``[exit 5]`` the exit code if
it is not 0. ``PROVENA_WRITE_TRANSCRIPTS=1`` writes the files anew.
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from provena_sdk.cli.commands_table import COMMANDS
from provena_sdk.sandbox import Sandbox
from tests.cli.seeded import furnish, local_files, surroundings
from tests.cli.terminal import in_terminal

HERE = Path(__file__).with_name("transcripts")
FILES = sorted(HERE.glob("*.txt"))
WRITES = bool(os.environ.get("PROVENA_WRITE_TRANSCRIPTS"))

MASKS = [
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)?"), "<time>"),
    (re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d)?(?: UTC)?"), "<time>"),
    (re.compile(r"\b1[789]\d{8}(?:\.\d+)?\b"), "<timestamp>"),
    (re.compile(r"\b\d+(?:\.\d+)? (?:ms|s|[kMG]?B/s)(?![\w/])"), "<figure>"),
    (re.compile(r'("seconds": )[\d.]+'), r"\1<figure>"),
    # Progress appears where a transfer lasts longer than two seconds.
    (re.compile(r"^(?:listing,|comparing|\d+%,) .*\n", re.MULTILINE), ""),
    (re.compile(r"127\.0\.0\.1:\d+"), "<host>"),
    (re.compile(r"(?:/[\w.-]+)*/pytest-of-\w+/pytest-\d+/(?:popen-gw\d+/)?[\w-]+/"), "<folder>/"),
    (re.compile(r"(?:/[\w.-]+)+/provena-[\w.-]+\.yaml"), "<file>"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\bASIA[A-Z2-7]{16}\b"), "<access key>"),
    (re.compile(r"(?<![\w.-])(?:[\w-]{256}|[\w-]{40})(?![\w.-])"), "<secret>"),
    (re.compile(r"(?:/[\w.-]+)+/bin/(?=provena )"), ""),
    (re.compile(r"eyJ[\w-]+\.[\w-]+\.[\w-]+"), "<token>"),
    (re.compile(r"X-Amz-[\w-]+=[^&\s\"]+"), "<signature>"),
]
"""What differs from run to run, besides the date."""


def masked(text: str) -> str:
    for expression, mask in MASKS:
        text = expression.sub(mask, text)
    # Not once for all, since tests may run at midnight.
    today = datetime.now(UTC)
    text = re.sub(f"{today:%Y[-/]%m[-/]%d}", "<today>", text)
    return re.sub(rf"\b{today:%Y}\b", "<year>", text)


def steps(text: str) -> list[tuple[str, list[str]]]:
    """Return the lines to run, each with what the person types."""
    found: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], []))
        elif line.startswith("? "):
            found[-1][1].append(line[2:])
    return found


def written(path: Path, sandbox: Sandbox, folder: Path) -> str:
    """Run a file's lines, and return the file as it should be."""
    home = folder / "home"
    home.mkdir()
    work = folder / "work"
    work.mkdir()
    local_files(work)
    environment = surroundings(sandbox, home)
    blocks = []
    for line, typed in steps(path.read_text("utf-8")):
        seen = in_terminal(["bash", "-c", line], environment=environment, folder=work, typed=typed)
        shown = [f"$ {line}", *(f"? {answer}" for answer in typed), *filter(None, [masked(seen.text)])]
        if seen.code:
            shown.append(f"[exit {seen.code}]")
        blocks.append("\n".join(shown))
    return "\n\n".join(blocks) + "\n"


@pytest.mark.slow
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_transcript(path: Path, tmp_path: Path) -> None:
    with Sandbox() as sandbox:
        furnish(sandbox)
        seen = written(path, sandbox, tmp_path)
    if WRITES:
        path.write_text(seen, "utf-8")
    assert seen == path.read_text("utf-8")


def test_every_command_has_a_transcript() -> None:
    shown = "\n".join(path.read_text("utf-8") for path in FILES)
    assert [name for name in COMMANDS if f"$ provena {name}" not in shown] == []


def test_a_transcript_is_read() -> None:
    text = "$ provena rm 10378.1/1/a\n? y\nRemove it? [y/N] y\n\n$ provena ls 10378.1/1\n[exit 5]\n"
    assert steps(text) == [("provena rm 10378.1/1/a", ["y"]), ("provena ls 10378.1/1", [])]


def test_what_differs_from_run_to_run_is_masked() -> None:
    text = "2026-11-27 22:10 UTC 2026-11-27T22:10:03+00:00 0.3 s 12.5 MB/s http://127.0.0.1:1234/x 10378.1/1900011"
    assert masked(text) == "<time> <time> <figure> <figure> http://<host>/x 10378.1/1900011"
