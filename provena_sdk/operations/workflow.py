"""Workflows: sequences of calls, written once and run by a sync and an async driver.

A workflow is a generator that yields effects and is sent their results. ``yield from call(...)`` and
``yield from gather(...)`` preserve the types of the results.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar, cast

from provena_sdk.errors import ClosedError, ProvenaError, SignInError, TokenRejected
from provena_sdk.operations import arguments, handles
from provena_sdk.operations.operation import Call

T = TypeVar("T")

AT_ONCE = 32
"""How many workflows run at once by default: as many as the sync client has threads."""

ENDS_ALL = (ClosedError, SignInError, TokenRejected)
"""Errors that no other workflow of the same client could avoid."""


@dataclass(frozen=True, slots=True)
class Gather:
    """Run independent workflows at once, at most ``limit`` at a time; stop at an error in ``ENDS_ALL``."""

    workflows: Sequence[Workflow[Any]]
    limit: int


@dataclass(frozen=True, slots=True)
class AskDomain:
    """Return the domain of the deployment that the workflow runs against."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for a number of seconds."""

    seconds: float


Effect: TypeAlias = Call[Any] | Gather | AskDomain | Pause
Workflow: TypeAlias = Generator[Effect, Any, T]


def call(request: Call[T]) -> Workflow[T]:
    """Send one request.

    Args:
        request: The call to send.

    Returns:
        The answer, parsed.

    Raises:
        ProvenaError: The answer is an error, or there is none.
    """
    return cast("T", (yield request))


def handle_of(argument: str, value: object) -> Workflow[str]:
    """Parse a handle, also in the URL of one of the deployment's web pages.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed.

    Returns:
        The bare handle.

    Raises:
        InvalidArgument: It is not a handle.
    """
    domain = None if handles.web_host(value) is None else cast("str", (yield AskDomain()))
    return handles.handle(argument, value, domain=domain)


def item_of(argument: str, value: object) -> Workflow[str]:
    """Parse the id of any item: a handle in one of its forms; any other text is returned unchanged.

    Args:
        argument: The argument's name, for the message.
        value: What the caller passed.

    Returns:
        The bare id.

    Raises:
        InvalidArgument: It is empty.
    """
    text = arguments.text(argument, value)
    return (yield from handle_of(argument, text)) if handles.is_written(text) else text


def pause(seconds: float) -> Workflow[None]:
    """Wait, but not beyond the end of the client.

    Args:
        seconds: How long.

    Raises:
        ClosedError: The client was closed.
    """
    yield Pause(seconds)


def gather(workflows: Sequence[Workflow[T]], limit: int = AT_ONCE) -> Workflow[list[T | ProvenaError]]:
    """Run independent workflows concurrently.

    Args:
        workflows: What to run.
        limit: How many may run at a time.

    Returns:
        The outcomes in the order given; a failed workflow's outcome is its :class:`ProvenaError`.

    Raises:
        ClosedError: The client was closed.
        SignInError: Nobody is signed in.
        TokenRejected: The services do not accept the access token.
    """
    return cast("list[T | ProvenaError]", (yield Gather(workflows, limit)))
