"""Credentials for the files of datasets: requested once, shared, and renewed before they expire.

The datastore grants them for one dataset and access, chooses how long they last, and states their expiry.
"""

from __future__ import annotations

import asyncio
import contextvars
import enum
import functools
import logging
import pickle
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Final, Protocol

from provena_sdk.concurrency.fork import HomeProcess
from provena_sdk.errors import DatasetAccessDenied, Forbidden, RoleMissing
from provena_sdk.s3.credentials import Credentials
from provena_sdk.transport import access_changes

_log = logging.getLogger(__name__)

_MARGIN_SECONDS: Final = 300.0
_MARGIN_SHARE: Final = 0.2
_RETRY_SECONDS: Final = 30.0
_NO_MORE: Final = (DatasetAccessDenied, Forbidden, RoleMissing)


class Access(enum.StrEnum):
    """The access that credentials grant."""

    READ = "read"
    WRITE = "write"


def renewal_margin(life: float) -> float:
    """Return how many seconds before they expire credentials are renewed.

    Args:
        life: The seconds from their grant to their expiry.

    Example:
        >>> renewal_margin(28800), renewal_margin(15)
        (300.0, 3.0)
    """
    return max(0.0, min(_MARGIN_SECONDS, life * _MARGIN_SHARE))


class CredentialsProvider(Protocol):
    """A callable that requests credentials from the datastore. It may block, and is called from any thread."""

    def __call__(self, dataset_id: str, access: Access) -> Credentials:
        """Return fresh credentials for one dataset.

        Args:
            dataset_id: The dataset's handle.
            access: The access that the credentials must grant.
        """
        ...


@dataclass(slots=True)
class _Entry:
    credentials: Credentials
    granted_at: float
    renew_at: float


class CredentialsSource:
    """The credentials of all datasets of one client.

    However many threads and tasks need them at once, one request is sent for each dataset and access. Credentials
    are renewed when a fifth of their lifetime, or five minutes if that is less, is left. If a renewal fails while
    the old credentials are still valid, they stay in use and the renewal is retried later, unless the datastore
    refused it. Credentials whose access a client of this process may have changed are requested again, see
    :mod:`provena_sdk.transport.access_changes`.

    A pickle holds the provider but no credentials. All copies unpickled in a process are one source: a thousand
    tasks each bring a copy, and the datastore gets one request.

    Args:
        provider: Requests credentials; see :class:`CredentialsProvider`.
        clock: Returns Unix seconds.
    """

    def __init__(self, provider: CredentialsProvider, *, clock: Callable[[], float] = time.time) -> None:
        self._provider = provider
        self._clock = clock
        self._entries: dict[tuple[str, Access], _Entry] = {}
        self._begin()
        access_changes.register(self)

    def _begin(self) -> None:
        self._process = HomeProcess()
        self._lock = threading.Lock()
        self._requests: dict[tuple[str, Access], Future[Credentials]] = {}

    def __repr__(self) -> str:
        return "<CredentialsSource>"

    def __reduce__(self) -> tuple[object, ...]:
        return _unpickled, (pickle.dumps((self._provider, self._clock)),)

    def get(self, dataset_id: str, access: Access) -> Credentials:
        """Return valid credentials, from the datastore if necessary.

        Args:
            dataset_id: The dataset's handle.
            access: The access that they must grant.

        Raises:
            ProvenaError: The datastore granted no credentials.
        """
        held = self._held(dataset_id, access)
        return held if held is not None else self._request(dataset_id, access).result()

    async def get_async(self, dataset_id: str, access: Access) -> Credentials:
        """Return what :meth:`get` returns, without blocking the running event loop."""
        held = self._held(dataset_id, access)
        if held is not None:
            return held
        return await asyncio.wrap_future(self._request(dataset_id, access))

    def begin(self, dataset_id: str, access: Access) -> None:
        """Start to request credentials that will be needed, unless they are held. A failure reaches whoever needs them.

        Args:
            dataset_id: The dataset's handle.
            access: The access that they must grant.
        """
        if self._held(dataset_id, access) is None:
            self._request(dataset_id, access)

    def was_granted(self, dataset_id: str, access: Access, within: float) -> bool:
        """Return whether valid credentials are held that were granted less than ``within`` seconds ago.

        Args:
            dataset_id: The dataset's handle.
            access: The access that they grant.
            within: The longest age, in seconds.
        """
        if self._held(dataset_id, access) is None:
            return False
        entry = self._entries.get((dataset_id, access))
        # An age below zero means that the clock was put back.
        return entry is not None and 0 <= self._clock() - entry.granted_at < within

    async def ask_anew(self, dataset_id: str, access: Access) -> None:
        """Request new credentials even if valid ones are held, to check that access is still granted.

        Credentials work for hours after access is withdrawn. Old ones could change a dataset that was submitted for
        review in between.

        Args:
            dataset_id: The dataset's handle.
            access: The access that they must grant.

        Raises:
            ProvenaError: The datastore granted no credentials.
        """
        self._held(dataset_id, access)
        await asyncio.wrap_future(self._request(dataset_id, access, force=True))

    def discard(self, dataset_id: str, access: Access, credentials: Credentials) -> None:
        """Forget credentials that the store refused, unless they have been replaced already."""
        key = (dataset_id, access)
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry.credentials is credentials:
                del self._entries[key]

    def forget(self, dataset_id: str) -> None:
        """Forget all credentials of a dataset, including those requested but not yet received.

        Args:
            dataset_id: The dataset's handle.
        """
        self._discard_after_fork()
        with self._lock:
            for access in Access:
                self._entries.pop((dataset_id, access), None)
                # Those who wait keep the answer to their request; later callers need a new one.
                self._requests.pop((dataset_id, access), None)

    def _held(self, dataset_id: str, access: Access) -> Credentials | None:
        self._discard_after_fork()
        entry = self._entries.get((dataset_id, access))
        return entry.credentials if entry is not None and self._clock() < entry.renew_at else None

    def _discard_after_fork(self) -> None:
        if not self._process.is_here:
            # A fork may have copied a held lock, or a request whose thread exists only in the parent.
            self._begin()

    def _request(self, dataset_id: str, access: Access, *, force: bool = False) -> Future[Credentials]:
        key = (dataset_id, access)
        with self._lock:
            entry = self._entries.get(key)
            request = self._requests.get(key)
            if request is not None:
                return request
            request = Future()
            # A running future cannot be cancelled, so a cancelled caller does not fail the others.
            request.set_running_or_notify_cancel()
            if entry is not None and self._clock() < entry.renew_at and not force:
                request.set_result(entry.credentials)
                return request
            self._requests[key] = request
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run, args=(self._run, key, request, force), name="provena-credentials", daemon=True
        ).start()
        return request

    def _run(self, key: tuple[str, Access], request: Future[Credentials], force: bool) -> None:
        requested_at = self._clock()
        try:
            fresh = self._provider(*key)
        except BaseException as error:
            old = self._postponed(key, request, error)
            if old is None or force:
                request.set_exception(error)
            else:
                request.set_result(old)
            return
        now = self._clock()
        life = fresh.expiry.timestamp() - now
        # Credentials that seem expired on arrival mean that this machine's clock is wrong. Use them until the store
        # refuses them.
        renew_at = now + life - renewal_margin(life) if life > 0 else float("inf")
        with self._lock:
            if self._finish(key, request):
                self._entries[key] = _Entry(fresh, requested_at, renew_at)
        request.set_result(fresh)

    def _finish(self, key: tuple[str, Access], request: Future[Credentials]) -> bool:
        """Remove a finished request; return False if its answer is obsolete, because :meth:`forget` was called."""
        if self._requests.get(key) is not request:
            return False
        del self._requests[key]
        return True

    def _postponed(
        self, key: tuple[str, Access], request: Future[Credentials], error: BaseException
    ) -> Credentials | None:
        """Remove a failed request; return the old credentials while they are still valid."""
        now = self._clock()
        with self._lock:
            if not self._finish(key, request):
                return None
            if isinstance(error, _NO_MORE):
                self._entries.pop(key, None)
            entry = self._entries.get(key)
            left = entry.credentials.expiry.timestamp() - now if entry is not None else 0.0
            if entry is None or left <= 0:
                return None
            entry.renew_at = now + min(_RETRY_SECONDS, left / 2)
        _log.debug("Renewing the %s credentials of %s failed (%s).", key[1], key[0], type(error).__name__)
        return entry.credentials


@functools.lru_cache(maxsize=32)
def _unpickled(state: bytes) -> CredentialsSource:
    provider, clock = pickle.loads(state)  # noqa: S301 reason= part of a pickle that is being loaded already
    return CredentialsSource(provider, clock=clock)


class DatasetCredentials:
    """The credentials of one dataset and access, for the requests of an S3 client.

    Args:
        source: The source of the credentials.
        dataset_id: The dataset's handle.
        access: The access that they must grant.
    """

    def __init__(self, source: CredentialsSource, dataset_id: str, access: Access) -> None:
        self._source = source
        self._dataset_id = dataset_id
        self.access = access

    async def current(self) -> Credentials:
        """Return the credentials for the next request."""
        return await self._source.get_async(self._dataset_id, self.access)

    def refused(self, credentials: Credentials) -> None:
        """Discard credentials that the store no longer accepts, so that new ones are requested."""
        self._source.discard(self._dataset_id, self.access, credentials)
