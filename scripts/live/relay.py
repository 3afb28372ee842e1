"""A relay in front of a server, which can lose answers, be slow, delay answers and be cut. It changes nothing else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from scripts.live.process import HOST

_CHUNK = 1 << 18
_INTERIM = b"HTTP/1.1 100 Continue\r\n\r\n"


class Relay:
    """Listens on 127.0.0.1 and passes bytes on.

    Args:
        port: The server's port.
        host: The server's host.
        buffer: Bytes to read at once and to keep in a socket, so that a slow line keeps little back; None means 256 KiB
            at once, and as many in a socket as the system likes.

    Attributes:
        url: Its URL.
        lose: How many answers to lose: the request arrives, and the connection breaks instead of an answer.
        rate: Bytes per second in each direction, all connections together; None means no limit.
        delay: Seconds to wait before each answer of HTTP; ``100 Continue`` is passed on at once.
        lost: How many answers were lost.
        sent: Bytes passed on to the server.
        received: Bytes passed on from the server.
        on_answer: Called with the bytes of answers that were passed on, and whether they begin one; may be None.
    """

    def __init__(self, port: int, host: str = HOST, *, buffer: int | None = None) -> None:
        self._target = (host, port)
        self._buffer = buffer
        self._ends: set[socket.socket] = set()
        self._listener = self._listen(0)
        self._port: int = self._listener.getsockname()[1]
        self.url = f"http://{HOST}:{self._port}"
        self.lose = 0
        self.lost = 0
        self.on_answer: Callable[[memoryview, bool], None] | None = None
        self.rate: float | None = None
        self.delay = 0.0
        self.sent = 0
        self.received = 0
        self._lock = threading.Lock()
        self._free_at = {True: 0.0, False: 0.0}
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def close(self) -> None:
        """Stop listening."""
        with suppress(OSError):
            # Closing alone does not wake the thread that accepts, and the port would stay taken.
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def cut(self) -> None:
        """Break all connections and refuse new ones, until :meth:`restore`."""
        self.close()
        with self._lock:
            ends = list(self._ends)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def restore(self) -> None:
        """Listen again at the same URL."""
        self._listener = self._listen(self._port)
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _listen(self, port: int) -> socket.socket:
        listener = socket.create_server((HOST, port))
        if self._buffer is not None:
            # Accepted sockets inherit them.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self._buffer)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, self._buffer)
        return listener

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
            except OSError:
                return
            far = socket.create_connection(self._target)
            with self._lock:
                self._ends |= {near, far}
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            asked = threading.Event()
            threading.Thread(target=self._send, args=(near, far, asked), daemon=True).start()
            threading.Thread(target=self._answer, args=(far, near, asked), daemon=True).start()

    def _send(self, near: socket.socket, far: socket.socket, asked: threading.Event) -> None:
        """Pass requests on to the server."""
        with suppress(OSError):
            for data in _received(near, self._buffer or _CHUNK):
                asked.set()
                self._wait(len(data), towards=True)
                far.sendall(data)
                with self._lock:
                    self.sent += len(data)
        self._close(near, far)

    def _answer(self, far: socket.socket, near: socket.socket, asked: threading.Event) -> None:
        """Pass answers on to the client; the first bytes after a request begin one."""
        with suppress(OSError):
            for data in _received(far, self._buffer or _CHUNK):
                if self._loses():
                    break
                first = asked.is_set() and data != _INTERIM
                if first:
                    asked.clear()
                    time.sleep(self.delay)
                self._wait(len(data), towards=False)
                near.sendall(data)
                with self._lock:
                    self.received += len(data)
                if self.on_answer is not None:
                    self.on_answer(data, first)
        self._close(near, far)

    def _close(self, *ends: socket.socket) -> None:
        with self._lock:
            self._ends.difference_update(ends)
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _loses(self) -> bool:
        with self._lock:
            if self.lose <= 0:
                return False
            self.lose -= 1
            self.lost += 1
            return True

    def _wait(self, size: int, *, towards: bool) -> None:
        """Sleep until the line is free for some bytes."""
        if self.rate is None:
            return
        with self._lock:
            start = max(time.monotonic(), self._free_at[towards])
            self._free_at[towards] = start + size / self.rate
            until = self._free_at[towards]
        time.sleep(max(0.0, until - time.monotonic()))


def _received(source: socket.socket, size: int) -> Iterator[memoryview]:
    """Yield what arrives, always in the same buffer, until the other end closes."""
    buffer = memoryview(bytearray(size))
    while length := source.recv_into(buffer):
        yield buffer[:length]


@contextmanager
def relay(port: int, host: str = HOST, *, buffer: int | None = None) -> Iterator[Relay]:
    """Run a relay in front of a server; its arguments are those of :class:`Relay`."""
    made = Relay(port, host, buffer=buffer)
    try:
        yield made
    finally:
        made.close()
