"""What an operation is: its endpoint, its service, and whether it may be repeated."""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class Endpoint(Protocol[P, T_co]):
    """A generated module: builds the request of one operation, and parses the body of a 200."""

    @property
    def __name__(self) -> str:
        """The module's full name."""
        ...

    def request(self, *args: P.args, **kwargs: P.kwargs) -> dict[str, Any]:
        """Return method, path, query and JSON body, as an HTTP client takes them."""
        ...

    def parse(self, data: Any) -> T_co:
        """Parse the decoded body."""
        ...


class Service(enum.Enum):
    """The services of a deployment, by their names in messages."""

    DATASTORE = "datastore"
    SEARCH = "search"
    REGISTRY = "registry"
    AUTH = "auth"
    JOB = "job"
    PROV = "prov"


class Repeat(enum.Enum):
    """The effect of repeating a request, as measured on the services; the HTTP method does not show it."""

    SAFE = "changes nothing"
    IDEMPOTENT = "leads to the same state, however often it is sent"
    NEVER = "may take effect again each time it is sent"


class Unusable(ValueError):
    """A value in an answer has the right type but cannot be used; the message does not quote it."""


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One request, ready to be sent.

    Attributes:
        operation: The operation that it calls.
        request: Method, path, query and JSON body, as an HTTP client takes them.
        dataset_id: The dataset or other item it is about, for messages.
        once: Whether a failure is final: for answers that are not worth the wait of a retry.
    """

    operation: Operation[..., T]
    request: dict[str, Any] = field(repr=False)
    dataset_id: str | None = None
    once: bool = False


class Operation(Generic[P, T]):
    """One operation of a service.

    Args:
        endpoint: The generated module.
        repeat: Whether it may be sent again.
        role: The role it requires, named when the service reports a missing role.
        is_json: False if a 200 is plain text.
        needs_token: False for operations that anyone may call.
        changes_access: Whether it may change who can read or write the dataset's files.
        refuses: False if ``success=false`` in a 200 is a result and no refusal.
        as_it_came: True if status, headers and body are parsed, also of most refusals.
        check: Raises :class:`Unusable` for a well-formed answer that cannot be used.

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
        refuses: bool = True,
        as_it_came: bool = False,
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
        self.refuses = refuses
        self.as_it_came = as_it_came
        self._parse = endpoint.parse
        self._check = check
        self._request = endpoint.request

    def parse(self, data: Any) -> T:
        """Parse the decoded body of a 200.

        Raises:
            ValueError: A value has the wrong type or cannot be used.
        """
        found = self._parse(data)
        if self._check is not None:
            self._check(found)
        return found

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """Build the call for these arguments."""
        return Call(self, self._request(*args, **kwargs))

    def about(self, dataset_id: str, *args: P.args, **kwargs: P.kwargs) -> Call[T]:
        """Build the call for these arguments, with the dataset it is about."""
        return Call(self, self._request(*args, **kwargs), dataset_id)

    def __repr__(self) -> str:
        return f"<Operation {self.name}>"
