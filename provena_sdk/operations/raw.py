"""Requests of a caller's own to a service, whose answers are returned as they come."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provena_sdk.display.text import alternatives, quoted
from provena_sdk.errors import InvalidArgument
from provena_sdk.operations import arguments
from provena_sdk.operations.arguments import JsonSource
from provena_sdk.operations.operation import Call, Operation, Repeat, Service

METHODS: Final = ("GET", "POST", "PUT", "DELETE")
"""The HTTP methods that the services have."""

SERVICES: Final = tuple(service.value for service in Service)
"""The names of the services."""

_SHOWN: Final = 80


@dataclass(frozen=True, slots=True, repr=False)
class ServiceAnswer:
    """What a service answered, as it came.

    Attributes:
        status: The HTTP status.
        content_type: The media type of the content, such as ``application/json``; empty if the service named none.
        content: The body. It may hold credentials, and is not shown.
    """

    status: int
    content_type: str
    content: bytes = field(repr=False)

    @property
    def text(self) -> str:
        """The content as text."""
        return self.content.decode("utf-8", "replace")

    def json(self) -> Any:
        """Parse the content.

        Returns:
            The JSON document, whatever it is.

        Raises:
            ValueError: It is not JSON.
        """
        return json.loads(self.content)

    def __repr__(self) -> str:
        return f"<ServiceAnswer {self.status}, {len(self.content)} bytes>"


class _Endpoint:
    """Any path of a service, in the form of a generated module."""

    def __init__(self, service: str) -> None:
        self.__name__ = f"{service}.request"

    def request(self, method: str, path: str, body: object) -> dict[str, Any]:
        return {"method": method, "url": path, **({} if body is None else {"json": body})}

    def parse(self, data: Any) -> ServiceAnswer:
        status, headers, content = data
        return ServiceAnswer(status, headers.get("content-type", ""), content)


def raw_call(
    method: str, path: str, service: str, body: JsonSource | list[Any] | None
) -> Call[ServiceAnswer]:
    """Build a call of any path of a service. Only GET is retried.

    Args:
        method: The HTTP method.
        path: The path, with its query.
        service: The service's name.
        body: What to send as JSON; None sends no body.

    Raises:
        InvalidArgument: An argument cannot be used.
    """
    chosen = arguments.text("method", method).upper()
    if chosen not in METHODS:
        raise InvalidArgument("method", f"must be {alternatives(METHODS)}, not {quoted(method, _SHOWN)}.")
    if service not in SERVICES:
        raise InvalidArgument("service", f"must be {alternatives(SERVICES)}, not {quoted(service, _SHOWN)}.")
    if not arguments.text("path", path).startswith("/"):
        raise InvalidArgument("path", f"must begin with a slash, not {quoted(path, _SHOWN)}.")
    if body is not None and chosen == "GET":
        raise InvalidArgument("body", "must be None for GET, which sends none.")
    if isinstance(body, Mapping) or (body is not None and not isinstance(body, list)):
        body = arguments.json_data("body", body)
    repeat = Repeat.SAFE if chosen == "GET" else Repeat.NEVER
    operation = Operation(_Endpoint(service), repeat, as_it_came=True)
    return operation(chosen, path, body)
