"""Servers that tests start end with the test, however the test ends. A small web server stands in for them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.live import process
from scripts.live.process import Server, StartFailed

ROOT = Path(__file__).parents[2]
SECONDS = 30.0

SERVING = """
import http.server, subprocess, sys
if "--with-child" in sys.argv:
    print("child", subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid, flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), http.server.SimpleHTTPRequestHandler).serve_forever()
"""

OWNING = """
import os, sys, time
from tests.live.test_guard import Small
server = Small()
server.start()
if "--fork" in sys.argv:
    child = os.fork()
    if child == 0:
        time.sleep(600)
    print("fork", child, flush=True)
print("server", server.pid, flush=True)
print("guard", server._guard.pid, flush=True)
print("folder", server.folder, flush=True)
print("ready", flush=True)
time.sleep(600)
"""


class Small(Server):
    name = "small"

    def command(self) -> list[str]:
        return [sys.executable, "-c", SERVING, str(self.port)]


class Parent(Small):
    def command(self) -> list[str]:
        return [*super().command(), "--with-child"]


class Broken(Small):
    def command(self) -> list[str]:
        return [sys.executable, "-c", "print('no such option'); raise SystemExit(2)"]


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + SECONDS
    while alive(pid):
        assert time.monotonic() < deadline, f"process {pid} is still there"
        time.sleep(0.05)


needs_proc = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")


@needs_proc
@pytest.mark.parametrize("fork", [False, True], ids=["alone", "with a fork that holds the pipe"])
def test_a_server_ends_when_its_owner_is_killed(fork: bool) -> None:
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNING, *(["--fork"] if fork else [])],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    facts = {}
    assert owner.stdout is not None
    for line in owner.stdout:
        name, _, value = line.strip().partition(" ")
        facts[name] = value
        if name == "ready":
            break
    assert alive(int(facts["server"]))
    owner.send_signal(signal.SIGKILL)
    owner.wait()
    wait_for_end(int(facts["server"]))
    wait_for_end(int(facts["guard"]))
    assert not Path(facts["folder"]).exists()
    if fork:
        os.kill(int(facts["fork"]), signal.SIGKILL)
    owner.stdout.close()


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends a child with its parent")
def test_a_server_ends_when_its_guard_is_killed() -> None:
    with Small() as server:
        pid, guard = server.pid, server._guard
        assert guard is not None
        guard.kill()
        wait_for_end(pid)


@needs_proc
def test_what_a_server_started_ends_with_it() -> None:
    with Parent() as server:
        child = int(server.log.split("child ")[1].split()[0])
        assert alive(child)
    wait_for_end(child)


@needs_proc
def test_a_server_goes_on_with_its_port_and_its_folder() -> None:
    with Small() as server:
        url, pid, folder = server.url, server.pid, server.folder
        (folder / "kept").write_text("kept", "utf-8")
        server.halt()
        wait_for_end(pid)
        assert not process.is_running(folder)
        server.start()
        assert server.url == url
        assert server.pid != pid
        assert (folder / "kept").exists()
        assert process.is_running(folder)
    assert not folder.exists()


@needs_proc
def test_a_server_that_stays_is_ended_through_its_folder(tmp_path: Path) -> None:
    server = Small(tmp_path)
    server.start(detached=True)
    pid = server.pid
    del server
    assert process.is_running(tmp_path)
    assert process.end(tmp_path)
    wait_for_end(pid)
    assert not process.end(tmp_path)
    assert tmp_path.exists()


def test_a_port_that_somebody_took_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        free = process.free_ports
        offers = iter([(port,)])
        monkeypatch.setattr(process, "free_ports", lambda count: next(offers, None) or free(count))
        with Small() as server:
            assert server.port != port


@needs_proc
def test_an_answer_of_somebody_else_is_not_the_server() -> None:
    with Small() as server:
        assert process.listens(server.pid, server.port)
        assert not process.listens(os.getpid(), server.port)


def test_a_server_that_does_not_start_says_why() -> None:
    server = Broken()
    with pytest.raises(StartFailed, match="no such option"):
        server.start()
    assert not server.folder.exists()
