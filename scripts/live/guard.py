"""Runs one server, and ends it when whoever wanted it is gone, however that happened.

Run as a process of its own (see :mod:`scripts.live.process`), between the owner and the server. The owner holds the
other end of standard input: when that closes, the server is ended. A server that is meant to stay has no such owner
and is ended through the socket ``control`` in its folder, so that nobody has to trust a process id in a file.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

CONTROL = "control"
LOG = "log"
STOP = b"stop"
RUNNING = b"running"
_GRACE_SECONDS = 15
_LOOK_SECONDS = 0.5
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Run the server of the command line until it ends or has to be ended."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--owned", action="store_true", help="end when standard input closes")
    parser.add_argument("--remove", action="store_true", help="remove the folder when the owner is gone")
    parser.add_argument("command", nargs="+")
    options = parser.parse_args()
    # Ctrl-C is for the owner, who closes standard input when it is done.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    guard = _Guard(options.folder, options.command, owned=options.owned)
    guard.run()
    if options.remove and guard.left:
        shutil.rmtree(options.folder, ignore_errors=True)
    return 0


class _Guard:
    """One server and the reasons to end it.

    Attributes:
        left: Whether the owner is gone, or closed standard input.
    """

    def __init__(self, folder: Path, command: list[str], *, owned: bool) -> None:
        self.left = False
        self._folder = folder
        self._command = command
        self._owner = os.getppid() if owned else None
        self._asked: socket.socket | None = None
        self._terminated = False

    def run(self) -> None:
        """Run the server until it ends or there is a reason to end it."""
        signal.signal(signal.SIGTERM, self._terminate)
        with self._listen() as control, Path(LOG).open("ab") as log:
            server = subprocess.Popen(
                self._command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
            print(server.pid, flush=True)
            try:
                self._watch(server.pid, control)
            finally:
                _end(server)
        if self._asked is not None:
            self._asked.close()  # whoever asked waits for that

    def _terminate(self, *_: object) -> None:
        self._terminated = True

    def _listen(self) -> socket.socket:
        os.chdir(self._folder)
        Path(CONTROL).unlink(missing_ok=True)
        control = socket.socket(socket.AF_UNIX)
        control.bind(CONTROL)
        control.listen()
        return control

    def _watch(self, pid: int, control: socket.socket) -> None:
        with selectors.DefaultSelector() as selector:
            selector.register(control, selectors.EVENT_READ)
            if self._owner is not None:
                selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
            while not _has_ended(pid) and not self._terminated and not self.left and self._asked is None:
                for key, _ in selector.select(_LOOK_SECONDS):
                    if key.fileobj is control:
                        self._answer(control)
                    else:
                        self.left = True  # nothing is ever written there
                # A process that the owner forked may still hold the other end of the pipe.
                self.left |= self._owner not in (None, os.getppid())

    def _answer(self, control: socket.socket) -> None:
        connection, _ = control.accept()
        connection.settimeout(1)
        with contextlib.suppress(OSError):
            if connection.recv(16) == STOP:
                self._asked = connection
                return
            connection.sendall(RUNNING)
        connection.close()


def _end_with_parent() -> None:
    # Should the guard itself be killed; only Linux has it.
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _has_ended(pid: int) -> bool:
    # The process is left to be waited for: until then nobody else gets its id.
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT | os.WNOHANG) is not None


def _end(server: subprocess.Popen[bytes]) -> None:
    """End the server, then whatever is left of its process group."""
    if not _has_ended(server.pid):
        server.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + _GRACE_SECONDS
        while not _has_ended(server.pid) and time.monotonic() < deadline:
            time.sleep(0.05)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()


if __name__ == "__main__":
    sys.exit(main())
