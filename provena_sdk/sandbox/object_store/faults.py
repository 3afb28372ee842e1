"""Faults to inject into the object store."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase
from threading import Lock
from typing import Literal, get_args

from provena_sdk.sandbox.object_store.http.request import Request

ObjectFaultKind = Literal[
    "latency",
    "slow_down",
    "internal_error",
    "reset",
    "truncate",
    "stall",
    "corrupt",
    "expire_credentials",
    "replace",
    "error_in_200",
]

# Operations whose failure Amazon S3 may answer with 200.
_LATE_ERRORS = frozenset({"CompleteMultipartUpload", "CopyObject", "DeleteObjects", "UploadPartCopy"})


@dataclass(slots=True, kw_only=True)
class ObjectFault:
    """One fault and the requests it affects.

    Attributes:
        kind: The effect: ``latency`` waits before the answer, ``slow_down`` is a 503, ``internal_error`` a
            500, ``reset`` breaks the connection, ``truncate`` ends it within the body, ``stall`` pauses there,
            ``corrupt`` flips a byte there, ``expire_credentials`` expires all temporary credentials, ``replace``
            changes the object right after a request was answered from the old one, ``error_in_200`` is an error with
            status 200, for the operations where Amazon S3 does that: CompleteMultipartUpload, CopyObject,
            UploadPartCopy and DeleteObjects. The body is that of the answer; for PutObject and UploadPart, that of the
            request as it arrives, except that ``stall`` delays the answer.
        method: The HTTP method; None means all.
        operation: The S3 operation, such as ``UploadPart``; None means all.
        key: Shell pattern of the keys; None means every request.
        times: How many requests to affect; None means all.
        skip: How many matching requests to let through first.
        seconds: Duration of latency and stall.
        after_bytes: Position in the body, in bytes from its beginning.
        after_effect: For a reset and an error in 200: whether the request is carried out first.
        data: New content of a replaced object.
        hits: How many requests were affected so far.
    """

    kind: ObjectFaultKind
    method: str | None = None
    operation: str | None = None
    key: str | None = None
    times: int | None = 1
    skip: int = 0
    seconds: float = 0.0
    after_bytes: int = 0
    after_effect: bool = False
    data: bytes = b""
    hits: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(ObjectFaultKind):
            raise ValueError(f"kind must be one of {', '.join(get_args(ObjectFaultKind))}, not {self.kind!r}")

    def strikes(self, request: Request) -> bool:
        """Return whether the fault affects this request, and count it."""
        if (
            (self.method is not None and request.method != self.method)
            or (self.operation is not None and request.operation != self.operation)
            or (self.key is not None and not fnmatchcase(request.key, self.key))
            or (self.kind == "error_in_200" and request.operation not in _LATE_ERRORS)
        ):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.times is not None and self.hits >= self.times:
            return False
        self.hits += 1
        return True


class ObjectFaults:
    """The faults of one server; may be changed from any thread while it runs.

    Example:
        >>> faults = ObjectFaults()
        >>> fault = faults.add(ObjectFault(kind="truncate", key="*.nc", after_bytes=100))
        >>> fault.hits
        0
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._faults: list[ObjectFault] = []

    def __bool__(self) -> bool:
        return bool(self._faults)

    def add(self, fault: ObjectFault) -> ObjectFault:
        """Add a fault."""
        with self._lock:
            self._faults.append(fault)
        return fault

    def clear(self) -> None:
        """Remove every fault."""
        with self._lock:
            self._faults.clear()

    def strike(self, request: Request) -> list[ObjectFault]:
        """Return the faults that affect this request, in the order they were added, and count them."""
        with self._lock:
            return [fault for fault in self._faults if fault.strikes(request)]
