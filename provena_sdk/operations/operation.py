"""The parts every operation is made of."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Endpoint(Protocol[P, T_co]):
    """A generated module: it builds the request of one operation, and reads the body of a 200."""

    @property
    def __name__(self) -> str:
        """The module's full name."""
        ...

    def request(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        """Build method, path, query and JSON body, as an HTTP client takes them."""
        ...

    def parse(self, data: Any) -> T_co:
        """Read the decoded body."""
        ...


class Service(enum.Enum):
    """The services a deployment is made of, by the name of their address in ``Deployment``."""

    DATASTORE = "datastore"
    SEARCH = "search"


class Repeat(enum.Enum):
    """What repeating a request may do, as measured on the services; the HTTP method does not tell."""

    SAFE = "changes nothing, however often it is sent"
    IDEMPOTENT = "leaves the same state, however often it is sent"
    NEVER = "may take effect once more each time it is sent"


class Unusable(ValueError):
    """A value of an answer has the promised type and cannot be used; the text says so without quoting it."""


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


class Operation(Generic[P, T]):
    """One operation of an interface.

    Args:
        endpoint: The generated module.
        repeat: Whether it may be sent again.
        role: The role it needs, named when the service says a role is missing.
        is_json: False when a 200 holds plain text.
        needs_token: False for the operations that anybody may call.
        changes_access: Whether it may change who can read or write the files of the dataset it is about.
        check: Raises :class:`Unusable` for an answer that cannot be used although its shape is right.

    Attributes:
        name: Its name in messages, ``<service>.<generated module>``.
        service: The service that offers it.
    """

    def __init__(
        self,
        endpoint: Endpoint[P, T],
        repeat: Repeat,
        role: str | None = None,
        *,
        is_json: bool = True,
        needs_token: bool = True,
        changes_access: bool = False,
        check: Callable[[T], None] | None = None,
    ) -> None:
        service, name = endpoint.__name__.split(".")[-2:]
        self.service = Service(service)
        self.name = f"{service}.{name}"
        self.repeat = repeat
        self.role = role
        self.is_json = is_json
        self.needs_token = needs_token
        self.changes_access = changes_access
        self._parse = endpoint.parse
        self._check = check
        self._request = endpoint.request

    def parse(self, data: Any) -> T:
        """Read the decoded body of a 200.

        Raises:
            ValueError: A value is of another type than promised, or cannot be used.
        """
        found = self._parse(data)
        if self._check is not None:
            self._check(found)
        return found

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """Build the call for these arguments."""
        return Call(self, self._request(*args, **kwargs))

    def about(self, dataset_id: str, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """Build the call for these arguments, remembering which dataset it is about."""
        return Call(self, self._request(*args, **kwargs), dataset_id)

    def __repr__(self) -> str:
        return f"<Operation {self.name}>"
