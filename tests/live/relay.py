"""A relay before a server, which can lose answers and be slow. It changes nothing else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_CHUNK = 65536


class Relay:
    """Listens on 127.0.0.1 and passes bytes on.

    Attributes:
        url: Its address.
        lose: How many answers are to be lost: the request arrives, and the connection breaks instead of an answer.
        rate: Bytes a second that pass in each direction, all connections together; None means as many as come.
        lost: How many answers were lost.
    """

    def __init__(self, port: int) -> None:
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.lose = 0
        self.lost = 0
        self.rate: float | None = None
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
            far = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._pass, args=(near, far, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, towards: bool) -> None:
        with suppress(OSError):
            while data := source.recv(_CHUNK):
                if not towards and self._loses():
                    break
                self._wait(len(data), towards)
                target.sendall(data)
        for end in (source, target):
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

    def _wait(self, size: int, towards: bool) -> None:
        if self.rate is None:
            return
        with self._lock:
            start = max(time.monotonic(), self._free_at[towards])
            self._free_at[towards] = start + size / self.rate
            until = self._free_at[towards]
        time.sleep(max(0.0, until - time.monotonic()))


@contextmanager
def relay(port: int) -> Iterator[Relay]:
    """A relay before a port of this machine."""
    made = Relay(port)
    try:
        yield made
    finally:
        made.close()
