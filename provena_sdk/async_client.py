"""The async client."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from provena_api.models import AssociationInfo

from provena_sdk import cache, lockfile
from provena_sdk.auth.account import Account
from provena_sdk.client_settings import Client
from provena_sdk.concurrency.background import on_thread
from provena_sdk.concurrency.io_thread import on_io_thread
from provena_sdk.connection import Datasets, storage_options, transfer_limits
from provena_sdk.diagnosis.report import TIMEOUT_SECONDS as DIAGNOSIS_SECONDS
from provena_sdk.diagnosis.report import Diagnosis
from provena_sdk.operations.arguments import JsonSource
from provena_sdk.operations.raw import ServiceAnswer
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
from provena_sdk.secret import Secret, hidden
from provena_sdk.tracebacks import short_tracebacks
from provena_sdk.transfer.progress.meter import ProgressLike
from provena_sdk.transfer.report import TransferReport
from provena_sdk.transfer.spec.options import Compare, Rate, RunOptions, TransferOptions
from provena_sdk.transfer.spec.patterns import Patterns
from provena_sdk.transport.http import AsyncTransport, Transport
from provena_sdk.workflows.provenance.jobs import TIMEOUT_SECONDS
from provena_sdk.workflows.raw import send_raw

if TYPE_CHECKING:
    # It brings what reads and verifies files, which a program that reads metadata does without.
    from provena_sdk.lockfile.lock_file import LockFile


@short_tracebacks
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

    async def fetch(
        self,
        where: str,
        *,
        include: Patterns = (),
        exclude: Patterns = (),
        offline: bool = False,
        limit_rate: Rate | None = None,
        max_connections: int | None = None,
        progress: ProgressLike = None,
    ) -> Path:
        r"""Return a verified local copy of a file, a folder or a dataset, which all your projects share.

        What the cache lacks is downloaded and verified as in any download; a current copy is found with a request or
        two. A copy never changes: if the dataset does, the next call makes another, which shares the space of
        files that are the same. Its files are read-only. If the deployment cannot be reached, the copy that was used
        last is returned, with a warning.

        Args:
            where: A handle in any form, for the whole dataset; a handle followed by a path, as in
                ``10378.1/1451860/obs/2024.csv``; or such a ``provena://`` URL.
            include: Patterns of the files to fetch, such as ``"*.csv"`` or ``"obs/**"``; all files when empty.
            exclude: Patterns of the files to leave out, such as ``"tmp/"``.
            offline: True to return the copy that was used last without asking whether it is current; nothing is sent.
            limit_rate: The most bytes per second: a number, or text such as ``"5MB/s"``.
            max_connections: The most requests to the object store at once. Fewer run where the line needs fewer.
            progress: Progress reporting: None shows it in a terminal or notebook after two seconds; True from the
                start; False never; or a ``Progress`` such as ``TqdmProgress()``.

        Returns:
            The file, or the folder of the files.

        Warns:
            UserWarning: The deployment could not be reached, so the copy may be outdated.

        Raises:
            InvalidArgument: ``where`` is neither a handle nor a URL, or a pattern is malformed or takes no file.
            DatasetFileNotFound: The dataset has no such file or folder or, offline, the cache has no copy of it.
            DatasetAccessDenied: You may not read its files.
            ConfigurationError: The folder of the cache cannot be written, or others can write to it.
            TransferFailed: Some files failed; the others are kept for the next call.
            NotEnoughSpace: The disk has no room for the files; nothing was downloaded.

        Example:
            >>> location = await provena.fetch("provena://10378.1/1900011/obs/2024.csv")
            >>> location.read_text()
            'day,temperature\n2024-01-01,27.5\n'
            >>> await provena.fetch("10378.1/1900011/obs/2024.csv", offline=True) == location
            True
        """
        request = cache.fetching.Request.of(where, include, exclude, offline)
        limits = TransferOptions(limit_rate=limit_rate, max_connections=max_connections)
        run = RunOptions(progress)
        found = await on_io_thread(cache.fetching.fetch(self._datasets, request, limits, run))
        return found.warned()

    async def lock_project(self, folder: str | os.PathLike[str] = ".", *, dry_run: bool = False) -> LockFile:
        r"""Choose the versions of the datasets that a project depends on, and record their files in ``provena.lock``.

        ``provena.toml`` in the project's folder names the datasets. No file is downloaded. ``metadata.json``, which the
        service rewrites, is left out. A lock file that is up to date already is not written again.

        Args:
            folder: The project's folder.
            dry_run: True to write nothing.

        Returns:
            The lock file, which prints as a table.

        Raises:
            ConfigurationError: ``provena.toml`` is missing or malformed, selects no file of a dataset, or gives two
                files the same path.
            UnsafePath: A file has a name that cannot be stored in a folder; exclude it.
            DatasetNotFound: A dataset does not exist.
            DatasetAccessDenied: You may not read the files of a dataset.
            OSError: The lock file cannot be written.

        Example:
            >>> from pathlib import Path
            >>> _ = Path("provena.toml").write_text("[datasets.reef]\nhandle = '10378.1/1900011'")
            >>> print(await provena.lock_project())
            name  dataset          files  bytes  folder
            reef  10378.1/1900011  1      32     data/reef
        """
        return await on_io_thread(lockfile.locking.lock(self._datasets, folder, dry_run=dry_run))

    async def install_project(
        self,
        folder: str | os.PathLike[str] = ".",
        *,
        compare: Compare = "checksum",
        progress: ProgressLike = None,
        raise_for_failures: bool = True,
    ) -> TransferReport:
        r"""Download exactly the files that a project's ``provena.lock`` records, where they are missing or different.

        Nothing is sent if all are there, and nothing is deleted. ``LockFile.read(folder).differences()`` only compares.

        Args:
            folder: The project's folder.
            compare: How to compare existing files of the recorded size: by ``"checksum"``, or by ``"time"``, which
                reads no file and trusts the times that an earlier installation set.
            progress: Progress reporting: None shows it in a terminal or notebook after two seconds; True from the
                start; False never; or a ``Progress`` such as ``TqdmProgress()``.
            raise_for_failures: False to return the report even if files failed.

        Returns:
            The outcome of every file, with its path in the project.

        Raises:
            ConfigurationError: The lock file is missing, malformed, of another deployment, or older than a change of
                ``provena.toml``.
            TransferFailed: Some files failed, conflict with others, or were replaced or removed since they were locked.
            NotEnoughSpace: The disk has no room for the files of a dataset.

        Example:
            >>> from pathlib import Path
            >>> _ = Path("provena.toml").write_text("[datasets.reef]\nhandle = '10378.1/1900011'")
            >>> lock = await provena.lock_project()
            >>> (await provena.install_project()).counts(), (await provena.install_project()).counts()
            ({'downloaded': 1}, {'same': 1})
            >>> lock.differences()
            <Differences of 0>
        """
        work = lockfile.installing.install(self._datasets, folder, compare, progress, raise_for_failures)
        return await on_io_thread(work)

    async def sign_in(self, offline_token: str | Secret | None = None, *, replace: bool = False) -> None:
        """Sign in now rather than at the first call; sign in again if you are already signed in.

        Args:
            offline_token: A token to sign in with instead of asking you. It is kept with the sessions, and later
                programs with the same profile use it, until :meth:`sign_out`, which does not revoke it.
            replace: Whether to replace another user's session under the same profile without asking.

        Raises:
            ConfigurationError: The offline token cannot be one, or an argument or the settings already sign in with
                another secret.
            SignInRequired: No person can be asked here.
            SignInDenied: The sign-in was refused, or another user stays signed in under the same profile.
            SignInError: Signing in failed.

        Example:
            >>> await provena.sign_in()
        """
        given = None if offline_token is None else hidden(offline_token, "offline_token")
        # Tracebacks of errors raised below must not show it.
        del offline_token
        await on_thread(self.tokens.sign_in, given, replace=replace)

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

    async def create_offline_token(self, file: str | os.PathLike[str] | None = None) -> Secret:
        """Create an offline token, with which a pipeline signs in without a person.

        You approve it on the sign-in page, for the client ``automated-access``; advice on storing it is shown once.
        Your session is not affected.

        Args:
            file: A new file for the token, which only you can read; None stores it nowhere.

        Returns:
            The token. Only ``reveal()`` shows it.

        Raises:
            InvalidArgument: The file exists already, or cannot be created.
            SignInRequired: No person can be asked here.
            SignInDenied: You refused, or your account may not have offline tokens.

        Example:
            >>> await provena.create_offline_token()  # doctest: +SKIP
            Secret(offline_token)
        """
        return await on_thread(self.tokens.create_offline_token, self.deployment, file)

    async def request(
        self,
        method: str,
        path: str,
        *,
        service: str = "datastore",
        body: JsonSource | list[Any] | None = None,
    ) -> ServiceAnswer:
        """Send a request of your own to a service, for what the SDK has no method for.

        It has an access token, and goes only to services of the deployment. Only GET is retried.

        Args:
            method: ``GET``, ``POST``, ``PUT`` or ``DELETE``.
            path: The path, with its query.
            service: ``datastore``, ``search``, ``registry``, ``auth``, ``job`` or ``prov``.
            body: What to send as JSON.

        Returns:
            The answer as it came, also if its status is 400 or another from there to 499, but for 401 and 429.

        Raises:
            InvalidArgument: An argument cannot be used.
            OutcomeUnknown: The request may have taken effect.
            ServiceError: The service failed, or refused the token.

        Example:
            >>> (await provena.request("GET", "/")).json()
            {'message': 'Health check successful.'}
        """
        return await self._transport.run(send_raw(method, path, service, body))

    async def diagnose(self, timeout: float = DIAGNOSIS_SECONDS) -> Diagnosis:  # noqa: ASYNC109  # of all services
        """Collect what the maintainers need for a report: versions, settings, clock, connections, account, requests.

        Every service is asked at once, without a token, for its health and the version of its interface. Nobody is
        asked to sign in. Secrets are left out; names of users, hosts and files are not.

        Args:
            timeout: Most seconds to wait for everything.

        Returns:
            The diagnosis, which prints as text.

        Raises:
            InvalidArgument: The timeout is not a positive number.

        Example:
            >>> found = await provena.diagnose(timeout=5)
            >>> [name for name, probe in found.services if probe.status == 200][:3]
            ['sign-in', 'datastore', 'search']
        """
        return await on_thread(self._diagnosis, timeout)

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
