"""The two clients: one for blocking code, one for awaiting code."""

from __future__ import annotations

import asyncio
from types import TracebackType
from typing import TYPE_CHECKING, Self

from provena_sdk.config import Deployment
from provena_sdk.errors import InvalidArgument
from provena_sdk.resources.async_datastore import AsyncDatastore
from provena_sdk.resources.async_io import AsyncIOSubModule
from provena_sdk.resources.async_search import AsyncSearch
from provena_sdk.resources.datastore import Datastore
from provena_sdk.resources.file_access import AsyncFileAccess, FileAccess
from provena_sdk.resources.io import IOSubModule
from provena_sdk.resources.search import Search
from provena_sdk.transport.http import READ_SECONDS, AsyncTransport, Options, Transport
from provena_sdk.transport.policy import RetryPolicy

if TYPE_CHECKING:
    from provena_sdk.auth import Account, Secret, TokenSource

MAX_RETRIES = 3


def _deployment(given: str | Deployment | None, realm: str) -> Deployment:
    if isinstance(given, Deployment):
        return given
    if given is None:
        return Deployment.from_env()
    if not isinstance(given, str):
        raise InvalidArgument(
            "deployment", f"a domain or a Deployment is needed, not {type(given).__name__}."
        )
    return Deployment(given, realm)


def _options(timeout: float, max_retries: int) -> Options:
    return Options(timeout, RetryPolicy(max_retries=max_retries))


def _token_source(
    deployment: Deployment, access_token: str | None, offline_token: str | None, interactive: bool | None
) -> TokenSource:
    from provena_sdk.auth import token_source

    return token_source(
        deployment, access_token=access_token, offline_token=offline_token, interactive=interactive
    )


class Provena:
    """A Provena deployment, for plain scripts and notebooks. Safe to share between threads.

    Nothing is sent before the first call. Who you are is found in this order: the arguments, the environment, the
    session of an earlier sign-in, and last a sign-in in the browser, which is offered only where somebody watches.

    Args:
        deployment: The domain, such as ``example.org``, or a :class:`Deployment`; None reads the environment.
        realm: The sign-in realm, when a domain is given.
        access_token: A token to use as it is; it is never renewed.
        offline_token: A token that gets new access tokens without a person, for pipelines.
        interactive: False never asks a person to sign in; True asks even where nobody seems to watch.
        tokens: Where tokens come from, instead of all the above.
        timeout: Seconds to wait for an answer; connecting takes at most 10 of them.
        max_retries: How often a request is repeated when that is safe.

    Attributes:
        deployment: The addresses.
        datastore: Datasets and their files.
        search: Full-text search.

    Raises:
        ConfigurationError: The deployment is not given, or an address is malformed.
        InvalidArgument: ``timeout`` or ``max_retries`` is out of range.

    Example:
        >>> with Provena(deployment, access_token=access_token) as provena:
        ...     provena.datastore.get_health_check().message
        'Health check successful.'
    """

    def __init__(
        self,
        deployment: str | Deployment | None = None,
        realm: str = "provena",
        *,
        access_token: str | None = None,
        offline_token: str | None = None,
        interactive: bool | None = None,
        tokens: TokenSource | None = None,
        timeout: float = READ_SECONDS,
        max_retries: int = MAX_RETRIES,
    ) -> None:
        self.deployment = _deployment(deployment, realm)
        options = _options(timeout, max_retries)
        self.tokens = tokens or _token_source(self.deployment, access_token, offline_token, interactive)
        self._wire(Transport(self.deployment, self.tokens, options))

    def _wire(self, transport: Transport, files: FileAccess | None = None) -> None:
        self._transport = transport
        self._files = FileAccess(transport) if files is None else files
        self.datastore = Datastore(transport, IOSubModule(self._files))
        self.search = Search(transport)

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        """Return a view of this client with other options; both use, and close, the same connections.

        Args:
            timeout: Seconds to wait for an answer.
            max_retries: How often a request is repeated when that is safe.

        Returns:
            The view.

        Raises:
            InvalidArgument: A value is out of range.

        Example:
            >>> provena.with_options(timeout=5, max_retries=0).datastore.get_health_check().message
            'Health check successful.'
        """
        options = self._transport.options.changed(timeout, max_retries)
        view = object.__new__(type(self))
        view.deployment = self.deployment
        view.tokens = self.tokens
        view._wire(self._transport.with_options(options), self._files)
        return view

    def sign_in(self) -> None:
        """Sign in now, rather than when the first call needs it; anew, if you are signed in already.

        Raises:
            SignInRequired: Nobody is there to sign in.
            SignInDenied: Refused; or somebody else is signed in under the same profile and is to stay so.
            SignInError: Signing in failed.

        Example:
            >>> provena.sign_in()
        """
        self.tokens.sign_in()

    def sign_out(self) -> None:
        """Forget the session on this machine and end it at the server, for every program that uses it.

        An access or offline token that you gave is forgotten, not ended: others may use it.

        Raises:
            ConnectionFailed: Forgotten here, but the server could not be told; the session ends there by itself.
            ServiceError: Likewise, because the server fails.

        Example:
            >>> provena.sign_out()
        """
        self.tokens.sign_out()

    def whoami(self) -> Account:
        """Say who is signed in, with which roles, how, and until when; signs in when that is needed.

        Returns:
            The account, which prints as a table.

        Raises:
            SessionEnded: The sign-in server no longer accepts the session.
            SignInRequired: Nobody is signed in, and nobody is there to ask.

        Example:
            >>> provena.whoami().username
            'writer'
        """
        return self.tokens.whoami(self.deployment)

    def create_offline_token(self) -> Secret:
        """Make the key with which a pipeline signs in without a person.

        You approve it on the sign-in page, for the client ``automated-access``; advice on keeping it is shown once.
        The token is not stored here, and your own session stays as it is.

        Returns:
            The token: ``reveal()`` gives it, and nothing else shows it.

        Raises:
            SignInRequired: Nobody is there to approve.
            SignInDenied: You said no, or your account may not have offline tokens.

        Example:
            >>> provena.create_offline_token()  # doctest: +SKIP
            Secret(offline_token)
        """
        return self.tokens.create_offline_token(self.deployment)

    def close(self) -> None:
        """Close the connections. Closing twice does no harm."""
        self._files.close()
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Provena {self.deployment.domain} realm={self.deployment.realm}>"


class AsyncProvena:
    """A Provena deployment, for code that awaits. It belongs to the event loop that first uses it.

    The arguments and attributes are those of :class:`Provena`. Signing in and asking for tokens happen on a thread,
    so that the loop is never blocked.

    Args:
        deployment: The domain, such as ``example.org``, or a :class:`Deployment`; None reads the environment.
        realm: The sign-in realm, when a domain is given.
        access_token: A token to use as it is; it is never renewed.
        offline_token: A token that gets new access tokens without a person, for pipelines.
        interactive: False never asks a person to sign in; True asks even where nobody seems to watch.
        tokens: Where tokens come from, instead of all the above.
        timeout: Seconds to wait for an answer; connecting takes at most 10 of them.
        max_retries: How often a request is repeated when that is safe.

    Attributes:
        deployment: The addresses.
        datastore: Datasets and their files.
        search: Full-text search.

    Raises:
        ConfigurationError: The deployment is not given, or an address is malformed.
        InvalidArgument: ``timeout`` or ``max_retries`` is out of range.

    Example:
        >>> async with AsyncProvena(deployment, access_token=access_token) as provena:
        ...     (await provena.datastore.get_health_check()).message
        'Health check successful.'
    """

    def __init__(
        self,
        deployment: str | Deployment | None = None,
        realm: str = "provena",
        *,
        access_token: str | None = None,
        offline_token: str | None = None,
        interactive: bool | None = None,
        tokens: TokenSource | None = None,
        timeout: float = READ_SECONDS,
        max_retries: int = MAX_RETRIES,
    ) -> None:
        self.deployment = _deployment(deployment, realm)
        options = _options(timeout, max_retries)
        self.tokens = tokens or _token_source(self.deployment, access_token, offline_token, interactive)
        # File work runs on fsspec's own thread, where this client's loop cannot be used: it gets its own connections.
        blocking = Transport(self.deployment, self.tokens, options)
        self._wire(AsyncTransport(self.deployment, self.tokens, options), AsyncFileAccess(blocking))

    def _wire(self, transport: AsyncTransport, files: AsyncFileAccess) -> None:
        self._transport = transport
        self._files = files
        self.datastore = AsyncDatastore(transport, AsyncIOSubModule(files))
        self.search = AsyncSearch(transport)

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        """Return a view of this client with other options; both use, and close, the same connections.

        Args:
            timeout: Seconds to wait for an answer.
            max_retries: How often a request is repeated when that is safe.

        Returns:
            The view.

        Raises:
            InvalidArgument: A value is out of range.
        """
        options = self._transport.options.changed(timeout, max_retries)
        view = object.__new__(type(self))
        view.deployment = self.deployment
        view.tokens = self.tokens
        view._wire(self._transport.with_options(options), self._files)
        return view

    async def sign_in(self) -> None:
        """Sign in now, rather than when the first call needs it; anew, if you are signed in already.

        Raises:
            SignInRequired: Nobody is there to sign in.
            SignInDenied: Refused; or somebody else is signed in under the same profile and is to stay so.
            SignInError: Signing in failed.

        Example:
            >>> await provena.sign_in()
        """
        await asyncio.to_thread(self.tokens.sign_in)

    async def sign_out(self) -> None:
        """Forget the session on this machine and end it at the server, for every program that uses it.

        An access or offline token that you gave is forgotten, not ended: others may use it.

        Raises:
            ConnectionFailed: Forgotten here, but the server could not be told; the session ends there by itself.
            ServiceError: Likewise, because the server fails.

        Example:
            >>> await provena.sign_out()
        """
        await asyncio.to_thread(self.tokens.sign_out)

    async def whoami(self) -> Account:
        """Say who is signed in, with which roles, how, and until when; signs in when that is needed.

        Returns:
            The account, which prints as a table.

        Raises:
            SessionEnded: The sign-in server no longer accepts the session.
            SignInRequired: Nobody is signed in, and nobody is there to ask.

        Example:
            >>> (await provena.whoami()).username
            'writer'
        """
        return await asyncio.to_thread(self.tokens.whoami, self.deployment)

    async def create_offline_token(self) -> Secret:
        """Make the key with which a pipeline signs in without a person.

        You approve it on the sign-in page, for the client ``automated-access``; advice on keeping it is shown once.
        The token is not stored here, and your own session stays as it is.

        Returns:
            The token: ``reveal()`` gives it, and nothing else shows it.

        Raises:
            SignInRequired: Nobody is there to approve.
            SignInDenied: You said no, or your account may not have offline tokens.

        Example:
            >>> await provena.create_offline_token()  # doctest: +SKIP
            Secret(offline_token)
        """
        return await asyncio.to_thread(self.tokens.create_offline_token, self.deployment)

    async def close(self) -> None:
        """Close the connections. Closing twice does no harm."""
        await self._files.close()
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncProvena {self.deployment.domain} realm={self.deployment.realm}>"
