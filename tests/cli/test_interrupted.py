"""Ctrl-C at ten moments of a ``get``, and in a ``put``: the printed command, run as it is in a shell, completes it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provena_sdk.sandbox import Sandbox
from scripts.live.relay import Relay
from tests.cli.terminal import with_path

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="sends SIGINT")]

FILES = {"a b.bin": os.urandom(12_000_000), "it's/small.csv": b"1,2\n", "it's/c.bin": os.urandom(3_000_000)}
BYTES = sum(map(len, FILES.values()))
MOMENTS = 10


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def relay(sandbox: Sandbox) -> Iterator[Relay]:
    found = Relay(int(sandbox.environment()["PROVENA_S3_ENDPOINT"].rpartition(":")[2]), buffer=1 << 16)
    found.rate = 4_000_000.0
    yield found
    found.close()


@pytest.fixture
def environment(sandbox: Sandbox, relay: Relay, tmp_path: Path) -> dict[str, str]:
    return with_path(
        {
            **sandbox.environment(),
            "PROVENA_S3_ENDPOINT": relay.url,
            "PROVENA_ACCESS_TOKEN": sandbox.access_token("writer"),
            "PROVENA_STATE_DIR": str(tmp_path / "state"),
            "HOME": str(tmp_path),
        }
    )


def interrupted(
    arguments: list[str], environment: dict[str, str], folder: Path, reached: Callable[[], bool]
) -> str:
    """Press Ctrl-C at a moment, and return the command that is printed."""
    process = subprocess.Popen(
        [str(Path(sys.executable).with_name("provena")), *arguments],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    ends = time.monotonic() + 60
    while not reached() and time.monotonic() < ends:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=60)
    # A shell ends its loop only then; it calls this 130.
    assert (process.returncode, printed) == (-signal.SIGINT, ""), said
    assert re.search(r"^Stopped(?:; [\d.]+ of 15 MB are t?here)?\.$", said, re.MULTILINE), said
    resume = re.search(r"^Hint: Resume with: (provena .*)$", said, re.MULTILINE)
    assert resume, said
    return resume[1]


def in_shell(command: str, environment: dict[str, str], folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def tree(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_the_printed_command_completes_a_download(
    sandbox: Sandbox, relay: Relay, environment: dict[str, str], tmp_path: Path, moment: int
) -> None:
    handle = sandbox.add_dataset(files=FILES)
    least = max(1, moment * BYTES // MOMENTS)
    command = interrupted(
        ["get", handle, "my data", "--exclude", "metadata.json"],
        environment,
        tmp_path,
        lambda: relay.received >= least,
    )
    relay.rate = None
    printed = in_shell(command, environment, tmp_path)
    if moment > 2:
        assert "were already here" in printed or "same" in printed, printed
    assert tree(tmp_path / "my data") == FILES


def test_the_printed_command_completes_an_upload(
    sandbox: Sandbox, relay: Relay, environment: dict[str, str], tmp_path: Path
) -> None:
    handle = sandbox.add_dataset()
    for name, content in FILES.items():
        path = tmp_path / "my data" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    command = interrupted(
        ["put", "my data/", f"{handle}/run 1"], environment, tmp_path, lambda: relay.sent >= BYTES * 2 // 3
    )
    relay.rate = None
    printed = in_shell(command, environment, tmp_path)
    assert "were already there" in printed or "same" in printed, printed
    in_shell(f"provena get '{handle}/run 1/' back", environment, tmp_path)
    assert tree(tmp_path / "back") == FILES
