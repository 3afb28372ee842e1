"""A server as a process of its own, on a free port of 127.0.0.1, with a folder of its own."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from scripts.live import guard

HOST = "127.0.0.1"
_ATTEMPTS = 3
_GUARD_LOG = "guard.log"


class StartFailed(Exception):
    """A server did not start; the text holds the end of its log."""


@dataclass(frozen=True)
class Certificate:
    """What a server proves itself with, in PEM files.

    Attributes:
        certificate: The certificate, for ``localhost`` and 127.0.0.1.
        key: Its private key.
        authority: The authority that signed it.
    """

    certificate: Path
    key: Path
    authority: Path


class Server(ABC):
    """One server; use it in a ``with`` block.

    It is ended with the block, and also when this process is killed: see :mod:`scripts.live.guard`.

    Args:
        folder: Where its data lie; None makes a temporary folder that is removed at the end.
        tls: What it serves https with; None serves http.
    """

    name: ClassVar[str]
    patience: ClassVar[float] = 30.0
    ports_taken: ClassVar[int] = 1

    def __init__(self, folder: Path | None = None, *, tls: Certificate | None = None) -> None:
        self._temporary = folder is None
        self.folder = folder or Path(tempfile.mkdtemp(prefix=f"live-{self.name}-"))
        self.tls = tls
        self.ports: tuple[int, ...] = ()
        self.pid = 0
        self._guard: subprocess.Popen[bytes] | None = None

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.url if self.ports else 'not started'}>"

    @abstractmethod
    def command(self) -> list[str]:
        """Return the command that runs it on :attr:`ports`."""

    def environment(self) -> dict[str, str]:
        """Return the environment variables it needs besides this process's."""
        return {}

    @property
    def ready_url(self) -> str:
        """An address that answers once the server can be used; an error of HTTP is an answer, too."""
        return self.url

    @property
    def port(self) -> int:
        """The port it serves."""
        return self.ports[0]

    @property
    def url(self) -> str:
        """Its address, without a slash at the end."""
        return f"https://localhost:{self.port}" if self.tls else f"http://{HOST}:{self.port}"

    @property
    def log(self) -> str:
        """What it wrote so far."""
        with contextlib.suppress(FileNotFoundError):
            return (self.folder / guard.LOG).read_text("utf-8", "replace")
        return ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, *, detached: bool = False) -> None:
        """Start it and return when it answers; after :meth:`halt` it gets the same ports and data again.

        Args:
            detached: Leave it running when this process ends; :func:`end` ends it.

        Raises:
            StartFailed: It ended, or did not answer in time.
        """
        again = bool(self.ports)
        for attempt in range(_ATTEMPTS):
            if not again:
                self.ports = free_ports(self.ports_taken)
            try:
                self._start(detached)
                return
            except StartFailed:
                self._leave()
                # Somebody else may have taken a port in between.
                if attempt + 1 == _ATTEMPTS or not self._port_was_taken():
                    if self._temporary:
                        shutil.rmtree(self.folder, ignore_errors=True)
                    raise

    def _start(self, detached: bool) -> None:
        (self.folder / guard.LOG).unlink(missing_ok=True)
        owned = [] if detached else ["--owned", *(["--remove"] if self._temporary else [])]
        # -I and the bare file: the guard needs nothing but the standard library, and starts at once.
        with (self.folder / _GUARD_LOG).open("ab") as errors:
            self._guard = subprocess.Popen(
                [
                    sys.executable,
                    "-I",
                    guard.__file__,
                    "--folder",
                    str(self.folder),
                    *owned,
                    "--",
                    *self.command(),
                ],
                stdin=subprocess.DEVNULL if detached else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=os.environ | self.environment(),
                start_new_session=True,
            )
        assert self._guard.stdout is not None
        with self._guard.stdout as said:
            self.pid = int(said.readline() or 0)
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + self.patience
        while not self._answers():
            if self._guard is None or self._guard.poll() is not None:
                raise StartFailed(f"{self.name} ended at once.\n{self.log[-2000:]}")
            if time.monotonic() > deadline:
                raise StartFailed(f"{self.name} did not answer in {self.patience} s.\n{self.log[-2000:]}")
            time.sleep(0.05)

    def _answers(self) -> bool:
        if not listens(self.pid, self.port):
            return False
        context = ssl.create_default_context(cafile=self.tls.authority) if self.tls else None
        handlers = [urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)]
        try:
            urllib.request.build_opener(*handlers).open(self.ready_url, timeout=5).close()
        except urllib.error.HTTPError as error:
            return error.code < 500
        except OSError:
            return False
        return True

    def _port_was_taken(self) -> bool:
        said = self.log.lower()
        return "address already in use" in said or "already bound" in said or "in use" in said

    def halt(self) -> None:
        """End it and keep its data and ports, so that :meth:`start` goes on with them."""
        end(self.folder)
        self._leave()

    def stop(self) -> None:
        """End it, and remove its folder if that is a temporary one."""
        self._leave()
        if self._temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _leave(self) -> None:
        if self._guard is None:
            return
        if self._guard.stdin is not None:
            self._guard.stdin.close()
            self._guard.wait()
        self._guard = None
        self.pid = 0


def free_ports(count: int) -> tuple[int, ...]:
    """Return ports of 127.0.0.1 that nobody listens on."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind((HOST, 0))
        return tuple(one.getsockname()[1] for one in sockets)


def listens(pid: int, port: int) -> bool:
    """Return whether it is this process that listens on a port; True where the system does not say."""
    tables = [Path(f"/proc/self/net/{table}") for table in ("tcp", "tcp6")]
    if not tables[0].exists():
        return True
    inodes = set()
    for table in tables:
        with contextlib.suppress(OSError):
            for line in table.read_text("ascii").splitlines()[1:]:
                fields = line.split()
                if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                    inodes.add(f"socket:[{fields[9]}]")
    with contextlib.suppress(OSError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with contextlib.suppress(OSError):
                if os.readlink(descriptor) in inodes:
                    return True
    return False


def end(folder: Path) -> bool:
    """End the server whose folder this is, and wait for that.

    Returns:
        Whether one was running.
    """
    return _ask(folder, guard.STOP) is not None


def is_running(folder: Path) -> bool:
    """Return whether the server whose folder this is runs."""
    return _ask(folder, b"?") == guard.RUNNING


def _ask(folder: Path, question: bytes) -> bytes | None:
    """Ask the guard of a folder; None when there is none."""
    with socket.socket(socket.AF_UNIX) as connection:
        try:
            connection.connect(str(folder / guard.CONTROL))
        except OSError:
            return None
        connection.sendall(question)
        return connection.recv(16)
