"""Credentials for the files of datasets: asked for once, shared, and renewed before they expire.

The datastore grants them per dataset and access, for a time of its own choosing, and names their expiry.
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
    """What a set of credentials allows."""

    READ = "read"
    WRITE = "write"


class CredentialsProvider(Protocol):
    """Asks the datastore for credentials. It may block, and is called from any thread."""

    def __call__(self, dataset_id: str, access: Access) -> Credentials:
        """Return fresh credentials for one dataset.

        Args:
            dataset_id: The dataset's handle.
            access: What the credentials shall allow.
        """
        ...


@dataclass(slots=True)
class _Entry:
    credentials: Credentials
    granted_at: float
    renew_at: float


class CredentialsSource:
    """Holds the credentials of all datasets of one client.

    However many threads and tasks ask at once, the datastore is asked once for each dataset and access. What is
    held is renewed when a fifth of its life, and at most five minutes, is left. Should the renewal fail while the
    old credentials are still good, they are handed out and the renewal is tried again later; unless the datastore
    answered that it grants them no more. What a client of this process may have changed is asked for anew, see
    :mod:`provena_sdk.transport.access_changes`.

    A pickle of the source holds the provider and none of the credentials. Unpickled however often in a process, it
    becomes one source there: each of a thousand tasks brings its copy, and the datastore is asked once for all.

    Args:
        provider: Asks the datastore; see :class:`CredentialsProvider`.
        clock: Tells the time as seconds since the epoch.
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
        self._flights: dict[tuple[str, Access], Future[Credentials]] = {}

    def __repr__(self) -> str:
        return "<CredentialsSource>"

    def __reduce__(self) -> tuple[object, ...]:
        return _unpickled, (pickle.dumps((self._provider, self._clock)),)

    def get(self, dataset_id: str, access: Access) -> Credentials:
        """Return credentials that are good now, asking the datastore if need be.

        Args:
            dataset_id: The dataset's handle.
            access: What they shall allow.

        Raises:
            ProvenaError: Whatever the datastore answered instead.
        """
        held = self._held(dataset_id, access)
        return held if held is not None else self._flight(dataset_id, access).result()

    async def get_async(self, dataset_id: str, access: Access) -> Credentials:
        """Return what :meth:`get` returns, without blocking the running event loop."""
        held = self._held(dataset_id, access)
        if held is not None:
            return held
        return await asyncio.wrap_future(self._flight(dataset_id, access))

    def begin(self, dataset_id: str, access: Access) -> None:
        """Begin to ask for credentials that will be needed, unless they are held; whoever needs them learns what fails.

        Args:
            dataset_id: The dataset's handle.
            access: What they shall allow.
        """
        if self._held(dataset_id, access) is None:
            self._flight(dataset_id, access)

    def was_granted(self, dataset_id: str, access: Access, within: float) -> bool:
        """Whether the datastore granted the credentials that are held not longer ago than so many seconds.

        Args:
            dataset_id: The dataset's handle.
            access: What they allow.
            within: How many seconds.
        """
        if self._held(dataset_id, access) is None:
            return False
        entry = self._entries.get((dataset_id, access))
        # A clock that was put back says nothing.
        return entry is not None and 0 <= self._clock() - entry.granted_at < within

    async def ask_anew(self, dataset_id: str, access: Access) -> None:
        """Have the datastore say whether it grants credentials now, and hold the new ones.

        What was granted before outlives a change of mind: credentials work for hours, and would change a dataset that
        has been given to a reviewer since.

        Args:
            dataset_id: The dataset's handle.
            access: What they shall allow.

        Raises:
            ProvenaError: Whatever the datastore answered instead.
        """
        self._held(dataset_id, access)
        await asyncio.wrap_future(self._flight(dataset_id, access, anew=True))

    def discard(self, dataset_id: str, access: Access, credentials: Credentials) -> None:
        """Forget credentials that the store refused, unless others have taken their place already."""
        key = (dataset_id, access)
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and entry.credentials is credentials:
                del self._entries[key]

    def forget(self, dataset_id: str) -> None:
        """Forget all credentials of a dataset, those on their way included.

        Args:
            dataset_id: The dataset's handle.
        """
        self._leave_to_parent()
        with self._lock:
            for access in Access:
                self._entries.pop((dataset_id, access), None)
                # Whoever waits for it asked before; whoever asks from now on needs an answer of its own.
                self._flights.pop((dataset_id, access), None)

    def _held(self, dataset_id: str, access: Access) -> Credentials | None:
        self._leave_to_parent()
        entry = self._entries.get((dataset_id, access))
        return entry.credentials if entry is not None and self._clock() < entry.renew_at else None

    def _leave_to_parent(self) -> None:
        if not self._process.is_here:
            # A fork may have copied a held lock, or a flight whose thread exists in the parent only.
            self._begin()

    def _flight(self, dataset_id: str, access: Access, *, anew: bool = False) -> Future[Credentials]:
        key = (dataset_id, access)
        with self._lock:
            entry = self._entries.get(key)
            flight = self._flights.get(key)
            if flight is not None:
                return flight
            flight = Future()
            # A running future cannot be cancelled, so that one waiter giving up does not fail the others.
            flight.set_running_or_notify_cancel()
            if entry is not None and self._clock() < entry.renew_at and not anew:
                flight.set_result(entry.credentials)
                return flight
            self._flights[key] = flight
        context = contextvars.copy_context()
        threading.Thread(
            target=context.run, args=(self._fly, key, flight, anew), name="provena-credentials", daemon=True
        ).start()
        return flight

    def _fly(self, key: tuple[str, Access], flight: Future[Credentials], anew: bool) -> None:
        begun = self._clock()
        try:
            fresh = self._provider(*key)
        except BaseException as error:
            old = self._postponed(key, flight, error)
            if old is None or anew:
                flight.set_exception(error)
            else:
                flight.set_result(old)
            return
        now = self._clock()
        life = fresh.expiry.timestamp() - now
        # Credentials that seem to have expired on arrival mean that this machine's clock is wrong. They are used
        # until the store refuses them.
        renew_at = now + life - min(_MARGIN_SECONDS, life * _MARGIN_SHARE) if life > 0 else float("inf")
        with self._lock:
            if self._ends(key, flight):
                self._entries[key] = _Entry(fresh, begun, renew_at)
        flight.set_result(fresh)

    def _ends(self, key: tuple[str, Access], flight: Future[Credentials]) -> bool:
        """End a flight; return whether its answer counts, because it was not forgotten meanwhile."""
        if self._flights.get(key) is not flight:
            return False
        del self._flights[key]
        return True

    def _postponed(
        self, key: tuple[str, Access], flight: Future[Credentials], error: BaseException
    ) -> Credentials | None:
        """End a failed flight; return the old credentials while they are still good."""
        now = self._clock()
        with self._lock:
            if not self._ends(key, flight):
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
    provider, clock = pickle.loads(state)  # noqa: S301 reason= it lay in a pickle that is being loaded already
    return CredentialsSource(provider, clock=clock)


class DatasetCredentials:
    """The credentials of one dataset and access, for the requests of an S3 client.

    Args:
        source: Where they come from.
        dataset_id: The dataset's handle.
        access: What they shall allow.
    """

    def __init__(self, source: CredentialsSource, dataset_id: str, access: Access) -> None:
        self._source = source
        self._dataset_id = dataset_id
        self.access = access

    async def current(self) -> Credentials:
        """Return the credentials for the next request."""
        return await self._source.get_async(self._dataset_id, self.access)

    def refused(self, credentials: Credentials) -> None:
        """Have credentials replaced that the store no longer accepts."""
        self._source.discard(self._dataset_id, self.access, credentials)
