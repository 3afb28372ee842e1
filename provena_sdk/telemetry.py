"""Spans for OpenTelemetry: one for each operation of the services, plan and transfer, with retries as events.

A program that uses OpenTelemetry has imported its API. In any other program, nothing is loaded or recorded.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Final, ParamSpec, Protocol, TypeAlias, TypeVar

from provena_sdk._version import __version__

P = ParamSpec("P")

Attributes: TypeAlias = Mapping[str, str | int | float]


class Span(Protocol):
    """What this package uses of a span."""

    def set_attributes(self, attributes: Attributes, /) -> None:
        """Add attributes, or replace those of the same names."""
        ...


class Report(Protocol):
    """What this package reads of a transfer's plan or report."""

    def __len__(self) -> int: ...

    @property
    def total_bytes(self) -> int:
        """The number of bytes to transfer, or transferred."""
        ...

    def counts(self) -> Mapping[Any, int]:
        """Return how many files have each action or outcome."""
        ...


R = TypeVar("R", bound=Report)


class _NoSpan:
    def set_attributes(self, attributes: Attributes, /) -> None:
        pass


_NO_SPAN: Final = _NoSpan()
_NOTHING: Final = nullcontext(_NO_SPAN)


def span(name: str, attributes: Attributes) -> AbstractContextManager[Span]:
    """Start a span that ends with the ``with`` block; an error sets its status and its attribute ``error.type``.

    Neither the error's message nor its traceback are recorded.

    Args:
        name: The span's name.
        attributes: Its first attributes.

    Example:
        >>> with span("datastore.fetch_dataset", {"server.address": "example.org"}) as running:
        ...     running.set_attributes({"http.response.status_code": 200})
    """
    trace = _api()
    return _NOTHING if trace is None else _started(trace, name, attributes)


def event(name: str, attributes: Mapping[str, str | int | float | None]) -> None:
    """Add an event to the current span, if there is one.

    Args:
        name: The event's name.
        attributes: Its attributes; those that are None are left out.
    """
    trace = _api()
    if trace is not None:
        known = {key: value for key, value in attributes.items() if value is not None}
        trace.get_current_span().add_event(name, known)


def traced(name: str) -> Callable[[Callable[P, Coroutine[Any, Any, R]]], Callable[P, Coroutine[Any, Any, R]]]:
    """Decorate a coroutine function that plans or runs a transfer, so that each call is a span with its figures.

    Args:
        name: The span's name.
    """

    def decorate(run: Callable[P, Coroutine[Any, Any, R]]) -> Callable[P, Coroutine[Any, Any, R]]:
        @functools.wraps(run)
        async def wrapped(*args: P.args, **options: P.kwargs) -> R:
            with span(name, {}) as running:
                try:
                    report = await run(*args, **options)
                except Exception as error:
                    if (partial := getattr(error, "report", None)) is not None:
                        running.set_attributes(_figures(partial))
                    raise
                if running is not _NO_SPAN:
                    running.set_attributes(_figures(report))
                return report

        return wrapped

    return decorate


def _figures(report: Report) -> Attributes:
    outcomes = {f"provena.files.{outcome}": number for outcome, number in report.counts().items()}
    return {"provena.files": len(report), "provena.bytes": report.total_bytes, **outcomes}


def _api() -> Any:
    return sys.modules.get("opentelemetry.trace")


@contextmanager
def _started(trace: Any, name: str, attributes: Attributes) -> Iterator[Span]:
    tracer = trace.get_tracer("provena_sdk", __version__)
    with tracer.start_as_current_span(
        name,
        kind=trace.SpanKind.CLIENT,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as running:
        try:
            yield running
        except BaseException as error:
            running.set_attributes({"error.type": type(error).__name__})
            running.set_status(trace.StatusCode.ERROR)
            raise
