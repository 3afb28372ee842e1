"""Leases: credentials to read one dataset that were handed to this process, instead of a way to sign in.

What is handed over ends by itself. A process keeps it in memory only, in one place for all its file systems.
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
_OPEN_ONE: Final = "Open one where you are signed in: provena_sdk.dask.lease(client, {dataset_id!r})."


@dataclass(frozen=True, slots=True)
class LeasedDataset:
    """One dataset as a process needs it to read its files without signing in. Printing it shows no secret.

    Args:
        lease: The name of the lease; what renews it has the same one.
        domain: The deployment's domain.
        location: Where the dataset's files lie.
        address: How the store is reached.
        credentials: What reads them.
    """

    lease: str
    domain: str
    location: DatasetLocation
    address: StoreAddress
    credentials: Credentials


class Leases:
    """The leases that a process holds. Safe for threads.

    Args:
        clock: Tells the time as seconds since the epoch.
        patience: How many seconds to wait for the renewal of a lease that has ended.
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
        """Hold a dataset. What is held twice has to be removed twice: a process may be several workers.

        Args:
            leased: The dataset.
        """
        with self._changed:
            self._held.append(leased)
            self._changed.notify_all()

    def remove(self, leased: LeasedDataset) -> None:
        """Hold a dataset no longer.

        Args:
            leased: What was put; nothing happens when it is not there.
        """
        with self._changed:
            for index, held in enumerate(self._held):
                if held == leased:
                    del self._held[index]
                    break
            self._changed.notify_all()

    def holds(self, lease: str) -> bool:
        """Whether a lease is held still, or in part."""
        with self._changed:
            return any(held.lease == lease for held in self._held)

    def datasets(self, domain: str | None) -> list[str]:
        """Return the handles of the datasets that are held.

        Args:
            domain: The deployment they are of; None for any.
        """
        with self._changed:
            return sorted({held.location.dataset_id for held in self._of(domain)})

    def find(self, domain: str | None, dataset_id: str) -> LeasedDataset:
        """Return a dataset that is held, with the credentials that end last.

        Args:
            domain: The deployment it is of; None when there is but one.
            dataset_id: Its handle.

        Raises:
            LeaseMissing: This process holds no lease of it.
            InvalidArgument: It holds leases of such a dataset of several deployments, and none is named.
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
        """Return the credentials of a lease, waiting a while for its renewal if it has ended.

        Args:
            lease: The lease.
            dataset_id: One of its datasets.

        Raises:
            LeaseExpired: They have ended, and were not renewed in time.
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
"""Those of this process."""

# Another thread of the parent may have held the lock.
begin_in_child(LEASES._begin)


class _LeasedCredentials:
    """Gives out what one lease holds; see :class:`provena_sdk.s3.credentials.CredentialsProvider`."""

    def __init__(self, leases: Leases, lease: str) -> None:
        self._leases = leases
        self._lease = lease

    def __call__(self, dataset_id: str, access: Access) -> Credentials:
        return self._leases.credentials(self._lease, dataset_id)


class LeasedArchive:
    """The datasets that this process holds leases of: an ``Archive`` that asks nothing of the datastore.

    Args:
        domain: The deployment they are of; None when there is but one.
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
            access: What is going to be done with them.
            at_once: Makes no difference: the credentials are here.

        Raises:
            LeaseMissing: This process holds no lease of it.
            FileAccessDenied: They were to be written.
        """
        if access is Access.WRITE:
            raise FileAccessDenied(f"A lease of dataset {handle} only reads.")
        if not self._process.is_here:
            # What a fork copied belongs to the parent's event loop.
            self._begin()
        leased = self._leases.find(self._domain, handle)
        found = self._opened.get((leased.lease, handle))
        if found is None:
            found = _files_of(leased, self._leases)
            known = {key: files for key, files in self._opened.items() if self._leases.holds(key[0])}
            self._opened = {**known, (leased.lease, handle): found}
        return found

    async def entry(self, handle: str) -> Entry:
        """Return a dataset's entry, without its metadata, which only the datastore has.

        Raises:
            LeaseMissing: This process holds no lease of it.
        """
        return _entry(self._leases.find(self._domain, handle).location.dataset_id)

    async def entries(self, prefix: str = "", limit: int | None = None) -> list[Entry]:
        """List the datasets of which there are leases.

        Args:
            prefix: The first segment that their handles must have; empty for any.
            limit: How many are enough; None for all.
        """
        held = [
            one for one in self._leases.datasets(self._domain) if not prefix or one.startswith(f"{prefix}/")
        ]
        return [_entry(handle) for handle in held[:limit]]

    def sign(self, handle: str, path: str, seconds: int) -> str:
        """Refuse to sign: it is the datastore that signs URLs.

        Raises:
            FileAccessDenied: Always.
        """
        raise FileAccessDenied(
            f"A URL for {quoted(path)} of dataset {handle} needs a sign-in, and not a lease.",
            path=path,
            hint="Open the file system without 'lease'.",
        )


def _files_of(leased: LeasedDataset, leases: Leases) -> DatasetFiles:
    source = CredentialsSource(_LeasedCredentials(leases, leased.lease))
    return DatasetFiles(leased.location, source, leased.address)


def _entry(handle: str) -> Entry:
    return {"name": handle, "type": "directory", "size": 0}
