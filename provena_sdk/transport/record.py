"""The log records and the span of one call to a service."""

from __future__ import annotations

import logging
import time
from contextlib import AbstractContextManager
from typing import Any, Final
from urllib.parse import urlsplit

from provena_sdk.errors import ProvenaError
from provena_sdk.logs import Retry, log_request, log_retry, note_request, request_id_of
from provena_sdk.operations.operation import Call
from provena_sdk.telemetry import Span, span
from provena_sdk.transport.retry import Answer, NoAnswer, Sleep

_log: Final = logging.getLogger(__name__)


class CallRecord:
    """Logs each request and retry of one call, and describes them in its span.

    Args:
        call: The call.
        base: The service's base URL.
    """

    def __init__(self, call: Call[Any], base: str) -> None:
        self._call = call
        self._base = base
        self._attempts = 0
        self._began = 0.0
        self._request_id: str | None = None

    def span(self) -> AbstractContextManager[Span]:
        """Return the span of the call, to be entered for as long as it runs."""
        method: str = self._call.request["method"]
        address = urlsplit(self._base).hostname or ""
        attributes: dict[str, str | int] = {"server.address": address, "http.request.method": method}
        if self._call.dataset_id is not None:
            attributes["provena.dataset_id"] = self._call.dataset_id
        return span(self._call.operation.name, attributes)

    def begin(self) -> None:
        """Note that a request is being sent."""
        self._attempts += 1
        self._began = time.perf_counter()

    def end(self, outcome: Answer | NoAnswer, running: Span) -> None:
        """Log a request that has ended, and describe it in the span.

        Args:
            outcome: The answer, or why there is none.
            running: The span.
        """
        answer = outcome if isinstance(outcome, Answer) else None
        self._request_id = None if answer is None else request_id_of(answer.headers)
        running.set_attributes({"provena.attempts": self._attempts})
        if answer is not None:
            running.set_attributes({"http.response.status_code": answer.status})
        seconds = time.perf_counter() - self._began
        request_id = self._request_id
        failure = outcome.error.message if isinstance(outcome, NoAnswer) else None
        note_request(
            "services",
            self._call.request["method"],
            lambda: self._path,
            status=None if answer is None else answer.status,
            seconds=seconds,
            request_id=lambda: request_id,
            failure=failure,
        )
        if not _log.isEnabledFor(logging.DEBUG):
            return
        log_request(
            _log,
            self._call.request["method"],
            self._path,
            status=None if answer is None else answer.status,
            size=0 if answer is None else len(answer.body),
            seconds=seconds,
            request_id=request_id,
            failure=failure,
        )

    def describe(self, error: ProvenaError) -> None:
        """Fill in what an error does not know about the call that it ended.

        Args:
            error: The error; it is modified.
        """
        error.complete(operation=self._call.operation.name, dataset_id=self._call.dataset_id)
        if self._attempts:
            error.complete(
                url=self._base + str(self._call.request["url"]),
                attempts=self._attempts,
                request_id=self._request_id,
            )

    def retry(self, pause: Sleep) -> None:
        """Log a retry, which is also an event of the span.

        Args:
            pause: The wait before it.
        """
        retry = Retry(self._path, pause.reason, pause.seconds, self._attempts + 1, pause.most)
        log_retry(_log, self._call.request["method"], retry)

    @property
    def _path(self) -> str:
        return urlsplit(self._base).path + str(self._call.request["url"])
