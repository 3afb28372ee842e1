"""Leases for Dask: workers that are not signed in read a dataset with credentials that are handed to them.

A worker usually finds its own way to sign in: a session, a profile, an offline token in its environment. Where it has
none, :func:`lease` hands it credentials that read the named datasets, and nothing else, and that end by themselves.
They are renewed from here while the lease is open, so that no worker ever holds a token.

The credentials travel in a worker plugin, over the connections of the cluster, and never in a task graph. The scheduler
keeps the plugin in memory to give it to workers that come later. Connections to other machines should therefore be
encrypted (``distributed.Security``), and whoever may run tasks on the cluster may use the lease.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
import warnings
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self
from urllib.parse import urlsplit

try:
    from distributed import Client, WorkerPlugin
except ImportError as error:
    raise ImportError("provena_sdk.dask needs Dask: install provena-sdk[dask].") from error

from provena_sdk.client import Provena
from provena_sdk.config.addresses import is_loopback_host
from provena_sdk.errors import ClosedError, InvalidArgument
from provena_sdk.files import Access, Credentials
from provena_sdk.files.location import DatasetLocation, StoreAddress
from provena_sdk.filesystem.leases import LEASES, LeasedDataset
from provena_sdk.operations import handles
from provena_sdk.resources.credentials_provider import DatasetCredentialsProvider

if TYPE_CHECKING:
    from distributed import Worker

__all__ = ["Lease", "lease"]

_log = logging.getLogger(__name__)

_SOONEST_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 30.0
_ENCRYPTED: Final = frozenset({"tls", "wss", "inproc"})
_ENDED: Final = frozenset({"closing", "closed"})


def lease(client: Client, *datasets: str, provena: Provena | None = None) -> Lease:
    """Let the workers of a Dask cluster read datasets, whether they are signed in or not.

    Open files there, and here, with the lease's ``storage_options``. Workers that join later have the lease as well.

    Args:
        client: The cluster's client.
        datasets: The handles of the datasets, at least one.
        provena: Who asks for the credentials; None makes a client as ``Provena()`` does.

    Returns:
        The lease. Close it when the work is done, or use it in a ``with`` block.

    Raises:
        InvalidArgument: No dataset is named, one is not a handle, or the client is one for code that awaits.
        SignInRequired: Nobody is signed in here.
        DatasetNotFound: There is no such dataset.
        DatasetAccessDenied: You may not read its files.
        ProvenaError: Whatever else the datastore answered.

    Example:
        >>> import fsspec
        >>> from distributed import Client
        >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
        ...     with lease(client, "10378.1/1900011", provena=provena) as leased:
        ...         fs = fsspec.filesystem("provena", **leased.storage_options)
        ...         client.submit(fs.exists, "10378.1/1900011/obs/2024.csv").result()
        True
    """
    if not isinstance(client, Client):
        raise InvalidArgument("client", f"a Dask client is needed, not {type(client).__name__}.")
    if client.asynchronous:
        raise InvalidArgument(
            "client", "a client for code that awaits opens no lease.", hint="Open it by a blocking client."
        )
    if provena is not None and not isinstance(provena, Provena):
        raise InvalidArgument("provena", f"a Provena client is needed, not {type(provena).__name__}.")
    if not datasets:
        raise InvalidArgument("datasets", "at least one handle is needed.")
    domain = None if provena is None else provena.deployment.domain
    datasets = tuple(handles.handle("datasets", dataset, domain=domain) for dataset in datasets)
    _warn_of_open_connections(client)
    opened = Lease(client, provena or Provena(), datasets, owns=provena is None)
    try:
        opened.renew()
    except BaseException:
        opened.close()
        raise
    opened._begin()
    return opened


class Lease:
    """Credentials to read datasets, on the workers of a cluster and in this process; :func:`lease` makes one.

    They are renewed in the background, when half of their life is over, until the lease or the Dask client is closed.
    Without that they end by themselves, at ``expiry``.

    Args:
        client: The cluster's client.
        provena: Who asks for the credentials.
        datasets: The handles.
        owns: Whether closing the lease closes ``provena``.

    Attributes:
        datasets: The handles.
    """

    def __init__(self, client: Client, provena: Provena, datasets: tuple[str, ...], *, owns: bool) -> None:
        self.datasets = datasets
        self._client = client
        self._provena = provena
        self._owns = owns
        self._grant = DatasetCredentialsProvider(provena._files.datasets.transport)
        self._id = secrets.token_hex(4)
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._names: list[str] = []
        self._held: tuple[LeasedDataset, ...] = ()
        self._renewed = 0

    @property
    def expiry(self) -> datetime:
        """When the credentials end that the workers hold now.

        Raises:
            ClosedError: The lease is closed.
        """
        self._refuse_closed()
        return min(held.credentials.expiry for held in self._held)

    @property
    def storage_options(self) -> dict[str, Any]:
        """What opens the datasets by this lease, here and on the workers; it holds no secret."""
        return {"lease": True, "deployment": self._provena.deployment.domain}

    def renew(self) -> None:
        """Hand out fresh credentials now.

        Raises:
            ClosedError: The lease is closed.
            ProvenaError: The datastore grants no more.
        """
        with self._lock:
            self._refuse_closed()
            fresh = tuple(self._leased(dataset) for dataset in self.datasets)
            for held in fresh:
                LEASES.put(held)
            former, self._held = self._held, fresh
            for held in former:
                LEASES.remove(held)
            former_names, self._renewed = self._names, self._renewed + 1
            name = f"provena-lease-{self._id}-{self._renewed}"
            # Noted before, since an error does not say that no worker has it.
            self._names = [*former_names, name]
            # Only then is the former one taken away, so that no worker is without any.
            self._client.register_plugin(_Handover(fresh), name=name)
            self._take_back(former_names)

    def close(self) -> None:
        """Take the credentials back. What a worker has opened may still be read until they end by themselves."""
        self._closed.set()
        with self._lock:
            for held in self._held:
                LEASES.remove(held)
            self._held = ()
            self._take_back(self._names)
            if self._owns:
                self._provena.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "closed" if self._closed.is_set() else "open"
        return f"<Lease of {', '.join(self.datasets)}, {state}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A lease is not pickled; send its storage_options, which hold no secret.")

    def _refuse_closed(self) -> None:
        if self._closed.is_set():
            raise ClosedError("This lease is closed.", hint="Open another one.")

    def _leased(self, dataset_id: str) -> LeasedDataset:
        location = self._provena._files.datasets.files(dataset_id).location
        where = self._provena.deployment
        address = StoreAddress(where.s3_endpoint, where.s3_region, where.ca_file)
        keys = self._grant(dataset_id, Access.READ)
        return LeasedDataset(self._id, where.domain, location, address, keys)

    def _take_back(self, names: list[str]) -> None:
        for name in list(names):
            if self._client.status not in _ENDED:
                # A worker that died meanwhile, or a cluster that is gone, holds nothing.
                with contextlib.suppress(Exception):
                    self._client.unregister_worker_plugin(name)  # type: ignore[no-untyped-call]  # Dask's
        self._names = [name for name in self._names if name not in names]

    def _begin(self) -> None:
        threading.Thread(target=self._keep, name="provena-lease", daemon=True).start()

    def _keep(self) -> None:
        failed: str | None = None
        while not self._closed.wait(self._seconds(failed is not None)):
            if self._client.status in _ENDED:
                self.close()
                return
            try:
                self.renew()
            except ClosedError:
                return
            except Exception as error:
                if failed != type(error).__name__:
                    failed = type(error).__name__
                    _log.warning("The lease of %s was not renewed (%s); trying again.", self.datasets, failed)
            else:
                failed = None

    def _seconds(self, failed: bool) -> float:
        """Say how long to wait before the next renewal."""
        with self._lock:
            ends = min((held.credentials.expiry.timestamp() for held in self._held), default=0.0)
        half = (ends - time.time()) / 2
        if half <= 0:
            # They have ended, or the clock of this machine is wrong.
            return _RETRY_SECONDS
        return max(min(half, _RETRY_SECONDS) if failed else half, _SOONEST_SECONDS)


class _Handover(WorkerPlugin):
    """Brings leased datasets to a worker. This is the one thing of ours whose pickle holds credentials."""

    def __init__(self, datasets: tuple[LeasedDataset, ...]) -> None:
        self._datasets = datasets

    def setup(self, worker: Worker) -> None:
        """Hold the datasets in the worker's process."""
        for held in self._datasets:
            LEASES.put(held)

    def teardown(self, worker: Worker) -> None:
        """Hold them no longer."""
        for held in self._datasets:
            LEASES.remove(held)

    def __repr__(self) -> str:
        return f"<Lease of {', '.join(held.location.dataset_id for held in self._datasets)}>"

    def __reduce__(self) -> tuple[object, ...]:
        return _handed_over, tuple(_written(held) for held in self._datasets)


def _written(held: LeasedDataset) -> tuple[object, ...]:
    """Write a leased dataset as plain values, since credentials refuse to be pickled by accident."""
    keys = held.credentials
    token = keys.session_token
    return (
        held.lease,
        held.domain,
        held.location,
        held.address,
        (
            keys.access_key_id.reveal(),
            keys.secret_access_key.reveal(),
            "" if token is None else token.reveal(),
            keys.expiry,
        ),
    )


def _handed_over(*written: tuple[str, str, DatasetLocation, StoreAddress, tuple[Any, ...]]) -> _Handover:
    return _Handover(
        tuple(
            LeasedDataset(lease, domain, location, address, Credentials(*keys))
            for lease, domain, location, address, keys in written
        )
    )


def _warn_of_open_connections(client: Client) -> None:
    address = urlsplit(str(client.scheduler_info(0)["address"]))
    if address.scheme in _ENCRYPTED or is_loopback_host(address.hostname or ""):
        return
    warnings.warn(
        "The connections to this Dask cluster are not encrypted; whoever can listen to them can read the datasets "
        "of the lease until its credentials end. Set the cluster up with distributed.Security.",
        stacklevel=3,
    )
