"""Send credentials and access tokens to Dask workers, so that they need not sign in.

A worker usually signs in with a session, a profile or an offline token in its environment. If it has none of these, or
if the realm accepts an offline token only once, this process can send it what it needs:

- :func:`lease` sends credentials that can only read the named datasets;
- :func:`share_sign_in` sends access tokens, with which a worker can do all that you may do.

Both expire within minutes or hours, and this process renews them until you close them. They travel in a worker plugin
over the cluster's connections, and never in a task graph. The scheduler keeps the plugin in memory for workers that
join later. Connections to other machines should therefore be encrypted (``distributed.Security``), and everybody who
can run tasks on the cluster can use the credentials or tokens.
"""

from __future__ import annotations

import contextlib
import logging
import secrets
import threading
import time
import warnings
from abc import ABC, abstractmethod
from datetime import datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final, NoReturn, Self
from urllib.parse import urlsplit

try:
    from distributed import Client, WorkerPlugin
except ImportError as error:
    raise ImportError("provena_sdk.dask needs Dask: install provena-sdk[dask].") from error

from provena_sdk.auth.shared_tokens import HANDED, HandedToken
from provena_sdk.client import Provena
from provena_sdk.datasets.credentials import Access
from provena_sdk.datasets.location import DatasetLocation, store_address
from provena_sdk.datasets.provider import DatasetCredentialsProvider
from provena_sdk.errors import ClosedError, InvalidArgument
from provena_sdk.filesystem.leases import LEASES, LeasedDataset
from provena_sdk.net.proxies import is_loopback_host
from provena_sdk.operations import handles
from provena_sdk.s3.credentials import Credentials
from provena_sdk.s3.models import StoreAddress
from provena_sdk.secret import Secret

if TYPE_CHECKING:
    from distributed import Worker

__all__ = ["Lease", "SharedSignIn", "lease", "share_sign_in"]

_log = logging.getLogger(__name__)

_SOONEST_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 30.0
_ENCRYPTED: Final = frozenset({"tls", "wss", "inproc"})
_ENDED: Final = frozenset({"closing", "closed"})


def lease(client: Client, *datasets: str, provena: Provena | None = None) -> Lease:
    """Let the workers of a Dask cluster read datasets, even if they are not signed in.

    Open files on the workers, and in this process, with the lease's ``storage_options``. Workers that join later also
    get the lease.

    Args:
        client: The cluster's client.
        datasets: The handles of the datasets, at least one.
        provena: The client that requests the credentials; None creates one with ``Provena()``.

    Returns:
        The lease. Close it when the work is done, or use it in a ``with`` block.

    Raises:
        InvalidArgument: No dataset is named, one is not a handle, or the client is async.
        SignInRequired: Nobody is signed in here.
        DatasetNotFound: A dataset does not exist.
        DatasetAccessDenied: You may not read a dataset's files.
        ProvenaError: The datastore granted no credentials for another reason.

    Example:
        >>> import fsspec
        >>> from distributed import Client
        >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
        ...     with lease(client, "10378.1/1900011", provena=provena) as leased:
        ...         fs = fsspec.filesystem("provena", **leased.storage_options)
        ...         client.submit(fs.exists, "10378.1/1900011/obs/2024.csv").result()
        True
    """
    _check(client, provena, "lease")
    if not datasets:
        raise InvalidArgument("datasets", "must hold at least one handle.")
    domain = None if provena is None else provena.deployment.domain
    datasets = tuple(handles.handle("datasets", dataset, domain=domain) for dataset in datasets)
    _warn_of_open_connections(client, "read the datasets of the lease until its credentials end")
    opened = Lease(client, provena or Provena(), datasets, owns=provena is None)
    opened._open()
    return opened


def share_sign_in(client: Client, provena: Provena | None = None) -> SharedSignIn:
    """Let the workers of a Dask cluster act as you, with access tokens from this process.

    On the workers, ``Provena()`` and ``provena://`` work as they do here, without another way to sign in; so do objects
    that were pickled here. Workers that join later also get the tokens. Only this process renews the session, so one
    offline token serves a whole job even if it can be used only once.

    Args:
        client: The cluster's client.
        provena: The client whose sign-in is shared; None creates one with ``Provena()``.

    Returns:
        The shared sign-in. Close it when the work is done, or use it in a ``with`` block.

    Raises:
        InvalidArgument: The client is not a Dask client, or is async.
        SignInRequired: Nobody is signed in here.
        ProvenaError: The sign-in server issued no token for another reason.

    Example:
        >>> from distributed import Client
        >>> def who() -> str:
        ...     with Provena(deployment) as worker:
        ...         return worker.datastore.check_access().username
        >>> with Client(processes=False, n_workers=1, dashboard_address=":0") as client:
        ...     with share_sign_in(client, provena):
        ...         client.submit(who).result()
        'writer'
    """
    _check(client, provena, "shared sign-in")
    _warn_of_open_connections(client, "act as you until the access token ends")
    opened = SharedSignIn(client, provena or Provena(), owns=provena is None)
    opened._open()
    return opened


def _check(client: object, provena: object, what: str) -> None:
    if not isinstance(client, Client):
        raise InvalidArgument("client", f"must be a Dask client, not {type(client).__name__}.")
    if client.asynchronous:
        raise InvalidArgument("client", f"must be a sync client to open a {what}.")
    if provena is not None and not isinstance(provena, Provena):
        raise InvalidArgument("provena", f"must be a Provena client, not {type(provena).__name__}.")


class _Open(ABC):
    """Credentials or tokens that workers of a cluster hold, renewed until they are closed.

    Args:
        client: The cluster's client.
        provena: The client that is signed in.
        owns: Whether closing this also closes ``provena``.
    """

    _kind: ClassVar[str]
    # Seconds to wait for the next renewal when the workers' credentials or tokens have already expired.
    _late_seconds: ClassVar[float]

    def __init__(self, client: Client, provena: Provena, *, owns: bool) -> None:
        self._client = client
        self._provena = provena
        self._owns = owns
        self._id = secrets.token_hex(4)
        self._lock = threading.RLock()
        self._closed = threading.Event()
        self._names: list[str] = []
        self._renewed = 0

    @abstractmethod
    def _exchange(self) -> WorkerPlugin:
        """Get the next credentials or token, keep them here, and return the plugin that sends them to a worker."""

    @abstractmethod
    def _drop(self) -> None:
        """Remove the credentials or token that this process holds."""

    @abstractmethod
    def _ends(self) -> float:
        """Return when the workers' credentials or token expire, in Unix seconds; 0 when they hold none."""

    def renew(self) -> None:
        """Send new credentials or tokens to the workers now.

        Raises:
            ClosedError: This lease or shared sign-in is closed.
            ProvenaError: No new ones were granted.
        """
        with self._lock:
            self._refuse_closed()
            plugin = self._exchange()
            former_names, self._renewed = self._names, self._renewed + 1
            name = f"provena-{self._kind}-{self._id}-{self._renewed}"
            # Record the name first: even after an error, some workers may have the plugin.
            self._names = [*former_names, name]
            # Remove the former plugin only afterwards, so that no worker is ever without one.
            self._client.register_plugin(plugin, name=name)
            self._take_back(former_names)

    def close(self) -> None:
        """Remove the credentials or tokens. Files open on a worker may stay readable until their credentials expire."""
        self._closed.set()
        with self._lock:
            self._drop()
            self._take_back(self._names)
            if self._owns:
                self._provena.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _refuse_closed(self) -> None:
        if self._closed.is_set():
            raise ClosedError(f"This {self._kind} is closed.", hint="Open another one.")

    def _take_back(self, names: list[str]) -> None:
        for name in list(names):
            if self._client.status not in _ENDED:
                # A worker that has died, or a cluster that is gone, holds nothing.
                with contextlib.suppress(Exception):
                    self._client.unregister_worker_plugin(name)  # type: ignore[no-untyped-call]  # Dask's
        self._names = [name for name in self._names if name not in names]

    def _open(self) -> None:
        """Send the first credentials or token, and start to renew them."""
        try:
            self.renew()
        except BaseException:
            self.close()
            raise
        threading.Thread(target=self._keep, name=f"provena-{self._kind}", daemon=True).start()

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
                    _log.warning(
                        "The %s of %s was not renewed (%s); trying again.", self._kind, self._what(), failed
                    )
            else:
                failed = None

    def _seconds(self, failed: bool) -> float:
        """Return how many seconds to wait before the next renewal."""
        with self._lock:
            half = (self._ends() - time.time()) / 2
        if half <= 0:
            return self._late_seconds
        return max(min(half, _RETRY_SECONDS) if failed else half, _SOONEST_SECONDS)

    def __repr__(self) -> str:
        state = "closed" if self._closed.is_set() else "open"
        return f"<{type(self).__name__} of {self._what()}, {state}>"

    @abstractmethod
    def _what(self) -> str:
        """Return what this gives access to, in words."""


class Lease(_Open):
    """Credentials to read datasets, on the workers of a cluster and in this process; created by :func:`lease`.

    They are renewed in the background, after half of their lifetime, until the lease or the Dask client is closed.
    Without renewal, they expire at ``expiry``.

    Args:
        client: The cluster's client.
        provena: The client that requests the credentials.
        datasets: The handles.
        owns: Whether closing the lease also closes ``provena``.

    Attributes:
        datasets: The handles.
    """

    _kind: ClassVar[str] = "lease"
    # This machine's clock may be wrong: the expiry is by the datastore's clock.
    _late_seconds: ClassVar[float] = _RETRY_SECONDS

    def __init__(self, client: Client, provena: Provena, datasets: tuple[str, ...], *, owns: bool) -> None:
        super().__init__(client, provena, owns=owns)
        self.datasets = datasets
        self._grant = DatasetCredentialsProvider(provena._datasets.transport)
        self._held: tuple[LeasedDataset, ...] = ()

    @property
    def expiry(self) -> datetime:
        """When the workers' current credentials expire.

        Raises:
            ClosedError: The lease is closed.
        """
        self._refuse_closed()
        return min(held.credentials.expiry for held in self._held)

    @property
    def storage_options(self) -> dict[str, Any]:
        """The storage options that open the datasets by this lease, here and on the workers; they hold no secret."""
        return {"lease": True, "deployment": self._provena.deployment.domain}

    def __reduce__(self) -> NoReturn:
        raise TypeError("A lease is not pickled; send its storage_options, which hold no secret.")

    def _exchange(self) -> WorkerPlugin:
        fresh = tuple(self._leased(dataset) for dataset in self.datasets)
        for held in fresh:
            LEASES.put(held)
        former, self._held = self._held, fresh
        for held in former:
            LEASES.remove(held)
        return _Handover(fresh)

    def _drop(self) -> None:
        for held in self._held:
            LEASES.remove(held)
        self._held = ()

    def _ends(self) -> float:
        return min((held.credentials.expiry.timestamp() for held in self._held), default=0.0)

    def _leased(self, dataset_id: str) -> LeasedDataset:
        location = self._provena._datasets.files(dataset_id).location
        where = self._provena.deployment
        address = store_address(
            where.s3_endpoint, where.s3_region, where.ca_file, allow_plain_http=where.allow_plain_http
        )
        keys = self._grant(dataset_id, Access.READ)
        return LeasedDataset(self._id, where.domain, location, address, keys)

    def _what(self) -> str:
        return ", ".join(self.datasets)


class SharedSignIn(_Open):
    """Access tokens on the workers of a cluster; created by :func:`share_sign_in`.

    They are renewed in the background, after half of their lifetime, until this object or the Dask client is closed.
    Without renewal, they expire within minutes.

    Args:
        client: The cluster's client.
        provena: The client whose sign-in is shared.
        owns: Whether closing this also closes ``provena``.
    """

    _kind: ClassVar[str] = "sign-in"
    _late_seconds: ClassVar[float] = 2 * _SOONEST_SECONDS

    def __init__(self, client: Client, provena: Provena, *, owns: bool) -> None:
        super().__init__(client, provena, owns=owns)
        self._held: HandedToken | None = None

    def __reduce__(self) -> NoReturn:
        raise TypeError("A shared sign-in is not pickled; the workers have it already.")

    def _exchange(self) -> WorkerPlugin:
        self._held = self._provena.tokens.hand_out(self._id)
        return _TokenHandover(self._held)

    def _drop(self) -> None:
        self._held = None

    def _ends(self) -> float:
        if self._held is None:
            return 0.0
        # A token with an unknown expiry is sent again at a fixed interval, since it may have been renewed.
        return self._held.expires_at or time.time() + 2 * _RETRY_SECONDS

    def _what(self) -> str:
        return self._provena.deployment.domain


class _TokenHandover(WorkerPlugin):
    """A plugin that sends an access token to a worker. Its pickle holds the token."""

    def __init__(self, handed: HandedToken) -> None:
        self._handed = handed

    def setup(self, worker: Worker) -> None:
        """Hold the token in the worker's process."""
        HANDED.put(self._handed)

    def teardown(self, worker: Worker) -> None:
        """Remove the token."""
        HANDED.remove(self._handed)

    def __repr__(self) -> str:
        return f"<SharedSignIn at {self._handed.issuer}>"

    def __reduce__(self) -> tuple[object, ...]:
        handed = self._handed
        return _token_handed_over, (handed.holder, handed.issuer, handed.token.reveal(), handed.expires_at)


def _token_handed_over(holder: str, issuer: str, token: str, expires_at: float | None) -> _TokenHandover:
    return _TokenHandover(HandedToken(holder, issuer, Secret(token, "access_token"), expires_at))


class _Handover(WorkerPlugin):
    """A plugin that sends leased datasets to a worker. Its pickle holds their credentials."""

    def __init__(self, datasets: tuple[LeasedDataset, ...]) -> None:
        self._datasets = datasets

    def setup(self, worker: Worker) -> None:
        """Hold the datasets in the worker's process."""
        for held in self._datasets:
            LEASES.put(held)

    def teardown(self, worker: Worker) -> None:
        """Remove the datasets."""
        for held in self._datasets:
            LEASES.remove(held)

    def __repr__(self) -> str:
        return f"<Lease of {', '.join(held.location.dataset_id for held in self._datasets)}>"

    def __reduce__(self) -> tuple[object, ...]:
        return _handed_over, tuple(_written(held) for held in self._datasets)


def _written(held: LeasedDataset) -> tuple[object, ...]:
    """Return a leased dataset as plain values, since credentials refuse to be pickled by accident."""
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


def _warn_of_open_connections(client: Client, danger: str) -> None:
    address = urlsplit(str(client.scheduler_info(0)["address"]))
    if address.scheme in _ENCRYPTED or is_loopback_host(address.hostname or ""):
        return
    warnings.warn(
        f"The connections to this Dask cluster are not encrypted; whoever can listen to them can {danger}. "
        "Set the cluster up with distributed.Security.",
        stacklevel=3,
    )
