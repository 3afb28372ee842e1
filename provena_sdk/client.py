"""The two clients: `Provena` is sync, `AsyncProvena` is async."""

from __future__ import annotations

import asyncio
import copy
import os
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from types import TracebackType
from typing import Self

from provena_api.models import AssociationInfo

from provena_sdk.auth.account import Account
from provena_sdk.auth.choose import source_for
from provena_sdk.auth.source import TokenSource
from provena_sdk.concurrency.background import on_thread
from provena_sdk.config import Deployment, Explanation, Given, Settings, Variables, explain
from provena_sdk.connection import (
    Datasets,
    find_settings,
    find_settings_in,
    request_options,
    storage_options,
    transfer_limits,
)
from provena_sdk.operations.arguments import JsonSource
from provena_sdk.resources._async.datastore import AsyncDatastore
from provena_sdk.resources._async.files import AsyncIOSubModule
from provena_sdk.resources._async.groups import AsyncGroups
from provena_sdk.resources._async.organisations import AsyncOrganisations
from provena_sdk.resources._async.people import AsyncPeople
from provena_sdk.resources._async.provenance.jobs import AsyncJobs
from provena_sdk.resources._async.provenance.model_runs import AsyncModelRun
from provena_sdk.resources._async.registry import AsyncRegistry
from provena_sdk.resources._async.reviews import AsyncReviews
from provena_sdk.resources._async.roles import AsyncRoles
from provena_sdk.resources._async.search import AsyncSearch
from provena_sdk.resources.datastore import Datastore
from provena_sdk.resources.files import IOSubModule
from provena_sdk.resources.groups import Groups
from provena_sdk.resources.organisations import Organisations
from provena_sdk.resources.people import People
from provena_sdk.resources.provenance.jobs import Jobs
from provena_sdk.resources.provenance.model_runs import ModelRun
from provena_sdk.resources.registry import Registry
from provena_sdk.resources.reviews import Reviews
from provena_sdk.resources.roles import Roles
from provena_sdk.resources.search import Search
from provena_sdk.secret import Secret
from provena_sdk.transfer.options import Rate, TransferOptions
from provena_sdk.transport.http import AsyncTransport, Options, Transport
from provena_sdk.workflows.provenance.jobs import TIMEOUT_SECONDS


def _explained(settings: Settings, options: Options, own_tokens: bool) -> Explanation:
    in_force = {"timeout": options.timeout, "max_retries": options.retry.max_retries}
    changed = {name: value for name, value in in_force.items() if value != getattr(settings, name)}
    origins = {**settings.origins, **dict.fromkeys(changed, "with_options")}
    return explain(
        replace(
            settings,
            timeout=options.timeout,
            max_retries=options.retry.max_retries,
            origins=origins,
        ),
        own_tokens=own_tokens,
    )


class Client(ABC):
    """The settings, tokens and options that both clients have.

    A pickle holds no secret and no connection. The process that unpickles it signs in with the stored session or its
    environment, without asking a person.
    """

    deployment: Deployment
    tokens: TokenSource
    _options: Options
    _settings: Settings
    _own_tokens: bool
    _names: dict[str, str]

    def __init__(
        self,
        deployment: str | Deployment | None = None,
        realm: str | None = None,
        *,
        profile: str | None = None,
        access_token: str | Secret | None = None,
        offline_token: str | Secret | None = None,
        client_id: str | None = None,
        client_secret: str | Secret | None = None,
        interactive: bool | None = None,
        tokens: TokenSource | None = None,
        ca_file: str | os.PathLike[str] | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        limit_rate: Rate | None = None,
        max_connections: int | None = None,
    ) -> None:
        limits = TransferOptions(limit_rate=limit_rate, max_connections=max_connections)
        given = Given(
            deployment,
            realm,
            profile=profile,
            access_token=access_token,
            offline_token=offline_token,
            client_id=client_id,
            client_secret=client_secret,
            ca_file=ca_file,
            interactive=interactive,
            timeout=timeout,
            max_retries=max_retries,
            limit_rate=limits.limit_rate,
            max_connections=limits.max_connections,
        )
        # Tracebacks of errors raised below must not show them.
        del access_token, offline_token, client_secret
        self._begin(find_settings(given, stacklevel=2), tokens)

    @classmethod
    def from_env(cls, environment: Mapping[str, str] | None = None) -> Self:
        """Create a client from environment variables alone, for pipelines.

        From ``config.toml``, only the profile that PROVENA_PROFILE names is used.

        Args:
            environment: The variables; ``os.environ`` when None.

        Returns:
            The client.

        Raises:
            ConfigurationError: No deployment is named, or a variable is invalid.

        Example:
            >>> Provena.from_env({"PROVENA_DOMAIN": "example.org"})
            <Provena example.org realm=provena>
        """
        variables = Variables.of(os.environ if environment is None else environment)
        elsewhere = environment is not None
        # Tracebacks of errors raised below must not show its secrets.
        del environment
        client = object.__new__(cls)
        client._begin(find_settings_in(variables, elsewhere=elsewhere, stacklevel=2), None)
        return client

    def _begin(self, settings: Settings, tokens: TokenSource | None) -> None:
        self.deployment = settings.deployment
        self.tokens = source_for(settings) if tokens is None else tokens
        # Only the source of tokens holds the secret.
        credential = None if settings.credential is None else settings.credential.without_secret()
        self._settings = replace(settings, credential=credential)
        self._own_tokens = tokens is not None
        self._options = request_options(settings)
        self._names = {}
        self._connect()

    @abstractmethod
    def _connect(self) -> None:
        """Create the transport, the datasets and the resources."""

    @abstractmethod
    def _apply_options(self) -> None:
        """Apply this view's options to the transport and the resources."""

    def with_options(self, *, timeout: float | None = None, max_retries: int | None = None) -> Self:
        """Return a view of this client with other options. Both share connections; closing either closes them.

        Requests that file transfers send to the datastore keep the options of the first client.

        Args:
            timeout: Seconds for a service's whole answer.
            max_retries: How often a request is retried, if that is safe.

        Returns:
            The view.

        Raises:
            InvalidArgument: A value is out of range.

        Example:
            >>> provena.with_options(timeout=5, max_retries=0).datastore.get_health_check().message
            'Health check successful.'
        """
        view = copy.copy(self)
        view._options = self._options.changed(timeout, max_retries)
        view._apply_options()
        return view

    def explain(self) -> Explanation:
        """Return the settings in use and their origins, without sending anything.

        Returns:
            The settings, which print as a table. It shows of a secret only that it is set.

        Example:
            >>> provena.explain()["timeout"].value
            '60 s'
        """
        return _explained(self._settings, self._options, self._own_tokens)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.deployment.domain} realm={self.deployment.realm}>"


class Provena(Client):
    """The sync client of a Provena deployment, for scripts and notebooks. Safe to share between threads.

    Nothing is sent before the first call. Settings that are not arguments come from the environment, then from a
    profile of ``config.toml``; a profile given as an argument takes precedence over the environment. :meth:`explain`
    shows the origin of each. The client signs in with a token or secret found in the same order, then with the session
    of an earlier sign-in, and finally by asking you to sign in with a browser, if a person can be asked.

    Args:
        deployment: The domain, such as ``example.org``, or a :class:`Deployment`; None takes it from the profile or
            the environment.
        realm: The sign-in realm; default ``provena``.
        profile: The name of a profile in ``config.toml``. Each profile has a separate session.
        access_token: An access token to use; it is never renewed.
        offline_token: A token that obtains access tokens without a person, for pipelines.
        client_id: The client that signs in; default ``client-tools`` for a person, ``automated-access`` for an
            offline token.
        client_secret: The client's secret, to sign in as a service.
        interactive: False never asks a person to sign in; True asks even if nobody seems to be present.
        tokens: A source of tokens to use instead of all these ways to sign in.
        ca_file: File of the certificate authorities to trust, instead of the system's.
        timeout: Seconds for a service's whole answer, from connecting, which may take at most 10 seconds, to the last
            byte; 60 unless set elsewhere. Each retry has the same time. Transfers of files and the wait for a person
            who signs in are not limited.
        max_retries: How often a request is retried, if that is safe; 3 unless set elsewhere.
        limit_rate: The most bytes per second of each transfer of files that sets no limit of its own: a number, or
            text such as ``"5MB/s"``.
        max_connections: The most requests to the object store at once of each such transfer.

    Attributes:
        deployment: The deployment's URLs.
        datastore: Datasets and their files.
        search: Full-text search.
        reviews: Datasets that wait for your review, and reviewers.
        groups: Groups that datasets are shared with.
        roles: Your roles in the deployment, and requests for more.
        people: Persons, and the one that your account is linked to.
        organisations: Institutions, publishers and the like.
        registry: Items of every kind, and their names.
        jobs: What services do after they have answered.

    Raises:
        ConfigurationError: No deployment is named, or a setting is invalid; the message names it and its origin.
        InvalidArgument: An argument has the wrong type, or is out of range.

    Example:
        >>> with Provena(deployment, access_token=access_token) as provena:
        ...     provena.datastore.get_health_check().message
        'Health check successful.'
    """

    def _connect(self) -> None:
        self._transport = Transport(self.deployment, self.tokens, self._options)
        self._datasets = Datasets(self._transport, transfer_limits(self._settings))
        self._apply_options()

    def _apply_options(self) -> None:
        self._transport = self._transport.with_options(self._options)
        self.datastore = Datastore(
            self._transport, IOSubModule(self._datasets, storage_options(self._settings)), self._names
        )
        self.search = Search(self._transport)
        self.reviews = Reviews(self._transport)
        self.groups = Groups(self._transport)
        self.roles = Roles(self._transport)
        self.people = People(self._transport)
        self.organisations = Organisations(self._transport)
        self.registry = Registry(self._transport, self._names)
        self.jobs = Jobs(self._transport)

    def model_run(
        self,
        template: str,
        *,
        name: str,
        description: str,
        associations: AssociationInfo | JsonSource | None = None,
        annotations: Mapping[str, str] | None = None,
        model_version: str | None = None,
        study_id: str | None = None,
        timeout: float | None = TIMEOUT_SECONDS,
        progress: bool | None = None,
    ) -> ModelRun:
        """Return a context manager that registers a model run when its block ends without an error.

        Args:
            template: Handle of the model run workflow template, which is fetched when the block begins.
            name: The run's name.
            description: What was run.
            associations: Who ran the model, ``modeller_id``, and for whom, ``requesting_organisation_id``, each by
                handle or name; None for the person that your account is linked to.
            annotations: Annotations by key; the template may require some.
            model_version: The version of the model.
            study_id: Handle of the study that the run belongs to.
            timeout: Most seconds to wait for the registration; None for no limit.
            progress: As for ``provena.jobs.wait``.

        Returns:
            The run: ``run.input(...)`` and ``run.output(...)`` add datasets, and ``run.id`` is its handle afterwards.

        Raises:
            InvalidArgument: An argument is malformed. The template is checked when the block begins, everything else
                that it asks for when the block ends.

        Example:
            >>> with provena.model_run("10378.1/1800004", name="Heat", description="Heat stress, daily") as run:
            ...     run.input("10378.1/1900012", resources={"forcing": "sea/2024.nc"})
            ...     run.output("10378.1/1900011", resources={"result": "heat/2024.nc"})
            >>> run
            <ModelRun 'Heat': 1 in, 1 out, 10378.1/...>
        """
        return ModelRun(
            self._transport,
            template,
            name=name,
            description=description,
            associations=associations,
            annotations=annotations,
            model_version=model_version,
            study_id=study_id,
            timeout=timeout,
            progress=progress,
        )

    def sign_in(self) -> None:
        """Sign in now rather than at the first call; sign in again if you are already signed in.

        Raises:
            SignInRequired: No person can be asked here.
            SignInDenied: The sign-in was refused, or another user stays signed in under the same profile.
            SignInError: Signing in failed.

        Example:
            >>> provena.sign_in()
        """
        self.tokens.sign_in()

    def sign_out(self) -> None:
        """End the session on this machine and at the server, for every program that uses it.

        An access or offline token from an argument or the settings is not revoked: others may use it.

        Raises:
            ConnectionFailed: The session was removed here, but the server could not be reached; it expires there.
            ServiceError: The session was removed here, but the server failed; it expires there.

        Example:
            >>> provena.sign_out()
        """
        self.tokens.sign_out()

    def whoami(self) -> Account:
        """Return who is signed in, with which roles, how and until when; sign in if necessary.

        Returns:
            The account, which prints as a table.

        Raises:
            SessionEnded: The sign-in server no longer accepts the session.
            SignInRequired: Nobody is signed in, and no person can be asked here.

        Example:
            >>> provena.whoami().username
            'writer'
        """
        return self.tokens.whoami(self.deployment)

    def create_offline_token(self) -> Secret:
        """Create an offline token, with which a pipeline signs in without a person.

        You approve it on the sign-in page, for the client ``automated-access``; advice on storing it is shown once.
        The token is not stored here, and your session is not affected.

        Returns:
            The token. Only ``reveal()`` shows it.

        Raises:
            SignInRequired: No person can be asked here.
            SignInDenied: You refused, or your account may not have offline tokens.

        Example:
            >>> provena.create_offline_token()  # doctest: +SKIP
            Secret(offline_token)
        """
        return self.tokens.create_offline_token(self.deployment)

    def close(self) -> None:
        """Close the connections. Closing twice is allowed."""
        self._datasets.close()
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class AsyncProvena(Client):
    """The async client of a Provena deployment. It belongs to the event loop that first uses it.

    The arguments and attributes are those of :class:`Provena`. Signing in and renewing tokens happen on a thread, so
    the loop is never blocked.

    Args:
        deployment: The domain, such as ``example.org``, or a :class:`Deployment`; None takes it from the profile or
            the environment.
        realm: The sign-in realm; default ``provena``.
        profile: The name of a profile in ``config.toml``. Each profile has a separate session.
        access_token: An access token to use; it is never renewed.
        offline_token: A token that obtains access tokens without a person, for pipelines.
        client_id: The client that signs in; default ``client-tools`` for a person, ``automated-access`` for an
            offline token.
        client_secret: The client's secret, to sign in as a service.
        interactive: False never asks a person to sign in; True asks even if nobody seems to be present.
        tokens: A source of tokens to use instead of all these ways to sign in.
        ca_file: File of the certificate authorities to trust, instead of the system's.
        timeout: Seconds for a service's whole answer, from connecting, which may take at most 10 seconds, to the last
            byte; 60 unless set elsewhere. Each retry has the same time. Transfers of files and the wait for a person
            who signs in are not limited.
        max_retries: How often a request is retried, if that is safe; 3 unless set elsewhere.
        limit_rate: The most bytes per second of each transfer of files that sets no limit of its own: a number, or
            text such as ``"5MB/s"``.
        max_connections: The most requests to the object store at once of each such transfer.

    Attributes:
        deployment: The deployment's URLs.
        datastore: Datasets and their files.
        search: Full-text search.
        reviews: Datasets that wait for your review, and reviewers.
        groups: Groups that datasets are shared with.
        roles: Your roles in the deployment, and requests for more.
        people: Persons, and the one that your account is linked to.
        organisations: Institutions, publishers and the like.
        registry: Items of every kind, and their names.
        jobs: What services do after they have answered.

    Raises:
        ConfigurationError: No deployment is named, or a setting is invalid; the message names it and its origin.
        InvalidArgument: An argument has the wrong type, or is out of range.

    Example:
        >>> async with AsyncProvena(deployment, access_token=access_token) as provena:
        ...     (await provena.datastore.get_health_check()).message
        'Health check successful.'
    """

    def _connect(self) -> None:
        self._transport = AsyncTransport(self.deployment, self.tokens, self._options)
        # File operations run on fsspec's I/O thread, where this client's loop cannot be used.
        self._file_transport = Transport(self.deployment, self.tokens, self._options)
        self._datasets = Datasets(self._file_transport, transfer_limits(self._settings))
        self._apply_options()

    def _apply_options(self) -> None:
        self._transport = self._transport.with_options(self._options)
        self.datastore = AsyncDatastore(
            self._transport, AsyncIOSubModule(self._datasets, storage_options(self._settings)), self._names
        )
        self.search = AsyncSearch(self._transport)
        self.reviews = AsyncReviews(self._transport)
        self.groups = AsyncGroups(self._transport)
        self.roles = AsyncRoles(self._transport)
        self.people = AsyncPeople(self._transport)
        self.organisations = AsyncOrganisations(self._transport)
        self.registry = AsyncRegistry(self._transport, self._names)
        self.jobs = AsyncJobs(self._transport)

    def model_run(
        self,
        template: str,
        *,
        name: str,
        description: str,
        associations: AssociationInfo | JsonSource | None = None,
        annotations: Mapping[str, str] | None = None,
        model_version: str | None = None,
        study_id: str | None = None,
        timeout: float | None = TIMEOUT_SECONDS,
        progress: bool | None = None,
    ) -> AsyncModelRun:
        """Return a context manager that registers a model run when its block ends without an error.

        Args:
            template: Handle of the model run workflow template, which is fetched when the block begins.
            name: The run's name.
            description: What was run.
            associations: Who ran the model, ``modeller_id``, and for whom, ``requesting_organisation_id``, each by
                handle or name; None for the person that your account is linked to.
            annotations: Annotations by key; the template may require some.
            model_version: The version of the model.
            study_id: Handle of the study that the run belongs to.
            timeout: Most seconds to wait for the registration; None for no limit.
            progress: As for ``provena.jobs.wait``.

        Returns:
            The run: ``run.input(...)`` and ``run.output(...)`` add datasets, and ``run.id`` is its handle afterwards.

        Raises:
            InvalidArgument: An argument is malformed. The template is checked when the block begins, everything else
                that it asks for when the block ends.

        Example:
            >>> async with provena.model_run("10378.1/1800004", name="Heat", description="Heat stress, daily") as run:
            ...     run.input("10378.1/1900012", resources={"forcing": "sea/2024.nc"})
            ...     run.output("10378.1/1900011", resources={"result": "heat/2024.nc"})
            >>> run
            <AsyncModelRun 'Heat': 1 in, 1 out, 10378.1/...>
        """
        return AsyncModelRun(
            self._transport,
            template,
            name=name,
            description=description,
            associations=associations,
            annotations=annotations,
            model_version=model_version,
            study_id=study_id,
            timeout=timeout,
            progress=progress,
        )

    async def sign_in(self) -> None:
        """Sign in now rather than at the first call; sign in again if you are already signed in.

        Raises:
            SignInRequired: No person can be asked here.
            SignInDenied: The sign-in was refused, or another user stays signed in under the same profile.
            SignInError: Signing in failed.

        Example:
            >>> await provena.sign_in()
        """
        await on_thread(self.tokens.sign_in)

    async def sign_out(self) -> None:
        """End the session on this machine and at the server, for every program that uses it.

        An access or offline token from an argument or the settings is not revoked: others may use it.

        Raises:
            ConnectionFailed: The session was removed here, but the server could not be reached; it expires there.
            ServiceError: The session was removed here, but the server failed; it expires there.

        Example:
            >>> await provena.sign_out()
        """
        await on_thread(self.tokens.sign_out)

    async def whoami(self) -> Account:
        """Return who is signed in, with which roles, how and until when; sign in if necessary.

        Returns:
            The account, which prints as a table.

        Raises:
            SessionEnded: The sign-in server no longer accepts the session.
            SignInRequired: Nobody is signed in, and no person can be asked here.

        Example:
            >>> (await provena.whoami()).username
            'writer'
        """
        return await on_thread(self.tokens.whoami, self.deployment)

    async def create_offline_token(self) -> Secret:
        """Create an offline token, with which a pipeline signs in without a person.

        You approve it on the sign-in page, for the client ``automated-access``; advice on storing it is shown once.
        The token is not stored here, and your session is not affected.

        Returns:
            The token. Only ``reveal()`` shows it.

        Raises:
            SignInRequired: No person can be asked here.
            SignInDenied: You refused, or your account may not have offline tokens.

        Example:
            >>> await provena.create_offline_token()  # doctest: +SKIP
            Secret(offline_token)
        """
        return await on_thread(self.tokens.create_offline_token, self.deployment)

    async def close(self) -> None:
        """Close the connections. Closing twice is allowed."""
        await asyncio.to_thread(self._datasets.close)
        self._file_transport.close()
        await self._transport.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
