"""The parts every operation is made of."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class Service(enum.Enum):
    """The services a deployment is made of, by the name of their address in ``Deployment``."""

    DATASTORE = "datastore"
    SEARCH = "search"


class Repeat(enum.Enum):
    """What repeating a request may do, as measured on the services; the HTTP method does not tell."""

    SAFE = "changes nothing, however often it is sent"
    IDEMPOTENT = "leaves the same state, however often it is sent"
    NEVER = "may take effect once more each time it is sent"


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request, ready to be sent.

    Attributes:
        operation: What is being asked.
        request: Method, path, query and JSON body, as an HTTP client takes them.
        dataset_id: The dataset it is about, for messages.
    """

    operation: Operation[..., T]
    request: dict[str, Any] = field(repr=False)
    dataset_id: str | None = None


@dataclass(frozen=True, slots=True)
class Operation(Generic[P, T]):
    """One operation of an interface.

    Args:
        name: Its name in messages, ``<service>.<generated module>``.
        service: The service that offers it.
        request: The generated function that builds the request.
        parse: The generated function that reads the body of a 200.
        repeat: Whether it may be sent again.
        role: The role it needs, named when the service says a role is missing.
        is_json: False when a 200 holds plain text.
        needs_token: False for the operations that anybody may call.
    """

    name: str
    service: Service
    request: Callable[P, dict[str, Any]]
    parse: Callable[[Any], T]
    repeat: Repeat
    role: str | None = None
    is_json: bool = True
    needs_token: bool = True

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """Build the call for these arguments."""
        return Call(self, self.request(*args, **kwargs))

    def about(self, dataset_id: str, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """Build the call for these arguments, remembering which dataset it is about."""
        return Call(self, self.request(*args, **kwargs), dataset_id)
