"""A complete Provena in one background thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from os import PathLike, fspath
from types import TracebackType
from typing import Any, Self

from provena_sdk.sandbox.addresses import Addresses
from provena_sdk.sandbox.control import Exchange, add_control
from provena_sdk.sandbox.data.clock import Clock
from provena_sdk.sandbox.data.faults import ASKED_TO_FAIL, Fault, Faults, JobFault, suffer
from provena_sdk.sandbox.data.items import ALL_ROLES
from provena_sdk.sandbox.data.registry import State
from provena_sdk.sandbox.data.storage import OwnStorage, Storage
from provena_sdk.sandbox.data.users import STANDARD_USERS, User
from provena_sdk.sandbox.demo import add_demo
from provena_sdk.sandbox.external.issuer import ExternalIssuer
from provena_sdk.sandbox.external.parts import ExternalStore, check_url
from provena_sdk.sandbox.external.storage import ExternalStorage
from provena_sdk.sandbox.http.loopback import wrong_origin
from provena_sdk.sandbox.http.routing import Router
from provena_sdk.sandbox.http.server import (
    Connection,
    Handler,
    Request,
    Response,
    json_response,
    serve,
)
from provena_sdk.sandbox.object_store import ObjectFaults, RequestRecord
from provena_sdk.sandbox.seed import Seed, add_dataset, metadata, plant, populate
from provena_sdk.sandbox.services.assembly import services
from provena_sdk.sandbox.serving.service import Deployment
from provena_sdk.sandbox.signin.realm import Lifetimes, SignIn
from provena_sdk.sandbox.signin.sessions import REUSES, Rotation
from provena_sdk.sandbox.work.workers import Work

HOST = "127.0.0.1"
SERVICES = ("signin", "datastore", "search", "s3", "registry", "auth", "job", "prov")
MAX_PORT = 65535
_START_SECONDS = 30.0


class Sandbox(Addresses):
    """Sign-in, six services and an object store on this machine, for the duration of a ``with`` block.

    Everything listens on 127.0.0.1 and is kept in memory. It runs in one thread with its own event loop, so it works
    alongside any loop of the caller.

    Args:
        users: The users who can sign in, by name; None means :data:`~provena_sdk.sandbox.data.users.STANDARD_USERS`.
        access_token_seconds: Lifetime of access tokens.
        refresh_token_seconds: Lifetime of refresh tokens; offline tokens do not expire.
        device_code_seconds: Lifetime of device codes.
        poll_interval: Least number of seconds between two polls of a device.
        credentials_seconds: Lifetime of temporary credentials for the object store.
        job_seconds: How long a job behind the services takes, by the sandbox's clock; None stops them all.
        rotation: How often a refresh or offline token can be used: ``off`` for any number of times, ``one-reuse``,
            ``no-reuse``. One use more ends its session.
        seed: The initial content: True for the organisations and persons that registering requires, False for
            nothing, or a :class:`~provena_sdk.sandbox.seed.Seed`.
        ports: Ports by service, one of :data:`SERVICES`; by default free ones.
        approve_as: Approve every device immediately as this user, without anyone pressing a button.
        issuer: URL of the realm whose access tokens the services accept; None means the sandbox's own. An account
            that is not among the users gets a person in the registry when it needs one.
        s3: The store for the files; None means the sandbox's own. The sandbox removes its files from it when it stops.
        ca_file: PEM file of certificates to trust for the issuer and the store, instead of the system's.

    Raises:
        ValueError: An argument is invalid; the message names it.

    Example:
        >>> import urllib.request
        >>> with Sandbox() as sandbox:
        ...     urllib.request.urlopen(sandbox.datastore_url).status
        200
    """

    domain = "localhost"
    realm = "provena"

    def __init__(
        self,
        *,
        users: Mapping[str, User] | None = None,
        access_token_seconds: float = 300,
        refresh_token_seconds: float = 1800,
        device_code_seconds: float = 600,
        poll_interval: float = 5,
        credentials_seconds: float = 28800,
        job_seconds: float | None = 0.2,
        rotation: Rotation = "no-reuse",
        seed: bool | Seed = True,
        ports: Mapping[str, int] | None = None,
        approve_as: str | None = None,
        issuer: str | None = None,
        s3: ExternalStore | None = None,
        ca_file: str | PathLike[str] | None = None,
    ) -> None:
        unknown = set(ports or ()) - set(SERVICES)
        if unknown:
            raise ValueError(
                f"ports: there is no service {', '.join(sorted(unknown))}; there are {', '.join(SERVICES)}."
            )
        self.users: dict[str, User] = dict(STANDARD_USERS if users is None else users)
        wrong = sorted(name for name, port in (ports or {}).items() if not 0 <= port <= MAX_PORT)
        if wrong:
            raise ValueError(f"ports must be between 0 and {MAX_PORT}; check {', '.join(wrong)}.")
        if approve_as is not None and approve_as not in self.users:
            raise ValueError(f"approve_as: there is no user {approve_as!r}.")
        if approve_as is not None and issuer is not None:
            raise ValueError("approve_as: the sandbox cannot approve devices at an external issuer.")
        if rotation not in REUSES:
            raise ValueError(f"rotation must be one of {', '.join(REUSES)}, not {rotation!r}.")
        self.clock = Clock()
        self.faults = Faults()
        self.requests: list[Exchange] = []
        self.ca_file = None if ca_file is None else fspath(ca_file)
        self.state = State(self.clock, self.users, knows_strangers=issuer is not None)
        self.storage: Storage = OwnStorage(credentials_seconds)
        if s3 is not None:
            self.storage = ExternalStorage(s3, credentials_seconds, self.ca_file)
        self.work = Work(self.state, self.storage, self.faults, job_seconds)
        lifetimes = Lifetimes(access_token_seconds, refresh_token_seconds, device_code_seconds, poll_interval)
        self._signin = SignIn(self.clock, self.users, lifetimes, realm=self.realm, rotation=rotation)
        self._signin.approve_as = approve_as
        self._issuer: ExternalIssuer | None = None
        if issuer is not None:
            check_url("issuer", issuer)
            self._issuer = ExternalIssuer(issuer, self.clock, self.ca_file)
            self.realm = self._issuer.url.rpartition("/")[2]
        self._is_whole = issuer is None and s3 is None
        self._seed = seed if isinstance(seed, Seed) else Seed(registered=seed)
        self._ports = dict(ports or {})
        super().__init__()
        self._started = False
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        if s3 is None:
            self._plant()

    def _plant(self) -> None:
        plant(self._seed, self.state, self.storage)
        if self._seed.demo:
            add_demo(self.state, self.storage, self.work)
        if self._seed.datasets:
            populate(self.state, self.storage, self._seed.datasets)

    def __repr__(self) -> str:
        return f"<Sandbox: {self.datastore_url if self._servers else 'not running'}>"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the servers, and return once they listen.

        Raises:
            OSError: A port is in use.
            RuntimeError: The sandbox has been started before.
        """
        if self._started:
            raise RuntimeError("A sandbox can be started only once; create another one.")
        self._started = True
        ready = threading.Event()
        failures: list[BaseException] = []
        self._thread = threading.Thread(
            target=self._run, args=(ready, failures), name="provena-sandbox", daemon=True
        )
        self._thread.start()
        ready.wait(_START_SECONDS)
        if failures:
            self._thread.join()
            self._thread = None
            self.storage.close()
            raise failures[0]

    def stop(self) -> None:
        """Stop the servers and discard the files; does nothing if they are not running."""
        if self._thread is None or self._loop is None or self._stopping is None:
            return
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(_START_SECONDS)
        self._thread = self._loop = self._stopping = None
        self._servers = {}
        self.storage.close()

    def _run(self, ready: threading.Event, failures: list[BaseException]) -> None:
        try:
            asyncio.run(self._serve(ready))
        except Exception as error:
            failures.append(error)
        finally:
            ready.set()

    async def _serve(self, ready: threading.Event) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        running: list[Callable[[], Awaitable[None]]] = []
        try:
            await self.storage.start(HOST, self._ports.get("s3", 0))
            running.append(self.storage.stop)
            if isinstance(self.storage, ExternalStorage):
                await asyncio.to_thread(self._plant)
            if self._issuer is not None:
                await asyncio.to_thread(self._issuer.load)
            tokens = self._issuer or self._signin.tokens
            deployment = Deployment(self.clock, self.state, tokens, self.storage, self.faults, self.work)
            signin = self._signin.router if self._issuer is None else Router()
            add_control(
                signin,
                faults=self.faults,
                signin=self._signin,
                clock=self.clock,
                requests=self.requests,
            )
            routers = {"signin": signin}
            routers |= {name: service.router for name, service in services(deployment).items()}
            for name, router in routers.items():
                handler = self._handler(name, router)
                server = await serve(handler, host=HOST, port=self._ports.get(name, 0), clock=self.clock.now)
                running.append(server.close)
                self._servers[name] = server
            self._signin.at(self._servers["signin"].url)
            ready.set()
            await self._stopping.wait()
        finally:
            for close in reversed(running):
                await close()

    def _handler(self, service: str, router: Router) -> Handler:
        requests, faults = self.requests, self.faults

        async def under_fault(fault: Fault, request: Request, connection: Connection) -> Response | None:
            response = await suffer(fault, request, connection, router)
            status = 0 if response is None else response.status
            requests.append(Exchange(service, request.method, request.path, status))
            return response

        async def elsewhere(request: Request) -> Response:
            # An external server may be slow, which must not block the others.
            response = await asyncio.to_thread(router, request)
            requests.append(Exchange(service, request.method, request.path, response.status))
            return response

        def handle(request: Request, connection: Connection) -> Response | Awaitable[Response | None]:
            # The services require tokens, which a page on another machine cannot get.
            reason = wrong_origin(request.headers) if service == "signin" else None
            if reason is not None:
                return json_response({"detail": reason}, 403)
            if request.path.startswith("/sandbox/"):
                return router(request)
            if faults:
                fault = faults.strike(service, request.method, request.path)
                if fault is not None:
                    return under_fault(fault, request, connection)
            if not self._is_whole and service != "signin":
                return elsewhere(request)
            response = router(request)
            requests.append(Exchange(service, request.method, request.path, response.status))
            return response

        return handle

    def _own_signin(self) -> SignIn:
        if self._issuer is not None:
            raise RuntimeError(f"Users sign in at {self._issuer.url}, which the sandbox does not control.")
        return self._signin

    def _user(self, name: str) -> User:
        try:
            return self.users[name]
        except KeyError:
            raise LookupError(f"There is no user {name!r}; there are {', '.join(self.users)}.") from None

    @property
    def issuer_url(self) -> str:
        """URL of the sign-in realm."""
        self._server("signin")
        return self._signin.tokens.issuer if self._issuer is None else self._issuer.url

    @property
    def s3_url(self) -> str:
        """Base URL of the object store."""
        self._server("signin")
        return self.storage.url

    @property
    def s3_faults(self) -> ObjectFaults:
        """The faults to inject into the object store."""
        return self.storage.faults

    @property
    def s3_requests(self) -> list[RequestRecord]:
        """The latest requests to the object store, in order; each is recorded just after its answer was sent."""
        return self.storage.requests()

    @property
    def crashes(self) -> list[str]:
        """Tracebacks of errors inside the servers; empty unless the sandbox has a bug."""
        return [crash for server in self._servers.values() for crash in server.crashes]

    def environment(self) -> dict[str, str]:
        """Return the environment variables that point the SDK to this sandbox."""
        environment = {
            "PROVENA_DOMAIN": self.domain,
            "PROVENA_REALM": self.realm,
            "PROVENA_DATASTORE_URL": self.datastore_url,
            "PROVENA_SEARCH_URL": self.search_url,
            "PROVENA_REGISTRY_URL": self.registry_url,
            "PROVENA_AUTH_URL": self.auth_url,
            "PROVENA_JOB_URL": self.job_url,
            "PROVENA_PROV_URL": self.prov_url,
            "PROVENA_ISSUER_URL": self.issuer_url,
            "PROVENA_S3_ENDPOINT": self.s3_url,
            "PROVENA_S3_REGION": self.storage.region,
        }
        return environment if self.ca_file is None else environment | {"PROVENA_CA_FILE": self.ca_file}

    def access_token(self, user: str = "writer", lifetime: float | None = None) -> str:
        """Return an access token, without signing in.

        Args:
            user: Name of the user.
            lifetime: Lifetime in seconds; None means the realm's default, a negative number gives an expired token.
        """
        signin = self._own_signin()
        seconds = signin.lifetimes.access_token if lifetime is None else lifetime
        return signin.access_token(self._user(user), seconds)

    def offline_token(self, user: str = "writer") -> str:
        """Return an offline token of the client ``automated-access``, without signing in."""
        return self._own_signin().offline_token(self._user(user))

    def signed_token(self, claims: Mapping[str, Any], lifetime: float | None = 300) -> str:
        """Return a token with only these claims, signed by the realm; without a lifetime it has no ``exp``."""
        return self._own_signin().tokens.sign(claims, lifetime=lifetime)

    def pending_user_codes(self) -> list[str]:
        """Return the codes of devices that wait for approval."""
        return self._own_signin().sessions.pending(self.clock.now())

    def approve(self, user_code: str, user: str = "writer") -> None:
        """Approve a waiting device for a user.

        Raises:
            LookupError: No device is waiting with this code, or there is no such user.
        """
        self._own_signin().approve(user_code, user)

    def deny(self, user_code: str) -> None:
        """Deny a waiting device.

        Raises:
            LookupError: No device is waiting with this code.
        """
        self._own_signin().deny(user_code)

    def end_sessions(self) -> None:
        """End every session, as an administrator of the realm can; their refresh tokens stop working."""
        self._own_signin().sessions.end_all()

    def expire_credentials(self) -> None:
        """Expire all temporary credentials for the object store now."""
        self.storage.expire_credentials()

    def fail_next_job(self, sub_type: str | None = None, *, info: str = ASKED_TO_FAIL) -> None:
        """Let the next job that ends fail.

        Args:
            sub_type: What the job does, such as ``REGISTER_CREATE_ACTIVITY``; None means any.
            info: The text that says why it failed.

        Raises:
            ValueError: There are no such jobs.
        """
        self.faults.fail_jobs(JobFault(sub_type=sub_type, info=info))

    def advance(self, seconds: float) -> None:
        """Move the sandbox's clock forward; tokens and codes age with it.

        Credentials for the object store do not, because clients sign with the real time; see
        :meth:`expire_credentials`.
        """
        self.clock.advance(seconds)

    def add_dataset(
        self,
        name: str = "Reef survey",
        *,
        owner: str = "writer",
        files: Mapping[str, bytes] | None = None,
        private: bool = False,
        **info: Any,
    ) -> str:
        """Register a dataset directly, without going through the services.

        Args:
            name: Its name.
            owner: User name of its owner.
            files: Content, by path within the dataset.
            private: Whether only the owner and administrators may see it.
            info: Other fields of ``dataset_info``.

        Returns:
            The dataset's id.

        Raises:
            LookupError: There is no such owner.
        """
        self._user(owner)
        with self.state.lock:
            item = add_dataset(
                self.state,
                self.storage,
                metadata(name, **info),
                owner=owner,
                files=files or {},
                work=self.work,
            )
            if private:
                item.general_roles = ()
            return item.id

    def populate(self, count: int, *, owner: str = "writer") -> list[str]:
        """Register a number of synthetic datasets.

        Returns:
            Their ids, the oldest first.
        """
        with self.state.lock:
            return [item.id for item in populate(self.state, self.storage, count, owner=owner)]

    def set_access(
        self,
        dataset_id: str,
        *,
        general: tuple[str, ...] | None = None,
        groups: Mapping[str, tuple[str, ...]] | None = None,
        locked: bool | None = None,
    ) -> None:
        """Change the permissions on a dataset; None leaves a setting as it is.

        Args:
            dataset_id: The dataset.
            general: Roles of every user, such as ``metadata-read``; ``()`` makes it private.
            groups: Roles of the members of each group.
            locked: Whether it is locked against changes.

        Raises:
            LookupError: There is no such dataset.
            ValueError: There is no such role.
        """
        unknown = {role for roles in (general or (), *(groups or {}).values()) for role in roles} - {
            *ALL_ROLES
        }
        if unknown:
            raise ValueError(
                f"There is no role {', '.join(sorted(unknown))}; there are {', '.join(ALL_ROLES)}."
            )
        with self.state.lock:
            item = self.state.items.get(dataset_id)
            if item is None:
                raise LookupError(f"There is no dataset {dataset_id!r}.")
            if general is not None:
                item.general_roles = general
            if groups is not None:
                item.group_roles = dict(groups)
            if locked is not None:
                item.locked = locked

    def reset(self) -> None:
        """Return the sandbox to its initial content; its URLs stay the same."""
        with self.state.lock:
            self.state.clear()
            self.work.clear()
            self.storage.clear()
            self._signin.sessions.end_all()
            self._signin.tokens.revoked.clear()
            self.faults.clear()
            self.clock.resume()
            self.requests.clear()
            self._plant()
