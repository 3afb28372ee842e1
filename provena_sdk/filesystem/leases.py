"""Leases: read credentials for one dataset, sent to a process that is not signed in.

They expire. A process keeps them in memory only, shared by all its file systems.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from provena_sdk.concurrency.fork import HomeProcess, begin_in_child
from provena_sdk.datasets.credentials import Access, CredentialsSource
from provena_sdk.datasets.entries import Entry
from provena_sdk.datasets.files import DatasetFiles
from provena_sdk.datasets.location import DatasetLocation
from provena_sdk.display.text import quoted
from provena_sdk.errors import FileAccessDenied, InvalidArgument, LeaseExpired, LeaseMissing
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress

_PATIENCE_SECONDS: Final = 10.0
_OPEN_ONE: Final = "Open one in a process that is signed in: provena_sdk.dask.lease(client, {dataset_id!r})."


@dataclass(frozen=True, slots=True)
class LeasedDataset:
    """All that a process needs to read a dataset's files without signing in. Its repr shows no secret.

    Args:
        lease: The name of the lease; a renewal has the same name.
        domain: The deployment's domain.
        location: The location of the dataset's files.
        address: The store's endpoint.
        credentials: The read credentials.
    """

    lease: str
    domain: str
    location: DatasetLocation
    address: StoreAddress
    credentials: Credentials


class Leases:
    """The leases that a process holds. Thread-safe.

    Args:
        clock: Returns the time in seconds since the epoch.
        patience: Seconds to wait for the renewal of an expired lease.
    """

    def __init__(
        self, *, clock: Callable[[], float] = time.time, patience: float = _PATIENCE_SECONDS
    ) -> None:
        self._clock = clock
        self._patience = patience
        self._held: list[LeasedDataset] = []
        self._begin()

    def _begin(self) -> None:
        self._changed = threading.Condition()

    def put(self, leased: LeasedDataset) -> None:
        """Add a dataset. One added twice must be removed twice, as several workers may share a process.

        Args:
            leased: The dataset.
        """
        with self._changed:
            self._held.append(leased)
            self._changed.notify_all()

    def remove(self, leased: LeasedDataset) -> None:
        """Remove a dataset; do nothing if it is not held.

        Args:
            leased: The dataset, as it was added.
        """
        with self._changed:
            for index, held in enumerate(self._held):
                if held == leased:
                    del self._held[index]
                    break
            self._changed.notify_all()

    def holds(self, lease: str) -> bool:
        """Return whether any dataset of a lease is still held."""
        with self._changed:
            return any(held.lease == lease for held in self._held)

    def datasets(self, domain: str | None) -> list[str]:
        """Return the handles of the datasets held.

        Args:
            domain: Their deployment's domain; None for any.
        """
        with self._changed:
            return sorted({held.location.dataset_id for held in self._of(domain)})

    def find(self, domain: str | None, dataset_id: str) -> LeasedDataset:
        """Return a dataset with the credentials that expire last.

        Args:
            domain: Its deployment's domain; None if there is only one.
            dataset_id: Its handle.

        Raises:
            LeaseMissing: This process holds no lease of it.
            InvalidArgument: Several deployments have leases of this handle, and ``domain`` is None.
        """
        with self._changed:
            held = [one for one in self._of(domain) if one.location.dataset_id == dataset_id]
        if not held:
            raise LeaseMissing(
                f"This process holds no lease of dataset {dataset_id}.",
                hint=_OPEN_ONE.format(dataset_id=dataset_id),
            )
        domains = sorted({one.domain for one in held})
        if len(domains) > 1:
            raise InvalidArgument(
                "deployment",
                f"there are leases of {dataset_id} for {' and '.join(domains)}.",
                hint="Name one of them.",
            )
        return max(held, key=lambda one: one.credentials.expiry)

    def credentials(self, lease: str, dataset_id: str) -> Credentials:
        """Return the credentials of a lease; if it has expired, wait a while for its renewal.

        Args:
            lease: The lease.
            dataset_id: One of its datasets.

        Raises:
            LeaseExpired: They expired and were not renewed in time.
            LeaseMissing: The lease was closed.
        """
        deadline = time.monotonic() + self._patience
        with self._changed:
            while True:
                held = [
                    one.credentials
                    for one in self._held
                    if one.lease == lease and one.location.dataset_id == dataset_id
                ]
                if not held:
                    raise LeaseMissing(
                        f"The lease of dataset {dataset_id} was closed.",
                        hint=_OPEN_ONE.format(dataset_id=dataset_id),
                    )
                latest = max(held, key=lambda one: one.expiry)
                if self._clock() < latest.expiry.timestamp():
                    return latest
                left = deadline - time.monotonic()
                if left <= 0:
                    raise LeaseExpired(
                        f"The lease of dataset {dataset_id} ended at {latest.expiry:%Y-%m-%d %H:%M:%S} UTC"
                        " and was not renewed.",
                        hint="Keep it open, and the process that opened it alive, until the work is done; "
                        "the clocks of both machines must agree.",
                    )
                self._changed.wait(left)

    def _of(self, domain: str | None) -> list[LeasedDataset]:
        return [held for held in self._held if domain in (None, held.domain)]


LEASES: Final = Leases()
"""The leases of this process."""

# At the fork, another thread of the parent may have held the lock.
begin_in_child(LEASES._begin)


class _LeasedCredentials:
    """Returns the credentials of one lease; see :class:`provena_sdk.datasets.credentials.CredentialsProvider`."""

    def __init__(self, leases: Leases, lease: str) -> None:
        self._leases = leases
        self._lease = lease

    def __call__(self, dataset_id: str, access: Access) -> Credentials:
        return self._leases.credentials(self._lease, dataset_id)


class LeasedCatalogue:
    """The datasets that this process holds leases of: a ``Catalogue`` that does not use the datastore.

    Args:
        domain: Their deployment's domain; None if there is only one.
        leases: The leases.
    """

    def __init__(self, domain: str | None, leases: Leases = LEASES) -> None:
        self._domain = domain
        self._leases = leases
        self._begin()

    def _begin(self) -> None:
        self._opened: dict[tuple[str, str], DatasetFiles] = {}
        self._process = HomeProcess()

    async def files(self, handle: str, access: Access, *, at_once: bool = False) -> DatasetFiles:
        """Return a dataset's files.

        Args:
            handle: The dataset.
            access: Whether to read or to write them.
            at_once: Has no effect, because the credentials are here already.

        Raises:
            LeaseMissing: This process holds no lease of it.
            FileAccessDenied: ``access`` is ``write``.
        """
        if access is Access.WRITE:
            raise FileAccessDenied(f"A lease of dataset {handle} is read-only.")
        if not self._process.is_here:
            # After a fork, the copies belong to the parent's event loop.
            self._begin()
        leased = self._leases.find(self._domain, handle)
        found = self._opened.get((leased.lease, handle))
        if found is None:
            found = _files_of(leased, self._leases)
            known = {key: files for key, files in self._opened.items() if self._leases.holds(key[0])}
            self._opened = {**known, (leased.lease, handle): found}
        return found

    async def entry(self, handle: str) -> Entry:
        """Return a dataset's entry without its metadata, which only the datastore has.

        Raises:
            LeaseMissing: This process holds no lease of it.
        """
        return _entry(self._leases.find(self._domain, handle).location.dataset_id)

    async def entries(self, prefix: str = "", limit: int | None = None) -> list[Entry]:
        """List the datasets that this process holds leases of.

        Args:
            prefix: The first segment of their handles; empty for any.
            limit: The most to return; None for all.
        """
        held = [
            one for one in self._leases.datasets(self._domain) if not prefix or one.startswith(f"{prefix}/")
        ]
        return [_entry(handle) for handle in held[:limit]]

    def sign(self, handle: str, path: str, seconds: int) -> str:
        """Refuse to sign a URL: only the datastore can.

        Raises:
            FileAccessDenied: Always.
        """
        raise FileAccessDenied(
            f"A lease cannot sign a URL for {quoted(path)} of dataset {handle}; that needs a sign-in.",
            path=path,
            hint="Open the file system without 'lease'.",
        )


def _files_of(leased: LeasedDataset, leases: Leases) -> DatasetFiles:
    source = CredentialsSource(_LeasedCredentials(leases, leased.lease))
    return DatasetFiles(leased.location, source, leased.address)


def _entry(handle: str) -> Entry:
    return {"name": handle, "type": "directory", "size": 0}
