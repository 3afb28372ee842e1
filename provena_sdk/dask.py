"""Hands credentials and access tokens to Dask workers, so that they need not sign in.

A worker usually finds its own way to sign in: a session, a profile, an offline token in its environment. Where it has
none, or where the realm lets an offline token be used only once, this process hands it what it needs:

- :func:`lease` credentials that read the named datasets, and nothing else;
- :func:`share_sign_in` access tokens, with which a worker does what you may do.

Both end by themselves within minutes or hours, and are renewed from here as long as they are open. They travel in a
worker plugin, over the connections of the cluster, and never in a task graph. The scheduler keeps the plugin in memory
to give it to workers that come later. Connections to other machines should therefore be encrypted
(``distributed.Security``), and whoever may run tasks on the cluster may use what is handed out.
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
    """Let the workers of a Dask cluster read datasets, whether they are signed in or not.

    Open files there, and here, with the lease's ``storage_options``. Workers that join later have the lease as well.

    Args:
        client: The cluster's client.
        datasets: The handles of the datasets, at least one.
        provena: Who asks for the credentials; None makes a client as ``Provena()`` does.

    Returns:
        The lease. Close it when the work is done, or use it in a ``with`` block.

    Raises:
        InvalidArgument: No dataset is named, one is not a handle, or the client is async.
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
    """Let the workers of a Dask cluster act as you, with access tokens that are handed to them.

    There ``Provena()`` and ``provena://`` work as they do here, without a way to sign in of their own; what was pickled
    here uses the tokens, too. Workers that join later have them as well. Only this process renews the session, so that
    an offline token which is good for one use serves a whole job.

    Args:
        client: The cluster's client.
        provena: Whose sign-in is shared; None makes a client as ``Provena()`` does.

    Returns:
        What is open. Close it when the work is done, or use it in a ``with`` block.

    Raises:
        InvalidArgument: The client is not a Dask client, or is async.
        SignInRequired: Nobody is signed in here.
        ProvenaError: Whatever else the sign-in server answered.

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
    """Something that is handed to the workers of a cluster and renewed until it is closed.

    Args:
        client: The cluster's client.
        provena: Who is signed in.
        owns: Whether closing this closes ``provena``.
    """

    _kind: ClassVar[str]
    # How long to wait when what was handed out has ended already.
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
        """Get the next credentials or token, keep them here, and return what brings them to a worker."""

    @abstractmethod
    def _drop(self) -> None:
        """Remove what this process holds."""

    @abstractmethod
    def _ends(self) -> float:
        """When what the workers hold expires, in Unix seconds; 0 when they hold nothing."""

    def renew(self) -> None:
        """Hand out fresh ones now.

        Raises:
            ClosedError: It is closed.
            ProvenaError: There are no more.
        """
        with self._lock:
            self._refuse_closed()
            plugin = self._exchange()
            former_names, self._renewed = self._names, self._renewed + 1
            name = f"provena-{self._kind}-{self._id}-{self._renewed}"
            # Noted before, since an error does not say that no worker has it.
            self._names = [*former_names, name]
            # Only then is the former one taken away, so that no worker is without any.
            self._client.register_plugin(plugin, name=name)
            self._take_back(former_names)

    def close(self) -> None:
        """Take back what was handed out. Files a worker has open may stay readable until their credentials expire."""
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
                # A worker that died meanwhile, or a cluster that is gone, holds nothing.
                with contextlib.suppress(Exception):
                    self._client.unregister_worker_plugin(name)  # type: ignore[no-untyped-call]  # Dask's
        self._names = [name for name in self._names if name not in names]

    def _open(self) -> None:
        """Hand out the first, and start renewing it."""
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
        """What is handed out, in words."""


class Lease(_Open):
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

    _kind: ClassVar[str] = "lease"
    # The clock of this machine may be wrong: the end is by that of the datastore.
    _late_seconds: ClassVar[float] = _RETRY_SECONDS

    def __init__(self, client: Client, provena: Provena, datasets: tuple[str, ...], *, owns: bool) -> None:
        super().__init__(client, provena, owns=owns)
        self.datasets = datasets
        self._grant = DatasetCredentialsProvider(provena._datasets.transport)
        self._held: tuple[LeasedDataset, ...] = ()

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
    """Access tokens on the workers of a cluster; :func:`share_sign_in` makes one.

    They are renewed in the background, when half of their life is over, until this or the Dask client is closed.
    Without that they end by themselves, within minutes.

    Args:
        client: The cluster's client.
        provena: Whose sign-in is shared.
        owns: Whether closing this closes ``provena``.
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
        # A token whose end is not known is handed out again when it may have been renewed.
        return self._held.expires_at or time.time() + 2 * _RETRY_SECONDS

    def _what(self) -> str:
        return self._provena.deployment.domain


class _TokenHandover(WorkerPlugin):
    """Brings an access token to a worker. Its pickle holds the token."""

    def __init__(self, handed: HandedToken) -> None:
        self._handed = handed

    def setup(self, worker: Worker) -> None:
        """Hold the token in the worker's process."""
        HANDED.put(self._handed)

    def teardown(self, worker: Worker) -> None:
        """Hold it no longer."""
        HANDED.remove(self._handed)

    def __repr__(self) -> str:
        return f"<SharedSignIn at {self._handed.issuer}>"

    def __reduce__(self) -> tuple[object, ...]:
        handed = self._handed
        return _token_handed_over, (handed.holder, handed.issuer, handed.token.reveal(), handed.expires_at)


def _token_handed_over(holder: str, issuer: str, token: str, expires_at: float | None) -> _TokenHandover:
    return _TokenHandover(HandedToken(holder, issuer, Secret(token, "access_token"), expires_at))


class _Handover(WorkerPlugin):
    """Brings leased datasets to a worker. Its pickle holds their credentials."""

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


def _warn_of_open_connections(client: Client, danger: str) -> None:
    address = urlsplit(str(client.scheduler_info(0)["address"]))
    if address.scheme in _ENCRYPTED or is_loopback_host(address.hostname or ""):
        return
    warnings.warn(
        f"The connections to this Dask cluster are not encrypted; whoever can listen to them can {danger}. "
        "Set the cluster up with distributed.Security.",
        stacklevel=3,
    )
