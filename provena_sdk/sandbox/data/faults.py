"""Faults to inject into the services: where, how often, and with what effect."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Literal

from provena_sdk.sandbox.data.jobs import JOB_TYPES
from provena_sdk.sandbox.http.server import Connection, Request, Response

Backend = Literal["registry", "auth", "jobs", "handles", "sign-in", "search", "graph"]
Operate = Callable[[Request], Response]
BACKENDS: tuple[Backend, ...] = ("registry", "auth", "jobs", "handles", "sign-in", "search", "graph")

SERVICES = ("datastore", "search", "registry", "auth", "job", "prov", "signin")

ASKED_TO_FAIL = "Job failed, err: The sandbox was asked to fail this job."
_GATEWAY_PAGE = (
    "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n"
    "<center><h1>{status} {reason}</h1></center>\r\n</body>\r\n</html>\r\n"
)
_GATEWAY_REASONS = {502: "Bad Gateway", 503: "Service Temporarily Unavailable", 504: "Gateway Time-out"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault. Without ``status``, ``drop``, ``truncate`` or ``body`` it only delays requests.

    Args:
        service: One of :data:`SERVICES`; None matches all of them.
        path: Path of the requests it affects, with ``*`` and ``?`` as wildcards.
        method: Method of the requests it affects; None matches all.
        times: How many requests it affects; None means all until it is cleared.
        after: How many matching requests to let through first.
        latency: Seconds to wait before the operation takes effect.
        stall: Seconds to wait between the operation and its answer.
        status: Status of the answer; None keeps the operation's own.
        headers: Header fields added to the answer.
        body: Body of the answer; None keeps the operation's own, or is empty if ``status`` is given.
        content_type: Content type of ``body``.
        takes_effect: Whether the operation happens although the answer reports a failure.
        drop: ``before`` breaks the connection before the operation takes effect, ``after`` afterwards.
        truncate: Bytes of the body after which the connection breaks, although ``content-length`` announced all.

    Raises:
        ValueError: A value is invalid, such as an unknown service.

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
            hint = " For the object store, use sandbox.s3_faults." if self.service == "s3" else ""
            raise ValueError(f"service must be one of {', '.join(SERVICES)}, not {self.service!r}.{hint}")
        if self.drop not in (None, "before", "after"):
            raise ValueError(f"drop must be 'before' or 'after', not {self.drop!r}.")
        if self.status is not None and (not isinstance(self.status, int) or not 100 <= self.status <= 999):
            raise ValueError(f"status must be an HTTP status, not {self.status!r}.")
        if self.times is not None and self.times < 1:
            raise ValueError("times must be at least 1; None means until the fault is cleared.")
        for name in ("after", "latency", "stall", "truncate"):
            if (value := getattr(self, name)) is not None and value < 0:
                raise ValueError(f"{name} must not be negative, as {value!r} is.")

    def matches(self, service: str, method: str, path: str) -> bool:
        """Return whether the fault affects such a request, regardless of its count."""
        return (
            self.service in (None, service)
            and self.method in (None, method)
            and (self.path in ("*", path) or fnmatchcase(path, self.path))
        )

    @classmethod
    def too_many_requests(
        cls, retry_after: str = "1", *, service: str | None = None, path: str = "*", times: int | None = 1
    ) -> Fault:
        """Return the 429 of a gateway, with ``Retry-After`` in seconds or as an HTTP date."""
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
        """Return the HTML error page of a gateway whose service does not respond."""
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
        """Return a fault from a JSON object with the same names.

        Raises:
            ValueError: ``data`` is not an object, or has an unknown name.
        """
        if not isinstance(data, dict):
            raise ValueError("A fault must be a JSON object.")
        unknown = set(data) - {f.name for f in fields(cls)}
        if unknown:
            raise ValueError(f"A fault has no {', '.join(sorted(map(str, unknown)))}.")
        return cls(**data)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFault:
    """Jobs that are to fail.

    Args:
        sub_type: What they do, such as ``REGISTER_CREATE_ACTIVITY``; None matches all.
        times: How many jobs fail; None means all until it is cleared.
        info: The text that says why.

    Raises:
        ValueError: There are no such jobs.
    """

    sub_type: str | None = None
    times: int | None = 1
    info: str = ASKED_TO_FAIL

    def __post_init__(self) -> None:
        if self.sub_type not in (None, *JOB_TYPES):
            raise ValueError(f"sub_type must be one of {', '.join(JOB_TYPES)}, not {self.sub_type!r}.")
        if self.times is not None and self.times < 1:
            raise ValueError("times must be at least 1; None means until the fault is cleared.")


@dataclass(slots=True)
class _Active:
    fault: Fault
    spared: int = 0
    struck: int = 0

    def meets(self) -> bool:
        """Count a matching request, and return whether the fault affects it."""
        if self.spared < self.fault.after:
            self.spared += 1
            return False
        self.struck += 1
        return True

    def spent(self) -> bool:
        return self.fault.times is not None and self.struck >= self.fault.times


class Faults:
    """The active faults, and the outages of the services' backends.

    ``outages`` names the backends that are down: the item ``registry``; the ``auth`` service, which knows the groups
    and the linked person of each account; the ``jobs`` and ``handles`` services; ``sign-in`` for service accounts; and
    the ``search`` engine; and the ``graph`` database of the prov service.
    """

    def __init__(self) -> None:
        self.outages: set[Backend] = set()
        self._active: list[_Active] = []
        self._job_faults: list[tuple[JobFault, int]] = []
        self._lock = threading.Lock()

    def __bool__(self) -> bool:
        return bool(self._active)

    def add(self, fault: Fault) -> Fault:
        """Add a fault, after those already there, and return it for ``remove``."""
        with self._lock:
            self._active.append(_Active(fault))
        return fault

    def remove(self, fault: Fault) -> None:
        """Remove one fault; does nothing if it is used up."""
        with self._lock:
            self._active = [active for active in self._active if active.fault is not fault]

    def clear(self) -> None:
        """Remove every fault and end every outage."""
        with self._lock:
            self._active = []
            self._job_faults = []
            self.outages.clear()

    def outage(self, *backends: Backend) -> None:
        """Take backends down until ``clear``.

        Raises:
            ValueError: There is no such backend.
        """
        unknown = set(backends) - set(BACKENDS)
        if unknown:
            raise ValueError(
                f"There is no backend {', '.join(sorted(unknown))}; there are {', '.join(BACKENDS)}."
            )
        self.outages.update(backends)

    def fail_jobs(self, fault: JobFault) -> None:
        """Let jobs fail when they end, after those that are to fail already."""
        with self._lock:
            self._job_faults.append((fault, 0))

    def job_failure(self, sub_type: str) -> str | None:
        """Count a job that ends and return why it fails, or None."""
        with self._lock:
            for place, (fault, struck) in enumerate(self._job_faults):
                if fault.sub_type in (None, sub_type):
                    self._job_faults[place] = (fault, struck + 1)
                    if struck + 1 == fault.times:
                        del self._job_faults[place]
                    return fault.info
        return None

    def pending(self) -> list[Fault]:
        """The faults that are still active."""
        with self._lock:
            return [active.fault for active in self._active]

    def strike(self, service: str, method: str, path: str) -> Fault | None:
        """Count the request and return the fault that affects it, or None."""
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
        fault: The fault.
        request: The request that it affects.
        connection: The connection of the request.
        operate: Runs the operation and returns its real answer.

    Returns:
        The answer, or None if the connection was broken instead.
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
    """Return faults from JSON: one object, or a list of them."""
    return [Fault.from_json(entry) for entry in (data if isinstance(data, list) else [data])]
