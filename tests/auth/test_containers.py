"""The lock between containers, which share a folder and a kernel, but no host name and no process ids."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provena_sdk.auth.store import locking
from provena_sdk.auth.store.locking import exclusive

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="containers, and the name of a start of the kernel"),
    pytest.mark.timeout(60),
]

SCRIPT = """
import os, socket, sys
socket.gethostname = lambda: "container-\\x1b[2J"
os.getpid = lambda: 1
from pathlib import Path
from provena_sdk.auth.store.locking import exclusive
with exclusive(Path(sys.argv[1]), timeout=5):
    print("held", flush=True)
    sys.stdin.readline()
"""
Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Starts a process in another container, which holds the lock until it is told to go on."""
    started: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(tmp_path / "x.lock")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout):
            if stream is not None:
                stream.close()


def test_a_killed_container_keeps_nobody_waiting(tmp_path: Path, start: Start) -> None:
    process = start()
    process.kill()
    process.wait()
    marker = tmp_path / "x.held"
    assert json.loads(marker.read_text())["host"] == "container-\x1b[2J"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with exclusive(tmp_path / "x.lock", timeout=30):
            assert json.loads(marker.read_text())["pid"] == os.getpid()
    assert not marker.exists()


def test_a_living_container_is_waited_for_and_named(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "NOTICE_SECONDS", 0.3)
    process = start()
    with pytest.warns(UserWarning, match="process 1 on") as told, exclusive(tmp_path / "x.lock", timeout=0.6):
        assert process.poll() is None
    assert [str(warning.message) for warning in told] == [
        "Waiting for process 1 on container-\\x1b[2J, which is renewing the session. "
        f"If it no longer runs, remove {tmp_path / 'x.held'}."
    ]
    process.communicate("\n")
    assert not (tmp_path / "x.held").exists()


def test_a_lock_that_keeps_nobody_out_proves_nothing(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on file systems where the kernel lock succeeds and does nothing."""
    import fcntl

    start()
    monkeypatch.setattr(fcntl, "flock", lambda *_: None)
    with exclusive(tmp_path / "x.lock", timeout=0.3):
        assert json.loads((tmp_path / "x.held").read_text())["pid"] == 1, "not ours to remove"


def test_a_marker_of_another_machine_proves_nothing(tmp_path: Path) -> None:
    marker = tmp_path / "x.held"
    label = {"host": "elsewhere", "pid": 1, "mark": "x", "boot": "another", "locked": True}
    marker.write_text(json.dumps(label))
    (tmp_path / "x.lock").touch()
    with exclusive(tmp_path / "x.lock", timeout=0.3):
        assert json.loads(marker.read_text()) == label


@pytest.mark.parametrize("pid", ["1", 10**400, -1, 0, None, 1.5, [], True])
def test_a_marker_that_is_odd_is_waited_for(tmp_path: Path, pid: object) -> None:
    (tmp_path / "x.held").write_text(json.dumps({"host": socket.gethostname(), "pid": pid}))
    started = time.monotonic()
    with exclusive(tmp_path / "x.lock", timeout=0.2):
        assert time.monotonic() - started >= 0.2


def test_who_waits_for_the_kernel_lock_is_told(
    tmp_path: Path, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locking, "NOTICE_SECONDS", 0.3)
    start()
    (tmp_path / "x.held").unlink()
    (tmp_path / "x.held").mkdir()
    with (
        pytest.warns(UserWarning, match=r"another process that holds the lock .*x\.lock"),
        exclusive(tmp_path / "x.lock", timeout=0.6),
    ):
        pass
