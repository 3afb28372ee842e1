"""Ctrl-C: a transfer on a slow line, or on a cut one, ends at once and says what is kept."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from provena_sdk.sandbox import Sandbox
from scripts.live.relay import Relay

pytestmark = pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")

SIZE = 30_000_000
RATE = 2_000_000.0
PROGRAM = """
import sys
from provena_sdk import Provena

with Provena() as provena:
    dataset = provena.datastore.interactive_dataset(sys.argv[1])
    print("begins", flush=True)
    dataset.{call}
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def relay(sandbox: Sandbox) -> Iterator[Relay]:
    found = Relay(int(sandbox.environment()["PROVENA_S3_ENDPOINT"].rpartition(":")[2]))
    found.rate = RATE
    yield found
    found.close()


def begin(call: str, handle: str, sandbox: Sandbox, relay: Relay, folder: Path) -> subprocess.Popen[str]:
    environment = {
        **os.environ,
        **sandbox.environment(),
        "PROVENA_S3_ENDPOINT": relay.url,
        "PROVENA_ACCESS_TOKEN": sandbox.access_token("writer"),
        "HOME": str(folder),
    }
    program = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(call=call), handle],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert program.stdout is not None
    assert program.stdout.readline() == "begins\n"
    return program


def interrupt(program: subprocess.Popen[str]) -> tuple[float, list[str]]:
    """Press Ctrl-C, and return how long the program takes to end and what it prints."""
    pressed = time.monotonic()
    program.send_signal(signal.SIGINT)
    _, printed = program.communicate(timeout=60)
    return time.monotonic() - pressed, printed.splitlines()


@pytest.mark.slow
def test_a_download_ends_at_once_and_resumes(sandbox: Sandbox, relay: Relay, tmp_path: Path) -> None:
    handle = sandbox.add_dataset("Reef", files={"a.bin": os.urandom(SIZE)})
    program = begin('download_all_files("data")', handle, sandbox, relay, tmp_path)
    time.sleep(5)
    seconds, lines = interrupt(program)
    assert seconds < 6
    assert len(lines) == 1, lines
    found = re.search(r"stopped; ([\d.]+) of 30 MB are here, run the same call again to resume$", lines[-1])
    assert found, lines
    assert 2 <= float(found[1]) <= 14
    # A shell ends its loop only then.
    assert program.returncode == -signal.SIGINT


@pytest.mark.slow
def test_an_upload_ends_at_once(sandbox: Sandbox, relay: Relay, tmp_path: Path) -> None:
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "a.bin").write_bytes(os.urandom(SIZE))
    handle = sandbox.add_dataset("Reef")
    program = begin('upload_all_files("results")', handle, sandbox, relay, tmp_path)
    time.sleep(5)
    seconds, lines = interrupt(program)
    assert seconds < 6
    assert len(lines) == 1, lines
    assert re.search(r"stopped; [\d.]+ of 30 MB are there, run the same call again to resume$", lines[-1])


@pytest.mark.slow
def test_a_cut_line_delays_nothing(sandbox: Sandbox, relay: Relay, tmp_path: Path) -> None:
    handle = sandbox.add_dataset("Reef", files={"a.bin": os.urandom(SIZE)})
    program = begin('download_all_files("data")', handle, sandbox, relay, tmp_path)
    time.sleep(4)
    relay.rate = 1.0
    relay.close()
    time.sleep(2)
    seconds, lines = interrupt(program)
    assert seconds < 6
    assert "are here, run the same call again to resume" in lines[-1]
