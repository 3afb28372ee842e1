"""A relay in front of a server, which can lose answers, be slow and delay answers. It changes nothing else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from scripts.live.process import HOST

_CHUNK = 1 << 18
_INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


class Relay:
    """Listens on 127.0.0.1 and passes bytes on.

    Args:
        port: The server's port.
        host: The server's host.

    Attributes:
        url: Its URL.
        lose: How many answers to lose: the request arrives, and the connection breaks instead of an answer.
        rate: Bytes per second in each direction, all connections together; None means no limit.
        delay: Seconds to wait before each answer of HTTP; ``100 Continue`` is passed on at once.
        lost: How many answers were lost.
        sent: Bytes passed on to the server.
        received: Bytes passed on from the server.
    """

    def __init__(self, port: int, host: str = HOST) -> None:
        self._target = (host, port)
        self._listener = socket.create_server((HOST, 0))
        self.url = f"http://{HOST}:{self._listener.getsockname()[1]}"
        self.lose = 0
        self.lost = 0
        self.rate: float | None = None
        self.delay = 0.0
        self.sent = 0
        self.received = 0
        self._lock = threading.Lock()
        self._free_at = {True: 0.0, False: 0.0}
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asked = threading.Event()
            threading.Thread(target=self._send, args=(near, far, asked), daemon=True).start()
            threading.Thread(target=self._answer, args=(far, near, asked), daemon=True).start()

    def _send(self, near: socket.socket, far: socket.socket, asked: threading.Event) -> None:
        """Pass requests on to the server."""
        with suppress(OSError):
            for data in _received(near):
                asked.set()
                self._wait(len(data), towards=True)
                far.sendall(data)
        _close(near, far)

    def _answer(self, far: socket.socket, near: socket.socket, asked: threading.Event) -> None:
        """Pass answers on to the client; the first bytes after a request begin one."""
        with suppress(OSError):
            for data in _received(far):
                if self._loses():
                    break
                if asked.is_set() and data != _INTERIM:
                    asked.clear()
                    time.sleep(self.delay)
                self._wait(len(data), towards=False)
                near.sendall(data)
        _close(near, far)

    def _loses(self) -> bool:
        with self._lock:
            if self.lose <= 0:
                return False
            self.lose -= 1
            self.lost += 1
            return True

    def _wait(self, size: int, *, towards: bool) -> None:
        """Count the bytes, and sleep until the line is free for them."""
        with self._lock:
            if towards:
                self.sent += size
            else:
                self.received += size
            if self.rate is None:
                return
            start = max(time.monotonic(), self._free_at[towards])
            self._free_at[towards] = start + size / self.rate
            until = self._free_at[towards]
        time.sleep(max(0.0, until - time.monotonic()))


def _received(source: socket.socket) -> Iterator[memoryview]:
    """Yield what arrives, always in the same buffer, until the other end closes."""
    buffer = memoryview(bytearray(_CHUNK))
    while size := source.recv_into(buffer):
        yield buffer[:size]


def _close(*ends: socket.socket) -> None:
    for end in ends:
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
        end.close()


@contextmanager
def relay(port: int, host: str = HOST) -> Iterator[Relay]:
    """Run a relay in front of a server."""
    made = Relay(port, host)
    try:
        yield made
    finally:
        made.close()
