"""Record a server's activity: its requests, and how many it handled at once."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from email.utils import formatdate
from typing import Protocol

from provena_sdk.sandbox.object_store.http.request import Request, RequestRecord

KEPT_RECORDS = 100_000


class Closable(Protocol):
    """A connection that can be closed."""

    def close(self) -> None:
        """Close the connection at once."""


class Activity:
    """Counts and records requests.

    Attributes:
        requests: The latest requests, in the order of their answers.
        in_flight: Requests begun and not yet answered.
        peak_in_flight: The highest number at once; may be reset to 0.
        connections: The open connections.
        closed: Whether the server has stopped accepting connections.
        on_request: Called with every record, on the server's thread; may be None.
    """

    def __init__(self) -> None:
        self.requests: deque[RequestRecord] = deque(maxlen=KEPT_RECORDS)
        self.in_flight = 0
        self.peak_in_flight = 0
        self.connections: set[Closable] = set()
        self.closed = False
        self.on_request: Callable[[RequestRecord], None] | None = None
        self._count = 0
        self._second = 0
        self._head = ""

    def begin(self) -> str:
        """Count a request as begun, and return its id."""
        self._count += 1
        self.in_flight += 1
        self.peak_in_flight = max(self.peak_in_flight, self.in_flight)
        return f"{self._count:016X}"

    def record(self, request: Request, status: int, received: int) -> RequestRecord:
        """Record a request whose answer is about to be sent.

        Args:
            request: The request.
            status: Status of the answer; 0 if the connection broke before it.
            received: Bytes of the request's body.
        """
        record = RequestRecord(
            request.method,
            request.operation,
            request.bucket,
            request.key,
            request.headers.get("range", ""),
            status,
            received,
        )
        self.requests.append(record)
        if self.on_request is not None:
            self.on_request(record)
        return record

    def broke(self, record: RequestRecord) -> None:
        """Record that the connection broke while the answer was sent."""
        for index, known in enumerate(self.requests):
            if known is record:
                self.requests[index] = record._replace(status=0)
                return

    def end(self) -> None:
        """Count a request as answered."""
        self.in_flight -= 1

    def head(self, request_id: str) -> bytes:
        """Return the header lines that every answer carries."""
        now = int(time.time())
        if now != self._second:
            self._second = now
            self._head = (
                f"server: provena-sandbox\r\ndate: {formatdate(now, usegmt=True)}\r\nx-amz-request-id: "
            )
        return f"{self._head}{request_id}\r\n".encode()
