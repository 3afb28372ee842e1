"""Ctrl-C at ten moments of a ``get``: the printed command, run as it is in a shell, completes it."""

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


@pytest.mark.parametrize("moment", range(MOMENTS))
def test_the_printed_command_completes_it(
    sandbox: Sandbox, relay: Relay, tmp_path: Path, moment: int
) -> None:
    handle = sandbox.add_dataset(files=FILES)
    environment = with_path(
        {
            **sandbox.environment(),
            "PROVENA_S3_ENDPOINT": relay.url,
            "PROVENA_ACCESS_TOKEN": sandbox.access_token("writer"),
            "PROVENA_STATE_DIR": str(tmp_path / "state"),
            "HOME": str(tmp_path),
        }
    )
    command = [
        str(Path(sys.executable).with_name("provena")),
        "get",
        handle,
        "my data",
        "--exclude",
        "metadata.json",
    ]
    process = subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    ends = time.monotonic() + 60
    while relay.received < max(1, moment * BYTES // MOMENTS) and time.monotonic() < ends:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    printed, said = process.communicate(timeout=60)
    # A shell ends its loop only then; it calls this 130.
    assert (process.returncode, printed) == (-signal.SIGINT, ""), said
    stopped = re.search(r"^Stopped(?:; ([\d.]+) of 15 MB are here)?\.$", said, re.MULTILINE)
    resume = re.search(r"^Hint: Resume with: (provena get .*)$", said, re.MULTILINE)
    assert stopped, said
    assert resume, said
    relay.rate = None
    done = subprocess.run(
        ["bash", "-c", resume[1]], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    if moment > 2:
        assert "were already here" in done.stdout or "same" in done.stdout, done.stdout
    assert {
        path.relative_to(tmp_path / "my data").as_posix(): path.read_bytes()
        for path in (tmp_path / "my data").rglob("*")
        if path.is_file()
    } == FILES
