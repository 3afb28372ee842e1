"""Things that go wrong on request: each fault says where it strikes, how often, and what it does."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Literal

from provena_sdk.sandbox.http.server import Connection, Request, Response

Backend = Literal["registry", "auth", "jobs", "handles", "sign-in", "search"]
Operate = Callable[[Request], Response]
BACKENDS: tuple[Backend, ...] = ("registry", "auth", "jobs", "handles", "sign-in", "search")

SERVICES = ("datastore", "search", "signin")

_GATEWAY_PAGE = (
    "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n"
    "<center><h1>{status} {reason}</h1></center>\r\n</body>\r\n</html>\r\n"
)
_GATEWAY_REASONS = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. Without ``status``, ``drop``, ``truncate`` or ``body`` it only makes requests slow.

    Args:
        service: ``datastore``, ``search`` or ``signin``; None strikes all three.
        path: Path of the requests it strikes, with ``*`` and ``?`` as wildcards.
        method: Method of the requests it strikes; None strikes all.
        times: How many requests it strikes; None goes on until it is cleared.
        after: How many matching requests it lets through first.
        latency: Seconds to wait before the operation takes effect.
        stall: Seconds to wait between the operation and its answer.
        status: Status of the answer; None keeps the operation's own.
        headers: Header fields added to the answer.
        body: Body of the answer; None keeps the operation's own, or is empty when ``status`` is given.
        content_type: Content type of ``body``.
        takes_effect: Whether the operation happens although the answer says it failed.
        drop: ``before`` breaks the connection before the operation takes effect, ``after`` afterwards.
        truncate: Bytes of the body after which the connection breaks, although the whole was announced.

    Raises:
        ValueError: A value could never strike, such as a service there is not.

    Example:
        >>> Fault(service="datastore", path="/registry/items/list", times=2, status=429).matches(
        ...     "datastore", "POST", "/registry/items/list"
        ... )
        True
    """

    service: str | None = None
    path: str = "*"
    method: str | None = None
    times: int | None = 1
    after: int = 0
    latency: float = 0.0
    stall: float = 0.0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | bytes | None = None
    content_type: str = "application/json"
    takes_effect: bool = False
    drop: Literal["before", "after"] | None = None
    truncate: int | None = None

    def __post_init__(self) -> None:
        if self.service is not None and self.service not in SERVICES:
            hint = " The object store has its own: sandbox.s3_faults." if self.service == "s3" else ""
            raise ValueError(
                f"service: {self.service!r} is none of {', '.join(SERVICES)}, which take faults.{hint}"
            )
        if self.drop not in (None, "before", "after"):
            raise ValueError(f"drop: {self.drop!r} is neither 'before' nor 'after'.")
        if self.status is not None and (not isinstance(self.status, int) or not 100 <= self.status <= 999):
            raise ValueError(f"status: {self.status!r} is no status of HTTP.")
        if self.times is not None and self.times < 1:
            raise ValueError("times: a fault strikes at least once; None goes on until it is cleared.")
        for name in ("after", "latency", "stall", "truncate"):
            if (value := getattr(self, name)) is not None and value < 0:
                raise ValueError(f"{name}: {value!r} is below zero.")

    def matches(self, service: str, method: str, path: str) -> bool:
        """Whether the fault strikes such a request, whatever its count says."""
        return (
            self.service in (None, service)
            and self.method in (None, method)
            and (self.path in ("*", path) or fnmatchcase(path, self.path))
        )

    @classmethod
    def too_many_requests(
        cls, retry_after: str = "1", *, service: str | None = None, path: str = "*", times: int | None = 1
    ) -> Fault:
        """The 429 of a gateway, with ``Retry-After`` in seconds or as an HTTP date."""
        return cls(
            service=service,
            path=path,
            times=times,
            status=429,
            headers={"retry-after": retry_after},
            body='{"message":"Too Many Requests"}',
        )

    @classmethod
    def gateway(
        cls,
        status: int = 502,
        *,
        service: str | None = None,
        path: str = "*",
        times: int | None = 1,
        takes_effect: bool = False,
    ) -> Fault:
        """The HTML page of a gateway that gave up on the service behind it."""
        return cls(
            service=service,
            path=path,
            times=times,
            status=status,
            body=_GATEWAY_PAGE.format(status=status, reason=_GATEWAY_REASONS.get(status, "Error")),
            content_type="text/html",
            takes_effect=takes_effect,
        )

    @classmethod
    def from_json(cls, data: object) -> Fault:
        """A fault from a JSON object with the same names.

        Raises:
            ValueError: ``data`` is no object, or names something a fault does not have.
        """
        if not isinstance(data, dict):
            raise ValueError("A fault is a JSON object.")
        unknown = set(data) - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"A fault has no {', '.join(sorted(map(str, unknown)))}.")
        return cls(**data)


@dataclass(slots=True)
class _Active:
    fault: Fault
    spared: int = 0
    struck: int = 0

    def meets(self) -> bool:
        """Count a matching request; whether it is struck."""
        if self.spared < self.fault.after:
            self.spared += 1
            return False
        self.struck += 1
        return True

    def spent(self) -> bool:
        return self.fault.times is not None and self.struck >= self.fault.times


class Faults:
    """The faults in force, and the outages of what stands behind the services.

    ``outages`` names the backends that are down: the item ``registry``; the ``auth`` service, which knows groups and
    the person each account is linked to; the ``jobs`` and the ``handles`` service; ``sign-in`` for service accounts;
    and the ``search`` engine.
    """

    def __init__(self) -> None:
        self.outages: set[Backend] = set()
        self._active: list[_Active] = []
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._active)

    def add(self, fault: Fault) -> Fault:
        """Put a fault in force, behind those already there; returns it for ``remove``."""
        with self._lock:
            self._active.append(_Active(fault))
        return fault

    def remove(self, fault: Fault) -> None:
        """Take one fault out of force; nothing happens when it is spent already."""
        with self._lock:
            self._active = [active for active in self._active if active.fault is not fault]

    def clear(self) -> None:
        """Take every fault out of force and end every outage."""
        with self._lock:
            self._active = []
            self.outages.clear()

    def outage(self, *backends: Backend) -> None:
        """Take backends down until ``clear``.

        Raises:
            ValueError: There is no such backend.
        """
        unknown = set(backends) - set(BACKENDS)
        if unknown:
            raise ValueError(
                f"No backend is called {', '.join(sorted(unknown))}; there are {', '.join(BACKENDS)}."
            )
        self.outages.update(backends)

    def pending(self) -> list[Fault]:
        """The faults still in force."""
        with self._lock:
            return [active.fault for active in self._active]

    def strike(self, service: str, method: str, path: str) -> Fault | None:
        """The fault that strikes this request, counted off; None when the request is spared."""
        with self._lock:
            for active in self._active:
                if active.fault.matches(service, method, path) and active.meets():
                    if active.spent():
                        self._active.remove(active)
                    return active.fault
        return None


async def suffer(fault: Fault, request: Request, connection: Connection, operate: Operate) -> Response | None:
    """Answer a request under a fault.

    Args:
        fault: What goes wrong.
        request: The request it strikes.
        connection: The connection it came over.
        operate: Carries the operation out and gives its true answer.

    Returns:
        What to answer, or None when the connection was broken instead.
    """
    if fault.latency:
        await asyncio.sleep(fault.latency)
    if fault.drop == "before":
        connection.reset()
        return None
    replaced = fault.status is not None and not fault.takes_effect
    response = Response() if replaced else operate(request)
    if fault.stall:
        await asyncio.sleep(fault.stall)
    if fault.drop == "after":
        connection.reset()
        return None
    response = _disguise(fault, response)
    if fault.truncate is not None:
        connection.send_part(response, fault.truncate)
        return None
    return response


def _disguise(fault: Fault, response: Response) -> Response:
    body, content_type = response.body, response.content_type
    if fault.body is not None or fault.status is not None:
        given = fault.body or b""
        body = given.encode() if isinstance(given, str) else given
        content_type = fault.content_type
    return Response(
        status=response.status if fault.status is None else fault.status,
        body=body,
        content_type=content_type,
        headers={**response.headers, **fault.headers},
    )


def faults_of(data: object) -> Iterable[Fault]:
    """Faults from JSON: one object, or a list of them."""
    return [Fault.from_json(entry) for entry in (data if isinstance(data, list) else [data])]
